#include "cli/rep_print_part.h"

#include "base/clean.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BAR 20

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

void
rep_print_state(struct str state, int width)
{
	printf(
	    "%s%-*.*s%s", state_colour(state), width, STR_ARG(state), plain());
}

void
rep_print_text(struct str s)
{
	struct buf b;

	buf_init(&b);
	clean_add_utf8(&b, s);
	printf("%s", buf_cstr(&b));
	buf_fini(&b);
}

struct str
rep_plain_unit(struct str unit)
{
	return unit.len > 2 && unit.p[1] == ':' ? str_skip(unit, 2) : unit;
}

void
rep_print_time(int64_t ms)
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

void
rep_format_span(int64_t ms, char text[static REP_SPAN_TEXT])
{
	int64_t minutes = ms / 60000;

	if (ms < 0)
		(void)snprintf(text, REP_SPAN_TEXT, "over");
	else if (minutes < 60)
		(void)snprintf(text, REP_SPAN_TEXT, "%" PRId64 " min", minutes);
	else if (minutes < 48 * 60)
		(void)snprintf(text, REP_SPAN_TEXT, "%" PRId64 "h %" PRId64 "m",
		    minutes / 60, minutes % 60);
	else
		(void)snprintf(text, REP_SPAN_TEXT, "%" PRId64 "d %" PRId64 "h",
		    minutes / 1440, minutes % 1440 / 60);
}

void
rep_print_span(int64_t ms)
{
	char text[REP_SPAN_TEXT];

	rep_format_span(ms, text);
	printf("%s", text);
}

void
rep_print_bar(double share)
{
	int full = (int)lround((share < 0 ? 0 : share > 1 ? 1 : share) * BAR);

	printf("[%.*s%.*s]", full, "####################", BAR - full,
	    "....................");
}
