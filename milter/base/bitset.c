#include "base/bitset.h"

#include "base/mem.h"

#include <stdlib.h>

bool
bitset_init_arena(struct bitset *s, size_t bits, struct arena *a)
{
	s->word = arena_array(a, bitset_words(bits), sizeof(*s->word));
	s->bits = s->word ? bits : 0;
	return s->word != NULL;
}

void
bitset_init(struct bitset *s, size_t bits)
{
	s->word = mem_array(bitset_words(bits), sizeof(*s->word));
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
		memset(s->word, 0, bitset_words(s->bits) * sizeof(*s->word));
}

size_t
bitset_count(const struct bitset *s)
{
	size_t n = 0;

	for (size_t i = 0; i < bitset_words(s->bits); i++)
		n += (size_t)__builtin_popcountll(s->word[i]);
	return n;
}
