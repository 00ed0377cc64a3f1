#include "base/bitset.h"

#include "base/mem.h"

#include <stdlib.h>

static size_t
words(size_t bits)
{
	return (bits + 63) / 64;
}

bool
bitset_init_arena(struct bitset *s, size_t bits, struct arena *a)
{
	s->word = arena_array(a, words(bits), sizeof(*s->word));
	s->bits = s->word ? bits : 0;
	return s->word != NULL;
}

void
bitset_init(struct bitset *s, size_t bits)
{
	s->word = mem_array(words(bits), sizeof(*s->word));
	s->bits = bits;
}

void
bitset_fini(struct bitset *s)
{
	free(s->word);
	*s = (struct bitset){0};
}

void
bitset_clear(struct bitset *s)
{
	if (s->bits > 0)
		memset(s->word, 0, words(s->bits) * sizeof(*s->word));
}

size_t
bitset_count(const struct bitset *s)
{
	size_t n = 0;

	for (size_t i = 0; i < words(s->bits); i++)
		n += (size_t)__builtin_popcountll(s->word[i]);
	return n;
}

size_t
bitset_next(const struct bitset *s, size_t from)
{
	uint64_t w;

	for (size_t i = from / 64; i < words(s->bits); i++) {
		w = s->word[i];
		if (i == from / 64)
			w &= ~(uint64_t)0 << (from % 64);
		if (w != 0)
			return i * 64 + (size_t)__builtin_ctzll(w);
	}
	return SIZE_MAX;
}
