/*
 * Inside of the Redis store, shared by its files: rep_redis.c (the I/O thread,
 * life), rep_redis_lookup.c, rep_redis_poll.c (the copy of the listings),
 * rep_redis_admin.c and rep_redis_walk.c (what the admin asks).
 */
#ifndef POSTERN_PEER_REP_REDIS_H
#define POSTERN_PEER_REP_REDIS_H

#include "base/cidr_trie.h"
#include "base/vec.h"
#include "peer/rep_batch.h"
#include "peer/rep_link.h"
#include "peer/rep_writer.h"

#include <pthread.h>
#include <stdatomic.h>

struct redis_lookup;
struct redis_poll;

#define SAMPLES 4096 /* places to remember a last sample in */

struct redis_task {
	struct redis_task *next;
	void (*run)(void *ctx);
	void *ctx;
};

struct redis_store {
	struct rep_store base;
	struct loop *loop;
	pthread_t thread;
	bool thread_runs;
	struct rep_link *link;
	struct rep_writer *writer;
	struct rep_journal *journal;
	uint64_t found; /* waiting in it at the start */
	atomic_bool up; /* lookups are worth starting */

	pthread_mutex_t inbox_lock; /* guards the two lists and stop */
	struct redis_lookup *lookups;
	struct redis_task *tasks;
	bool stop;
	int64_t stop_us; /* give up draining then */

	pthread_mutex_t snapshot_lock; /* guards the two tries */
	struct cidr_trie *listed;      /* any listing; value not NULL */
	struct cidr_trie *wide;	       /* admin's networks: struct wide * */
	VEC(struct wide *) wide_all;

	pthread_mutex_t status_lock; /* guards the outage's story */
	int64_t away_since_ms;	     /* 0: not away */
	uint64_t outages;
	char why[160];

	/* The loop's. */
	struct redis_lookup *pending;
	struct loop_timer *poll_timer;
	struct loop_timer *stop_timer;
	struct loop_timer *start_timer;
	struct redis_poll *poll;
	bool told; /* this outage is in the log */
	struct {
		uint64_t unit;
		int64_t at_ms;
	} sample[SAMPLES];
};

/* An admin's word on a network of any size. */
struct wide {
	struct rep_listing listing;
};

static inline struct redis_store *
redis_of(struct rep_store *s)
{
	return (struct redis_store *)s;
}

/* Runs `run` on the loop's thread. Any thread. */
void redis_store_post(struct redis_store *s, struct redis_task *t);
/* Asks for the listings again soon. Loop's thread. */
void redis_store_poll(struct redis_store *s);

/* ---- rep_redis_lookup.c ------------------------------------------------- */
struct redis_lookup *redis_lookup_next(const struct redis_lookup *l);
/* The loop's half of a lookup that was started. Loop's thread. */
void redis_lookup_begin(struct redis_store *s, struct redis_lookup *l);
/* Answers "no opinion": the store is being closed. */
void redis_lookup_drop(struct redis_lookup *l);
/* Opens the breaker of nodes somebody waited for in vain. */
void redis_lookup_find_late(struct redis_store *s);
struct rep_lookup *redis_lookup_start(
    struct rep_store *store, const struct ip *ip);
void redis_lookup_collect(
    struct rep_lookup *lookup, int64_t deadline_us, struct rep_view *out);

/* ---- rep_redis_brake.c; as struct rep_store_ops says -------------------- */
void redis_brake(struct rep_store *s, const struct brake_question *q,
    int64_t deadline_us, struct brake_view *out);

/* ---- rep_redis_poll.c --------------------------------------------------- */
/* The copy a former run left. */
void redis_poll_load(struct redis_store *s);
void redis_poll_on_timer(void *ctx);
/* A poll under way whose answers will not come. */
void redis_poll_free(struct redis_poll *p);
void redis_poll_free_wide(struct redis_store *s);

/* ---- rep_redis_admin.c; as struct rep_store_ops says -------------------- */
int redis_admin_read(
    struct rep_store *s, const char *unit, struct rep_record *out);
int redis_admin_set_listing(
    struct rep_store *s, const char *unit, const struct rep_listing *l);
int redis_admin_read_brakes(
    struct rep_store *s, const char *unit, struct brake_state *out);
int redis_admin_forget(struct rep_store *s, const char *unit);
int redis_admin_dispute(struct rep_store *s, const char *unit);
int redis_admin_load(
    struct rep_store *s, const char *unit, const struct rep_record *r);
int redis_admin_each(struct rep_store *s, rep_unit_fn *fn, void *ctx);
int redis_admin_each_listed(
    struct rep_store *s, int64_t now_ms, rep_unit_fn *fn, void *ctx);
int redis_admin_top(
    struct rep_store *s, int64_t now_ms, size_t max, rep_top_fn *fn, void *ctx);
int redis_admin_note(struct rep_store *s, const struct rep_audit *a);
int redis_admin_notes(struct rep_store *s, const char *after, size_t max,
    rep_audit_fn *fn, void *ctx);
int redis_admin_why(struct rep_store *s, struct str ref, struct buf *json_out);

#endif
