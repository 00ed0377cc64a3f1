/*
 * From drafts to the frozen ruleset: default scores, flags, metas, tags,
 * compiled patterns (spec 2.2, 2.12-2.14).
 */
#include "rule/loader.h"

#include "base/err.h"
#include "base/regex.h"
#include "rule/check.h"
#include "rule/compile.h"
#include "rule/limits.h"
#include "rule/meta.h"
#include "rule/probe.h"

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

/* The few whose actions a verdict looks at one by one. */
static void
list_rules(struct loader *l)
{
	struct ruleset *rs = l->rs;

	rs->acting = arena_array(l->arena, rs->count + 1, sizeof(*rs->acting));
	for (uint32_t i = 0; i < rs->count; i++)
		if (rs->rules[i].action != RULE_ACTION_NONE)
			rs->acting[rs->acting_count++] = i;
}

/* The tags of a replace_rules rule, written out; nothing: none are in it. */
static struct str
expand_tags(struct loader *l, struct rule *r, struct str *calls_out)
{
	struct str from, to;
	struct buf b;

	*calls_out = STR_NONE;
	buf_init_arena(&b, &l->scratch);
	buf_add(&b, STR("(?aa)"));
	buf_add(&b, r->perl);
	from = buf_str(&b);
	if (replace_expand(&l->tags, &l->scratch, from, &to) != 0) {
		diag_add(l->diags, SEVERITY_ERROR, r->pos,
		    "%.*s: with its tags replaced the regexp has more than "
		    "%zu bytes",
		    STR_ARG(r->name), REPLACE_SIZE_MAX);
		return STR_NONE;
	}
	if (str_eq(from, to))
		return STR_NONE;
	if (replace_expand_calls(&l->tags, &l->scratch, from, calls_out) != 0)
		*calls_out = STR_NONE;
	return arena_copy(l->arena, to);
}

static void
give_pattern(struct rule *r, const struct compiled *c)
{
	regex_free(&r->regex);
	r->perl = c->perl;
	r->pattern = c->pattern;
	r->regex_flags = c->regex_flags;
	r->regex = c->regex;
}

/*
 * Puts the tags of a replace_rules rule in. The pattern stands as written when
 * the result is refused.
 */
static void
replace_tags(struct loader *l, struct rule *r)
{
	struct pattern_error e = {.message = "it is too large"};
	struct str calls = STR_NONE, whole = expand_tags(l, r, &calls);
	struct compiled c;

	if (whole.p == NULL)
		return;
	if (whole.len <= WRITTEN_OUT_MAX && compile_perl(l, whole, &c, &e)) {
		r->before_tags = r->perl;
		give_pattern(r, &c);
	} else if (calls.len > 0 &&
		   compile_perl(l, arena_copy(l->arena, calls), &c, &e)) {
		r->before_tags = r->perl;
		give_pattern(r, &c);
		r->perl = whole;
		r->calls_tags = true;
	} else {
		diag_add_excerpt(l->diags, SEVERITY_WARNING, r->pos, r->written,
		    (size_t)(r->literal.p - r->written.p),
		    "%.*s: with its tags replaced the regexp is refused (%s); "
		    "it stands as written",
		    STR_ARG(r->name), e.message);
	}
}

static bool
has_pattern(const struct rule *r)
{
	return r->type >= RULE_HEADER && r->type <= RULE_MIMEHEADER &&
	       !r->exists && !r->invalid;
}

static void
settle_patterns(struct loader *l)
{
	for (size_t i = 0; i < l->rs->count; i++) {
		struct rule *r = &l->rs->rules[i];

		r->replaced = map_get(l->replace_rules, r->name) != NULL;
		if (!has_pattern(r))
			continue;
		if (r->replaced && r->type != RULE_MIMEHEADER)
			replace_tags(l, r);
		if (r->template)
			regex_free(&r->regex);
		arena_reset(&l->scratch);
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
	list_rules(l);
	rs->settings = keep(
	    l->arena, l->settings.v, l->settings.len, sizeof(*rs->settings));
	rs->setting_count = l->settings.len;
	rs->tests =
	    keep(l->arena, l->tests.v, l->tests.len, sizeof(*rs->tests));
	rs->test_count = l->tests.len;
	memcpy(rs->version, l->digest, sizeof(rs->version));
	settle_patterns(l);
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
