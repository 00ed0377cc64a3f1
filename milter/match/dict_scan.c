#include "match/dict_scan.h"

#include "base/unicode.h"
#include "rule/dict_fold.h"

#include <math.h>
#include <stdlib.h>

/* Phrases followed at once. More can only come of overlapping open words. */
#define ACTIVE_MAX 256
/* Open words and leet words read from one word of text. */
#define SAME_MAX 32
/* Between texts: further apart than any near() reaches. */
#define TEXT_GAP (DICT_NEAR_MAX + 1)
/* A word longer than this is no leet word. */
#define LEET_MAX 64
/* Signs at the edge of a word that may be punctuation after all. */
#define LEET_EDGE_MAX 3
/* Stretches of one text in which one pattern is tried; the last takes the rest.
 */
#define WINDOWS_MAX 8
/* Sums of weights are compared within this. */
#define EPSILON 1e-9

struct tally {
	uint32_t term;
	uint32_t count[PLACE_COUNT];
	uint32_t last_end; /* word the last hit of a phrase ended with */
};

/* Where a match of a pattern may begin in the current text, in order. */
struct windows {
	uint32_t count;
	struct regex_span v[WINDOWS_MAX];
};

struct counter {
	const struct dict_index *x;
	struct regex_scratch *regex;
	struct arena *arena;
	uint32_t *tally_of; /* by term: index + 1 */
	struct tally *tallies;
	size_t tally_count;
	size_t tally_size;
	uint32_t (*near_last)[2]; /* by near(): last word of either side */
	struct windows *windows;  /* by pattern */
	struct str subject;	  /* what patterns are searched in */
	bool plain;		  /* it is for those of that kind */
	bool full;

	enum dict_place place;
	uint32_t at; /* number of the current word, over all texts */
	uint32_t active[ACTIVE_MAX]; /* trie states after the last word */
	size_t active_count;
	uint32_t same[SAME_MAX]; /* words the current one can be read as */
	size_t same_count;
	struct str word; /* the current one, in `subject` */
	size_t word_end;
};

/* ---- counting
 * ---------------------------------------------------------------- */

static struct tally *
new_tally(struct counter *c, uint32_t term)
{
	if (c->tally_count == c->tally_size) {
		size_t old = c->tally_size * sizeof(*c->tallies);
		struct tally *more =
		    arena_grow(c->arena, c->tallies, old, old * 2);

		if (more == NULL) {
			c->full = true;
			return NULL;
		}
		c->tallies = more;
		c->tally_size *= 2;
	}
	c->tallies[c->tally_count] = (struct tally){.term = term};
	c->tally_of[term] = (uint32_t)++c->tally_count;
	return &c->tallies[c->tally_count - 1];
}

/* The counts of `term`; NULL where its dictionary does not look. */
static struct tally *
tally(struct counter *c, uint32_t term)
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
	struct tally *t = tally(c, term);

	if (t != NULL && t->count[c->place] < DICT_CAP_MAX)
		t->count[c->place] += n;
}

/* ---- near() and phrases
 * ------------------------------------------------------ */

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

static void
use_word(struct counter *c, uint32_t word)
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
		struct tally *t = tally(c, term);

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

/* ---- words
 * ------------------------------------------------------------------- */

static void
same_word(struct counter *c, uint32_t word)
{
	for (size_t i = 0; i < c->same_count; i++)
		if (c->same[i] == word)
			return;
	if (c->same_count < SAME_MAX)
		c->same[c->same_count++] = word;
	use_word(c, word);
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
static bool
next_word(struct counter *c)
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

static void
start_words(struct counter *c)
{
	c->at += TEXT_GAP;
	c->active_count = c->same_count = 0;
	c->word = STR_NONE;
	c->word_end = 0;
}

/* An open word stands at [start, end); places come by their end. */
static void
found_open(struct counter *c, uint32_t word, size_t start, size_t end)
{
	const struct dict_vocable *v = &c->x->words[word];
	size_t first;

	while (c->word_end < end)
		if (!next_word(c))
			return;
	first = c->word_end - c->word.len;
	if (start >= first && (v->open_left || start == first) &&
	    (v->open_right || end == c->word_end))
		same_word(c, word);
}

/* ---- digits for letters
 * ------------------------------------------------------ */

enum { LEET_SIGN = 1, LEET_DIGIT = 2 };

static const uint8_t leet_class_of[256] = {
    ['!'] = LEET_SIGN,
    ['$'] = LEET_SIGN,
    ['+'] = LEET_SIGN,
    ['0' ... '9'] = LEET_DIGIT,
    ['@'] = LEET_SIGN,
    ['|'] = LEET_SIGN,
};

static bool
is_leet_sign(char c)
{
	return leet_class_of[(unsigned char)c] == LEET_SIGN;
}

static bool
stands_for_letter(char c)
{
	return leet_class_of[(unsigned char)c] != 0;
}

static bool
in_leet_word(char c)
{
	return ascii_is_alnum(c) || is_leet_sign(c) || (unsigned char)c >= 0x80;
}

static bool
has_sign(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (stands_for_letter(word.p[i]))
			return true;
	return false;
}

/* Counts the leet words `text` spells; as a plain word it has counted already.
 */
static bool
spell(struct counter *c, struct str text)
{
	char room[LEET_MAX];
	struct buf class = {.p = room, .size = LEET_MAX, .limit = LEET_MAX};
	bool any = false;
	uint32_t word;

	if (text.len == 0 || text.len >= LEET_MAX || !has_sign(text))
		return false;
	leet_class(text, &class);
	word = dict_index_leet(c->x, buf_str(&class));
	for (; word != 0; word = c->x->words[word].next_leet) {
		if (!leet_spells(text, c->x->words[word].text) ||
		    str_eq(text, c->x->words[word].text))
			continue;
		use_word(c, word);
		any = true;
	}
	return any;
}

static size_t
edge_signs(struct str word, bool left)
{
	size_t n = 0;

	while (n < word.len && n < LEET_EDGE_MAX &&
	       is_leet_sign(word.p[left ? n : word.len - 1 - n]))
		n++;
	return n;
}

/* The longest reading of a word whose edges may be punctuation. */
static void
scan_leet_word(struct counter *c, struct str word)
{
	size_t left = edge_signs(word, true), right = edge_signs(word, false);

	for (size_t l = 0; l <= left; l++)
		for (size_t r = 0; r <= right && l + r < word.len; r++)
			if (spell(c, str_make(word.p + l, word.len - l - r)))
				return;
}

/* Words around a digit or sign; all others have counted as they are. */
static void
scan_leet(struct counter *c, struct str folded)
{
	size_t behind = 0; /* the last word looked at */

	for (size_t i = 0; i < folded.len && !c->full; i++) {
		size_t start = i, end = i;

		if (!stands_for_letter(folded.p[i]))
			continue;
		while (start > behind && in_leet_word(folded.p[start - 1]))
			start--;
		while (end < folded.len && in_leet_word(folded.p[end]))
			end++;
		scan_leet_word(c, str_make(folded.p + start, end - start));
		i = behind = end;
	}
}

/* ---- regular expressions
 * ----------------------------------------------------- */

static void
add_window(struct windows *w, size_t from, size_t to)
{
	struct regex_span *last = w->count > 0 ? &w->v[w->count - 1] : NULL;

	if (last != NULL &&
	    (from <= last->end + 1 || w->count == WINDOWS_MAX)) {
		last->start = from < last->start ? from : last->start;
		last->end = to > last->end ? to : last->end;
	} else {
		w->v[w->count++] = (struct regex_span){from, to};
	}
}

/* Next to a letter beyond ASCII anything may be an edge. */
static unsigned
edges_at(struct str text, size_t at)
{
	bool foreign = (at > 0 && (unsigned char)text.p[at - 1] >= 0x80) ||
		       (at < text.len && (unsigned char)text.p[at] >= 0x80);

	return literal_edges(text, at) | (foreign ? EDGE_WORD : 0);
}

/* A window begins with a character, not within one. */
static size_t
character_start(struct str text, size_t at)
{
	while (at > 0 && ((unsigned char)text.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static bool
is_plain(const struct counter *c, uint32_t pattern)
{
	return c->x->terms[c->x->patterns[pattern].term]->regex_plain;
}

static void
found_literal(struct counter *c, uint32_t id, size_t start, size_t end)
{
	const struct dict_literal *l = &c->x->literals[id];
	struct distance at = c->x->patterns[l->pattern].at;
	size_t from = start > at.most ? start - at.most : 0;

	if (is_plain(c, l->pattern) != c->plain || start < at.least ||
	    (l->left & ~edges_at(c->subject, start)) != 0 ||
	    (l->right & ~edges_at(c->subject, end)) != 0)
		return;
	add_window(&c->windows[l->pattern], character_start(c->subject, from),
	    start - at.least);
}

static void
found_mark(void *context, uint32_t id, size_t start, size_t end)
{
	struct counter *c = context;

	if (id & MARK_LITERAL)
		found_literal(c, id & ~MARK_LITERAL, start, end);
	else if (!c->plain)
		found_open(c, id, start, end);
}

/* The next match at or behind `from`; false: there is none. */
static bool
next_match(const struct counter *c, uint32_t pattern, size_t from,
    struct regex_span *span)
{
	const struct regex *regex =
	    c->x->terms[c->x->patterns[pattern].term]->regex;
	const struct windows *w = &c->windows[pattern];

	if (c->x->patterns[pattern].always)
		return regex_match(regex, c->regex, c->subject, from, span) ==
		       1;
	for (uint32_t i = 0; i < w->count; i++) {
		struct regex_span where = w->v[i];

		where.start = from > where.start ? from : where.start;
		if (where.start <= where.end &&
		    regex_match_between(
			regex, c->regex, c->subject, where, span) == 1)
			return true;
	}
	return false;
}

static void
match_pattern(struct counter *c, uint32_t pattern)
{
	uint32_t term = c->x->patterns[pattern].term;
	struct regex_span span;
	struct tally *sum;
	size_t from = 0;

	if (!next_match(c, pattern, 0, &span))
		return;
	sum = tally(c, term);
	if (sum == NULL)
		return;
	do {
		if (++sum->count[c->place] >= c->x->terms[term]->cap)
			return;
		from = span.end > from ? span.end : from + 1;
	} while (next_match(c, pattern, from, &span));
}

static bool
looks_here(const struct counter *c, uint32_t term)
{
	const struct dict *d = &c->x->set->v[c->x->dict_of[term]];

	return (d->fields & 1u << c->place) != 0;
}

static bool
has_room(const struct counter *c, uint32_t term)
{
	uint32_t i = c->tally_of[term];

	return i == 0 ||
	       c->tallies[i - 1].count[c->place] < c->x->terms[term]->cap;
}

/* Tries the patterns of one kind where found_literal() said. */
static void
match_patterns(struct counter *c)
{
	const struct dict_index *x = c->x;

	for (uint32_t i = 0; i < x->pattern_count && !c->full; i++) {
		uint32_t term = x->patterns[i].term;

		if (is_plain(c, i) == c->plain && looks_here(c, term) &&
		    has_room(c, term))
			match_pattern(c, i);
	}
}

/* Makes `text` the one that is searched, and finds all marks in it. */
static void
search(struct counter *c, struct str text, bool plain)
{
	c->subject = text;
	c->plain = plain;
	for (size_t i = 0; i < c->x->pattern_count; i++)
		c->windows[i].count = 0;
	if (c->x->marks != NULL)
		automaton_scan(c->x->marks, text, found_mark, c);
}

/*
 * Patterns written in letters beyond ASCII look at text whose letters kept
 * their own script; of ASCII text both forms are the same.
 */
static void
scan_plain(struct counter *c, struct str folded, struct str text)
{
	struct buf plain;

	if (unicode_is_ascii(text)) {
		search(c, folded, true);
	} else {
		buf_init_arena(&plain, c->arena);
		dict_fold_plain(text, &plain);
		search(c, buf_str(&plain), true);
	}
	match_patterns(c);
}

/* ---- texts
 * ------------------------------------------------------------------- */

static void
scan_text(struct counter *c, struct str text)
{
	struct buf folded;

	buf_init_arena(&folded, c->arena);
	dict_fold(text, &folded);
	c->full |= folded.failed;
	start_words(c);
	search(c, buf_str(&folded), false);
	while (next_word(c))
		;
	match_patterns(c);
	if (c->x->leet.used > 0)
		scan_leet(c, buf_str(&folded));
	if (c->x->has_plain)
		scan_plain(c, buf_str(&folded), text);
}

static bool
counter_init(struct counter *c)
{
	const struct dict_index *x = c->x;

	c->tally_size = 32;
	c->tallies = arena_array(c->arena, c->tally_size, sizeof(*c->tallies));
	c->tally_of =
	    arena_array(c->arena, x->term_count + 1, sizeof(*c->tally_of));
	c->near_last =
	    arena_array(c->arena, x->near_count + 1, sizeof(*c->near_last));
	c->windows =
	    arena_array(c->arena, x->pattern_count + 1, sizeof(*c->windows));
	return c->tallies != NULL && c->tally_of != NULL &&
	       c->near_last != NULL && c->windows != NULL;
}

/* ---- scores
 * ------------------------------------------------------------------ */

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

static bool
add_up(struct counter *c, struct hits *out)
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

bool
dict_scan_texts(const struct dict_index *x, struct regex_scratch *s,
    const struct dict_texts *texts, struct arena *a, struct hits *out)
{
	struct counter c = {.x = x, .regex = s, .arena = a};

	if (!counter_init(&c))
		return false;
	for (int place = 0; place < PLACE_COUNT; place++) {
		const struct str_list *l = &texts->place[place];

		c.place = (enum dict_place)place;
		for (size_t i = 0; i < l->len && x->term_count > 0; i++)
			scan_text(&c, l->v[i]);
	}
	return add_up(&c, out);
}
