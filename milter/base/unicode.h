/*
 * Unicode as a word filter needs it: what a character looks like, and where
 * words are. The only file that knows ICU is unicode.c.
 *
 * Folding is NFKC with full case folding and without invisible characters
 * (soft hyphen, zero-width and bidi marks, variation selectors), then the
 * UTS #39 skeleton of what is not ASCII: a letter that looks like an ASCII one
 * becomes that one, in lower case. ASCII itself is only lowered, so text of
 * ASCII alone never reaches a table. Tables are built once, by the first call,
 * and read by any thread after.
 */
#ifndef POSTERN_BASE_UNICODE_H
#define POSTERN_BASE_UNICODE_H

#include "base/buf.h"

enum unicode_class {
	UNICODE_OTHER, /* punctuation, symbols */
	UNICODE_SPACE,
	UNICODE_LETTER, /* letters and the marks that belong to them */
	UNICODE_MARK,
	UNICODE_DIGIT,
	UNICODE_IDEOGRAPH /* stands as a word of its own: Han, kana */
};

/* Builds the tables now rather than at the first text that is not ASCII. */
void unicode_prepare(void);

/* Length of the character at s.p and its code point; 0: not valid UTF-8. */
size_t unicode_decode(struct str s, uint32_t *code_out);
enum unicode_class unicode_class(uint32_t code);

/*
 * Appends `s` folded. Bytes that are not UTF-8 become U+FFFD. The result is at
 * most UNICODE_FOLD_GROWTH times as long, except in text made for it, which is
 * cut by the limit of `out`.
 */
void unicode_fold(struct str s, struct buf *out);
/* The same without the skeleton: letters keep their script. */
void unicode_fold_plain(struct str s, struct buf *out);

#endif
