#include "cli/options.h"

#include "base/mem.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#define HELP_COLUMN 26
#define HELP_WIDTH 79

void
option_list_fini(struct option_list *l)
{
	free(l->v);
	*l = (struct option_list){0};
}

static void
list_add(struct option_list *l, const char *text)
{
	l->v = mem_resize(l->v, l->len + 1, sizeof(*l->v));
	l->v[l->len++] = text;
}

/* ---- help --------------------------------------------------------------- */

/* Words of `text` from column `column` on, wrapped. */
static void
print_wrapped(const char *text, size_t at, size_t column)
{
	struct str rest = str_from(text), word;
	bool first = true;

	while ((word = str_word(&rest)).len > 0) {
		if (!first && at + 1 + word.len > HELP_WIDTH) {
			printf("\n%*s", (int)column, "");
			at = column;
			first = true;
		}
		at += (size_t)printf("%s%.*s", first ? "" : " ", STR_ARG(word));
		first = false;
	}
	printf("\n");
}

static void
print_option(const struct option *o)
{
	int at;

	if (o->letter != '\0')
		at = printf("  -%c, --%s", o->letter, o->name);
	else
		at = printf("      --%s", o->name);
	if (o->value != NULL)
		at += printf(" %s", o->value);
	if (at >= HELP_COLUMN - 1)
		printf("\n");
	printf(
	    "%*s", at >= HELP_COLUMN - 1 ? HELP_COLUMN : HELP_COLUMN - at, "");
	print_wrapped(o->doc, HELP_COLUMN, HELP_COLUMN);
}

static void
print_help(const struct options *o)
{
	static const struct option help = {
	    'h', "help", NULL, "Show this help", OPTION_FLAG, NULL};

	printf("usage: postern %s [OPTION...]%s%s\n\n", o->command,
	    o->usage[0] ? " " : "", o->usage);
	print_wrapped(o->about, 0, 0);
	printf("\n");
	for (size_t i = 0; i < o->count; i++)
		print_option(&o->table[i]);
	print_option(&help);
}

/* ---- parsing ------------------------------------------------------------ */

static bool
store(const struct options *o, const struct option *option, const char *value)
{
	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)option->target = true;
		return true;
	case OPTION_TEXT:
		*(const char **)option->target = value;
		return true;
	case OPTION_TEXTS:
		list_add(option->target, value);
		return true;
	case OPTION_NUMBER:
		if (str_to_i64(str_from(value), option->target))
			return true;
		cli_complain(o->command, "--%s wants a number, not \"%.80s\"",
		    option->name, value);
		return false;
	}
	return false;
}

static const struct option *
find_long(const struct options *o, struct str name)
{
	for (size_t i = 0; i < o->count; i++)
		if (str_is(name, o->table[i].name))
			return &o->table[i];
	return NULL;
}

static const struct option *
find_short(const struct options *o, char letter)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->table[i].letter == letter)
			return &o->table[i];
	return NULL;
}

/*
 * One option word. `value` is what stands in the same word, `next` the word
 * after it. Returns how many words were used, 0 when wrong.
 */
static int
take(const struct options *o, const struct option *option, const char *value,
    const char *next)
{
	if (option->kind == OPTION_FLAG && value != NULL) {
		cli_complain(o->command, "--%s takes no value", option->name);
		return 0;
	}
	if (option->kind == OPTION_FLAG)
		return store(o, option, NULL) ? 1 : 0;
	if (value != NULL)
		return store(o, option, value) ? 1 : 0;
	if (next == NULL) {
		cli_complain(o->command, "--%s wants a value: %s", option->name,
		    option->value);
		return 0;
	}
	return store(o, option, next) ? 2 : 0;
}

static int
take_long(const struct options *o, const char *word, const char *next)
{
	struct str value = str_from(word + 2), name = str_cut(&value, '=');
	const struct option *option = find_long(o, name);

	if (option == NULL) {
		cli_complain(o->command, "unknown option --%.*s (try --help)",
		    STR_ARG(name));
		return 0;
	}
	return take(o, option, value.p, next);
}

/* Flags may be joined: -jv. */
static int
take_short(const struct options *o, const char *word, const char *next)
{
	for (const char *p = word + 1; *p != '\0'; p++) {
		const struct option *option = find_short(o, *p);

		if (option == NULL) {
			cli_complain(
			    o->command, "unknown option -%c (try --help)", *p);
			return 0;
		}
		if (option->kind != OPTION_FLAG)
			return take(o, option, p[1] ? p + 1 : NULL, next);
		store(o, option, NULL);
	}
	return 1;
}

static bool
is_help(const struct options *o, const char *word)
{
	return strcmp(word, "--help") == 0 ||
	       (strcmp(word, "-h") == 0 && find_short(o, 'h') == NULL);
}

enum options_result
options_parse(const struct options *o, int argc, char **argv,
    struct option_list *operands_out)
{
	bool options = true;

	for (int i = 1; i < argc;) {
		const char *word = argv[i];
		int used = 1;

		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && is_help(o, word)) {
			print_help(o);
			return OPTIONS_HELP;
		} else if (options && word[0] == '-' && word[1] != '\0') {
			const char *next = i + 1 < argc ? argv[i + 1] : NULL;

			used = word[1] == '-' ? take_long(o, word, next)
					      : take_short(o, word, next);
		} else if (operands_out->len == o->most) {
			cli_complain(
			    o->command, "too many words: \"%s\"", word);
			used = 0;
		} else {
			list_add(operands_out, word);
		}
		if (used == 0)
			return OPTIONS_WRONG;
		i += used;
	}
	return OPTIONS_GO;
}
