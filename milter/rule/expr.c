#include "rule/expr.h"

#include "base/mem.h"
#include "base/vec.h"
#include "rule/limits.h"

#include <math.h>
#include <stdio.h>

struct parser {
	const struct lex_token *tokens;
	const uint32_t *index;
	size_t count;
	size_t at;
	unsigned depth;
	unsigned stack; /* operands on the stack at this point */
	VEC(struct expr_step) steps;
	struct expr_error *error;
	bool failed;
};

struct binary {
	const char *text;
	enum expr_op op;
	int level; /* binds tighter when higher */
	bool chains;
};

static const struct binary binaries[] = {
    {"*", EXPR_MULTIPLY, 8, false},
    {"/", EXPR_DIVIDE, 8, false},
    {"+", EXPR_ADD, 7, false},
    {"-", EXPR_SUBTRACT, 7, false},
    {"<", EXPR_LESS, 6, true},
    {"<=", EXPR_LESS_EQUAL, 6, true},
    {">", EXPR_GREATER, 6, true},
    {">=", EXPR_GREATER_EQUAL, 6, true},
    {"==", EXPR_EQUAL, 5, true},
    {"!=", EXPR_NOT_EQUAL, 5, true},
    {"^", EXPR_XOR, 4, false},
    {"&&", EXPR_AND, 3, false},
    {"||", EXPR_OR, 2, false},
};

#define LEVEL_TERNARY 1
#define LEVEL_EQUALITY 5
#define LEVEL_RELATION 6

static void parse_level(struct parser *p, int level);

static void
fail(struct parser *p, const char *message)
{
	if (p->failed)
		return;
	p->failed = true;
	p->error->offset =
	    p->at < p->count ? p->tokens[p->at].offset
			     : (p->count ? p->tokens[p->count - 1].offset +
					       p->tokens[p->count - 1].text.len
					 : 0);
	snprintf(p->error->message, sizeof(p->error->message), "%s", message);
}

static size_t
emit(struct parser *p, enum expr_op op, uint32_t operand, double value)
{
	*VEC_PUSH(&p->steps) = (struct expr_step){op, operand, value};
	if (op == EXPR_CONST || op == EXPR_RULE) {
		if (++p->stack > EXPR_STACK_MAX)
			fail(p, "expression needs too many operands at once");
	} else if (op != EXPR_NOT && op != EXPR_MINUS && op != EXPR_JUMP) {
		p->stack--;
	}
	return p->steps.len - 1;
}

static void
land(struct parser *p, size_t jump)
{
	p->steps.v[jump].operand = (uint32_t)(p->steps.len - jump);
}

static bool
at_operator(const struct parser *p, const char *text)
{
	return p->at < p->count && p->tokens[p->at].type != LEX_WORD &&
	       str_is(p->tokens[p->at].text, text);
}

static bool
accept(struct parser *p, const char *text)
{
	if (!at_operator(p, text))
		return false;
	p->at++;
	return true;
}

static bool
is_sign(const struct lex_token *t)
{
	return t->type == LEX_NUMBER && t->text.len > 0 &&
	       str_span(t->text, "+-") == t->text.len;
}

/* Leading zeros mean octal, as in the Perl the number is handed to. */
static bool
read_number(struct str s, double *out)
{
	bool octal =
	    s.len > 1 && s.p[0] == '0' && str_span(s, "0123456789") == s.len;

	if (!octal)
		return str_to_double(s, out) && s.p[0] != '-';
	if (str_span(s, "01234567") != s.len)
		return false;
	*out = 0;
	for (size_t i = 0; i < s.len; i++)
		*out = *out * 8 + (s.p[i] - '0');
	return true;
}

static void
parse_group(struct parser *p)
{
	p->at++;
	if (accept(p, ")")) {
		emit(p, EXPR_CONST, 0, 0);
		return;
	}
	parse_level(p, LEVEL_TERNARY);
	if (!p->failed && !accept(p, ")"))
		fail(p, "')' expected");
}

/* One or two signs in one token: "-", "+", "-+" ... but no "++" or "--". */
static void
parse_sign(struct parser *p, struct str text)
{
	bool minus = false;

	if (text.len > 2 || (text.len == 2 && text.p[0] == text.p[1])) {
		fail(p, "bad sign");
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		minus ^= text.p[i] == '-';
	p->at++;
	parse_level(p, LEVEL_TERNARY + 100);
	if (minus)
		emit(p, EXPR_MINUS, 0, 0);
}

static void
parse_operand(struct parser *p)
{
	const struct lex_token *t = p->at < p->count ? &p->tokens[p->at] : NULL;
	double value;

	if (t == NULL) {
		fail(p, "operand expected at the end");
	} else if (accept(p, "!")) {
		parse_level(p, LEVEL_TERNARY + 100);
		emit(p, EXPR_NOT, 0, 0);
	} else if (at_operator(p, "(")) {
		parse_group(p);
	} else if (is_sign(t)) {
		parse_sign(p, t->text);
	} else if (t->type == LEX_WORD) {
		if (p->index != NULL && p->index[p->at] != EXPR_UNKNOWN)
			emit(p, EXPR_RULE, p->index[p->at], 0);
		else
			emit(p, EXPR_CONST, 0, p->index ? 0 : t->value);
		p->at++;
	} else if (t->type == LEX_NUMBER && t->text.len == 0) {
		emit(p, EXPR_CONST, 0, t->value);
		p->at++;
	} else if (t->type == LEX_NUMBER && read_number(t->text, &value)) {
		emit(p, EXPR_CONST, 0, value);
		p->at++;
	} else {
		fail(p, "operand expected");
	}
}

/* Every recursion of the parser comes by here. */
static void
parse_nested(struct parser *p)
{
	if (p->depth > EXPR_DEPTH_MAX) {
		fail(p, "expression is nested too deeply");
		return;
	}
	p->depth++;
	parse_operand(p);
	p->depth--;
}

static const struct binary *
peek_binary(const struct parser *p, int level)
{
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (binaries[i].level == level &&
		    at_operator(p, binaries[i].text))
			return &binaries[i];
	/* "A -+ B": the first sign is the operator, the second the operand's */
	if (level == 7 && p->at < p->count && is_sign(&p->tokens[p->at]) &&
	    p->tokens[p->at].text.len == 2 &&
	    p->tokens[p->at].text.p[0] != p->tokens[p->at].text.p[1])
		return &binaries[3];
	return NULL;
}

/* a < b < c means a < b && b < c; b is compiled twice, having no effects. */
static void
parse_chain(struct parser *p, int level)
{
	const struct binary *b = peek_binary(p, level);
	size_t jumps[EXPR_DEPTH_MAX], jump_count = 0;

	while (!p->failed && b != NULL) {
		const struct binary *next;
		size_t from, to;

		p->at++;
		from = p->steps.len;
		parse_level(p, level + 1);
		to = p->steps.len;
		emit(p, b->op, 0, 0);
		next = peek_binary(p, level);
		if (next != NULL && jump_count < EXPR_DEPTH_MAX) {
			jumps[jump_count++] = emit(p, EXPR_AND, 0, 0);
			for (size_t i = from; i < to && !p->failed; i++) {
				struct expr_step step = p->steps.v[i];

				*VEC_PUSH(&p->steps) = step;
			}
			p->stack++;
		} else if (next != NULL) {
			fail(p, "too many comparisons in a chain");
		}
		b = next;
	}
	while (jump_count > 0)
		land(p, jumps[--jump_count]);
}

static void
parse_binary(struct parser *p, int level)
{
	const struct binary *b;

	while (!p->failed && (b = peek_binary(p, level)) != NULL) {
		bool logical = b->op == EXPR_AND || b->op == EXPR_OR;
		size_t jump = 0;

		p->at++;
		if (logical)
			jump = emit(p, b->op, 0, 0);
		parse_level(p, level + 1);
		if (logical)
			land(p, jump);
		else
			emit(p, b->op, 0, 0);
	}
}

static void
parse_ternary(struct parser *p)
{
	size_t otherwise, end;

	if (p->failed || !accept(p, "?"))
		return;
	otherwise = emit(p, EXPR_BRANCH, 0, 0);
	parse_level(p, LEVEL_TERNARY);
	if (!p->failed && !accept(p, ":"))
		fail(p, "':' expected");
	end = emit(p, EXPR_JUMP, 0, 0);
	land(p, otherwise);
	if (!p->failed)
		p->stack--;
	parse_level(p, LEVEL_TERNARY);
	land(p, end);
}

static void
parse_level(struct parser *p, int level)
{
	if (p->failed)
		return;
	if (level > 8) {
		parse_nested(p);
	} else {
		parse_level(p, level + 1);
		if (level == LEVEL_TERNARY)
			parse_ternary(p);
		else if (level == LEVEL_EQUALITY || level == LEVEL_RELATION)
			parse_chain(p, level);
		else
			parse_binary(p, level);
	}
}

static void
collect_deps(struct arena *a, struct meta_code *code,
    const struct lex_token *tokens, size_t count, const uint32_t *index)
{
	uint32_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += tokens[i].type == LEX_WORD;
	code->deps = arena_array(a, n ? n : 1, sizeof(*code->deps));
	code->dep_names = arena_array(a, n ? n : 1, sizeof(*code->dep_names));
	for (size_t i = 0; i < count; i++) {
		if (tokens[i].type != LEX_WORD)
			continue;
		code->dep_names[code->dep_count] = tokens[i].text;
		code->deps[code->dep_count++] = index[i];
	}
}

struct meta_code *
expr_compile(struct arena *a, const struct lex_token *tokens, size_t count,
    const uint32_t *index, struct expr_error *error_out)
{
	struct parser p = {.tokens = tokens,
	    .count = count,
	    .index = index,
	    .error = error_out};
	struct meta_code *code = NULL;

	if (count > EXPR_TOKEN_MAX)
		fail(&p, "expression is too long");
	parse_level(&p, LEVEL_TERNARY);
	if (!p.failed && p.at < p.count)
		fail(&p, "operator expected");
	if (!p.failed) {
		code = arena_zalloc(a, sizeof(*code));
		code->count = (uint32_t)p.steps.len;
		code->steps = arena_array(a, p.steps.len, sizeof(*code->steps));
		memcpy(
		    code->steps, p.steps.v, p.steps.len * sizeof(*code->steps));
		if (index != NULL)
			collect_deps(a, code, tokens, count, index);
	}
	VEC_FINI(&p.steps);
	return code;
}

static uint64_t
to_bits(double v)
{
	if (!(v > -9223372036854775808.0))
		return (uint64_t)INT64_MIN;
	if (v < 0)
		return (uint64_t)(int64_t)v;
	return v < 18446744073709551615.0 ? (uint64_t)v : UINT64_MAX;
}

static double
apply(enum expr_op op, double a, double b)
{
	switch (op) {
	case EXPR_MULTIPLY:
		return a * b;
	case EXPR_DIVIDE:
		return a / b;
	case EXPR_ADD:
		return a + b;
	case EXPR_SUBTRACT:
		return a - b;
	case EXPR_LESS:
		return a < b;
	case EXPR_LESS_EQUAL:
		return a <= b;
	case EXPR_GREATER:
		return a > b;
	case EXPR_GREATER_EQUAL:
		return a >= b;
	case EXPR_EQUAL:
		return a == b;
	case EXPR_NOT_EQUAL:
		return a != b;
	default:
		return (double)(to_bits(a) ^ to_bits(b));
	}
}

/* Where a jump goes on, or the next step. */
static uint32_t
follow(const struct expr_step *s, uint32_t at, double *stack, size_t *top)
{
	bool taken = s->op == EXPR_JUMP;

	if (s->op == EXPR_AND)
		taken = stack[*top - 1] == 0;
	else if (s->op == EXPR_OR)
		taken = stack[*top - 1] != 0;
	else if (s->op == EXPR_BRANCH)
		taken = stack[*top - 1] == 0;
	if (s->op == EXPR_BRANCH ||
	    (!taken && (s->op == EXPR_AND || s->op == EXPR_OR)))
		--*top;
	return at + (taken ? s->operand : 1);
}

static void
apply_step(const struct expr_step *s, double *stack, size_t *top)
{
	if (s->op == EXPR_NOT) {
		stack[*top - 1] = stack[*top - 1] == 0;
	} else if (s->op == EXPR_MINUS) {
		stack[*top - 1] = -stack[*top - 1];
	} else {
		--*top;
		stack[*top - 1] = apply(s->op, stack[*top - 1], stack[*top]);
	}
}

enum expr_end
expr_run_open(const struct meta_code *code, const double *value,
    const struct bitset *open, double *out, uint32_t *wanted_out)
{
	double stack[EXPR_STACK_MAX + 1];
	size_t top = 0;

	*out = 0;
	for (uint32_t i = 0; i < code->count;) {
		const struct expr_step *s = &code->steps[i];

		if (s->op >= EXPR_AND) {
			i = follow(s, i, stack, &top);
			continue;
		}
		i++;
		if (s->op == EXPR_CONST) {
			stack[top++] = s->value;
		} else if (s->op == EXPR_RULE) {
			if (open != NULL && bitset_has(open, s->operand)) {
				*wanted_out = s->operand;
				return EXPR_WANTS;
			}
			stack[top++] = value ? value[s->operand] : 0;
		} else {
			if (s->op == EXPR_DIVIDE && stack[top - 1] == 0)
				return EXPR_DIVIDES_BY_ZERO;
			apply_step(s, stack, &top);
		}
	}
	*out = stack[0];
	return EXPR_DONE;
}

bool
expr_run(const struct meta_code *code, const double *value, double *out)
{
	return expr_run_open(code, value, NULL, out, NULL) == EXPR_DONE;
}
