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

#include "base/vec.h"
#include "rule/range.h"

#include <math.h>

/* In the place of a value until all are known: it counts as nothing then, but
 * what looks at it does not run either. */
#define NEVER_RUN (-1.0)
/* Rules asked for one by one before a meta asks for all it has. */
#define ASKED_MAX 64
/* Metas that look at metas more often nested than that never stay open. */
#define NESTED_MAX 64
/* A meta with more operands is computed when any of them hits. */
#define KEY_DEPS_MAX 64
#define EVAL_COST 150

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

/* Everything open but what is asked about, which is 0. */
struct doubt {
	double *value;
	struct range *range;
	struct bitset open;
	struct bitset restless; /* metas that are worth something at rest */
};

static void
doubt_init(struct doubt *d, const struct ruleset *rs)
{
	d->value = mem_array(rs->count + 1, sizeof(*d->value));
	d->range = mem_array(rs->count + 1, sizeof(*d->range));
	bitset_init(&d->open, rs->count);
	bitset_init(&d->restless, rs->count);
	for (size_t i = 0; i < rs->count; i++) {
		d->range[i] = (struct range){0, INFINITY};
		bitset_add(&d->open, i);
	}
	for (size_t i = 0; i < rs->meta_count; i++)
		if (rs->meta_rest[i] != 0)
			bitset_add(&d->restless, rs->meta_order[i]);
}

static void
doubt_fini(struct doubt *d)
{
	free(d->value);
	free(d->range);
	bitset_fini(&d->open);
	bitset_fini(&d->restless);
}

/* Is the meta nothing as long as `rule` is, whatever the others are? */
static bool
hangs_on(const struct meta_code *code, uint32_t rule, struct doubt *d)
{
	struct range_source from = {d->value, &d->open, d->range};
	struct range r;
	bool hangs;

	bitset_remove(&d->open, rule);
	hangs = range_run(code, &from, &r) && r.least == 0 && r.most == 0;
	bitset_add(&d->open, rule);
	return hangs;
}

/* The rule without which the meta is nothing; the rarest of several. */
static uint32_t
find_key(const struct ruleset *rs, size_t place, struct doubt *d)
{
	const struct meta_code *code = rs->rules[rs->meta_order[place]].code;
	uint32_t best = EXPR_UNKNOWN;

	if (!code->plain || rs->meta_rest[place] != 0 ||
	    code->dep_count > KEY_DEPS_MAX)
		return EXPR_UNKNOWN;
	for (uint32_t i = 0; i < code->dep_count; i++) {
		uint32_t dep = code->deps[i];

		if (dep == EXPR_UNKNOWN || bitset_has(&d->restless, dep) ||
		    !hangs_on(code, dep, d))
			continue;
		if (best == EXPR_UNKNOWN ||
		    guess_frequency(&rs->rules[dep]) <
			guess_frequency(&rs->rules[best]))
			best = dep;
	}
	return best;
}

/* What it takes to try a rule, as far as that can be told. */
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

struct priced {
	uint32_t rule;
	unsigned cost;
};

static int
by_cost(const void *a, const void *b)
{
	const struct priced *x = a, *y = b;

	return x->cost < y->cost ? -1 : x->cost > y->cost;
}

/* The rules a meta looks at, the cheapest first. */
static void
find_order(struct ruleset *rs, struct meta_code *code, const unsigned *cost)
{
	struct priced *v = mem_array(code->dep_count + 1, sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < code->dep_count; i++)
		if (code->deps[i] != EXPR_UNKNOWN)
			v[n++] =
			    (struct priced){code->deps[i], cost[code->deps[i]]};
	qsort(v, n, sizeof(*v), by_cost);
	code->by_cost = arena_array(&rs->arena, n + 1, sizeof(*code->by_cost));
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || v[i].rule != v[i - 1].rule)
			code->by_cost[code->by_cost_count++] = v[i].rule;
	free(v);
}

static void
find_orders(struct ruleset *rs)
{
	unsigned *cost = mem_array(rs->count + 1, sizeof(*cost));

	for (size_t i = 0; i < rs->count; i++)
		cost[i] = guess_cost(&rs->rules[i]);
	for (size_t i = 0; i < rs->meta_count; i++) {
		uint32_t m = rs->meta_order[i];
		struct meta_code *code = rs->rules[m].code;
		unsigned sum = 0;

		find_order(rs, code, cost);
		for (uint32_t d = 0; d < code->by_cost_count && sum < 1000000;
		     d++)
			sum += cost[code->by_cost[d]];
		cost[m] = sum;
	}
	free(cost);
}

struct edge {
	uint32_t rule;
	uint32_t place;
};

/* Metas of a cycle are always computed: they are nobody's users. */
static struct edge *
find_edges(const struct ruleset *rs, size_t *count_out)
{
	VEC(struct edge) edges = {0};
	struct doubt d;

	doubt_init(&d, rs);
	for (uint32_t i = 0; i < rs->meta_count; i++) {
		const struct meta_code *c = rs->rules[rs->meta_order[i]].code;
		uint32_t key = find_key(rs, i, &d);

		if (key != EXPR_UNKNOWN) {
			*VEC_PUSH(&edges) = (struct edge){key, i};
			continue;
		}
		for (uint32_t k = 0; k < c->dep_count; k++)
			if (c->deps[k] != EXPR_UNKNOWN)
				*VEC_PUSH(&edges) =
				    (struct edge){c->deps[k], i};
	}
	doubt_fini(&d);
	*count_out = edges.len;
	return edges.v;
}

static void
find_users(struct ruleset *rs)
{
	uint32_t *first = arena_array(
	    &rs->arena, rs->count + 2, sizeof(*rs->first_meta_user));
	size_t count;
	struct edge *edges = find_edges(rs, &count);

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

void
meta_run_prepare(struct ruleset *rs)
{
	find_rest(rs);
	find_plain(rs);
	find_orders(rs);
	find_users(rs);
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

static void resolve(struct meta_run *run, uint32_t meta);

static void
ask(struct meta_run *run, uint32_t rule)
{
	if (run->rs->rules[rule].type == RULE_META) {
		resolve(run, rule);
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

/* What an open result may be worth as a number of hits. */
static struct range
hit_range(struct range r)
{
	if (r.least >= 0)
		return r;
	return (struct range){r.most<0, r.most> 1 ? r.most : 1};
}

/*
 * The value of a plain meta, or the range of one that stays open. False: that
 * is so, and `*wanted_out` is the open rule its value depends on first.
 */
static bool
narrow(struct meta_run *run, uint32_t meta, uint32_t *wanted_out)
{
	const struct rule_values *v = run->values;
	const struct meta_code *code = run->rs->rules[meta].code;
	struct range_source from = {v->value, v->open, run->range};
	struct range r;
	double value;

	if (expr_run_open(code, v->value, v->open, &value, wanted_out) ==
	    EXPR_WANTS) {
		r = range_run(code, &from, &r) ? hit_range(r)
					       : (struct range){0, INFINITY};
		if (!range_is_one(r)) {
			run->range[meta] = r;
			bitset_add(v->open, meta);
			return false;
		}
		value = r.least;
	}
	v->value[meta] = hit_value(value);
	bitset_remove(v->open, meta);
	return true;
}

/* Would it end all doubt if `rule` did not hit? */
static bool
decides(struct meta_run *run, const struct meta_code *code, uint32_t rule)
{
	const struct rule_values *v = run->values;
	struct range_source from = {v->value, v->open, run->range};
	double was = v->value[rule];
	struct range r;
	bool one;

	bitset_remove(v->open, rule);
	v->value[rule] = 0;
	one = range_run(code, &from, &r) && range_is_one(hit_range(r));
	v->value[rule] = was;
	bitset_add(v->open, rule);
	return one;
}

/* The open rule to be asked for first: the cheapest that may decide alone. */
static uint32_t
choose(struct meta_run *run, const struct meta_code *code, uint32_t wanted)
{
	for (uint32_t i = 0; i < code->by_cost_count; i++) {
		uint32_t rule = code->by_cost[i];

		if (is_open(run, rule) && decides(run, code, rule))
			return rule;
	}
	return wanted;
}

static void
resolve(struct meta_run *run, uint32_t meta)
{
	const struct meta_code *code = run->rs->rules[meta].code;
	uint32_t wanted;

	for (unsigned asked = 0; !narrow(run, meta, &wanted); asked++) {
		if (asked < ASKED_MAX)
			ask(run, choose(run, code, wanted));
		else
			ask_all(run, code);
	}
}

static bool
has_users(const struct ruleset *rs, uint32_t rule)
{
	return rs->first_meta_user[rule] != rs->first_meta_user[rule + 1];
}

/* Computes a meta as far as anybody wants to know it. */
static void
settle(struct meta_run *run, size_t place)
{
	uint32_t meta = run->rs->meta_order[place], wanted;
	const struct rule *r = &run->rs->rules[meta];
	double *value = run->values->value;

	if (!r->enabled && !has_users(run->rs, meta))
		return;
	if (!r->code->plain) {
		ask_all(run, r->code);
		value[meta] = judge(r, value);
	} else if (rule_is_helper(r)) {
		narrow(run, meta, &wanted);
	} else {
		resolve(run, meta);
	}
	if (is_open(run, meta) || value[meta] != run->rs->meta_rest[place])
		wake_users(run, meta);
}

static bool
is_cyclic(const struct ruleset *rs, size_t place)
{
	return place < rs->meta_count &&
	       rs->rules[rs->meta_order[place]].code->cyclic;
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

	for (uint32_t i = 0; i < run->rs->count; i++)
		if (v->value[i] != 0)
			wake_users(run, i);
	for (size_t i = bitset_next(v->open, 0); i != SIZE_MAX;
	     i = bitset_next(v->open, i + 1)) {
		run->range[i] =
		    (struct range){0, rule_most_hits(&run->rs->rules[i])};
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
