#include "base/clean.h"

#include "base/block.h"

static void
add_byte(struct buf *out, unsigned char c)
{
	if (c == '\\')
		buf_add(out, STR("\\\\"));
	else if (c >= ' ' && c <= '~')
		buf_add_char(out, (char)c);
	else
		buf_printf(out, "\\x%02x", c);
}

void
clean_add(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		add_byte(out, (unsigned char)s.p[i]);
}

void
clean_add_short(struct buf *out, struct str s, size_t max)
{
	size_t start = out->len;

	for (size_t i = 0; i < s.len; i++) {
		size_t before = out->len;

		add_byte(out, (unsigned char)s.p[i]);
		if (out->len - start > max) {
			out->len = before;
			buf_add(out, STR("..."));
			return;
		}
	}
}

size_t
utf8_sequence(struct str s)
{
	unsigned char c;
	size_t n;
	uint32_t code;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (s.len == 0)
		return 0;
	c = (unsigned char)s.p[0];
	if (c < 0x80)
		return 1;
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || s.len < n)
		return 0;
	code = c & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)s.p[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (next & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

bool
utf8_valid(struct str s)
{
	while (s.len > 0) {
		size_t n = block_ascii(s);

		if (n == 0)
			n = utf8_sequence(s);
		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	return true;
}

void
clean_add_utf8(struct buf *out, struct str s)
{
	while (s.len > 0) {
		size_t n = utf8_sequence(s);
		unsigned char second = n > 1 ? (unsigned char)s.p[1] : 0;
		/* U+0080..9F are control characters */
		bool c1 =
		    n == 2 && (unsigned char)s.p[0] == 0xc2 && second < 0xa0;

		if (n <= 1 || c1) {
			add_byte(out, (unsigned char)s.p[0]);
			n = 1;
		} else {
			buf_add(out, str_head(s, n));
		}
		s = str_skip(s, n);
	}
}

const char *
clean_bad_byte(struct str s)
{
	while (s.len > 0) {
		size_t n = utf8_sequence(s);
		unsigned char c = (unsigned char)s.p[0];

		if (n == 0 || (c < ' ' && c != '\t') || c == 0x7f)
			return s.p;
		s = str_skip(s, n);
	}
	return NULL;
}

const char *
clean_unprintable(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return &s.p[i];
	return NULL;
}
