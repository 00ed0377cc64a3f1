/*
 * Things that are not in use, kept for whoever needs one next: a few, as what
 * is made and freed for each connection costs more than it weighs.
 *
 * Any thread; the lock is held for a few instructions.
 */
#ifndef POSTERN_BASE_SPARES_H
#define POSTERN_BASE_SPARES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define SPARES_MAX ((size_t)32)

struct spares {
	pthread_mutex_t spares_lock; /* guards all */
	void *v[SPARES_MAX];
	size_t count;
};

#define SPARES_INIT                                      \
	{                                                \
		.spares_lock = PTHREAD_MUTEX_INITIALIZER \
	}

/* The one that was kept last, the caller's from here on. NULL: there is none.
 */
void *spares_take(struct spares *s);
/* False: there are enough, it stays the caller's. */
bool spares_keep(struct spares *s, void *thing);

#endif
