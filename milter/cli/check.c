/*
 * postern check: judge messages through the engine the daemon uses.
 *
 * Files are judged by a few threads at once and printed in the order they were
 * named; at most WINDOW results wait for an earlier one.
 */
#include "cli/check.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/ref.h"
#include "cli/ask.h"
#include "cli/mail_files.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define FACTS_FILE_MAX ((size_t)4 * 1024 * 1024)
#define THREADS_MAX 64
/* As many threads as there are processors. */
#define JOBS_ALL INT64_MIN
#define WINDOW ((size_t)256)

/* ---- the workers -------------------------------------------------------- */

struct slot {
	struct buf text; /* ready to print */
	char *error;	 /* one line, or NULL */
	bool refused;
	bool ready;
};

struct crew {
	const struct check_options *options;
	struct snapshot *snapshot;
	const struct facts *facts;
	const struct mail_files *files;
	pthread_mutex_t guards_slots;
	pthread_cond_t moved; /* a slot became ready, or was printed */
	struct slot *slots;   /* WINDOW of them, by index modulo WINDOW */
	size_t next;	      /* to be taken */
	size_t printed;
};

static void
write_slot(const struct crew *crew, const char *name,
    const struct offline_result *r, struct slot *slot)
{
	slot->refused = verdict_refuses(r->verdict.action) ||
			r->verdict.action == VERDICT_DISCARD;
	check_print(crew->options, crew->snapshot, name, r, &slot->text);
}

static void
judge_one(struct crew *crew, struct offline_room *room, const char *name,
    struct slot *slot)
{
	struct offline_result result;

	arena_reset(&room->arena);
	buf_clear(&room->raw);
	slot->error = mail_file_read(name, &room->raw);
	if (slot->error != NULL)
		return;
	offline_judge(crew->snapshot, room, crew->facts,
	    crew->options->has_envelope, &result);
	write_slot(crew, name, &result, slot);
}

/* No message: the envelope by itself. */
static int
check_envelope(const struct check_options *o, struct snapshot *s,
    const struct facts *facts)
{
	struct crew crew = {.options = o, .snapshot = s, .facts = facts};
	struct offline_room room;
	struct offline_result result;
	struct slot slot = {0};

	offline_room_init(&room, s);
	offline_judge_envelope(s, &room, facts, &result);
	write_slot(&crew, "envelope", &result, &slot);
	cli_write(buf_str(&slot.text));
	buf_fini(&slot.text);
	offline_room_fini(&room, s);
	return slot.refused ? EXIT_REFUSED : EXIT_GOOD;
}

/* The next index and its slot, once there is room; false: none is left. */
static bool
take_index(struct crew *crew, size_t *index_out)
{
	bool taken;

	pthread_mutex_lock(&crew->guards_slots);
	while (crew->next < crew->files->v.len &&
	       crew->next >= crew->printed + WINDOW)
		pthread_cond_wait(&crew->moved, &crew->guards_slots);
	taken = crew->next < crew->files->v.len;
	if (taken)
		*index_out = crew->next++;
	pthread_mutex_unlock(&crew->guards_slots);
	return taken;
}

static void *
work(void *arg)
{
	struct crew *crew = arg;
	struct offline_room room;
	size_t index;

	offline_room_init(&room, crew->snapshot);
	while (take_index(crew, &index)) {
		struct slot *slot = &crew->slots[index % WINDOW];

		judge_one(crew, &room, crew->files->v.v[index], slot);
		pthread_mutex_lock(&crew->guards_slots);
		slot->ready = true;
		pthread_cond_broadcast(&crew->moved);
		pthread_mutex_unlock(&crew->guards_slots);
	}
	offline_room_fini(&room, crew->snapshot);
	return NULL;
}

/* Waits for result `index`, prints it, makes its slot free. */
static int
print_index(struct crew *crew, size_t index)
{
	struct slot *slot = &crew->slots[index % WINDOW];
	int rc = EXIT_GOOD;

	pthread_mutex_lock(&crew->guards_slots);
	while (!slot->ready)
		pthread_cond_wait(&crew->moved, &crew->guards_slots);
	pthread_mutex_unlock(&crew->guards_slots);
	if (slot->error != NULL)
		rc = cli_complain("check", "%s", slot->error);
	else if (slot->refused)
		rc = EXIT_REFUSED;
	cli_write(buf_str(&slot->text));
	free(slot->error);
	buf_fini(&slot->text);
	pthread_mutex_lock(&crew->guards_slots);
	*slot = (struct slot){0};
	crew->printed = index + 1;
	pthread_cond_broadcast(&crew->moved);
	pthread_mutex_unlock(&crew->guards_slots);
	return rc;
}

static size_t
thread_count(const struct check_options *o, size_t messages)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = o->jobs != JOBS_ALL ? (size_t)o->jobs
		   : cpus > 0	       ? (size_t)cpus
				       : 1;

	if (n > THREADS_MAX)
		n = THREADS_MAX;
	return n < messages ? n : messages;
}

static int
run_crew(struct crew *crew)
{
	pthread_t threads[THREADS_MAX];
	size_t wanted = thread_count(crew->options, crew->files->v.len);
	size_t started = 0;
	int worst = EXIT_GOOD;

	while (started < wanted &&
	       pthread_create(&threads[started], NULL, work, crew) == 0)
		started++;
	if (started == 0 && wanted > 0)
		return cli_complain("check", "cannot start a thread");
	for (size_t i = 0; i < crew->files->v.len; i++) {
		int rc = print_index(crew, i);

		if (rc > worst)
			worst = rc;
		if (isatty(STDOUT_FILENO))
			fflush(stdout);
	}
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return worst;
}

static int
check_all(const struct check_options *o, struct snapshot *s,
    const struct facts *facts, const struct mail_files *files)
{
	struct crew crew = {
	    .options = o, .snapshot = s, .facts = facts, .files = files};
	int rc;

	pthread_mutex_init(&crew.guards_slots, NULL);
	pthread_cond_init(&crew.moved, NULL);
	crew.slots = mem_array(WINDOW, sizeof(*crew.slots));
	rc = run_crew(&crew);
	free(crew.slots);
	pthread_cond_destroy(&crew.moved);
	pthread_mutex_destroy(&crew.guards_slots);
	return rc;
}

/* ---- the facts ---------------------------------------------------------- */

/* `--facts`: facts as they were recorded, or a whole decision record. */
static bool
read_facts(const char *path, struct arena *a, struct facts *out)
{
	const char *why = "no JSON";
	struct json *j = NULL, *facts;
	struct buf text;
	bool good = false;
	int rc;

	buf_init(&text);
	rc = file_read(path, FACTS_FILE_MAX, &text);
	if (rc != 0)
		why = rc == ERR_IO ? strerror(errno) : err_text(rc);
	else
		j = json_parse(buf_str(&text), NULL);
	if (j != NULL) {
		facts = json_get(j, "facts");
		good = facts_from_json(facts ? facts : j, a, out, &why);
	}
	if (!good)
		cli_complain("check", "%s: %s", path, why);
	json_unref(&j);
	buf_fini(&text);
	return good;
}

/* Addresses are given with or without angle brackets. */
static struct str
bare(const char *address)
{
	struct str s = str_trim(str_from(address));

	if (s.len >= 2 && s.p[0] == '<' && s.p[s.len - 1] == '>')
		return str_make(s.p + 1, s.len - 2);
	return s;
}

static bool
apply_options(struct check_options *o, struct arena *a, struct facts *f)
{
	struct envelope *e = &f->envelope;
	struct str *rcpts;

	if (o->client != NULL && !ip_parse(str_from(o->client), &e->client)) {
		cli_complain(
		    "check", "--client: \"%s\" is no address", o->client);
		return false;
	}
	e->has_client |= o->client != NULL;
	if (o->name != NULL) {
		e->client_name = str_from(o->name);
		f->fcrdns = true;
	}
	if (o->helo != NULL)
		e->helo = str_from(o->helo);
	if (o->user != NULL)
		e->auth_user = str_from(o->user);
	if (o->from != NULL) {
		e->sender = bare(o->from);
		e->has_sender = true;
	}
	if (o->rcpts.len > 0) {
		rcpts = arena_array(a, o->rcpts.len, sizeof(*rcpts));
		for (size_t i = 0; i < o->rcpts.len; i++)
			rcpts[i] = bare(o->rcpts.v[i]);
		e->rcpts = rcpts;
		e->rcpt_count = o->rcpts.len;
	}
	return true;
}

static bool
names_envelope(const struct check_options *o)
{
	return o->facts != NULL || o->client != NULL || o->helo != NULL ||
	       o->from != NULL || o->rcpts.len > 0 || o->user != NULL;
}

static bool
gather(struct check_options *o, struct arena *a, struct facts *f)
{
	*f = (struct facts){.now_ms = clock_wall_ms()};
	/* A preview has no reference of its own; the same input gives the same
	 * output. */
	ref_from_bits(0, f->ref);
	if (o->facts != NULL && !read_facts(o->facts, a, f))
		return false;
	if (o->now >= 0)
		f->now_ms = o->now * 1000;
	if (!apply_options(o, a, f))
		return false;
	o->has_envelope = names_envelope(o);
	return true;
}

/* ---- the command -------------------------------------------------------- */

static int
check(struct check_options *o, const struct option_list *operands)
{
	struct config *c = offline_config("check", &o->offline);
	struct snapshot *s = NULL;
	struct mail_files files = {0};
	struct diags diags;
	struct facts facts;
	struct arena a;
	int rc = EXIT_USAGE, judged;

	if (c == NULL)
		return EXIT_USAGE;
	c->helper_rules = HELPER_RULES_ALL;
	arena_init(&a, 0);
	diags_init(&diags, 20);
	if (!offline_paths_readable("check", c) || !gather(o, &a, &facts) ||
	    (o->ask && !ask_peers(c, &facts, &a)))
		goto out;
	s = offline_snapshot(c, &o->offline, false, &diags);
	if (diags.errors > 0 || s == NULL)
		cli_show_diags(&diags);
	if (s == NULL)
		goto out;
	if (diags.errors > 0)
		cli_complain("check",
		    "%zu error%s in the rules; what is good "
		    "in them is used",
		    diags.errors, diags.errors == 1 ? "" : "s");
	rc = mail_files_add("check", &files, operands) ? EXIT_GOOD : EXIT_USAGE;
	judged = operands->len > 0 ? check_all(o, s, &facts, &files)
				   : check_envelope(o, s, &facts);
	if (judged > rc)
		rc = judged;
out:
	mail_files_fini(&files);
	snapshot_unref(&s);
	diags_fini(&diags);
	config_free(&c);
	arena_fini(&a);
	return rc;
}

/* Is there something to judge? If not, says what is wanted. */
static bool
can_check(const struct check_options *o, const struct option_list *operands)
{
	if (operands->len == 0 && !names_envelope(o)) {
		cli_complain("check", "wants a message: FILE, DIR or -; or an "
				      "envelope: --client, --from, --rcpt");
		return false;
	}
	if (o->jobs != JOBS_ALL && (o->jobs < 1 || o->jobs > THREADS_MAX)) {
		cli_complain(
		    "check", "--jobs wants a number from 1 to %d", THREADS_MAX);
		return false;
	}
	return true;
}

int
command_check(int argc, char **argv)
{
	struct check_options o = {.now = -1, .jobs = JOBS_ALL};
	const struct option table[] = {
	    OFFLINE_OPTIONS(&o.offline),
	    {'j', "json", NULL, "One line of JSON a message", OPTION_FLAG,
		&o.json},
	    {'v', "verbose", NULL,
		"List the rules without points, too; as JSON: the gates",
		OPTION_FLAG, &o.verbose},
	    {0, "client", "IP", "Address of the client", OPTION_TEXT,
		&o.client},
	    {0, "name", "HOST", "Its confirmed host name", OPTION_TEXT,
		&o.name},
	    {0, "helo", "NAME", "What it greeted with", OPTION_TEXT, &o.helo},
	    {0, "user", "USER", "Whom it authenticated as", OPTION_TEXT,
		&o.user},
	    {0, "from", "ADDRESS", "Envelope sender", OPTION_TEXT, &o.from},
	    {0, "rcpt", "ADDRESS", "Envelope recipient; repeatable",
		OPTION_TEXTS, &o.rcpts},
	    {0, "facts", "FILE",
		"Facts or a decision record as JSON: judge as it was judged",
		OPTION_TEXT, &o.facts},
	    {0, "ask", NULL,
		"Ask DNS lists on --client, SPF and Redis now; counts nothing",
		OPTION_FLAG, &o.ask},
	    {0, "now", "SECONDS", "Judge as at this time since 1970",
		OPTION_NUMBER, &o.now},
	    {0, "jobs", "N", "Threads; default: all processors", OPTION_NUMBER,
		&o.jobs},
	    {0, "no-prefilter", NULL,
		"Try every rule on every text: slow, same answer", OPTION_FLAG,
		&o.offline.no_prefilter},
	};
	const struct options options = {argv[0], "[FILE|DIR|-]...",
	    "Judges messages as the daemon would and shows verdict, reply, "
	    "score and every rule that hit. With an envelope the gates at RCPT "
	    "are asked first, and shown one by one; without a message they are "
	    "all that is asked. Exit code 0: all accepted, 1: one was refused, "
	    "2: something could not be read.",
	    table, sizeof(table) / sizeof(table[0]), SIZE_MAX};
	struct option_list operands = {0};
	enum options_result r = options_parse(&options, argc, argv, &operands);
	int rc = EXIT_USAGE;

	if (r == OPTIONS_GO && can_check(&o, &operands))
		rc = check(&o, &operands);
	else if (r == OPTIONS_HELP)
		rc = EXIT_GOOD;
	offline_options_fini(&o.offline);
	option_list_fini(&o.rcpts);
	option_list_fini(&operands);
	return cli_flush(argv[0]) ? rc : EXIT_USAGE;
}
