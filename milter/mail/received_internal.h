/*
 * Between received.c and received_auth.c. Not for others.
 */
#ifndef POSTERN_MAIL_RECEIVED_INTERNAL_H
#define POSTERN_MAIL_RECEIVED_INTERNAL_H

#include "base/arena.h"

/* Longest line looked at; the header limit is below. */
#define RECEIVED_LINE_MAX 16384

/* How the hop of `line` ("from ...") authenticated; empty: it did not. */
struct str received_auth(struct arena *a, struct str line);

#endif
