/*
 * From drafts to the frozen ruleset: default scores, flags, metas, tags,
 * compiled patterns (spec 2.2, 2.12-2.14).
 */
#include "rule/loader.h"

#include "base/err.h"
#include "rule/check.h"
#include "rule/limits.h"
#include "rule/meta.h"
#include "rule/pattern.h"
#include "rule/probe.h"
#include "rule/template.h"

/* Written out, a longer pattern is over PCRE2's limit; it is not even tried. */
#define WRITTEN_OUT_MAX ((size_t)60000)

/* A word of `s` between bytes that are no word bytes. */
static bool
has_word(struct str s, const char *word, struct str *after_out)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= s.len; i++) {
		if (memcmp(s.p + i, word, n) != 0)
			continue;
		if ((i > 0 &&
			(ascii_is_alnum(s.p[i - 1]) || s.p[i - 1] == '_')))
			continue;
		if (after_out == NULL && i + n < s.len &&
		    (ascii_is_alnum(s.p[i + n]) || s.p[i + n] == '_'))
			continue;
		if (after_out != NULL)
			*after_out = str_skip(s, i + n);
		return true;
	}
	return false;
}

static uint32_t
leading_number(struct str s)
{
	uint64_t v = 0;

	str_to_u64(str_head(s, str_span(s, "0123456789")), &v);
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

/* range=A-B, A-, -B or A: nodes of a mimeheader rule. */
static void
set_range(struct rule *r, struct str s)
{
	size_t digits = str_span(s, "0123456789");
	struct str end = str_skip(s, digits);

	if (digits == 0 && (end.len == 0 || end.p[0] != '-'))
		return;
	r->range_from = digits ? leading_number(s) : 0;
	r->range_to = r->range_from;
	if (end.len > 0 && end.p[0] == '-') {
		end = str_skip(end, 1);
		r->range_to = end.len && ascii_is_digit(end.p[0])
				  ? leading_number(end)
				  : UINT32_MAX;
	}
}

static void
set_flags(struct rule *r)
{
	static const struct {
		const char *word;
		unsigned flag;
	} words[] = {{"net", TFLAG_NET}, {"nice", TFLAG_NICE},
	    {"learn", TFLAG_LEARN}, {"userconf", TFLAG_USERCONF},
	    {"multiple", TFLAG_MULTIPLE}, {"nosubject", TFLAG_NOSUBJECT},
	    {"concat", TFLAG_CONCAT}, {"nolog", TFLAG_NOLOG},
	    {"noautolearn", TFLAG_NOAUTOLEARN}};
	struct str after;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (has_word(r->tflags, words[i].word, NULL))
			r->flags |= words[i].flag;
	if (has_word(r->tflags, "maxhits=", &after))
		r->maxhits = leading_number(after);
	if (has_word(r->tflags, "range=", &after))
		set_range(r, after);
}

static void
set_score(struct rule *r)
{
	double score = str_starts(r->name, STR("T_")) ? 0.01 : 1.0;

	if (r->has_score)
		return;
	if (r->flags & TFLAG_NICE)
		score = -score;
	for (int i = 0; i < 4; i++)
		r->score[i] = score;
}

static bool
is_eval(const struct rule *r)
{
	return r->type >= RULE_HEADER_EVAL && r->type <= RULE_FULL_EVAL;
}

static bool
is_enabled(const struct rule *r, unsigned set)
{
	if (r->type == RULE_EMPTY || r->invalid || r->score[set] == 0)
		return false;
	if (!is_eval(r))
		return true;
	return !((r->flags & TFLAG_NET) && !(set & 1)) &&
	       !((r->flags & TFLAG_LEARN) && !(set & 2));
}

static void
freeze(struct loader *l)
{
	struct ruleset *rs = l->rs;

	rs->count = l->defined.len;
	rs->rules = mem_array(rs->count + 1, sizeof(*rs->rules));
	rs->by_name = map_new(false);
	for (size_t i = 0; i < rs->count; i++) {
		struct rule *r = &rs->rules[i];

		*r = l->defined.v[i]->rule;
		r->index = (uint32_t)i;
		r->hidden = str_starts(r->name, STR("__"));
		set_flags(r);
		set_score(r);
		map_set(rs->by_name, r->name, r);
	}
}

static void
refuse_rule(struct loader *l, struct rule *r, const char *why, size_t offset)
{
	r->invalid = true;
	diag_add_excerpt(l->diags, SEVERITY_ERROR, r->pos, r->pattern, offset,
	    "%.*s: the regexp is refused: %s", STR_ARG(r->name), why);
}

/* The tags of a replace_rules rule, written out; what it had if that fails. */
static struct str
expand_tags(struct loader *l, struct rule *r, struct str *calls_out)
{
	struct str from, to;
	struct buf b;

	*calls_out = STR_NONE;
	r->replaced = true;
	buf_init_arena(&b, &l->scratch);
	buf_add(&b, STR("(?aa)"));
	buf_add(&b, r->perl);
	from = buf_str(&b);
	if (replace_expand(&l->tags, &l->scratch, from, &to) != 0) {
		diag_add(l->diags, SEVERITY_ERROR, r->pos,
		    "%.*s: with its tags replaced the regexp has more than "
		    "%zu bytes",
		    STR_ARG(r->name), REPLACE_SIZE_MAX);
		return r->perl;
	}
	if (str_eq(from, to))
		return r->perl;
	if (replace_expand_calls(&l->tags, &l->scratch, from, calls_out) != 0)
		*calls_out = STR_NONE;
	r->before_tags = r->perl;
	return arena_copy(l->arena, to);
}

/* Translates and compiles `perl` into the rule; false: `e` says why. */
static bool
compile_text(
    struct loader *l, struct rule *r, struct str perl, struct pattern_error *e)
{
	struct regex_error re;
	struct str pattern;
	unsigned flags;

	if (pattern_translate(&l->scratch, perl, &pattern, &flags, e) != 0)
		return false;
	r->pattern = pattern;
	r->regex = regex_compile(pattern, flags, &re);
	r->regex_flags = flags;
	if (r->regex == NULL) {
		e->offset = re.offset;
		memcpy(e->message, re.message, sizeof(e->message));
		return false;
	}
	r->pattern =
	    str_eq(pattern, r->perl) ? r->perl : arena_copy(l->arena, pattern);
	return true;
}

static void
compile_rule(struct loader *l, struct rule *r)
{
	struct pattern_error e = {.message = "it is too large"};
	struct str old = r->perl, calls = STR_NONE;
	bool good = false;

	if (map_get(l->replace_rules, r->name) != NULL &&
	    r->type != RULE_MIMEHEADER)
		r->perl = expand_tags(l, r, &calls);
	good =
	    r->perl.len <= WRITTEN_OUT_MAX && compile_text(l, r, r->perl, &e);
	if (!good && calls.len > 0)
		r->calls_tags = good = compile_text(l, r, calls, &e);
	if (!good && !str_eq(old, r->perl)) {
		diag_add_excerpt(l->diags, SEVERITY_WARNING, r->pos, r->pattern,
		    e.offset,
		    "%.*s: with its tags replaced the regexp is refused (%s); "
		    "it stands as written",
		    STR_ARG(r->name), e.message);
		r->perl = old;
		good = compile_text(l, r, old, &e);
	}
	if (!good)
		refuse_rule(l, r, e.message, e.offset);
	else if (r->template)
		regex_free(&r->regex);
	arena_reset(&l->scratch);
}

static void
compile_criteria(struct loader *l, struct rule *r)
{
	for (size_t i = 0; i < r->criterion_count; i++) {
		struct uri_criterion *c = &r->criteria[i];
		struct rule one = {
		    .name = r->name, .pos = r->pos, .perl = c->pattern};
		struct pattern_error e;

		if (!compile_text(l, &one, c->pattern, &e)) {
			refuse_rule(l, r, e.message, e.offset);
			continue;
		}
		c->perl = c->pattern;
		c->pattern = one.pattern;
		c->flags = one.regex_flags;
		c->regex = one.regex;
	}
}

static bool
has_pattern(const struct rule *r)
{
	return r->type >= RULE_HEADER && r->type <= RULE_MIMEHEADER &&
	       !r->exists && !r->invalid;
}

static void
compile_patterns(struct loader *l)
{
	for (size_t i = 0; i < l->rs->count; i++) {
		struct rule *r = &l->rs->rules[i];

		if (has_pattern(r))
			compile_rule(l, r);
		else if (r->type == RULE_URI_DETAIL)
			compile_criteria(l, r);
	}
}

static void *
keep(struct arena *a, const void *v, size_t len, size_t size)
{
	void *p = arena_array(a, len ? len : 1, size);

	if (len > 0)
		memcpy(p, v, len * size);
	return p;
}

void
finish_ruleset(struct loader *l)
{
	struct ruleset *rs = l->rs;

	freeze(l);
	rs->settings = keep(
	    l->arena, l->settings.v, l->settings.len, sizeof(*rs->settings));
	rs->setting_count = l->settings.len;
	rs->tests =
	    keep(l->arena, l->tests.v, l->tests.len, sizeof(*rs->tests));
	rs->test_count = l->tests.len;
	memcpy(rs->version, l->digest, sizeof(rs->version));
	compile_patterns(l);
	meta_compile_all(l);
	check_evals(l);
	if (l->options->probe_cost)
		probe_rules(l);
	for (size_t i = 0; i < rs->count; i++)
		rs->rules[i].enabled =
		    is_enabled(&rs->rules[i], l->options->score_set);
	meta_settle(l);
	if (l->options->lint)
		check_rules(l);
	if (l->options->run_tests)
		check_tests(l);
}
