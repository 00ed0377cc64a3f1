/*
 * The few states of an automaton that texts are in most of the time, in tables
 * that one register holds: a step through them waits for one instruction, where
 * a row of transitions makes it wait for memory.
 *
 * For each group of bytes there is a column of sixteen numbers, where each
 * state goes with them; the last number is for all states that are not here.
 * Immutable once built. Only for machines that look up sixteen bytes at once.
 */
#ifndef POSTERN_MATCH_HOT_H
#define POSTERN_MATCH_HOT_H

#include "base/str.h"
#include "match/nfa.h"

#define HOT_STATES 15

struct hot;

/* Can this machine make use of it? */
bool hot_is_of_use(void);
/*
 * `states` are at most HOT_STATES, the first one is state 0; `next` tells where
 * one goes with a group of bytes of `n`: what is not among them leaves.
 */
struct hot *hot_new(const struct nfa *n, const uint32_t *states, size_t count,
    uint32_t (*next)(const void *context, uint32_t state, unsigned group),
    const void *context);
void hot_free(struct hot **h);
size_t hot_size(const struct nfa *n); /* bytes */

/*
 * From `from` on, where `*state` is, to the text's end, or to where state 0 is
 * reached at `idle` or behind, or to a few bytes in front of where another
 * state is. Returns the offset, `*state` is the state there.
 */
size_t hot_run(const struct hot *h, struct str text, size_t from, size_t idle,
    uint32_t *state);

#endif
