#include "peer/rep_writer.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "peer/rep_batch.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define WINDOW 32	/* script calls under way: what mail may meet */
#define LINGER_MS 5	/* for events to gather */
#define QUEUE_MAX 65536 /* records in memory */
#define QUEUE_BYTES_MAX ((size_t)32 << 20)
#define RETAIN_MS 10000 /* applied, but sent again after a reconnect */
#define MARK_EVERY_MS 500
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000
#define TOP_MAX 1000
#define TOP_EVERY_MS 2000
#define LINE 160

/* A record in memory, journaled or not to be. */
struct queued {
	struct queued *next;
	uint64_t seq;
	char type;
	size_t len;
	char payload[];
};

struct checkpoint {
	int64_t at_us;
	struct rep_cursor cursor;
};

/* A decision record on its way. */
struct why_item {
	uint64_t seq;
	char ref[REP_REF_MAX];
	char *json;
	size_t len;
};

enum phase { PHASE_IDLE, PHASE_NETS, PHASE_HOSTS, PHASE_JUDGE };

struct rep_writer {
	struct rep_store *store;
	struct loop *loop;
	struct rep_link *link;
	struct rep_journal *journal;
	char field[REP_WRITER_MAX + 2]; /* "w:" writer */
	struct loop_timer *timer;	/* linger, or pause */
	struct loop_timer *marker;

	pthread_mutex_t queue_lock; /* guards queue and counts */
	struct queued *head;	    /* oldest */
	struct queued **tail;
	size_t queued;
	size_t queued_bytes;
	uint64_t next_seq; /* without a journal */
	uint64_t last_seq; /* applied */
	uint64_t found;	   /* in the journal at the start */
	uint64_t taken;
	uint64_t dropped;
	uint64_t unjournaled;
	bool journal_bad;
	bool woken;

	/* The loop's. */
	struct rep_cursor cursor; /* in the journal: read up to here */
	struct rep_cursor from;	  /* where the running batch began */
	VEC(struct checkpoint) checkpoints;
	struct rep_journal_entry held; /* read but not taken */
	struct rep_cursor held_from;
	bool holding;
	uint64_t highest;   /* sequence in the batch */
	size_t queue_taken; /* of the queue, in the batch */
	struct rep_batch batch;
	VEC(struct why_item) whys;
	enum phase phase;
	size_t next; /* job or record to send */
	size_t out;  /* calls under way */
	bool failed;
	bool again; /* a server came: begin at the mark */
	char why[128];
	bool told; /* the refusal is in the log */
	int64_t pause_ms;
	uint64_t applied;
	struct rep_unit site;
	struct map *top; /* unit -> double *, this interval */
	int64_t top_us;
	bool in_pump;
};

static void pump(struct rep_writer *w);

/* ---- taking (any thread) --------------------------------------------------
 */

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

/* ---- a batch: gathering ---------------------------------------------------
 */

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
static void
gather(struct rep_writer *w)
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

static void
drop_batch(struct rep_writer *w)
{
	rep_batch_fini(&w->batch);
	for (size_t i = 0; i < w->whys.len; i++)
		free(w->whys.v[i].json);
	VEC_FINI(&w->whys);
	w->phase = PHASE_IDLE;
}

static void
queue_done(struct rep_writer *w)
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

/* ---- marks ----------------------------------------------------------------
 */

static struct rep_cursor
position(const struct rep_writer *w)
{
	return w->holding ? w->held_from : w->cursor;
}

static void
set_checkpoint(struct rep_writer *w)
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
static void
on_marker(void *ctx)
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

static void
rewind_to(struct rep_writer *w, struct rep_cursor c)
{
	w->cursor = c;
	w->holding = false;
	w->queue_taken = 0;
}

/* ---- a batch: sending -----------------------------------------------------
 */

struct sent {
	struct rep_writer *writer;
	size_t job;
};

static void
fail_batch(struct rep_writer *w, struct str why)
{
	if (w->failed)
		return;
	w->failed = true;
	(void)snprintf(w->why, sizeof(w->why), "%.*s",
	    (int)(why.len < 100 ? why.len : 100), why.p ? why.p : "");
}

static void
note_error(struct rep_writer *w, const struct redis_reply *r)
{
	struct str text = redis_text(r);

	if (r == NULL) {
		fail_batch(w, STR_NONE);
		return;
	}
	fail_batch(w, redis_is_error(r) ? text : STR("strange answer"));
	if (str_starts(text, STR("READONLY")) ||
	    str_find(text, STR("-READONLY")) != STR_NPOS ||
	    str_find(text, STR("READONLY You can't")) != STR_NPOS)
		rep_link_demoted(w->link);
}

static void
on_counted(void *ctx, const struct redis_reply *r)
{
	struct sent s = *(struct sent *)ctx;
	struct rep_writer *w = s.writer;
	struct rep_job *j = &w->batch.jobs.v[s.job];

	free(ctx);
	w->out--;
	if (!rep_job_read(&w->batch, j, r))
		note_error(w, r);
	else if (j->kind == REP_JOB_SITE)
		w->site = j->counted.unit;
	pump(w);
}

static bool
send_job(struct rep_writer *w, size_t index)
{
	struct rep_job *j = &w->batch.jobs.v[index];
	struct rep_job_keys k = rep_job_keys(j, w->store->prefix);
	struct redis_args a = {.count = 0};
	char count[REDIS_NUMBER], day[REDIS_NUMBER];
	struct sent *s;
	struct buf b;
	bool good = true;

	buf_init(&b);
	if (rep_job_pack(&w->batch, j, &w->store->settings, &b) > 0) {
		redis_arg_int(&a, k.count, count);
		for (int i = 0; i < k.count; i++)
			redis_arg(&a, str_make(k.key[i].text, k.key[i].len));
		redis_arg_cstr(&a, rep_job_kind_text(j->kind));
		redis_arg_cstr(&a, w->field);
		redis_arg_int(&a, j->day, day);
		redis_arg(&a, buf_str(&b));
		s = mem_alloc(sizeof(*s));
		*s = (struct sent){w, index};
		w->out++;
		good = rep_link_script(w->link, REP_SCRIPT_COUNT, k.key[0].text,
		    &a, on_counted, s);
		if (!good) {
			w->out--;
			free(s);
		}
	}
	buf_fini(&b);
	return good;
}

static void
on_why_set(void *ctx, const struct redis_reply *r)
{
	struct rep_writer *w = ctx;

	w->out--;
	if (r == NULL || redis_is_error(r))
		note_error(w, r);
	pump(w);
}

static bool
send_why(struct rep_writer *w, const struct why_item *y)
{
	struct rep_key k = rep_key_text(w->store->prefix, "why", y->ref);
	struct redis_args a = {.count = 0};
	char life[REDIS_NUMBER];

	redis_arg_cstr(&a, "SET");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg(&a, str_make(y->json, y->len));
	redis_arg_cstr(&a, "PX");
	redis_arg_int(&a, REP_WHY_LIFE_MS, life);
	w->out++;
	if (rep_link_send(w->link, k.text, &a, on_why_set, w))
		return true;
	w->out--;
	return false;
}

/* ---- judging what was counted ---------------------------------------------
 */

struct verdict {
	struct rep_writer *writer;
	size_t job;
	struct rep_listing listing; /* the new one */
	char since[REDIS_NUMBER];   /* of the one it replaces */
};

static void
done_quietly(void *ctx, const struct redis_reply *r)
{
	struct rep_writer *w = ctx;

	(void)r;
	w->out--;
	pump(w);
}

/* Sends what is only a view: lost, it comes again with the next listing. */
static void
send_quietly(struct rep_writer *w, const char *key, const struct redis_args *a)
{
	w->out++;
	if (!rep_link_send(w->link, key, a, done_quietly, w))
		w->out--;
}

static void
send_audit(
    struct rep_writer *w, const struct rep_job *j, const struct rep_listing *l)
{
	struct redis_args a = {.count = 0};
	struct rep_key k = rep_key_text(w->store->prefix, "events", "");
	char at[REDIS_NUMBER];
	const char *words[] = {"what", "list", "unit", j->name.text, "by",
	    l->by, "why", l->why, "ref", l->ref, "at", at};

	k.text[--k.len] = '\0'; /* no colon: the key has no name */
	redis_arg_cstr(&a, "XADD");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_cstr(&a, "MAXLEN");
	redis_arg_cstr(&a, "~");
	redis_arg_cstr(&a, "10000");
	redis_arg_cstr(&a, "*");
	(void)snprintf(at, sizeof(at), "%" PRId64, l->since_ms);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		redis_arg_cstr(&a, words[i]);
	send_quietly(w, k.text, &a);
	a.count = 0;
	redis_arg_cstr(&a, "EXPIRE");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_cstr(&a, "34560000"); /* 400 days */
	send_quietly(w, k.text, &a);
}

static void
send_index(
    struct rep_writer *w, const struct rep_job *j, const struct rep_listing *l)
{
	struct redis_args a = {.count = 0};
	struct rep_key k = rep_key_number(
	    w->store->prefix, "listed", rep_listed_shard(j->name.text));
	char until[REDIS_NUMBER];

	redis_arg_cstr(&a, "ZADD");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_int(&a, l->until_ms / 1000, until);
	redis_arg_cstr(&a, j->name.text);
	send_quietly(w, k.text, &a);
	a.count = 0;
	redis_arg_cstr(&a, "EXPIRE");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_cstr(&a, "34560000"); /* 400 days */
	send_quietly(w, k.text, &a);
}

static void
on_listed(void *ctx, const struct redis_reply *r)
{
	struct verdict *v = ctx;
	struct rep_writer *w = v->writer;

	w->out--;
	if (redis_int(r, 0) == 1)
		send_audit(w, &w->batch.jobs.v[v->job], &v->listing);
	free(v);
	pump(w);
}

struct pairs {
	struct redis_args *args;
	char text[24][REP_NOTE_MAX];
	int count;
};

static void
add_pair(void *ctx, const char *name, const char *value)
{
	struct pairs *p = ctx;

	if (p->count + 2 > 24)
		return;
	(void)snprintf(p->text[p->count], REP_NOTE_MAX, "%s", name);
	redis_arg_cstr(p->args, p->text[p->count++]);
	(void)snprintf(p->text[p->count], REP_NOTE_MAX, "%s", value);
	redis_arg_cstr(p->args, p->text[p->count++]);
}

static void
send_listing(struct verdict *v)
{
	struct rep_writer *w = v->writer;
	const struct rep_job *j = &w->batch.jobs.v[v->job];
	struct rep_key list =
	    rep_key_unit(w->store->prefix, "list", j->name.text);
	struct rep_key rep =
	    rep_key_unit(w->store->prefix, "rep", j->name.text);
	struct redis_args a = {.count = 0};
	struct pairs p = {.args = &a};
	char life[REDIS_NUMBER], strike[REDIS_NUMBER];

	send_index(w, j, &v->listing);
	redis_arg_cstr(&a, "2");
	redis_arg(&a, str_make(list.text, list.len));
	redis_arg(&a, str_make(rep.text, rep.len));
	redis_arg_cstr(&a, v->since);
	redis_arg_int(&a,
	    v->listing.until_ms - v->listing.since_ms + REP_LISTED_LIFE_MS,
	    life);
	redis_arg_cstr(&a, rep_state_text(v->listing.state));
	redis_arg_int(&a, v->listing.strike, strike);
	rep_listing_each(&v->listing, add_pair, &p);
	w->out++;
	if (rep_link_script(
		w->link, REP_SCRIPT_LIST, list.text, &a, on_listed, v))
		return;
	w->out--;
	free(v);
}

static const struct rep_event *
last_bad(const struct rep_batch *b, const struct rep_job *j)
{
	size_t i = j->events.len;

	while (i-- > 0)
		if (rep_class_is_bad(b->events.v[j->events.v[i]].event.class))
			break;
	return &b->events.v[j->events.v[i == SIZE_MAX ? 0 : i]].event;
}

static void
known_of_job(const struct rep_batch *b, const struct rep_job *j,
    const struct rep_listing *l, struct rep_known *out)
{
	const struct rep_job *net =
	    j->kind == REP_JOB_NET ? j : &b->jobs.v[j->net];

	*out = (struct rep_known){.client = rep_host_of(&j->client)};
	if (net->counted.valid)
		out->net = &net->counted.unit;
	if (b->jobs.v[j->site].counted.valid)
		out->site = &b->jobs.v[j->site].counted.unit;
	if (j->kind == REP_JOB_NET) {
		out->net_listing = l;
		return;
	}
	out->unit = &j->counted.unit;
	out->listing = l;
}

static bool
judge(const struct rep_writer *w, const struct rep_job *j,
    const struct rep_listing *former, struct rep_listing *out)
{
	const struct rep_settings *s = &w->store->settings;
	struct rep_applied a = {.bad = j->counted.bad, .hard = j->counted.hard};
	const struct rep_event *e = last_bad(&w->batch, j);
	struct rep_known k;
	bool yes;

	known_of_job(&w->batch, j, former, &k);
	yes = j->kind == REP_JOB_NET ? rep_model_list_net(s, &k, e->at_ms, out)
				     : rep_model_list(s, &k, a, e->at_ms, out);
	if (yes)
		(void)snprintf(out->ref, sizeof(out->ref), "%s", e->ref);
	return yes;
}

static void
on_former(void *ctx, const struct redis_reply *r)
{
	struct verdict *v = ctx;
	struct rep_writer *w = v->writer;
	struct rep_listing former;
	bool there = rep_read_listing(r, &former);

	w->out--;
	if (r != NULL && !redis_is_error(r) &&
	    judge(w, &w->batch.jobs.v[v->job], there ? &former : NULL,
		&v->listing)) {
		if (there)
			(void)snprintf(v->since, sizeof(v->since), "%" PRId64,
			    former.since_ms / 1000);
		if (there && former.since_ms == 0)
			v->since[0] = '\0';
		send_listing(v);
	} else {
		free(v);
	}
	pump(w);
}

/* Whatever its listing says, could this one be listed now? */
static bool
may_list(const struct rep_writer *w, const struct rep_job *j)
{
	const struct rep_settings *s = &w->store->settings;
	struct rep_rates r;
	struct rep_known k;

	if (!j->counted.valid || !j->counted.bad ||
	    (j->kind != REP_JOB_HOST && j->kind != REP_JOB_NET))
		return false;
	known_of_job(&w->batch, j, NULL, &k);
	if (j->kind == REP_JOB_NET) {
		rep_model_net_rates(s, &k, j->counted.unit.sums.t_ms, &r);
		return r.lower_short >= s->list_lower;
	}
	rep_model_rates(s, &k, j->counted.unit.sums.t_ms, &r);
	return j->counted.hard || r.lower_short >= s->relist_lower ||
	       r.lower_short >= s->list_lower;
}

static void
send_former(struct rep_writer *w, size_t index)
{
	const struct rep_job *j = &w->batch.jobs.v[index];
	struct rep_key k = rep_key_unit(w->store->prefix, "list", j->name.text);
	struct redis_args a = {.count = 0};
	struct verdict *v = mem_alloc(sizeof(*v));

	v->writer = w;
	v->job = index;
	redis_arg_cstr(&a, "HGETALL");
	redis_arg(&a, str_make(k.text, k.len));
	w->out++;
	if (rep_link_send(w->link, k.text, &a, on_former, v))
		return;
	w->out--;
	free(v);
}

/* ---- the worst of the hour ------------------------------------------------
 */

static void
note_top(struct rep_writer *w, const struct rep_job *j)
{
	double *score;

	if (j->kind != REP_JOB_HOST || !j->counted.valid || !j->counted.bad)
		return;
	score = map_get(w->top, str_from(j->name.text));
	if (score == NULL) {
		if (map_count(w->top) >= TOP_MAX)
			return;
		score = mem_alloc(sizeof(*score));
		(void)map_set(w->top, str_from(j->name.text), score);
	}
	*score += (double)j->events.len;
}

static void
clear_top(struct rep_writer *w)
{
	size_t pos = 0;
	void *value;

	while (map_next(w->top, &pos, NULL, &value))
		free(value);
	map_free(&w->top);
	w->top = map_new(false);
}

static void
send_top(struct rep_writer *w)
{
	struct rep_key k = rep_key_number(
	    w->store->prefix, "top", clock_wall_ms() / REP_HOUR_MS);
	struct redis_args a = {.count = 0};
	size_t pos = 0;
	struct str unit;
	void *value;

	while (map_next(w->top, &pos, &unit, &value)) {
		char score[32];

		(void)snprintf(score, sizeof(score), "%.6g", *(double *)value);
		a.count = 0;
		redis_arg_cstr(&a, "ZINCRBY");
		redis_arg(&a, str_make(k.text, k.len));
		redis_arg_cstr(&a, score);
		redis_arg(&a, unit);
		send_quietly(w, k.text, &a);
	}
	a.count = 0;
	redis_arg_cstr(&a, "ZREMRANGEBYRANK");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_cstr(&a, "0");
	redis_arg_cstr(&a, "-1001");
	send_quietly(w, k.text, &a);
	a.count = 0;
	redis_arg_cstr(&a, "EXPIRE");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_cstr(&a, "259200"); /* 3 days */
	send_quietly(w, k.text, &a);
	clear_top(w);
	w->top_us = clock_mono_us();
}

/* ---- the state machine ----------------------------------------------------
 */

static void
batch_failed(struct rep_writer *w)
{
	if (w->why[0] != '\0' && !w->told) {
		rep_store_log(w->store,
		    "reputation: Redis takes no writes: "
		    "%s; events wait in the journal",
		    w->why);
		w->told = true;
	}
	drop_batch(w);
	rewind_to(w, w->from);
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
	queue_done(w);
	drop_batch(w);
	set_checkpoint(w);
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
		if (!send_job(w, w->next))
			fail_batch(w, STR_NONE);
		w->next++;
	}
	return w->next >= end && w->out == 0;
}

static bool
send_whys(struct rep_writer *w)
{
	while (!w->failed && w->next < w->batch.hosts_from + w->whys.len &&
	       w->out < WINDOW) {
		if (!send_why(w, &w->whys.v[w->next - w->batch.hosts_from]))
			fail_batch(w, STR_NONE);
		w->next++;
	}
	return w->next >= w->batch.hosts_from + w->whys.len && w->out == 0;
}

static bool
send_judgements(struct rep_writer *w)
{
	while (w->next < w->batch.jobs.len && w->out < WINDOW) {
		const struct rep_job *j = &w->batch.jobs.v[w->next];

		note_top(w, j);
		if (may_list(w, j))
			send_former(w, w->next);
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
			rewind_to(w, rep_journal_start(w->journal));
	}
	gather(w);
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
			send_top(w);
		if (w->out > 0)
			return false;
		batch_done(w);
		return true;
	}
	return false;
}

/* Replies may come while a command is sent: no step within a step. */
static void
pump(struct rep_writer *w)
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
	pump(ctx);
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

/* ---- life -----------------------------------------------------------------
 */

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
	w->timer = loop_timer_new(loop, on_timer, w);
	w->marker = loop_timer_new(loop, on_marker, w);
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
	drop_batch(w);
	while (w->head != NULL) {
		struct queued *q = w->head;

		w->head = q->next;
		free(q);
	}
	clear_top(w);
	map_free(&w->top);
	VEC_FINI(&w->checkpoints);
	loop_timer_free(&w->timer);
	loop_timer_free(&w->marker);
	pthread_mutex_destroy(&w->queue_lock);
	free(w);
}
