/*
 * What can be said about rules once all are known: calls of eval functions,
 * rules that say the same, match all or nothing, and `test` lines. Private to
 * rule/; see loader.h.
 */
#ifndef POSTERN_RULE_CHECK_H
#define POSTERN_RULE_CHECK_H

#include "rule/loader.h"

/* Arguments and types of eval calls; always done, bad ones are invalid. */
void check_evals(struct loader *l);
/* Warnings of lint. */
void check_rules(struct loader *l);
/* Runs `test` lines: a rule that answers otherwise is an error. */
void check_tests(struct loader *l);

#endif
