/*
 * Character references; see html_entity.h.
 *
 * Stateless apart from one remembered high surrogate within a text. Names are
 * found by halving a sorted table of 253.
 */
#include "mail/html_entity.h"

#include "base/buf.h"
#include "mail/unicode.h"

#define ENTITY_NAME_MAX 10 /* bytes, with the semicolon */

static const struct {
	struct str name;
	uint32_t character;
} entities[] = {
#define ENTITY(name, character) {{name, sizeof(name) - 1}, character},
#include "mail/html_entity.def"
#undef ENTITY
};

struct decoder {
	struct str in;
	size_t at;	/* behind the "&" */
	struct buf out; /* without the "&" */
	bool wide;
	uint32_t high_surrogate; /* the last one put out as U+FFFD */
};

/* 0: no such name. */
static uint32_t
find_name(struct str name)
{
	size_t low = 0;
	size_t high = sizeof(entities) / sizeof(entities[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(name, entities[middle].name);

		if (order == 0)
			return entities[middle].character;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* The character of the name at `at`; moves `at` behind it. 0: none. */
static uint32_t
read_name(struct decoder *d, bool prefixes)
{
	size_t from = d->at;
	size_t len = 0;
	struct str name;
	uint32_t c;

	while (from + len < d->in.len && is_word(d->in.p[from + len]))
		len++;
	d->at = from + len;
	name = str_make(d->in.p + from, len);
	if (len == 0)
		return 0;
	c = find_name(name);
	if (c == 0 && d->at < d->in.len && d->in.p[d->at] == ';')
		c = find_name(str_make(name.p, len + 1));
	if (c != 0 || !prefixes)
		return c;
	for (len = len - 1 < ENTITY_NAME_MAX ? len - 1 : ENTITY_NAME_MAX;
	     len > 0; len--) {
		c = find_name(str_head(name, len));
		if (c != 0) {
			d->at = from + len;
			return c;
		}
	}
	return 0;
}

/* Value of the digit at `at`, or -1. A NUL reads as a hexadecimal 0. */
static int
digit_at(const struct decoder *d, unsigned base)
{
	char c;

	if (d->at >= d->in.len)
		return -1;
	c = d->in.p[d->at];
	if (base == 16)
		return c == '\0' ? 0 : ascii_hex(c);
	return ascii_is_digit(c) ? c - '0' : -1;
}

/* The number at `at` ("#" passed); 0: none, or beyond Unicode. */
static uint32_t
read_number(struct decoder *d)
{
	unsigned base = 10;
	uint32_t n = 0;
	int digit;

	if (d->at < d->in.len && ascii_lower(d->in.p[d->at]) == 'x') {
		base = 16;
		d->at++;
	}
	while ((digit = digit_at(d, base)) >= 0) {
		n = n * base + (uint32_t)digit;
		if (n > 0x10ffff)
			return 0;
		d->at++;
	}
	return n;
}

/* Takes back the U+FFFD a high surrogate left, and what stands around it. */
static void
drop_high_surrogate(struct buf *out)
{
	size_t cut = out->len < 3 ? out->len : 3;

	out->len -= cut;
	while (out->len > 0 && (unsigned char)out->p[out->len] >= 0x80 &&
	       (unsigned char)out->p[out->len] < 0xc0)
		out->len--;
}

/* What a number stands for; 0: nothing. */
static uint32_t
number_to_character(struct decoder *d, uint32_t n)
{
	if (n == 0 || n == 0xfffe || n == 0xffff)
		return 0;
	if (!d->wide && n <= 0xff)
		return n;
	if (n >= 0xdc00 && n <= 0xdfff) {
		uint32_t high = d->high_surrogate;

		d->high_surrogate = 0;
		if (high == 0)
			return UNICODE_REPLACEMENT;
		drop_high_surrogate(&d->out);
		return 0x10000 + ((high - 0xd800) << 10) + (n - 0xdc00);
	}
	if (n >= 0xd800 && n < 0xdc00) {
		d->high_surrogate = n;
		return UNICODE_REPLACEMENT;
	}
	d->high_surrogate = 0;
	return unicode_is_nonchar(n) ? UNICODE_REPLACEMENT : n;
}

static void
decode_one(struct decoder *d, bool prefixes)
{
	size_t from = d->at;
	char text[UNICODE_LENGTH_MAX];
	uint32_t c;

	if (from < d->in.len && d->in.p[from] == '#') {
		d->at++;
		c = number_to_character(d, read_number(d));
	} else {
		c = read_name(d, prefixes);
		d->high_surrogate = 0;
	}
	if (c == 0) {
		buf_add_char(&d->out, '&');
		buf_add(&d->out, str_make(d->in.p + from, d->at - from));
		return;
	}
	if (d->at < d->in.len && d->in.p[d->at] == ';')
		d->at++;
	if (d->at >= d->in.len || d->in.p[d->at] != '&')
		d->high_surrogate = 0;
	d->wide |= c > 0xff;
	buf_add(&d->out, str_make(text, unicode_put(text, c)));
}

struct str
html_decode_entities(struct arena *a, struct str s, bool prefixes, bool *wide)
{
	struct decoder d = {.in = s, .wide = *wide};

	if (str_find_char(s, '&') == STR_NPOS)
		return s;
	buf_init_arena(&d.out, a);
	buf_reserve(&d.out, s.len);
	while (d.at < s.len && !d.out.failed) {
		struct str rest = str_skip(s, d.at);
		size_t n = str_find_char(rest, '&');

		buf_add(&d.out, str_head(rest, n));
		if (n == STR_NPOS)
			break;
		d.at += n + 1;
		decode_one(&d, prefixes);
	}
	*wide = d.wide;
	return buf_str(&d.out);
}
