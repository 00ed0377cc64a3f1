#include "base/err.h"
#include "base/regex.h"

#include "tap.h"

static void
folding(void)
{
	static const struct {
		struct str pattern;
		unsigned flags;
		struct str subject;
		int want;
	} cases[] = {
	    {STR_INIT("\xe9"), REGEX_CASELESS, STR_INIT("\xc9"), 1},
	    {STR_INIT("\xc3"), REGEX_CASELESS, STR_INIT("\xe3"), 1},
	    {STR_INIT("[^\xe9]"), REGEX_CASELESS, STR_INIT("\xc9"), 0},
	    {STR_INIT("\xd7"), REGEX_CASELESS, STR_INIT("\xf7"), 0},
	    {STR_INIT("\xe9"), 0, STR_INIT("\xc9"), 0},
	    {STR_INIT("\\w"), 0, STR_INIT("\xe9"), 0},
	    {STR_INIT("\\s"), 0, STR_INIT("\xa0"), 0},
	    {STR_INIT("\\h"), 0, STR_INIT("\xa0"), 1},
	    {STR_INIT("a$"), 0, STR_INIT("a\n"), 1},
	    {STR_INIT("a\\z"), 0, STR_INIT("a\n"), 0},
	    {STR_INIT("^b"), 0, STR_INIT("a\nb"), 0},
	    {STR_INIT("^b"), REGEX_MULTILINE, STR_INIT("a\nb"), 1},
	    {STR_INIT("a.b"), 0, STR_INIT("a\nb"), 0},
	    {STR_INIT("a.b"), REGEX_DOTALL, STR_INIT("a\nb"), 1},
	    {STR_INIT("a\0b"), 0, STR_INIT("xa\0b"), 1},
	};
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_error e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct regex *re =
		    regex_compile(cases[i].pattern, cases[i].flags, &e);

		is_int(regex_match(re, s, cases[i].subject, 0, NULL),
		    cases[i].want, "case %zu", i);
		regex_free(&re);
	}
	regex_scratch_free(&s);
}

static void
counting(void)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_error e;
	struct regex *re = regex_compile(STR("a*"), 0, &e);
	struct str text = STR("baac");
	struct regex_span span;
	size_t from = 0;
	int hits = 0;
	bool empty = false;

	/* Perl: (), (aa), (), () at 0, 1, 3, 4 */
	while ((empty ? regex_match_not_empty(re, s, text, from, &span)
		      : regex_match(re, s, text, from, &span)) == 1) {
		hits++;
		from = span.end;
		empty = span.start == span.end;
	}
	is_int(hits, 4, "empty matches as Perl's //g counts them");
	regex_free(&re);
	regex_scratch_free(&s);
}

static void
limits(void)
{
	struct regex_limits small = {.match = 1000};
	struct regex_scratch *s = regex_scratch_new(&small);
	struct regex_error e = {0};
	struct regex *re = regex_compile(STR("(?:a+)+$"), 0, &e);
	char text[64];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 'b';
	is_int(regex_match(re, s, str_make(text, sizeof(text)), 0, NULL),
	    ERR_LIMIT, "a catastrophe ends at the limit");
	regex_free(&re);
	ok(regex_compile(STR("a(b"), 0, &e) == NULL && e.offset == 3,
	    "a bad pattern says where");
	ok(e.message[0] != '\0', "and what");
	ok(regex_compile(STR("\\C"), 0, &e) == NULL, "\\C is refused");
	regex_scratch_free(&s);
}

/* Each turn of the group needs a frame: some fit into the thread's own stack,
 * more into one that is made, too many into none. */
static void
deep(void)
{
	static const struct {
		size_t length;
		int want;
	} cases[] = {{100, 1}, {4000, 1}, {100000, ERR_LIMIT}, {4000, 1}};
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_error e;
	struct regex *re = regex_compile(STR("^(?:(a)|b)*c"), 0, &e);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf text;

		buf_init(&text);
		for (size_t k = 0; k < cases[i].length; k++)
			buf_add_char(&text, k % 2 ? 'a' : 'b');
		buf_add_char(&text, 'c');
		is_int(regex_match(re, s, buf_str(&text), 0, NULL),
		    cases[i].want, "%zu turns", cases[i].length);
		buf_fini(&text);
	}
	regex_free(&re);
	regex_scratch_free(&s);
}

/* Going back over repeats and comparing what was captured counts, too. */
static void
counted(void)
{
	struct regex_limits limits = {.match = 100000};
	struct regex_scratch *s = regex_scratch_new(&limits);
	struct regex_error e;
	struct regex *re = regex_compile(STR("(.+)\\1x"), REGEX_COUNTED, &e);
	struct regex_span span;
	char text[2002];

	memset(text, 'a', sizeof(text));
	text[2000] = '\n';
	text[2001] = 'x';
	is_int(regex_match(re, s, str_make(text, sizeof(text)), 0, NULL),
	    ERR_LIMIT, "a costly comparison ends at the limit");
	is_int(
	    regex_match(re, s, STR("aabbx"), 0, &span), 1, "a cheap one hits");
	ok(span.start == 2 && regex_steps(s) > 0 && regex_steps(s) < 1000,
	    "where it should, in %u steps", regex_steps(s));
	regex_free(&re);
	re = regex_compile(STR("a*a*-?a*[x-z]\n"), REGEX_COUNTED, &e);
	is_int(regex_match(re, s, str_make(text + 1960, 42), 0, NULL), 0,
	    "few starts end under it");
	is_int(regex_match(re, s, str_make(text, sizeof(text)), 0, NULL),
	    ERR_LIMIT, "many, each of which is cheap, do not");
	regex_free(&re);
	regex_scratch_free(&s);
}

static void
groups(void)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_error e;
	struct regex *re = regex_compile(STR("(x)?(?<NAME>b+)"), 0, &e);
	struct regex_span span;

	is_int(regex_group_count(re), 2, "two groups");
	is_str(str_from(regex_group_name(re, 2)), STR("NAME"), "named");
	ok(regex_group_name(re, 1) == NULL, "not named");
	is_int(regex_match(re, s, STR("abbc"), 0, &span), 1, "match");
	ok(span.start == 1 && span.end == 3, "where");
	ok(!regex_group(s, 1, &span), "an unset group");
	ok(regex_group(s, 2, &span) && span.end == 3, "a set one");
	regex_free(&re);
	regex_scratch_free(&s);
}

int
main(void)
{
	folding();
	counting();
	limits();
	deep();
	counted();
	groups();
	return done_testing();
}
