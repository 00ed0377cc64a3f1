/*
 * One daemon per socket: an advisory lock that dies with its process.
 */
#ifndef POSTERN_DAEMON_LOCK_H
#define POSTERN_DAEMON_LOCK_H

#include <sys/types.h>

/*
 * Locks PATH.lock and writes our pid into it. The descriptor stays open for the
 * life of the process. -1: errno; EWOULDBLOCK means `*holder_out` has it.
 */
int lock_take(const char *path, pid_t *holder_out);

#endif
