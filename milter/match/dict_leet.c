/*
 * Leet words: digits and signs written for letters.
 */
#include "match/dict_counter.h"
#include "rule/dict_fold.h"

/* A word longer than this is no leet word. */
#define LEET_MAX 64
/* Signs at the edge of a word that may be punctuation after all. */
#define LEET_EDGE_MAX 3

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
		counter_use_word(c, word);
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
void
counter_leet(struct counter *c, struct str folded)
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
