#include "mail/decode.h"

enum {
	VALUE_MASK = 0x3f,
	IS_DIGIT64 = 0x40,
	IS_EQUALS = 0x80,
	IS_SPACE = 0x100
};

/* Value of a base64 digit, or what else the byte is; 0: nothing of use. */
#define D(value) (IS_DIGIT64 | (value))
static const uint16_t classes[256] = {0, 0, 0, 0, 0, 0, 0, 0, 0, IS_SPACE,
    IS_SPACE, IS_SPACE, IS_SPACE, IS_SPACE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, IS_SPACE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, D(62), 0, 0, 0,
    D(63), D(52), D(53), D(54), D(55), D(56), D(57), D(58), D(59), D(60), D(61),
    0, 0, 0, IS_EQUALS, 0, 0, 0, D(0), D(1), D(2), D(3), D(4), D(5), D(6), D(7),
    D(8), D(9), D(10), D(11), D(12), D(13), D(14), D(15), D(16), D(17), D(18),
    D(19), D(20), D(21), D(22), D(23), D(24), D(25), 0, 0, 0, 0, 0, 0, D(26),
    D(27), D(28), D(29), D(30), D(31), D(32), D(33), D(34), D(35), D(36), D(37),
    D(38), D(39), D(40), D(41), D(42), D(43), D(44), D(45), D(46), D(47), D(48),
    D(49), D(50), D(51), 0, 0, 0, 0, 0};
#undef D

static unsigned
classify(unsigned char c)
{
	return classes[c];
}

/*
 * The common case, `text` being whole groups of nothing but digits and '=':
 * padding counts at the very end only, elsewhere '=' is a zero digit. Output
 * overwrites the input.
 */
static size_t
decode_groups(char *text, size_t len)
{
	size_t data = len, out = 0;

	while (data > 0 && text[data - 1] == '=')
		data--;
	for (size_t i = 0; i < len; i += 4) {
		uint32_t group = 0;
		size_t have = data > i ? data - i : 0;

		if (have < 2)
			break;
		for (size_t k = 0; k < 4; k++)
			group =
			    group << 6 |
			    (classify((unsigned char)text[i + k]) & VALUE_MASK);
		text[out++] = (char)(group >> 16);
		if (have == 2)
			break;
		text[out++] = (char)(group >> 8);
		if (have == 3)
			break;
		text[out++] = (char)group;
	}
	return out;
}

/*
 * The repair: foreign bytes gone, '=' inside counts as '/', an odd last digit
 * is dropped. That is what the uudecoder SpamAssassin falls back to does.
 */
static size_t
decode_remains(char *text, size_t len)
{
	size_t n = 0, out = 0;

	for (size_t i = 0; i < len; i++)
		if (classify((unsigned char)text[i]) & (IS_DIGIT64 | IS_EQUALS))
			text[n++] = text[i];
	while (n > 0 && text[n - 1] == '=')
		n--;
	if (n % 4 == 1)
		n--;
	for (size_t i = 0; i < n; i += 4) {
		uint32_t group = 0;
		size_t have = n - i < 4 ? n - i : 4;

		for (size_t k = 0; k < 4; k++) {
			unsigned c =
			    k < have ? classify((unsigned char)text[i + k]) : 0;

			group = group << 6 |
				(c & IS_EQUALS ? VALUE_MASK : c & VALUE_MASK);
		}
		for (size_t k = 0; k + 1 < have; k++)
			text[out++] = (char)(group >> (16 - 8 * k));
	}
	return out;
}

struct str
decode_base64(struct arena *a, struct str in)
{
	char *text = arena_alloc(a, in.len + 1);
	bool clean = true;
	size_t n = 0;

	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < in.len; i++) {
		unsigned c = classify((unsigned char)in.p[i]);

		if (c == IS_SPACE)
			continue;
		clean = clean && c != 0;
		text[n++] = in.p[i];
	}
	if (clean && n >= 4 && n % 4 == 0)
		n = decode_groups(text, n);
	else
		n = decode_remains(text, n);
	return str_make(text, n);
}

/* Whole groups of digits mean the same wherever what follows them ends. */
struct str
decode_base64_start(struct arena *a, struct str in, size_t bytes)
{
	size_t want = bytes < in.len ? bytes / 3 * 4 : in.len, n = 0;
	char *text = arena_alloc(a, want + 1);

	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < in.len && n < want; i++) {
		unsigned c = classify((unsigned char)in.p[i]);

		if (c & IS_DIGIT64)
			text[n++] = in.p[i];
		else if (c != IS_SPACE)
			break;
	}
	return str_make(text, decode_groups(text, n / 4 * 4));
}

/*
 * One line without its \n: blanks before the line end go (RFC 2045 6.7, rule
 * 3), a final '=' joins the next line. Returns the bytes to keep; `*soft_out`
 * tells that the line end goes too.
 */
static size_t
qp_line(struct str line, char *out, bool *soft_out)
{
	size_t n = line.len;
	bool cr = n > 0 && line.p[n - 1] == '\r';
	size_t end = cr ? n - 1 : n;

	while (end > 0 && (line.p[end - 1] == ' ' || line.p[end - 1] == '\t'))
		end--;
	/* Blanks between a CR and the \n hide the CR from the first rule. */
	if (!cr && end > 0 && line.p[end - 1] == '\r') {
		cr = true;
		end--;
	}
	*soft_out = end > 0 && line.p[end - 1] == '=';
	if (*soft_out)
		end--;
	if (end > 0)
		memcpy(out, line.p, end);
	if (cr && !*soft_out)
		out[end++] = '\r';
	return end;
}

static size_t
qp_unescape(char *p, size_t len)
{
	size_t out = 0, i = 0;

	for (;;) {
		char *escape = i < len ? memchr(p + i, '=', len - i) : NULL;
		size_t run = (escape != NULL ? (size_t)(escape - p) : len) - i;
		int hi, lo;

		if (out != i)
			memmove(p + out, p + i, run);
		out += run;
		i += run;
		if (i == len)
			return out;
		if (len - i < 3 || (hi = ascii_hex(p[i + 1])) < 0 ||
		    (lo = ascii_hex(p[i + 2])) < 0) {
			p[out++] = p[i++];
			continue;
		}
		p[out++] = (char)(hi << 4 | lo);
		i += 3;
	}
}

struct str
decode_qp(struct arena *a, struct str in)
{
	char *text = arena_alloc(a, in.len + 1);
	size_t n = 0, pos = 0;

	if (text == NULL)
		return STR_NONE;
	while (pos < in.len) {
		struct str rest = str_skip(in, pos);
		size_t eol = str_find_char(rest, '\n');
		bool soft;

		if (eol == STR_NPOS) {
			memcpy(text + n, rest.p, rest.len);
			n += rest.len;
			break;
		}
		n += qp_line(str_head(rest, eol), text + n, &soft);
		if (!soft)
			text[n++] = '\n';
		pos += eol + 1;
	}
	return str_make(text, qp_unescape(text, n));
}

struct str
decode_crlf(struct arena *a, struct str in)
{
	size_t first = str_find(in, STR("\r\n")), n;
	char *text;

	if (first == STR_NPOS)
		return in;
	text = arena_alloc(a, in.len);
	if (text == NULL)
		return in;
	memcpy(text, in.p, first);
	n = first;
	for (size_t i = first; i < in.len; i++) {
		if (in.p[i] == '\r' && i + 1 < in.len && in.p[i + 1] == '\n')
			continue;
		text[n++] = in.p[i];
	}
	return str_make(text, n);
}
