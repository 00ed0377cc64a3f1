/*
 * Memory to judge one message in.
 *
 * A judgement fills some hundred kilobytes and needs them for a millisecond.
 * Were they the session's own, each of many sessions under way would bring
 * other memory into the caches; these few are used over and over, preferably by
 * the processor that used them last. Any thread.
 */
#ifndef POSTERN_DAEMON_WORKSPACE_H
#define POSTERN_DAEMON_WORKSPACE_H

#include "base/arena.h"

struct workspace;

/* Empty; it is made when none is free. NULL only when memory is out. */
struct workspace *workspace_take(void);
/* Its owner may set the cap. */
struct arena *workspace_arena(struct workspace *w);
/* Forgets what is in it. NULL is allowed. */
void workspace_give(struct workspace **w);

#endif
