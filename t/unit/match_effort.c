/*
 * The bound of what a search can cost holds on texts made to be slow, and what
 * rests on it: rules whose steps are counted are matched without that where the
 * bound says they may, and nowhere else.
 */
#include "match/effort.h"

#include "base/mem.h"
#include "match/scan.h"
#include "tap.h"

#include <math.h>

#define LENGTH_MAX 64

static const struct {
	const char *pattern;
	unsigned flags;
} bounded[] = {
    {"a", 0},
    {"^a", 0},
    {"^a", REGEX_MULTILINE},
    {"a*", 0},
    {"a*b", 0},
    {"a*?a*?b", 0},
    {"a*+a*b", 0},
    {"a{3,9}a{2,}[bc]", 0},
    {"^a*a*a*[bc]", 0},
    {"(?:a|ab|b)a*[cd]", 0},
    {"(a?)a*\\1[bc]", 0},
    {"(?=a*[bc])a*", 0},
    {"^(?!a*a*[bc])a*a*[bc]", 0},
    {"(?<=aa)a*[bc]", 0},
    {"(?>a*)a*[bc]", 0},
    {"(?:a|a){1,3}[bc]", 0},
    {"(?:a?){5}[bc]", 0},
    {"(?:ab)*(?:ab)*[cd]", 0},
    {"(?:a?b?c?|d)a*[de]", 0},
    {"(?:aa?){0,4}b?[cd]", REGEX_CASELESS},
    {"\\S+<\\w+", 0},
    {"\\?.*!|!.*\\?", 0},
    {"(?:)*[bc]", 0},
    {"|a*[bc]|", 0},
    {"(())", 0},
    {"((((a?))))((((b))))", 0},
};

/* No text is so short that nothing can be made of them. */
static const char *const endless[] = {"(?:a*b?)*[cd]", "(?:a|a)+[bc]",
    "(?:(?:a+)?b?){1,}[cd]", "(?R)?a[bc]", "(a*)(?1)[bc]", "\\X*a[bc]",
    "(a|b(?1)c)[de]"};

static const char *const units[] = {
    "a", "b", "ab", "ba", "aab", "!?", "?", "<", "a<", "abc", "d", "\xe1"};

static struct node *
tree_of(const char *pattern, unsigned flags, struct arena *a)
{
	return tree_parse(str_from(pattern), flags, a);
}

static void
repeat(struct buf *out, const char *unit, size_t len)
{
	buf_clear(out);
	while (out->len < len)
		buf_add_cstr(out, unit);
	out->len = len;
}

/* The most steps any of the texts takes, as they were counted. */
static double
most_steps(const struct regex *re, size_t len)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	double most = 0, each = regex_has_back_references(re)
				    ? REGEX_BACK_REFERENCE_STEPS
				    : 1;
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		repeat(&text, units[i], len);
		regex_match(re, s, buf_str(&text), 0, NULL);
		most = fmax(most, regex_steps(s) / each);
	}
	buf_fini(&text);
	regex_scratch_free(&s);
	return most;
}

static void
test_bounds_hold(void)
{
	for (size_t i = 0; i < sizeof(bounded) / sizeof(bounded[0]); i++) {
		const char *p = bounded[i].pattern;
		struct regex_error error;
		struct regex *re = regex_compile(
		    str_from(p), bounded[i].flags | REGEX_COUNTED, &error);
		const struct node *tree;
		size_t len = 0;
		struct arena a;

		arena_init(&a, 0);
		tree = tree_of(p, bounded[i].flags, &a);
		while (len <= LENGTH_MAX &&
		       most_steps(re, len) <= effort_bound(tree, len))
			len++;
		is_int(len, LENGTH_MAX + 1, "/%s/ keeps to its bound", p);
		ok(effort_line_max(tree, REGEX_MATCH_LIMIT) > 0,
		    "and the bound is of use");
		arena_fini(&a);
		regex_free(&re);
	}
}

static void
test_endless(void)
{
	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
		struct arena a;

		arena_init(&a, 0);
		is_int(effort_line_max(
			   tree_of(endless[i], 0, &a), REGEX_MATCH_LIMIT),
		    0, "/%s/ has none", endless[i]);
		arena_fini(&a);
	}
}

static void
test_line_max(void)
{
	struct node *tree;
	struct arena a;

	arena_init(&a, 0);
	tree = tree_of("a*a*[bc]", 0, &a);
	is_int(effort_line_max(tree, effort_bound(tree, 128)), 128,
	    "steps for 128 bytes are enough for 128");
	is_int(effort_line_max(tree, effort_bound(tree, 128) - 1), 127,
	    "one less is not");
	is_int(effort_line_max(tree, effort_bound(tree, EFFORT_LINE_MIN) - 1),
	    0, "the shortest line of use is %zu bytes", EFFORT_LINE_MIN);
	is_int(effort_line_max(tree, HUGE_VAL), EFFORT_LINE_MAX,
	    "the longest is %zu", EFFORT_LINE_MAX);
	arena_fini(&a);
}

/* ---- what rests on it ---------------------------------------------------- */

/* Counted, a step of it weighs sixteen: it comes to the limit of a match where
 * the bound, which has no such weights, is still far from it. */
#define SLOW "^([ab]?)[ab]*[ab]*(?:c|d|e|f|g|h|i|j|k|l|m|n|o|\\1[!?])"
#define BRIEF_MAX 32

struct fixture {
	struct ruleset *rules;
	struct plan *plan;
	struct mail_settings settings;
};

static void
fixture_init(struct fixture *f)
{
	struct ruleset_options options = {
	    .plugins = PLUGINS_LOCAL, .probe_cost = true};
	struct plan_options with = {0};
	struct diags diags;
	struct arena a;

	diags_init(&diags, 100);
	arena_init(&a, 0);
	with.limits.match =
	    (uint32_t)effort_bound(tree_of(SLOW, 0, &a), BRIEF_MAX);
	f->rules = ruleset_parse("test",
	    STR("header SLOW Subject =~ /" SLOW "/\n"), &options, &diags);
	ok(f->rules->rules[0].slow, "the probe finds the rule slow");
	f->plan = plan_new(f->rules, NULL, &with, &diags);
	mail_settings_init(&f->settings);
	arena_fini(&a);
	diags_fini(&diags);
}

static void
fixture_fini(struct fixture *f)
{
	plan_free(&f->plan);
	ruleset_free(&f->rules);
	mail_settings_fini(&f->settings);
}

/* The rule on a subject: its hits, or -1 when it came to the limit. */
static int
hits_of(const struct fixture *f, struct str subject)
{
	struct scratch *s = scratch_new(f->plan);
	struct hits hits = {0};
	struct message *m;
	struct arena a;
	struct buf raw;
	int result;

	buf_init(&raw);
	arena_init(&a, (size_t)1024 * 1024);
	buf_printf(&raw, "Subject: %.*s\n\n", STR_ARG(subject));
	m = message_new(&a, &f->settings, NULL, 0, buf_str(&raw));
	invariant(m != NULL && scan_message(f->plan, s, m, &hits));
	result = hits.limited_count > 0 ? -1 : (int)hits.value[0];
	arena_fini(&a);
	buf_fini(&raw);
	scratch_free(&s);
	return result;
}

/* The pattern gets nowhere in it, yet it has what every match of it must. */
static void
slow_subject(struct buf *out, size_t len)
{
	repeat(out, "ab", len - 2);
	buf_add_cstr(out, "-!");
}

static void
test_brief(void)
{
	struct fixture f;
	struct buf subject;

	fixture_init(&f);
	buf_init(&subject);
	/* A header's text ends in a newline, which is one of its bytes. */
	slow_subject(&subject, BRIEF_MAX - 1);
	is_int(hits_of(&f, buf_str(&subject)), 0,
	    "a line of the longest length is not counted");
	subject.p[BRIEF_MAX - 3] = 'c';
	is_int(hits_of(&f, buf_str(&subject)), 1, "and may match");
	slow_subject(&subject, BRIEF_MAX);
	is_int(hits_of(&f, buf_str(&subject)), -1,
	    "one byte longer it comes to the limit");
	slow_subject(&subject, BRIEF_MAX - 3);
	buf_add_cstr(&subject, "\nSubject: !");
	is_int(hits_of(&f, buf_str(&subject)), -1, "so do two lines");
	buf_fini(&subject);
	fixture_fini(&f);
}

int
main(void)
{
	test_bounds_hold();
	test_endless();
	test_line_max();
	test_brief();
	return done_testing();
}
