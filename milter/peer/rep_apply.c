#include "peer/rep_apply.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- what is held ------------------------------------------------------- */

void
rep_held_fini(struct rep_held *h)
{
	rep_ledger_fini(&h->ledger);
}

static void
keep_text(char to[static REP_NUMBER_TEXT], struct str s)
{
	(void)snprintf(to, REP_NUMBER_TEXT, "%.*s", STR_ARG(s));
}

void
rep_held_read(
    struct rep_held *h, const struct redis_reply *r, const char *writer)
{
	int64_t strikes;

	h->unit = (struct rep_unit){0};
	h->done = 0;
	h->known_writer = false;
	h->strikes = 0;
	h->fields = redis_count(r) / 2;
	h->seen[0] = h->bad[0] = '\0';
	for (size_t i = 0; i + 1 < redis_count(r); i += 2) {
		struct str name = redis_text(redis_at(r, i));
		struct str value = redis_text(redis_at(r, i + 1));

		(void)rep_unit_set(&h->unit, name, value);
		if (str_is(name, "seen")) {
			keep_text(h->seen, value);
		} else if (str_is(name, "bs")) {
			keep_text(h->bad, value);
		} else if (str_is(name, "strikes")) {
			strikes = redis_int(redis_at(r, i + 1), 0);
			h->strikes = strikes > 0 ? (uint32_t)strikes : 0;
		} else if (str_is(name, writer)) {
			h->known_writer = str_to_u64(value, &h->done);
		}
	}
}

/* ---- applying ----------------------------------------------------------- */

void
rep_change_fini(struct rep_change *c)
{
	buf_fini(&c->rcpts);
}

static void
keep_evidence(struct rep_change *c, const struct rep_event *e)
{
	if (!rep_class_is_bad(e->class) || e->class == REP_SELF)
		return;
	if (c->evidence_count == REP_EVIDENCE_MAX)
		memmove(c->evidence, c->evidence + 1,
		    --c->evidence_count * sizeof(c->evidence[0]));
	rep_evidence_of(e, &c->evidence[c->evidence_count++]);
}

static void
add_rcpt(struct rep_change *c, uint64_t id)
{
	buf_printf(&c->rcpts, "%012" PRIx64, id & REP_RCPT_MASK);
}

/* Those who had given nothing bad yet, before the event is applied. */
static void
note_fresh(
    struct rep_change *c, const struct rep_ledger *l, const struct rep_event *e)
{
	if (!rep_class_is_bad(e->class))
		return;
	for (uint32_t i = 0; i < e->rcpt_count; i++) {
		const struct rep_giver *g = rep_ledger_find(l, e->rcpt_hash[i]);

		if (g == NULL || g->bad == 0)
			add_rcpt(c, e->rcpt_hash[i]);
	}
}

/* Few recipients are counted exactly by the ledger; with one more than that
 * the estimate begins, with all that are in it. */
static void
settle_rcpts(
    struct rep_change *c, const struct rep_ledger *l, uint32_t len_before)
{
	if (l->len <= REP_RCPTS_EXACT) {
		buf_clear(&c->rcpts);
		return;
	}
	if (len_before > REP_RCPTS_EXACT)
		return;
	c->rcpts_begin = true;
	buf_clear(&c->rcpts);
	for (uint32_t i = 0; i < l->len; i++)
		if (l->v[i].bad > 0)
			add_rcpt(c, l->v[i].id);
}

static void
apply_event(const struct rep_job *j, const struct rep_settings *s,
    const struct rep_event *e, struct rep_held *h, struct rep_change *c)
{
	static const enum rep_kind kind[] = {[REP_JOB_DAY] = REP_KIND_SITE,
	    [REP_JOB_SITE] = REP_KIND_SITE,
	    [REP_JOB_NET] = REP_KIND_NET,
	    [REP_JOB_HOST] = REP_KIND_HOST};
	struct rep_applied a;

	c->applied++;
	if (j->kind == REP_JOB_DAY) {
		rep_unit_count(&c->unit, e);
		return;
	}
	if (j->kind == REP_JOB_HOST) {
		note_fresh(c, &h->ledger, e);
		keep_evidence(c, e);
	}
	a = rep_unit_apply(s, &c->unit, &h->ledger, kind[j->kind],
	    rep_member_id(&e->client), e);
	c->bad = c->bad || a.bad;
	c->hard = c->hard || a.hard;
}

/* Lives are set anew once an hour, not with every event. */
static bool
is_roll(const struct rep_unit *before, const struct rep_unit *after)
{
	return before->seen == 0 || (before->seen < 2 && after->seen > 1) ||
	       after->last_ms / REP_HOUR_MS > before->last_ms / REP_HOUR_MS;
}

void
rep_job_apply(struct rep_batch *b, const struct rep_job *j,
    const struct rep_settings *s, struct rep_held *h, struct rep_change *out)
{
	uint32_t len_before = h->ledger.len;

	*out = (struct rep_change){.unit = h->unit, .highest = h->done};
	buf_init(&out->rcpts);
	for (size_t i = 0; i < j->events.len; i++) {
		struct rep_batch_event *e = &b->events.v[j->events.v[i]];

		if (j->kind == REP_JOB_NET && !ip_is_v4(&e->event.client))
			e->kept = rep_ledger_admits(s, &h->ledger, j->day,
			    rep_member_id(&e->event.client));
		if (e->seq <= h->done || (j->kind == REP_JOB_HOST && !e->kept))
			continue;
		apply_event(j, s, &e->event, h, out);
		out->highest = e->seq;
	}
	settle_rcpts(out, &h->ledger, len_before);
	out->roll = is_roll(&h->unit, &out->unit);
}

/* ---- the call ----------------------------------------------------------- */

/* A name lives with the program, a value must be kept. */
static void
add_field(void *ctx, const char *name, const char *value)
{
	struct rep_call *c = ctx;
	size_t len = strlen(value);
	char *kept = c->value[c->fields];

	invariant(c->fields < REP_CALL_FIELDS && len < sizeof(c->value[0]));
	memcpy(kept, value, len);
	redis_arg_cstr(&c->args, name);
	redis_arg(&c->args, str_make(kept, len));
	c->fields++;
}

static int64_t
life_of(const struct rep_job *j, const struct rep_held *h,
    const struct rep_change *change)
{
	if (!change->roll)
		return 0;
	if (j->kind == REP_JOB_DAY)
		return REP_DAYS_KEPT * REP_DAY_MS;
	return rep_life_ms(&change->unit, h->strikes);
}

static void
add_ledger(
    const struct rep_job *j, const struct rep_held *h, struct rep_call *c)
{
	buf_init(&c->ledger);
	if (j->kind == REP_JOB_HOST || j->kind == REP_JOB_NET)
		rep_ledger_format(&h->ledger, &c->ledger);
	redis_arg(&c->args, buf_str(&c->ledger));
}

void
rep_call_make(const struct rep_job *j, const struct rep_job_keys *keys,
    const struct rep_held *h, const struct rep_change *change,
    const char *writer, struct rep_call *c)
{
	struct redis_args *a = &c->args;

	a->count = 0;
	c->fields = 0;
	redis_arg_int(a, keys->count, c->number[0]);
	for (int i = 0; i < keys->count; i++)
		redis_arg(a, str_make(keys->key[i].text, keys->key[i].len));
	redis_arg_cstr(a, h->seen);
	redis_arg_cstr(a, h->bad);
	redis_arg_int(a, life_of(j, h, change), c->number[1]);
	add_ledger(j, h, c);
	redis_arg(a, buf_str(&change->rcpts));
	redis_arg_cstr(a, change->rcpts_begin || change->roll ? "1" : "0");
	redis_arg_int(a, (int64_t)change->evidence_count, c->number[2]);
	for (size_t i = 0; i < change->evidence_count; i++) {
		rep_evidence_format(&change->evidence[i], c->evidence[i]);
		redis_arg_cstr(a, c->evidence[i]);
	}
	redis_arg_cstr(a, writer);
	redis_arg_int(a, (int64_t)change->highest, c->number[3]);
	rep_unit_each_changed(&h->unit, &change->unit, add_field, c);
}

void
rep_call_fini(struct rep_call *c)
{
	buf_fini(&c->ledger);
}
