/*
 * The snapshot in force.
 *
 * A message takes a reference and keeps it to its end; a reload swaps it, and a
 * sweep frees the old set once the last message that used it is gone.
 */
#ifndef POSTERN_DAEMON_LIVE_H
#define POSTERN_DAEMON_LIVE_H

#include "daemon/in_force.h"
#include "policy/snapshot.h"

/* Give back with snapshot_unref(). Any thread. */
static inline struct snapshot *
live_take(struct in_force *live)
{
	return (struct snapshot *)in_force_take(live);
}

/* Puts `next` in force; its reference is taken over. Control threads. */
static inline void
live_swap(struct in_force *live, struct snapshot *next)
{
	in_force_swap(live, &next->counted);
	in_force_sweep(live);
}

#endif
