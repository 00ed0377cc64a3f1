/* Where matches may begin: no place where one does is missed. */
#include "match/starts.h"

#include "base/mem.h"
#include "base/regex.h"
#include "tap.h"

#include <stdlib.h>

static const struct {
	const char *pattern;
	unsigned flags;
} patterns[] = {
    {"abcd", 0},
    {"ab", 0},
    {"x", 0},
    {"ab$", REGEX_MULTILINE},
    {"^ab", REGEX_MULTILINE},
    {"^ab|xdc", REGEX_MULTILINE},
    {"a?bc+d", 0},
    {"AB[^a-c]x", REGEX_CASELESS},
    {"\\xe9.a", REGEX_CASELESS},
    {"(?:aab|bba|ccd|ddx|xab|xba|bdx|dbc|cdd|aax)c", 0},
    {"\\n\\nab", 0},
    {"x(?:$|ab)", REGEX_MULTILINE},
    {"xb?$\\n^c", REGEX_MULTILINE},
};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))
#define TEXT_MAX 90

static struct nfa *
nfa_of(const char *pattern, unsigned flags)
{
	struct arena a;
	struct nfa *n;

	arena_init(&a, 0);
	n = nfa_new(tree_parse(str_from(pattern), flags, &a));
	arena_fini(&a);
	return n;
}

static struct starts *
starts_of(const char *pattern, unsigned flags)
{
	struct nfa *n = nfa_of(pattern, flags);
	struct starts *s = starts_new(n);

	nfa_free(&n);
	return s;
}

static struct str
random_text(char *p, size_t len, uint32_t *seed)
{
	static const char bytes[] = "aabbccddx \n\xe9\xc9"
				    "AB";

	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 1664525 + 1013904223;
		p[i] = bytes[(*seed >> 16) % (sizeof(bytes) - 1)];
	}
	return str_make(p, len);
}

/* Places where a match begins and none was found. */
static int
missed(const struct starts *s, const struct regex *re,
    struct regex_scratch *scratch, struct str text, int *matches)
{
	size_t next = 0;
	int wrong = 0;

	for (size_t at = 0; at < text.len; at++) {
		bool matched = regex_match_between(re, scratch, text,
				   (struct regex_span){at, at}, NULL) == 1;

		if (next < at || at == 0)
			next = starts_next(s, text, at, text.len);
		*matches += matched;
		wrong += matched && next != at;
		wrong += next < at || next > text.len;
	}
	return wrong;
}

static void
test_none_missed(void)
{
	struct regex_scratch *scratch = regex_scratch_new(NULL);
	uint32_t seed = 1;
	char p[TEXT_MAX];

	for (size_t i = 0; i < PATTERNS; i++) {
		struct regex_error error;
		struct regex *re = regex_compile(
		    str_from(patterns[i].pattern), patterns[i].flags, &error);
		struct starts *s =
		    starts_of(patterns[i].pattern, patterns[i].flags);
		int wrong = 0, matches = 0;

		for (int n = 0; s != NULL && n < 3000; n++)
			wrong += missed(s, re, scratch,
			    random_text(p, (size_t)n % TEXT_MAX, &seed),
			    &matches);
		ok(s != NULL && wrong == 0 && matches > 0,
		    "%s: none of %d is missed", patterns[i].pattern, matches);
		starts_free(&s);
		regex_free(&re);
	}
	regex_scratch_free(&scratch);
}

/* At every place of texts of every length, also where they are looked at in
 * one go, with what comes before in the way or not. */
static void
test_every_place(void)
{
	struct starts *s = starts_of("qwe", 0);
	int wrong = 0;
	char p[TEXT_MAX];

	for (size_t len = 3; len < TEXT_MAX; len++)
		for (size_t at = 0; at + 3 <= len; at++) {
			struct str text = str_make(p, len);

			memset(p, '-', len);
			memcpy(p + at, "qwe", 3);
			for (size_t from = 0; from <= len; from++)
				wrong += starts_next(s, text, from, len) !=
					 (from <= at ? at : len);
			wrong += starts_next(s, text, 0, at) != at;
		}
	is_int(wrong, 0, "found where it is, and nowhere else");
	starts_free(&s);
}

static void
test_lines(void)
{
	struct starts *s = starts_of("^ab", REGEX_MULTILINE);
	struct str text = STR("xab\nq\n\nab");

	is_int((long)starts_next(s, text, 1, text.len), 4, "a line");
	is_int((long)starts_next(s, text, 5, text.len), 6, "an empty line");
	is_int((long)starts_next(s, text, 7, text.len), 7, "where it stands");
	is_int((long)starts_next(s, text, 8, text.len), 9, "none is left");
	is_int((long)starts_next(s, text, 1, 4), 4, "none before the end");
	starts_free(&s);
}

static void
test_none(void)
{
	ok(starts_of("[a-z ]+[^x]b?", 0) == NULL, "at nearly every place");
	ok(starts_of("^ab", 0) == NULL, "at the text's start alone");
	ok(starts_of("$\\nab", REGEX_MULTILINE) == NULL, "at an end");
}

/* Of so many rare bytes that may be missing, and one that may not. */
static bool
has_starts(size_t count)
{
	char *pattern = mem_alloc(5 * count + 2);
	struct starts *s;
	bool has;

	for (size_t i = 0; i < count; i++)
		memcpy(pattern + 5 * i, "\\xf1?", 5);
	memcpy(pattern + 5 * count, "b", 2);
	s = starts_of(pattern, 0);
	has = s != NULL;
	starts_free(&s);
	free(pattern);
	return has;
}

static void
test_ways(void)
{
	ok(has_starts(100), "a million ways to begin");
	ok(!has_starts(3000), "more than can be looked at");
}

/* What is seldom in a text is searched for, even if there are many of it. */
static void
test_beyond_ascii(void)
{
	struct starts *s = starts_of("(?:[\\x80-\\xff].?){4}", 0);
	struct str text = STR("no more than letters \xc3\xa4\xc3\xa4");

	ok(s != NULL && starts_next(s, text, 0, text.len) == 21,
	    "at bytes beyond ASCII");
	ok(starts_of("(?:[\\x20-\\x7f].?){4}", 0) == NULL, "not at ASCII's");
	starts_free(&s);
}

int
main(void)
{
	test_none_missed();
	test_every_place();
	test_lines();
	test_none();
	test_ways();
	test_beyond_ascii();
	return done_testing();
}
