/*
 * A question of an admin to Redis: posted to the I/O thread, waited for here.
 */
#include "peer/rep_redis_ask.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_UP_MS 3000
#define WAIT_REPLY_MS 5000
#define UP_STEP_MS 10

static void
ask_unref(struct ask *a)
{
	if (atomic_fetch_sub(&a->refs, 1) != 1)
		return;
	redis_free(&a->reply);
	pthread_mutex_destroy(&a->done_lock);
	pthread_cond_destroy(&a->done_wake);
	free(a->bytes);
	free(a);
}

void
redis_ask_done(void *ctx, const struct redis_reply *r)
{
	struct ask *a = ctx;

	pthread_mutex_lock(&a->done_lock);
	a->reply = redis_copy(r);
	a->done = true;
	pthread_cond_signal(&a->done_wake);
	pthread_mutex_unlock(&a->done_lock);
	ask_unref(a);
}

static void
ask_run(void *ctx)
{
	struct ask *a = ctx;
	struct rep_link *l = a->store->link;
	bool sent;

	if (a->script >= 0)
		sent = rep_link_script(l, (enum rep_script)a->script, a->key,
		    &a->args, redis_ask_done, a);
	else if (a->node != ANY_NODE)
		sent =
		    rep_link_send_node(l, a->node, &a->args, redis_ask_done, a);
	else
		sent = rep_link_send(l, a->key, &a->args, redis_ask_done, a);
	if (!sent)
		redis_ask_done(a, NULL);
}

/* The bytes must outlive a caller that gave up waiting. */
static void
ask_keep_args(struct ask *a, const struct redis_args *from)
{
	size_t total = 1;
	char *at;

	for (int i = 0; i < from->count; i++)
		total += from->len[i];
	a->bytes = at = mem_alloc(total);
	for (int i = 0; i < from->count; i++) {
		memcpy(at, from->v[i], from->len[i]);
		redis_arg(&a->args, str_make(at, from->len[i]));
		at += from->len[i];
	}
}

struct ask *
redis_ask_new(
    struct redis_store *s, const char *key, const struct redis_args *args)
{
	struct ask *a = mem_alloc(sizeof(*a));

	a->task.run = ask_run;
	a->task.ctx = a;
	a->store = s;
	a->node = ANY_NODE;
	a->script = -1;
	(void)snprintf(a->key, sizeof(a->key), "%s", key);
	ask_keep_args(a, args);
	atomic_init(&a->refs, 2);
	pthread_mutex_init(&a->done_lock, NULL);
	clock_cond_init(&a->done_wake);
	return a;
}

/* Waits for the reply, which is then the caller's. Drops the asker's hold. */
struct redis_reply *
redis_ask_wait(struct ask *a)
{
	int64_t us = clock_mono_us() + WAIT_REPLY_MS * 1000;
	struct timespec until = {
	    .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
	struct redis_reply *r;
	int rc = 0;

	redis_store_post(a->store, &a->task);
	pthread_mutex_lock(&a->done_lock);
	while (!a->done && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(
		    &a->done_wake, &a->done_lock, &until);
	r = a->reply;
	a->reply = NULL;
	pthread_mutex_unlock(&a->done_lock);
	ask_unref(a);
	return r;
}

/* A tool that has just started gives the connection a moment. */
bool
redis_ask_wait_up(struct redis_store *s)
{
	const struct timespec step = {.tv_nsec = UP_STEP_MS * 1000000};

	for (int ms = 0; ms < WAIT_UP_MS; ms += UP_STEP_MS) {
		if (atomic_load(&s->up))
			return true;
		(void)nanosleep(&step, NULL);
	}
	return false;
}

/* 0 and a reply that is no error, or ERR_DOWN, ERR_DENIED. */
int
redis_ask_take(
    struct redis_store *s, struct redis_reply *r, struct redis_reply **out)
{
	if (r == NULL)
		return ERR_DOWN;
	if (redis_is_error(r)) {
		rep_store_log(&s->base, "reputation: Redis says: %.*s",
		    STR_ARG(redis_text(r)));
		redis_free(&r);
		return ERR_DENIED;
	}
	*out = r;
	return 0;
}

int
redis_ask(struct redis_store *s, const char *key, const struct redis_args *args,
    struct redis_reply **out)
{
	if (!redis_ask_wait_up(s))
		return ERR_DOWN;
	return redis_ask_take(
	    s, redis_ask_wait(redis_ask_new(s, key, args)), out);
}

void
redis_ask_words(struct redis_args *a, const char *const *word, size_t count)
{
	for (size_t i = 0; i < count; i++)
		redis_arg_cstr(a, word[i]);
}

int
redis_ask_run(
    struct redis_store *s, const char *key, const struct redis_args *args)
{
	struct redis_reply *r;
	int rc = redis_ask(s, key, args, &r);

	if (rc == 0)
		redis_free(&r);
	return rc;
}
