/* Charset names, strict and lossy decoding, and the guesses around them. */
#include "mail/charset.h"
#include "tap.h"

static struct arena arena;

static const struct {
	const char *name;
	bool known;
} name_cases[] = {{"utf-8", true}, {"UTF8", true}, {"us-ascii", true},
    {"ISO_8859-1", true}, {"iso-8859-15", true}, {"iso-8859-12", false},
    {"windows-1251", true}, {"cp-1251", true}, {"x-sjis", true},
    {"x-gbk", false}, {"gb2312", true}, {"GB18030", true}, {"big5", true},
    {"ks_c_5601-1987", true}, {"latin1", true}, {"latin-9", true},
    {"latin-11", false}, {"utf-16le", true}, {"hz", true},
    {"iso-2022-jp", true}, {"x-unknown", false}, {"", false},
    {"i s o - 8 8 5 9 - 5", true}};

static void
test_names(void)
{
	char name[CHARSET_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++)
		is_int(charset_known(str_from(name_cases[i].name)),
		    name_cases[i].known, "charset \"%s\" is %s",
		    name_cases[i].name,
		    name_cases[i].known ? "known" : "unknown");
	/* "x...x-big5" is known at any length but one too long. */
	memset(name, 'x', sizeof(name));
	memcpy(name + CHARSET_NAME_MAX - 5, "-big5", 5);
	ok(charset_known(str_make(name, CHARSET_NAME_MAX)),
	    "a name of the greatest length is read");
	memcpy(name + CHARSET_NAME_MAX - 4, "-big5", 5);
	ok(!charset_known(str_make(name, CHARSET_NAME_MAX + 1)),
	    "a longer one is unknown");
}

#define REFUSED NULL

static const struct {
	const char *label;
	const char *charset;
	const char *bytes;
	const char *strict;
	const char *lossy;
} decode_cases[] = {
    {"Latin 9 euro", "iso-8859-15", "\xa4", "\xe2\x82\xac", "\xe2\x82\xac"},
    {"a hole in Windows-1252", "cp1252", "a\x81z", REFUSED, "a\xef\xbf\xbdz"},
    {"Cyrillic", "koi8-r", "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8",
	"\xd0\x9f\xd1\x80\xd0\xb8"},
    {"Chinese", "gbk", "\xd6\xd0", "\xe4\xb8\xad", "\xe4\xb8\xad"},
    {"the euro sign GBK has as one byte", "gbk", "\x80", "\xe2\x82\xac",
	"\xe2\x82\xac"},
    {"half a character at the end is dropped", "gb2312", "\xd6\xd0z\xd6",
	"\xe4\xb8\xadz", "\xe4\xb8\xadz"},
    {"a pair that is none", "big5", "\xa4\xffz", REFUSED,
	"\xef\xbf\xbd\xef\xbf\xbdz"},
    {"a Big5 code iconv reads differently", "big5", "\xc6\xa1", "\xe2\x91\xa0",
	"\xe2\x91\xa0"},
    {"half-width kana", "shift_jis", "\xb1", "\xef\xbd\xb1", "\xef\xbd\xb1"},
    {"backslash is no yen", "shift_jis", "\\~", "\\~", "\\~"},
    {"the third plane", "euc-jp", "\x8f\xb0\xa1", "\xe4\xb8\x82",
	"\xe4\xb8\x82"},
    {"Korean", "euc-kr", "\xb0\xa1", "\xea\xb0\x80", "\xea\xb0\x80"},
    {"shifted Japanese", "iso-2022-jp", "\033$B0!\033(Bz", "\xe4\xba\x9cz",
	"\xe4\xba\x9cz"},
    {"8-bit in ISO-2022-JP ends it", "iso-2022-jp", "a\xe9z", "a", "a"},
    {"HZ", "hz", "~{VP~}~~", "\xe4\xb8\xad~", "\xe4\xb8\xad~"},
    {"UTF-7", "utf-7", "a+AOk-z+-", "a\xc3\xa9z+", "a\xc3\xa9z+"},
    {"UTF-8 as it is", "utf-8", "\xe2\x82\xac", "\xe2\x82\xac", "\xe2\x82\xac"},
    {"a surrogate", "utf-8", "a\xed\xa0\x80z", REFUSED, "a\xef\xbf\xbdz"},
    {"an overlong form", "utf-8", "\xc0\xafz", REFUSED, "\xef\xbf\xbdz"},
    {"a noncharacter", "utf-8", "\xef\xbf\xbe", REFUSED, "\xef\xbf\xbd"},
    {"a cut character", "utf-8", "a\xe2\x82", REFUSED, "a\xef\xbf\xbd"},
    {"8-bit in ASCII", "us-ascii", "a\xe9z", REFUSED, "a\xef\xbf\xbdz"},
};

static void
test_decode(void)
{
	size_t n = sizeof(decode_cases) / sizeof(decode_cases[0]);

	for (size_t i = 0; i < n; i++) {
		struct str bytes = str_from(decode_cases[i].bytes);
		struct str name = str_from(decode_cases[i].charset);
		struct str out = STR("untouched");
		bool good = charset_decode(&arena, name, bytes, &out);

		is_int(good, decode_cases[i].strict != REFUSED, "%s, strictly",
		    decode_cases[i].label);
		is_str(out,
		    good ? str_from(decode_cases[i].strict) : STR("untouched"),
		    "%s: the text", decode_cases[i].label);
		ok(charset_decode_lossy(&arena, name, bytes, &out),
		    "%s, leniently", decode_cases[i].label);
		is_str(out, str_from(decode_cases[i].lossy), "%s: the text",
		    decode_cases[i].label);
	}
}

static const struct {
	const char *label;
	const char *charset;
	struct str bytes;
	struct str want;
	bool characters;
} guess_cases[] = {
    {"ASCII is left alone", "iso-8859-1", {"abc", 3}, {"abc", 3}, false},
    {"ASCII of no known charset too", "x-none", {"abc", 3}, {"abc", 3}, false},
    {"ASCII in a shifting charset is decoded", "iso-2022-jp", {"abc", 3},
	{"abc", 3}, true},
    {"UTF-8 wins over the declaration", "koi8-r", {"\xc3\xa9", 2},
	{"\xc3\xa9", 2}, true},
    {"the declaration", "windows-1251", {"\xcf\xf0", 2},
	{"\xd0\x9f\xd1\x80", 4}, true},
    {"ISO-8859-1 is Windows-1252", "iso-8859-1", {"\x93q\x94", 3},
	{"\xe2\x80\x9cq\xe2\x80\x9d", 7}, true},
    {"ASCII declared, Windows-1252 meant", "us-ascii", {"caf\xe9", 4},
	{"caf\xc3\xa9", 5}, true},
    {"nothing declared", "", {"caf\xe9", 4}, {"caf\xc3\xa9", 5}, true},
    {"not even that: holes are replaced", "us-ascii", {"\x81\xb0", 2},
	{"\xef\xbf\xbd\xc2\xb0", 5}, true},
    {"UTF-16 without a mark, by its spaces", "utf-16", {"\x00h\x00 \x00i", 6},
	{"h i", 3}, true},
    {"GB18030 read as GBK", "gb18030", {"\xd6\xd0\xd6", 3}, {"\xe4\xb8\xad", 3},
	true},
};

static void
test_guesses(void)
{
	size_t n = sizeof(guess_cases) / sizeof(guess_cases[0]);

	for (size_t i = 0; i < n; i++) {
		struct charset_text t = charset_normalize(&arena,
		    str_from(guess_cases[i].charset), guess_cases[i].bytes);

		is_str(t.text, guess_cases[i].want, "%s", guess_cases[i].label);
		is_int(t.characters, guess_cases[i].characters,
		    "%s: whether they are characters", guess_cases[i].label);
	}
}

static void
test_words(void)
{
	is_str(charset_normalize_word(&arena, STR("utf-8"), STR("a\xff z")),
	    STR("a\xef\xbf\xbd z"), "a word's charset is believed");
	is_str(charset_normalize_word(&arena, STR("x-none"), STR("caf\xe9")),
	    STR("caf\xc3\xa9"), "an unknown one is guessed at");
	is_str(charset_normalize_word(&arena, STR("x-none"), STR("cafe")),
	    STR("cafe"), "ASCII passes");
}

static void
test_latin1(void)
{
	is_str(charset_from_latin1(&arena, STR("a\xe9")), STR("a\xc3\xa9"),
	    "bytes become characters");
	is_str(charset_to_latin1(&arena, STR("a\xc3\xa9")), STR("a\xe9"),
	    "and bytes again");
	is_str(charset_to_latin1(&arena, STR("a\xe2\x82\xac")), STR("a"),
	    "what has no byte is dropped");
}

static void
test_full_arena(void)
{
	struct arena small;
	char bytes[8192];
	struct charset_text t;

	memset(bytes, 0xe9, sizeof(bytes));
	arena_init(&small, 1);
	t = charset_normalize(
	    &small, STR("koi8-r"), str_make(bytes, sizeof(bytes)));
	ok(t.text.len <= sizeof(bytes) * 3, "a full arena is survived");
	ok(small.full, "and tells");
	arena_fini(&small);
}

int
main(void)
{
	arena_init(&arena, 0);
	test_names();
	test_decode();
	test_guesses();
	test_words();
	test_latin1();
	test_full_arena();
	arena_fini(&arena);
	return done_testing();
}
