#include "rule/lex.h"

#define NAME_BYTES_MAX 128

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static bool
is_number(char c)
{
	return ascii_is_digit(c) || c == '+' || c == '-' || c == '.';
}

static size_t
operator_length(struct str s)
{
	char next = s.len > 1 ? s.p[1] : '\0';

	switch (s.p[0]) {
	case '|':
	case '&':
	case '=':
		return next == s.p[0] ? 2 : 0;
	case '<':
	case '>':
	case '!':
		return next == '=' ? 2 : 1;
	case '(':
	case ')':
	case '^':
	case '*':
	case '/':
	case '?':
	case ':':
		return 1;
	default:
		return 0;
	}
}

bool
lex_next(struct str text, size_t *pos, struct lex_token *out)
{
	for (; *pos < text.len; (*pos)++) {
		struct str s = str_skip(text, *pos);
		size_t n = 0;

		*out = (struct lex_token){.offset = *pos};
		if (is_number(s.p[0])) {
			out->type = LEX_NUMBER;
			while (n < s.len && is_number(s.p[n]))
				n++;
		} else if (is_word(s.p[0])) {
			out->type = LEX_WORD;
			while (n < s.len && (is_word(s.p[n]) || s.p[n] == ':'))
				n++;
		} else {
			out->type = LEX_OPERATOR;
			n = operator_length(s);
		}
		if (n == 0)
			continue;
		out->text = str_head(s, n);
		*pos += n;
		return true;
	}
	return false;
}

bool
lex_is_name(struct str word)
{
	if (word.len == 0 || word.len > NAME_BYTES_MAX ||
	    ascii_is_digit(word.p[0]))
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (!is_word(word.p[i]))
			return false;
	return true;
}
