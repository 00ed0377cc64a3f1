/* Long rows of bytes without a newline: what patterns need, what texts have. */
#include "match/unbroken.h"

#include "base/buf.h"
#include "tap.h"

static const struct {
	const char *pattern;
	size_t want;
} cases[] = {
    {"^[^\\r\\n]{998}", 998},
    {".{99}", 0}, /* one below the least of interest */
    {".{100}", 100},
    {".{65535}", UNBROKEN_MAX},
    {".{65535}a", UNBROKEN_MAX},
    {"(?:.{65535}){65535}", UNBROKEN_MAX},
    {"[^a]{998}", 0},
    {"(?s).{998}", 0},
    {".{50}a.{49}", 100},
    {".{50}\\n.{49}", 0},
    {".{50}\\n.{150}", 150},
    {".{150}\\n.{120}", 150},
    {".{150}\\s", 150},
    {"\\s.{50}(?:ab){40}", 130},
    {"(?:.{150}|.{120}b)", 121},
    {"(?:.{150}|\\n)", 0},
    {"(?:.{150}|a\\n.{110})", 110},
    {"(?:.{70}\\n){3}", 0},
    {"(?:.{110}\\n){3}", 110},
    {"(?:.{50}){3}", 150},
    {"(?:.{150})?", 0},
    {"(?:.{150})*a", 0},
    {".{98}(?=c)a\\bb$", 100},
    {"(.{50})\\1.{60}", 0},
    {"(.{50})\\1.{160}", 160},
};

static void
test_patterns(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;

		arena_init(&a, 0);
		is_int(unbroken_least(
			   tree_parse(str_from(cases[i].pattern), 0, &a)),
		    cases[i].want, "%s", cases[i].pattern);
		arena_fini(&a);
	}
}

static bool
longest_is(struct str text, size_t len)
{
	return unbroken_is_in(text, len) && !unbroken_is_in(text, len + 1);
}

/* The longest row is the line `line` bytes long, wherever it stands. */
static void
test_texts(void)
{
	static const size_t around[] = {0, 1, 2, 7, 60, 119};
	size_t wrong = 0;
	struct buf b;

	buf_init(&b);
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
		for (size_t lines = 0; lines < 9; lines++)
			for (size_t at = 0; at <= lines; at++) {
				buf_clear(&b);
				for (size_t n = 0; n <= lines; n++) {
					size_t len = n == at ? 120 : around[i];

					while (len-- > 0)
						buf_add_char(&b, 'x');
					if (n < lines || at % 2 == 0)
						buf_add_char(&b, '\n');
				}
				wrong += !longest_is(buf_str(&b), 120);
			}
	is_int(wrong, 0, "the longest line is found, whatever is around it");
	ok(!unbroken_is_in(STR(""), 1), "nothing is in nothing");
	ok(!unbroken_is_in(STR("\n\n"), 1), "nor in empty lines");
	ok(unbroken_is_in(STR("\na"), 1), "one byte is");
	buf_fini(&b);
}

int
main(void)
{
	test_patterns();
	test_texts();
	return done_testing();
}
