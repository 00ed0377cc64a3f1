#include "policy/engine_hits.h"

#include "match/cost.h"
#include "match/stages.h"
#include "policy/evalfns.h"

static struct eval_context
eval_context(const struct snapshot *s, const struct facts *f,
    struct scratch *scratch, struct message *m)
{
	return (struct eval_context){.message = m,
	    .facts = f,
	    .rules = s->rules,
	    .tables = s->evals,
	    .arena = message_arena(m),
	    .scratch = scratch_regex(scratch),
	    .cost = scratch_cost(scratch),
	    .score_set = (unsigned)s->config->score_set};
}

/* Whom metas ask about rules that are open. */
struct asked {
	struct scan *scan;
	struct stages *stages;
	struct eval_context evals;
	double *value;
};

static void
try_open(void *context, uint32_t rule)
{
	struct asked *a = context;

	stages_lap(a->stages, STAGE_metas);
	if (evalfns_ask(&a->evals, rule, a->value)) {
		stages_lap(a->stages, STAGE_evals);
	} else {
		scan_ask(a->scan, rule);
		stages_lap(a->stages, STAGE_confirm);
	}
}

/* Those of patterns and eval functions: metas are not counted. */
static void
count_hits(const struct ruleset *rs, const struct hits *hits, struct cost *cost)
{
	for (size_t i = hits_next(hits, 0); i != SIZE_MAX;
	     i = hits_next(hits, i + 1))
		if (rs->meta_of[i] == NULL)
			cost_add_hit(cost, (uint32_t)i);
}

bool
engine_find_hits(const struct snapshot *s, const struct facts *f,
    struct scratch *scratch, struct message *m, struct hits *hits)
{
	bool all = s->config->helper_rules == HELPER_RULES_ALL;
	struct asked asked = {.evals = eval_context(s, f, scratch, m),
	    .stages = scratch_stages(scratch)};
	struct rule_values values = {
	    .open = &hits->open, .ask = try_open, .context = &asked};

	message_lend_regex(m, scratch_regex(scratch));
	if (s->config->freemail_edits_body)
		evalfns_prepare(&asked.evals);
	if (all ? !scan_message(s->plan, scratch, m, hits)
		: (asked.scan = scan_begin(s->plan, scratch, m, hits)) == NULL)
		return false;
	values.value = asked.value = hits->value;
	evalfns_run(&asked.evals, hits->value, all ? NULL : &hits->open);
	stages_lap(asked.stages, STAGE_evals);
	ruleset_eval_metas(s->rules, &values, asked.evals.arena);
	hits_mark(hits, asked.evals.arena);
	count_hits(s->rules, hits, scratch_cost(scratch));
	hits->truncated |= asked.evals.arena->full;
	stages_lap(asked.stages, STAGE_metas);
	return true;
}
