/*
 * Patterns against texts made to hurt them: does matching stay within a step
 * limit that grows linearly with the text? Private to rule/; see loader.h.
 *
 * The texts come from the pattern itself (its literals and classes, repeated,
 * with an end that fails) and from what foreign mail is padded with. Step
 * counts, not clocks, so the answer is the same on every machine.
 */
#ifndef POSTERN_RULE_PROBE_H
#define POSTERN_RULE_PROBE_H

#include "rule/loader.h"

/* Warns of, or with options->refuse_slow refuses, every pattern that blows up.
 */
void probe_rules(struct loader *l);

/* True when some probe of `size` bytes hit the limit. `perl` gives the texts.
 */
bool probe_pattern(const struct regex *re, struct str perl, size_t size);

#endif
