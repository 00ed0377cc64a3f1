#include "peer/rep_journal.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEGMENT_BYTES ((uint64_t)4 << 20)
#define MAGIC UINT64_C(0x314c4e4a4e545350) /* "PSTNJNL1" */
#define RECORD_HEAD 20 /* length 4, checksum 4, sequence 8, type 4 */
#define SEGMENT_HEAD 32
#define MARK_BYTES 48
#define READ_BYTES ((size_t)512 * 1024)
/* Sequences of records a power failure took must never come again. */
#define SEQ_STRIDE ((uint64_t)1 << 20)

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

	/* The reader's. */
	int read_fd;
	uint64_t read_segment;
	char *window;
	uint64_t window_at;
	size_t window_len;
};

/* CRC-32 (ISO 3309), four bytes at a step; the tables are made once. */
static uint32_t crc_table[4][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void
make_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		crc_table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 4; k++)
			crc_table[k][i] =
			    crc_table[k - 1][i] >> 8 ^
			    crc_table[0][crc_table[k - 1][i] & 255];
}

static uint32_t
checksum(uint32_t crc, const void *p, size_t len)
{
	const uint8_t *at = p;

	pthread_once(&crc_once, make_crc_table);
	crc = ~crc;
	for (; len >= 4; len -= 4, at += 4)
		crc = crc_table[3][(crc ^ at[0]) & 255] ^
		      crc_table[2][(crc >> 8 ^ at[1]) & 255] ^
		      crc_table[1][(crc >> 16 ^ at[2]) & 255] ^
		      crc_table[0][(crc >> 24 ^ at[3]) & 255];
	for (; len > 0; len--, at++)
		crc = crc_table[0][(crc ^ *at) & 255] ^ crc >> 8;
	return ~crc;
}

static void
put(uint8_t *at, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get(const uint8_t *at, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

static char *
segment_path(const struct rep_journal *j, uint64_t number)
{
	return mem_printf("%s/journal.%012" PRIu64, j->dir, number);
}

/* ---- opening --------------------------------------------------------------
 */

struct head {
	uint32_t length; /* of the payload */
	uint32_t crc;
	uint64_t seq;
	char type;
};

static uint32_t
record_checksum(
    const uint8_t head[static RECORD_HEAD], const char *payload, size_t len)
{
	return checksum(checksum(0, head + 8, RECORD_HEAD - 8), payload, len);
}

/* The whole record at `s`; 0: there is none (torn, or rubbish). */
static size_t
record_at(struct str s, struct head *out)
{
	const uint8_t *at = (const uint8_t *)s.p;
	struct head h;

	if (s.len < RECORD_HEAD)
		return 0;
	h.length = (uint32_t)get(at, 4);
	h.crc = (uint32_t)get(at + 4, 4);
	h.seq = get(at + 8, 8);
	h.type = (char)at[16];
	if (h.length > REP_JOURNAL_RECORD_MAX ||
	    s.len - RECORD_HEAD < h.length ||
	    record_checksum(at, s.p + RECORD_HEAD, h.length) != h.crc)
		return 0;
	*out = h;
	return RECORD_HEAD + h.length;
}

static void
head_make(const struct rep_journal *j, uint8_t out[static SEGMENT_HEAD])
{
	memset(out, 0, SEGMENT_HEAD);
	put(out, MAGIC, 8);
	memcpy(out + 8, j->writer, REP_WRITER_MAX);
	put(out + 24, checksum(0, out, 24), 4);
}

static bool
head_read(const uint8_t *at, size_t len, char writer[static REP_WRITER_MAX])
{
	if (len < SEGMENT_HEAD || get(at, 8) != MAGIC ||
	    get(at + 24, 4) != checksum(0, at, 24) ||
	    at[8 + REP_WRITER_MAX - 1] != '\0')
		return false;
	memcpy(writer, at + 8, REP_WRITER_MAX);
	return true;
}

static void
scan_segment(struct rep_journal *j, struct segment *g, struct str content,
    struct rep_journal_found *found)
{
	uint64_t at = SEGMENT_HEAD;
	size_t n;
	struct head h;

	while ((n = record_at(str_skip(content, at), &h)) > 0) {
		at += n;
		g->last_seq = h.seq;
		if (h.seq > j->mark.seq)
			found->waiting++;
	}
	g->length = at;
	found->torn_bytes += content.len - at;
}

/* False: nothing of it can be used; it is put aside under another name. */
static bool
load_segment(
    struct rep_journal *j, uint64_t number, struct rep_journal_found *found)
{
	char *path = segment_path(j, number), *aside;
	char writer[REP_WRITER_MAX];
	struct segment g = {.number = number};
	struct buf b;
	bool good;

	buf_init(&b);
	good = file_read(path, (size_t)SEGMENT_BYTES * 2, &b) == 0 &&
	       head_read((const uint8_t *)b.p, b.len, writer);
	if (good) {
		memcpy(j->writer, writer, sizeof(writer));
		scan_segment(j, &g, buf_str(&b), found);
		if (g.length < b.len)
			good = truncate(path, (off_t)g.length) == 0;
		*VEC_PUSH(&j->segments) = g;
		j->bytes += g.length;
		if (g.last_seq > j->next_seq)
			j->next_seq = g.last_seq;
	} else {
		found->torn_bytes += b.len;
		aside =
		    mem_printf("%s/bad-journal.%012" PRIu64, j->dir, number);
		(void)rename(path, aside);
		free(aside);
	}
	buf_fini(&b);
	free(path);
	return good;
}

static void
load_segments(struct rep_journal *j, struct rep_journal_found *found)
{
	char **name;
	size_t count;

	if (file_list(j->dir, "", &name, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct str s = str_from(name[i]);
		uint64_t number;

		if (str_starts(s, STR("journal.")) &&
		    str_to_u64(str_skip(s, 8), &number))
			(void)load_segment(j, number, found);
	}
	file_list_free(&name, count);
}

static void
mark_write(struct rep_journal *j)
{
	uint8_t b[MARK_BYTES] = {0};

	put(b, j->mark.segment, 8);
	put(b + 8, j->mark.offset, 8);
	put(b + 16, j->mark.seq, 8);
	memcpy(b + 24, j->writer, REP_WRITER_MAX);
	put(b + 44, checksum(0, b, 44), 4);
	/* A mark not written only makes a restart repeat more. */
	(void)!pwrite(j->mark_fd, b, sizeof(b), 0);
}

static bool
mark_read(struct rep_journal *j)
{
	uint8_t b[MARK_BYTES];

	if (pread(j->mark_fd, b, sizeof(b), 0) != MARK_BYTES ||
	    get(b + 44, 4) != checksum(0, b, 44) ||
	    b[24 + REP_WRITER_MAX - 1] != '\0')
		return false;
	j->mark = (struct rep_cursor){.segment = get(b, 8),
	    .offset = get(b + 8, 8),
	    .seq = get(b + 16, 8)};
	memcpy(j->writer, b + 24, REP_WRITER_MAX);
	j->next_seq = j->mark.seq;
	return true;
}

static void
name_writer(struct rep_journal *j)
{
	static const char letter[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t r = random_u64();

	for (int i = 0; i < 8; i++)
		j->writer[i] = letter[r >> (5 * i) & 31];
}

/* The mark may point behind what a power failure left. */
static void
mark_fit(struct rep_journal *j)
{
	for (size_t i = 0; i < j->segments.len; i++) {
		const struct segment *g = &j->segments.v[i];

		if (g->number != j->mark.segment)
			continue;
		if (j->mark.offset < SEGMENT_HEAD || j->mark.offset > g->length)
			j->mark.offset = SEGMENT_HEAD;
		return;
	}
	j->mark.offset = SEGMENT_HEAD;
	if (j->segments.len > 0)
		j->mark.segment = j->segments.v[0].number;
}

static int
open_beside(const char *dir, const char *name)
{
	char *path = file_join(dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	free(path);
	return fd;
}

struct rep_journal *
rep_journal_open(const char *dir, uint64_t limit,
    struct rep_journal_found *found_out, char **error_out)
{
	struct rep_journal *j = mem_alloc(sizeof(*j));

	*found_out = (struct rep_journal_found){0};
	j->dir = mem_strdup(dir);
	j->limit = limit;
	j->write_fd = j->read_fd = j->mark_fd = -1;
	pthread_mutex_init(&j->segments_lock, NULL);
	j->lock_fd = open_beside(dir, "lock");
	if (j->lock_fd >= 0)
		j->mark_fd = open_beside(dir, "mark");
	if (j->mark_fd < 0) {
		*error_out = mem_printf("%s: %s", dir, strerror(errno));
		rep_journal_close(&j);
		return NULL;
	}
	if (flock(j->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		*error_out = mem_printf("%s: in use by another process", dir);
		rep_journal_close(&j);
		return NULL;
	}
	(void)mark_read(j);
	load_segments(j, found_out);
	if (j->writer[0] == '\0')
		name_writer(j);
	mark_fit(j);
	j->next_seq += SEQ_STRIDE;
	j->window = mem_alloc(READ_BYTES);
	mark_write(j);
	return j;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
rep_journal_close(struct rep_journal **jp)
{
	struct rep_journal *j = *jp;

	if (j == NULL)
		return;
	if (j->write_fd >= 0)
		(void)fdatasync(j->write_fd);
	close_fd(&j->write_fd);
	close_fd(&j->read_fd);
	close_fd(&j->mark_fd);
	close_fd(&j->lock_fd);
	pthread_mutex_destroy(&j->segments_lock);
	VEC_FINI(&j->segments);
	free(j->window);
	free(j->dir);
	free(j);
	*jp = NULL;
}

const char *
rep_journal_writer(const struct rep_journal *j)
{
	return j->writer;
}

/* ---- writing --------------------------------------------------------------
 */

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
	path = segment_path(j, number);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	head_make(j, head);
	if (fd >= 0 && write(fd, head, sizeof(head)) != SEGMENT_HEAD) {
		int saved = errno;

		close_fd(&fd);
		unlink(path);
		errno = saved ? saved : ENOSPC;
	}
	free(path);
	if (fd < 0)
		return ERR_IO;
	if (j->write_fd >= 0)
		(void)fdatasync(j->write_fd);
	close_fd(&j->write_fd);
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
			close_fd(&j->write_fd);
		errno = saved;
		return ERR_IO;
	}
	g->length += whole;
	g->last_seq = get(head + 8, 8);
	j->bytes += whole;
	return 0;
}

int
rep_journal_add(
    struct rep_journal *j, char type, struct str payload, uint64_t *seq_out)
{
	uint8_t head[RECORD_HEAD] = {0};
	int rc, saved;

	put(head, payload.len, 4);
	head[16] = (uint8_t)type;
	pthread_mutex_lock(&j->segments_lock);
	*seq_out = ++j->next_seq;
	put(head + 8, *seq_out, 8);
	put(head + 4, record_checksum(head, payload.p, payload.len), 4);
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

/* ---- reading --------------------------------------------------------------
 */

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
		char *path = segment_path(j, g->number);

		close_fd(&j->read_fd);
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
			n = RECORD_HEAD + (size_t)get((const uint8_t *)s.p, 4);
			if (n <= READ_BYTES && fill(j, c, &g, n) &&
			    record_at(window_from(j, c), &h) == n) {
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
	mark_write(j);
	while (gone < j->segments.len &&
	       (j->segments.v[gone].number < c->segment ||
		   (j->segments.v[gone].number == c->segment &&
		       c->offset >= j->segments.v[gone].length &&
		       (j->write_fd < 0 || gone + 1 < j->segments.len)))) {
		char *path = segment_path(j, j->segments.v[gone].number);

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
