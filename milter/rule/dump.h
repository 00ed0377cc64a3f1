/*
 * One rule as JSON: what `postern rules --json` prints and parity tests
 * compare.
 *
 * Bytes above 7F in patterns are \u00NN, one each. Pure; any thread.
 */
#ifndef POSTERN_RULE_DUMP_H
#define POSTERN_RULE_DUMP_H

#include "base/json.h"
#include "rule/ruleset.h"

/*
 * name, type, pattern (as written: literal, expression or call), score (of
 * `score_set`), scores, tflags, file, line, priority, enabled; by type header,
 * exists, neg, if_unset, source, re, re_before_replace, expr, deps, eval, args,
 * uri_detail; describe, action, conditions where there are any. New reference.
 */
struct json *rule_dump(const struct rule *r, unsigned score_set);

#endif
