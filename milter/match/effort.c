/*
 * A matcher that backtracks walks a tree of choices. Of each part of a pattern
 * is told, for one place where it begins: in how many ways it can match there,
 * and how many steps it takes to have tried all of them. What comes behind a
 * part is tried once for each of its ways. Possessive and lazy loops, atomic
 * groups and whatever else saves PCRE2 steps are all taken for greedy ones.
 */
#include "match/effort.h"

#include "match/literal.h"

#include <math.h>

struct effort {
	double ways;  /* 1 or more */
	double steps; /* 1 or more */
};

static struct effort effort_of(const struct node *n, double len);

static struct effort
sequence_effort(const struct node *n, double len)
{
	struct effort sum = {1, 1};

	for (const struct node *c = n->child; c != NULL; c = c->next) {
		struct effort next = effort_of(c, len);

		/* A group is left by a step of its own in each of its ways. */
		if (c->kind == NODE_SEQUENCE)
			next.steps += next.ways;
		sum.steps += sum.ways * next.steps;
		sum.ways *= next.ways;
	}
	return sum;
}

/* Each alternative is tried, and left by a step of its own. */
static struct effort
choice_effort(const struct node *n, double len)
{
	struct effort sum = {0, 1};

	for (const struct node *c = n->child; c != NULL; c = c->next) {
		struct effort next = effort_of(c, len);

		sum.steps += next.steps + next.ways;
		sum.ways += next.ways;
	}
	return sum;
}

/* One byte over and over: it ends in one place for each number of times. */
static struct effort
class_loop_effort(const struct node *n, double len)
{
	double most = fmin(n->u.repeat.most, len);

	return (struct effort){fmax(most - n->u.repeat.least, 0) + 1, most + 2};
}

/*
 * A loop without end is left when a round takes nothing, so it has no more
 * rounds than there are bytes, beside those it must have. Of `times` rounds
 * each can go on in all ways of the next: a geometric series, whose sum is
 * below twice its last term when the ways are two or more.
 */
static struct effort
loop_effort(const struct node *n, double len)
{
	struct effort once = effort_of(n->child, len);
	double least = n->u.repeat.least, most = n->u.repeat.most;
	double times = n->u.repeat.most == TREE_NO_END ? least + len + 1 : most;
	double round = once.steps + once.ways + 2, all;

	if (once.ways == 1)
		return (struct effort){
		    times - least + 1, 1 + (times + 1) * round};
	all = pow(once.ways, times);
	return (struct effort){2 * all, 1 + 2 * all * round};
}

/* An assertion matches in one way, if at all. */
static struct effort
edge_effort(const struct node *n, double len)
{
	struct effort inside;

	if (n->child == NULL)
		return (struct effort){1, 1};
	inside = effort_of(n->child, len);
	return (struct effort){1, 1 + inside.steps + inside.ways};
}

/* Depth is bounded by TREE_DEPTH_MAX. */
static struct effort
effort_of(const struct node *n, double len)
{
	switch (n->kind) {
	case NODE_CLASS:
		return (struct effort){1, 1};
	case NODE_EDGE:
		return edge_effort(n, len);
	case NODE_REFERENCE:
		return (struct effort){1, 1 + len};
	case NODE_SEQUENCE:
		return sequence_effort(n, len);
	case NODE_CHOICE:
		return choice_effort(n, len);
	case NODE_REPEAT:
		return n->child->kind == NODE_CLASS ? class_loop_effort(n, len)
						    : loop_effort(n, len);
	case NODE_ANY:
		break;
	}
	return (struct effort){HUGE_VAL, HUGE_VAL};
}

/* Only at the start of a text that is one line? */
static bool
begins_at_line(const struct node *n)
{
	return n->kind == NODE_SEQUENCE && n->child != NULL &&
	       n->child->kind == NODE_EDGE &&
	       (n->child->u.edges & (EDGE_START | EDGE_LINE)) != 0;
}

double
effort_bound(const struct node *tree, size_t len)
{
	double one = effort_of(tree, (double)len).steps + 1;
	double places = (double)len + 1;

	/* At the other places it is left behind the first item. */
	return begins_at_line(tree) ? one + 2 * places : one * places;
}

size_t
effort_line_max(const struct node *tree, double steps)
{
	size_t len = EFFORT_LINE_MIN - 1, above = EFFORT_LINE_MAX + 1;

	while (above - len > 1) {
		size_t middle = len + (above - len) / 2;

		if (effort_bound(tree, middle) <= steps)
			len = middle;
		else
			above = middle;
	}
	return len < EFFORT_LINE_MIN ? 0 : len;
}
