#include "base/clean.h"
#include "base/lanes.h"
#include "base/str.h"

#include "tap.h"

static void
cutting(void)
{
	struct str rest = STR("a,,b");
	struct str words = STR("  one\ttwo ");
	int fields = 0;

	while (rest.p != NULL) {
		struct str f = str_cut(&rest, ',');

		is_int(f.len, fields == 1 ? 0 : 1, "field %d", fields);
		fields++;
	}
	is_int(fields, 3, "an empty field is a field");
	is_str(str_word(&words), STR("one"), "first word");
	is_str(str_word(&words), STR("two"), "second word");
	is_int(str_word(&words).len, 0, "no third");
	is_str(str_trim(STR(" \t\r\nx \v\f")), STR("x"), "trim");
}

/* Every needle of up to three bytes over an alphabet, in every such hay. */
static void
finding_nocase(void)
{
	static const char set[] = "aAbB-";
	size_t wrong = 0, n = sizeof(set) - 1;

	for (size_t h = 0; h < n * n * n * n * n; h++) {
		char hay[5];

		for (size_t i = 0, v = h; i < 5; i++, v /= n)
			hay[i] = set[v % n];
		for (size_t d = 0; d < n * n * n * 3; d++) {
			size_t len = d % 3 + 1, want = STR_NPOS;
			char needle[3];
			struct str s = str_make(hay, 5), k;

			for (size_t i = 0, v = d / 3; i < 3; i++, v /= n)
				needle[i] = set[v % n];
			k = str_make(needle, len);
			for (size_t i = 0; i + len <= 5 && want == STR_NPOS;
			     i++)
				if (str_eq_nocase(str_make(hay + i, len), k))
					want = i;
			wrong += str_find_nocase(s, k) != want;
		}
	}
	is_int((long long)wrong, 0, "find nocase is as trying every place");
	is_int(str_find_nocase(STR("abc"), STR("")), 0, "nothing is in front");
	is_int(str_find_nocase(STR_NONE, STR("a")), (long long)STR_NPOS,
	    "nothing is in nothing");
}

/* A needle behind any number of places that begin as it does. */
static void
finding_behind_beginnings(void)
{
	char hay[64];
	size_t wrong = 0;

	memset(hay, 'a', sizeof(hay));
	for (size_t len = 2; len <= sizeof(hay); len++) {
		struct str s = str_make(hay, len);

		hay[len - 1] = 'b';
		wrong += str_find(s, STR("ab")) != len - 2;
		wrong += str_find(s, STR("b")) != len - 1;
		wrong += str_find(s, STR("ac")) != STR_NPOS;
		wrong += str_find(s, s) != 0;
		hay[len - 1] = 'a';
		wrong += str_find(s, STR("ab")) != STR_NPOS;
	}
	is_int((long long)wrong, 0, "find looks behind every beginning");
	is_int(str_find(STR_NONE, STR("")), 0, "nothing is in nothing");
	is_int(str_find(STR_NONE, STR("a")), (long long)STR_NPOS, "no more");
}

/* Needles of every length at every place of texts of some blocks. */
static void
finding_everywhere(void)
{
	char hay[5 * BLOCK + 1], needle[5 * BLOCK + 1];
	size_t wrong = 0;

	for (size_t len = 1; len < sizeof(hay); len++)
		for (size_t n = 1; n <= len; n++)
			for (size_t at = 0; at + n <= len; at++) {
				struct str s = str_make(hay, len);
				struct str k = str_make(needle, n);

				/* Its ends stand in many places. */
				memset(hay, 'k', len);
				memset(needle, 'k', n);
				hay[at + n / 2] = needle[n / 2] = 'K';
				wrong += str_find(s, k) != at;
				wrong += str_find_nocase(s, k) != 0;
				memset(hay, '@', len);
				memset(hay + at, 'k', n);
				wrong += str_find_nocase(s, k) != at;
				wrong += str_find(s, k) != STR_NPOS;
				hay[at] = hay[at + n - 1] = '+';
				wrong += str_find_nocase(s, k) != STR_NPOS;
			}
	is_int((long long)wrong, 0, "found at each place, and at no other");
}

/* Every byte against sets of none, one and several. */
static void
spanning(void)
{
	static const char *const sets[] = {"", "x", "\xff", " \t;", "\x80yz@"};
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (int byte = 0; byte < 256; byte++) {
			char c = (char)byte;
			struct str s = str_make(&c, 1);
			bool in = byte != 0 && strchr(sets[i], byte) != NULL;

			wrong += str_span(s, sets[i]) != in;
			wrong += str_cspan(s, sets[i]) != !in;
		}
	}
	is_int((long long)wrong, 0, "each byte is in its set only");
	is_int(str_span(STR("  \t;a;"), " \t;"), 4, "to the first other byte");
	is_int(str_cspan(STR("ab;c "), " ;"), 2, "to the first of the set");
	is_int(str_cspan(STR("ab;c "), ";"), 2, "... of one");
	is_int(str_cspan(STR("abc"), "; "), 3, "to the end");
	is_int(str_cspan(STR_NONE, ";"), 0, "of nothing");
}

/* A block as it is in lower case. */
static uint64_t
lower_of(const char *p)
{
	char lower[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		lower[i] = ascii_lower(p[i]);
	return block_load(lower);
}

/* Two texts that differ in one byte, or in its case, at every length. */
static void
same_nocase(void)
{
	size_t wrong = 0;

	for (size_t len = 1; len <= 3 * BLOCK; len++)
		for (size_t at = 0; at < len; at++)
			for (int c = 0; c < 256; c++) {
				char a[3 * BLOCK], b[3 * BLOCK];
				static const char some[] = "aZ@[`{\x80\xe1";

				memset(a, 'x', sizeof(a));
				memset(b, 'X', sizeof(b));
				b[at] = (char)c;
				a[at] = some[(len + at) % (sizeof(some) - 1)];
				wrong +=
				    str_same_nocase(a, b, len) !=
				    (ascii_lower(a[at]) == ascii_lower(b[at]));
			}
	is_int((long long)wrong, 0, "letters alone come in two cases");
}

/* The first byte of a set at every place of texts of every length. */
static void
spans_of_blocks(void)
{
	static const char *const sets[] = {
	    ";", "/?", "/?#", "/?#:", "/?#:@", "\x80\xff"};
	size_t wrong = 0;

	for (size_t len = 0; len <= 3 * BLOCK; len++)
		for (size_t at = 0; at < len * 6; at++) {
			const char *set = sets[at % 6];
			char text[3 * BLOCK];

			memset(text, 'a', sizeof(text));
			text[at / 6] = set[at % strlen(set)];
			text[len - 1 - at % len / 2] = set[0];
			wrong += str_cspan(str_make(text, len), set) !=
				 (at / 6 < len - 1 - at % len / 2
					 ? at / 6
					 : len - 1 - at % len / 2);
		}
	is_int((long long)wrong, 0, "the first of a set, a block at a time");
	is_int((long long)str_cspan(STR("0123456789abcde"), "/?"), 15,
	    "none of it");
}

/* Hashes of texts that differ in case, in one byte or in length. */
static void
hashes(void)
{
	char text[3 * BLOCK + 1], other[3 * BLOCK + 1];
	size_t wrong = 0;

	memset(text, 'a', sizeof(text));
	for (size_t len = 0; len <= 3 * BLOCK; len++) {
		uint64_t h = str_hash_seeded(7, str_make(text, len));
		uint64_t any = str_hash_seeded_nocase(7, str_make(text, len));

		wrong += h == str_hash_seeded(8, str_make(text, len));
		wrong += h == str_hash_seeded(7, str_make(text, len + 1));
		for (size_t at = 0; at < len; at++) {
			struct str s = str_make(other, len);

			memcpy(other, text, len);
			other[at] = 'A';
			wrong += str_hash_seeded(7, s) == h;
			wrong += str_hash_seeded_nocase(7, s) != any;
			other[at] = 'b';
			wrong += str_hash_seeded(7, s) == h;
			wrong += str_hash_seeded_nocase(7, s) == any;
		}
	}
	is_int((long long)wrong, 0, "a hash has every byte and the seed in it");
}

/* Each byte at each place of a block, among bytes that are near to it. */
static void
blocks(void)
{
	static const unsigned char fills[] = {0, 1, 'a', '!', 0x7f, 0x80, 0xff};
	size_t wrong = 0;

	for (int byte = 0; byte < 256 * BLOCK; byte++) {
		char p[BLOCK];
		unsigned char c = (unsigned char)(byte / BLOCK);

		for (size_t f = 0; f < sizeof(fills); f++) {
			unsigned char fill = fills[f];
			uint64_t block;

			memset(p, fill, sizeof(p));
			p[byte % BLOCK] = (char)c;
			block = block_load(p);
			wrong += (block_high(block) != 0) !=
				 (c >= 0x80 || fill >= 0x80);
			wrong += (block_below(block, ' ') != 0) !=
				 (c < ' ' || fill < ' ');
			wrong += !block_has(block, c);
			wrong += block_first(block_has(block, c)) !=
				 (c == fill ? 0 : (size_t)byte % BLOCK);
			wrong += block_lower(block) != lower_of(p);
			wrong += (block_has(block, '.') != 0) != (c == '.');
			wrong += block_ascii(str_make(p, sizeof(p))) !=
				 (c < 0x80 && fill < 0x80 ? BLOCK : 0);
		}
	}
	is_int((long long)wrong, 0, "what is in a block");
	wrong = 0;
	for (size_t len = 0; len <= 5 * BLOCK; len++)
		for (size_t at = 0; at <= len; at++) {
			char p[5 * BLOCK + 1];

			memset(p, 'a', sizeof(p));
			p[at] = (char)0x80;
			wrong +=
			    block_is_ascii(str_make(p, len)) != (at == len);
		}
	is_int((long long)wrong, 0, "no byte of a text is passed over");
	is_int((long long)block_ascii(STR("abcdefg")), 0, "less than a block");
	is_int((long long)block_ascii(STR("abcdefghi")), BLOCK, "and more");
}

/* Every range of ASCII, each byte in it or not. */
static void
ranges_of_blocks(void)
{
	static const unsigned char ends[][2] = {
	    {0, 0}, {0, 0x1f}, {'A', 'Z'}, {' ', ' '}, {0x7f, 0x7f}, {0, 0x7f}};
	size_t wrong = 0;

	for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
		for (int byte = 0; byte < 256 * BLOCK; byte++) {
			unsigned char c = (unsigned char)(byte / BLOCK);
			bool in = c >= ends[e][0] && c <= ends[e][1];
			char p[BLOCK];
			uint64_t marks;

			memset(p, 0xc1, sizeof(p));
			p[byte % BLOCK] = (char)c;
			marks =
			    block_within(block_load(p), ends[e][0], ends[e][1]);
			wrong += (marks != 0) != in;
			memset(p, (char)c, sizeof(p));
			marks =
			    block_within(block_load(p), ends[e][0], ends[e][1]);
			wrong += marks != (in ? BLOCK_HIGH : 0);
		}
	is_int((long long)wrong, 0, "bytes within a range");
}

/* Counted one by one, at each length around that of a vector and a round. */
static void
counting(void)
{
	static const unsigned char ends[][2] = {
	    {'A', 'Z'}, {' ', ' '}, {0, 0xff}, {0x80, 0xff}, {0, 0}};
	static const size_t sizes[] = {
	    0, 1, 15, 16, 17, 31, 32, 33, 255, 4079, 4080, 4081, 4096, 9000};
	static char text[9000];
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / 256);
	for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			struct str s = str_make(text, sizes[k]);
			size_t want = 0;

			for (size_t i = 0; i < s.len; i++) {
				unsigned char c = (unsigned char)s.p[i];

				want += c >= ends[e][0] && c <= ends[e][1];
			}
			wrong += str_count(s, ends[e][0], ends[e][1]) != want;
		}
	is_int((long long)wrong, 0, "bytes are counted");
	is_int((long long)str_count(STR_NONE, 0, 0xff), 0, "none in nothing");
}

/* Letters, spaces and what neither is, at every place among letters. */
static void
words_of_lanes(void)
{
	static const char set[] = {'a', ' ', '\n', '\xa0'};
	enum { WINDOW = 5 };
	size_t wrong = 0, whole = 0;

	for (size_t at = 0; at + WINDOW <= LANES + 1; at++)
		for (unsigned v = 0; v < 1u << (2 * WINDOW); v++) {
			char p[LANES + 1];
			size_t want = 0, words;

			memset(p, 'a', sizeof(p));
			for (size_t i = 0; i < WINDOW; i++)
				p[at + i] = set[v >> (2 * i) & 3];
			while (want < LANES &&
			       (p[want] == 'a' ||
				   (p[want] == ' ' && p[want + 1] == 'a')))
				want++;
			words = lanes_words(p);
			wrong += words != want;
			whole += words == LANES;
		}
	is_int((long long)wrong, 0, "words with one space between");
	ok(whole > 0, "some are");
	is_int((long long)lanes_words("~\x7f! ! abcdefghijkl"), LANES,
	    "all that can be seen");
	is_int((long long)lanes_words("ab\x1f"
				      "cdefghijklmnopqr"),
	    2, "but no controls");
}

static void
finding(void)
{
	is_int(str_find(STR("abcabc"), STR("ca")), 2, "find");
	is_int(str_find(STR("abc"), STR("abcd")), (long long)STR_NPOS,
	    "needle longer than hay");
	is_int(str_find_nocase(STR("xABc"), STR("abC")), 1, "find nocase");
	is_int(str_rfind_char(STR("a:b:c"), ':'), 3, "last colon");
	is_int(str_find_char(STR_NONE, 'x'), (long long)STR_NPOS, "in nothing");
	ok(str_ends_nocase(STR("mail.EXAMPLE.org"), STR(".example.ORG")),
	    "suffix");
	ok(!str_starts(STR("ab"), STR("abc")), "prefix longer than string");
	is_int(str_skip(STR("abc"), 9).len, 0, "skip beyond the end");
	ok(str_eq(STR("a\0b"), STR("a\0b")) &&
		!str_eq(STR("a\0b"), STR("a\0c")),
	    "NUL is a byte");
}

static void
numbers(void)
{
	static const struct {
		struct str text;
		bool good;
		uint64_t value;
	} cases[] = {
	    {STR_INIT("0"), true, 0},
	    {STR_INIT("18446744073709551615"), true, UINT64_MAX},
	    {STR_INIT("18446744073709551616"), false, 0},
	    {STR_INIT(""), false, 0},
	    {STR_INIT("+1"), false, 0},
	    {STR_INIT("1 "), false, 0},
	};
	int64_t i;
	double d;

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		uint64_t v = 0;
		bool good = str_to_u64(cases[n].text, &v);

		ok(good == cases[n].good && v == cases[n].value, "u64 \"%.*s\"",
		    STR_ARG(cases[n].text));
	}
	ok(str_to_i64(STR("-9223372036854775807"), &i) && i == -INT64_MAX,
	    "i64 low end");
	ok(!str_to_i64(STR("9223372036854775808"), &i), "i64 overflow");
	ok(str_to_double(STR("-1.25"), &d) && d == -1.25, "double");
	ok(!str_to_double(STR(".5"), &d) && !str_to_double(STR("5."), &d) &&
		!str_to_double(STR("1e3"), &d) &&
		!str_to_double(STR("nan"), &d),
	    "only digits with digits behind the point");
}

static void
cleaning(void)
{
	struct buf b;

	buf_init(&b);
	clean_add(&b, STR("a\\b\x1b[2J\n\xe9"));
	is_str(buf_str(&b), STR("a\\\\b\\x1b[2J\\x0a\\xe9"), "escapes");
	buf_clear(&b);
	clean_add_short(&b, STR("0123456789"), 10);
	is_str(buf_str(&b), STR("0123456789"), "at the limit");
	buf_clear(&b);
	clean_add_short(&b, STR("0123456789x"), 10);
	is_str(buf_str(&b), STR("0123456789..."), "limit + 1");
	buf_clear(&b);
	clean_add_utf8(&b, STR("\xc3\xa9\xc2\x9b\xff"));
	is_str(buf_str(&b), STR("\xc3\xa9\\xc2\\x9b\\xff"),
	    "letters pass, C1 controls and bad bytes do not");
	buf_fini(&b);
	ok(utf8_valid(STR("\xf4\x8f\xbf\xbf")), "the last code point");
	ok(!utf8_valid(STR("\xf4\x90\x80\x80")), "one beyond");
	ok(!utf8_valid(STR("\xc0\x80")) && !utf8_valid(STR("\xed\xa0\x80")) &&
		!utf8_valid(STR("\xe2\x82")),
	    "overlong, surrogate, cut off");
}

static void
bad_bytes(void)
{
	static const struct {
		const char *text;
		size_t bad; /* place of the first one, or the length */
		size_t unprintable;
	} cases[] = {
	    {"", 0, 0},
	    {"a ~", 3, 3},
	    {"a\tb", 3, 1},
	    {"ab\x7f", 2, 2},
	    {"\x1f", 0, 0},
	    {"\xc3\xa9x", 3, 0},
	    {"x\xc3", 1, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str s = str_from(cases[i].text);
		const char *bad = clean_bad_byte(s);
		const char *unprintable = clean_unprintable(s);

		is_int(bad ? (size_t)(bad - s.p) : s.len, cases[i].bad,
		    "bad in a line, case %zu", i);
		is_int(unprintable ? (size_t)(unprintable - s.p) : s.len,
		    cases[i].unprintable, "unprintable, case %zu", i);
	}
	ok(str_has_letter(STR("1z")) && !str_has_letter(STR("1 \xe9[`{@")),
	    "letters are of ASCII");
	is_str(str_behind_last(STR("a@b@c"), '@'), STR("c"), "the last one");
	ok(str_behind_last(STR("a"), '@').p == NULL &&
		str_behind_last(STR("a@"), '@').p != NULL,
	    "none is not the empty one");
	is_int(str_past_space(STR("a \t\v\nb"), 1), 5, "past white space");
	is_int(str_past_space(STR("a  "), 1), 3, "to the end");
}

int
main(void)
{
	cutting();
	finding();
	finding_nocase();
	finding_behind_beginnings();
	finding_everywhere();
	spanning();
	same_nocase();
	spans_of_blocks();
	hashes();
	blocks();
	ranges_of_blocks();
	counting();
	words_of_lanes();
	numbers();
	cleaning();
	bad_bytes();
	return done_testing();
}
