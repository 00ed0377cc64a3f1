/*
 * Questions of admins: what is known of one, who is worst, who is listed, what
 * has happened; and the table of verbs. Changes are in rep_admin_change.c, what
 * would happen in rep_admin_try.c.
 */
#include "peer/rep_admin_part.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define TOP_DEFAULT 20
#define EVENTS_DEFAULT 50
#define ROWS_MAX 10000

static struct json *
counts_json(const struct rep_unit *u)
{
	struct json *j = json_new_object();

	json_set_int(j, "seen", (int64_t)u->seen);
	for (int i = 0; i < REP_CLASS_COUNT; i++)
		if (u->count[i] > 0)
			json_set_int(j, rep_class_text((enum rep_class)i),
			    (int64_t)u->count[i]);
	json_set_int(j, "rejected", (int64_t)u->rejected);
	return j;
}

static struct json *
evidence_json(const struct rep_record *r)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < r->evidence_count; i++) {
		const struct rep_evidence *e = &r->evidence[i];
		struct json *j = json_new_object();

		json_set_int(j, "at_ms", e->at_ms);
		json_set_str(j, "class", str_from(rep_class_text(e->class)));
		json_set_str(j, "rule", str_from(e->rule));
		json_set_double(j, "score", e->score);
		json_set_str(j, "ref", str_from(e->ref));
		json_set_bool(j, "disputed", e->disputed);
		json_append(list, j);
	}
	return list;
}

/* ---- show --------------------------------------------------------------- */

static void
set_listing_part(struct json *j, const struct rep_record *r)
{
	struct json *l;

	if (!r->has_listing)
		return;
	l = json_new_object();
	json_set_str(l, "state", str_from(rep_state_text(r->listing.state)));
	admin_set_listing(l, &r->listing);
	json_set(j, "listing", l);
}

static struct json *
part_json(
    const struct rep_record *r, const struct rep_rates *rates, const char *unit)
{
	struct json *j = json_new_object();

	json_set_str(j, "unit", str_from(unit));
	json_set(j, "counts", counts_json(&r->unit));
	json_set(j, "rates", admin_rates_json(rates));
	json_set_int(j, "bad_givers_today", r->unit.today.bad_givers);
	set_listing_part(j, r);
	return j;
}

/* The admin's word on a network of another size, when there is one. */
static struct json *
wide_json(const struct dossier *d)
{
	struct json *j = json_new_object();

	json_set_str(j, "unit", str_from(d->wide_name.text));
	set_listing_part(j, &d->wide);
	return j;
}

static struct json *
show_network(struct rep_store *s, const struct target *where)
{
	struct json *j;
	struct dossier d = {.known = {.client = where->net.net}};
	struct rep_rates r;
	int rc = s->ops->read(s, where->name.text, &d.net);

	if (rc == 0)
		rc = admin_read(s, REP_SITE, &d.site);
	if (rc != 0)
		return admin_failed(rc);
	d.known.net = &d.net.unit;
	d.known.site = &d.site.unit;
	rep_model_net_rates(&s->settings, &d.known, clock_wall_ms(), &r);
	j = part_json(&d.net, &r, where->name.text);
	json_set_bool(j, "ok", true);
	json_set_str(j, "state",
	    str_from(rep_state_text(
		d.net.has_listing &&
			rep_model_is_running(&d.net.listing, clock_wall_ms())
		    ? d.net.listing.state
		    : REP_NONE)));
	json_set_int(j, "members_bad", d.net.unit.today.bad_givers);
	json_set_int(j, "members_good", d.net.unit.today.good_givers);
	return j;
}

/* Greylist and throttle, where they know it. 0 or an enum err. */
static int
set_brakes(struct json *j, struct rep_store *s, const char *unit)
{
	struct brake_state b;
	struct json *x;
	int rc = s->ops->read_brakes(s, unit, &b);

	if (rc != 0)
		return rc == ERR_ABSENT ? 0 : rc;
	x = json_new_object();
	json_set_int(x, "waiting", b.waiting);
	json_set_int(x, "waited_ms", b.waited_ms);
	json_set_int(x, "passed", b.passed);
	json_set_int(x, "proof", b.proof);
	json_set_int(x, "proof_ms", b.proof_ms);
	json_set_int(x, "messages_until_ms", b.messages_us / 1000);
	json_set_int(x, "recipients_until_ms", b.recipients_us / 1000);
	json_set(j, "brakes", x);
	return 0;
}

static struct json *
show_host(struct rep_store *s, const struct target *where)
{
	int64_t now_ms = clock_wall_ms();
	struct dossier d;
	struct rep_rates r, net;
	struct rep_view v;
	struct json *j;
	int rc = admin_read_dossier(s, &where->net.net, &d);

	if (rc != 0)
		return admin_failed(rc);
	rep_model_view(&s->settings, &d.known, now_ms, &v);
	rep_model_rates(&s->settings, &d.known, now_ms, &r);
	rep_model_net_rates(&s->settings, &d.known, now_ms, &net);
	j = part_json(&d.unit, &r, where->name.text);
	json_set_bool(j, "ok", true);
	json_set_str(j, "state", str_from(rep_state_text(v.state)));
	json_set_bool(j, "by_network", v.parent);
	json_set_bool(j, "protected",
	    rep_model_is_protected(&s->settings, &where->net.net));
	json_set_int(j, "first_ms", d.unit.unit.first_ms);
	json_set_int(j, "last_ms", d.unit.unit.last_ms);
	if (v.until_ms != 0) {
		json_set_int(j, "until_ms", v.until_ms);
		json_set_str(j, "ref", str_from(v.ref));
		json_set_str(j, "why", str_from(v.why));
	}
	if (v.state != REP_LISTED && v.state != REP_BLOCKED)
		json_set_int(j, "spam_to_list",
		    admin_spams_to_list(&s->settings, &d, now_ms));
	json_set(j, "evidence", evidence_json(&d.unit));
	json_set_double(j, "recipient_limit", s->settings.rcpt_bad);
	if (d.wide_name.text[0] != '\0')
		json_set(j, "wider", wide_json(&d));
	json_set(j, "network",
	    part_json(&d.net, &net, rep_name_net(&where->net.net).text));
	rc = set_brakes(j, s, where->name.text);
	if (rc == 0)
		return j;
	json_unref(&j);
	return admin_failed(rc);
}

static struct json *
admin_show(struct rep_store *s, const struct json *q)
{
	struct target where;

	if (!admin_target_parse(json_get_str(q, "target"), &where))
		return admin_no_target(json_get_str(q, "target"));
	return where.is_host ? show_host(s, &where) : show_network(s, &where);
}

/* ---- lists -------------------------------------------------------------- */

struct rows {
	struct rep_store *store;
	struct json *list;
	int64_t now_ms;
};

static void
add_top(void *ctx, const char *unit, double score)
{
	struct rows *rows = ctx;
	struct rep_record r;
	struct json *j = json_new_object();
	struct rep_sums x;

	json_set_str(j, "unit", str_from(unit));
	json_set_double(j, "bad", score);
	if (rows->store->ops->read(rows->store, unit, &r) == 0) {
		x = rep_sums_at(
		    &rows->store->settings, r.unit.sums, rows->now_ms);
		json_set_double(j, "bad_weight", x.bad_short);
		json_set_double(j, "good_weight", x.good_short);
		json_set_int(j, "seen", (int64_t)r.unit.seen);
		json_set_bool(j, "listed",
		    r.has_listing &&
			rep_model_is_running(&r.listing, rows->now_ms));
	}
	json_append(rows->list, j);
}

struct top_row {
	char unit[REP_UNIT_TEXT_MAX];
	double score;
};

struct top_rows {
	VEC(struct top_row) v;
};

/* Reading within the store's walk would ask it while it answers. */
static void
keep_top(void *ctx, const char *unit, double score)
{
	struct top_row *r = VEC_PUSH(&((struct top_rows *)ctx)->v);

	(void)snprintf(r->unit, sizeof(r->unit), "%s", unit);
	r->score = score;
}

static size_t
wanted_rows(const struct json *q, int64_t otherwise)
{
	int64_t n = json_get_int(q, "max", otherwise);

	return n < 1 ? 1 : n > ROWS_MAX ? ROWS_MAX : (size_t)n;
}

static struct json *
admin_top(struct rep_store *s, const struct json *q)
{
	struct rows rows = {.store = s, .now_ms = clock_wall_ms()};
	struct top_rows top = {.v = {0}};
	struct json *j;
	int rc = s->ops->top(
	    s, rows.now_ms, wanted_rows(q, TOP_DEFAULT), keep_top, &top);

	if (rc != 0) {
		VEC_FINI(&top.v);
		return admin_failed(rc);
	}
	j = admin_success();
	rows.list = json_new_array();
	for (size_t i = 0; i < top.v.len; i++)
		add_top(&rows, top.v.v[i].unit, top.v.v[i].score);
	VEC_FINI(&top.v);
	json_set(j, "units", rows.list);
	return j;
}

static struct json *
admin_listed(struct rep_store *s, const struct json *q)
{
	int64_t now_ms = clock_wall_ms();
	int64_t within = json_get_int(q, "expiring_ms", 0);
	struct listed_row *row;
	struct json *j, *list;
	size_t count;
	int rc = admin_read_listed(s, now_ms, &row, &count);

	if (rc != 0) {
		free(row);
		return admin_failed(rc);
	}
	j = admin_success();
	list = json_new_array();
	for (size_t i = 0; i < count; i++) {
		struct json *x;

		if (within > 0 && row[i].listing.until_ms > now_ms + within)
			continue;
		x = json_new_object();
		json_set_str(x, "unit", str_from(row[i].unit));
		json_set_str(
		    x, "state", str_from(rep_state_text(row[i].listing.state)));
		admin_set_listing(x, &row[i].listing);
		json_append(list, x);
	}
	free(row);
	json_set(j, "units", list);
	return j;
}

static void
add_event(void *ctx, const struct rep_audit *a)
{
	struct json *j = json_new_object();

	json_set_int(j, "at_ms", a->at_ms);
	json_set_str(j, "id", str_from(a->id));
	json_set_str(j, "what", str_from(a->what));
	json_set_str(j, "unit", str_from(a->unit));
	json_set_str(j, "by", str_from(a->by));
	json_set_str(j, "why", str_from(a->why));
	json_set_str(j, "ref", str_from(a->ref));
	json_append(ctx, j);
}

static struct json *
admin_events(struct rep_store *s, const struct json *q)
{
	struct json *j = admin_success(), *list = json_new_array();
	char after[32];
	int rc;

	rep_text_copy(after, sizeof(after), json_get_str(q, "after"));
	rc = s->ops->notes(
	    s, after, wanted_rows(q, EVENTS_DEFAULT), add_event, list);
	json_set(j, "events", list);
	if (rc == 0)
		return j;
	json_unref(&j);
	return admin_failed(rc);
}

static struct json *
admin_why(struct rep_store *s, const struct json *q)
{
	struct str ref = json_get_str(q, "target");
	struct json *j, *record;
	char dashed[REP_REF_MAX];
	struct buf b;
	size_t n = 0;
	int rc;

	/* Kept as written in replies: K7Q2-9XTM. */
	for (size_t i = 0; i < ref.len && n + 2 < sizeof(dashed); i++) {
		if (ref.p[i] == '-')
			continue;
		if (n == 4)
			dashed[n++] = '-';
		dashed[n++] = ascii_upper(ref.p[i]);
	}
	dashed[n] = '\0';
	buf_init(&b);
	rc = s->ops->why(s, str_from(dashed), &b);
	if (rc == ERR_ABSENT)
		rc = s->ops->why(s, ref, &b);
	record = rc == 0 ? json_parse(buf_str(&b), NULL) : NULL;
	buf_fini(&b);
	if (rc == ERR_ABSENT)
		return admin_failure(
		    "no record under this reference (kept 30 days)");
	if (record == NULL)
		return rc != 0 ? admin_failed(rc)
			       : admin_failure("the record is damaged");
	j = admin_success();
	json_set(j, "record", record);
	return j;
}

struct json *
rep_admin_command(struct rep_store *s, const struct json *request)
{
	static const struct {
		const char *name;
		struct json *(*run)(struct rep_store *s, const struct json *q);
	} verb[] = {
#define REP_VERB(name, operand, changes, doc) {#name, admin_##name},
#include "peer/rep_verb.def"
	};
	struct str name = json_get_str(request, "verb");

	for (size_t i = 0; i < sizeof(verb) / sizeof(verb[0]); i++)
		if (str_is(name, verb[i].name))
			return verb[i].run(s, request);
	return admin_failure("no such verb");
}
