/*
 * Eval functions over the addresses of To, Cc and Bcc: sorted, or all alike, as
 * those taken from a list of addresses are.
 */
#include "policy/eval_value.h"

/* Addresses compared; each is held against all others. */
#define RECIPIENTS_MAX 256
/* Fewer prove nothing. */
#define SORTED_MIN 7
#define SIMILAR_MIN 5
/* Bytes of user and host compared. */
#define SIMILAR_LENGTH 2

struct recipients {
	bool sorted;
	double similar; /* 0 to 2: like parts for each pair */
};

struct list {
	struct str v[RECIPIENTS_MAX];
	size_t len;
	size_t seen; /* before repeats were dropped */
};

/* Adds those that differ from their predecessor. False: the list ends here. */
static bool
add(struct list *l, struct str_list from)
{
	for (size_t i = 0; i < from.len; i++) {
		struct str s = from.v[i];

		if (s.len == 0 || str_is(s, "0") || l->len == RECIPIENTS_MAX)
			return false;
		if (!str_eq_nocase(s, l->len > 0 ? l->v[l->len - 1] : STR_NONE))
			l->v[l->len++] = s;
	}
	l->seen += from.len;
	return true;
}

static bool
is_sorted(const struct list *l)
{
	for (size_t i = 1; i < l->len; i++)
		if (str_cmp(l->v[i - 1], l->v[i]) > 0)
			return false;
	return l->len >= SORTED_MIN;
}

static double
similarity(const struct list *l)
{
	struct str host[RECIPIENTS_MAX];
	size_t hosts = 0, hits = 0;

	if (l->len < SIMILAR_MIN)
		return 0;
	/* Those without a host leave no gap, those behind move up. */
	for (size_t i = 0; i < l->len; i++) {
		size_t at = str_find_char(l->v[i], '@');

		host[i] = STR_NONE;
		if (at != STR_NPOS)
			host[hosts++] = str_skip(l->v[i], at + 1);
	}
	for (size_t i = 0; i < l->len; i++) {
		for (size_t k = i + 1; k < l->len; k++) {
			hits += str_eq(str_head(l->v[i], SIMILAR_LENGTH),
			    str_head(l->v[k], SIMILAR_LENGTH));
			hits += str_eq(str_head(host[i], SIMILAR_LENGTH),
				    str_head(host[k], SIMILAR_LENGTH)) &&
				!str_eq(host[i], host[k]);
		}
	}
	return (double)hits / (double)(l->len * (l->len - 1) / 2);
}

static const struct recipients *
recipients(struct eval_context *c)
{
	bool fresh;
	struct recipients *r =
	    eval_slot(c, EVAL_SLOT_RECIPIENTS, sizeof(*r), &fresh);
	struct list *l;

	if (r == NULL || !fresh)
		return r;
	l = arena_alloc(c->arena, sizeof(*l));
	if (l == NULL)
		return r;
	l->len = l->seen = 0;
	if (add(l, eval_addresses(c, STR("ToCc"))) && l->seen < SIMILAR_MIN)
		add(l, eval_addresses(c, STR("Bcc")));
	r->sorted = is_sorted(l);
	r->similar = similarity(l);
	return r;
}

double
eval_sorted_recipients(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct recipients *r = recipients(c);

	(void)args;
	(void)arg_count;
	return r != NULL && r->sorted;
}

double
eval_similar_recipients(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct recipients *r = recipients(c);

	if (r == NULL || arg_count < 2)
		return 0;
	return (str_is(args[0].text, "undef") ||
		   r->similar >= eval_argument(args, arg_count, 0)) &&
	       (str_is(args[1].text, "undef") ||
		   r->similar < eval_argument(args, arg_count, 1));
}
