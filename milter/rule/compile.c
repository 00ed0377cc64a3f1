#include "rule/compile.h"

#include "base/regex.h"

/* PCRE2 counts in what it was given; the same byte of the Perl text. */
static size_t
place_in_perl(struct str perl, struct str pattern, size_t offset)
{
	if (pattern.len > perl.len ||
	    !str_eq(str_skip(perl, perl.len - pattern.len), pattern))
		return STR_NPOS;
	return perl.len - pattern.len + offset;
}

bool
compile_perl(struct loader *l, struct str perl, struct compiled *out,
    struct pattern_error *error_out)
{
	struct regex_error re;
	struct str pattern;
	unsigned flags;
	struct regex *regex;

	if (pattern_translate(&l->scratch, perl, &pattern, &flags, error_out) !=
	    0)
		return false;
	regex = regex_compile(pattern, flags, &re);
	if (regex == NULL) {
		error_out->offset = place_in_perl(perl, pattern, re.offset);
		memcpy(
		    error_out->message, re.message, sizeof(error_out->message));
		return false;
	}
	*out = (struct compiled){.perl = perl,
	    .pattern =
		str_eq(pattern, perl) ? perl : arena_copy(l->arena, pattern),
	    .regex_flags = flags,
	    .regex = regex};
	return true;
}
