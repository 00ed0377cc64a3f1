#include "match/shape.h"

#include "match/literal.h"
#include "match/rarity.h"

#include <math.h>

#define CHAIN_MAX 128	  /* links looked at; anything may follow the last */
#define COPIES_MAX 8	  /* of a repeated part */
#define BITS_WANTED 20	  /* a shape as rare as this need not grow */
#define BITS_MIN 9	  /* less is no help */
#define BITS_GOOD 16	  /* a single shape as rare is not taken apart */
#define COVER_ADVANTAGE 2 /* bits several shapes must be better by */
#define START_BITS 6	  /* what standing at the start is worth */
/* Bytes of chains made for one pattern, one after the other: bounds the time.
 */
#define CHAINS_MAX ((size_t)128 * 1024 * 1024)

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
	if (ARENA_ROOM(a, c->v, c->len, c->size, 4))
		c->v[c->len++] = *link;
	else
		c->failed = true;
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
	case NODE_REFERENCE:
		c.before = class_all();
		break;
	}
	return c;
}

/* ---- the best part ------------------------------------------------------ */

/* Bits a link is worth behind `loop`: bytes of the loop may come between. */
static double
link_bits(const struct byte_class *loop, const struct shape_link *link)
{
	struct byte_class between = *loop;
	double go = class_chance(&link->must), stay;

	for (size_t i = 0; i < 4; i++)
		between.word[i] &= ~link->must.word[i];
	stay = class_chance(&between);
	if (stay + go >= 1)
		return 0;
	return -log2(fmax(go / (1 - stay), 1e-9));
}

/* A part of a chain: links [from, from + len). */
struct part {
	size_t from;
	size_t len;
	double bits;
};

static bool
part_is_better(const struct part *x, const struct part *y)
{
	double xb = fmin(x->bits, BITS_WANTED), yb = fmin(y->bits, BITS_WANTED);

	if (xb != yb)
		return xb > yb;
	return x->len < y->len;
}

/* The shortest part from `from` on that is rare enough, or the rarest. */
static struct part
part_from(const struct chain *c, size_t from, const double *bits,
    const double *bits_behind)
{
	struct part p = {.from = from};
	double sum = bits[from];

	if (from == 0 && c->at_start && class_is_empty(&c->before))
		sum += START_BITS;
	for (size_t i = from;;) {
		/* A link without gain is taken only for what follows. */
		if (i == from || bits_behind[i] > 0.05) {
			p.len = i - from + 1;
			p.bits = sum;
		}
		if (sum >= BITS_WANTED || ++i == c->len ||
		    i == from + SHAPE_LINKS_MAX)
			return p;
		sum += bits_behind[i];
	}
}

static void
make_shape(const struct chain *c, const struct part *p, struct shape *out)
{
	*out = (struct shape){.len = p->len, .bits = p->bits};
	out->at_start =
	    p->from == 0 && c->at_start && class_is_empty(&c->before);
	memcpy(out->link, c->v + p->from, p->len * sizeof(*out->link));
	/* Nothing has to follow the last link. */
	out->link[p->len - 1].loop = (struct byte_class){{0}};
}

/* The search for the shapes of one pattern. */
struct finder {
	struct arena *a;     /* of the shapes */
	struct arena chains; /* of the node looked at */
	size_t spent;	     /* bytes of chains so far */
};

static bool
best_shape(struct finder *f, const struct node *tree, struct shape *out)
{
	double bits[CHAIN_MAX], behind[CHAIN_MAX];
	struct part best = {0};
	struct chain c;

	arena_reset(&f->chains);
	c = node_chain(&f->chains, tree);
	f->spent += f->chains.used;
	if (c.failed || c.len == 0 || f->chains.full || f->spent > CHAINS_MAX)
		return false;
	for (size_t i = 0; i < c.len; i++) {
		bits[i] = link_bits(&(struct byte_class){{0}}, &c.v[i]);
		behind[i] = i == 0 ? 0 : link_bits(&c.v[i - 1].loop, &c.v[i]);
	}
	for (size_t i = 0; i < c.len; i++) {
		struct part p = part_from(&c, i, bits, behind);

		if (part_is_better(&p, &best))
			best = p;
	}
	if (best.bits < BITS_MIN)
		return false;
	make_shape(&c, &best, out);
	return true;
}

/* ---- covers ------------------------------------------------------------- */

static bool node_cover(
    struct finder *f, const struct node *n, struct shape_cover *out);

static double
cover_bits(const struct shape_cover *c)
{
	double chance = 0;

	for (size_t i = 0; i < c->len; i++)
		chance += exp2(-c->v[i].bits);
	return c->len > 0 ? -log2(fmin(chance, 1)) : 0;
}

static bool
cover_add(
    struct arena *a, struct shape_cover *c, const struct shape_cover *more)
{
	struct shape *v;

	if (c->len + more->len > SHAPE_COVER_MAX)
		return false;
	v = arena_array(a, c->len + more->len, sizeof(*v));
	if (v == NULL)
		return false;
	if (c->len > 0)
		memcpy(v, c->v, c->len * sizeof(*v));
	memcpy(v + c->len, more->v, more->len * sizeof(*v));
	c->v = v;
	c->len += more->len;
	return true;
}

/* One shape or another for each alternative. */
static bool
choice_cover(struct finder *f, const struct node *n, struct shape_cover *out)
{
	struct shape_cover all = {0}, one;

	for (const struct node *k = n->child; k != NULL; k = k->next)
		if (!node_cover(f, k, &one) || !cover_add(f->a, &all, &one))
			return false;
	all.bits = cover_bits(&all);
	*out = all;
	return true;
}

/* The rarest cover of those of the parts that have to be there. */
static bool
parts_cover(struct finder *f, const struct node *n, struct shape_cover *out)
{
	struct shape_cover one;
	bool any = false;

	for (const struct node *k = n->child; k != NULL; k = k->next) {
		if (k->kind == NODE_CLASS || k->kind == NODE_EDGE ||
		    !node_cover(f, k, &one))
			continue;
		if (!any || one.bits > out->bits)
			*out = one;
		any = true;
	}
	return any;
}

/* Depth is bounded by TREE_DEPTH_MAX. */
static bool
node_cover(struct finder *f, const struct node *n, struct shape_cover *out)
{
	struct shape *shape = arena_alloc(f->a, sizeof(*shape));
	struct shape_cover own = {.v = shape, .len = 1}, parts = {0};
	bool good = shape != NULL && best_shape(f, n, shape), more = false;

	if (good)
		own.bits = shape->bits;
	if (!good || own.bits < BITS_GOOD) {
		if (n->kind == NODE_CHOICE)
			more = choice_cover(f, n, &parts);
		else if (n->kind == NODE_SEQUENCE ||
			 (n->kind == NODE_REPEAT && n->u.repeat.least > 0))
			more = parts_cover(f, n, &parts);
	}
	if (more && (!good || parts.bits > own.bits + COVER_ADVANTAGE))
		*out = parts;
	else
		*out = own;
	return good || more;
}

bool
shape_extract(const struct node *tree, struct arena *a, struct shape_cover *out)
{
	struct finder f = {.a = a};
	bool found;

	arena_init(&f.chains, CHAINS_MAX);
	found = node_cover(&f, tree, out) && !a->full && out->bits >= BITS_MIN;
	arena_fini(&f.chains);
	return found;
}
