/*
 * What the MTA says about recipients: the kinds of refusal, and harvesting told
 * apart from a recipient table of our own that broke.
 */
#include "peer/recipients.h"

#include "tap.h"

#define START INT64_C(1790000000000)

static int log_lines;
static char last_line[512];

static void
take_line(void *ctx, const char *line)
{
	(void)ctx;
	log_lines++;
	snprintf(last_line, sizeof(last_line), "%s", line);
}

static void
kinds(void)
{
	static const struct {
		const char *host, *text;
		enum recipient_refusal want;
	} cases[] = {
	    {"5.1.1", "User unknown in virtual mailbox table",
		RECIPIENT_UNKNOWN},
	    {"5.1.1", "550 5.1.1 <x@y>: Recipient address rejected",
		RECIPIENT_UNKNOWN},
	    {"nouser", "User unknown", RECIPIENT_UNKNOWN},
	    {"", "550 5.1.1 User unknown", RECIPIENT_UNKNOWN},
	    {"5.7.1", "<x@y>: Recipient address rejected: Access denied",
		RECIPIENT_OTHER},
	    {"5.7.1", "<x@y>: Relay access denied", RECIPIENT_RELAY},
	    {"5.7.1", "550 5.7.1 <x@y>... Relaying denied", RECIPIENT_RELAY},
	    {"4.2.0", "<x@y>: Recipient address rejected: Greylisted",
		RECIPIENT_LATER},
	    {"4.1.1", "450 4.1.1 <x@y>: unverified address: User unknown",
		RECIPIENT_LATER},
	    {"4.3.0", "Temporary lookup failure", RECIPIENT_LATER},
	    {"", "451 4.3.5 Server configuration error", RECIPIENT_LATER},
	    {"5.2.2", "Mailbox full", RECIPIENT_OTHER},
	    {"", "", RECIPIENT_OTHER},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(recipients_classify(
			   str_from(cases[i].host), str_from(cases[i].text)),
		    cases[i].want, "kind of \"%s\" \"%s\"", cases[i].host,
		    cases[i].text);
}

/* `count` refusals from `networks` networks; how many are evidence. */
static int
refuse(struct recipients *r, const char *address, int count, int networks,
    int64_t at_ms)
{
	int evidence = 0;

	for (int i = 0; i < count; i++) {
		char text[32];
		struct ip ip;

		snprintf(
		    text, sizeof(text), "203.0.%d.%d", i % networks, i % 9);
		ip_parse(str_from(text), &ip);
		evidence += recipients_refused(
		    r, str_from(address), &ip, START + at_ms);
	}
	return evidence;
}

static void
whose_fault(void)
{
	struct recipients *r = recipients_new(take_line, NULL);

	is_int(refuse(r, "x@one.example", 100, RECIPIENTS_NETWORKS - 1, 0), 100,
	    "harvesting from few networks is evidence");
	is_int(refuse(r, "x@broken.example", 100, RECIPIENTS_NETWORKS, 0),
	    RECIPIENTS_SUSPECT - 1,
	    "nobody known to many networks: from the limit on it is ours");
	is_int(log_lines, 1, "one line in the log");
	ok(strstr(last_line, "domain=broken.example") != NULL, "%s", last_line);
	recipients_accepted(r, STR("y@BROKEN.example"), START);
	is_int(refuse(r, "x@broken.example", 10, 10, 1), 10,
	    "one accepted recipient: the table works, guessing counts");
	recipients_accepted(r, STR("y@busy.example"), START);
	is_int(refuse(r, "x@busy.example", 1000, 100, 0), 1000,
	    "a domain that takes mail is harvested, not broken");
	is_int(refuse(r, "x@busy.example", 100, 100, RECIPIENTS_WINDOW_MS + 1),
	    RECIPIENTS_SUSPECT - 1, "a window later it may be broken, too");
	is_int(log_lines, 2, "which is said again");
	ok(recipients_refused(r, STR("no domain"), NULL, START),
	    "without domain or client");
	recipients_free(&r);
}

static void
limits(void)
{
	struct recipients *r = recipients_new(take_line, NULL);
	char address[64];

	refuse(r, "x@a.example", RECIPIENTS_SUSPECT, RECIPIENTS_NETWORKS, 0);
	for (int i = 0; i < RECIPIENTS_DOMAINS_MAX - 1; i++) {
		snprintf(address, sizeof(address), "x@d%d.example", i);
		recipients_accepted(r, str_from(address), START);
	}
	is_int(refuse(r, "x@a.example", 1, 1, 0), 0, "domains at their limit");
	recipients_accepted(r, STR("x@more.example"), START);
	is_int(
	    refuse(r, "x@a.example", 1, 1, 0), 1, "one more: all begin again");
	recipients_free(&r);
}

int
main(void)
{
	kinds();
	whose_fault();
	limits();
	return done_testing();
}
