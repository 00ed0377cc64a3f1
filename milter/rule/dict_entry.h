/*
 * One line below the `---` of a dictionary: weight, term, flags.
 *
 * Inside of rule/dict_parse.c and the override files. Refuses what would match
 * everything, or nothing, and says where on the line. Memory: the set's arena.
 */
#ifndef POSTERN_RULE_DICT_ENTRY_H
#define POSTERN_RULE_DICT_ENTRY_H

#include "rule/dict.h"

/* The line being read. */
struct dict_line {
	const char *file;
	uint32_t number;
	struct str text;
	struct diags *diags;
	struct arena *memory;
	bool override; /* `-term` removes */
};

struct dict_entry {
	bool remove;
	struct dict_term term;
	struct str key; /* equal for entries about the same term */
};

/* False: a diag says what is wrong with the line. Neither blank nor comment. */
bool dict_entry_parse(const struct dict_line *line, struct dict_entry *out);

/* A diag at byte `at` of the line. Always false. */
bool dict_line_fail(const struct dict_line *line, const char *at,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct source_pos dict_line_pos(const struct dict_line *line, const char *at);

/* `s` up to a `#` that starts it or follows white space, trimmed right. */
struct str dict_line_uncomment(struct str s);

#endif
