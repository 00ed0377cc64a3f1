/*
 * Time, so that tests can own it.
 *
 * Wall time in milliseconds since 1970 for records; monotonic microseconds for
 * durations and deadlines. Pure layers never call these: time is handed to
 * them.
 */
#ifndef POSTERN_BASE_CLOCK_H
#define POSTERN_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

int64_t clock_wall_ms(void);
int64_t clock_mono_us(void);
int64_t clock_mono_ns(void);
/* CPU time of the calling thread, microseconds. */
int64_t clock_cpu_us(void);

/* A condition whose timed waits end by the monotonic clock. */
void clock_cond_init(pthread_cond_t *c);

#endif
