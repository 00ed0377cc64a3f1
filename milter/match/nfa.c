#include "match/nfa.h"

#include "base/map.h"
#include "base/vec.h"
#include "match/literal.h"

#include <stdlib.h>

#define COPIES_MAX 8   /* of a repeated part, fewer when it is too large */
#define OPTIONAL_MAX 4 /* of them that need not be there ... */
#define SMALL_MAX 1024 /* ... as long as there are no more steps than these */

struct builder {
	VEC(struct nfa_step) steps;
	VEC(struct byte_class) classes;
	struct map *known; /* class's bytes -> index + 1 */
	uint32_t copies;
	uint32_t optional;
	const struct node *tail; /* repeated at the pattern's end, or NULL */
	size_t tail_start;
	size_t tail_size;
	size_t tail_copies;
	bool failed;
};

static size_t
emit(struct builder *b, enum nfa_kind kind, size_t first, size_t second)
{
	if (b->steps.len >= NFA_STEPS_MAX) {
		b->failed = true;
		return 0;
	}
	*VEC_PUSH(&b->steps) = (struct nfa_step){
	    .kind = (uint8_t)kind, .a = (uint16_t)first, .b = (uint16_t)second};
	return b->steps.len - 1;
}

static size_t
here(const struct builder *b)
{
	return b->steps.len;
}

/* A jump made before its end was known ends here. */
static void
land(struct builder *b, size_t jump)
{
	struct nfa_step *s;

	if (b->failed)
		return;
	s = &b->steps.v[jump];
	if (s->kind == NFA_SPLIT)
		s->b = (uint16_t)here(b);
	else
		s->a = (uint16_t)here(b);
}

static size_t
class_index(struct builder *b, const struct byte_class *c)
{
	struct str bytes = str_make((const char *)c, sizeof(*c));
	uintptr_t index = (uintptr_t)map_get(b->known, bytes);

	if (index == 0) {
		*VEC_PUSH(&b->classes) = *c;
		index = b->classes.len;
		map_set(b->known, bytes, (void *)index);
	}
	return index - 1;
}

static void add_node(struct builder *b, const struct node *n);

/* One or more times when `some`, else any number of times. */
static void
add_loop(struct builder *b, const struct node *n, bool some)
{
	size_t start = here(b), split;

	if (some) {
		add_node(b, n);
		split = emit(b, NFA_SPLIT, start, 0);
		land(b, split);
		return;
	}
	split = emit(b, NFA_SPLIT, start + 1, 0);
	add_node(b, n);
	emit(b, NFA_JUMP, start, 0);
	land(b, split);
}

/* The first of its copies has just been made. */
static void
note_tail(struct builder *b, size_t start, uint32_t copies)
{
	b->tail_start = start;
	b->tail_size = here(b) - start;
	/* Copies of nothing are no copies. */
	b->tail_copies = here(b) > start ? copies : 0;
}

/* Once when it `has_to` be there, and up to so many times more. */
static void
add_optional(
    struct builder *b, const struct node *n, bool has_to, uint32_t more)
{
	size_t splits[OPTIONAL_MAX];

	if (has_to)
		add_node(b, n);
	for (uint32_t i = 0; i < more; i++) {
		splits[i] = emit(b, NFA_SPLIT, here(b) + 1, 0);
		add_node(b, n);
	}
	for (uint32_t i = 0; i < more; i++)
		land(b, splits[i]);
}

static void
add_repeat(struct builder *b, const struct node *n)
{
	uint32_t least = n->u.repeat.least, most = n->u.repeat.most;
	uint32_t copies = least < b->copies ? least : b->copies;
	size_t start = here(b);

	if (most == 0)
		return;
	for (uint32_t i = 1; i < copies && !b->failed; i++) {
		add_node(b, n->child);
		if (n == b->tail && i == 1)
			note_tail(b, start, copies);
	}
	if (least == copies && most - least <= b->optional)
		add_optional(b, n->child, least > 0, most - least);
	else
		add_loop(b, n->child, least > 0);
}

/* Each alternative but the last is one way of a split. */
static void
add_choice(struct builder *b, const struct node *n)
{
	VEC(size_t) ends = {0};

	for (const struct node *c = n->child; c != NULL && !b->failed;
	     c = c->next) {
		size_t split = 0;

		if (c->next != NULL)
			split = emit(b, NFA_SPLIT, here(b) + 1, 0);
		add_node(b, c);
		if (c->next == NULL)
			break;
		*VEC_PUSH(&ends) = emit(b, NFA_JUMP, 0, 0);
		land(b, split);
	}
	for (size_t i = 0; i < ends.len; i++)
		land(b, ends.v[i]);
	VEC_FINI(&ends);
}

static void
add_any(struct builder *b)
{
	static const struct byte_class all = {
	    {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
	size_t split = emit(b, NFA_SPLIT, here(b) + 1, 0);

	emit(b, NFA_BYTE, class_index(b, &all), 0);
	emit(b, NFA_JUMP, split, 0);
	land(b, split);
}

static void
add_edges(struct builder *b, unsigned edges)
{
	if (edges & EDGE_START)
		emit(b, NFA_START, 0, 0);
	if (edges & EDGE_LINE)
		emit(b, NFA_LINE, 0, 0);
	if (edges & EDGE_END)
		emit(b, NFA_END, 0, 0);
}

static void
add_node(struct builder *b, const struct node *n)
{
	if (b->failed)
		return;
	switch (n->kind) {
	case NODE_CLASS:
		emit(b, NFA_BYTE, class_index(b, &n->u.class), 0);
		break;
	case NODE_ANY:
	case NODE_REFERENCE:
		add_any(b);
		break;
	case NODE_EDGE:
		add_edges(b, n->u.edges);
		break;
	case NODE_SEQUENCE:
		for (const struct node *c = n->child; c != NULL; c = c->next)
			add_node(b, c);
		break;
	case NODE_CHOICE:
		add_choice(b, n);
		break;
	case NODE_REPEAT:
		add_repeat(b, n);
		break;
	}
}

/* Of bytes that were alike so far, those in the class and the others part.
 * Groups are numbered by their first byte. */
static void
split_groups(struct nfa *n, const struct byte_class *c)
{
	uint16_t number[2][256] = {{0}}; /* plus one; 0: not met so far */

	n->group_count = 0;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint16_t *g =
		    &number[byte_class_has(c, byte)][n->group_of[byte]];

		if (*g == 0) {
			n->byte_of[n->group_count++] = (uint8_t)byte;
			*g = (uint16_t)n->group_count;
		}
		n->group_of[byte] = (uint8_t)(*g - 1);
	}
}

static void
make_groups(struct nfa *n)
{
	struct byte_class newline = {{UINT64_C(1) << '\n'}}; /* ends lines */

	split_groups(n, &newline);
	for (size_t c = 0; c < n->class_count; c++)
		split_groups(n, &n->classes[c]);
}

/* Can the end be reached from the start without a byte? */
static bool
matches_empty(const struct nfa *n)
{
	bool *seen = mem_array(n->count, sizeof(*seen));
	uint16_t *stack = mem_array(2 * n->count + 1, sizeof(*stack));
	size_t depth = 1; /* of the stack, which has step 0 */
	bool empty;

	while (depth > 0 && !seen[n->count - 1]) {
		size_t at = stack[--depth];
		const struct nfa_step *s = &n->steps[at];

		if (seen[at])
			continue;
		seen[at] = true;
		if (s->kind == NFA_SPLIT || s->kind == NFA_JUMP)
			stack[depth++] = s->a;
		else if (s->kind != NFA_BYTE && s->kind != NFA_MATCH)
			stack[depth++] = (uint16_t)(at + 1);
		if (s->kind == NFA_SPLIT)
			stack[depth++] = s->b;
	}
	empty = seen[n->count - 1];
	free(stack);
	free(seen);
	return empty;
}

static const struct node *
find_tail(const struct node *n)
{
	while (n != NULL && n->kind == NODE_SEQUENCE) {
		n = n->child;
		while (n != NULL && n->next != NULL)
			n = n->next;
	}
	return n != NULL && n->kind == NODE_REPEAT ? n : NULL;
}

/* With at most so many copies of what is repeated; NULL: too large. */
static struct nfa *
build(const struct node *tree, uint32_t copies, uint32_t optional)
{
	struct builder b = {
	    .known = map_new(false), .copies = copies, .optional = optional};
	struct nfa *n = NULL;

	b.tail = find_tail(tree);
	add_node(&b, tree);
	emit(&b, NFA_MATCH, 0, 0);
	map_free(&b.known);
	if (b.failed) {
		VEC_FINI(&b.steps);
		VEC_FINI(&b.classes);
		return NULL;
	}
	n = mem_alloc(sizeof(*n));
	n->count = b.steps.len;
	n->steps = mem_resize(b.steps.v, n->count, sizeof(*n->steps));
	n->class_count = b.classes.len;
	n->classes = b.classes.v;
	n->tail_start = b.tail_start;
	n->tail_size = b.tail_size;
	n->tail_copies = b.tail_copies;
	make_groups(n);
	return n;
}

/* What counts as far as the pattern does leads to more states: of a large one
 * to too many. */
static struct nfa *
build_small(const struct node *tree)
{
	struct nfa *n = build(tree, COPIES_MAX, OPTIONAL_MAX);

	if (n != NULL && n->count > SMALL_MAX)
		nfa_free(&n);
	return n;
}

struct nfa *
nfa_new(const struct node *tree)
{
	struct nfa *n = build_small(tree);

	for (uint32_t copies = COPIES_MAX; copies > 0 && n == NULL; copies /= 2)
		n = build(tree, copies, 1);
	if (n != NULL && matches_empty(n))
		nfa_free(&n);
	return n;
}

void
nfa_free(struct nfa **n)
{
	if (*n == NULL)
		return;
	free((*n)->steps);
	free((*n)->classes);
	free(*n);
	*n = NULL;
}

size_t
nfa_size(const struct nfa *n)
{
	return sizeof(*n) + n->count * sizeof(*n->steps) +
	       n->class_count * sizeof(*n->classes);
}
