#include "match/literal_set.h"

#include "match/rarity.h"

#include <math.h>

#define EXACT_WISHED 16 /* strings of a product while it is rare enough */
#define RARE_BITS 24	/* then more bytes are worth no further strings */
#define LONE_BYTE_BITS 4
#define CLAUSE_BITS_MIN 3
#define UNROLL_MAX 8	/* copies of a repeated group */
#define OPTIONAL_MAX 8	/* strings of an optional group that stay exact */
#define SUBSUME_MAX 128 /* sets up to here are searched for contained ones */

static bool
set_reserve(struct arena *a, struct lit_set *s, size_t size)
{
	struct lit *v;

	if (size <= s->size)
		return true;
	size += size / 2;
	v = arena_array(a, size, sizeof(*v));
	if (v == NULL)
		return false;
	if (s->len > 0)
		memcpy(v, s->v, s->len * sizeof(*v));
	s->v = v;
	s->size = size;
	return true;
}

/* ---- distances ---------------------------------------------------------- */

static uint32_t
saturate(uint64_t n)
{
	return n < DISTANCE_NO_END ? (uint32_t)n : DISTANCE_NO_END;
}

static struct distance
distance_add(struct distance x, struct distance y)
{
	return (struct distance){saturate((uint64_t)x.least + y.least),
	    saturate((uint64_t)x.most + y.most),
	    saturate((uint64_t)x.lines + y.lines)};
}

/* `n` times at least, `m` times at most (no end included). */
static struct distance
distance_multiply(struct distance x, uint32_t n, uint32_t m)
{
	return (struct distance){saturate((uint64_t)x.least * n),
	    saturate((uint64_t)x.most * m), saturate((uint64_t)x.lines * m)};
}

static void
distance_unite(struct distance *x, struct distance y)
{
	if (y.least < x->least)
		x->least = y.least;
	if (y.most > x->most)
		x->most = y.most;
	if (y.lines > x->lines)
		x->lines = y.lines;
}

/* ---- rarity ------------------------------------------------------------- */

static unsigned
unit_bits(uint16_t unit)
{
	unsigned byte = (unsigned char)unit;
	double chance = rarity_chance(byte);

	if (unit & UNIT_NOCASE)
		chance += rarity_chance(byte ^ 0x20);
	return rarity_bits(chance);
}

static unsigned
edge_bits(unsigned edges)
{
	unsigned bits = 0;

	if (edges & EDGE_WORD)
		bits += 2;
	if (edges & (EDGE_LINE | EDGE_END))
		bits += 5;
	if (edges & EDGE_START)
		bits += 8;
	return bits;
}

/* A capital that has to be one is in no common word. */
static char
unit_folded(uint16_t unit)
{
	char byte = (char)unit;

	return byte >= 'A' && byte <= 'Z' && (unit & UNIT_NOCASE) == 0 ? '\0'
								       : byte;
}

static unsigned
lit_bits(const struct lit *l)
{
	unsigned bits, each[LITERAL_LEN_MAX];
	char text[LITERAL_LEN_MAX];

	if (l->len == 0)
		return 0;
	for (size_t i = 0; i < l->len; i++) {
		each[i] = unit_bits(l->unit[i]);
		text[i] = ascii_lower(unit_folded(l->unit[i]));
	}
	bits = rarity_text_bits(text, each, l->len);
	bits += edge_bits(l->left) + edge_bits(l->right);
	/* A lone byte is reported all too often. */
	return l->len > 1 || bits < LONE_BYTE_BITS ? bits
						   : bits - LONE_BYTE_BITS;
}

unsigned
lit_set_bits(const struct lit_set *s)
{
	double chance = 0;

	for (size_t i = 0; i < s->len; i++)
		chance += exp2(-(double)lit_bits(&s->v[i]));
	return s->len > 0 ? rarity_bits(chance) : 0;
}

/* ---- clauses ------------------------------------------------------------ */

/* Does a unit of `inner` match whenever that of `outer` does? */
static bool
unit_covers(uint16_t inner, uint16_t outer)
{
	if (inner == outer)
		return true;
	return (inner & UNIT_NOCASE) != 0 &&
	       ascii_lower((char)inner) == ascii_lower((char)outer);
}

/* Every place that has `outer` has `inner` too. */
static bool
lit_covers(const struct lit *inner, const struct lit *outer)
{
	for (size_t at = 0; at + inner->len <= outer->len; at++) {
		size_t i = 0;

		if (inner->left != 0 &&
		    (at != 0 || (inner->left & ~outer->left) != 0))
			continue;
		if (inner->right != 0 &&
		    (at + inner->len != outer->len ||
			(inner->right & ~outer->right) != 0))
			continue;
		while (i < inner->len &&
		       unit_covers(inner->unit[i], outer->unit[at + i]))
			i++;
		if (i == inner->len)
			return true;
	}
	return false;
}

/* Drops strings that contain another one of the set. */
static void
subsume(struct lit_set *s)
{
	size_t kept = 0;

	if (s->len > SUBSUME_MAX)
		return;
	for (size_t i = 0; i < s->len; i++) {
		bool covered = false;

		for (size_t k = 0; k < kept && !covered; k++)
			covered = lit_covers(&s->v[k], &s->v[i]);
		for (size_t k = i + 1; k < s->len && !covered; k++)
			covered = lit_covers(&s->v[k], &s->v[i]) &&
				  !lit_covers(&s->v[i], &s->v[k]);
		if (!covered)
			s->v[kept++] = s->v[i];
	}
	/* One that stands for another may begin inside it. */
	if (kept < s->len)
		s->at = distance_add(s->at,
		    (struct distance){0, LITERAL_LEN_MAX, LITERAL_LEN_MAX});
	s->len = kept;
}

/* Needed at several places a clause is all the rarer. */
static unsigned
clause_bits(const struct lit_set *s)
{
	return lit_set_bits(s) * (s->times + 1);
}

/* Keeps the rarest; `set` may be of any kind. */
static void
add_clause(struct lang *l, const struct lit_set *set)
{
	unsigned bits = clause_bits(set);
	size_t worst = 0;

	if (bits < CLAUSE_BITS_MIN || set->len > LITERAL_CLAUSE_MAX)
		return;
	if (l->clause_count < LANG_CLAUSES_MAX) {
		l->clause[l->clause_count++] = *set;
		return;
	}
	for (size_t i = 1; i < l->clause_count; i++)
		if (clause_bits(&l->clause[i]) < clause_bits(&l->clause[worst]))
			worst = i;
	if (clause_bits(&l->clause[worst]) < bits)
		l->clause[worst] = *set;
}

static void
sort_clauses(struct lang *l)
{
	for (size_t i = 1; i < l->clause_count; i++)
		for (size_t k = i; k > 0 && clause_bits(&l->clause[k]) >
						clause_bits(&l->clause[k - 1]);
		     k--) {
			struct lit_set swap = l->clause[k];

			l->clause[k] = l->clause[k - 1];
			l->clause[k - 1] = swap;
		}
}

static void
flush(struct lang *l)
{
	subsume(&l->set);
	add_clause(l, &l->set);
	l->set = (struct lit_set){0};
}

void
lang_finish(struct lang *l)
{

	if (l->set.len > 0)
		flush(l);
	l->exact = false;
	sort_clauses(l);
}

/* ---- building ----------------------------------------------------------- */

struct lang
lang_any(void)
{
	return (struct lang){.len = {0, DISTANCE_NO_END, DISTANCE_NO_END}};
}

struct lang
lang_empty(struct arena *a, unsigned edges)
{
	struct lang l = {.exact = true};

	if (!set_reserve(a, &l.set, 2))
		return lang_any();
	l.set.v[0] = (struct lit){.left = (uint8_t)edges};
	l.set.len = 1;
	return l;
}

struct lang
lang_units(struct arena *a, const uint16_t *units, size_t n)
{
	struct lang l = {.exact = true, .len = {1, 1, 1}};

	if (n == 0 || n > LANG_EXACT_MAX || !set_reserve(a, &l.set, n))
		return lang_any();
	for (size_t i = 0; i < n; i++)
		l.set.v[i] = (struct lit){.len = 1, .unit = {units[i]}};
	l.set.len = n;
	return l;
}

/* Conditions that make sense before and behind a string. */
#define LEFT_EDGES (EDGE_WORD | EDGE_START | EDGE_LINE)
#define RIGHT_EDGES (EDGE_WORD | EDGE_END)

/* `x` then `y`; what held between them is forgotten. False: too long. */
static bool
lit_join(const struct lit *x, const struct lit *y, struct lit *out)
{
	struct lit l = *x;

	if ((size_t)x->len + y->len > LITERAL_LEN_MAX)
		return false;
	if (y->len == 0) {
		if (x->len == 0)
			l.left |= y->left;
		else
			l.right |= y->left & RIGHT_EDGES;
	} else {
		memcpy(l.unit + l.len, y->unit, y->len * sizeof(*y->unit));
		l.len += y->len;
		if (x->len == 0)
			l.left = (y->left | x->left) & LEFT_EDGES;
		l.right = y->right;
	}
	*out = l;
	return true;
}

static bool
product_wanted(const struct lit_set *x, const struct lit_set *y)
{
	size_t n = x->len * y->len;

	if (y->len == 1 || n <= EXACT_WISHED)
		return true;
	return n <= LANG_EXACT_MAX && lit_set_bits(x) < RARE_BITS;
}

static bool
set_product(struct arena *a, struct lit_set *x, const struct lit_set *y)
{
	struct lit_set out = {.at = x->at};

	if (y->len == 1) { /* in place: the common case */
		for (size_t i = 0; i < x->len; i++)
			if ((size_t)x->v[i].len + y->v[0].len > LITERAL_LEN_MAX)
				return false;
		for (size_t i = 0; i < x->len; i++)
			lit_join(&x->v[i], &y->v[0], &x->v[i]);
		return true;
	}
	if (!set_reserve(a, &out, x->len * y->len))
		return false;
	for (size_t i = 0; i < x->len; i++)
		for (size_t k = 0; k < y->len; k++)
			if (!lit_join(&x->v[i], &y->v[k], &out.v[out.len++]))
				return false;
	*x = out;
	return true;
}

static void
append_exact(struct arena *a, struct lang *l, const struct lit_set *next)
{
	if (l->set.len > 0 && product_wanted(&l->set, next) &&
	    set_product(a, &l->set, next))
		return;
	flush(l);
	l->exact = false;
	l->set = *next;
	l->set.at = distance_add(l->len, next->at);
}

void
lang_append(struct arena *a, struct lang *l, const struct lang *next)
{
	if (next->exact) {
		append_exact(a, l, &next->set);
		l->len = distance_add(l->len, next->len);
		return;
	}
	flush(l);
	l->exact = false;
	for (size_t i = 0; i < next->clause_count; i++) {
		struct lit_set clause = next->clause[i];

		clause.at = distance_add(l->len, clause.at);
		add_clause(l, &clause);
	}
	l->set = next->set;
	l->set.at = distance_add(l->len, next->set.at);
	l->len = distance_add(l->len, next->len);
}

static bool
set_unite(struct arena *a, struct lit_set *x, const struct lit_set *y)
{
	if (!set_reserve(a, x, x->len + y->len))
		return false;
	memcpy(x->v + x->len, y->v, y->len * sizeof(*y->v));
	x->len += y->len;
	return true;
}

void
lang_unite(struct arena *a, struct lang *l, const struct lang *other)
{
	struct lang y = *other;
	size_t n;

	distance_unite(&l->len, y.len);
	if (l->exact && y.exact && l->set.len + y.set.len <= LANG_EXACT_MAX) {
		if (!set_unite(a, &l->set, &y.set))
			*l = lang_any();
		return;
	}
	lang_finish(l);
	lang_finish(&y);
	n = l->clause_count < y.clause_count ? l->clause_count : y.clause_count;
	for (size_t i = 0; i < n; i++) {
		if (l->clause[i].len + y.clause[i].len > LITERAL_CLAUSE_MAX ||
		    !set_unite(a, &l->clause[i], &y.clause[i])) {
			n = i;
			break;
		}
		if (y.clause[i].times < l->clause[i].times)
			l->clause[i].times = y.clause[i].times;
		distance_unite(&l->clause[i].at, y.clause[i].at);
	}
	l->clause_count = n;
}

static void
make_optional(struct arena *a, struct lang *l)
{
	struct lang empty = lang_empty(a, 0);

	if (l->exact && l->set.len <= OPTIONAL_MAX && empty.exact)
		lang_unite(a, l, &empty);
	else
		*l = lang_any();
}

/* A private copy of what lang_append() may change in place. */
static struct lang
lang_copy(struct arena *a, const struct lang *l)
{
	struct lang copy = *l;

	copy.set = (struct lit_set){.at = l->set.at};
	if (l->set.len > 0 && !set_unite(a, &copy.set, &l->set))
		return lang_any();
	return copy;
}

static void
multiply_times(struct lit_set *clause, uint32_t factor)
{
	uint64_t times = (uint64_t)(clause->times + 1) * factor;

	clause->times =
	    (times < LITERAL_TIMES_MAX ? (unsigned)times : LITERAL_TIMES_MAX) -
	    1;
}

static void
repeat(struct arena *a, struct lang *l, uint32_t least, uint32_t most)
{
	struct lang one = *l, any = lang_any();
	uint32_t copies = least < UNROLL_MAX ? least : UNROLL_MAX;

	if (least == 0) {
		if (most == 1)
			make_optional(a, l);
		else
			*l = most == 0 ? lang_empty(a, 0) : any;
		return;
	}
	*l = lang_copy(a, &one);
	if (!one.exact) {
		/* Each time all its clauses hold, at other places. */
		copies = 1;
		for (size_t i = 0; i < l->clause_count; i++)
			multiply_times(&l->clause[i], least);
	}
	for (uint32_t i = 1; i < copies; i++) {
		struct lang next = lang_copy(a, &one);

		lang_append(a, l, &next);
	}
	if (copies != least || most != least)
		lang_append(a, l, &any);
}

void
lang_set_len(struct lang *l, struct distance len)
{
	l->len = len;
}

void
lang_repeat(struct arena *a, struct lang *l, uint32_t least, uint32_t most)
{
	struct distance len = distance_multiply(l->len, least, most);

	if (least == 1 && most == 1)
		return;
	repeat(a, l, least, most);
	l->len = len;
}

void
lang_append_repeat(struct arena *a, struct lang *l, struct lang *child,
    uint32_t least, uint32_t most)
{
	uint32_t copies = least < UNROLL_MAX ? least : UNROLL_MAX;
	struct distance before = l->len;
	struct lang last;

	if (least == 0 || least == most || !child->exact) {
		lang_repeat(a, child, least, most);
		lang_append(a, l, child);
		return;
	}
	/* What is in front touches the first one, what follows the last. */
	for (uint32_t i = 0; i < copies; i++) {
		struct lang next = lang_copy(a, child);

		lang_append(a, l, &next);
	}
	last = lang_copy(a, child);
	flush(l);
	l->exact = false;
	l->set = last.set;
	l->set.at =
	    distance_add(before, distance_multiply(child->len, least - 1,
				     most == UINT32_MAX ? most : most - 1));
	l->len =
	    distance_add(before, distance_multiply(child->len, least, most));
}
