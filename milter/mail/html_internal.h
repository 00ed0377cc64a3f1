/*
 * One HTML rendering on its way; shared by html.c and html_*.c only.
 *
 * html_repair.c mends the source, html.c counts tags, html_layout.c lays out
 * text, html_link.c lists links, html_test.c looks for oddities. All in one
 * arena.
 */
#ifndef POSTERN_MAIL_HTML_INTERNAL_H
#define POSTERN_MAIL_HTML_INTERNAL_H

#include "base/buf.h"
#include "mail/html.h"
#include "mail/html_style.h"
#include "mail/html_token.h"

#define HTML_NO_LINK ((enum html_element) - 1)

struct html_element_facts {
	struct str name;
	bool valid;
	enum style_tag style;
	const char *space; /* NULL: none */
	enum html_element link;
};

/* NULL: an unknown element. `name` in lower case. */
const struct html_element_facts *html_element_find(struct str name);

/* Tags seen, in order, with a hash over their names. */
struct html_tag_map {
	struct html_tag_count *v;
	size_t len;
	size_t size;
	uint32_t *slots; /* index + 1 into v; 0: free */
	size_t slot_count;
	uint64_t seed; /* of the hash */
};

struct html_strings {
	struct str *v;
	size_t len;
	size_t size;
};

struct html_parser {
	struct arena *arena;
	enum html_source kind;
	struct html_result *result;
	size_t source_length; /* in characters */
	double image_area;
	struct html_tag_map inside;
	struct style_stack styles;

	/* The rendered text and, once something is invisible, its two parts. */
	struct buf text;
	struct buf visible;
	struct buf invisible;
	bool is_split;
	size_t chunks;
	size_t chunk_at; /* where the last chunk begins in `text` */
	bool chunk_is_space;
	bool chunk_is_invisible;
	bool chunk_is_wide;

	/* Open counts asked for at every text. */
	long *inside_a;
	long *inside_title;
	long *inside_script;
	long *inside_style;

	struct html_strings title;
	struct html_strings comment;
	struct html_strings script;
	struct buf title_text;
	struct html_anchor *anchors;
	size_t anchor_count;
	size_t anchor_size;
	struct buf anchor_text;
	struct html_link *links;
	size_t link_count;
	size_t link_size;
	struct str base;
	struct buf charsets;
	uint64_t backhair;	      /* a bit for each pair of lengths 1..7 */
	struct html_tag_count no_tag; /* for names beyond the limit */
};

/* `s` mended, with room behind for the tokenizer. False at the arena's cap. */
bool html_repair(
    struct arena *a, enum html_source kind, struct str s, struct buf *out);

/* An attribute's value with entities decoded. */
struct html_value {
	bool present;
	bool wide;
	struct str text;
};

struct html_value html_attribute_value(
    struct html_parser *h, const struct html_tag *tag, struct str name);
/* The value of that very attribute. */
struct html_value html_decode_value(
    struct html_parser *h, const struct html_raw_attribute *a);

/* Bytes of the source as text: octets become characters of that number. */
struct str html_source_text(struct html_parser *h, struct str s);

/* Appends; quietly not when the arena is full. */
void html_strings_add(
    struct html_parser *h, struct html_strings *list, struct str s);

/* The count of `name` (lower case), made when new; `*fresh_out` tells. */
struct html_tag_count *html_tag_seen(
    struct html_parser *h, struct str name, bool *fresh_out);

/* html_layout.c: white space of a tag, and a chunk of text. */
void html_put_space(struct html_parser *h, const char *space);
void html_put_text(
    struct html_parser *h, struct str s, bool invisible, bool wide);
/* Nothing but white space, which nobody can hide. */
bool html_is_blank(struct str s);
/* Text here cannot be seen; notes why. */
bool html_is_invisible(struct html_parser *h);
/* Counts a tag in the middle of a word, as in "v<b></b>iagra". */
void html_test_obfuscation(struct html_parser *h, struct str s, bool wide);

/* html_link.c: links and anchors of a start tag. */
void html_add_links(struct html_parser *h, enum html_element element,
    const struct html_tag *tag);
void html_close_anchor(struct html_parser *h);

/* html_test.c: what a start tag gives away beside its links. */
void html_test_tag(
    struct html_parser *h, struct str name, const struct html_tag *tag);

#endif
