/*
 * Eval functions about time: the Date field against the Received lines, and the
 * clock inside an Outlook Message-ID. Dates are read once for a message.
 */
#include "mail/date.h"
#include "policy/eval_value.h"

#include <stdlib.h>

/* Received lines whose dates count. */
#define TIMES_MAX 256

struct dates {
	bool has_date;
	int64_t date;	   /* of the Date or Resent-Date field */
	int64_t *received; /* newest first */
	size_t received_count;
	bool has_fetched;
	int64_t fetched; /* when a mailbox was emptied into ours */
	int64_t shift;	 /* Date against the nearest Received */
};

/* ---- reading them ------------------------------------------------------- */

static void
read_date(struct eval_context *c, struct dates *d)
{
	static const struct str names[] = {
	    STR_INIT("Resent-Date"), STR_INIT("Date")};

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		struct str_list l = eval_values(c, names[n]);

		for (size_t i = 0; i < l.len && !d->has_date; i++)
			d->has_date = date_parse(l.v[i], &d->date);
	}
}

static bool
line_time(struct str line, int64_t *out)
{
	struct str stamp;

	return date_find_stamp(line, &stamp) && date_parse(stamp, out);
}

/* Next line that is not blank. */
static bool
next_line(struct str *rest, struct str *out)
{
	while (rest->p != NULL) {
		*out = str_cut(rest, '\n');
		if (str_trim(*out).len > 0)
			return true;
	}
	return false;
}

static void
add_fetched(struct eval_context *c, struct dates *d, struct str line)
{
	int64_t t;

	if (!line_time(line, &t) || t > message_now_ms(c->message) / 1000)
		return;
	if (!d->has_fetched || t > d->fetched)
		d->fetched = t;
	d->has_fetched = true;
}

/*
 * Lines on top a fetching program added here say when the mail was fetched, not
 * when it came. Takes them off `*rest`.
 */
static void
take_fetched(struct eval_context *c, struct dates *d, struct str *rest)
{
	struct str after = *rest, first, second;
	bool handed_on;

	if (!next_line(&after, &first))
		return;
	handed_on = eval_finds(c, EVAL_PATTERN_LINE_FROM_HERE, first);
	if (!handed_on) {
		if (!eval_finds(c, EVAL_PATTERN_LINE_FETCHED, first))
			return;
		add_fetched(c, d, first);
		*rest = after;
		return;
	}
	if (!next_line(&after, &second) ||
	    !eval_finds(c, EVAL_PATTERN_LINE_FETCHED, second))
		return;
	add_fetched(c, d, first);
	add_fetched(c, d, second);
	*rest = after;
}

static void
read_received(struct eval_context *c, struct dates *d)
{
	struct str rest = eval_value(c, STR("Received")), line;

	d->received = arena_array(c->arena, TIMES_MAX, sizeof(*d->received));
	if (d->received == NULL)
		return;
	take_fetched(c, d, &rest);
	while (d->received_count < TIMES_MAX && next_line(&rest, &line))
		if (line_time(line, &d->received[d->received_count]))
			d->received_count++;
}

/*
 * Against the Received line it differs least from. The oldest line is left out
 * when it does not differ: the same program wrote both.
 */
static int64_t
shift(const struct dates *d)
{
	size_t n = d->received_count;
	int64_t best = 0, best_size = INT64_MAX;

	if (!d->has_date || n == 0)
		return 0;
	if (n > 1 && d->received[n - 1] == d->date)
		n--;
	for (size_t i = 0; i < n; i++) {
		int64_t by = d->date - d->received[i];
		int64_t size = by < 0 ? -by : by;

		if (size < best_size) {
			best = by;
			best_size = size;
		}
	}
	return best;
}

static const struct dates *
dates(struct eval_context *c)
{
	bool fresh;
	struct dates *d = eval_slot(c, EVAL_SLOT_DATES, sizeof(*d), &fresh);

	if (d == NULL || !fresh)
		return d;
	read_date(c, d);
	read_received(c, d);
	d->shift = shift(d);
	return d;
}

/* ---- within a range ----------------------------------------------------- */

/* The argument is "undef" or missing: that end is open. */
static bool
is_open(const struct eval_arg *args, size_t count, size_t i)
{
	return i >= count || str_is(args[i].text, "undef");
}

/* In [min, max), the arguments in units of `unit` seconds. */
static bool
in_range(const struct eval_arg *args, size_t count, double seconds, double unit)
{
	return (is_open(args, count, 0) ||
		   seconds >= unit * eval_argument(args, count, 0)) &&
	       (is_open(args, count, 1) ||
		   seconds < unit * eval_argument(args, count, 1));
}

double
eval_check_for_shifted_date(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct dates *d = dates(c);

	return d != NULL && in_range(args, arg_count, (double)d->shift, 3600);
}

static int
compare_newest(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x > y ? -1 : x < y;
}

/* When the message came, by the middle of what its fields say; 0: unknown. */
static int64_t
time_received(const struct dates *d)
{
	int64_t v[4];
	size_t n = 0;

	if (d->has_date)
		v[n++] = d->date;
	if (d->received_count > 0)
		v[n++] = d->received[0];
	if (d->has_fetched)
		v[n++] = d->fetched;
	if (d->has_date && d->received_count > 0)
		v[n++] = d->date - d->shift;
	if (n == 0)
		return 0;
	qsort(v, n, sizeof(v[0]), compare_newest);
	return v[(n - 1) / 2];
}

/* A twelfth of 365.2425 days. */
#define MONTH_SECONDS (31556952.0 / 12)

double
eval_received_within_months(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct dates *d = dates(c);
	int64_t now = message_now_ms(c->message) / 1000;

	return d != NULL &&
	       in_range(args, arg_count, (double)(now - time_received(d)),
		   MONTH_SECONDS);
}

/* ---- Outlook's Message-ID ----------------------------------------------- */

/* <FFFFTTTTTTTT$XXXXXXXX$XXXXXXXX@: TTTTTTTT counts units of 429.5 seconds. */
static bool
parse_outlook_id(struct str id, uint64_t *token_out)
{
	static const char shape[] = "<xxxxxxxxxxxx$xxxxxxxx$xxxxxxxx@";
	size_t len = sizeof(shape) - 1;

	if (id.len < len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char ch = id.p[i];
		bool good = shape[i] == 'x'
				? ascii_is_digit(ch) || (ch >= 'a' && ch <= 'f')
				: ch == shape[i];

		if (!good)
			return false;
	}
	*token_out = 0;
	for (size_t i = 5; i < 13; i++)
		*token_out = *token_out << 4 | (unsigned)ascii_hex(id.p[i]);
	return true;
}

/* The token that text's date would have given is near. */
static bool
token_fits(uint64_t token, struct str text)
{
	/* 2^32 units of 100 ns, counted from 1601. */
	static const double per_second = 0.0023283064365387;
	static const double at_1970 = 27111902.8329849;
	static const double fudge = 250;
	int64_t t = 0;
	double by;

	if (!date_parse(text, &t))
		t = 0;
	by =
	    (double)token - (double)(int64_t)((double)t * per_second + at_1970);
	return by < fudge && by > -fudge;
}

double
eval_check_outlook_message_id(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	uint64_t token;

	(void)args;
	(void)arg_count;
	if (!parse_outlook_id(eval_value(c, STR("MESSAGEID")), &token) ||
	    token_fits(token, eval_value(c, STR("Date"))))
		return 0;
	/* The first date in all of the Received lines. */
	return !token_fits(token, eval_value(c, STR("Received")));
}
