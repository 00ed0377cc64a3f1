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
		struct diags d;
		struct ruleset *rs;
		double *value;
		struct buf b;

		diags_init(&d, 0);
		buf_init(&b);
		buf_add_cstr(&b, base);
		buf_add_cstr(&b, cases[i].metas);
		rs = ruleset_parse("t.cf", buf_str(&b), &o, &d);
		value = mem_array(rs->count, sizeof(*value));
		value[ruleset_find(rs, STR("H"))->index] = 1;
		value[ruleset_find(rs, STR("HM"))->index] = 3;
		value[ruleset_find(rs, STR("L"))->index] = 1;
		ruleset_eval_metas(rs, value);
		ok(value[ruleset_find(rs, str_from(cases[i].name))->index] ==
			cases[i].want,
		    "%s is %g in: %s", cases[i].name, cases[i].want,
		    cases[i].metas);
		free(value);
		buf_fini(&b);
		ruleset_free(&rs);
		diags_fini(&d);
	}
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
	test_settled();
	return done_testing();
}
