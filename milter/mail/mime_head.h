/*
 * The header section of a message: where it ends, which fields it has.
 *
 * Lenient as SpamAssassin: a few lines that are no fields are passed over, a
 * missing blank line ends nothing but the section. Names and values are cut at
 * their limits. Shared by the root and by messages inside messages.
 */
#ifndef POSTERN_MAIL_MIME_HEAD_H
#define POSTERN_MAIL_MIME_HEAD_H

#include "mail/header.h"
#include "mail/settings.h"

struct mime_head {
	struct str text; /* the section, with the blank line behind it */
	struct str body; /* what follows, LF line ends */
	bool crlf;	 /* the message came with CR LF */
	unsigned flags;	 /* enum message_flag */
};

/* Without the line an mbox or mbx file puts before a message. */
struct str mime_head_skip_separator(struct str raw);

/* Fills `headers` (initialised, not indexed) and `*out`. `raw` is not empty. */
void mime_head_parse(struct arena *a, const struct mail_limits *limits,
    struct str raw, struct header_list *headers, struct mime_head *out);

#endif
