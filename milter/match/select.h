/*
 * Chooses the literals that select a view's jobs and builds their prefilter.
 *
 * Jobs without a usable literal stay "always tried". Control plane; blocks.
 */
#ifndef POSTERN_MATCH_SELECT_H
#define POSTERN_MATCH_SELECT_H

#include "match/plan.h"

/*
 * Sets jobs[].need, literals, uses and filter of `w`. Without a prefilter all
 * needs stay 0.
 */
void select_build(struct work *w, struct dfa_set *dfas, struct cache *cache);
void select_fini(struct work *w);

#endif
