/*
 * How many messages are judged at one time.
 *
 * Judging is nothing but processor time: more at once than there are processors
 * makes each take longer and hold its scratch memory meanwhile. Sessions beyond
 * that wait their turn. What waits for others (DNS, Redis) is no part of one.
 */
#ifndef POSTERN_DAEMON_TURNS_H
#define POSTERN_DAEMON_TURNS_H

#include <stddef.h>

struct turns;

/* `count` 0: as many as there are processors. Lives as long as the process. */
struct turns *turns_new(size_t count);
/* Waits until it is the caller's turn. Any thread. */
void turns_take(struct turns *t);
void turns_give(struct turns *t);

#endif
