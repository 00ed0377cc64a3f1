/*
 * From counts to points: caps, weights, thresholds.
 */
#include "match/dict_counter.h"

#include <math.h>
#include <stdlib.h>

/* Sums of weights are compared within this. */
#define EPSILON 1e-9

static uint32_t
capped(uint32_t n, uint32_t cap)
{
	return n < cap ? n : cap;
}

/*
 * Text and HTML are two views of one thing: the larger counts. Each place is
 * capped by itself.
 */
static uint32_t
counted(const struct tally *t, uint32_t cap)
{
	uint32_t text = capped(t->count[PLACE_TEXT], cap);
	uint32_t html = capped(t->count[PLACE_HTML], cap);

	return capped(t->count[PLACE_SUBJECT], cap) +
	       (text > html ? text : html) + capped(t->count[PLACE_NAMES], cap);
}

static int
by_term(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return (x->term > y->term) - (x->term < y->term);
}

static void
add_score(const struct counter *c, const struct tally *t, struct hits *out)
{
	const struct dict_term *term = c->x->terms[t->term];
	struct dict_score *d = &out->dicts[c->x->dict_of[t->term]];
	uint32_t n = counted(t, term->cap);

	if (n == 0)
		return;
	out->terms[out->term_count++] =
	    (struct term_hit){.dict = d->dict, .term = term, .count = n};
	d->points += n * term->weight;
	d->distinct += term->weight > 0;
}

static void
close_score(struct dict_score *d)
{
	if (d->distinct < d->dict->distinct)
		d->points = 0;
	if (fabs(d->points) < EPSILON)
		d->points = 0;
	d->over =
	    d->dict->threshold > 0 && d->points >= d->dict->threshold - EPSILON;
}

bool
counter_add_up(struct counter *c, struct hits *out)
{
	const struct dict_set *set = c->x->set;

	out->dict_count = 0;
	out->term_count = 0;
	out->dicts = arena_array(c->arena, set->len + 1, sizeof(*out->dicts));
	out->terms =
	    arena_array(c->arena, c->tally_count + 1, sizeof(*out->terms));
	if (out->dicts == NULL || out->terms == NULL)
		return false;
	out->dict_count = set->len;
	for (size_t i = 0; i < set->len; i++)
		out->dicts[i].dict = &set->v[i];
	if (c->tally_count > 1)
		qsort(c->tallies, c->tally_count, sizeof(*c->tallies), by_term);
	for (size_t i = 0; i < c->tally_count; i++)
		add_score(c, &c->tallies[i], out);
	for (size_t i = 0; i < set->len; i++)
		close_score(&out->dicts[i]);
	out->truncated |= c->full;
	return true;
}
