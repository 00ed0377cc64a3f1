/*
 * Header text to UTF-8: unfolding, 8-bit guessing, RFC 2047 encoded words.
 *
 * Lenient as SpamAssassin 4: words count inside quotes and text, white space
 * between words goes, neighbours of one charset are joined before the charset
 * is decoded, the RFC 2231 language suffix is dropped. Works in an arena; input
 * without anything to decode comes back as the same slice.
 */
#ifndef POSTERN_MAIL_WORDS_H
#define POSTERN_MAIL_WORDS_H

#include "base/arena.h"

/*
 * `value`: a field body. `name` decides whether encoded words are looked for
 * (not in Received, Message-ID, Date, References, List-* ...).
 */
struct str words_decode(struct arena *a, struct str name, struct str value);

/* As a header table stores it: folds to one blank, trimmed, then the above. */
struct str words_decode_field(struct arena *a, struct str name, struct str raw);

#endif
