#include "match/dict_scan.h"

#include "base/block.h"
#include "match/dict_counter.h"
#include "rule/dict_fold.h"

static void
found_mark(void *context, uint32_t id, size_t start, size_t end)
{
	struct counter *c = context;

	if (id & MARK_LITERAL)
		counter_literal(c, id & ~MARK_LITERAL, start, end);
	else if (!c->plain)
		counter_open_word(c, id, start, end);
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

	if (block_is_ascii(text)) {
		search(c, folded, true);
	} else {
		buf_init_arena(&plain, c->arena);
		dict_fold_plain(text, &plain);
		search(c, buf_str(&plain), true);
	}
	counter_match_patterns(c);
}

static void
scan_text(struct counter *c, struct str text)
{
	struct buf folded;

	buf_init_arena(&folded, c->arena);
	dict_fold(text, &folded);
	c->full |= folded.failed;
	counter_start_words(c);
	search(c, buf_str(&folded), false);
	while (counter_next_word(c))
		;
	counter_match_patterns(c);
	if (c->x->leet.used > 0)
		counter_leet(c, buf_str(&folded));
	if (c->x->has_plain)
		scan_plain(c, buf_str(&folded), text);
}

static bool
counter_init(struct counter *c)
{
	const struct dict_index *x = c->x;

	c->tally_of =
	    arena_array(c->arena, x->term_count + 1, sizeof(*c->tally_of));
	c->near_last =
	    arena_array(c->arena, x->near_count + 1, sizeof(*c->near_last));
	c->windows =
	    arena_array(c->arena, x->pattern_count + 1, sizeof(*c->windows));
	return c->tally_of != NULL && c->near_last != NULL &&
	       c->windows != NULL;
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
	return counter_add_up(&c, out);
}
