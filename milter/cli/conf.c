/*
 * postern conf: every setting, from the one table; also as JSON, as the example
 * file that is installed, and as the generated parts of the manual pages.
 */
#include "base/clean.h"
#include "base/json.h"
#include "cli/cli.h"
#include "rule/keyword.h"

#include <stdio.h>

struct conf_options {
	struct cli_config_options config;
	bool json;
	bool example;
	const char *manual;
	bool changed;
};

/* A password in an address is nobody's business: redis://u:***@host. */
static void
format_value(
    const struct config *c, const struct config_row *row, struct buf *out)
{
	struct str s;
	size_t scheme, at, colon;

	buf_clear(out);
	config_format(c, row->name, out);
	s = buf_str(out);
	scheme = str_find(s, STR("://"));
	if (row->type != CONFIG_TYPE_STRING || scheme == STR_NPOS)
		return;
	at = str_rfind_char(s, '@');
	colon = str_find_char(str_skip(s, scheme + 3), ':');
	if (at == STR_NPOS || colon == STR_NPOS || scheme + 3 + colon > at)
		return;
	colon += scheme + 4;
	buf_clear(out);
	config_format(c, row->name, out);
	memmove(out->p + colon, out->p + at, out->len - at);
	out->len -= at - colon;
}

/* ---- for people --------------------------------------------------------- */

#define WIDTH 76

static void
print_words(const char *text, const char *indent)
{
	struct str rest = str_from(text), word;
	size_t at = 0;

	while ((word = str_word(&rest)).len > 0) {
		if (at > 0 && at + 1 + word.len > WIDTH) {
			printf("\n");
			at = 0;
		}
		at +=
		    (size_t)printf("%s%.*s", at ? " " : indent, STR_ARG(word));
	}
	printf("\n");
}

static void
print_row(const struct config *c, const struct config_row *row, struct buf *v)
{
	struct source_pos pos = config_where(c, row->name);
	struct buf clean;

	buf_init(&clean);
	format_value(c, row, v);
	clean_add_utf8(&clean, buf_str(v));
	printf("%s = %s\n", row->name, buf_cstr(&clean));
	if (pos.file == NULL)
		printf("    default");
	else if (pos.line == 0)
		printf("    %s; default %s", pos.file, row->def);
	else
		printf("    %s:%u; default %s", pos.file, pos.line, row->def);
	printf("; %s%s%s\n", config_type_text(row->type),
	    row->choices ? ": " : "", row->choices ? row->choices : "");
	print_words(row->doc, "    ");
	buf_fini(&clean);
}

static void
print_all(const struct config *c, bool changed)
{
	struct buf value;
	size_t count;
	const struct config_row *row = config_rows(&count);

	buf_init(&value);
	for (size_t i = 0; i < count; i++, row++) {
		if (row->type == CONFIG_TYPE_SECTION && !changed)
			printf("%s# %s\n\n", i ? "\n" : "", row->doc);
		else if (row->type != CONFIG_TYPE_SECTION &&
			 (!changed || config_where(c, row->name).file != NULL))
			print_row(c, row, &value);
	}
	buf_fini(&value);
}

/* ---- the example file --------------------------------------------------- */

static void
print_example(void)
{
	size_t count;
	const struct config_row *row = config_rows(&count);

	printf("# postern.conf: settings of posternd(8) and postern(1).\n"
	       "# Every setting stands here with its default, commented out; "
	       "postern.conf(5)\n# tells more, `postern conf` shows what is "
	       "in force.\n");
	for (size_t i = 0; i < count; i++, row++) {
		if (row->type == CONFIG_TYPE_SECTION) {
			printf("\n\n# ---- %s ----\n", row->doc);
			continue;
		}
		printf("\n");
		print_words(row->doc, "# ");
		if (row->choices != NULL)
			printf("# One of: %s\n", row->choices);
		printf(
		    "#%s =%s%s\n", row->name, row->def[0] ? " " : "", row->def);
	}
}

/* ---- the manual --------------------------------------------------------- */

/* Text for mdoc: a backslash, a leading dot or quote and `-` mean something; a
 * sentence begins a line. */
static void
print_roff(const char *text)
{
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			printf("\\e");
		else if (*text == '-')
			printf("\\-");
		else if (*text == ' ' && text[-1] == '.' && text[1] >= 'A' &&
			 text[1] <= 'Z')
			putchar('\n');
		else
			putchar(*text);
	}
	printf("\n");
}

static void
print_setting(const struct config_row *row)
{
	printf(".It Ic %s Pq %s", row->name, config_type_text(row->type));
	if (row->choices != NULL)
		printf(" : %s", row->choices);
	printf("\n");
	print_roff(row->doc);
	if (row->def[0] == '\0')
		return;
	printf("Default: ");
	print_roff(row->def);
}

static void
print_settings(void)
{
	size_t count;
	const struct config_row *row = config_rows(&count);

	for (size_t i = 0; i < count; i++, row++) {
		if (row->type != CONFIG_TYPE_SECTION) {
			print_setting(row);
			continue;
		}
		printf("%s.Ss %s\n.Bl -tag -width Ds\n", i ? ".El\n" : "",
		    row->doc);
	}
	printf(".El\n");
}

static void
print_variables(void)
{
	printf(".Bl -tag -width {client_addr} -compact\n");
#define VARIABLE(name, doc)             \
	printf(".It Li {%s}\n", #name); \
	print_roff(doc);
#include "policy/reply_variables.def"
	printf(".El\n");
}

static void
print_keywords(void)
{
	size_t count;
	const struct keyword *k = keyword_table(&count);

	printf(".Bl -tag -width Ds -compact\n");
	for (size_t i = 0; i < count; i++) {
		printf(".It Ic %s\n", k[i].name);
		if (k[i].kind == KEYWORD_UNUSED)
			print_roff("ignored:");
		print_roff(k[i].meaning);
	}
	printf(".El\n");
}

static const struct {
	const char *name;
	void (*print)(void);
} manual_parts[] = {
    {"settings", print_settings},
    {"variables", print_variables},
    {"keywords", print_keywords},
};

static bool
print_manual(const char *part)
{
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(part, manual_parts[i].name) != 0)
			continue;
		manual_parts[i].print();
		return true;
	}
	cli_complain("conf", "--manual wants settings, variables or keywords");
	return false;
}

/* ---- for programs ------------------------------------------------------- */

static struct json *
row_to_json(const struct config *c, const struct config_row *row, struct buf *v)
{
	struct source_pos pos = config_where(c, row->name);
	struct json *j = json_new_object();

	format_value(c, row, v);
	json_set_str(j, "name", str_from(row->name));
	json_set_str(j, "value", buf_str(v));
	json_set_str(j, "default", str_from(row->def));
	json_set_bool(j, "set", pos.file != NULL);
	json_set_str(j, "type", str_from(config_type_text(row->type)));
	if (row->choices != NULL)
		json_set_str(j, "choices", str_from(row->choices));
	if (pos.line > 0) {
		json_set_str(j, "file", str_from(pos.file));
		json_set_int(j, "line", pos.line);
	}
	json_set_str(j, "meaning", str_from(row->doc));
	return j;
}

static void
print_json(const struct config *c, bool changed)
{
	struct buf value, line;
	size_t count;
	const struct config_row *row = config_rows(&count);

	buf_init(&value);
	buf_init(&line);
	for (size_t i = 0; i < count; i++, row++) {
		struct json *j;

		if (row->type == CONFIG_TYPE_SECTION ||
		    (changed && config_where(c, row->name).file == NULL))
			continue;
		j = row_to_json(c, row, &value);
		buf_clear(&line);
		json_format(j, 0, &line);
		printf("%s\n", buf_cstr(&line));
		json_unref(&j);
	}
	buf_fini(&line);
	buf_fini(&value);
}

static bool
show(const struct config *c, const struct conf_options *o)
{
	if (o->manual != NULL)
		return print_manual(o->manual);
	if (o->example)
		print_example();
	else if (o->json)
		print_json(c, o->changed);
	else
		print_all(c, o->changed);
	return true;
}

int
command_conf(int argc, char **argv)
{
	struct conf_options o = {0};
	const struct option table[] = {
	    CLI_CONFIG_OPTIONS(&o.config),
	    {'j', "json", NULL, "One JSON line a setting", OPTION_FLAG,
		&o.json},
	    {0, "changed", NULL, "Only what is not at its default", OPTION_FLAG,
		&o.changed},
	    {0, "example", NULL,
		"The example file: every setting commented out", OPTION_FLAG,
		&o.example},
	    {0, "manual", "PART",
		"A part of the manual as mdoc: settings, variables, keywords",
		OPTION_TEXT, &o.manual},
	};
	const struct options options = {argv[0], "",
	    "Shows every setting with its value, where it was set, its default "
	    "and its meaning.",
	    table, sizeof(table) / sizeof(table[0]), 0};
	struct option_list operands = {0};
	struct config *c;
	enum options_result r = options_parse(&options, argc, argv, &operands);

	if (r == OPTIONS_GO) {
		c = cli_config_load(argv[0], &o.config);
		if (c == NULL || !show(c, &o))
			r = OPTIONS_WRONG;
		config_free(&c);
	}
	option_list_fini(&o.config.set);
	option_list_fini(&operands);
	return r != OPTIONS_WRONG && cli_flush(argv[0]) ? EXIT_GOOD
							: EXIT_USAGE;
}
