/*
 * What an expression may come to while some of its rules' values are not known.
 *
 * Interval arithmetic over the programs of rule/expr.h. Sound, not sharp: what
 * the program gives for any values within the operands' ranges lies within the
 * result's. Pure; any number of threads.
 */
#ifndef POSTERN_RULE_RANGE_H
#define POSTERN_RULE_RANGE_H

#include "base/bitset.h"
#include "rule/expr.h"

#include <math.h>

struct range {
	double least; /* may be infinite, as `most` */
	double most;
};

/* Any number of hits. */
static const struct range range_of_hits = {0, INFINITY};

/* By rule index: the value, or for members of `open` the range. */
struct range_source {
	const double *value;
	const struct bitset *open;
	const struct range *range;
};

/* False: nothing can be told (a division may be one by zero). */
bool range_run(const struct meta_code *code, const struct range_source *from,
    struct range *out);

/* Exactly one value? */
static inline bool
range_is_one(struct range r)
{
	return r.least == r.most;
}

#endif
