/*
 * postern rep for people: tables read at a glance, bars for rates.
 */
#include "cli/rep.h"

#include "base/clean.h"
#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BAR 20

static bool
has_colours(void)
{
	return isatty(STDOUT_FILENO) != 0;
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
print_span(int64_t ms)
{
	int64_t minutes = ms / 60000;

	if (ms < 0)
		printf("over");
	else if (minutes < 60)
		printf("%" PRId64 " min", minutes);
	else if (minutes < 48 * 60)
		printf("%" PRId64 "h %" PRId64 "m", minutes / 60, minutes % 60);
	else
		printf("%" PRId64 "d %" PRId64 "h", minutes / 1440,
		    minutes % 1440 / 60);
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

	printf("  %-12s", "counts");
	while (json_next(counts, &iter, &name, &v))
		printf("%s%s %.0f", n++ ? ", " : " ", name, json_number(v));
	printf("\n");
}

static void
print_rates(const struct json *r)
{
	print_rate("last hours", json_get_double(r, "short", 0), "surely above",
	    json_get_double(r, "short_lower", 0));
	print_rate("last weeks", json_get_double(r, "long", 0), "surely below",
	    json_get_double(r, "long_upper", 1));
	printf("  %-12s bad %.1f now; %.1f events in the long window; "
	       "neighbours give %.0f %%\n",
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
	printf("), strike %" PRId64 "\n", json_get_int(l, "strike", 0));
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

static void
print_show(const struct json *a, int64_t now_ms)
{
	const struct json *net = json_get(a, "network");
	int64_t more = json_get_int(a, "spam_to_list", -1);

	printf("%.*s  ", STR_ARG(json_get_str(a, "unit")));
	print_state(json_get_str(a, "state"), 0);
	if (json_get_bool(a, "by_network", false))
		printf(" (its network is)");
	if (json_get_bool(a, "protected", false))
		printf(" (protected: watch at most)");
	printf("\n");
	print_counts(json_get(a, "counts"));
	print_rates(json_get(a, "rates"));
	print_listing(json_get(a, "listing"), now_ms);
	if (more > 0)
		printf("  %-12s %" PRId64 " more spam in a row would list it\n",
		    "next", more);
	else if (more == 0)
		printf("  %-12s no amount of spam would list it\n", "next");
	print_evidence(json_get(a, "evidence"));
	if (net == NULL)
		return;
	printf("%.*s  (its network)\n", STR_ARG(json_get_str(net, "unit")));
	print_counts(json_get(net, "counts"));
	print_rates(json_get(net, "rates"));
	print_listing(json_get(net, "listing"), now_ms);
}

static void
print_top(const struct json *a)
{
	const struct json *list = json_get(a, "units");

	printf("%-40s %8s %8s %-22s\n", "unit", "bad/hour", "seen",
	    "bad share now");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *u = json_at(list, i);
		double bad = json_get_double(u, "bad_weight", 0);
		double all = bad + json_get_double(u, "good_weight", 0);

		printf("%-40.*s %8.1f %8" PRId64 " ",
		    STR_ARG(json_get_str(u, "unit")),
		    json_get_double(u, "bad", 0), json_get_int(u, "seen", 0));
		print_bar(all > 0 ? bad / all : 0);
		printf(
		    "%s\n", json_get_bool(u, "listed", false) ? " listed" : "");
	}
	if (json_count(list) == 0)
		printf("nothing bad was seen this hour\n");
}

static void
print_listed(const struct json *a, int64_t now_ms)
{
	const struct json *list = json_get(a, "units");

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *u = json_at(list, i);

		printf("%-40.*s ", STR_ARG(json_get_str(u, "unit")));
		print_state(json_get_str(u, "state"), 8);
		printf(" until ");
		print_time(json_get_int(u, "until_ms", 0));
		printf(" (");
		print_span(json_get_int(u, "until_ms", 0) - now_ms);
		printf(") strike %" PRId64 " %.*s  ",
		    json_get_int(u, "strike", 0),
		    STR_ARG(json_get_str(u, "ref")));
		print_text(json_get_str(u, "why"));
		printf("\n");
	}
	if (json_count(list) == 0)
		printf("nothing is listed\n");
}

void
rep_print_event(const struct json *e)
{
	print_time(json_get_int(e, "at_ms", 0));
	printf("  %-12.*s %-40.*s ", STR_ARG(json_get_str(e, "what")),
	    STR_ARG(json_get_str(e, "unit")));
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

	printf("%.*s is ", STR_ARG(json_get_str(a, "unit")));
	print_state(json_get_str(a, "before"), 0);
	printf("\n");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *s = json_at(list, i);

		printf("  after %" PRId64 " spam and %" PRId64 " ham: ",
		    json_get_int(s, "spam", 0), json_get_int(s, "ham", 0));
		print_state(json_get_str(s, "state"), 0);
		printf("\n");
	}
	printf("at the end ");
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
print_change(const struct json *a)
{
	int64_t until = json_get_int(a, "until_ms", 0);

	printf("%.*s: %.*s", STR_ARG(json_get_str(a, "unit")),
	    STR_ARG(json_get_str(a, "did")));
	if (until != 0) {
		printf(" until ");
		print_time(until);
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
	} else if (strcmp(verb, "why") == 0) {
		struct buf b;

		buf_init(&b);
		json_format(json_get(answer, "record"), 2, &b);
		printf("%s\n", buf_cstr(&b));
		buf_fini(&b);
	} else {
		print_change(answer);
	}
}
