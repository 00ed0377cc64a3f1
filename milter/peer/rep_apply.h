/*
 * A job of a batch, worked out: what Redis holds of the unit, what the events
 * make of it, what must be written.
 *
 * Pure. The arithmetic is rep_unit_apply(); the script (rep_script.h) only
 * writes, and only when the unit still is what was read here. Events the unit
 * has seen from this writer are left out, so each counts once however often it
 * is sent.
 */
#ifndef POSTERN_PEER_REP_APPLY_H
#define POSTERN_PEER_REP_APPLY_H

#include "peer/rep_batch.h"

/* A unit with more recipients of bad mail in a day counts them by estimate. */
#define REP_RCPTS_EXACT 16
#define REP_NUMBER_TEXT 40

/* What Redis holds. */
struct rep_held {
	struct rep_unit unit;
	struct rep_ledger ledger; /* of the job's day */
	uint64_t done;		  /* this writer's last sequence in it */
	bool known_writer;
	uint32_t strikes;
	size_t fields;
	/* As they stand there: what the script compares. "" = absent. */
	char seen[REP_NUMBER_TEXT];
	char bad[REP_NUMBER_TEXT];
};

void rep_held_fini(struct rep_held *h);
/* `r` answers HGETALL; `writer` is this writer's field. */
void rep_held_read(
    struct rep_held *h, const struct redis_reply *r, const char *writer);

struct rep_change {
	struct rep_unit unit;
	uint32_t applied; /* 0: nothing to write */
	uint64_t highest;
	bool bad;
	bool hard;
	bool roll; /* lives are to be set anew */
	/* Evidence, oldest first; the last are kept. */
	struct rep_evidence evidence[REP_EVIDENCE_MAX];
	size_t evidence_count;
	struct buf rcpts; /* for the estimate: twelve digits each */
	bool rcpts_begin; /* its key is new */
};

void rep_change_fini(struct rep_change *c);
/*
 * Applies the job's events to what is held; `h->ledger` becomes the new one. A
 * network's job also says which of its events' hosts are kept. Fills all of
 * `*out`; end it with rep_change_fini().
 */
void rep_job_apply(struct rep_batch *b, const struct rep_job *j,
    const struct rep_settings *s, struct rep_held *h, struct rep_change *out);

/* The script's arguments, and the memory they point into. */
#define REP_CALL_FIELDS 32
struct rep_call {
	struct redis_args args;
	struct buf ledger;
	char evidence[REP_EVIDENCE_MAX][REP_EVIDENCE_TEXT_MAX];
	char value[REP_CALL_FIELDS][REP_NUMBER_TEXT * 3];
	size_t fields;
	char number[5][REDIS_NUMBER];
};

/*
 * `c`, `keys` and `writer` must stand still until sent; end it with
 * rep_call_fini().
 */
void rep_call_make(const struct rep_job *j, const struct rep_job_keys *keys,
    const struct rep_held *h, const struct rep_change *change,
    const char *writer, struct rep_call *c);
void rep_call_fini(struct rep_call *c);

#endif
