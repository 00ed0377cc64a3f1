#include "policy/evalarg.h"

#include <math.h>
#include <stdlib.h>

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
eval_number(struct str text)
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

bool
eval_has_arg(struct eval_args args, size_t i)
{
	return i < args.len;
}

struct str
eval_text_arg(struct eval_args args, size_t i)
{
	return i < args.len ? args.v[i].text : STR("");
}

double
eval_number_arg(struct eval_args args, size_t i)
{
	if (i >= args.len)
		return 0;
	return args.v[i].is_number ? args.v[i].number
				   : eval_number(args.v[i].text);
}

/* ---- expressions -----------------------------------------------------------
 */

/* Signs in a row and a whole number. */
static bool
take_term(struct str *s, double *out)
{
	double sign = 1;
	size_t n;

	*s = str_trim_left(*s);
	while (s->len > 0 && (s->p[0] == '-' || s->p[0] == '+')) {
		if (s->p[0] == '-')
			sign = -sign;
		*s = str_trim_left(str_skip(*s, 1));
	}
	n = digits(*s);
	if (n == 0)
		return false;
	*out = sign * eval_number(str_head(*s, n));
	*s = str_trim_left(str_skip(*s, n));
	return true;
}

/* "+ 1 - 2 ..." added to `*sum`. */
static bool
take_sums(struct str *s, double *sum)
{
	*s = str_trim_left(*s);
	while (s->len > 0 && (s->p[0] == '+' || s->p[0] == '-')) {
		double sign = s->p[0] == '-' ? -1 : 1;
		double term;

		*s = str_skip(*s, 1);
		if (!take_term(s, &term))
			return false;
		*sum += sign * term;
	}
	return true;
}

enum comparison { EQUAL, UNEQUAL, AT_MOST, AT_LEAST, LESS, MORE, ORDER };

static bool
take_comparison(struct str *s, enum comparison *out)
{
	static const struct {
		const char *text;
		enum comparison what;
	} all[] = {{"<=>", ORDER}, {"==", EQUAL}, {"!=", UNEQUAL},
	    {"<=", AT_MOST}, {">=", AT_LEAST}, {"<", LESS}, {">", MORE}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct str text = str_from(all[i].text);

		if (!str_starts(*s, text))
			continue;
		*s = str_skip(*s, text.len);
		*out = all[i].what;
		return true;
	}
	return false;
}

static bool
holds(double a, enum comparison what, double b)
{
	switch (what) {
	case EQUAL:
		return a == b;
	case UNEQUAL:
	case ORDER: /* -1, 0 or 1, taken as a truth */
		return a != b;
	case AT_MOST:
		return a <= b;
	case AT_LEAST:
		return a >= b;
	case LESS:
		return a < b;
	case MORE:
		return a > b;
	}
	return false;
}

bool
eval_compare(double value, struct str expression)
{
	struct str s = expression;
	enum comparison what;
	double other;

	if (s.len == 0 || str_span(s, "<>=!-+ 0123456789") != s.len ||
	    !take_sums(&s, &value))
		return false;
	if (s.len == 0)
		return value != 0;
	if (!take_comparison(&s, &what) || !take_term(&s, &other) ||
	    !take_sums(&s, &other))
		return false;
	return s.len == 0 && holds(value, what, other);
}
