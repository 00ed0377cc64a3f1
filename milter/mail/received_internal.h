/*
 * Between the received*.c files. Not for others.
 */
#ifndef POSTERN_MAIL_RECEIVED_INTERNAL_H
#define POSTERN_MAIL_RECEIVED_INTERNAL_H

#include "base/arena.h"
#include "mail/bigrams.h"

/* Longest line looked at; the header limit is below. */
#define RECEIVED_LINE_MAX 16384

/* How the hop of `line` ("from ...") authenticated; empty: it did not. */
struct str received_auth(
    struct arena *a, struct str line, const struct bigrams *pairs);

/* Single spaces, none at the ends, no ';' at the end. */
struct str received_squeeze(struct arena *a, struct str s);
struct str received_without_date(struct str s);
/* ")by " is a common fault; `pairs` are of the line. */
struct str received_mend_by(
    struct arena *a, struct str s, const struct bigrams *pairs);

/* Of a squeezed line; empty: not there. */
/* helo=x, HELO x; `pairs` are of the line. */
struct str received_helo_of(struct str s, const struct bigrams *pairs);
struct str received_id_of(struct str s);
struct str received_by_of(struct str s);
struct str received_sender_of(struct str s); /* envelope-from x ... */

#endif
