/*
 * What metas are worth, given what hit.
 *
 * Most metas look at nothing that hit, and are then worth what they are worth
 * when nothing hits at all. That is found out once; for a message only the
 * metas a hit reaches are computed, in the same order as all would be.
 */
#include "rule/meta.h"

#include "base/bitset.h"
#include "rule/expr.h"

/* In the place of a value until all are known: it counts as nothing then, but
 * what looks at it does not run either. */
#define NEVER_RUN (-1.0)

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
	if (v == 0 || v != v)
		return 0;
	if (!scored)
		return NEVER_RUN;
	return v < 0 ? 1 : v;
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

/* Metas of a cycle are always computed: they are nobody's users. */
static void
find_users(struct ruleset *rs)
{
	uint32_t *first = arena_array(
	    &rs->arena, rs->count + 2, sizeof(*rs->first_meta_user));
	size_t total = 0;

	for (size_t i = 0; i < rs->meta_count; i++) {
		const struct meta_code *c = rs->rules[rs->meta_order[i]].code;

		for (uint32_t d = 0; d < c->dep_count; d++)
			if (c->deps[d] != EXPR_UNKNOWN) {
				first[c->deps[d] + 2]++;
				total++;
			}
	}
	for (size_t i = 2; i < rs->count + 2; i++)
		first[i] += first[i - 1];
	rs->meta_users =
	    arena_array(&rs->arena, total + 1, sizeof(*rs->meta_users));
	for (size_t i = 0; i < rs->meta_count; i++) {
		const struct meta_code *c = rs->rules[rs->meta_order[i]].code;

		for (uint32_t d = 0; d < c->dep_count; d++)
			if (c->deps[d] != EXPR_UNKNOWN)
				rs->meta_users[first[c->deps[d] + 1]++] =
				    (uint32_t)i;
	}
	rs->first_meta_user = first;
}

void
meta_run_prepare(struct ruleset *rs)
{
	find_rest(rs);
	find_users(rs);
}

/* ---- one message --------------------------------------------------------- */

static void
wake_users(const struct ruleset *rs, uint32_t rule, struct bitset *awake)
{
	for (uint32_t u = rs->first_meta_user[rule];
	     u < rs->first_meta_user[rule + 1]; u++)
		bitset_add(awake, rs->meta_users[u]);
}

static bool
is_cyclic(const struct ruleset *rs, size_t place)
{
	return place < rs->meta_count &&
	       rs->rules[rs->meta_order[place]].code->cyclic;
}

/* Those of cycles stand first, and look at later ones before these have run. */
static size_t
judge_cycles(const struct ruleset *rs, double *value, struct bitset *awake)
{
	size_t n = 0;

	if (!is_cyclic(rs, 0))
		return 0;
	for (size_t i = 0; i < rs->meta_count; i++)
		value[rs->meta_order[i]] = 0;
	for (; is_cyclic(rs, n); n++) {
		uint32_t m = rs->meta_order[n];

		value[m] = judge(&rs->rules[m], value);
		if (value[m] != rs->meta_rest[n])
			wake_users(rs, m, awake);
	}
	return n;
}

static void
judge_reached(const struct ruleset *rs, double *value, struct bitset *awake)
{
	size_t cyclic;

	for (uint32_t i = 0; i < rs->count; i++)
		if (value[i] != 0)
			wake_users(rs, i, awake);
	cyclic = judge_cycles(rs, value, awake);
	for (size_t i = cyclic; i < rs->meta_count; i++)
		value[rs->meta_order[i]] = rs->meta_rest[i];
	for (size_t i = bitset_next(awake, cyclic); i != SIZE_MAX;
	     i = bitset_next(awake, i + 1)) {
		uint32_t m = rs->meta_order[i];

		value[m] = judge(&rs->rules[m], value);
		if (value[m] != rs->meta_rest[i])
			wake_users(rs, m, awake);
	}
}

void
ruleset_eval_metas(const struct ruleset *rs, double *value, struct arena *a)
{
	struct bitset awake;

	if (a != NULL && bitset_init_arena(&awake, rs->meta_count, a))
		judge_reached(rs, value, &awake);
	else
		judge_all(rs, value);
	for (size_t i = 0; i < rs->meta_count; i++)
		if (value[rs->meta_order[i]] == NEVER_RUN)
			value[rs->meta_order[i]] = 0;
}
