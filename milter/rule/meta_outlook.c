/*
 * What is found out about metas when they are loaded, so that a message need
 * not: what they are worth at rest, whom a rule's hit wakes, and which rules
 * decide a meta alone.
 */
#include "rule/meta.h"

#include "base/vec.h"
#include "rule/truth.h"

#include <float.h>
#include <math.h>

/* Metas that look at metas more often nested than that never stay open. */
#define NESTED_MAX 64
/* Of metas with more operands none is found out about beforehand. */
#define OUTLOOK_DEPS_MAX 256
/* How often a rule hits that is open, as far as that can be told. */
#define OPEN_HITS 0.15
#define COST_MAX 1e6

static void
find_rest(struct ruleset *rs)
{
	double *value = mem_array(rs->count + 1, sizeof(*value));

	meta_judge_all(rs, value);
	rs->restless =
	    arena_array(&rs->arena, rs->meta_count + 1, sizeof(*rs->restless));
	rs->truth_rest =
	    arena_array(&rs->arena, 2 * rs->count + 1, sizeof(*rs->truth_rest));
	for (size_t i = 0; i < rs->count; i++)
		truth_set(rs->truth_rest, (uint32_t)i,
		    value[i] != 0 ? TRUTH_YES : TRUTH_NO);
	for (size_t i = 0; i < rs->meta_count; i++) {
		uint32_t m = rs->meta_order[i];

		rs->rules[m].code->rest = value[m];
		if (value[m] != 0)
			rs->restless[rs->restless_count++] = m;
	}
	free(value);
}

/* A meta that may never run, or stands in a cycle, is odd, and what looks at it
 * is: its value is no plain number. */
static void
find_plain(struct ruleset *rs)
{
	rs->odd = arena_array(&rs->arena, rs->meta_count + 1, sizeof(*rs->odd));
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
		if (!code->plain)
			rs->odd[rs->odd_count++] = rs->meta_order[i];
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

/* What it takes to try a rule that is no meta, as far as that can be told:
 * about microseconds. Texts are longer than headers, and mail has several of
 * them. */
static double
guess_cost(const struct rule *r)
{
	double n = r->pattern.len < 1000 ? (double)r->pattern.len : 1000;

	if (r->eval.len > 0)
		return 0.3;
	if (r->type == RULE_BODY)
		return 1 + n / 50;
	if (r->type == RULE_RAWBODY || r->type == RULE_FULL)
		return 2 + n / 25;
	if (r->type == RULE_HEADER && str_starts(r->header, STR("ALL")))
		return 2 + n / 100;
	return 0.6 + n / 200;
}

/* What is known before any message is: nothing, that is, all rules are open. */
struct outlook {
	const struct ruleset *rs;
	struct range *range; /* anything, so far */
	struct range *bound; /* what each may come to */
	struct bitset open;
	struct bitset flags; /* rules that are worth either 0 or 1 */
	double *cost;
};

static const struct range nothing = {0, 0};
static const struct range something = {DBL_TRUE_MIN, INFINITY};

static void
outlook_init(struct outlook *o, const struct ruleset *rs)
{
	*o = (struct outlook){.rs = rs};
	o->range = mem_array(rs->count + 1, sizeof(*o->range));
	o->bound = mem_array(rs->count + 1, sizeof(*o->bound));
	o->cost = mem_array(rs->count + 1, sizeof(*o->cost));
	bitset_init(&o->open, rs->count);
	bitset_init(&o->flags, rs->count);
	for (size_t i = 0; i < rs->count; i++) {
		o->range[i] = range_of_hits;
		o->bound[i] = (struct range){0, rule_most_hits(&rs->rules[i])};
		o->cost[i] = guess_cost(&rs->rules[i]);
		bitset_add(&o->open, i);
		if (rs->rules[i].type != RULE_META && o->bound[i].most == 1)
			bitset_add(&o->flags, i);
	}
}

static void
outlook_fini(struct outlook *o)
{
	free(o->range);
	free(o->bound);
	free(o->cost);
	bitset_fini(&o->open);
	bitset_fini(&o->flags);
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
	is = range_run(code, &from, &r) && range_is_zero(r);
	o->range[rule] = range_of_hits;
	return is;
}

/* A veto decides by a hit, which is rarer. */
static double
chance_to_decide(bool veto)
{
	return veto ? OPEN_HITS : 1 - OPEN_HITS;
}

/* By what it costs until one of the kind has decided. */
struct priced {
	struct meta_decider decider;
	double price;
};

static int
by_price(const void *a, const void *b)
{
	const struct priced *x = a, *y = b;

	return x->price < y->price ? -1 : x->price > y->price;
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
			found[n++] = (struct priced){
			    {dep, veto}, o->cost[dep] / chance_to_decide(veto)};
	}
	qsort(found, n, sizeof(*found), by_price);
	code->deciders = arena_array(a, n + 1, sizeof(*code->deciders));
	for (uint32_t i = 0; i < n; i++)
		code->deciders[i] = found[i].decider;
	code->decider_count = n;
}

static void
bound_meta(struct outlook *o, uint32_t meta)
{
	struct range_source from = {NULL, &o->open, o->bound};
	const struct meta_code *code = o->rs->rules[meta].code;
	struct range r;

	o->bound[meta] = code->plain && range_run(code, &from, &r)
			     ? range_as_hits(r)
			     : range_of_hits;
}

/* Nothing but logic over rules that are 0 or 1? */
static bool
is_flag(const struct outlook *o, const struct meta_code *code)
{
	for (uint32_t i = 0; i < code->count; i++) {
		const struct expr_step *s = &code->steps[i];

		if (s->op == EXPR_RULE
			? !bitset_has(&o->flags, s->operand)
			: s->op != EXPR_NOT && s->op != EXPR_AND &&
			      s->op != EXPR_OR)
			return false;
	}
	return code->plain;
}

static bool
is_decider(const struct meta_code *code, uint32_t rule)
{
	for (uint32_t i = 0; i < code->decider_count; i++)
		if (code->deciders[i].rule == rule)
			return true;
	return false;
}

/* A meta costs what its rules cost until one decides; of those that cannot
 * alone, until one hits. */
static void
price_meta(struct outlook *o, uint32_t meta)
{
	const struct meta_code *code = o->rs->rules[meta].code;
	double cost = 0, open = 1;

	for (uint32_t i = 0; i < code->decider_count; i++) {
		const struct meta_decider *d = &code->deciders[i];

		cost += open * o->cost[d->rule];
		open *= 1 - chance_to_decide(d->veto);
	}
	for (uint32_t i = 0; i < code->dep_count; i++) {
		uint32_t dep = code->deps[i];

		if (dep == EXPR_UNKNOWN || is_decider(code, dep))
			continue;
		cost += open * o->cost[dep];
		open *= 1 - OPEN_HITS;
	}
	o->cost[meta] = cost < COST_MAX ? cost : COST_MAX;
}

static bool
is_restless(const struct rule *r)
{
	return r->code != NULL && r->code->rest != 0;
}

/* The rule without which the meta is nothing; the rarest of several. */
static uint32_t
find_key(const struct outlook *o, size_t place)
{
	const struct rule *rules = o->rs->rules;
	const struct meta_code *code = rules[o->rs->meta_order[place]].code;
	uint32_t best = EXPR_UNKNOWN;

	if (code->rest != 0)
		return EXPR_UNKNOWN;
	for (uint32_t i = 0; i < code->decider_count; i++) {
		const struct meta_decider *d = &code->deciders[i];

		if (d->veto || is_restless(&rules[d->rule]))
			continue;
		if (best == EXPR_UNKNOWN || guess_frequency(&rules[d->rule]) <
						guess_frequency(&rules[best]))
			best = d->rule;
	}
	return best;
}

struct edge {
	uint32_t rule;
	uint32_t place;
};

/* Metas of a cycle are always computed: they are nobody's users. */
static struct edge *
find_edges(const struct outlook *o, size_t *count_out)
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
find_users(struct ruleset *rs, const struct outlook *o)
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
gather_rules(struct ruleset *rs, const struct outlook *o)
{
	struct meta_code *metas =
	    arena_array(&rs->arena, rs->meta_count + 1, sizeof(*metas));

	rs->meta_of =
	    arena_array(&rs->arena, rs->count + 1, sizeof(*rs->meta_of));
	rs->most_hits =
	    arena_array(&rs->arena, rs->count + 1, sizeof(*rs->most_hits));
	for (size_t i = 0; i < rs->count; i++)
		rs->most_hits[i] = o->bound[i].most;
	for (size_t i = 0; i < rs->meta_count; i++) {
		uint32_t m = rs->meta_order[i];
		struct rule *r = &rs->rules[m];

		truth_compile(&rs->arena, r->code, &o->flags);
		r->code->rule = m;
		r->code->helper = rule_is_helper(r);
		r->code->idle = !r->enabled && !has_users(rs, m);
		metas[i] = *r->code;
		r->code = rs->meta_of[m] = &metas[i];
	}
	rs->metas = metas;
}

void
meta_run_prepare(struct ruleset *rs)
{
	struct outlook o;

	find_rest(rs);
	find_plain(rs);
	outlook_init(&o, rs);
	for (size_t i = 0; i < rs->meta_count; i++) {
		bound_meta(&o, rs->meta_order[i]);
		if (is_flag(&o, rs->rules[rs->meta_order[i]].code))
			bitset_add(&o.flags, rs->meta_order[i]);
		find_deciders(&o, &rs->arena, rs->meta_order[i]);
		price_meta(&o, rs->meta_order[i]);
	}
	find_users(rs, &o);
	gather_rules(rs, &o);
	outlook_fini(&o);
}
