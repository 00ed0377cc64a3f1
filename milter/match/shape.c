#include "match/shape.h"

#include "match/literal.h"
#include "match/rarity.h"

#include <math.h>

#define CHAIN_MAX 128  /* links looked at; anything may follow the last */
#define COPIES_MAX 8   /* of a repeated part */
#define BITS_WANTED 20 /* a shape as rare as this need not grow */
#define BITS_MIN 9     /* less is no help */
#define START_BITS 6   /* what standing at the start is worth */

/* All of a node, linked up. */
struct chain {
	struct byte_class before; /* may come first, any number of times */
	struct shape_link *v;
	size_t len;
	size_t size;
	bool at_start;
	bool failed; /* no memory, or it matches nothing */
};

/* ---- classes ------------------------------------------------------------ */

static void
class_merge(struct byte_class *into, const struct byte_class *c)
{
	for (size_t i = 0; i < 4; i++)
		into->word[i] |= c->word[i];
}

static struct byte_class
class_all(void)
{
	return (struct byte_class){
	    {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
}

static bool
class_is_empty(const struct byte_class *c)
{
	return (c->word[0] | c->word[1] | c->word[2] | c->word[3]) == 0;
}

static double
class_chance(const struct byte_class *c)
{
	double sum = 0;

	if (class_is_empty(c))
		return 0;
	for (unsigned i = 0; i < 256; i++)
		if (byte_class_has(c, i))
			sum += rarity_chance(i);
	return fmin(sum, 1);
}

/* ---- chains ------------------------------------------------------------- */

/* What may come behind the last link, or before the first if there is none. */
static struct byte_class *
chain_end(struct chain *c)
{
	return c->len > 0 ? &c->v[c->len - 1].loop : &c->before;
}

static void
chain_add(struct arena *a, struct chain *c, const struct shape_link *link)
{
	if (c->len == CHAIN_MAX) {
		*chain_end(c) = class_all();
		return;
	}
	if (c->len == c->size) {
		size_t size = c->size ? c->size * 2 : 4;
		struct shape_link *v = arena_array(a, size, sizeof(*v));

		if (v == NULL) {
			c->failed = true;
			return;
		}
		if (c->len > 0)
			memcpy(v, c->v, c->len * sizeof(*v));
		c->v = v;
		c->size = size;
	}
	c->v[c->len++] = *link;
}

static void
chain_append(struct arena *a, struct chain *c, const struct chain *next)
{
	if (c->len == 0 && class_is_empty(&c->before))
		c->at_start |= next->at_start;
	class_merge(chain_end(c), &next->before);
	for (size_t i = 0; i < next->len; i++)
		chain_add(a, c, &next->v[i]);
	c->failed |= next->failed;
}

/* Every byte that occurs anywhere in `c`. */
static struct byte_class
chain_bytes(const struct chain *c)
{
	struct byte_class all = c->before;

	for (size_t i = 0; i < c->len; i++) {
		class_merge(&all, &c->v[i].must);
		class_merge(&all, &c->v[i].loop);
	}
	return all;
}

/* Either of them: place by place; what is longer in one may follow. */
static void
chain_merge(struct chain *c, const struct chain *other)
{
	const struct chain *longer = c->len > other->len ? c : other;
	size_t len = c->len < other->len ? c->len : other->len;
	struct byte_class rest = {{0}};

	for (size_t i = len; i < longer->len; i++) {
		class_merge(&rest, &longer->v[i].must);
		class_merge(&rest, &longer->v[i].loop);
	}
	class_merge(&c->before, &other->before);
	for (size_t i = 0; i < len; i++) {
		class_merge(&c->v[i].must, &other->v[i].must);
		class_merge(&c->v[i].loop, &other->v[i].loop);
	}
	c->len = len;
	class_merge(chain_end(c), &rest);
	c->at_start &= other->at_start;
	c->failed |= other->failed;
}

static struct chain node_chain(struct arena *a, const struct node *n);

static struct chain
repeat_chain(struct arena *a, const struct node *n)
{
	struct chain child = node_chain(a, n->child), c = {0};
	struct byte_class bytes = chain_bytes(&child);
	uint32_t least = n->u.repeat.least, most = n->u.repeat.most;

	c.failed = child.failed;
	if (least == 0) {
		if (most > 0)
			c.before = bytes;
		return c;
	}
	for (uint32_t i = 0; i < least && i < COPIES_MAX; i++)
		chain_append(a, &c, &child);
	if (most != least || least > COPIES_MAX)
		class_merge(chain_end(&c), &bytes);
	return c;
}

/* Depth is bounded by TREE_DEPTH_MAX. */
static struct chain
node_chain(struct arena *a, const struct node *n)
{
	struct chain c = {0}, next;
	struct shape_link link = {.must = n->u.class};

	switch (n->kind) {
	case NODE_CLASS:
		c.failed = class_is_empty(&link.must);
		chain_add(a, &c, &link);
		break;
	case NODE_EDGE:
		c.at_start = (n->u.edges & EDGE_START) != 0;
		break;
	case NODE_SEQUENCE:
		for (const struct node *k = n->child; k != NULL; k = k->next) {
			next = node_chain(a, k);
			chain_append(a, &c, &next);
		}
		break;
	case NODE_CHOICE:
		c = node_chain(a, n->child);
		for (const struct node *k = n->child->next; k != NULL;
		     k = k->next) {
			next = node_chain(a, k);
			chain_merge(&c, &next);
		}
		break;
	case NODE_REPEAT:
		c = repeat_chain(a, n);
		break;
	case NODE_ANY:
		c.before = class_all();
		break;
	}
	return c;
}

/* ---- the best part ------------------------------------------------------ */

/* Chance that `link` follows, `loop` being allowed to come between. */
static double
link_chance(const struct byte_class *loop, const struct shape_link *link)
{
	double stay = class_chance(loop), go = class_chance(&link->must);

	if (stay + go >= 1)
		return 1;
	return go / (1 - stay);
}

/* The shortest part from `from` on that is rare enough, or the rarest. */
static void
take_part(const struct chain *c, size_t from, struct shape *out)
{
	static const struct byte_class nothing;
	double bits = 0;

	*out = (struct shape){0};
	out->at_start = from == 0 && c->at_start && class_is_empty(&c->before);
	if (out->at_start)
		bits = START_BITS;
	for (size_t i = from; i < c->len && i < from + SHAPE_LINKS_MAX; i++) {
		const struct byte_class *loop =
		    i > from ? &c->v[i - 1].loop : &nothing;
		double gain = -log2(fmax(link_chance(loop, &c->v[i]), 1e-9));

		out->link[i - from] = c->v[i];
		bits += gain;
		if (gain < 0.05)
			continue; /* worth it only for what may follow */
		out->len = i - from + 1;
		out->bits = bits;
		if (bits >= BITS_WANTED)
			return;
	}
}

bool
shape_extract(const struct node *tree, struct arena *a, struct shape *out)
{
	struct chain c = node_chain(a, tree);
	struct shape best = {0}, part;

	if (c.failed || a->full)
		return false;
	for (size_t i = 0; i < c.len; i++) {
		take_part(&c, i, &part);
		if (fmin(part.bits, BITS_WANTED) >
			fmin(best.bits, BITS_WANTED) ||
		    (part.bits >= BITS_WANTED && part.len < best.len))
			best = part;
	}
	if (best.bits < BITS_MIN)
		return false;
	/* Nothing has to follow the last link. */
	best.link[best.len - 1].loop = (struct byte_class){{0}};
	*out = best;
	return true;
}
