/* Replace tags, written out and as calls. */
#include "rule/replace.h"

#include "base/err.h"
#include "base/buf.h"
#include "base/regex.h"
#include "rule/limits.h"
#include "rule/ruleset.h"
#include "tap.h"

static const struct {
	const char *pattern;
	const char *want;
} cases[] = {
    {"plain", "plain"},
    {"<A>b<B>", "[aA]b[aA][aA]"},
    {"<X><A>", "<X>[aA]"},
    {"(?<name><A>)(?<=x)(?<!y)", "(?<name>[aA])(?<=x)(?<!y)"},
    {"q<pre P><A><A>", "qz[aA]z[aA]"},
    {"q<post P><A><A>", "q[aA]+[aA]+"},
    {"q<inter I><A><A>x<A>", "q[aA]\\s*[aA]x[aA]"},
    {"q<inter I><post P><A><A>", "q[aA]+\\s*[aA]+"},
    {"<pre NONE>q<A>", "q[aA]"},
    {"<LOOP>", "xxxxxx<LOOP>"},
    {"<ZERO><EMPTY><A>", "<ZERO><EMPTY>[aA]"},
    {"<", "<"},
    {"<>", "<>"},
    {"<A", "<A"},
    {"a>b<A>", "a>b[aA]"},
};

static void
set_tags(struct replace_tags *t, struct arena *a)
{
	replace_init(t);
	replace_set(t, a, REPLACE_TAG, STR("A"), STR("[aA]"));
	replace_set(t, a, REPLACE_TAG, STR("B"), STR("<A><A>"));
	replace_set(t, a, REPLACE_TAG, STR("LOOP"), STR("x<LOOP>"));
	replace_set(t, a, REPLACE_TAG, STR("ZERO"), STR("0"));
	replace_set(t, a, REPLACE_TAG, STR("EMPTY"), STR(""));
	replace_set(t, a, REPLACE_TAG, STR("LONG"),
	    STR("(?:alpha|beta|gamma<A>|delta)"));
	replace_set(t, a, REPLACE_PRE, STR("P"), STR("z"));
	replace_set(t, a, REPLACE_POST, STR("P"), STR("+"));
	replace_set(t, a, REPLACE_INTER, STR("I"), STR("\\s*"));
}

static void
test_calls(const struct replace_tags *t, struct arena *a)
{
	struct str got;

	is_int(replace_expand_calls(t, a, STR("x<LONG>{2}<A>"), &got), 0,
	    "expanded as calls");
	is_str(got,
	    STR("x(?&tag_LONG){2}[aA](?(DEFINE)"
		"(?<tag_LONG>(?:alpha|beta|gamma[aA]|delta)))"),
	    "groups are called, classes written out");
	is_int(
	    replace_expand_calls(t, a, STR("x<A>"), &got), 0, "none to call");
	is_str(got, STR("x[aA]"), "no DEFINE without a call");
}

/* A tag of `bytes` bytes, alone in the pattern. */
static int
expand_size(size_t bytes)
{
	struct replace_tags t;
	struct arena a;
	struct buf b;
	struct str got;
	int rc;

	arena_init(&a, 0);
	replace_init(&t);
	buf_init(&b);
	for (size_t i = 0; i < bytes; i++)
		buf_add_char(&b, 'x');
	replace_set(&t, &a, REPLACE_TAG, STR("T"), buf_str(&b));
	rc = replace_expand(&t, &a, STR("<T>"), &got);
	buf_fini(&b);
	replace_fini(&t);
	arena_fini(&a);
	return rc;
}

/* A pattern that is too large for PCRE2 written out still matches. */
static void
test_too_large(void)
{
	struct ruleset_options o = {.plugins = PLUGINS_CORE};
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct diags d;
	struct ruleset *rs;
	struct buf b;

	diags_init(&d, 0);
	buf_init(&b);
	buf_add_cstr(&b, "replace_tag W (?:");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%sword%04d", i ? "|" : "", i);
	buf_add_cstr(&b, ")\nbody R /^(?:<W>,<W>;){5}$/i\nreplace_rules R\n");
	rs = ruleset_parse("t.cf", buf_str(&b), &o, &d);
	is_int(d.len, 0, "no diagnostic");
	ok(rs->rules[0].calls_tags, "tags are called");
	ok(rs->rules[0].regex != NULL, "compiled");
	is_int(regex_match(rs->rules[0].regex, s,
		   STR("word0000,WORD0999;word0001,word0002;word0003,word0004;"
		       "word0005,word0006;word0007,word0008;"),
		   0, NULL),
	    1, "matches");
	is_int(regex_match(rs->rules[0].regex, s,
		   STR("word0000,WORD0999;word0001,word0002;word0003,word0004;"
		       "word0005,word0006;word0007,word1000;"),
		   0, NULL),
	    0, "does not match");
	ruleset_free(&rs);
	buf_fini(&b);
	diags_fini(&d);
	regex_scratch_free(&s);
}

int
main(void)
{
	struct replace_tags t;
	struct arena a;

	arena_init(&a, 0);
	set_tags(&t, &a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str got = STR_NONE;

		is_int(replace_expand(&t, &a, str_from(cases[i].pattern), &got),
		    0, "expands: %s", cases[i].pattern);
		is_str(got, str_from(cases[i].want), "into");
	}
	test_calls(&t, &a);
	replace_fini(&t);
	arena_fini(&a);
	is_int(expand_size(REPLACE_SIZE_MAX), 0, "expands to the limit");
	is_int(expand_size(REPLACE_SIZE_MAX + 1), ERR_LIMIT, "one byte more");
	test_too_large();
	return done_testing();
}
