/*
 * How many steps PCRE2 can take at most to search a text with a pattern, told
 * from the pattern and the text's length.
 *
 * A proof, not an estimate: where nothing good can be proved the answer is
 * endless. Pure. A step is what REGEX_COUNTED counts, an item looked at; a byte
 * that a loop takes or a back-reference compares is one, too.
 */
#ifndef POSTERN_MATCH_EFFORT_H
#define POSTERN_MATCH_EFFORT_H

#include "match/tree.h"

#define EFFORT_LINE_MIN ((size_t)32)   /* bytes; a shorter one is no gain */
#define EFFORT_LINE_MAX ((size_t)4096) /* a longer one is not asked about */

/* Steps of one search of any line of `len` bytes; HUGE_VAL: no bound is known.
 * A line may end in a newline, and has no other. */
double effort_bound(const struct node *tree, size_t len);

/* The length up to which every line takes `steps` at most; 0: it would be less
 * than EFFORT_LINE_MIN. */
size_t effort_line_max(const struct node *tree, double steps);

#endif
