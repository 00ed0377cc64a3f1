#include "match/literal.h"

#include "match/literal_set.h"
#include "match/rarity.h"
#include "match/sample.h"
#include "match/tree.h"

#include <math.h>

#define CLASS_UNITS_MAX 5 /* a larger class counts as "anything" */
#define FIRST_BITS_MIN                                                        \
	8		 /* the rarest clause of a pattern is not more common \
			  */
#define NEXT_BITS_MIN 10 /* nor are the others */
#define NEEDED_BITS_MAX 20 /* with as much no further clause is worth it */
#define PLACE_BITS_MIN 7   /* what is everywhere is reported too often */
#define LITERALS_MAX 768   /* of one pattern */

/* ---- edges --------------------------------------------------------------- */

static bool
is_word(struct str text, size_t at)
{
	return at < text.len &&
	       (ascii_is_alnum(text.p[at]) || text.p[at] == '_');
}

unsigned
literal_edges(struct str text, size_t at)
{
	unsigned edges = 0;

	if ((at > 0 && is_word(text, at - 1)) != is_word(text, at))
		edges |= EDGE_WORD;
	if (at == 0)
		edges |= EDGE_START | EDGE_LINE;
	else if (text.p[at - 1] == '\n')
		edges |= EDGE_LINE;
	if (at == text.len || text.p[at] == '\n')
		edges |= EDGE_END;
	return edges;
}

/* ---- from tree to language ---------------------------------------------- */

static struct lang
class_lang(struct arena *a, const struct byte_class *c)
{
	uint16_t units[CLASS_UNITS_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < 256; i++) {
		uint16_t unit = (uint16_t)i;

		if (!byte_class_has(c, i))
			continue;
		if (i == 0)
			return lang_any(); /* literals are free of NUL */
		if (i < 0x80 && byte_other_case(i) != i &&
		    byte_class_has(c, byte_other_case(i))) {
			if (i >= 'a')
				continue; /* its capital stood for both */
			unit = (uint16_t)(UNIT_NOCASE | (i + 0x20));
		}
		if (n == CLASS_UNITS_MAX)
			return lang_any();
		units[n++] = unit;
	}
	return lang_units(a, units, n);
}

static struct lang node_lang(struct arena *a, const struct node *n);

static struct lang
sequence_lang(struct arena *a, const struct node *n)
{
	struct lang l = lang_empty(a, 0);

	for (const struct node *c = n->child; c != NULL; c = c->next) {
		bool repeat = c->kind == NODE_REPEAT;
		struct lang next = node_lang(a, repeat ? c->child : c);

		if (repeat)
			lang_append_repeat(
			    a, &l, &next, c->u.repeat.least, c->u.repeat.most);
		else
			lang_append(a, &l, &next);
	}
	return l;
}

static struct lang
choice_lang(struct arena *a, const struct node *n)
{
	struct lang l = node_lang(a, n->child);

	for (const struct node *c = n->child->next; c != NULL; c = c->next) {
		struct lang next = node_lang(a, c);

		lang_unite(a, &l, &next);
	}
	return l;
}

/* Depth is bounded by TREE_DEPTH_MAX. */
static struct lang
node_lang(struct arena *a, const struct node *n)
{
	struct lang l;

	switch (n->kind) {
	case NODE_CLASS:
		l = class_lang(a, &n->u.class);
		lang_set_len(&l,
		    (struct distance){1, 1, byte_class_has(&n->u.class, '\n')});
		return l;
	case NODE_EDGE:
		return lang_empty(a, n->u.edges);
	case NODE_SEQUENCE:
		return sequence_lang(a, n);
	case NODE_CHOICE:
		return choice_lang(a, n);
	case NODE_REPEAT:
		l = node_lang(a, n->child);
		lang_repeat(a, &l, n->u.repeat.least, n->u.repeat.most);
		return l;
	case NODE_ANY:
	case NODE_REFERENCE:
		break;
	}
	return lang_any();
}

/* ---- result ------------------------------------------------------------- */

static bool
make_literal(struct arena *a, const struct lit *from, struct literal *out)
{
	char *p = arena_alloc(a, from->len);

	if (p == NULL)
		return false;
	*out = (struct literal){.left = from->left, .right = from->right};
	for (size_t i = 0; i < from->len; i++) {
		p[i] = (char)from->unit[i];
		if (from->unit[i] & UNIT_NOCASE)
			out->nocase = true;
	}
	out->text = str_make(p, from->len);
	return true;
}

static bool
make_clause(
    struct arena *a, const struct lit_set *set, struct literal_clause *out)
{
	out->v = arena_array(a, set->len, sizeof(*out->v));
	out->len = set->len;
	out->times = set->times + 1;
	out->at = set->at;
	if (out->v == NULL)
		return false;
	for (size_t i = 0; i < set->len; i++)
		if (!make_literal(a, &set->v[i], &out->v[i]))
			return false;
	return true;
}

/* ---- what is common ----------------------------------------------------- */

static size_t
count_places(const struct literal *l, struct str text)
{
	size_t n = 0, at = 0;

	for (;; at++) {
		struct str rest = str_skip(text, at);
		size_t next = l->nocase ? str_find_nocase(rest, l->text)
					: str_find(rest, l->text);

		if (next == STR_NPOS)
			return n;
		at += next;
		n += (l->left & ~literal_edges(text, at)) == 0 &&
		     (l->right & ~literal_edges(text, at + l->text.len)) == 0;
	}
}

/* Chance that a place of a message's strings has one of the clause. */
static double
seen_chance(const struct literal_clause *c, const struct str_list *list)
{
	size_t places = 0, bytes = 0;

	for (size_t t = 0; t < list->len; t++) {
		bytes += list->v[t].len;
		for (size_t i = 0; i < c->len; i++)
			places += count_places(&c->v[i], list->v[t]);
	}
	return bytes > 0 ? (double)places / (double)bytes : 0;
}

/*
 * `bits`, or less when common mail has it more often. What only one message has
 * is there by chance: the one next to it counts.
 */
static unsigned
seen_bits(const struct literal_clause *c, const struct sample_strings *sample,
    unsigned bits)
{
	double most = 0, next = 0;

	for (size_t k = 0; k < SAMPLE_MESSAGES && sample != NULL; k++) {
		double chance = seen_chance(c, &sample->list[k]);

		next = fmax(next, fmin(chance, most));
		most = fmax(chance, most);
	}
	return next > 0 && rarity_bits(next) < bits ? rarity_bits(next) : bits;
}

/* ---- the best clauses --------------------------------------------------- */

/* A clause and what it is worth. */
struct offer {
	struct literal_clause clause;
	unsigned place_bits; /* it is at 2^-bits of all places */
	unsigned bits;	     /* each place it has to be at makes it rarer */
	unsigned own_bits;   /* the same, by its letters */
};

static bool
make_offers(struct arena *a, const struct lang *l,
    const struct sample_strings *sample, struct offer *out)
{
	for (size_t i = 0; i < l->clause_count; i++) {
		struct offer *o = &out[i];

		if (!make_clause(a, &l->clause[i], &o->clause))
			return false;
		o->own_bits = lit_set_bits(&l->clause[i]);
		o->place_bits = seen_bits(&o->clause, sample, o->own_bits);
		o->bits = o->place_bits * o->clause.times;
		o->own_bits *= o->clause.times;
	}
	return true;
}

/* The rarest that is left, or SIZE_MAX. */
static size_t
best_offer(const struct offer *v, size_t n)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < n; i++)
		if (v[i].bits > 0 &&
		    (best == SIZE_MAX || v[i].bits > v[best].bits))
			best = i;
	return best;
}

/* `first`: bits the rarest clause has at least. */
static void
extract(const struct node *tree, unsigned first,
    const struct sample_strings *sample, struct arena *a,
    struct literal_need *out)
{
	struct lang l = node_lang(a, tree);
	struct offer offers[LANG_CLAUSES_MAX];
	unsigned least = first < PLACE_BITS_MIN ? first : PLACE_BITS_MIN;
	size_t total = 0, next;
	unsigned bits = 0;

	*out = (struct literal_need){0};
	lang_finish(&l);
	if (a->full || !make_offers(a, &l, sample, offers))
		return;
	while (out->count < LITERAL_CLAUSES_MAX && bits < NEEDED_BITS_MAX &&
	       (next = best_offer(offers, l.clause_count)) != SIZE_MAX) {
		struct offer o = offers[next];

		offers[next].bits = 0;
		if (o.bits < (out->count == 0 ? first : NEXT_BITS_MIN) ||
		    o.place_bits < least || total + o.clause.len > LITERALS_MAX)
			continue;
		total += o.clause.len;
		bits += o.bits;
		out->bits += o.own_bits;
		out->clause[out->count++] = o.clause;
	}
}

void
literal_extract_tree(const struct node *tree,
    const struct sample_strings *sample, struct arena *a,
    struct literal_need *out)
{
	extract(tree, FIRST_BITS_MIN, sample, a, out);
}

void
literal_extract_common(struct str pattern, unsigned flags, unsigned bits,
    struct arena *a, struct literal_need *out)
{
	const struct node *tree = tree_parse(pattern, flags, a);

	*out = (struct literal_need){0};
	if (tree != NULL)
		extract(tree, bits, NULL, a, out);
}

void
literal_extract(struct str pattern, unsigned flags, struct arena *a,
    struct literal_need *out)
{
	literal_extract_common(pattern, flags, FIRST_BITS_MIN, a, out);
}

bool
literal_depends_on_search(struct str pattern)
{
	return str_find(pattern, STR("\\G")) != STR_NPOS ||
	       str_find(pattern, STR("\\K")) != STR_NPOS;
}
