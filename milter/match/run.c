#include "match/run.h"

#include "match/candidate.h"
#include "match/hits.h"
#include "match/scratch.h"
#include "match/special.h"

static void
try_job(struct run *r, enum view view, const struct job *j)
{
	struct attempt t = attempt_of_job(j, view);

	attempt_all(r, &t, j->key);
}

static void
try_selected(struct run *r, enum view view, const struct work *w)
{
	r->scratch->candidate_count = r->scratch->candidate_first;
	for (size_t i = 0; i < w->job_count; i++)
		if (!w->jobs[i].always)
			try_job(r, view, &w->jobs[i]);
}

/* Headers that do not exist: what that means was found out beforehand. */
static void
add_unset(struct run *r, const struct work *w)
{
	for (size_t i = 0; i < w->unset_count; i++) {
		const struct job *j = &w->jobs[w->unset[i]];

		if (r->texts->list[VIEW_HEADER].v[j->key].p == NULL)
			r->hits->value[j->index] = j->unset;
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
negate(struct run *r, const struct job *j)
{
	double *value = &r->hits->value[j->index];

	if (r->texts->list[VIEW_HEADER].v[j->key].p == NULL)
		return;
	if (*value != 0 || hits_is_limited(r->hits, j->index))
		*value = 0;
	else
		*value = negated_value(j->rule);
	hits_drop_span(r->hits, j->index);
}

static void
negate_all(struct run *r, const struct work *w)
{
	for (size_t i = 0; i < w->negated_count; i++) {
		const struct job *j = &w->jobs[w->negated[i]];

		if (!bitset_has(&r->hits->open, j->index))
			negate(r, j);
	}
}

/* ---- rules that stay open ------------------------------------------------ */

void
run_leave_open(struct run *r, uint32_t rule, struct open_rule how)
{
	bitset_add(&r->hits->open, rule);
	r->scratch->open[rule] = how;
}

static void
ask_job(struct run *r, const struct open_rule *how)
{
	enum view view = (enum view)how->view;
	const struct job *j = &r->plan->work[view].jobs[how->job];

	if (how->count > 0)
		candidate_try_open(r, j, how);
	else
		try_job(r, view, j);
	if (j->rule->negated)
		negate(r, j);
}

void
run_ask(struct run *r, uint32_t rule)
{
	const struct open_rule *how = &r->scratch->open[rule];
	const struct rule *asked = &r->plan->rules->rules[rule];

	if (asked->type == RULE_URI_DETAIL)
		special_uri_detail(r, &r->plan->uri_details.v[how->job]);
	else if (asked->template)
		special_template(r, &r->plan->templates.v[how->job]);
	else
		ask_job(r, how);
	bitset_remove(&r->hits->open, rule);
}

/* ---- all rules ----------------------------------------------------------- */

/* What has no literals may match everywhere. */
static void
try_always(struct run *r, enum view view, const struct work *w)
{
	for (size_t i = 0; i < w->always_count; i++) {
		const struct job *j = &w->jobs[w->always[i]];
		bool absent = view == VIEW_HEADER &&
			      r->texts->list[VIEW_HEADER].v[j->key].p == NULL;

		if (r->leaves_open && j->may_stay_open && !absent)
			run_leave_open(r, j->index,
			    (struct open_rule){
				.job = w->always[i], .view = (uint8_t)view});
		else
			try_job(r, view, j);
	}
}

static void
run_view(struct run *r, enum view view)
{
	const struct work *w = &r->plan->work[view];

	if (w->job_count == 0 || r->texts->list[view].len == 0)
		return;
	if (candidate_find(r, view, w))
		stages_lap(&r->scratch->stages, STAGE_prefilter);
	else
		try_selected(r, view, w);
	candidate_try(r, view, w);
	try_always(r, view, w);
	if (view == VIEW_HEADER) {
		negate_all(r, w);
		add_unset(r, w);
	}
	stages_lap(&r->scratch->stages, STAGE_confirm);
}

uint32_t
run_unset_value(
    struct regex_scratch *s, const struct rule *rule, const struct regex *regex)
{
	struct str text = rule->has_unset ? rule->unset : STR("");
	struct scratch scratch = {.regex = s};
	struct rule alone = *rule;
	uint32_t limited;
	double value = 0;
	struct hits hits = {.value = &value, .limited = &limited};
	struct run r = {.scratch = &scratch, .hits = &hits};
	struct attempt t = {.rule = &alone, .regex = regex};

	alone.index = 0;
	attempt_match(&r, &t, text);
	if (!rule->negated)
		return (uint32_t)value;
	return value != 0 ? 0 : negated_value(rule);
}

static void
run_all(struct run *r)
{
	special_captures(r);
	special_exists(r);
	for (int view = 0; view < VIEW_COUNT; view++)
		run_view(r, (enum view)view);
	special_concats(r);
	special_mime_negated(r);
	special_uri_details(r);
	special_templates(r);
}

struct run *
run_texts(const struct plan *p, struct scratch *s, const struct texts *texts,
    const struct tag_source *tags, struct arena *a, enum run_extent extent,
    struct hits *out)
{
	struct run *r = arena_alloc(a, sizeof(*r));

	if (r == NULL || !hits_init(out, p->rules->count, a))
		return NULL;
	*r = (struct run){.plan = p,
	    .scratch = s,
	    .texts = texts,
	    .source = tags,
	    .arena = a,
	    .hits = out,
	    .leaves_open = extent == RUN_WITHOUT_HELPERS};
	r->tags.arena = a;
	s->candidate_count = 0;
	s->window_count = 0;
	dfa_reader_begin(s->dfas);
	cost_begin(&s->cost);
	run_all(r);
	out->truncated = a->full;
	stages_lap(&s->stages, STAGE_confirm);
	return r;
}
