/*
 * Perl regex literals as rule files write them: delimiters, flags, what is
 * refused, and the rewriting into PCRE2's dialect (spec 2.3).
 *
 * Knows Perl's syntax and where PCRE2 differs; compiles nothing. Pure.
 */
#ifndef POSTERN_RULE_PATTERN_H
#define POSTERN_RULE_PATTERN_H

#include "base/arena.h"

struct pattern_error {
	size_t offset; /* into the text given */
	char message[160];
};

/* A literal taken apart; slices of the text it came from. */
struct pattern_literal {
	struct str body;  /* between the delimiters */
	struct str flags; /* letters after the end delimiter */
	size_t body_offset;
};

/*
 * Takes `/.../flags` or `m{...}flags` apart and refuses what Perl or
 * SpamAssassin would: bad delimiters, code blocks, delimiters inside. 0 or
 * ERR_SYNTAX.
 */
int pattern_split(struct str text, struct pattern_literal *out,
    struct pattern_error *error_out);

/* Empty, `||`, leading or trailing `|`: why it always matches, or NULL. */
const char *pattern_always_matches(struct str body);

/* "(?flags)body", the form tags are replaced in and the census shows. */
struct str pattern_join(struct arena *a, const struct pattern_literal *l);

/*
 * From Perl text (flags in front) to what PCRE2 takes: `*out` text in `a`,
 * `*flags_out` enum regex_flag of the leading flag group. Refuses what Perl
 * refuses or warns about. 0 or ERR_SYNTAX.
 */
int pattern_translate(struct arena *a, struct str perl, struct str *out,
    unsigned *flags_out, struct pattern_error *error_out);

#endif
