#include "match/attempt.h"

#include "base/clock.h"
#include "base/err.h"
#include "match/hits.h"
#include "match/scratch.h"
#include "match/unbroken.h"

#include <math.h>

/* Places an automaton is asked for, one after the other in vain. */
#define ASKED_MAX 4

struct attempt
attempt_of_job(const struct job *j, enum view view)
{
	return (struct attempt){.rule = j->rule,
	    .regex = j->regex,
	    .dfa = j->dfa,
	    .counter = j->counter,
	    .brief = j->brief,
	    .unbroken = j->unbroken,
	    .view = view,
	    .skip_unset = view == VIEW_HEADER};
}

static double
most_hits(const struct rule *rule, enum view view)
{
	double most = rule_most_hits(rule);

	if (most < INFINITY)
		return most;
	return view == VIEW_MIME ? ATTEMPT_MIME_HITS_MAX : UINT32_MAX;
}

static void
set_span(struct run *r, const struct attempt *t, struct str text,
    struct regex_span at)
{
	struct match_span span = {
	    .text = str_make(text.p + at.start, at.end - at.start),
	    .view = view_text(t->view)};

	hits_add_span(r->hits, r->arena, t->rule->index, span);
}

/* The pattern to search `text` with. */
static const struct regex *
regex_for(const struct attempt *t, struct str text)
{
	if (t->brief.regex == NULL || text.len > t->brief.line_max ||
	    memchr(text.p, '\n', text.len - (text.len > 0)) != NULL)
		return t->regex;
	return t->brief.regex;
}

/* Where the search for the next match of one string is. */
struct search {
	const struct regex *regex;
	struct dfa *dfa;	      /* NULL: is not asked */
	const struct window *windows; /* NULL: everywhere */
	uint32_t window;	      /* the current one, plus one; 0 = none */
	size_t from;
	bool not_empty; /* the last match was, and ended at `from` */
};

static bool
next_places(
    struct search *q, struct str text, int asked, struct regex_span *where)
{
	if (q->dfa == NULL || asked >= ASKED_MAX)
		return dfa_next_window(text, q->windows, &q->window, where);
	return dfa_next(q->dfa, text, q->windows, &q->window, where);
}

/* A match begins in no other place, so the first one found is the first. */
static int
search_next(struct search *q, struct regex_scratch *s, struct str text,
    struct regex_span *at)
{
	struct regex_span where = {q->from, 0};

	if (q->not_empty)
		return regex_match_not_empty(q->regex, s, text, q->from, at);
	for (int asked = 0; next_places(q, text, asked, &where); asked++) {
		int rc = regex_match_between(q->regex, s, text, where, at);

		if (rc != 0)
			return rc;
		where.start = where.end + 1;
	}
	return 0;
}

/*
 * All matches in one string, counted as Perl's while (/.../g) does: after an
 * empty match the next one must not be empty at the same place.
 */
static void
match_all(
    struct run *r, const struct attempt *t, struct dfa *dfa, struct str text)
{
	struct regex_scratch *s = r->scratch->regex;
	double *value = &r->hits->value[t->rule->index];
	double most = most_hits(t->rule, t->view);
	struct search q = {
	    .regex = regex_for(t, text), .dfa = dfa, .window = t->windows};
	struct regex_span at = {0};
	int rc;

	if (t->windows != 0)
		q.windows = r->scratch->windows;
	rc = search_next(&q, s, text, &at);

	while (rc == 1) {
		set_span(r, t, text, at);
		if (t->values != NULL)
			capture_gather(t->values, r->arena, t->regex, s, text);
		*value += 1;
		if (*value >= most)
			break;
		q.from = at.end;
		q.not_empty = at.end == at.start;
		rc = search_next(&q, s, text, &at);
	}
	if (rc == ERR_LIMIT)
		hits_add_limited(r->hits, t->rule->index);
}

void
attempt_match(struct run *r, const struct attempt *t, struct str text)
{
	match_all(r, t, NULL, text);
}

/* The automaton first or PCRE2 alone, whichever is faster. */
static void
match_faster(struct run *r, const struct attempt *t, struct str text)
{
	struct trial *trial = dfa_trial(r->scratch->dfas, t->dfa);
	struct dfa *dfa = trial_way(trial) == 0 ? t->dfa : NULL;
	int64_t start;

	if (!trial_is_on(trial)) {
		match_all(r, t, dfa, text);
		return;
	}
	start = clock_mono_ns();
	match_all(r, t, dfa, text);
	trial_note(trial, clock_mono_ns() - start, text.len);
}

/* The same for a pattern that needs no search. */
static void
count_matches(struct run *r, const struct attempt *t, struct str text)
{
	double *value = &r->hits->value[t->rule->index];
	double most = most_hits(t->rule, t->view) - *value;
	bool is_first = *value == 0;
	struct regex_span at = {0};
	size_t count = counter_count(
	    t->counter, text, (size_t)most, is_first ? &at : NULL);

	if (count > 0 && is_first)
		set_span(r, t, text, at);
	*value += (double)count;
}

static void
try_text(struct run *r, const struct attempt *t, struct str text)
{
	if (t->unbroken > 0 && !unbroken_is_in(text, t->unbroken))
		return;
	if (t->counter != NULL)
		count_matches(r, t, text);
	else if (t->dfa != NULL)
		match_faster(r, t, text);
	else
		attempt_match(r, t, text);
}

bool
attempt_in_range(const struct run *r, const struct rule *rule, size_t i)
{
	size_t node = i / r->plan->queries.mime_count + 1;

	return (rule->range_from == 0 || node >= rule->range_from) &&
	       (rule->range_to == 0 || node <= rule->range_to);
}

/* Is there anything left to learn from string `i`? */
static bool
wants_string(const struct run *r, const struct attempt *t, size_t i)
{
	double value = r->hits->value[t->rule->index];

	if (value != 0 &&
	    (t->view == VIEW_MIME || value >= most_hits(t->rule, t->view)))
		return false;
	if (t->view == VIEW_BODY && i == 0 &&
	    (t->rule->flags & TFLAG_NOSUBJECT) != 0)
		return false;
	if (t->view == VIEW_MIME && !attempt_in_range(r, t->rule, i))
		return false;
	return r->hits->limited_count == 0 ||
	       !hits_is_limited(r->hits, t->rule->index);
}

void
attempt_string(struct run *r, const struct attempt *t, size_t i)
{
	struct str text = r->texts->list[t->view].v[i];
	uint64_t start;

	if (!wants_string(r, t, i))
		return;
	if (text.p == NULL) {
		if (t->skip_unset)
			return;
		/* Perl matches an undefined value as an empty one. */
		text = t->rule->has_unset ? t->rule->unset : STR("");
	}
	start = cost_start(&r->scratch->cost);
	try_text(r, t, text);
	cost_stop(&r->scratch->cost, t->rule->index, start);
}

/* The strings of a view that hold a key: the first, and how far to the next. */
size_t
attempt_first(enum view view, uint32_t key)
{
	return view == VIEW_HEADER || view == VIEW_MIME ? key : 0;
}

size_t
attempt_step(const struct plan *p, enum view view)
{
	if (view == VIEW_HEADER)
		return p->queries.header_count;
	return view == VIEW_MIME ? p->queries.mime_count : 1;
}

void
attempt_all(struct run *r, const struct attempt *t, uint32_t key)
{
	size_t step = attempt_step(r->plan, t->view);

	for (size_t i = attempt_first(t->view, key);
	     i < r->texts->list[t->view].len; i += step)
		attempt_string(r, t, i);
}
