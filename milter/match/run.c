#include "match/run.h"

#include "match/candidate.h"
#include "match/hits.h"
#include "match/scratch.h"
#include "match/special.h"

static void
try_job(struct run *r, enum view view, const struct job *j)
{
	struct attempt t = {.rule = j->rule,
	    .regex = j->regex,
	    .dfa = j->dfa,
	    .choice = j->choice,
	    .view = view,
	    .skip_unset = view == VIEW_HEADER};

	attempt_all(r, &t, j->key);
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
		hits_drop_span(r->hits, j->rule->index);
	}
}

static void
run_view(struct run *r, enum view view)
{
	const struct work *w = &r->plan->work[view];

	if (w->job_count == 0)
		return;
	if (candidate_find(r, view, w))
		stages_lap(&r->scratch->stages, STAGE_prefilter);
	else
		try_selected(r, view, w);
	candidate_try(r, view, w);
	for (size_t i = 0; i < w->always_count; i++)
		try_job(r, view, &w->jobs[w->always[i]]);
	if (view == VIEW_HEADER) {
		negate(r, w);
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
	special_captures(&r);
	special_exists(&r);
	for (int view = 0; view < VIEW_COUNT; view++)
		run_view(&r, (enum view)view);
	special_concats(&r);
	special_mime_negated(&r);
	special_uri_details(&r);
	special_templates(&r);
	for (size_t i = hits_next(out, 0); i != SIZE_MAX;
	     i = hits_next(out, i + 1))
		cost_add_hit(&s->cost, (uint32_t)i);
	out->truncated = a->full;
	stages_lap(&s->stages, STAGE_confirm);
	return true;
}
