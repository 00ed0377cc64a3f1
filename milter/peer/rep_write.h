/*
 * Inside of the writer, shared by its files: rep_writer.c (taking, the state
 * machine), rep_write_batch.c, rep_write_job.c, rep_write_judge.c,
 * rep_write_top.c.
 *
 * All but the queue belongs to the loop's thread.
 */
#ifndef POSTERN_PEER_REP_WRITE_H
#define POSTERN_PEER_REP_WRITE_H

#include "base/map.h"
#include "base/zip.h"
#include "peer/rep_batch.h"
#include "peer/rep_writer.h"

#include <pthread.h>

/* A record in memory, journaled or not to be. */
struct queued {
	struct queued *next;
	uint64_t seq;
	char type;
	size_t len;
	char payload[];
};

struct checkpoint {
	int64_t at_us;
	struct rep_cursor cursor;
};

/* A decision record on its way. */
struct why_item {
	uint64_t seq;
	char ref[REP_REF_MAX];
	char *json;
	size_t len;
};

enum phase { PHASE_IDLE, PHASE_NETS, PHASE_HOSTS, PHASE_JUDGE };

struct rep_writer {
	struct rep_store *store;
	struct loop *loop;
	struct rep_link *link;
	struct rep_journal *journal;
	char field[REP_WRITER_MAX + 2]; /* "w:" writer */
	struct loop_timer *timer;	/* linger, or pause */
	struct loop_timer *marker;

	pthread_mutex_t queue_lock; /* guards queue and counts */
	struct queued *head;	    /* oldest */
	struct queued **tail;
	size_t queued;
	size_t queued_bytes;
	uint64_t next_seq; /* without a journal */
	uint64_t last_seq; /* applied */
	uint64_t found;	   /* in the journal at the start */
	uint64_t taken;
	uint64_t dropped;
	uint64_t unjournaled;
	bool journal_bad;
	bool woken;

	/* The loop's. */
	struct rep_cursor cursor; /* in the journal: read up to here */
	struct rep_cursor from;	  /* where the running batch began */
	VEC(struct checkpoint) checkpoints;
	struct rep_journal_entry held; /* read but not taken */
	struct rep_cursor held_from;
	bool holding;
	uint64_t highest;   /* sequence in the batch */
	size_t queue_taken; /* of the queue, in the batch */
	struct rep_batch batch;
	VEC(struct why_item) whys;
	struct zip_packer *packer;
	enum phase phase;
	size_t next; /* job or record to send */
	size_t out;  /* calls under way */
	bool failed;
	bool again; /* a server came: begin at the mark */
	char why[128];
	bool told; /* the refusal is in the log */
	int64_t pause_ms;
	uint64_t applied;
	struct rep_unit site;
	struct map *top; /* unit -> double *, this interval */
	int64_t top_us;
	bool in_pump;
};

/* ---- rep_writer.c ------------------------------------------------------- */
/* Goes on as far as it can: after each answer. */
void writer_pump(struct rep_writer *w);

/* ---- rep_write_batch.c -------------------------------------------------- */
/* Fills the batch, by sequence from both sources: a unit must see its events
 * in order. */
void writer_gather(struct rep_writer *w);
/* Nothing of it is under way any more. */
void writer_drop_batch(struct rep_writer *w);
/* The batch's entries of the queue are applied. */
void writer_queue_done(struct rep_writer *w);
/* All read so far is applied now; the mark follows later. */
void writer_set_checkpoint(struct rep_writer *w);
void writer_on_marker(void *ctx);
/* The next batch begins at `c`. */
void writer_rewind(struct rep_writer *w, struct rep_cursor c);
/* Nothing more is sent of this batch; `why` when Redis refused it. */
void writer_fail(struct rep_writer *w, struct str why);
/* The answer of a refusal; NULL: none came. */
void writer_refused(struct rep_writer *w, const struct redis_reply *r);
/* False: no server to send to. */
bool writer_send_record(struct rep_writer *w, const struct why_item *y);

/* ---- rep_write_job.c ---------------------------------------------------- */
/* Counts as one under way until it is done, or the batch has failed. */
void writer_send_job(struct rep_writer *w, size_t index);

/* ---- rep_write_judge.c -------------------------------------------------- */
/* Sends what is only a view: lost, it comes again with the next listing. */
void writer_send_quietly(
    struct rep_writer *w, const char *key, const struct redis_args *a);
/* Has `key` go when it is not written for that long. */
void writer_send_expiry(
    struct rep_writer *w, const struct rep_key *key, const char *seconds);
/* Whatever its listing says, could this one be listed now? */
bool writer_may_list(const struct rep_writer *w, const struct rep_job *j);
/* Reads the job's former listing, judges, lists. */
void writer_judge(struct rep_writer *w, size_t index);

/* ---- rep_write_top.c ---------------------------------------------------- */
void writer_note_top(struct rep_writer *w, const struct rep_job *j);
void writer_clear_top(struct rep_writer *w);
void writer_send_top(struct rep_writer *w);

#endif
