/*
 * postern rep for people: tables read at a glance, bars for rates.
 */
#include "cli/rep.h"
#include "cli/rep_print_part.h"

#include <inttypes.h>
#include <stdio.h>

#define UNIT_WIDTH 24

static void
print_left(int64_t ms)
{
	char text[REP_SPAN_TEXT];

	rep_format_span(ms, text);
	printf("%-8s", text);
}

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
		    STR_ARG(rep_plain_unit(json_get_str(u, "unit"))),
		    json_get_double(u, "bad", 0), json_get_int(u, "seen", 0));
		rep_print_bar(all > 0 ? bad / all : 0);
		printf("  ");
		if (json_get_bool(u, "listed", false))
			rep_print_state(STR("listed"), 0);
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
		    STR_ARG(rep_plain_unit(json_get_str(u, "unit"))));
		rep_print_state(json_get_str(u, "state"), 8);
		printf(" ");
		rep_print_time(json_get_int(u, "until_ms", 0));
		printf(" ");
		print_left(json_get_int(u, "until_ms", 0) - now_ms);
		if (strike > 0)
			printf(" %6" PRId64 "  ", strike);
		else
			printf(" %6s  ", "-");
		printf("%-11.*s ", STR_ARG(json_get_str(u, "ref").len > 0
					       ? json_get_str(u, "ref")
					       : STR("-")));
		rep_print_text(json_get_str(u, "why"));
		printf(" (");
		rep_print_text(json_get_str(u, "by"));
		printf(")\n");
	}
}

void
rep_print_event(const struct json *e)
{
	rep_print_time(json_get_int(e, "at_ms", 0));
	printf("  %-12.*s %-*.*s ", STR_ARG(json_get_str(e, "what")),
	    UNIT_WIDTH, STR_ARG(rep_plain_unit(json_get_str(e, "unit"))));
	rep_print_text(json_get_str(e, "by"));
	printf(": ");
	rep_print_text(json_get_str(e, "why"));
	if (json_get_str(e, "ref").len > 0)
		printf(" [%.*s]", STR_ARG(json_get_str(e, "ref")));
	printf("\n");
}

static void
print_simulated(const struct json *a)
{
	const struct json *list = json_get(a, "steps");

	printf("%.*s now: ", STR_ARG(rep_plain_unit(json_get_str(a, "unit"))));
	rep_print_state(json_get_str(a, "before"), 0);
	printf("\n");
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *s = json_at(list, i);

		printf("  after %" PRId64 " spam and %" PRId64 " ham: ",
		    json_get_int(s, "spam", 0), json_get_int(s, "ham", 0));
		rep_print_state(json_get_str(s, "state"), 0);
		printf("\n");
	}
	printf("at the end: ");
	rep_print_state(json_get_str(a, "after"), 0);
	printf("\n");
	rep_print_rates(json_get(a, "rates"));
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
		rep_print_time(json_get_int(l, "at_ms", 0));
		printf(
		    "  %-*.*s %5" PRId64 " seen, %" PRId64 " ham: ", UNIT_WIDTH,
		    STR_ARG(rep_plain_unit(json_get_str(l, "unit"))),
		    json_get_int(l, "seen", 0), json_get_int(l, "ham", 0));
		rep_print_text(json_get_str(l, "why"));
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

	printf("%.*s %s", STR_ARG(rep_plain_unit(json_get_str(a, "unit"))),
	    done_text(json_get_str(a, "did")));
	if (until != 0) {
		printf(" until ");
		rep_print_time(until);
		printf(" (");
		rep_print_span(until - now_ms);
		printf(")");
	}
	printf("\n");
}

void
rep_print(const char *verb, const struct json *answer, int64_t now_ms)
{
	if (strcmp(verb, "show") == 0) {
		rep_print_show(answer, now_ms);
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
