/*
 * Sessions without a connection: those that ended are kept with their memory
 * for those that begin.
 */
#include "daemon/session_internal.h"

#include <pthread.h>
#include <stdlib.h>

/* Strings of one connection: names, HELO, user. */
#define CONNECTION_MEMORY_MAX ((size_t)64 * 1024)
/* A larger message buffer is not kept for the next message. */
#define RAW_KEPT_MAX ((size_t)256 * 1024)
/* Sessions kept, 400 KiB at most each. */
#define IDLE_MAX ((size_t)32)

static struct {
	pthread_mutex_t idle_lock; /* guards both */
	struct session *first;
	size_t count;
} idle = {.idle_lock = PTHREAD_MUTEX_INITIALIZER};

static struct session *
take_idle(void)
{
	struct session *s;

	pthread_mutex_lock(&idle.idle_lock);
	s = idle.first;
	if (s != NULL) {
		idle.first = s->next_idle;
		idle.count--;
	}
	pthread_mutex_unlock(&idle.idle_lock);
	return s;
}

/* False: there are enough. */
static bool
keep_idle(struct session *s)
{
	bool kept;

	pthread_mutex_lock(&idle.idle_lock);
	kept = idle.count < IDLE_MAX;
	if (kept) {
		s->next_idle = idle.first;
		idle.first = s;
		idle.count++;
	}
	pthread_mutex_unlock(&idle.idle_lock);
	return kept;
}

struct session *
session_take(void)
{
	struct session *s = take_idle();

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
	if (keep_idle(s))
		return;
	buf_fini(&s->raw);
	arena_fini(&s->message);
	arena_fini(&s->connection);
	free(s);
}
