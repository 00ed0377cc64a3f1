/*
 * The way to Redis: one server, the master the sentinels name, or a cluster.
 *
 * Connects, logs in, loads the scripts, finds the master or the slots, follows
 * MOVED and ASK, notices silence, comes back by itself. A node that missed a
 * mail's budget is `slow` until it answers a probe in time: the breaker.
 * Knows keys only by their slot. All calls belong to the loop's thread.
 */
#ifndef POSTERN_PEER_REP_LINK_H
#define POSTERN_PEER_REP_LINK_H

#include "peer/redis.h"
#include "peer/rep_url.h"

struct rep_link;
struct rep_node;

enum rep_script {
	REP_SCRIPT_APPLY,
	REP_SCRIPT_LIST,
	REP_SCRIPT_BRAKE,
	REP_SCRIPTS
};

struct rep_link_options {
	struct loop *loop;
	struct rep_url url;
	int budget_ms;
	struct str script[REP_SCRIPTS]; /* copied */
	/* Usable again / not usable any more; each once per change. */
	void (*up)(void *ctx);
	void (*down)(void *ctx, const char *why);
	/* Any node was (re)connected: what it last took may be gone. */
	void (*joined)(void *ctx);
	void *ctx;
};

struct rep_link *rep_link_new(const struct rep_link_options *o);
/* Waiting callbacks get NULL. */
void rep_link_free(struct rep_link **l);

/*
 * Sends a command about `key` ("" = any node). `fn` gets the reply, NULL when
 * it was lost on the way. False: no node to send to; `fn` is not called.
 */
bool rep_link_send(struct rep_link *l, const char *key,
    const struct redis_args *a, redis_fn *fn, void *ctx);
/*
 * Runs a script: `a` holds what follows the script's name, from the number of
 * keys on. Loads it where it is missing.
 */
bool rep_link_script(struct rep_link *l, enum rep_script script,
    const char *key, const struct redis_args *a, redis_fn *fn, void *ctx);

/* The node for `key` when it is up and quick, else NULL. */
struct rep_node *rep_link_quick(struct rep_link *l, const char *key);
/* A mail waited its budget for this node in vain. */
void rep_node_late(struct rep_node *n);
/* A write was refused as only a replica does: look for the master again. */
void rep_link_demoted(struct rep_link *l);

/* Master nodes known, for commands that have no key (SCAN). */
size_t rep_link_nodes(const struct rep_link *l);
bool rep_link_send_node(struct rep_link *l, size_t i,
    const struct redis_args *a, redis_fn *fn, void *ctx);

bool rep_link_is_up(const struct rep_link *l);
/* What last went wrong. */
const char *rep_link_why(const struct rep_link *l);
/* Redis Cluster's hash slot of a key, its hash tag respected. */
unsigned rep_link_slot(struct str key);

#endif
