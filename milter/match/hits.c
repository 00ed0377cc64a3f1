#include "match/hits.h"

#include "base/sparse.h"

bool
hits_init(struct hits *h, size_t rules, struct arena *a)
{
	*h = (struct hits){.rule_count = rules};
	h->value = arena_array(a, rules, sizeof(*h->value));
	h->span_of = arena_array(a, rules, sizeof(*h->span_of));
	h->limited = arena_alloc(a, HITS_LIMITED_MAX * sizeof(*h->limited));
	if (!bitset_init_arena(&h->open, rules, a))
		return false;
	return h->value != NULL && h->span_of != NULL && h->limited != NULL;
}

void
hits_mark(struct hits *h, struct arena *a)
{
	if (!bitset_init_arena(&h->hit, h->rule_count, a))
		return;
	sparse_add_bits(h->value, h->rule_count, h->hit.word);
}

size_t
hits_next(const struct hits *h, size_t from)
{
	if (h->hit.bits > 0)
		return bitset_next(&h->hit, from);
	return sparse_next(h->value, h->rule_count, from);
}

void
hits_add_span(
    struct hits *h, struct arena *a, uint32_t index, struct match_span span)
{
	if (h->span_of == NULL || h->span_of[index] != 0 ||
	    !ARENA_ROOM(a, h->spans, h->span_count, h->span_size, 64))
		return;
	h->spans[h->span_count++] = span;
	h->span_of[index] = (uint32_t)h->span_count;
}

void
hits_drop_span(struct hits *h, uint32_t index)
{
	h->span_of[index] = 0;
}

struct match_span
hits_span(const struct hits *h, size_t index)
{
	if (h->span_of == NULL || h->span_of[index] == 0)
		return (struct match_span){0};
	return h->spans[h->span_of[index] - 1];
}

bool
hits_is_limited(const struct hits *h, uint32_t index)
{
	for (size_t i = 0; i < h->limited_count; i++)
		if (h->limited[i] == index)
			return true;
	return false;
}

void
hits_add_limited(struct hits *h, uint32_t index)
{
	if (h->limited_count == HITS_LIMITED_MAX || hits_is_limited(h, index))
		return;
	h->limited[h->limited_count++] = index;
}
