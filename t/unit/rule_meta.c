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
eval_metas(const struct ruleset *rs, double *value, struct arena *a)
{
	struct rule_values v = {.value = value};

	ruleset_eval_metas(rs, &v, a);
}

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
		eval_metas(rs, value, &arena);
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
    "tflags A multiple\ntflags B multiple\ntflags C multiple maxhits=2\n"
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
			all[r] =
			    rs->rules[r].type == RULE_META ? 0 : seed >> 30;
			if (i % 2 == 0 && all[r] != 1)
				all[r] = 0;
			if (all[r] > rule_most_hits(&rs->rules[r]))
				all[r] = rule_most_hits(&rs->rules[r]);
			reached[r] = all[r];
		}
		arena_reset(&arena);
		eval_metas(rs, all, NULL);
		eval_metas(rs, reached, &arena);
		different +=
		    memcmp(all, reached, rs->count * sizeof(*all)) != 0;
	}
	is_int(different, 0, "computed from what hit: as if all were computed");
	free(all);
	free(reached);
	ruleset_free(&rs);
	arena_fini(&arena);
	diags_fini(&d);
}

/* ---- rules that stay open ------------------------------------------------ */

struct asked {
	const double *truth;
	double *value;
	unsigned times;
};

static void
answer(void *context, uint32_t rule)
{
	struct asked *a = context;

	a->value[rule] = a->truth[rule];
	a->times++;
}

/* Helpers are open, the others tried: what is asked for, and what it comes to.
 */
static void
eval_asking(const struct ruleset *rs, struct asked *a, struct bitset *open,
    struct arena *arena)
{
	struct rule_values v = {
	    .value = a->value, .open = open, .ask = answer, .context = a};

	bitset_clear(open);
	a->times = 0;
	for (uint32_t r = 0; r < rs->count; r++) {
		bool opens = rs->rules[r].type != RULE_META &&
			     rule_is_helper(&rs->rules[r]);

		a->value[r] = opens ? 0 : a->truth[r];
		if (opens)
			bitset_add(open, r);
	}
	ruleset_eval_metas(rs, &v, arena);
}

static const struct {
	const char *metas;
	const char *hits; /* one letter for __A to __D, capital: it hits */
	double want;
	unsigned times; /* asked */
} askings[] = {
    {"meta M __A", "abcd", 0, 1},
    {"meta M __A", "Abcd", 1, 1},
    {"meta M __A && N", "Abcd", 0, 0},
    {"meta M __A || H", "abcd", 1, 1},
    {"meta M H || __A", "abcd", 1, 0},
    {"meta M __A && __B", "aBcd", 0, 1},
    {"meta M __A && __B", "ABcd", 1, 2},
    {"meta M __A + __B > 2", "ABcd", 0, 0},
    {"meta M __A + __B + H > 2", "aBcd", 0, 1},
    {"meta M __A + __B + __C + __D > 2", "aBcD", 0, 3},
    {"meta M __A + __B + __C + __D > 2", "ABCd", 1, 3},
    {"meta M __A - __B < -2", "aBcd", 0, 0},
    {"meta M __A * N", "Abcd", 0, 0},
    {"meta M !__A && N", "abcd", 0, 0},
    {"meta M H / (__A + 1)", "abcd", 1, 1},
    {"meta M H ? N : __A", "Abcd", 0, 0},
    {"meta M __A ? __B : __C", "abCd", 1, 2},
    {"meta M __A ? N : N", "Abcd", 0, 0},
    {"meta M __A ^ __B", "ABcd", 0, 2},
    {"meta M __A == __B", "aBcd", 0, 2},
    {"meta M __A == 2", "Abcd", 0, 0},
    {"meta M __A != 2", "Abcd", 1, 0},
    {"meta M 0 <= __A <= 1", "Abcd", 1, 0},
    /* by way of helpers that are metas */
    {"meta __X __A && __B\nmeta M __X && N", "ABcd", 0, 0},
    {"meta __X __A && __B\nmeta M __X", "aBcd", 0, 1},
    {"meta __X __A + __B\nmeta M __X > 2", "ABcd", 0, 0},
    {"meta __X __A + __B\nmeta M __X > 1", "ABcd", 1, 2},
    {"meta __X __A + H\nmeta M __X && H", "abcd", 1, 0},
    {"meta __X __A\nmeta __Y __X\nmeta M !__Y", "abcd", 1, 1},
    {"meta __X __A\nmeta __Y __B", "ABcd", 0, 0},
    /* only plain metas stay open */
    {"score O 0\nmeta O __A\nmeta M !O", "Abcd", 0, 1},
    {"score O 0\nmeta O __A\nmeta M !O", "abcd", 1, 1},
    {"score O 0\nmeta O __A", "Abcd", 0, 0},
    {"meta K L && !__A\nmeta L K || __B\nmeta M L", "Abcd", 0, 2},
    /* hits more than once */
    {"tflags __A multiple\nmeta M __A > 2", "Abcd", 0, 1},
    {"tflags __A multiple maxhits=2\nmeta M __A > 2", "Abcd", 0, 0},
    {"tflags __A multiple\ntflags __B multiple\n"
     "meta M __A > 1 && __B > 1", "ABcd", 0, 1},
};

static void
test_asking(void)
{
	for (size_t i = 0; i < sizeof(askings) / sizeof(askings[0]); i++) {
		struct ruleset_options o = {.plugins = PLUGINS_CORE};
		struct asked a = {0};
		const struct rule *m;
		struct bitset open;
		struct arena arena;
		struct diags d;
		struct ruleset *rs;
		double *truth;
		struct buf b;

		diags_init(&d, 0);
		arena_init(&arena, 0);
		buf_init(&b);
		buf_add_cstr(&b, "body __A /x/\nbody __B /x/\nbody __C /x/\n"
				 "body __D /x/\nbody H /x/\nbody N /x/\n");
		buf_add_cstr(&b, askings[i].metas);
		rs = ruleset_parse("t.cf", buf_str(&b), &o, &d);
		truth = mem_array(rs->count + 1, sizeof(*truth));
		truth[ruleset_find(rs, STR("H"))->index] = 1;
		for (const char *c = askings[i].hits; *c != '\0'; c++) {
			char name[] = {'_', '_', ascii_upper(*c), '\0'};

			truth[ruleset_find(rs, str_from(name))->index] =
			    *c != ascii_lower(*c);
		}
		a.truth = truth;
		a.value = mem_array(rs->count + 1, sizeof(*a.value));
		bitset_init(&open, rs->count);
		eval_asking(rs, &a, &open, &arena);
		m = ruleset_find(rs, STR("M"));
		ok((m == NULL || a.value[m->index] == askings[i].want) &&
			a.times == askings[i].times,
		    "%g after %u questions, with %s: %s", askings[i].want,
		    a.times, askings[i].hits, askings[i].metas);
		bitset_fini(&open);
		free(truth);
		free(a.value);
		buf_fini(&b);
		ruleset_free(&rs);
		arena_fini(&arena);
		diags_fini(&d);
	}
}

/* An expression over the helpers __A to __J, the metas __0 to __<n> and
 * numbers. */
static void
add_random(struct buf *b, uint32_t *seed, unsigned depth, unsigned metas)
{
	static const char *const operators[] = {"&&", "&&", "&&", "||", "||",
	    "+", "-", "*", "/", ">", "<", ">=", "<=", "==", "!=", "^"};
	uint32_t r = *seed = *seed * 1664525 + 1013904223;

	r >>= 8;
	if (depth == 0 && metas > 0 && r % 4 == 0) {
		buf_printf(b, "__%u", r / 4 % metas);
	} else if (depth == 0) {
		if (r % 8 == 0)
			buf_printf(b, "%u", r / 8 % 3);
		else
			buf_printf(b, "__%c", 'A' + r / 8 % 10);
	} else if (r % 8 == 0) {
		buf_add_cstr(b, "!(");
		add_random(b, seed, depth - 1, metas);
		buf_add_cstr(b, ")");
	} else if (r % 8 == 1) {
		buf_add_cstr(b, "(");
		add_random(b, seed, depth - 1, metas);
		buf_add_cstr(b, " ? ");
		add_random(b, seed, depth - 1, metas);
		buf_add_cstr(b, " : ");
		add_random(b, seed, depth - 1, metas);
		buf_add_cstr(b, ")");
	} else {
		buf_add_cstr(b, "(");
		add_random(b, seed, depth - 1, metas);
		buf_printf(b, " %s ", operators[r / 8 % 16]);
		add_random(b, seed, depth - 1, metas);
		buf_add_cstr(b, ")");
	}
}

#define RANDOM_METAS 12

static struct ruleset *
random_rules(uint32_t *seed, struct diags *d)
{
	struct ruleset_options o = {.plugins = PLUGINS_CORE};
	struct ruleset *rs;
	struct buf b;

	buf_init(&b);
	for (char c = 'A'; c <= 'J'; c++)
		buf_printf(&b, "body __%c /x/\n", c);
	buf_add_cstr(&b, "tflags __A multiple maxhits=3\n"
			 "tflags __B multiple\n");
	for (unsigned i = 0; i < RANDOM_METAS; i++) {
		buf_printf(&b, "meta __%u ", i);
		add_random(&b, seed, 1 + i % 3, i);
		buf_printf(&b, "\nmeta M%u ", i);
		add_random(&b, seed, 1 + i % 4, i);
		buf_add_char(&b, '\n');
	}
	rs = ruleset_parse("t.cf", buf_str(&b), &o, d);
	buf_fini(&b);
	return rs;
}

static void
set_random(const struct ruleset *rs, uint32_t *seed, double *truth)
{
	for (uint32_t r = 0; r < rs->count; r++) {
		uint32_t v = *seed = *seed * 1664525 + 1013904223;

		truth[r] = 0;
		if (rs->rules[r].type == RULE_META || v >> 30 == 0)
			continue;
		truth[r] = v >> 29 & 3;
		if (truth[r] > rule_most_hits(&rs->rules[r]))
			truth[r] = 1;
	}
}

/* What is asked for is enough: all that counts is as if all were known. */
static void
test_random_asking(void)
{
	struct diags d;
	struct arena arena;
	uint32_t seed = 1;
	unsigned different = 0, asked = 0, open = 0, metas = 0;

	diags_init(&d, 0);
	arena_init(&arena, 0);
	for (int i = 0; i < 300; i++) {
		struct ruleset *rs = random_rules(&seed, &d);
		double *truth = mem_array(rs->count + 1, sizeof(*truth));
		struct asked a = {
		    .truth = truth, .value = mem_array(rs->count + 1, 8)};
		struct bitset left;

		bitset_init(&left, rs->count);
		for (int k = 0; k < 50; k++) {
			set_random(rs, &seed, truth);
			arena_reset(&arena);
			eval_asking(rs, &a, &left, &arena);
			eval_metas(rs, truth, NULL);
			for (uint32_t r = 0; r < rs->count; r++)
				different += !bitset_has(&left, r) &&
					     a.value[r] != truth[r];
			for (uint32_t r = 0; r < rs->count; r++)
				open += bitset_has(&left, r) &&
					!rule_is_helper(&rs->rules[r]);
			asked += a.times;
			metas += rs->meta_count > 0;
		}
		bitset_fini(&left);
		free(truth);
		free(a.value);
		ruleset_free(&rs);
	}
	is_int(different, 0, "random metas: the same, asked for or known");
	is_int(open, 0, "and none that counts stays open");
	ok(asked > 0 && asked < metas * 10, "not every rule is asked for (%u)",
	    asked);
	diags_fini(&d);
	arena_fini(&arena);
}

/* A long sum asks for all in the end, and in time that is linear in it. */
static void
test_long_sum(void)
{
	enum { LENGTH = 3000 };
	struct ruleset_options o = {.plugins = PLUGINS_CORE};
	struct asked a = {0};
	struct bitset open;
	struct arena arena;
	struct ruleset *rs;
	struct diags d;
	double *truth;
	struct buf b;

	diags_init(&d, 0);
	arena_init(&arena, 0);
	buf_init(&b);
	for (int i = 0; i < LENGTH; i++)
		buf_printf(&b, "body __R%d /x/\n", i);
	buf_add_cstr(&b, "meta M __R0");
	for (int i = 1; i < LENGTH; i++)
		buf_printf(&b, " + __R%d", i);
	rs = ruleset_parse("t.cf", buf_str(&b), &o, &d);
	truth = mem_array(rs->count + 1, sizeof(*truth));
	for (size_t i = 0; i < rs->count; i++)
		truth[i] = rs->rules[i].type != RULE_META && i % 3 == 0;
	a.truth = truth;
	a.value = mem_array(rs->count + 1, sizeof(*a.value));
	bitset_init(&open, rs->count);
	eval_asking(rs, &a, &open, &arena);
	is_int(a.times, LENGTH, "a sum asks for all of its rules");
	is_int((int)a.value[ruleset_find(rs, STR("M"))->index], LENGTH / 3,
	    "and is their sum");
	bitset_fini(&open);
	free(truth);
	free(a.value);
	buf_fini(&b);
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
	test_asking();
	test_random_asking();
	test_long_sum();
	test_settled();
	return done_testing();
}
