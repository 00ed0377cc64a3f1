/* Metas over hit values: data flow, scores of zero, cycles, priorities. */
#include "rule/ruleset.h"

#include "base/mem.h"
#include "rule/limits.h"
#include "tap.h"

/* H hits, HM three times, N never; Z would hit but has score 0. */
static const char base[] =
    "body H /h/\nbody HM /h/\ntflags HM multiple\nbody N /n/\n"
    "body Z /h/\nscore Z 0\nbody L /h/\npriority L -10\n";

static const struct {
	const char *metas;
	const char *name;
	double want;
} cases[] = {
    {"meta A H && HM", "A", 3},
    {"meta A N || HM", "A", 3},
    {"meta A 0 - 3", "A", 1}, /* negative results count as one */
    {"meta A HM - 3", "A", 0},
    {"meta A HM > 2 > 0", "A", 1},
    {"meta A Z || H", "A", 1},
    {"meta A !Z", "A", 1},
    {"meta A !UNDEFINED", "A", 1},
    {"meta A ()", "A", 0},
    {"meta A B + 1\nmeta B C + 1\nmeta C HM", "A", 5},
    {"meta A N && 1 / N", "A", 0},
    {"meta A H && 1 / (HM - 3)", "A", 0},
    {"meta A local_tests_only", "A", 1},
    {"meta A rules_matching(H*)", "A", 4},
    {"meta A rules_matching(H?)", "A", 3},
    {"meta A rules_matching(NO*)", "A", 0},
    {"meta A rules_matching( ? ) + 1", "A", 3},
    /* what depends on a meta of score 0 that hit never runs */
    {"meta O H\nscore O 0\nmeta A O || H", "A", 0},
    {"meta O H\nscore O 0\nmeta A !O", "A", 0},
    {"meta O H\nscore O 0\nmeta B !O\nmeta A !B", "A", 0},
    /* one that ran and did not hit is worth 0 */
    {"meta O N\nscore O 0\nmeta A O || H", "A", 1},
    {"meta O N\nscore O 0\nmeta A !O", "A", 1},
    /* one that had to wait for the end never ran */
    {"meta O UNDEFINED\nscore O 0\nmeta A !O", "A", 0},
    {"meta O N && Z\nscore O 0\nmeta A !O", "A", 0},
    {"meta O H\nscore O 0", "O", 0},
    /* cycles: judged once, knowing only the lowest priority */
    {"meta A A || H", "A", 0},
    {"meta A A || L", "A", 1},
    {"meta A !A", "A", 1},
    {"meta A B || H\nmeta B A", "A", 0},
    {"meta A B && H\nmeta B B || L", "A", 0},
};

static void
test_values(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ruleset_options o = {.plugins = PLUGINS_CORE};
		struct arena arena;
		struct diags d;
		struct ruleset *rs;
		double *value;
		struct buf b;

		arena_init(&arena, 0);
		diags_init(&d, 0);
		buf_init(&b);
		buf_add_cstr(&b, base);
		buf_add_cstr(&b, cases[i].metas);
		rs = ruleset_parse("t.cf", buf_str(&b), &o, &d);
		value = mem_array(rs->count, sizeof(*value));
		value[ruleset_find(rs, STR("H"))->index] = 1;
		value[ruleset_find(rs, STR("HM"))->index] = 3;
		value[ruleset_find(rs, STR("L"))->index] = 1;
		ruleset_eval_metas(rs, value, &arena);
		ok(value[ruleset_find(rs, str_from(cases[i].name))->index] ==
			cases[i].want,
		    "%s is %g in: %s", cases[i].name, cases[i].want,
		    cases[i].metas);
		free(value);
		buf_fini(&b);
		ruleset_free(&rs);
		diags_fini(&d);
		arena_fini(&arena);
	}
}

/* Chains, alternatives, negations, arithmetic, score 0, a cycle and its users.
 */
static const char web[] =
    "body A /x/\nbody B /x/\nbody C /x/\nbody D /x/\nbody E /x/\nscore E 0\n"
    "meta M0 A && B\nmeta M1 !C\nmeta M2 M0 + M1 + D > 2\n"
    "meta M3 M2 || (A && !M0)\nscore M4 0\nmeta M4 C && D\n"
    "meta M5 !M4\nmeta M6 M5 || M3\nmeta M7 E || UNDEFINED\n"
    "meta M8 !M7 && (B - C) * D\nmeta M9 1 / (A - B)\n"
    "meta K1 K2 || A\nmeta K2 !K1 + M6\nmeta M10 K1 && !K2\n"
    "meta M11 M10 + K2 + M9\n"
    "meta M12 rules_matching(M?) > 4\n";

/* What is computed from the hits alone is what computing everything gives. */
static void
test_reached(void)
{
	struct ruleset_options o = {.plugins = PLUGINS_CORE};
	struct ruleset *rs;
	struct arena arena;
	struct diags d;
	double *all, *reached;
	uint32_t seed = 1;
	int different = 0;

	diags_init(&d, 0);
	arena_init(&arena, 0);
	rs = ruleset_parse("t.cf", str_from(web), &o, &d);
	all = mem_array(rs->count, sizeof(*all));
	reached = mem_array(rs->count, sizeof(*reached));
	for (int i = 0; i < 2000; i++) {
		for (uint32_t r = 0; r < rs->count; r++) {
			seed = seed * 1664525 + 1013904223;
			all[r] = rs->rules[r].type == RULE_META ? 0
								: seed >> 30;
			if (i % 2 == 0 && all[r] != 1)
				all[r] = 0;
			reached[r] = all[r];
		}
		arena_reset(&arena);
		ruleset_eval_metas(rs, all, NULL);
		ruleset_eval_metas(rs, reached, &arena);
		different += memcmp(all, reached,
				 rs->count * sizeof(*all)) != 0;
	}
	is_int(different, 0, "computed from what hit: as if all were computed");
	free(all);
	free(reached);
	ruleset_free(&rs);
	arena_fini(&arena);
	diags_fini(&d);
}

static void
test_settled(void)
{
	struct ruleset_options o = {.plugins = PLUGINS_CORE};
	struct diags d;
	struct ruleset *rs;

	diags_init(&d, 0);
	rs = ruleset_parse("t.cf",
	    STR("body A /x/\nbody N /x/\ntflags N net\nmeta M A && N\n"
		"priority M -500\nmeta K M\nmeta C1 C2\nmeta C2 C1\n"),
	    &o, &d);
	is_int(ruleset_find(rs, STR("A"))->priority, -500, "pulled down");
	is_int(ruleset_find(rs, STR("N"))->priority, -100, "net goes to -100");
	ok(ruleset_find(rs, STR("M"))->flags & TFLAG_NET, "net is inherited");
	is_str(ruleset_find(rs, STR("M"))->tflags, STR("net"), "and shown");
	is_int(rs->meta_count, 4, "all metas are in the order");
	is_int(d.errors, 2, "both of the cycle are named");
	ruleset_free(&rs);
	diags_fini(&d);
}

int
main(void)
{
	test_values();
	test_reached();
	test_settled();
	return done_testing();
}
