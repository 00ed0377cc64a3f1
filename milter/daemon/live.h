/*
 * The snapshot in force, and the one lock it is swapped under.
 *
 * A message takes a reference and keeps it to its end; a reload swaps the
 * pointer and retires the old set, which is freed here, never on the mail path,
 * once the last message that used it is gone.
 */
#ifndef POSTERN_DAEMON_LIVE_H
#define POSTERN_DAEMON_LIVE_H

#include "policy/snapshot.h"

struct live;

/* Takes over the caller's reference to `first`. */
struct live *live_new(struct snapshot *first);
void live_free(struct live **l);

/* A reference to the snapshot in force; give back with snapshot_unref(). Any
 * thread; holds the lock for a few instructions. */
struct snapshot *live_take(struct live *l);
/* Puts `next` in force (its reference is taken over). Control threads. */
void live_swap(struct live *l, struct snapshot *next);
/* Frees retired sets nobody uses any more; returns how many are left. */
size_t live_sweep(struct live *l);

#endif
