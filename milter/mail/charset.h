/*
 * Bytes of a declared charset to valid UTF-8.
 *
 * Rule files are written against SpamAssassin's guesses: valid UTF-8 wins over
 * any declaration, then the declaration is taken at its word, then Windows-1252
 * stands in. Names are understood, and bytes refused, as by Perl's Encode, so
 * the same text comes out. Knows nothing of mail. Pure functions; the tables
 * come from the C library's iconv. Output is at most three times the input and
 * lives in the caller's arena (or is the input itself, where nothing changed).
 */
#ifndef POSTERN_MAIL_CHARSET_H
#define POSTERN_MAIL_CHARSET_H

#include "base/arena.h"

/* Longest charset name looked at; a longer one is unknown. */
#define CHARSET_NAME_MAX 64

/*
 * Text as rules see it. `characters` false: nothing said that these are Unicode
 * characters (as a rule the bytes were plain ASCII and were left alone), so
 * only ASCII white space counts as white space in them. Valid UTF-8 either way.
 */
struct charset_text {
	struct str text;
	bool characters;
};

/* True when the name is one charset_decode() can decode. */
bool charset_known(struct str name);

/*
 * Strict: every byte must be a character of `name`, or false is returned and
 * `*out` is untouched. False too when the name is unknown or the arena is full.
 */
bool charset_decode(
    struct arena *a, struct str name, struct str bytes, struct str *out);

/*
 * As above, but what is no character becomes U+FFFD. False only for an unknown
 * name (or no room).
 */
bool charset_decode_lossy(
    struct arena *a, struct str name, struct str bytes, struct str *out);

/*
 * A body part, or a header with raw 8-bit bytes (declared "UTF-8"): guesses as
 * described above. `declared` empty counts as us-ascii. Never fails; with a
 * full arena the result is cut short.
 */
struct charset_text charset_normalize(
    struct arena *a, struct str declared, struct str bytes);

/*
 * An RFC 2047 word: the declaration is believed, undecodable bytes become
 * U+FFFD; an unknown charset is guessed at. The result is UTF-8, except that
 * UTF-16 words whose byte order was detected come back as they are: that is
 * what rules see.
 */
struct str charset_normalize_word(
    struct arena *a, struct str declared, struct str bytes);

/* ISO-8859-1: byte N becomes U+00N. For text that is no known charset. */
struct str charset_from_latin1(struct arena *a, struct str bytes);
/* The reverse; characters above U+00FF are dropped. Input: valid UTF-8. */
struct str charset_to_latin1(struct arena *a, struct str utf8);

#endif
