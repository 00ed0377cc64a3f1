/*
 * A Perl pattern compiled for PCRE2, with all texts that belong to it. Private
 * to rule/.
 */
#ifndef POSTERN_RULE_COMPILE_H
#define POSTERN_RULE_COMPILE_H

#include "rule/loader.h"
#include "rule/pattern.h"

struct compiled {
	struct str perl;      /* flags in front */
	struct str pattern;   /* the same for PCRE2, %{TAG} escaped */
	unsigned regex_flags; /* enum regex_flag */
	struct regex *regex;
};

/*
 * Translates and compiles `perl`; `*out` owns the regex, its texts live in the
 * loader's arena (`perl` as long as it did). False: `*error_out` says why, the
 * offset is into `perl`, or STR_NPOS where the place is not known.
 */
bool compile_perl(struct loader *l, struct str perl, struct compiled *out,
    struct pattern_error *error_out);

#endif
