/*
 * The admin tool's way in: a Unix socket, one line of JSON each way.
 *
 * Mode 0600 of the daemon's user, so only root and that user may talk. Requests
 * are bounded in size, time and number; a client that stalls is cut off, and
 * who comes when all places are taken waits for one. Every request has a thread
 * of its own, so a reload does not hold up `status`.
 */
#ifndef POSTERN_DAEMON_CONTROL_H
#define POSTERN_DAEMON_CONTROL_H

#include "daemon/server.h"

struct control;

#define CONTROL_REQUEST_MAX ((size_t)1024 * 1024)
#define CONTROL_CLIENTS_MAX 16
#define CONTROL_TIMEOUT_MS 10000

/* Opens `path` ("" = none) and serves on a thread. NULL: logged. */
struct control *control_open(struct server *server, const char *path);
/* Stops serving, removes the socket, waits for requests under way. */
void control_close(struct control **c);

#endif
