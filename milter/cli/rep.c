/*
 * postern rep: the admin's hand on reputation.
 *
 * With Redis it asks Redis itself, so it works while the daemon is down; the
 * in-process store is asked through the daemon's control socket. Both answer
 * the same (peer/rep_admin.h).
 */
#include "cli/rep.h"
#include "policy/rep_conf.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/control_client.h"
#include "peer/rep_admin.h"

#include <stdio.h>
#include <pwd.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_MS 0
#define IMPORT_BYTES ((size_t)256 * 1024) /* of one request */
#define IMPORT_MAX ((size_t)1 << 30)
#define WATCH_MS 1000

struct rep_options {
	struct cli_config_options config;
	bool json;
	bool wrong;
	bool force;
	const char *length; /* --for */
	const char *by;
	const char *why;
	const char *note;
	const char *expiring;
	int64_t max;
	int64_t spam;
	int64_t ham;
	int64_t rounds; /* of watch; 0: for ever */
};

struct source {
	const struct config *config;
	struct rep_store *store; /* NULL: ask the daemon */
};

bool
rep_duration_parse(struct str text, int64_t *ms_out)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} row[] = {{"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
	    {"w", 604800000}};
	int64_t total = 0;

	if (text.len == 0)
		return false;
	while (text.len > 0) {
		size_t digits = str_span(text, "0123456789");
		struct str unit = str_head(str_skip(text, digits), 1);
		uint64_t n;
		int64_t each = unit.len == 0 ? 1000 : 0;

		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
			if (str_is(unit, row[i].unit))
				each = row[i].ms;
		if (each == 0 || digits > 9 ||
		    !str_to_u64(str_head(text, digits), &n))
			return false;
		total += (int64_t)n * each;
		text = str_skip(text, digits + unit.len);
	}
	*ms_out = total;
	return true;
}

/* ---- asking ----------------------------------------------------------------
 */

static void
show_store_line(void *ctx, const char *line)
{
	(void)ctx;
	cli_complain("rep", "%s", line);
}

static bool
read_model(const struct config *c, struct rep_settings *out)
{
	struct diags diags;
	bool good;

	diags_init(&diags, 0);
	good = rep_conf_read(c, out, &diags);
	cli_show_diags(&diags);
	diags_fini(&diags);
	return good;
}

static bool
source_open(struct source *s, const struct config *c)
{
	struct rep_settings model;
	struct rep_store_options o = {.url = c->redis,
	    .prefix = c->redis_prefix,
	    .settings = &model,
	    .budget_ms = (int)c->redis_budget,
	    .log = show_store_line};
	char *error = NULL;

	s->config = c;
	s->store = NULL;
	if (c->redis[0] == '\0' || strcmp(c->redis, "none") == 0)
		return true;
	if (!read_model(c, &model))
		return false;
	s->store = rep_store_open(&o, &error);
	if (s->store == NULL)
		cli_complain("rep", "%s", error ? error : "cannot open");
	free(error);
	return s->store != NULL;
}

/* Takes `request`. NULL after a complaint. */
static struct json *
ask(const struct source *s, struct json *request)
{
	struct json *answer;
	char *error = NULL;

	if (s->store != NULL) {
		answer = rep_admin_command(s->store, request);
		json_unref(&request);
		return answer;
	}
	json_set_str(request, "command", STR("rep"));
	answer = control_ask(
	    s->config->control, request, CONTROL_TIMEOUT_MS, &error);
	if (answer == NULL)
		cli_complain("rep", "%s", error);
	free(error);
	return answer;
}

static void
print_json_line(const struct json *j)
{
	struct buf out;

	buf_init(&out);
	json_format(j, 0, &out);
	printf("%s\n", buf_cstr(&out));
	buf_fini(&out);
}

/* Shows the answer or its complaint. Takes it. */
static int
finish(struct json *answer, const char *verb, bool json)
{
	bool good;

	if (answer == NULL)
		return EXIT_USAGE;
	good = json_get_bool(answer, "ok", false);
	if (json)
		print_json_line(answer);
	else if (good)
		rep_print(verb, answer, clock_wall_ms());
	else
		cli_complain(
		    "rep", "%.*s", STR_ARG(json_get_str(answer, "error")));
	json_unref(&answer);
	if (!cli_flush("rep"))
		return EXIT_USAGE;
	return good ? EXIT_GOOD : EXIT_REFUSED;
}

/* ---- export, import, watch -------------------------------------------------
 */

static void
print_line(void *ctx, struct str line)
{
	(void)ctx;
	printf("%.*s\n", STR_ARG(line));
}

static struct json *
request_new(const char *verb)
{
	struct json *j = json_new_object();

	json_set_str(j, "verb", str_from(verb));
	return j;
}

static int
export_pages(const struct source *s)
{
	int64_t from = 0, total = 1;

	while (from < total) {
		struct json *q = request_new("export"), *answer, *list;

		json_set_int(q, "from", from);
		answer = ask(s, q);
		if (answer == NULL || !json_get_bool(answer, "ok", false))
			return finish(answer, "export", false);
		list = json_get(answer, "units");
		for (size_t i = 0; i < json_count(list); i++)
			print_json_line(json_at(list, i));
		total = json_get_int(answer, "total", 0);
		from = json_get_int(answer, "next", total);
		json_unref(&answer);
	}
	return cli_flush("rep") ? EXIT_GOOD : EXIT_USAGE;
}

static int
run_export(const struct source *s)
{
	if (s->store == NULL)
		return export_pages(s);
	if (rep_admin_export(s->store, print_line, NULL) != 0)
		return cli_complain("rep", "the store does not answer");
	return cli_flush("rep") ? EXIT_GOOD : EXIT_USAGE;
}

/* Lines from `*rest` until the request is large enough. */
static struct json *
next_units(struct str *rest, int64_t *bad)
{
	struct json *list = json_new_array();
	size_t bytes = 0;

	while (rest->len > 0 && bytes < IMPORT_BYTES) {
		struct str line = str_trim(str_cut(rest, '\n'));
		struct json *unit;

		if (line.len == 0)
			continue;
		unit = json_parse(line, NULL);
		bytes += line.len;
		if (unit != NULL)
			json_append(list, unit);
		else
			++*bad;
	}
	return list;
}

static int
run_import(const struct source *s, const struct json *like, const char *path)
{
	int64_t good = 0, bad = 0;
	struct buf content;
	struct str rest;
	int rc = EXIT_GOOD;

	buf_init(&content);
	if (file_read(path, IMPORT_MAX, &content) != 0) {
		buf_fini(&content);
		return cli_complain("rep", "cannot read %s", path);
	}
	rest = buf_str(&content);
	while (rc == EXIT_GOOD && rest.len > 0) {
		struct json *q = request_new("import"), *answer;

		json_set_str(q, "by", json_get_str(like, "by"));
		json_set_str(q, "why", json_get_str(like, "why"));
		json_set(q, "units", next_units(&rest, &bad));
		answer = ask(s, q);
		if (answer == NULL || !json_get_bool(answer, "ok", false)) {
			rc = finish(answer, "import", false);
			continue;
		}
		good += json_get_int(answer, "imported", 0);
		bad += json_get_int(answer, "bad", 0);
		json_unref(&answer);
	}
	buf_fini(&content);
	if (rc != EXIT_GOOD)
		return rc;
	printf("%lld units read, %lld lines were none\n", (long long)good,
	    (long long)bad);
	return cli_flush("rep") && bad == 0 ? EXIT_GOOD : EXIT_REFUSED;
}

/* The trail as it grows. */
static int
run_watch(const struct source *s, const struct rep_options *o)
{
	const struct timespec pause = {
	    .tv_sec = WATCH_MS / 1000, .tv_nsec = WATCH_MS % 1000 * 1000000};
	char after[40] = "";

	for (int64_t n = 0; o->rounds == 0 || n < o->rounds; n++) {
		struct json *q = request_new("events"), *answer, *list;

		json_set_str(q, "after", str_from(after));
		answer = ask(s, q);
		if (answer == NULL || !json_get_bool(answer, "ok", false))
			return finish(answer, "events", false);
		list = json_get(answer, "events");
		for (size_t i = 0; i < json_count(list); i++) {
			struct json *e = json_at(list, i);

			if (o->json)
				print_json_line(e);
			else
				rep_print_event(e);
			snprintf(after, sizeof(after), "%.*s",
			    STR_ARG(json_get_str(e, "id")));
		}
		json_unref(&answer);
		if (!cli_flush("rep"))
			return EXIT_USAGE;
		if (o->rounds == 0 || n + 1 < o->rounds)
			nanosleep(&pause, NULL);
	}
	return EXIT_GOOD;
}

/* ---- words -----------------------------------------------------------------
 */

static const struct verb {
	const char *name;
	const char *operand;
	bool changes;
	const char *doc;
} verbs[] = {
#define REP_VERB(name, operand, changes, doc) {#name, operand, changes, doc},
#include "peer/rep_verb.def"
    {"watch", "", false, "Show the audit trail as it grows."},
};

static const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool
set_duration(struct json *q, const char *key, const char *text)
{
	int64_t ms;

	if (text == NULL)
		return true;
	if (!rep_duration_parse(str_from(text), &ms)) {
		cli_complain("rep",
		    "\"%s\" is no duration: 90s, 20m, 12h, 2d, 1w", text);
		return false;
	}
	json_set_int(q, key, ms);
	return true;
}

static void
set_text(struct json *q, const char *key, const char *text)
{
	if (text != NULL)
		json_set_str(q, key, str_from(text));
}

/* VERB TARGET [for DURATION] [REASON] */
static bool
read_operands(const struct verb *v, const struct option_list *w,
    struct rep_options *o, struct json *q)
{
	size_t at = 1;

	if (v->operand[0] != '\0' && strcmp(v->name, "import") != 0) {
		if (at >= w->len) {
			cli_complain("rep", "%s wants %s", v->name, v->operand);
			return false;
		}
		set_text(q, "target", w->v[at++]);
	}
	if (at + 1 < w->len && strcmp(w->v[at], "for") == 0) {
		o->length = w->v[at + 1];
		at += 2;
	}
	if (v->changes && at < w->len && o->why == NULL &&
	    strcmp(v->name, "import") != 0)
		o->why = w->v[at++];
	if (strcmp(v->name, "import") == 0 && at < w->len)
		at++;
	if (at < w->len) {
		cli_complain("rep", "\"%.80s\" is one word too many", w->v[at]);
		return false;
	}
	return true;
}

/* Who is asking, when --by does not say: root's sudo tells whose hands. */
static const char *
author(const struct rep_options *o)
{
	const char *name = o->by;

	if (name == NULL)
		name = getenv("SUDO_USER");
	if (name == NULL || name[0] == '\0')
		name = getenv("LOGNAME");
	if (name == NULL || name[0] == '\0')
		name = getenv("USER");
	if (name == NULL || name[0] == '\0') {
		const struct passwd *pw = getpwuid(getuid());

		name = pw ? pw->pw_name : NULL;
	}
	return name;
}

static bool
fill_request(const struct verb *v, const struct rep_options *o, struct json *q)
{
	set_text(q, "by", author(o));
	set_text(q, "why", o->why);
	set_text(q, "note", o->note);
	if (o->max > 0)
		json_set_int(q, "max", o->max);
	json_set_int(q, "spam", o->spam);
	json_set_int(q, "ham", o->ham);
	json_set_bool(q, "wrong", o->wrong);
	json_set_bool(q, "force", o->force);
	if (v->changes && (o->why == NULL || o->why[0] == '\0')) {
		cli_complain("rep",
		    "%s wants a reason as its last word (or --why)", v->name);
		return false;
	}
	if (v->changes && author(o) == NULL) {
		cli_complain("rep", "who are you? (--by NAME)");
		return false;
	}
	return set_duration(q, "for_ms", o->length) &&
	       set_duration(q, "expiring_ms", o->expiring);
}

static int
run_verb(const struct source *s, const struct verb *v,
    const struct option_list *words, const struct rep_options *o,
    struct json *q)
{
	if (strcmp(v->name, "export") == 0)
		return run_export(s);
	if (strcmp(v->name, "import") == 0)
		return run_import(s, q, words->len > 1 ? words->v[1] : "-");
	if (strcmp(v->name, "watch") == 0)
		return run_watch(s, o);
	return finish(ask(s, json_ref(q)), v->name, o->json);
}

static int
run(const struct option_list *words, struct rep_options *o)
{
	const struct verb *v = words->len > 0 ? verb_find(words->v[0]) : NULL;
	struct json *q;
	struct config *c;
	struct source s;
	int rc = EXIT_USAGE;

	if (v == NULL)
		return cli_complain(
		    "rep", words->len > 0 ? "there is no such verb (try --help)"
					  : "what about it? (try --help)");
	c = cli_config_load("rep", &o->config);
	if (c == NULL)
		return EXIT_USAGE;
	q = request_new(v->name);
	if (read_operands(v, words, o, q) && fill_request(v, o, q) &&
	    source_open(&s, c)) {
		rc = run_verb(&s, v, words, o, q);
		if (s.store != NULL)
			rep_store_close(&s.store, DRAIN_MS);
	}
	json_unref(&q);
	config_free(&c);
	return rc;
}

#define ABOUT                                                             \
	"Verbs: show ADDRESS, top, listed, block ADDRESS|NETWORK for 2d " \
	"\"why\", allow ..., delist ADDRESS|REFERENCE \"why\", forget "   \
	"ADDRESS "                                                        \
	"\"why\", events, watch, simulate ADDRESS --spam 50 --ham 10, "   \
	"export, "                                                        \
	"import FILE, why REFERENCE. Every change is kept with who and why."

int
command_rep(int argc, char **argv)
{
	struct rep_options o = {0};
	const struct option table[] = {CLI_CONFIG_OPTIONS(&o.config),
	    {'j', "json", NULL, "The answer as JSON", OPTION_FLAG, &o.json},
	    {0, "for", "TIME", "block, allow: how long (2d, 12h); 30 days",
		OPTION_TEXT, &o.length},
	    {0, "why", "TEXT", "The reason of a change", OPTION_TEXT, &o.why},
	    {0, "by", "NAME", "Who makes it; you, if not said", OPTION_TEXT,
		&o.by},
	    {0, "note", "TEXT", "block, allow: more for other admins",
		OPTION_TEXT, &o.note},
	    {0, "wrong", NULL,
		"delist: it was never right; the strike is cleared and the "
		"evidence disputed",
		OPTION_FLAG, &o.wrong},
	    {0, "force", NULL, "delist: whatever the ladder says", OPTION_FLAG,
		&o.force},
	    {0, "expiring", "TIME", "listed: only what ends within",
		OPTION_TEXT, &o.expiring},
	    {'n', "max", "COUNT", "top, events: rows", OPTION_NUMBER, &o.max},
	    {0, "spam", "COUNT", "simulate: spam messages", OPTION_NUMBER,
		&o.spam},
	    {0, "ham", "COUNT", "simulate: good messages, after the spam",
		OPTION_NUMBER, &o.ham},
	    {0, "rounds", "COUNT", "watch: end after so many looks",
		OPTION_NUMBER, &o.rounds}};
	const struct options options = {argv[0], "VERB [OPERAND...]", ABOUT,
	    table, sizeof(table) / sizeof(table[0]), 5};
	struct option_list words = {0};
	enum options_result r = options_parse(&options, argc, argv, &words);
	int rc = r == OPTIONS_GO			   ? run(&words, &o)
		 : r == OPTIONS_HELP && cli_flush(argv[0]) ? EXIT_GOOD
							   : EXIT_USAGE;

	option_list_fini(&o.config.set);
	option_list_fini(&words);
	return rc;
}
