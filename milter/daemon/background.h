/*
 * Going into the background without losing the outcome of the start.
 *
 * The parent stays until the child says how its start went, so that
 * `posternd -b` exits with 0 only when mail can be served, and what went wrong
 * stands on the terminal. Called once, before there are threads.
 */
#ifndef POSTERN_DAEMON_BACKGROUND_H
#define POSTERN_DAEMON_BACKGROUND_H

#include <stdbool.h>

/*
 * Forks. The parent does not return: it exits with 0 once the child is ready,
 * with 1 when the child ends before. False: no process could be made.
 */
bool background_begin(void);
/* In the child: the start succeeded. Standard streams are let go, standard
 * error only if `keep_stderr` is false. Nothing when not in the background. */
void background_ready(bool keep_stderr);

#endif
