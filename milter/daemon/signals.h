/*
 * SIGHUP, SIGTERM and SIGINT, waited for by main().
 *
 * libmilter has a thread that sits in sigwait() for the same three and takes
 * each of them for an order to end; whoever else only waits loses the signals
 * that come while it is busy. A signal that main's thread does not block goes
 * to main's thread before any other, so there a handler catches them, while
 * all other threads have them blocked.
 */
#ifndef POSTERN_DAEMON_SIGNALS_H
#define POSTERN_DAEMON_SIGNALS_H

#include <stdbool.h>

/* Blocks them, for this thread and those it makes. */
void signals_block(void);
/* In main's thread, once all others are there: from now on they are caught.
 * False: errno. */
bool signals_catch(void);
/* The next signal, or 0 after `timeout_ms` without one. Main's thread only. */
int signals_wait(int timeout_ms);

#endif
