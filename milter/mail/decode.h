/*
 * Transfer encodings: base64 and quoted-printable, with the faults mail has.
 * None of them can fail; what cannot be decoded is dropped or kept as it
 * stands, each as SpamAssassin does it. Output is never longer than the input.
 * Uuencoded and other bodies stay as they are: rules expect to see them so.
 */
#ifndef POSTERN_MAIL_DECODE_H
#define POSTERN_MAIL_DECODE_H

#include "base/arena.h"

/* Empty when the arena is full. */
struct str decode_base64(struct arena *a, struct str in);
struct str decode_qp(struct arena *a, struct str in);

/* CR LF to LF; the same slice when there is none. */
struct str decode_crlf(struct arena *a, struct str in);

#endif
