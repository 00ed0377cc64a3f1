/*
 * Counts the matches of a pattern that is one of a few short strings, without
 * asking PCRE2 about each: rules that count letters have hundreds a message.
 * Sixteen bytes at a time where no longer string begins.
 *
 * Exact: what Perl's while (/.../g) would count, leftmost first and of several
 * alternatives at one place the earlier. A pattern for which that is not plain
 * to see has no counter. Immutable once built; any number of threads may count.
 */
#ifndef POSTERN_MATCH_COUNTER_H
#define POSTERN_MATCH_COUNTER_H

#include "base/regex.h"
#include "match/tree.h"

#define COUNTER_STRINGS_MAX 64 /* alternatives, each multiplied out */
#define COUNTER_LENGTH_MAX 8   /* bytes of one */

struct counter;

/* `tree` is what `pattern` was read into. NULL: it is not so simple. Heap. */
struct counter *counter_new(
    struct str pattern, unsigned flags, const struct node *tree);
void counter_free(struct counter **c);
/* Does it match single bytes and nothing else? */
bool counter_is_class(const struct counter *c);

/* Matches in `text`, `most` at most; where the first one is `*first_out` (may
 * be NULL), untouched when there is none. */
size_t counter_count(const struct counter *c, struct str text, size_t most,
    struct regex_span *first_out);

#endif
