/*
 * Whether a text has as many bytes in a row without a newline as every match of
 * a pattern does: most mail has only short lines, and is refused at a glance.
 */
#ifndef POSTERN_MATCH_UNBROKEN_H
#define POSTERN_MATCH_UNBROKEN_H

#include "match/tree.h"

#define UNBROKEN_MIN ((size_t)100) /* fewer are in the lines of most mail */
#define UNBROKEN_MAX ((size_t)65535)

/* As many as a match has at least, up to UNBROKEN_MAX; 0: below UNBROKEN_MIN.
 */
size_t unbroken_least(const struct node *tree);
/* Looks at each `len`th byte when lines are short; `len` is not 0. */
bool unbroken_is_in(struct str text, size_t len);

#endif
