#include "rule/cond.h"

#include "base/err.h"
#include "base/vec.h"
#include "rule/expr.h"
#include "rule/limits.h"

/* The interpreter rule files were written for; 5.36.0 where it was measured. */
#define PERL_VERSION 5.036

struct tokens {
	VEC(struct lex_token) list;
};

static bool
is_class(struct str word)
{
	unsigned parts = 1;

	for (size_t i = 0; i < word.len; i++) {
		if (word.p[i] != ':')
			continue;
		if (i == 0 || i + 2 >= word.len || word.p[i + 1] != ':' ||
		    word.p[i + 2] == ':')
			return false;
		parts++;
		i++;
	}
	return word.len >= 2 && parts <= 11;
}

static void
set_number(struct lex_token *t, double value)
{
	t->type = LEX_NUMBER;
	t->value = value;
	t->text.len = 0; /* the value counts, not the text */
}

/* Tokens of plugin ( X ), can ( ) ... from `i` on; 0: it is no call. */
static size_t
call_length(const struct tokens *t, size_t i)
{
	const struct lex_token *v = t->list.v;
	size_t close = i + 2;

	if (close >= t->list.len || !str_is(v[i + 1].text, "("))
		return 0;
	if (v[close].type == LEX_WORD)
		close++;
	if (close >= t->list.len || !str_is(v[close].text, ")"))
		return 0;
	return close + 1 - i;
}

static double
call(const struct plugins *p, struct str fn, struct str arg,
    struct source_pos pos, struct diags *diags)
{
	if (arg.len == 0) {
		diag_add(diags, SEVERITY_ERROR, pos, "%.*s() names nothing",
		    STR_ARG(fn));
		return 0;
	}
	if (str_is(fn, "plugin"))
		return plugins_has(p, arg);
	if (str_find(arg, STR("::")) == STR_NPOS)
		diag_add(diags, SEVERITY_ERROR, pos,
		    "%.*s(%.*s) names no function of a module", STR_ARG(fn),
		    STR_ARG(arg));
	return plugins_can(p, arg, str_is(fn, "can"));
}

static bool
is_function(struct str word)
{
	return str_is(word, "plugin") || str_is(word, "can") ||
	       str_is(word, "has");
}

static bool
resolve_word(struct lex_token *t, struct source_pos pos, struct diags *diags)
{
	if (str_is(t->text, "version")) {
		set_number(t, 4.000001);
	} else if (str_is(t->text, "perl_version")) {
		set_number(t, PERL_VERSION);
	} else if (str_is(t->text, "local_tests_only")) {
		set_number(t, 1);
	} else if (is_class(t->text)) {
		set_number(t, 1); /* a string that is not empty is true */
	} else {
		diag_add(diags, SEVERITY_ERROR, pos,
		    "\"%.*s\" in the condition is not understood",
		    STR_ARG(t->text));
		return false;
	}
	return true;
}

/* [+-]D+[.D+]; anything else of digits and signs has at most five signs. */
static bool
is_number(struct str s)
{
	double v;

	if (str_span(s, "+-.") == s.len)
		return s.len <= 5;
	if (s.p[0] == '+' || s.p[0] == '-')
		s = str_skip(s, 1);
	return str_to_double(s, &v) && s.p[0] != '-';
}

/* "-1" and "A -1": the sign is an operator of its own where metas refuse it. */
static void
push_number(struct tokens *to, struct lex_token token)
{
	struct lex_token sign = token;

	if (token.text.len > 1 && str_span(token.text, "+-") == 1) {
		sign.text.len = 1;
		*VEC_PUSH(&to->list) = sign;
		token.text = str_skip(token.text, 1);
		token.offset++;
	}
	*VEC_PUSH(&to->list) = token;
}

/* The word at `*i` as a number; a call is taken whole. */
static int
push_word(const struct plugins *p, const struct tokens *from, size_t *i,
    struct tokens *to, struct source_pos pos, struct diags *diags)
{
	struct lex_token token = from->list.v[*i];
	size_t n;

	if (!is_function(token.text)) {
		if (!resolve_word(&token, pos, diags))
			return ERR_SYNTAX;
	} else if ((n = call_length(from, *i)) > 0) {
		struct str arg = n == 4 ? from->list.v[*i + 2].text : STR_NONE;

		if (n == 4 && !is_class(arg)) {
			diag_add(diags, SEVERITY_ERROR, pos,
			    "\"%.*s\" names no module", STR_ARG(arg));
			return ERR_SYNTAX;
		}
		set_number(&token, call(p, token.text, arg, pos, diags));
		*i += n - 1;
	} else {
		token.type = LEX_OPERATOR; /* cannot parse */
	}
	*VEC_PUSH(&to->list) = token;
	return 0;
}

/* Words to numbers, signs off the numbers. */
static int
resolve(const struct plugins *p, const struct tokens *from, struct tokens *to,
    struct source_pos pos, struct diags *diags)
{
	int rc = 0;

	for (size_t i = 0; i < from->list.len && rc == 0; i++) {
		struct lex_token token = from->list.v[i];

		if (token.type == LEX_WORD) {
			rc = push_word(p, from, &i, to, pos, diags);
		} else if (token.type != LEX_NUMBER) {
			*VEC_PUSH(&to->list) = token;
		} else if (is_number(token.text)) {
			push_number(to, token);
		} else {
			diag_add(diags, SEVERITY_ERROR, pos,
			    "\"%.*s\" in the condition is no number",
			    STR_ARG(token.text));
			rc = ERR_SYNTAX;
		}
	}
	return rc;
}

static int
run(struct tokens *t, struct source_pos pos, struct str text,
    struct diags *diags)
{
	struct expr_error error;
	struct arena a;
	struct meta_code *code;
	double value = 0;

	arena_init(&a, 0);
	code = expr_compile(&a, t->list.v, t->list.len, NULL, &error);
	if (code == NULL)
		diag_add_excerpt(diags, SEVERITY_WARNING, pos, text,
		    error.offset, "condition counts as false: %s",
		    error.message);
	else
		expr_run(code, NULL, &value);
	arena_fini(&a);
	return value != 0;
}

int
cond_eval(const struct plugins *p, struct str text, struct source_pos pos,
    struct diags *diags)
{
	struct tokens t = {0}, numbers = {0};
	struct lex_token token;
	size_t at = 0;
	int rc;

	while (t.list.len < EXPR_TOKEN_MAX && lex_next(text, &at, &token))
		*VEC_PUSH(&t.list) = token;
	rc = resolve(p, &t, &numbers, pos, diags);
	if (rc == 0)
		rc = run(&numbers, pos, text, diags);
	VEC_FINI(&t.list);
	VEC_FINI(&numbers.list);
	return rc;
}
