#include "mail/date.h"
#include "policy/address_list.h"
#include "policy/freemail.h"
#include "policy/host_list.h"

#include "eval_of.h"

/* 26 March 2024, 00:00:00 UTC. */
#define NOW 1711411200

/* ---- dates -------------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t want; /* -1: none */
} dates[] = {
    {"Tue, 26 Mar 2024 10:00:00 +0000", NOW + 36000},
    {"26 Mar 2024 10:00:00 +0100", NOW + 32400},
    {"26 mar 2024 10:00:00 -0130", NOW + 41400},
    {"26 Mar 2024 10:00 GMT", NOW + 36000},
    {"26 Mar 2024 1:02:03 (CET)", NOW + 123},
    {"26 Mar 2024 01:00:00 PST", NOW + 9 * 3600},
    {"26 Mar 2024 00:00:00 XYZ PST", NOW},
    {"26 Mar 2024 00:00:00 PST +0100", NOW - 3600},
    {"26 Mar 2024", NOW},
    {"26 Mar 24 00:00:00", NOW},
    {"1 Jan 49 00:00:00", 2114380800},
    {"1 Jan 70 00:00:30", 30},
    {"1 Jan 102 00:00:00", 1009843200},
    {"Tue Mar 26 10:00:00 2024", NOW},
    {"26 Mar 2024 99:99:99 +0000", NOW + 86399},
    {"31 Jun 2024", 1719792000},
    {"32 Dec 2023", 1704067200},
    {"29 Feb 2024", 1709164800},
    {"29 Feb 2023", 1677628800},
    {"29 Feb 2040", -1},
    {"1 Jan 2037", 2114380800},
    {"1 Jan 2038", 2114380800},
    {"1 Jan 1969", 0},
    {"1 Jan 1970 00:00:00 +0100", 0},
    {"0 Mar 2024", -1},
    {"26 Foo 2024", -1},
    {"26 Mar 20245", -1},
    {"26Mar 2024", -1},
    {"", -1},
    {"by x; 26 Mar 2024 10:00:00 +0000\nfrom 1 Jan 2020", NOW + 36000},
};

static void
test_dates(void)
{
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		int64_t t = -1;

		if (!date_parse(str_from(dates[i].text), &t))
			t = -1;
		ok(t == dates[i].want, "date \"%.30s\": %lld", dates[i].text,
		    (long long)t);
	}
}

/* ---- globs -------------------------------------------------------------- */

static const struct {
	const char *pattern;
	const char *text;
	bool want;
} globs[] = {
    {"a@b.example", "a@b.example", true},
    {"a@b.example", "xa@b.example", false},
    {"a@b.example", "a@b.examplex", false},
    {"*@b.example", "a@b.example", true},
    {"*@b.example", "@b.example", true},
    {"*@*.example", "x@y@z.example", true},
    {"*@*.example", "x@z.example.org", false},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"a?c", "a\nc", false},
    {"a*c", "a\nc", false},
    {"**", "", true},
    {"*aab", "aaaaaab", true},
    {"", "", true},
    {"", "x", false},
};

static void
test_globs(void)
{
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		ok(address_glob(str_from(globs[i].pattern),
		       str_from(globs[i].text)) == globs[i].want,
		    "glob %s", globs[i].pattern);
}

/* ---- addresses in text -------------------------------------------------- */

#define USER_64 \
	"u234567890123456789012345678901234567890123456789012345678901234"
#define LABEL_61 "a234567890123456789012345678901234567890123456789012345678901"

static const struct {
	const char *text;
	const char *want; /* the first one; NULL: none */
} addresses[] = {
    {"write to joe@mail.example.com now", "joe@mail.example.com"},
    {"joe.doe+x@example.com.", "joe.doe+x@example.com"},
    {"joe@example.com.-", "joe@example.com"},
    {"joe@example.com.x", NULL},
    {"joe@example", NULL},
    {"joe@example.notatld", NULL},
    {"joe@com", NULL},
    {"@example.com", NULL},
    {"a..b@example.com", "b@example.com"},
    {".b@example.com", "b@example.com"},
    {"b.@example.com", NULL},
    {"x@y@example.com", "y@example.com"},
    {"a@b.c.d.example.com", "a@b.c.d.example.com"},
    {"a@b.c.d.e.example.com", NULL},
    {"a@-b.com", NULL},
    {"a@b-.com", NULL},
    {"a@" LABEL_61 ".com", "a@" LABEL_61 ".com"},
    {"a@x" LABEL_61 ".com", NULL},
    {USER_64 "@example.com", USER_64 "@example.com"},
    {"x" USER_64 "@example.com", NULL},
    {"x." USER_64 "@example.com", USER_64 "@example.com"},
};

static const struct {
	const char *text;
	const char *want;
} quotes[] = {
    {"see <joe@example.com> there", "see   there"},
    {"joe@example.com wrote:", " "},
    {"joe@example.com Fax: 1", "joe@example.com Fax: 1"},
    {"joe@example.com email: x", "joe@example.com email: x"},
    {"joe@example.com w: x", "joe@example.com w: x"},
    {"joe@example.com wrote", "joe@example.com wrote"},
    {"<mailto:joe@example.com>", "<mailto:joe@example.com>"},
    {"mailto:joe.doe@example.com>", "mailto:joe. "},
    {"a@example.com> b@example.com> c@example.com", "    c@example.com"},
    {"nothing", "nothing"},
};

static void
test_addresses(void)
{
	struct mail_settings s;
	struct arena a;
	size_t end = 0;

	mail_settings_init(&s);
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct str text = str_from(addresses[i].text), got = STR_NONE;
		size_t at = freemail_find_address(&s, text, 0, &end);

		if (at != STR_NPOS)
			got = str_make(text.p + at, end - at);
		ok(str_eq(got, str_from(addresses[i].want)), "address in %s",
		    addresses[i].text);
	}
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		ok(str_is(
		       freemail_strip_quoted(&a, &s, str_from(quotes[i].text)),
		       quotes[i].want),
		    "quoted in %s", quotes[i].text);
	arena_fini(&a);
	mail_settings_fini(&s);
}

/* ---- functions ---------------------------------------------------------- */

#define RELAY                                                           \
	"Received: from mail.example.com (mail.example.com "            \
	"[198.51.100.7])\n\tby mx.example.net (Postfix) with ESMTP id " \
	"1234567\n\tfor <joe@example.net>; Tue, 26 Mar 2024 10:00:00 "  \
	"+0000 (UTC)\n"
#define BASE "Return-Path: <ann@example.com>\n" RELAY
#define YAHOO BASE "From: a@yahoo.com\n\n"

static const struct {
	const char *rule; /* what follows "header T " */
	const char *more; /* settings */
	const char *mail;
	bool want;
} calls[] = {
    /* HeaderEval */
    {"eval:check_for_shifted_date('3', '6')", "",
	RELAY "Date: Tue, 26 Mar 2024 13:00:00 +0000\n\n", true},
    {"eval:check_for_shifted_date('3', '6')", "",
	RELAY "Date: Tue, 26 Mar 2024 12:59:59 +0000\n\n", false},
    {"eval:check_for_shifted_date('3', '6')", "",
	RELAY "Date: Tue, 26 Mar 2024 16:00:00 +0000\n\n", false},
    {"eval:check_for_shifted_date('undef', '-96')", "",
	RELAY "Date: Tue, 19 Mar 2024 16:00:00 +0000\n\n", true},
    {"eval:check_for_shifted_date('3', '6')", "",
	RELAY "Resent-Date: Tue, 26 Mar 2024 14:00:00 +0000\n"
	      "Date: Tue, 26 Mar 2024 10:00:00 +0000\n\n",
	true},
    {"eval:received_within_months('undef', '1')", "",
	RELAY "Date: Tue, 26 Mar 2024 10:00:00 +0000\n\n", true},
    {"eval:received_within_months('1', 'undef')", "",
	RELAY "Date: Tue, 26 Mar 2024 10:00:00 +0000\n\n", false},
    {"eval:check_equal_from_domains()", "", BASE "From: a@mail.example.com\n\n",
	false},
    {"eval:check_equal_from_domains()", "", BASE "From: a@example.org\n\n",
	true},
    {"eval:check_for_matching_env_and_hdr_from()", "",
	BASE "From: ANN@example.com\n\n", true},
    {"eval:check_for_matching_env_and_hdr_from()", "",
	BASE "From: bob@example.com\n\n", false},
    {"eval:check_illegal_chars('Subject','0.00','2')", "",
	"Subject: \xe4\xf6 x\n\n", true},
    {"eval:check_illegal_chars('Subject','0.00','2')", "",
	"Subject: \xc3\xa4\xc3\xb6 x\n\n", false},
    {"eval:check_illegal_chars('Subject','0.00','2')", "",
	"Subject: \xa3 \xe4\n\n", false},
    {"eval:check_illegal_chars('Subject','0.00','2')", "",
	"Subject: \xa3 \xa3\n\n", true},
    {"eval:check_header_count_range('X-A','2','3')", "", "X-A: 1\nX-A: 1\n\n",
	false},
    {"eval:check_header_count_range('X-A','2','3')", "", "X-A: 1\nX-A: 2\n\n",
	true},
    {"eval:check_header_count_range('X-A','2','3')", "",
	"X-A: 1\nX-A: 2\nX-A: 3\nX-A: 4\n\n", false},
    {"eval:check_for_missing_to_header()", "", "From: a@b.example\n\n", true},
    {"eval:check_for_missing_to_header()", "", "To:\n\n", false},
    {"eval:check_unresolved_template()", "", "X-A: %NAME\n\n", true},
    {"eval:check_unresolved_template()", "", "Subject: %NAME\n\n", false},
    {"eval:check_unresolved_template()", "", "X-A: 50%A\n\n", false},
    {"eval:subject_is_all_caps()", "", "Subject: Re: BUY THIS NOW\n\n", true},
    {"eval:subject_is_all_caps()", "", "Subject: BUY THIS\n\n", false},
    {"eval:subject_is_all_caps()", "", "Subject: BUYTHISNOWFAST\n\n", false},
    {"eval:subject_is_all_caps()", "", "Subject: BUY THIS NOw\n\n", false},
    {"eval:sorted_recipients()", "",
	"To: a@x.example, b@x.example, c@x.example, d@x.example,\n"
	" e@x.example, f@x.example, g@x.example\n\n",
	true},
    {"eval:sorted_recipients()", "",
	"To: a@x.example, b@x.example, c@x.example, d@x.example,\n"
	" e@x.example, f@x.example\n\n",
	false},
    {"eval:similar_recipients('0.65','undef')", "",
	"To: ab1@x.example, ab2@x.example, ab3@x.example,\n"
	" ab4@x.example, ab5@x.example\n\n",
	true},
    {"eval:similar_recipients('0.65','undef')", "",
	"To: ab1@x.example, ab2@x.example, ab3@x.example,\n"
	" ab4@x.example\n\n",
	false},
    {"eval:check_ratware_name_id()", "",
	"Message-Id: <ABCDEFGHIJKLMNOPQRSTUVWXYZAB.a@b.example>\n"
	"From: \"Joe\" <a@b.example>\n\n",
	true},
    {"eval:check_ratware_name_id()", "",
	"Message-Id: <ABCDEFGHIJKLMNOPQRSTUVWXYZA.a@b.example>\n"
	"From: \"Joe\" <a@b.example>\n\n",
	false},
    {"eval:gated_through_received_hdr_remover()", "", "To: a\n\n", true},
    {"eval:gated_through_received_hdr_remover()", "", BASE "\n", false},
    {"eval:check_for_forged_yahoo_received_headers()", "", YAHOO, true},
    {"eval:check_for_forged_yahoo_received_headers()", "",
	BASE "From: a@notyahoo.com\n\n", false},
    {"eval:check_for_forged_gmail_received_headers()", "",
	BASE "From: a@gmail.com\nX-Received: by 10.1.2.3 with SMTP id a;\n\n",
	false},
    {"eval:check_for_faraway_charset_in_headers()", "ok_locales en\n",
	"Subject: =?big5?b?pKQ=?=\n\n", true},
    {"eval:check_for_faraway_charset_in_headers()", "",
	"Subject: =?big5?b?pKQ=?=\n\n", false},
    /* RelayEval */
    {"eval:check_no_relays()", "", "To: a\n\n", true},
    {"eval:check_no_relays()", "", BASE "\n", false},
    {"eval:check_all_trusted()", "", BASE "\n", false},
    {"eval:check_all_trusted()", "trusted_networks 198.51.100.7\n", BASE "\n",
	true},
    {"eval:check_for_from_domain_in_received_headers('example.net', 'true')",
	"", BASE "From: a@example.net\n\n", false},
    {"eval:check_for_numeric_helo()", "",
	"Received: from 10.0.0.9 (mail.example.com [198.51.100.7])\n"
	"\tby mx.example.net (Postfix) with ESMTP id 1234567;\n"
	"\tTue, 26 Mar 2024 10:00:00 +0000 (UTC)\n\n",
	true},
    {"eval:check_for_numeric_helo()", "", BASE "\n", false},
    /* WLBLEval */
    {"eval:check_from_in_blocklist()", "blocklist_from *@EXAMPLE.com\n",
	BASE "From: x@example.org\n\n", true},
    {"eval:check_from_in_blocklist()",
	"blacklist_from *@example.com\nunblocklist_from *@example.com\n",
	BASE "From: x@example.org\n\n", false},
    {"eval:check_from_in_list('MINE')", "enlist_addrlist (MINE) b@*.example\n",
	"From: b@c.example\n\n", true},
    {"eval:check_from_in_list('OTHER')", "enlist_addrlist (MINE) b@*.example\n",
	"From: b@c.example\n\n", false},
    {"eval:check_from_in_list('MINE')", "enlist_addrlist (MINE) b@*.example\n",
	"Resent-From: d@c.example\nFrom: b@c.example\n\n", false},
    {"eval:check_replyto_in_list('MINE')",
	"enlist_addrlist (MINE) b@c.example\n", "Reply-To: B@C.example\n\n",
	true},
    {"eval:check_to_in_welcomelist()", "welcomelist_to joe@example.net\n",
	RELAY "\n", true},
    {"eval:check_from_in_welcomelist()",
	"welcomelist_from_rcvd *@example.com example.com\n", BASE "\n", true},
    {"eval:check_from_in_welcomelist()",
	"welcomelist_from_rcvd *@example.com [198.51.100]\n", BASE "\n", true},
    {"eval:check_from_in_welcomelist()",
	"welcomelist_from_rcvd *@example.com [198.51.100.0/29]\n", BASE "\n",
	true},
    {"eval:check_from_in_welcomelist()",
	"welcomelist_from_rcvd *@example.com [198.51.100.0]/30\n", BASE "\n",
	false},
    {"eval:check_forged_in_welcomelist()",
	"welcomelist_from_rcvd *@example.com xample.com\n", BASE "\n", true},
    {"eval:check_forged_in_welcomelist()",
	"welcomelist_from_rcvd *@example.com example.org\n"
	"welcomelist_allows_relays ann@example.com\n",
	BASE "\n", false},
    {"eval:check_mailfrom_matches_rcvd()", "", BASE "\n", true},
    {"eval:check_uri_host_in_blocklist()", "blocklist_uri_host example.com\n",
	"To: a\n\nhttp://www.example.com/x\n", true},
    {"eval:check_uri_host_in_blocklist()",
	"blocklist_uri_host !www.example.com example.com\n",
	"To: a\n\nhttp://www.example.com/x\n", false},
    {"eval:check_uri_host_listed('L')",
	"enlist_uri_host (L) example.com\ndelist_uri_host (M) example.com\n",
	"To: a\n\nhttp://www.example.com/x\n", true},
    {"eval:check_uri_host_listed('L')",
	"enlist_uri_host (L) example.com\ndelist_uri_host example.com\n",
	"To: a\n\nhttp://www.example.com/x\n", false},
    /* FreeMail */
    {"eval:check_freemail_from()", "freemail_domains free.example\n",
	"From: Joe@Free.example\n\n", true},
    {"eval:check_freemail_from('\\d@')", "freemail_domains free.example\n",
	"From: joe@free.example\n\n", false},
    {"eval:check_freemail_from()", "freemail_domains free.*\n",
	"From: joe@free.example\n\n", true},
    {"eval:check_freemail_from()", "freemail_domains free.*\n",
	"From: joe@free.co.example\n\n", false},
    {"eval:check_freemail_from()", "freemail_domains free.example\n",
	"From: support@free.example\n\n", false},
    {"eval:check_freemail_from()",
	"freemail_domains free.example\nfreemail_welcomelist free.example\n",
	"From: joe@free.example\n\n", false},
    {"eval:check_freemail_header('Reply-To', '\\d@')",
	"freemail_domains free.example\n", "Reply-To: joe7@free.example\n\n",
	true},
    {"eval:check_freemail_replyto('replyto')", "freemail_domains gmail.com\n",
	"From: a@gmail.com\nReply-To: b@gmail.com\n\n", true},
    {"eval:check_freemail_replyto('replyto')", "freemail_domains gmail.com\n",
	"From: a@gmail.com\nReply-To: A@gmail.com\n\n", false},
    {"eval:check_freemail_replyto('reply')", "freemail_domains gmail.com\n",
	"From: a@gmail.com\n\nMy other one is b@gmail.com.\n", true},
    {"eval:check_freemail_replyto('reply')", "freemail_domains gmail.com\n",
	"From: a@gmail.com\n\nb@gmail.com c@gmail.com d@gmail.com\n", false},
    {"eval:check_freemail_replyto('reply')", "freemail_domains gmail.com\n",
	"Return-Path: <owner-x@list.example>\n"
	"From: a@gmail.com\n\nMy other one is b@gmail.com.\n",
	false},
    /* VBounce, WelcomeListSubject */
    {"eval:check_welcomelist_bounce_relays()",
	"welcomelist_bounce_relays *.example.net\n",
	"To: a\n\nReceived: from x\n by mx.example.net with ESMTP\n", true},
    {"eval:check_welcomelist_bounce_relays()",
	"welcomelist_bounce_relays *.example.net\n",
	"To: a\n\nSeen: from x\n by mx.example.net with ESMTP\n", false},
    {"eval:check_subject_in_blocklist()", "blocklist_subject Cheap * now\n",
	"Subject: Buy CHEAP pills NOW!\n\n", true},
    {"eval:check_subject_in_blocklist()", "blocklist_subject Cheap * now\n",
	"Subject: Cheap pills\n\n", false},
};

static bool
hits(const char *rule, const char *settings, const char *mail)
{
	char line[300];
	struct eval_case e = {.settings = settings,
	    .rule = line,
	    .config = "",
	    .mail = mail,
	    .now = NOW + 36000,
	    .options = {.plugins = PLUGINS_LOCAL}};

	snprintf(line, sizeof(line), "header T %s", rule);
	return eval_of(&e) != 0;
}

static void
test_calls(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		ok(hits(calls[i].rule, calls[i].more, calls[i].mail) ==
			calls[i].want,
		    "%zu %s", i, calls[i].rule);
}

int
main(void)
{
	test_dates();
	test_globs();
	test_addresses();
	test_calls();
	return done_testing();
}
