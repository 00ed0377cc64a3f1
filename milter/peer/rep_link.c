#include "peer/rep_link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"

#include <stdio.h>

#define SLOTS 16384
#define NODES_MAX 256
#define TICK_MS 50
#define SETUP_MS 1000  /* to connect and be ready */
#define SILENT_MS 1000 /* no answer at all: dead */
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 2000
#define HOLD_MIN_MS 200
#define HOLD_MAX_MS 30000
#define CALM_MS 60000 /* after this the hold starts small again */
#define SLOTS_EVERY_MS 10000
#define SLOTS_AGAIN_MS 200 /* while some slots have no node */
#define HOPS_MAX 6	   /* MOVED and ASK of one command */
#define SHA_BYTES 41

enum node_state { NODE_IDLE, NODE_CONNECTING, NODE_SETUP, NODE_UP };

struct rep_node {
	struct rep_link *link;
	struct rep_address address;
	bool wanted;   /* serves slots, or is the master */
	bool sentinel; /* asked for the master, then closed */
	enum node_state state;
	struct redis_conn *conn;
	unsigned epoch;	  /* of the connection */
	int steps;	  /* setup replies still to come */
	int64_t since_us; /* of the state */
	int64_t reply_us; /* last sign of life */
	int64_t retry_us;
	int64_t backoff_ms;

	bool slow; /* breaker open */
	bool probing;
	int64_t probe_us;
	int64_t hold_us; /* no probe before */
	int64_t hold_ms;
	int64_t closed_us;
};

struct rep_link {
	struct rep_link_options o;
	char *script[REP_SCRIPTS];
	char sha[REP_SCRIPTS][SHA_BYTES];
	VEC(struct rep_node *) nodes; /* never freed before the link */
	struct rep_node *slot[SLOTS];
	struct loop_timer *tick;
	size_t seed;	  /* next host of the URL to ask */
	int64_t slots_us; /* last asked for */
	bool slots_wanted;
	bool told_up;
	bool closing;
	char why[160]; /* the last thing that went wrong */
};

struct call {
	struct rep_link *link;
	struct rep_node *node;
	redis_fn *fn;
	void *ctx;
	struct str wire; /* kept when it may go out again */
	int script;	 /* or -1 */
	int hops;
};

static void node_connect(struct rep_node *n);
static bool call_send(struct call *c, struct rep_node *n, bool asking);

/* ---- slots ----------------------------------------------------------------
 */

/* CRC-16/XMODEM, as the cluster specification says. */
static unsigned
crc16(struct str s)
{
	unsigned crc = 0;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= (unsigned)(uint8_t)s.p[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff
					   : crc << 1 & 0xffff;
	}
	return crc;
}

unsigned
rep_link_slot(struct str key)
{
	size_t open = str_find_char(key, '{');

	if (open != STR_NPOS) {
		struct str tag = str_skip(key, open + 1);
		size_t close = str_find_char(tag, '}');

		if (close != STR_NPOS && close > 0)
			key = str_head(tag, close);
	}
	return crc16(key) % SLOTS;
}

/* ---- up or down as a whole ------------------------------------------------
 */

static bool
node_is_quick(const struct rep_node *n)
{
	return n != NULL && n->state == NODE_UP && n->wanted && !n->slow;
}

bool
rep_link_is_up(const struct rep_link *l)
{
	for (size_t i = 0; i < l->nodes.len; i++)
		if (node_is_quick(l->nodes.v[i]))
			return true;
	return false;
}

const char *
rep_link_why(const struct rep_link *l)
{
	return l->why;
}

static void
tell(struct rep_link *l)
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

static void
blame(struct rep_link *l, const struct rep_node *n, const char *why)
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

/* ---- nodes ----------------------------------------------------------------
 */

static struct rep_node *
node_find(struct rep_link *l, const struct rep_address *a, bool sentinel)
{
	for (size_t i = 0; i < l->nodes.len; i++) {
		struct rep_node *n = l->nodes.v[i];

		if (n->sentinel == sentinel && n->address.port == a->port &&
		    strcmp(n->address.host, a->host) == 0)
			return n;
	}
	return NULL;
}

/* NULL: too many. */
static struct rep_node *
node_take(struct rep_link *l, const struct rep_address *a, bool sentinel)
{
	struct rep_node *n = node_find(l, a, sentinel);

	if (n != NULL || l->nodes.len >= NODES_MAX)
		return n;
	n = mem_alloc(sizeof(*n));
	n->link = l;
	n->address = *a;
	n->sentinel = sentinel;
	n->backoff_ms = BACKOFF_MIN_MS;
	*VEC_PUSH(&l->nodes) = n;
	return n;
}

static void
node_idle(struct rep_node *n)
{
	int64_t now = clock_mono_us();

	n->state = NODE_IDLE;
	n->conn = NULL;
	n->epoch++;
	n->probing = false;
	n->retry_us = now + n->backoff_ms * 1000;
	n->backoff_ms = n->backoff_ms * 2 < BACKOFF_MAX_MS ? n->backoff_ms * 2
							   : BACKOFF_MAX_MS;
	n->link->slots_wanted = true;
	n->link->slots_us = 0;
}

static void
node_close(struct rep_node *n)
{
	struct redis_conn *c = n->conn;

	node_idle(n);
	redis_close(&c);
}

/* Drops the connection and tries again later. */
static void
node_fail(struct rep_node *n, const char *why)
{
	blame(n->link, n, why);
	node_close(n);
	tell(n->link);
}

static void
on_down(void *ctx, const char *why)
{
	struct rep_node *n = ctx;

	blame(n->link, n, why);
	node_idle(n);
	tell(n->link);
}

struct step {
	struct rep_node *node;
	unsigned epoch;
	int what; /* script number, or one of below */
};

enum { STEP_PLAIN = 100, STEP_ROLE, STEP_SLOTS, STEP_MASTER };

static void
node_ready(struct rep_node *n)
{
	n->state = NODE_UP;
	n->since_us = n->reply_us = clock_mono_us();
	n->backoff_ms = BACKOFF_MIN_MS;
	if (n->slow && n->hold_us < n->since_us) {
		n->slow = false;
		n->closed_us = n->since_us;
	}
	n->link->o.joined(n->link->o.ctx);
	tell(n->link);
}

static struct rep_node *
slot_node(struct rep_link *l, const struct redis_reply *range,
    const struct rep_node *from)
{
	const struct redis_reply *who = redis_at(range, 2);
	struct str host = redis_text(redis_at(who, 0));
	int64_t port = redis_int(redis_at(who, 1), 0);
	struct rep_address a = {.port = (int)port};

	if (port <= 0 || port > 65535 || host.len >= sizeof(a.host))
		return NULL;
	/* An empty host means the one that was asked. */
	if (host.len == 0)
		memcpy(a.host, from->address.host, sizeof(a.host));
	else
		memcpy(a.host, host.p, host.len);
	return node_take(l, &a, false);
}

static void
learn_slots(struct rep_link *l, const struct redis_reply *r,
    const struct rep_node *from)
{
	struct rep_node *fresh[SLOTS] = {0};
	size_t covered = 0;

	for (size_t i = 0; i < redis_count(r) && i < SLOTS; i++) {
		const struct redis_reply *range = redis_at(r, i);
		int64_t low = redis_int(redis_at(range, 0), -1);
		int64_t high = redis_int(redis_at(range, 1), -1);
		struct rep_node *n = slot_node(l, range, from);

		if (n == NULL || low < 0 || high >= SLOTS)
			continue;
		for (; low <= high; low++, covered++)
			fresh[low] = n;
	}
	if (covered == 0)
		return;
	memcpy(l->slot, fresh, sizeof(fresh));
	for (size_t i = 0; i < l->nodes.len; i++)
		l->nodes.v[i]->wanted = false;
	for (size_t i = 0; i < SLOTS; i++)
		if (fresh[i] != NULL)
			fresh[i]->wanted = true;
	for (size_t i = 0; i < l->nodes.len; i++)
		if (l->nodes.v[i]->wanted && l->nodes.v[i]->state == NODE_IDLE)
			node_connect(l->nodes.v[i]);
	l->slots_wanted = covered < SLOTS;
	tell(l);
}

static void
learn_master(struct rep_link *l, const struct redis_reply *r)
{
	struct str host = redis_text(redis_at(r, 0));
	int64_t port = redis_int(redis_at(r, 1), 0);
	struct rep_address a = {.port = (int)port};
	struct rep_node *n;

	if (host.len == 0 || host.len >= sizeof(a.host) || port <= 0 ||
	    port > 65535) {
		blame(l, NULL, "the sentinels know no such master");
		return;
	}
	memcpy(a.host, host.p, host.len);
	n = node_take(l, &a, false);
	if (n == NULL)
		return;
	for (size_t i = 0; i < l->nodes.len; i++)
		l->nodes.v[i]->wanted = l->nodes.v[i] == n;
	l->slots_wanted = n->state != NODE_UP;
	if (n->state == NODE_IDLE)
		node_connect(n);
	tell(l);
}

static bool
step_is_good(struct rep_node *n, int what, const struct redis_reply *r)
{
	struct rep_link *l = n->link;

	if (redis_is_error(r))
		return false;
	if (what < REP_SCRIPTS) {
		struct str sha = redis_text(r);

		if (sha.len != SHA_BYTES - 1)
			return false;
		memcpy(l->sha[what], sha.p, sha.len);
	} else if (what == STEP_ROLE) {
		return str_is(redis_text(redis_at(r, 0)), "master");
	} else if (what == STEP_SLOTS) {
		learn_slots(l, r, n);
	} else if (what == STEP_MASTER) {
		learn_master(l, r);
	}
	return true;
}

static void
on_step(void *ctx, const struct redis_reply *r)
{
	struct step s = *(struct step *)ctx;
	struct rep_node *n = s.node;
	char why[128];

	free(ctx);
	if (r == NULL || s.epoch != n->epoch)
		return; /* on_down() or node_fail() has dealt with it */
	n->reply_us = clock_mono_us();
	if (!step_is_good(n, s.what, r)) {
		(void)snprintf(why, sizeof(why), "%.*s",
		    STR_ARG(redis_is_error(r)	  ? redis_text(r)
			    : s.what == STEP_ROLE ? STR("is not the master")
						  : STR("strange answer")));
		node_fail(n, why);
		return;
	}
	if (n->state != NODE_SETUP || --n->steps > 0)
		return;
	if (n->sentinel) {
		bool wanted = n->link->slots_wanted;

		node_close(n);
		n->link->slots_wanted = wanted;
		n->link->slots_us = clock_mono_us();
		n->backoff_ms = BACKOFF_MIN_MS;
	} else {
		node_ready(n);
	}
}

static void
step_send(struct rep_node *n, int what, const struct redis_args *a)
{
	struct step *s = mem_alloc(sizeof(*s));
	struct str wire = redis_wire(a);

	*s = (struct step){.node = n, .epoch = n->epoch, .what = what};
	n->steps++;
	if (!redis_send(n->conn, wire, on_step, s))
		free(s);
	redis_wire_free(&wire);
}

static void
step_words(struct rep_node *n, int what, const char *one, const char *two,
    const char *three)
{
	struct redis_args a = {.count = 0};

	redis_arg_cstr(&a, one);
	if (two != NULL)
		redis_arg_cstr(&a, two);
	if (three != NULL)
		redis_arg_cstr(&a, three);
	step_send(n, what, &a);
}

static void
setup_data_node(struct rep_node *n)
{
	const struct rep_url *u = &n->link->o.url;
	char number[REDIS_NUMBER];

	if (u->user[0] != '\0')
		step_words(n, STEP_PLAIN, "AUTH", u->user, u->password);
	else if (u->password[0] != '\0')
		step_words(n, STEP_PLAIN, "AUTH", u->password, NULL);
	if (u->db != 0) {
		(void)snprintf(number, sizeof(number), "%d", u->db);
		step_words(n, STEP_PLAIN, "SELECT", number, NULL);
	}
	if (u->topology == REP_SENTINEL)
		step_words(n, STEP_ROLE, "ROLE", NULL, NULL);
	for (int i = 0; i < REP_SCRIPTS; i++)
		step_words(n, i, "SCRIPT", "LOAD", n->link->script[i]);
	if (u->topology == REP_CLUSTER)
		step_words(n, STEP_SLOTS, "CLUSTER", "SLOTS", NULL);
	/* A server that is loading its data answers this with an error. */
	step_words(n, STEP_PLAIN, "PING", NULL, NULL);
}

static void
on_up(void *ctx)
{
	struct rep_node *n = ctx;

	n->state = NODE_SETUP;
	n->steps = 0;
	if (n->sentinel)
		step_words(n, STEP_MASTER, "SENTINEL",
		    "get-master-addr-by-name", n->link->o.url.master);
	else
		setup_data_node(n);
}

static void
node_connect(struct rep_node *n)
{
	const struct rep_url *u = &n->link->o.url;
	struct redis_hooks hooks = {.up = on_up, .down = on_down, .ctx = n};
	char why[128] = "";

	n->state = NODE_CONNECTING;
	n->since_us = n->reply_us = clock_mono_us();
	n->conn =
	    redis_open(n->link->o.loop, u->path[0] != '\0' ? u->path : NULL,
		n->address.host, n->address.port, &hooks, why);
	if (n->conn == NULL)
		on_down(n, why);
}

/* ---- the breaker ----------------------------------------------------------
 */

void
rep_node_late(struct rep_node *n)
{
	int64_t now = clock_mono_us();

	if (n->slow)
		return;
	n->slow = true;
	n->hold_ms = now - n->closed_us < CALM_MS * INT64_C(1000) && n->hold_ms
			 ? n->hold_ms * 2
			 : HOLD_MIN_MS;
	if (n->hold_ms > HOLD_MAX_MS)
		n->hold_ms = HOLD_MAX_MS;
	n->hold_us = now + n->hold_ms * 1000;
	blame(n->link, n, "no answer in time");
	tell(n->link);
}

struct probe {
	struct rep_node *node;
	unsigned epoch;
};

static void
on_probe(void *ctx, const struct redis_reply *r)
{
	struct probe p = *(struct probe *)ctx;
	struct rep_node *n = p.node;
	int64_t now = clock_mono_us();

	free(ctx);
	if (r == NULL || p.epoch != n->epoch)
		return;
	n->probing = false;
	n->reply_us = now;
	if (redis_is_error(r)) {
		char why[128];

		(void)snprintf(
		    why, sizeof(why), "%.*s", STR_ARG(redis_text(r)));
		node_fail(n, why);
		return;
	}
	if (!n->slow || now - n->probe_us > n->link->o.budget_ms * 1000)
		return;
	n->slow = false;
	n->closed_us = now;
	tell(n->link);
}

static void
probe(struct rep_node *n, int64_t now)
{
	struct redis_args a = {.count = 0};
	struct probe *p = mem_alloc(sizeof(*p));
	struct str wire;

	redis_arg_cstr(&a, "PING");
	wire = redis_wire(&a);
	*p = (struct probe){.node = n, .epoch = n->epoch};
	if (redis_send(n->conn, wire, on_probe, p)) {
		n->probing = true;
		n->probe_us = now;
	} else {
		free(p);
	}
	redis_wire_free(&wire);
}

static void
node_tick(struct rep_node *n, int64_t now)
{
	switch (n->state) {
	case NODE_IDLE:
		if (n->wanted && now >= n->retry_us)
			node_connect(n);
		break;
	case NODE_CONNECTING:
	case NODE_SETUP:
		if (now - n->since_us > SETUP_MS * 1000)
			node_fail(n, "no answer");
		break;
	case NODE_UP:
		/* A reply may be under way since the last one, or a command
		 * since the idle time before it: probe before judging. */
		if (n->probing && now - n->probe_us > SILENT_MS * 1000 &&
		    now - n->reply_us > SILENT_MS * 1000)
			node_fail(n, "no answer");
		else if (!n->probing &&
			 (n->slow ? now >= n->hold_us
				  : now - n->reply_us > 100000 &&
					redis_waiting(n->conn) > 0))
			probe(n, now);
		break;
	}
}

/* ---- finding the master or the slots --------------------------------------
 */

static void
ask_sentinel(struct rep_link *l)
{
	const struct rep_url *u = &l->o.url;
	struct rep_node *n = node_take(l, &u->host[l->seed++ % u->hosts], true);

	if (n != NULL && n->state == NODE_IDLE)
		node_connect(n);
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
		step_words(n, STEP_SLOTS, "CLUSTER", "SLOTS", NULL);
		return;
	}
	n = node_take(l, &u->host[l->seed % u->hosts], false);
	if (n != NULL && n->state == NODE_IDLE)
		node_connect(n);
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
		node_tick(l->nodes.v[i], now);
	find_servers(l, now);
	tell(l);
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
			node_fail(l->nodes.v[i], "is not the master any more");
}

/* ---- commands -------------------------------------------------------------
 */

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
	n = node_take(l, &a, false);
	if (n == NULL)
		return NULL;
	n->wanted = true;
	if (str_is(kind, "MOVED")) {
		l->slot[number] = n;
		l->slots_wanted = true;
	}
	if (n->state == NODE_IDLE)
		node_connect(n);
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

	return node_is_quick(n) ? n : NULL;
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

/* ---- life -----------------------------------------------------------------
 */

struct rep_link *
rep_link_new(const struct rep_link_options *o)
{
	struct rep_link *l = mem_alloc(sizeof(*l));
	struct rep_address here = {.host = "", .port = 0};

	l->o = *o;
	for (int i = 0; i < REP_SCRIPTS; i++)
		l->script[i] = mem_strndup(o->script[i].p, o->script[i].len);
	blame(l, NULL, "not connected yet");
	l->tick = loop_timer_new(o->loop, on_tick, l);
	l->slots_wanted = true;
	if (o->url.topology == REP_SINGLE) {
		struct rep_node *n = node_take(
		    l, o->url.path[0] != '\0' ? &here : &o->url.host[0], false);

		n->wanted = true;
		node_connect(n);
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
