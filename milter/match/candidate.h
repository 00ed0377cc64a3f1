/*
 * Which jobs of a view may match which of its strings.
 *
 * Runs the literal prefilter over all strings at once and the shapes over each,
 * notes pairs of job and string, and tries them. What is not a candidate cannot
 * match. One thread at a time.
 */
#ifndef POSTERN_MATCH_CANDIDATE_H
#define POSTERN_MATCH_CANDIDATE_H

#include "match/attempt.h"

/* False: nothing can be told, every job has to be tried. */
bool candidate_find(struct run *r, enum view view, const struct work *w);
/* Tries what was found, by job and then in order of strings, or leaves it for
 * candidate_try_open(). */
void candidate_try(struct run *r, enum view view, const struct work *w);
/* Tries one job's candidates. */
void candidate_try_open(
    struct run *r, const struct job *j, const struct open_rule *open);

#endif
