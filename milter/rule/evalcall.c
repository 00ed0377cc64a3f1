#include "rule/evalcall.h"

#include "base/err.h"
#include "rule/lex.h"
#include "rule/limits.h"

#include <math.h>
#include <stdlib.h>

/* Behind the value: white space and a comma, or the end. STR_NPOS: neither. */
static size_t
separator_length(struct str s)
{
	size_t n = 0;

	while (n < s.len && ascii_is_space(s.p[n]))
		n++;
	if (n == s.len)
		return n;
	if (s.p[n] != ',')
		return STR_NPOS;
	n++;
	while (n < s.len && ascii_is_space(s.p[n]))
		n++;
	return n;
}

/* The first closing quote that a separator follows ends the value. */
static size_t
quoted_length(struct str s, struct str *value_out)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] != s.p[0] ||
		    separator_length(str_skip(s, i + 1)) == STR_NPOS)
			continue;
		*value_out = str_make(s.p + 1, i - 1);
		return i + 1;
	}
	return 0;
}

static size_t
bare_length(struct str s, struct str *value_out)
{
	size_t n = 0;

	while (n < s.len && (ascii_is_alnum(s.p[n]) || s.p[n] == '.' ||
				s.p[n] == ':' || s.p[n] == '-'))
		n++;
	*value_out = str_head(s, n);
	return n;
}

#define NUMBER_MAX 63 /* bytes of a number looked at */

static size_t
digits(struct str s)
{
	return str_span(s, "0123456789");
}

/* Length of "+1.5e-3" in front, 0: no number stands there. */
static size_t
number_length(struct str s)
{
	size_t n = str_span(str_head(s, 1), "+-");
	size_t whole = digits(str_skip(s, n));
	size_t part = 0;
	size_t at;

	n += whole;
	if (n < s.len && s.p[n] == '.') {
		part = digits(str_skip(s, n + 1));
		n += 1 + part;
	}
	if (whole + part == 0)
		return 0;
	if (n < s.len && (s.p[n] == 'e' || s.p[n] == 'E')) {
		at = n + 1 + str_span(str_head(str_skip(s, n + 1), 1), "+-");
		if (digits(str_skip(s, at)) > 0)
			n = at + digits(str_skip(s, at));
	}
	return n;
}

double
evalcall_number(struct str text)
{
	struct str s = str_trim_left(text);
	struct str word = str_skip(s, str_span(str_head(s, 1), "+-"));
	char copy[NUMBER_MAX + 1];
	size_t n;

	if (str_starts_nocase(word, STR("inf")))
		return s.p[0] == '-' ? -INFINITY : INFINITY;
	n = number_length(s);
	if (n > NUMBER_MAX)
		n = NUMBER_MAX;
	memcpy(copy, s.p != NULL ? s.p : "", n);
	copy[n] = '\0';
	return n > 0 ? strtod(copy, NULL) : 0;
}

int
evalcall_split(struct arena *a, struct str text, struct eval_arg **args_out,
    size_t *count_out, size_t *at_out)
{
	struct eval_arg v[EVAL_ARG_MAX];
	struct str rest = text;
	size_t count = 0;

	while (str_trim(rest).len > 0) {
		struct str value;
		size_t n, gap;

		rest = str_trim_left(rest);
		n = rest.p[0] == '"' || rest.p[0] == '\''
			? quoted_length(rest, &value)
			: bare_length(rest, &value);
		gap = n ? separator_length(str_skip(rest, n)) : STR_NPOS;
		*at_out = (size_t)(rest.p - text.p);
		if (gap == STR_NPOS)
			return ERR_SYNTAX;
		if (count == EVAL_ARG_MAX)
			return ERR_LIMIT;
		v[count] = (struct eval_arg){.text = arena_copy(a, value)};
		v[count].number = evalcall_number(value);
		v[count].is_number = str_to_double(value, &v[count].number);
		count++;
		rest = str_skip(rest, n + gap);
	}
	*args_out = arena_array(a, count ? count : 1, sizeof(**args_out));
	if (count > 0)
		memcpy(*args_out, v, count * sizeof(*v));
	*count_out = count;
	return 0;
}
