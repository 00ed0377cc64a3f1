/*
 * Things shared by whoever holds a reference, and freed with the last one.
 *
 * The count is the first member of the thing; taking and giving back are
 * atomic, from any thread.
 */
#ifndef POSTERN_BASE_COUNTED_H
#define POSTERN_BASE_COUNTED_H

#include <stddef.h>

struct counted {
	unsigned refs; /* atomic; begins at 1, its maker's */
	void (*free)(struct counted *c);
};

static inline struct counted *
counted_take(struct counted *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

/* Takes NULL. The last one frees it, in the caller's thread. */
static inline void
counted_give(struct counted *c)
{
	if (c != NULL && __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0)
		c->free(c);
}

#endif
