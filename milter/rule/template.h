/*
 * Named captures and the templates that use them (spec 2.15).
 *
 * A pattern with a group whose name starts with a capital sets the tag of that
 * name; a pattern with %{NAME} or %{NAME(args)} is compiled per message, when
 * the tags are known (who scans does that). Pure; any thread.
 */
#ifndef POSTERN_RULE_TEMPLATE_H
#define POSTERN_RULE_TEMPLATE_H

#include "rule/ruleset.h"

/* Sets captures, template and tags of a rule from its `perl` text. */
void template_mark(struct arena *a, struct rule *r);

/* `%{NAME}` as `%\{NAME\}`: the form that is no quantifier. */
struct str template_escape(struct arena *a, struct str perl);

#endif
