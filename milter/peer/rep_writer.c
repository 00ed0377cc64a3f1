/*
 * The writer's life: what is taken on any thread, and the loop's state machine
 * that gathers a batch, sends it phase by phase and judges what was counted.
 */
#include "peer/rep_write.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "peer/rep_event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WINDOW 16	/* jobs under way: what mail may meet */
#define LINGER_MS 5	/* for events to gather */
#define QUEUE_MAX 65536 /* records in memory */
#define QUEUE_BYTES_MAX ((size_t)32 << 20)
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000
#define TOP_EVERY_MS 2000

/* ---- taking (any thread) ------------------------------------------------ */

static void
queue_put(struct rep_writer *w, char type, struct str payload, uint64_t seq)
{
	struct queued *q;

	if (w->queued >= QUEUE_MAX ||
	    w->queued_bytes + payload.len > QUEUE_BYTES_MAX) {
		w->dropped++;
		return;
	}
	q = mem_alloc(sizeof(*q) + payload.len);
	q->seq = seq;
	q->type = type;
	q->len = payload.len;
	memcpy(q->payload, payload.p, payload.len);
	*w->tail = q;
	w->tail = &q->next;
	w->queued++;
	w->queued_bytes += payload.len;
}

/* Once per outage of the disk. A full journal refuses; a bad disk does not. */
static bool
journal_put(struct rep_writer *w, char type, struct str payload, uint64_t *seq)
{
	int rc = rep_journal_add(w->journal, type, payload, seq);

	if (rc == 0) {
		w->journal_bad = false;
		return true;
	}
	if (!w->journal_bad)
		rep_store_log(w->store, "reputation: journal in %s: %s",
		    w->store->state_dir,
		    rc == ERR_LIMIT
			? "full, further events are dropped and counted"
			: strerror(errno));
	w->journal_bad = true;
	if (rc == ERR_LIMIT) {
		w->dropped++;
		return true;
	}
	w->unjournaled++;
	return false;
}

static void
take(struct rep_writer *w, char type, struct str payload)
{
	uint64_t seq;
	bool wake;

	pthread_mutex_lock(&w->queue_lock);
	w->taken++;
	if (w->journal == NULL) {
		seq = ++w->next_seq;
		queue_put(w, type, payload, seq);
	} else if (!journal_put(w, type, payload, &seq)) {
		queue_put(w, type, payload, seq);
	}
	wake = !w->woken;
	w->woken = true;
	pthread_mutex_unlock(&w->queue_lock);
	if (wake)
		loop_wake(w->loop);
}

void
rep_writer_event(struct rep_writer *w, const struct rep_event *e)
{
	uint8_t packed[REP_EVENT_BYTES];
	size_t len = rep_event_pack(e, packed);

	take(w, 'e', str_make((const char *)packed, len));
}

void
rep_writer_record(struct rep_writer *w, struct str ref, struct str json)
{
	struct buf b;

	/* Events first: a record never takes the journal's second half. */
	if (w->journal != NULL &&
	    rep_journal_bytes(w->journal) > REP_JOURNAL_LIMIT / 2)
		return;
	buf_init(&b);
	buf_add(&b, ref);
	buf_add_char(&b, ' ');
	buf_add(&b, json);
	take(w, 'w', buf_str(&b));
	buf_fini(&b);
}

/* ---- the state machine -------------------------------------------------- */

/* A slot of a cluster is in mid-move; seconds at most, unless nobody ends it.
 */
static bool
is_passing(const struct rep_writer *w)
{
	return str_starts(str_from(w->why), STR("TRYAGAIN")) &&
	       w->pause_ms < PAUSE_MAX_MS;
}

static void
batch_failed(struct rep_writer *w)
{
	if (w->why[0] != '\0' && !w->told && !is_passing(w)) {
		rep_store_log(w->store,
		    "reputation: Redis takes no writes: "
		    "%s; events wait in the journal",
		    w->why);
		w->told = true;
	}
	writer_drop_batch(w);
	writer_rewind(w, w->from);
	w->pause_ms = w->pause_ms ? w->pause_ms * 2 : PAUSE_MIN_MS;
	if (w->pause_ms > PAUSE_MAX_MS)
		w->pause_ms = PAUSE_MAX_MS;
	loop_timer_start(w->timer, w->pause_ms);
}

static void
batch_done(struct rep_writer *w)
{
	if (w->told)
		rep_store_log(w->store, "reputation: Redis takes writes again");
	w->told = false;
	w->why[0] = '\0';
	w->pause_ms = 0;
	pthread_mutex_lock(&w->queue_lock);
	/* What a reconnect sent again is counted once. */
	for (size_t i = 0; i < w->batch.events.len; i++)
		w->applied += w->batch.events.v[i].seq > w->last_seq;
	for (size_t i = 0; i < w->whys.len; i++)
		w->applied += w->whys.v[i].seq > w->last_seq;
	if (w->highest > w->last_seq)
		w->last_seq = w->highest;
	pthread_mutex_unlock(&w->queue_lock);
	writer_queue_done(w);
	writer_drop_batch(w);
	writer_set_checkpoint(w);
}

/* Sends while there is room; true when all of the phase went out and came. */
static bool
send_phase(struct rep_writer *w, size_t end)
{
	while (!w->failed && w->next < end && w->out < WINDOW) {
		/* Were the former part refused and this one taken, the former
		 * could never be sent again. */
		if (w->batch.jobs.v[w->next].after && w->out > 0)
			break;
		writer_send_job(w, w->next++);
	}
	return w->next >= end && w->out == 0;
}

static bool
send_whys(struct rep_writer *w)
{
	while (!w->failed && w->next < w->batch.hosts_from + w->whys.len &&
	       w->out < WINDOW) {
		if (!writer_send_record(
			w, &w->whys.v[w->next - w->batch.hosts_from]))
			writer_fail(w, STR_NONE);
		w->next++;
	}
	return w->next >= w->batch.hosts_from + w->whys.len && w->out == 0;
}

static bool
send_judgements(struct rep_writer *w)
{
	while (w->next < w->batch.jobs.len && w->out < WINDOW) {
		const struct rep_job *j = &w->batch.jobs.v[w->next];

		writer_note_top(w, j);
		if (writer_may_list(w, j))
			writer_judge(w, w->next);
		w->next++;
	}
	return w->next >= w->batch.jobs.len && w->out == 0;
}

/* Records go with the networks: `next` runs on over them. */
static bool
send_nets(struct rep_writer *w)
{
	if (w->next < w->batch.hosts_from &&
	    !send_phase(w, w->batch.hosts_from) &&
	    w->next < w->batch.hosts_from)
		return false;
	return send_whys(w);
}

static void
begin_batch(struct rep_writer *w)
{
	if (w->again) {
		w->again = false;
		if (w->checkpoints.len > 0 && w->journal != NULL)
			VEC_FINI(&w->checkpoints);
		if (w->journal != NULL)
			writer_rewind(w, rep_journal_start(w->journal));
	}
	writer_gather(w);
	if (w->batch.events.len == 0 && w->whys.len == 0)
		return;
	rep_batch_sort(&w->batch);
	w->failed = false;
	w->next = 0;
	w->phase = PHASE_NETS;
}

/* One step; false: nothing to do until something comes back. */
static bool
step(struct rep_writer *w)
{
	if (w->phase != PHASE_IDLE && w->failed) {
		if (w->out > 0)
			return false;
		batch_failed(w);
		return false;
	}
	switch (w->phase) {
	case PHASE_IDLE:
		if (loop_timer_runs(w->timer) || !rep_link_is_up(w->link))
			return false;
		begin_batch(w);
		return w->phase != PHASE_IDLE;
	case PHASE_NETS:
		if (!send_nets(w))
			return w->failed && w->out == 0;
		w->phase = PHASE_HOSTS;
		w->next = w->batch.hosts_from;
		return true;
	case PHASE_HOSTS:
		if (!send_phase(w, w->batch.jobs.len))
			return w->failed && w->out == 0;
		w->phase = PHASE_JUDGE;
		w->next = 0;
		return true;
	case PHASE_JUDGE:
		if (!send_judgements(w))
			return false;
		if (map_count(w->top) > 0 &&
		    clock_mono_us() - w->top_us > TOP_EVERY_MS * 1000)
			writer_send_top(w);
		if (w->out > 0)
			return false;
		batch_done(w);
		return true;
	}
	return false;
}

/* Replies may come while a command is sent: no step within a step. */
void
writer_pump(struct rep_writer *w)
{
	if (w->in_pump)
		return;
	w->in_pump = true;
	while (step(w))
		;
	w->in_pump = false;
}

static void
on_timer(void *ctx)
{
	writer_pump(ctx);
}

void
rep_writer_start(struct rep_writer *w)
{
	bool woken;

	pthread_mutex_lock(&w->queue_lock);
	woken = w->woken;
	pthread_mutex_unlock(&w->queue_lock);
	if (woken && w->phase == PHASE_IDLE && !loop_timer_runs(w->timer))
		loop_timer_start(w->timer, LINGER_MS);
}

void
rep_writer_joined(struct rep_writer *w)
{
	w->again = true;
	w->pause_ms = 0;
	if (w->phase == PHASE_IDLE)
		loop_timer_start(w->timer, LINGER_MS);
}

bool
rep_writer_is_idle(struct rep_writer *w)
{
	bool idle;

	pthread_mutex_lock(&w->queue_lock);
	idle = w->phase == PHASE_IDLE && !w->woken && w->head == NULL;
	pthread_mutex_unlock(&w->queue_lock);
	return idle && w->why[0] == '\0' && !w->again;
}

void
rep_writer_counts(struct rep_writer *w, struct rep_writer_counts *out)
{
	*out = (struct rep_writer_counts){.taken = 0};
	if (w->journal != NULL)
		out->journal_bytes = rep_journal_bytes(w->journal);
	pthread_mutex_lock(&w->queue_lock);
	out->taken = w->taken;
	out->applied = w->applied;
	out->waiting = w->taken + w->found > w->applied + w->dropped
			   ? w->taken + w->found - w->applied - w->dropped
			   : 0;
	out->dropped = w->dropped;
	out->unjournaled = w->unjournaled;
	pthread_mutex_unlock(&w->queue_lock);
}

const struct rep_unit *
rep_writer_site(const struct rep_writer *w)
{
	return &w->site;
}

void
rep_writer_set_site(struct rep_writer *w, const struct rep_unit *u)
{
	w->site = *u;
}

/* ---- life --------------------------------------------------------------- */

static void
name_field(struct rep_writer *w)
{
	uint64_t r;

	if (w->journal != NULL) {
		(void)snprintf(w->field, sizeof(w->field), "w:%s",
		    rep_journal_writer(w->journal));
		return;
	}
	r = w->store->salt[0] ^ w->store->salt[1] ^
	    (uint64_t)clock_wall_ms() << 20;
	(void)snprintf(
	    w->field, sizeof(w->field), "w:%08" PRIx64, r & UINT32_MAX);
}

struct rep_writer *
rep_writer_new(struct rep_store *s, struct loop *loop, struct rep_link *link,
    struct rep_journal *journal, uint64_t found)
{
	struct rep_writer *w = mem_alloc(sizeof(*w));

	w->store = s;
	w->loop = loop;
	w->link = link;
	w->journal = journal;
	w->found = found;
	w->tail = &w->head;
	w->top = map_new(false);
	w->packer = zip_packer_new();
	w->timer = loop_timer_new(loop, on_timer, w);
	w->marker = loop_timer_new(loop, writer_on_marker, w);
	if (journal != NULL)
		w->cursor = rep_journal_start(journal);
	w->woken = true; /* the journal may hold something */
	pthread_mutex_init(&w->queue_lock, NULL);
	name_field(w);
	return w;
}

void
rep_writer_free(struct rep_writer **wp)
{
	struct rep_writer *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	writer_drop_batch(w);
	while (w->head != NULL) {
		struct queued *q = w->head;

		w->head = q->next;
		free(q);
	}
	writer_clear_top(w);
	map_free(&w->top);
	zip_packer_free(&w->packer);
	VEC_FINI(&w->checkpoints);
	loop_timer_free(&w->timer);
	loop_timer_free(&w->marker);
	pthread_mutex_destroy(&w->queue_lock);
	free(w);
}
