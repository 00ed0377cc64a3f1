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
/*
 * `bytes` at most of the beginning of what decode_base64() makes of `in`; some
 * less when anything but digits and white space stands there.
 */
struct str decode_base64_start(struct arena *a, struct str in, size_t bytes);
struct str decode_qp(struct arena *a, struct str in);

/* CR LF to LF; the same slice when there is none. */
struct str decode_crlf(struct arena *a, struct str in);

#endif
