/*
 * The Redis store for admins: all units, those listed, the worst, the audit
 * trail, decision records.
 */
#include "peer/rep_redis_ask.h"

#include "base/err.h"
#include "base/zip.h"

#include <stdio.h>
#include <stdlib.h>

#define SCAN_COUNT "1000"

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
		x = redis_ask_new(w->store, "", &a);
		x->node = w->node;
		r = redis_ask_wait(x);
		if (r == NULL)
			return cursor[0] == '0' ? ERR_ABSENT : ERR_DOWN;
		rc = redis_ask_take(w->store, r, &r);
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

	if (!redis_ask_wait_up(s))
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
	if (redis_ask(u->store, k.text, &a, &r) != 0)
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
		rc = redis_ask(s, k.text, &a, &r);
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
	rc = redis_ask(s, k.text, &a, &r);
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

/* ---- the audit trail and records ---------------------------------------- */

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
	rc = redis_ask_run(s, k.text, &a);
	a.count = 0;
	WORDS(&a, "EXPIRE", k.text, REP_LISTINGS_KEPT);
	return rc == 0 ? redis_ask_run(s, k.text, &a) : rc;
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
	rc = redis_ask(s, k.text, &a, &r);
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
	rc = redis_ask(s, k.text, &a, &r);
	if (rc != 0)
		return rc;
	rc = redis_is_nil(r) ? ERR_ABSENT : 0;
	if (rc == 0 && zip_is_packed(redis_text(r)))
		rc = zip_unpack(redis_text(r), REP_WHY_BYTES_MAX, json_out);
	else if (rc == 0)
		buf_add(json_out, redis_text(r));
	redis_free(&r);
	return rc;
}
