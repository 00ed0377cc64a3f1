/*
 * Named captures and the templates that use them (spec 2.15).
 *
 * A pattern with a group whose name starts with a capital sets the tag of that
 * name; a pattern with %{NAME} or %{NAME(args)} is compiled per message, when
 * the tags are known. Pure; any thread.
 */
#ifndef POSTERN_RULE_TEMPLATE_H
#define POSTERN_RULE_TEMPLATE_H

#include "rule/ruleset.h"

/*
 * Sets captures, template and tag of a rule from its `perl` text. As in
 * SpamAssassin 4.0.1 the last %{TAG} is the one that is filled; how many others
 * there are.
 */
unsigned template_mark(struct arena *a, struct rule *r);

/* `%{NAME}` as `%\{NAME\}`: the form that is no quantifier. */
struct str template_escape(struct arena *a, struct str perl);

/*
 * The values of a tag, by "NAME" or "TAG(args)"; the count, 0: undefined. Given
 * by the caller, who knows the message.
 */
typedef size_t (*template_values)(
    void *context, struct str tag, struct str *values, size_t max);

/*
 * The pattern of template rule `r` with the tags of one message put in, for
 * regex_compile() with r->regex_flags; NULL in `out->p`: some tag is undefined
 * and the rule does not run, or the result is over TEMPLATE_SIZE_MAX.
 */
struct str template_fill(const struct rule *r, struct arena *a,
    template_values values, void *context);

#endif
