/*
 * Is an expression true while some of its rules' values are not known?
 *
 * Most expressions are && || ! and sums of rules held against a number: they
 * become gates of three-valued logic, in which an operand is the truth of a
 * rule, two bits, or of its negation. What else is calculated in them is left
 * to rule/range.h. Sound, not sharp, as ranges are. Pure; any number of
 * threads.
 */
#ifndef POSTERN_RULE_TRUTH_H
#define POSTERN_RULE_TRUTH_H

#include "rule/range.h"

enum truth { TRUTH_NO = 1, TRUTH_YES = 2, TRUTH_OPEN = TRUTH_NO | TRUTH_YES };

/* By literal, each an enum truth: does the rule hit, and does it not? */
#define TRUTH_LITERAL(rule, negated) (2 * (size_t)(rule) + (negated))
#define TRUTH_RULE(literal) ((literal) / 2)

static inline void
truth_set(uint8_t *literals, uint32_t rule, enum truth t)
{
	static const uint8_t negation[] = {
	    [TRUTH_NO] = TRUTH_YES, [TRUTH_YES] = TRUTH_NO, TRUTH_OPEN};

	literals[TRUTH_LITERAL(rule, 0)] = (uint8_t)t;
	literals[TRUTH_LITERAL(rule, 1)] = negation[t];
}

/* Literals stand beside their gate: most gates are looked at once a message. */
struct truth_gate {
	enum {
		GATE_ALL,
		GATE_ANY,
		GATE_SUM,  /* compared with a number */
		GATE_STEPS /* of the program */
	} kind;
	bool negated;	 /* sum, steps */
	enum expr_op op; /* sum */
	double than;
	uint32_t first; /* steps */
	uint32_t end;
	struct truth_gate *inputs; /* beside the literals */
	struct truth_gate *next;
	uint32_t literal_count;
	uint32_t literals[]; /* of a sum: rules that are 0 or 1 */
};

/*
 * Makes code->truth, in `a`, NULL where all of it is calculated, and
 * code->logical: nothing is. `flags`: the rules that are worth either 0 or 1.
 */
void truth_compile(
    struct arena *a, struct meta_code *code, const struct bitset *flags);

/* Literals as truth_set() leaves them, `from` as for range_run(). */
enum truth truth_run(const struct meta_code *code, const uint8_t *literals,
    const struct range_source *from);

/* The first open rule on which a gate depends, nothing in which is calculated;
 * EXPR_UNKNOWN: it does not depend on any. */
uint32_t truth_wants(const struct truth_gate *g, const uint8_t *literals);

#endif
