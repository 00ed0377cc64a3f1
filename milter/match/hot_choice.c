#include "match/hot_choice.h"

#include "base/mem.h"

#include <stdlib.h>

#define VISITS 1024 /* seen before the choice is made */
#define RUNS 256    /* and before it is judged */
/* One visit in so many may be to a state that is not hot. */
#define ELSEWHERE_SHARE 5
/* Bytes gone through for each time they were left, at least: less is slower
 * than going state by state, and than several places at once. */
#define BYTES_MIN 16
#define BYTES_MIN_LANES 256

void
hot_choice_begin(struct hot_choice *c, size_t states)
{
	*c =
	    (struct hot_choice){.visits = mem_array(states, sizeof(*c->visits)),
		.waits = hot_is_of_use() ? VISITS : 0};
}

void
hot_choice_fini(struct hot_choice *c)
{
	free(c->visits);
	hot_free(&c->hot);
	hot_free(&c->unfit);
}

void
hot_choice_wait(struct hot_choice *c, unsigned count)
{
	__atomic_store_n(&c->waits, count, __ATOMIC_RELAXED);
}

static void
add(unsigned *counter, unsigned n)
{
	__atomic_store_n(counter,
	    __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* Never below none: others may have seen the last one meanwhile. */
static void
wait_less(struct hot_choice *c)
{
	unsigned waits = __atomic_load_n(&c->waits, __ATOMIC_RELAXED);

	if (waits > 0)
		hot_choice_wait(c, waits - 1);
}

void
hot_choice_visit(struct hot_choice *c, size_t state)
{
	add(&c->visits[state], 1);
	wait_less(c);
}

void
hot_choice_ran(struct hot_choice *c, size_t bytes, bool left)
{
	add(&c->passed, (unsigned)bytes);
	add(&c->left, left);
	wait_less(c);
}

static size_t
most_visited(const unsigned *visits, size_t count)
{
	size_t best = 0;

	for (size_t i = 1; i < count; i++)
		if (visits[i] > visits[best])
			best = i;
	return best;
}

size_t
hot_choice_states(
    const struct hot_choice *c, size_t count, uint32_t *states_out)
{
	unsigned *visits = mem_array(count, sizeof(*visits)), elsewhere = 0;
	unsigned all = 0;
	size_t chosen = 0, best = 0;

	for (size_t i = 0; i < count; i++)
		all += visits[i] =
		    __atomic_load_n(&c->visits[i], __ATOMIC_RELAXED);
	do {
		states_out[chosen++] = (uint32_t)best;
		visits[best] = 0;
		best = most_visited(visits, count);
	} while (chosen < HOT_STATES && visits[best] > 0);
	for (size_t i = 0; i < count; i++)
		elsewhere += visits[i];
	free(visits);
	return elsewhere <= all / ELSEWHERE_SHARE ? chosen : 0;
}

void
hot_choice_use(struct hot_choice *c, struct hot *hot)
{
	__atomic_store_n(&c->hot, hot, __ATOMIC_RELEASE);
	hot_choice_wait(c, RUNS);
}

/* A reader may be in it still: it is kept until the table goes. */
void
hot_choice_judge(struct hot_choice *c, bool has_lanes)
{
	unsigned passed = __atomic_load_n(&c->passed, __ATOMIC_RELAXED);
	unsigned left = __atomic_load_n(&c->left, __ATOMIC_RELAXED);

	if (c->hot == NULL ||
	    passed / (has_lanes ? BYTES_MIN_LANES : BYTES_MIN) >= left)
		return;
	c->unfit = c->hot;
	__atomic_store_n(&c->hot, NULL, __ATOMIC_RELEASE);
}
