/*
 * The MIME tree, parsed line by line in one pass and forgiving as SpamAssassin
 * is: what it shows is what rule files were written against, not what RFC 2046
 * would make of a broken message.
 *
 * Bodies are slices of the input wherever no line had to be cut. A node with
 * children has none. Depth, parts and line length are bounded by mail_limits;
 * the tree holds what was parsed before a limit. Arena memory, one thread.
 */
#ifndef POSTERN_MAIL_MIME_H
#define POSTERN_MAIL_MIME_H

#include "mail/ctype.h"
#include "mail/header.h"
#include "mail/settings.h"

struct mime_cache;

struct mime_node {
	struct mime_node *parent; /* NULL: the root */
	struct mime_node *child;  /* first */
	struct mime_node *last_child;
	struct mime_node *next; /* sibling */
	struct header_list headers;
	struct ctype content; /* Content-Type as its field has it */
	bool is_message;      /* the root, or the message in message/rfc822 */
	bool leaf;	      /* false also for a multipart without parts */
	struct str type;      /* "text/plain": lower case, repaired */
	struct str boundary;  /* of a multipart; empty: none */
	bool has_charset;
	struct str charset; /* as declared */
	bool has_name;
	struct str name; /* file name */
	bool has_body;
	struct str raw;		  /* body as it came, still transfer-encoded */
	struct mime_cache *cache; /* of mime_decode() */
	unsigned depth;		  /* 0: the root */
};

/* Type as rules see it: text/html when the file name says so. */
struct str mime_effective_type(const struct mime_node *n);

/*
 * The body with its transfer encoding removed (base64, quoted-printable; other
 * encodings as they are). Made once. Empty when the node has no body.
 */
struct str mime_decode(const struct mime_node *n);
/*
 * `bytes` at most of its beginning, and not all of them when the body is short
 * or odd: for a look at large parts that nobody else asks for. Not kept.
 */
struct str mime_decode_start(const struct mime_node *n, size_t bytes);

/* Next node depth-first, parents before children; NULL after the last. */
const struct mime_node *mime_next(const struct mime_node *n);
/*
 * Leaves in the same order. One whose type came out empty ("Content-Type: ()")
 * is passed over, as by every view of the text.
 */
const struct mime_node *mime_first_leaf(const struct mime_node *root);
const struct mime_node *mime_next_leaf(const struct mime_node *n);

struct mime_tree {
	struct mime_node *root;
	unsigned flags;		     /* enum message_flag */
	struct str pristine;	     /* the whole message ... */
	struct str pristine_headers; /* ... its header section with the blank
				      * line that ends it */
	struct str pristine_body;    /* ... and the rest */
};

/*
 * Parses a whole message. `raw` outlives the tree. False when the arena had no
 * room for the root; anything later just ends the parse.
 */
bool mime_parse(struct arena *a, const struct mail_limits *limits,
    struct str raw, struct mime_tree *tree_out);

#endif
