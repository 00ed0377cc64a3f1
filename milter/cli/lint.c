/*
 * postern lint: read configuration, rules, dictionaries and lists as the daemon
 * would and say everything that is wrong with them, as file:line:col. The
 * complaints are the output; the exit code is 1 when one is an error.
 */
#include "cli/offline.h"

#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* Notes are for those who ask with -v. */
static void
print_diags(const struct diags *diags, bool notes)
{
	struct diags some = *diags;
	struct buf out;

	buf_init(&out);
	some.v = mem_array(diags->len + 1, sizeof(*some.v));
	some.len = 0;
	for (size_t i = 0; i < diags->len; i++)
		if (notes || diags->v[i].severity != SEVERITY_NOTE)
			some.v[some.len++] = diags->v[i];
	diags_format(&some, &out);
	free(some.v);
	cli_write(buf_str(&out));
	buf_fini(&out);
}

/* One line of JSON a complaint, for editors and deployment scripts. */
static void
print_json(const struct diags *diags, bool notes)
{
	struct buf line;

	buf_init(&line);
	for (size_t i = 0; i < diags->len; i++) {
		const struct diag *d = &diags->v[i];
		struct json *j;

		if (d->severity == SEVERITY_NOTE && !notes)
			continue;
		j = json_new_object();
		json_set_str(
		    j, "severity", str_from(severity_text(d->severity)));
		if (d->file != NULL)
			json_set(j, "file", json_new_bytes(str_from(d->file)));
		if (d->line > 0)
			json_set_int(j, "line", d->line);
		if (d->col > 0)
			json_set_int(j, "col", d->col);
		json_set(j, "message", json_new_bytes(str_from(d->message)));
		if (d->excerpt != NULL) {
			json_set(
			    j, "excerpt", json_new_bytes(str_from(d->excerpt)));
			json_set_int(j, "caret", d->caret);
		}
		buf_clear(&line);
		json_format(j, 0, &line);
		buf_add_char(&line, '\n');
		cli_write(buf_str(&line));
		json_unref(&j);
	}
	buf_fini(&line);
}

static void
print_counts(const struct snapshot *s)
{
	size_t by_type[RULE_TYPE_COUNT] = {0}, enabled = 0, terms = 0;

	for (size_t i = 0; i < s->rules->count; i++) {
		by_type[s->rules->rules[i].type]++;
		enabled += s->rules->rules[i].enabled;
	}
	for (size_t i = 0; i < s->dicts->len; i++)
		terms += s->dicts->v[i].term_count;
	printf("%zu files, %zu rules (%zu run), %zu dictionaries with %zu "
	       "terms\n",
	    s->rules->files, s->rules->count, enabled, s->dicts->len, terms);
	for (int t = 0; t < RULE_TYPE_COUNT; t++)
		if (by_type[t] > 0)
			printf("    %6zu %s\n", by_type[t],
			    rule_type_text((enum rule_type)t));
}

static int
lint(const struct offline_options *o, bool verbose, bool json)
{
	struct config *c = offline_config("lint", o);
	struct snapshot *s;
	struct diags diags;
	int rc;

	if (c == NULL)
		return EXIT_USAGE;
	if (!offline_paths_readable("lint", c)) {
		config_free(&c);
		return EXIT_USAGE;
	}
	diags_init(&diags, 10000);
	s = offline_snapshot(c, o, true, &diags);
	if (json)
		print_json(&diags, verbose);
	else
		print_diags(&diags, verbose);
	if (verbose && !json && s != NULL)
		print_counts(s);
	if (!json && (diags.errors > 0 || verbose))
		printf(
		    "%zu errors, %zu warnings\n", diags.errors, diags.warnings);
	rc = diags.errors > 0 || s == NULL ? EXIT_REFUSED : EXIT_GOOD;
	snapshot_unref(&s);
	diags_fini(&diags);
	config_free(&c);
	return rc;
}

int
command_lint(int argc, char **argv)
{
	struct offline_options o = {0};
	bool verbose = false, json = false;
	const struct option table[] = {
	    OFFLINE_OPTIONS(&o),
	    {'j', "json", NULL, "One line of JSON a complaint", OPTION_FLAG,
		&json},
	    {'v', "verbose", NULL, "Show notes and counts, too", OPTION_FLAG,
		&verbose},
	};
	const struct options options = {argv[0], "",
	    "Reads configuration, rules, dictionaries and lists and shows what "
	    "is wrong with them as file:line:col: message. Runs the `test` "
	    "lines of the rules and probes their patterns for texts they are "
	    "slow on. Exit code 1 when there is an error.",
	    table, sizeof(table) / sizeof(table[0]), 0};
	struct option_list operands = {0};
	enum options_result r = options_parse(&options, argc, argv, &operands);
	int rc = EXIT_USAGE;

	if (r == OPTIONS_GO)
		rc = lint(&o, verbose, json);
	else if (r == OPTIONS_HELP)
		rc = EXIT_GOOD;
	offline_options_fini(&o);
	option_list_fini(&operands);
	return cli_flush(argv[0]) ? rc : EXIT_USAGE;
}
