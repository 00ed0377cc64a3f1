/*
 * The two ways to write a character of a URI otherwise: %41 and &#65;.
 */
#include "mail/uri.h"

#include "base/buf.h"
#include "mail/uri_internal.h"

/* ---- percent ------------------------------------------------------------ */

static bool
is_escape(struct str s, size_t i)
{
	return s.p[i] == '%' && i + 2 < s.len && ascii_hex(s.p[i + 1]) >= 0 &&
	       ascii_hex(s.p[i + 2]) >= 0;
}

bool
uri_has_escape(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		size_t n = str_find_char(str_skip(s, i), '%');

		if (n == STR_NPOS)
			return false;
		i += n;
		if (is_escape(s, i))
			return true;
	}
	return false;
}

/* The character at s.p[i], U+0080 to U+00FF in UTF-8, or 0. */
static unsigned char
wide_byte(struct str s, size_t i)
{
	unsigned char lead = (unsigned char)s.p[i];

	if ((lead != 0xc2 && lead != 0xc3) || i + 1 >= s.len)
		return 0;
	return (unsigned char)(lead << 6 | ((unsigned char)s.p[i + 1] & 0x3f));
}

static void
add_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	buf_add_char(b, '%');
	buf_add_char(b, hex[c >> 4]);
	buf_add_char(b, hex[c & 15]);
}

struct str
uri_decode_percent(struct arena *a, struct str uri, bool wide)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_reserve(&b, uri.len + 16);
	for (size_t i = 0; i < uri.len; i++) {
		unsigned char c = (unsigned char)uri.p[i];

		if (is_escape(uri, i)) {
			int value = ascii_hex(uri.p[i + 1]) * 16 +
				    ascii_hex(uri.p[i + 2]);

			if (value > 0x20 && value < 0x7f)
				buf_add_char(&b, (char)value);
			else
				buf_add(&b, str_make(uri.p + i, 3));
			i += 2;
		} else if (wide && c >= 0x80) {
			if (wide_byte(uri, i) != 0)
				add_escape(&b, wide_byte(uri, i++));
			else
				buf_add_char(&b, (char)c);
		} else if (c <= 0x20 || c >= 0x7f || strchr("\"%<>", c)) {
			add_escape(&b, c);
		} else {
			buf_add_char(&b, (char)c);
		}
	}
	return buf_str(&b);
}

/* ---- numeric character references --------------------------------------- */

/*
 * The reference at s.p[i] ("&#..."), its length in *len: the character it
 * stands for, or -1. Decimal and hexadecimal for ! to ~; some full stops.
 */
static int
reference(struct str s, size_t i, bool hexadecimal, size_t *len)
{
	size_t at = i + 2, digits = 0;
	int value = 0;

	if (hexadecimal) {
		if (at >= s.len || s.p[at] != 'x')
			return -1;
		at++;
	}
	while (at < s.len && s.p[at] == '0')
		at++;
	for (; at < s.len && digits < 4; at++, digits++) {
		int d = ascii_hex(s.p[at]);

		if (d < 0 || (!hexadecimal && d > 9))
			break;
		value = value * (hexadecimal ? 16 : 10) + d;
	}
	if (at >= s.len || s.p[at] != ';' || value < 33 || value > 126)
		return -1;
	*len = at + 1 - i;
	/* 2a to 2f are left alone by the readers this follows. */
	if (hexadecimal && value >= 0x2a && value <= 0x2f)
		return -1;
	return value;
}

static int
full_stop(struct str s, size_t i, size_t *len)
{
	static const char *const names[] = {
	    "x2e;", "12290;", "x3002;", "65294;", "xff0e;", "65377;", "xff61;"};

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		if (!str_starts_nocase(str_skip(s, i + 2), str_from(names[n])))
			continue;
		*len = 2 + strlen(names[n]);
		return '.';
	}
	return -1;
}

struct str
uri_replace_references(struct arena *a, struct str s, enum reference_pass pass)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_reserve(&b, s.len + 1);
	for (size_t i = 0; i < s.len;) {
		size_t len = 0;
		int c = -1;

		if (s.p[i] == '&' && i + 1 < s.len && s.p[i + 1] == '#')
			c = pass == PASS_STOPS
				? full_stop(s, i, &len)
				: reference(s, i, pass == PASS_HEX, &len);
		buf_add_char(&b, c < 0 ? s.p[i] : (char)c);
		i += c < 0 ? 1 : len;
	}
	return buf_str(&b);
}
