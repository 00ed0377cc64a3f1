/*
 * Metas: the check of an expression when it is read, and the programs, order
 * and cycles once all rules are known. Private to rule/.
 */
#ifndef POSTERN_RULE_META_H
#define POSTERN_RULE_META_H

#include "rule/loader.h"

/* Compiles every meta of l->rs and fills meta_order. Rules are frozen. */
void meta_compile_all(struct loader *l);
/* The tags net and the priorities metas hand on to or take from others. */
void meta_settle(struct loader *l);
/* All metas in order, no rule open; `value` as in struct rule_values. */
void meta_judge_all(const struct ruleset *rs, double *value);
/* Finds what metas are worth when nothing hits, and who uses what. */
void meta_run_prepare(struct ruleset *rs);

#endif
