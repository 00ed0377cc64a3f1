/*
 * The few facts about single Unicode characters the texts are built with.
 *
 * Input is valid UTF-8 throughout; a stray byte is taken as one character so no
 * loop stands still. White space and word characters are Perl's, since rule
 * files were written with them in mind. Pure functions without state.
 */
#ifndef POSTERN_MAIL_UNICODE_H
#define POSTERN_MAIL_UNICODE_H

#include "base/str.h"

#define UNICODE_REPLACEMENT 0xFFFDu
#define UNICODE_LENGTH_MAX 4 /* bytes of one character */

/* First character of `s` (not empty); its length in bytes in `*len_out`. */
uint32_t unicode_first(struct str s, size_t *len_out);
/* Last character of `s` (not empty). */
uint32_t unicode_last(struct str s, size_t *len_out);
/* Writes up to UNICODE_LENGTH_MAX bytes, returns how many. */
size_t unicode_put(char *out, uint32_t c);
/* Number of characters. */
size_t unicode_count(struct str s);
/* Bytes of the first `characters` characters, at most s.len. */
size_t unicode_offset(struct str s, size_t characters);
/* White space and word characters; `wide` false: only the ASCII ones. */
bool unicode_is_space(uint32_t c, bool wide);
bool unicode_is_word(uint32_t c, bool wide);
/* U+FDD0..FDEF and the last two of each plane. */
bool unicode_is_nonchar(uint32_t c);
/* Of a white space character at s.p that is not ASCII, or 0. */
size_t unicode_wide_space_length(struct str s);

/* Length of the white space character at s.p, 0: none stands there. */
static inline size_t
unicode_space_length(struct str s, bool wide)
{
	if (s.len > 0 && ascii_is_space(s.p[0]))
		return 1;
	return s.len > 0 && wide && (unsigned char)s.p[0] >= 0xc2
		   ? unicode_wide_space_length(s)
		   : 0;
}

struct str unicode_skip_space(struct str s, bool wide);
/* Without white space at either end. */
struct str unicode_trim(struct str s, bool wide);

#endif
