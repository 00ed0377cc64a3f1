#include "match/hits.h"

bool
hits_init(struct hits *h, size_t rules, struct arena *a)
{
	*h = (struct hits){.rule_count = rules};
	h->value = arena_array(a, rules, sizeof(*h->value));
	h->span = arena_array(a, rules, sizeof(*h->span));
	h->limited = arena_alloc(a, HITS_LIMITED_MAX * sizeof(*h->limited));
	return h->value != NULL && h->span != NULL && h->limited != NULL;
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
