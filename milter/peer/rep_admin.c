#include "peer/rep_admin.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "peer/rep_backend.h"

#include <stdio.h>
#include <stdlib.h>

#define TOP_DEFAULT 20
#define EVENTS_DEFAULT 50
#define ROWS_MAX 10000
#define BLOCK_DEFAULT_MS (30 * REP_DAY_MS)
#define BLOCK_MAX_MS (400 * REP_DAY_MS)
#define SIMULATE_MAX 100000
#define SIMULATE_STEP_MS 1000
#define NEXT_MAX 10000 /* messages tried for "what would list it next" */
#define PAGE_MAX 500

struct names {
	VEC(char *) list;
};

static void
keep_name(void *ctx, const char *unit)
{
	struct names *n = ctx;

	*VEC_PUSH(&n->list) = mem_strdup(unit);
}

static void
names_fini(struct names *n)
{
	for (size_t i = 0; i < n->list.len; i++)
		free(n->list.v[i]);
	VEC_FINI(&n->list);
}

static struct json *
failure(const char *why)
{
	struct json *j = json_new_object();

	json_set_bool(j, "ok", false);
	json_set_str(j, "error", str_from(why));
	return j;
}

static struct json *
failed(int rc)
{
	switch (rc) {
	case ERR_ABSENT:
		return failure("nothing is known of it");
	case ERR_DOWN:
		return failure("the store does not answer");
	case ERR_DENIED:
		return failure("the store refused; see the log");
	default:
		return failure(err_text((enum err)rc));
	}
}

static struct json *
success(void)
{
	struct json *j = json_new_object();

	json_set_bool(j, "ok", true);
	return j;
}

/* ---- targets --------------------------------------------------------------
 */

struct target {
	struct cidr net;
	struct rep_name name;
	bool is_host;
};

static bool
target_parse(struct str text, struct target *out)
{
	if (!cidr_parse(text, &out->net))
		return false;
	out->name = rep_name_cidr(&out->net);
	out->is_host = out->name.text[0] != 'n';
	return true;
}

static void
copy_text(char *to, size_t size, struct str s)
{
	size_t n = s.len < size - 1 ? s.len : size - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i];
	to[n] = '\0';
}

/* ---- what is known --------------------------------------------------------
 */

/* A client with its parents, read for the model. */
struct dossier {
	struct rep_record unit;
	struct rep_record net;
	struct rep_record site;
	struct rep_known known;
};

static int
read_or_none(struct rep_store *s, const char *unit, struct rep_record *out)
{
	int rc = s->ops->read(s, unit, out);

	if (rc == ERR_ABSENT) {
		*out = (struct rep_record){.exists = false};
		return 0;
	}
	return rc;
}

static int
dossier_read(struct rep_store *s, const struct ip *ip, struct dossier *d)
{
	int rc = read_or_none(s, rep_name_host(ip).text, &d->unit);

	if (rc == 0)
		rc = read_or_none(s, rep_name_net(ip).text, &d->net);
	if (rc == 0)
		rc = read_or_none(s, REP_SITE, &d->site);
	d->known = (struct rep_known){.client = rep_host_of(ip),
	    .unit = &d->unit.unit,
	    .net = &d->net.unit,
	    .site = &d->site.unit,
	    .listing = d->unit.has_listing ? &d->unit.listing : NULL,
	    .net_listing = d->net.has_listing ? &d->net.listing : NULL};
	return rc;
}

static struct json *
rates_json(const struct rep_rates *r)
{
	struct json *j = json_new_object();

	json_set_double(j, "short", r->rate_short);
	json_set_double(j, "short_lower", r->lower_short);
	json_set_double(j, "long", r->rate_long);
	json_set_double(j, "long_upper", r->upper_long);
	json_set_double(j, "prior", r->prior_short);
	json_set_double(j, "bad_weight", r->bad_short);
	json_set_double(j, "long_weight", r->events_long);
	return j;
}

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

static void
set_listing(struct json *j, const struct rep_listing *l)
{
	json_set_int(j, "since_ms", l->since_ms);
	json_set_int(j, "until_ms", l->until_ms);
	json_set_int(j, "strike", l->strike);
	json_set_str(j, "why", str_from(l->why));
	json_set_str(j, "ref", str_from(l->ref));
	json_set_str(j, "by", str_from(l->by));
	if (l->note[0] != '\0')
		json_set_str(j, "note", str_from(l->note));
}

/* ---- what would happen ----------------------------------------------------
 */

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
static int
spams_to_list(
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

static struct json *
do_simulate(struct rep_store *s, const struct json *q)
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

	if (!target_parse(json_get_str(q, "target"), &where) || !where.is_host)
		return failure("an address is wanted");
	if (spam < 0 || ham < 0 || spam > SIMULATE_MAX || ham > SIMULATE_MAX)
		return failure("0 to 100000 messages of each kind");
	rc = dossier_read(s, &where.net.net, &d);
	if (rc != 0)
		return failed(rc);
	trial_init(&t, &d, now_ms);
	state = trial_state(&s->settings, &t);
	j = success();
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
	json_set(j, "rates", rates_json(&r));
	trial_fini(&t);
	return j;
}

/* ---- show -----------------------------------------------------------------
 */

static struct json *
part_json(
    const struct rep_record *r, const struct rep_rates *rates, const char *unit)
{
	struct json *j = json_new_object();

	json_set_str(j, "unit", str_from(unit));
	json_set(j, "counts", counts_json(&r->unit));
	json_set(j, "rates", rates_json(rates));
	json_set_int(j, "bad_givers_today", r->unit.today.bad_givers);
	if (r->has_listing) {
		struct json *l = json_new_object();

		json_set_str(
		    l, "state", str_from(rep_state_text(r->listing.state)));
		set_listing(l, &r->listing);
		json_set(j, "listing", l);
	}
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
		rc = read_or_none(s, REP_SITE, &d.site);
	if (rc != 0)
		return failed(rc);
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

static struct json *
show_host(struct rep_store *s, const struct target *where)
{
	int64_t now_ms = clock_wall_ms();
	struct dossier d;
	struct rep_rates r, net;
	struct rep_view v;
	struct json *j;
	int rc = dossier_read(s, &where->net.net, &d);

	if (rc != 0)
		return failed(rc);
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
		json_set_int(
		    j, "spam_to_list", spams_to_list(&s->settings, &d, now_ms));
	json_set(j, "evidence", evidence_json(&d.unit));
	json_set(j, "network",
	    part_json(&d.net, &net, rep_name_net(&where->net.net).text));
	return j;
}

static struct json *
do_show(struct rep_store *s, const struct json *q)
{
	struct target where;

	if (!target_parse(json_get_str(q, "target"), &where))
		return failure("an address or network is wanted");
	return where.is_host ? show_host(s, &where) : show_network(s, &where);
}

/* ---- lists ----------------------------------------------------------------
 */

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
do_top(struct rep_store *s, const struct json *q)
{
	struct rows rows = {.store = s, .now_ms = clock_wall_ms()};
	struct top_rows top = {.v = {0}};
	struct json *j;
	int rc = s->ops->top(
	    s, rows.now_ms, wanted_rows(q, TOP_DEFAULT), keep_top, &top);

	if (rc != 0) {
		VEC_FINI(&top.v);
		return failed(rc);
	}
	j = success();
	rows.list = json_new_array();
	for (size_t i = 0; i < top.v.len; i++)
		add_top(&rows, top.v.v[i].unit, top.v.v[i].score);
	VEC_FINI(&top.v);
	json_set(j, "units", rows.list);
	return j;
}

struct listed_row {
	char unit[REP_UNIT_TEXT_MAX];
	struct rep_listing listing;
};

static int
by_end(const void *a, const void *b)
{
	const struct listed_row *x = a, *y = b;

	if (x->listing.until_ms != y->listing.until_ms)
		return x->listing.until_ms < y->listing.until_ms ? -1 : 1;
	return strcmp(x->unit, y->unit);
}

static int
read_listed(struct rep_store *s, int64_t now_ms, struct listed_row **out,
    size_t *count_out)
{
	struct names names = {.list = {0}};
	VEC(struct listed_row) rows = {0};
	struct rep_record r;
	int rc = s->ops->each_listed(s, now_ms, keep_name, &names);

	for (size_t i = 0; rc == 0 && i < names.list.len; i++) {
		struct listed_row *row;

		if (s->ops->read(s, names.list.v[i], &r) != 0 ||
		    !r.has_listing || !rep_model_is_running(&r.listing, now_ms))
			continue;
		row = VEC_PUSH(&rows);
		(void)snprintf(
		    row->unit, sizeof(row->unit), "%s", names.list.v[i]);
		row->listing = r.listing;
	}
	names_fini(&names);
	if (rows.len > 1)
		qsort(rows.v, rows.len, sizeof(*rows.v), by_end);
	*out = rows.v;
	*count_out = rows.len;
	return rc;
}

static struct json *
do_listed(struct rep_store *s, const struct json *q)
{
	int64_t now_ms = clock_wall_ms();
	int64_t within = json_get_int(q, "expiring_ms", 0);
	struct listed_row *row;
	struct json *j, *list;
	size_t count;
	int rc = read_listed(s, now_ms, &row, &count);

	if (rc != 0) {
		free(row);
		return failed(rc);
	}
	j = success();
	list = json_new_array();
	for (size_t i = 0; i < count; i++) {
		struct json *x;

		if (within > 0 && row[i].listing.until_ms > now_ms + within)
			continue;
		x = json_new_object();
		json_set_str(x, "unit", str_from(row[i].unit));
		json_set_str(
		    x, "state", str_from(rep_state_text(row[i].listing.state)));
		set_listing(x, &row[i].listing);
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
do_events(struct rep_store *s, const struct json *q)
{
	struct json *j = success(), *list = json_new_array();
	char after[32];
	int rc;

	copy_text(after, sizeof(after), json_get_str(q, "after"));
	rc = s->ops->notes(
	    s, after, wanted_rows(q, EVENTS_DEFAULT), add_event, list);
	json_set(j, "events", list);
	if (rc == 0)
		return j;
	json_unref(&j);
	return failed(rc);
}

/* ---- changes --------------------------------------------------------------
 */

/* False: `*reply_out` says who and why are wanted. */
static bool
read_author(const struct json *q, struct rep_audit *a, struct json **reply_out)
{
	copy_text(a->by, sizeof(a->by), str_trim(json_get_str(q, "by")));
	copy_text(a->why, sizeof(a->why), str_trim(json_get_str(q, "why")));
	a->at_ms = clock_wall_ms();
	if (a->by[0] != '\0' && a->why[0] != '\0')
		return true;
	*reply_out = failure("every change wants a reason, and who makes it");
	return false;
}

static struct json *
change_done(struct rep_store *s, struct rep_audit *a, const char *what, int rc)
{
	struct json *j;

	if (rc != 0)
		return failed(rc);
	(void)snprintf(a->what, sizeof(a->what), "%s", what);
	rc = s->ops->note(s, a);
	if (rc != 0)
		return failed(rc);
	j = success();
	json_set_str(j, "unit", str_from(a->unit));
	json_set_str(j, "did", str_from(what));
	return j;
}

static struct json *
set_word(struct rep_store *s, const struct json *q, enum rep_state state,
    const char *what)
{
	int64_t length = json_get_int(q, "for_ms", BLOCK_DEFAULT_MS);
	struct rep_audit a = {.at_ms = 0};
	struct rep_listing l = {.state = state};
	struct rep_record former;
	struct target where;
	struct json *reply;
	int rc;

	if (!target_parse(json_get_str(q, "target"), &where))
		return failure("an address or network is wanted");
	if (!read_author(q, &a, &reply))
		return reply;
	if (length <= 0 || length > BLOCK_MAX_MS)
		return failure("for how long: up to 400 days");
	rc = read_or_none(s, where.name.text, &former);
	if (rc != 0)
		return failed(rc);
	l.since_ms = a.at_ms / 1000 * 1000;
	l.until_ms = (a.at_ms + length) / 1000 * 1000;
	l.strike = former.listing.strike;
	copy_text(l.why, sizeof(l.why), str_from(a.why));
	(void)snprintf(l.by, sizeof(l.by), "%s", a.by);
	copy_text(l.note, sizeof(l.note), json_get_str(q, "note"));
	(void)snprintf(a.unit, sizeof(a.unit), "%s", where.name.text);
	reply = change_done(
	    s, &a, what, s->ops->set_listing(s, where.name.text, &l));
	json_set_int(reply, "until_ms", l.until_ms);
	return reply;
}

static struct json *
do_block(struct rep_store *s, const struct json *q)
{
	return set_word(s, q, REP_BLOCKED, "block");
}

static struct json *
do_allow(struct rep_store *s, const struct json *q)
{
	return set_word(s, q, REP_ALLOWED, "allow");
}

/* Case and dashes of a reference are for people. */
static bool
same_ref(struct str a, const char *b)
{
	size_t i = 0;

	for (;; i++, b++) {
		while (i < a.len && a.p[i] == '-')
			i++;
		while (*b == '-')
			b++;
		if (i >= a.len || *b == '\0')
			return i >= a.len && *b == '\0' && a.len > 0;
		if (ascii_lower(a.p[i]) != ascii_lower(*b))
			return false;
	}
}

static int
find_by_ref(struct rep_store *s, struct str ref, struct rep_audit *a)
{
	struct listed_row *row;
	size_t count;
	int rc = read_listed(s, a->at_ms, &row, &count);

	if (rc == 0)
		rc = ERR_ABSENT;
	for (size_t i = 0; rc == ERR_ABSENT && i < count; i++)
		if (same_ref(ref, row[i].listing.ref)) {
			(void)snprintf(
			    a->unit, sizeof(a->unit), "%s", row[i].unit);
			rc = 0;
		}
	free(row);
	return rc;
}

static const char *
removal_refused(const struct rep_settings *s, const struct rep_listing *l,
    int64_t now_ms, bool force)
{
	switch (rep_model_removal(s, l, now_ms)) {
	case REP_REMOVE_NOW:
		return NULL;
	case REP_REMOVE_NOTHING:
		return "it is neither listed nor blocked";
	case REP_REMOVE_LATER:
		return force
			   ? NULL
			   : "second strike: removed once in 24 hours; --force "
			     "overrules";
	case REP_REMOVE_ADMIN:
		return force ? NULL
		       : l->state == REP_BLOCKED
			   ? "blocked by an admin; --force overrules"
			   : "third strike or more: an admin must insist with "
			     "--force";
	}
	return NULL;
}

static int
end_listing(
    struct rep_store *s, struct rep_record *r, struct rep_audit *a, bool wrong)
{
	struct rep_listing *l = &r->listing;
	int rc = 0;

	(void)snprintf(a->ref, sizeof(a->ref), "%s", l->ref);
	l->until_ms = l->removed_ms = a->at_ms / 1000 * 1000;
	(void)snprintf(
	    l->note, sizeof(l->note), "ended by %.60s: %.80s", a->by, a->why);
	/* Wrongly listed: as if it had not been. */
	if (wrong && l->strike > 0)
		l->strike--;
	if (wrong || l->state != REP_LISTED)
		l->state = REP_NONE;
	if (wrong && r->exists)
		rc = s->ops->dispute(s, a->unit);
	return rc == 0 ? s->ops->set_listing(s, a->unit, l) : rc;
}

static struct json *
do_delist(struct rep_store *s, const struct json *q)
{
	struct str text = json_get_str(q, "target");
	bool wrong = json_get_bool(q, "wrong", false);
	struct rep_audit a = {.at_ms = 0};
	struct rep_record r;
	struct target where;
	struct json *reply;
	const char *why;
	int rc = 0;

	if (!read_author(q, &a, &reply))
		return reply;
	if (target_parse(text, &where))
		(void)snprintf(a.unit, sizeof(a.unit), "%s", where.name.text);
	else
		rc = find_by_ref(s, text, &a);
	if (rc == ERR_ABSENT)
		return failure("no listing has this reference");
	if (rc == 0)
		rc = read_or_none(s, a.unit, &r);
	if (rc != 0)
		return failed(rc);
	why = removal_refused(&s->settings, r.has_listing ? &r.listing : NULL,
	    a.at_ms, wrong || json_get_bool(q, "force", false));
	if (why != NULL)
		return failure(why);
	return change_done(s, &a, wrong ? "unlist-wrong" : "unlist",
	    end_listing(s, &r, &a, wrong));
}

static struct json *
do_forget(struct rep_store *s, const struct json *q)
{
	struct rep_audit a = {.at_ms = 0};
	struct target where;
	struct json *reply;

	if (!target_parse(json_get_str(q, "target"), &where))
		return failure("an address or network is wanted");
	if (!read_author(q, &a, &reply))
		return reply;
	(void)snprintf(a.unit, sizeof(a.unit), "%s", where.name.text);
	return change_done(s, &a, "forget", s->ops->forget(s, a.unit));
}

/* ---- export and import ----------------------------------------------------
 */

int
rep_admin_export(struct rep_store *s, rep_export_fn *fn, void *ctx)
{
	struct names names = {.list = {0}};
	struct rep_record r;
	int rc = s->ops->each(s, keep_name, &names);

	for (size_t i = 0; rc == 0 && i < names.list.len; i++) {
		struct json *j;
		struct buf b;

		if (s->ops->read(s, names.list.v[i], &r) != 0)
			continue;
		buf_init(&b);
		r.seq = 0;
		j = rep_record_json(names.list.v[i], &r);
		json_format(j, 0, &b);
		fn(ctx, buf_str(&b));
		json_unref(&j);
		buf_fini(&b);
	}
	names_fini(&names);
	return rc;
}

/* A page of at most PAGE_MAX units from the `from`-th on, with the total. */
static struct json *
do_export(struct rep_store *s, const struct json *q)
{
	struct names names = {.list = {0}};
	int64_t from = json_get_int(q, "from", 0);
	struct json *j, *list;
	struct rep_record r;
	int rc = s->ops->each(s, keep_name, &names);

	if (rc != 0 || from < 0) {
		names_fini(&names);
		return rc != 0 ? failed(rc) : failure("from where?");
	}
	j = success();
	list = json_new_array();
	for (size_t i = (size_t)from;
	     i < names.list.len && i < (size_t)from + PAGE_MAX; i++) {
		if (s->ops->read(s, names.list.v[i], &r) != 0)
			continue;
		r.seq = 0;
		json_append(list, rep_record_json(names.list.v[i], &r));
	}
	json_set_int(j, "total", (int64_t)names.list.len);
	json_set_int(j, "next", from + PAGE_MAX);
	json_set(j, "units", list);
	names_fini(&names);
	return j;
}

static struct json *
do_import(struct rep_store *s, const struct json *q)
{
	const struct json *list = json_get(q, "units");
	struct rep_audit a = {.at_ms = 0};
	struct json *reply;
	struct rep_record r;
	int64_t good = 0, bad = 0;
	int rc = 0;

	if (!read_author(q, &a, &reply))
		return reply;
	for (size_t i = 0; rc == 0 && i < json_count(list); i++) {
		char unit[REP_UNIT_TEXT_MAX];
		struct str name;

		if (!rep_record_from_json(json_at(list, i), &name, &r)) {
			bad++;
			continue;
		}
		copy_text(unit, sizeof(unit), name);
		rc = s->ops->load(s, unit, &r);
		good += rc == 0;
	}
	(void)snprintf(a.unit, sizeof(a.unit), "%lld units", (long long)good);
	reply = change_done(s, &a, "import", rc);
	json_set_int(reply, "imported", good);
	json_set_int(reply, "bad", bad);
	return reply;
}

static struct json *
do_why(struct rep_store *s, const struct json *q)
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
		return failure("no record under this reference (kept 30 days)");
	if (record == NULL)
		return rc != 0 ? failed(rc) : failure("the record is damaged");
	j = success();
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
#define REP_VERB(name, operand, changes, doc) {#name, do_##name},
#include "peer/rep_verb.def"
	};
	struct str name = json_get_str(request, "verb");

	for (size_t i = 0; i < sizeof(verb) / sizeof(verb[0]); i++)
		if (str_is(name, verb[i].name))
			return verb[i].run(s, request);
	return failure("no such verb");
}
