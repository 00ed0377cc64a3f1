/*
 * One job of a batch: read the unit, work out what it becomes, have the script
 * write that. When somebody else wrote between, all three again.
 */
#include "peer/rep_write.h"

#include "base/mem.h"
#include "peer/rep_apply.h"

#include <stdlib.h>

#define TRIES_MAX 100 /* another writer was quicker each time */

struct job_run {
	struct rep_writer *writer;
	size_t job;
	struct rep_job_keys keys;
	int tries;
	int waiting; /* for replies of this try */
	bool lost;
	struct rep_held held;
	struct redis_reply *hash; /* came before the ledger did */
	struct rep_change change;
	bool changed; /* `change` is filled */
};

static struct rep_job *
job_of(const struct job_run *r)
{
	return &r->writer->batch.jobs.v[r->job];
}

static void
forget_try(struct job_run *r)
{
	rep_held_fini(&r->held);
	redis_free(&r->hash);
	if (r->changed)
		rep_change_fini(&r->change);
	r->changed = false;
}

static void
run_end(struct job_run *r)
{
	struct rep_writer *w = r->writer;

	forget_try(r);
	free(r);
	w->out--;
	writer_pump(w);
}

static void
run_done(struct job_run *r)
{
	struct rep_job *j = job_of(r);

	j->counted = (struct rep_counted){.valid = true,
	    .bad = r->change.bad,
	    .hard = r->change.hard,
	    .unit = r->change.unit};
	if (j->kind == REP_JOB_SITE)
		r->writer->site = r->change.unit;
	run_end(r);
}

static void run_begin(struct job_run *r);

static void
on_written(void *ctx, const struct redis_reply *reply)
{
	struct job_run *r = ctx;
	int64_t written = redis_is_error(reply) ? -1 : redis_int(reply, -1);

	if (written == 1) {
		run_done(r);
	} else if (written == 0 && ++r->tries < TRIES_MAX &&
		   !r->writer->failed) {
		forget_try(r);
		run_begin(r);
	} else {
		writer_refused(r->writer, reply);
		run_end(r);
	}
}

/* Marks of writers that are gone for long are many; a new one makes room. */
#define WRITERS_FIELDS_MAX 60

static void
drop_writers(struct job_run *r, const struct redis_reply *hash)
{
	const struct rep_key *k = &r->keys.key[0];
	struct redis_args a = {.count = 0};

	if (r->held.known_writer || r->held.fields <= WRITERS_FIELDS_MAX)
		return;
	redis_arg_cstr(&a, "HDEL");
	redis_arg(&a, str_make(k->text, k->len));
	for (size_t i = 0; i < redis_count(hash); i += 2) {
		struct str name = redis_text(redis_at(hash, i));

		if (str_starts(name, STR("w:")))
			redis_arg(&a, name);
	}
	writer_send_quietly(r->writer, k->text, &a);
}

static void
write_change(struct job_run *r)
{
	struct rep_writer *w = r->writer;
	struct rep_call c;

	rep_call_make(job_of(r), &r->keys, &r->held, &r->change, w->field, &c);
	if (!rep_link_script(w->link, REP_SCRIPT_APPLY, r->keys.key[0].text,
		&c.args, on_written, r)) {
		writer_fail(w, STR_NONE);
		run_end(r);
	}
	rep_call_fini(&c);
}

static void
work_out(struct job_run *r, const struct redis_reply *hash)
{
	struct rep_writer *w = r->writer;

	rep_held_read(&r->held, hash, w->field);
	rep_job_apply(
	    &w->batch, job_of(r), &w->store->settings, &r->held, &r->change);
	r->changed = true;
	if (r->change.applied == 0) {
		run_done(r);
		return;
	}
	drop_writers(r, hash);
	write_change(r);
}

/* One reply less to wait for; with the last the try goes on or ends. */
static void
came(struct job_run *r, const struct redis_reply *reply)
{
	if (reply == NULL || redis_is_error(reply)) {
		writer_refused(r->writer, reply);
		r->lost = true;
	}
	r->waiting--;
}

static void
on_ledger(void *ctx, const struct redis_reply *reply)
{
	struct job_run *r = ctx;
	struct redis_reply *hash;

	came(r, reply);
	if (!r->lost)
		rep_ledger_parse(redis_text(reply), &r->held.ledger);
	if (r->waiting > 0)
		return;
	if (r->lost) {
		run_end(r);
		return;
	}
	/* `r` may be gone when work_out() returns. */
	hash = r->hash;
	r->hash = NULL;
	work_out(r, hash);
	redis_free(&hash);
}

static void
on_hash(void *ctx, const struct redis_reply *reply)
{
	struct job_run *r = ctx;

	came(r, reply);
	if (r->waiting > 0)
		r->hash = r->lost ? NULL : redis_copy(reply);
	else if (r->lost)
		run_end(r);
	else
		work_out(r, reply);
}

static bool
ask(struct job_run *r, const char *command, const struct rep_key *k,
    redis_fn *fn)
{
	struct redis_args a = {.count = 0};

	redis_arg_cstr(&a, command);
	redis_arg(&a, str_make(k->text, k->len));
	r->waiting++;
	if (rep_link_send(r->writer->link, k->text, &a, fn, r))
		return true;
	r->waiting--;
	return false;
}

/* The ledger is asked for first: then the hash need not be kept. */
static void
run_begin(struct job_run *r)
{
	struct rep_job *j = job_of(r);
	bool sent = true;

	r->held = (struct rep_held){.ledger = {.day = j->day}};
	if (j->kind == REP_JOB_HOST || j->kind == REP_JOB_NET)
		sent = ask(r, "GET", &r->keys.key[3], on_ledger);
	sent = sent && ask(r, "HGETALL", &r->keys.key[0], on_hash);
	if (sent)
		return;
	writer_fail(r->writer, STR_NONE);
	r->lost = true;
	if (r->waiting == 0)
		run_end(r);
}

static bool
has_events(const struct rep_batch *b, const struct rep_job *j)
{
	for (size_t i = 0; i < j->events.len; i++)
		if (j->kind != REP_JOB_HOST || b->events.v[j->events.v[i]].kept)
			return true;
	return false;
}

void
writer_send_job(struct rep_writer *w, size_t index)
{
	struct job_run *r;

	if (!has_events(&w->batch, &w->batch.jobs.v[index]))
		return;
	r = mem_alloc(sizeof(*r));
	r->writer = w;
	r->job = index;
	r->keys = rep_job_keys(job_of(r), w->store->prefix);
	w->out++;
	run_begin(r);
}
