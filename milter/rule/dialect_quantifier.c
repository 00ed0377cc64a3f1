#include "rule/dialect.h"

#include "base/err.h"

/* Perl's bound of a quantifier. */
#define COUNT_MAX 65534

static uint32_t
times_length(uint32_t a, uint32_t n)
{
	uint64_t product = (uint64_t)a * n;

	if (a == 0 || n == 0)
		return 0;
	return a == LENGTH_INFINITE || n == LENGTH_INFINITE ||
		       product >= LENGTH_INFINITE
		   ? LENGTH_INFINITE
		   : (uint32_t)product;
}

size_t
dialect_braces(struct str s, uint32_t *min_out, uint32_t *max_out)
{
	uint64_t v[2] = {0, 0};
	size_t i = 1, digits[2];
	bool comma;

	for (int k = 0; k < 2; k++) {
		i += str_span(str_skip(s, i), " \t");
		digits[k] = str_span(str_skip(s, i), "0123456789");
		if (digits[k] > 0 &&
		    !str_to_u64(str_head(str_skip(s, i), digits[k]), &v[k]))
			v[k] = UINT32_MAX - 1;
		i += digits[k];
		i += str_span(str_skip(s, i), " \t");
		comma = k == 0 && i < s.len && s.p[i] == ',';
		if (!comma)
			break;
		i++;
		digits[1] = 0;
	}
	comma = str_find_char(str_head(s, i), ',') != STR_NPOS;
	if (i >= s.len || s.p[i] != '}' ||
	    (digits[0] == 0 && (!comma || digits[1] == 0)))
		return 0;
	*min_out = v[0] > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)v[0];
	*max_out = !comma		   ? *min_out
		   : digits[1] == 0	   ? LENGTH_INFINITE
		   : v[1] > UINT32_MAX - 1 ? UINT32_MAX - 1
					   : (uint32_t)v[1];
	return i + 1;
}

/* PCRE2 repeats no bare anchor: put it in a group. */
static void
wrap_atom(struct walk *w)
{
	size_t n = w->out.len - w->atom.start;

	if (!buf_reserve(&w->out, 4))
		return;
	memmove(w->out.p + w->atom.start + 3, w->out.p + w->atom.start, n);
	memcpy(w->out.p + w->atom.start, "(?:", 3);
	w->out.len += 3;
	buf_add_char(&w->out, ')');
}

static int
check_count(struct walk *w, size_t at, uint32_t min, uint32_t max)
{
	if (min > COUNT_MAX || (max > COUNT_MAX && max != LENGTH_INFINITE))
		return walk_refuse(
		    w, at, "a quantifier counts to %d at most", COUNT_MAX);
	if (min > max)
		return walk_refuse(
		    w, at, "a quantifier {n,m} with n over m can never match");
	/* an empty atom may be optional, or repeated up to a bound; no more */
	if (!w->atom.wide && (max == LENGTH_INFINITE ||
				 ((min > 0 || max == 0) && !w->atom.captures)))
		return walk_refuse(
		    w, at, "what the quantifier repeats is always empty");
	return 0;
}

static int
finish_quantifier(struct walk *w, uint32_t min, uint32_t max)
{
	uint32_t ignored;
	int rc = walk_ignorable(w);

	if (rc != 0)
		return rc;
	if (walk_next(w) == '?') {
		if (min == max)
			return walk_refuse(
			    w, w->at, "\"?\" after an exact count has no use");
		walk_copy(w, 1);
	} else if (walk_next(w) == '+') {
		walk_copy(w, 1);
	}
	if ((rc = walk_ignorable(w)) != 0)
		return rc;
	if (strchr("*+?", walk_next(w)) != NULL && walk_next(w) != '\0')
		return walk_refuse(w, w->at, "two quantifiers in a row");
	if (walk_next(w) == '{' &&
	    dialect_braces(walk_rest(w), &ignored, &ignored) > 0)
		return walk_refuse(w, w->at, "two quantifiers in a row");
	w->atom.extent.min = times_length(w->atom.extent.min, min);
	w->atom.extent.max = times_length(w->atom.extent.max, max);
	w->atom.wide = w->atom.wide && max > 0;
	w->atom.quantified = true;
	walk_settle(w);
	return 0;
}

/* {03}: Perl takes no number that begins with a zero it does not need. */
static bool
has_leading_zero(struct str braces)
{
	for (size_t i = 1; i + 1 < braces.len; i++)
		if (braces.p[i] == '0' && ascii_is_digit(braces.p[i + 1]) &&
		    !ascii_is_digit(braces.p[i - 1]))
			return true;
	return false;
}

int
walk_quantifier(struct walk *w)
{
	size_t at = w->at, n = 1;
	uint32_t min = walk_next(w) == '+', max = LENGTH_INFINITE;
	int rc;

	if (walk_next(w) == '?')
		max = 1;
	else if (walk_next(w) == '{')
		n = dialect_braces(walk_rest(w), &min, &max);
	if (has_leading_zero(str_head(walk_rest(w), n)))
		return walk_refuse(
		    w, at, "a number in a quantifier starts with a 0");
	if ((rc = check_count(w, at, min, max)) != 0)
		return rc;
	if (w->atom.anchor)
		wrap_atom(w);
	buf_clear(&w->gap); /* blanks between the two mean nothing */
	if (walk_next(w) != '{')
		buf_add_char(&w->out, walk_next(w));
	else if (max == LENGTH_INFINITE)
		buf_printf(&w->out, "{%u,}", min);
	else if (max == min)
		buf_printf(&w->out, "{%u}", min);
	else
		buf_printf(&w->out, "{%u,%u}", min, max);
	w->at += n;
	return finish_quantifier(w, min, max);
}

/* `{`: a quantifier, a literal where nothing stands before it, or refused. */
int
walk_brace(struct walk *w)
{
	uint32_t min, max;

	if (w->atom.present) {
		if (dialect_braces(walk_rest(w), &min, &max) > 0)
			return walk_quantifier(w);
		if (!w->atom.caret || w->modes.multiline)
			return walk_refuse(w, w->at,
			    "\"{\" here is neither a quantifier nor escaped");
	}
	walk_atom(w, 1, 1);
	buf_add(&w->out, STR("\\{"));
	w->at++;
	return 0;
}
