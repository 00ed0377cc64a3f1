/*
 * The stack of open style elements, and the CSS in their style attributes.
 *
 * Closing is bounded by what was opened: a count for each tag tells whether it
 * is open at all, so a flood of end tags costs nothing. Elements nested deeper
 * than HTML_STYLE_DEPTH_MAX have the style of their parent.
 */
#include "mail/html_style.h"

#include "mail/unicode.h"

const struct style *
style_top(const struct style_stack *s)
{
	return &s->v[s->len - 1];
}

static bool
push(struct style_stack *s, const struct style *style)
{
	if (s->len == HTML_STYLE_DEPTH_MAX)
		return true;
	if (!ARENA_ROOM(s->arena, s->v, s->len, s->size, 32))
		return false;
	s->v[s->len++] = *style;
	s->open[style->tag]++;
	return true;
}

static void
pop(struct style_stack *s)
{
	s->len--;
	s->open[s->v[s->len].tag]--;
}

bool
style_init(struct style_stack *s, struct arena *a)
{
	struct style bottom = {.tag = STYLE_NONE, .size = 3};

	*s = (struct style_stack){.arena = a};
	s->basefont = s->min_size = s->max_size = 3;
	bottom.background = (struct html_color){COLOR_RGB, 255, 255, 255};
	return push(s, &bottom);
}

void
style_close(struct style_stack *s, enum style_tag tag)
{
	enum style_tag top;

	/* Browsers go on rendering behind </body>. */
	if (tag == STYLE_BODY || s->open[tag] == 0)
		return;
	do {
		top = style_top(s)->tag;
		pop(s);
	} while (top != tag);
}

/* A new row or cell ends the cell before it, and the fonts left open there. */
static void
close_table_tag(struct style_stack *s, enum style_tag tag)
{
	if (s->open[tag] == 0)
		return;
	for (;;) {
		enum style_tag top = style_top(s)->tag;

		if (top != STYLE_FONT && top != STYLE_TD &&
		    !(tag == STYLE_TR && top == STYLE_TR))
			return;
		pop(s);
	}
}

static bool
leading_number(struct str s, double *out)
{
	size_t n = str_span(s, "0123456789");
	double value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (s.p[i] - '0');
	*out = value;
	return n > 0;
}

static void
apply_size(const struct style_stack *s, const struct style_attribute *a,
    struct style *style)
{
	struct str v = unicode_skip_space(a->value, a->wide);
	double n;

	if (v.len > 1 && (v.p[0] == '+' || v.p[0] == '-')) {
		if (leading_number(str_skip(v, 1), &n))
			style->size = s->basefont + (v.p[0] == '+' ? n : -n);
	} else if (leading_number(v, &n)) {
		style->size = n;
	}
}

/* ---- CSS ---------------------------------------------------------------- */

/*
 * The value behind a property's colon: trimmed, on one line. Blanks alone count
 * as a value of one blank. False: there is none.
 */
static bool
css_value(struct str s, bool wide, struct str *out)
{
	struct str v = unicode_trim(s, wide);

	if (v.len > 0) {
		*out = v;
		return str_find_char(v, '\n') == STR_NPOS;
	}
	while (s.len > 0 && s.p[s.len - 1] == '\n')
		s.len--;
	if (s.len == 0)
		return false;
	*out = str_skip(s, s.len - 1);
	while ((unsigned char)out->p[0] >= 0x80 &&
	       (unsigned char)out->p[0] < 0xc0 && out->p > s.p)
		*out = str_make(out->p - 1, out->len + 1);
	return true;
}

static struct str
drop_important(struct str v, bool wide)
{
	struct str rest = v;

	if (!str_ends_nocase(rest, STR("important")))
		return v;
	rest.len -= 9;
	rest = unicode_trim(rest, wide);
	if (!str_ends(rest, STR("!")))
		return v;
	rest.len--;
	return unicode_trim(rest, wide);
}

static void
apply_color(struct html_color *color, struct str v, bool wide)
{
	v = drop_important(v, wide);
	if (str_find_nocase(v, STR("rgb")) != STR_NPOS)
		*color = html_color_parse_rgb(v);
	else if (str_is_nocase(v, "transparent"))
		*color = (struct html_color){.kind = COLOR_TRANSPARENT};
	else if (!str_is_nocase(v, "inherit"))
		*color = html_color_parse(v, wide);
}

/*
 * One word of a background value: up to a space or comma, quotes and one level
 * of parentheses kept together. Ends a token at a closing parenthesis.
 */
static struct str
take_background_token(struct str *s)
{
	bool inside = false; /* parentheses */
	char quote = '\0';
	struct str token;
	size_t i = 0;

	for (; i < s->len; i++) {
		char c = s->p[i];

		if (quote != '\0') {
			if (c == quote)
				quote = '\0';
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (inside && c == ')') {
			i++;
			break;
		} else if (!inside && c == '(') {
			inside = true;
		} else if (!inside && (c == ' ' || c == ',')) {
			break;
		}
	}
	token = str_head(*s, i);
	*s = str_skip(*s, i);
	return token;
}

/*
 * The first colour of the bottom layer. False for blanks alone: there the model
 * gives up on the whole document, so what follows is not shown to body rules.
 */
static bool
apply_background(struct html_color *color, struct str v, bool wide)
{
	struct html_color layer = *color;
	bool any = false;
	bool found = false; /* in the current layer */
	bool fresh = true;  /* nothing in it yet */

	while (v.len > 0) {
		char first = v.p[0];
		struct html_color c;

		any |= first != ' ';
		if (fresh && first != ' ') {
			layer = *color;
			found = false;
		}
		if (first == ' ' || first == ',') {
			fresh |= first == ',';
			v = str_skip(v, 1);
			continue;
		}
		fresh = false;
		c = html_color_parse(take_background_token(&v), wide);
		if (!found && c.kind != COLOR_INVALID) {
			layer = c;
			found = true;
		}
	}
	*color = layer;
	return any;
}

static size_t
property_name(struct str s)
{
	size_t n = 0;

	while (n < s.len &&
	       (ascii_is_alpha(s.p[n]) || s.p[n] == '_' || s.p[n] == '-'))
		n++;
	return n;
}

/* "display: none" and "visibility: hidden", the names in lower case only. */
static void
apply_visibility(struct style *style, struct str part, bool wide)
{
	size_t n = property_name(part);
	struct str name = str_head(part, n);
	struct str rest = unicode_skip_space(str_skip(part, n), wide);
	struct str value;

	if (rest.len == 0 || rest.p[0] != ':')
		return;
	value = unicode_trim(str_skip(rest, 1), wide);
	if (value.len == 0 || str_find_char(value, '\n') != STR_NPOS)
		return;
	if (str_is(name, "display"))
		style->display_none = str_is_nocase(value, "none");
	else if (str_is(name, "visibility"))
		style->hidden = str_is_nocase(value, "hidden");
}

static bool
apply_declaration(struct style *style, struct str part, bool wide)
{
	struct str rest;
	struct str value;
	bool background = false;

	part = unicode_skip_space(part, wide);
	rest = part;
	if (str_starts_nocase(rest, STR("background-"))) {
		rest = str_skip(rest, 11);
		background = true;
	}
	if (str_starts_nocase(rest, STR("color:")) &&
	    css_value(str_skip(rest, 6), wide, &value)) {
		apply_color(
		    background ? &style->background : &style->foreground, value,
		    wide);
		return true;
	}
	if (str_starts(part, STR("background:")) &&
	    css_value(str_skip(part, 11), wide, &value))
		return apply_background(&style->background, value, wide);
	apply_visibility(style, part, wide);
	return true;
}

static bool
apply_css(const struct style_stack *s, const struct style_attribute *a,
    struct style *style)
{
	struct str rest = a->value;

	while (rest.p != NULL) {
		struct str part = str_cut(&rest, ';');

		if (!apply_declaration(style, part, a->wide))
			return false;
	}
	if (style->background.kind == COLOR_TRANSPARENT)
		style->background = style_top(s)->background;
	if (style->foreground.kind == COLOR_TRANSPARENT)
		style->foreground = style->background;
	return true;
}

/* ---- opening ------------------------------------------------------------ */

static bool
takes_css(enum style_tag tag)
{
	return tag == STYLE_TABLE || tag == STYLE_TR || tag == STYLE_TD ||
	       tag == STYLE_SPAN || tag == STYLE_P || tag == STYLE_DIV ||
	       tag == STYLE_A;
}

static void
note_size(struct style_stack *s, double size)
{
	if (size > s->max_size)
		s->max_size = size;
	else if (size < s->min_size)
		s->min_size = size;
}

static bool
apply_attributes(struct style_stack *s, const struct style_attributes *a,
    struct style *style)
{
	bool font = style->tag == STYLE_FONT || style->tag == STYLE_BASEFONT;

	if (style->tag == STYLE_BODY && a->text.present)
		style->foreground =
		    html_color_parse(a->text.value, a->text.wide);
	if (font && a->color.present)
		style->foreground =
		    html_color_parse(a->color.value, a->color.wide);
	if (font && a->size.present)
		apply_size(s, &a->size, style);
	return !takes_css(style->tag) || !a->style.present ||
	       apply_css(s, &a->style, style);
}

bool
style_open(struct style_stack *s, enum style_tag tag,
    const struct style_attributes *attributes)
{
	struct style style;
	double n;

	if (tag == STYLE_BASEFONT && attributes->size.present &&
	    leading_number(unicode_skip_space(
			       attributes->size.value, attributes->size.wide),
		&n)) {
		s->basefont = n;
		return true;
	}
	if (tag == STYLE_TD || tag == STYLE_TR)
		close_table_tag(s, tag);
	style = *style_top(s);
	style.tag = tag;
	if (tag == STYLE_BIG || tag == STYLE_SMALL) {
		style.size += tag == STYLE_BIG ? 1 : -1;
		return push(s, &style);
	}
	if (!apply_attributes(s, attributes, &style))
		return false;
	if (attributes->any)
		note_size(s, style.size);
	return push(s, &style);
}
