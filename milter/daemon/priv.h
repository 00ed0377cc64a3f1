/*
 * Becoming an unprivileged user for good, and the limits a daemon needs.
 */
#ifndef POSTERN_DAEMON_PRIV_H
#define POSTERN_DAEMON_PRIV_H

#include <stdbool.h>

/* RLIMIT_NOFILE to its hard limit: libmilter's listener spins without a log
 * line when descriptors run out. Returns the limit in force. */
unsigned long priv_raise_descriptors(void);

/*
 * When started by root: makes sure `dir` (may be NULL) exists and belongs to
 * `user`. Errors are logged. Not root: true, nothing done.
 */
bool priv_prepare_dir(const char *dir, const char *user, unsigned mode);

/* When started by root: the log file made by then goes to `user`. */
void priv_give_log(const char *user);

/*
 * Drops root for `user` and its groups, permanently, and proves it. `group`
 * (may be empty) is kept beside them, so that a socket can be given to it. Not
 * root: true. False: a line was logged and the process must not go on.
 */
bool priv_drop(const char *user, const char *group);

#endif
