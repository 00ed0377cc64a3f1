/*
 * Where reputation is kept: Redis, or this process. Never in the way of mail.
 *
 * Lookups are started, then collected with a deadline; events and records are
 * handed over and written later by the store's own thread. No call here but the
 * admin ones (rep_admin.h) blocks longer than the deadline it is given.
 */
#ifndef POSTERN_PEER_REP_STORE_H
#define POSTERN_PEER_REP_STORE_H

#include "base/buf.h"
#include "base/diag.h"
#include "peer/brake.h"
#include "peer/rep.h"

struct rep_store;
struct rep_lookup;
struct rep_settings; /* peer/rep_unit.h */

struct rep_store_options {
	const char *url;       /* unix:/path, redis://..., rediss://...,
				  sentinel://..., cluster://..., none */
	const char *prefix;    /* "postern:" */
	const char *state_dir; /* journal, state file; NULL = none kept */
	const struct rep_settings *settings; /* NULL: defaults; copied but
						for `protect` */
	int budget_ms;	 /* whole Redis budget of a message: 20 */
	int64_t sync_ms; /* journal to disk once in; 0: when a file is full */
	void (*log)(void *ctx, const char *line); /* outages; any thread */
	void *log_ctx;
};

/* Starts the I/O thread. NULL: `*error_out` (heap) says what is wrong with the
 * options; an unreachable server is no error. */
struct rep_store *rep_store_open(
    const struct rep_store_options *o, char **error_out);
/* Writes what it can within `drain_ms`, journals the rest, frees. */
void rep_store_close(struct rep_store **s, int drain_ms);

struct rep_lookup *rep_lookup_start(struct rep_store *s, const struct ip *ip);
/*
 * Waits until the answer or the monotonic deadline (us), then frees the lookup.
 * Always fills `*out`; known is false when there was no answer in time.
 */
void rep_lookup_collect(
    struct rep_lookup **l, int64_t deadline_us, struct rep_view *out);

/*
 * Counts an event. Does not block. What this call took survives the death of
 * the process: call it before the reply leaves, and no reply goes uncounted.
 */
void rep_store_report(struct rep_store *s, const struct rep_event *e);
/* Keeps a decision record (JSON text) under its reference. Does not block. */
void rep_store_record(struct rep_store *s, struct str ref, struct str json);

/*
 * Keyed hash of a recipient for rep_event.rcpt_hash, ASCII case ignored; the
 * key is drawn once and kept in `state_dir`, so no address can be read back.
 * No bits outside REP_RCPT_MASK.
 */
uint64_t rep_store_hash_rcpt(const struct rep_store *s, struct str rcpt);

/* The same of a sender and a recipient together, for brake_question.pair. */
uint64_t rep_store_hash_pair(
    const struct rep_store *s, struct str sender, struct str rcpt);

/*
 * Is this recipient of a client on watch to wait? Asks until the monotonic
 * deadline (us); no answer in time, or no store, is BRAKE_NONE.
 */
void rep_store_brake(struct rep_store *s, const struct brake_question *q,
    int64_t deadline_us, struct brake_view *out);

/* State of the store for `postern status`: "up", "away since ..." and counts.
 */
void rep_store_status(struct rep_store *s, struct buf *json_out);

#endif
