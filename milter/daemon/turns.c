#include "daemon/turns.h"

#include "base/mem.h"

#include <semaphore.h>
#include <unistd.h>

/* More threads than that no machine runs at once. */
#define TURNS_MAX 10000u
/* Turns for each processor, as a rule: there is always a message to go on with
 * while a turn changes hands, and memory of those judged is still near. */
#define TURNS_EACH 3u

struct turns {
	sem_t free;
};

static unsigned
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

struct turns *
turns_new(size_t count)
{
	struct turns *t = mem_alloc(sizeof(*t));
	unsigned n = count > TURNS_MAX ? TURNS_MAX
		     : count > 0       ? (unsigned)count
				       : TURNS_EACH * processors();

	invariant(sem_init(&t->free, 0, n) == 0);
	return t;
}

void
turns_take(struct turns *t)
{
	while (sem_wait(&t->free) != 0)
		; /* interrupted by a signal */
}

void
turns_give(struct turns *t)
{
	(void)sem_post(&t->free);
}
