/*
 * The in-process store: `redis = none`, tests, a first try, one small host.
 *
 * This file is the mail path, and opening and closing. Units live in one map
 * under one lock; an event is journaled, then applied at once
 * (rep_mem_unit.c). A thread writes the state file from time to time
 * (rep_mem_state.c). Admins are answered by rep_mem_admin.c.
 */
#include "peer/rep_mem.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "peer/rep_event.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#define SAVE_EVERY_MS 60000
#define SAVE_AT_BYTES ((uint64_t)16 << 20) /* of journal, at least */
#define SAVE_AT_MOST (REP_JOURNAL_LIMIT / 2)

/* Of journal to the last saved state: writing it all stays a small share. */
#define SAVE_RATIO 4

struct mem_lookup {
	struct rep_store *store;
	struct rep_view view;
};

static struct rep_lookup *
mem_lookup_start(struct rep_store *s, const struct ip *ip)
{
	struct mem_store *m = mem_of(s);
	struct mem_lookup *l = mem_alloc(sizeof(*l));
	int64_t now_ms = clock_wall_ms();
	struct rep_known k;
	struct mem_unit *u;

	l->store = s;
	pthread_mutex_lock(&m->units_lock);
	k = rep_mem_known(m, ip, now_ms);
	rep_model_view(&s->settings, &k, now_ms, &l->view);
	u = rep_mem_find(
	    m, l->view.parent ? rep_name_net(ip).text : rep_name_host(ip).text);
	if (l->view.state == REP_LISTED && u != NULL &&
	    rep_model_sample(
		&s->settings, random_u64(), u->sampled_ms, now_ms)) {
		l->view.sample = true;
		u->sampled_ms = now_ms;
	}
	pthread_mutex_unlock(&m->units_lock);
	return (struct rep_lookup *)l;
}

static void
mem_lookup_collect(
    struct rep_lookup *l, int64_t deadline_us, struct rep_view *out)
{
	(void)deadline_us;
	*out = ((struct mem_lookup *)l)->view;
	free(l);
}

/* Once per outage of the disk. */
static void
note_journal(struct mem_store *m, int rc)
{
	if (rc == 0) {
		m->away = false;
		return;
	}
	m->lost++;
	if (!m->away)
		rep_store_log(&m->base,
		    "reputation: journal in %s: %s; a crash "
		    "would lose what is counted now",
		    m->base.state_dir,
		    rc == ERR_LIMIT ? "full" : strerror(errno));
	m->away = true;
}

static void
wake_saver(struct mem_store *m)
{
	pthread_mutex_lock(&m->wake_lock);
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->wake_lock);
}

static uint64_t
journal_locked(struct mem_store *m, char type, struct str payload)
{
	uint64_t seq = ++m->seq;

	if (m->journal != NULL)
		note_journal(
		    m, rep_journal_add(m->journal, type, payload, &seq));
	return seq;
}

/* The journal must never come near its own limit, where events are refused. */
static uint64_t
save_threshold(const struct mem_store *m)
{
	uint64_t bytes = SAVE_AT_BYTES + SAVE_RATIO * m->saved_bytes;

	return bytes < SAVE_AT_MOST ? bytes : SAVE_AT_MOST;
}

static void
mem_report(struct rep_store *s, const struct rep_event *e)
{
	struct mem_store *m = mem_of(s);
	uint8_t packed[REP_EVENT_BYTES];
	size_t len = rep_event_pack(e, packed);
	bool full;

	pthread_mutex_lock(&m->units_lock);
	rep_mem_apply_locked(
	    m, e, journal_locked(m, 'e', str_make((const char *)packed, len)));
	full = m->journal != NULL &&
	       rep_journal_bytes(m->journal) > save_threshold(m);
	pthread_mutex_unlock(&m->units_lock);
	if (full)
		wake_saver(m);
}

static void
mem_record(struct rep_store *s, struct str ref, struct str json)
{
	struct mem_store *m = mem_of(s);
	struct buf b;

	buf_init(&b);
	buf_reserve(&b, ref.len + 1 + json.len);
	buf_add(&b, ref);
	buf_add_char(&b, ' ');
	buf_add(&b, json);
	pthread_mutex_lock(&m->units_lock);
	(void)journal_locked(m, 'w', buf_str(&b));
	rep_mem_put_record(m, ref, json, clock_wall_ms());
	pthread_mutex_unlock(&m->units_lock);
	buf_fini(&b);
}

static void
mem_status(struct rep_store *s, struct json *into)
{
	struct mem_store *m = mem_of(s);

	pthread_mutex_lock(&m->units_lock);
	json_set_str(into, "store", STR("in-process"));
	json_set_str(into, "state", STR("up"));
	json_set_int(into, "units", (int64_t)map_count(m->units));
	json_set_int(into, "records", (int64_t)m->why_count);
	json_set_int(into, "unjournaled", (int64_t)m->lost);
	pthread_mutex_unlock(&m->units_lock);
	if (m->journal == NULL)
		return;
	json_set_int(
	    into, "journal_bytes", (int64_t)rep_journal_bytes(m->journal));
	json_set_int(
	    into, "unsynced_bytes", (int64_t)rep_journal_unsynced(m->journal));
}

/* ---- opening and closing ------------------------------------------------ */

static struct timespec
save_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += SAVE_EVERY_MS / 1000;
	return t;
}

static void *
saver_main(void *arg)
{
	struct mem_store *m = arg;

	pthread_mutex_lock(&m->wake_lock);
	while (!m->stop) {
		struct timespec until = save_time();

		pthread_cond_timedwait(&m->wake, &m->wake_lock, &until);
		if (m->stop)
			break;
		pthread_mutex_unlock(&m->wake_lock);
		(void)rep_mem_save(m);
		pthread_mutex_lock(&m->wake_lock);
	}
	pthread_mutex_unlock(&m->wake_lock);
	return NULL;
}

static void
mem_free(struct mem_store *m)
{
	size_t pos = 0;
	void *value;

	while (map_next(m->units, &pos, NULL, &value))
		rep_mem_unit_free(value);
	map_free(&m->units);
	cidr_trie_free(&m->wide);
	while (m->oldest_why != NULL)
		rep_mem_drop_record(m);
	map_free(&m->whys);
	brake_table_free(&m->brakes);
	VEC_FINI(&m->notes);
	rep_journal_close(&m->journal);
	pthread_mutex_destroy(&m->units_lock);
	pthread_mutex_destroy(&m->save_lock);
	pthread_mutex_destroy(&m->wake_lock);
	pthread_cond_destroy(&m->wake);
	free(m);
}

static void
mem_close(struct rep_store *s, int drain_ms)
{
	struct mem_store *m = mem_of(s);

	(void)drain_ms;
	if (m->saver_runs) {
		pthread_mutex_lock(&m->wake_lock);
		m->stop = true;
		pthread_cond_signal(&m->wake);
		pthread_mutex_unlock(&m->wake_lock);
		pthread_join(m->saver, NULL);
	}
	(void)rep_mem_save(m);
	rep_mem_save_brakes(m);
	free(s->state_dir);
	mem_free(m);
}

static const struct rep_store_ops mem_ops = {
    .close = mem_close,
    .lookup_start = mem_lookup_start,
    .lookup_collect = mem_lookup_collect,
    .report = mem_report,
    .record = mem_record,
    .brake = rep_mem_brake,
    .status = mem_status,
    .read = rep_mem_admin_read,
    .set_listing = rep_mem_admin_set_listing,
    .read_brakes = rep_mem_admin_read_brakes,
    .forget = rep_mem_admin_forget,
    .dispute = rep_mem_admin_dispute,
    .load = rep_mem_admin_load,
    .each = rep_mem_admin_each,
    .each_listed = rep_mem_admin_each_listed,
    .top = rep_mem_admin_top,
    .note = rep_mem_admin_note,
    .notes = rep_mem_admin_notes,
    .why = rep_mem_admin_why,
};

static bool
open_journal(struct mem_store *m, char **error_out)
{
	struct rep_journal_found found;

	m->journal = rep_journal_open(
	    m->base.state_dir, REP_JOURNAL_LIMIT, &found, error_out);
	if (m->journal == NULL)
		return false;
	rep_journal_sync_every(m->journal, m->base.sync_ms);
	if (found.torn_bytes > 0)
		rep_store_log(&m->base,
		    "reputation: journal in %s: %" PRIu64 " torn bytes cut off",
		    m->base.state_dir, found.torn_bytes);
	rep_mem_load_state(m);
	rep_mem_replay(m);
	return true;
}

/* The daemon's signals are not this thread's. */
static void
start_saver(struct mem_store *m)
{
	sigset_t all, former;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	m->saver_runs = pthread_create(&m->saver, NULL, saver_main, m) == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
}

struct rep_store *
rep_mem_open(const struct rep_store *base, char **error_out)
{
	struct mem_store *m = mem_alloc(sizeof(*m));

	m->base = *base;
	m->base.ops = &mem_ops;
	m->units = map_new(false);
	m->whys = map_new(false);
	m->wide = cidr_trie_new();
	pthread_mutex_init(&m->units_lock, NULL);
	pthread_mutex_init(&m->save_lock, NULL);
	pthread_mutex_init(&m->wake_lock, NULL);
	clock_cond_init(&m->wake);
	if (base->state_dir != NULL && !open_journal(m, error_out)) {
		mem_free(m);
		return NULL;
	}
	rep_mem_load_brakes(m);
	if (m->journal != NULL)
		start_saver(m);
	return &m->base;
}
