/*
 * The journal: what has been promised and not yet acknowledged by the store.
 *
 * Append-only segments in a directory, each record with its length, sequence
 * and checksum; a mark says from where on a restart must repeat. An append is
 * one write(2), so what it acknowledged survives the death of this process at
 * any moment. It is on disk, safe from a loss of power, after the next sync:
 * rep_journal_sync_every(), or when a segment is full. A torn tail is cut
 * off and reported. Bounded: at the limit an append is refused, nothing old is
 * lost. Knows nothing of what a record means.
 *
 * Threads: all calls may come from any thread; one reader at a time.
 */
#ifndef POSTERN_PEER_REP_JOURNAL_H
#define POSTERN_PEER_REP_JOURNAL_H

#include "base/buf.h"

#define REP_WRITER_MAX 12 /* writer's name with NUL */
#define REP_JOURNAL_RECORD_MAX ((size_t)256 * 1024)
#define REP_JOURNAL_LIMIT ((uint64_t)64 << 20) /* default bound in bytes */

struct rep_journal;

struct rep_journal_found {
	uint64_t torn_bytes; /* cut off or skipped at opening */
	uint64_t waiting;    /* records after the mark */
};

/*
 * Locks and opens (creating) the journal of directory `dir`. NULL: `*error_out`
 * (heap) says why, also when another process holds it.
 */
struct rep_journal *rep_journal_open(const char *dir, uint64_t limit,
    struct rep_journal_found *found_out, char **error_out);
void rep_journal_close(struct rep_journal **j);

/* Name of this writer, kept as long as the directory is. */
const char *rep_journal_writer(const struct rep_journal *j);

/*
 * 0 and the record's sequence; ERR_LIMIT: full or too long; ERR_IO (errno). The
 * sequence is used up in any case and set.
 */
int rep_journal_add(
    struct rep_journal *j, char type, struct str payload, uint64_t *seq_out);

/* A place between two records. */
struct rep_cursor {
	uint64_t segment;
	uint64_t offset;
	uint64_t seq; /* of the record before, 0 at the very start */
};

struct rep_journal_entry {
	char type;
	uint64_t seq;
	struct str payload; /* valid until the next read */
};

/* Where a (re)start begins: the last mark. */
struct rep_cursor rep_journal_start(const struct rep_journal *j);
/* Behind the last record so far. */
struct rep_cursor rep_journal_end(struct rep_journal *j);
/* 1: `*out` is the record at the cursor, which moves on. 0: the end. */
int rep_journal_read(
    struct rep_journal *j, struct rep_cursor *c, struct rep_journal_entry *out);
/* All before `c` is done for good; whole segments before it are removed. */
void rep_journal_mark(struct rep_journal *j, const struct rep_cursor *c);

uint64_t rep_journal_bytes(struct rep_journal *j);

/*
 * Starts a thread that syncs what was written once in `ms`: what a loss of
 * power may take. No caller ever waits for the disk. 0: does nothing. Once.
 */
void rep_journal_sync_every(struct rep_journal *j, int64_t ms);
/* Bytes a loss of power would take now. */
uint64_t rep_journal_unsynced(struct rep_journal *j);

#endif
