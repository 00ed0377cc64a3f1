#include "match/dfa_table.h"

#include <stdlib.h>

#define STATES_FIRST                                            \
	64 /* of a first table; each next one has twice as many \
	    */
#define STATES_MAX 4096

/* ---- sets of steps ------------------------------------------------------- */

/* Sets are known by their steps in order, which a bit for each puts them in. */
static void
sort_steps(struct maker *m)
{
	struct nfa_walk *w = &m->walk;
	size_t low = SIZE_MAX, high = 0, count = 0;

	for (size_t i = 0; i < w->count; i++) {
		size_t word = w->list[i] / 64;

		m->bits[word] |= UINT64_C(1) << w->list[i] % 64;
		low = word < low ? word : low;
		high = word > high ? word : high;
	}
	for (size_t word = low; count < w->count && word <= high; word++) {
		uint64_t bits = m->bits[word];

		for (; bits != 0; bits &= bits - 1)
			w->list[count++] =
			    (uint16_t)(word * 64 +
				       (size_t)__builtin_ctzll(bits));
		m->bits[word] = 0;
	}
}

/* Of one place in several copies of the pattern's tail only the latest. */
static void
drop_dominated(struct dfa *d)
{
	const struct nfa *n = d->nfa;
	struct maker *m = &d->maker;
	struct nfa_walk *w = &m->walk;
	size_t size = n->tail_size, all = size * n->tail_copies, kept = 0;

	for (size_t i = 0; i < w->count; i++) {
		size_t at = w->list[i] - n->tail_start;
		uint8_t copy = (uint8_t)(at / size + 1);

		if (at < all && copy > m->latest[at % size])
			m->latest[at % size] = copy;
	}
	for (size_t i = 0; i < w->count; i++) {
		size_t at = w->list[i] - n->tail_start;

		if (at >= all || at / size + 1 == m->latest[at % size])
			w->list[kept++] = w->list[i];
	}
	for (size_t i = 0; i < w->count; i++)
		m->latest[(w->list[i] - n->tail_start) % size] = 0;
	w->count = kept;
}

static uint32_t
hash_steps(const uint16_t *v, size_t n)
{
	uint32_t h = 0x811c9dc5;

	for (size_t i = 0; i < n; i++)
		h = (h ^ v[i]) * 0x01000193;
	return h ^ h >> 15;
}

/* ---- tables -------------------------------------------------------------- */

/* The state of the set just made; STATE_NONE: there is no room for it. */
static uint32_t
find_state(struct dfa *d, struct table *t)
{
	struct nfa_walk *w = &d->maker.walk;
	size_t bytes = t->width * sizeof(*t->row) + sizeof(struct set) +
		       w->count * sizeof(*w->list);
	uint32_t *bucket, state;
	struct set *set;

	if (w->matched)
		return STATE_MATCH;
	if (d->nfa->tail_copies > 1)
		drop_dominated(d);
	sort_steps(&d->maker);
	bucket = &t->buckets[hash_steps(w->list, w->count) % TABLE_BUCKETS];
	for (uint32_t k = *bucket; k != 0; k = set->next) {
		set = &t->sets.v[k - 1];
		if (set->count != w->count)
			continue;
		if (w->count == 0 || memcmp(t->members.v + set->first, w->list,
					 w->count * sizeof(*w->list)) == 0)
			return k - 1;
	}
	if (t->sets.len == t->max || t->used + bytes > DFA_MEMORY_MAX ||
	    __atomic_load_n(&d->set->used, __ATOMIC_RELAXED) + bytes >
		d->set->memory)
		return STATE_NONE;
	t->used += bytes;
	__atomic_fetch_add(&d->set->used, bytes, __ATOMIC_RELAXED);
	state = (uint32_t)t->sets.len;
	*VEC_PUSH(&t->sets) = (struct set){.first = (uint32_t)t->members.len,
	    .count = (uint32_t)w->count,
	    .next = *bucket};
	*bucket = state + 1;
	for (size_t i = 0; i < w->count; i++)
		*VEC_PUSH(&t->members) = w->list[i];
	memset(&t->row[state * t->width], 0xff, t->width * sizeof(*t->row));
	t->row[(state + 1) * t->width - 1] = w->ends || d->start_ends;
	return state;
}

void
table_free(struct dfa *d, struct table *t)
{
	__atomic_fetch_sub(&d->set->used, t->used, __ATOMIC_RELAXED);
	hot_choice_fini(&t->choice);
	free(t->row);
	VEC_FINI(&t->sets);
	VEC_FINI(&t->members);
	free(t);
}

static size_t
states_max(size_t width, size_t states)
{
	size_t most = DFA_MEMORY_MAX / (width * sizeof(uint16_t));

	if (most > STATES_MAX)
		most = STATES_MAX;
	return states < most ? states : most;
}

/* With room for so many states, at most; NULL: there is none. */
static struct table *
new_table(struct dfa *d, size_t states)
{
	struct table *t = mem_alloc(sizeof(*t));

	t->width = d->nfa->group_count + 1;
	t->max = states_max(t->width, states);
	t->row = mem_array(t->max * t->width, sizeof(*t->row));
	hot_choice_begin(&t->choice, t->max);
	nfa_walk_begin(&d->maker.walk);
	t->begin[BEFORE_OTHER] = find_state(d, t);
	for (int before = BEFORE_LINE; before < BEFORE_COUNT; before++) {
		nfa_walk_begin(&d->maker.walk);
		nfa_walk_add(&d->maker.walk, 0, (enum before)before);
		t->begin[before] = find_state(d, t);
	}
	if (t->begin[BEFORE_OTHER] == STATE_NONE) {
		table_free(d, t);
		return NULL;
	}
	return t;
}

/*
 * A full table's states, each under its number, and room for as many again.
 * NULL: it is not full, cannot be larger, or there is no memory for both.
 */
static struct table *
grow_table(struct dfa *d, const struct table *old)
{
	size_t max = states_max(old->width, 2 * old->max);
	struct table *t;

	if (old->sets.len < old->max || max <= old->max ||
	    __atomic_load_n(&d->set->used, __ATOMIC_RELAXED) + old->used >
		d->set->memory)
		return NULL;
	t = mem_alloc(sizeof(*t));
	t->max = max;
	t->width = old->width;
	t->used = old->used;
	t->row = mem_array(max * t->width, sizeof(*t->row));
	memcpy(t->row, old->row, old->max * t->width * sizeof(*t->row));
	memcpy(t->buckets, old->buckets, sizeof(t->buckets));
	memcpy(t->begin, old->begin, sizeof(t->begin));
	hot_choice_begin(&t->choice, max);
	for (size_t i = 0; i < old->sets.len; i++)
		*VEC_PUSH(&t->sets) = old->sets.v[i];
	for (size_t i = 0; i < old->members.len; i++)
		*VEC_PUSH(&t->members) = old->members.v[i];
	__atomic_fetch_add(&d->set->used, t->used, __ATOMIC_RELAXED);
	return t;
}

/* Since when there are readers; 0: that is not to be known now. */
static uint64_t
oldest_reader(struct dfa_set *s)
{
	uint64_t oldest = UINT64_MAX;

	if (pthread_mutex_trylock(&s->guards_readers) != 0)
		return 0;
	for (const struct dfa_reader *r = s->readers; r != NULL; r = r->next) {
		uint64_t since = __atomic_load_n(&r->since, __ATOMIC_SEQ_CST);

		if (since != 0 && since < oldest)
			oldest = since;
	}
	pthread_mutex_unlock(&s->guards_readers);
	return oldest;
}

/* Who began after it was retired has never seen a table. */
static void
free_former(struct dfa *d)
{
	struct table **former = &d->former;
	uint64_t oldest = *former != NULL ? oldest_reader(d->set) : 0;

	while (*former != NULL && (*former)->retired >= oldest)
		former = &(*former)->next;
	while (*former != NULL) {
		struct table *t = *former;

		*former = t->next;
		table_free(d, t);
	}
}

static void
retire(struct dfa *d, struct table *old, struct table *t)
{
	__atomic_store_n(&d->current, t, __ATOMIC_SEQ_CST);
	old->retired = __atomic_fetch_add(&d->set->time, 1, __ATOMIC_SEQ_CST);
	old->next = d->former;
	d->former = old;
}

/* ---- building ------------------------------------------------------------ */

/* A larger table with the set just made in it; STATE_NONE: not now. */
static uint32_t
start_over(struct passage *r)
{
	struct dfa *d = r->dfa;
	struct nfa_walk *w = &d->maker.walk;
	size_t count = w->count;
	bool ends = w->ends;
	uint16_t *kept;
	struct table *t;

	kept = mem_array(count + 1, sizeof(*kept));
	memcpy(kept, w->list, count * sizeof(*kept));
	t = grow_table(d, r->table);
	/* Beginning anew again and again waits for the readers. */
	if (t == NULL && d->former == NULL)
		t = new_table(d, 2 * r->table->max);
	if (t == NULL) {
		free(kept);
		return STATE_NONE;
	}
	nfa_walk_begin(&d->maker.walk);
	memcpy(w->list, kept, count * sizeof(*kept));
	free(kept);
	w->count = count;
	w->ends = ends;
	retire(d, r->table, t);
	r->table = t;
	return find_state(d, t);
}

static uint32_t
build_transition(struct passage *r, uint32_t state, unsigned byte)
{
	struct dfa *d = r->dfa;
	const struct set *set = &r->table->sets.v[state];
	uint32_t to;

	nfa_walk_begin(&d->maker.walk);
	if (byte == '\n')
		nfa_walk_add(&d->maker.walk, 0, BEFORE_LINE);
	nfa_walk_advance(&d->maker.walk, d->start, d->start_count, byte);
	if (set->count > 0)
		nfa_walk_advance(&d->maker.walk,
		    r->table->members.v + set->first, set->count, byte);
	to = find_state(d, r->table);
	if (to == STATE_NONE)
		return start_over(r);
	__atomic_store_n(
	    &r->table->row[state * r->table->width + d->nfa->group_of[byte]],
	    (uint16_t)to, __ATOMIC_RELEASE);
	return to;
}

uint32_t
table_build(struct passage *r, uint32_t state, unsigned byte)
{
	struct dfa *d = r->dfa;
	uint32_t to = STATE_NONE;

	if (r->work > DFA_WORK_MAX ||
	    pthread_mutex_trylock(&d->guards_building) != 0)
		return STATE_NONE;
	d->maker.walk.work = 0;
	if (__atomic_load_n(&d->current, __ATOMIC_SEQ_CST) == r->table) {
		free_former(d);
		to = build_transition(r, state, byte);
	}
	r->work += d->maker.walk.work;
	pthread_mutex_unlock(&d->guards_building);
	return to;
}

struct table *
table_open(struct dfa *d)
{
	struct table *t = __atomic_load_n(&d->current, __ATOMIC_SEQ_CST);

	if (t != NULL || pthread_mutex_trylock(&d->guards_building) != 0)
		return t;
	t = __atomic_load_n(&d->current, __ATOMIC_SEQ_CST);
	if (t == NULL) {
		t = new_table(d, STATES_FIRST);
		if (t != NULL)
			__atomic_store_n(&d->current, t, __ATOMIC_SEQ_CST);
	}
	pthread_mutex_unlock(&d->guards_building);
	return t;
}

/* ---- hot states ---------------------------------------------------------- */

static uint32_t
next_state(const void *context, uint32_t state, unsigned group)
{
	const struct table *t = context;

	return t->row[state * t->width + group];
}

/* Those visited most, when there is room for them. */
static void
make_hot(struct dfa *d, struct table *t)
{
	uint32_t states[HOT_STATES];
	size_t count = hot_choice_states(&t->choice, t->sets.len, states);
	size_t bytes = hot_size(d->nfa);

	if (count == 0 ||
	    __atomic_load_n(&d->set->used, __ATOMIC_RELAXED) + bytes >
		d->set->memory)
		return;
	t->used += bytes;
	__atomic_fetch_add(&d->set->used, bytes, __ATOMIC_RELAXED);
	hot_choice_use(
	    &t->choice, hot_new(d->nfa, states, count, next_state, t));
}

void
table_settle(struct dfa *d, struct table *t)
{
	if (pthread_mutex_trylock(&d->guards_building) != 0) {
		hot_choice_wait(&t->choice, 1);
		return;
	}
	/* Another may have been faster. */
	if (!hot_choice_is_open(&t->choice)) {
		if (hot_choice_is_made(&t->choice))
			hot_choice_judge(&t->choice, dfa_has_lanes(d));
		else
			make_hot(d, t);
	}
	pthread_mutex_unlock(&d->guards_building);
}
