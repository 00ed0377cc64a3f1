/*
 * The in-process store for admins. What was changed is in the state file when
 * the call returns.
 */
#include "peer/rep_mem.h"

#include "base/err.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>

int
rep_mem_admin_read(
    struct rep_store *s, const char *unit, struct rep_record *out)
{
	struct mem_store *m = mem_of(s);
	const struct mem_unit *u;

	pthread_mutex_lock(&m->units_lock);
	u = rep_mem_find(m, unit);
	if (u != NULL)
		rep_mem_record_of(u, out);
	pthread_mutex_unlock(&m->units_lock);
	return u != NULL ? 0 : ERR_ABSENT;
}

int
rep_mem_admin_read_brakes(
    struct rep_store *s, const char *unit, struct brake_state *out)
{
	return brake_table_state(mem_of(s)->brakes, str_from(unit), out)
		   ? 0
		   : ERR_ABSENT;
}

int
rep_mem_admin_set_listing(
    struct rep_store *s, const char *unit, const struct rep_listing *l)
{
	struct mem_store *m = mem_of(s);

	pthread_mutex_lock(&m->units_lock);
	rep_mem_put_listing(m, unit, rep_mem_take(m, unit), l);
	pthread_mutex_unlock(&m->units_lock);
	return rep_mem_save(m);
}

int
rep_mem_admin_forget(struct rep_store *s, const char *unit)
{
	struct mem_store *m = mem_of(s);
	bool there, braked = brake_table_forget(m->brakes, str_from(unit));

	pthread_mutex_lock(&m->units_lock);
	there = rep_mem_find(m, unit) != NULL;
	rep_mem_drop(m, unit);
	pthread_mutex_unlock(&m->units_lock);
	if (there)
		return rep_mem_save(m);
	return braked ? 0 : ERR_ABSENT;
}

int
rep_mem_admin_dispute(struct rep_store *s, const char *unit)
{
	struct mem_store *m = mem_of(s);
	struct mem_unit *u;

	pthread_mutex_lock(&m->units_lock);
	u = rep_mem_find(m, unit);
	for (size_t i = 0; u != NULL && i < u->evidence_count; i++)
		u->evidence[i].disputed = true;
	if (u != NULL)
		u->unit.sums.bad_short = u->unit.sums.bad_long = 0;
	pthread_mutex_unlock(&m->units_lock);
	return u != NULL ? rep_mem_save(m) : ERR_ABSENT;
}

int
rep_mem_admin_load(
    struct rep_store *s, const char *unit, const struct rep_record *r)
{
	struct mem_store *m = mem_of(s);
	struct rep_record copy = *r;

	copy.seq = 0; /* another store's sequence means nothing here */
	pthread_mutex_lock(&m->units_lock);
	rep_mem_set_record(m, unit, &copy);
	pthread_mutex_unlock(&m->units_lock);
	return 0;
}

/* As they stand; what follows holds no lock. */
static size_t
names_now(struct mem_store *m, char ***out)
{
	size_t count;

	pthread_mutex_lock(&m->units_lock);
	count = rep_mem_names(m, out);
	pthread_mutex_unlock(&m->units_lock);
	return count;
}

int
rep_mem_admin_each(struct rep_store *s, rep_unit_fn *fn, void *ctx)
{
	struct mem_store *m = mem_of(s);
	char **name;
	size_t count = names_now(m, &name);

	for (size_t i = 0; i < count; i++)
		fn(ctx, name[i]);
	file_list_free(&name, count);
	return 0;
}

static bool
is_listed(struct mem_store *m, const char *name, int64_t now_ms)
{
	const struct mem_unit *u;
	bool running;

	pthread_mutex_lock(&m->units_lock);
	u = rep_mem_find(m, name);
	running = u != NULL && rep_model_is_running(u->listing, now_ms);
	pthread_mutex_unlock(&m->units_lock);
	return running;
}

int
rep_mem_admin_each_listed(
    struct rep_store *s, int64_t now_ms, rep_unit_fn *fn, void *ctx)
{
	struct mem_store *m = mem_of(s);
	char **name;
	size_t count = names_now(m, &name);

	for (size_t i = 0; i < count; i++)
		if (is_listed(m, name[i], now_ms))
			fn(ctx, name[i]);
	file_list_free(&name, count);
	return 0;
}

struct score {
	char unit[REP_UNIT_TEXT_MAX];
	double value;
};

static int
by_score(const void *a, const void *b)
{
	const struct score *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->unit, y->unit);
}

int
rep_mem_admin_top(
    struct rep_store *s, int64_t now_ms, size_t max, rep_top_fn *fn, void *ctx)
{
	struct mem_store *m = mem_of(s);
	VEC(struct score) all = {0};
	size_t pos = 0;
	struct str name;
	void *value;

	pthread_mutex_lock(&m->units_lock);
	while (map_next(m->units, &pos, &name, &value)) {
		const struct mem_unit *u = value;
		double bad =
		    rep_sums_at(&s->settings, u->unit.sums, now_ms).bad_short;
		struct score *x;

		if (bad < 0.01 || (name.p[0] != '4' && name.p[0] != '6'))
			continue;
		x = VEC_PUSH(&all);
		(void)snprintf(x->unit, sizeof(x->unit), "%.*s", STR_ARG(name));
		x->value = bad;
	}
	pthread_mutex_unlock(&m->units_lock);
	if (all.len > 1)
		qsort(all.v, all.len, sizeof(*all.v), by_score);
	for (size_t i = 0; i < all.len && i < max; i++)
		fn(ctx, all.v[i].unit, all.v[i].value);
	VEC_FINI(&all);
	return 0;
}

int
rep_mem_admin_note(struct rep_store *s, const struct rep_audit *a)
{
	struct mem_store *m = mem_of(s);

	pthread_mutex_lock(&m->units_lock);
	rep_mem_note_locked(m, a);
	pthread_mutex_unlock(&m->units_lock);
	return rep_mem_save(m);
}

/* Told without the lock: who is told may ask the store. */
int
rep_mem_admin_notes(struct rep_store *s, const char *after, size_t max,
    rep_audit_fn *fn, void *ctx)
{
	struct mem_store *m = mem_of(s);
	VEC(struct rep_audit) found = {0};
	uint64_t id = 0;
	size_t from;

	(void)str_to_u64(str_from(after), &id);
	pthread_mutex_lock(&m->units_lock);
	from = after[0] == '\0' && m->notes.len > max ? m->notes.len - max : 0;
	for (size_t i = from; i < m->notes.len && found.len < max; i++)
		if (m->note_id - (m->notes.len - 1 - i) > id)
			*VEC_PUSH(&found) = m->notes.v[i];
	pthread_mutex_unlock(&m->units_lock);
	for (size_t i = 0; i < found.len; i++)
		fn(ctx, &found.v[i]);
	VEC_FINI(&found);
	return 0;
}

int
rep_mem_admin_why(struct rep_store *s, struct str ref, struct buf *json_out)
{
	struct mem_store *m = mem_of(s);
	const struct why *w;

	pthread_mutex_lock(&m->units_lock);
	w = map_get(m->whys, ref);
	if (w != NULL)
		buf_add(json_out, str_make(w->json, w->len));
	pthread_mutex_unlock(&m->units_lock);
	return w != NULL ? 0 : ERR_ABSENT;
}
