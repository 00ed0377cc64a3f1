/*
 * Lines of the rule language to drafts. Private to rule/; see loader.h.
 */
#ifndef POSTERN_RULE_PARSE_H
#define POSTERN_RULE_PARSE_H

#include "rule/loader.h"

/* meta.c: is the expression one that can be compiled? A diagnostic if not. */
bool parse_meta_check(
    struct loader *l, const struct line *line, struct str text);

#endif
