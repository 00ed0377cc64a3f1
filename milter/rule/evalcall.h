/*
 * Arguments of eval calls: quoted strings, bare words, numbers (spec 2.11).
 */
#ifndef POSTERN_RULE_EVALCALL_H
#define POSTERN_RULE_EVALCALL_H

#include "base/arena.h"
#include "rule/ruleset.h"

/*
 * Splits what stands between the parentheses; `*args_out` in `a`. ERR_SYNTAX
 * with `*at_out` the byte that fits nowhere; ERR_LIMIT: over EVAL_ARG_MAX.
 */
int evalcall_split(struct arena *a, struct str text, struct eval_arg **args_out,
    size_t *count_out, size_t *at_out);

/*
 * What Perl takes a text for where a number is wanted: "0400", ".05", "1e3x",
 * "inf"; 0 for what does not begin like one.
 */
double evalcall_number(struct str text);

#endif
