/*
 * The tokenizer's state machine; see html_token.h.
 *
 * Positions are offsets; reading at or behind the end yields NUL, which no
 * construct contains, so look-ahead needs no bounds of its own. Each parse_x
 * returns where it stopped, AGAIN when the input ended inside the construct,
 * or NOT_MARKUP when it is text after all. Everything is linear: AGAIN ends
 * the pass, and there are at most three passes over an unfinished rest.
 */
#include "mail/html_token.h"

#define AGAIN ((size_t)-1)
#define NOT_MARKUP ((size_t)-2)

enum section {
	SECTION_NONE,
	SECTION_INCLUDE,
	SECTION_RCDATA,
	SECTION_CDATA,
	SECTION_IGNORE
};

/* Elements whose content is text up to their end tag. */
struct literal_element {
	struct str name;
	bool raw;	   /* no entities either */
	bool endless;	   /* no end tag counts */
	bool rest_is_text; /* when never closed */
};

static const struct literal_element literal_elements[] = {
    {{"script", 6}, true, false, false},
    {{"style", 5}, true, false, false},
    {{"xmp", 3}, true, false, true},
    {{"iframe", 6}, true, false, true},
    {{"plaintext", 9}, true, true, true},
    {{"title", 5}, false, false, false},
    {{"textarea", 8}, false, false, true},
};

struct tokenizer {
	const char *p;
	size_t end;
	const struct html_handler *handler;
	const struct literal_element *literal;
	/* Elements (a bit each) known to have no end tag ahead: without this a
	 * flood of <title> would search the rest once for each. */
	unsigned endless;
	struct str pending_end; /* end tag owed before the next tag */
	bool raw;
	bool short_comments; /* ">" alone ends a comment */
	bool stopped;
	enum section section;
	/* Strongest section keyword of each open section and those around. */
	unsigned char *sections;
	size_t section_depth;
	struct html_raw_attribute *attributes;
	size_t attribute_count;
};

static char
at(const struct tokenizer *t, size_t i)
{
	return i < t->end ? t->p[i] : '\0';
}

static struct str
slice(const struct tokenizer *t, size_t from, size_t to)
{
	return str_make(t->p + from, to - from);
}

static size_t
skip_space(const struct tokenizer *t, size_t i)
{
	while (i < t->end && ascii_is_space(t->p[i]))
		i++;
	return i;
}

static size_t
skip_to(const struct tokenizer *t, size_t i, char c)
{
	const char *hit;

	if (i >= t->end)
		return t->end;
	hit = memchr(t->p + i, c, t->end - i);
	return hit != NULL ? (size_t)(hit - t->p) : t->end;
}

static bool
is_name_start(char c)
{
	return ascii_is_alpha(c) || c == '_' || c == ':';
}

static bool
is_name_char(char c)
{
	return is_name_start(c) || ascii_is_digit(c) || c == '-' || c == '.';
}

enum { ENDS_NAME = 1, ENDS_ATTRIBUTE = 2 };

static const uint8_t ends[256] = {
    ['\t' ... '\r'] = ENDS_NAME | ENDS_ATTRIBUTE,
    [' '] = ENDS_NAME | ENDS_ATTRIBUTE,
    ['>'] = ENDS_NAME | ENDS_ATTRIBUTE,
    ['='] = ENDS_ATTRIBUTE,
};

/* The first byte from `i` on that ends a name, or an attribute's. */
static size_t
skip_name(const struct tokenizer *t, size_t i, unsigned what)
{
	while (i < t->end && (ends[(unsigned char)t->p[i]] & what) == 0)
		i++;
	return i;
}

/* ---- events ------------------------------------------------------------- */

static void
give_pending_end(struct tokenizer *t)
{
	struct str name = t->pending_end;

	if (name.len == 0)
		return;
	t->pending_end = STR_NONE;
	if (t->section != SECTION_IGNORE)
		t->handler->end(t->handler->context, name);
}

static void
give_start(struct tokenizer *t, struct str name)
{
	struct html_tag tag = {name, t->attributes, t->attribute_count};

	give_pending_end(t);
	if (t->section != SECTION_IGNORE &&
	    !t->handler->start(t->handler->context, &tag))
		t->stopped = true;
}

static void
give_end(struct tokenizer *t, struct str name)
{
	give_pending_end(t);
	if (t->section != SECTION_IGNORE)
		t->handler->end(t->handler->context, name);
}

static void
give_text(struct tokenizer *t, size_t from, size_t to)
{
	if (t->section != SECTION_IGNORE)
		t->handler->text(
		    t->handler->context, slice(t, from, to), t->raw);
}

static void
give_comment(struct tokenizer *t, size_t from, size_t to)
{
	if (t->section != SECTION_IGNORE)
		t->handler->comment(t->handler->context, slice(t, from, to));
}

static void
give_declaration(struct tokenizer *t, size_t from, size_t to)
{
	give_pending_end(t);
	if (t->section != SECTION_IGNORE)
		t->handler->declaration(
		    t->handler->context, slice(t, from, to));
}

/* ---- <! ... > ----------------------------------------------------------- */

/* `i` stands behind the "<!--" that began at `begin`. */
static size_t
parse_comment(struct tokenizer *t, size_t begin, size_t i)
{
	while ((i = skip_to(t, i, t->short_comments ? '>' : '-')) < t->end) {
		size_t close = i;

		if (!t->short_comments) {
			if (at(t, i + 1) != '-') {
				i++;
				continue;
			}
			close = skip_space(t, i + 2);
		}
		if (at(t, close) == '>') {
			give_comment(t, begin, close + 1);
			return close + 1;
		}
		i++;
	}
	return AGAIN;
}

static enum section
section_keyword(struct str name)
{
	if (str_is_nocase(name, "include"))
		return SECTION_INCLUDE;
	if (str_is_nocase(name, "rcdata"))
		return SECTION_RCDATA;
	if (str_is_nocase(name, "cdata"))
		return SECTION_CDATA;
	return str_is_nocase(name, "ignore") ? SECTION_IGNORE : SECTION_NONE;
}

static void
set_section(struct tokenizer *t)
{
	t->section = t->section_depth == 0
			 ? SECTION_NONE
			 : (enum section)t->sections[t->section_depth - 1];
	t->raw = t->section == SECTION_CDATA;
}

static void
open_section(struct tokenizer *t, enum section s)
{
	/* One too deep is not entered; its end closes the one around it. */
	if (t->section_depth < HTML_SECTION_DEPTH_MAX) {
		if (t->section > s)
			s = t->section;
		t->sections[t->section_depth++] = (unsigned char)s;
	}
	set_section(t);
}

static void
close_section(struct tokenizer *t)
{
	if (t->section_depth > 0)
		t->section_depth--;
	set_section(t);
}

/* "--...--" between the keywords; `i` stands behind the first dash. */
static size_t
skip_section_comment(const struct tokenizer *t, size_t i)
{
	if (at(t, i) != '-')
		return NOT_MARKUP;
	i++;
	while ((i = skip_to(t, i, '-')) < t->end) {
		i++;
		if (at(t, i) == '-')
			return i + 1;
	}
	return AGAIN;
}

static size_t
parse_section(struct tokenizer *t, size_t begin)
{
	enum section strongest = SECTION_NONE;
	bool named = false;
	size_t i = begin + 3;

	for (;;) {
		i = skip_space(t, i);
		while (is_name_start(at(t, i))) {
			size_t from = i;
			enum section s;

			while (is_name_char(at(t, i)))
				i++;
			s = section_keyword(slice(t, from, i));
			if (s > strongest)
				strongest = s;
			named = true;
			i = skip_space(t, i);
			if (i >= t->end)
				return AGAIN;
		}
		if (at(t, i) != '-')
			break;
		i = skip_section_comment(t, i + 1);
		if (i == AGAIN || i == NOT_MARKUP)
			return i;
	}
	if (at(t, i) != '[')
		return NOT_MARKUP;
	open_section(t, named ? strongest : SECTION_INCLUDE);
	give_pending_end(t);
	return i + 1;
}

/* "--...--" inside a declaration; `i` stands on the first dash. */
static size_t
skip_declaration_comment(const struct tokenizer *t, size_t i)
{
	i++;
	if (i >= t->end)
		return AGAIN;
	if (at(t, i) != '-')
		return NOT_MARKUP;
	i++;
	while ((i = skip_to(t, i, '-')) < t->end) {
		i++;
		if (i >= t->end)
			break;
		if (at(t, i) == '-')
			return i + 1;
	}
	return AGAIN;
}

/* `*fail_out`: where the syntax broke, when it is no declaration. */
static size_t
parse_declaration(struct tokenizer *t, size_t begin, size_t *fail_out)
{
	size_t i = begin + 2;
	struct str word;

	*fail_out = i;
	while (is_name_char(at(t, i)))
		i++;
	if (i >= t->end)
		return AGAIN;
	word = slice(t, begin + 2, i);
	if (!str_is_nocase(word, "doctype") && !str_is_nocase(word, "entity"))
		return NOT_MARKUP;
	while ((i = skip_space(t, i)) < t->end) {
		char c = at(t, i);

		if (c == '>') {
			give_declaration(t, begin, i + 1);
			return i + 1;
		}
		if (c == '"' || c == '\'') {
			i = skip_to(t, i + 1, c);
			if (i >= t->end)
				return AGAIN;
			i++;
		} else if (c == '-') {
			*fail_out = i;
			i = skip_declaration_comment(t, i);
			if (i == AGAIN || i == NOT_MARKUP)
				return i;
		} else {
			i = skip_name(t, i, ENDS_NAME);
		}
	}
	return AGAIN;
}

/* Anything else that began with "<!": a comment up to the first ">". */
static size_t
parse_bogus_comment(struct tokenizer *t, size_t begin, size_t from)
{
	size_t close = skip_to(t, from, '>');

	if (close >= t->end)
		return AGAIN;
	give_comment(t, begin, close + 1);
	return close + 1;
}

static size_t
parse_bang(struct tokenizer *t, size_t begin)
{
	size_t i = begin + 2;
	size_t stop = NOT_MARKUP;

	if (at(t, i) == '-') {
		if (i + 1 >= t->end)
			return AGAIN;
		if (at(t, i + 1) == '-')
			return parse_comment(t, begin, i + 2);
		return parse_bogus_comment(t, begin, i + 1);
	}
	if (at(t, i) == '[')
		stop = parse_section(t, begin);
	else if (ascii_is_alpha(at(t, i)))
		stop = parse_declaration(t, begin, &i);
	if (stop != NOT_MARKUP)
		return stop;
	return parse_bogus_comment(t, begin, i);
}

/* ---- tags --------------------------------------------------------------- */

static void
add_attribute(
    struct tokenizer *t, struct str name, struct str value, bool literal)
{
	if (t->attribute_count < HTML_ATTRIBUTES_MAX)
		t->attributes[t->attribute_count++] =
		    (struct html_raw_attribute){name, value, literal};
}

/* The value behind "="; `i` stands on its first byte. */
static size_t
parse_value(struct tokenizer *t, struct str name, size_t i)
{
	char quote = at(t, i);
	size_t from = i;

	if (quote == '"' || quote == '\'') {
		i = skip_to(t, i + 1, quote);
		if (i >= t->end)
			return AGAIN;
		add_attribute(t, name, slice(t, from + 1, i), false);
		return i + 1;
	}
	i = skip_name(t, i, ENDS_NAME);
	if (i >= t->end)
		return AGAIN;
	add_attribute(t, name, slice(t, from, i), false);
	return i;
}

/* One attribute; `i` stands on its first byte, the answer behind it. */
static size_t
parse_attribute(struct tokenizer *t, size_t i)
{
	size_t from = i;
	struct str name;

	i = skip_name(t, i + 1, ENDS_ATTRIBUTE);
	if (i >= t->end)
		return AGAIN;
	name = slice(t, from, i);
	i = skip_space(t, i);
	if (i >= t->end)
		return AGAIN;
	if (at(t, i) != '=') {
		add_attribute(t, name, name, true);
		return i;
	}
	i = skip_space(t, i + 1);
	if (i >= t->end)
		return AGAIN;
	if (at(t, i) == '>') {
		add_attribute(t, name, STR(""), false);
		return i;
	}
	i = parse_value(t, name, i);
	if (i == AGAIN)
		return AGAIN;
	i = skip_space(t, i);
	return i < t->end ? i : AGAIN;
}

static void
enter_literal(struct tokenizer *t, struct str name)
{
	size_t n = sizeof(literal_elements) / sizeof(literal_elements[0]);

	for (size_t i = 0; i < n; i++) {
		if (!str_eq_nocase(name, literal_elements[i].name))
			continue;
		t->literal = &literal_elements[i];
		t->raw = t->literal->raw;
	}
}

static size_t
parse_start(struct tokenizer *t, size_t begin)
{
	size_t i = skip_name(t, begin + 2, ENDS_NAME);
	struct str name;

	name = slice(t, begin + 1, i);
	i = skip_space(t, i);
	t->attribute_count = 0;
	while (i < t->end && at(t, i) != '>') {
		i = parse_attribute(t, i);
		if (i == AGAIN)
			return AGAIN;
	}
	if (i >= t->end)
		return AGAIN;
	give_start(t, name);
	enter_literal(t, name);
	return i + 1;
}

/* To the ">" that ends an end tag; quotes hide it after a space or "=". */
static size_t
skip_to_close(const struct tokenizer *t, size_t i)
{
	char quote = '\0';
	char before = ' ';

	for (; i < t->end; i++) {
		char c = t->p[i];

		if (quote == '\0' && c == '>')
			return i;
		if (c == '"' || c == '\'') {
			if (c == quote)
				quote = '\0';
			else if (quote == '\0' &&
				 (before == ' ' || before == '='))
				quote = c;
		}
		before = c;
	}
	return t->end;
}

static size_t
parse_end(struct tokenizer *t, size_t begin)
{
	size_t i = skip_name(t, begin + 2, ENDS_NAME);
	size_t close;

	close = skip_to_close(t, i);
	if (close >= t->end)
		return AGAIN;
	if (i > begin + 2)
		give_end(t, slice(t, begin + 2, i));
	else
		give_comment(t, begin, close + 1);
	return close + 1;
}

static size_t
parse_instruction(struct tokenizer *t, size_t begin)
{
	size_t close = skip_to(t, begin + 2, '>');

	if (close >= t->end)
		return AGAIN;
	give_pending_end(t);
	return close + 1;
}

static size_t
parse_markup(struct tokenizer *t, size_t begin)
{
	char c = at(t, begin + 1);

	if (is_name_start(c))
		return parse_start(t, begin);
	if (c == '/')
		return parse_end(t, begin);
	if (c == '!')
		return parse_bang(t, begin);
	return c == '?' ? parse_instruction(t, begin) : NOT_MARKUP;
}

/* ---- text --------------------------------------------------------------- */

/*
 * Inside an element of raw content: to behind its end tag. AGAIN when there is
 * none; nothing was reported then.
 */
static size_t
parse_literal(struct tokenizer *t, size_t begin)
{
	unsigned bit = 1u << (t->literal - literal_elements);
	size_t open = (t->endless & bit) != 0 ? t->end : begin;

	for (; (open = skip_to(t, open, '<')) < t->end; open++) {
		struct str name = t->literal->name;
		size_t i = open + 2;
		size_t close;

		if (at(t, open + 1) != '/' || t->literal->endless ||
		    t->end - i < name.len ||
		    !str_eq_nocase(slice(t, i, i + name.len), name))
			continue;
		close = skip_space(t, i + name.len);
		if (at(t, close) != '>')
			continue;
		if (open > begin)
			give_text(t, begin, open);
		give_end(t, slice(t, i, i + name.len));
		t->literal = NULL;
		t->raw = false;
		return close + 1;
	}
	t->endless |= bit;
	return AGAIN;
}

/* Inside a section where markup means nothing: to behind its "]]>". */
static size_t
parse_character_data(struct tokenizer *t, size_t begin)
{
	size_t i = begin;

	while ((i = skip_to(t, i, ']')) < t->end) {
		if (at(t, i + 1) == ']' && at(t, i + 2) == '>') {
			if (i > begin)
				give_text(t, begin, i);
			give_pending_end(t);
			close_section(t);
			return i + 3;
		}
		i++;
	}
	return AGAIN;
}

/*
 * Text up to the next "<"; `*begin` moves on when a section ended on the way. A
 * "]" swallows what it looked at, be it "<": that is how the model does it.
 */
static size_t
find_markup(struct tokenizer *t, size_t *begin, size_t i)
{
	if (t->section == SECTION_NONE)
		return skip_to(t, i, '<');
	while (i < t->end && t->p[i] != '<') {
		size_t from = i;

		if (t->section != SECTION_NONE && t->p[i] == ']') {
			i++;
			if (at(t, i) == ']') {
				i++;
				if (at(t, i) == '>') {
					i++;
					give_text(t, *begin, from);
					give_pending_end(t);
					*begin = i;
					close_section(t);
					continue;
				}
			}
		}
		i++;
	}
	return i < t->end ? i : t->end;
}

/* A word or white space at the end may go on: it is held back. */
static size_t
trim_open_end(const struct tokenizer *t, size_t begin, size_t i)
{
	if (!ascii_is_space(t->p[i - 1]))
		while (i > begin && !ascii_is_space(t->p[i - 1]))
			i--;
	while (i > begin && ascii_is_space(t->p[i - 1]))
		i--;
	return i;
}

/* From `i` as far as is certain; returns where the uncertain rest begins. */
static size_t
parse_pass(struct tokenizer *t, size_t i)
{
	size_t begin = i;

	while (!t->stopped) {
		size_t stop;

		if (t->literal != NULL) {
			stop = parse_literal(t, begin);
			if (stop == AGAIN)
				return begin;
			begin = i = stop;
		}
		while (t->section == SECTION_CDATA ||
		       t->section == SECTION_RCDATA) {
			stop = parse_character_data(t, begin);
			if (stop == AGAIN)
				return begin;
			begin = i = stop;
		}
		i = find_markup(t, &begin, i);
		if (i > begin) {
			if (i >= t->end) {
				i = trim_open_end(t, begin, i);
				if (i > begin)
					give_text(t, begin, i);
				return i;
			}
			give_text(t, begin, i);
			begin = i;
		}
		if (t->end - i < 3)
			return i;
		stop = parse_markup(t, begin);
		if (stop == AGAIN)
			return begin;
		if (stop == NOT_MARKUP)
			i++;
		else
			begin = i = stop;
	}
	return t->end;
}

/* ---- the end of input --------------------------------------------------- */

/* An element left open at the end: `i` is where its content begins. */
static size_t
leave_literal(struct tokenizer *t, size_t i)
{
	const struct literal_element *e = t->literal;

	t->literal = NULL;
	if (str_is(e->name, "title"))
		t->pending_end = e->name;
	else
		give_end(t, e->name);
	return parse_pass(t, i);
}

static void
finish(struct tokenizer *t, size_t i)
{
	while (i < t->end && !t->stopped) {
		char next = at(t, i + 1);

		if (t->literal != NULL) {
			if (t->literal->rest_is_text)
				break;
			i = leave_literal(t, i);
		} else if (!t->short_comments && t->p[i] == '<') {
			t->short_comments = true;
			i = parse_pass(t, i);
		} else {
			if (t->p[i] == '<' &&
			    (i + 1 == t->end || is_name_start(next) ||
				next == '/' || next == '!' || next == '?')) {
				give_comment(t, i, t->end);
				i = t->end;
			}
			break;
		}
	}
	if (t->stopped)
		return;
	if (i < t->end)
		give_text(t, i, t->end);
	give_pending_end(t);
}

/* A style or script left open would hide all the rest; it is closed. */
static size_t
close_hiding(struct tokenizer *t, char *source, size_t i)
{
	struct str name;

	if (t->stopped || t->literal == NULL || t->section == SECTION_IGNORE ||
	    !(str_is(t->literal->name, "style") ||
		str_is(t->literal->name, "script")))
		return i;
	name = t->literal->name;
	memcpy(source + t->end, "</", 2);
	memcpy(source + t->end + 2, name.p, name.len);
	source[t->end + 2 + name.len] = '>';
	t->end += name.len + 3;
	t->endless = 0;
	return parse_pass(t, i);
}

bool
html_tokenize(struct arena *a, char *source, size_t len,
    const struct html_handler *handler)
{
	struct tokenizer *t = arena_zalloc(a, sizeof(*t));
	size_t i;

	if (t == NULL)
		return false;
	t->attributes =
	    arena_alloc(a, HTML_ATTRIBUTES_MAX * sizeof(*t->attributes));
	t->sections = arena_alloc(a, HTML_SECTION_DEPTH_MAX);
	if (t->attributes == NULL || t->sections == NULL)
		return false;
	t->p = source;
	t->end = len;
	t->handler = handler;
	i = parse_pass(t, 0);
	i = close_hiding(t, source, i);
	finish(t, i);
	return !t->stopped && t->section != SECTION_IGNORE;
}
