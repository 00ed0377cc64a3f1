#include "rule/truth.h"

static enum truth
truth_of(struct range r, bool negated)
{
	if (range_is_zero(r))
		return negated ? TRUTH_YES : TRUTH_NO;
	if (range_has_zero(r))
		return TRUTH_OPEN;
	return negated ? TRUTH_NO : TRUTH_YES;
}

static enum truth
calculate(const struct truth_gate *g, const struct meta_code *code,
    const struct range_source *from)
{
	struct range r;

	if (!range_run_steps(code, g->first, g->end, from, &r))
		return TRUTH_OPEN;
	return truth_of(r, g->negated);
}

static enum truth
add_and_compare(const struct truth_gate *g, const struct meta_code *code,
    const uint8_t *literals, const struct range_source *from)
{
	struct range than = {g->than, g->than}, r, term;
	uint32_t not = 0, may = 0;

	for (uint32_t i = 0; i < g->literal_count; i++) {
		uint8_t t = literals[g->literals[i]];

		not += t & TRUTH_NO;
		may += t / TRUTH_YES;
	}
	r = (struct range){g->literal_count - not, may};
	for (const struct truth_gate *in = g->inputs; in; in = in->next) {
		if (!range_run_steps(code, in->first, in->end, from, &term))
			return TRUTH_OPEN;
		r = range_add(r, term);
	}
	return truth_of(range_compare(g->op, r, than), g->negated);
}

static enum truth run(const struct truth_gate *g, const struct meta_code *code,
    const uint8_t *literals, const struct range_source *from);

/* The bits all inputs have, and those some have. */
static enum truth
combine(bool any, unsigned all, unsigned some)
{
	return any ? (some & TRUTH_YES) | (all & TRUTH_NO)
		   : (all & TRUTH_YES) | (some & TRUTH_NO);
}

static enum truth
run_group(const struct truth_gate *g, const struct meta_code *code,
    const uint8_t *literals, const struct range_source *from)
{
	bool any = g->kind == GATE_ANY;
	enum truth decisive = any ? TRUTH_YES : TRUTH_NO, t;
	unsigned all = TRUTH_OPEN, some = 0;

	for (uint32_t i = 0; i < g->literal_count; i++) {
		all &= literals[g->literals[i]];
		some |= literals[g->literals[i]];
	}
	t = combine(any, all, some);
	for (const struct truth_gate *in = g->inputs; in && t != decisive;
	     in = in->next) {
		unsigned input = run(in, code, literals, from);

		all &= input;
		some |= input;
		t = combine(any, all, some);
	}
	return t;
}

static enum truth
run(const struct truth_gate *g, const struct meta_code *code,
    const uint8_t *literals, const struct range_source *from)
{
	if (g->kind == GATE_SUM)
		return add_and_compare(g, code, literals, from);
	if (g->kind == GATE_STEPS)
		return calculate(g, code, from);
	return run_group(g, code, literals, from);
}

enum truth
truth_run(const struct meta_code *code, const uint8_t *literals,
    const struct range_source *from)
{
	if (code->truth == NULL)
		return TRUTH_OPEN;
	return run(code->truth, code, literals, from);
}

uint32_t
truth_wants(const struct truth_gate *g, const uint8_t *literals)
{
	uint32_t rule = EXPR_UNKNOWN;

	for (uint32_t i = 0; i < g->literal_count; i++)
		if (literals[g->literals[i]] == TRUTH_OPEN)
			return TRUTH_RULE(g->literals[i]);
	for (const struct truth_gate *in = g->inputs;
	     in && rule == EXPR_UNKNOWN; in = in->next)
		if (run(in, NULL, literals, NULL) == TRUTH_OPEN)
			rule = truth_wants(in, literals);
	return rule;
}
