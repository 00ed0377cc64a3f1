/*
 * Greylist and throttle in Redis: one script a recipient, asked on the I/O
 * thread, waited for until the message's budget is spent. What comes later
 * counts, but nobody hears it: no answer in time is "pass".
 */
#include "base/clock.h"
#include "base/mem.h"
#include "peer/rep_redis.h"

#include <errno.h>

struct brake_ask {
	struct redis_task task; /* first: handed to the loop */
	struct redis_store *store;
	struct brake_question question;
	int64_t start_us;
	atomic_int refs; /* the asker's and the loop's */

	pthread_mutex_t done_lock; /* guards done and view */
	pthread_cond_t done_wake;
	bool done;
	struct brake_view view;
};

static void
ask_unref(struct brake_ask *a)
{
	if (atomic_fetch_sub(&a->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&a->done_lock);
	pthread_cond_destroy(&a->done_wake);
	free(a);
}

static void
ask_done(struct brake_ask *a, const struct brake_view *view)
{
	pthread_mutex_lock(&a->done_lock);
	a->view = *view;
	a->done = true;
	pthread_cond_signal(&a->done_wake);
	pthread_mutex_unlock(&a->done_lock);
	ask_unref(a);
}

/* Loop's thread. What is no answer of ours is none. */
static void
on_answer(void *ctx, const struct redis_reply *r)
{
	struct brake_view view = {0};
	int64_t word = redis_int(redis_at(r, 0), 0);

	if (word > BRAKE_NONE && word < BRAKE_WORDS) {
		view.word = (enum brake_word)word;
		view.wait_ms = redis_int(redis_at(r, 1), 0);
	}
	ask_done(ctx, &view);
}

/* Loop's thread. */
static void
ask_send(void *ctx)
{
	static const struct brake_view pass = {0};
	struct brake_ask *a = ctx;
	struct redis_store *s = a->store;
	struct rep_name unit = rep_name_host(&a->question.client);
	struct rep_key grey = rep_key_unit(s->base.prefix, "grey", unit.text);
	struct rep_key throttle =
	    rep_key_unit(s->base.prefix, "throttle", unit.text);
	char text[BRAKE_ARGS][24];
	struct redis_args args = {.count = 0};

	redis_arg_cstr(&args, "2");
	redis_arg_cstr(&args, grey.text);
	redis_arg_cstr(&args, throttle.text);
	brake_script_args(&a->question, text);
	for (int i = 0; i < BRAKE_ARGS; i++)
		redis_arg_cstr(&args, text[i]);
	if (rep_link_quick(s->link, grey.text) == NULL ||
	    !rep_link_script(
		s->link, REP_SCRIPT_BRAKE, grey.text, &args, on_answer, a))
		ask_done(a, &pass);
}

static struct brake_ask *
ask_new(struct redis_store *s, const struct brake_question *q)
{
	struct brake_ask *a = mem_alloc(sizeof(*a));

	a->task.run = ask_send;
	a->task.ctx = a;
	a->store = s;
	a->question = *q;
	a->start_us = clock_mono_us();
	atomic_init(&a->refs, 2);
	pthread_mutex_init(&a->done_lock, NULL);
	clock_cond_init(&a->done_wake);
	return a;
}

void
redis_brake(struct rep_store *store, const struct brake_question *q,
    int64_t deadline_us, struct brake_view *out)
{
	struct redis_store *s = redis_of(store);
	struct timespec until = {.tv_sec = deadline_us / 1000000,
	    .tv_nsec = deadline_us % 1000000 * 1000};
	struct brake_ask *a;
	int rc = 0;

	if (!atomic_load(&s->up) || clock_mono_us() >= deadline_us)
		return;
	a = ask_new(s, q);
	redis_store_post(s, &a->task);
	pthread_mutex_lock(&a->done_lock);
	while (!a->done && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(
		    &a->done_wake, &a->done_lock, &until);
	if (a->done)
		*out = a->view;
	pthread_mutex_unlock(&a->done_lock);
	ask_unref(a);
}
