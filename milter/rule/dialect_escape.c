#include "rule/dialect.h"

#include "base/err.h"

#define HEX "0123456789abcdefABCDEF"
#define OCTAL "01234567"

/* Number in braces, blanks at its ends; the text between, or refused. */
static int
braced(struct walk *w, size_t at, struct str *inside_out, size_t *length_out)
{
	struct str s = str_skip(w->in, at);
	size_t end = str_find_char(s, '}');

	if (end == STR_NPOS)
		return walk_refuse(w, at, "\"}\" is missing");
	*inside_out = str_trim(str_make(s.p + 1, end - 1));
	*length_out = end + 1;
	return 0;
}

static uint32_t
number(struct str s, unsigned base)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.len && v < 0x110000; i++)
		v = v * base + (uint32_t)ascii_hex(s.p[i]);
	return v;
}

static int
hex_character(struct walk *w, size_t at, uint32_t *value, size_t *length)
{
	struct str s = str_skip(w->in, at + 2), digits;
	size_t n;
	int rc;

	if (s.len > 0 && s.p[0] == '{') {
		if ((rc = braced(w, at + 2, &digits, &n)) != 0)
			return rc;
		if (str_span(digits, HEX) != digits.len)
			return walk_refuse(w, at, "\\x{} holds no hex number");
		*value = number(digits, 16);
		*length = 2 + n;
		return 0;
	}
	n = str_span(str_head(s, 2), HEX);
	if (n < 2 && n < s.len)
		return walk_refuse(
		    w, at, "\\x has two hex digits, or braces around them");
	*value = number(str_head(s, n), 16);
	*length = 2 + n;
	return 0;
}

static int
octal_character(struct walk *w, size_t at, uint32_t *value, size_t *length)
{
	struct str s = str_skip(w->in, at + 1), digits;
	size_t n;
	int rc;

	if (s.p[0] == 'o') {
		if (s.len < 2 || s.p[1] != '{')
			return walk_refuse(
			    w, at, "\\o is followed by {digits}");
		if ((rc = braced(w, at + 2, &digits, &n)) != 0)
			return rc;
		if (digits.len == 0 || str_span(digits, OCTAL) != digits.len)
			return walk_refuse(
			    w, at, "\\o{} holds no octal number");
		*value = number(digits, 8);
		*length = 2 + n;
		return 0;
	}
	n = str_span(str_head(s, 3), OCTAL);
	if (n == 0 || (n < 3 && n < s.len && (s.p[n] == '8' || s.p[n] == '9')))
		return walk_refuse(w, at, "8 and 9 are no octal digits");
	*value = number(str_head(s, n), 8);
	*length = 1 + n;
	return 0;
}

static int
control_character(struct walk *w, size_t at, uint32_t *value, size_t *length)
{
	unsigned char c;

	if (at + 2 >= w->in.len)
		return walk_refuse(w, at, "\\c is followed by a letter");
	c = (unsigned char)ascii_upper(w->in.p[at + 2]);
	if (c != '?' && (c < '@' || c > '_'))
		return walk_refuse(w, at, "\\c is followed by a letter");
	*value = c ^ 64;
	*length = 3;
	return 0;
}

static int
unicode_character(struct walk *w, size_t at, uint32_t *value, size_t *length)
{
	struct str inside, digits;
	size_t n;
	int rc = braced(w, at + 2, &inside, &n);

	if (rc != 0)
		return rc;
	digits = str_skip(inside, 2);
	if (!str_starts(inside, STR("U+")) || digits.len == 0 ||
	    str_span(digits, HEX) != digits.len)
		return walk_refuse(w, at,
		    "\\N{} takes U+ and a hex number; names of "
		    "characters are not known");
	*value = number(digits, 16);
	*length = 2 + n;
	return 0;
}

int
walk_character(
    struct walk *w, size_t at, uint32_t *value_out, size_t *length_out)
{
	static const char letters[] = "aefnrt";
	static const char values[] = "\a\x1b\f\n\r\t";
	char c = w->in.p[at + 1];
	const char *p = c ? strchr(letters, c) : NULL;

	if (p != NULL) {
		*value_out = (unsigned char)values[p - letters];
		*length_out = 2;
		return 0;
	}
	if (c == 'x')
		return hex_character(w, at, value_out, length_out);
	if (c == 'o' || ascii_is_digit(c))
		return octal_character(w, at, value_out, length_out);
	if (c == 'c')
		return control_character(w, at, value_out, length_out);
	if (c == 'N')
		return unicode_character(w, at, value_out, length_out);
	if (ascii_is_alpha(c))
		return walk_refuse(w, at, "\\%c means nothing", c);
	*value_out = (unsigned char)c;
	*length_out = 2;
	return 0;
}

static void
copy(struct walk *w, size_t n)
{
	buf_add(&w->out, str_head(walk_rest(w), n));
	w->at += n;
}

static void
add_character(struct walk *w, uint32_t value)
{
	if (value > 0xff)
		buf_add(&w->out, STR("(?!)")); /* no byte is that */
	else
		buf_printf(&w->out, "\\x%02x", value);
}

/* A letter that means nothing is itself before a count: \q{2}. */
static bool
is_counted_letter(struct walk *w)
{
	uint32_t min, max;
	char c = w->in.p[w->at + 1];

	return ascii_is_alpha(c) && strchr("aefnrtxocNC", c) == NULL &&
	       w->at + 2 < w->in.len && w->in.p[w->at + 2] == '{' &&
	       dialect_braces(str_skip(w->in, w->at + 2), &min, &max) > 0;
}

static int
take_character(struct walk *w)
{
	uint32_t value;
	size_t n;
	int rc;

	if (is_counted_letter(w)) {
		walk_atom(w, 1, 1);
		buf_add_char(&w->out, w->in.p[w->at + 1]);
		w->at += 2;
		return 0;
	}
	if ((rc = walk_character(w, w->at, &value, &n)) != 0)
		return rc;
	walk_atom(w, 1, 1);
	if (value > 0xff || (n > 2 && (n != 4 || w->in.p[w->at + 2] == '{')))
		add_character(w, value);
	else
		buf_add(&w->out, str_head(walk_rest(w), n));
	w->at += n;
	return 0;
}

/*
 * \1: a group. From \10 on it may be an octal number, when there is no such
 * group; with three digits we take it for one.
 */
static int
take_number(struct walk *w)
{
	struct str s = str_skip(w->in, w->at + 1);
	size_t n = str_span(s, "0123456789");
	size_t octal = str_span(str_head(s, 3), OCTAL);

	if (s.p[0] == '0')
		return take_character(w);
	if (n > 1 && (s.p[0] == '8' || s.p[0] == '9' || (n > 2 && octal < 2)))
		return walk_refuse(w, w->at, "there are not so many groups");
	if (n > 2) {
		walk_atom(w, 1, 1);
		add_character(w, number(str_head(s, octal), 8));
		w->at += octal + 1;
		return 0;
	}
	walk_atom(w, 0, LENGTH_INFINITE);
	copy(w, n + 1);
	return 0;
}

/* \g1 \g{1} \g{-1} \g{name} \k<name> \k'name' \k{name} */
static int
take_reference(struct walk *w)
{
	struct str s = walk_rest(w);
	char c = s.len > 2 ? s.p[2] : '\0', end;
	size_t n;

	if (s.p[1] == 'g' && (ascii_is_digit(c) || c == '-')) {
		n = 3 + str_span(str_skip(s, 3), "0123456789");
	} else {
		end = c == '{'	      ? '}'
		      : s.p[1] == 'g' ? '\0'
		      : c == '<'      ? '>'
		      : c == '\''     ? '\''
				      : '\0';
		n = end ? str_find_char(str_skip(s, 3), end) : STR_NPOS;
		if (n == STR_NPOS)
			return walk_refuse(
			    w, w->at, "\\%c names no group", s.p[1]);
		n += 4;
	}
	walk_atom(w, 0, LENGTH_INFINITE);
	copy(w, n);
	return 0;
}

static int
take_property(struct walk *w)
{
	struct str s = walk_rest(w);
	size_t n = 3, start;
	bool set[256];

	if (s.len < 3)
		return walk_refuse(w, w->at, "\\%c names no property", s.p[1]);
	if (s.p[2] == '{') {
		n = str_find_char(s, '}');
		if (n == STR_NPOS)
			return walk_refuse(w, w->at, "\"}\" is missing");
		n++;
	}
	walk_atom(w, 1, 1);
	if (!property_bytes(str_head(s, n), w->modes.caseless, set)) {
		copy(w, n);
		return 0;
	}
	buf_add_char(&w->out, '[');
	start = w->out.len;
	property_write(&w->out, set);
	if (w->out.len > start) {
		buf_add_char(&w->out, ']');
	} else {
		w->out.len--;
		buf_add(&w->out, STR("(?!)"));
	}
	w->at += n;
	return 0;
}

int
walk_escape(struct walk *w)
{
	uint32_t min, max;
	char c, next;

	if (w->at + 1 >= w->in.len)
		return walk_refuse(w, w->at, "nothing follows the backslash");
	c = w->in.p[w->at + 1];
	next = w->at + 2 < w->in.len ? w->in.p[w->at + 2] : '\0';
	if (ascii_is_digit(c))
		return take_number(w);
	if (c == 'g' || c == 'k')
		return take_reference(w);
	if (c == 'p' || c == 'P')
		return take_property(w);
	if (strchr("bB", c) != NULL && c != '\0' && next == '{')
		return walk_refuse(w, w->at, "\\%c{} is not supported", c);
	if (c != '\0' && strchr("bBAZzGK", c) != NULL) {
		walk_anchor(w);
		copy(w, 2);
		return 0;
	}
	if (c == 'N' && next == '{' &&
	    dialect_braces(str_skip(w->in, w->at + 2), &min, &max) == 0)
		return take_character(w);
	if (c != '\0' && strchr("dDwWsShHvVNRX", c) != NULL) {
		walk_atom(w, 1, c == 'X' ? LENGTH_INFINITE : 1 + (c == 'R'));
		if (c == 'R') {
			/* PCRE2 lets a dot before \R keep what \R needs */
			buf_add(&w->out, STR("(?>\\r\\n|[\\n-\\r\\x85])"));
			w->at += 2;
		} else {
			copy(w, 2);
		}
		return 0;
	}
	return take_character(w);
}
