#include "match/choice.h"

#include "base/mem.h"

#include <stdlib.h>

/* What a byte does where a match may begin. */
enum first {
	FIRST_NONE,   /* begins none */
	FIRST_SINGLE, /* is one */
	FIRST_PAIR    /* is one with a byte of class 0; behind: of others */
};

#define PAIRS_MAX 32

struct choice {
	uint8_t first[256]; /* enum first */
	size_t pair_count;
	struct byte_class pairs[PAIRS_MAX];
};

/*
 * Is all that the pattern says in its tree? Assertions, captures and the like
 * are not.
 */
static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (str_starts(str_skip(s, i), STR("(?:")))
			i += 2;
		else if (str_starts(str_skip(s, i), STR("\\x")) &&
			 i + 3 < s.len && ascii_hex(s.p[i + 2]) >= 0 &&
			 ascii_hex(s.p[i + 3]) >= 0)
			i += 3;
		else if (!ascii_is_alnum(s.p[i]) && s.p[i] != '[' &&
			 s.p[i] != ']' && s.p[i] != '|' && s.p[i] != ')')
			return false;
	}
	return true;
}

/* False: `first` begins something else already. */
static bool
add_single(struct choice *c, const struct byte_class *first)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		if (!byte_class_has(first, byte))
			continue;
		if (c->first[byte] >= FIRST_PAIR)
			return false;
		c->first[byte] = FIRST_SINGLE;
	}
	return true;
}

static bool
add_pair(struct choice *c, const struct byte_class *first,
    const struct byte_class *second)
{
	if (c->pair_count == PAIRS_MAX)
		return false;
	for (unsigned byte = 0; byte < 256; byte++) {
		if (!byte_class_has(first, byte))
			continue;
		if (c->first[byte] != FIRST_NONE)
			return false;
		c->first[byte] = (uint8_t)(FIRST_PAIR + c->pair_count);
	}
	c->pairs[c->pair_count++] = *second;
	return true;
}

static bool
add_branch(struct choice *c, const struct node *n)
{
	const struct node *a, *b;

	if (n->kind == NODE_CLASS)
		return add_single(c, &n->u.class);
	if (n->kind != NODE_SEQUENCE || n->child == NULL)
		return false;
	a = n->child;
	b = a->next;
	if (b == NULL)
		return add_branch(c, a);
	return b->next == NULL && a->kind == NODE_CLASS &&
	       b->kind == NODE_CLASS && add_pair(c, &a->u.class, &b->u.class);
}

static bool
add_tree(struct choice *c, const struct node *n)
{
	while (n->kind == NODE_SEQUENCE && n->child != NULL &&
	       n->child->next == NULL)
		n = n->child;
	if (n->kind != NODE_CHOICE)
		return add_branch(c, n);
	for (n = n->child; n != NULL; n = n->next)
		if (!add_branch(c, n))
			return false;
	return true;
}

struct choice *
choice_new(struct str pattern, unsigned flags, const struct node *tree)
{
	struct choice *c;

	if ((flags & ~(unsigned)(REGEX_MULTILINE | REGEX_DOTALL)) != 0 ||
	    !is_plain(pattern))
		return NULL;
	c = mem_alloc(sizeof(*c));
	if (!add_tree(c, tree))
		choice_free(&c);
	return c;
}

void
choice_free(struct choice **c)
{
	free(*c);
	*c = NULL;
}

bool
choice_find(const struct choice *c, struct str text, size_t from,
    struct regex_span *at_out)
{
	const unsigned char *p = (const unsigned char *)text.p;

	for (size_t i = from; i < text.len; i++) {
		unsigned first = c->first[p[i]];
		size_t end = i + 1;

		if (first == FIRST_NONE)
			continue;
		if (first >= FIRST_PAIR) {
			if (end == text.len ||
			    !byte_class_has(
				&c->pairs[first - FIRST_PAIR], p[end]))
				continue;
			end++;
		}
		*at_out = (struct regex_span){.start = i, .end = end};
		return true;
	}
	return false;
}
