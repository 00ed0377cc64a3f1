#include "daemon/in_force.h"

#include "base/vec.h"

#include <pthread.h>

struct in_force {
	pthread_mutex_t current_lock; /* guards both members below */
	struct counted *current;
	VEC(struct counted *) retired;
};

struct in_force *
in_force_new(struct counted *first)
{
	struct in_force *f = mem_alloc(sizeof(*f));

	pthread_mutex_init(&f->current_lock, NULL);
	f->current = first;
	return f;
}

struct counted *
in_force_take(struct in_force *f)
{
	struct counted *c;

	pthread_mutex_lock(&f->current_lock);
	c = counted_take(f->current);
	pthread_mutex_unlock(&f->current_lock);
	return c;
}

void
in_force_swap(struct in_force *f, struct counted *next)
{
	struct counted *same = NULL;

	pthread_mutex_lock(&f->current_lock);
	if (next == f->current) {
		same = next;
	} else {
		*VEC_PUSH(&f->retired) = f->current;
		f->current = next;
	}
	pthread_mutex_unlock(&f->current_lock);
	counted_give(same);
}

size_t
in_force_sweep(struct in_force *f)
{
	VEC(struct counted *) idle = {0};
	size_t kept = 0;

	pthread_mutex_lock(&f->current_lock);
	for (size_t i = 0; i < f->retired.len; i++) {
		struct counted *c = f->retired.v[i];

		/* What is retired is not taken again: one reference is ours. */
		if (__atomic_load_n(&c->refs, __ATOMIC_ACQUIRE) == 1)
			*VEC_PUSH(&idle) = c;
		else
			f->retired.v[kept++] = c;
	}
	f->retired.len = kept;
	pthread_mutex_unlock(&f->current_lock);
	for (size_t i = 0; i < idle.len; i++)
		counted_give(idle.v[i]);
	VEC_FINI(&idle);
	return kept;
}
