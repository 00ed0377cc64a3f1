/*
 * One asynchronous connection to one Redis server, and its replies.
 *
 * The only file that includes <hiredis/...> is redis.c. Knows commands as byte
 * strings and replies as trees, nothing of reputation. Replies are foreign
 * data: accessors of the wrong type give nothing, never fault. All calls belong
 * to the loop's thread.
 */
#ifndef POSTERN_PEER_REDIS_H
#define POSTERN_PEER_REDIS_H

#include "base/str.h"
#include "peer/loop.h"

struct redis_conn;
struct redis_reply;

#define REDIS_ARGS_MAX 96

struct redis_args {
	const char *v[REDIS_ARGS_MAX];
	size_t len[REDIS_ARGS_MAX];
	int count;
};

/* The bytes must live until the command was sent. Beyond the limit: dropped. */
void redis_arg(struct redis_args *a, struct str s);
void redis_arg_cstr(struct redis_args *a, const char *s);
/* `text` of at least REDIS_NUMBER bytes holds the digits. */
#define REDIS_NUMBER 24
void redis_arg_int(
    struct redis_args *a, int64_t v, char text[static REDIS_NUMBER]);

/* Wire form; heap, free with redis_wire_free(). */
struct str redis_wire(const struct redis_args *a);
void redis_wire_free(struct str *wire);

/* `reply` NULL: the connection was lost before it came. Valid in the call. */
typedef void redis_fn(void *ctx, const struct redis_reply *reply);

struct redis_hooks {
	void (*up)(void *ctx);			  /* connected */
	void (*down)(void *ctx, const char *why); /* gone; conn is dead */
	void *ctx;
};

/*
 * Starts connecting, to `path` when it is not NULL, else host and port. NULL:
 * failed at once, `why` (at least 128 bytes) says how. A host name is looked
 * up here and may block this thread.
 */
struct redis_conn *redis_open(struct loop *l, const char *path,
    const char *host, int port, const struct redis_hooks *hooks,
    char why[static 128]);
/* Every waiting callback is called with NULL. No hook is called. */
void redis_close(struct redis_conn **c);

/* False: the connection is dead; `fn` was not and will not be called. */
bool redis_send(struct redis_conn *c, struct str wire, redis_fn *fn, void *ctx);
/* Commands without an answer yet. */
size_t redis_waiting(const struct redis_conn *c);

/* ---- replies ------------------------------------------------------------ */

bool redis_is_error(const struct redis_reply *r);
bool redis_is_nil(const struct redis_reply *r);
bool redis_is_array(const struct redis_reply *r);
/* Of strings, status lines and errors; else STR_NONE. */
struct str redis_text(const struct redis_reply *r);
/* Of integers and strings of digits; else `otherwise`. */
int64_t redis_int(const struct redis_reply *r, int64_t otherwise);
size_t redis_count(const struct redis_reply *r);
/* NULL: there is none. */
const struct redis_reply *redis_at(const struct redis_reply *r, size_t i);

/* Copy on the heap, to outlive the callback. */
struct redis_reply *redis_copy(const struct redis_reply *r);
void redis_free(struct redis_reply **r);
/* Parses one whole reply from wire bytes (tests, fuzzing). NULL: none. */
struct redis_reply *redis_parse(struct str wire);

#endif
