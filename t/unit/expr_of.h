/* Expressions over rules of one letter, for tests. */
#ifndef T_UNIT_EXPR_OF_H
#define T_UNIT_EXPR_OF_H

#include "base/vec.h"
#include "rule/expr.h"
#include "rule/lex.h"

/* `names`: the letter of each rule, in order; another one is no rule's. */
static struct meta_code *
expr_of(struct arena *a, const char *names, const char *text)
{
	VEC(struct lex_token) tokens = {0};
	VEC(uint32_t) index = {0};
	struct str s = str_from(text);
	struct meta_code *code;
	struct lex_token t;
	struct expr_error e;
	size_t pos = 0;

	while (lex_next(s, &pos, &t)) {
		const char *at =
		    t.type == LEX_WORD ? strchr(names, t.text.p[0]) : NULL;

		*VEC_PUSH(&tokens) = t;
		*VEC_PUSH(&index) =
		    at != NULL ? (uint32_t)(at - names) : EXPR_UNKNOWN;
	}
	code = expr_compile(a, tokens.v, tokens.len, index.v, &e);
	VEC_FINI(&tokens);
	VEC_FINI(&index);
	return code;
}

#endif
