/* Perl patterns: what is taken apart, refused, and spelled anew for PCRE2. */
#include "rule/pattern.h"

#include "base/err.h"
#include "base/regex.h"
#include "rule/limits.h"
#include "tap.h"

static const struct {
	const char *text;
	const char *body; /* NULL: refused */
	const char *flags;
} splits[] = {
    {"/abc/", "abc", ""},
    {"/abc/ims", "abc", "ims"},
    {"/a\\/b/", "a\\/b", ""},
    {"m{a{1,3}}i", "a{1,3}", "i"},
    {"m(a(b))", "a(b)", ""},
    {"m[[a]]", "[a]", ""},
    {"m<a>", "a", ""},
    {"qr!a\\!b!x", "a\\!b", "x"},
    {"m#a#", "a", ""},
    {"m,a,", "a", ""},
    {"/a\\\\/", "a\\\\", ""},
    {"//", "", ""},
    {"/a/g", "a", "g"}, /* refused as a flag, later */
    {"abc", NULL, NULL},
    {"/abc", NULL, NULL},
    {"m", NULL, NULL},
    {"mxax", NULL, NULL},
    {"m\\a\\", NULL, NULL},
    {"/a/e", NULL, NULL},
    {"/a/ i", NULL, NULL},
    {"/a/b/", NULL, NULL},
    {"/a\\\\/b/", NULL, NULL},
    {"m<a>b>", NULL, NULL},
    {"/(?{1})/", NULL, NULL},
    {"/(\?\?{1})/", NULL, NULL},
};

static void
test_split(void)
{
	for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		struct pattern_literal l;
		struct pattern_error e;
		int rc = pattern_split(str_from(splits[i].text), &l, &e);

		if (splits[i].body == NULL) {
			is_int(rc, ERR_SYNTAX, "refused: %s", splits[i].text);
			continue;
		}
		if (!ok(rc == 0, "taken: %s", splits[i].text))
			continue;
		is_str(l.body, str_from(splits[i].body), "body of %s",
		    splits[i].text);
		is_str(l.flags, str_from(splits[i].flags), "flags of %s",
		    splits[i].text);
	}
}

static const struct {
	const char *body;
	bool always;
} always[] = {{"", true}, {"a||b", true}, {"|a", true}, {"a|", true},
    {"a\\|", false}, {"a\\||b", false}, {"a|b", false}, {"a", false}};

static void
test_always(void)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		is_int(pattern_always_matches(str_from(always[i].body)) != NULL,
		    always[i].always, "always matches: \"%s\"", always[i].body);
}

static const struct {
	const char *perl;
	const char *want; /* NULL: refused */
	unsigned flags;
} dialect[] = {
    {"abc", "abc", 0},
    {"(?i)abc", "abc", REGEX_CASELESS},
    {"(?aa)(?i)a", "a", REGEX_CASELESS},
    {"(?msx)a", "a", REGEX_MULTILINE | REGEX_DOTALL | REGEX_EXTENDED},
    {"(?xx)a", "a", REGEX_EXTENDED | REGEX_EXTENDED_MORE},
    {"(?n)(a)", "(a)", REGEX_NO_AUTO_CAPTURE},
    {"a(?i)b", "a(?i)b", 0},
    {"a(?aa)b", "ab", 0},
    {"(?^aai:a)", "(?^i:a)", 0},
    {"(?a:x)", "(?:x)", 0},
    {"a{,3}", "a{0,3}", 0},
    {"a{ 1, 2 }", "a{1,2}", 0},
    {"a{2}+", "a{2}+", 0},
    {"$?", "(?:$)?", 0},
    {"\\b?a", "(?:\\b)?a", 0},
    {"{", "\\{", 0},
    {"{2}a", "\\{2}a", 0},
    {"a*{2", "a*\\{2", 0},
    {"^{a", "^\\{a", 0},
    {"\\x{100}", "(?!)", 0},
    {"[a\\x{100}]", "[a]", 0},
    {"[\\x{100}]", "(?!)", 0},
    {"[^\\x{100}]", "[\\x00-\\xff]", 0},
    {"[a-\\x{200}]", "[a-\xff]", 0},
    {"\\x{ 41 }", "\\x41", 0},
    {"\\x{}", "\\x00", 0},
    {"\\N{U+e9}", "\\xe9", 0},
    {"[[:<:]]", "[\\[\\:<:]]", 0},
    {"[[:alpha:]_]", "[[:alpha:]_]", 0},
    {"[]a]", "[\\]a]", 0},
    {"(?x)a {2}", "a{2}", REGEX_EXTENDED},
    {"(?x)a #c(", "a #c(", REGEX_EXTENDED},
    {"(?#c)a", "(?#c)a", 0},
    {"(?<Name>a)\\k<Name>", "(?<Name>a)\\k<Name>", 0},
    {"(?<=a|bc)d", "(?<=a|bc)d", 0},
    {"\\q{2}", "q{2}", 0},
    {"\\E{1,3}a", "E{1,3}a", 0},
    {"\\400", "(?!)", 0},
    {"\\777?", "(?!)?", 0},
    {"\\1010", "\\x410", 0},
    {"\\p{Letter}",
	"[\\x41-\\x5a\\x61-\\x7a\\xaa\\xb5\\xba\\xc0-\\xd6"
	"\\xd8-\\xf6\\xf8-\\xff]",
	0},
    {"\\p{IsPosixDigit}\\P{ posix-digit }",
	"[\\x30-\\x39][\\x00-\\x2f\\x3a-\\xff]", 0},
    {"(?i)\\p{PosixUpper}", "[\\x41-\\x5a\\x61-\\x7a]", REGEX_CASELESS},
    {"(?i:\\p{gc=Lu})\\p{PosixUpper}",
	"(?i:[\\x41-\\x5a\\x61-\\x7a\\xb5\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\xff])"
	"[\\x41-\\x5a]",
	0},
    {"\\p{Greek}[\\p{Greek}a]", "(?!)[a]", 0},
    {"[^\\p{Cyrillic}]", "[\\x00-\\xff]", 0},
    {"(?<=ab?)c", "(?<=a|ab)c", 0},
    {"(?<!https?:)x", "(?<!http:|https:)x", 0},
    {"(?<=a(?:b|cd)[]x]?)", "(?<=a(?:b)|a(?:b)[\\]x]|a(?:cd)|a(?:cd)[\\]x])",
	0},
    {"(?<=(?i:a){1,2}?\\R)",
	"(?<=(?i:a)(?>\\r\\n)|(?i:a)(?>[\\n-\\r\\x85])|"
	"(?i:a)(?i:a)(?>\\r\\n)|"
	"(?i:a)(?i:a)(?>[\\n-\\r\\x85]))",
	0},
    {"(?<=\\N{1,2})", "(?<=\\N|\\N\\N)", 0},
    {"(?<=(?=x|yz)a?)", "(?<=(?=x|yz)|(?=x|yz)a)", 0},
    {"(?:a(?x: b )c d)", "(?:a(?x: b )c d)", 0},
    {"(*FAIL)", "(*FAIL)", 0},
    /* refused, most because Perl warns */
    {"x{", NULL, 0},
    {"a{2", NULL, 0},
    {".{|b", NULL, 0},
    {"[a]{", NULL, 0},
    {"(a){", NULL, 0},
    {"a{3,2}", NULL, 0},
    {"a{03}", NULL, 0},
    {"a{0,00}", NULL, 0},
    {"(?m)^{", NULL, 0},
    {"\\q", NULL, 0},
    {"\\q{a}", NULL, 0},
    {"[[:alph1:]]", NULL, 0},
    {"(?<=(a?))", NULL, 0},
    {"(?<=\\N{1,2}+)", NULL, 0},
    {"(?<=[ab]{0,255}[cd]{0,3})", NULL, 0},
    {"(?<=a{256})", NULL, 0},
    {"a{2}?", NULL, 0},
    {"a{2}{3}", NULL, 0},
    {"a**", NULL, 0},
    {"*a", NULL, 0},
    {"a|+", NULL, 0},
    {"^*", NULL, 0},
    {"\\b+", NULL, 0},
    {"(?=a)*", NULL, 0},
    {"(|)*", NULL, 0},
    {"a{65535}", NULL, 0},
    {"(?g)a", NULL, 0},
    {"(?U)a", NULL, 0},
    {"(?J)a", NULL, 0},
    {"(?C1)a", NULL, 0},
    {"(?aaa)a", NULL, 0},
    {"(?-p)a", NULL, 0},
    {"(?ul)a", NULL, 0},
    {"(*UTF)a", NULL, 0},
    {"(*NO_JIT)a", NULL, 0},
    {"(?[a])", NULL, 0},
    {"\\Qa\\E", NULL, 0},
    {"\\y", NULL, 0},
    {"\\C", NULL, 0},
    {"\\b{wb}", NULL, 0},
    {"\\g<1>", NULL, 0},
    {"\\xg", NULL, 0},
    {"\\08", NULL, 0},
    {"\\c", NULL, 0},
    {"\\", NULL, 0},
    {"[a-\\d]", NULL, 0},
    {"[\\d-z]", NULL, 0},
    {"[z-a]", NULL, 0},
    {"[\\B]", NULL, 0},
    {"[[:foo:]]", NULL, 0},
    {"[[.a.]]", NULL, 0},
    {"[:alpha:]", NULL, 0},
    {"[a", NULL, 0},
    {"(a", NULL, 0},
    {"a)", NULL, 0},
    {"(?", NULL, 0},
    {"(?#", NULL, 0},
    {"(?<1>a)", NULL, 0},
    {"(?<a-b>a)", NULL, 0},
    {"(?(1)a|b|c)", NULL, 0},
    {"(?<=a*)b", NULL, 0},
    {"(?<=a{256})b", NULL, 0},
    {"(?<=(a)|bc)d", NULL, 0},
};

static void
test_dialect(void)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(dialect) / sizeof(dialect[0]); i++) {
		struct pattern_error e;
		struct str got;
		unsigned flags;
		int rc = pattern_translate(
		    &a, str_from(dialect[i].perl), &got, &flags, &e);

		if (dialect[i].want == NULL) {
			is_int(rc, ERR_SYNTAX, "refused: %s", dialect[i].perl);
			continue;
		}
		if (!ok(rc == 0, "taken: %s", dialect[i].perl))
			continue;
		is_str(got, str_from(dialect[i].want), "rewritten: %s",
		    dialect[i].perl);
		is_int(flags, dialect[i].flags, "flags of %s", dialect[i].perl);
	}
	arena_fini(&a);
}

static const struct {
	const char *perl;
	const char *text;
	bool hit;
} matches[] = {
    {"(?i)\xe9", "\xc9", true},
    {"(?i)[^\xe9]", "\xc9", false},
    {"(?i)\xd7", "\xf7", false},
    {"\\w", "\xe9", false},
    {"a{,2}b", "aab", true},
    {"^\\R$", "\x85", true},
    {".\\R", "a\r\n", true},
    {"a$", "a\n", true},
    {"a\\z", "a\n", false},
    {"\\x{100}|b", "b", true},
    {"\\x{100}", "\xc4\x80", false},
    {"(?<=a|bc)d", "bcd", true},
    {"(?x) a b # c", "ab", true},
};

static void
test_match(void)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		struct pattern_error e;
		struct regex_error re;
		struct regex *regex = NULL;
		struct str got;
		unsigned flags;

		if (pattern_translate(
			&a, str_from(matches[i].perl), &got, &flags, &e) == 0)
			regex = regex_compile(got, flags, &re);
		if (!ok(regex != NULL, "compiles: %s", matches[i].perl))
			continue;
		is_int(
		    regex_match(regex, s, str_from(matches[i].text), 0, NULL),
		    matches[i].hit, "match of %s", matches[i].perl);
		regex_free(&regex);
	}
	arena_fini(&a);
	regex_scratch_free(&s);
}

static int
nested(struct arena *a, size_t depth)
{
	struct pattern_error e;
	struct buf b;
	struct str out;
	unsigned flags;

	buf_init_arena(&b, a);
	for (size_t i = 0; i < depth; i++)
		buf_add_cstr(&b, "(?:");
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&b, ')');
	return pattern_translate(a, buf_str(&b), &out, &flags, &e);
}

int
main(void)
{
	struct arena a;

	test_split();
	test_always();
	test_dialect();
	test_match();
	arena_init(&a, 0);
	is_int(nested(&a, PATTERN_NESTING_MAX), 0, "nested to the limit");
	is_int(nested(&a, PATTERN_NESTING_MAX + 1), ERR_SYNTAX,
	    "nested one deeper");
	arena_fini(&a);
	return done_testing();
}
