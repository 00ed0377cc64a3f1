/*
 * The Redis store for admins: each call posts commands to the I/O thread and
 * waits for the answers. May block for WAIT_UP_MS and WAIT_REPLY_MS.
 */
#include "peer/rep_redis.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_UP_MS 3000
#define WAIT_REPLY_MS 5000
#define UP_STEP_MS 10
#define SCAN_COUNT "1000"
#define ANY_NODE SIZE_MAX
#define PAIRS_MAX 64

struct ask {
	struct redis_task task; /* first */
	struct redis_store *store;
	struct redis_args args;
	char *bytes; /* what args point into */
	char key[160];
	size_t node; /* or ANY_NODE: by key */
	int script;  /* or -1 */
	atomic_int refs;

	pthread_mutex_t done_lock; /* guards done and reply */
	pthread_cond_t done_wake;
	bool done;
	struct redis_reply *reply; /* NULL: none came */
};

static struct redis_store *
redis_of(struct rep_store *s)
{
	return (struct redis_store *)s;
}

static void
ask_unref(struct ask *a)
{
	if (atomic_fetch_sub(&a->refs, 1) != 1)
		return;
	redis_free(&a->reply);
	pthread_mutex_destroy(&a->done_lock);
	pthread_cond_destroy(&a->done_wake);
	free(a->bytes);
	free(a);
}

static void
ask_done(void *ctx, const struct redis_reply *r)
{
	struct ask *a = ctx;

	pthread_mutex_lock(&a->done_lock);
	a->reply = redis_copy(r);
	a->done = true;
	pthread_cond_signal(&a->done_wake);
	pthread_mutex_unlock(&a->done_lock);
	ask_unref(a);
}

static void
ask_run(void *ctx)
{
	struct ask *a = ctx;
	struct rep_link *l = a->store->link;
	bool sent;

	if (a->script >= 0)
		sent = rep_link_script(l, (enum rep_script)a->script, a->key,
		    &a->args, ask_done, a);
	else if (a->node != ANY_NODE)
		sent = rep_link_send_node(l, a->node, &a->args, ask_done, a);
	else
		sent = rep_link_send(l, a->key, &a->args, ask_done, a);
	if (!sent)
		ask_done(a, NULL);
}

/* The bytes must outlive a caller that gave up waiting. */
static void
ask_keep_args(struct ask *a, const struct redis_args *from)
{
	size_t total = 1;
	char *at;

	for (int i = 0; i < from->count; i++)
		total += from->len[i];
	a->bytes = at = mem_alloc(total);
	for (int i = 0; i < from->count; i++) {
		memcpy(at, from->v[i], from->len[i]);
		redis_arg(&a->args, str_make(at, from->len[i]));
		at += from->len[i];
	}
}

static struct ask *
ask_new(struct redis_store *s, const char *key, const struct redis_args *args)
{
	struct ask *a = mem_alloc(sizeof(*a));
	pthread_condattr_t attr;

	a->task.run = ask_run;
	a->task.ctx = a;
	a->store = s;
	a->node = ANY_NODE;
	a->script = -1;
	(void)snprintf(a->key, sizeof(a->key), "%s", key);
	ask_keep_args(a, args);
	atomic_init(&a->refs, 2);
	pthread_mutex_init(&a->done_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->done_wake, &attr);
	pthread_condattr_destroy(&attr);
	return a;
}

/* Waits for the reply, which is then the caller's. Drops the asker's hold. */
static struct redis_reply *
ask_wait(struct ask *a)
{
	int64_t us = clock_mono_us() + WAIT_REPLY_MS * 1000;
	struct timespec until = {
	    .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
	struct redis_reply *r;
	int rc = 0;

	redis_store_post(a->store, &a->task);
	pthread_mutex_lock(&a->done_lock);
	while (!a->done && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(
		    &a->done_wake, &a->done_lock, &until);
	r = a->reply;
	a->reply = NULL;
	pthread_mutex_unlock(&a->done_lock);
	ask_unref(a);
	return r;
}

/* A tool that has just started gives the connection a moment. */
static bool
wait_up(struct redis_store *s)
{
	const struct timespec step = {.tv_nsec = UP_STEP_MS * 1000000};

	for (int ms = 0; ms < WAIT_UP_MS; ms += UP_STEP_MS) {
		if (atomic_load(&s->up))
			return true;
		(void)nanosleep(&step, NULL);
	}
	return false;
}

/* 0 and a reply that is no error, or ERR_DOWN, ERR_DENIED. */
static int
take_reply(
    struct redis_store *s, struct redis_reply *r, struct redis_reply **out)
{
	if (r == NULL)
		return ERR_DOWN;
	if (redis_is_error(r)) {
		rep_store_log(&s->base, "reputation: Redis says: %.*s",
		    STR_ARG(redis_text(r)));
		redis_free(&r);
		return ERR_DENIED;
	}
	*out = r;
	return 0;
}

static int
command(struct redis_store *s, const char *key, const struct redis_args *args,
    struct redis_reply **out)
{
	if (!wait_up(s))
		return ERR_DOWN;
	return take_reply(s, ask_wait(ask_new(s, key, args)), out);
}

static void
add_words(struct redis_args *a, const char *const *word, size_t count)
{
	for (size_t i = 0; i < count; i++)
		redis_arg_cstr(a, word[i]);
}

#define WORDS(args, ...)                                      \
	add_words((args), (const char *const[]){__VA_ARGS__}, \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static int
run(struct redis_store *s, const char *key, const struct redis_args *args)
{
	struct redis_reply *r;
	int rc = command(s, key, args, &r);

	if (rc == 0)
		redis_free(&r);
	return rc;
}

static int
get_hash(struct redis_store *s, const char *what, const char *unit,
    struct redis_reply **out)
{
	struct rep_key k = rep_key_unit(s->base.prefix, what, unit);
	struct redis_args a = {.count = 0};

	WORDS(&a, "HGETALL", k.text);
	return command(s, k.text, &a, out);
}

static int
read_evidence(struct redis_store *s, const char *unit, struct rep_record *out)
{
	struct rep_key k = rep_key_unit(s->base.prefix, "evidence", unit);
	struct redis_args a = {.count = 0};
	struct redis_reply *r;
	int rc;

	WORDS(&a, "LRANGE", k.text, "0", "19");
	rc = command(s, k.text, &a, &r);
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
		return run(s, k.text, &a);
	}
	WORDS(&a, "ZADD", k.text);
	if (l->until_ms == 0)
		redis_arg_cstr(&a, "+inf");
	else
		redis_arg_int(&a, l->until_ms / 1000, until);
	redis_arg_cstr(&a, unit);
	rc = run(s, k.text, &a);
	a.count = 0;
	WORDS(&a, "EXPIRE", k.text, "34560000");
	return rc == 0 ? run(s, k.text, &a) : rc;
}

static void
run_poll(void *ctx)
{
	struct ask *a = ctx;

	redis_store_poll(a->store);
	ask_done(a, NULL);
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

	if (!wait_up(s))
		return ERR_DOWN;
	WORDS(&a, "2", list.text, rep.text, "*");
	redis_arg_int(&a, (left > 0 ? left : 0) + REP_LISTED_LIFE_MS, life);
	redis_arg_cstr(&a, rep_state_text(l->state));
	redis_arg_int(&a, l->strike, strike);
	rep_listing_each(l, add_pair, &p);
	x = ask_new(s, list.text, &a);
	x->script = REP_SCRIPT_LIST;
	rc = take_reply(s, ask_wait(x), &r);
	if (rc != 0)
		return rc;
	redis_free(&r);
	rc = set_index(s, unit, l);
	x = ask_new(s, "", &none);
	x->task.run = run_poll;
	r = ask_wait(x);
	redis_free(&r);
	return rc;
}

int
redis_admin_forget(struct rep_store *store, const char *unit)
{
	static const char *const what[] = {"rep", "list", "evidence"};
	static const char *const daily[] = {"rcpts", "given", "members"};
	struct redis_store *s = redis_of(store);
	int64_t today = clock_wall_ms() / REP_DAY_MS, gone = 0;
	struct rep_key k =
	    rep_key_number(s->base.prefix, "listed", rep_listed_shard(unit));
	struct redis_args a = {.count = 0};
	struct rep_key key[9];
	struct redis_reply *r;
	size_t n = 0;
	int rc;

	WORDS(&a, "ZREM", k.text, unit);
	rc = run(s, k.text, &a);
	a.count = 0;
	redis_arg_cstr(&a, "DEL");
	for (size_t i = 0; i < 3; i++) {
		key[n++] = rep_key_unit(s->base.prefix, what[i], unit);
		key[n++] = rep_key_day(s->base.prefix, daily[i], unit, today);
		key[n++] =
		    rep_key_day(s->base.prefix, daily[i], unit, today - 1);
	}
	for (size_t i = 0; i < n; i++)
		redis_arg_cstr(&a, key[i].text);
	if (rc == 0)
		rc = command(s, key[0].text, &a, &r);
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
	rc = run(s, k.text, &a);
	if (rc != 0 || rec->evidence_count == 0)
		return rc;
	a.count = 0;
	WORDS(&a, "RPUSH", k.text);
	for (size_t i = 0; i < rec->evidence_count; i++) {
		rep_evidence_format(&rec->evidence[i], text[i]);
		redis_arg_cstr(&a, text[i]);
	}
	rc = run(s, k.text, &a);
	a.count = 0;
	WORDS(&a, "PEXPIRE", k.text);
	redis_arg_int(&a, REP_EVIDENCE_LIFE_MS, life);
	return rc == 0 ? run(s, k.text, &a) : rc;
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
	return rc == 0 ? run(s, k.text, &a) : rc;
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
		rc = p.count > 0 ? run(s, k.text, &a) : 0;
		a.count = 0;
		WORDS(&a, "PEXPIRE", k.text);
		redis_arg_int(&a,
		    rep_life_ms(
			&rec->unit, rec->has_listing ? rec->listing.strike : 0),
		    life);
		if (rc == 0)
			rc = run(s, k.text, &a);
	}
	if (rc == 0 && rec->has_listing)
		rc = redis_admin_set_listing(store, unit, &rec->listing);
	if (rc == 0 && rec->evidence_count > 0)
		rc = rewrite_evidence(s, unit, rec);
	return rc;
}

/* ---- walking --------------------------------------------------------------
 */

/* "prefix" "rep:{" unit "}" back to the unit; "list:{" for listings. */
static bool
unit_of_key(const struct redis_store *s, const char *what, struct str key,
    char unit[static REP_UNIT_TEXT_MAX])
{
	char head[REP_PREFIX_MAX + 16];
	struct cidr c;
	enum rep_kind kind;

	(void)snprintf(head, sizeof(head), "%s%s:{", s->base.prefix, what);
	if (!str_starts(key, str_from(head)) || !str_ends(key, STR("}")))
		return false;
	key = str_skip(key, strlen(head));
	key.len--;
	if (key.len >= REP_UNIT_TEXT_MAX || !rep_name_parse(key, &c, &kind))
		return false;
	memcpy(unit, key.p, key.len);
	unit[key.len] = '\0';
	return true;
}

struct walk {
	struct redis_store *store;
	const char *what;
	size_t node;
	rep_unit_fn *fn;
	void *ctx;
};

/* A node that holds no slots is not asked: `send` says no, and that is fine. */
static int
walk_node(const struct walk *w)
{
	char cursor[REDIS_NUMBER] = "0", unit[REP_UNIT_TEXT_MAX];
	char match[REP_PREFIX_MAX + 16];
	struct redis_reply *r;

	(void)snprintf(
	    match, sizeof(match), "%s%s:{*", w->store->base.prefix, w->what);
	do {
		struct redis_args a = {.count = 0};
		const struct redis_reply *keys;
		struct ask *x;
		int rc;

		WORDS(&a, "SCAN", cursor, "MATCH", match, "COUNT", SCAN_COUNT);
		x = ask_new(w->store, "", &a);
		x->node = w->node;
		r = ask_wait(x);
		if (r == NULL)
			return cursor[0] == '0' ? ERR_ABSENT : ERR_DOWN;
		rc = take_reply(w->store, r, &r);
		if (rc != 0)
			return rc;
		keys = redis_at(r, 1);
		(void)snprintf(cursor, sizeof(cursor), "%.*s",
		    STR_ARG(redis_text(redis_at(r, 0))));
		for (size_t i = 0; i < redis_count(keys); i++)
			if (unit_of_key(w->store, w->what,
				redis_text(redis_at(keys, i)), unit))
				w->fn(w->ctx, unit);
		redis_free(&r);
	} while (strcmp(cursor, "0") != 0);
	return 0;
}

static int
walk(struct redis_store *s, const char *what, rep_unit_fn *fn, void *ctx)
{
	struct walk w = {.store = s, .what = what, .fn = fn, .ctx = ctx};
	bool any = false;

	if (!wait_up(s))
		return ERR_DOWN;
	for (w.node = 0; w.node < rep_link_nodes(s->link); w.node++) {
		int rc = walk_node(&w);

		if (rc == ERR_ABSENT)
			continue;
		if (rc != 0)
			return rc;
		any = true;
	}
	return any ? 0 : ERR_DOWN;
}

struct unheard {
	struct redis_store *store;
	rep_unit_fn *fn;
	void *ctx;
};

/* A unit an admin blocked before it ever sent has a listing alone. */
static void
pass_unheard(void *ctx, const char *unit)
{
	struct unheard *u = ctx;
	struct rep_key k = rep_key_unit(u->store->base.prefix, "rep", unit);
	struct redis_args a = {.count = 0};
	struct redis_reply *r;

	WORDS(&a, "EXISTS", k.text);
	if (command(u->store, k.text, &a, &r) != 0)
		return;
	if (redis_int(r, 0) == 0)
		u->fn(u->ctx, unit);
	redis_free(&r);
}

int
redis_admin_each(struct rep_store *store, rep_unit_fn *fn, void *ctx)
{
	struct redis_store *s = redis_of(store);
	struct unheard u = {.store = s, .fn = fn, .ctx = ctx};
	int rc = walk(s, "rep", fn, ctx);

	return rc == 0 ? walk(s, "list", pass_unheard, &u) : rc;
}

int
redis_admin_each_listed(
    struct rep_store *store, int64_t now_ms, rep_unit_fn *fn, void *ctx)
{
	struct redis_store *s = redis_of(store);

	for (int i = 0; i < REP_LISTED_SHARDS; i++) {
		struct rep_key k = rep_key_number(s->base.prefix, "listed", i);
		struct redis_args a = {.count = 0};
		char now[REDIS_NUMBER], unit[REP_UNIT_TEXT_MAX];
		struct redis_reply *r;
		int rc;

		WORDS(&a, "ZRANGEBYSCORE", k.text);
		redis_arg_int(&a, now_ms / 1000, now);
		redis_arg_cstr(&a, "+inf");
		rc = command(s, k.text, &a, &r);
		if (rc != 0)
			return rc;
		for (size_t n = 0; n < redis_count(r); n++) {
			struct str name = redis_text(redis_at(r, n));

			(void)snprintf(
			    unit, sizeof(unit), "%.*s", STR_ARG(name));
			fn(ctx, unit);
		}
		redis_free(&r);
	}
	return 0;
}

int
redis_admin_top(struct rep_store *store, int64_t now_ms, size_t max,
    rep_top_fn *fn, void *ctx)
{
	struct redis_store *s = redis_of(store);
	struct rep_key k =
	    rep_key_number(s->base.prefix, "top", now_ms / REP_HOUR_MS);
	struct redis_args a = {.count = 0};
	char last[REDIS_NUMBER];
	struct redis_reply *r;
	int rc;

	WORDS(&a, "ZREVRANGE", k.text, "0");
	redis_arg_int(&a, max > 0 ? (int64_t)max - 1 : 0, last);
	redis_arg_cstr(&a, "WITHSCORES");
	rc = command(s, k.text, &a, &r);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i + 1 < redis_count(r); i += 2) {
		char unit[REP_UNIT_TEXT_MAX], score[32];

		(void)snprintf(unit, sizeof(unit), "%.*s",
		    STR_ARG(redis_text(redis_at(r, i))));
		(void)snprintf(score, sizeof(score), "%.*s",
		    STR_ARG(redis_text(redis_at(r, i + 1))));
		fn(ctx, unit, strtod(score, NULL));
	}
	redis_free(&r);
	return 0;
}

/* ---- the audit trail and records ------------------------------------------
 */

static struct rep_key
events_key(const struct redis_store *s)
{
	struct rep_key k = rep_key_text(s->base.prefix, "events", "");

	k.text[--k.len] = '\0';
	return k;
}

int
redis_admin_note(struct rep_store *store, const struct rep_audit *n)
{
	struct redis_store *s = redis_of(store);
	struct rep_key k = events_key(s);
	struct redis_args a = {.count = 0};
	char at[REDIS_NUMBER];
	int rc;

	WORDS(&a, "XADD", k.text, "MAXLEN", "~", "10000", "*", "what", n->what,
	    "unit", n->unit, "by", n->by, "why", n->why, "ref", n->ref, "at");
	redis_arg_int(&a, n->at_ms, at);
	rc = run(s, k.text, &a);
	a.count = 0;
	WORDS(&a, "EXPIRE", k.text, "34560000");
	return rc == 0 ? run(s, k.text, &a) : rc;
}

static void
set_note(struct rep_audit *n, struct str name, struct str value)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} row[] = {{"what", n->what, sizeof(n->what)},
	    {"unit", n->unit, sizeof(n->unit)}, {"by", n->by, sizeof(n->by)},
	    {"why", n->why, sizeof(n->why)}, {"ref", n->ref, sizeof(n->ref)}};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (str_is(name, row[i].name))
			(void)snprintf(
			    row[i].to, row[i].size, "%.*s", STR_ARG(value));
	if (str_is(name, "at"))
		(void)str_to_i64(value, &n->at_ms);
}

static void
pass_note(const struct redis_reply *entry, rep_audit_fn *fn, void *ctx)
{
	const struct redis_reply *field = redis_at(entry, 1);
	struct rep_audit n = {.at_ms = 0};

	(void)snprintf(n.id, sizeof(n.id), "%.*s",
	    STR_ARG(redis_text(redis_at(entry, 0))));
	for (size_t i = 0; i + 1 < redis_count(field); i += 2)
		set_note(&n, redis_text(redis_at(field, i)),
		    redis_text(redis_at(field, i + 1)));
	fn(ctx, &n);
}

int
redis_admin_notes(struct rep_store *store, const char *after, size_t max,
    rep_audit_fn *fn, void *ctx)
{
	struct redis_store *s = redis_of(store);
	struct rep_key k = events_key(s);
	struct redis_args a = {.count = 0};
	char many[REDIS_NUMBER], from[40];
	bool last = after[0] == '\0';
	struct redis_reply *r;
	size_t n;
	int rc;

	if (last) {
		WORDS(&a, "XREVRANGE", k.text, "+", "-", "COUNT");
		redis_arg_int(&a, (int64_t)max, many);
	} else {
		(void)snprintf(from, sizeof(from), "%s", after);
		WORDS(&a, "XREAD", "COUNT");
		redis_arg_int(&a, (int64_t)max, many);
		WORDS(&a, "STREAMS", k.text, from);
	}
	rc = command(s, k.text, &a, &r);
	if (rc != 0)
		return rc;
	n = redis_count(r);
	for (size_t i = 0; last && i < n; i++)
		pass_note(redis_at(r, n - 1 - i), fn, ctx);
	if (!last) {
		const struct redis_reply *list = redis_at(redis_at(r, 0), 1);

		for (size_t i = 0; i < redis_count(list); i++)
			pass_note(redis_at(list, i), fn, ctx);
	}
	redis_free(&r);
	return 0;
}

int
redis_admin_why(struct rep_store *store, struct str ref, struct buf *json_out)
{
	struct redis_store *s = redis_of(store);
	char text[REP_REF_MAX];
	struct redis_args a = {.count = 0};
	struct redis_reply *r;
	struct rep_key k;
	int rc;

	(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(ref));
	k = rep_key_text(s->base.prefix, "why", text);
	WORDS(&a, "GET", k.text);
	rc = command(s, k.text, &a, &r);
	if (rc != 0)
		return rc;
	rc = redis_is_nil(r) ? ERR_ABSENT : 0;
	if (rc == 0)
		buf_add(json_out, redis_text(r));
	redis_free(&r);
	return rc;
}
