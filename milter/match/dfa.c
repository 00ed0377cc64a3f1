#include "match/dfa.h"

#include "base/vec.h"

#include <pthread.h>
#include <stdlib.h>

#define ASKED_MIN 64	/* answers before it is judged */
#define ASKED_MAX 4096	/* older ones count half then */
#define USELESS_SHARE 4 /* "maybe" more often than one time in so many */
#define USELESS_RETRY 16
#define STATES_FIRST                                            \
	64 /* of a first table; each next one has twice as many \
	    */
#define STATES_MAX 4096
#define BUCKETS 1024
#define LANES 4
#define LANES_TEXT_MIN 64
#define STATE_NONE UINT32_MAX	     /* not built */
#define STATE_MATCH (UINT32_MAX - 1) /* the pattern's end is reached */
#define STATE_SPECIAL STATE_MATCH    /* these and above are no offsets */

/* What stands before the byte that is next. */
enum before {
	BEFORE_OTHER,
	BEFORE_LINE, /* a newline */
	BEFORE_TEXT, /* nothing */
	BEFORE_COUNT
};

/*
 * A state is the set of steps that wait for a byte, without those of the start,
 * which always wait: a match may begin anywhere. A state is known by the offset
 * of its row of transitions. State 0 has no steps of its own: no match is under
 * way.
 */
struct set {
	uint32_t first; /* in members */
	uint32_t count;
	uint32_t next; /* number of a state of the same hash, plus one */
};

/*
 * States and transitions, of which readers need the rows only. When there is
 * no room for a further state a larger table takes the place of this one, with
 * its states; when it cannot be larger, the other begins anew.
 */
struct table {
	uint32_t *row; /* never moves; the last of one: text ends here? */
	size_t max;
	VEC(struct set) sets;
	VEC(uint16_t) members;
	uint32_t buckets[BUCKETS];    /* by hash: number of a state, plus one */
	uint32_t begin[BEFORE_COUNT]; /* states */
	bool idle[256];		      /* bytes that lead from state 0 to it */
	size_t used;		      /* bytes, as counted in the set */
	struct table *next;
};

/* One set of steps under construction. */
struct maker {
	uint32_t *mark; /* by step: stamp of the set it was put into */
	uint32_t stamp;
	uint16_t *list;
	uint64_t *bits;	 /* by step; all zero but for sorting */
	uint8_t *latest; /* by place in the nfa's tail: copy, plus one; or 0 */
	size_t count;
	uint16_t *stack;
	bool matched;
	bool ends;
	size_t work; /* of this text */
};

struct dfa {
	struct dfa_set *set;
	struct nfa *nfa;
	size_t width;	       /* of a row */
	struct table *current; /* atomic; NULL until first used */
	unsigned readers;      /* atomic */
	/* How often it was asked, and could not say no; atomic, may lose one.
	 */
	unsigned asked;
	unsigned passed;
	unsigned skipped;
	pthread_mutex_t guards_building; /* all below; never waited for */
	struct table *former;		 /* may have readers still */
	struct maker maker;
	uint16_t *start; /* steps that always wait */
	size_t start_count;
	bool *is_start; /* by step: of the start, and nothing else */
	bool start_ends;
	bool anchored; /* a match begins at the text's start or nowhere */
};

struct dfa_set {
	VEC(struct dfa *) v;
	size_t memory;
	size_t used; /* atomic */
};

enum answer { ANSWER_NO, ANSWER_MAYBE, ANSWER_UNKNOWN };

/* One text on its way through. */
struct reader {
	struct dfa *dfa;
	struct table *table;
	size_t work;
};

/* ---- sets of steps ------------------------------------------------------- */

static void
begin_set(struct dfa *d)
{
	struct maker *m = &d->maker;

	m->count = 0;
	m->matched = m->ends = false;
	if (++m->stamp == 0) {
		memset(m->mark, 0, d->nfa->count * sizeof(*m->mark));
		m->stamp = 1;
	}
}

static bool
goes_on(const struct nfa_step *s, enum before before)
{
	return s->kind == NFA_START ? before == BEFORE_TEXT
				    : before != BEFORE_OTHER;
}

/* Puts in the steps that wait for a byte, reached from `at` without one. */
static void
add_step(struct dfa *d, size_t at, enum before before)
{
	struct maker *m = &d->maker;
	size_t depth = 0;

	m->stack[depth++] = (uint16_t)at;
	while (depth > 0) {
		const struct nfa_step *s;

		at = m->stack[--depth];
		if (m->mark[at] == m->stamp)
			continue;
		m->mark[at] = m->stamp;
		m->work++;
		s = &d->nfa->steps[at];
		switch (s->kind) {
		case NFA_MATCH:
			m->matched = true;
			break;
		case NFA_END:
			m->ends = true;
			/* fall through */
		case NFA_BYTE:
			if (!d->is_start[at])
				m->list[m->count++] = (uint16_t)at;
			break;
		case NFA_START:
		case NFA_LINE:
			if (goes_on(s, before))
				m->stack[depth++] = (uint16_t)(at + 1);
			break;
		case NFA_SPLIT:
			m->stack[depth++] = s->b;
			/* fall through */
		default:
			m->stack[depth++] = s->a;
			break;
		}
	}
}

static void
add_steps_behind(
    struct dfa *d, const uint16_t *steps, size_t count, unsigned byte)
{
	enum before before = byte == '\n' ? BEFORE_LINE : BEFORE_OTHER;

	for (size_t i = 0; i < count; i++) {
		const struct nfa_step *s = &d->nfa->steps[steps[i]];

		if (s->kind == NFA_END)
			d->maker.matched |= byte == '\n';
		else if (byte_class_has(&d->nfa->classes[s->a], byte))
			add_step(d, steps[i] + 1u, before);
	}
	d->maker.work += count;
}

/* Sets are known by their steps in order, which a bit for each puts them in. */
static void
sort_steps(struct maker *m)
{
	size_t low = SIZE_MAX, high = 0, count = 0;

	for (size_t i = 0; i < m->count; i++) {
		size_t word = m->list[i] / 64;

		m->bits[word] |= UINT64_C(1) << m->list[i] % 64;
		low = word < low ? word : low;
		high = word > high ? word : high;
	}
	for (size_t word = low; count < m->count && word <= high; word++) {
		uint64_t bits = m->bits[word];

		for (; bits != 0; bits &= bits - 1)
			m->list[count++] =
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
	size_t size = n->tail_size, all = size * n->tail_copies, kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		size_t at = m->list[i] - n->tail_start;
		uint8_t copy = (uint8_t)(at / size + 1);

		if (at < all && copy > m->latest[at % size])
			m->latest[at % size] = copy;
	}
	for (size_t i = 0; i < m->count; i++) {
		size_t at = m->list[i] - n->tail_start;

		if (at >= all || at / size + 1 == m->latest[at % size])
			m->list[kept++] = m->list[i];
	}
	for (size_t i = 0; i < m->count; i++)
		m->latest[(m->list[i] - n->tail_start) % size] = 0;
	m->count = kept;
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
	struct maker *m = &d->maker;
	size_t bytes = d->width * sizeof(*t->row) + sizeof(struct set) +
		       m->count * sizeof(*m->list);
	uint32_t *bucket, state;
	struct set *set;

	if (m->matched)
		return STATE_MATCH;
	if (d->nfa->tail_copies > 1)
		drop_dominated(d);
	sort_steps(m);
	bucket = &t->buckets[hash_steps(m->list, m->count) % BUCKETS];
	for (uint32_t k = *bucket; k != 0; k = set->next) {
		set = &t->sets.v[k - 1];
		if (set->count != m->count)
			continue;
		if (m->count == 0 || memcmp(t->members.v + set->first, m->list,
					 m->count * sizeof(*m->list)) == 0)
			return (k - 1) * (uint32_t)d->width;
	}
	if (t->sets.len == t->max || t->used + bytes > DFA_MEMORY_MAX ||
	    __atomic_load_n(&d->set->used, __ATOMIC_RELAXED) + bytes >
		d->set->memory)
		return STATE_NONE;
	t->used += bytes;
	__atomic_fetch_add(&d->set->used, bytes, __ATOMIC_RELAXED);
	state = (uint32_t)t->sets.len;
	*VEC_PUSH(&t->sets) = (struct set){.first = (uint32_t)t->members.len,
	    .count = (uint32_t)m->count,
	    .next = *bucket};
	*bucket = state + 1;
	for (size_t i = 0; i < m->count; i++)
		*VEC_PUSH(&t->members) = m->list[i];
	state *= (uint32_t)d->width;
	memset(&t->row[state], 0xff, d->width * sizeof(*t->row));
	t->row[state + d->width - 1] = m->ends || d->start_ends;
	return state;
}

static void
free_table(struct dfa *d, struct table *t)
{
	__atomic_fetch_sub(&d->set->used, t->used, __ATOMIC_RELAXED);
	free(t->row);
	VEC_FINI(&t->sets);
	VEC_FINI(&t->members);
	free(t);
}

static size_t
states_max(const struct dfa *d, size_t states)
{
	size_t most = DFA_MEMORY_MAX / (d->width * sizeof(uint32_t));

	if (most > STATES_MAX)
		most = STATES_MAX;
	return states < most ? states : most;
}

/* With room for so many states, at most; NULL: there is none. */
static struct table *
new_table(struct dfa *d, size_t states)
{
	struct table *t = mem_alloc(sizeof(*t));

	t->max = states_max(d, states);
	t->row = mem_array(t->max * d->width, sizeof(*t->row));
	begin_set(d);
	t->begin[BEFORE_OTHER] = find_state(d, t);
	for (int before = BEFORE_LINE; before < BEFORE_COUNT; before++) {
		begin_set(d);
		add_step(d, 0, (enum before)before);
		t->begin[before] = find_state(d, t);
	}
	if (t->begin[BEFORE_OTHER] == STATE_NONE) {
		free_table(d, t);
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
	size_t max = states_max(d, 2 * old->max);
	struct table *t;

	if (old->sets.len < old->max || max <= old->max ||
	    __atomic_load_n(&d->set->used, __ATOMIC_RELAXED) + old->used >
		d->set->memory)
		return NULL;
	t = mem_alloc(sizeof(*t));
	*t = *old;
	t->max = max;
	t->row = mem_array(max * d->width, sizeof(*t->row));
	memcpy(t->row, old->row, old->max * d->width * sizeof(*t->row));
	memset(&t->sets, 0, sizeof(t->sets));
	memset(&t->members, 0, sizeof(t->members));
	for (size_t i = 0; i < old->sets.len; i++)
		*VEC_PUSH(&t->sets) = old->sets.v[i];
	for (size_t i = 0; i < old->members.len; i++)
		*VEC_PUSH(&t->members) = old->members.v[i];
	__atomic_fetch_add(&d->set->used, t->used, __ATOMIC_RELAXED);
	return t;
}

/* When only the caller, a reader of the current table, is left. */
static void
free_former(struct dfa *d)
{
	while (d->former != NULL &&
	       __atomic_load_n(&d->readers, __ATOMIC_SEQ_CST) == 1) {
		struct table *t = d->former;

		d->former = t->next;
		free_table(d, t);
	}
}

/* ---- building ------------------------------------------------------------ */

/* A larger table with the set just made in it; STATE_NONE: not now. */
static uint32_t
start_over(struct reader *r)
{
	struct dfa *d = r->dfa;
	struct maker *m = &d->maker;
	size_t count = m->count;
	bool ends = m->ends;
	uint16_t *kept;
	struct table *t;

	if (d->former != NULL)
		return STATE_NONE;
	kept = mem_array(count + 1, sizeof(*kept));
	memcpy(kept, m->list, count * sizeof(*kept));
	t = grow_table(d, r->table);
	if (t == NULL)
		t = new_table(d, 2 * r->table->max);
	if (t == NULL) {
		free(kept);
		return STATE_NONE;
	}
	begin_set(d);
	memcpy(m->list, kept, count * sizeof(*kept));
	free(kept);
	m->count = count;
	m->ends = ends;
	d->former = r->table;
	__atomic_store_n(&d->current, t, __ATOMIC_SEQ_CST);
	r->table = t;
	free_former(d);
	return find_state(d, t);
}

static void
note_idle(struct table *t, const struct nfa *n, unsigned group)
{
	for (unsigned byte = 0; byte < 256; byte++)
		if (n->group_of[byte] == group)
			__atomic_store_n(
			    &t->idle[byte], true, __ATOMIC_RELAXED);
}

static uint32_t
build_transition(struct reader *r, uint32_t state, unsigned byte)
{
	struct dfa *d = r->dfa;
	const struct set *set = &r->table->sets.v[state / d->width];
	uint32_t to;

	begin_set(d);
	if (byte == '\n')
		add_step(d, 0, BEFORE_LINE);
	add_steps_behind(d, d->start, d->start_count, byte);
	add_steps_behind(d, r->table->members.v + set->first, set->count, byte);
	to = find_state(d, r->table);
	if (to == STATE_NONE)
		return start_over(r);
	__atomic_store_n(&r->table->row[state + d->nfa->group_of[byte]], to,
	    __ATOMIC_RELEASE);
	if (state == 0 && to == 0)
		note_idle(r->table, d->nfa, d->nfa->group_of[byte]);
	return to;
}

/* Where `state` goes with `byte`; STATE_NONE: that is not to be known now. */
static uint32_t
build(struct reader *r, uint32_t state, unsigned byte)
{
	struct dfa *d = r->dfa;
	uint32_t to = STATE_NONE;

	if (r->work > DFA_WORK_MAX ||
	    pthread_mutex_trylock(&d->guards_building) != 0)
		return STATE_NONE;
	d->maker.work = 0;
	if (__atomic_load_n(&d->current, __ATOMIC_SEQ_CST) == r->table) {
		free_former(d);
		to = build_transition(r, state, byte);
	}
	r->work += d->maker.work;
	pthread_mutex_unlock(&d->guards_building);
	return to;
}

/* The first text makes the first table. */
static struct table *
open_table(struct dfa *d)
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

/* ---- the set ------------------------------------------------------------- */

struct dfa_set *
dfa_set_new(size_t memory)
{
	struct dfa_set *s = mem_alloc(sizeof(*s));

	s->memory = memory;
	return s;
}

static void
find_start(struct dfa *d)
{
	struct maker *m = &d->maker;

	begin_set(d);
	add_step(d, 0, BEFORE_OTHER);
	d->start_count = m->count;
	d->start = mem_array(m->count + 1, sizeof(*d->start));
	memcpy(d->start, m->list, m->count * sizeof(*d->start));
	d->start_ends = m->ends;
	begin_set(d);
	add_step(d, 0, BEFORE_LINE);
	d->anchored = d->start_count + m->count == 0 && !m->matched &&
		      !m->ends && !d->start_ends;
	/* Of those that loops lead back to, a match under way may be at one. */
	begin_set(d);
	for (size_t i = 0; i < d->nfa->count; i++)
		if (d->nfa->steps[i].kind == NFA_BYTE)
			add_step(d, i + 1, BEFORE_TEXT);
	for (size_t i = 0; i < d->start_count; i++)
		if (m->mark[d->start[i]] != m->stamp)
			d->is_start[d->start[i]] = true;
}

struct dfa *
dfa_add(struct dfa_set *s, const struct node *tree)
{
	struct nfa *n = nfa_new(tree);
	struct dfa *d;

	if (n == NULL)
		return NULL;
	d = mem_alloc(sizeof(*d));
	*VEC_PUSH(&s->v) = d;
	d->set = s;
	d->nfa = n;
	d->width = n->group_count + 1;
	d->maker.mark = mem_array(n->count, sizeof(*d->maker.mark));
	d->maker.list = mem_array(n->count + 1, sizeof(*d->maker.list));
	d->maker.bits = mem_array(n->count / 64 + 1, sizeof(*d->maker.bits));
	d->maker.latest = mem_array(n->tail_size + 1, sizeof(*d->maker.latest));
	d->maker.stack = mem_array(2 * n->count + 2, sizeof(*d->maker.stack));
	d->is_start = mem_array(n->count, sizeof(*d->is_start));
	pthread_mutex_init(&d->guards_building, NULL);
	find_start(d);
	return d;
}

static void
free_dfa(struct dfa *d)
{
	if (d->current != NULL)
		free_table(d, d->current);
	if (d->former != NULL)
		free_table(d, d->former);
	nfa_free(&d->nfa);
	pthread_mutex_destroy(&d->guards_building);
	free(d->maker.mark);
	free(d->maker.list);
	free(d->maker.bits);
	free(d->maker.latest);
	free(d->maker.stack);
	free(d->is_start);
	free(d->start);
	free(d);
}

void
dfa_set_free(struct dfa_set **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < (*s)->v.len; i++)
		free_dfa((*s)->v.v[i]);
	VEC_FINI(&(*s)->v);
	free(*s);
	*s = NULL;
}

size_t
dfa_set_used(const struct dfa_set *s)
{
	return __atomic_load_n(&s->used, __ATOMIC_RELAXED);
}

/* ---- running ------------------------------------------------------------- */

static uint32_t
first_state(const struct reader *r, struct str text, size_t from)
{
	if (from == 0)
		return r->table->begin[BEFORE_TEXT];
	return r->table
	    ->begin[text.p[from - 1] == '\n' ? BEFORE_LINE : BEFORE_OTHER];
}

/* Is the text's end the pattern's, too? */
static bool
ends(const struct reader *r, uint32_t state)
{
	return r->table->row[state + r->dfa->width - 1] != 0;
}

/* The first offset in [from, to) with a byte that begins something; `to`: none
 * does. */
static size_t
skip_idle(const struct table *t, struct str text, size_t from, size_t to)
{
	while (
	    from < to && __atomic_load_n(&t->idle[(unsigned char)text.p[from]],
			     __ATOMIC_RELAXED))
		from++;
	return from;
}

/*
 * From `from` to the text's end, or until no match is under way behind `until`;
 * `*end` is where. True: one may be there.
 */
static bool
run(struct reader *r, struct str text, size_t from, size_t until, size_t *end)
{
	const uint8_t *group_of = r->dfa->nfa->group_of;
	const uint32_t *row = r->table->row;
	size_t stop = until < text.len ? until + 1 : text.len;
	uint32_t state = first_state(r, text, from);

	if (state >= STATE_SPECIAL)
		return true;
	for (size_t i = from; i < text.len;) {
		unsigned char c;
		uint32_t to;

		if (state == 0 && r->dfa->anchored) {
			*end = text.len;
			return false;
		}
		if (state == 0) {
			i = skip_idle(r->table, text, i, stop);
			if (i >= stop) {
				*end = i;
				return i == text.len && ends(r, state);
			}
		}
		/* Most steps lead neither to state 0 nor to a special one. */
		do {
			c = (unsigned char)text.p[i++];
			to = __atomic_load_n(
			    &row[state + group_of[c]], __ATOMIC_ACQUIRE);
			if (to - 1 >= STATE_SPECIAL - 1)
				break;
			state = to;
		} while (i < text.len);
		if (to == STATE_NONE) {
			to = build(r, state, c);
			row = r->table->row;
		}
		if (to >= STATE_SPECIAL)
			return true;
		state = to;
	}
	*end = text.len;
	return ends(r, state);
}

/* ---- several places at once -----------------------------------------------
 */

static inline uint32_t
step(const uint32_t *row, const uint8_t *group_of, uint32_t state, char c)
{
	return __atomic_load_n(
	    &row[state + group_of[(unsigned char)c]], __ATOMIC_ACQUIRE);
}

/* Where each lane is, LANES parts of a text of `len` bytes each. False: a step
 * led where no state is known, or a match ends. */
static bool
run_parts(const struct reader *r, const char *text, size_t len, uint32_t *state)
{
	const uint8_t *group_of = r->dfa->nfa->group_of;
	const uint32_t *row = r->table->row;
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (size_t i = 0; i < len; i++) {
		a = step(row, group_of, a, text[i]);
		b = step(row, group_of, b, text[len + i]);
		c = step(row, group_of, c, text[2 * len + i]);
		d = step(row, group_of, d, text[3 * len + i]);
		if (a >= STATE_SPECIAL || b >= STATE_SPECIAL ||
		    c >= STATE_SPECIAL || d >= STATE_SPECIAL)
			return false;
	}
	state[0] = a;
	state[1] = b;
	state[2] = c;
	state[3] = d;
	return true;
}

/*
 * Follows what is under way at `from` until it has come to what a run that
 * begins there has come to: all that is left is known then.
 */
static enum answer
run_over(const struct reader *r, struct str text, size_t from, uint32_t state)
{
	const uint8_t *group_of = r->dfa->nfa->group_of;
	const uint32_t *row = r->table->row;
	uint32_t fresh = first_state(r, text, from);

	for (; from < text.len; from++) {
		if (state == fresh)
			return ANSWER_NO;
		state = step(row, group_of, state, text.p[from]);
		fresh = step(row, group_of, fresh, text.p[from]);
		if (state >= STATE_SPECIAL || fresh >= STATE_SPECIAL)
			return ANSWER_UNKNOWN;
	}
	return ends(r, state) ? ANSWER_MAYBE : ANSWER_NO;
}

/* From `from` to the text's end. */
static enum answer
run_end(const struct reader *r, struct str text, size_t from, uint32_t state)
{
	for (; from < text.len; from++) {
		state = step(
		    r->table->row, r->dfa->nfa->group_of, state, text.p[from]);
		if (state >= STATE_SPECIAL)
			return ANSWER_UNKNOWN;
	}
	return ends(r, state) ? ANSWER_MAYBE : ANSWER_NO;
}

/*
 * A step has to wait for the one before it. Parts of a text are run through
 * side by side, as each were the first, and what a part leaves under way is
 * followed into the next. Only over states that are known.
 */
static enum answer
run_lanes(const struct reader *r, struct str text)
{
	size_t len = text.len / LANES;
	uint32_t state[LANES];
	enum answer answer;

	for (size_t i = 0; i < LANES; i++) {
		state[i] = first_state(r, text, i * len);
		if (state[i] >= STATE_SPECIAL)
			return ANSWER_UNKNOWN;
	}
	if (!run_parts(r, text.p, len, state))
		return ANSWER_UNKNOWN;
	for (size_t i = LANES; i-- > 0;) {
		size_t from = (i + 1) * len;

		answer = i + 1 < LANES ? run_over(r, text, from, state[i])
				       : run_end(r, text, from, state[i]);
		if (answer != ANSWER_NO)
			return answer;
	}
	return ANSWER_NO;
}

static bool
run_windows(struct reader *r, struct str text, const struct window *windows,
    uint32_t first)
{
	size_t end = 0;

	if (first == 0 && text.len >= LANES_TEXT_MIN && !r->dfa->anchored) {
		enum answer answer = run_lanes(r, text);

		if (answer != ANSWER_UNKNOWN)
			return answer == ANSWER_MAYBE;
	}
	if (first == 0)
		return run(r, text, 0, text.len, &end);
	for (; first != 0; first = windows[first - 1].next) {
		const struct window *w = &windows[first - 1];
		size_t from = w->from > end ? w->from : end;

		/* What began before `end` was followed to its own. */
		if (w->to >= from && from <= text.len &&
		    run(r, text, from, w->to, &end))
			return true;
	}
	return false;
}

/*
 * An automaton that seldom says no only costs: mostly it is not asked then, but
 * now and again, as mail changes.
 */
static bool
is_worth_asking(struct dfa *d)
{
	unsigned asked = __atomic_load_n(&d->asked, __ATOMIC_RELAXED);
	unsigned passed = __atomic_load_n(&d->passed, __ATOMIC_RELAXED);

	if (asked < ASKED_MIN || passed <= asked / USELESS_SHARE)
		return true;
	return __atomic_add_fetch(&d->skipped, 1, __ATOMIC_RELAXED) %
		   USELESS_RETRY ==
	       0;
}

static void
note_answer(struct dfa *d, bool maybe)
{
	unsigned asked = __atomic_load_n(&d->asked, __ATOMIC_RELAXED) + 1;
	unsigned passed = __atomic_load_n(&d->passed, __ATOMIC_RELAXED) + maybe;

	if (asked >= ASKED_MAX) {
		asked /= 2;
		passed /= 2;
	}
	__atomic_store_n(&d->asked, asked, __ATOMIC_RELAXED);
	__atomic_store_n(&d->passed, passed, __ATOMIC_RELAXED);
}

bool
dfa_may_match(struct dfa *d, struct str text, const struct window *windows,
    uint32_t first)
{
	struct reader r = {.dfa = d};
	bool maybe = true;

	if (!is_worth_asking(d))
		return true;
	/* Before the table is looked at: what has readers is not freed. */
	__atomic_fetch_add(&d->readers, 1, __ATOMIC_SEQ_CST);
	r.table = open_table(d);
	if (r.table != NULL)
		maybe = run_windows(&r, text, windows, first);
	__atomic_fetch_sub(&d->readers, 1, __ATOMIC_SEQ_CST);
	note_answer(d, maybe);
	return maybe;
}
