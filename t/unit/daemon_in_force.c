/* What is in force, retired and freed. */
#include "daemon/in_force.h"

#include "tap.h"

#include <pthread.h>
#include <stdlib.h>

#define READERS 3
#define SWAPS 2000

struct thing {
	struct counted counted;
	bool freed;
};

static unsigned freed; /* atomic */
/* In force as long as the process is, as a daemon's are. */
static struct in_force *volatile first, *volatile second;

static void
note_freed(struct counted *c)
{
	((struct thing *)c)->freed = true;
	__atomic_add_fetch(&freed, 1, __ATOMIC_RELAXED);
}

static void
test_swap(void)
{
	struct thing a = {{1, note_freed}, false}, b = {{1, note_freed}, false};
	struct in_force *f = first = in_force_new(&a.counted);
	struct counted *user = in_force_take(f);

	ok(user == &a.counted, "what is in force is taken");
	in_force_swap(f, &b.counted);
	ok(in_force_sweep(f) == 1 && !a.freed,
	    "a retired thing with a user stays");
	ok(in_force_take(f) == &b.counted,
	    "the next one is taken from then on");
	counted_give(&b.counted);
	counted_give(user);
	ok(!a.freed, "giving it back does not free it");
	ok(in_force_sweep(f) == 0 && a.freed, "a sweep does");
	in_force_swap(f, counted_take(&b.counted));
	ok(in_force_sweep(f) == 0 && !b.freed && b.counted.refs == 1,
	    "what is in force already is not retired");
}

static bool stop; /* atomic */

static void *
read_on(void *context)
{
	struct in_force *f = context;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct counted *c = in_force_take(f);

		if (((struct thing *)c)->freed)
			return c;
		counted_give(c);
	}
	return NULL;
}

static void
test_threads(void)
{
	struct thing *v = calloc(SWAPS + 1, sizeof(*v));
	pthread_t reader[READERS];
	struct in_force *f;
	void *bad = NULL, *seen;

	for (size_t i = 0; i <= SWAPS; i++)
		v[i].counted = (struct counted){1, note_freed};
	freed = 0;
	f = second = in_force_new(&v[0].counted);
	for (size_t i = 0; i < READERS; i++)
		pthread_create(&reader[i], NULL, read_on, f);
	for (size_t i = 1; i <= SWAPS; i++) {
		in_force_swap(f, &v[i].counted);
		in_force_sweep(f);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < READERS; i++) {
		pthread_join(reader[i], &seen);
		bad = seen != NULL ? seen : bad;
	}
	ok(bad == NULL, "no reader holds what was freed");
	ok(in_force_sweep(f) == 0 && freed == SWAPS,
	    "all but the last are freed");
	/* Its last one is in force still. */
	free(v);
}

int
main(void)
{
	test_swap();
	test_threads();
	return done_testing();
}
