/*
 * The spam score: every rule that hit with its points, dictionary symbols, DNS
 * lists that only weigh. Rounded to three places, as SpamAssassin rounds, so
 * that the same rules give the same number. Pure.
 */
#ifndef POSTERN_POLICY_SCORE_H
#define POSTERN_POLICY_SCORE_H

#include "match/scan.h"
#include "policy/facts.h"

struct score_input {
	const struct ruleset *rules;
	unsigned score_set;
	const struct hits *hits;
	const struct facts *facts;
	double access; /* points of access lists */
};

/* Points of one rule's hit; shadow rules and `__` rules have none. */
double score_of_rule(const struct rule *r, unsigned score_set);

/*
 * Fills score, parts and part_count of `out`. With the arena full the parts may
 * be missing; the score is always whole.
 */
void score_sum(
    const struct score_input *in, struct arena *a, struct verdict *out);

#endif
