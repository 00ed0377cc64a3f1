/*
 * Characters in UTF-8 text: stepping, classes.
 *
 * Knows Perl's white space and word classes, not scripts, case or folding. The
 * word class is a sorted table searched by halving. Stateless.
 */
#include "mail/unicode.h"

static const struct {
	uint32_t first;
	uint32_t last;
} word_ranges[] = {
#define WORD_RANGE(first, last) {first, last},
#include "mail/unicode_word.def"
#undef WORD_RANGE
};

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

uint32_t
unicode_first(struct str s, size_t *len_out)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t code;

	*len_out = 1;
	if (n == 1 || s.len < n)
		return c;
	code = c & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
	*len_out = n;
	return code;
}

uint32_t
unicode_last(struct str s, size_t *len_out)
{
	size_t n = 1;

	while (n < s.len && n < UNICODE_LENGTH_MAX &&
	       is_continuation(s.p[s.len - n]))
		n++;
	return unicode_first(str_skip(s, s.len - n), len_out);
}

size_t
unicode_put(char *out, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)((0xf00 >> n & 0xf0) | c);
	return n;
}

/* Those of a character but its first are 10xxxxxx. */
size_t
unicode_count(struct str s)
{
	return s.len - str_count(s, 0x80, 0xbf);
}

size_t
unicode_offset(struct str s, size_t characters)
{
	size_t i = 0;

	/* As many bytes are no more characters. */
	while (characters > 0 && i < s.len) {
		struct str part = str_head(str_skip(s, i), characters);

		characters -= unicode_count(part);
		i += part.len;
	}
	while (i < s.len && is_continuation(s.p[i]))
		i++;
	return i;
}

bool
unicode_is_space(uint32_t c, bool wide)
{
	if (c < 0x80)
		return ascii_is_space((char)c);
	if (!wide)
		return false;
	return c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

bool
unicode_is_word(uint32_t c, bool wide)
{
	size_t low = 0;
	size_t high = sizeof(word_ranges) / sizeof(word_ranges[0]);

	if (c < 0x80)
		return ascii_is_alnum((char)c) || c == '_';
	if (!wide)
		return false;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c > word_ranges[middle].last)
			low = middle + 1;
		else if (c < word_ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

bool
unicode_is_nonchar(uint32_t c)
{
	return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

size_t
unicode_wide_space_length(struct str s)
{
	size_t n;

	return unicode_is_space(unicode_first(s, &n), true) ? n : 0;
}

struct str
unicode_skip_space(struct str s, bool wide)
{
	size_t n;

	while ((n = unicode_space_length(s, wide)) > 0)
		s = str_skip(s, n);
	return s;
}

struct str
unicode_trim(struct str s, bool wide)
{
	size_t n;

	s = unicode_skip_space(s, wide);
	while (s.len > 0 && unicode_is_space(unicode_last(s, &n), wide))
		s.len -= n;
	return s;
}
