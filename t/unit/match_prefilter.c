/*
 * Literals searched all at once: in texts made by chance every place of every
 * literal is reported once, and nothing else, however few or many there are.
 * Texts are exactly as long as they say, so that AddressSanitizer sees a read
 * behind them.
 */
#include "match/prefilter.h"

#include "base/mem.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

#define LITERALS_MAX 400
#define TEXTS 300
#define TEXT_MAX 200

struct set {
	struct prefilter_literal v[LITERALS_MAX];
	char text[LITERALS_MAX][PREFILTER_LITERAL_MAX];
	size_t len;
};

/* Places seen, by literal and start. */
struct seen {
	const struct set *set;
	struct str text;
	uint8_t count[LITERALS_MAX][TEXT_MAX + 1];
	size_t strange;
};

static unsigned
roll(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

/* Few letters, so that literals are found; some of what may confuse. */
static char
roll_byte(unsigned *seed)
{
	static const char bytes[] = "aaabbbccABC1 \n\xe4\x01@!`{[";

	return bytes[roll(seed, sizeof(bytes) - 1)];
}

static void
roll_set(struct set *s, size_t len, size_t least, unsigned *seed)
{
	s->len = len;
	for (size_t i = 0; i < len; i++) {
		size_t n =
		    least +
		    roll(seed, (unsigned)(PREFILTER_LITERAL_MAX + 1 - least));

		if (roll(seed, 2) == 0 && n > least + 3)
			n = least + roll(seed, 4);
		for (size_t k = 0; k < n; k++)
			s->text[i][k] = roll_byte(seed);
		s->v[i].text = str_make(s->text[i], n);
		s->v[i].nocase = roll(seed, 2) == 0;
		s->v[i].id = (uint32_t)i;
	}
}

static bool
is_at(const struct prefilter_literal *l, struct str text, size_t at)
{
	struct str part;

	if (at + l->text.len > text.len)
		return false;
	part = str_head(str_skip(text, at), l->text.len);
	return l->nocase ? str_eq_nocase(part, l->text) : str_eq(part, l->text);
}

static void
on_found(void *context, uint32_t id, size_t start, size_t end)
{
	struct seen *seen = context;

	if (id >= seen->set->len || end > seen->text.len ||
	    end - start != seen->set->v[id].text.len)
		seen->strange++;
	else
		seen->count[id][start]++;
}

/* Texts in which something was missed, or told twice, or was not there. */
static size_t
count_wrong(const struct set *s, const struct prefilter *f, unsigned *seed)
{
	struct seen *seen = mem_alloc(sizeof(*seen));
	size_t wrong = 0;

	for (size_t t = 0; t < TEXTS; t++) {
		size_t len = t <= TEXT_MAX ? t : roll(seed, TEXT_MAX + 1);
		char *text = mem_array(len, 1);
		char *folded = mem_alloc(len + PREFILTER_PADDING);
		bool bad = false;

		for (size_t i = 0; i < len; i++)
			text[i] = roll(seed, 60) == 0 ? '\0' : roll_byte(seed);
		*seen = (struct seen){.set = s, .text = str_make(text, len)};
		prefilter_fold(seen->text, folded);
		prefilter_scan(f, seen->text, folded, on_found, seen);
		for (size_t i = 0; i < s->len; i++)
			for (size_t at = 0; at <= len; at++)
				bad =
				    bad || seen->count[i][at] !=
					       is_at(&s->v[i], seen->text, at);
		wrong += bad || seen->strange > 0;
		free(text);
		free(folded);
	}
	free(seen);
	return wrong;
}

static void
test_set(const struct set *s, unsigned *seed, const char *what)
{
	struct prefilter *f = prefilter_new(s->v, s->len);

	is_int(count_wrong(s, f, seed), 0, "%s", what);
	prefilter_free(&f);
}

int
main(void)
{
	static const size_t sizes[] = {1, 2, 5, 23, 24, 25, 60, 400};
	static struct set s;
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t least = 1; least <= 5; least++) {
			char what[80];

			roll_set(&s, sizes[i], least, &seed);
			snprintf(what, sizeof(what),
			    "%zu literals of %zu bytes or more", sizes[i],
			    least);
			test_set(&s, &seed, what);
		}
	}
	s.len = 1;
	memcpy(s.text[0], "aaaaaaaaaaaaaa1@", PREFILTER_LITERAL_MAX);
	s.v[0] = (struct prefilter_literal){
	    str_make(s.text[0], PREFILTER_LITERAL_MAX), false, 0};
	test_set(&s, &seed, "the longest, rarest at its end");
	ok(prefilter_new(NULL, 0) == NULL, "no literals, no prefilter");
	return done_testing();
}
