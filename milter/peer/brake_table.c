#include "peer/brake_table.h"

#include "base/map.h"

#include <inttypes.h>
#include <pthread.h>

#define UNIT_NAME_MAX ((size_t)64)

struct brake_table {
	pthread_mutex_t units_lock; /* guards all */
	struct map *units;	    /* name -> struct brake_unit */
	size_t max;
};

struct brake_table *
brake_table_new(size_t max)
{
	struct brake_table *t = mem_alloc(sizeof(*t));

	t->max = max;
	t->units = map_new(false);
	pthread_mutex_init(&t->units_lock, NULL);
	return t;
}

static void
unit_free(struct brake_unit *u)
{
	brake_unit_fini(u);
	free(u);
}

void
brake_table_free(struct brake_table **tp)
{
	struct brake_table *t = *tp;
	size_t pos = 0;
	void *value;

	if (t == NULL)
		return;
	while (map_next(t->units, &pos, NULL, &value))
		unit_free(value);
	map_free(&t->units);
	pthread_mutex_destroy(&t->units_lock);
	free(t);
	*tp = NULL;
}

static int
by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Half of the units go, those that were quiet longest. */
static void
make_room(struct brake_table *t)
{
	size_t count = map_count(t->units), n = 0, pos = 0;
	int64_t *last = mem_array(count, sizeof(*last)), limit;
	struct map *kept = map_new(false);
	struct str name;
	void *value;

	while (map_next(t->units, &pos, NULL, &value))
		last[n++] = ((struct brake_unit *)value)->last_ms;
	qsort(last, n, sizeof(*last), by_time);
	limit = last[n / 2];
	for (pos = 0; map_next(t->units, &pos, &name, &value);) {
		struct brake_unit *u = value;

		if (u->last_ms > limit)
			map_set(kept, name, u);
		else
			unit_free(u);
	}
	map_free(&t->units);
	t->units = kept;
	free(last);
}

static struct brake_unit *
take_unit(struct brake_table *t, struct str name)
{
	struct brake_unit *u = map_get(t->units, name);

	if (u != NULL)
		return u;
	if (map_count(t->units) >= t->max)
		make_room(t);
	u = mem_alloc(sizeof(*u));
	map_set(t->units, name, u);
	return u;
}

void
brake_table_ask(struct brake_table *t, struct str unit,
    const struct brake_question *q, struct brake_view *out)
{
	pthread_mutex_lock(&t->units_lock);
	brake_judge(take_unit(t, unit), q, out);
	pthread_mutex_unlock(&t->units_lock);
}

bool
brake_table_state(
    struct brake_table *t, struct str unit, struct brake_state *out)
{
	const struct brake_unit *u;

	pthread_mutex_lock(&t->units_lock);
	u = map_get(t->units, unit);
	if (u != NULL)
		brake_unit_state(u, out);
	pthread_mutex_unlock(&t->units_lock);
	return u != NULL;
}

bool
brake_table_forget(struct brake_table *t, struct str unit)
{
	struct brake_unit *u;

	pthread_mutex_lock(&t->units_lock);
	u = map_remove(t->units, unit);
	pthread_mutex_unlock(&t->units_lock);
	if (u != NULL)
		unit_free(u);
	return u != NULL;
}

size_t
brake_table_count(struct brake_table *t)
{
	size_t n;

	pthread_mutex_lock(&t->units_lock);
	n = map_count(t->units);
	pthread_mutex_unlock(&t->units_lock);
	return n;
}

/* ---- the file ----------------------------------------------------------- */

/*
 *	unit NAME MESSAGES_US RECIPIENTS_US PROOF PROOF_MS LAST_MS
 *	wait PAIR MS
 *	pass PAIR MS
 */
void
brake_table_write(struct brake_table *t, struct buf *out)
{
	size_t pos = 0;
	struct str name;
	void *value;

	pthread_mutex_lock(&t->units_lock);
	while (map_next(t->units, &pos, &name, &value)) {
		const struct brake_unit *u = value;

		buf_printf(out,
		    "unit %.*s %" PRId64 " %" PRId64 " %u %" PRId64 " %" PRId64
		    "\n",
		    STR_ARG(name), u->messages_us, u->recipients_us, u->proof,
		    u->proof_ms, u->last_ms);
		for (size_t i = 0; i < u->pairs.len; i++)
			buf_printf(out, "%s %" PRIu64 " %" PRId64 "\n",
			    u->pairs.v[i].passed ? "pass" : "wait",
			    u->pairs.v[i].pair, u->pairs.v[i].at_ms);
	}
	pthread_mutex_unlock(&t->units_lock);
}

static bool
number(struct str *rest, int64_t *out)
{
	uint64_t v;

	if (!str_to_u64(str_word(rest), &v) || v > INT64_MAX)
		return false;
	*out = (int64_t)v;
	return true;
}

/* Of ours, "4:192.0.2.1": what is written is read again as the same. */
static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.len > 0 && s.len <= UNIT_NAME_MAX;
}

static struct brake_unit *
read_unit(struct brake_table *t, struct str rest)
{
	struct str name = str_word(&rest);
	struct brake_unit u = {0}, *kept;
	int64_t proof;

	if (!is_name(name) || !number(&rest, &u.messages_us) ||
	    !number(&rest, &u.recipients_us) || !number(&rest, &proof) ||
	    !number(&rest, &u.proof_ms) || !number(&rest, &u.last_ms) ||
	    proof > UINT32_MAX || map_get(t->units, name) != NULL)
		return NULL;
	u.proof = (uint32_t)proof;
	kept = take_unit(t, name);
	*kept = u;
	return kept;
}

static void
read_pair(struct brake_unit *u, bool passed, struct str rest)
{
	struct brake_pair p = {.passed = passed};

	if (u != NULL && u->pairs.len < BRAKE_PAIRS_MAX &&
	    str_to_u64(str_word(&rest), &p.pair) && number(&rest, &p.at_ms))
		*VEC_PUSH(&u->pairs) = p;
}

void
brake_table_read(struct brake_table *t, struct str text)
{
	struct brake_unit *u = NULL;

	pthread_mutex_lock(&t->units_lock);
	while (text.len > 0) {
		struct str line = str_cut(&text, '\n');
		struct str word = str_word(&line);

		if (str_is(word, "unit"))
			u = read_unit(t, line);
		else if (str_is(word, "wait") || str_is(word, "pass"))
			read_pair(u, str_is(word, "pass"), line);
	}
	pthread_mutex_unlock(&t->units_lock);
}
