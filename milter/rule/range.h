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

/* Steps [first, end), which leave one value. False: nothing can be told (a
 * division may be one by zero). */
bool range_run_steps(const struct meta_code *code, uint32_t first, uint32_t end,
    const struct range_source *from, struct range *out);

/* The whole program. */
static inline bool
range_run(const struct meta_code *code, const struct range_source *from,
    struct range *out)
{
	return range_run_steps(code, 0, code->count, from, out);
}

struct range range_add(struct range x, struct range y);
/* What a comparison, `op`, comes to. */
struct range range_compare(enum expr_op op, struct range x, struct range y);

/* Exactly one value? */
static inline bool
range_is_one(struct range r)
{
	return r.least == r.most;
}

/* What is open of a meta, where this is open of its result: a negative result
 * counts as one hit. */
static inline struct range
range_as_hits(struct range r)
{
	if (r.least >= 0)
		return r;
	return (struct range){r.most<0, r.most> 1 ? r.most : 1};
}

static inline bool
range_is_zero(struct range r)
{
	return r.least == 0 && r.most == 0;
}

static inline bool
range_has_zero(struct range r)
{
	return r.least <= 0 && r.most >= 0;
}

#endif
