/*
 * postern rep show for people: all that is known of one client or network.
 */
#include "cli/rep_print_part.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void
print_rate(const char *name, double rate, const char *bound, double at)
{
	printf("  %-12s ", name);
	rep_print_bar(rate);
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

void
rep_print_rates(const struct json *r)
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
		rep_print_time(json_get_int(e, "at_ms", 0));
		printf("  %-10.*s %6.1f  %-12.*s ",
		    STR_ARG(json_get_str(e, "class")),
		    json_get_double(e, "score", 0),
		    STR_ARG(json_get_str(e, "ref")));
		rep_print_text(json_get_str(e, "rule"));
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
	rep_print_time(json_get_int(l, "since_ms", 0));
	printf(" until ");
	rep_print_time(json_get_int(l, "until_ms", 0));
	printf(" (");
	rep_print_span(json_get_int(l, "until_ms", 0) - now_ms);
	printf(")");
	if (json_get_int(l, "strike", 0) > 0)
		printf(", strike %" PRId64, json_get_int(l, "strike", 0));
	printf("\n");
	printf("  %-12s ", "because");
	rep_print_text(json_get_str(l, "why"));
	printf("\n  %-12s ", "by");
	rep_print_text(json_get_str(l, "by"));
	if (json_get_str(l, "ref").len > 0)
		printf(", reference %.*s", STR_ARG(json_get_str(l, "ref")));
	if (json_get_str(l, "note").len > 0) {
		printf("\n  %-12s ", "note");
		rep_print_text(json_get_str(l, "note"));
	}
	printf("\n");
}

static void
print_ahead(const char *what, int64_t until_ms, int64_t now_ms)
{
	if (until_ms <= now_ms)
		printf("all room for %s", what);
	else
		printf("%s counted for the next %.0f s", what,
		    ceil((double)(until_ms - now_ms) / 1000));
}

/* What of it counts, and for how long, is in the settings. */
static void
print_brakes(const struct json *b, int64_t now_ms)
{
	int64_t waiting = json_get_int(b, "waiting", 0);
	int64_t passed = json_get_int(b, "passed", 0);
	int64_t messages = json_get_int(b, "messages_until_ms", 0);
	int64_t recipients = json_get_int(b, "recipients_until_ms", 0);

	if (waiting > 0 || passed > 0) {
		printf("  %-12s pairs of sender and recipient: %" PRId64
		       " wait, %" PRId64 " passed; proof %" PRId64,
		    "greylist", waiting, passed, json_get_int(b, "proof", 0));
		if (waiting > 0) {
			printf("; last new one ");
			rep_print_time(json_get_int(b, "waited_ms", 0));
		}
		printf("\n");
	}
	if (messages == 0 && recipients == 0)
		return;
	printf("  %-12s ", "throttle");
	print_ahead("messages", messages, now_ms);
	printf(", ");
	print_ahead("recipients", recipients, now_ms);
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
	rep_print_time(json_get_int(a, "first_ms", 0));
	printf(", last ");
	rep_print_time(json_get_int(a, "last_ms", 0));
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
	printf("%.*s  (%s)\n",
	    STR_ARG(rep_plain_unit(json_get_str(net, "unit"))), what);
	if (json_get(net, "counts") != NULL)
		print_counts(json_get(net, "counts"));
	if (json_get(net, "rates") != NULL &&
	    json_get_int(json_get(net, "counts"), "seen", 0) > 0)
		rep_print_rates(json_get(net, "rates"));
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

void
rep_print_show(const struct json *a, int64_t now_ms)
{
	printf("%.*s  ", STR_ARG(rep_plain_unit(json_get_str(a, "unit"))));
	rep_print_state(json_get_str(a, "state"), 0);
	if (json_get_int(a, "until_ms", 0) > 0) {
		printf(" until ");
		rep_print_time(json_get_int(a, "until_ms", 0));
	}
	if (json_get_bool(a, "by_network", false))
		printf(" (its network is)");
	if (json_get_bool(a, "protected", false))
		printf(" (protected: watch at most)");
	printf("\n");
	print_counts(json_get(a, "counts"));
	print_times(a);
	rep_print_rates(json_get(a, "rates"));
	print_givers(a);
	print_members(a);
	print_listing(json_get(a, "listing"), now_ms);
	print_next(a);
	print_brakes(json_get(a, "brakes"), now_ms);
	print_evidence(json_get(a, "evidence"));
	print_network(json_get(a, "network"), "its network", now_ms);
	print_network(json_get(a, "wider"), "a network around it", now_ms);
}
