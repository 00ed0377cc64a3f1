/*
 * postern bench: how fast the engine judges given messages, and what costs the
 * time.
 *
 * Messages are read into memory first. One round warms up, one with every rule
 * timed prices the rules. In the measured rounds that follow nothing is timed:
 * a clock that is looked at for each stage takes two percent. As many rounds
 * more tell the stages. No daemon, no network, nothing written.
 */
#include "cli/bench.h"

#include "base/clock.h"
#include "base/ref.h"
#include "cli/mail_files.h"
#include "cli/offline.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 256
#define ROUNDS_MAX 1000000
#define ROUNDS_DEFAULT 5
#define PROGRESS_INTERVAL_NS (100 * 1000 * 1000)
#define PROGRESS_WIDTH 40

struct bench_options {
	struct offline_options offline;
	bool json;
	int64_t threads;
	int64_t rounds;
	int64_t now;
	int64_t top;
};

struct bench {
	const struct bench_options *options;
	struct snapshot *snapshot;
	struct facts facts;
	struct buf *mail; /* by file */
	size_t files;
	bool time_rules; /* in this run */
	bool time_stages;
	size_t rounds;	  /* of this run */
	size_t next;	  /* message, over all rounds; atomic */
	size_t done;	  /* atomic */
	unsigned running; /* threads; atomic */
};

struct worker {
	struct bench *bench;
	pthread_t thread;
	struct bench_result sum; /* messages, bytes, hits, CPU, stages */
};

/* ---- judging ------------------------------------------------------------- */

static void
count_hits(const struct hits *hits, struct bench_result *sum)
{
	for (size_t i = hits_next(hits, 0); i != SIZE_MAX;
	     i = hits_next(hits, i + 1))
		sum->hits++;
}

static void
judge(struct worker *w, struct offline_room *room, const struct buf *mail)
{
	const struct snapshot *s = w->bench->snapshot;
	struct facts facts = w->bench->facts;
	struct stages *stages = scratch_stages(room->scratch);
	struct verdict verdict;
	struct message *m;
	struct hits hits = {0};

	arena_reset(&room->arena);
	buf_clear(&room->raw);
	stages_begin(stages);
	buf_add(&room->raw, buf_str(mail));
	m = offline_message(s, room, &facts, false);
	stages_lap(stages, STAGE_parse);
	if (m == NULL)
		return;
	engine_judge_message(
	    s, room->scratch, &facts, m, &room->arena, &verdict, &hits);
	count_hits(&hits, &w->sum);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct bench *b = w->bench;
	struct offline_room room;
	int64_t cpu = clock_cpu_us();
	size_t i;

	offline_room_init(&room, b->snapshot);
	scratch_time_rules(room.scratch, b->time_rules);
	scratch_time_stages(room.scratch, b->time_stages);
	while ((i = __atomic_fetch_add(&b->next, 1, __ATOMIC_RELAXED)) <
	       b->files * b->rounds) {
		const struct buf *mail = &b->mail[i % b->files];

		judge(w, &room, mail);
		w->sum.messages++;
		w->sum.bytes += mail->len;
		__atomic_fetch_add(&b->done, 1, __ATOMIC_RELAXED);
	}
	memcpy(w->sum.stage_ns, scratch_stages(room.scratch)->ns,
	    sizeof(w->sum.stage_ns));
	*scratch_stages(room.scratch) = (struct stages){0};
	scratch_time_rules(room.scratch, false);
	offline_room_fini(&room, b->snapshot);
	w->sum.cpu_ns = (uint64_t)(clock_cpu_us() - cpu) * 1000;
	__atomic_fetch_sub(&b->running, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* ---- rounds -------------------------------------------------------------- */

/* On a terminal only; `whole` messages are to be judged in all. */
static void
show_progress(struct bench *b, size_t before, size_t whole)
{
	const struct timespec pause = {.tv_nsec = PROGRESS_INTERVAL_NS};

	if (!isatty(STDERR_FILENO))
		return;
	while (__atomic_load_n(&b->running, __ATOMIC_ACQUIRE) > 0) {
		size_t done =
		    before + __atomic_load_n(&b->done, __ATOMIC_RELAXED);
		size_t marks = PROGRESS_WIDTH * done / (whole ? whole : 1);

		fprintf(stderr, "\r[%-*.*s] %3zu%% %zu of %zu", PROGRESS_WIDTH,
		    (int)marks, "########################################",
		    100 * done / (whole ? whole : 1), done, whole);
		nanosleep(&pause, NULL);
	}
	fputs("\r\033[K", stderr);
}

static void
add_worker(struct bench_result *out, const struct bench_result *w)
{
	out->messages += w->messages;
	out->bytes += w->bytes;
	out->hits += w->hits;
	out->cpu_ns += w->cpu_ns;
	for (int i = 0; i < STAGE_COUNT; i++)
		out->stage_ns[i] += w->stage_ns[i];
}

/* All messages `rounds` times by all threads. False: no thread started. */
static bool
run(struct bench *b, size_t rounds, size_t before, struct bench_result *out)
{
	size_t threads = (size_t)b->options->threads, started = 0;
	size_t whole = 2 * b->files * (1 + (size_t)b->options->rounds);
	struct worker *w = mem_array(threads, sizeof(*w));
	int64_t start = clock_mono_ns();

	b->rounds = rounds;
	b->next = b->done = 0;
	b->running = (unsigned)threads;
	for (; started < threads; started++) {
		w[started].bench = b;
		if (pthread_create(
			&w[started].thread, NULL, work, &w[started]) != 0)
			break;
	}
	__atomic_fetch_sub(
	    &b->running, (unsigned)(threads - started), __ATOMIC_RELEASE);
	show_progress(b, before, whole);
	for (size_t i = 0; i < started; i++) {
		pthread_join(w[i].thread, NULL);
		add_worker(out, &w[i].sum);
	}
	out->wall_ns = (uint64_t)(clock_mono_ns() - start);
	out->threads = started;
	free(w);
	return started > 0;
}

/* Where the time of the measured rounds went. */
static void
time_stages(struct bench *b, size_t before, struct bench_result *out)
{
	struct bench_result timed = {0};

	b->time_stages = true;
	if (run(b, (size_t)b->options->rounds, before, &timed))
		memcpy(out->stage_ns, timed.stage_ns, sizeof(out->stage_ns));
	out->stage_messages = timed.messages;
	b->time_stages = false;
}

static int
measure(struct bench *b, uint64_t load_ns)
{
	struct bench_result warm = {0}, priced = {0};
	struct bench_result r = {
	    .snapshot = b->snapshot, .files = b->files, .load_ns = load_ns};
	size_t rounds = (size_t)b->options->rounds;
	int rc = EXIT_GOOD;

	if (!run(b, 1, 0, &warm))
		return cli_complain("bench", "cannot start a thread");
	bench_count_rules(&r);
	b->time_rules = true;
	if (run(b, 1, b->files, &priced))
		bench_price_rules(&r);
	r.rule_messages = priced.messages;
	b->time_rules = false;
	if (run(b, rounds, 2 * b->files, &r)) {
		time_stages(b, (2 + rounds) * b->files, &r);
		bench_print(&r, (size_t)b->options->top, b->options->json);
	} else {
		rc = cli_complain("bench", "cannot start a thread");
	}
	free(r.rules);
	return rc;
}

/* ---- the command --------------------------------------------------------- */

/* False: one could not be read, or there is none. */
static bool
read_mail(struct bench *b, const struct option_list *operands)
{
	struct mail_files files = {0};
	bool good = mail_files_add("bench", &files, operands);

	b->files = files.v.len;
	b->mail = mem_array(b->files + 1, sizeof(*b->mail));
	for (size_t i = 0; i < b->files; i++) {
		char *error;

		buf_init(&b->mail[i]);
		error = mail_file_read(files.v.v[i], &b->mail[i]);
		if (error != NULL)
			cli_complain("bench", "%s", error);
		good &= error == NULL;
		free(error);
	}
	if (good && b->files == 0)
		cli_complain("bench", "there is no message");
	mail_files_fini(&files);
	return good && b->files > 0;
}

static int
bench_with(struct bench *b, const struct config *c)
{
	struct diags diags;
	int64_t start = clock_mono_ns();
	int rc = EXIT_USAGE;

	diags_init(&diags, 20);
	b->snapshot = offline_snapshot(c, &b->options->offline, false, &diags);
	if (diags.errors > 0 || b->snapshot == NULL)
		cli_show_diags(&diags);
	if (b->snapshot != NULL)
		rc = measure(b, (uint64_t)(clock_mono_ns() - start));
	snapshot_unref(&b->snapshot);
	diags_fini(&diags);
	return rc;
}

static int
bench(const struct bench_options *o, const struct option_list *operands)
{
	struct bench b = {.options = o};
	struct config *c = offline_config("bench", &o->offline);
	int rc = EXIT_USAGE;

	if (c == NULL)
		return EXIT_USAGE;
	b.facts.now_ms = o->now >= 0 ? o->now * 1000 : clock_wall_ms();
	ref_from_bits(0, b.facts.ref);
	if (offline_paths_readable("bench", c) && read_mail(&b, operands))
		rc = bench_with(&b, c);
	for (size_t i = 0; i < b.files; i++)
		buf_fini(&b.mail[i]);
	free(b.mail);
	config_free(&c);
	return rc;
}

static bool
options_sensible(const struct bench_options *o)
{
	if (o->threads >= 1 && o->threads <= THREADS_MAX && o->rounds >= 1 &&
	    o->rounds <= ROUNDS_MAX && o->top >= 0)
		return true;
	cli_complain("bench",
	    "--threads wants 1 to %d, --rounds 1 to %d, --top 0 "
	    "or more",
	    THREADS_MAX, ROUNDS_MAX);
	return false;
}

int
command_bench(int argc, char **argv)
{
	struct bench_options o = {
	    .threads = 1, .rounds = ROUNDS_DEFAULT, .now = -1, .top = 10};
	const struct option table[] = {
	    OFFLINE_OPTIONS(&o.offline),
	    {'j', "json", NULL, "One line of JSON", OPTION_FLAG, &o.json},
	    {'t', "threads", "N", "Threads that judge; default 1",
		OPTION_NUMBER, &o.threads},
	    {'n', "rounds", "N", "Times all messages are judged; default 5",
		OPTION_NUMBER, &o.rounds},
	    {0, "now", "SECONDS", "Judge as at this time since 1970",
		OPTION_NUMBER, &o.now},
	    {0, "top", "N", "Most rules shown; default 10", OPTION_NUMBER,
		&o.top},
	    {0, "no-prefilter", NULL, "Try every rule on every text",
		OPTION_FLAG, &o.offline.no_prefilter},
	};
	const struct options options = {argv[0], "FILE|DIR|-...",
	    "Judges messages in memory over and over and shows messages and "
	    "megabytes a second, the time each stage takes and the most "
	    "expensive rules. Nothing is sent, looked up or written.",
	    table, sizeof(table) / sizeof(table[0]), SIZE_MAX};
	struct option_list operands = {0};
	enum options_result r = options_parse(&options, argc, argv, &operands);
	int rc = r == OPTIONS_HELP ? EXIT_GOOD : EXIT_USAGE;

	if (r == OPTIONS_GO && operands.len == 0)
		cli_complain(argv[0], "wants a message: FILE, DIR or -");
	else if (r == OPTIONS_GO && options_sensible(&o))
		rc = bench(&o, &operands);
	offline_options_fini(&o.offline);
	option_list_fini(&operands);
	return cli_flush(argv[0]) ? rc : EXIT_USAGE;
}
