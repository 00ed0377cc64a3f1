/* Any bytes as a rule file: loads, lints, judges its metas, never crashes. */
#include "base/mem.h"
#include "rule/dump.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct answers {
	const double *truth;
	double *value;
};

static void
answer(void *context, uint32_t rule)
{
	struct answers *a = context;

	a->value[rule] = a->truth[rule];
}

/* Where helpers are tried only as metas ask, the others come to the same. */
static void
check_metas(const struct ruleset *rs, double *truth)
{
	struct answers a = {truth, mem_array(rs->count + 1, sizeof(*truth))};
	struct bitset open;
	struct rule_values all = {.value = truth};
	struct rule_values asked = {
	    .value = a.value, .open = &open, .ask = answer, .context = &a};
	struct arena arena;

	arena_init(&arena, 0);
	bitset_init(&open, rs->count);
	for (size_t i = 0; i < rs->count; i++) {
		if (rs->rules[i].type == RULE_META)
			truth[i] = 0;
		else if (truth[i] > rule_most_hits(&rs->rules[i]))
			truth[i] = rule_most_hits(&rs->rules[i]);
		if (rs->rules[i].type != RULE_META &&
		    rule_is_helper(&rs->rules[i]))
			bitset_add(&open, i);
		else
			a.value[i] = truth[i];
	}
	ruleset_eval_metas(rs, &asked, &arena);
	ruleset_eval_metas(rs, &all, NULL);
	for (size_t i = 0; i < rs->count; i++)
		invariant(bitset_has(&open, i) || a.value[i] == truth[i] ||
			  (a.value[i] != a.value[i] && truth[i] != truth[i]));
	bitset_fini(&open);
	free(a.value);
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset_options o = {
	    .plugins = PLUGINS_LOCAL, .lint = true, .run_tests = true};
	struct diags d;
	struct ruleset *rs;
	double *value;

	if (size > 65536)
		return 0;
	diags_init(&d, 10);
	rs = ruleset_parse(
	    "fuzz.cf", str_make((const char *)data, size), &o, &d);
	value = mem_array(rs->count + 1, sizeof(*value));
	for (size_t i = 0; i < rs->count; i++) {
		struct json *j = rule_dump(&rs->rules[i], 0);

		json_unref(&j);
		value[i] = (double)(i % 3);
	}
	check_metas(rs, value);
	free(value);
	ruleset_free(&rs);
	diags_fini(&d);
	return 0;
}
