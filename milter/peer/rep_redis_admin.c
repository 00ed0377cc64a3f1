/*
 * The Redis store for admins: one unit, read and changed.
 */
#include "peer/rep_redis_ask.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

#define PAIRS_MAX 64

static int
get_hash(struct redis_store *s, const char *what, const char *unit,
    struct redis_reply **out)
{
	struct rep_key k = rep_key_unit(s->base.prefix, what, unit);
	struct redis_args a = {.count = 0};

	WORDS(&a, "HGETALL", k.text);
	return redis_ask(s, k.text, &a, out);
}

static int
read_evidence(struct redis_store *s, const char *unit, struct rep_record *out)
{
	struct rep_key k = rep_key_unit(s->base.prefix, "evidence", unit);
	struct redis_args a = {.count = 0};
	struct redis_reply *r;
	int rc;

	WORDS(&a, "LRANGE", k.text, "0", "19");
	rc = redis_ask(s, k.text, &a, &r);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < redis_count(r) && i < REP_EVIDENCE_MAX; i++)
		if (rep_evidence_parse(redis_text(redis_at(r, i)),
			&out->evidence[out->evidence_count]))
			out->evidence_count++;
	redis_free(&r);
	return 0;
}

int
redis_admin_read(
    struct rep_store *store, const char *unit, struct rep_record *out)
{
	struct redis_store *s = redis_of(store);
	struct rep_record rec = {.exists = false};
	struct redis_reply *r;
	int rc = get_hash(s, "rep", unit, &r);

	if (rc != 0)
		return rc;
	rec.exists = redis_count(r) > 0;
	rep_read_unit(r, &rec.unit);
	redis_free(&r);
	rc = get_hash(s, "list", unit, &r);
	if (rc != 0)
		return rc;
	rec.has_listing = rep_read_listing(r, &rec.listing);
	redis_free(&r);
	rc = read_evidence(s, unit, &rec);
	if (rc != 0)
		return rc;
	if (!rec.exists && !rec.has_listing)
		return ERR_ABSENT;
	*out = rec;
	return 0;
}

/* A member of the hash of pairs, or of what else stands in it. */
static void
take_grey(struct brake_state *b, struct str name, struct str value)
{
	struct str word;
	uint64_t n;

	if (str_is(name, "proof") && str_to_u64(value, &n) && n <= UINT32_MAX)
		b->proof = (uint32_t)n;
	if (str_is(name, "proof_at") && str_to_u64(value, &n) && n <= INT64_MAX)
		b->proof_ms = (int64_t)n;
	word = str_word(&value);
	if ((str_is(word, "wait") || str_is(word, "pass")) &&
	    str_to_u64(str_word(&value), &n) && n <= INT64_MAX)
		brake_state_add(b, str_is(word, "pass"), (int64_t)n);
}

static void
take_throttle(struct brake_state *b, struct str name, struct str value)
{
	uint64_t n;

	if (!str_to_u64(value, &n) || n > INT64_MAX)
		return;
	if (str_is(name, "messages"))
		b->messages_us = (int64_t)n;
	if (str_is(name, "recipients"))
		b->recipients_us = (int64_t)n;
}

int
redis_admin_read_brakes(
    struct rep_store *store, const char *unit, struct brake_state *out)
{
	struct redis_store *s = redis_of(store);
	struct brake_state b = {.waiting = 0};
	struct redis_reply *r;
	size_t members;
	int rc = get_hash(s, "grey", unit, &r);

	if (rc != 0)
		return rc;
	members = redis_count(r);
	for (size_t i = 0; i + 1 < redis_count(r); i += 2)
		take_grey(&b, redis_text(redis_at(r, i)),
		    redis_text(redis_at(r, i + 1)));
	redis_free(&r);
	rc = get_hash(s, "throttle", unit, &r);
	if (rc != 0)
		return rc;
	members += redis_count(r);
	for (size_t i = 0; i + 1 < redis_count(r); i += 2)
		take_throttle(&b, redis_text(redis_at(r, i)),
		    redis_text(redis_at(r, i + 1)));
	redis_free(&r);
	if (members == 0)
		return ERR_ABSENT;
	*out = b;
	return 0;
}

struct pairs {
	struct redis_args *args;
	char text[PAIRS_MAX][REP_NOTE_MAX];
	int count;
};

static void
add_pair(void *ctx, const char *name, const char *value)
{
	struct pairs *p = ctx;

	if (p->count + 2 > PAIRS_MAX)
		return;
	(void)snprintf(p->text[p->count], REP_NOTE_MAX, "%s", name);
	redis_arg_cstr(p->args, p->text[p->count++]);
	(void)snprintf(p->text[p->count], REP_NOTE_MAX, "%s", value);
	redis_arg_cstr(p->args, p->text[p->count++]);
}

static int
set_index(struct redis_store *s, const char *unit, const struct rep_listing *l)
{
	struct rep_key k =
	    rep_key_number(s->base.prefix, "listed", rep_listed_shard(unit));
	struct redis_args a = {.count = 0};
	char until[REDIS_NUMBER];
	int rc;

	if (!rep_model_is_running(l, clock_wall_ms())) {
		WORDS(&a, "ZREM", k.text, unit);
		return redis_ask_run(s, k.text, &a);
	}
	WORDS(&a, "ZADD", k.text);
	if (l->until_ms == 0)
		redis_arg_cstr(&a, "+inf");
	else
		redis_arg_int(&a, l->until_ms / 1000, until);
	redis_arg_cstr(&a, unit);
	rc = redis_ask_run(s, k.text, &a);
	a.count = 0;
	WORDS(&a, "EXPIRE", k.text, REP_LISTINGS_KEPT);
	return rc == 0 ? redis_ask_run(s, k.text, &a) : rc;
}

static void
run_poll(void *ctx)
{
	struct ask *a = ctx;

	redis_store_poll(a->store);
	redis_ask_done(a, NULL);
}

int
redis_admin_set_listing(
    struct rep_store *store, const char *unit, const struct rep_listing *l)
{
	struct redis_store *s = redis_of(store);
	struct rep_key list = rep_key_unit(s->base.prefix, "list", unit);
	struct rep_key rep = rep_key_unit(s->base.prefix, "rep", unit);
	struct redis_args a = {.count = 0}, none = {.count = 0};
	struct pairs p = {.args = &a};
	char life[REDIS_NUMBER], strike[REDIS_NUMBER];
	int64_t left = l->until_ms - clock_wall_ms();
	struct redis_reply *r;
	struct ask *x;
	int rc;

	if (!redis_ask_wait_up(s))
		return ERR_DOWN;
	WORDS(&a, "2", list.text, rep.text, "*");
	redis_arg_int(&a, (left > 0 ? left : 0) + REP_LISTED_LIFE_MS, life);
	redis_arg_cstr(&a, rep_state_text(l->state));
	redis_arg_int(&a, l->strike, strike);
	rep_listing_each(l, add_pair, &p);
	x = redis_ask_new(s, list.text, &a);
	x->script = REP_SCRIPT_LIST;
	rc = redis_ask_take(s, redis_ask_wait(x), &r);
	if (rc != 0)
		return rc;
	redis_free(&r);
	rc = set_index(s, unit, l);
	x = redis_ask_new(s, "", &none);
	x->task.run = run_poll;
	r = redis_ask_wait(x);
	redis_free(&r);
	return rc;
}

int
redis_admin_forget(struct rep_store *store, const char *unit)
{
	static const char *const what[] = {
	    "rep", "list", "evidence", "grey", "throttle"};
	static const char *const daily[] = {"rcpts", "given", "members"};
	struct redis_store *s = redis_of(store);
	int64_t today = clock_wall_ms() / REP_DAY_MS, gone = 0;
	struct rep_key k =
	    rep_key_number(s->base.prefix, "listed", rep_listed_shard(unit));
	struct redis_args a = {.count = 0};
	struct rep_key key[11];
	struct redis_reply *r;
	size_t n = 0;
	int rc;

	WORDS(&a, "ZREM", k.text, unit);
	rc = redis_ask_run(s, k.text, &a);
	a.count = 0;
	redis_arg_cstr(&a, "DEL");
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		key[n++] = rep_key_unit(s->base.prefix, what[i], unit);
	for (size_t i = 0; i < sizeof(daily) / sizeof(daily[0]); i++) {
		key[n++] = rep_key_day(s->base.prefix, daily[i], unit, today);
		key[n++] =
		    rep_key_day(s->base.prefix, daily[i], unit, today - 1);
	}
	for (size_t i = 0; i < n; i++)
		redis_arg_cstr(&a, key[i].text);
	if (rc == 0)
		rc = redis_ask(s, key[0].text, &a, &r);
	if (rc != 0)
		return rc;
	gone = redis_int(r, 0);
	redis_free(&r);
	return gone > 0 ? 0 : ERR_ABSENT;
}

static int
rewrite_evidence(
    struct redis_store *s, const char *unit, const struct rep_record *rec)
{
	struct rep_key k = rep_key_unit(s->base.prefix, "evidence", unit);
	struct redis_args a = {.count = 0};
	char text[REP_EVIDENCE_MAX][REP_EVIDENCE_TEXT_MAX];
	char life[REDIS_NUMBER];
	int rc;

	WORDS(&a, "DEL", k.text);
	rc = redis_ask_run(s, k.text, &a);
	if (rc != 0 || rec->evidence_count == 0)
		return rc;
	a.count = 0;
	WORDS(&a, "RPUSH", k.text);
	for (size_t i = 0; i < rec->evidence_count; i++) {
		rep_evidence_format(&rec->evidence[i], text[i]);
		redis_arg_cstr(&a, text[i]);
	}
	rc = redis_ask_run(s, k.text, &a);
	a.count = 0;
	WORDS(&a, "PEXPIRE", k.text);
	redis_arg_int(&a, REP_EVIDENCE_LIFE_MS, life);
	return rc == 0 ? redis_ask_run(s, k.text, &a) : rc;
}

int
redis_admin_dispute(struct rep_store *store, const char *unit)
{
	struct redis_store *s = redis_of(store);
	struct rep_key k = rep_key_unit(s->base.prefix, "rep", unit);
	struct redis_args a = {.count = 0};
	struct rep_record rec;
	int rc = redis_admin_read(store, unit, &rec);

	if (rc != 0 || !rec.exists)
		return rc;
	for (size_t i = 0; i < rec.evidence_count; i++)
		rec.evidence[i].disputed = true;
	rc = rewrite_evidence(s, unit, &rec);
	WORDS(&a, "HMSET", k.text, "bs", "0", "bl", "0");
	return rc == 0 ? redis_ask_run(s, k.text, &a) : rc;
}

int
redis_admin_load(
    struct rep_store *store, const char *unit, const struct rep_record *rec)
{
	struct redis_store *s = redis_of(store);
	struct rep_key k = rep_key_unit(s->base.prefix, "rep", unit);
	struct redis_args a = {.count = 0};
	struct pairs p = {.args = &a};
	char life[REDIS_NUMBER];
	int rc = 0;

	if (rec->exists) {
		WORDS(&a, "HMSET", k.text);
		rep_unit_each(&rec->unit, add_pair, &p);
		rc = p.count > 0 ? redis_ask_run(s, k.text, &a) : 0;
		a.count = 0;
		WORDS(&a, "PEXPIRE", k.text);
		redis_arg_int(&a,
		    rep_life_ms(
			&rec->unit, rec->has_listing ? rec->listing.strike : 0),
		    life);
		if (rc == 0)
			rc = redis_ask_run(s, k.text, &a);
	}
	if (rc == 0 && rec->has_listing)
		rc = redis_admin_set_listing(store, unit, &rec->listing);
	if (rc == 0 && rec->evidence_count > 0)
		rc = rewrite_evidence(s, unit, rec);
	return rc;
}
