/*
 * Inside of the journal, shared by its files: rep_journal.c,
 * rep_journal_open.c, rep_journal_sync.c, rep_journal_file.c (the bytes).
 */
#ifndef POSTERN_PEER_REP_JOURNAL_FILE_H
#define POSTERN_PEER_REP_JOURNAL_FILE_H

#include "base/vec.h"
#include "peer/rep_journal.h"

#include <pthread.h>

#define SEGMENT_BYTES ((uint64_t)4 << 20)
#define RECORD_HEAD 20 /* length 4, checksum 4, sequence 8, type 4 */
#define SEGMENT_HEAD 32
#define MARK_BYTES 48
#define READ_BYTES ((size_t)512 * 1024)

struct segment {
	uint64_t number;
	uint64_t length; /* valid bytes */
	uint64_t last_seq;
};

struct rep_journal {
	char *dir;
	char writer[REP_WRITER_MAX];
	uint64_t limit;
	int lock_fd;
	int mark_fd;
	int write_fd; /* newest segment, -1: none */

	pthread_mutex_t segments_lock; /* guards what follows */
	VEC(struct segment) segments;
	uint64_t bytes;
	uint64_t next_seq;
	struct rep_cursor mark;

	/* Syncing, also under segments_lock. */
	int64_t sync_ms; /* 0: at the end of a segment */
	pthread_t syncer;
	pthread_cond_t sync_wake;
	bool syncer_runs;
	bool stop;
	int full_fd;	  /* a full segment to be synced and closed, or -1 */
	uint64_t written; /* bytes since opening */
	uint64_t synced;  /* of these, on disk */

	/* The reader's. */
	int read_fd;
	uint64_t read_segment;
	char *window;
	uint64_t window_at;
	size_t window_len;
};

struct head {
	uint32_t length; /* of the payload */
	uint32_t crc;
	uint64_t seq;
	char type;
};

/* Little-endian numbers. */
void journal_put(uint8_t *at, uint64_t v, size_t bytes);
uint64_t journal_get(const uint8_t *at, size_t bytes);
/* Heap. */
char *journal_segment_path(const struct rep_journal *j, uint64_t number);
/* Over the sequence, the type and the payload. */
uint32_t journal_checksum(
    const uint8_t head[static RECORD_HEAD], const char *payload, size_t len);
/* Length of the whole record at the start of `s`; 0: none that is whole. */
size_t journal_record_at(struct str s, struct head *out);
/* Of a segment. */
void journal_head_make(
    const struct rep_journal *j, uint8_t out[static SEGMENT_HEAD]);
bool journal_head_read(
    const uint8_t *at, size_t len, char writer[static REP_WRITER_MAX]);
/* A mark not written only makes a restart repeat more. */
void journal_mark_write(struct rep_journal *j);
/* False: there is none. */
bool journal_mark_read(struct rep_journal *j);
void journal_close_fd(int *fd);
/* A segment is full: sees to it that `fd` is synced, and closes it. Locked. */
void journal_sync_full(struct rep_journal *j, int fd);
void journal_sync_end(struct rep_journal *j);

#endif
