#include "policy/evalarg.h"

#include "rule/evalcall.h"

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
	return i < args.len ? args.v[i].number : 0;
}

/* ---- expressions -------------------------------------------------------- */

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
	n = str_span(*s, "0123456789");
	if (n == 0)
		return false;
	*out = sign * evalcall_number(str_head(*s, n));
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
