/*
 * The state file: a line of JSON for each unit, note and decision record.
 *
 * Written in slices, so mail waits for some dozens of units at most; each
 * unit carries the sequence of its last event, and a restart repeats the
 * journal over the file without counting anything twice.
 */
#include "peer/rep_mem.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "peer/rep_event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STATE_FILE "reputation.jsonl"
#define STATE_FILE_MAX ((size_t)1 << 30)
#define SLICE 64		  /* units or records per hold of the lock */
#define PIECE ((size_t)64 * 1024) /* written at once */

static void
add_givers(struct json *j, const struct rep_ledger *l)
{
	struct buf b;

	if (l->len == 0)
		return;
	buf_init(&b);
	rep_ledger_format(l, &b);
	json_set_str(j, "givers", buf_str(&b));
	buf_fini(&b);
}

void
rep_mem_record_of(const struct mem_unit *u, struct rep_record *out)
{
	*out = (struct rep_record){.exists = u->counted,
	    .has_listing = u->listing != NULL,
	    .unit = u->unit,
	    .evidence_count = u->evidence_count,
	    .seq = u->seq};
	if (u->listing != NULL)
		out->listing = *u->listing;
	for (size_t i = 0; i < u->evidence_count; i++)
		out->evidence[i] = u->evidence[i];
}

void
rep_mem_set_record(
    struct mem_store *m, const char *name, const struct rep_record *r)
{
	struct mem_unit *u = rep_mem_take(m, name);

	u->unit = r->unit;
	u->counted = r->exists;
	if (r->seq > u->seq)
		u->seq = r->seq;
	if (r->has_listing)
		rep_mem_put_listing(m, name, u, &r->listing);
	u->evidence_count = r->evidence_count;
	if (r->evidence_count > 0 && u->evidence == NULL)
		u->evidence = mem_array(REP_EVIDENCE_MAX, sizeof(*u->evidence));
	for (size_t i = 0; i < r->evidence_count; i++)
		u->evidence[i] = r->evidence[i];
}

static void
save_line(struct buf *out, struct json *j)
{
	json_format(j, 0, out);
	buf_add_char(out, '\n');
	json_unref(&j);
}

static void
save_unit(
    struct mem_store *m, const char *name, int64_t now_ms, struct buf *out)
{
	const struct mem_unit *u = rep_mem_find(m, name);
	struct rep_record r;
	struct json *j;

	if (u == NULL)
		return;
	if (rep_mem_is_stale(u, now_ms)) {
		rep_mem_drop(m, name);
		return;
	}
	rep_mem_record_of(u, &r);
	j = rep_record_json(name, &r);
	add_givers(j, &u->ledger);
	save_line(out, j);
}

size_t
rep_mem_names(struct mem_store *m, char ***out)
{
	VEC(char *) names = {0};
	size_t pos = 0;
	struct str name;

	while (map_next(m->units, &pos, &name, NULL))
		*VEC_PUSH(&names) = mem_strndup(name.p, name.len);
	*out = names.v;
	return names.len;
}

static struct json *
audit_json(const struct rep_audit *a)
{
	struct json *j = json_new_object();

	json_set_int(j, "at", a->at_ms);
	json_set_str(j, "id", str_from(a->id));
	json_set_str(j, "what", str_from(a->what));
	json_set_str(j, "unit", str_from(a->unit));
	json_set_str(j, "by", str_from(a->by));
	json_set_str(j, "why", str_from(a->why));
	json_set_str(j, "ref", str_from(a->ref));
	return j;
}

static void
save_notes(struct mem_store *m, struct buf *out)
{
	pthread_mutex_lock(&m->units_lock);
	for (size_t i = 0; i < m->notes.len; i++) {
		struct json *j = json_new_object();

		json_set(j, "note", audit_json(&m->notes.v[i]));
		save_line(out, j);
	}
	pthread_mutex_unlock(&m->units_lock);
}

/* Most of the file is records, so these are written without a tree. */
static void
save_why(const struct why *w, int64_t now_ms, struct buf *out)
{
	struct json_writer line = {.out = out};

	if (w->at_ms + REP_WHY_LIFE_MS < now_ms)
		return;
	json_write_object(&line, NULL);
	json_write_str(&line, "why", str_from(w->ref));
	json_write_int(&line, "at", w->at_ms);
	json_write_str(&line, "json", str_make(w->json, w->len));
	json_write_end_object(&line);
	buf_add_char(out, '\n');
}

/* Without the lock: the file is not held in memory. */
static void
pass_on(struct buf *out, struct file_draft *draft)
{
	if (out->len < PIECE)
		return;
	file_draft_add(draft, buf_str(out));
	buf_clear(out);
}

/* Between two slices the oldest may go, also those not reached yet. */
static void
save_whys(struct mem_store *m, int64_t now_ms, struct buf *out,
    struct file_draft *draft)
{
	const struct why *w;

	pthread_mutex_lock(&m->units_lock);
	w = m->oldest_why;
	while (w != NULL) {
		uint64_t number;

		for (int i = 0; i < SLICE && w != NULL; i++, w = w->newer)
			save_why(w, now_ms, out);
		if (w == NULL)
			break;
		number = w->number;
		pthread_mutex_unlock(&m->units_lock);
		pass_on(out, draft);
		pthread_mutex_lock(&m->units_lock);
		if (m->oldest_why == NULL || m->oldest_why->number > number)
			w = m->oldest_why;
	}
	pthread_mutex_unlock(&m->units_lock);
}

/* What a unit holds may be newer than the mark; its sequence tells. */
static void
write_state(struct mem_store *m, struct file_draft *draft)
{
	int64_t now_ms = clock_wall_ms();
	char **name;
	size_t count, at = 0;
	struct buf out;

	buf_init(&out);

	pthread_mutex_lock(&m->units_lock);
	count = rep_mem_names(m, &name);
	pthread_mutex_unlock(&m->units_lock);
	while (at < count) {
		pthread_mutex_lock(&m->units_lock);
		for (int i = 0; i < SLICE && at < count; i++, at++)
			save_unit(m, name[at], now_ms, &out);
		pthread_mutex_unlock(&m->units_lock);
		pass_on(&out, draft);
	}
	file_list_free(&name, count);
	save_notes(m, &out);
	save_whys(m, now_ms, &out, draft);
	file_draft_add(draft, buf_str(&out));
	buf_fini(&out);
}

int
rep_mem_save(struct mem_store *m)
{
	struct rep_cursor mark;
	struct file_draft draft;
	char *path;
	int rc;

	if (m->journal == NULL)
		return 0;
	pthread_mutex_lock(&m->save_lock);
	mark = rep_journal_end(m->journal);
	/* An event between journal and unit is in both or waits for the lock.
	 */
	pthread_mutex_lock(&m->units_lock);
	pthread_mutex_unlock(&m->units_lock);
	path = file_join(m->base.state_dir, STATE_FILE);
	file_draft_open(&draft, path, 0600);
	write_state(m, &draft);
	rc = file_draft_commit(&draft);
	pthread_mutex_lock(&m->units_lock);
	m->saved_bytes = draft.bytes;
	pthread_mutex_unlock(&m->units_lock);
	if (rc == 0)
		rep_journal_mark(m->journal, &mark);
	else
		rep_store_log(
		    &m->base, "reputation: %s: %s", path, strerror(errno));
	free(path);
	pthread_mutex_unlock(&m->save_lock);
	return rc;
}

static void
load_note(struct mem_store *m, const struct json *j)
{
	struct rep_audit a = {.at_ms = json_get_int(j, "at", 0)};

	(void)snprintf(
	    a.what, sizeof(a.what), "%.*s", STR_ARG(json_get_str(j, "what")));
	(void)snprintf(
	    a.unit, sizeof(a.unit), "%.*s", STR_ARG(json_get_str(j, "unit")));
	(void)snprintf(
	    a.by, sizeof(a.by), "%.*s", STR_ARG(json_get_str(j, "by")));
	(void)snprintf(
	    a.why, sizeof(a.why), "%.*s", STR_ARG(json_get_str(j, "why")));
	(void)snprintf(
	    a.ref, sizeof(a.ref), "%.*s", STR_ARG(json_get_str(j, "ref")));
	rep_mem_note_locked(m, &a);
}

static bool
load_line(struct mem_store *m, struct str line)
{
	struct json *j = json_parse(line, NULL);
	struct rep_record r;
	struct str name, why = json_get_str(j, "why");
	bool good = true;

	if (json_get(j, "note") != NULL) {
		load_note(m, json_get(j, "note"));
	} else if (why.len > 0 && why.len < REP_REF_MAX) {
		rep_mem_put_record(
		    m, why, json_get_str(j, "json"), json_get_int(j, "at", 0));
	} else if (rep_record_from_json(j, &name, &r)) {
		char text[REP_UNIT_TEXT_MAX];

		(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
		rep_mem_set_record(m, text, &r);
		rep_ledger_parse(
		    json_get_str(j, "givers"), &rep_mem_find(m, text)->ledger);
	} else {
		good = false;
	}
	json_unref(&j);
	return good;
}

void
rep_mem_load_state(struct mem_store *m)
{
	char *path = file_join(m->base.state_dir, STATE_FILE);
	struct buf b;
	struct str rest;
	size_t bad = 0;

	buf_init(&b);
	if (file_read(path, STATE_FILE_MAX, &b) != 0 && errno != ENOENT)
		rep_store_log(
		    &m->base, "reputation: %s: %s", path, strerror(errno));
	rest = buf_str(&b);
	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n');

		if (line.len > 0 && !load_line(m, line))
			bad++;
	}
	if (bad > 0)
		rep_store_log(&m->base, "reputation: %s: %zu bad lines skipped",
		    path, bad);
	buf_fini(&b);
	free(path);
}

void
rep_mem_replay(struct mem_store *m)
{
	struct rep_cursor c = rep_journal_start(m->journal);
	struct rep_journal_entry entry;
	struct rep_event e;

	while (rep_journal_read(m->journal, &c, &entry) == 1) {
		struct str ref, rest = entry.payload;

		if (entry.type == 'e' && rep_event_unpack(rest, &e)) {
			rep_mem_apply_locked(m, &e, entry.seq);
		} else if (entry.type == 'w') {
			ref = str_cut(&rest, ' ');
			if (ref.len < REP_REF_MAX)
				rep_mem_put_record(
				    m, ref, rest, clock_wall_ms());
		}
	}
}
