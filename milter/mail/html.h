/*
 * HTML to the text a reader sees, and what the markup gives away.
 *
 * The tokenizer breaks markup up as HTML::Parser 3.81 does, the handlers lay
 * text out, track visibility and count oddities as SpamAssassin's do, since
 * body rules and HTML eval rules are written against them. Links are listed in
 * document order with their raw values; canonical and resolved forms are
 * uri.h's business. Knows no MIME and no charset. Linear in the input; the
 * limits are below. Everything lives in the caller's arena.
 */
#ifndef POSTERN_MAIL_HTML_H
#define POSTERN_MAIL_HTML_H

#include "base/arena.h"

#define HTML_STYLE_DEPTH_MAX 65536  /* open style elements kept apart */
#define HTML_TAG_NAMES_MAX 16384    /* distinct tag names counted */
#define HTML_ATTRIBUTES_MAX 256	    /* attributes of one tag looked at */
#define HTML_SECTION_DEPTH_MAX 1024 /* nested marked sections */
#define HTML_LINK_VALUE_MAX 8192    /* characters of a link value */
#define HTML_LINKS_MAX 100000	    /* links and anchors of a part */

/* The element a link stood in; also the name of its type in uri_detail. */
enum html_element {
	HTML_A,
	HTML_AREA,
	HTML_BASE,
	HTML_BGSOUND,
	HTML_BODY,
	HTML_EMBED,
	HTML_FORM,
	HTML_FRAME,
	HTML_IFRAME,
	HTML_IMG,
	HTML_LINK,
	HTML_META,
	HTML_SCRIPT,
	HTML_TABLE,
	HTML_TD,
	HTML_TR
};
/* "a", "area", ... Never NULL. */
const char *html_element_name(enum html_element e);

enum html_attribute {
	HTML_HREF,
	HTML_SRC,
	HTML_BACKGROUND,
	HTML_ACTION,
	HTML_CONTENT,	   /* the target of a meta refresh */
	HTML_SAFE_REDIRECT /* data-saferedirecturl */
};

/*
 * One link. `value` has entities decoded and white space trimmed, is cut at
 * HTML_LINK_VALUE_MAX characters and never empty. `base` is the base URI in
 * force at that point (empty: none), already reduced to its directory with a
 * slash at its end. A base element's own link carries the base before it.
 * Schemes data, mailto, file, cid and tel are to be taken as they stand, all
 * others resolved against `base`.
 */
struct html_link {
	enum html_element element;
	enum html_attribute attribute;
	struct str value;
	struct str base;
};

/*
 * One <a> start tag, in order. `href` is trimmed but not resolved (empty: no
 * href); `text` is what stood inside (images as "<img>\n").
 */
struct html_anchor {
	struct str href;
	struct str text;
};

struct html_texts {
	const struct str *v;
	size_t len;
};

/* A tag name, lower case, that was opened or closed. "!doctype" for that. */
struct html_tag_count {
	struct str name;
	long open; /* starts minus ends, never below 0 */
	const struct html_element_facts *facts; /* the renderer's own */
	bool office;				/* a word processor's "o:p" */
};

/* Numbers are as SpamAssassin's results of the same name. */
struct html_result {
	/*
	 * False: the parse was given up, at a style attribute the model cannot
	 * read ("background: " and nothing) or inside "<![IGNORE[" without an
	 * end. The text up to there and the flags are all there is then; lists
	 * are empty and numbers unknown, and no eval function finds one.
	 */
	bool complete;
	/*
	 * The rendered text, as UTF-8. `characters` false: all characters are
	 * below U+0100 and the text is not known to be Unicode; rules then see
	 * them as single bytes.
	 */
	struct str text;
	bool characters;
	struct str visible;   /* what a reader sees of it; same flag */
	struct str invisible; /* and what none does; same flag */

	const struct html_tag_count *tags_seen; /* `inside`; by first sight */
	size_t tags_seen_count;

	const struct html_link *links;
	size_t link_count;
	const struct html_anchor *anchors; /* also the `anchor` texts */
	size_t anchor_count;
	bool uri_truncated;

	struct html_texts title;
	struct html_texts comment; /* with the delimiters */
	struct html_texts script;
	struct str charsets; /* of meta tags, space between */

	/* Flags for html_test. */
	bool font_low_contrast;
	bool font_invalid_color;
	bool font_face_bad;
	bool embeds;
	bool form_action_mailto;

	/* Numbers for html_range and html_eval. */
	double image_area;
	size_t length; /* characters of the source */
	double min_size;
	double max_size;
	size_t tags;	 /* all tags; 0: no ratio is known */
	size_t elements; /* valid ones among them */
	size_t distinct_tags;
	size_t distinct_elements;
	size_t closed_extra;
	size_t obfuscation;
	size_t backhair; /* distinct kinds */
	/* Ratios exist only when their `has_` is set. */
	bool has_closed_extra_ratio;
	double closed_extra_ratio;
	bool has_bad_tag_ratio;
	double bad_tag_ratio;
	bool has_non_element_ratio;
	double non_element_ratio;
	bool has_obfuscation_ratio;
	double obfuscation_ratio;

	size_t html_length; /* characters of `text` */
	size_t non_space_len;
	bool has_ratio; /* share of the source not shown */
	double ratio;
};

/* What the bytes of a source are. */
enum html_source {
	HTML_PLAIN,	 /* UTF-8, not known to be Unicode */
	HTML_CHARACTERS, /* UTF-8: see charset_text */
	HTML_OCTETS	 /* bytes of no known charset */
};

/*
 * Renders one HTML part. `source_bytes`: its length before charset decoding,
 * for the ratio. NULL only when the arena is full before anything was rendered;
 * a full arena later cuts the results short. The result may point into
 * `source`.
 */
const struct html_result *html_render(struct arena *a, struct str source,
    enum html_source kind, size_t source_bytes);

/* The count of an open tag; false when the tag was never seen. */
bool html_inside(const struct html_result *r, struct str tag, long *open_out);

#endif
