/*
 * Makes foreign bytes safe to show: in logs, terminals and replies.
 *
 * Printable ASCII passes. Other bytes become \xNN, a backslash \\, so one
 * value stays on one line and no terminal escape survives.
 */
#ifndef POSTERN_BASE_CLEAN_H
#define POSTERN_BASE_CLEAN_H

#include "base/buf.h"

void clean_add(struct buf *out, struct str s);
/* At most `max` bytes of output, with "..." when cut. */
void clean_add_short(struct buf *out, struct str s, size_t max);
/* As clean_add, valid UTF-8 letters pass too: for terminals and JSON views. */
void clean_add_utf8(struct buf *out, struct str s);
/* Length of the valid UTF-8 sequence at s.p (RFC 3629), 0 if none. */
size_t utf8_sequence(struct str s);
bool utf8_valid(struct str s);

/* The first byte that has no place in a line of text: a control other than tab,
 * or not UTF-8. NULL: there is none. */
const char *clean_bad_byte(struct str s);
/* The first byte that is not printable ASCII, or NULL. */
const char *clean_unprintable(struct str s);

#endif
