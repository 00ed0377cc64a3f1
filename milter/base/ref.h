/*
 * References: the short name of a decision a sender can read out on the phone.
 *
 * 40 random bits and a check character in Crockford's base 32 (no I L O U),
 * written K7Q2-9XTMV. On input case and `-` are ignored, I and L are read as 1,
 * O as 0. The check character finds every single wrong character and every
 * swap of two neighbours. Nothing can be learned from a reference but itself.
 */
#ifndef POSTERN_BASE_REF_H
#define POSTERN_BASE_REF_H

#include "base/str.h"

#define REF_CHARS 9		     /* 8 x 5 bits, one check */
#define REF_TEXT_MAX (REF_CHARS + 2) /* with `-` and NUL */

/* A new one from the kernel's random numbers. Never fails. */
void ref_new(char text[static REF_TEXT_MAX]);
/* The reference of the low 40 bits of `bits`: tests. */
void ref_from_bits(uint64_t bits, char text[static REF_TEXT_MAX]);
/*
 * Reads what a person typed; writes the canonical form. False: too short, too
 * long, a foreign character, or the check character says it was misread.
 */
bool ref_parse(struct str s, char text[static REF_TEXT_MAX]);

#endif
