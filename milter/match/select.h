/*
 * Chooses the literals that select a view's jobs and builds their prefilter.
 *
 * Jobs without a usable literal stay "always tried". Control plane; blocks.
 */
#ifndef POSTERN_MATCH_SELECT_H
#define POSTERN_MATCH_SELECT_H

#include "match/plan.h"
#include "match/sample.h"

/*
 * Sets jobs[].always, uses, filters and groups of the view's work, whose jobs
 * have `keys` keys, and what may be asked before or instead of a job's regex.
 * Without it all jobs are always tried.
 */
void select_build(
    struct plan *p, enum view view, size_t keys, const struct sample *sample);
void select_fini(struct work *w);

#endif
