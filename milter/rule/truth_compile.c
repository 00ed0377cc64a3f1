/*
 * From the program of an expression to gates of logic, by way of a tree. A
 * program that divides has none: by 0 it ends wherever it is.
 */
#include "rule/truth.h"

#include "base/vec.h"
#include "rule/limits.h"

/* ---- from a program to a tree -------------------------------------------- */

struct node {
	enum { NODE_RULE, NODE_GROUP, NODE_SUM, NODE_STEPS } kind;
	bool negated;
	bool any; /* group */
	uint32_t rule;
	uint32_t first; /* rule, steps: of the program */
	uint32_t end;
	enum expr_op op; /* sum, as of a gate */
	double than;
	struct node *children;
	struct node *last;
	struct node *next;
};

/* What stands on the stack of the program. */
struct part {
	uint32_t first;	   /* its steps begin here */
	struct node *node; /* NULL: a calculation */
	struct node *sum;  /* which is this sum; or NULL */
};

struct builder {
	const struct expr_step *steps;
	struct arena *arena;
	struct part *top; /* the next free place */
};

static struct node *
new_node(struct builder *b, struct node content)
{
	struct node *n = arena_zalloc(b->arena, sizeof(*n));

	*n = content;
	return n;
}

static struct node *
new_steps(struct builder *b, uint32_t first, uint32_t end)
{
	return new_node(
	    b, (struct node){.kind = NODE_STEPS, .first = first, .end = end});
}

/* The topmost part, which ends before step `end`, as a node of its own. */
static struct node *
take_top(struct builder *b, uint32_t end)
{
	struct part *p = --b->top;

	return p->node != NULL ? p->node : new_steps(b, p->first, end);
}

static void
add_child(struct node *group, struct node *child)
{
	if (group->last == NULL)
		group->children = child;
	else
		group->last->next = child;
	group->last = child;
}

/* Chains stay flat: they may be longer than a stack is deep. */
static struct node *
join(struct builder *b, bool any, struct node *x, struct node *y)
{
	struct node *group = x;

	if (x->kind != NODE_GROUP || x->negated || x->any != any) {
		group =
		    new_node(b, (struct node){.kind = NODE_GROUP, .any = any});
		add_child(group, x);
	}
	add_child(group, y);
	return group;
}

static bool build(struct builder *b, uint32_t from, uint32_t to);

/* An && or || at step `at`; its first operand is on the stack. */
static bool
build_logical(struct builder *b, uint32_t at)
{
	uint32_t end = at + b->steps[at].operand;
	uint32_t first = b->top[-1].first;
	struct node *x = take_top(b, at);

	if (!build(b, at + 1, end))
		return false;
	x = join(b, b->steps[at].op == EXPR_OR, x, take_top(b, end));
	*b->top++ = (struct part){first, x, NULL};
	return true;
}

/* What `p`, which ends before `end`, adds to a sum. */
static void
add_term(
    struct builder *b, struct node *sum, const struct part *p, uint32_t end)
{
	if (p->node != NULL && p->node->kind == NODE_RULE && !p->node->negated)
		add_child(sum, p->node);
	else
		add_child(sum, new_steps(b, p->first, end));
}

/* `x`, which ends before `end`, as a sum, if only of itself. */
static struct node *
as_sum(struct builder *b, const struct part *x, uint32_t end)
{
	struct node *sum = x->sum;

	if (sum == NULL) {
		sum = new_node(b, (struct node){.kind = NODE_SUM});
		add_term(b, sum, x, end);
	}
	return sum;
}

/* x + y, the step at `at`. */
static struct part
add_up(
    struct builder *b, const struct part *x, const struct part *y, uint32_t at)
{
	struct part p = {x->first, NULL, as_sum(b, x, y->first)};

	add_term(b, p.sum, y, at);
	return p;
}

static bool
is_comparison(enum expr_op op)
{
	return op >= EXPR_LESS && op <= EXPR_NOT_EQUAL;
}

/* The two topmost parts become one. */
static void
build_binary(struct builder *b, uint32_t at)
{
	const struct expr_step *s = &b->steps[at];
	struct part y = *--b->top, x = *--b->top;

	if (s->op == EXPR_ADD) {
		x = add_up(b, &x, &y, at);
	} else if (is_comparison(s->op) && y.first == at - 1 &&
		   s[-1].op == EXPR_CONST) {
		struct node *sum = as_sum(b, &x, y.first);

		sum->op = s->op;
		sum->than = s[-1].value;
		x = (struct part){x.first, sum, NULL};
	} else {
		x = (struct part){x.first, NULL, NULL};
	}
	*b->top++ = x;
}

static void
build_plain(struct builder *b, uint32_t at)
{
	const struct expr_step *s = &b->steps[at];
	struct part p = {.first = at};

	if (s->op == EXPR_CONST) {
		/* Of no inputs all are true, but not any. */
		p.node = new_node(
		    b, (struct node){.kind = NODE_GROUP, .any = s->value == 0});
	} else if (s->op == EXPR_RULE) {
		p.node = new_node(b, (struct node){.kind = NODE_RULE,
					 .rule = s->operand,
					 .first = at,
					 .end = at + 1});
	} else if (s->op == EXPR_NOT) {
		p.first = b->top[-1].first;
		p.node = take_top(b, at);
		p.node->negated = !p.node->negated;
	} else if (s->op == EXPR_MINUS) {
		p.first = (--b->top)->first;
	} else {
		build_binary(b, at);
		return;
	}
	*b->top++ = p;
}

/* Steps [from, to) as one more part. False: there is more in them than logic
 * can tell. */
static bool
build(struct builder *b, uint32_t from, uint32_t to)
{
	uint32_t at = from;

	while (at < to) {
		enum expr_op op = b->steps[at].op;

		if (op == EXPR_BRANCH || op == EXPR_JUMP || op == EXPR_DIVIDE)
			return false;
		if (op != EXPR_AND && op != EXPR_OR) {
			build_plain(b, at++);
			continue;
		}
		if (!build_logical(b, at))
			return false;
		at += b->steps[at].operand;
	}
	return true;
}

/* ---- from a tree to gates ------------------------------------------------ */

struct compiler {
	struct arena *arena;
	const struct meta_code *code;
	const struct bitset *flags;
};

/* Inputs of one gate. */
struct inputs {
	bool any;
	VEC(uint32_t) literals;
	VEC(struct node) others; /* `negated` as it counts here */
};

static bool
is_any(const struct node *n, bool negated)
{
	return n->any != negated;
}

/* Groups of the gate's own kind melt into it: !(A || B) is !A && !B. */
static void
gather(struct inputs *in, const struct node *n, bool negated)
{
	negated ^= n->negated;
	if (n->kind == NODE_RULE) {
		*VEC_PUSH(&in->literals) =
		    (uint32_t)TRUTH_LITERAL(n->rule, negated);
	} else if (n->kind == NODE_GROUP && is_any(n, negated) == in->any) {
		for (const struct node *c = n->children; c; c = c->next)
			gather(in, c, negated);
	} else {
		struct node *other = VEC_PUSH(&in->others);

		*other = *n;
		other->negated = negated;
	}
}

static struct truth_gate *
new_gate(const struct compiler *c, const uint32_t *literals, size_t count)
{
	struct truth_gate *g =
	    arena_zalloc(c->arena, sizeof(*g) + count * sizeof(*literals));

	g->literal_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		g->literals[i] = literals[i];
	return g;
}

static struct truth_gate *compile(
    const struct compiler *c, const struct node *n);

/* Those of `in` that are no literals. */
static void
add_inputs(const struct compiler *c, struct truth_gate *g, struct inputs *in)
{
	struct truth_gate **last = &g->inputs;

	for (size_t i = 0; i < in->others.len; i++) {
		*last = compile(c, &in->others.v[i]);
		last = &(*last)->next;
	}
	VEC_FINI(&in->literals);
	VEC_FINI(&in->others);
}

static struct truth_gate *
compile_group(const struct compiler *c, const struct node *n)
{
	struct inputs in = {
	    .any = n->kind == NODE_GROUP && is_any(n, n->negated)};
	struct truth_gate *g;

	gather(&in, n, false);
	g = new_gate(c, in.literals.v, in.literals.len);
	g->kind = in.any ? GATE_ANY : GATE_ALL;
	add_inputs(c, g, &in);
	return g;
}

static struct truth_gate *
compile_sum(const struct compiler *c, const struct node *n)
{
	struct inputs in = {0};
	struct truth_gate *g;

	for (const struct node *t = n->children; t; t = t->next) {
		if (t->kind == NODE_RULE && bitset_has(c->flags, t->rule)) {
			gather(&in, t, false);
		} else {
			struct node *other = VEC_PUSH(&in.others);

			*other = *t;
			other->kind = NODE_STEPS;
		}
	}
	g = new_gate(c, in.literals.v, in.literals.len);
	g->kind = GATE_SUM;
	g->op = n->op;
	g->than = n->than;
	add_inputs(c, g, &in);
	return g;
}

static struct truth_gate *
compile_steps(const struct compiler *c, const struct node *n)
{
	struct truth_gate *g = new_gate(c, NULL, 0);

	g->kind = GATE_STEPS;
	g->first = n->first;
	g->end = n->end;
	return g;
}

static struct truth_gate *
compile(const struct compiler *c, const struct node *n)
{
	struct truth_gate *g;

	if (n->kind == NODE_RULE || n->kind == NODE_GROUP)
		return compile_group(c, n);
	g = n->kind == NODE_SUM ? compile_sum(c, n) : compile_steps(c, n);
	g->negated = n->negated;
	return g;
}

static bool
is_logical(const struct truth_gate *g)
{
	for (const struct truth_gate *in = g->inputs; in; in = in->next)
		if (!is_logical(in))
			return false;
	return g->kind != GATE_STEPS;
}

void
truth_compile(
    struct arena *a, struct meta_code *code, const struct bitset *flags)
{
	struct part stack[EXPR_STACK_MAX + 1];
	struct arena nodes;
	struct builder b = {code->steps, &nodes, stack};
	struct compiler c = {a, code, flags};
	struct truth_gate *g;

	arena_init(&nodes, 0);
	if (build(&b, 0, code->count)) {
		g = compile(&c, take_top(&b, code->count));
		code->truth = g->kind != GATE_STEPS ? g : NULL;
		code->logical = is_logical(g);
	}
	arena_fini(&nodes);
}
