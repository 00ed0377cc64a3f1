/*
 * HTML source to events: text, start and end tags, comments, declarations.
 *
 * Cuts where HTML::Parser 3.81 cuts, with marked sections on and the rest of
 * its options off, including what it makes of input that ends in mid-tag.
 * Knows tag syntax and the elements whose content is raw; knows no meaning. One
 * pass and at most one look back over an unfinished end. Events hold slices of
 * the source. One thread, no state after html_tokenize().
 */
#ifndef POSTERN_MAIL_HTML_TOKEN_H
#define POSTERN_MAIL_HTML_TOKEN_H

#include "mail/html.h"

/* Value as written, without quotes, entities undecoded. */
struct html_raw_attribute {
	struct str name; /* case as written */
	struct str value;
	bool literal; /* stands for its own name: no entities */
};

struct html_tag {
	struct str name; /* case as written */
	const struct html_raw_attribute *attributes;
	size_t attribute_count; /* at most HTML_ATTRIBUTES_MAX */
};

/* False from `start` ends the parse at once. */
struct html_handler {
	bool (*start)(void *context, const struct html_tag *tag);
	void (*end)(void *context, struct str name);
	/* `raw`: entities are not to be decoded */
	void (*text)(void *context, struct str text, bool raw);
	void (*comment)(void *context, struct str text);
	void (*declaration)(void *context, struct str text);
	void *context;
};

/*
 * Room that must follow the source: an element left open that hides all the
 * rest is closed by an end tag written there.
 */
#define HTML_TOKEN_SPARE 16

/*
 * `source` has HTML_TOKEN_SPARE writable bytes behind its `len`. False when the
 * parse was ended by the handler, the input ends in an ignored section, or the
 * arena is full.
 */
bool html_tokenize(struct arena *a, char *source, size_t len,
    const struct html_handler *handler);

#endif
