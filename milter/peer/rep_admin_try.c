/*
 * What would happen: a copy of a client that is sent messages of the mind.
 */
#include "peer/rep_admin_part.h"

#include "base/clock.h"

#include <stdio.h>

#define SIMULATE_MAX 100000
#define SIMULATE_STEP_MS 1000
#define NEXT_MAX 10000 /* messages tried for "what would list it next" */

/* A copy of a client to try things on. */
struct trial {
	struct rep_unit unit, net, site;
	struct rep_ledger ledger, net_ledger, site_ledger;
	struct rep_listing listing;
	struct rep_known known;
	int64_t now_ms;
	uint64_t rcpt;
};

static void
trial_init(struct trial *t, const struct dossier *d, int64_t now_ms)
{
	*t = (struct trial){.unit = d->unit.unit,
	    .net = d->net.unit,
	    .site = d->site.unit,
	    .listing = d->unit.listing,
	    .known = d->known,
	    .now_ms = now_ms,
	    .rcpt = UINT64_C(1) << 63};
	t->known.unit = &t->unit;
	t->known.net = &t->net;
	t->known.site = &t->site;
	t->known.listing = &t->listing;
}

static void
trial_fini(struct trial *t)
{
	rep_ledger_fini(&t->ledger);
	rep_ledger_fini(&t->net_ledger);
	rep_ledger_fini(&t->site_ledger);
}

/* Each to a recipient of its own. */
static void
trial_send(const struct rep_settings *s, struct trial *t, enum rep_class class)
{
	struct rep_event e = {
	    .client = t->known.client, .class = class, .rcpt_count = 1};
	struct rep_listing l;
	struct rep_applied a;

	t->now_ms += SIMULATE_STEP_MS;
	e.at_ms = t->now_ms;
	e.rcpt_hash[0] = ++t->rcpt;
	a = rep_unit_apply(s, &t->unit, &t->ledger, REP_KIND_HOST, 0, &e);
	(void)rep_unit_apply(s, &t->net, &t->net_ledger, REP_KIND_NET,
	    rep_member_id(&e.client), &e);
	(void)rep_unit_apply(
	    s, &t->site, &t->site_ledger, REP_KIND_SITE, 0, &e);
	if (rep_model_list(s, &t->known, a, t->now_ms, &l))
		t->listing = l;
}

static enum rep_state
trial_state(const struct rep_settings *s, const struct trial *t)
{
	struct rep_view v;

	rep_model_view(s, &t->known, t->now_ms, &v);
	return v.state;
}

/* Spams from now until it is listed; 0: not within NEXT_MAX. */
int
admin_spams_to_list(
    const struct rep_settings *s, const struct dossier *d, int64_t now_ms)
{
	struct trial t;
	int n = 0;

	trial_init(&t, d, now_ms);
	while (n < NEXT_MAX && trial_state(s, &t) != REP_LISTED) {
		trial_send(s, &t, REP_SPAM);
		n++;
	}
	if (trial_state(s, &t) != REP_LISTED)
		n = 0;
	trial_fini(&t);
	return n;
}

struct json *
admin_simulate(struct rep_store *s, const struct json *q)
{
	int64_t now_ms = clock_wall_ms();
	int64_t spam = json_get_int(q, "spam", 0);
	int64_t ham = json_get_int(q, "ham", 0);
	struct json *j, *steps;
	enum rep_state state;
	struct target where;
	struct dossier d;
	struct rep_rates r;
	struct trial t;
	int rc;

	if (!admin_target_parse(json_get_str(q, "target"), &where) ||
	    !where.is_host)
		return admin_failure("one address is wanted, not a network");
	if (spam < 0 || ham < 0 || spam > SIMULATE_MAX || ham > SIMULATE_MAX)
		return admin_failure("0 to 100000 messages of each kind");
	rc = admin_read_dossier(s, &where.net.net, &d);
	if (rc != 0)
		return admin_failed(rc);
	trial_init(&t, &d, now_ms);
	state = trial_state(&s->settings, &t);
	j = admin_success();
	steps = json_new_array();
	json_set_str(j, "unit", str_from(where.name.text));
	json_set_str(j, "before", str_from(rep_state_text(state)));
	for (int64_t i = 0; i < spam + ham; i++) {
		struct json *step;

		trial_send(&s->settings, &t, i < spam ? REP_SPAM : REP_HAM);
		if (trial_state(&s->settings, &t) == state)
			continue;
		state = trial_state(&s->settings, &t);
		step = json_new_object();
		json_set_int(step, "spam", i < spam ? i + 1 : spam);
		json_set_int(step, "ham", i < spam ? 0 : i + 1 - spam);
		json_set_str(step, "state", str_from(rep_state_text(state)));
		json_append(steps, step);
	}
	json_set(j, "steps", steps);
	json_set_str(j, "after", str_from(rep_state_text(state)));
	rep_model_rates(&s->settings, &t.known, t.now_ms, &r);
	json_set(j, "rates", admin_rates_json(&r));
	trial_fini(&t);
	return j;
}
