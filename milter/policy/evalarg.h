/*
 * Arguments of eval calls as Perl would take them: text is a number as far as
 * it begins like one, a missing argument is "undefined", which counts as 0.
 * Pure.
 */
#ifndef POSTERN_POLICY_EVALARG_H
#define POSTERN_POLICY_EVALARG_H

#include "rule/ruleset.h"

struct eval_args {
	const struct eval_arg *v;
	size_t len;
};

bool eval_has_arg(struct eval_args args, size_t i);
struct str eval_text_arg(struct eval_args args, size_t i);
double eval_number_arg(struct eval_args args, size_t i);

/*
 * Holds `value` against the rest of an expression, "< 384" or "+ 1 != 3": sums
 * and one comparison of whole numbers. False too when it is anything else.
 */
bool eval_compare(double value, struct str expression);

#endif
