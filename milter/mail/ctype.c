#include "mail/ctype.h"

/* RFC 2231 pieces of one file name, and bytes of them. */
#define NAME_PIECES_MAX 1000

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* End of the text, or before the one newline at its end (Perl's `$`). */
static bool
at_end(struct str s, size_t pos)
{
	return pos == s.len || (pos + 1 == s.len && s.p[pos] == '\n');
}

/*
 * Next place at or after `from` where the word `name` (lower case) begins;
 * returns the offset behind it.
 */
static bool
find_word(struct str s, const char *name, size_t from, size_t *after_out)
{
	struct str want = str_from(name);

	for (size_t i = from; i + want.len <= s.len; i++) {
		if ((s.p[i] | 0x20) != name[0] ||
		    (i > 0 && is_word(s.p[i - 1])) ||
		    !str_eq_nocase(str_make(s.p + i, want.len), want))
			continue;
		*after_out = i + want.len;
		return true;
	}
	return false;
}

/* `=` with blanks around; the offset behind them. */
static bool
skip_equals(struct str s, size_t pos, size_t *after_out)
{
	pos = str_past_space(s, pos);
	if (pos >= s.len || s.p[pos] != '=')
		return false;
	*after_out = str_past_space(s, pos + 1);
	return true;
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'';
}

/*
 * A loose value: one optional quote, then all up to `;` or the end, less one
 * quote there. It stays on its line. `*end_out` is where the search goes on.
 */
static bool
loose_value(struct str s, size_t pos, struct str *value_out, size_t *end_out)
{
	size_t start = pos < s.len && is_quote(s.p[pos]) ? pos + 1 : pos;

	for (size_t i = start; i <= s.len; i++) {
		size_t stop = i < s.len && is_quote(s.p[i]) ? i + 1 : i;

		if (!at_end(s, stop) && s.p[stop] != ';') {
			stop = i;
			if (!at_end(s, i) && s.p[i] != ';') {
				if (s.p[i] == '\n')
					return false;
				continue;
			}
		}
		*value_out = str_make(s.p + start, i - start);
		*end_out = stop < s.len ? stop + 1 : stop;
		return true;
	}
	return false;
}

static bool
find_charset(struct str s, struct str *out)
{
	size_t pos = 0, value, end;

	while (find_word(s, "charset", pos, &pos))
		if (skip_equals(s, pos, &value) &&
		    loose_value(s, value, out, &end))
			return true;
	return false;
}

/* The first of "name" and "filename", as whole words. */
static bool
find_name_word(struct str s, size_t from, size_t *after_out)
{
	size_t plain, file;
	bool has_plain = find_word(s, "name", from, &plain);
	bool has_file = find_word(s, "filename", from, &file);

	if (!has_plain && !has_file)
		return false;
	*after_out = has_plain && (!has_file || plain < file) ? plain : file;
	return true;
}

static bool
find_name(struct str s, struct str *out)
{
	size_t pos = 0, value, end;

	while (find_name_word(s, pos, &pos))
		if (skip_equals(s, pos, &value) &&
		    loose_value(s, value, out, &end))
			return true;
	return false;
}

struct piece {
	uint64_t number;
	struct str text;
};

/* "*12=": its number, and the offset of the value. */
static bool
piece_number(struct str s, size_t pos, uint64_t *number_out, size_t *value_out)
{
	size_t digits;

	if (pos >= s.len || s.p[pos] != '*')
		return false;
	digits = str_span(str_skip(s, pos + 1), "0123456789");
	return str_to_u64(str_make(s.p + pos + 1, digits), number_out) &&
	       skip_equals(s, pos + 1 + digits, value_out);
}

/* Kept in order of number; of two with one number the later one stays. */
static size_t
insert_piece(struct piece *v, size_t len, struct piece p)
{
	size_t i = len;

	while (i > 0 && v[i - 1].number > p.number)
		i--;
	if (i > 0 && v[i - 1].number == p.number) {
		v[i - 1] = p;
		return len;
	}
	if (len == NAME_PIECES_MAX)
		return len;
	memmove(v + i + 1, v + i, (len - i) * sizeof(*v));
	v[i] = p;
	return len + 1;
}

static struct str
join_pieces(struct arena *a, const struct piece *v, size_t len)
{
	size_t total = 0, n = 0;
	char *text;

	for (size_t i = 0; i < len; i++)
		total += v[i].text.len;
	text = arena_alloc(a, total);
	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < len; i++) {
		if (v[i].text.len > 0)
			memcpy(text + n, v[i].text.p, v[i].text.len);
		n += v[i].text.len;
	}
	return str_make(text, n);
}

/* "name*0=" stands somewhere, be it inside another value. */
static bool
has_first_piece(struct str s)
{
	size_t pos = 0, value;
	uint64_t number;

	while (find_name_word(s, pos, &pos))
		if (piece_number(s, pos, &number, &value) && number == 0 &&
		    !ascii_is_digit(s.p[pos + 2]))
			return true;
	return false;
}

/* name*0="a"; name*1="b" (RFC 2231 section 3); false: there is no piece 0. */
static bool
find_split_name(struct arena *a, struct str s, struct str *out)
{
	struct piece *v, p;
	size_t len = 0, pos = 0, value;

	if (!has_first_piece(s))
		return false;
	v = arena_array(a, NAME_PIECES_MAX, sizeof(*v));
	if (v == NULL)
		return false;
	while (find_name_word(s, pos, &pos))
		if (piece_number(s, pos, &p.number, &value) &&
		    loose_value(s, value, &p.text, &pos))
			len = insert_piece(v, len, p);
	*out = join_pieces(a, v, len);
	return true;
}

/* Only an opening quote is needed; without one it ends at a blank or `;`. */
static bool
boundary_value(struct str s, size_t pos, struct str *out)
{
	struct str rest = str_skip(s, pos);
	size_t n;

	if (rest.len > 0 && rest.p[0] == '"') {
		n = str_find_char(str_skip(rest, 1), '"');
		if (n == STR_NPOS)
			n = rest.len - 1;
		*out = str_make(rest.p + 1, n);
		return n > 0;
	}
	for (n = 0; n < rest.len && !ascii_is_space(rest.p[n]) &&
		    rest.p[n] != '"' && rest.p[n] != ';';)
		n++;
	*out = str_head(rest, n);
	return n > 0 && (n == rest.len || rest.p[n] != '"');
}

static bool
find_boundary(struct str s, struct str *out)
{
	size_t pos = 0, value;

	while (find_word(s, "boundary", pos, &pos))
		if (skip_equals(s, pos, &value) &&
		    boundary_value(s, value, out))
			return true;
	return false;
}

/* RFC 2045 tspecials, controls, blanks and 8-bit bytes do not stay in a type.
 */
static bool
is_type_char(char c)
{
	unsigned char u = (unsigned char)c;

	return u > ' ' && u < 0x7f && strchr("\"(),:;<=>?@[\\]", c) == NULL;
}

/* "something/something" of the value, up to `;` or a blank behind the slash. */
static struct str
type_slice(struct str value)
{
	struct str s = str_trim_left(value);
	size_t slash, n;

	s = str_head(s, str_find_char(s, ';'));
	slash = str_find_char(s, '/');
	if (slash == STR_NPOS || slash == 0)
		return s;
	for (n = slash + 1;
	     n < s.len && s.p[n] != '/' && !ascii_is_space(s.p[n]);)
		n++;
	return str_head(s, n);
}

static bool
is_plain_text(struct str type)
{
	if (!str_starts_nocase(type, STR("text")) ||
	    (type.len > 4 && is_word(type.p[4])))
		return false;
	return !str_is_nocase(type, "text/html") &&
	       !str_is_nocase(type, "text/calendar") &&
	       !str_is_nocase(type, "text/x-vcard");
}

static struct str
clean_type(struct arena *a, struct str type)
{
	char *text = arena_alloc(a, type.len);
	size_t n = 0;

	if (text == NULL)
		return STR("text/plain");
	for (size_t i = 0; i < type.len; i++)
		if (is_type_char(type.p[i]))
			text[n++] = ascii_lower(type.p[i]);
	return str_make(text, n);
}

/* The few types nearly all parts have need no memory. */
static struct str
repair_type(struct arena *a, struct str type)
{
	static const struct str common[] = {STR("text/html"),
	    STR("multipart/alternative"), STR("multipart/mixed"),
	    STR("multipart/related"), STR("message/rfc822")};

	if (is_plain_text(type))
		return STR("text/plain");
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (str_eq_nocase(type, common[i]))
			return common[i];
	return clean_type(a, type);
}

/* Perl's idea of a string that counts as "no". */
static bool
is_false(struct str s)
{
	return s.len == 0 || (s.len == 1 && s.p[0] == '0');
}

void
ctype_parse(struct arena *a, struct str value, struct ctype *out)
{
	struct str type;

	*out = (struct ctype){0};
	if (is_false(value)) {
		out->missing = true;
		value = STR("text/plain; charset=us-ascii");
	}
	out->has_boundary = find_boundary(value, &out->boundary);
	out->has_charset = find_charset(value, &out->charset);
	out->has_name = find_name(value, &out->name);
	if (!out->has_name || is_false(out->name)) {
		struct str name;

		if (find_split_name(a, value, &name)) {
			out->has_name = true;
			out->name = name;
		}
	}
	type = type_slice(value);
	if (is_false(type)) {
		out->missing = true;
		out->type = STR("text/plain");
		return;
	}
	out->type = repair_type(a, type);
}

/* Bytes up to a quote or `;`. */
static struct str
name_run(struct str s, size_t pos)
{
	size_t n = pos;

	while (n < s.len && s.p[n] != '"' && s.p[n] != ';')
		n++;
	return str_make(s.p + pos, n - pos);
}

bool
ctype_disposition_name(struct str value, struct str *name_out)
{
	size_t pos = 0;

	for (;;) {
		size_t hit =
		    str_find_nocase(str_skip(value, pos), STR("name="));
		size_t start, quoted;
		struct str run;

		if (hit == STR_NPOS)
			return false;
		pos += hit + 5;
		start = str_past_space(value, pos);
		quoted = start < value.len && value.p[start] == '"';
		run = name_run(value, start + quoted);
		/* An empty quoted name: the blank before it is one. */
		if (run.len == 0 && start > pos)
			run = name_run(value, start - 1);
		if (run.len > 0) {
			*name_out = run;
			return true;
		}
	}
}
