#include "rule/evalcall.h"

#include "base/err.h"
#include "rule/lex.h"
#include "rule/limits.h"

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
