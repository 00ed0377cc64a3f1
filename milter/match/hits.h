/*
 * The result arrays of a scan: made, and filled one hit at a time.
 */
#ifndef POSTERN_MATCH_HITS_H
#define POSTERN_MATCH_HITS_H

#include "match/scan.h"

/* Rules named in hits.limited; further ones are not listed twice or at all. */
#define HITS_LIMITED_MAX 256

/* Arrays for `rules` rules; false when the arena has no room. */
bool hits_init(struct hits *h, size_t rules, struct arena *a);
/* What rule `index` matched; the first is kept. Memory from `a`. */
void hits_add_span(
    struct hits *h, struct arena *a, uint32_t index, struct match_span span);
void hits_drop_span(struct hits *h, uint32_t index);
/* Rule `index` ran into a matching limit. */
void hits_add_limited(struct hits *h, uint32_t index);
bool hits_is_limited(const struct hits *h, uint32_t index);

#endif
