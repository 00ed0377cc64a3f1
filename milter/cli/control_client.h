/*
 * Asking the running daemon: one line of JSON out, one line back.
 *
 * The socket is the setting `control`. The answer is bounded in size and time;
 * a daemon that is away, hangs or answers nonsense is told in one line.
 */
#ifndef POSTERN_CLI_CONTROL_CLIENT_H
#define POSTERN_CLI_CONTROL_CLIENT_H

#include "base/json.h"

#define CONTROL_ANSWER_MAX ((size_t)64 * 1024 * 1024)
#define CONTROL_TIMEOUT_MS 10000
/* A reload reads and compiles everything first. */
#define CONTROL_RELOAD_TIMEOUT_MS 120000

/*
 * Sends `request`, waits for the answer. The caller's reference to `request` is
 * taken. Returns the answer (new reference), or NULL with `*error_out` (heap).
 */
struct json *control_ask(
    const char *socket, struct json *request, int timeout_ms, char **error_out);

#endif
