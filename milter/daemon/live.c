#include "daemon/live.h"

#include "base/vec.h"

#include <pthread.h>

struct live {
	pthread_mutex_t current_lock; /* guards both members below */
	struct snapshot *current;
	VEC(struct snapshot *) retired;
};

struct live *
live_new(struct snapshot *first)
{
	struct live *l = mem_alloc(sizeof(*l));

	pthread_mutex_init(&l->current_lock, NULL);
	l->current = first;
	return l;
}

void
live_free(struct live **lp)
{
	struct live *l = *lp;

	if (l == NULL)
		return;
	for (size_t i = 0; i < l->retired.len; i++)
		snapshot_unref(&l->retired.v[i]);
	VEC_FINI(&l->retired);
	snapshot_unref(&l->current);
	pthread_mutex_destroy(&l->current_lock);
	free(l);
	*lp = NULL;
}

struct snapshot *
live_take(struct live *l)
{
	struct snapshot *s;

	pthread_mutex_lock(&l->current_lock);
	s = snapshot_ref(l->current);
	pthread_mutex_unlock(&l->current_lock);
	return s;
}

void
live_swap(struct live *l, struct snapshot *next)
{
	pthread_mutex_lock(&l->current_lock);
	*VEC_PUSH(&l->retired) = l->current;
	l->current = next;
	pthread_mutex_unlock(&l->current_lock);
	live_sweep(l);
}

size_t
live_sweep(struct live *l)
{
	VEC(struct snapshot *) idle = {0};
	size_t kept = 0;

	pthread_mutex_lock(&l->current_lock);
	for (size_t i = 0; i < l->retired.len; i++) {
		struct snapshot *s = l->retired.v[i];

		/* Retired sets are never taken again: one reference is ours. */
		if (__atomic_load_n(&s->refs, __ATOMIC_ACQUIRE) == 1)
			*VEC_PUSH(&idle) = s;
		else
			l->retired.v[kept++] = s;
	}
	l->retired.len = kept;
	pthread_mutex_unlock(&l->current_lock);
	for (size_t i = 0; i < idle.len; i++)
		snapshot_unref(&idle.v[i]);
	VEC_FINI(&idle);
	return kept;
}
