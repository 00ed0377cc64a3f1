#include "rule/dict_fold.h"

#include "base/unicode.h"
#include "tap.h"

/* What the folding of a text is; SHY and ZWSP are spelled out as bytes. */
static const struct {
	const char *name;
	const char *in;
	const char *want;
} folds[] = {
    {"nothing", "", ""},
    {"white space only", " \t\r\n ", ""},
    {"case", "Buy VIAGRA Now", "buy viagra now"},
    {"white space collapses", "  a1\t\tb2\r\n\r\nc3 ", "a1 b2 c3"},
    {"punctuation stays", "100% free!!!", "100% free!!!"},
    {"soft hyphen",
	"vi\xc2\xad"
	"agra",
	"viagra"},
    {"zero width space", "via\xe2\x80\x8bgra", "viagra"},
    {"zero width joiner", "via\xe2\x80\x8dgra", "viagra"},
    {"byte order mark inside", "via\xef\xbb\xbfgra", "viagra"},
    {"right-to-left override", "via\xe2\x80\xaegra", "viagra"},
    {"fullwidth", "\xef\xbc\xb6\xef\xbc\xa9\xef\xbc\xa1gra", "viagra"},
    {"mathematical bold",
	"\xf0\x9d\x90\xaf\xf0\x9d\x90\xa2"
	"agra",
	"viagra"},
    {"Cyrillic look-alikes", "vi\xd0\xb0gr\xd0\xb0", "viagra"},
    {"Cyrillic capitals", "VI\xd0\x90GR\xd0\x90", "viagra"},
    {"Greek look-alike", "\xce\xbf\xce\xbfps", "oops"},
    {"lunate sigma looks like c", "\xcf\xb2ialis", "cialis"},
    {"ligature",
	"e\xef\xac\x83"
	"cient",
	"efficient"},
    {"sharp s",
	"Stra\xc3\x9f"
	"e",
	"strasse"},
    {"m is m though its skeleton is rn", "money \xef\xbd\x8doney",
	"money money"},
    {"zero is no letter in ASCII", "m0ney", "m0ney"},
    {"a currency sign is no letter", "\xe2\x82\xac 5 \xc2\xa3 6",
	"\xe2\x82\xac 5 \xc2\xa3 6"},
    {"typographic quotes and dashes", "\xe2\x80\x9cx\xe2\x80\x9d \xe2\x80\x93",
	"''x'' -"},
    {"no-break space", "buy\xc2\xa0now", "buy now"},
    {"accents stay, decomposed", "caf\xc3\xa9", "cafe\xcc\x81"},
    {"and are the same when sent decomposed", "cafe\xcc\x81", "cafe\xcc\x81"},
    {"marks get one order", "a\xcc\x81\xcc\xa3", "a\xcc\xa3\xcc\x81"},
    {"bad byte",
	"ab\xff"
	"cd",
	"ab\xef\xbf\xbd"
	"cd"},
    {"cut sequence", "ab\xe2\x80", "ab\xef\xbf\xbd\xef\xbf\xbd"},
    {"joined: spaces", "v i a g r a", "viagra"},
    {"joined: dots", "v.i.a.g.r.a", "viagra"},
    {"joined: hyphens", "v-i-a-g-r-a!", "viagra!"},
    {"joined: underscores and stars", "v_i_a c*i*a", "via cia"},
    {"joined between words", "buy v i a g r a now", "buy viagra now"},
    {"a wider gap parts words", "v i a g r a   n o w", "viagra now"},
    {"letters two spaces apart", "v  i  a  g  r  a", "viagra"},
    {"four apart are no word", "v    i    a", "v i a"},
    {"three letters are the fewest", "a b", "a b"},
    {"three letters", "a b c", "abc"},
    {"another separator ends it", "a b c.d.e", "abc.d.e"},
    {"digits alone are not joined", "1 2 3 4", "1 2 3 4"},
    {"a digit among letters is", "v 1 a g r a", "v1agra"},
    {"dots with spaces are initials", "J. R. R. Tolkien", "j. r. r. tolkien"},
    {"joined: Cyrillic letters", "v \xd1\x96 \xd0\xb0 g", "viag"},
    {"joined: zero width between", "v\xe2\x80\x8b i\xe2\x80\x8b a", "via"},
    {"a letter with its mark is one", "e\xcc\x81 t e", "e\xcc\x81te"},
};

static void
folding(void)
{
	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		struct buf out;

		buf_init(&out);
		buf_add_cstr(&out, "x ");
		dict_fold(str_from(folds[i].in), &out);
		is_str(str_skip(buf_str(&out), 2), str_from(folds[i].want),
		    "%s", folds[i].name);
		buf_fini(&out);
	}
}

/*
 * Folding what is folded changes nothing: terms and text stay comparable. Not
 * where a wide gap kept letters apart, since it is one space after.
 */
static void
idempotence(void)
{
	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		struct buf once, twice;

		if (strstr(folds[i].in, "   ") != NULL)
			continue;
		buf_init(&once);
		buf_init(&twice);
		dict_fold(str_from(folds[i].in), &once);
		dict_fold(buf_str(&once), &twice);
		is_str(buf_str(&twice), buf_str(&once), "twice: %s",
		    folds[i].name);
		buf_fini(&once);
		buf_fini(&twice);
	}
}

static void
words(void)
{
	static const struct {
		const char *in;
		const char *want; /* words with | between */
	} cases[] = {
	    {"", ""},
	    {" - . ", ""},
	    {"buy now", "buy|now"},
	    {"price-list_2.pdf", "price|list|2|pdf"},
	    {"viagra's", "viagra|s"},
	    {"\xe5\x85\x8d\xe8\xb4\xb9 ab", "\xe5\x85\x8d|\xe8\xb4\xb9|ab"},
	    {"cafe\xcc\x81!", "cafe\xcc\x81"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str s = str_from(cases[i].in), word;
		struct buf got;
		size_t pos = 0;

		buf_init(&got);
		while (fold_next_word(s, &pos, &word)) {
			if (got.len > 0)
				buf_add_char(&got, '|');
			buf_add(&got, word);
		}
		is_str(buf_str(&got), str_from(cases[i].want),
		    "words of \"%s\"", cases[i].in);
		buf_fini(&got);
	}
}

static void
leet(void)
{
	static const struct {
		const char *text;
		const char *word;
		bool want;
	} cases[] = {
	    {"viagra", "viagra", true},
	    {"v1agra", "viagra", true},
	    {"v!@gr@", "viagra", true},
	    {"c1a1is", "cialis", true},
	    {"c|a|1s", "cialis", true},
	    {"ca$in0", "casino", true},
	    {"ciaiis", "cialis", false},
	    {"v2agra", "viagra", false},
	    {"viagr", "viagra", false},
	    {"lll", "ill", false},
	    {"111", "ill", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str text = str_from(cases[i].text);
		struct str word = str_from(cases[i].word);
		struct buf a, b;

		buf_init(&a);
		buf_init(&b);
		leet_class(text, &a);
		leet_class(word, &b);
		ok(leet_spells(text, word) == cases[i].want, "%s %s %s",
		    cases[i].text, cases[i].want ? "spells" : "is not",
		    cases[i].word);
		if (cases[i].want)
			is_str(buf_str(&a), buf_str(&b), "same class");
		buf_fini(&a);
		buf_fini(&b);
	}
}

/* The fast path must be one: ASCII through ICU gives the same. */
static void
plain(void)
{
	struct buf a, b;

	buf_init(&a);
	buf_init(&b);
	dict_fold_plain(STR("Buy V I A G R A, 100% OFF"), &a);
	dict_fold(STR("Buy V I A G R A, 100% OFF"), &b);
	is_str(buf_str(&a), buf_str(&b), "ASCII is the same either way");
	buf_clear(&a);
	dict_fold_plain(STR("\xd0\x92\xd0\xbe\xd0\xb4\xd0\xb0"), &a);
	is_str(buf_str(&a), STR("\xd0\xb2\xd0\xbe\xd0\xb4\xd0\xb0"),
	    "plain folding keeps the script");
	buf_fini(&a);
	buf_fini(&b);
}

static void
limits(void)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 4096);
	buf_init_arena(&out, &a);
	for (int i = 0; i < 100 && !out.failed; i++)
		dict_fold(
		    STR("V I A G R A \xd0\xb0\xd0\xb1 and more of it"), &out);
	ok(out.failed && out.len <= 4096, "a full arena ends it, unharmed");
	arena_fini(&a);
}

int
main(void)
{
	folding();
	idempotence();
	words();
	leet();
	plain();
	limits();
	return done_testing();
}
