/* Whether an expression is true while some rules are open: gates of logic. */
#include "rule/truth.h"

#include "expr_of.h"
#include "tap.h"

#include <math.h>

/* Rules a and b are 1 and 0, the others open: x and y hit once or not, z 0 to 3
 * times, u any number of times. */
static const char names[] = "abxyzu";
static const double values[] = {1, 0, 0, 0, 0, 0};
static const struct range ranges[] = {
    {1, 1}, {0, 0}, {0, 1}, {0, 1}, {0, 3}, {0, INFINITY}};
#define FLAGS 4 /* the first so many are 0 or 1 */

enum { NO = TRUTH_NO, YES = TRUTH_YES, OPEN = TRUTH_OPEN };

static const struct {
	const char *text;
	int want;
	bool gates;   /* has a gate at all */
	bool logical; /* and nothing but */
} cases[] = {
    {"a", YES, true, true},
    {"b", NO, true, true},
    {"x", OPEN, true, true},
    {"!a", NO, true, true},
    {"!x", OPEN, true, true},
    {"0", NO, true, true},
    {"7", YES, true, true},
    {"!0", YES, true, true},
    {"- a", OPEN, false, false},
    {"a && x", OPEN, true, true},
    {"b && x", NO, true, true},
    {"x && b", NO, true, true},
    {"a || x", YES, true, true},
    {"x || a", YES, true, true},
    {"b || x", OPEN, true, true},
    {"!(a || x)", NO, true, true},
    {"!(b && x) && a", YES, true, true},
    {"!(x && !(b || y))", OPEN, true, true},
    {"!(x && !(a || y))", YES, true, true},
    {"(x && b) || (y && b)", NO, true, true},
    {"(x || a) && (y || a)", YES, true, true},
    {"(x || y || z) && u", OPEN, true, true},
    {"x && 0", NO, true, true},
    {"x || 5", YES, true, true},
    /* sums of what is 0 or 1 */
    {"x + y > 1", OPEN, true, true},
    {"x + y > 2", NO, true, true},
    {"a + x + y >= 1", YES, true, true},
    {"a + x + y == 0", NO, true, true},
    {"!(x + y > 2)", YES, true, true},
    {"x + y + a < 4 && a", YES, true, true},
    {"a && x + y != 3", YES, true, true},
    {"x + y > (x && 1)", OPEN, false, false},
    {"x + (y + a) > 3", NO, true, false},
    {"x + z > 4", NO, true, false},
    {"x + z > 3", OPEN, true, false},
    {"x + !y + (a || b) <= 3", YES, true, false},
    {"x + y + (a && b) > 2", NO, true, false},
    {"x + u >= 0", YES, true, false},
    {"x + 1 / y > 0", OPEN, false, false},
    /* one rule is a sum too */
    {"x > 0", OPEN, true, true},
    {"x > 1", NO, true, true},
    {"a == 1", YES, true, true},
    {"z > 2", OPEN, true, false},
    {"z > 3", NO, true, false},
    {"z * b > 3", NO, true, false},
    /* the rest is left to ranges */
    {"a && z > 3", NO, true, false},
    {"x || z > 3", OPEN, true, false},
    {"b || z > 3", NO, true, false},
    {"a && z * b", NO, true, false},
    {"x + y > z", OPEN, false, false},
    {"0 <= x <= 1", YES, true, false},
    {"4 < z < 9", NO, true, false},
    {"x ? b : b", OPEN, false, false},
    {"a ^ a", OPEN, false, false},
    {"a && 1 / x", OPEN, false, false},
};

static void
fill(uint8_t *literals, const struct bitset *open)
{
	for (uint32_t i = 0; i < open->bits; i++)
		truth_set(literals, i,
		    bitset_has(open, i) ? TRUTH_OPEN
		    : values[i] != 0	? TRUTH_YES
					: TRUTH_NO);
}

static void
test_cases(const struct bitset *open, const struct bitset *flags)
{
	uint8_t literals[2 * sizeof(names)];

	fill(literals, open);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct range_source from = {values, open, ranges};
		struct meta_code *code;
		struct arena a;

		arena_init(&a, 0);
		code = expr_of(&a, names, cases[i].text);
		truth_compile(&a, code, flags);
		ok((int)truth_run(code, literals, &from) == cases[i].want &&
			(code->truth != NULL) == cases[i].gates &&
			code->logical == cases[i].logical,
		    "%s is %d: %d, %d, %d", cases[i].text, cases[i].want,
		    (int)truth_run(code, literals, &from), code->truth != NULL,
		    code->logical);
		arena_fini(&a);
	}
}

static const struct {
	const char *text;
	const char *rule; /* "": none */
} wants[] = {
    {"x", "x"}, {"a && !y", "y"}, {"(a || x) && y", "y"},
    {"(b && x) || (y && a)", "y"}, {"(x || y) && z", "z"}, /* literals first */
    {"a && (b || (u && z))", "u"}, {"a + y + x > 1", "y"}, {"a && b", ""},
    {"a || x", "x"}, /* which nobody asks: it is true */
};

static void
test_wants(const struct bitset *open, const struct bitset *flags)
{
	uint8_t literals[2 * sizeof(names)];

	fill(literals, open);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		struct meta_code *code;
		uint32_t rule;
		struct arena a;

		arena_init(&a, 0);
		code = expr_of(&a, names, wants[i].text);
		truth_compile(&a, code, flags);
		rule = truth_wants(code->truth, literals);
		ok(rule == EXPR_UNKNOWN ? wants[i].rule[0] == '\0'
					: wants[i].rule[0] == names[rule],
		    "%s wants %s", wants[i].text,
		    wants[i].rule[0] != '\0' ? wants[i].rule : "nothing");
		arena_fini(&a);
	}
}

/* What is longer than a stack is deep. */
static void
test_long(const struct bitset *open, const struct bitset *flags)
{
	enum { LENGTH = 9000 };
	static const char *const joints[] = {" || ", " && ", " + "};
	uint8_t literals[2 * sizeof(names)] = {0};

	truth_set(literals, 2, TRUTH_OPEN);
	for (size_t k = 0; k < sizeof(joints) / sizeof(joints[0]); k++) {
		struct range_source from = {values, open, ranges};
		struct meta_code *code;
		struct arena a;
		struct buf b;

		arena_init(&a, 0);
		buf_init(&b);
		buf_add_cstr(&b, "x");
		for (int i = 1; i < LENGTH; i++) {
			buf_add_cstr(&b, joints[k]);
			buf_add_cstr(&b, "x");
		}
		buf_printf(&b, "%s", k == 2 ? " > 8999" : "");
		code = expr_of(&a, names, buf_cstr(&b));
		truth_compile(&a, code, flags);
		ok(code->logical && code->truth->literal_count == LENGTH &&
			truth_run(code, literals, &from) == TRUTH_OPEN,
		    "%d rules with%sare one gate", LENGTH, joints[k]);
		buf_fini(&b);
		arena_fini(&a);
	}
}

int
main(void)
{
	struct bitset open, flags;

	bitset_init(&open, sizeof(values) / sizeof(values[0]));
	bitset_init(&flags, open.bits);
	for (size_t i = 0; i < open.bits; i++)
		if (i < FLAGS)
			bitset_add(&flags, i);
	for (size_t i = 2; i < open.bits; i++)
		bitset_add(&open, i);
	test_cases(&open, &flags);
	test_wants(&open, &flags);
	test_long(&open, &flags);
	bitset_fini(&open);
	bitset_fini(&flags);
	return done_testing();
}
