/*
 * Regular expressions of dictionaries: tried around their literals only.
 */
#include "match/dict_counter.h"

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

void
counter_literal(struct counter *c, uint32_t id, size_t start, size_t end)
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
	sum = counter_tally(c, term);
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

/* Tries the patterns of one kind where counter_literal() said. */
void
counter_match_patterns(struct counter *c)
{
	const struct dict_index *x = c->x;

	for (uint32_t i = 0; i < x->pattern_count && !c->full; i++) {
		uint32_t term = x->patterns[i].term;

		if (is_plain(c, i) == c->plain && looks_here(c, term) &&
		    has_room(c, term))
			match_pattern(c, i);
	}
}
