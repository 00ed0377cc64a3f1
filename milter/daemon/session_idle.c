/*
 * Sessions without a connection: those that ended are kept with their memory
 * for those that begin.
 */
#include "base/spares.h"
#include "daemon/session_internal.h"

#include <stdlib.h>

/* Strings of one connection: names, HELO, user. */
#define CONNECTION_MEMORY_MAX ((size_t)64 * 1024)
/* A larger message buffer is not kept for the next message. */
#define RAW_KEPT_MAX ((size_t)256 * 1024)
/* 400 KiB at most each. */
static struct spares idle = SPARES_INIT;

struct session *
session_take(void)
{
	struct session *s = spares_take(&idle);

	if (s != NULL)
		return s;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	arena_init(&s->connection, CONNECTION_MEMORY_MAX);
	arena_init(&s->message, 0);
	buf_init(&s->raw);
	return s;
}

void
session_empty(struct session *s)
{
	if (s->raw.size > RAW_KEPT_MAX)
		buf_fini(&s->raw);
	buf_clear(&s->raw);
	arena_reset(&s->message);
}

/* As calloc() would have made it, but for the memory it holds. */
static void
wipe(struct session *s)
{
	struct arena message, connection;
	struct buf raw;

	session_empty(s);
	arena_reset(&s->connection);
	message = s->message;
	connection = s->connection;
	raw = s->raw;
	*s = (struct session){
	    .message = message, .connection = connection, .raw = raw};
}

void
session_give(struct session *s)
{
	wipe(s);
	if (spares_keep(&idle, s))
		return;
	buf_fini(&s->raw);
	arena_fini(&s->message);
	arena_fini(&s->connection);
	free(s);
}
