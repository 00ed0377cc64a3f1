/*
 * postern rep: the admin's hand on reputation.
 *
 * With Redis it asks Redis itself, so it works while the daemon is down; the
 * in-process store is asked through the daemon's control socket. Both answer
 * the same (peer/rep_admin.h).
 */
#include "cli/rep.h"

#include "cli/cli.h"
#include "peer/rep_admin.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define DRAIN_MS 0

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
	int64_t faster; /* of replay */
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

/* ---- words -------------------------------------------------------------- */

static const struct verb {
	const char *name;
	const char *operand;
	bool changes;
	const char *doc;
} verbs[] = {
#define REP_VERB(name, operand, changes, doc) {#name, operand, changes, doc},
#include "peer/rep_verb.def"
    {"watch", "", false, "Show the audit trail as it grows."},
    {"replay", "FILE", false, "Run a history through the model."},
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
run_verb(const struct rep_source *s, const struct verb *v,
    const struct option_list *words, const struct rep_options *o,
    struct json *q)
{
	if (strcmp(v->name, "export") == 0)
		return rep_run_export(s);
	if (strcmp(v->name, "import") == 0)
		return rep_run_import(
		    s, q, words->len > 1 ? words->v[1] : "-", o->json);
	if (strcmp(v->name, "watch") == 0)
		return rep_run_watch(s, o->json, o->rounds);
	return rep_finish(rep_ask(s, json_ref(q)), v->name, o->json);
}

static int
run(const struct option_list *words, struct rep_options *o)
{
	const struct verb *v = words->len > 0 ? verb_find(words->v[0]) : NULL;
	struct json *q;
	struct config *c;
	struct rep_source s;
	int rc = EXIT_USAGE;

	if (v == NULL)
		return cli_complain(
		    "rep", words->len > 0 ? "there is no such verb (try --help)"
					  : "what about it? (try --help)");
	c = cli_config_load("rep", &o->config);
	if (c == NULL)
		return EXIT_USAGE;
	if (strcmp(v->name, "replay") == 0) {
		rc = words->len == 2
			 ? rep_run_replay(c, words->v[1], o->faster, o->json)
			 : cli_complain("rep", "replay wants one file");
		config_free(&c);
		return rc;
	}
	q = rep_request_new(v->name);
	if (read_operands(v, words, o, q) && fill_request(v, o, q) &&
	    rep_source_open(&s, c)) {
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
	"\"why\", allow ..., delist ADDRESS|REFERENCE \"why\", "          \
	"forget ADDRESS \"why\", events, watch, "                         \
	"simulate ADDRESS --spam 50 --ham 10, export, import FILE, "      \
	"why REFERENCE, replay FILE. Every change is kept with who and "  \
	"why."

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
	    {0, "faster", "COUNT", "replay: let time pass so many times faster",
		OPTION_NUMBER, &o.faster},
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
