/*
 * One dictionary from its text and the text of its override.
 *
 * Inside of rule/dict.c. Everything lands in the set's arena, which the slices
 * of the result point into; so must the two texts.
 */
#ifndef POSTERN_RULE_DICT_PARSE_H
#define POSTERN_RULE_DICT_PARSE_H

#include "rule/dict.h"

struct dict_file {
	const char *name; /* for diagnostics; outlives the set */
	struct str text;
};

/*
 * Adds the dictionary to `set`; `override` may be NULL. Every bad line is a
 * diag, the good ones are kept.
 */
void dict_parse_file(struct dict_set *set, const struct dict_file *file,
    const struct dict_file *override, struct diags *diags);

/* "dir/pharma.local.dict" -> "pharma". */
struct str dict_file_stem(struct str path);

#endif
