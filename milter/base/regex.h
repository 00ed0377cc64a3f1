/*
 * Regular expressions over bytes: PCRE2 with JIT and hard limits.
 *
 * Patterns are Perl's, matched bytewise (no UTF mode). With REGEX_CASELESS the
 * letters of Latin-1 fold as in Perl's /aai: C0-DE (not D7) with E0-FE (not
 * F7); \w \d \s stay ASCII. Compiled patterns are immutable and shared by
 * threads; each scan borrows a regex_scratch. A match that exceeds a limit
 * reports ERR_LIMIT and never runs on: match steps, depth and heap are all
 * bounded.
 */
#ifndef POSTERN_BASE_REGEX_H
#define POSTERN_BASE_REGEX_H

#include "base/str.h"

struct regex;
struct regex_scratch;

enum regex_flag {
	REGEX_CASELESS = 1 << 0,	/* i */
	REGEX_MULTILINE = 1 << 1,	/* m */
	REGEX_DOTALL = 1 << 2,		/* s */
	REGEX_EXTENDED = 1 << 3,	/* x */
	REGEX_EXTENDED_MORE = 1 << 4,	/* xx */
	REGEX_NO_AUTO_CAPTURE = 1 << 5, /* n */
	REGEX_ANCHORED = 1 << 6,
	REGEX_UNGREEDY = 1 << 11, /* what PCRE's own U does */
	/*
	 * The limit counts every step of a match, from all starts together.
	 * PCRE2 counts neither going back over a repeated character nor
	 * comparing a back-reference, and anew from each start: such a pattern
	 * can run for minutes below its limit. Some times slower.
	 */
	REGEX_COUNTED = 1 << 10,
	REGEX_UTF = 1 << 7,	  /* for our own dictionaries only */
	REGEX_CHARACTERS = 1 << 8 /* UTF-8, yet \w \d \s are ASCII */
};

struct regex_limits {
	uint32_t match; /* steps; 0 = default below */
	uint32_t depth;
	uint32_t heap_kib;
};

#define REGEX_MATCH_LIMIT 1000000
/* A counted step that compares a back-reference is worth so many others. */
#define REGEX_BACK_REFERENCE_STEPS 16
#define REGEX_DEPTH_LIMIT 10000
#define REGEX_HEAP_LIMIT_KIB 20000
#define REGEX_JIT_STACK_MAX ((size_t)512 * 1024)

struct regex_error {
	size_t offset; /* into the pattern */
	char message[160];
};

/* NULL on a bad pattern, `*error_out` filled. Heap. */
struct regex *regex_compile(
    struct str pattern, unsigned flags, struct regex_error *error_out);
void regex_free(struct regex **re);
bool regex_has_back_references(const struct regex *re);

/* Number of capturing groups; name of group `i` or NULL. */
uint32_t regex_group_count(const struct regex *re);
const char *regex_group_name(const struct regex *re, uint32_t i);
/* Bytes of compiled code plus JIT code. */
size_t regex_size(const struct regex *re);

struct regex_scratch *regex_scratch_new(const struct regex_limits *limits);
void regex_scratch_free(struct regex_scratch **s);

struct regex_span {
	size_t start;
	size_t end;
};

/*
 * First match at or after `from`. 1 and `*span_out` (may be NULL): matched; 0:
 * no match; ERR_LIMIT: a limit was hit; ERR_INTERNAL.
 */
int regex_match(const struct regex *re, struct regex_scratch *s,
    struct str subject, size_t from, struct regex_span *span_out);
/* As above, but an empty match at `from` itself does not count (Perl's //g). */
int regex_match_not_empty(const struct regex *re, struct regex_scratch *s,
    struct str subject, size_t from, struct regex_span *span_out);
/* As regex_match(), but the match begins in [where.start, where.end]. */
int regex_match_between(const struct regex *re, struct regex_scratch *s,
    struct str subject, struct regex_span where, struct regex_span *span_out);
/* Steps of the last match of a REGEX_COUNTED pattern. */
uint32_t regex_steps(const struct regex_scratch *s);
/* Group `i` of the last successful match in this scratch; false: unset. */
bool regex_group(
    const struct regex_scratch *s, uint32_t i, struct regex_span *span_out);

#endif
