/*
 * Required literals and shapes: a table of what is found, and the property that
 * matters: what a pattern matches always holds what was extracted from it.
 */
#include "base/regex.h"
#include "match/literal.h"
#include "match/shape_set.h"
#include "match/tree.h"
#include "tap.h"

/* Clauses as text: a|b & c; i before a caseless literal, edges in []. */
static void
format_need(const struct literal_need *need, struct buf *out)
{
	for (size_t c = 0; c < need->count; c++) {
		const struct literal_clause *clause = &need->clause[c];

		if (c > 0)
			buf_add_cstr(out, " & ");
		if (clause->times > 1)
			buf_printf(out, "%ux ", clause->times);
		for (size_t i = 0; i < clause->len; i++) {
			const struct literal *l = &clause->v[i];

			buf_printf(out, "%s%s", i > 0 ? "|" : "",
			    l->nocase ? "i:" : "");
			if (l->left != 0)
				buf_printf(out, "[%u]", l->left);
			clean_add(out, l->text);
			if (l->right != 0)
				buf_printf(out, "[%u]", l->right);
		}
	}
}

static const struct {
	const char *pattern;
	const char *want; /* "-": no tree; "": nothing required */
} cases[] = {
    {"viagra", "viagra"},
    {"(?i)viagra", "i:viagra"},
    {"\\bviagra\\b", "[1]viagra[1]"},
    {"^viagra$", "[2]viagra[8]"},
    {"(?m)^viagra$", "[4]viagra[8]"},
    {"v[i1]agra", "v1agra|viagra"},
    {"(?i)v[i1]agra", "i:v1agra|i:viagra"},
    {"[vV]iagra", "i:viagra"},
    {"viagra|cialis", "viagra|cialis"},
    {"viagra.*cialis", "viagra"},
    {"kar.*mev", "mev & kar"},
    {"(?:viagra|cialis) now", "viagra now|cialis now"},
    {"colou?r bar", "colour bar|color bar"},
    {"abcde(?:fgh)*ijklm", "ijklm"},
    {"abcde+fghij", "efghij"},
    {"(?:abc){2}", "abcabc"},
    {"(?:abcd.){3}", "3x abcd"},
    {"abcdef(?!ghi)", "abcdef"},
    {"(?=xyz)abcdef", "abcdef"},
    {"(?<!xyz)abcdef", "abcdef"},
    {"abcdef(?#no ghi)", "abcdef"},
    {"(?x) abc def # comment", "abcdef"},
    {"abc\\.def\\x40", "abc.def@"},
    {"\\x{61}bcdef", "abcdef"},
    {"\\Qa.b*c\\Edef", "a.b*cdef"},
    {"(\\w+) abcdef \\1", " abcdef "},
    {"(?i)abc\\xe9def", "i:abc\\xc9def|i:abc\\xe9def"},
    {"(?-i:ABC)def", "ABCdef"},
    {"(?i)x(?-i:YZ)w", "i:xYZw"},
    {"(?<name>abcdef)", "abcdef"},
    {"(?P<name>abcdef)", "abcdef"},
    {"(?>abcdef)", "abcdef"},
    {"(?|abcdef|ghijkl)", "abcdef|ghijkl"},
    {"(?(DEFINE)(?<x>zzz))abcdef(?&x)", "abcdef"},
    {"abc{def", "abc{def"},
    {"abc{,2}def", "abc{,2}def"},
    {"abcd{0}efgh", "abcefgh"},
    {"abcd|", ""},
    {"a*", ""},
    {".*", ""},
    {"", "-"},
    {"(?(1)a|b)", "-"},
    {"(*UTF)abc", "-"},
    {"abc\\", "-"},
    {"(abc", "-"},
    {"[abc", "-"},
    {"\\xfff", "\\xfff"},
    {"\\x{100}", "-"},
    {"[[:alpha:]]bcdef", "bcdef"},
    {"[]a]bcdef", "]bcdef|abcdef"},
    {"[^\\x00-`b-\\xff]bcdef", "abcdef"},
    {"[\\777]bcdef", "-"},
    {"[\\101]bcdef", "Abcdef"},
    {"\\cAbcdef", "\\x01bcdef"},
    {"\\0bcdef", "bcdef"},
    {"abcdefghijklmnopqrstuvw", "abcdefghijklmnop"},
};

static void
test_table(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		struct literal_need need;
		struct node *tree;
		struct buf got;

		arena_init(&a, 0);
		buf_init(&got);
		tree = tree_parse(str_from(cases[i].pattern), 0, &a);
		if (tree == NULL) {
			buf_add_cstr(&got, "-");
		} else {
			literal_extract_tree(tree, NULL, &a, &need);
			format_need(&need, &got);
		}
		is_str(buf_str(&got), str_from(cases[i].want), "literals of %s",
		    cases[i].pattern);
		buf_fini(&got);
		arena_fini(&a);
	}
}

static void
test_limits(void)
{
	struct arena a;
	struct buf pattern;

	for (int extra = 0; extra < 2; extra++) {
		arena_init(&a, 0);
		buf_init(&pattern);
		for (int i = 0; i < TREE_DEPTH_MAX + extra; i++)
			buf_add_char(&pattern, '(');
		buf_add_cstr(&pattern, "abcdef");
		for (int i = 0; i < TREE_DEPTH_MAX + extra; i++)
			buf_add_char(&pattern, ')');
		ok((tree_parse(buf_str(&pattern), 0, &a) == NULL) ==
			(extra == 1),
		    "groups nested %d deep", TREE_DEPTH_MAX + extra);
		buf_fini(&pattern);
		arena_fini(&a);
	}
	arena_init(&a, 100);
	ok(tree_parse(STR("a long enough pattern for the arena"), 0, &a) ==
		NULL,
	    "a full arena gives no tree");
	arena_fini(&a);
}

/* ---- the property ------------------------------------------------------- */

static uint64_t seed = 88172645463325252ULL;

static unsigned
pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static void
random_pattern(struct buf *out, unsigned depth)
{
	static const char *const atoms[] = {"a", "b", "c", "A", "ab", "bca",
	    "[ab]", "[^a]", "\\w", "\\s", ".", "\\b", "^", "$", "\\xe9",
	    "[\\xe0-\\xe9]", "(?i)", "(?-i)", "(?m)", "\\x{62}", "-", "\\1",
	    "(?=a)", "(?!b)", "(?<!c)", "\\n", "[[:upper:]]", "[\\w-]", "\\d",
	    "0", "(?i:b)", "\\Qa+b\\E", "(?s)", "\\B", "\\z", "\\A", "c\\K"};
	static const char *const repeats[] = {"", "", "", "", "*", "+", "?",
	    "{2}", "{1,3}", "{0,2}", "{2,}", "+?", "*+", "{3}", "{0}"};
	unsigned items = 1 + pick(5);

	for (unsigned i = 0; i < items; i++) {
		if (i > 0 && pick(6) == 0)
			buf_add_char(out, '|');
		if (depth > 0 && pick(4) == 0) {
			buf_add_cstr(out, pick(2) ? "(" : "(?:");
			random_pattern(out, depth - 1);
			buf_add_char(out, ')');
		} else {
			buf_add_cstr(
			    out, atoms[pick(sizeof(atoms) / sizeof(atoms[0]))]);
		}
		buf_add_cstr(
		    out, repeats[pick(sizeof(repeats) / sizeof(repeats[0]))]);
	}
}

static void
random_text(struct buf *out)
{
	static const char bytes[] = "aabbccABC-- \n0\xe9\xc9\xe0\xc0_";
	unsigned len = pick(24);

	for (unsigned i = 0; i < len; i++)
		buf_add_char(out, bytes[pick(sizeof(bytes) - 1)]);
}

static bool
literal_at(const struct literal *l, struct str text, size_t at)
{
	struct str part = str_head(str_skip(text, at), l->text.len);

	if (l->nocase ? !str_eq_nocase(part, l->text) : !str_eq(part, l->text))
		return false;
	return (l->left & ~literal_edges(text, at)) == 0 &&
	       (l->right & ~literal_edges(text, at + l->text.len)) == 0;
}

/* Different offsets at which a literal of the clause ends. */
static unsigned
clause_places(const struct literal_clause *c, struct str text)
{
	unsigned places = 0;

	for (size_t end = 0; end <= text.len; end++) {
		bool any = false;

		for (size_t i = 0; i < c->len; i++)
			any |=
			    end >= c->v[i].text.len &&
			    literal_at(&c->v[i], text, end - c->v[i].text.len);
		places += any;
	}
	return places;
}

static size_t
count_newlines(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '\n';
	return n;
}

/* Is one of the literals as far from `start` as they say, in bytes and lines?
 */
static bool
is_near(const struct literal_clause *c, struct str text, size_t start)
{
	for (size_t at = start + c->at.least; at <= text.len; at++) {
		struct str between = str_make(text.p + start, at - start);

		if (between.len > c->at.most ||
		    count_newlines(between) > c->at.lines)
			return false;
		for (size_t i = 0; i < c->len; i++)
			if (literal_at(&c->v[i], text, at))
				return true;
	}
	return false;
}

static bool
need_met(const struct literal_need *need, struct str text)
{
	for (size_t c = 0; c < need->count; c++)
		if (clause_places(&need->clause[c], text) <
		    need->clause[c].times)
			return false;
	return true;
}

/* Of a match that begins at `start`. */
static bool
all_near(const struct literal_need *need, struct str text, size_t start)
{
	for (size_t c = 0; c < need->count; c++)
		if (!is_near(&need->clause[c], text, start))
			return false;
	return true;
}

static void
on_shape(void *context, uint32_t shape)
{
	(void)shape;
	*(bool *)context = true;
}

static bool
shape_met(const struct shape_cover *cover, struct str text)
{
	struct shape_set *set = shape_set_new(cover->v, cover->len, 16);
	bool met = false;

	shape_set_scan(set, text, on_shape, &met);
	shape_set_free(&set);
	return met;
}

struct tally {
	unsigned patterns, with_literal, with_shape, matches, missed;
};

static void
check_texts(const struct regex *re, struct str pattern,
    const struct literal_need *need, const struct shape_cover *cover,
    struct tally *t)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_span at;

	for (int i = 0; i < 25; i++) {
		struct buf text;

		buf_init(&text);
		random_text(&text);
		if (regex_match(re, s, buf_str(&text), 0, &at) == 1) {
			bool good =
			    need_met(need, buf_str(&text)) &&
			    (literal_depends_on_search(pattern) ||
				all_near(need, buf_str(&text), at.start)) &&
			    (cover == NULL || shape_met(cover, buf_str(&text)));

			t->matches++;
			t->missed += !good;
			if (!good) {
				tap_show("pattern", pattern);
				tap_show("text", buf_str(&text));
			}
		}
		buf_fini(&text);
	}
	regex_scratch_free(&s);
}

static void
check_pattern(struct str pattern, unsigned flags, struct tally *t)
{
	struct literal_need need;
	struct regex_error error;
	struct regex *re = regex_compile(pattern, flags, &error);
	struct shape_cover cover;
	struct arena a;
	struct node *tree;
	bool shaped;

	if (re == NULL)
		return;
	arena_init(&a, 0);
	tree = tree_parse(pattern, flags, &a);
	if (tree != NULL) {
		literal_extract_tree(tree, NULL, &a, &need);
		shaped = shape_extract(tree, &a, &cover);
		t->patterns++;
		t->with_literal += need.count > 0;
		t->with_shape += shaped;
		check_texts(re, pattern, &need, shaped ? &cover : NULL, t);
	}
	arena_fini(&a);
	regex_free(&re);
}

static void
test_property(void)
{
	struct tally t = {0};

	for (int i = 0; i < 20000; i++) {
		struct buf pattern;

		buf_init(&pattern);
		random_pattern(&pattern, 3);
		check_pattern(
		    buf_str(&pattern), pick(3) == 0 ? REGEX_CASELESS : 0, &t);
		buf_fini(&pattern);
	}
	printf("# %u patterns, %u with literals, %u with a shape, %u matches\n",
	    t.patterns, t.with_literal, t.with_shape, t.matches);
	ok(t.patterns > 2000 && t.with_literal > 200 && t.with_shape > 200 &&
		t.matches > 5000,
	    "random patterns say something");
	is_int(t.missed, 0, "every match holds what its pattern requires");
}

/* ---- UTF-8 -------------------------------------------------------------- */

static const char *const utf_atoms[] = {"a", "b", "\xc3\xa9", "\\x{e9}", ".",
    "\\x{20ac}", "[a\\x{20ac}]", "[^a]", "\\s", "\\w", "\\d", "\\b", "^", "$",
    "[\xd0\xb0-\xd1\x8f]", "\xd0\x94", "\\Q\xe2\x82\xac\\E", "\\\xc3\xa9",
    "[[:alpha:]]", "(?:a|\xc3\xa9)", "[\\s-]", "\\xe9", "$", "%", "mg"};
static const char *const utf_repeats[] = {
    "", "", "", "*", "+", "?", "{2}", "{1,3}"};
static const char *const utf_texts[] = {"a", "b", "c", " ", "\xc3\xa9",
    "\xe2\x82\xac", "\xd0\xb4", "0", "-", "$", "%", "\xf0\x9f\x98\x80", "mg",
    "\n"};

#define PICK(list) (list)[pick(sizeof(list) / sizeof((list)[0]))]

/* Some literal stands as far behind the start of the match as was said. */
static bool
literal_places_match(
    const struct literal_clause *c, struct str text, size_t start)
{
	for (size_t at = start + c->at.least; at <= text.len; at++) {
		if (at - start > c->at.most)
			break;
		for (size_t i = 0; i < c->len; i++) {
			struct str part =
			    str_head(str_skip(text, at), c->v[i].text.len);

			if (str_eq_nocase(part, c->v[i].text))
				return true;
		}
	}
	return false;
}

static void
check_utf(struct str pattern, struct tally *t)
{
	unsigned flags = REGEX_UTF | REGEX_CASELESS;
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_error error;
	struct regex *re = regex_compile(pattern, flags, &error);
	struct literal_need need = {0};
	struct arena a;

	arena_init(&a, 0);
	if (re != NULL)
		literal_extract_common(pattern, flags, 1, &a, &need);
	t->with_literal += need.count > 0;
	for (int i = 0; i < 25 && need.count > 0; i++) {
		struct regex_span at;
		struct buf text;

		buf_init(&text);
		for (unsigned n = pick(12); n > 0; n--)
			buf_add_cstr(&text, PICK(utf_texts));
		if (regex_match(re, s, buf_str(&text), 0, &at) == 1) {
			t->matches++;
			if (!literal_places_match(
				&need.clause[0], buf_str(&text), at.start)) {
				t->missed++;
				tap_show("pattern", pattern);
				tap_show("text", buf_str(&text));
			}
		}
		buf_fini(&text);
	}
	arena_fini(&a);
	regex_free(&re);
	regex_scratch_free(&s);
}

static void
test_utf_property(void)
{
	struct tally t = {0};

	for (int i = 0; i < 10000; i++) {
		struct buf pattern;

		buf_init(&pattern);
		for (unsigned n = 1 + pick(5); n > 0; n--) {
			buf_add_cstr(&pattern, PICK(utf_atoms));
			buf_add_cstr(&pattern, PICK(utf_repeats));
		}
		check_utf(buf_str(&pattern), &t);
		buf_fini(&pattern);
	}
	printf("# %u patterns with literals, %u matches\n", t.with_literal,
	    t.matches);
	ok(t.with_literal > 1000 && t.matches > 1000,
	    "random UTF patterns say something");
	is_int(t.missed, 0, "and their literals stand where they should");
}

int
main(void)
{
	test_table();
	test_limits();
	test_property();
	test_utf_property();
	return done_testing();
}
