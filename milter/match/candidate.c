#include "match/candidate.h"

#include "match/scratch.h"

#include <stdlib.h>

/* Windows as near to each other are searched as one. */
#define WINDOW_GAP 32

/* Where the prefilter reports to. */
struct finding {
	const struct plan *plan;
	struct scratch *scratch;
	enum view view;
	const struct work *work;
	size_t string; /* the one that is searched */
	struct str text;
	const struct shape_group *group;
};

static bool
reserve_candidate(struct scratch *s)
{
	size_t size = s->candidate_size ? s->candidate_size * 2 : 256;
	struct candidate *v, *sorted;

	if (s->candidate_count < s->candidate_size)
		return true;
	if (size > CANDIDATES_MAX)
		return false;
	v = realloc(s->candidates, size * sizeof(*v));
	if (v == NULL)
		return false;
	s->candidates = v;
	sorted = realloc(s->sorted, size * sizeof(*sorted));
	if (sorted == NULL)
		return false;
	s->sorted = sorted;
	s->candidate_size = size;
	return true;
}

static void
add_candidate(
    struct scratch *s, uint32_t job, uint32_t string, uint32_t windows)
{
	if (!reserve_candidate(s)) {
		s->overflow = true;
		return;
	}
	s->candidates[s->candidate_count++] = (struct candidate){
	    .job = job, .string = string, .windows = windows};
}

/* Threads the candidates [from, end) of each job, and notes the jobs. */
static void
thread_jobs(struct scratch *s, size_t from)
{
	struct candidate *v = s->candidates;

	for (size_t i = from; i < s->candidate_count; i++) {
		struct thread *t = &s->threads[v[i].job];

		if (bitset_has(&s->jobs, v[i].job)) {
			v[t->last].next = (uint32_t)i;
		} else {
			bitset_add(&s->jobs, v[i].job);
			t->first = (uint32_t)i;
		}
		t->last = (uint32_t)i;
		t->count++;
	}
}

/*
 * By job and then in order of strings, which is the order the candidates of one
 * job were found in.
 */
static void
sort_candidates(struct scratch *s, size_t from)
{
	size_t n = 0;

	thread_jobs(s, from);
	for (size_t job = bitset_next(&s->jobs, 0); job != SIZE_MAX;
	     job = bitset_next(&s->jobs, job + 1)) {
		struct thread *t = &s->threads[job];

		for (size_t i = t->first; t->count > 0; t->count--) {
			s->sorted[n++] = s->candidates[i];
			i = s->candidates[i].next;
		}
		bitset_remove(&s->jobs, job);
	}
	memcpy(s->candidates + from, s->sorted, n * sizeof(*s->sorted));
}

/* The candidates [from, to), all of one job. */
static void
try_candidates(
    struct run *r, enum view view, const struct job *j, size_t from, size_t to)
{
	const struct candidate *v = r->scratch->candidates;
	struct attempt t = attempt_of_job(j, view);

	for (size_t i = from; i < to; i++) {
		t.windows = v[i].windows;
		/* Found twice: neither knows all there is. */
		for (; i + 1 < to && v[i + 1].string == v[i].string; i++)
			t.windows = 0;
		attempt_string(r, &t, v[i].string);
	}
}

void
candidate_try_open(
    struct run *r, const struct job *j, const struct open_rule *open)
{
	try_candidates(r, (enum view)open->view, j, open->first,
	    (size_t)open->first + open->count);
}

void
candidate_try(struct run *r, enum view view, const struct work *w)
{
	struct scratch *s = r->scratch;
	size_t from = s->candidate_first, to;

	if (from == s->candidate_count)
		return;
	sort_candidates(s, from);
	for (; from < s->candidate_count; from = to) {
		uint32_t job = s->candidates[from].job;

		to = from + 1;
		while (to < s->candidate_count && s->candidates[to].job == job)
			to++;
		if (r->leaves_open && w->jobs[job].may_stay_open)
			run_leave_open(r, w->jobs[job].index,
			    (struct open_rule){.job = job,
				.first = (uint32_t)from,
				.count = (uint32_t)(to - from),
				.view = (uint8_t)view});
		else
			try_candidates(r, view, &w->jobs[job], from, to);
	}
}

static bool
reserve_window(struct scratch *s)
{
	size_t size = s->window_size ? s->window_size * 2 : 256;
	struct window *v;

	if (s->window_count < s->window_size)
		return true;
	if (size > WINDOWS_MAX)
		return false;
	v = realloc(s->windows, size * sizeof(*v));
	if (v == NULL)
		return false;
	s->windows = v;
	s->window_size = size;
	return true;
}

/*
 * A match may begin in [from, to] as well. Windows of one string are in order
 * and do not touch; one that would break the order opens everything.
 */
static void
add_window(struct scratch *s, struct mark *m, uint32_t from, uint32_t to)
{
	struct window *last = m->first != 0 ? &s->windows[m->last] : NULL;
	bool room, breaks = last != NULL && from < last->from;

	if (last != NULL && from >= m->floor &&
	    (from <= last->to || from - last->to <= WINDOW_GAP)) {
		last->from = from < last->from ? from : last->from;
		last->to = to > last->to ? to : last->to;
		return;
	}
	/* The windows may move: `last` is not to be looked at behind this. */
	room = reserve_window(s);
	if (last != NULL && (breaks || !room)) {
		s->windows[m->first - 1] = (struct window){0, UINT32_MAX, 0};
		m->last = m->first - 1;
		m->floor = 0;
		return;
	}
	if (!room) {
		s->overflow = true;
		return;
	}
	s->windows[s->window_count] = (struct window){from, to, 0};
	if (m->first == 0) {
		m->first = (uint32_t)s->window_count + 1;
	} else {
		m->floor = s->windows[m->last].to + 1;
		s->windows[m->last].next = (uint32_t)s->window_count + 1;
	}
	m->last = (uint32_t)s->window_count++;
}

/*
 * The start of the line that is `lines` above that of `at`, but not before
 * `floor`.
 */
static size_t
line_above(struct str text, size_t at, uint32_t lines, size_t floor)
{
	for (;; lines--) {
		const char *newline = memrchr(text.p + floor, '\n', at - floor);

		if (newline == NULL)
			return floor;
		at = (size_t)(newline - text.p);
		if (lines == 0)
			return at + 1;
	}
}

/* Where a match that has the literal at `start` may begin at the earliest. */
static size_t
first_begin(const struct finding *f, const struct mark *m,
    const struct use *use, size_t start)
{
	size_t open;

	if (use->anchor == ANCHOR_BYTES)
		return start > use->most ? start - use->most : 0;
	/* A literal further on has its first line no further up. What is open
	 * already is not looked through again: no text makes that take more
	 * than one look at each byte. */
	open = m->first != 0 ? f->scratch->windows[m->last].to : 0;
	if (start - use->least < open)
		return 0;
	return line_above(f->text, start, use->most, open);
}

/* One clause of a job was seen in the current string. */
static void
mark_job(struct finding *f, const struct use *use, size_t start, size_t end)
{
	struct mark *m = &f->scratch->marks[use->job];

	if (m->string != f->scratch->mark_string)
		*m = (struct mark){.string = f->scratch->mark_string};
	if (use->anchor != ANCHOR_NONE) {
		if (start < use->least)
			return; /* no room for what comes before it */
		add_window(f->scratch, m,
		    (uint32_t)first_begin(f, m, use, start),
		    (uint32_t)(start - use->least));
	}
	if (m->seen == use->need)
		return;
	if (use->times > 1) {
		/* Places that do not overlap end at different offsets. */
		m->times += m->times == 0 || m->end != end;
		m->end = (uint32_t)end;
		if (m->times < use->times)
			return;
	}
	m->seen |= use->clause;
	if (m->seen == use->need)
		add_candidate(
		    f->scratch, use->job, (uint32_t)f->string, m->first);
}

static bool
has_edges(struct str text, size_t at, uint8_t edges)
{
	return edges == 0 || (edges & ~literal_edges(text, at)) == 0;
}

static void
on_literal(void *context, uint32_t first_use, size_t start, size_t end)
{
	struct finding *f = context;
	const struct use *use = &f->work->uses[first_use];

	for (;; use++) {
		if (has_edges(f->text, start, use->left) &&
		    has_edges(f->text, end, use->right))
			mark_job(f, use, start, end);
		if (use->last)
			break;
	}
}

static void
on_shape(void *context, uint32_t shape)
{
	struct finding *f = context;

	add_candidate(
	    f->scratch, f->group->jobs[shape], (uint32_t)f->string, 0);
}

static void
find_shapes(struct finding *f, const struct str_list *list)
{
	for (size_t g = 0; g < f->work->group_count; g++) {
		f->group = &f->work->groups[g];
		f->string = attempt_first(f->view, f->group->key);
		for (; f->string < list->len;
		     f->string += attempt_step(f->plan, f->view))
			shape_set_scan(
			    f->group->set, list->v[f->string], on_shape, f);
	}
}

/* Marks of former strings are older than this one's: none is cleared. */
static void
begin_marks(struct scratch *s)
{
	if (++s->mark_string != 0)
		return;
	memset(s->marks, 0, s->mark_count * sizeof(*s->marks));
	s->mark_string = 1;
}

static bool
find_literals(struct finding *f, const struct str_list *list)
{
	struct scratch *s = f->scratch;

	for (f->string = 0; f->string < list->len; f->string++) {
		const struct prefilter *filter =
		    f->work
			->filters[plan_string_key(f->plan, f->view, f->string)];

		f->text = list->v[f->string];
		if (filter == NULL || f->text.len == 0)
			continue;
		if (f->text.len > TEXT_MAX ||
		    !scratch_reserve(s, f->text.len + PREFILTER_PADDING))
			return false;
		begin_marks(s);
		prefilter_fold(f->text, s->folded);
		prefilter_scan(filter, f->text, s->folded, on_literal, f);
	}
	return true;
}

/* False: the prefilter cannot tell, every job has to be tried. */
bool
candidate_find(struct run *r, enum view view, const struct work *w)
{
	const struct str_list *list = &r->texts->list[view];
	struct finding f = {
	    .plan = r->plan, .scratch = r->scratch, .view = view, .work = w};

	r->scratch->candidate_first = r->scratch->candidate_count;
	r->scratch->overflow = false;
	if (list->len == 0)
		return true;
	if (w->filters != NULL && !find_literals(&f, list))
		return false;
	find_shapes(&f, list);
	return !r->scratch->overflow;
}
