#include "rule/dialect.h"

#include "base/err.h"

#include <stdio.h>

/* One member of a class: a byte or code point, or a set of them. */
struct member {
	bool set;
	uint32_t value;
	struct str text; /* as it stands in the pattern */
};

static const char *const posix_names[] = {"alpha", "digit", "alnum", "upper",
    "lower", "space", "blank", "punct", "print", "graph", "cntrl", "xdigit",
    "word", "ascii"};

static bool
is_posix_name(struct str s)
{
	for (size_t i = 0; i < sizeof(posix_names) / sizeof(posix_names[0]);
	     i++)
		if (str_is(s, posix_names[i]))
			return true;
	return false;
}

/*
 * [:name:] inside a class: its length; 0: the bracket is a plain one; refused
 * when the name is none or does not end as it should.
 */
static int
posix_class(struct walk *w, size_t at, size_t *length_out)
{
	struct str s = str_skip(w->in, at), name;
	size_t i = 2;
	char mark = s.len > 1 ? s.p[1] : '\0', closing[3] = {mark, ']', '\0'};
	bool ends;

	*length_out = 0;
	if (mark != ':' && mark != '.' && mark != '=')
		return 0;
	i += i < s.len && s.p[i] == '^';
	name = str_skip(s, i);
	name = str_head(name, str_span(name, "abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789_"));
	i += name.len;
	ends = str_starts(str_skip(s, i), str_from(closing));
	if (name.len == 0 || (!ends && !is_posix_name(name)))
		return 0;
	if (mark != ':' || !is_posix_name(name) || !ends)
		return walk_refuse(w, at,
		    "[%c%.*s%c] is no class of characters", mark, STR_ARG(name),
		    mark);
	*length_out = i + 2;
	return 0;
}

/* [:alpha:] with the class brackets forgotten. */
static bool
is_stray_posix(struct str s)
{
	size_t n;

	if (s.len < 5 || strchr(":.=", s.p[1]) == NULL || s.p[1] == '\0')
		return false;
	n = 2 + (s.p[2] == '^');
	n += str_span(str_skip(s, n), "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return n > 2 && n + 1 < s.len && s.p[n] == s.p[1] && s.p[n + 1] == ']';
}

static int
read_escape(struct walk *w, size_t at, struct member *m)
{
	char c = at + 1 < w->in.len ? w->in.p[at + 1] : '\0';
	size_t n = 2;
	int rc;

	if (at + 1 >= w->in.len)
		return walk_refuse(w, at, "nothing follows the backslash");
	if (c != '\0' && strchr("dDwWsShHvVpP", c) != NULL) {
		m->set = true;
		if ((c == 'p' || c == 'P') && at + 2 < w->in.len)
			n = w->in.p[at + 2] == '{'
				? str_find_char(str_skip(w->in, at), '}') + 1
				: 3;
		if (n == 0)
			return walk_refuse(w, at, "\"}\" is missing");
	} else if (c == 'b') {
		m->value = '\b';
	} else if ((rc = walk_character(w, at, &m->value, &n)) != 0) {
		return rc;
	}
	m->text = str_head(str_skip(w->in, at), n);
	return 0;
}

static int
read_member(struct walk *w, size_t at, struct member *m)
{
	size_t n = 0;
	int rc;

	*m = (struct member){.set = false};
	if (w->in.p[at] == '\\')
		return read_escape(w, at, m);
	if (w->in.p[at] == '[') {
		if ((rc = posix_class(w, at, &n)) != 0)
			return rc;
		m->set = n > 0;
	}
	m->value = (unsigned char)w->in.p[at];
	m->text = str_head(str_skip(w->in, at), n ? n : 1);
	return 0;
}

static void
add_value(struct walk *w, uint32_t value)
{
	if (value < ' ' || value == 0x7f) {
		buf_printf(&w->out, "\\x%02x", value);
		return;
	}
	/* "[." and the like would open what POSIX reserved. */
	if (value < 0x80 && (strchr("[]^-\\#", (int)value) != NULL ||
				(strchr(".:=", (int)value) != NULL &&
				    w->out.p[w->out.len - 1] == '[')))
		buf_add_char(&w->out, '\\');
	buf_add_char(&w->out, (char)value);
}

static void
add_member(struct walk *w, const struct member *m)
{
	bool bytes[256];

	if (m->set && m->text.p[0] == '\\' &&
	    ascii_lower(m->text.p[1]) == 'p' &&
	    property_bytes(m->text, w->modes.caseless, bytes))
		property_write(&w->out, bytes);
	else if (m->set)
		buf_add(&w->out, m->text);
	else if (m->text.len == 2 && m->text.p[0] == '\\')
		buf_add(&w->out, m->text);
	else if (m->value <= 0xff)
		add_value(w, m->value);
}

static void
add_range(struct walk *w, uint32_t from, uint32_t to)
{
	if (from > 0xff)
		return;
	add_value(w, from);
	buf_add_char(&w->out, '-');
	add_value(w, to > 0xff ? 0xff : to);
}

/* Behind byte `at`, past the blanks /xx does not see in a class. */
static size_t
skip_blanks(const struct walk *w, size_t at)
{
	while (w->modes.extended_more && at < w->in.len &&
	       (w->in.p[at] == ' ' || w->in.p[at] == '\t'))
		at++;
	return at;
}

/* A member, or a range of two, at w->at. */
static int
take_member(struct walk *w)
{
	struct member m, to;
	size_t dash, behind;
	int rc = read_member(w, w->at, &m);

	if (rc != 0)
		return rc;
	dash = skip_blanks(w, w->at + m.text.len);
	behind = skip_blanks(w, dash + 1);
	if (behind >= w->in.len || w->in.p[dash] != '-' ||
	    w->in.p[behind] == ']') {
		add_member(w, &m);
		w->at = dash;
		return 0;
	}
	if (m.set)
		return walk_refuse(w, w->at, "a range starts with a class");
	if ((rc = read_member(w, behind, &to)) != 0)
		return rc;
	if (to.set)
		return walk_refuse(w, w->at, "a range ends with a class");
	if (m.value > to.value)
		return walk_refuse(w, w->at, "a range runs backwards");
	add_range(w, m.value, to.value);
	w->at = behind + to.text.len;
	return 0;
}

int
walk_class(struct walk *w)
{
	size_t opened = w->at, start;
	bool negated, first = true;
	int rc;

	if (is_stray_posix(walk_rest(w)))
		return walk_refuse(
		    w, w->at, "[: :] stands inside a class: [[:alpha:]]");
	walk_atom(w, 1, 1);
	start = w->out.len;
	w->at++;
	negated = w->at < w->in.len && w->in.p[w->at] == '^';
	w->at += negated;
	buf_add(&w->out, negated ? STR("[^") : STR("["));
	for (; w->at < w->in.len && (first || w->in.p[w->at] != ']');
	     first = false) {
		char c = w->in.p[w->at];

		if (w->modes.extended_more && (c == ' ' || c == '\t')) {
			w->at++;
			continue;
		}
		if ((rc = take_member(w)) != 0)
			return rc;
	}
	if (w->at >= w->in.len)
		return walk_refuse(w, opened, "\"[\" is not closed");
	w->at++;
	/* all it held is beyond any byte */
	if (w->out.len == start + 1 + negated) {
		w->out.len = start;
		buf_add(&w->out, negated ? STR("[\\x00-\\xff]") : STR("(?!)"));
		return 0;
	}
	buf_add_char(&w->out, ']');
	return 0;
}
