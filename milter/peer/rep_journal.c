/*
 * Appending, reading back, and the mark. How a record looks is in
 * rep_journal_file.c, what a start finds in rep_journal_open.c.
 */
#include "peer/rep_journal_file.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

const char *
rep_journal_writer(const struct rep_journal *j)
{
	return j->writer;
}

/* ---- writing ------------------------------------------------------------ */

/* A new segment, also after each opening: what is there is never extended. */
static int
roll(struct rep_journal *j)
{
	uint8_t head[SEGMENT_HEAD];
	uint64_t number = j->mark.segment + 1;
	char *path;
	int fd;

	if (j->segments.len > 0 &&
	    j->segments.v[j->segments.len - 1].number >= number)
		number = j->segments.v[j->segments.len - 1].number + 1;
	path = journal_segment_path(j, number);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	journal_head_make(j, head);
	if (fd >= 0 && write(fd, head, sizeof(head)) != SEGMENT_HEAD) {
		int saved = errno;

		journal_close_fd(&fd);
		unlink(path);
		errno = saved ? saved : ENOSPC;
	}
	free(path);
	if (fd < 0)
		return ERR_IO;
	journal_sync_full(j, j->write_fd);
	j->write_fd = fd;
	*VEC_PUSH(&j->segments) =
	    (struct segment){.number = number, .length = SEGMENT_HEAD};
	j->bytes += SEGMENT_HEAD;
	return 0;
}

static int
append(
    struct rep_journal *j, uint8_t head[static RECORD_HEAD], struct str payload)
{
	struct iovec part[2] = {{head, RECORD_HEAD}, {NULL, payload.len}};
	size_t whole = RECORD_HEAD + payload.len;
	struct segment *g;
	ssize_t n;

	if (j->write_fd < 0 ||
	    j->segments.v[j->segments.len - 1].length >= SEGMENT_BYTES)
		if (roll(j) != 0)
			return ERR_IO;
	g = &j->segments.v[j->segments.len - 1];
	memcpy(&part[1].iov_base, &payload.p, sizeof(payload.p));
	n = writev(j->write_fd, part, 2);
	if (n != (ssize_t)whole) {
		int saved = n < 0 ? errno : ENOSPC;

		/* Half a record must not stand before the next one. */
		if (ftruncate(j->write_fd, (off_t)g->length) != 0 ||
		    lseek(j->write_fd, (off_t)g->length, SEEK_SET) < 0)
			journal_close_fd(&j->write_fd);
		errno = saved;
		return ERR_IO;
	}
	g->length += whole;
	g->last_seq = journal_get(head + 8, 8);
	j->bytes += whole;
	j->written += whole;
	return 0;
}

int
rep_journal_add(
    struct rep_journal *j, char type, struct str payload, uint64_t *seq_out)
{
	uint8_t head[RECORD_HEAD] = {0};
	int rc, saved;

	journal_put(head, payload.len, 4);
	head[16] = (uint8_t)type;
	pthread_mutex_lock(&j->segments_lock);
	*seq_out = ++j->next_seq;
	journal_put(head + 8, *seq_out, 8);
	journal_put(
	    head + 4, journal_checksum(head, payload.p, payload.len), 4);
	if (payload.len > REP_JOURNAL_RECORD_MAX ||
	    j->bytes + RECORD_HEAD + payload.len > j->limit)
		rc = ERR_LIMIT;
	else
		rc = append(j, head, payload);
	saved = errno;
	pthread_mutex_unlock(&j->segments_lock);
	errno = saved;
	return rc;
}

/* ---- reading ------------------------------------------------------------ */

struct rep_cursor
rep_journal_start(const struct rep_journal *j)
{
	return j->mark;
}

struct rep_cursor
rep_journal_end(struct rep_journal *j)
{
	struct rep_cursor c;

	pthread_mutex_lock(&j->segments_lock);
	c = j->mark;
	if (j->segments.len > 0) {
		const struct segment *g = &j->segments.v[j->segments.len - 1];

		c.segment = g->number;
		c.offset = g->length;
	}
	c.seq = j->next_seq;
	pthread_mutex_unlock(&j->segments_lock);
	return c;
}

/* The segment the cursor is in, moved to the next when it is used up. */
static bool
locate(struct rep_journal *j, struct rep_cursor *c, struct segment *out)
{
	bool found = false;

	pthread_mutex_lock(&j->segments_lock);
	for (size_t i = 0; i < j->segments.len && !found; i++) {
		const struct segment *g = &j->segments.v[i];

		if (g->number < c->segment ||
		    (g->number == c->segment && c->offset >= g->length))
			continue;
		if (g->number > c->segment) {
			c->segment = g->number;
			c->offset = SEGMENT_HEAD;
		}
		*out = *g;
		found = c->offset < g->length;
	}
	pthread_mutex_unlock(&j->segments_lock);
	return found;
}

/* At least `want` bytes at the cursor into the window. */
static bool
fill(struct rep_journal *j, const struct rep_cursor *c, const struct segment *g,
    size_t want)
{
	uint64_t left = g->length - c->offset;
	ssize_t n;

	if (j->read_segment == g->number && c->offset >= j->window_at &&
	    c->offset + want <= j->window_at + j->window_len)
		return true;
	if (j->read_segment != g->number || j->read_fd < 0) {
		char *path = journal_segment_path(j, g->number);

		journal_close_fd(&j->read_fd);
		j->read_fd = open(path, O_RDONLY | O_CLOEXEC);
		j->read_segment = g->number;
		free(path);
	}
	j->window_len = 0;
	n = pread(j->read_fd, j->window, left < READ_BYTES ? left : READ_BYTES,
	    (off_t)c->offset);
	if (n < (ssize_t)want)
		return false;
	j->window_at = c->offset;
	j->window_len = (size_t)n;
	return true;
}

static struct str
window_from(const struct rep_journal *j, const struct rep_cursor *c)
{
	return str_skip(str_make(j->window, j->window_len),
	    (size_t)(c->offset - j->window_at));
}

int
rep_journal_read(
    struct rep_journal *j, struct rep_cursor *c, struct rep_journal_entry *out)
{
	struct segment g;
	struct head h;
	struct str s;
	size_t n;

	while (locate(j, c, &g)) {
		if (fill(j, c, &g, RECORD_HEAD)) {
			s = window_from(j, c);
			n = RECORD_HEAD +
			    (size_t)journal_get((const uint8_t *)s.p, 4);
			if (n <= READ_BYTES && fill(j, c, &g, n) &&
			    journal_record_at(window_from(j, c), &h) == n) {
				s = window_from(j, c);
				*out =
				    (struct rep_journal_entry){.type = h.type,
					.seq = h.seq,
					.payload = str_make(
					    s.p + RECORD_HEAD, h.length)};
				c->offset += n;
				c->seq = h.seq;
				return 1;
			}
		}
		/* Unreadable now though it was written: leave the segment. */
		c->offset = g.length;
	}
	return 0;
}

void
rep_journal_mark(struct rep_journal *j, const struct rep_cursor *c)
{
	size_t gone = 0;

	pthread_mutex_lock(&j->segments_lock);
	j->mark = *c;
	/* A mark at the end of everything keeps the sequence alive too. */
	journal_mark_write(j);
	while (gone < j->segments.len &&
	       (j->segments.v[gone].number < c->segment ||
		   (j->segments.v[gone].number == c->segment &&
		       c->offset >= j->segments.v[gone].length &&
		       (j->write_fd < 0 || gone + 1 < j->segments.len)))) {
		char *path =
		    journal_segment_path(j, j->segments.v[gone].number);

		(void)unlink(path);
		free(path);
		j->bytes -= j->segments.v[gone].length;
		gone++;
	}
	if (gone > 0) {
		j->segments.len -= gone;
		memmove(j->segments.v, j->segments.v + gone,
		    j->segments.len * sizeof(*j->segments.v));
	}
	pthread_mutex_unlock(&j->segments_lock);
}

uint64_t
rep_journal_bytes(struct rep_journal *j)
{
	uint64_t n;

	pthread_mutex_lock(&j->segments_lock);
	n = j->bytes;
	pthread_mutex_unlock(&j->segments_lock);
	return n;
}
