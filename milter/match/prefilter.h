/*
 * A set of literals searched all at once in one text.
 *
 * Few literals are looked for by two adjacent bytes of each, sixteen places at
 * a time. Of many, the four bytes at every second place are looked up: first in
 * a table of bits, then, with the bytes around them, in one of slots. What is
 * found so is compared in full. Either way a text costs a few instructions a
 * byte, however many literals there are.
 *
 * Immutable and shared once built; a scan keeps nothing.
 */
#ifndef POSTERN_MATCH_PREFILTER_H
#define POSTERN_MATCH_PREFILTER_H

#include "base/str.h"

struct prefilter;

#define PREFILTER_LITERAL_MAX 16 /* bytes of a literal, none of them NUL */
#define PREFILTER_PADDING 32	 /* bytes behind a folded text */

struct prefilter_literal {
	struct str text;
	bool nocase; /* ASCII letters match either case */
	uint32_t id; /* to tell it by */
};

/* NULL when `n` is 0. `v` is not kept. */
struct prefilter *prefilter_new(const struct prefilter_literal *v, size_t n);
void prefilter_free(struct prefilter **f);

/*
 * The form texts are searched in: ASCII letters small, PREFILTER_PADDING NULs
 * behind. `out` has room for both.
 */
void prefilter_fold(struct str text, char *out);

/*
 * Literal `id` is in [start, end). Every place is told once a literal; places
 * come nearly in order, those of literals of one byte last.
 */
typedef void prefilter_found(
    void *context, uint32_t id, size_t start, size_t end);

/* `folded`: `text` as prefilter_fold() leaves it. */
void prefilter_scan(const struct prefilter *f, struct str text,
    const char *folded, prefilter_found *found, void *context);

#endif
