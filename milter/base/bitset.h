/*
 * A fixed-size set of small integers. Bits beyond the size are never set.
 */
#ifndef POSTERN_BASE_BITSET_H
#define POSTERN_BASE_BITSET_H

#include "base/arena.h"

struct bitset {
	uint64_t *word;
	size_t bits;
};

/* Empty set. In an arena: false at its cap. On the heap: never fails. */
bool bitset_init_arena(struct bitset *s, size_t bits, struct arena *a);
void bitset_init(struct bitset *s, size_t bits);
void bitset_fini(struct bitset *s); /* heap sets only */
void bitset_clear(struct bitset *s);
size_t bitset_count(const struct bitset *s);

static inline size_t
bitset_words(size_t bits)
{
	return (bits + 63) / 64;
}

/* The first member >= from, or SIZE_MAX. */
static inline size_t
bitset_next(const struct bitset *s, size_t from)
{
	size_t i = from / 64, end = bitset_words(s->bits);
	uint64_t w;

	if (i >= end)
		return SIZE_MAX;
	w = s->word[i] & ~(uint64_t)0 << (from % 64);
	while (w == 0) {
		if (++i == end)
			return SIZE_MAX;
		w = s->word[i];
	}
	return i * 64 + (size_t)__builtin_ctzll(w);
}

static inline bool
bitset_has(const struct bitset *s, size_t i)
{
	return i < s->bits && (s->word[i / 64] >> (i % 64) & 1) != 0;
}

static inline void
bitset_add(struct bitset *s, size_t i)
{
	if (i < s->bits)
		s->word[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline void
bitset_remove(struct bitset *s, size_t i)
{
	if (i < s->bits)
		s->word[i / 64] &= ~((uint64_t)1 << (i % 64));
}

#endif
