/*
 * Chooses the literals that select a view's jobs and builds their prefilter.
 *
 * Jobs without a usable literal stay "always tried". Control plane; blocks.
 */
#ifndef POSTERN_MATCH_SELECT_H
#define POSTERN_MATCH_SELECT_H

#include "match/plan.h"

/*
 * Sets jobs[].need, literals, uses, filters and groups of `w`, whose jobs have
 * `keys` keys. Without it all needs stay 0.
 */
void select_build(struct work *w, size_t keys, struct dfa_set *dfas);
void select_fini(struct work *w);

#endif
