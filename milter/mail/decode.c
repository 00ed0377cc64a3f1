#include "mail/decode.h"

enum {
	VALUE_MASK = 0x3f,
	IS_DIGIT64 = 0x40,
	IS_EQUALS = 0x80,
	IS_SPACE = 0x100
};

/* Value of a base64 digit, or what else the byte is; 0: nothing of use. */
static const uint16_t classes[256] = {
#define FOUR(a, b, c, d, value)                                       \
	[a] = IS_DIGIT64 | (value), [b] = IS_DIGIT64 | ((value) + 1), \
	[c] = IS_DIGIT64 | ((value) + 2), [d] = IS_DIGIT64 | ((value) + 3)
    FOUR('A', 'B', 'C', 'D', 0),
    FOUR('E', 'F', 'G', 'H', 4),
    FOUR('I', 'J', 'K', 'L', 8),
    FOUR('M', 'N', 'O', 'P', 12),
    FOUR('Q', 'R', 'S', 'T', 16),
    FOUR('U', 'V', 'W', 'X', 20),
    FOUR('Y', 'Z', 'a', 'b', 24),
    FOUR('c', 'd', 'e', 'f', 28),
    FOUR('g', 'h', 'i', 'j', 32),
    FOUR('k', 'l', 'm', 'n', 36),
    FOUR('o', 'p', 'q', 'r', 40),
    FOUR('s', 't', 'u', 'v', 44),
    FOUR('w', 'x', 'y', 'z', 48),
    FOUR('0', '1', '2', '3', 52),
    FOUR('4', '5', '6', '7', 56),
    FOUR('8', '9', '+', '/', 60),
#undef FOUR
    ['='] = IS_EQUALS,
    ['\t' ... '\r'] = IS_SPACE,
    [' '] = IS_SPACE,
};

static inline unsigned
classify(char c)
{
	return classes[(unsigned char)c];
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
	for (size_t i = 0; i + 1 < data; i += 4) {
		uint32_t group = 0;

		for (size_t k = 0; k < 4; k++)
			group =
			    group << 6 | (classify(text[i + k]) & VALUE_MASK);
		text[out++] = (char)(group >> 16);
		text[out++] = (char)(group >> 8);
		text[out++] = (char)group;
	}
	/* A last group of two digits is one byte, of three it is two. */
	return data % 4 < 2 ? out : out - (4 - data % 4);
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
		if (classify(text[i]) & (IS_DIGIT64 | IS_EQUALS))
			text[n++] = text[i];
	while (n > 0 && text[n - 1] == '=')
		n--;
	if (n % 4 == 1)
		n--;
	for (size_t i = 0; i < n; i += 4) {
		uint32_t group = 0;
		size_t have = n - i < 4 ? n - i : 4;

		for (size_t k = 0; k < 4; k++) {
			unsigned c = k < have ? classify(text[i + k]) : 0;

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
		unsigned c = classify(in.p[i]);

		/* White space is overwritten. */
		text[n] = in.p[i];
		n += c != IS_SPACE;
		clean &= c != 0;
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
