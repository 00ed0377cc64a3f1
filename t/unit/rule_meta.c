/* Metas over hit values: data flow, scores of zero, cycles, priorities. */
#include "rule/ruleset.h"

#include "base/mem.h"
#include "rule/limits.h"
#include "tap.h"

/* Rules, what they would hit if tried, and what is known of it. */
struct fixture {
	struct ruleset *rules;
	struct diags diags;
	struct arena arena;
	double *truth;
	double *value;
	struct bitset open;
	unsigned asked; /* rules tried because a meta asked */
};

static void
fixture_init(struct fixture *f, struct str text)
{
	struct ruleset_options o = {.plugins = PLUGINS_CORE};

	arena_init(&f->arena, 0);
	diags_init(&f->diags, 0);
	f->rules = ruleset_parse("t.cf", text, &o, &f->diags);
	f->truth = mem_array(f->rules->count + 1, sizeof(*f->truth));
	f->value = mem_array(f->rules->count + 1, sizeof(*f->value));
	bitset_init(&f->open, f->rules->count);
	f->asked = 0;
}

static void
fixture_init_with(struct fixture *f, const char *base, const char *metas)
{
	char *text = mem_printf("%s%s", base, metas);

	fixture_init(f, str_from(text));
	free(text);
}

static void
fixture_fini(struct fixture *f)
{
	bitset_fini(&f->open);
	free(f->truth);
	free(f->value);
	ruleset_free(&f->rules);
	diags_fini(&f->diags);
	arena_fini(&f->arena);
}

static const struct rule *
find(const struct fixture *f, const char *name)
{
	return ruleset_find(f->rules, str_from(name));
}

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
		struct fixture f;

		fixture_init_with(&f, base, cases[i].metas);
		f.value[find(&f, "H")->index] = 1;
		f.value[find(&f, "HM")->index] = 3;
		f.value[find(&f, "L")->index] = 1;
		eval_metas(f.rules, f.value, &f.arena);
		ok(f.value[find(&f, cases[i].name)->index] == cases[i].want,
		    "%s is %g in: %s", cases[i].name, cases[i].want,
		    cases[i].metas);
		fixture_fini(&f);
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
	struct fixture f;
	uint32_t seed = 1;
	int different = 0;

	fixture_init(&f, str_from(web));
	for (int i = 0; i < 2000; i++) {
		for (uint32_t r = 0; r < f.rules->count; r++) {
			const struct rule *rule = &f.rules->rules[r];
			double *all = &f.truth[r];

			seed = seed * 1664525 + 1013904223;
			*all = rule->type == RULE_META ? 0 : seed >> 30;
			if (i % 2 == 0 && *all != 1)
				*all = 0;
			if (*all > rule_most_hits(rule))
				*all = rule_most_hits(rule);
			f.value[r] = *all;
		}
		arena_reset(&f.arena);
		eval_metas(f.rules, f.truth, NULL);
		eval_metas(f.rules, f.value, &f.arena);
		different += memcmp(f.truth, f.value,
				 f.rules->count * sizeof(*f.value)) != 0;
	}
	is_int(different, 0, "computed from what hit: as if all were computed");
	fixture_fini(&f);
}

/* ---- rules that stay open ------------------------------------------------ */

static void
answer(void *context, uint32_t rule)
{
	struct fixture *f = context;

	f->value[rule] = f->truth[rule];
	f->asked++;
}

/* Helpers are open, the others tried: what is asked for, and what it comes to.
 */
static void
eval_asking(struct fixture *f)
{
	struct rule_values v = {
	    .value = f->value, .open = &f->open, .ask = answer, .context = f};

	bitset_clear(&f->open);
	f->asked = 0;
	for (uint32_t r = 0; r < f->rules->count; r++) {
		const struct rule *rule = &f->rules->rules[r];
		bool opens = rule->type != RULE_META && rule_is_helper(rule);

		f->value[r] = opens ? 0 : f->truth[r];
		if (opens)
			bitset_add(&f->open, r);
	}
	arena_reset(&f->arena);
	ruleset_eval_metas(f->rules, &v, &f->arena);
}

#define LONG_PATTERN                             \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

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
     "meta M __A > 1 && __B > 1",
	"ABcd", 0, 1},
    /* the cheapest first, and what has to hit before what must not */
    {"header __B Subject =~ /x/\nmeta M __A && __B", "Abcd", 0, 1},
    {"rawbody __A /x/\nmeta M __A && __B", "Abcd", 0, 1},
    {"meta M !__B && __A", "abcd", 0, 1},
    {"rawbody __A /" LONG_PATTERN "/\nheader __B Subject =~ /x/\n"
     "meta M __A && !__B",
	"ABcd", 0, 1},
    {"rawbody __D /" LONG_PATTERN "/\nmeta __X __C || __D\n"
     "meta M __X && __A",
	"abcd", 0, 1},
};

static void
test_asking(void)
{
	for (size_t i = 0; i < sizeof(askings) / sizeof(askings[0]); i++) {
		const struct rule *m;
		struct fixture f;

		fixture_init_with(&f,
		    "body __A /x/\nbody __B /x/\nbody __C /x/\n"
		    "body __D /x/\nbody H /x/\nbody N /x/\n",
		    askings[i].metas);
		f.truth[find(&f, "H")->index] = 1;
		for (const char *c = askings[i].hits; *c != '\0'; c++) {
			char name[] = {'_', '_', ascii_upper(*c), '\0'};

			f.truth[find(&f, name)->index] = *c != ascii_lower(*c);
		}
		eval_asking(&f);
		m = find(&f, "M");
		ok((m == NULL || f.value[m->index] == askings[i].want) &&
			f.asked == askings[i].times,
		    "%g after %u questions, with %s: %s", askings[i].want,
		    f.asked, askings[i].hits, askings[i].metas);
		fixture_fini(&f);
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

static void
fixture_init_random(struct fixture *f, uint32_t *seed)
{
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
	fixture_init(f, buf_str(&b));
	buf_fini(&b);
}

static void
set_random(struct fixture *f, uint32_t *seed)
{
	for (uint32_t r = 0; r < f->rules->count; r++) {
		const struct rule *rule = &f->rules->rules[r];
		uint32_t v = *seed = *seed * 1664525 + 1013904223;

		f->truth[r] = 0;
		if (rule->type == RULE_META || v >> 30 == 0)
			continue;
		f->truth[r] = v >> 29 & 3;
		if (f->truth[r] > rule_most_hits(rule))
			f->truth[r] = 1;
	}
}

/* What is asked for is enough: all that counts is as if all were known. */
static void
test_random_asking(void)
{
	uint32_t seed = 1;
	unsigned different = 0, asked = 0, open = 0, metas = 0;

	for (int i = 0; i < 300; i++) {
		struct fixture f;

		fixture_init_random(&f, &seed);
		for (int k = 0; k < 50; k++) {
			set_random(&f, &seed);
			eval_asking(&f);
			eval_metas(f.rules, f.truth, NULL);
			for (uint32_t r = 0; r < f.rules->count; r++) {
				bool left = bitset_has(&f.open, r);

				different += !left && f.value[r] != f.truth[r];
				open +=
				    left && !rule_is_helper(&f.rules->rules[r]);
			}
			asked += f.asked;
			metas += f.rules->meta_count > 0;
		}
		fixture_fini(&f);
	}
	is_int(different, 0, "random metas: the same, asked for or known");
	is_int(open, 0, "and none that counts stays open");
	ok(asked > 0 && asked < metas * 10, "not every rule is asked for (%u)",
	    asked);
}

/* A long sum asks for all in the end, and in time that is linear in it. */
static void
test_long_sum(void)
{
	enum { LENGTH = 3000 };
	struct fixture f;
	struct buf b;

	buf_init(&b);
	for (int i = 0; i < LENGTH; i++)
		buf_printf(&b, "body __R%d /x/\n", i);
	buf_add_cstr(&b, "meta M __R0");
	for (int i = 1; i < LENGTH; i++)
		buf_printf(&b, " + __R%d", i);
	fixture_init(&f, buf_str(&b));
	buf_fini(&b);
	for (size_t i = 0; i < f.rules->count; i++)
		f.truth[i] = f.rules->rules[i].type != RULE_META && i % 3 == 0;
	eval_asking(&f);
	is_int(f.asked, LENGTH, "a sum asks for all of its rules");
	is_int(
	    (int)f.value[find(&f, "M")->index], LENGTH / 3, "and is their sum");
	fixture_fini(&f);
}

static void
test_settled(void)
{
	struct fixture f;

	fixture_init(
	    &f, STR("body A /x/\nbody N /x/\ntflags N net\nmeta M A && N\n"
		    "priority M -500\nmeta K M\nmeta C1 C2\nmeta C2 C1\n"));
	is_int(find(&f, "A")->priority, -500, "pulled down");
	is_int(find(&f, "N")->priority, -100, "net goes to -100");
	ok(find(&f, "M")->flags & TFLAG_NET, "net is inherited");
	is_str(find(&f, "M")->tflags, STR("net"), "and shown");
	is_int(f.rules->meta_count, 4, "all metas are in the order");
	is_int(f.diags.errors, 2, "both of the cycle are named");
	fixture_fini(&f);
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
