/*
 * What metas are worth, given what hit.
 *
 * Most metas look at nothing that hit, and are then worth what they are worth
 * when nothing hits at all. That is found out once; for a message only the
 * metas a hit reaches are computed, in the same order as all would be.
 *
 * Nobody tries a rule that has no points of its own before a meta asks for it.
 * Until then the rule is open: somewhere between nothing and its most. A meta
 * is open where that leaves it more than one value; when it has points, it asks
 * for one rule after another until one is left.
 */
#include "rule/meta.h"

#include "base/sparse.h"
#include "base/vec.h"
#include "rule/range.h"

#include <float.h>
#include <math.h>

/* In the place of a value until all are known: it counts as nothing then, but
 * what looks at it does not run either. */
#define NEVER_RUN (-1.0)
/* Rules asked for one by one before a meta asks for all it has. */
#define ASKED_MAX 64
/* Metas that look at metas more often nested than that never stay open. */
#define NESTED_MAX 64
/* Of metas with more operands none is found out about beforehand. */
#define OUTLOOK_DEPS_MAX 256
#define EVAL_COST 150
#define COST_MAX 1000000

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

static void
judge_all(const struct ruleset *rs, double *value)
{
	for (size_t i = 0; i < rs->count; i++)
		if (rs->rules[i].type == RULE_META)
			value[i] = 0;
	for (size_t i = 0; i < rs->meta_count; i++) {
		uint32_t m = rs->meta_order[i];

		value[m] = judge(&rs->rules[m], value);
	}
}

/* ---- preparation --------------------------------------------------------- */

static void
find_rest(struct ruleset *rs)
{
	double *value = mem_array(rs->count + 1, sizeof(*value));

	judge_all(rs, value);
	rs->meta_rest =
	    arena_array(&rs->arena, rs->meta_count + 1, sizeof(*rs->meta_rest));
	for (size_t i = 0; i < rs->meta_count; i++)
		rs->meta_rest[i] = value[rs->meta_order[i]];
	free(value);
}

/* A meta that may never run, or stands in a cycle, is odd, and what looks at it
 * is: its value is no plain number. */
static void
find_plain(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->meta_count; i++) {
		const struct rule *r = &rs->rules[rs->meta_order[i]];
		struct meta_code *code = r->code;

		code->plain = r->enabled && !code->cyclic;
		for (uint32_t d = 0; d < code->dep_count; d++) {
			const struct meta_code *dep =
			    code->deps[d] != EXPR_UNKNOWN
				? rs->rules[code->deps[d]].code
				: NULL;

			if (dep == NULL)
				continue;
			code->plain &= dep->plain;
			if (code->nested <= dep->nested)
				code->nested = dep->nested + 1;
		}
		code->plain &= code->nested <= NESTED_MAX;
	}
}

/* How often a rule hits, as far as that can be told: less is rarer. */
static unsigned
guess_frequency(const struct rule *r)
{
	if (r->type == RULE_META)
		return 2000;
	if (r->eval.len > 0)
		return 3000;
	if (r->exists || r->negated)
		return 4000;
	return r->pattern.len < 1000 ? 1000 - (unsigned)r->pattern.len : 0;
}

/* What it takes to try a rule that is no meta, as far as that can be told. */
static unsigned
guess_cost(const struct rule *r)
{
	unsigned n = r->pattern.len < 5000 ? (unsigned)r->pattern.len : 5000;

	if (r->eval.len > 0)
		return EVAL_COST;
	if (r->type == RULE_HEADER)
		return str_starts(r->header, STR("ALL")) ? 300 + n : 20 + n / 8;
	if ((r->flags & TFLAG_MULTIPLE) != 0)
		n *= 2;
	return 100 + n;
}

/* What is known before any message is: nothing, that is, all rules are open. */
struct outlook {
	const struct ruleset *rs;
	struct range *range;
	struct bitset open;
	struct bitset restless; /* metas that are worth something at rest */
	unsigned *cost;
};

static const struct range nothing = {0, 0};
static const struct range something = {DBL_TRUE_MIN, INFINITY};
static const struct range whatever = {0, INFINITY};

static void
outlook_init(struct outlook *o, const struct ruleset *rs)
{
	*o = (struct outlook){.rs = rs};
	o->range = mem_array(rs->count + 1, sizeof(*o->range));
	o->cost = mem_array(rs->count + 1, sizeof(*o->cost));
	bitset_init(&o->open, rs->count);
	bitset_init(&o->restless, rs->count);
	for (size_t i = 0; i < rs->count; i++) {
		o->range[i] = whatever;
		o->cost[i] = guess_cost(&rs->rules[i]);
		bitset_add(&o->open, i);
	}
	for (size_t i = 0; i < rs->meta_count; i++)
		if (rs->meta_rest[i] != 0)
			bitset_add(&o->restless, rs->meta_order[i]);
}

static void
outlook_fini(struct outlook *o)
{
	free(o->range);
	free(o->cost);
	bitset_fini(&o->open);
	bitset_fini(&o->restless);
}

/* Is the meta nothing where `rule` is in `range`, whatever the others are? */
static bool
is_nothing_when(struct outlook *o, const struct meta_code *code, uint32_t rule,
    struct range range)
{
	struct range_source from = {NULL, &o->open, o->range};
	struct range r;
	bool is;

	o->range[rule] = range;
	is = range_run(code, &from, &r) && r.least == 0 && r.most == 0;
	o->range[rule] = whatever;
	return is;
}

/* The rule without which the meta is nothing; the rarest of several. */
static uint32_t
find_key(struct outlook *o, size_t place)
{
	const struct rule *rules = o->rs->rules;
	const struct meta_code *code = rules[o->rs->meta_order[place]].code;
	uint32_t best = EXPR_UNKNOWN;

	if (!code->plain || o->rs->meta_rest[place] != 0 ||
	    code->dep_count > OUTLOOK_DEPS_MAX)
		return EXPR_UNKNOWN;
	for (uint32_t i = 0; i < code->dep_count; i++) {
		uint32_t dep = code->deps[i];

		if (dep == EXPR_UNKNOWN || bitset_has(&o->restless, dep) ||
		    !is_nothing_when(o, code, dep, nothing))
			continue;
		if (best == EXPR_UNKNOWN || guess_frequency(&rules[dep]) <
						guess_frequency(&rules[best]))
			best = dep;
	}
	return best;
}

struct priced {
	struct meta_decider decider;
	unsigned cost;
};

static int
by_cost(const void *a, const void *b)
{
	const struct priced *x = a, *y = b;

	return x->cost < y->cost ? -1 : x->cost > y->cost;
}

static void
find_deciders(struct outlook *o, struct arena *a, uint32_t meta)
{
	struct meta_code *code = o->rs->rules[meta].code;
	struct priced found[OUTLOOK_DEPS_MAX];
	uint32_t n = 0;

	if (!code->plain || code->dep_count > OUTLOOK_DEPS_MAX)
		return;
	for (uint32_t i = 0; i < code->dep_count; i++) {
		uint32_t dep = code->deps[i];
		bool key, veto;

		if (dep == EXPR_UNKNOWN)
			continue;
		key = is_nothing_when(o, code, dep, nothing);
		veto = !key && is_nothing_when(o, code, dep, something);
		if (key || veto)
			found[n++] = (struct priced){{dep, veto}, o->cost[dep]};
	}
	qsort(found, n, sizeof(*found), by_cost);
	code->deciders = arena_array(a, n + 1, sizeof(*code->deciders));
	for (uint32_t i = 0; i < n; i++)
		code->deciders[i] = found[i].decider;
	code->decider_count = n;
}

/* A meta costs what all it looks at costs. */
static void
price_meta(struct outlook *o, uint32_t meta)
{
	const struct meta_code *code = o->rs->rules[meta].code;
	unsigned sum = 0;

	for (uint32_t i = 0; i < code->dep_count && sum < COST_MAX; i++)
		if (code->deps[i] != EXPR_UNKNOWN)
			sum += o->cost[code->deps[i]];
	o->cost[meta] = sum;
}

struct edge {
	uint32_t rule;
	uint32_t place;
};

/* Metas of a cycle are always computed: they are nobody's users. */
static struct edge *
find_edges(struct outlook *o, size_t *count_out)
{
	const struct ruleset *rs = o->rs;
	VEC(struct edge) edges = {0};

	for (uint32_t i = 0; i < rs->meta_count; i++) {
		const struct meta_code *c = rs->rules[rs->meta_order[i]].code;
		uint32_t key = find_key(o, i);

		if (key != EXPR_UNKNOWN) {
			*VEC_PUSH(&edges) = (struct edge){key, i};
			continue;
		}
		for (uint32_t k = 0; k < c->dep_count; k++)
			if (c->deps[k] != EXPR_UNKNOWN)
				*VEC_PUSH(&edges) =
				    (struct edge){c->deps[k], i};
	}
	*count_out = edges.len;
	return edges.v;
}

static void
find_users(struct ruleset *rs, struct outlook *o)
{
	uint32_t *first = arena_array(
	    &rs->arena, rs->count + 2, sizeof(*rs->first_meta_user));
	size_t count;
	struct edge *edges = find_edges(o, &count);

	for (size_t i = 0; i < count; i++)
		first[edges[i].rule + 2]++;
	for (size_t i = 2; i < rs->count + 2; i++)
		first[i] += first[i - 1];
	rs->meta_users =
	    arena_array(&rs->arena, count + 1, sizeof(*rs->meta_users));
	for (size_t i = 0; i < count; i++)
		rs->meta_users[first[edges[i].rule + 1]++] = edges[i].place;
	rs->first_meta_user = first;
	free(edges);
}

static bool
has_users(const struct ruleset *rs, uint32_t rule)
{
	return rs->first_meta_user[rule] != rs->first_meta_user[rule + 1];
}

/* What every message asks of the rules, side by side. */
static void
gather_rules(struct ruleset *rs)
{
	rs->meta_of =
	    arena_array(&rs->arena, rs->count + 1, sizeof(*rs->meta_of));
	rs->most_hits =
	    arena_array(&rs->arena, rs->count + 1, sizeof(*rs->most_hits));
	for (size_t i = 0; i < rs->count; i++)
		rs->most_hits[i] = rule_most_hits(&rs->rules[i]);
	for (size_t i = 0; i < rs->meta_count; i++) {
		uint32_t m = rs->meta_order[i];
		const struct rule *r = &rs->rules[m];

		r->code->rule = m;
		r->code->helper = rule_is_helper(r);
		r->code->idle = !r->enabled && !has_users(rs, m);
		rs->meta_of[m] = r->code;
	}
}

void
meta_run_prepare(struct ruleset *rs)
{
	struct outlook o;

	find_rest(rs);
	find_plain(rs);
	outlook_init(&o, rs);
	for (size_t i = 0; i < rs->meta_count; i++) {
		find_deciders(&o, &rs->arena, rs->meta_order[i]);
		price_meta(&o, rs->meta_order[i]);
	}
	find_users(rs, &o);
	outlook_fini(&o);
	gather_rules(rs);
}

/* ---- one message --------------------------------------------------------- */

struct meta_run {
	const struct ruleset *rs;
	const struct rule_values *values;
	struct range *range; /* of open rules, by rule index */
	struct bitset awake; /* places of metas to be computed */
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

static void resolve(struct meta_run *run, const struct meta_code *meta);

static void
ask(struct meta_run *run, uint32_t rule)
{
	if (run->rs->meta_of[rule] != NULL) {
		resolve(run, run->rs->meta_of[rule]);
		return;
	}
	bitset_remove(run->values->open, rule);
	run->values->ask(run->values->context, rule);
}

static void
ask_all(struct meta_run *run, const struct meta_code *code)
{
	for (uint32_t i = 0; i < code->count; i++)
		if (code->steps[i].op == EXPR_RULE &&
		    is_open(run, code->steps[i].operand))
			ask(run, code->steps[i].operand);
}

static void
set_value(struct meta_run *run, uint32_t meta, double value)
{
	run->values->value[meta] = hit_value(value);
	bitset_remove(run->values->open, meta);
}

/* Is one of its deciders known to make the meta 0? */
static bool
is_decided(const struct meta_run *run, const struct meta_code *code)
{
	for (uint32_t i = 0; i < code->decider_count; i++) {
		const struct meta_decider *d = &code->deciders[i];

		if (!is_open(run, d->rule) &&
		    (run->values->value[d->rule] != 0) == d->veto)
			return true;
	}
	return false;
}

/* What an open result may be worth as a number of hits. */
static struct range
hit_range(struct range r)
{
	if (r.least >= 0)
		return r;
	return (struct range){r.most<0, r.most> 1 ? r.most : 1};
}

/* The value of a plain meta, if what is known is enough to run it. False: it is
 * not, and `*wanted_out` is the open rule it came to. */
static bool
compute(
    struct meta_run *run, const struct meta_code *meta, uint32_t *wanted_out)
{
	const struct rule_values *v = run->values;
	double value = 0;

	if (!is_decided(run, meta) && expr_run_open(meta, v->value, v->open,
					  &value, wanted_out) == EXPR_WANTS)
		return false;
	set_value(run, meta->rule, value);
	return true;
}

/* The value, if it can be but one. False: the meta is open, its range noted. */
static bool
narrow(struct meta_run *run, const struct meta_code *meta)
{
	const struct rule_values *v = run->values;
	struct range_source from = {v->value, v->open, run->range};
	struct range r;

	r = range_run(meta, &from, &r) ? hit_range(r) : whatever;
	if (range_is_one(r)) {
		set_value(run, meta->rule, r.least);
		return true;
	}
	run->range[meta->rule] = r;
	bitset_add(v->open, meta->rule);
	return false;
}

/* Asks for deciders, the cheapest first, until one has decided. */
static void
ask_deciders(struct meta_run *run, const struct meta_code *code)
{
	for (uint32_t i = 0; i < code->decider_count; i++) {
		const struct meta_decider *d = &code->deciders[i];

		if (!is_open(run, d->rule))
			continue;
		ask(run, d->rule);
		if ((run->values->value[d->rule] != 0) == d->veto)
			return;
	}
}

/* Ranges are looked at less and less often: of many rules none decides. */
static void
resolve(struct meta_run *run, const struct meta_code *meta)
{
	uint32_t wanted;

	if (compute(run, meta, &wanted) || narrow(run, meta))
		return;
	ask_deciders(run, meta);
	for (unsigned asked = 0; !compute(run, meta, &wanted); asked++) {
		if ((asked & (asked - 1)) == 0 && narrow(run, meta))
			return;
		if (asked < ASKED_MAX)
			ask(run, wanted);
		else
			ask_all(run, meta);
	}
}

/* Computes a meta as far as anybody wants to know it. */
static void
settle(struct meta_run *run, size_t place)
{
	uint32_t rule = run->rs->meta_order[place], wanted;
	const struct meta_code *meta = run->rs->meta_of[rule];
	double *value = run->values->value;

	if (meta->idle)
		return;
	if (!meta->plain) {
		ask_all(run, meta);
		value[rule] = judge(&run->rs->rules[rule], value);
	} else if (meta->helper) {
		if (!compute(run, meta, &wanted))
			narrow(run, meta);
	} else {
		resolve(run, meta);
	}
	if (is_open(run, rule) || value[rule] != run->rs->meta_rest[place])
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

	for (size_t i = sparse_next(v->value, run->rs->count, 0); i != SIZE_MAX;
	     i = sparse_next(v->value, run->rs->count, i + 1))
		wake_users(run, (uint32_t)i);
	for (size_t i = bitset_next(v->open, 0); i != SIZE_MAX;
	     i = bitset_next(v->open, i + 1)) {
		run->range[i] = (struct range){0, run->rs->most_hits[i]};
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
	for (size_t i = cyclic; i < rs->meta_count; i++)
		run->values->value[rs->meta_order[i]] = rs->meta_rest[i];
	for (size_t i = bitset_next(&run->awake, cyclic); i != SIZE_MAX;
	     i = bitset_next(&run->awake, i + 1))
		settle(run, i);
}

static bool
run_init(struct meta_run *run, const struct ruleset *rs,
    const struct rule_values *v, struct arena *a)
{
	*run = (struct meta_run){.rs = rs, .values = v};
	if (a == NULL || !bitset_init_arena(&run->awake, rs->meta_count, a))
		return false;
	if (v->open->bits == 0)
		return true;
	run->range = arena_alloc(a, rs->count * sizeof(*run->range));
	return run->range != NULL;
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
			ask(&run, (uint32_t)i);
		judge_all(rs, v->value);
	}
	for (size_t i = 0; i < rs->meta_count; i++) {
		uint32_t m = rs->meta_order[i];

		if (v->value[m] == NEVER_RUN || is_open(&run, m))
			v->value[m] = 0;
	}
}
