#include "match/unbroken.h"

/* What is known of the bytes a part of a pattern takes. */
struct part {
	bool whole;   /* never a newline */
	size_t least; /* in a row, whatever it takes; of all when it is whole */
};

static size_t
at_most_max(size_t n)
{
	return n < UNBROKEN_MAX ? n : UNBROKEN_MAX;
}

static struct part part_of(const struct node *n);

/* Neighbours that are whole make one row. */
static struct part
sequence_part(const struct node *n)
{
	struct part sum = {.whole = true};
	size_t row = 0;

	for (const struct node *c = n->child; c != NULL; c = c->next) {
		struct part next = part_of(c);

		row = next.whole ? at_most_max(row + next.least) : 0;
		if (sum.least < row)
			sum.least = row;
		if (sum.least < next.least)
			sum.least = next.least;
		sum.whole &= next.whole;
	}
	return sum;
}

static struct part
choice_part(const struct node *n)
{
	struct part any = {true, UNBROKEN_MAX};

	for (const struct node *c = n->child; c != NULL; c = c->next) {
		struct part next = part_of(c);

		any.whole &= next.whole;
		if (next.least < any.least)
			any.least = next.least;
	}
	return any;
}

static struct part
repeat_part(const struct node *n)
{
	struct part p = part_of(n->child);
	size_t times = n->u.repeat.least;

	if (times == 0)
		p.least = 0;
	else if (p.whole)
		p.least = at_most_max(p.least * times);
	return p;
}

/* Depth is bounded by TREE_DEPTH_MAX. */
static struct part
part_of(const struct node *n)
{
	switch (n->kind) {
	case NODE_CLASS:
		if (byte_class_has(&n->u.class, '\n'))
			break;
		return (struct part){true, 1};
	case NODE_EDGE:
		return (struct part){true, 0};
	case NODE_SEQUENCE:
		return sequence_part(n);
	case NODE_CHOICE:
		return choice_part(n);
	case NODE_REPEAT:
		return repeat_part(n);
	case NODE_ANY:
	case NODE_REFERENCE:
		break;
	}
	return (struct part){false, 0};
}

size_t
unbroken_least(const struct node *tree)
{
	size_t least = part_of(tree).least;

	return least < UNBROKEN_MIN ? 0 : least;
}

bool
unbroken_is_in(struct str text, size_t len)
{
	/* The last newline of as many bytes is where the next as many begin. */
	while (text.len >= len) {
		const char *newline = memrchr(text.p, '\n', len);

		if (newline == NULL)
			return true;
		text = str_skip(text, (size_t)(newline - text.p) + 1);
	}
	return false;
}
