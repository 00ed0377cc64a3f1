/*
 * Write-behind: from the journal to Redis, exactly once, never in mail's way.
 *
 * Events and records are journaled by the caller's thread and read back here in
 * order: a batch is sorted into one script call per unit, at most WINDOW calls
 * are under way, and the next batch starts when all were answered. The
 * journal's mark trails by some seconds, and a (re)connected server gets these
 * again: its script drops what it has, so the last moments of a killed server
 * or a lost master are made good. Without a journal, or while it cannot be
 * written, a bounded queue in memory takes its place.
 */
#ifndef POSTERN_PEER_REP_WRITER_H
#define POSTERN_PEER_REP_WRITER_H

#include "peer/rep_backend.h"
#include "peer/rep_link.h"

struct rep_writer;

/*
 * `journal` may be NULL, else `found` records wait in it; all outlive the
 * writer. Loop's thread.
 */
struct rep_writer *rep_writer_new(struct rep_store *s, struct loop *loop,
    struct rep_link *link, struct rep_journal *journal, uint64_t found);
void rep_writer_free(struct rep_writer **w);

/* Any thread. Does not block. */
void rep_writer_event(struct rep_writer *w, const struct rep_event *e);
void rep_writer_record(struct rep_writer *w, struct str ref, struct str json);

/* Loop's thread. */
void rep_writer_start(struct rep_writer *w);   /* there may be work */
void rep_writer_joined(struct rep_writer *w);  /* a server came (back) */
bool rep_writer_is_idle(struct rep_writer *w); /* nothing waits */

struct rep_writer_counts {
	uint64_t taken;	      /* handed over since the start */
	uint64_t applied;     /* events acknowledged by Redis */
	uint64_t waiting;     /* not yet */
	uint64_t dropped;     /* no room: lost */
	uint64_t unjournaled; /* in memory only: a crash would lose them */
	uint64_t journal_bytes;
};
void rep_writer_counts(struct rep_writer *w, struct rep_writer_counts *out);

/* Sums of the site as last seen; for priors. Loop's thread. */
const struct rep_unit *rep_writer_site(const struct rep_writer *w);
void rep_writer_set_site(struct rep_writer *w, const struct rep_unit *u);

#endif
