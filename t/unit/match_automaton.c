#include "match/automaton.h"

#include "tap.h"

struct seen {
	struct buf text;
};

static void
found(void *context, uint32_t id, size_t start, size_t end)
{
	struct seen *s = context;

	buf_printf(&s->text, "%u:%zu-%zu ", id, start, end);
}

static void
check(const char *const *strings, const char *text, const char *want)
{
	struct automaton *a = automaton_new();
	struct seen s;

	buf_init(&s.text);
	for (uint32_t i = 0; strings[i] != NULL; i++)
		automaton_add(a, str_from(strings[i]), i);
	automaton_build(a);
	automaton_scan(a, str_from(text), found, &s);
	is_str(buf_str(&s.text), str_from(want), "\"%s\"", text);
	buf_fini(&s.text);
	automaton_free(&a);
}

/* The same by looking at every offset; order is by end, then by length. */
static void
compare(unsigned seed)
{
	char word[16][6], text[200];
	struct automaton *a = automaton_new();
	struct seen got, want;

	buf_init(&got.text);
	buf_init(&want.text);
	srand(seed);
	for (uint32_t i = 0; i < 16; i++) {
		size_t n = (size_t)(rand() % 5) + 1;

		for (size_t c = 0; c < n; c++)
			word[i][c] = (char)('a' + rand() % 3);
		word[i][n] = '\0';
		automaton_add(a, str_from(word[i]), i);
	}
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + rand() % 3);
	automaton_build(a);
	automaton_scan(a, str_make(text, sizeof(text)), found, &got);
	for (size_t end = 1; end <= sizeof(text); end++)
		for (size_t len = 5; len > 0; len--)
			for (uint32_t i = 16; i-- > 0;)
				if (strlen(word[i]) == len && len <= end &&
				    memcmp(word[i], text + end - len, len) == 0)
					found(&want, i, end - len, end);
	is_str(buf_str(&got.text), buf_str(&want.text), "random %u", seed);
	buf_fini(&got.text);
	buf_fini(&want.text);
	automaton_free(&a);
}

int
main(void)
{
	const char *const classic[] = {"he", "she", "his", "hers", NULL};
	const char *const nested[] = {"a", "aa", "aaa", NULL};
	const char *const twice[] = {"ab", "ab", NULL};
	const char *const bytes[] = {"\xd0\xb0", "\xff", NULL};
	const char *const none[] = {NULL};

	check(classic, "ushers", "1:1-4 0:2-4 3:2-6 ");
	check(nested, "aaa", "0:0-1 1:0-2 0:1-2 2:0-3 1:1-3 0:2-3 ");
	check(twice, "xabx", "1:1-3 0:1-3 ");
	check(bytes, "a\xd0\xb0\xff", "0:1-3 1:3-4 ");
	check(classic, "", "");
	check(none, "anything", "");
	for (unsigned seed = 1; seed <= 50; seed++)
		compare(seed);
	return done_testing();
}
