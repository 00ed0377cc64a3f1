/*
 * The lexer metas and conditions share (spec 2.12): numbers, words, operators.
 *
 * What is no token is passed over in silence, as rule writers have come to rely
 * on. Pure; any thread.
 */
#ifndef POSTERN_RULE_LEX_H
#define POSTERN_RULE_LEX_H

#include "base/str.h"

enum lex_type { LEX_NUMBER, LEX_WORD, LEX_OPERATOR };

struct lex_token {
	enum lex_type type;
	struct str text;
	size_t offset; /* into the lexed text */
	double value;  /* filled by whoever resolves the token */
};

/* Next token at or after `*pos`; false at the end. */
bool lex_next(struct str text, size_t *pos, struct lex_token *out);

/* The word is a rule name: [A-Za-z_][A-Za-z0-9_]*, at most 128 bytes. */
bool lex_is_name(struct str word);

#define LEX_WORD_BYTES \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

#endif
