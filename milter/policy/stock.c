#include "policy/stock.h"

#include "mail/unicode.h"

#define LABEL_MIN 2  /* characters behind the first one */
#define LABEL_MAX 29 /* ... and at most */
#define LETTERS_MAX 32
#define KINDS_MAX 64	/* different labels counted */
#define CHUNK_HALF 2048 /* characters; a label does not cross a chunk's end */

/* Squeezed labels end in one of these; `.` is any letter or none. */
static const char *const endings[] = {"company", "companyname", "target",
    "ticker", "openingp", "openingprice", "currentp", "currentprice",
    "projected", "position", "expectations", "weekhigh", "weekshigh",
    "marketperformance", "yeartarget", "weektarget", "monthtarget", "daytarget",
    "pricetarget", "yearestimate", "weekestimate", "monthestimate",
    "dayestimate", "priceestimate", "yearestimates", "weekestimates",
    "monthestimates", "dayestimates", "priceestimates", "sector",
    "recommendation", "rating", "s.t.o.c.k", "s.y.m", "s.y.m.b.o.l"};

#define ENDING_COUNT (sizeof(endings) / sizeof(endings[0]))

/* Does all of `s` have the shape? */
static bool
fits(struct str s, const char *shape)
{
	while (*shape != '\0') {
		if (*shape == '.') {
			if (s.len > 0 && fits(str_skip(s, 1), shape + 1))
				return true;
			shape++;
			continue;
		}
		if (s.len == 0 || s.p[0] != *shape)
			return false;
		s = str_skip(s, 1);
		shape++;
	}
	return s.len == 0;
}

/* The longest end of the label that tells stock; empty: none. */
static struct str
stock_ending(struct str letters)
{
	if (str_is(letters, "tradedate") || str_is(letters, "tradingdate"))
		return letters;
	for (size_t at = 0; at < letters.len; at++)
		for (size_t i = 0; i < ENDING_COUNT; i++)
			if (fits(str_skip(letters, at), endings[i]))
				return str_skip(letters, at);
	return STR_NONE;
}

struct kinds {
	char text[KINDS_MAX][LETTERS_MAX];
	size_t len[KINDS_MAX];
	size_t count;
};

static void
add_kind(struct kinds *k, struct str label)
{
	char letters[LETTERS_MAX];
	struct str ending;
	size_t n = 0;

	for (size_t i = 0; i < label.len && n < LETTERS_MAX; i++)
		if (ascii_is_alpha(label.p[i]))
			letters[n++] = ascii_lower(label.p[i]);
	ending = stock_ending(str_make(letters, n));
	if (ending.len == 0 || k->count == KINDS_MAX)
		return;
	for (size_t i = 0; i < k->count; i++)
		if (str_eq(ending, str_make(k->text[i], k->len[i])))
			return;
	memcpy(k->text[k->count], ending.p, ending.len);
	k->len[k->count++] = ending.len;
}

/*
 * A label at `s`, which begins with no white space: its first characters, as
 * many as may be, white space, a colon and something. `*end_out` is behind.
 */
static bool
take_label(struct str s, bool wide, struct str *label_out, struct str *end_out)
{
	struct str rest = s;
	size_t count = 0, n;
	struct str after;

	if (s.len == 0 || s.p[0] == ':')
		return false;
	unicode_first(s, &n);
	rest = str_skip(s, n);
	while (count < LABEL_MAX && rest.len > 0 && rest.p[0] != ':' &&
	       rest.p[0] != '\n') {
		unicode_first(rest, &n);
		rest = str_skip(rest, n);
		count++;
	}
	after = unicode_skip_space(rest, wide);
	if (count < LABEL_MIN || after.len == 0 || after.p[0] != ':')
		return false;
	*label_out = str_head(s, s.len - rest.len);
	after = unicode_skip_space(str_skip(after, 1), wide);
	if (after.len == 0)
		return false;
	unicode_first(after, &n);
	*end_out = str_skip(after, n);
	return true;
}

static struct str
next_line(struct str s)
{
	size_t n = str_find_char(s, '\n');

	return n == STR_NPOS ? STR_NONE : str_skip(s, n + 1);
}

static void
count_chunk(struct kinds *k, struct str s, bool wide)
{
	while (s.len > 0) {
		struct str label;

		s = unicode_skip_space(s, wide);
		if (!take_label(s, wide, &label, &s)) {
			s = next_line(s);
			continue;
		}
		add_kind(k, label);
		s = next_line(s);
	}
}

/* A chunk is two to four thousand characters, whole lines where it can be. */
static size_t
chunk_length(struct str s)
{
	size_t half = unicode_offset(s, CHUNK_HALF);
	struct str reach = str_skip(s, half);
	size_t n = unicode_offset(reach, CHUNK_HALF);

	if (n >= reach.len)
		return s.len;
	reach = str_head(reach, n);
	for (const char *mark = "\n> "; *mark != '\0'; mark++) {
		n = str_find_char(reach, *mark);
		if (n != STR_NPOS)
			return half + n + 1;
	}
	unicode_first(reach, &n);
	return half + n;
}

size_t
stock_count_labels(struct str text, bool wide)
{
	struct kinds kinds = {.count = 0};

	while (text.len > 0) {
		size_t n = chunk_length(text);

		count_chunk(&kinds, str_head(text, n), wide);
		text = str_skip(text, n);
	}
	return kinds.count;
}
