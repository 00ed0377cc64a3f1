/*
 * One thing in force, counted by reference, and the one lock it is swapped
 * under.
 *
 * Who needs it takes a reference and keeps it as long as it likes. A swap
 * retires the former thing; a sweep frees what is retired and has no user any
 * more, so that this is done by the sweeping thread, never on the mail path.
 */
#ifndef POSTERN_DAEMON_IN_FORCE_H
#define POSTERN_DAEMON_IN_FORCE_H

#include "base/counted.h"

#include <stddef.h>

struct in_force;

/* Takes over the caller's reference to `first`. */
struct in_force *in_force_new(struct counted *first);

/* A reference to what is in force. Any thread; holds the lock for a few
 * instructions. */
struct counted *in_force_take(struct in_force *f);
/* Puts `next` in force (its reference is taken over), which may be in force
 * already. */
void in_force_swap(struct in_force *f, struct counted *next);
/* Frees what is retired and unused; returns how many are left. */
size_t in_force_sweep(struct in_force *f);

#endif
