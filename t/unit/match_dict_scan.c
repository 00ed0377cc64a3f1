#include "match/dict_scan.h"

#include "tap.h"

#include <math.h>

/* Texts of one message; a NULL is not there. */
struct sample {
	const char *subject;
	const char *text;
	const char *html;
	const char *names;
};

struct fixture {
	struct dict_set *set;
	struct dict_index *index;
	struct regex_scratch *scratch;
	struct arena arena;
	struct hits hits;
	struct diags diags;
};

static void
fixture_init(struct fixture *f, const char *head, const char *entries)
{
	struct buf text;

	*f = (struct fixture){0};
	diags_init(&f->diags, 0);
	buf_init(&text);
	buf_printf(&text, "%s\n---\n%s\n", head, entries);
	f->set = dict_parse("t.dict", buf_str(&text), &f->diags);
	buf_clear(&text);
	diags_format(&f->diags, &text);
	if (f->diags.errors > 0)
		printf("# %s\n", buf_cstr(&text));
	buf_fini(&text);
	f->index = dict_index_new(f->set);
	f->scratch = regex_scratch_new(NULL);
	arena_init(&f->arena, 0);
}

static void
fixture_fini(struct fixture *f)
{
	dict_index_free(&f->index);
	dict_free(&f->set);
	regex_scratch_free(&f->scratch);
	arena_fini(&f->arena);
	diags_fini(&f->diags);
}

static const struct dict_score *
scan(struct fixture *f, const struct sample *s)
{
	const char *const given[] = {s->subject, s->text, s->html, s->names};
	struct str texts[PLACE_COUNT];
	struct dict_texts t = {0};

	for (int i = 0; i < PLACE_COUNT; i++) {
		texts[i] = str_from(given[i]);
		t.place[i] = (struct str_list){&texts[i], given[i] != NULL};
	}
	f->hits = (struct hits){0};
	if (!dict_scan_texts(f->index, f->scratch, &t, &f->arena, &f->hits))
		printf("# no room\n");
	return &f->hits.dicts[0];
}

/* ---- points of one text ------------------------------------------------- */

static const struct {
	const char *name;
	const char *entries;
	const char *text;
	double want;
} points[] = {
    {"a word", "4 viagra", "buy viagra now", 4},
    {"any case", "4 Viagra", "VIAGRA", 4},
    {"whole words only", "4 cialis", "your specialist called", 0},
    {"not even spaced out", "4 cialis", "s p e c i a l i s t", 0},
    {"nor with digits", "4 cialis leet", "spec1al1st", 0},
    {"nor before an apostrophe's word", "4 cialis", "specialist's", 0},
    {"though the word itself is", "4 cialis", "the cialis's price", 4},
    {"counted once by default", "4 viagra", "viagra viagra viagra", 4},
    {"up to the cap", "2x3 pill", "pill pill", 4},
    {"at the cap", "2x3 pill", "pill pill pill", 6},
    {"not beyond", "2x3 pill", "pill pill pill pill", 6},
    {"open right", "3 pill*", "pills", 3},
    {"open right keeps its left", "3 pill*", "caterpills", 0},
    {"open left", "3 *pill", "superpill", 3},
    {"open left keeps its right", "3 *pill", "superpills", 0},
    {"open on both sides", "3 *pill*", "superpills", 3},
    {"an open word is the word too", "3 pill*", "pill", 3},
    {"an open word counts once in a word", "1x9 *ab*", "abab xab", 2},
    {"a phrase", "5 \"no prescription needed\"", "no prescription needed", 5},
    {"over punctuation and lines", "5 \"no prescription needed\"",
	"No: prescription --\n  needed!", 5},
    {"not with a word between", "5 \"no prescription needed\"",
	"no prescription is needed", 0},
    {"not in another order", "5 \"buy now\"", "now buy", 0},
    {"phrases that share words", "1 \"a1 b1\"\n2 \"b1 c1\"\n4 \"a1 b1 c1\"",
	"a1 b1 c1", 7},
    {"a phrase within itself counts once", "1x9 \"ha ha\"", "ha ha ha", 1},
    {"and twice when it is there twice", "1x9 \"ha ha\"", "ha ha ha ha", 2},
    {"a false start", "5 \"x1 x1 y1\"", "x1 x1 x1 y1", 5},
    {"open phrase", "5 \"buy viag*\"", "buy viagrapills", 5},
    {"open phrase, left", "5 \"*online casino\"", "myonline casino", 5},
    {"and it needs the rest", "5 \"buy viag*\"", "buy via", 0},
    {"near", "5 near(wire, transfer, 5)", "wire the whole sum by transfer", 5},
    {"near, other order", "5 near(wire, transfer, 5)", "transfer by wire", 5},
    {"near at its limit", "5 near(aa, bb, 3)", "aa 1 2 bb", 5},
    {"one word too far", "5 near(aa, bb, 3)", "aa 1 2 3 bb", 0},
    {"near takes the closest", "5 near(aa, bb, 1)", "aa x aa bb", 5},
    {"each word in one hit", "5x9 near(aa, bb, 5)", "aa bb aa bb aa", 10},
    {"a word is not near itself", "5x9 near(aa, aa, 5)", "aa", 0},
    {"but near its like", "5x9 near(aa, aa, 5)", "aa cc aa", 5},
    {"near with open words", "5 near(wire*, trans*, 2)", "wired by transfer",
	5},
    {"a pattern", "3 /\\b(?:buy|order)\\s+now\\b/i", "Order  NOW", 3},
    {"a pattern in capitals", "3 /ORDER NOW/", "order now", 3},
    {"a pattern not there", "3 /\\b(?:buy|order)\\s+now\\b/i", "nowhere", 0},
    {"a pattern sees punctuation", "3 /100% free/", "100%  FREE!", 3},
    {"a pattern counts to its cap", "1x3 /a[0-9]/", "a1 a2 a3 a4 a5", 3},
    {"a pattern without a literal", "3 /[0-9]{6}/", "call 123456", 3},
    {"a pattern sees signs as they are", "3 /\\d\\s?\\x{20ac}/",
	"nur 5 \xe2\x82\xac", 3},
    {"a pattern with a wide gap before its literal", "3 /\\d.{0,4}mg/",
	"1 \xe2\x82\xac\xe2\x82\xac\xe2\x82\xacmg", 3},
    {"and one too wide", "3 /\\d.{0,4}mg/",
	"1 \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xacmg", 0},
    {"a pattern whose literal has letters of any script around it",
	"3 /\\bmg\\b/", "5\xe2\x82\xacmg\xe2\x82\xac", 3},
    {"a pattern at the last of many places", "3 /\\dmg!/",
	"mg mg mg mg mg mg mg mg mg mg mg mg mg 5mg!", 3},
    {"a pattern at far more places than are kept apart", "1x30 /\\d mg/",
	"1 mg and then 2 mg and then 3 mg and then 4 mg and then 5 mg and "
	"then 6 mg and then 7 mg and then 8 mg and then 9 mg and then 10 mg "
	"and then 11 mg and then 12 mg",
	12},
    {"a pattern in its own script", "3 /\xd0\xb2\xd0\xbe\xd0\xb4\xd0\xb0/",
	"\xd0\x92\xd0\x9e\xd0\x94\xd0\x90", 3},
    {"a pattern sees look-alikes as letters", "3 /pay ?pal/", "p\xd0\xb0ypal",
	3},
    {"negative weights excuse", "4 viagra\n-6 \"specialist pharmacy\"",
	"viagra from a specialist pharmacy", -2},
    {"spaced letters", "4 viagra", "v i a g r a", 4},
    {"dotted letters", "4 viagra", "V.I.A.G.R.A.", 4},
    {"zero width", "4 viagra", "via\xe2\x80\x8bgra", 4},
    {"soft hyphen", "4 viagra", "via\xc2\xadgra", 4},
    {"Cyrillic letters", "4 viagra", "vi\xd0\xb0gr\xd0\xb0", 4},
    {"fullwidth letters", "4 viagra",
	"\xef\xbd\x96\xef\xbd\x89\xef\xbd\x81\xef\xbd\x87\xef\xbd\x92\xef\xbd"
	"\x81",
	4},
    {"digits stay digits", "4 viagra", "v1agra", 0},
    {"unless leet", "4 viagra leet", "v1agra", 4},
    {"leet and plain", "4x9 viagra leet", "viagra v1agra v!agr@", 12},
    {"leet with punctuation", "4 viagra leet", "V1AGRA!!!", 4},
    {"leet in front", "4 sex leet", "$ex", 4},
    {"plain with punctuation counts once", "4x9 viagra leet", "viagra!", 4},
    {"leet phrase", "4 \"cheap meds\" leet", "ch3ap m3ds", 4},
    {"leet phrase, plain", "4 \"cheap meds\" leet", "cheap meds", 4},
    {"leet phrase, whole words", "4 \"cheap meds\" leet", "cheap medsx", 0},
    {"leet open", "4 *viagra* leet", "myv1agras", 4},
    {"leet tells letters apart", "4 ill leet", "lil 1ll", 4},
    {"ideographs need no spaces", "4 \xe5\x8f\x91\xe7\xa5\xa8",
	"\xe4\xbb\xa3\xe5\xbc\x80\xe5\x8f\x91\xe7\xa5\xa8\xe5\x95\xa6", 4},
    {"an accent is part of its word", "4 caf\xc3\xa9", "cafe\xcc\x81", 4},
    {"and makes another word", "4 cafe", "caf\xc3\xa9", 0},
    {"nothing", "4 viagra", "", 0},
};

static void
texts(void)
{
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct fixture f;
		const struct dict_score *d;

		fixture_init(&f, "threshold 100", points[i].entries);
		d = scan(&f, &(struct sample){.text = points[i].text});
		ok(fabs(d->points - points[i].want) < 1e-9,
		    "%s: %g points (got %g)", points[i].name, points[i].want,
		    d->points);
		fixture_fini(&f);
	}
}

/* ---- places, distinct terms, threshold ---------------------------------- */

static const struct {
	const char *name;
	const char *head;
	const char *entries;
	struct sample s;
	double want;
	bool over;
} places[] = {
    {"subject, body and names add up", "threshold 9", "3 pill",
	{"pill", "pill", NULL, "pill.pdf"}, 9, true},
    {"text and HTML are one", "threshold 9", "3 pill",
	{NULL, "pill", "pill", NULL}, 3, false},
    {"the larger count of the two", "threshold 9", "3x5 pill",
	{NULL, "pill pill", "pill pill pill", NULL}, 9, true},
    {"whichever has it", "threshold 9", "3x5 pill\n1x5 buy",
	{NULL, "pill pill buy", "pill", NULL}, 7, false},
    {"an excuse in one alternative is there once", "threshold 9",
	"9 pill\n-2 doctor", {NULL, "pill doctor", "pill", NULL}, 7, false},
    {"each place has its own cap", "threshold 9", "1x2 pill",
	{"pill pill pill", "pill pill pill", NULL, NULL}, 4, false},
    {"only the fields asked for", "threshold 9\nfields subject", "3 pill",
	{"pill", "pill", "pill", "pill"}, 3, false},
    {"only HTML", "threshold 9\nfields html", "3 pill",
	{"pill", "pill pill", "pill", "pill"}, 3, false},
    {"patterns keep to the fields too", "threshold 9\nfields names", "3 /pill/",
	{"pill", "pill", "pill", "pill"}, 3, false},
    {"file names in pieces", "threshold 9\nfields names", "3 \"price list\"",
	{NULL, NULL, NULL, "Price_List-2.pdf"}, 3, false},
    {"at the threshold", "threshold 4", "4 pill", {"pill", NULL, NULL, NULL}, 4,
	true},
    {"just below", "threshold 4.01", "4 pill", {"pill", NULL, NULL, NULL}, 4,
	false},
    {"tenths add up", "threshold 0.3", "0.1 a1\n0.1 a2\n0.1 a3",
	{NULL, "a1 a2 a3", NULL, NULL}, 0.3, true},
    {"zero never refuses", "threshold 0\nscore X", "4 pill",
	{"pill", NULL, NULL, NULL}, 4, false},
    {"too few different terms", "threshold 4\ndistinct 2", "4x9 pill",
	{"pill pill pill", NULL, NULL, NULL}, 0, false},
    {"just enough", "threshold 4\ndistinct 2", "4 pill\n1 buy",
	{"pill", "buy", NULL, NULL}, 5, true},
    {"an excuse is no different term", "threshold 4\ndistinct 2",
	"9 pill\n-1 buy", {"pill", "buy", NULL, NULL}, 0, false},
    {"no phrase over the edge of a text", "threshold 4",
	"4 \"buy pill\"\n4 near(buy, pill, 50)", {"buy", "pill", NULL, NULL}, 0,
	false},
};

static void
whole_messages(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct fixture f;
		const struct dict_score *d;

		fixture_init(&f, places[i].head, places[i].entries);
		d = scan(&f, &places[i].s);
		ok(fabs(d->points - places[i].want) < 1e-9 &&
			d->over == places[i].over,
		    "%s (%g, %s)", places[i].name, d->points,
		    d->over ? "over" : "under");
		fixture_fini(&f);
	}
}

/* ---- what is reported --------------------------------------------------- */

static void
reported(void)
{
	struct fixture f;

	fixture_init(
	    &f, "threshold 9", "3x5 pill\n1 absent\n-1 doctor\n2 \"buy now\"");
	scan(&f, &(struct sample){"pill", "Buy now, pill pill", "x", NULL});
	is_int(f.hits.term_count, 2, "terms that counted, and no others");
	is_str(f.hits.terms[0].term->written, STR("pill"), "in file order");
	is_int(f.hits.terms[0].count, 3, "with their counts");
	is_str(f.hits.terms[1].term->written, STR("\"buy now\""), "second");
	is_int(f.hits.dicts[0].distinct, 2, "different terms");
	ok(!f.hits.truncated, "nothing was cut");
	fixture_fini(&f);
}

static void
several_dictionaries(void)
{
	struct fixture f;
	struct dict_set two;

	fixture_init(&f, "threshold 1", "3 pill\n2 wire");
	dict_index_free(&f.index);
	two = *f.set;
	two.v = malloc(2 * sizeof(*two.v));
	two.len = 2;
	two.v[0] = two.v[1] = f.set->v[0];
	two.v[1].fields = DICT_SUBJECT;
	f.index = dict_index_new(&two);
	scan(&f, &(struct sample){"wire", "pill", NULL, NULL});
	ok(f.hits.dict_count == 2 && f.hits.dicts[0].points == 5 &&
		f.hits.dicts[1].points == 2,
	    "each dictionary counts by itself");
	dict_index_free(&f.index);
	free(two.v);
	fixture_fini(&f);
}

static void
no_dictionaries(void)
{
	struct diags diags;
	struct dict_set *set;
	struct dict_index *x;
	struct arena a;
	struct hits hits = {0};
	struct dict_texts t = {0};

	diags_init(&diags, 0);
	set = dict_load(NULL, 0, NULL, false, &diags);
	x = dict_index_new(set);
	arena_init(&a, 0);
	ok(dict_scan_texts(x, NULL, &t, &a, &hits) && hits.dict_count == 0,
	    "no dictionaries, no scores");
	arena_fini(&a);
	dict_index_free(&x);
	dict_free(&set);
	diags_fini(&diags);
}

/* An arena that ends anywhere ends the scan, nothing else. */
static void
small_arenas(void)
{
	struct fixture f;
	size_t cut = 0, refused = 0;

	fixture_init(&f, "threshold 1", "1 a1\n1x9 /b[0-9]/\n1 c1 leet");
	for (size_t cap = 64; cap < 9000; cap += 64) {
		struct str text[] = {STR("a1 b1 c1 xx a1 b2 \xd0\xb0 end")};
		struct dict_texts t = {.place[PLACE_TEXT] = {text, 1}};
		struct hits hits = {0};
		struct arena a;

		arena_init(&a, cap);
		if (!dict_scan_texts(f.index, f.scratch, &t, &a, &hits))
			refused++;
		else if (hits.truncated)
			cut++;
		arena_fini(&a);
	}
	ok(refused > 0, "no room at all is refused (%zu of the sizes)",
	    refused);
	ok(cut + refused < 140, "and enough room is enough");
	fixture_fini(&f);
}

/* ---- the index against a search by hand --------------------------------- */

static unsigned
by_hand(const char *word, const char *const *text, size_t n)
{
	unsigned hits = 0;

	for (size_t i = 0; i < n; i++)
		hits += strcmp(word, text[i]) == 0;
	return hits;
}

static void
many_words(void)
{
	enum { WORDS = 2000, TEXT = 1000 };
	static char word[WORDS][8];
	const char *text[TEXT];
	struct buf entries, body;
	struct fixture f;
	double want = 0;

	buf_init(&entries);
	buf_init(&body);
	srand(7);
	for (size_t i = 0; i < WORDS; i++) {
		for (size_t c = 0; c < 4; c++)
			word[i][c] = (char)('a' + i /
						      (c == 0	   ? 1
							  : c == 1 ? 26
							  : c == 2 ? 676
								   : 17576) %
						      26);
		buf_printf(&entries, "1x1000 %s\n", word[i]);
	}
	for (size_t i = 0; i < TEXT; i++) {
		text[i] = word[rand() % WORDS];
		buf_printf(&body, "%s ", text[i]);
	}
	for (size_t i = 0; i < WORDS; i++)
		want += by_hand(word[i], text, TEXT);
	fixture_init(&f, "threshold 1", buf_cstr(&entries));
	is_int(scan(&f, &(struct sample){.text = buf_cstr(&body)})->points,
	    want, "2,000 words in 1,000");
	fixture_fini(&f);
	buf_fini(&entries);
	buf_fini(&body);
}

int
main(void)
{
	texts();
	whole_messages();
	reported();
	several_dictionaries();
	no_dictionaries();
	small_arenas();
	many_words();
	return done_testing();
}
