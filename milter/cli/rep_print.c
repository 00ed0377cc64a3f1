/*
 * postern rep for people: tables read at a glance, bars for rates.
 */
#include "cli/rep.h"

#include "base/clean.h"
#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BAR 20
#define SPAN_TEXT 32

static bool
has_colours(void)
{
	const char *off = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) != 0 && (off == NULL || *off == '\0');
}

/* Red for what is refused, yellow for doubt, green for good. */
static const char *
state_colour(struct str state)
{
	if (!has_colours())
		return "";
	if (str_is(state, "listed") || str_is(state, "blocked"))
		return "\033[31m";
	if (str_is(state, "watch") || str_is(state, "probation"))
		return "\033[33m";
	if (str_is(state, "good") || str_is(state, "allowed"))
		return "\033[32m";
	return "";
}

static const char *
plain(void)
{
	return has_colours() ? "\033[0m" : "";
}

static void
print_state(struct str state, int width)
{
	printf(
	    "%s%-*.*s%s", state_colour(state), width, STR_ARG(state), plain());
}

static void
print_text(struct str s)
{
	struct buf b;

	buf_init(&b);
	clean_add_utf8(&b, s);
	printf("%s", buf_cstr(&b));
	buf_fini(&b);
}

/* Without the letter and colon the store has it under. */
static struct str
plain_unit(struct str unit)
{
	return unit.len > 2 && unit.p[1] == ':' ? str_skip(unit, 2) : unit;
}

static void
print_time(int64_t ms)
{
	char text[40];
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (ms == 0 || localtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) == 0)
		printf("-               ");
	else
		printf("%s", text);
}

/* "2d 3h", "45 min", for the time between. */
static void
format_span(int64_t ms, char text[static SPAN_TEXT])
{
	int64_t minutes = ms / 60000;

	if (ms < 0)
		(void)snprintf(text, SPAN_TEXT, "over");
	else if (minutes < 60)
		(void)snprintf(text, SPAN_TEXT, "%" PRId64 " min", minutes);
	else if (minutes < 48 * 60)
		(void)snprintf(text, SPAN_TEXT, "%" PRId64 "h %" PRId64 "m",
		    minutes / 60, minutes % 60);
	else
		(void)snprintf(text, SPAN_TEXT, "%" PRId64 "d %" PRId64 "h",
		    minutes / 1440, minutes % 1440 / 60);
}

static void
print_span(int64_t ms)
{
	char text[SPAN_TEXT];

	format_span(ms, text);
	printf("%s", text);
}

static void
print_left(int64_t ms)
{
	char text[SPAN_TEXT];

	format_span(ms, text);
	printf("%-8s", text);
}

static void
print_bar(double share)
{
	int full = (int)lround((share < 0 ? 0 : share > 1 ? 1 : share) * BAR);

	printf("[%.*s%.*s]", full, "####################", BAR - full,
	    "....................");
}

static void
print_rate(const char *name, double rate, const char *bound, double at)
{
	printf("  %-12s ", name);
	print_bar(rate);
	printf(" %5.1f %%   %s %.1f %%\n", rate * 100, bound, at * 100);
}

static void
print_counts(const struct json *counts)
{
	void *iter = NULL;
	const char *name;
	struct json *v;
	int n = 0;

	if (json_get_int(counts, "seen", 0) == 0) {
		printf("  %-12s no mail from it; its rate is what its "
		       "neighbourhood lets expect\n",
		    "counts");
		return;
	}
	printf("  %-12s", "counts");
	while (json_next(counts, &iter, &name, &v))
		printf("%s%s %.0f", n++ ? ", " : " ", name, json_number(v));
	printf("\n");
}

static void
print_rates(const struct json *r)
{
	print_rate("bad, hours", json_get_double(r, "short", 0), "surely above",
	    json_get_double(r, "short_lower", 0));
	print_rate("bad, weeks", json_get_double(r, "long", 0), "surely below",
	    json_get_double(r, "long_upper", 1));
	printf("  %-12s %.1f bad in the last hours, %.1f of both kinds in "
	       "weeks; without any, %.0f %%\n",
	    "weight", json_get_double(r, "bad_weight", 0),
	    json_get_double(r, "long_weight", 0),
	    json_get_double(r, "prior", 0) * 100);
}

static void
print_evidence(const struct json *list)
{
	if (json_count(list) == 0)
		return;
	printf("  evidence\n");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *e = json_at(list, i);

		printf("    ");
		print_time(json_get_int(e, "at_ms", 0));
		printf("  %-10.*s %6.1f  %-12.*s ",
		    STR_ARG(json_get_str(e, "class")),
		    json_get_double(e, "score", 0),
		    STR_ARG(json_get_str(e, "ref")));
		print_text(json_get_str(e, "rule"));
		printf("%s\n",
		    json_get_bool(e, "disputed", false) ? "  (disputed)" : "");
	}
}

static void
print_listing(const struct json *l, int64_t now_ms)
{
	if (!json_is_object(l))
		return;
	printf("  %-12s %.*s since ", "listing",
	    STR_ARG(json_get_str(l, "state")));
	print_time(json_get_int(l, "since_ms", 0));
	printf(" until ");
	print_time(json_get_int(l, "until_ms", 0));
	printf(" (");
	print_span(json_get_int(l, "until_ms", 0) - now_ms);
	printf(")");
	if (json_get_int(l, "strike", 0) > 0)
		printf(", strike %" PRId64, json_get_int(l, "strike", 0));
	printf("\n");
	printf("  %-12s ", "because");
	print_text(json_get_str(l, "why"));
	printf("\n  %-12s ", "by");
	print_text(json_get_str(l, "by"));
	if (json_get_str(l, "ref").len > 0)
		printf(", reference %.*s", STR_ARG(json_get_str(l, "ref")));
	if (json_get_str(l, "note").len > 0) {
		printf("\n  %-12s ", "note");
		print_text(json_get_str(l, "note"));
	}
	printf("\n");
}

/* What would list it next: nothing to say of one that is. */
static void
print_next(const struct json *a)
{
	int64_t more = json_get_int(a, "spam_to_list", -1);

	if (more > 0)
		printf("  %-12s %" PRId64
		       " more spam in a row, each to another "
		       "recipient, would list it\n",
		    "next", more);
	else if (more == 0)
		printf("  %-12s no amount of spam would list it\n", "next");
}

static void
print_times(const struct json *a)
{
	if (json_get_int(a, "first_ms", 0) == 0)
		return;
	printf("  %-12s first ", "seen");
	print_time(json_get_int(a, "first_ms", 0));
	printf(", last ");
	print_time(json_get_int(a, "last_ms", 0));
	printf("\n");
}

/* Why 45 spams may weigh only 3. */
static void
print_givers(const struct json *a)
{
	int64_t n = json_get_int(a, "bad_givers_today", 0);
	double most = json_get_double(a, "recipient_limit", 0);

	if (n > 0 && most > 0)
		printf("  %-12s bad mail to %" PRId64 " recipient%s today; one "
		       "counts for %.0f at most\n",
		    "recipients", n, n == 1 ? "" : "s", most);
}

static void
print_network(const struct json *net, const char *what, int64_t now_ms)
{
	if (net == NULL)
		return;
	printf("%.*s  (%s)\n", STR_ARG(plain_unit(json_get_str(net, "unit"))),
	    what);
	if (json_get(net, "counts") != NULL)
		print_counts(json_get(net, "counts"));
	if (json_get(net, "rates") != NULL &&
	    json_get_int(json_get(net, "counts"), "seen", 0) > 0)
		print_rates(json_get(net, "rates"));
	print_listing(json_get(net, "listing"), now_ms);
}

static void
print_members(const struct json *a)
{
	if (json_get(a, "members_bad") == NULL)
		return;
	printf("  %-12s %" PRId64 " bad and %" PRId64 " good today\n",
	    "members", json_get_int(a, "members_bad", 0),
	    json_get_int(a, "members_good", 0));
}

static void
print_show(const struct json *a, int64_t now_ms)
{
	printf("%.*s  ", STR_ARG(plain_unit(json_get_str(a, "unit"))));
	print_state(json_get_str(a, "state"), 0);
	if (json_get_int(a, "until_ms", 0) > 0) {
		printf(" until ");
		print_time(json_get_int(a, "until_ms", 0));
	}
	if (json_get_bool(a, "by_network", false))
		printf(" (its network is)");
	if (json_get_bool(a, "protected", false))
		printf(" (protected: watch at most)");
	printf("\n");
	print_counts(json_get(a, "counts"));
	print_times(a);
	print_rates(json_get(a, "rates"));
	print_givers(a);
	print_members(a);
	print_listing(json_get(a, "listing"), now_ms);
	print_next(a);
	print_evidence(json_get(a, "evidence"));
	print_network(json_get(a, "network"), "its network", now_ms);
	print_network(json_get(a, "wider"), "a network around it", now_ms);
}

#define UNIT_WIDTH 24

static void
print_top(const struct json *a)
{
	const struct json *list = json_get(a, "units");

	if (json_count(list) == 0) {
		printf("nothing bad was seen this hour\n");
		return;
	}
	printf("%-*s %9s %9s  %-22s  %s\n", UNIT_WIDTH, "client", "bad/hour",
	    "seen ever", "bad share now", "state");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *u = json_at(list, i);
		double bad = json_get_double(u, "bad_weight", 0);
		double all = bad + json_get_double(u, "good_weight", 0);

		printf("%-*.*s %9.0f %9" PRId64 "  ", UNIT_WIDTH,
		    STR_ARG(plain_unit(json_get_str(u, "unit"))),
		    json_get_double(u, "bad", 0), json_get_int(u, "seen", 0));
		print_bar(all > 0 ? bad / all : 0);
		printf("  ");
		if (json_get_bool(u, "listed", false))
			print_state(STR("listed"), 0);
		printf("\n");
	}
}

static void
print_listed(const struct json *a, int64_t now_ms)
{
	const struct json *list = json_get(a, "units");

	if (json_count(list) == 0) {
		printf("nothing is listed\n");
		return;
	}
	printf("%-*s %-8s %-16s %-8s %6s  %-11s %s\n", UNIT_WIDTH, "client",
	    "state", "until", "left", "strike", "reference", "why (by)");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *u = json_at(list, i);
		int64_t strike = json_get_int(u, "strike", 0);

		printf("%-*.*s ", UNIT_WIDTH,
		    STR_ARG(plain_unit(json_get_str(u, "unit"))));
		print_state(json_get_str(u, "state"), 8);
		printf(" ");
		print_time(json_get_int(u, "until_ms", 0));
		printf(" ");
		print_left(json_get_int(u, "until_ms", 0) - now_ms);
		if (strike > 0)
			printf(" %6" PRId64 "  ", strike);
		else
			printf(" %6s  ", "-");
		printf("%-11.*s ", STR_ARG(json_get_str(u, "ref").len > 0
					       ? json_get_str(u, "ref")
					       : STR("-")));
		print_text(json_get_str(u, "why"));
		printf(" (");
		print_text(json_get_str(u, "by"));
		printf(")\n");
	}
}

void
rep_print_event(const struct json *e)
{
	print_time(json_get_int(e, "at_ms", 0));
	printf("  %-12.*s %-*.*s ", STR_ARG(json_get_str(e, "what")),
	    UNIT_WIDTH, STR_ARG(plain_unit(json_get_str(e, "unit"))));
	print_text(json_get_str(e, "by"));
	printf(": ");
	print_text(json_get_str(e, "why"));
	if (json_get_str(e, "ref").len > 0)
		printf(" [%.*s]", STR_ARG(json_get_str(e, "ref")));
	printf("\n");
}

static void
print_simulated(const struct json *a)
{
	const struct json *list = json_get(a, "steps");

	printf("%.*s now: ", STR_ARG(plain_unit(json_get_str(a, "unit"))));
	print_state(json_get_str(a, "before"), 0);
	printf("\n");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *s = json_at(list, i);

		printf("  after %" PRId64 " spam and %" PRId64 " ham: ",
		    json_get_int(s, "spam", 0), json_get_int(s, "ham", 0));
		print_state(json_get_str(s, "state"), 0);
		printf("\n");
	}
	printf("at the end: ");
	print_state(json_get_str(a, "after"), 0);
	printf("\n");
	print_rates(json_get(a, "rates"));
}

static void
print_events(const struct json *a)
{
	const struct json *list = json_get(a, "events");

	for (size_t i = 0; i < json_count(list); i++)
		rep_print_event(json_at(list, i));
	if (json_count(list) == 0)
		printf("nothing has happened\n");
}

static void
print_states(const char *name, const struct json *count, int64_t refused)
{
	static const char *const state[] = {
	    "none", "good", "watch", "probation", "listed"};
	int64_t all = 0;

	for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++)
		all += json_get_int(count, state[i], 0);
	printf("%-6s %9" PRId64, name, all);
	for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++)
		printf(" %9" PRId64, json_get_int(count, state[i], 0));
	printf(" %9" PRId64 "\n", refused);
}

static void
print_replay(const struct json *a)
{
	const struct json *list = json_get(a, "listings");

	printf("%" PRId64 " messages of %" PRId64 " clients in %" PRId64
	       " networks\n\n",
	    json_get_int(a, "messages", 0), json_get_int(a, "clients", 0),
	    json_get_int(a, "networks", 0));
	printf("%-6s %9s %9s %9s %9s %9s %9s %9s\n", "mail", "all", "none",
	    "good", "watch", "probation", "listed", "refused");
	print_states(
	    "ham", json_get(a, "good"), json_get_int(a, "good_refused", 0));
	print_states(
	    "bad", json_get(a, "bad"), json_get_int(a, "bad_refused", 0));
	printf("\n%zu listings\n", json_count(list));
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *l = json_at(list, i);

		printf("  ");
		print_time(json_get_int(l, "at_ms", 0));
		printf("  %-*.*s %5" PRId64 " seen, %" PRId64 " ham: ",
		    UNIT_WIDTH, STR_ARG(plain_unit(json_get_str(l, "unit"))),
		    json_get_int(l, "seen", 0), json_get_int(l, "ham", 0));
		print_text(json_get_str(l, "why"));
		printf("\n");
	}
}

/* "delist" as what has become of it. */
static const char *
done_text(struct str did)
{
	static const struct {
		const char *did, *text;
	} row[] = {{"block", "is blocked"}, {"allow", "is allowed"},
	    {"unlist", "is listed no more"},
	    {"unlist-wrong", "is listed no more; the strike is cleared and the "
			     "evidence disputed"},
	    {"forget", "is forgotten"}};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (str_is(did, row[i].did))
			return row[i].text;
	return "is changed";
}

static void
print_change(const struct json *a, int64_t now_ms)
{
	int64_t until = json_get_int(a, "until_ms", 0);

	printf("%.*s %s", STR_ARG(plain_unit(json_get_str(a, "unit"))),
	    done_text(json_get_str(a, "did")));
	if (until != 0) {
		printf(" until ");
		print_time(until);
		printf(" (");
		print_span(until - now_ms);
		printf(")");
	}
	printf("\n");
}

void
rep_print(const char *verb, const struct json *answer, int64_t now_ms)
{
	if (strcmp(verb, "show") == 0) {
		print_show(answer, now_ms);
	} else if (strcmp(verb, "top") == 0) {
		print_top(answer);
	} else if (strcmp(verb, "listed") == 0) {
		print_listed(answer, now_ms);
	} else if (strcmp(verb, "events") == 0) {
		print_events(answer);
	} else if (strcmp(verb, "simulate") == 0) {
		print_simulated(answer);
	} else if (strcmp(verb, "replay") == 0) {
		print_replay(answer);
	} else if (strcmp(verb, "why") == 0) {
		struct buf b;

		buf_init(&b);
		json_format(json_get(answer, "record"), 2, &b);
		printf("%s\n", buf_cstr(&b));
		buf_fini(&b);
	} else {
		print_change(answer, now_ms);
	}
}
