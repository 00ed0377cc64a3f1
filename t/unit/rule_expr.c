/* Expressions: Perl's values, and what does not parse. */
#include "rule/expr.h"

#include "base/vec.h"
#include "rule/limits.h"
#include "tap.h"

#include <math.h>

/* Rules a=1, b=0, m=3 (a `multiple` one), n=7. */
static const double values[] = {1, 0, 3, 7};
static const char names[] = "abmn";

static const struct {
	const char *text;
	double want; /* NAN: does not parse; INFINITY: divides by zero */
} cases[] = {
    {"a", 1},
    {"b", 0},
    {"m", 3},
    {"u", 0},
    {"!a", 0},
    {"!b", 1},
    {"! ! m", 1},
    {"a && m", 3},
    {"m && a", 1},
    {"b && m", 0},
    {"m || a", 3},
    {"b || m", 3},
    {"b || 0", 0},
    {"a + m * 2", 7},
    {"(a + m) * 2", 8},
    {"m - 4", -1},
    {"0 - m", -3},
    {"- m + 4", 1},
    {"m - - m", 6},
    {"m +- a", 2},
    {"m -+ a", 2},
    {"n / 2", 3.5},
    {"m > 2", 1},
    {"m >= 3", 1},
    {"m < 3", 0},
    {"m <= 3", 1},
    {"m == 3", 1},
    {"m != 3", 0},
    {"m > 2 > 0", 1},
    {"m > 2 > 1", 1},
    {"m > 1 > 2", 0},
    {"1 < m < n", 1},
    {"1 < n < m", 0},
    {"n < m < u", 0},
    {"a == 1 == 1", 1},
    {"m ^ a", 2},
    {"n ^ m ^ a", 5},
    {"!a * m", 0},
    {"!b * m", 3},
    {"a ? m : n", 3},
    {"b ? m : n", 7},
    {"b ? 1 : b ? 2 : m", 3},
    {"a ? b ? 1 : 2 : 3", 2},
    {"a || b && u", 1},
    {"a + b > 0 && m", 3},
    {"0.5 * m", 1.5},
    {"010", 8},
    {"()", 0},
    {"() || a", 1},
    {"((m))", 3},
    {"a == 1 && m == 3 || u", 1},
    {"b && 1 / b", 0},
    {"a # b", NAN}, /* the foreign byte is passed over */
    {"", NAN},
    {"a b", NAN},
    {"(a", NAN},
    {"a)", NAN},
    {"a &&", NAN},
    {"&& a", NAN},
    {"a && && b", NAN},
    {"a ! b", NAN},
    {"a ?", NAN},
    {"a ? b", NAN},
    {"a ? b :", NAN},
    {"a : b", NAN},
    {"08", NAN},
    {"a ++ b", NAN},
    {"a -- b", NAN},
    {"a <=> b", NAN},
    {"> a", NAN},
    {"a (b)", NAN},
    {"(a)(b)", NAN},
    {"a . b", NAN},
    {"1.", NAN},
    {"1 / 0", INFINITY},
    {"a / b", INFINITY},
    {"a && 1 / b", INFINITY},
};

struct tokens {
	VEC(struct lex_token) list;
	VEC(uint32_t) index;
};

static void
lex(struct tokens *t, struct str text)
{
	struct lex_token token;
	size_t pos = 0;

	while (lex_next(text, &pos, &token)) {
		const char *p =
		    token.text.len == 1 ? strchr(names, token.text.p[0]) : NULL;

		*VEC_PUSH(&t->list) = token;
		*VEC_PUSH(&t->index) =
		    p && *p ? (uint32_t)(p - names) : EXPR_UNKNOWN;
	}
}

static struct meta_code *
compile(struct arena *a, struct str text, struct expr_error *e)
{
	struct tokens t = {0};
	struct meta_code *code;

	lex(&t, text);
	code = expr_compile(a, t.list.v, t.list.len, t.index.v, e);
	VEC_FINI(&t.list);
	VEC_FINI(&t.index);
	return code;
}

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expr_error e;
		struct arena a;
		struct meta_code *code;
		double v = -99;

		arena_init(&a, 0);
		code = compile(&a, str_from(cases[i].text), &e);
		if (isnan(cases[i].want))
			ok(code == NULL, "does not parse: %s", cases[i].text);
		else if (code == NULL)
			ok(false, "%s: %s", cases[i].text, e.message);
		else if (isinf(cases[i].want))
			ok(!expr_run(code, values, &v) && v == 0,
			    "divides by zero: %s", cases[i].text);
		else
			ok(expr_run(code, values, &v) && v == cases[i].want,
			    "%s is %g", cases[i].text, cases[i].want);
		arena_fini(&a);
	}
}

/* Gives `text` back. */
static bool
compiles(struct buf *text)
{
	struct expr_error e;
	struct arena a;
	bool good;

	arena_init(&a, 0);
	good = compile(&a, buf_str(text), &e) != NULL;
	arena_fini(&a);
	buf_fini(text);
	return good;
}

static bool
parens_compile(size_t depth)
{
	struct buf b;

	buf_init(&b);
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&b, '(');
	buf_add_char(&b, 'a');
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&b, ')');
	return compiles(&b);
}

/* n operands, 2n - 1 tokens; the stack stays at two. */
static bool
sum_compiles(size_t n)
{
	struct buf b;

	buf_init(&b);
	for (size_t i = 0; i < n; i++)
		buf_add_cstr(&b, i ? " + a" : "a");
	return compiles(&b);
}

/* a + (a + (a + ...)): one operand more on the stack at each level. */
static bool
stack_compiles(size_t n)
{
	struct buf b;

	buf_init(&b);
	for (size_t i = 1; i < n; i++)
		buf_add_cstr(&b, "a + (");
	buf_add_char(&b, 'a');
	for (size_t i = 1; i < n; i++)
		buf_add_char(&b, ')');
	return compiles(&b);
}

int
main(void)
{
	test_cases();
	ok(parens_compile(EXPR_DEPTH_MAX), "parentheses to the limit");
	ok(!parens_compile(EXPR_DEPTH_MAX + 1), "one parenthesis more");
	ok(sum_compiles((EXPR_TOKEN_MAX + 1) / 2), "tokens to the limit");
	ok(!sum_compiles((EXPR_TOKEN_MAX + 1) / 2 + 1), "two tokens more");
	ok(stack_compiles(EXPR_DEPTH_MAX), "operands stacked by depth");
	return done_testing();
}
