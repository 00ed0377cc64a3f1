/*
 * A slice: pointer and length into memory somebody else owns.
 *
 * Not terminated, may hold NUL. A slice is as long-lived as what it points
 * into. `p` may be NULL only when `len` is 0. Case means ASCII case.
 */
#ifndef POSTERN_BASE_STR_H
#define POSTERN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* The same where an initializer must be constant. */
#define STR_INIT(literal)                       \
	{                                       \
		"" literal, sizeof(literal) - 1 \
	}
#define STR_NONE ((struct str){NULL, 0})
/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).p ? (s).p : ""

static inline struct str
str_make(const char *p, size_t len)
{
	return (struct str){p, len};
}

/* NULL gives the empty slice. */
static inline struct str
str_from(const char *cstr)
{
	return (struct str){cstr, cstr ? strlen(cstr) : 0};
}

/* From byte `start` on; clamped. */
static inline struct str
str_skip(struct str s, size_t start)
{
	if (start > s.len)
		start = s.len;
	return (struct str){s.p ? s.p + start : NULL, s.len - start};
}

static inline struct str
str_head(struct str s, size_t len)
{
	return (struct str){s.p, len < s.len ? len : s.len};
}

#define STR_NPOS ((size_t)-1)

static inline bool
str_eq(struct str a, struct str b)
{
	/* The first byte tells most apart. */
	return a.len == b.len &&
	       (a.len == 0 ||
		   (a.p[0] == b.p[0] && memcmp(a.p, b.p, a.len) == 0));
}

static inline bool
str_is(struct str a, const char *cstr)
{
	return str_eq(a, str_from(cstr));
}

static inline bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq(str_head(s, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix);

/* Bytewise order. */
static inline int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return (a.len > b.len) - (a.len < b.len);
}

/* Offset of the first / last hit, or STR_NPOS. */
static inline size_t
str_find_char(struct str s, char c)
{
	const char *hit = s.len ? memchr(s.p, c, s.len) : NULL;

	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

size_t str_rfind_char(struct str s, char c);
/* What stands behind the last `c`; STR_NONE where there is none. */
struct str str_behind_last(struct str s, char c);
size_t str_find(struct str s, struct str needle);
size_t str_find_nocase(struct str s, struct str needle);
/* Length of the prefix made only of / free of bytes in `set` (C string). */
size_t str_span(struct str s, const char *set);
size_t str_cspan(struct str s, const char *set);

bool str_has_letter(struct str s); /* of ASCII */

/* How many bytes are in [first, last], as unsigned numbers. */
size_t str_count(struct str s, unsigned char first, unsigned char last);

/* Without ASCII white space (space, \t \n \v \f \r) at the ends. */
struct str str_trim(struct str s);
struct str str_trim_left(struct str s);
struct str str_trim_right(struct str s);

/*
 * Cuts `*rest` at the first `sep`: returns what stands before it and leaves
 * what follows. Without a `sep` returns all and leaves STR_NONE (p == NULL),
 * so `while (rest.p != NULL)` visits every field.
 */
struct str str_cut(struct str *rest, char sep);

/* Next run of non-white-space; the empty slice at the end. */
struct str str_word(struct str *rest);

/* Whole-slice numbers. False, `*out` untouched: not a number or overflow. */
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);
bool str_to_double(struct str s, double *out); /* [-]D+[.D+] only */

uint64_t str_hash(struct str s); /* case-sensitive */
/*
 * For tables of foreign keys, with a seed nobody outside knows
 * (random_process_seed()): eight bytes a step. The second takes letters in any
 * case for the same, and some other bytes for each other.
 */
uint64_t str_hash_seeded(uint64_t seed, struct str s);
uint64_t str_hash_seeded_nocase(uint64_t seed, struct str s);

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* space, \t \n \v \f \r */
static inline bool
ascii_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The first place from `pos` on that has no white space. */
static inline size_t
str_past_space(struct str s, size_t pos)
{
	while (pos < s.len && ascii_is_space(s.p[pos]))
		pos++;
	return pos;
}

/* Value of a hexadecimal digit, or -1. */
int ascii_hex(char c);

/* `len` bytes at both. */
bool str_same_nocase(const char *a, const char *b, size_t len);

static inline bool
str_eq_nocase(struct str a, struct str b)
{
	return a.len == b.len &&
	       (a.len == 0 || (ascii_lower(a.p[0]) == ascii_lower(b.p[0]) &&
				  str_same_nocase(a.p, b.p, a.len)));
}

static inline bool
str_is_nocase(struct str a, const char *cstr)
{
	return str_eq_nocase(a, str_from(cstr));
}

static inline bool
str_starts_nocase(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	       str_eq_nocase(str_head(s, prefix.len), prefix);
}

bool str_ends_nocase(struct str s, struct str suffix);

#endif
