/*
 * Opening the journal: the lock, the segments a former process left, where it
 * had come to. Torn tails are cut, what is no segment is put aside.
 */
#include "peer/rep_journal_file.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* Sequences of records a power failure took must never come again. */
#define SEQ_STRIDE ((uint64_t)1 << 20)

static void
scan_segment(struct rep_journal *j, struct segment *g, struct str content,
    struct rep_journal_found *found)
{
	uint64_t at = SEGMENT_HEAD;
	size_t n;
	struct head h;

	while ((n = journal_record_at(str_skip(content, at), &h)) > 0) {
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
	char *path = journal_segment_path(j, number), *aside;
	char writer[REP_WRITER_MAX];
	struct segment g = {.number = number};
	struct buf b;
	bool good;

	buf_init(&b);
	good = file_read(path, (size_t)SEGMENT_BYTES * 2, &b) == 0 &&
	       journal_head_read((const uint8_t *)b.p, b.len, writer);
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
name_writer(struct rep_journal *j)
{
	static const char letter[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t r = random_u64();

	for (int i = 0; i < 6; i++)
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
	j->write_fd = j->read_fd = j->mark_fd = j->full_fd = -1;
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
	(void)journal_mark_read(j);
	load_segments(j, found_out);
	if (j->writer[0] == '\0')
		name_writer(j);
	mark_fit(j);
	j->next_seq += SEQ_STRIDE;
	j->window = mem_alloc(READ_BYTES);
	journal_mark_write(j);
	return j;
}

void
journal_close_fd(int *fd)
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
	journal_sync_end(j);
	journal_close_fd(&j->write_fd);
	journal_close_fd(&j->read_fd);
	journal_close_fd(&j->mark_fd);
	journal_close_fd(&j->lock_fd);
	pthread_mutex_destroy(&j->segments_lock);
	VEC_FINI(&j->segments);
	free(j->window);
	free(j->dir);
	free(j);
	*jp = NULL;
}
