#include "rule/check.h"

#include "base/err.h"
#include "rule/evalcall.h"
#include "rule/expr.h"
#include "rule/limits.h"
#include "rule/probe.h"

#include <stdarg.h>
#include <stdio.h>

static bool
is_eval(const struct rule *r)
{
	return r->type >= RULE_HEADER_EVAL && r->type <= RULE_RBL_EVAL;
}

/* Named once a file: rules that ask for what is not there count 0. */
static void
note_missing(struct loader *l, const struct rule *r, const char *why)
{
	char *key = mem_printf("%s %.*s", r->pos.file, STR_ARG(r->eval));

	if (map_set(l->noted, str_from(key), l) == NULL)
		diag_add(l->diags, SEVERITY_NOTE, r->pos,
		    "eval function %.*s %s; rules that call it never hit",
		    STR_ARG(r->eval), why);
	free(key);
}

static void
check_function(struct loader *l, struct rule *r)
{
	const struct evalfn *fn = evalfn_find(r->eval);
	bool claimed = fn != NULL && l->plugins.claimed[fn->plugin];

	if (claimed && fn->type != RULE_EMPTY && fn->type != r->type &&
	    !(fn->type == RULE_BODY_EVAL && r->type == RULE_RAWBODY_EVAL)) {
		r->invalid = true;
		diag_add(l->diags, SEVERITY_ERROR, r->pos,
		    "%.*s: %s is for rules of type %s", STR_ARG(r->name),
		    fn->name, rule_type_text(fn->type));
		return;
	}
	if (l->options->knows_eval == NULL || l->options->knows_eval(r->eval))
		return;
	note_missing(l, r,
	    fn == NULL ? "is unknown"
	    : claimed  ? "is not implemented"
		       : "belongs to a plugin that is not in use here");
}

void
check_evals(struct loader *l)
{
	for (size_t i = 0; i < l->rs->count; i++) {
		struct rule *r = &l->rs->rules[i];
		size_t at = 0;

		if (!is_eval(r))
			continue;
		if (evalcall_split(l->arena, r->eval_args, &r->args,
			&r->arg_count, &at) != 0) {
			r->invalid = true;
			diag_add_excerpt(l->diags, SEVERITY_ERROR, r->pos,
			    r->eval_args, at,
			    "%.*s: the arguments of %.*s cannot be read",
			    STR_ARG(r->name), STR_ARG(r->eval));
			continue;
		}
		check_function(l, r);
	}
}

static bool
is_scanned(const struct rule *r)
{
	return r->regex != NULL && !r->invalid;
}

/* A warning with the definition below it, the caret under the pattern. */
__attribute__((format(printf, 3, 4))) static void
complain(struct loader *l, const struct rule *r, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	diag_add_excerpt(l->diags, SEVERITY_WARNING, r->pos, r->written,
	    (size_t)(r->literal.p - r->written.p), "%s", message);
}

/* Matches the empty text and others that have nothing in common. */
static void
check_always(struct loader *l, const struct rule *r, struct regex_scratch *s)
{
	static const char *const texts[] = {"", "x", " \n", "\xe9!",
	    "a longer text, of 3 lines\nand of 2 sentences. With: a colon\n"
	    "and http://www.example.com/?a=1 <tag> \"quoted\"\n"};

	if (r->captures)
		return; /* it is there to take something out */
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (regex_match(r->regex, s, str_from(texts[i]), 0, NULL) != 1)
			return;
	complain(l, r, "%.*s: the regexp matches every text%s",
	    STR_ARG(r->name), r->negated ? ", so the rule never hits" : "");
}

/* Same type, header and pattern as an earlier rule. */
static void
check_same(struct loader *l, const struct rule *r, struct map *seen)
{
	const struct rule *former;
	struct buf b;

	buf_init(&b);
	buf_printf(&b, "%d %d %u %u %.*s ", (int)r->type, r->negated,
	    r->flags & (TFLAG_MULTIPLE | TFLAG_NOSUBJECT | TFLAG_CONCAT),
	    r->range_from, STR_ARG(r->header));
	buf_add(&b, r->unset);
	buf_add_char(&b, ' ');
	buf_add(&b, r->perl);
	former = map_get(seen, buf_str(&b));
	if (former == NULL)
		map_set(seen, buf_str(&b), (void *)(uintptr_t)r);
	else
		complain(l, r, "%.*s says the same as %.*s (%s:%u)",
		    STR_ARG(r->name), STR_ARG(former->name), former->pos.file,
		    former->pos.line);
	buf_fini(&b);
}

/* What cannot be there, by the header it looks at or by what it asks for. */
static void
check_never(struct loader *l, const struct rule *r)
{
	struct str h = r->header;

	if (r->type == RULE_HEADER && !r->negated && !r->has_unset &&
	    str_starts_nocase(h, STR("X-Spam-")) &&
	    !str_starts_nocase(h, STR("X-Spam-Relays-")))
		complain(l, r,
		    "%.*s: X-Spam- headers are taken off before rules look, so "
		    "the rule never hits",
		    STR_ARG(r->name));
	else if (!r->negated && str_find(r->pattern, STR("(?!)")) != STR_NPOS &&
		 r->pattern.len == 4)
		complain(l, r,
		    "%.*s: the regexp asks for a character that is no byte, so "
		    "it never matches",
		    STR_ARG(r->name));
}

static void
check_meta(struct loader *l, const struct rule *r)
{
	bool constant = true;
	double v;

	for (uint32_t i = 0; i < r->code->count; i++)
		constant = constant && r->code->steps[i].op != EXPR_RULE;
	if (constant && expr_run(r->code, NULL, &v))
		diag_add(l->diags, SEVERITY_WARNING, r->pos,
		    "meta %.*s is worth %g whatever the message",
		    STR_ARG(r->name), v);
}

/* Said of a name that is no rule: a slip of the pen, mostly. */
static void
check_loose(struct loader *l)
{
	struct str name;
	size_t pos = 0;
	void *v;

	while (map_next(l->drafts, &pos, &name, &v)) {
		const struct draft *d = v;

		if (d->listed)
			continue;
		if (d->rule.action != RULE_ACTION_NONE)
			diag_add(l->diags, SEVERITY_WARNING, d->rule.pos,
			    "an action for %.*s, which is no rule",
			    STR_ARG(name));
		else if (d->rule.has_score)
			diag_add(l->diags, SEVERITY_NOTE, d->rule.pos,
			    "a score for %.*s, which is no rule",
			    STR_ARG(name));
	}
}

void
check_rules(struct loader *l)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct map *seen = map_new(false);

	for (size_t i = 0; i < l->rs->count; i++) {
		struct rule *r = &l->rs->rules[i];

		if (is_scanned(r)) {
			check_always(l, r, s);
			check_never(l, r);
			check_same(l, r, seen);
		} else if (r->type == RULE_META && r->code && !r->invalid) {
			check_meta(l, r);
		}
	}
	check_loose(l);
	map_free(&seen);
	regex_scratch_free(&s);
}

/* The text as the rule's view would show it. */
static bool
matches(const struct rule *r, struct regex_scratch *s, struct str text)
{
	struct buf b;
	bool hit;

	buf_init(&b);
	buf_add(&b, text);
	if (r->type != RULE_URI)
		buf_add_char(&b, '\n');
	hit = regex_match(r->regex, s, buf_str(&b), 0, NULL) == 1;
	buf_fini(&b);
	return hit != r->negated;
}

void
check_tests(struct loader *l)
{
	struct regex_scratch *s = regex_scratch_new(NULL);

	for (size_t i = 0; i < l->rs->test_count; i++) {
		const struct rule_test *t = &l->rs->tests[i];
		const struct rule *r = ruleset_find(l->rs, t->name);

		if (r == NULL)
			diag_add(l->diags, SEVERITY_WARNING, t->pos,
			    "test of a rule that is not there: %.*s",
			    STR_ARG(t->name));
		else if (!is_scanned(r))
			diag_add(l->diags, SEVERITY_NOTE, t->pos,
			    "%.*s has no regexp a test could try",
			    STR_ARG(t->name));
		else if (matches(r, s, t->text) != t->hits)
			diag_add_excerpt(l->diags, SEVERITY_ERROR, t->pos,
			    t->text, 0, "test failed: %.*s %s match this",
			    STR_ARG(t->name), t->hits ? "does not" : "does");
	}
	regex_scratch_free(&s);
}
