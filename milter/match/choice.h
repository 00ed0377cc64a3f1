/*
 * Patterns as simple as /e/ or /(?:e|\xc3[\xa8\xa9])/: a choice of single bytes
 * and pairs of bytes, told apart by the first.
 *
 * Rules count the letters of a text with them. Finding the next one in a table
 * costs less than the call of PCRE2 for each would. Immutable; any number of
 * threads may search.
 */
#ifndef POSTERN_MATCH_CHOICE_H
#define POSTERN_MATCH_CHOICE_H

#include "base/regex.h"
#include "match/tree.h"

struct choice;

/* `tree` is that of `pattern`. NULL: the pattern is not of this kind. */
struct choice *choice_new(
    struct str pattern, unsigned flags, const struct node *tree);
void choice_free(struct choice **c);
/* The first match in `text` that begins at `from` or behind; as PCRE2's. */
bool choice_find(const struct choice *c, struct str text, size_t from,
    struct regex_span *at_out);

#endif
