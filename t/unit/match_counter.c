/* Matches counted without PCRE2 are those it finds. */
#include "match/counter.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tap.h"

#include <stdlib.h>

static const struct {
	const char *pattern;
	unsigned flags;
} patterns[] = {
    {"e", 0},
    {"e", REGEX_CASELESS},
    {"[abe]", 0},
    {"[^ae]", 0},
    {".", 0},
    {".", REGEX_DOTALL},
    {"ea", 0},
    {"aa", 0},
    {"a|ab|b", 0},
    {"ab|a|b", 0},
    {"aab|aa|b|[a-e]", 0},
    {"(?:e|\\xc3[\\xa8\\xa9]|\\xc4(?:\\x93|\\x95a))", 0},
    {"(?:a|b)(?:e|b|ab)", 0},
    {"\\xe9|\\.a", REGEX_CASELESS},
    {"a(?:b(?:e|a)|e)|be", REGEX_CASELESS},
    {"(a|b)e", 0},
    {"\\xc3\\xa9", REGEX_CASELESS},
    {"[\\x80-\\xff]", 0},
    {"[^\\x80-\\xff]", 0},
    {"[a\\xc3\\x88]|\\x11\\x22|\\x33", 0},
    /* As many kinds of bytes as are looked up at once, and one more. */
    {"[\\x11\\x22\\x33\\x44\\x55a\\x77\\x88]", 0},
    {"[\\x11\\x22\\x33\\x44\\x55a\\x77\\x88\\x99]", 0},
    {"[\\x11\\x22\\x33\\x44\\x55a\\x77]|\\x88\\x99", 0},
    {"[\\x11\\x22\\x33\\x44\\x55a\\x77]|\\x88\\x99|\\x99a", 0},
};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

static struct counter *
counter_of(const char *pattern, unsigned flags)
{
	struct str text = str_from(pattern);
	struct counter *c;
	struct arena a;

	arena_init(&a, 0);
	c = counter_new(text, flags, tree_parse(text, flags, &a));
	arena_fini(&a);
	return c;
}

/* As an attempt does without a counter. */
static size_t
count_by_regex(const struct regex *re, struct regex_scratch *s, struct str text,
    size_t most, struct regex_span *first_out)
{
	struct regex_span at = {0};
	size_t n = 0;

	while (n < most && regex_match(re, s, text, at.end, &at) == 1)
		if (n++ == 0)
			*first_out = at;
	return n;
}

static struct str
random_text(char *p, size_t most, uint32_t *seed)
{
	static const char bytes[] =
	    "aaabbeeE.\n\xc3\xc3\xc4\xa8\xa9\x93\x95\xe9\xc9"
	    "\x11\x22\x33\x44\x55\x77\x88\x99";
	size_t len;

	*seed = *seed * 1664525 + 1013904223;
	len = (*seed >> 16) % (most + 1);
	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 1664525 + 1013904223;
		p[i] = bytes[(*seed >> 16) % (sizeof(bytes) - 1)];
	}
	return str_make(p, len);
}

static void
test_counts(void)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	uint32_t seed = 1;
	char p[100];

	for (size_t i = 0; i < PATTERNS; i++) {
		struct regex_error error;
		struct regex *re = regex_compile(
		    str_from(patterns[i].pattern), patterns[i].flags, &error);
		struct counter *c =
		    counter_of(patterns[i].pattern, patterns[i].flags);
		int wrong = 0;
		size_t sum = 0;

		for (size_t n = 0; c != NULL && n < 3000; n++) {
			struct str text = random_text(p, sizeof(p), &seed);
			struct regex_span want = {0}, got = {0};
			size_t most = n % 3 == 0 ? n % 20 : SIZE_MAX;
			size_t matches =
			    count_by_regex(re, s, text, most, &want);

			wrong += counter_count(c, text, most, NULL) != matches;
			wrong += counter_count(c, text, most, &got) != matches;
			wrong += got.start != want.start || got.end != want.end;
			sum += matches;
		}
		ok(c != NULL && wrong == 0 && sum > 0,
		    "%s: all of %zu, and the first", patterns[i].pattern, sum);
		counter_free(&c);
		regex_free(&re);
	}
	regex_scratch_free(&s);
}

static void
test_class(void)
{
	static const struct {
		const char *pattern;
		bool is_class;
	} cases[] = {{"e", true}, {"[ae]", true}, {"a|[b-d]", true},
	    {"ab", false}, {"a|bc", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct counter *c = counter_of(cases[i].pattern, 0);

		ok(counter_is_class(c) == cases[i].is_class, "%s: %s",
		    cases[i].pattern,
		    cases[i].is_class ? "a byte" : "more than a byte");
		counter_free(&c);
	}
}

static void
test_refused(void)
{
	static const char *const refused[] = {"a*", "a|", "^a", "a$", "\\bab",
	    "a(?=b)", "(?>a|ab)b", "(?i)a", "(?<n>a)b", "a{2}", "(*ANY)a",
	    "[[:alpha:]]a", "\\d", "(a)\\1", "a\\Kb", "\\Qa\\E", "(?|a|b)"};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ok(counter_of(refused[i], 0) == NULL, "not %s", refused[i]);
	ok(counter_of("a b", REGEX_EXTENDED) == NULL, "not what flags change");
	ok(counter_of("a", REGEX_UTF) == NULL, "not characters");
}

/* `n` times `part`, as alternatives or one after the other. */
static bool
has_counter(const char *part, int n, const char *between)
{
	struct counter *c;
	struct buf b;
	bool has;

	buf_init(&b);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i > 0 ? between : "", part);
	c = counter_of(buf_cstr(&b), 0);
	has = c != NULL;
	counter_free(&c);
	buf_fini(&b);
	return has;
}

static void
test_limits(void)
{
	ok(has_counter("ab", COUNTER_STRINGS_MAX, "|"), "as many strings");
	ok(!has_counter("ab", COUNTER_STRINGS_MAX + 1, "|"), "one too many");
	ok(has_counter("(?:a|b)", 6, ""), "multiplied out");
	ok(!has_counter("(?:a|b)", 7, ""), "to too many");
	ok(has_counter("a", COUNTER_LENGTH_MAX, ""), "as long");
	ok(!has_counter("a", COUNTER_LENGTH_MAX + 1, ""), "too long");
}

int
main(void)
{
	test_counts();
	test_class();
	test_refused();
	test_limits();
	return done_testing();
}
