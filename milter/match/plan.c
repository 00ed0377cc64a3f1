#include "match/plan.h"

#include "base/vec.h"
#include "match/hits.h"
#include "match/run.h"
#include "match/scratch.h"
#include "match/select.h"
#include "match/special.h"

#include <stdlib.h>

/* Keys of header and MIME queries while the plan is built. */
struct builder {
	struct plan *plan;
	const struct plan_options *options;
	struct diags *diags;
	struct map *headers; /* text as written -> index + 1 */
	struct map *mimes;
	VEC(struct prepared_query) header_queries;
	VEC(struct mime_query) mime_queries;
	VEC(struct job) jobs[VIEW_COUNT];
	VEC(uint32_t) mime_negated;
	struct sample sample;
};

static void
add_special(struct special_list *list, const struct rule *rule, enum view view,
    uint32_t key)
{
	*VEC_PUSH(list) =
	    (struct special){.rule = rule, .view = view, .key = key};
}

static bool
header_key(struct builder *b, const struct rule *rule, uint32_t *key_out)
{
	uintptr_t known = (uintptr_t)map_get(b->headers, rule->header);
	struct header_query q;

	if (known == 0) {
		if (!header_query_parse(rule->header, &q)) {
			diag_add(b->diags, SEVERITY_ERROR, rule->pos,
			    "%.*s: no such header query: %.*s",
			    STR_ARG(rule->name), STR_ARG(rule->header));
			return false;
		}
		*VEC_PUSH(&b->header_queries) = header_query_prepare(q);
		known = b->header_queries.len;
		map_set(b->headers, rule->header, (void *)known);
	}
	*key_out = (uint32_t)(known - 1);
	return true;
}

static uint32_t
mime_key(struct builder *b, const struct rule *rule)
{
	uintptr_t known = (uintptr_t)map_get(b->mimes, rule->header);

	if (known == 0) {
		struct mime_query q = {.name = rule->header};

		q.raw = str_ends(q.name, STR(":raw"));
		if (q.raw)
			q.name.len -= 4;
		*VEC_PUSH(&b->mime_queries) = q;
		known = b->mime_queries.len;
		map_set(b->mimes, rule->header, (void *)known);
	}
	return (uint32_t)(known - 1);
}

static void
add_template(
    struct builder *b, const struct rule *rule, enum view view, uint32_t key)
{
	struct special_list *list = &b->plan->templates;

	add_special(list, rule, view, key);
	if (!b->options->no_prefilter)
		special_template_need(&list->v[list->len - 1], &b->plan->arena);
}

static void
add_job(
    struct builder *b, const struct rule *rule, enum view view, uint32_t key)
{
	if (rule->template)
		add_template(b, rule, view, key);
	else if (rule->regex == NULL)
		return;
	else if (rule->captures)
		add_special(&b->plan->captures, rule, view, key);
	else
		*VEC_PUSH(&b->jobs[view]) = (struct job){.rule = rule,
		    .index = rule->index,
		    .regex = rule->regex,
		    .key = key,
		    .always = true,
		    .may_stay_open = rule_is_helper(rule)};
}

static void
add_mime_rule(struct builder *b, const struct rule *rule)
{
	uint32_t key = mime_key(b, rule);

	if (rule->negated)
		*VEC_PUSH(&b->mime_negated) = rule->index;
	else if (rule->flags & TFLAG_CONCAT)
		add_special(&b->plan->concats, rule, VIEW_MIME, key);
	else
		add_job(b, rule, VIEW_MIME, key);
}

static void
add_header_rule(struct builder *b, const struct rule *rule)
{
	uint32_t key;

	if (!header_key(b, rule, &key))
		return;
	if (rule->exists)
		add_special(&b->plan->exists, rule, VIEW_HEADER, key);
	else
		add_job(b, rule, VIEW_HEADER, key);
}

static void
add_rule(struct builder *b, const struct rule *rule)
{
	if (!rule->enabled || rule->invalid)
		return;
	switch (rule->type) {
	case RULE_HEADER:
		add_header_rule(b, rule);
		break;
	case RULE_MIMEHEADER:
		add_mime_rule(b, rule);
		break;
	case RULE_BODY:
		add_job(b, rule, VIEW_BODY, 0);
		break;
	case RULE_RAWBODY:
		add_job(b, rule, VIEW_RAWBODY, 0);
		break;
	case RULE_FULL:
		add_job(b, rule, VIEW_FULL, 0);
		break;
	case RULE_URI:
		add_job(b, rule, VIEW_URI, 0);
		break;
	case RULE_URI_DETAIL:
		add_special(&b->plan->uri_details, rule, VIEW_URI, 0);
		break;
	default:
		break;
	}
}

static size_t
view_keys(const struct builder *b, enum view view)
{
	if (view == VIEW_HEADER)
		return b->header_queries.len;
	return view == VIEW_MIME ? b->mime_queries.len : 1;
}

static void
finish_work(struct builder *b, enum view view)
{
	struct work *w = &b->plan->work[view];

	w->jobs = b->jobs[view].v;
	w->job_count = b->jobs[view].len;
	if (!b->options->no_prefilter)
		select_build(b->plan, view, view_keys(b, view), &b->sample);
	w->always = mem_array(w->job_count + 1, sizeof(*w->always));
	w->negated = mem_array(w->job_count + 1, sizeof(*w->negated));
	for (uint32_t i = 0; i < w->job_count; i++) {
		if (w->jobs[i].always)
			w->always[w->always_count++] = i;
		if (w->jobs[i].rule->negated)
			w->negated[w->negated_count++] = i;
	}
}

/* What each header rule is worth when its header does not exist. */
static void
find_unset_values(struct plan *p)
{
	struct work *w = &p->work[VIEW_HEADER];
	struct regex_scratch *s = regex_scratch_new(&p->limits);

	w->unset = mem_array(w->job_count + 1, sizeof(*w->unset));
	for (uint32_t i = 0; i < w->job_count; i++) {
		w->jobs[i].unset =
		    run_unset_value(s, w->jobs[i].rule, w->jobs[i].regex);
		if (w->jobs[i].unset != 0)
			w->unset[w->unset_count++] = i;
	}
	regex_scratch_free(&s);
}

struct plan *
plan_new(const struct ruleset *rs, const struct dict_set *dicts,
    const struct plan_options *options, struct diags *diags)
{
	struct plan *p = mem_alloc(sizeof(*p));
	struct builder b = {.plan = p, .options = options, .diags = diags};

	p->rules = rs;
	p->dicts = dicts;
	if (dicts != NULL && dicts->len > 0)
		p->dict_index = dict_index_new(dicts);
	p->limits = options->limits;
	p->count_cost = options->count_cost;
	arena_init(&p->arena, 0);
	p->pool = pool_new();
	p->dfas = dfa_set_new(DFA_SET_MEMORY_MAX);
	b.headers = map_new(false);
	b.mimes = map_new(false);
	for (size_t i = 0; i < rs->count; i++)
		add_rule(&b, &rs->rules[i]);
	p->queries.headers = b.header_queries.v;
	p->queries.header_count = b.header_queries.len;
	p->queries.mimes = b.mime_queries.v;
	p->queries.mime_count = b.mime_queries.len;
	sample_init(&b.sample, &p->queries);
	for (int view = 0; view < VIEW_COUNT; view++)
		finish_work(&b, (enum view)view);
	sample_fini(&b.sample);
	p->mime_negated = b.mime_negated.v;
	p->mime_negated_count = b.mime_negated.len;
	find_unset_values(p);
	map_free(&b.headers);
	map_free(&b.mimes);
	return p;
}

void
plan_free(struct plan **pp)
{
	struct plan *p = *pp;

	if (p == NULL)
		return;
	pool_free(&p->pool);
	dict_index_free(&p->dict_index);
	for (int view = 0; view < VIEW_COUNT; view++) {
		struct work *w = &p->work[view];

		for (size_t i = 0; i < w->job_count; i++) {
			counter_free(&w->jobs[i].counter);
			regex_free(&w->jobs[i].brief.regex);
		}
		free(w->jobs);
		free(w->always);
		free(w->negated);
		free(w->unset);
		select_fini(w);
	}
	dfa_set_free(&p->dfas);
	arena_fini(&p->arena);
	VEC_FINI(&p->exists);
	VEC_FINI(&p->captures);
	VEC_FINI(&p->templates);
	VEC_FINI(&p->concats);
	VEC_FINI(&p->uri_details);
	free(p->queries.headers);
	free(p->queries.mimes);
	free(p->mime_negated);
	free(p);
	*pp = NULL;
}

void
plan_rule_cost(const struct plan *p, uint32_t index, uint64_t *tried_out,
    uint64_t *hits_out, uint64_t *ns_out)
{
	struct cost_count sum;

	pool_rule_cost(p->pool, index, &sum);
	*tried_out = sum.tried;
	*hits_out = sum.hits;
	*ns_out = sum.ns;
}

uint32_t
plan_string_key(const struct plan *p, enum view view, size_t i)
{
	if (view == VIEW_HEADER)
		return (uint32_t)i;
	if (view == VIEW_MIME)
		return (uint32_t)(i % p->queries.mime_count);
	return 0;
}
