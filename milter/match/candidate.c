#include "match/candidate.h"

#include "match/scratch.h"

#include <stdlib.h>

/* Windows as near to each other are searched as one. */
#define WINDOW_GAP 32
#define SHELL_SORT_MAX 1000

/* Where the prefilter reports to. */
struct finding {
	const struct plan *plan;
	struct scratch *scratch;
	enum view view;
	const struct work *work;
	size_t string; /* the one the last report was in */
	size_t count;  /* of strings */
	uint32_t mark_base;
	const struct shape_group *group;
};

static void
add_candidate(
    struct scratch *s, uint32_t job, uint32_t string, uint32_t windows)
{
	if (s->candidate_count == s->candidate_size) {
		size_t size = s->candidate_size ? s->candidate_size * 2 : 256;
		struct candidate *v;

		if (size > CANDIDATES_MAX) {
			s->overflow = true;
			return;
		}
		v = realloc(s->candidates, size * sizeof(*v));
		if (v == NULL) {
			s->overflow = true;
			return;
		}
		s->candidates = v;
		s->candidate_size = size;
	}
	s->candidates[s->candidate_count++] = (struct candidate){
	    .key = (uint64_t)job << 32 | string, .windows = windows};
}

static int
compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

/* Few as they mostly are, a call for each comparison would cost most. */
static void
sort_candidates(struct candidate *v, size_t n)
{
	static const size_t gaps[] = {301, 132, 57, 23, 10, 4, 1};

	if (n > SHELL_SORT_MAX) {
		qsort(v, n, sizeof(*v), compare_candidates);
		return;
	}
	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		for (size_t i = gaps[g]; i < n; i++) {
			struct candidate c = v[i];
			size_t k = i;

			for (; k >= gaps[g] && v[k - gaps[g]].key > c.key;
			     k -= gaps[g])
				v[k] = v[k - gaps[g]];
			v[k] = c;
		}
	}
}

/* The candidates [from, to), all of one job. */
static void
try_candidates(
    struct run *r, enum view view, const struct job *j, size_t from, size_t to)
{
	const struct candidate *v = r->scratch->candidates;
	struct attempt t = {.rule = j->rule,
	    .regex = j->regex,
	    .dfa = j->dfa,
	    .view = view,
	    .skip_unset = view == VIEW_HEADER};

	for (size_t i = from; i < to; i++) {
		t.windows = v[i].windows;
		/* Found twice: neither knows all there is. */
		for (; i + 1 < to && v[i + 1].key == v[i].key; i++)
			t.windows = 0;
		attempt_string(r, &t, (uint32_t)v[i].key);
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
	const struct candidate *v = s->candidates;
	size_t from = s->candidate_first, to;

	if (from == s->candidate_count)
		return;
	sort_candidates(s->candidates + from, s->candidate_count - from);
	for (; from < s->candidate_count; from = to) {
		uint32_t job = (uint32_t)(v[from].key >> 32);

		to = from + 1;
		while (to < s->candidate_count && v[to].key >> 32 == job)
			to++;
		if (r->leaves_open && w->jobs[job].may_stay_open)
			run_leave_open(r, w->jobs[job].rule,
			    (struct open_rule){.job = job,
				.first = (uint32_t)from,
				.count = (uint32_t)(to - from),
				.view = (uint8_t)view});
		else
			try_candidates(r, view, &w->jobs[job], from, to);
	}
}

/* The string that holds the byte before `end`; reports mostly go forward. */
static void
seek_string(struct finding *f, size_t end)
{
	const uint32_t *ends = f->scratch->ends;

	while (f->string > 0 && ends[f->string - 1] >= end)
		f->string--;
	while (f->string + 1 < f->count && ends[f->string] < end)
		f->string++;
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
 * One clause of a job was seen in the current string. Reports may come out of
 * order; for a string already left the job becomes a candidate unproved.
 */
static void
mark_job(struct finding *f, const struct use *use, size_t start, size_t end)
{
	const struct job *j = &f->work->jobs[use->job];
	struct mark *m = &f->scratch->marks[use->job];
	uint32_t string = f->mark_base + (uint32_t)f->string + 1;

	if (string < m->string) {
		add_candidate(f->scratch, use->job, (uint32_t)f->string, 0);
		return;
	}
	if (string > m->string)
		*m = (struct mark){.string = string};
	if (use->clause == j->anchor) {
		struct distance d = j->distance;

		if (start < d.least)
			return; /* no room for what comes before it */
		add_window(f->scratch, m,
		    (uint32_t)(start > d.most ? start - d.most : 0),
		    (uint32_t)(start - d.least));
	}
	if (m->seen == j->need)
		return;
	if (use->clause == 1 && j->times > 1) {
		/* Places that do not overlap end at different offsets. */
		m->times += m->times == 0 || m->end != end;
		m->end = (uint32_t)end;
		if (m->times < j->times)
			return;
	}
	m->seen |= use->clause;
	if (m->seen == j->need)
		add_candidate(
		    f->scratch, use->job, (uint32_t)f->string, m->first);
}

/* Do the edges at `at` of the string [from, end) have all of `wanted`? */
static bool
has_edges(const struct scratch *s, size_t from, size_t end, size_t at,
    unsigned wanted)
{
	struct str string;

	if (wanted == 0)
		return true;
	string = str_make(s->block + from, end - from);
	return (wanted & ~literal_edges(string, at - from)) == 0;
}

/* Most reports are of no use: what is cheap to know is looked at first. */
static void
on_literal(void *context, uint32_t id, size_t end)
{
	struct finding *f = context;
	const struct work *w = f->work;
	const struct scratch *s = f->scratch;
	size_t start, from;
	uint32_t key;

	seek_string(f, end);
	from = f->string > 0 ? s->ends[f->string - 1] : 0;
	start = end - w->literals[id].text.len;
	if (start > end || start < from)
		return; /* across two strings */
	key = plan_string_key(f->plan, f->view, f->string);
	for (uint32_t u = w->first_use[id]; u < w->first_use[id + 1]; u++) {
		const struct use *use = &w->uses[u];
		size_t to = s->ends[f->string];

		if (use->key == key &&
		    has_edges(s, from, to, start, use->left) &&
		    has_edges(s, from, to, end, use->right))
			mark_job(f, use, start - from, end);
	}
}

/* The view's strings end to end; false when they are too much for one block. */
static bool
join_strings(struct scratch *s, const struct str_list *list)
{
	size_t len = 0;

	for (size_t i = 0; i < list->len; i++)
		len += list->v[i].len;
	if (len > BLOCK_MAX || list->len > BLOCK_MAX ||
	    !scratch_reserve(s, len, list->len))
		return false;
	len = 0;
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].len > 0)
			memcpy(s->block + len, list->v[i].p, list->v[i].len);
		len += list->v[i].len;
		s->ends[i] = (uint32_t)len;
	}
	s->block_len = len;
	return true;
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

/* Marks of former scans are older than all of this one: none is cleared. */
static void
begin_marks(struct scratch *s, size_t strings)
{
	if (strings < UINT32_MAX - s->mark_base)
		return;
	memset(s->marks, 0, s->mark_count * sizeof(*s->marks));
	s->mark_base = 0;
}

static bool
find_literals(struct finding *f, const struct str_list *list)
{
	struct scratch *s = f->scratch;

	if (!join_strings(s, list))
		return false;
	begin_marks(s, f->count);
	f->mark_base = s->mark_base;
	s->mark_base += (uint32_t)f->count;
	return prefilter_scan(f->work->filter, s->filter,
	    str_make(s->block, s->block_len), on_literal, f);
}

/* False: the prefilter cannot tell, every job has to be tried. */
bool
candidate_find(struct run *r, enum view view, const struct work *w)
{
	const struct str_list *list = &r->texts->list[view];
	struct finding f = {.plan = r->plan,
	    .scratch = r->scratch,
	    .view = view,
	    .work = w,
	    .count = list->len};

	r->scratch->candidate_first = r->scratch->candidate_count;
	r->scratch->overflow = false;
	if (list->len == 0)
		return true;
	if (w->filter != NULL && !find_literals(&f, list))
		return false;
	find_shapes(&f, list);
	return !r->scratch->overflow;
}
