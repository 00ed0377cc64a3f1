/*
 * Inside of the link, shared by its files: rep_link.c (the whole),
 * rep_link_node.c (one server), rep_link_slot.c (Cluster's slots). The loop's
 * thread only.
 */
#ifndef POSTERN_PEER_REP_LINK_NODE_H
#define POSTERN_PEER_REP_LINK_NODE_H

#include "base/vec.h"
#include "peer/rep_link.h"

#define SLOTS 16384
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

/* ---- rep_link.c --------------------------------------------------------- */
/* Up, wanted, and its breaker is closed. */
bool link_node_is_quick(const struct rep_node *n);
/* Tells the owner when up has become down, or down up. */
void link_tell(struct rep_link *l);
/* Keeps what went wrong, for people; `n` NULL: no single node's. */
void link_blame(struct rep_link *l, const struct rep_node *n, const char *why);

/* ---- rep_link_slot.c ---------------------------------------------------- */
/* From CLUSTER SLOTS as `from` answered it. */
void link_learn_slots(struct rep_link *l, const struct redis_reply *r,
    const struct rep_node *from);

/* ---- rep_link_node.c ---------------------------------------------------- */
/* Found or made. NULL: too many. */
struct rep_node *link_node_take(
    struct rep_link *l, const struct rep_address *a, bool sentinel);
/* Drops the connection and tries again later. */
void link_node_fail(struct rep_node *n, const char *why);
void link_node_connect(struct rep_node *n);
/* Sends CLUSTER SLOTS; the answer is learned when it comes. */
void link_node_ask_slots(struct rep_node *n);
/* Every TICK_MS: retries, timeouts, probes. */
void link_node_tick(struct rep_node *n, int64_t now);

#endif
