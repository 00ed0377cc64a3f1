/*
 * What metas are worth, given what hit.
 *
 * Most metas look at nothing that hit, and are then worth what they are worth
 * when nothing hits at all. That is found out once; for a message only the
 * metas a hit reaches are computed, in the same order as all would be.
 *
 * Nobody tries a rule that has no points of its own before a meta asks for it.
 * Until then the rule is open: somewhere between nothing and its most. A meta
 * is open where that leaves it more than one value, which logic mostly tells
 * (rule/truth.h), and else ranges; when it has points, it asks for one rule
 * after another until one is left.
 */
#include "rule/meta.h"

#include "base/sparse.h"
#include "rule/truth.h"

/* In the place of a value until all are known: it counts as nothing then, but
 * what looks at it does not run either. */
#define NEVER_RUN (-1.0)
/* Rules asked for one by one before a meta asks for all it has. */
#define ASKED_MAX 64

/* A negative result counts as one hit. */
static double
hit_value(double v)
{
	if (v == 0 || v != v)
		return 0;
	return v < 0 ? 1 : v;
}

static bool
waits_forever(const struct meta_code *code, const double *value)
{
	for (uint32_t d = 0; d < code->dep_count; d++)
		if (code->deps[d] != EXPR_UNKNOWN &&
		    value[code->deps[d]] == NEVER_RUN)
			return true;
	return false;
}

/*
 * A meta of score 0 only shows that it has run when it did not hit; what
 * depends on one that hit, or that had to wait for the end, never runs.
 */
static double
judge(const struct rule *r, const double *value)
{
	bool scored = r->enabled;
	double v;

	if (waits_forever(r->code, value) || (!scored && r->code->late))
		return NEVER_RUN;
	expr_run(r->code, value, &v);
	v = hit_value(v);
	return scored || v == 0 ? v : NEVER_RUN;
}

void
meta_judge_all(const struct ruleset *rs, double *value)
{
	for (size_t i = 0; i < rs->count; i++)
		if (rs->rules[i].type == RULE_META)
			value[i] = 0;
	for (size_t i = 0; i < rs->meta_count; i++) {
		uint32_t m = rs->meta_order[i];

		value[m] = judge(&rs->rules[m], value);
	}
}

struct meta_run {
	const struct ruleset *rs;
	const struct rule_values *values;
	uint8_t *truth;	     /* of literals, see rule/truth.h */
	struct range *range; /* of open rules, by rule index */
	struct bitset awake; /* places of metas to be computed */
	struct bitset hit;   /* rules that hit, at first */
};

static bool
is_open(const struct meta_run *run, uint32_t rule)
{
	return bitset_has(run->values->open, rule);
}

static void
wake_users(struct meta_run *run, uint32_t rule)
{
	const struct ruleset *rs = run->rs;

	for (uint32_t u = rs->first_meta_user[rule];
	     u < rs->first_meta_user[rule + 1]; u++)
		bitset_add(&run->awake, rs->meta_users[u]);
}

/* The value of a rule has become known. */
static void
note_value(struct meta_run *run, uint32_t rule)
{
	truth_set(run->truth, rule,
	    run->values->value[rule] != 0 ? TRUTH_YES : TRUTH_NO);
	bitset_remove(run->values->open, rule);
}

/* Only so much has: `t` is not TRUTH_NO, or there would be a value. */
static void
leave_open(
    struct meta_run *run, uint32_t rule, enum truth t, struct range range)
{
	run->values->value[rule] = 0;
	run->range[rule] = range;
	truth_set(run->truth, rule, t);
	bitset_add(run->values->open, rule);
}

static void
set_value(struct meta_run *run, uint32_t meta, double value)
{
	run->values->value[meta] = hit_value(value);
	note_value(run, meta);
}

static void resolve(struct meta_run *run, const struct meta_code *meta);

static void
ask(struct meta_run *run, uint32_t rule)
{
	if (run->rs->meta_of[rule] != NULL) {
		resolve(run, run->rs->meta_of[rule]);
		return;
	}
	run->values->ask(run->values->context, rule);
	note_value(run, rule);
}

static void
ask_all(struct meta_run *run, const struct meta_code *code)
{
	for (uint32_t i = 0; i < code->count; i++)
		if (code->steps[i].op == EXPR_RULE &&
		    is_open(run, code->steps[i].operand))
			ask(run, code->steps[i].operand);
}

/* The value of a plain meta, if what is known is enough to run it. False: it is
 * not, and `*wanted_out` is the open rule it came to. */
static bool
compute(
    struct meta_run *run, const struct meta_code *meta, uint32_t *wanted_out)
{
	const struct rule_values *v = run->values;
	double value = 0;

	if (expr_run_open(meta, v->value, v->open, &value, wanted_out) ==
	    EXPR_WANTS)
		return false;
	set_value(run, meta->rule, value);
	return true;
}

/* The value, if it can be but one. False: the meta is open. */
static bool
narrow(struct meta_run *run, const struct meta_code *meta)
{
	const struct rule_values *v = run->values;
	struct range_source from = {v->value, v->open, run->range};
	struct range r = {0, run->rs->most_hits[meta->rule]};
	enum truth t = truth_run(meta, run->truth, &from);
	uint32_t wanted;

	if (t == TRUTH_NO) {
		set_value(run, meta->rule, 0);
		return true;
	}
	/* Of what is undecided so no more can be told. */
	if (t == TRUTH_OPEN && meta->truth != NULL) {
		leave_open(run, meta->rule, t, r);
		return false;
	}
	if (compute(run, meta, &wanted))
		return true;
	r = range_run(meta, &from, &r) ? range_as_hits(r) : range_of_hits;
	if (range_is_one(r)) {
		set_value(run, meta->rule, r.least);
		return true;
	}
	leave_open(run, meta->rule, range_has_zero(r) ? t : TRUTH_YES, r);
	return false;
}

/* Asks for deciders, the cheapest first, until the meta is settled. That a
 * rule hit decides nothing in logic; how often, it may where that counts. */
static bool
ask_deciders(struct meta_run *run, const struct meta_code *meta)
{
	for (uint32_t i = 0; i < meta->decider_count; i++) {
		const struct meta_decider *d = &meta->deciders[i];

		if (!is_open(run, d->rule))
			continue;
		ask(run, d->rule);
		if ((run->values->value[d->rule] != 0) == d->veto) {
			set_value(run, meta->rule, 0);
			return true;
		}
		if (!meta->logical && narrow(run, meta))
			return true;
	}
	return false;
}

/* What to ask for next, the meta being open. EXPR_UNKNOWN: nothing, all that
 * matters was known and it is computed. */
static uint32_t
next_rule(struct meta_run *run, const struct meta_code *meta)
{
	uint32_t rule = EXPR_UNKNOWN;

	if (meta->logical)
		rule = truth_wants(meta->truth, run->truth);
	if (rule == EXPR_UNKNOWN)
		compute(run, meta, &rule);
	return rule;
}

static void
resolve(struct meta_run *run, const struct meta_code *meta)
{
	uint32_t rule;

	if (narrow(run, meta) || ask_deciders(run, meta))
		return;
	for (unsigned asked = 0; !narrow(run, meta); asked++) {
		rule = next_rule(run, meta);
		if (rule == EXPR_UNKNOWN)
			return;
		if (asked < ASKED_MAX)
			ask(run, rule);
		else
			ask_all(run, meta);
	}
}

static void
judge_odd(struct meta_run *run, const struct meta_code *meta)
{
	double *value = run->values->value;

	ask_all(run, meta);
	value[meta->rule] = judge(&run->rs->rules[meta->rule], value);
}

/* Computes a meta as far as anybody wants to know it. */
static void
settle(struct meta_run *run, size_t place)
{
	const struct meta_code *meta = &run->rs->metas[place];
	uint32_t rule = meta->rule;

	if (meta->idle)
		return;
	if (!meta->plain)
		judge_odd(run, meta);
	else if (meta->helper)
		narrow(run, meta);
	else
		resolve(run, meta);
	if (is_open(run, rule) || run->values->value[rule] != meta->rest)
		wake_users(run, rule);
}

static bool
is_cyclic(const struct ruleset *rs, size_t place)
{
	return place < rs->meta_count &&
	       rs->meta_of[rs->meta_order[place]]->cyclic;
}

/* Those of cycles stand first, and look at later ones before these have run. */
static size_t
settle_cycles(struct meta_run *run)
{
	const struct ruleset *rs = run->rs;
	size_t n = 0;

	if (!is_cyclic(rs, 0))
		return 0;
	for (size_t i = 0; i < rs->meta_count; i++)
		run->values->value[rs->meta_order[i]] = 0;
	for (; is_cyclic(rs, n); n++)
		settle(run, n);
	return n;
}

static void
wake_first(struct meta_run *run)
{
	const struct rule_values *v = run->values;

	sparse_add_bits(v->value, run->rs->count, run->hit.word);
	for (size_t i = bitset_next(&run->hit, 0); i != SIZE_MAX;
	     i = bitset_next(&run->hit, i + 1)) {
		truth_set(run->truth, (uint32_t)i, TRUTH_YES);
		wake_users(run, (uint32_t)i);
	}
	for (size_t i = bitset_next(v->open, 0); i != SIZE_MAX;
	     i = bitset_next(v->open, i + 1)) {
		leave_open(run, (uint32_t)i, TRUTH_OPEN,
		    (struct range){0, run->rs->most_hits[i]});
		wake_users(run, (uint32_t)i);
	}
}

static void
settle_reached(struct meta_run *run)
{
	const struct ruleset *rs = run->rs;
	size_t cyclic;

	wake_first(run);
	cyclic = settle_cycles(run);
	for (size_t i = 0; i < rs->restless_count; i++) {
		uint32_t m = rs->restless[i];

		if (!rs->meta_of[m]->cyclic)
			run->values->value[m] = rs->meta_of[m]->rest;
	}
	for (size_t i = bitset_next(&run->awake, cyclic); i != SIZE_MAX;
	     i = bitset_next(&run->awake, i + 1))
		settle(run, i);
}

static bool
run_init(struct meta_run *run, const struct ruleset *rs,
    const struct rule_values *v, struct arena *a)
{
	*run = (struct meta_run){.rs = rs, .values = v};
	if (a == NULL || !bitset_init_arena(&run->awake, rs->meta_count, a) ||
	    !bitset_init_arena(&run->hit, rs->count, a))
		return false;
	run->truth = arena_alloc(a, 2 * rs->count);
	run->range = arena_alloc(a, rs->count * sizeof(*run->range));
	if (run->truth == NULL || run->range == NULL)
		return false;
	memcpy(run->truth, rs->truth_rest, 2 * rs->count);
	return true;
}

void
ruleset_eval_metas(
    const struct ruleset *rs, const struct rule_values *given, struct arena *a)
{
	struct bitset none = {0};
	struct rule_values values = *given, *v = &values;
	struct meta_run run;

	if (v->open == NULL)
		v->open = &none;
	if (run_init(&run, rs, v, a)) {
		settle_reached(&run);
	} else {
		for (size_t i = bitset_next(v->open, 0); i != SIZE_MAX;
		     i = bitset_next(v->open, i + 1))
			v->ask(v->context, (uint32_t)i);
		bitset_clear(v->open);
		meta_judge_all(rs, v->value);
	}
	for (size_t i = 0; i < rs->odd_count; i++)
		if (v->value[rs->odd[i]] == NEVER_RUN)
			v->value[rs->odd[i]] = 0;
}
