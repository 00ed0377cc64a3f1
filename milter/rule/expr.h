/*
 * Expressions of metas and conditions, compiled to a small stack program.
 *
 * Perl's rules (spec 2.12): precedence ! * / + - < > == != ^ && || ?:, && and
 * || give operand values, ^ is bitwise, comparisons chain, numbers are doubles.
 * Knows tokens and numbers; what a word means is the caller's. A program is
 * immutable; any number of threads may run it.
 */
#ifndef POSTERN_RULE_EXPR_H
#define POSTERN_RULE_EXPR_H

#include "base/arena.h"
#include "base/bitset.h"
#include "rule/lex.h"

#define EXPR_UNKNOWN UINT32_MAX /* a rule nobody defines: worth 0 */

enum expr_op {
	EXPR_CONST,
	EXPR_RULE,
	EXPR_NOT,
	EXPR_MINUS,
	EXPR_MULTIPLY,
	EXPR_DIVIDE,
	EXPR_ADD,
	EXPR_SUBTRACT,
	EXPR_LESS,
	EXPR_LESS_EQUAL,
	EXPR_GREATER,
	EXPR_GREATER_EQUAL,
	EXPR_EQUAL,
	EXPR_NOT_EQUAL,
	EXPR_XOR,
	EXPR_AND,    /* false: jump and keep the value, true: drop it */
	EXPR_OR,     /* true: jump and keep the value, false: drop it */
	EXPR_BRANCH, /* drop the value; jump when it was false */
	EXPR_JUMP
};

struct expr_step {
	enum expr_op op;
	uint32_t operand; /* rule index, or jump distance from here */
	double value;	  /* EXPR_CONST */
};

/* A rule that alone decides that the meta is 0: by not hitting, or by hitting
 * (`veto`). */
struct meta_decider {
	uint32_t rule;
	bool veto;
};

struct meta_code {
	/* What every message looks at first. */
	struct truth_gate *truth; /* NULL: a calculation, no logic */
	double rest;		  /* its worth if nothing hits */
	uint32_t rule;		  /* its index */
	bool helper;		  /* rule_is_helper() */
	bool idle;		  /* has no points, and nobody looks at it */
	bool late;	 /* some dependency never runs: judged at the end */
	bool cyclic;	 /* part of a cycle: judged once, at the start */
	bool plain;	 /* neither, nor does it look at such metas */
	bool logical;	 /* nothing is calculated in it */
	unsigned nested; /* metas below it, on the longest way down */
	struct meta_decider *deciders; /* the best to ask first */
	uint32_t decider_count;
	uint32_t count; /* of the program */
	struct expr_step *steps;
	uint32_t *deps; /* rule indices, EXPR_UNKNOWN included */
	struct str *dep_names;
	uint32_t dep_count;
};

struct expr_error {
	size_t offset; /* of the token, into the text */
	char message[120];
};

/*
 * Compiles `count` tokens; words must have been given a rule index in `index`
 * (by token number; EXPR_UNKNOWN = worth 0) or turned into LEX_NUMBER with a
 * value. NULL with `*error_out` on bad syntax. Steps live in `a`.
 */
struct meta_code *expr_compile(struct arena *a, const struct lex_token *tokens,
    size_t count, const uint32_t *index, struct expr_error *error_out);

/*
 * Runs the program over hit values by rule index. False: a division by zero
 * was reached, `*out` is 0.
 */
bool expr_run(const struct meta_code *code, const double *value, double *out);

enum expr_end {
	EXPR_DONE,
	EXPR_DIVIDES_BY_ZERO,
	EXPR_WANTS /* the value of an open rule */
};

/*
 * The same where the values of the rules in `open` are not known: ends with
 * EXPR_WANTS and the first such rule it comes to.
 */
enum expr_end expr_run_open(const struct meta_code *code, const double *value,
    const struct bitset *open, double *out, uint32_t *wanted_out);

#endif
