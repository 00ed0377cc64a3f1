#include "rule/dict.h"

#include "rule/dict_fold.h"

#include "own_dir.h"
#include "tap.h"

#define HEAD "name drugs\nthreshold 10\n---\n"

static const char *
diags_text(const struct diags *d, struct buf *out)
{
	diags_format(d, out);
	return buf_cstr(out);
}

/* ---- good files --------------------------------------------------------- */

static void
whole_file(void)
{
	static const char text[] =
	    "\xef\xbb\xbf# comment\r\n"
	    "name       drugs\r\n"
	    "title      Drugs for sale      # seen by senders\r\n"
	    "threshold  10\r\n"
	    "score      DICT_DRUGS 0.3\r\n"
	    "fields     subject html\r\n"
	    "distinct   2\r\n"
	    "mode       shadow\r\n"
	    "---\r\n"
	    "4     Viagra\r\n"
	    "2x3   \"no prescription  needed\"  # capped\r\n"
	    "5     near(Wire, transfer, 5)\r\n"
	    "3     /\\b(?:buy|order)\\s+now\\b/i\r\n"
	    "-6    \"specialist pharmacy\"\r\n"
	    "\r\n"
	    "1.5   *pill*\r\n"
	    "2     casino leet\r\n"
	    "2     leet \"cheap meds\"\r\n"
	    "1     leet\r\n";
	struct diags diags;
	struct dict_set *set;
	const struct dict *d;
	struct buf b;

	diags_init(&diags, 0);
	buf_init(&b);
	set = dict_parse("dir/x.dict", str_from(text), &diags);
	is_str(str_from(diags_text(&diags, &b)), STR(""), "no complaints");
	d = &set->v[0];
	is_str(d->name, STR("drugs"), "name");
	is_str(d->title, STR("Drugs for sale"), "title without comment");
	is_str(d->symbol, STR("DICT_DRUGS"), "symbol");
	ok(d->factor == 0.3 && d->threshold == 10, "factor and threshold");
	is_int(d->fields, DICT_SUBJECT | DICT_HTML, "fields");
	ok(d->distinct == 2 && d->shadow, "distinct and mode");
	is_int(d->term_count, 9, "entries");
	is_str(d->terms[0].words[0].text, STR("viagra"), "folded");
	is_str(d->terms[0].written, STR("Viagra"), "as written");
	is_int(d->terms[0].pos.line, 10, "line");
	is_int(d->terms[0].pos.col, 7, "column");
	is_int(d->terms[1].cap, 3, "cap");
	is_int(d->terms[1].word_count, 3, "words of the phrase");
	ok(d->terms[2].type == TERM_NEAR && d->terms[2].distance == 5, "near");
	is_str(d->terms[2].words[1].text, STR("transfer"), "second word");
	ok(d->terms[3].type == TERM_REGEX, "regex");
	ok(d->terms[4].weight == -6, "negative weight");
	ok(d->terms[5].words[0].open_left && d->terms[5].words[0].open_right,
	    "open on both sides");
	ok(d->terms[6].leet && d->terms[6].type == TERM_WORD, "leet word");
	ok(d->terms[7].leet && d->terms[7].type == TERM_REGEX, "leet phrase");
	ok(!d->terms[8].leet && d->terms[8].type == TERM_WORD,
	    "the word leet itself");
	dict_free(&set);
	ok(set == NULL, "freed");
	diags_fini(&diags);
	buf_fini(&b);
}

static void
defaults(void)
{
	struct diags diags;
	struct dict_set *set;

	diags_init(&diags, 0);
	set = dict_parse("a/money.dict", STR("threshold 1\n---\n1 x"), &diags);
	is_str(set->v[0].name, STR("money"), "named by its file");
	is_str(set->v[0].title, STR("money"), "titled by its name");
	is_int(set->v[0].fields, 15, "all fields");
	ok(set->v[0].distinct == 1 && !set->v[0].shadow, "one term, enforced");
	ok(set->v[0].terms[0].cap == 1, "counted once");
	dict_free(&set);
	diags_fini(&diags);
}

/* ---- bad lines ---------------------------------------------------------- */

/* Each is the text below a two-line header and `---`, so the bad line is 4. */
static const struct {
	const char *line;
	const char *want; /* "4:col: ... message start" */
} bad_entries[] = {
    {"viagra", "4:1: error: expected a weight"},
    {"4", "4:2: error: no term after the weight"},
    {"4   # viagra", "4:5: error: no term after the weight"},
    {"4x viagra", "4:3: error: expected how often"},
    {"4x0 viagra", "4:3: error: expected how often"},
    {"4x1000001 viagra", "4:3: error: expected how often"},
    {"1000001 viagra", "4:1: error: weight beyond"},
    {"4,5 viagra", "4:1: error: expected a weight"},
    {"-viagra", "4:1: error: expected a weight"},
    {"4 buy now", "4:7: error: unexpected text"},
    {"4 \"buy now", "4:3: error: no closing quote"},
    {"4 \"buy\"now", "4:8: error: expected white space"},
    {"4 \"\"", "4:4: error: no letter or digit"},
    {"4 ...", "4:3: error: no letter or digit"},
    {"4 *", "4:3: error: this would match everything"},
    {"4 **", "4:3: error: this would match everything"},
    {"4 \"*\"", "4:4: error: this would match everything"},
    {"4 *.*", "4:3: error: this would match everything"},
    {"4 vi*gra", "4:5: error: `*` stands only"},
    {"4 /.*/", "4:4: error: this would match everything"},
    {"4 /.+/", "4:4: error: this would match everything"},
    {"4 /x*/", "4:4: error: this would match everything"},
    {"4 /(?=b)|/", "4:4: error: this would match everything"},
    {"4 /\\w/", "4:4: error: this would match everything"},
    {"4 /[\\s\\S]/", "4:4: error: this would match everything"},
    {"4 /abc", "4:3: error: no closing slash"},
    {"4 /abc\\/", "4:3: error: no closing slash"},
    {"4 /a(bc/", "4:8: error: bad regular expression: missing"},
    {"4 /abc/q", "4:8: error: unknown modifier `q`"},
    {"4 near(a, b)", "4:8: error: expected near(word"},
    {"4 near(a, b, c)", "4:8: error: expected near(word"},
    {"4 near(aa, bb, 0)", "4:16: error: the distance is"},
    {"4 near(aa, bb, 101)", "4:16: error: the distance is"},
    {"4 near(aa, bb, 5", "4:3: error: no closing parenthesis"},
    {"4 near(a b, cc, 5)", "4:8: error: near() takes single"},
    {"4 near(aa, b c, 5)", "4:12: error: near() takes single"},
    {"4 near(, bb, 5)", "4:8: error: no letter or digit"},
    {"4 leet /abc/", "4:3: error: leet goes with"},
    {"4 near(aa, bb, 3) leet", "4:3: error: leet goes with"},
    {"4 via\xffgra", "4:6: error: not UTF-8 text"},
    {"4 via\agra", "4:6: error: not UTF-8 text"},
    {"4 \"a b c d e f1 g1 h1 i1 j1 k1 l1 m1 n1 o1 p1 q1 r1 s1 t1 u1\"",
	"4:4: error: more than 16 words"},
    {"---", "4:1: error: expected a weight"},
};

/* The whole file. */
static const struct {
	const char *text;
	const char *want;
} bad_files[] = {
    {"", ":1: error: no line of ---"},
    {"name x\nthreshold 1\n", ":3: error: no line of ---"},
    {"nme x\n---\n", ":1:1: error: unknown key"},
    {"name\n---\n", ":1:1: error: name needs a value"},
    {"name x y\n---\n", ":1:6: error: a name has"},
    {"name x\n name z\n---\n", ":2:2: error: name is given twice"},
    {"title caf\xc3\xa9\n---\n", ":1:10: error: the title goes into"},
    {"threshold -1\n---\n", ":1:11: error: expected a threshold"},
    {"threshold ten\n---\n", ":1:11: error: expected a threshold"},
    {"score 9X 1\n---\n", ":1:7: error: expected a symbol"},
    {"score X y\n---\n", ":1:9: error: expected a factor"},
    {"fields subject body\n---\n", ":1:16: error: unknown field"},
    {"distinct 0\n---\n", ":1:10: error: expected a number"},
    {"distinct 10001\n---\n", ":1:10: error: expected a number"},
    {"mode off\n---\n", ":1:6: error: the mode is"},
};

static void
expect_diag(const char *name, struct str text, const char *want)
{
	struct diags diags;
	struct dict_set *set;
	struct buf b;

	diags_init(&diags, 0);
	buf_init(&b);
	set = dict_parse("f", text, &diags);
	ok(diags.errors == 1 && strstr(diags_text(&diags, &b), want) != NULL,
	    "%s", name);
	if (diags.errors != 1 || strstr(buf_cstr(&b), want) == NULL)
		printf("# want %s got %s\n", want, buf_cstr(&b));
	dict_free(&set);
	diags_fini(&diags);
	buf_fini(&b);
}

static void
bad_lines(void)
{
	for (size_t i = 0; i < sizeof(bad_entries) / sizeof(bad_entries[0]);
	     i++) {
		struct buf b;

		buf_init(&b);
		buf_printf(&b, HEAD "%s\n2 pills\n", bad_entries[i].line);
		expect_diag(
		    bad_entries[i].want, buf_str(&b), bad_entries[i].want);
		buf_fini(&b);
	}
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++)
		expect_diag(bad_files[i].want, str_from(bad_files[i].text),
		    bad_files[i].want);
}

static void
one_bad_line_hides_no_other(void)
{
	struct diags diags;
	struct dict_set *set;

	diags_init(&diags, 0);
	set = dict_parse(
	    "f", STR(HEAD "x\n1 good\n2 /(/\n3 better\n*\n"), &diags);
	is_int(diags.errors, 3, "each bad line is named");
	is_int(set->v[0].term_count, 2, "each good one is kept");
	dict_free(&set);
	diags_fini(&diags);
}

/* ---- limits ------------------------------------------------------------- */

static size_t
errors_of(const struct buf *text)
{
	struct diags diags;
	struct dict_set *set;
	size_t n;

	diags_init(&diags, 0);
	set = dict_parse("f", buf_str(text), &diags);
	n = diags.errors;
	dict_free(&set);
	diags_fini(&diags);
	return n;
}

static void
term_length(void)
{
	for (int extra = 0; extra < 2; extra++) {
		struct buf b;

		buf_init(&b);
		buf_add_cstr(&b, HEAD "1 ");
		for (int i = 0; i < DICT_TERM_MAX + extra; i++)
			buf_add_char(&b, 'x');
		is_int(errors_of(&b), extra, "term of %d bytes",
		    DICT_TERM_MAX + extra);
		buf_fini(&b);
	}
}

static void
counts(void)
{
	static const struct {
		const char *name;
		const char *fmt;
		int limit;
	} cases[] = {
	    {"entries", "1 w%d\n", DICT_TERMS_MAX},
	    {"regexes", "1 /w%d!/\n", DICT_REGEX_MAX},
	};

	for (size_t c = 0; c < 2; c++)
		for (int extra = 0; extra < 2; extra++) {
			struct buf b;

			buf_init(&b);
			buf_add_cstr(&b, HEAD);
			for (int i = 0; i < cases[c].limit + extra; i++)
				buf_printf(&b, cases[c].fmt, i);
			is_int(errors_of(&b), extra, "%d %s",
			    cases[c].limit + extra, cases[c].name);
			buf_fini(&b);
		}
}

static void
words_limit(void)
{
	for (int extra = 0; extra < 2; extra++) {
		struct buf b;

		buf_init(&b);
		buf_add_cstr(&b, HEAD "1 \"");
		for (int i = 0; i < DICT_WORDS_MAX + extra; i++)
			buf_printf(&b, "w%d ", i);
		buf_add_cstr(&b, "\"");
		is_int(errors_of(&b), extra, "phrase of %d words",
		    DICT_WORDS_MAX + extra);
		buf_fini(&b);
	}
}

/* ---- overrides ---------------------------------------------------------- */

static const struct dict_term *
term_of(const struct dict_set *set, const char *written)
{
	for (size_t i = 0; i < set->v[0].term_count; i++)
		if (str_is(set->v[0].terms[i].written, written))
			return &set->v[0].terms[i];
	return NULL;
}

static void
override(void)
{
	static const char base[] = HEAD "4 viagra\n2 \"buy now\"\n3 /x[0-9]y/\n"
					"5 near(wire, transfer, 5)\n1 pill\n";
	static const char local[] =
	    "# ours\n9x2 Viagra\n-\"Buy  NOW\"\n-/x[0-9]y/\n"
	    "-near(transfer, wire, 9)\n-2 friend\n-\"419\"\n-pill # no\n";
	struct diags diags;
	struct dict_set *set;
	struct buf b;

	diags_init(&diags, 0);
	buf_init(&b);
	set = dict_parse_with(
	    "f.dict", str_from(base), "f.local.dict", str_from(local), &diags);
	is_int(set->v[0].term_count, 2, "four removed, one added");
	ok(term_of(set, "Viagra") && term_of(set, "Viagra")->weight == 9 &&
		term_of(set, "Viagra")->cap == 2,
	    "re-weighed");
	is_str(str_from(term_of(set, "Viagra")->pos.file), STR("f.local.dict"),
	    "and its place is the override");
	ok(term_of(set, "friend")->weight == -2, "a negative weight is no "
						 "removal");
	is_int(diags.errors, 0, "no errors");
	ok(strstr(diags_text(&diags, &b),
	       "f.local.dict:7:2: warning: there is no such entry"),
	    "removing nothing is noticed");
	dict_free(&set);
	diags_fini(&diags);
	buf_fini(&b);
}

static void
override_settings(void)
{
	struct diags diags;
	struct dict_set *set;

	diags_init(&diags, 0);
	set = dict_parse_with("f.dict", STR(HEAD "4 viagra\n"), "f.local.dict",
	    STR("threshold 20\nmode shadow\n---\n"), &diags);
	ok(set->v[0].threshold == 20 && set->v[0].shadow &&
		set->v[0].term_count == 1,
	    "settings of an override count");
	dict_free(&set);
	set = dict_parse_with("f.dict", STR(HEAD "4 viagra\n"), "f.local.dict",
	    STR("name other\n---\n- viagra\n"), &diags);
	is_int(diags.errors, 2, "no renaming, no blank after the minus");
	dict_free(&set);
	diags_fini(&diags);
}

/* ---- loading ------------------------------------------------------------ */

static char dir[OWN_DIR_SIZE];

static void
put(const char *name, const char *text)
{
	own_dir_put(dir, name, text);
}

static struct dict_set *
load(const struct dict_set *former, bool forced, struct diags *diags)
{
	const char *paths[] = {dir};

	diags_init(diags, 0);
	return dict_load(paths, 1, former, forced, diags);
}

static void
loading(void)
{
	struct diags diags;
	struct dict_set *first, *next;
	struct buf b;

	buf_init(&b);
	put("a.dict",
	    "threshold 1\n---\n1 one\n1 two\n1 three\n1 four\n1 five");
	put("a.local.dict", "1 six\n");
	put("b.local.dict", "1 six\n");
	put("other.cf", "body X /x/\n");
	first = load(NULL, false, &diags);
	ok(first->len == 1 && first->v[0].term_count == 6,
	    "a directory with one dictionary and its override");
	ok(strstr(diags_text(&diags, &b), "b.local.dict: warning: no dict"),
	    "an override that belongs to nothing is noticed");
	diags_fini(&diags);

	put("a.dict", "threshold 1\n---\n1 one\n1 two\n");
	next = load(first, false, &diags);
	is_int(diags.errors, 0, "half of the entries left is accepted");
	dict_free(&next);
	diags_fini(&diags);

	put("a.dict", "threshold 1\n---\n1 one\n");
	next = load(first, false, &diags);
	is_int(diags.errors, 1, "less than half is refused");
	dict_free(&next);
	diags_fini(&diags);
	next = load(first, true, &diags);
	ok(diags.errors == 0 && diags.warnings == 2, "unless forced");
	dict_free(&next);
	diags_fini(&diags);

	put("a.local.dict", "");
	put("a.dict", "threshold 1\n---\n");
	next = load(NULL, false, &diags);
	is_int(diags.errors, 1, "no entries at all: refused");
	dict_free(&next);
	diags_fini(&diags);

	put("a.dict", "threshold 1\n---\n1 one\n");
	put("b.dict", "name a\nthreshold 1\n---\n1 one\n");
	next = load(NULL, false, &diags);
	ok(diags.errors == 1 && next->len == 1, "two of one name");
	dict_free(&next);
	diags_fini(&diags);

	put("a.dict", "score DICT_X\n---\n1 one\n");
	put("b.dict", "score DICT_X\n---\n1 one\n");
	next = load(NULL, false, &diags);
	buf_clear(&b);
	ok(diags.errors == 1 && strstr(diags_text(&diags, &b), "DICT_X is the"),
	    "two of one symbol");
	dict_free(&next);
	dict_free(&first);
	diags_fini(&diags);
	buf_fini(&b);
}

static void
versions(void)
{
	struct diags diags;
	struct dict_set *a, *b, *c;

	diags_init(&diags, 0);
	a = dict_parse("f", STR(HEAD "1 one\n"), &diags);
	b = dict_parse("g", STR(HEAD "1 one\n"), &diags);
	c = dict_parse_with(
	    "f", STR(HEAD "1 one\n"), "h", STR("1 two\n"), &diags);
	ok(memcmp(a->v[0].version, b->v[0].version, 16) == 0,
	    "the version is of the text");
	ok(memcmp(a->v[0].version, c->v[0].version, 16) != 0,
	    "and of its override");
	dict_free(&a);
	dict_free(&b);
	dict_free(&c);
	diags_fini(&diags);
}

int
main(void)
{
	whole_file();
	defaults();
	bad_lines();
	one_bad_line_hides_no_other();
	term_length();
	counts();
	words_limit();
	override();
	override_settings();
	own_dir_make(dir);
	loading();
	own_dir_remove(dir);
	versions();
	return done_testing();
}
