/*
 * postern rules: what was read from the rule files, one line a rule; with
 * --cost what each has cost the running daemon so far.
 */
#include "base/clean.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/control_client.h"
#include "cli/offline.h"
#include "policy/evalfns.h"
#include "rule/dump.h"

#include <stdio.h>
#include <stdlib.h>

struct rules_options {
	struct offline_options offline;
	bool json;
	bool cost;
};

/* What is matched, as it was written. */
static struct str
pattern_text(const struct rule *r)
{
	if (r->meta.len > 0)
		return r->meta;
	if (r->eval.len > 0)
		return r->eval;
	return r->written;
}

static void
print_line(struct json *j, struct buf *line)
{
	buf_clear(line);
	json_format(j, 0, line);
	printf("%s\n", buf_cstr(line));
}

static void
print_rule_json(const struct rule *r, unsigned score_set, struct buf *line)
{
	struct json *j = rule_dump(r, score_set);

	print_line(j, line);
	json_unref(&j);
}

static void
print_rule(const struct rule *r, unsigned score_set, struct buf *line)
{
	buf_clear(line);
	clean_add_short(line, pattern_text(r), 100);
	printf("%-9s %7.3f %.*s  %s%s\n", rule_type_text(r->type),
	    r->score[score_set], STR_ARG(r->name), buf_cstr(line),
	    r->enabled ? "" : "  (off)");
}

static int
show_rules(const struct rules_options *o, const struct config *c)
{
	struct ruleset_options options = {
	    .plugins = (enum plugin_set)c->plugins,
	    .score_set = (unsigned)c->score_set & 3,
	    .knows_eval = evalfn_known};
	struct ruleset *rs;
	struct diags diags;
	struct buf line;
	int rc;

	if (!offline_paths_readable("rules", c))
		return EXIT_USAGE;
	diags_init(&diags, 20);
	buf_init(&line);
	rs = ruleset_load(
	    (const char *const *)c->rules.v, c->rules.len, &options, &diags);
	for (size_t i = 0; i < rs->count; i++) {
		if (o->json)
			print_rule_json(
			    &rs->rules[i], options.score_set, &line);
		else
			print_rule(&rs->rules[i], options.score_set, &line);
	}
	if (diags.errors > 0)
		cli_show_diags(&diags);
	rc = diags.errors > 0 ? EXIT_REFUSED : EXIT_GOOD;
	buf_fini(&line);
	diags_fini(&diags);
	ruleset_free(&rs);
	return rc;
}

/* ---- cost --------------------------------------------------------------- */

static int
compare_cost(const void *a, const void *b)
{
	int64_t x = json_get_int(*(struct json *const *)a, "ns", 0);
	int64_t y = json_get_int(*(struct json *const *)b, "ns", 0);

	return x < y ? 1 : x > y ? -1 : 0;
}

static void
print_cost(const struct json *list, bool as_json)
{
	size_t count = json_count(list);
	struct json **row = mem_array(count + 1, sizeof(*row));
	struct buf line;

	buf_init(&line);
	for (size_t i = 0; i < count; i++)
		row[i] = json_at(list, i);
	qsort(row, count, sizeof(*row), compare_cost);
	if (!as_json)
		printf("%12s %10s %10s %9s  %s\n", "microseconds", "tried",
		    "hits", "us/try", "rule");
	for (size_t i = 0; i < count; i++) {
		double us = json_get_double(row[i], "ns", 0) / 1000;
		int64_t tried = json_get_int(row[i], "tried", 0);

		if (as_json) {
			print_line(row[i], &line);
			continue;
		}
		printf("%12.0f %10lld %10lld %9.2f  %.*s\n", us,
		    (long long)tried,
		    (long long)json_get_int(row[i], "hits", 0),
		    tried > 0 ? us / (double)tried : 0.0,
		    STR_ARG(json_get_str(row[i], "name")));
	}
	buf_fini(&line);
	free(row);
}

static int
show_cost(const struct rules_options *o, const struct config *c)
{
	struct json *request = json_new_object(), *answer;
	char *error = NULL;

	json_set_str(request, "command", STR("cost"));
	answer = control_ask(c->control, request, CONTROL_TIMEOUT_MS, &error);
	if (answer == NULL)
		cli_complain("rules", "%s", error);
	else
		print_cost(json_get(answer, "rules"), o->json);
	free(error);
	if (answer == NULL)
		return EXIT_USAGE;
	json_unref(&answer);
	return EXIT_GOOD;
}

static int
show(const struct rules_options *o)
{
	struct config *c = offline_config("rules", &o->offline);
	int rc;

	if (c == NULL)
		return EXIT_USAGE;
	rc = o->cost ? show_cost(o, c) : show_rules(o, c);
	config_free(&c);
	return rc;
}

int
command_rules(int argc, char **argv)
{
	struct rules_options o = {0};
	const struct option table[] = {
	    OFFLINE_OPTIONS(&o.offline),
	    {'j', "json", NULL, "One line of JSON a rule", OPTION_FLAG,
		&o.json},
	    {0, "cost", NULL,
		"Ask the running daemon what each rule has cost, dearest first",
		OPTION_FLAG, &o.cost},
	};
	const struct options options = {argv[0], "",
	    "Lists every rule that was read: type, score, name, pattern. Exit "
	    "code 1 when a rule file has errors.",
	    table, sizeof(table) / sizeof(table[0]), 0};
	struct option_list operands = {0};
	enum options_result r = options_parse(&options, argc, argv, &operands);
	int rc = EXIT_USAGE;

	if (r == OPTIONS_GO)
		rc = show(&o);
	else if (r == OPTIONS_HELP)
		rc = EXIT_GOOD;
	offline_options_fini(&o.offline);
	option_list_fini(&operands);
	return cli_flush(argv[0]) ? rc : EXIT_USAGE;
}
