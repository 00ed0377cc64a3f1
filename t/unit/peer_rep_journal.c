/*
 * The journal: what was acknowledged is read back after any death, a torn tail
 * is cut and reported, the bound holds, the mark removes what is done.
 */
#include "peer/rep_journal.h"

#include "base/err.h"

#include "own_dir.h"
#include "tap.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static char dir[OWN_DIR_SIZE];

static struct rep_journal *
open_it(uint64_t limit, struct rep_journal_found *found)
{
	char *error = NULL;
	struct rep_journal *j = rep_journal_open(dir, limit, found, &error);

	if (j == NULL)
		printf("# %s\n", error);
	free(error);
	return j;
}

static size_t
read_all(struct rep_journal *j, uint64_t *sum_out)
{
	struct rep_cursor c = rep_journal_start(j);
	struct rep_journal_entry e;
	size_t n = 0;
	uint64_t sum = 0, v;

	while (rep_journal_read(j, &c, &e) == 1) {
		n++;
		if (str_to_u64(e.payload, &v))
			sum += v;
	}
	*sum_out = sum;
	return n;
}

static void
add_numbers(struct rep_journal *j, unsigned from, unsigned to)
{
	char text[16];
	uint64_t seq;

	for (unsigned i = from; i <= to; i++) {
		snprintf(text, sizeof(text), "%u", i);
		if (rep_journal_add(j, 'e', str_from(text), &seq) != 0)
			printf("# add: %s\n", strerror(errno));
	}
}

static void
test_round(void)
{
	struct rep_journal_found found;
	struct rep_journal *j;
	struct rep_cursor c;
	char writer[REP_WRITER_MAX];
	uint64_t sum, seq, first;

	own_dir_make(dir);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	add_numbers(j, 1, 1000);
	is_int(read_all(j, &sum), 1000, "all come back");
	is_int(sum, 500500, "as they were");
	rep_journal_add(j, 'e', STR("0"), &first);
	snprintf(writer, sizeof(writer), "%s", rep_journal_writer(j));
	rep_journal_close(&j);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	is_int(found.waiting, 1001, "after a restart all wait");
	is_int(found.torn_bytes, 0, "nothing is torn");
	is_str(str_from(rep_journal_writer(j)), str_from(writer),
	    "the writer keeps its name");
	rep_journal_add(j, 'e', STR("0"), &seq);
	ok(seq > first, "the sequence goes on");
	c = rep_journal_end(j);
	rep_journal_mark(j, &c);
	is_int(read_all(j, &sum), 0, "behind the mark there is nothing");
	rep_journal_close(&j);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	is_int(found.waiting, 0, "nor after a restart");
	add_numbers(j, 7, 7);
	is_int(read_all(j, &sum), 1, "what comes then is read");
	rep_journal_close(&j);
	own_dir_remove(dir);
}

/* Every length a crash may leave, and a flipped bit at each byte. */
static void
test_torn(void)
{
	struct rep_journal_found found;
	struct rep_journal *j;
	struct buf b;
	char *path;
	uint64_t sum;
	bool good = true;

	own_dir_make(dir);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	add_numbers(j, 1, 3);
	rep_journal_close(&j);
	path = mem_printf("%s/journal.000000000001", dir);
	buf_init(&b);
	file_read(path, 1 << 20, &b);
	for (size_t cut = 0; cut < 2 * b.len; cut++) {
		struct buf bad;
		size_t n;

		buf_init(&bad);
		buf_add(&bad,
		    cut < b.len ? str_head(buf_str(&b), cut) : buf_str(&b));
		if (cut >= b.len)
			bad.p[cut - b.len] ^= 0x40;
		file_replace(path, buf_str(&bad), 0600);
		j = open_it(REP_JOURNAL_LIMIT, &found);
		if (j == NULL) {
			good = false;
			break;
		}
		n = read_all(j, &sum);
		/* Only whole leading records, and the rest is accounted. */
		good = good && n <= 3 && sum == n * (n + 1) / 2 &&
		       (n == 3 || found.torn_bytes > 0 || cut <= 32 ||
			   (cut - 32) % 21 == 0);
		add_numbers(j, 10, 10);
		good = good && read_all(j, &sum) == n + 1;
		rep_journal_close(&j);
		buf_fini(&bad);
		own_dir_remove(dir);
		if (mkdir(dir, 0700) != 0)
			exit(2);
	}
	ok(good, "torn at any byte, flipped at any byte: survived");
	buf_fini(&b);
	free(path);
	own_dir_remove(dir);
}

static void
test_bound(void)
{
	struct rep_journal_found found;
	struct rep_journal *j;
	char payload[1000] = {0};
	uint64_t seq, sum;
	int rc = 0;
	size_t n = 0;

	own_dir_make(dir);
	j = open_it(100000, &found);
	while (n < 1000 && (rc = rep_journal_add(j, 'e',
				str_make(payload, sizeof(payload)), &seq)) == 0)
		n++;
	is_int(rc, ERR_LIMIT, "a full journal refuses");
	is_int(n, (100000 - 32) / 1020, "at its bound");
	is_int(read_all(j, &sum), n, "and keeps what it has");
	rep_journal_close(&j);
	own_dir_remove(dir);
	own_dir_make(dir);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	{
		char *big = mem_alloc(REP_JOURNAL_RECORD_MAX + 1);

		is_int(rep_journal_add(
			   j, 'w', str_make(big, REP_JOURNAL_RECORD_MAX), &seq),
		    0, "the longest record");
		is_int(rep_journal_add(j, 'w',
			   str_make(big, REP_JOURNAL_RECORD_MAX + 1), &seq),
		    ERR_LIMIT, "one byte more");
		free(big);
	}
	is_int(read_all(j, &sum), 1, "is read back");
	rep_journal_close(&j);
	own_dir_remove(dir);
}

/* A file size limit stands in for a full disk: a short write, then an error. */
static void
test_full_disk(void)
{
	struct rep_journal_found found;
	struct rlimit old, tight;
	struct rep_journal *j;
	char payload[1000] = {0};
	uint64_t seq, sum;
	size_t n = 0;

	own_dir_make(dir);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	tight = old;
	tight.rlim_cur = 50000;
	j = open_it(REP_JOURNAL_LIMIT, &found);
	setrlimit(RLIMIT_FSIZE, &tight);
	while (n < 1000 && rep_journal_add(j, 'e',
			       str_make(payload, sizeof(payload)), &seq) == 0)
		n++;
	is_int(n, (50000 - 32) / 1020, "the disk takes what it takes");
	is_int(rep_journal_add(j, 'e', str_make(payload, 1000), &seq), ERR_IO,
	    "then an error");
	setrlimit(RLIMIT_FSIZE, &old);
	is_int(rep_journal_add(j, 'e', STR("5"), &seq), 0, "until it is back");
	is_int(read_all(j, &sum), n + 1, "no half record stands between");
	is_int(sum, 5, "the last is the last");
	rep_journal_close(&j);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	is_int(found.torn_bytes, 0, "nothing torn");
	is_int(found.waiting, n + 1, "all there");
	rep_journal_close(&j);
	own_dir_remove(dir);
}

static void
test_segments(void)
{
	struct rep_journal_found found;
	struct rep_journal *j;
	char payload[10000] = {0};
	struct rep_journal_entry e;
	struct rep_cursor c;
	uint64_t seq;
	size_t n = 0;

	own_dir_make(dir);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	for (int i = 0; i < 1500; i++)
		rep_journal_add(
		    j, 'e', str_make(payload, sizeof(payload)), &seq);
	c = rep_journal_start(j);
	while (n < 1000 && rep_journal_read(j, &c, &e) == 1)
		n++;
	rep_journal_mark(j, &c);
	ok(rep_journal_bytes(j) < (uint64_t)9 << 20,
	    "whole segments before the mark are gone");
	while (rep_journal_read(j, &c, &e) == 1)
		n++;
	is_int(n, 1500, "read across segments");
	is_int(c.seq, seq, "to the last");
	rep_journal_close(&j);
	own_dir_remove(dir);
}

static void
test_lock(void)
{
	struct rep_journal_found found;
	struct rep_journal *j, *other;

	own_dir_make(dir);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	other = open_it(REP_JOURNAL_LIMIT, &found);
	ok(other == NULL, "one process a directory");
	rep_journal_close(&j);
	other = open_it(REP_JOURNAL_LIMIT, &found);
	ok(other != NULL, "then the next");
	rep_journal_close(&other);
	own_dir_remove(dir);
}

/* Bounded; the thread is quicker. */
static bool
all_synced(struct rep_journal *j)
{
	const struct timespec step = {.tv_nsec = 2000000};

	for (int i = 0; i < 5000; i++) {
		if (rep_journal_unsynced(j) == 0)
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

static void
test_sync(void)
{
	struct rep_journal_found found;
	struct rep_journal *j;
	char big[65536];
	uint64_t sum, seq;
	bool good = true;

	memset(big, 'x', sizeof(big));
	own_dir_make(dir);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	add_numbers(j, 1, 9);
	ok(rep_journal_unsynced(j) > 0, "written is not on disk yet");
	rep_journal_sync_every(j, 1);
	ok(all_synced(j), "in time it is");
	/* Several segments: full ones are synced beside the writer. */
	for (int i = 0; i < 160; i++)
		good = good && rep_journal_add(j, 'w',
				   str_make(big, sizeof(big)), &seq) == 0;
	add_numbers(j, 10, 12);
	ok(good, "ten megabytes are taken meanwhile");
	ok(all_synced(j), "and come to disk");
	rep_journal_close(&j);
	j = open_it(REP_JOURNAL_LIMIT, &found);
	is_int(found.torn_bytes, 0, "nothing is torn");
	is_int(found.waiting, 9 + 160 + 3, "nothing is lost");
	is_int(rep_journal_unsynced(j), 0, "what was found is no debt");
	rep_journal_sync_every(j, 0);
	is_int(read_all(j, &sum), 9 + 160 + 3, "all is read");
	rep_journal_close(&j);
	own_dir_remove(dir);
}

int
main(void)
{
	test_sync();
	test_round();
	test_torn();
	test_bound();
	test_full_disk();
	test_segments();
	test_lock();
	return done_testing();
}
