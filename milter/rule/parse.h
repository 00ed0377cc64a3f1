/*
 * Lines of the rule language to drafts. Private to rule/; see loader.h.
 */
#ifndef POSTERN_RULE_PARSE_H
#define POSTERN_RULE_PARSE_H

#include "rule/loader.h"

/* meta.c: is the expression one that can be compiled? A diagnostic if not. */
bool parse_meta_check(
    struct loader *l, const struct line *line, struct str text);

/* Rule name and the rest; false (a diagnostic) when one is missing. */
bool parse_take_name(struct loader *l, const struct line *line,
    struct str *name_out, struct str *rest_out);
bool parse_check_name(
    struct loader *l, const struct line *line, struct str name);
/*
 * The draft takes this line as its definition, of type `type`; NULL (a
 * diagnostic) when there are too many rules.
 */
struct rule *parse_define(struct loader *l, const struct line *line,
    struct draft *d, enum rule_type type);

/* parse_pattern.c */
void parse_regex_rule(struct loader *l, const struct line *line,
    enum rule_type type, enum rule_type eval_type);
void parse_header(struct loader *l, const struct line *line);
void parse_mimeheader(struct loader *l, const struct line *line);
void parse_uri_detail(struct loader *l, const struct line *line);

#endif
