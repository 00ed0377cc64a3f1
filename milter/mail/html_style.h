/*
 * Which text a reader can see: fonts, colours, CSS display and visibility.
 *
 * Follows SpamAssassin's model, not a browser's: colours and sizes are
 * inherited down the open style elements; the bgcolor attribute and the CSS
 * font-size are not looked at. Internal to html.c and html_style*.c.
 */
#ifndef POSTERN_MAIL_HTML_STYLE_H
#define POSTERN_MAIL_HTML_STYLE_H

#include "mail/html.h"

enum html_color_kind {
	COLOR_RGB,
	COLOR_EMPTY, /* "#" and no digit */
	COLOR_INVALID,
	COLOR_TRANSPARENT
};

struct html_color {
	enum html_color_kind kind;
	unsigned char red;
	unsigned char green;
	unsigned char blue;
};

/* An attribute value or a CSS value: a name, "#..." or "rgb(...)". */
struct html_color html_color_parse(struct str s, bool wide);
/* CSS "rgb(...)" and the like: the numbers in it, clamped. */
struct html_color html_color_parse_rgb(struct str s);
bool html_color_equal(struct html_color a, struct html_color b);
/* Both known, and so near that a reader cannot tell them apart. */
bool html_color_near(struct html_color a, struct html_color b);

enum style_tag {
	STYLE_NONE, /* the bottom, and tags that carry no style */
	STYLE_BODY,
	STYLE_FONT,
	STYLE_TABLE,
	STYLE_TR,
	STYLE_TD, /* th too */
	STYLE_BIG,
	STYLE_SMALL,
	STYLE_BASEFONT,
	STYLE_MARQUEE,
	STYLE_SPAN,
	STYLE_P,
	STYLE_DIV,
	STYLE_A,
	STYLE_COUNT
};

struct style {
	enum style_tag tag;
	struct html_color foreground;
	struct html_color background;
	double size;
	bool display_none;
	bool hidden;
};

struct style_stack {
	struct arena *arena;
	struct style *v;
	size_t len;
	size_t size;
	size_t open[STYLE_COUNT]; /* entries of each tag */
	double basefont;
	double min_size;
	double max_size;
};

/* The attributes that count; `present` false: not given. */
struct style_attribute {
	bool present;
	bool wide;
	struct str value;
};

struct style_attributes {
	bool any; /* some attribute that may style this tag, these or not */
	struct style_attribute text;
	struct style_attribute color;
	struct style_attribute size;
	struct style_attribute style;
};

/* False when the arena is full. */
bool style_init(struct style_stack *s, struct arena *a);
/* False: the style cannot be read to the end and the parse ends there. */
bool style_open(struct style_stack *s, enum style_tag tag,
    const struct style_attributes *attributes);
void style_close(struct style_stack *s, enum style_tag tag);
const struct style *style_top(const struct style_stack *s);

#endif
