#include "match/run.h"

#include "base/err.h"
#include "match/capture.h"
#include "match/hits.h"
#include "match/scratch.h"

#include <stdlib.h>

/* mimeheader: matches counted within one node. */
#define MIME_HITS_MAX 1000

struct run {
	const struct plan *plan;
	struct scratch *scratch;
	const struct texts *texts;
	const struct tag_source *source;
	struct arena *arena;
	struct hits *hits;
	struct tags tags;
};

/* One pattern being tried: what it is, and where its hits go. */
struct attempt {
	const struct rule *rule;
	const struct regex *regex;
	enum view view;
	struct tag_values *values; /* NULL: sets no tags */
	bool skip_unset;	   /* job.unset has the answer already */
};

static double
most_hits(const struct rule *rule, enum view view)
{
	if ((rule->flags & TFLAG_MULTIPLE) == 0)
		return 1;
	if (rule->maxhits != 0)
		return rule->maxhits;
	return view == VIEW_MIME ? MIME_HITS_MAX : UINT32_MAX;
}

static void
set_span(struct run *r, const struct attempt *t, struct str text,
    struct regex_span at)
{
	struct match_span *span = &r->hits->span[t->rule->index];

	if (span->text.p != NULL)
		return;
	span->text = str_make(text.p + at.start, at.end - at.start);
	span->view = view_text(t->view);
}

/*
 * All matches in one string, counted as Perl's while (/.../g) does: after an
 * empty match the next one must not be empty at the same place.
 */
static void
match_string(struct run *r, const struct attempt *t, struct str text)
{
	struct regex_scratch *s = r->scratch->regex;
	double *value = &r->hits->value[t->rule->index];
	double most = most_hits(t->rule, t->view);
	struct regex_span at = {0};
	size_t from = 0;
	int rc = regex_match(t->regex, s, text, from, &at);

	while (rc == 1) {
		set_span(r, t, text, at);
		if (t->values != NULL)
			capture_gather(t->values, r->arena, t->regex, s, text);
		*value += 1;
		if (*value >= most)
			break;
		from = at.end;
		if (at.end == at.start)
			rc =
			    regex_match_not_empty(t->regex, s, text, from, &at);
		else
			rc = regex_match(t->regex, s, text, from, &at);
	}
	if (rc == ERR_LIMIT)
		hits_add_limited(r->hits, t->rule->index);
}

static bool
mime_node_in_range(const struct run *r, const struct rule *rule, size_t i)
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
	if (t->view == VIEW_MIME && !mime_node_in_range(r, t->rule, i))
		return false;
	return r->hits->limited_count == 0 ||
	       !hits_is_limited(r->hits, t->rule->index);
}

static void
try_string(struct run *r, const struct attempt *t, size_t i)
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
	match_string(r, t, text);
	cost_stop(&r->scratch->cost, t->rule->index, start);
}

/* The strings of a view that hold a key: the first, and how far to the next. */
static size_t
first_string(enum view view, uint32_t key)
{
	return view == VIEW_HEADER || view == VIEW_MIME ? key : 0;
}

static size_t
string_step(const struct plan *p, enum view view)
{
	if (view == VIEW_HEADER)
		return p->queries.header_count;
	return view == VIEW_MIME ? p->queries.mime_count : 1;
}

static void
try_all_strings(struct run *r, const struct attempt *t, uint32_t key)
{
	size_t step = string_step(r->plan, t->view);

	for (size_t i = first_string(t->view, key);
	     i < r->texts->list[t->view].len; i += step)
		try_string(r, t, i);
}

/* ---- candidates ------------------------------------------------------------
 */

/* Where the prefilter reports to. */
struct finding {
	const struct plan *plan;
	struct scratch *scratch;
	enum view view;
	const struct work *work;
	size_t string; /* the one the last report was in */
	size_t count;  /* of strings */
	const struct shape_group *group;
};

static void
add_candidate(struct scratch *s, uint32_t job, uint32_t string)
{
	if (s->candidate_count == s->candidate_size) {
		size_t size = s->candidate_size ? s->candidate_size * 2 : 256;
		uint64_t *v;

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
	s->candidates[s->candidate_count++] = (uint64_t)job << 32 | string;
}

static int
compare_candidates(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
try_candidates(struct run *r, enum view view, const struct work *w)
{
	struct scratch *s = r->scratch;
	struct attempt t = {.view = view, .skip_unset = view == VIEW_HEADER};
	uint64_t last = UINT64_MAX;

	qsort(s->candidates, s->candidate_count, sizeof(*s->candidates),
	    compare_candidates);
	for (size_t i = 0; i < s->candidate_count; i++) {
		const struct job *j;

		if (s->candidates[i] == last)
			continue;
		last = s->candidates[i];
		j = &w->jobs[last >> 32];
		t.rule = j->rule;
		t.regex = j->regex;
		try_string(r, &t, (uint32_t)last);
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

/*
 * One clause of a job was seen in the current string. Reports may come out of
 * order; for a string already left the job becomes a candidate unproved.
 */
static void
mark_job(struct finding *f, const struct use *use, size_t end)
{
	const struct job *j = &f->work->jobs[use->job];
	struct mark *m = &f->scratch->marks[use->job];
	uint32_t string = (uint32_t)f->string + 1;

	if (string < m->string) {
		add_candidate(f->scratch, use->job, string - 1);
		return;
	}
	if (string > m->string)
		*m = (struct mark){.string = string};
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
		add_candidate(f->scratch, use->job, string - 1);
}

static void
on_literal(void *context, uint32_t id, size_t end)
{
	struct finding *f = context;
	const struct work *w = f->work;
	struct str block;
	uint32_t key;
	size_t start, from, len;
	unsigned left, right;

	seek_string(f, end);
	from = f->string > 0 ? f->scratch->ends[f->string - 1] : 0;
	len = w->literals[id].text.len;
	start = end - len;
	if (end < len || start < from)
		return; /* across two strings */
	block = str_make(
	    f->scratch->block + from, f->scratch->ends[f->string] - from);
	left = literal_edges(block, start - from);
	right = literal_edges(block, end - from);
	key = plan_string_key(f->plan, f->view, f->string);
	for (uint32_t u = w->first_use[id]; u < w->first_use[id + 1]; u++) {
		const struct use *use = &w->uses[u];

		if (w->jobs[use->job].key == key && (use->left & ~left) == 0 &&
		    (use->right & ~right) == 0)
			mark_job(f, use, end);
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

	add_candidate(f->scratch, f->group->jobs[shape], (uint32_t)f->string);
}

static void
find_shapes(struct finding *f, const struct str_list *list)
{
	for (size_t g = 0; g < f->work->group_count; g++) {
		f->group = &f->work->groups[g];
		f->string = first_string(f->view, f->group->key);
		for (; f->string < list->len;
		     f->string += string_step(f->plan, f->view))
			shape_set_scan(
			    f->group->set, list->v[f->string], on_shape, f);
	}
}

static bool
find_literals(struct finding *f, const struct str_list *list)
{
	struct scratch *s = f->scratch;

	if (!join_strings(s, list))
		return false;
	memset(s->marks, 0, f->work->job_count * sizeof(*s->marks));
	return prefilter_scan(f->work->filter, s->filter,
	    str_make(s->block, s->block_len), on_literal, f);
}

/* False: the prefilter cannot tell, every job has to be tried. */
static bool
find_candidates(struct run *r, enum view view, const struct work *w)
{
	const struct str_list *list = &r->texts->list[view];
	struct finding f = {.plan = r->plan,
	    .scratch = r->scratch,
	    .view = view,
	    .work = w,
	    .count = list->len};

	r->scratch->candidate_count = 0;
	r->scratch->overflow = false;
	if (list->len == 0)
		return true;
	if (w->filter != NULL && !find_literals(&f, list))
		return false;
	find_shapes(&f, list);
	return !r->scratch->overflow;
}

/* ---- views -----------------------------------------------------------------
 */

static void
try_job(struct run *r, enum view view, const struct job *j)
{
	struct attempt t = {.rule = j->rule,
	    .regex = j->regex,
	    .view = view,
	    .skip_unset = view == VIEW_HEADER};

	try_all_strings(r, &t, j->key);
}

static void
try_selected(struct run *r, enum view view, const struct work *w)
{
	r->scratch->candidate_count = 0;
	for (size_t i = 0; i < w->job_count; i++)
		if (w->jobs[i].need != 0)
			try_job(r, view, &w->jobs[i]);
}

/* Headers that do not exist: what that means was found out beforehand. */
static void
add_unset(struct run *r, const struct work *w)
{
	for (size_t i = 0; i < w->unset_count; i++) {
		const struct job *j = &w->jobs[w->unset[i]];

		if (r->texts->list[VIEW_HEADER].v[j->key].p == NULL)
			r->hits->value[j->rule->index] = j->unset;
	}
}

/* A pattern that stays unmatched counts as often as it may. */
static uint32_t
negated_value(const struct rule *rule)
{
	if ((rule->flags & TFLAG_MULTIPLE) == 0 || rule->maxhits == 0)
		return 1;
	return rule->maxhits;
}

static void
negate(struct run *r, const struct work *w)
{
	for (size_t i = 0; i < w->negated_count; i++) {
		const struct job *j = &w->jobs[w->negated[i]];
		double *value = &r->hits->value[j->rule->index];

		if (r->texts->list[VIEW_HEADER].v[j->key].p == NULL)
			continue;
		if (*value != 0 || hits_is_limited(r->hits, j->rule->index))
			*value = 0;
		else
			*value = negated_value(j->rule);
		r->hits->span[j->rule->index] = (struct match_span){0};
	}
}

static void
run_view(struct run *r, enum view view)
{
	const struct work *w = &r->plan->work[view];

	if (w->job_count == 0)
		return;
	if (!find_candidates(r, view, w))
		try_selected(r, view, w);
	try_candidates(r, view, w);
	for (size_t i = 0; i < w->always_count; i++)
		try_job(r, view, &w->jobs[w->always[i]]);
	if (view == VIEW_HEADER) {
		negate(r, w);
		add_unset(r, w);
	}
}

/* ---- the uncommon rules
 * ------------------------------------------------------ */

static void
run_exists(struct run *r)
{
	const struct special_list *list = &r->plan->exists;

	for (size_t i = 0; i < list->len; i++)
		if (r->texts->list[VIEW_HEADER].v[list->v[i].key].p != NULL)
			r->hits->value[list->v[i].rule->index] = 1;
}

static void
run_special(
    struct run *r, const struct special *special, const struct regex *regex)
{
	struct tag_values *values = NULL;
	struct attempt t = {
	    .rule = special->rule, .regex = regex, .view = special->view};

	if (special->rule->captures)
		values = arena_zalloc(r->arena, sizeof(*values));
	t.values = values;
	try_all_strings(r, &t, special->key);
	if (values != NULL)
		capture_set(&r->tags, values);
}

static void
run_captures(struct run *r)
{
	const struct special_list *list = &r->plan->captures;

	for (size_t i = 0; i < list->len; i++)
		run_special(r, &list->v[i], list->v[i].rule->regex);
}

/* HEADER(From:addr) and tags that stand for a header. */
static bool
lookup_tag(void *context, struct str name, struct str *value_out)
{
	const struct tag_source *source = context;
	struct str query = STR_NONE;

	if (source == NULL)
		return false;
	if (str_starts(name, STR("HEADER(")) && name.p[name.len - 1] == ')')
		query = str_make(name.p + 7, name.len - 8);
	else if (str_is(name, "SENDERDOMAIN"))
		query = STR("X-SenderDomain");
	else if (str_is(name, "AUTHORDOMAIN"))
		query = STR("X-AuthorDomain");
	if (query.len == 0 ||
	    !source->header(source->context, query, value_out))
		return false;
	*value_out = str_trim_right(*value_out);
	return true;
}

static void
run_templates(struct run *r)
{
	const struct special_list *list = &r->plan->templates;

	for (size_t i = 0; i < list->len; i++) {
		const struct rule *rule = list->v[i].rule;
		struct regex_error error;
		struct regex *regex;
		struct buf pattern;

		buf_init_arena(&pattern, r->arena);
		if (!capture_expand(rule->pattern, &r->tags, lookup_tag,
			(void *)(uintptr_t)r->source, &pattern))
			continue;
		regex =
		    regex_compile(buf_str(&pattern), rule->regex_flags, &error);
		if (regex == NULL)
			continue;
		run_special(r, &list->v[i], regex);
		regex_free(&regex);
	}
}

/* All nodes' values of one header, each ending in a newline. */
static struct str
join_nodes(struct run *r, const struct special *special)
{
	const struct str_list *list = &r->texts->list[VIEW_MIME];
	struct buf all;

	buf_init_arena(&all, r->arena);
	for (size_t i = special->key; i < list->len;
	     i += r->plan->queries.mime_count) {
		struct str v = list->v[i];

		if (!mime_node_in_range(r, special->rule, i))
			continue;
		buf_add(&all, v);
		if (v.len == 0 || v.p[v.len - 1] != '\n')
			buf_add_char(&all, '\n');
	}
	return buf_str(&all);
}

static void
run_concats(struct run *r)
{
	const struct special_list *list = &r->plan->concats;

	for (size_t i = 0; i < list->len; i++) {
		const struct rule *rule = list->v[i].rule;
		struct attempt t = {
		    .rule = rule, .regex = rule->regex, .view = VIEW_MIME};

		match_string(r, &t, join_nodes(r, &list->v[i]));
	}
}

/*
 * A negated mimeheader rule hits every message: SpamAssassin 4.0.1 never counts
 * what its negated pattern found, and rule files are judged by what it does.
 */
static void
run_mime_negated(struct run *r)
{
	for (size_t i = 0; i < r->plan->mime_negated_count; i++)
		r->hits->value[r->plan->mime_negated[i]] = 1;
}

uint32_t
run_unset_value(
    struct regex_scratch *s, const struct rule *rule, const struct regex *regex)
{
	struct str text = rule->has_unset ? rule->unset : STR("");
	struct scratch scratch = {.regex = s};
	struct match_span span = {0};
	struct rule alone = *rule;
	uint32_t limited;
	double value = 0;
	struct hits hits = {
	    .value = &value, .span = &span, .limited = &limited};
	struct run r = {.scratch = &scratch, .hits = &hits};
	struct attempt t = {.rule = &alone, .regex = regex};

	alone.index = 0;
	match_string(&r, &t, text);
	if (!rule->negated)
		return (uint32_t)value;
	return value != 0 ? 0 : negated_value(rule);
}

bool
run_texts(const struct plan *p, struct scratch *s, const struct texts *texts,
    const struct tag_source *tags, struct arena *a, struct hits *out)
{
	struct run r = {.plan = p,
	    .scratch = s,
	    .texts = texts,
	    .source = tags,
	    .arena = a,
	    .hits = out};

	if (!hits_init(out, p->rules->count, a))
		return false;
	r.tags.arena = a;
	cost_begin(&s->cost);
	run_captures(&r);
	run_exists(&r);
	for (int view = 0; view < VIEW_COUNT; view++)
		run_view(&r, (enum view)view);
	run_concats(&r);
	run_mime_negated(&r);
	run_templates(&r);
	for (uint32_t i = 0; i < p->rules->count; i++)
		if (out->value[i] != 0)
			cost_add_hit(&s->cost, i);
	out->truncated = a->full;
	return true;
}
