/*
 * What the two halves of the MIME parser share: nodes, and the queue of bodies
 * still to be parsed. Breadth first, so that no depth of nesting costs stack.
 */
#ifndef POSTERN_MAIL_MIME_INTERNAL_H
#define POSTERN_MAIL_MIME_INTERNAL_H

#include "mail/ctype.h"
#include "mail/message.h"
#include "mail/mime.h"

struct mime_job {
	struct mime_job *next;
	struct mime_node *node;
	bool has_boundary;
	struct str boundary;
	struct str body;
	bool blank_line; /* an empty line stands before the body */
	size_t levels;	 /* of nesting still allowed */
};

/* Opening minus closing boundaries of one text, over all multiparts. */
struct mime_boundary {
	struct mime_boundary *next;
	struct str text;
	int open;
};
#define MIME_BOUNDARIES_MAX 256 /* different texts kept apart */

struct mime_parser {
	struct arena *arena;
	const struct mail_limits *limits;
	struct mime_job *first;
	struct mime_job *last;
	unsigned flags; /* enum message_flag */
	struct mime_boundary *boundaries;
	size_t boundary_count;
};

struct mime_node *mime_node_new(struct mime_parser *p); /* NULL: arena full */
void mime_node_attach(struct mime_node *parent, struct mime_node *n);
void mime_queue(struct mime_parser *p, const struct mime_job *job);
/* The last field was added: makes them known by name, reads Content-Type. */
void mime_node_end_headers(struct mime_parser *p, struct mime_node *n);

/* Splits the body of a multipart; its parts are queued. */
void mime_parse_multipart(struct mime_parser *p, const struct mime_job *job);

#endif
