#include "rule/range.h"

#include "rule/limits.h"

#include <float.h>
#include <math.h>

struct machine {
	const struct expr_step *steps;
	const struct range_source *from;
	struct range *top; /* of the stack: the next free place */
};

static const struct range anything = {-INFINITY, INFINITY};
static const struct range yes_or_no = {0, 1};

static struct range
truth(bool v)
{
	return (struct range){v, v};
}

static struct range
unite(struct range x, struct range y)
{
	return (struct range){x.least < y.least ? x.least : y.least,
	    x.most > y.most ? x.most : y.most};
}

/* Infinities may have met: their sum or product is no number. */
static struct range
checked(struct range r)
{
	return r.least <= r.most ? r : anything;
}

/* ---- operators ---------------------------------------------------------- */

static struct range
corners(double a, double b, double c, double d)
{
	struct range r = {a, a};

	if (a != a || b != b || c != c || d != d)
		return anything;
	r = unite(r, (struct range){b, b});
	r = unite(r, (struct range){c, c});
	return unite(r, (struct range){d, d});
}

static struct range
multiply(struct range x, struct range y)
{
	if (range_is_zero(x) || range_is_zero(y))
		return truth(false);
	return corners(x.least * y.least, x.least * y.most, x.most * y.least,
	    x.most * y.most);
}

static struct range
divide(struct range x, struct range y)
{
	return corners(x.least / y.least, x.least / y.most, x.most / y.least,
	    x.most / y.most);
}

static struct range
less(struct range x, struct range y)
{
	if (x.most < y.least)
		return truth(true);
	return x.least >= y.most ? truth(false) : yes_or_no;
}

static struct range
less_equal(struct range x, struct range y)
{
	if (x.most <= y.least && isfinite(x.most))
		return truth(true);
	return x.least > y.most ? truth(false) : yes_or_no;
}

static struct range
equal(struct range x, struct range y)
{
	if (x.most < y.least || y.most < x.least)
		return truth(false);
	return range_is_one(x) && range_is_one(y) ? truth(true) : yes_or_no;
}

static struct range not(struct range x)
{
	if (range_is_zero(x))
		return truth(true);
	return range_has_zero(x) ? yes_or_no : truth(false);
}

struct range
range_add(struct range x, struct range y)
{
	return checked((struct range){x.least + y.least, x.most + y.most});
}

struct range
range_compare(enum expr_op op, struct range x, struct range y)
{
	switch (op) {
	case EXPR_LESS:
		return less(x, y);
	case EXPR_LESS_EQUAL:
		return less_equal(x, y);
	case EXPR_GREATER:
		return less(y, x);
	case EXPR_GREATER_EQUAL:
		return less_equal(y, x);
	case EXPR_EQUAL:
		return equal(x, y);
	case EXPR_NOT_EQUAL:
		return not(equal(x, y));
	default:
		return yes_or_no;
	}
}

static inline struct range
apply(enum expr_op op, struct range x, struct range y)
{
	switch (op) {
	case EXPR_MULTIPLY:
		return multiply(x, y);
	case EXPR_DIVIDE:
		return divide(x, y);
	case EXPR_ADD:
		return range_add(x, y);
	case EXPR_SUBTRACT:
		return checked(
		    (struct range){x.least - y.most, x.most - y.least});
	case EXPR_XOR:
		return anything; /* it works on bits */
	default:
		return range_compare(op, x, y);
	}
}

/* ---- the program -------------------------------------------------------- */

static bool run(struct machine *m, uint32_t from, uint32_t to);

static inline struct range
operand(const struct range_source *from, uint32_t rule)
{
	if (bitset_has(from->open, rule))
		return from->range[rule];
	return (struct range){from->value[rule], from->value[rule]};
}

/* What is left of `x` where it is true: not 0. */
static struct range
where_true(struct range x)
{
	if (x.least == 0)
		x.least = DBL_TRUE_MIN;
	if (x.most == 0)
		x.most = -DBL_TRUE_MIN;
	return x;
}

/* The part [from, to) may or may not run: its value, or `x` in its place. */
static bool
run_perhaps(struct machine *m, uint32_t from, uint32_t to, struct range x)
{
	if (!run(m, from, to))
		return false;
	m->top[-1] = unite(m->top[-1], x);
	return true;
}

/* `*at` is an EXPR_AND or EXPR_OR; its first operand is on the stack. */
static inline bool
run_logical(struct machine *m, uint32_t *at)
{
	const struct expr_step *s = &m->steps[*at];
	struct range x = m->top[-1];
	uint32_t end = *at + s->operand;
	bool zero = range_is_zero(x);

	if (!zero && range_has_zero(x)) {
		m->top--;
		x = s->op == EXPR_AND ? truth(false) : where_true(x);
		if (!run_perhaps(m, *at + 1, end, x))
			return false;
		*at = end;
	} else if (zero == (s->op == EXPR_AND)) {
		*at = end;
	} else {
		m->top--;
		++*at;
	}
	return true;
}

/* `*at` is the EXPR_BRANCH of X ? Y : Z. Y ends in a jump over Z. */
static bool
run_branch(struct machine *m, uint32_t *at)
{
	struct range x = *--m->top, y;
	uint32_t first = *at + 1, other = *at + m->steps[*at].operand;
	uint32_t end = other - 1 + m->steps[other - 1].operand;

	if (range_is_zero(x) || !range_has_zero(x)) {
		*at = range_is_zero(x) ? other : first;
		return true;
	}
	if (!run(m, first, other - 1))
		return false;
	y = *--m->top;
	*at = end;
	return run_perhaps(m, other, end, y);
}

/* False: a division by what may be 0. */
static inline bool
run_plain(struct machine *m, const struct expr_step *s)
{
	struct range *top = m->top;

	switch (s->op) {
	case EXPR_CONST:
		*m->top++ = (struct range){s->value, s->value};
		return true;
	case EXPR_RULE:
		*m->top++ = operand(m->from, s->operand);
		return true;
	case EXPR_NOT:
		top[-1] = not(top[-1]);
		return true;
	case EXPR_MINUS:
		top[-1] = (struct range){-top[-1].most, -top[-1].least};
		return true;
	default:
		m->top--;
		if (s->op == EXPR_DIVIDE && range_has_zero(top[-1]))
			return false;
		top[-2] = apply(s->op, top[-2], top[-1]);
		return true;
	}
}

/* Runs [from, to), which leaves one value more on the stack. */
static bool
run(struct machine *m, uint32_t from, uint32_t to)
{
	bool good = true;

	for (uint32_t at = from; good && at < to;) {
		const struct expr_step *s = &m->steps[at];

		if (s->op < EXPR_AND)
			good = run_plain(m, &m->steps[at++]);
		else if (s->op == EXPR_BRANCH)
			good = run_branch(m, &at);
		else if (s->op == EXPR_JUMP)
			at += s->operand;
		else
			good = run_logical(m, &at);
	}
	return good;
}

bool
range_run_steps(const struct meta_code *code, uint32_t first, uint32_t end,
    const struct range_source *from, struct range *out)
{
	const struct expr_step *s = &code->steps[first];
	struct range stack[EXPR_STACK_MAX + 1];
	struct machine m = {code->steps, from, stack};

	if (end - first == 1 && s->op == EXPR_RULE) {
		*out = operand(from, s->operand);
		return true;
	}
	if (!run(&m, first, end))
		return false;
	*out = stack[0];
	return true;
}
