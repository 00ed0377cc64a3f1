/*
 * The Redis store: one I/O thread with an event loop, whether Redis is away,
 * and opening and closing. Lookups are in rep_redis_lookup.c, the copy of the
 * listings in rep_redis_poll.c, admins are answered by rep_redis_admin.c.
 */
#include "peer/rep_redis.h"

#include "base/clock.h"
#include "base/mem.h"
#include "peer/rep_script.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define START_MS 1000 /* not up by then: say so */
#define STOP_TICK_MS 5

/* ---- away --------------------------------------------------------------- */

static void
away(struct redis_store *s, const char *why)
{
	atomic_store(&s->up, false);
	pthread_mutex_lock(&s->status_lock);
	if (s->away_since_ms == 0) {
		s->away_since_ms = clock_wall_ms();
		s->outages++;
	}
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
	pthread_mutex_unlock(&s->status_lock);
	if (!s->told)
		rep_store_log(&s->base,
		    "reputation: Redis away (%s); mail goes "
		    "on without it, events wait",
		    why);
	s->told = true;
}

static void
on_link_down(void *ctx, const char *why)
{
	away(ctx, why);
}

static void
on_link_up(void *ctx)
{
	struct redis_store *s = ctx;
	int64_t since;

	pthread_mutex_lock(&s->status_lock);
	since = s->away_since_ms;
	s->away_since_ms = 0;
	s->why[0] = '\0';
	pthread_mutex_unlock(&s->status_lock);
	if (s->told)
		rep_store_log(&s->base, "reputation: Redis back after %.1f s",
		    (double)(clock_wall_ms() - since) / 1000);
	s->told = false;
	atomic_store(&s->up, true);
	rep_writer_joined(s->writer);
	redis_store_poll(s);
}

static void
on_joined(void *ctx)
{
	struct redis_store *s = ctx;

	if (s->writer != NULL)
		rep_writer_joined(s->writer);
}

static void
on_start(void *ctx)
{
	struct redis_store *s = ctx;

	if (!rep_link_is_up(s->link))
		away(s, rep_link_why(s->link));
}

/* ---- the I/O thread ----------------------------------------------------- */

void
redis_store_post(struct redis_store *s, struct redis_task *t)
{
	pthread_mutex_lock(&s->inbox_lock);
	t->next = s->tasks;
	s->tasks = t;
	pthread_mutex_unlock(&s->inbox_lock);
	loop_wake(s->loop);
}

static void
on_stop_tick(void *ctx)
{
	struct redis_store *s = ctx;

	if (clock_mono_us() >= s->stop_us || rep_writer_is_idle(s->writer))
		loop_stop(s->loop);
	else
		loop_timer_start(s->stop_timer, STOP_TICK_MS);
}

static struct redis_task *
in_order(struct redis_task *t)
{
	struct redis_task *out = NULL;

	while (t != NULL) {
		struct redis_task *next = t->next;

		t->next = out;
		out = t;
		t = next;
	}
	return out;
}

static void
on_wake(void *ctx)
{
	struct redis_store *s = ctx;
	struct redis_lookup *l;
	struct redis_task *t;
	bool stop;

	pthread_mutex_lock(&s->inbox_lock);
	l = s->lookups;
	t = in_order(s->tasks);
	s->lookups = NULL;
	s->tasks = NULL;
	stop = s->stop;
	pthread_mutex_unlock(&s->inbox_lock);
	while (l != NULL) {
		struct redis_lookup *next = redis_lookup_next(l);

		redis_lookup_begin(s, l);
		l = next;
	}
	while (t != NULL) {
		struct redis_task *next = t->next;

		t->run(t->ctx);
		t = next;
	}
	redis_lookup_find_late(s);
	rep_writer_start(s->writer);
	if (stop)
		on_stop_tick(s);
}

static void *
io_main(void *arg)
{
	struct redis_store *s = arg;

	loop_run(s->loop);
	return NULL;
}

/* The daemon's signals are not this thread's. */
static bool
start_thread(struct redis_store *s)
{
	sigset_t all, former;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	s->thread_runs = pthread_create(&s->thread, NULL, io_main, s) == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return s->thread_runs;
}

/* ---- the mail path's other calls ---------------------------------------- */

static void
redis_report(struct rep_store *s, const struct rep_event *e)
{
	rep_writer_event(redis_of(s)->writer, e);
}

static void
redis_record(struct rep_store *s, struct str ref, struct str json)
{
	rep_writer_record(redis_of(s)->writer, ref, json);
}

static void
redis_status(struct rep_store *store, struct json *into)
{
	struct redis_store *s = redis_of(store);
	struct rep_writer_counts c;

	rep_writer_counts(s->writer, &c);
	json_set_str(into, "store", STR("redis"));
	pthread_mutex_lock(&s->status_lock);
	json_set_str(
	    into, "state", s->away_since_ms == 0 ? STR("up") : STR("away"));
	if (s->away_since_ms != 0) {
		json_set_int(into, "away_since_ms", s->away_since_ms);
		json_set_str(into, "why", str_from(s->why));
	}
	json_set_int(into, "outages", (int64_t)s->outages);
	pthread_mutex_unlock(&s->status_lock);
	json_set_int(into, "taken", (int64_t)c.taken);
	json_set_int(into, "applied", (int64_t)c.applied);
	json_set_int(into, "waiting", (int64_t)c.waiting);
	json_set_int(into, "dropped", (int64_t)c.dropped);
	json_set_int(into, "unjournaled", (int64_t)c.unjournaled);
	json_set_int(into, "journal_bytes", (int64_t)c.journal_bytes);
	if (s->journal != NULL)
		json_set_int(into, "unsynced_bytes",
		    (int64_t)rep_journal_unsynced(s->journal));
}

/* ---- life --------------------------------------------------------------- */

static void
store_free(struct redis_store *s)
{
	while (s->lookups != NULL) {
		struct redis_lookup *l = s->lookups;

		s->lookups = redis_lookup_next(l);
		redis_lookup_drop(l);
	}
	/* The link first: its callbacks still find everything else. */
	rep_link_free(&s->link);
	if (s->poll != NULL)
		redis_poll_free(s->poll);
	rep_writer_free(&s->writer);
	rep_journal_close(&s->journal);
	loop_timer_free(&s->poll_timer);
	loop_timer_free(&s->stop_timer);
	loop_timer_free(&s->start_timer);
	loop_free(&s->loop);
	cidr_trie_free(&s->listed);
	cidr_trie_free(&s->wide);
	redis_poll_free_wide(s);
	pthread_mutex_destroy(&s->inbox_lock);
	pthread_mutex_destroy(&s->snapshot_lock);
	pthread_mutex_destroy(&s->status_lock);
	free(s);
}

static void
redis_close_store(struct rep_store *store, int drain_ms)
{
	struct redis_store *s = redis_of(store);

	pthread_mutex_lock(&s->inbox_lock);
	s->stop = true;
	s->stop_us = clock_mono_us() + drain_ms * INT64_C(1000);
	pthread_mutex_unlock(&s->inbox_lock);
	loop_wake(s->loop);
	if (s->thread_runs)
		pthread_join(s->thread, NULL);
	free(s->base.state_dir);
	store_free(s);
}

static bool
open_journal(struct redis_store *s, char **error_out)
{
	struct rep_journal_found found;

	if (s->base.state_dir == NULL)
		return true;
	s->journal = rep_journal_open(
	    s->base.state_dir, REP_JOURNAL_LIMIT, &found, error_out);
	if (s->journal == NULL)
		return false;
	rep_journal_sync_every(s->journal, s->base.sync_ms);
	s->found = found.waiting;
	if (found.torn_bytes > 0)
		rep_store_log(&s->base,
		    "reputation: journal in %s: %" PRIu64 " torn bytes cut off",
		    s->base.state_dir, found.torn_bytes);
	return true;
}

static void
open_link(struct redis_store *s, const struct rep_url *u)
{
	struct rep_link_options o = {.loop = s->loop,
	    .url = *u,
	    .budget_ms = s->base.budget_ms,
	    .up = on_link_up,
	    .down = on_link_down,
	    .joined = on_joined,
	    .ctx = s};
	struct buf apply, list, brake;

	buf_init(&apply);
	buf_init(&list);
	buf_init(&brake);
	rep_script_apply(&apply);
	rep_script_list(&list);
	brake_script(&brake);
	o.script[REP_SCRIPT_APPLY] = buf_str(&apply);
	o.script[REP_SCRIPT_LIST] = buf_str(&list);
	o.script[REP_SCRIPT_BRAKE] = buf_str(&brake);
	s->link = rep_link_new(&o);
	buf_fini(&apply);
	buf_fini(&list);
	buf_fini(&brake);
}

static const struct rep_store_ops redis_ops = {
    .close = redis_close_store,
    .lookup_start = redis_lookup_start,
    .lookup_collect = redis_lookup_collect,
    .report = redis_report,
    .record = redis_record,
    .brake = redis_brake,
    .status = redis_status,
    .read = redis_admin_read,
    .set_listing = redis_admin_set_listing,
    .read_brakes = redis_admin_read_brakes,
    .forget = redis_admin_forget,
    .dispute = redis_admin_dispute,
    .load = redis_admin_load,
    .each = redis_admin_each,
    .each_listed = redis_admin_each_listed,
    .top = redis_admin_top,
    .note = redis_admin_note,
    .notes = redis_admin_notes,
    .why = redis_admin_why,
};

static struct redis_store *
redis_new(const struct rep_store *base)
{
	struct redis_store *s = mem_alloc(sizeof(*s));

	s->base = *base;
	s->base.ops = &redis_ops;
	atomic_init(&s->up, false);
	pthread_mutex_init(&s->inbox_lock, NULL);
	pthread_mutex_init(&s->snapshot_lock, NULL);
	pthread_mutex_init(&s->status_lock, NULL);
	s->listed = cidr_trie_new();
	s->wide = cidr_trie_new();
	s->loop = loop_new(on_wake, s);
	return s;
}

struct rep_store *
rep_redis_open(const struct rep_store *base, const char *url, char **error_out)
{
	struct rep_url u;
	char why[128];
	struct redis_store *s;

	if (!rep_url_parse(str_from(url), &u, why)) {
		*error_out = mem_printf("redis: %s", why);
		return NULL;
	}
	s = redis_new(base);
	if (s->loop == NULL || !open_journal(s, error_out)) {
		if (s->loop == NULL)
			*error_out = mem_printf("redis: %s", strerror(errno));
		store_free(s);
		return NULL;
	}
	redis_poll_load(s);
	s->poll_timer = loop_timer_new(s->loop, redis_poll_on_timer, s);
	s->stop_timer = loop_timer_new(s->loop, on_stop_tick, s);
	s->start_timer = loop_timer_new(s->loop, on_start, s);
	loop_timer_start(s->start_timer, START_MS);
	open_link(s, &u);
	s->writer =
	    rep_writer_new(&s->base, s->loop, s->link, s->journal, s->found);
	if (!start_thread(s)) {
		*error_out = mem_printf("redis: no thread");
		store_free(s);
		return NULL;
	}
	return &s->base;
}
