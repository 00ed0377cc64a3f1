/*
 * An event loop for one thread: descriptors, timers, a wake-up from outside.
 *
 * The only file that includes <event2/...> is loop.c. All calls but loop_wake()
 * belong to the thread that runs the loop (or to the owner before and after it
 * runs). Callbacks may free what they are called for.
 */
#ifndef POSTERN_PEER_LOOP_H
#define POSTERN_PEER_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

typedef void loop_fn(void *ctx);

/* `wake` runs on the loop's thread after loop_wake(). NULL: no descriptors. */
struct loop *loop_new(loop_fn *wake, void *ctx);
void loop_free(struct loop **l);
/* Returns after loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Any thread; many calls before the loop turns make one. */
void loop_wake(struct loop *l);

/* Either function may be NULL; neither is wanted at first. */
struct loop_watch *loop_watch_new(
    struct loop *l, int fd, loop_fn *readable, loop_fn *writable, void *ctx);
void loop_watch_want_read(struct loop_watch *w, bool on);
void loop_watch_want_write(struct loop_watch *w, bool on);
void loop_watch_free(struct loop_watch **w);

struct loop_timer *loop_timer_new(struct loop *l, loop_fn *fn, void *ctx);
/* Once, `ms` from now; a running timer is set anew. */
void loop_timer_start(struct loop_timer *t, int64_t ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_runs(const struct loop_timer *t);
void loop_timer_free(struct loop_timer **t);

#endif
