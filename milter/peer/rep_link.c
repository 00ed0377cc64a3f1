/*
 * The link as a whole: is it up, which node serves a key, where the master or
 * the slots are, commands and their redirections.
 */
#include "peer/rep_link_node.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>

#define SLOTS_EVERY_MS 10000
#define SLOTS_AGAIN_MS 200 /* while some slots have no node */
#define TICK_MS 50
#define HOPS_MAX 6 /* MOVED and ASK of one command */

struct call {
	struct rep_link *link;
	struct rep_node *node;
	redis_fn *fn;
	void *ctx;
	struct str wire; /* kept when it may go out again */
	int script;	 /* or -1 */
	int hops;
};

static bool call_send(struct call *c, struct rep_node *n, bool asking);

bool
link_node_is_quick(const struct rep_node *n)
{
	return n != NULL && n->state == NODE_UP && n->wanted && !n->slow;
}

bool
rep_link_is_up(const struct rep_link *l)
{
	for (size_t i = 0; i < l->nodes.len; i++)
		if (link_node_is_quick(l->nodes.v[i]))
			return true;
	return false;
}

const char *
rep_link_why(const struct rep_link *l)
{
	return l->why;
}

void
link_tell(struct rep_link *l)
{
	bool up = rep_link_is_up(l);

	if (l->closing || up == l->told_up)
		return;
	l->told_up = up;
	if (up)
		l->o.up(l->o.ctx);
	else
		l->o.down(l->o.ctx, l->why);
}

void
link_blame(struct rep_link *l, const struct rep_node *n, const char *why)
{
	if (l->o.url.path[0] != '\0')
		(void)snprintf(
		    l->why, sizeof(l->why), "%.60s: %.90s", l->o.url.path, why);
	else if (n != NULL)
		(void)snprintf(l->why, sizeof(l->why), "%.50s:%d: %.90s",
		    n->address.host, n->address.port, why);
	else
		(void)snprintf(l->why, sizeof(l->why), "%.150s", why);
}

/* ---- finding the master or the slots ------------------------------------ */

static void
ask_sentinel(struct rep_link *l)
{
	const struct rep_url *u = &l->o.url;
	struct rep_node *n =
	    link_node_take(l, &u->host[l->seed++ % u->hosts], true);

	if (n != NULL && n->state == NODE_IDLE)
		link_node_connect(n);
}

static struct rep_node *
any_up(struct rep_link *l)
{
	for (size_t i = 0; i < l->nodes.len; i++) {
		struct rep_node *n = l->nodes.v[(i + l->seed) % l->nodes.len];

		if (n->state == NODE_UP && !n->sentinel)
			return n;
	}
	return NULL;
}

static void
ask_slots(struct rep_link *l)
{
	const struct rep_url *u = &l->o.url;
	struct rep_node *n;

	l->seed++;
	n = any_up(l);
	if (n != NULL) {
		link_node_ask_slots(n);
		return;
	}
	n = link_node_take(l, &u->host[l->seed % u->hosts], false);
	if (n != NULL && n->state == NODE_IDLE)
		link_node_connect(n);
}

static void
find_servers(struct rep_link *l, int64_t now)
{
	int64_t every = l->slots_wanted ? SLOTS_AGAIN_MS : SLOTS_EVERY_MS;

	if (l->o.url.topology == REP_SINGLE || now - l->slots_us < every * 1000)
		return;
	l->slots_us = now;
	if (l->o.url.topology == REP_SENTINEL)
		ask_sentinel(l);
	else
		ask_slots(l);
}

static void
on_tick(void *ctx)
{
	struct rep_link *l = ctx;
	int64_t now = clock_mono_us();

	for (size_t i = 0; i < l->nodes.len; i++)
		link_node_tick(l->nodes.v[i], now);
	find_servers(l, now);
	link_tell(l);
	loop_timer_start(l->tick, TICK_MS);
}

void
rep_link_demoted(struct rep_link *l)
{
	if (l->o.url.topology == REP_SINGLE)
		return;
	l->slots_wanted = true;
	l->slots_us = 0;
	if (l->o.url.topology != REP_SENTINEL)
		return;
	for (size_t i = 0; i < l->nodes.len; i++)
		if (l->nodes.v[i]->wanted && l->nodes.v[i]->state == NODE_UP)
			link_node_fail(
			    l->nodes.v[i], "is not the master any more");
}

/* ---- commands ----------------------------------------------------------- */

static void
call_end(struct call *c, const struct redis_reply *r)
{
	redis_fn *fn = c->fn;
	void *ctx = c->ctx;

	if (c->wire.p != NULL)
		redis_wire_free(&c->wire);
	free(c);
	fn(ctx, r);
}

/* "MOVED 3999 127.0.0.1:6381"; the node named, connected to if need be. */
static struct rep_node *
redirected(struct rep_link *l, const struct rep_node *from, struct str text)
{
	struct str kind = str_word(&text), slot = str_word(&text);
	struct str where = str_word(&text);
	struct rep_address a;
	struct rep_node *n;
	uint64_t number;

	if (!str_to_u64(slot, &number) || number >= SLOTS)
		return NULL;
	if (str_starts(where, STR(":"))) {
		char full[REP_HOST_MAX + 8];

		(void)snprintf(full, sizeof(full), "%s%.*s", from->address.host,
		    STR_ARG(where));
		if (!rep_address_parse(str_from(full), 0, &a))
			return NULL;
	} else if (!rep_address_parse(where, 0, &a)) {
		return NULL;
	}
	n = link_node_take(l, &a, false);
	if (n == NULL)
		return NULL;
	n->wanted = true;
	if (str_is(kind, "MOVED")) {
		l->slot[number] = n;
		l->slots_wanted = true;
	}
	if (n->state == NODE_IDLE)
		link_node_connect(n);
	return n->state == NODE_UP ? n : NULL;
}

/* The same command with the script's text in place of its digest. */
static struct str
with_text(struct rep_link *l, const struct call *c)
{
	struct str rest = c->wire, count = str_cut(&rest, '\n');
	const char *text = l->script[c->script];
	size_t len = strlen(text), head;
	char *out = mem_alloc(c->wire.len + len + 64);
	int n = snprintf(
	    out, 64, "%.*s\n$4\r\nEVAL\r\n$%zu\r\n", STR_ARG(count), len);

	/* "$7 EVALSHA $40 digest", each part ended by CR LF. */
	rest = str_skip(rest, 4 + 9 + 5 + SHA_BYTES - 1);
	head = (size_t)n;
	memcpy(out + head, text, len);
	memcpy(out + head + len, rest.p, rest.len);
	return str_make(out, head + len + rest.len);
}

/* Goes out as a call of its own that is not kept for a further try. */
static bool
call_reload(struct call *c)
{
	struct str wire = with_text(c->link, c);
	struct call *again = mem_alloc(sizeof(*again));
	bool sent;
	char *p;

	*again = (struct call){.link = c->link,
	    .fn = c->fn,
	    .ctx = c->ctx,
	    .script = -1,
	    .wire = wire};
	sent = call_send(again, c->node, false);
	again->wire = STR_NONE;
	if (!sent)
		free(again);
	memcpy(&p, &wire.p, sizeof(p));
	free(p);
	return sent;
}

static bool
call_redirect(struct call *c, struct str text)
{
	bool ask = str_starts(text, STR("ASK "));
	struct rep_node *n;

	if (c->wire.p == NULL || ++c->hops >= HOPS_MAX)
		return false;
	n = redirected(c->link, c->node, text);
	return n != NULL && call_send(c, n, ask);
}

static void
on_call(void *ctx, const struct redis_reply *r)
{
	struct call *c = ctx;
	struct str text = redis_is_error(r) ? redis_text(r) : STR_NONE;

	if (r != NULL)
		c->node->reply_us = clock_mono_us();
	if (text.p == NULL) {
		call_end(c, r);
	} else if (str_starts(text, STR("NOSCRIPT")) && c->script >= 0) {
		if (call_reload(c)) {
			redis_wire_free(&c->wire);
			free(c);
		} else {
			call_end(c, NULL);
		}
	} else if (str_starts(text, STR("MOVED ")) ||
		   str_starts(text, STR("ASK "))) {
		if (!call_redirect(c, text))
			call_end(c, NULL);
	} else {
		call_end(c, r);
	}
}

static void
ignore(void *ctx, const struct redis_reply *r)
{
	(void)ctx;
	(void)r;
}

static bool
call_send(struct call *c, struct rep_node *n, bool asking)
{
	struct redis_args a = {.count = 0};
	struct str wire;

	c->node = n;
	if (asking) {
		redis_arg_cstr(&a, "ASKING");
		wire = redis_wire(&a);
		(void)redis_send(n->conn, wire, ignore, NULL);
		redis_wire_free(&wire);
	}
	return redis_send(n->conn, c->wire, on_call, c);
}

static struct rep_node *
node_for(struct rep_link *l, const char *key)
{
	if (l->o.url.topology == REP_CLUSTER && key[0] != '\0')
		return l->slot[rep_link_slot(str_from(key))];
	for (size_t i = 0; i < l->nodes.len; i++)
		if (l->nodes.v[i]->wanted && l->nodes.v[i]->state == NODE_UP)
			return l->nodes.v[i];
	return NULL;
}

static bool
send_to(struct rep_link *l, struct rep_node *n, int script, struct str wire,
    const struct call *like)
{
	bool keep = script >= 0 || l->o.url.topology == REP_CLUSTER;
	struct call *c;

	if (n == NULL || n->state != NODE_UP) {
		redis_wire_free(&wire);
		return false;
	}
	c = mem_alloc(sizeof(*c));
	*c = *like;
	c->link = l;
	c->script = script;
	c->wire = wire;
	if (!call_send(c, n, false)) {
		redis_wire_free(&wire);
		free(c);
		return false;
	}
	if (!keep)
		redis_wire_free(&c->wire);
	return true;
}

bool
rep_link_send(struct rep_link *l, const char *key, const struct redis_args *a,
    redis_fn *fn, void *ctx)
{
	struct call like = {.fn = fn, .ctx = ctx};

	return send_to(l, node_for(l, key), -1, redis_wire(a), &like);
}

bool
rep_link_script(struct rep_link *l, enum rep_script script, const char *key,
    const struct redis_args *a, redis_fn *fn, void *ctx)
{
	struct call like = {.fn = fn, .ctx = ctx};
	struct redis_args whole = {.count = 0};

	redis_arg_cstr(&whole, "EVALSHA");
	redis_arg_cstr(&whole, l->sha[script]);
	for (int i = 0; i < a->count; i++)
		redis_arg(&whole, str_make(a->v[i], a->len[i]));
	return send_to(
	    l, node_for(l, key), (int)script, redis_wire(&whole), &like);
}

struct rep_node *
rep_link_quick(struct rep_link *l, const char *key)
{
	struct rep_node *n = node_for(l, key);

	return link_node_is_quick(n) ? n : NULL;
}

size_t
rep_link_nodes(const struct rep_link *l)
{
	return l->nodes.len;
}

bool
rep_link_send_node(struct rep_link *l, size_t i, const struct redis_args *a,
    redis_fn *fn, void *ctx)
{
	struct call like = {.fn = fn, .ctx = ctx};

	if (i >= l->nodes.len || !l->nodes.v[i]->wanted)
		return false;
	return send_to(l, l->nodes.v[i], -1, redis_wire(a), &like);
}

/* ---- life --------------------------------------------------------------- */

struct rep_link *
rep_link_new(const struct rep_link_options *o)
{
	struct rep_link *l = mem_alloc(sizeof(*l));
	struct rep_address here = {.host = "", .port = 0};

	l->o = *o;
	for (int i = 0; i < REP_SCRIPTS; i++)
		l->script[i] = mem_strndup(o->script[i].p, o->script[i].len);
	link_blame(l, NULL, "not connected yet");
	l->tick = loop_timer_new(o->loop, on_tick, l);
	l->slots_wanted = true;
	if (o->url.topology == REP_SINGLE) {
		struct rep_node *n = link_node_take(
		    l, o->url.path[0] != '\0' ? &here : &o->url.host[0], false);

		n->wanted = true;
		link_node_connect(n);
	} else {
		find_servers(l, clock_mono_us() + SLOTS_EVERY_MS * 1000);
		l->slots_us = 0;
	}
	loop_timer_start(l->tick, TICK_MS);
	return l;
}

void
rep_link_free(struct rep_link **lp)
{
	struct rep_link *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	l->closing = true;
	for (size_t i = 0; i < l->nodes.len; i++) {
		struct redis_conn *c = l->nodes.v[i]->conn;

		l->nodes.v[i]->state = NODE_IDLE;
		l->nodes.v[i]->conn = NULL;
		l->nodes.v[i]->epoch++;
		redis_close(&c);
	}
	for (size_t i = 0; i < l->nodes.len; i++)
		free(l->nodes.v[i]);
	VEC_FINI(&l->nodes);
	loop_timer_free(&l->tick);
	for (int i = 0; i < REP_SCRIPTS; i++)
		free(l->script[i]);
	free(l);
}
