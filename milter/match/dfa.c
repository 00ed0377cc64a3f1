#include "match/dfa_table.h"

#include <stdlib.h>

#define LANES 4
#define LANES_TEXT_MIN 64
#define SOME 8 /* steps one by one, until hot states are tried again */

/* ---- the set ------------------------------------------------------------- */

struct dfa_set *
dfa_set_new(size_t memory)
{
	struct dfa_set *s = mem_alloc(sizeof(*s));

	s->memory = memory;
	s->time = 1;
	pthread_mutex_init(&s->guards_readers, NULL);
	return s;
}

static void
find_start(struct dfa *d)
{
	struct nfa_walk *w = &d->maker.walk;

	nfa_walk_begin(w);
	nfa_walk_add(w, 0, BEFORE_OTHER);
	d->start_count = w->count;
	d->start = mem_array(w->count + 1, sizeof(*d->start));
	memcpy(d->start, w->list, w->count * sizeof(*d->start));
	d->start_ends = w->ends;
	nfa_walk_begin(w);
	nfa_walk_add(w, 0, BEFORE_LINE);
	d->anchored = d->start_count + w->count == 0 && !w->matched &&
		      !w->ends && !d->start_ends;
	/* Of those that loops lead back to, a match under way may be at one. */
	nfa_walk_begin(w);
	for (size_t i = 0; i < d->nfa->count; i++)
		if (d->nfa->steps[i].kind == NFA_BYTE)
			nfa_walk_add(w, i + 1, BEFORE_TEXT);
	for (size_t i = 0; i < d->start_count; i++)
		if (!nfa_walk_reached(w, d->start[i]))
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
	d->number = (uint32_t)s->v.len;
	*VEC_PUSH(&s->v) = d;
	d->set = s;
	d->nfa = n;
	nfa_walk_init(&d->maker.walk, n);
	d->maker.walk.skip = d->is_start =
	    mem_array(n->count, sizeof(*d->is_start));
	d->maker.bits = mem_array(n->count / 64 + 1, sizeof(*d->maker.bits));
	d->maker.latest = mem_array(n->tail_size + 1, sizeof(*d->maker.latest));
	pthread_mutex_init(&d->guards_building, NULL);
	find_start(d);
	d->starts = starts_new(n);
	return d;
}

static void
free_dfa(struct dfa *d)
{
	if (d->current != NULL)
		table_free(d, d->current);
	while (d->former != NULL) {
		struct table *t = d->former;

		d->former = t->next;
		table_free(d, t);
	}
	nfa_free(&d->nfa);
	starts_free(&d->starts);
	pthread_mutex_destroy(&d->guards_building);
	nfa_walk_fini(&d->maker.walk);
	free(d->maker.bits);
	free(d->maker.latest);
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
	invariant((*s)->readers == NULL);
	pthread_mutex_destroy(&(*s)->guards_readers);
	free(*s);
	*s = NULL;
}

size_t
dfa_set_used(const struct dfa_set *s)
{
	return __atomic_load_n(&s->used, __ATOMIC_RELAXED);
}

/* ---- readers ------------------------------------------------------------- */

struct dfa_reader *
dfa_reader_new(struct dfa_set *s)
{
	struct dfa_reader *r = mem_alloc(sizeof(*r));

	r->set = s;
	r->trials = mem_array(s->v.len + 1, sizeof(*r->trials));
	pthread_mutex_lock(&s->guards_readers);
	r->next = s->readers;
	if (r->next != NULL)
		r->next->previous = r;
	s->readers = r;
	pthread_mutex_unlock(&s->guards_readers);
	return r;
}

void
dfa_reader_free(struct dfa_reader **rp)
{
	struct dfa_reader *r = *rp;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->set->guards_readers);
	if (r->previous != NULL)
		r->previous->next = r->next;
	else
		r->set->readers = r->next;
	if (r->next != NULL)
		r->next->previous = r->previous;
	pthread_mutex_unlock(&r->set->guards_readers);
	free(r->trials);
	free(r);
	*rp = NULL;
}

/* The time is written before a table is looked for, and goes on after one is
 * replaced: who frees it sees the reader, or the reader sees the new one. */
void
dfa_reader_begin(struct dfa_reader *r)
{
	__atomic_store_n(&r->since,
	    __atomic_load_n(&r->set->time, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

void
dfa_reader_end(struct dfa_reader *r)
{
	__atomic_store_n(&r->since, 0, __ATOMIC_RELEASE);
}

struct trial *
dfa_trial(struct dfa_reader *r, const struct dfa *d)
{
	return &r->trials[d->number];
}

/* ---- running ------------------------------------------------------------- */

static uint32_t
first_state(const struct passage *r, struct str text, size_t from)
{
	if (from == 0)
		return r->table->begin[BEFORE_TEXT];
	return r->table
	    ->begin[text.p[from - 1] == '\n' ? BEFORE_LINE : BEFORE_OTHER];
}

/* Is the text's end the pattern's, too? */
static bool
ends(const struct passage *r, uint32_t state)
{
	return r->table->row[(state + 1) * r->table->width - 1] != 0;
}

/*
 * With no match under way: goes to where one may begin, before `stop`. False:
 * there is none.
 */
static bool
begin_match(const struct passage *r, struct str text, size_t stop, size_t *at,
    uint32_t *state)
{
	const struct starts *starts = r->dfa->starts;

	if (r->dfa->anchored)
		*at = text.len;
	else if (starts != NULL && *at < stop)
		*at = starts_next(starts, text, *at, stop);
	if (*at >= stop)
		return false;
	if (starts != NULL)
		*state = first_state(r, text, *at);
	return true;
}

/* On from `*at` as long as that is through hot states; and what is to be seen
 * of where texts go is noted. */
static inline void
run_hot(const struct passage *r, struct str text, size_t idle, size_t *at,
    uint32_t *state)
{
	struct hot_choice *choice = &r->table->choice;
	const struct hot *hot = hot_choice_hot(choice);
	size_t was = *at;

	if (hot != NULL)
		*at = hot_run(hot, text, *at, idle, state);
	if (!hot_choice_is_open(choice))
		return;
	if (hot != NULL)
		hot_choice_ran(
		    choice, *at - was, *at < text.len && *state != 0);
	else
		hot_choice_visit(choice, *state);
	if (!hot_choice_is_open(choice))
		table_settle(r->dfa, r->table);
}

/* What a step needs, for loops over many. */
struct stepper {
	const uint8_t *group_of;
	const uint16_t *row;
	size_t width;
};

static inline struct stepper
stepper_of(const struct passage *r)
{
	return (struct stepper){
	    r->dfa->nfa->group_of, r->table->row, r->table->width};
}

static inline uint32_t
step(const struct stepper *s, uint32_t state, char c)
{
	return __atomic_load_n(
	    &s->row[state * s->width + s->group_of[(unsigned char)c]],
	    __ATOMIC_ACQUIRE);
}

/* On from `*at`, over at most a few bytes, or to state 0 when that is of
 * interest; the state there. */
static uint32_t
run_some(struct passage *r, struct str text, size_t *at, uint32_t state,
    bool to_idle)
{
	const struct stepper s = stepper_of(r);
	size_t end = text.len - *at > SOME ? *at + SOME : text.len;
	uint32_t to;
	char c;

	do {
		c = text.p[(*at)++];
		to = step(&s, state, c);
		if (to - to_idle >= STATE_SPECIAL - to_idle)
			break;
		state = to;
	} while (*at < end);
	return to == STATE_NONE ? table_build(r, state, (unsigned char)c) : to;
}

/*
 * From `from` to the text's end, or until no match is under way behind `until`.
 * True: one may begin in `*where`. No other begins in front of where->start.
 */
static bool
run(struct passage *r, struct str text, size_t from, size_t until,
    struct regex_span *where)
{
	struct dfa *d = r->dfa;
	size_t stop = until < text.len ? until + 1 : text.len, at = from;
	size_t idle = d->anchored || d->starts != NULL ? 0 : stop;
	uint32_t state = first_state(r, text, from);

	*where = (struct regex_span){from, until};
	while (at < text.len) {
		size_t was;

		if (state == 0) {
			if (!begin_match(r, text, stop, &at, &state))
				break;
			where->start = at;
		}
		if (state >= STATE_SPECIAL)
			break;
		was = at;
		run_hot(r, text, idle, &at, &state);
		if (at < text.len && (state != 0 || at == was))
			state = run_some(r, text, &at, state, at >= idle);
	}
	if (state == STATE_MATCH && at <= until)
		where->end = at - 1;
	if (state >= STATE_SPECIAL || (at == text.len && ends(r, state)))
		return true;
	where->start = at;
	return false;
}

/* ---- several places at once -----------------------------------------------
 */

/* Where each lane is, LANES parts of a text of `len` bytes each. False: a step
 * led where no state is known, or a match ends. */
static bool
run_parts(
    const struct passage *r, const char *text, size_t len, uint32_t *state)
{
	const struct stepper s = stepper_of(r);
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (size_t i = 0; i < len; i++) {
		a = step(&s, a, text[i]);
		b = step(&s, b, text[len + i]);
		c = step(&s, c, text[2 * len + i]);
		d = step(&s, d, text[3 * len + i]);
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
 * begins there has come to: all that is left is known then. True: it comes to
 * nothing.
 */
static bool
run_over(const struct passage *r, struct str text, size_t from, uint32_t state)
{
	const struct stepper s = stepper_of(r);
	uint32_t fresh = first_state(r, text, from);

	for (; from < text.len; from++) {
		if (state == fresh)
			return true;
		state = step(&s, state, text.p[from]);
		fresh = step(&s, fresh, text.p[from]);
		if (state >= STATE_SPECIAL || fresh >= STATE_SPECIAL)
			return false;
	}
	return !ends(r, state);
}

/* From `from` to the text's end. True: it comes to nothing. */
static bool
run_end(const struct passage *r, struct str text, size_t from, uint32_t state)
{
	const struct stepper s = stepper_of(r);

	for (; from < text.len; from++) {
		state = step(&s, state, text.p[from]);
		if (state >= STATE_SPECIAL)
			return false;
	}
	return !ends(r, state);
}

/*
 * A step has to wait for the one before it. Parts of a text are run through
 * side by side, as each were the first, and what a part leaves under way is
 * followed into the next. Only over states that are known. True: no match
 * begins in `text`.
 */
static bool
run_lanes(const struct passage *r, struct str text)
{
	size_t len = text.len / LANES;
	uint32_t state[LANES];

	for (size_t i = 0; i < LANES; i++) {
		state[i] = first_state(r, text, i * len);
		if (state[i] >= STATE_SPECIAL)
			return false;
	}
	if (!run_parts(r, text.p, len, state) ||
	    !run_end(r, text, LANES * len, state[LANES - 1]))
		return false;
	for (size_t i = LANES - 1; i > 0; i--)
		if (!run_over(r, text, i * len, state[i - 1]))
			return false;
	return true;
}

static bool
has_use_of_lanes(const struct passage *r, struct str text)
{
	return text.len >= LANES_TEXT_MIN && dfa_has_lanes(r->dfa) &&
	       hot_choice_is_against(&r->table->choice);
}

static bool
run_text(struct passage *r, struct str text, struct regex_span *where)
{
	size_t from = where->start;

	if (from == 0 && has_use_of_lanes(r, text) && run_lanes(r, text))
		return false;
	return from <= text.len && run(r, text, from, text.len, where);
}

static bool
run_windows(struct passage *r, struct str text, const struct window *windows,
    uint32_t *window, struct regex_span *where)
{
	for (; *window != 0; *window = windows[*window - 1].next) {
		const struct window *w = &windows[*window - 1];
		/* What began before was followed to its end. */
		size_t from = w->from > where->start ? w->from : where->start;

		if (w->to >= from && from <= text.len &&
		    run(r, text, from, w->to, where))
			return true;
	}
	return false;
}

bool
dfa_next_window(struct str text, const struct window *windows, uint32_t *window,
    struct regex_span *where)
{
	where->end = text.len;
	if (windows == NULL)
		return where->start <= text.len;
	for (; *window != 0; *window = windows[*window - 1].next) {
		const struct window *w = &windows[*window - 1];

		if (w->to < where->start)
			continue;
		if (w->from > where->start)
			where->start = w->from;
		where->end = w->to;
		return true;
	}
	return false;
}

bool
dfa_next(struct dfa *d, struct str text, const struct window *windows,
    uint32_t *window, struct regex_span *where)
{
	struct passage passage = {.dfa = d, .table = table_open(d)};

	if (passage.table == NULL)
		return dfa_next_window(text, windows, window, where);
	if (windows == NULL)
		return run_text(&passage, text, where);
	return run_windows(&passage, text, windows, window, where);
}
