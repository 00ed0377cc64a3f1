/*
 * Which pairs of neighbouring bytes a text has: rules out in a few steps that a
 * word stands in it, where many words are asked of one short text.
 *
 * A filter: "may hold" can be wrong, "does not hold" cannot. It serves every
 * part of the text it was filled with.
 */
#ifndef POSTERN_MAIL_BIGRAMS_H
#define POSTERN_MAIL_BIGRAMS_H

#include "base/str.h"

#define BIGRAM_MASK 63 /* of each byte, six bits are looked at */

/* For each first byte the second ones. */
struct bigrams {
	uint64_t behind[BIGRAM_MASK + 1];
};

static inline void
bigrams_fill(struct bigrams *b, struct str text)
{
	*b = (struct bigrams){0};
	for (size_t i = 1; i < text.len; i++)
		b->behind[text.p[i - 1] & BIGRAM_MASK] |=
		    (uint64_t)1 << (text.p[i] & BIGRAM_MASK);
}

static inline bool
bigrams_have(const struct bigrams *b, char first, char second)
{
	return (b->behind[first & BIGRAM_MASK] >> (second & BIGRAM_MASK) & 1) !=
	       0;
}

static inline bool
bigrams_may_hold(const struct bigrams *b, struct str word)
{
	for (size_t i = 1; i < word.len; i++)
		if (!bigrams_have(b, word.p[i - 1], word.p[i]))
			return false;
	return true;
}

/* The word in any case. */
static inline bool
bigrams_may_hold_nocase(const struct bigrams *b, struct str word)
{
	for (size_t i = 1; i < word.len; i++) {
		char first = word.p[i - 1], second = word.p[i];
		uint64_t behind = b->behind[ascii_lower(first) & BIGRAM_MASK] |
				  b->behind[ascii_upper(first) & BIGRAM_MASK];
		uint64_t seconds =
		    (uint64_t)1 << (ascii_lower(second) & BIGRAM_MASK) |
		    (uint64_t)1 << (ascii_upper(second) & BIGRAM_MASK);

		if ((behind & seconds) == 0)
			return false;
	}
	return true;
}

#endif
