/*
 * Where in a text a match of an nfa may begin, told by three bytes: what an
 * automaton skips to while no match is under way.
 *
 * Sixteen places are looked at together: each half of a byte is looked up in a
 * table of the starts it may belong to, of which there are eight kinds. More
 * places than true ones are found, never fewer. Immutable once built; any
 * number of threads may search.
 */
#ifndef POSTERN_MATCH_STARTS_H
#define POSTERN_MATCH_STARTS_H

#include "base/str.h"
#include "match/nfa.h"

struct starts;

/* NULL: nearly every place is one, or none but the text's own start. */
struct starts *starts_new(const struct nfa *n);
void starts_free(struct starts **s);

/* The first one in [from, to); `to`, which is in the text: there is none. */
size_t starts_next(
    const struct starts *s, struct str text, size_t from, size_t to);

#endif
