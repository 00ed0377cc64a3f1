/*
 * A batch of the writer: gathered from journal and memory, sent, and the mark
 * that trails behind what was applied.
 */
#include "peer/rep_write.h"

#include "base/clock.h"
#include "base/mem.h"
#include "peer/rep_event.h"

#include <stdio.h>
#include <stdlib.h>

#define RETAIN_MS 10000 /* applied, but sent again after a reconnect */
#define MARK_EVERY_MS 500

static bool
hold_next(struct rep_writer *w)
{
	if (w->holding)
		return true;
	w->held_from = w->cursor;
	w->holding = w->journal != NULL &&
		     rep_journal_read(w->journal, &w->cursor, &w->held) == 1;
	return w->holding;
}

static void
take_item(struct rep_writer *w, char type, uint64_t seq, struct str payload)
{
	struct rep_event e;
	struct str ref;
	struct why_item *y;

	w->highest = seq;
	if (type == 'e') {
		if (rep_event_unpack(payload, &e))
			rep_batch_add(&w->batch, &e, seq);
		return;
	}
	ref = str_cut(&payload, ' ');
	if (type != 'w' || ref.len == 0 || ref.len >= REP_REF_MAX)
		return;
	y = VEC_PUSH(&w->whys);
	memset(y, 0, sizeof(*y));
	memcpy(y->ref, ref.p, ref.len);
	y->seq = seq;
	y->json = mem_strndup(payload.p, payload.len);
	y->len = payload.len;
}

/* The queue's entries that were not taken yet; they stay in it until done. */
static const struct queued *
queue_at(struct rep_writer *w, size_t skip)
{
	const struct queued *q;

	pthread_mutex_lock(&w->queue_lock);
	q = w->head;
	while (q != NULL && skip-- > 0)
		q = q->next;
	pthread_mutex_unlock(&w->queue_lock);
	return q;
}

/* By sequence from both sources: a unit must see its events in order. */
void
writer_gather(struct rep_writer *w)
{
	const struct queued *q = queue_at(w, 0);

	pthread_mutex_lock(&w->queue_lock);
	w->woken = false;
	pthread_mutex_unlock(&w->queue_lock);
	w->from = w->holding ? w->held_from : w->cursor;
	w->queue_taken = 0;
	while (w->batch.events.len + w->whys.len < REP_BATCH_EVENTS) {
		bool disk = hold_next(w);

		if (q != NULL && (!disk || q->seq < w->held.seq)) {
			take_item(
			    w, q->type, q->seq, str_make(q->payload, q->len));
			q = queue_at(w, ++w->queue_taken);
		} else if (disk) {
			take_item(
			    w, w->held.type, w->held.seq, w->held.payload);
			w->holding = false;
		} else {
			break;
		}
	}
}

void
writer_drop_batch(struct rep_writer *w)
{
	rep_batch_fini(&w->batch);
	for (size_t i = 0; i < w->whys.len; i++)
		free(w->whys.v[i].json);
	VEC_FINI(&w->whys);
	w->phase = PHASE_IDLE;
}

void
writer_queue_done(struct rep_writer *w)
{
	pthread_mutex_lock(&w->queue_lock);
	for (; w->queue_taken > 0; w->queue_taken--) {
		struct queued *q = w->head;

		w->head = q->next;
		if (w->head == NULL)
			w->tail = &w->head;
		w->queued--;
		w->queued_bytes -= q->len;
		free(q);
	}
	pthread_mutex_unlock(&w->queue_lock);
}

/* ---- marks -------------------------------------------------------------- */

static struct rep_cursor
position(const struct rep_writer *w)
{
	return w->holding ? w->held_from : w->cursor;
}

void
writer_set_checkpoint(struct rep_writer *w)
{
	int64_t now = clock_mono_us();
	size_t n = w->checkpoints.len;

	if (w->journal == NULL)
		return;
	if (n > 0 && now - w->checkpoints.v[n - 1].at_us < MARK_EVERY_MS * 1000)
		w->checkpoints.v[n - 1].cursor = position(w);
	else
		*VEC_PUSH(&w->checkpoints) =
		    (struct checkpoint){.at_us = now, .cursor = position(w)};
	if (!loop_timer_runs(w->marker))
		loop_timer_start(w->marker, MARK_EVERY_MS);
}

/* Passes the mark over what has been safe long enough, or takes room. */
void
writer_on_marker(void *ctx)
{
	struct rep_writer *w = ctx;
	int64_t now = clock_mono_us();
	bool tight = rep_journal_bytes(w->journal) > REP_JOURNAL_LIMIT / 2;
	size_t done = 0;

	while (done < w->checkpoints.len &&
	       (tight || now - w->checkpoints.v[done].at_us > RETAIN_MS * 1000))
		done++;
	if (done > 0) {
		rep_journal_mark(
		    w->journal, &w->checkpoints.v[done - 1].cursor);
		w->checkpoints.len -= done;
		memmove(w->checkpoints.v, w->checkpoints.v + done,
		    w->checkpoints.len * sizeof(*w->checkpoints.v));
	}
	if (w->checkpoints.len > 0)
		loop_timer_start(w->marker, MARK_EVERY_MS);
}

void
writer_rewind(struct rep_writer *w, struct rep_cursor c)
{
	w->cursor = c;
	w->holding = false;
	w->queue_taken = 0;
}

/* ---- sending ------------------------------------------------------------ */

void
writer_fail(struct rep_writer *w, struct str why)
{
	if (w->failed)
		return;
	w->failed = true;
	(void)snprintf(w->why, sizeof(w->why), "%.*s",
	    (int)(why.len < 100 ? why.len : 100), why.p ? why.p : "");
}

void
writer_refused(struct rep_writer *w, const struct redis_reply *r)
{
	struct str text = redis_text(r);

	if (r == NULL) {
		writer_fail(w, STR_NONE);
		return;
	}
	writer_fail(w, redis_is_error(r) ? text : STR("strange answer"));
	if (str_starts(text, STR("READONLY")) ||
	    str_find(text, STR("-READONLY")) != STR_NPOS ||
	    str_find(text, STR("READONLY You can't")) != STR_NPOS)
		rep_link_demoted(w->link);
}

static void
on_why_set(void *ctx, const struct redis_reply *r)
{
	struct rep_writer *w = ctx;

	w->out--;
	if (r == NULL || redis_is_error(r))
		writer_refused(w, r);
	writer_pump(w);
}

/* Packed here, not by the thread that has a sender waiting. */
bool
writer_send_record(struct rep_writer *w, const struct why_item *y)
{
	struct rep_key k = rep_key_text(w->store->prefix, "why", y->ref);
	struct str json = str_make(y->json, y->len);
	struct redis_args a = {.count = 0};
	char life[REDIS_NUMBER];
	struct buf packed;
	bool sent;

	buf_init(&packed);
	redis_arg_cstr(&a, "SET");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg(
	    &a, zip_pack(w->packer, json, &packed) ? buf_str(&packed) : json);
	redis_arg_cstr(&a, "PX");
	redis_arg_int(&a, REP_WHY_LIFE_MS, life);
	w->out++;
	sent = rep_link_send(w->link, k.text, &a, on_why_set, w);
	if (!sent)
		w->out--;
	buf_fini(&packed);
	return sent;
}
