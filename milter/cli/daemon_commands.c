/*
 * postern status, reload, dnsbl, why: what only the running daemon can tell or
 * do.
 */
#include "base/clean.h"
#include "base/ref.h"
#include "cli/cli.h"
#include "cli/control_client.h"
#include "cli/record_print.h"

#include <stdio.h>
#include <stdlib.h>

struct daemon_options {
	struct cli_config_options config;
	bool json;
	bool forced;
	int64_t timeout; /* seconds */
};

/* ---- asking ------------------------------------------------------------- */

/* The answer, or NULL after a complaint. */
static struct json *
ask(const char *command, const struct daemon_options *o, struct json *request,
    int timeout_ms)
{
	struct config *c = cli_config_load(command, &o->config);
	struct json *answer;
	char *error = NULL;

	if (c == NULL) {
		json_unref(&request);
		return NULL;
	}
	if (o->timeout > 0)
		timeout_ms = (int)o->timeout * 1000;
	answer = control_ask(c->control, request, timeout_ms, &error);
	if (answer == NULL)
		cli_complain(command, "%s", error);
	free(error);
	config_free(&c);
	return answer;
}

static struct json *
request_new(const char *command)
{
	struct json *j = json_new_object();

	json_set_str(j, "command", str_from(command));
	return j;
}

static void
print_json(const struct json *j, int indent)
{
	struct buf out;

	buf_init(&out);
	json_format(j, indent, &out);
	printf("%s\n", buf_cstr(&out));
	buf_fini(&out);
}

/* ---- any JSON for people ------------------------------------------------ */

#define DEPTH_MAX 8

static void print_value(const struct json *v, int depth);

static void
print_text(struct str s)
{
	struct buf clean;

	buf_init(&clean);
	clean_add_utf8(&clean, s);
	printf("%s\n", buf_cstr(&clean));
	buf_fini(&clean);
}

static bool
is_nested(const struct json *v)
{
	return (json_is_object(v) || json_is_array(v)) && json_count(v) > 0;
}

/* One member; nested ones follow indented. */
static void
print_member(const char *key, const struct json *v, int depth)
{
	if (is_nested(v)) {
		printf("%*s%s:\n", depth * 2, "", key);
		if (depth < DEPTH_MAX)
			print_value(v, depth + 1);
		return;
	}
	printf("%*s%-*s ", depth * 2, "", 24 - depth * 2, key);
	if (json_is_string(v))
		print_text(json_str(v));
	else
		print_json(v, 0);
}

static void
print_value(const struct json *v, int depth)
{
	const char *key;
	struct json *member;
	void *iter = NULL;

	if (json_is_array(v)) {
		for (size_t i = 0; i < json_count(v); i++) {
			const struct json *item = json_at(v, i);

			if (!is_nested(item)) {
				print_member("-", item, depth);
				continue;
			}
			printf("%*s-\n", depth * 2, "");
			print_value(item, depth + 1);
		}
		return;
	}
	while (json_next(v, &iter, &key, &member))
		print_member(key, member, depth);
}

/* ---- the three commands ------------------------------------------------- */

#define DAEMON_OPTIONS(o)                                               \
	CLI_CONFIG_OPTIONS(&(o)->config),                               \
	    {'j', "json", NULL, "The answer as JSON", OPTION_FLAG,      \
		&(o)->json},                                            \
	{                                                               \
		0, "timeout", "SECONDS", "Longest wait for the daemon", \
		    OPTION_NUMBER, &(o)->timeout                        \
	}

/* Parses; the exit code when there is nothing more to do, else -1. */
static int
start(const struct options *options, int argc, char **argv,
    struct option_list *operands, size_t wanted)
{
	enum options_result r = options_parse(options, argc, argv, operands);

	if (r == OPTIONS_HELP)
		return cli_flush(argv[0]) ? EXIT_GOOD : EXIT_USAGE;
	if (r == OPTIONS_WRONG)
		return EXIT_USAGE;
	if (operands->len != wanted)
		return cli_complain(
		    argv[0], "wants %s (try --help)", options->usage);
	return -1;
}

typedef void print_fn(const struct json *answer);

static int
finish(const char *command, struct json *answer, const struct daemon_options *o,
    print_fn *print)
{
	int rc = EXIT_USAGE;

	if (answer == NULL)
		return EXIT_USAGE;
	if (o->json)
		print_json(answer, 0);
	if (json_get_bool(answer, "ok", true))
		rc = EXIT_GOOD;
	else if (!o->json)
		cli_complain(
		    command, "%.*s", STR_ARG(json_get_str(answer, "error")));
	if (rc == EXIT_GOOD && !o->json)
		print(answer);
	json_unref(&answer);
	return cli_flush(command) ? rc : EXIT_USAGE;
}

static void
print_all(const struct json *answer)
{
	print_value(answer, 0);
}

/* "client   bl.test  good       reject   asked 12, listed 3, failed 0" */
static void
print_zone(const struct json *z)
{
	struct str why = json_get_str(z, "why");
	struct buf b;

	buf_init(&b);
	clean_add(&b, json_get_str(z, "zone"));
	printf("%-9.*s %-28s %-10.*s %.*s%s", STR_ARG(json_get_str(z, "kind")),
	    buf_cstr(&b), STR_ARG(json_get_str(z, "health")),
	    STR_ARG(json_get_str(z, "action")),
	    json_get_bool(z, "shadow", false) ? " (shadow)" : "");
	if (json_get_double(z, "points", 0) != 0)
		printf(" %+g points", json_get_double(z, "points", 0));
	printf("; asked %lld, listed %lld, failed %lld\n",
	    (long long)json_get_int(z, "asked", 0),
	    (long long)json_get_int(z, "listed", 0),
	    (long long)json_get_int(z, "failed", 0));
	buf_clear(&b);
	clean_add(&b, why);
	if (why.len > 0)
		printf("%10s%s\n", "", buf_cstr(&b));
	buf_fini(&b);
}

static void
print_zones(const struct json *answer)
{
	const struct json *list = json_get(answer, "zones");

	for (size_t i = 0; i < json_count(list); i++)
		print_zone(json_at(list, i));
	if (json_count(list) == 0)
		printf("No DNS list is asked: the setting `dnsbl` is empty.\n");
}

int
command_status(int argc, char **argv)
{
	struct daemon_options o = {0};
	const struct option table[] = {DAEMON_OPTIONS(&o)};
	const struct options options = {argv[0], "",
	    "Shows what the running daemon does: versions, counters, the rule "
	    "set in force, the state of the reputation store.",
	    table, sizeof(table) / sizeof(table[0]), 0};
	struct option_list operands = {0};
	int rc = start(&options, argc, argv, &operands, 0);

	if (rc < 0)
		rc = finish(argv[0],
		    ask(argv[0], &o, request_new("status"), CONTROL_TIMEOUT_MS),
		    &o, print_all);
	option_list_fini(&o.config.set);
	option_list_fini(&operands);
	return rc;
}

int
command_dnsbl(int argc, char **argv)
{
	struct daemon_options o = {0};
	const struct option table[] = {DAEMON_OPTIONS(&o)};
	const struct options options = {argv[0], "",
	    "Shows each DNS list the running daemon asks: kind, health, what "
	    "it does, how often it was asked, listed and failed; and why one "
	    "is "
	    "set aside.",
	    table, sizeof(table) / sizeof(table[0]), 0};
	struct option_list operands = {0};
	int rc = start(&options, argc, argv, &operands, 0);

	if (rc < 0)
		rc = finish(argv[0],
		    ask(argv[0], &o, request_new("dnsbl"), CONTROL_TIMEOUT_MS),
		    &o, print_zones);
	option_list_fini(&o.config.set);
	option_list_fini(&operands);
	return rc;
}

/* Diagnostics are the answer; the old set stays in force when there are errors
 * and the exit code is 1. */
static int
show_reload(
    const char *command, struct json *answer, const struct daemon_options *o)
{
	bool good;

	if (answer == NULL)
		return EXIT_USAGE;
	good = json_get_bool(answer, "ok", false);
	if (o->json) {
		print_json(answer, 0);
	} else {
		printf("%.*s", STR_ARG(json_get_str(answer, "text")));
		if (good)
			printf("The new rule set is in force.\n");
		else
			cli_complain(command, "%.*s",
			    STR_ARG(json_get_str(answer, "error")));
	}
	json_unref(&answer);
	if (!cli_flush(command))
		return EXIT_USAGE;
	return good ? EXIT_GOOD : EXIT_REFUSED;
}

int
command_reload(int argc, char **argv)
{
	struct daemon_options o = {0};
	const struct option table[] = {DAEMON_OPTIONS(&o),
	    {'f', "force", NULL,
		"Take dictionaries and lists that are empty or lost most of "
		"their entries, too",
		OPTION_FLAG, &o.forced}};
	const struct options options = {argv[0], "",
	    "Has the daemon read its rules, dictionaries and lists again. No "
	    "session is dropped. With errors the old set stays in force, every "
	    "error is shown and the exit code is 1.",
	    table, sizeof(table) / sizeof(table[0]), 0};
	struct option_list operands = {0};
	struct json *request;
	int rc = start(&options, argc, argv, &operands, 0);

	if (rc < 0) {
		request = request_new("reload");
		json_set_bool(request, "forced", o.forced);
		rc = show_reload(argv[0],
		    ask(argv[0], &o, request, CONTROL_RELOAD_TIMEOUT_MS), &o);
	}
	option_list_fini(&o.config.set);
	option_list_fini(&operands);
	return rc;
}

/* The record itself, so that `why --json` is what `check --facts` reads. */
static struct json *
unwrap(struct json *answer)
{
	struct json *record = answer ? json_get(answer, "record") : NULL;

	if (record == NULL || !json_is_object(record))
		return answer;
	record = json_ref(record);
	json_unref(&answer);
	return record;
}

/* The record for people; with --json as it was kept. */
static int
show_record(
    const char *command, struct json *record, const struct daemon_options *o)
{
	struct buf out;

	if (record == NULL)
		return EXIT_USAGE;
	if (o->json || !json_is_object(json_get(record, "facts")))
		return finish(command, record, o, print_all);
	buf_init(&out);
	record_print(record, &out);
	cli_write(buf_str(&out));
	buf_fini(&out);
	json_unref(&record);
	return cli_flush(command) ? EXIT_GOOD : EXIT_USAGE;
}

int
command_why(int argc, char **argv)
{
	struct daemon_options o = {0};
	const struct option table[] = {DAEMON_OPTIONS(&o)};
	const struct options options = {argv[0], "REF",
	    "Shows the decision record behind a reference: verdict, reasons in "
	    "the order of decision, rules with their points and what they "
	    "matched. The reference may be typed in any case, with or without "
	    "its dash.",
	    table, sizeof(table) / sizeof(table[0]), 1};
	struct option_list operands = {0};
	char ref[REF_TEXT_MAX];
	struct json *request;
	int rc = start(&options, argc, argv, &operands, 1);

	if (rc < 0 && !ref_parse(str_from(operands.v[0]), ref))
		rc = cli_complain(argv[0],
		    "\"%s\" is no reference: one looks like K7Q2-9XTMV, and "
		    "its last character checks the others",
		    operands.v[0]);
	if (rc < 0) {
		request = request_new("why");
		json_set_str(request, "ref", str_from(ref));
		rc = show_record(argv[0],
		    unwrap(ask(argv[0], &o, request, CONTROL_TIMEOUT_MS)), &o);
	}
	option_list_fini(&o.config.set);
	option_list_fini(&operands);
	return rc;
}
