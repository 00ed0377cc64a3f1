/*
 * What a start tag gives away beside text and links: odd font faces, picture
 * areas, embedded objects, mail forms, charsets.
 *
 * Each test follows the SpamAssassin result of the same name. Stateless beyond
 * the parser's counters.
 */
#include "mail/html_internal.h"
#include "mail/unicode.h"

static bool
is_face_char(char c)
{
	return ascii_is_alpha(c) || c == ' ' || c == '-';
}

/* Takes "Letters and blanks", two at least, a letter last, then "9" and a
 * quote. */
static bool
take_face(struct str *s, bool blank_first)
{
	size_t n = 0;

	if (s->len == 0 || s->p[0] == '-' || (s->p[0] == ' ' && !blank_first))
		return false;
	while (n < s->len && is_face_char(s->p[n]))
		n++;
	if (n < 2 || !ascii_is_alpha(s->p[n - 1]))
		return false;
	*s = str_skip(*s, n);
	if (s->len > 0 && ascii_is_digit(s->p[0]))
		*s = str_skip(*s, 1);
	if (s->len > 0 && (s->p[0] == '"' || s->p[0] == '\''))
		*s = str_skip(*s, 1);
	return true;
}

/* A list of font families as real mail programs write it. */
static bool
is_good_face(struct html_value v)
{
	struct str s = unicode_skip_space(v.text, v.wide);
	bool quoted =
	    s.len > 0 && strchr("\"'.", s.p[0]) != NULL && s.p[0] != '\0';
	bool blank = s.p > v.text.p && s.p[-1] == ' ';

	if (quoted)
		s = str_skip(s, 1);
	else if (blank && s.len > 0 && ascii_is_alpha(s.p[0]))
		s = str_make(s.p - 1, s.len + 1);
	if (!take_face(&s, true))
		return false;
	while (s.len > 0 && s.p[0] == ',') {
		s = unicode_skip_space(str_skip(s, 1), v.wide);
		if (s.len > 0 && (s.p[0] == '"' || s.p[0] == '\''))
			s = str_skip(s, 1);
		if (!take_face(&s, false))
			return false;
	}
	if (s.len > 0 && s.p[0] == ';')
		s = str_skip(s, 1);
	return s.len == 0 || str_is(s, "\n");
}

/* A length in pixels or percent of a screen of 100 * `percent` pixels. */
static double
picture_side(struct str s, double percent)
{
	size_t n = str_span(s, "0123456789");
	struct str rest = str_skip(s, n);
	double side = 0;

	for (size_t i = 0; i < n; i++)
		side = side * 10 + (s.p[i] - '0');
	if (n > 0 && rest.len > 0 && rest.p[0] == '%') {
		side *= percent;
		rest = str_skip(rest, 1);
	}
	if (n == 0 || !(rest.len == 0 || str_is(rest, "\n")) || side <= 0)
		return 200;
	return side;
}

static void
test_picture(struct html_parser *h, const struct html_tag *tag)
{
	struct html_value width, height;

	if (h->inside_a != NULL && *h->inside_a > 0)
		buf_add(&h->anchor_text, STR("<img>\n"));
	width = html_attribute_value(h, tag, STR("width"));
	height = html_attribute_value(h, tag, STR("height"));
	if (width.present && height.present)
		h->image_area +=
		    picture_side(width.text, 8) * picture_side(height.text, 6);
}

/* What follows the first "charset=" of a Content-Type, without quotes. */
static void
test_charset(struct html_parser *h, const struct html_tag *tag)
{
	struct html_value equiv =
	    html_attribute_value(h, tag, STR("http-equiv"));
	struct html_value v = html_attribute_value(h, tag, STR("content"));
	struct str rest = v.text;
	size_t at, n;

	if (!equiv.present || !v.present ||
	    str_find_nocase(equiv.text, STR("content-type")) == STR_NPOS)
		return;
	while ((at = str_find_nocase(rest, STR("charset"))) != STR_NPOS) {
		struct str before =
		    str_make(v.text.p, (size_t)(rest.p - v.text.p) + at);
		struct str name;

		rest = str_skip(rest, at + 7);
		if (before.len > 0 &&
		    unicode_is_word(unicode_last(before, &n), v.wide))
			continue;
		name = unicode_skip_space(rest, v.wide);
		if (name.len == 0 || name.p[0] != '=')
			continue;
		name = unicode_skip_space(str_skip(name, 1), v.wide);
		if (name.len > 0 && (name.p[0] == '"' || name.p[0] == '\''))
			name = str_skip(name, 1);
		name = str_head(name, str_cspan(name, "\"'"));
		if (name.len == 0)
			continue;
		if (h->charsets.len > 0)
			buf_add_char(&h->charsets, ' ');
		buf_add(&h->charsets, name);
		return;
	}
}

void
html_test_tag(
    struct html_parser *h, struct str name, const struct html_tag *tag)
{
	struct html_value v;

	if (str_is(name, "font")) {
		v = html_attribute_value(h, tag, STR("face"));
		if (v.present && !is_good_face(v))
			h->result->font_face_bad = true;
	} else if (str_is(name, "img")) {
		test_picture(h, tag);
	} else if (str_is(name, "form")) {
		v = html_attribute_value(h, tag, STR("action"));
		if (v.present &&
		    str_find_nocase(v.text, STR("mailto:")) != STR_NPOS)
			h->result->form_action_mailto = true;
	} else if (str_is(name, "object") || str_is(name, "embed")) {
		h->result->embeds = true;
	} else if (str_is(name, "title")) {
		if (h->title.len > 0)
			h->title.v[h->title.len - 1] = buf_str(&h->title_text);
		html_strings_add(h, &h->title, STR(""));
		buf_init_arena(&h->title_text, h->arena);
	} else if (str_is(name, "meta")) {
		test_charset(h, tag);
	}
}
