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

#define BIGRAM_BITS 6 /* of each byte */

struct bigrams {
	uint64_t word[1u << (2 * BIGRAM_BITS - 6)];
};

static inline unsigned
bigram_index(char first, char second)
{
	unsigned mask = (1u << BIGRAM_BITS) - 1;

	return ((unsigned)first & mask) << BIGRAM_BITS |
	       ((unsigned)second & mask);
}

static inline void
bigrams_fill(struct bigrams *b, struct str text)
{
	*b = (struct bigrams){0};
	for (size_t i = 1; i < text.len; i++) {
		unsigned at = bigram_index(text.p[i - 1], text.p[i]);

		b->word[at / 64] |= (uint64_t)1 << (at % 64);
	}
}

static inline bool
bigrams_have(const struct bigrams *b, char first, char second)
{
	unsigned at = bigram_index(first, second);

	return (b->word[at / 64] >> (at % 64) & 1) != 0;
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
		char low = ascii_lower(word.p[i - 1]), up = ascii_upper(low);
		char next_low = ascii_lower(word.p[i]);
		char next_up = ascii_upper(next_low);

		if (!bigrams_have(b, low, next_low) &&
		    !bigrams_have(b, low, next_up) &&
		    !bigrams_have(b, up, next_low) &&
		    !bigrams_have(b, up, next_up))
			return false;
	}
	return true;
}

#endif
