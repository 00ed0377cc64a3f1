/*
 * One node: connecting, logging in, loading the scripts, learning what it
 * knows of the others, its breaker.
 */
#include "peer/rep_link_node.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define NODES_MAX 256
#define SETUP_MS 1000  /* to connect and be ready */
#define SILENT_MS 1000 /* no answer at all: dead */
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 2000
#define HOLD_MIN_MS 200
#define HOLD_MAX_MS 30000
#define CALM_MS 60000 /* after this the hold starts small again */

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
struct rep_node *
link_node_take(struct rep_link *l, const struct rep_address *a, bool sentinel)
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
void
link_node_fail(struct rep_node *n, const char *why)
{
	link_blame(n->link, n, why);
	node_close(n);
	link_tell(n->link);
}

static void
on_down(void *ctx, const char *why)
{
	struct rep_node *n = ctx;

	link_blame(n->link, n, why);
	node_idle(n);
	link_tell(n->link);
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
	link_tell(n->link);
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
		link_blame(l, NULL, "the sentinels know no such master");
		return;
	}
	memcpy(a.host, host.p, host.len);
	n = link_node_take(l, &a, false);
	if (n == NULL)
		return;
	for (size_t i = 0; i < l->nodes.len; i++)
		l->nodes.v[i]->wanted = l->nodes.v[i] == n;
	l->slots_wanted = n->state != NODE_UP;
	if (n->state == NODE_IDLE)
		link_node_connect(n);
	link_tell(l);
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
		link_learn_slots(l, r, n);
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
		return; /* on_down() or link_node_fail() has dealt with it */
	n->reply_us = clock_mono_us();
	if (!step_is_good(n, s.what, r)) {
		(void)snprintf(why, sizeof(why), "%.*s",
		    STR_ARG(redis_is_error(r)	  ? redis_text(r)
			    : s.what == STEP_ROLE ? STR("is not the master")
						  : STR("strange answer")));
		link_node_fail(n, why);
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

void
link_node_connect(struct rep_node *n)
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

void
link_node_ask_slots(struct rep_node *n)
{
	step_words(n, STEP_SLOTS, "CLUSTER", "SLOTS", NULL);
}

/* ---- the breaker -------------------------------------------------------- */

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
	link_blame(n->link, n, "no answer in time");
	link_tell(n->link);
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
		link_node_fail(n, why);
		return;
	}
	if (!n->slow || now - n->probe_us > n->link->o.budget_ms * 1000)
		return;
	n->slow = false;
	n->closed_us = now;
	link_tell(n->link);
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

void
link_node_tick(struct rep_node *n, int64_t now)
{
	switch (n->state) {
	case NODE_IDLE:
		if (n->wanted && now >= n->retry_us)
			link_node_connect(n);
		break;
	case NODE_CONNECTING:
	case NODE_SETUP:
		if (now - n->since_us > SETUP_MS * 1000)
			link_node_fail(n, "no answer");
		break;
	case NODE_UP:
		/* A reply may be under way since the last one, or a command
		 * since the idle time before it: probe before judging. */
		if (n->probing && now - n->probe_us > SILENT_MS * 1000 &&
		    now - n->reply_us > SILENT_MS * 1000)
			link_node_fail(n, "no answer");
		else if (!n->probing &&
			 (n->slow ? now >= n->hold_us
				  : now - n->reply_us > 100000 &&
					redis_waiting(n->conn) > 0))
			probe(n, now);
		break;
	}
}
