/*
 * libmilter's door: the only file that includes mfapi.h is milter.c.
 *
 * Callbacks translate arguments and macros, call session.h, and translate the
 * verdict back. What is asked of the MTA, which steps need no reply, and what
 * each callback answers stands here and nowhere else (doc/mta.md has the
 * facts).
 */
#ifndef POSTERN_DAEMON_MILTER_H
#define POSTERN_DAEMON_MILTER_H

#include "daemon/server.h"

/* Are `listen`, its mode and its group such as can be used? False: logged. */
bool milter_check(const struct config *c);
/*
 * Registers with libmilter and opens `listen`. A stale Unix socket is replaced;
 * the caller's lock file guarantees that no other instance is behind it. False:
 * a line was logged.
 */
bool milter_open(const struct server *server);
/* Serves until the process ends. Blocks; 0 or -1 as smfi_main(). */
int milter_serve(void);
/* Sessions open now. */
size_t milter_sessions(void);
/* Takes the Unix socket's path away so that no new session comes. */
void milter_close_door(void);
/* "unix:/x", "inet:25@h", "inet:h:25" to libmilter's form; heap. NULL: `*why`
 * says what is wrong. */
char *milter_listen_spec(const char *listen, const char **why_out);

#endif
