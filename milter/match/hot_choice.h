/*
 * Which states of an automaton are hot, found out by watching texts go through
 * it: first where they are, then whether hot states pay.
 *
 * Readers of the automaton count without waiting for each other and may lose
 * some; the choice is made, and judged, under the owner's lock.
 */
#ifndef POSTERN_MATCH_HOT_CHOICE_H
#define POSTERN_MATCH_HOT_CHOICE_H

#include "match/hot.h"

struct hot_choice {
	unsigned *visits; /* by number of a state; atomic, as all below */
	unsigned waits;	  /* for so many visits or runs */
	unsigned passed;  /* bytes gone through hot states, and ... */
	unsigned left;	  /* ... how often they ended at another state */
	struct hot *hot;  /* NULL: not yet, or it does not pay */
	struct hot *unfit;
};

/* For at most so many states. Nothing is chosen, and visits are waited for. */
void hot_choice_begin(struct hot_choice *c, size_t states);
void hot_choice_fini(struct hot_choice *c); /* and what was chosen */

/* A text is at state number `state`, one by one or as a sample. */
void hot_choice_visit(struct hot_choice *c, size_t state);
/* A run through hot states took `bytes`; did it end at another one? */
void hot_choice_ran(struct hot_choice *c, size_t bytes, bool left);

/* More is to be seen. */
void hot_choice_wait(struct hot_choice *c, unsigned count);

/* ---- under the lock, when no more is waited for -------------------------- */

/* Also when it was judged already. */
static inline bool
hot_choice_is_made(const struct hot_choice *c)
{
	return c->hot != NULL || c->unfit != NULL;
}
/* Numbers of the first `count` states that are hot, state 0 in front; how many.
 * 0: texts are elsewhere too often. */
size_t hot_choice_states(
    const struct hot_choice *c, size_t count, uint32_t *states_out);
/* Takes it over, and waits for runs through it. */
void hot_choice_use(struct hot_choice *c, struct hot *hot);
/* Against it, if runs through it are too short; `has_lanes`: what there is
 * instead is faster than going state by state. */
void hot_choice_judge(struct hot_choice *c, bool has_lanes);

/* ---- for readers --------------------------------------------------------- */

/* NULL: there are none. */
static inline const struct hot *
hot_choice_hot(const struct hot_choice *c)
{
	return __atomic_load_n(&c->hot, __ATOMIC_ACQUIRE);
}

/* Are there more visits or runs to be seen? */
static inline bool
hot_choice_is_open(const struct hot_choice *c)
{
	return __atomic_load_n(&c->waits, __ATOMIC_RELAXED) > 0;
}

/* Was enough seen, and no state is hot? */
static inline bool
hot_choice_is_against(const struct hot_choice *c)
{
	return hot_choice_hot(c) == NULL && !hot_choice_is_open(c);
}

#endif
