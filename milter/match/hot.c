#include "match/hot.h"

#include "base/lanes.h"
#include "base/mem.h"

#include <stdlib.h>

#define LEAVES HOT_STATES /* number of all other states */

struct hot {
	uint32_t state[HOT_STATES]; /* by number */
	uint32_t count;
	uint8_t group_of[256];
	lanes to[]; /* by group: number by number */
};

bool
hot_is_of_use(void)
{
	return compat_can_shuffle();
}

size_t
hot_size(const struct nfa *n)
{
	return sizeof(struct hot) + n->group_count * sizeof(lanes);
}

static unsigned
number_of(const struct hot *h, uint32_t state)
{
	unsigned i = 0;

	while (i < h->count && h->state[i] != state)
		i++;
	return i < h->count ? i : LEAVES;
}

struct hot *
hot_new(const struct nfa *n, const uint32_t *states, size_t count,
    uint32_t (*next)(const void *context, uint32_t state, unsigned group),
    const void *context)
{
	struct hot *h = mem_alloc(hot_size(n));

	h->count = (uint32_t)count;
	memcpy(h->group_of, n->group_of, sizeof(h->group_of));
	memcpy(h->state, states, count * sizeof(*states));
	for (unsigned group = 0; group < n->group_count; group++)
		for (size_t i = 0; i < LANES; i++)
			h->to[group][i] =
			    i < count ? (uint8_t)number_of(
					    h, next(context, states[i], group))
				      : LEAVES;
	return h;
}

void
hot_free(struct hot **h)
{
	free(*h);
	*h = NULL;
}

/* The first byte is what matters: the number of a state. */
static inline COMPAT_SHUFFLE lanes
step(const struct hot *h, lanes at, unsigned byte)
{
	return compat_shuffle(h->to[h->group_of[byte]], at);
}

static inline COMPAT_SHUFFLE lanes
steps(const struct hot *h, lanes at, uint64_t block)
{
	at = step(h, at, block & 0xff);
	at = step(h, at, block >> 8 & 0xff);
	at = step(h, at, block >> 16 & 0xff);
	at = step(h, at, block >> 24 & 0xff);
	at = step(h, at, block >> 32 & 0xff);
	at = step(h, at, block >> 40 & 0xff);
	at = step(h, at, block >> 48 & 0xff);
	return step(h, at, block >> 56);
}

COMPAT_SHUFFLE size_t
hot_run(const struct hot *h, struct str text, size_t from, size_t idle,
    uint32_t *state)
{
	unsigned number = number_of(h, *state);
	lanes at = {(uint8_t)number}, next;

	if (number == LEAVES)
		return from;
	for (; from + BLOCK <= text.len; from += BLOCK) {
		next = steps(h, at, block_load(text.p + from));
		if (next[0] == LEAVES || (next[0] == 0 && from >= idle))
			break;
		at = next;
	}
	if (from + BLOCK <= text.len) {
		if (next[0] == 0) {
			at = next;
			from += BLOCK;
		}
	} else {
		next = at;
		for (size_t i = from; i < text.len; i++)
			next = step(h, next, (unsigned char)text.p[i]);
		if (next[0] != LEAVES) {
			at = next;
			from = text.len;
		}
	}
	*state = h->state[at[0]];
	return from;
}
