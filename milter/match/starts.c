#include "match/starts.h"

#include "base/lanes.h"
#include "base/mem.h"
#include "match/nfa_walk.h"
#include "match/rarity.h"

#include <stdlib.h>

#define DEPTH 3 /* bytes looked at */
#define KINDS 8 /* of starts told apart */
/* Bytes the look at LANES places takes. */
#define REACH (LANES + DEPTH - 1)
/* Found at more places than this share, it is faster to look at all. */
#define CHANCE_MAX 0.05
/* Steps of the nfa looked at for all starts: more are seldom few in a text. */
#define WORK_MAX ((size_t)10000000)
#define TEXTS_BEYOND_ASCII 0.25

struct starts {
	/* By half a byte: the kinds that have such a byte, a bit each. */
	lanes low[DEPTH];
	lanes high[DEPTH];
	size_t shortest; /* bytes of a match; DEPTH: or more */
	bool shuffles;	 /* the machine can */
	bool at_lines;	 /* all are behind a newline, and no table is needed */
};

/* ---- building ------------------------------------------------------------ */

/* Bytes by their halves: all those of which both are in. */
struct halves {
	uint16_t low;
	uint16_t high;
};

/* What begins so, of one kind. */
struct kind {
	struct halves at[DEPTH];
	double chance;
};

static struct halves
halves_of(const struct byte_class *c)
{
	struct halves h = {0, 0};

	for (unsigned high = 0; high < 16; high++) {
		uint16_t row = (uint16_t)(c->word[high / 4] >> (high % 4 * 16));

		h.low |= row;
		if (row != 0)
			h.high |= (uint16_t)(1u << high);
	}
	return h;
}

static void
add_halves(struct halves *to, struct halves from)
{
	to->low |= from.low;
	to->high |= from.high;
}

/* Most texts have no byte beyond ASCII at all, and some are full of them. */
static double
byte_chance(unsigned byte)
{
	double chance = rarity_chance(byte);

	return byte < 0x80 ? chance : chance * TEXTS_BEYOND_ASCII;
}

static double
halves_chance(struct halves h)
{
	double sum = 0;

	for (unsigned high = h.high; high != 0; high &= high - 1)
		for (unsigned low = h.low; low != 0; low &= low - 1)
			sum += byte_chance((unsigned)__builtin_ctz(high) << 4 |
					   (unsigned)__builtin_ctz(low));
	return sum < 1 ? sum : 1;
}

static double
kind_chance(const struct kind *k)
{
	double chance = 1;

	for (size_t i = 0; i < DEPTH; i++)
		chance *= halves_chance(k->at[i]);
	return chance;
}

static struct kind
join_kinds(const struct kind *a, const struct kind *b)
{
	struct kind both = *a;

	for (size_t i = 0; i < DEPTH; i++)
		add_halves(&both.at[i], b->at[i]);
	both.chance = kind_chance(&both);
	return both;
}

/* Most is looked at in the depth, from every place above it. */
static bool
is_too_much(const struct nfa_walk *walks)
{
	return walks[DEPTH - 2].work > WORK_MAX;
}

/* What may come from step `at` on, at depth `depth` and behind; the shortest
 * way to the pattern's end is noted. */
static void
look_ahead(struct nfa_walk *walks, size_t at, size_t depth, struct kind *k,
    size_t *shortest)
{
	struct nfa_walk *w = &walks[depth];
	const struct byte_class *c = &w->nfa->classes[w->nfa->steps[at].a];

	add_halves(&k->at[depth], halves_of(c));
	if (depth + 1 == DEPTH || is_too_much(walks))
		return;
	nfa_walk_begin(w);
	nfa_walk_add(
	    w, at + 1, byte_class_has(c, '\n') ? BEFORE_LINE : BEFORE_OTHER);
	if (w->matched || w->ends) {
		if (*shortest > depth + 1)
			*shortest = depth + 1;
		for (size_t i = depth + 1; i < DEPTH; i++)
			k->at[i] = (struct halves){UINT16_MAX, UINT16_MAX};
		return;
	}
	for (size_t i = 0; i < w->count; i++)
		look_ahead(walks, w->list[i], depth + 1, k, shortest);
}

/* One more start: of a kind of its own, or of the one it makes the least more
 * common. */
static size_t
add_start(struct kind *kinds, size_t count, const struct kind *start)
{
	struct kind best = *start;
	size_t place = count;
	double least = count < KINDS ? start->chance : 2;

	for (size_t i = 0; i < count; i++) {
		struct kind both = join_kinds(&kinds[i], start);

		if (both.chance - kinds[i].chance < least) {
			least = both.chance - kinds[i].chance;
			best = both;
			place = i;
		}
	}
	kinds[place] = best;
	return place == count ? count + 1 : count;
}

static void
store_kind(struct starts *s, const struct kind *k, unsigned number)
{
	uint8_t bit = (uint8_t)(1u << number);

	for (size_t i = 0; i < DEPTH; i++)
		for (unsigned half = 0; half < 16; half++) {
			if (k->at[i].low >> half & 1)
				s->low[i][half] |= bit;
			if (k->at[i].high >> half & 1)
				s->high[i][half] |= bit;
		}
}

/* `walks[DEPTH - 1]` has the starts. False: they are at nearly every place. */
static bool
store_starts(struct starts *s, struct nfa_walk *walks)
{
	const struct nfa_walk *w = &walks[DEPTH - 1];
	struct kind kinds[KINDS];
	size_t count = 0;
	double chance = 0;

	s->shortest = DEPTH;
	for (size_t i = 0; i < w->count && !is_too_much(walks); i++) {
		struct kind start = {0};

		look_ahead(walks, w->list[i], 0, &start, &s->shortest);
		start.chance = kind_chance(&start);
		count = add_start(kinds, count, &start);
	}
	for (size_t i = 0; i < count; i++) {
		chance += kinds[i].chance;
		store_kind(s, &kinds[i], (unsigned)i);
	}
	return chance <= CHANCE_MAX && !is_too_much(walks);
}

/* The starts that are behind a newline, or behind anything else too. */
static bool
find_starts(struct starts *s, struct nfa_walk *walks)
{
	struct nfa_walk *w = &walks[DEPTH - 1];

	nfa_walk_begin(w);
	nfa_walk_add(w, 0, BEFORE_OTHER);
	s->at_lines = w->count == 0;
	if (w->ends)
		return false;
	nfa_walk_begin(w);
	nfa_walk_add(w, 0, BEFORE_LINE);
	if (w->ends || w->count == 0)
		return false;
	return s->at_lines || store_starts(s, walks);
}

struct starts *
starts_new(const struct nfa *n)
{
	struct starts *s = mem_alloc(sizeof(*s));
	struct nfa_walk walks[DEPTH];

	s->shuffles = compat_can_shuffle();
	for (size_t i = 0; i < DEPTH; i++)
		nfa_walk_init(&walks[i], n);
	if (!find_starts(s, walks))
		starts_free(&s);
	for (size_t i = 0; i < DEPTH; i++)
		nfa_walk_fini(&walks[i]);
	return s;
}

void
starts_free(struct starts **s)
{
	free(*s);
	*s = NULL;
}

/* ---- the search ---------------------------------------------------------- */

static inline COMPAT_SHUFFLE lanes
kinds_of(const struct starts *s, size_t depth, const char *p)
{
	lanes bytes = lanes_load(p + depth);

	return compat_shuffle(s->low[depth], bytes & 15) &
	       compat_shuffle(s->high[depth], bytes >> 4);
}

/* Which of the LANES places from `p` on are starts, a bit each. */
static inline COMPAT_SHUFFLE unsigned
look(const struct starts *s, const char *p)
{
	lanes kinds = kinds_of(s, 0, p) & kinds_of(s, 1, p) & kinds_of(s, 2, p);

	return compat_mask((lanes)(kinds != 0));
}

/* From `from` on, up to the place behind which no REACH is left. */
static COMPAT_SHUFFLE size_t
search_wide(const struct starts *s, struct str text, size_t from)
{
	size_t last = text.len - REACH;
	unsigned found;

	for (; from <= last; from += LANES) {
		found = look(s, text.p + from);
		if (found != 0)
			return from + (size_t)__builtin_ctz(found);
	}
	/* Once more, those before `from` left out. */
	if (from - last >= LANES)
		return from;
	found = look(s, text.p + last) >> (from - last);
	return found != 0 ? from + (size_t)__builtin_ctz(found) : last + LANES;
}

static bool
is_start(const struct starts *s, const char *p)
{
	unsigned kinds = UINT8_MAX;

	for (size_t i = 0; i < DEPTH; i++) {
		unsigned byte = (unsigned char)p[i];

		kinds &= s->low[i][byte & 15] & s->high[i][byte >> 4];
	}
	return kinds != 0;
}

static size_t
next_line(struct str text, size_t from, size_t to)
{
	const char *newline;

	if (from == 0 || from >= to)
		return from;
	newline = memchr(text.p + from - 1, '\n', to - from);
	return newline != NULL ? (size_t)(newline - text.p) + 1 : to;
}

size_t
starts_next(const struct starts *s, struct str text, size_t from, size_t to)
{
	if (s->at_lines)
		return next_line(text, from, to);
	if (s->shuffles && text.len >= REACH && from < to)
		from = search_wide(s, text, from);
	while (from < to && from + DEPTH <= text.len &&
	       !is_start(s, text.p + from))
		from++;
	/* Of the last places a short match may begin at one. */
	return from < to && from + s->shortest <= text.len ? from : to;
}
