/*
 * Simple patterns that are matched without PCRE2: every match in texts made by
 * chance is where PCRE2 finds it; patterns that say more are left to PCRE2.
 */
#include "match/choice.h"

#include "tap.h"

#define TEXTS 500
#define TEXT_MAX 80

static const char *const taken[] = {
    "e",
    "(?:e)",
    "[abc]",
    "ab",
    "a[bc]",
    "[ab][ab]",
    "a|b",
    "(?:a|b|cd)",
    "(?:e|\\xc3[\\xa8\\xa9]|\\xc4\\x93)",
    "(?:(?:ab))",
};

static const char *const refused[] = {
    "",
    "abc",  /* three bytes */
    "a|ab", /* one byte begins both */
    "(?:ab|a)",
    "(?:ab|[ac]d)",
    "(e)",    /* sets a group */
    "e(?!a)", /* assertions are in no tree */
    "(?<!a)e",
    "^e",
    "e$",
    "\\be",
    "e?",
    "e+",
    "(?:a|)",
    "[^a]",
    ".",
    "\\x{65}",
    "(?i)e",
};

static struct choice *
make(const char *pattern, unsigned flags)
{
	struct arena a;
	struct node *tree;
	struct choice *c = NULL;

	arena_init(&a, 0);
	tree = tree_parse(str_from(pattern), flags, &a);
	if (tree != NULL)
		c = choice_new(str_from(pattern), flags, tree);
	arena_fini(&a);
	return c;
}

static unsigned
chance(unsigned below)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 16) % below;
}

static struct str
write_text(char *out)
{
	static const char bytes[] = "abcde\xc3\xa8\xc4\x93\n";
	size_t len = chance(TEXT_MAX + 1);

	for (size_t i = 0; i < len; i++)
		out[i] = bytes[chance(sizeof(bytes) - 1)];
	return str_make(out, len);
}

/* Do both find the same matches, one after the other? */
static bool
agree(const struct choice *c, const struct regex *re, struct regex_scratch *s,
    struct str text, size_t *matches)
{
	size_t from = 0;

	for (;;) {
		struct regex_span mine = {0}, theirs = {0};
		bool found = choice_find(c, text, from, &mine);

		if (found != (regex_match(re, s, text, from, &theirs) == 1))
			return false;
		if (!found)
			return true;
		if (mine.start != theirs.start || mine.end != theirs.end)
			return false;
		from = mine.end;
		++*matches;
	}
}

static void
test_taken(const char *pattern)
{
	struct regex_error error;
	struct choice *c = make(pattern, 0);
	struct regex *re = regex_compile(str_from(pattern), 0, &error);
	struct regex_scratch *s = regex_scratch_new(NULL);
	size_t matches = 0;
	bool same = c != NULL && re != NULL;

	for (int i = 0; same && i < TEXTS; i++) {
		char room[TEXT_MAX];

		same = agree(c, re, s, write_text(room), &matches);
	}
	ok(same && matches > 0, "/%s/ matches as PCRE2 does", pattern);
	choice_free(&c);
	regex_free(&re);
	regex_scratch_free(&s);
}

static void
test_refused(const char *pattern, unsigned flags)
{
	struct choice *c = make(pattern, flags);

	ok(c == NULL, "/%s/ is left to PCRE2 (flags %u)", pattern, flags);
	choice_free(&c);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		test_taken(taken[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		test_refused(refused[i], 0);
	test_refused("e", REGEX_CASELESS);
	test_refused("e", REGEX_ANCHORED);
	test_refused("e", REGEX_UTF);
	test_refused("e", REGEX_COUNTED);
	return done_testing();
}
