/*
 * Words of folded text: which of them a dictionary has, the phrases they are
 * part of, and what they are near to.
 */
#include "match/dict_counter.h"
#include "rule/dict_fold.h"

/* Between texts: further apart than any near() reaches. */
#define TEXT_GAP (DICT_NEAR_MAX + 1)

/* ---- counting ----------------------------------------------------------- */

static struct tally *
new_tally(struct counter *c, uint32_t term)
{
	if (!ARENA_ROOM(
		c->arena, c->tallies, c->tally_count, c->tally_size, 32)) {
		c->full = true;
		return NULL;
	}
	c->tallies[c->tally_count] = (struct tally){.term = term};
	c->tally_of[term] = (uint32_t)++c->tally_count;
	return &c->tallies[c->tally_count - 1];
}

/* The counts of `term`; NULL where its dictionary does not look. */
struct tally *
counter_tally(struct counter *c, uint32_t term)
{
	const struct dict *d = &c->x->set->v[c->x->dict_of[term]];

	if ((d->fields & 1u << c->place) == 0)
		return NULL;
	if (c->tally_of[term] != 0)
		return &c->tallies[c->tally_of[term] - 1];
	return new_tally(c, term);
}

static void
count_hits(struct counter *c, uint32_t term, uint32_t n)
{
	struct tally *t = counter_tally(c, term);

	if (t != NULL && t->count[c->place] < DICT_CAP_MAX)
		t->count[c->place] += n;
}

/* ---- near() and phrases ------------------------------------------------- */

/* A pair that counted is used up: each word belongs to one hit. */
static void
meet_near(struct counter *c, uint32_t near, unsigned side)
{
	uint32_t *last = c->near_last[near];
	const struct dict_term *t = c->x->terms[c->x->nears[near]];

	last[side] = c->at;
	if (last[!side] == 0 || last[!side] == c->at ||
	    c->at - last[!side] > t->distance)
		return;
	last[0] = last[1] = 0;
	count_hits(c, c->x->nears[near], 1);
}

void
counter_use_word(struct counter *c, uint32_t word)
{
	const struct dict_range *r = &c->x->words[word].uses;

	for (uint32_t i = r->first; i < r->first + r->count; i++) {
		const struct dict_use *u = &c->x->uses[i];

		if (u->kind == USE_COUNT)
			count_hits(c, u->term, 1);
		else
			meet_near(c, u->term, u->kind == USE_NEAR_B);
	}
}

/* Phrases that end in `state` with the current word. */
static void
end_phrases(struct counter *c, uint32_t state)
{
	const struct dict_range *r = &c->x->ends[state];

	for (uint32_t i = r->first; i < r->first + r->count; i++) {
		uint32_t term = c->x->end_terms[i];
		size_t words = c->x->terms[term]->word_count;
		struct tally *t = counter_tally(c, term);

		if (t == NULL || c->at - t->last_end < words)
			continue;
		t->last_end = c->at;
		if (t->count[c->place] < DICT_CAP_MAX)
			t->count[c->place]++;
	}
}

static void
follow(struct counter *c, uint32_t state, uint32_t *next, size_t *count)
{
	if (state == 0 || *count == ACTIVE_MAX)
		return;
	next[(*count)++] = state;
	end_phrases(c, state);
}

/* The current word is any of `same`: one step in every phrase under way. */
static void
step_phrases(struct counter *c)
{
	uint32_t next[ACTIVE_MAX];
	size_t count = 0;

	for (size_t w = 0; w < c->same_count; w++) {
		for (size_t i = 0; i < c->active_count; i++)
			follow(c,
			    dict_index_step(c->x, c->active[i], c->same[w]),
			    next, &count);
		follow(c, c->x->words[c->same[w]].phrase, next, &count);
	}
	if (count > 0)
		memcpy(c->active, next, count * sizeof(*next));
	c->active_count = count;
}

/* ---- words -------------------------------------------------------------- */

static void
same_word(struct counter *c, uint32_t word)
{
	for (size_t i = 0; i < c->same_count; i++)
		if (c->same[i] == word)
			return;
	if (c->same_count < SAME_MAX)
		c->same[c->same_count++] = word;
	counter_use_word(c, word);
}

/* All phrases hear of the current word. */
static void
end_word(struct counter *c)
{
	if (c->same_count > 0 && c->x->has_phrases)
		step_phrases(c);
	else
		c->active_count = 0;
	c->same_count = 0;
}

/* Goes on to the next word; false: there is none. */
bool
counter_next_word(struct counter *c)
{
	uint32_t plain;

	end_word(c);
	if (c->full || !fold_next_word(c->subject, &c->word_end, &c->word))
		return false;
	c->at++;
	plain = dict_index_word(c->x, c->word);
	if (plain != 0)
		same_word(c, plain);
	return true;
}

void
counter_start_words(struct counter *c)
{
	c->at += TEXT_GAP;
	c->active_count = c->same_count = 0;
	c->word = STR_NONE;
	c->word_end = 0;
}

/* An open word stands at [start, end); places come by their end. */
void
counter_open_word(struct counter *c, uint32_t word, size_t start, size_t end)
{
	const struct dict_vocable *v = &c->x->words[word];
	size_t first;

	while (c->word_end < end)
		if (!counter_next_word(c))
			return;
	first = c->word_end - c->word.len;
	if (start >= first && (v->open_left || start == first) &&
	    (v->open_right || end == c->word_end))
		same_word(c, word);
}
