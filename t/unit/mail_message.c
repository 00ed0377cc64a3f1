#include "mail/message.h"

#include "base/buf.h"
#include "mail/mime.h"
#include "mail/render.h"
#include "mail_fixture.h"
#include "tap.h"

static struct mail_settings settings;

struct row {
	const char *query;
	const char *want; /* NULL: there is no such value */
};

static void
ask(const char *title, struct message *m, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct header_query q;
		struct str value = STR("(undefined)");
		bool has;

		if (!ok(header_query_parse(str_from(rows[i].query), &q),
			"%s: %s is an expression", title, rows[i].query))
			continue;
		has = message_header(m, q, &value);
		if (rows[i].want == NULL)
			ok(!has, "%s: no %s", title, rows[i].query);
		else
			is_str(value, str_from(rows[i].want), "%s: %s", title,
			    rows[i].query);
	}
}

#define ASK(title, m, rows) \
	ask(title, m, rows, sizeof(rows) / sizeof((rows)[0]))

static struct message *
parse(struct arena *a, const char *text)
{
	return message_new(a, &settings, NULL, 0, str_from(text));
}

static void
queries(void)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
	    {"Subject", true},
	    {"Subject:", true},
	    {"From:addr:first", true},
	    {"X_a.b-c:raw", true},
	    {"From:addr:first:raw", false},
	    {"From:Addr", false},
	    {"From:rawx", false},
	    {"From::raw", false},
	    {"", false},
	    {":raw", false},
	    {"From Me", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct header_query q;

		is_int(header_query_parse(str_from(cases[i].text), &q),
		    cases[i].want, "expression \"%s\"", cases[i].text);
	}
}

static void
ordinary(void)
{
	static const struct row rows[] = {
	    {"Subject", "one\ntwo words\n"},
	    {"subject:first", "one\n"},
	    {"Subject:last", "two words\n"},
	    {"Subject:raw", " one\n two\n\twords\n"},
	    {"Empty", "\n"},
	    {"Missing", NULL},
	    {"Missing:addr", NULL},
	    {"X-Spam-Flag", NULL},
	    {"From:addr", "ann@mail.example.org\nbob@example.co.uk"},
	    {"From:addr:first", "ann@mail.example.org\nbob@example.co.uk"},
	    {"From:name", "Ann \xc3\x89\nBob"},
	    {"From:name:raw", "Ann =?utf-8?Q?=C3=89?= \nBob "},
	    {"From:addr:host", "mail.example.org\nexample.co.uk"},
	    {"From:addr:domain", "example.org\nexample.co.uk"},
	    {"From:name:first", "Ann \xc3\x89\nBob"},
	    {"Cc:name", "it"},
	    {"Empty:addr", NULL},
	    {"ToCc", "to@example.org\n'it' <cc@example.org>\n"},
	    {"tocc:addr", "to@example.org\ncc@example.org"},
	    {"ToCc:raw", " to@example.org\n 'it' <cc@example.org>\n"},
	    {"MESSAGEID", "<r@example.org>\n<m@example.org>\n"},
	    {"Messageid", NULL},
	    {"X-AuthorDomain", "mail.example.org example.co.uk"},
	    {"Where:host", "WWW.Example.ORG"},
	    {"Where:domain", "example.org"},
	    {"Where:ip", "192.0.2.7"},
	    {"Where:revip", "7.2.0.192"},
	    {"Where6:ip", "2001:db8::1"},
	    {"Where6:revip",
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
		"1.0.0.2"},
	    {"Where6:host", NULL},
	    {"Message-Id:host", "example.org"},
	};
	struct arena a;
	struct message *m;

	arena_init(&a, 0);
	m = parse(&a,
	    "Subject: one\nSUBJECT : two\n\twords\nEmpty:\n"
	    "X-Spam-Flag: YES\n"
	    "From: Ann =?utf-8?Q?=C3=89?= <ann@mail.example.org>,\n"
	    " Bob <bob@example.co.uk>\n"
	    "To: to@example.org\nCc: 'it' <cc@example.org>\n"
	    "Message-Id: <m@example.org>\nResent-Message-Id: <r@example.org>\n"
	    "Where: a.none, x_.com -WWW.Example.ORG, 192.0.2.7.\n"
	    " or WWW.Example.ORG (192.0.2.7)\n"
	    "Where6: at 1.2.3.4.5 or [2001:db8::1]\n\nbody\n");
	ASK("ordinary", m, rows);
	ASK("again, from the cache", m, rows);
	arena_fini(&a);
}

#define RECEIVED(from, ip, by)                                  \
	"Received: from " from " (" from " [" ip "])\n\tby " by \
	" (Postfix) with ESMTP id A1;\n\tMon, 1 Jan 2024 00:00:00 +0000\n"
#define SHOWN(from, ip, by)                                  \
	"Received: from " from " (" from " [" ip "]) by " by \
	" (Postfix) with ESMTP id A1; Mon, 1 Jan 2024 00:00:00 +0000\n"

static void
all(void)
{
	static const struct row rows[] = {
	    {"ALL", "Return-Path: <s@example.org>\n" SHOWN("in.example.org",
			"10.0.0.1", "mx.example.org") SHOWN("out.example.net",
			"192.0.2.1", "in.example.org") SHOWN("pc.example.com",
			"192.0.2.2", "out.example.net") "Subject: x\n"},
	    {"all", NULL},
	    {"ALL:raw",
		"Return-Path: <s@example.org>\n" RECEIVED(
		    "in.example.org", "10.0.0.1", "mx.example.org")
		    RECEIVED("out.example.net", "192.0.2.1", "in.example.org")
			RECEIVED("pc.example.com", "192.0.2.2",
			    "out.example.net") "X-Spam-Level: *\nSubject: x\n"},
	    {"ALL-TRUSTED",
		"Return-Path: <s@example.org>\n" SHOWN(
		    "in.example.org", "10.0.0.1", "mx.example.org")
		    SHOWN("out.example.net", "192.0.2.1", "in.example.org")},
	    {"ALL-UNTRUSTED",
		SHOWN("out.example.net", "192.0.2.1", "in.example.org")
		    SHOWN("pc.example.com", "192.0.2.2",
			"out.example.net") "Subject: x\n"},
	    /* Only :raw changes them. */
	    {"ALL-INTERNAL:last",
		"Return-Path: <s@example.org>\n" SHOWN(
		    "in.example.org", "10.0.0.1", "mx.example.org")
		    SHOWN("out.example.net", "192.0.2.1", "in.example.org")},
	    {"ALL-EXTERNAL:first",
		SHOWN("out.example.net", "192.0.2.1", "in.example.org")
		    SHOWN("pc.example.com", "192.0.2.2",
			"out.example.net") "Subject: x\n"},
	    {"ALL-UNTRUSTED:addr:host",
		SHOWN("out.example.net", "192.0.2.1", "in.example.org")
		    SHOWN("pc.example.com", "192.0.2.2",
			"out.example.net") "Subject: x\n"},
	    {"ALL-EXTERNAL:ip",
		SHOWN("out.example.net", "192.0.2.1", "in.example.org")
		    SHOWN("pc.example.com", "192.0.2.2",
			"out.example.net") "Subject: x\n"},
	    {"ALL-EXTERNAL:raw:first",
		RECEIVED("out.example.net", "192.0.2.1", "in.example.org")
		    RECEIVED("pc.example.com", "192.0.2.2",
			"out.example.net") "X-Spam-Level: *\nSubject: x\n"},
	    {"EnvelopeFrom", "s@example.org"},
	    {"EnvelopeFrom:domain", "example.org"},
	    {"X-SenderDomain", "example.org"},
	};
	struct arena a;

	arena_init(&a, 0);
	ASK("all",
	    parse(&a,
		"Return-Path: <s@example.org>\n" RECEIVED("in.example.org",
		    "10.0.0.1",
		    "mx.example.org") RECEIVED("out.example.net", "192.0.2.1",
		    "in.example.org") RECEIVED("pc.example.com", "192.0.2.2",
		    "out.example.net") "X-Spam-Level: *\nSubject: x\n\nbody\n"),
	    rows);
	arena_fini(&a);
}

static void
envelope_from(void)
{
	static const struct {
		const char *what, *text, *want;
	} cases[] = {
	    {"nothing", "Subject: x\n\n", NULL},
	    {"return path", "Return-Path: <a@example.org>\n\n",
		"a@example.org"},
	    {"the null sender is none", "Return-Path: <>\n\n", NULL},
	    {"best first",
		"Return-Path: <a@example.org>\n"
		"Envelope-Sender: b@example.org\n"
		"X-Envelope-From: c@example.org\n\n",
		"c@example.org"},
	    {"below a Received",
		RECEIVED("a.example", "192.0.2.1",
		    "b.example") "Return-Path: <a@example.org>\n\n",
		NULL},
	    {"X-Envelope-From below one ends the search",
		"Return-Path: <a@example.org>\n" RECEIVED("a.example",
		    "192.0.2.1",
		    "b.example") "X-Envelope-From: c@example.org\n\n",
		NULL},
	    {"Envelope-Sender does not",
		"Return-Path: <a@example.org>\n" RECEIVED("a.example",
		    "192.0.2.1",
		    "b.example") "Envelope-Sender: c@example.org\n\n",
		"a@example.org"},
	    {"list mail that was fetched",
		"Return-Path: <a@example.org>\nX-Sender: l@example.org\n"
		"Received: from x by y with POP3 (fetchmail-6) for z\n\n",
		NULL},
	};
	struct header_query q = {STR("EnvelopeFrom"), 0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str value = STR("(undefined)");
		struct arena a;

		arena_init(&a, 0);
		message_header(parse(&a, cases[i].text), q, &value);
		is_str(value,
		    str_from(cases[i].want ? cases[i].want : "(undefined)"),
		    "sender: %s", cases[i].what);
		arena_fini(&a);
	}
}

static void
configured_sender(void)
{
	struct header_query q = {STR("EnvelopeFrom"), 0};
	struct str value;
	struct arena a;

	arena_init(&a, 0);
	settings.envelope_sender_header = STR("X-From-Line");
	ok(message_header(
	       parse(&a,
		   "X-From-Line: me@example.org\nReturn-Path: <a@b.org>\n\n"),
	       q, &value) &&
		str_is(value, "me@example.org"),
	    "the configured field is believed");
	ok(!message_header(parse(&a, "Return-Path: <a@b.org>\n\n"), q, &value),
	    "and no other");
	settings.envelope_sender_header = STR_NONE;
	arena_fini(&a);
}

static void
metadata(void)
{
	struct header_query q = {STR("x-languages"), 0};
	struct str value;
	struct message *m;
	struct arena a;

	arena_init(&a, 0);
	m = parse(&a, "X-Other: field\n\n");
	message_set_metadata(m, STR("X-Languages"), STR("en de"));
	message_set_metadata(m, STR("X-Other"), STR("metadata"));
	ok(message_header(m, q, &value) && str_is(value, "en de"),
	    "a fact without a field");
	q.name = STR("X-Other");
	ok(message_header(m, q, &value) && str_is(value, "field\n"),
	    "a field goes before a fact");
	arena_fini(&a);
}

/* All fields in ALL: 64 KiB, names and separators counted. */
static void
all_limit(void)
{
	struct header_query q = {STR("ALL"), 0};
	struct mail_settings small = settings;
	struct str value;
	struct message *m;
	struct arena a;

	arena_init(&a, 0);
	small.limits.header_all = 20;
	m = message_new(&a, &small, NULL, 0, STR("A: 12\nBB: 1\nA: 345\n\n"));
	ok(message_header(m, q, &value) &&
		str_is(value, "A: 12\nBB: 1\nA: 345\n") &&
		!(message_flags(m) & MESSAGE_TRUNCATED_HEADER),
	    "just fits");
	small.limits.header_all = 18;
	m = message_new(&a, &small, NULL, 0, STR("A: 12\nBB: 1\nA: 345\n\n"));
	ok(message_header(m, q, &value) && str_is(value, "A: 12\nA: 345\n") &&
		(message_flags(m) & MESSAGE_TRUNCATED_HEADER),
	    "one byte over: counted name by name");
	arena_fini(&a);
}

static const struct envelope remote = {
    .has_client = true,
    .client_name = STR("out.example.net"),
    .helo = STR("EVIL (x [10.0.0.9])"),
    .esmtp = true,
    .has_sender = true,
    .sender = STR("s@example.org"),
    .queue_id = STR("4ABC"),
    .mta_name = STR("mx.example.org"),
    .received_ms = 1704067200000,
};

static void
with_envelope(void)
{
	static const struct row rows[] = {
	    {"Received",
		"from EVIL??x?[10.0.0.9]? (out.example.net [192.0.2.1]) by "
		"mx.example.org (Postfix) with ESMTP id 4ABC; "
		"Mon, 1 Jan 2024 00:00:00 +0000\n"},
	    {"Return-Path:addr", "s@example.org"},
	    {"EnvelopeFrom", "s@example.org"},
	    {"X-Spam-Relays-External",
		"[ ip=192.0.2.1 rdns=out.example.net helo=EVIL??x?!10.0.0.9!? "
		"by=mx.example.org ident= envfrom= intl=0 id=4ABC auth= "
		"msa=0 ]"},
	    {"X-Spam-Relays-Trusted", ""},
	};
	struct envelope e = remote;
	struct message *m;
	struct arena a;

	arena_init(&a, 0);
	ip_parse(STR("192.0.2.1"), &e.client);
	m = message_new(
	    &a, &settings, &e, 0, STR("From x Mon\nSubject: x\n\nbody\n"));
	ASK("envelope", m, rows);
	is_str(
	    message_pristine_body(m), STR("body\n"), "the body is as it was");
	ok(str_starts(message_full(m), STR("Return-Path: <s@example.org>\n")),
	    "the trace is part of the whole text");
	is_int(message_relays(m).len, 1, "one relay");
	arena_fini(&a);
}

static void
envelope_kinds(void)
{
	static const struct row authenticated[] = {
	    {"X-Spam-Relays-Untrusted", ""},
	    {"ALL-TRUSTED:first",
		"Received: from unknown (unknown [IPv6:2001:db8::1]) "
		"(Authenticated sender: u?v) by localhost (Postfix) with "
		"ESMTPSA id NOQUEUE; Thu, 1 Jan 1970 00:00:01 +0000\n"},
	};
	static const struct row local[] = {
	    {"X-Spam-Relays-Untrusted", ""},
	    {"X-Spam-Relays-Trusted", ""},
	    {"Received", "by mx.example.org (Postfix) id 4ABC; "
			 "Mon, 1 Jan 2024 00:00:00 +0000\n"},
	};
	struct envelope e = {
	    .has_client = true, .tls = true, .auth_user = STR("u\nv")};
	struct arena a;

	arena_init(&a, 0);
	ip_parse(STR("2001:db8::1"), &e.client);
	ASK("auth", message_new(&a, &settings, &e, 1000, STR("\nb\n")),
	    authenticated);
	e = remote;
	e.local = true;
	ASK("local", message_new(&a, &settings, &e, 0, STR("\nb\n")), local);
	arena_fini(&a);
}

static void
canonical(void)
{
	static const struct {
		struct str in, want;
	} cases[] = {
	    {STR(""), STR("")},
	    {STR("a\r\nb\r\n"), STR("a\nb\n")},
	    {STR("a\rb\n"), STR("a\rb\n")},
	    {STR("a\r"), STR("a\r")},
	    {STR("\r\r\n"), STR("\r\n")},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[16] = "";

		memcpy(text, cases[i].in.p, cases[i].in.len);
		is_str(str_make(text, message_canonical(text, cases[i].in.len)),
		    cases[i].want, "line ends, case %zu", i);
	}
}

static void
render(void)
{
	struct str queries_asked[] = {
	    STR("Subject"), STR("Nothing"), STR("no expression")};
	struct message *m;
	struct json *j;
	struct arena a;

	arena_init(&a, 0);
	m = parse(&a, "Subject: caf\xc3\xa9\n\nsee http://www.example.org/x\n");
	j = render_message(m, queries_asked, 3);
	ok(json_get(j, "uri_detail") != NULL, "link records");
	is_int(json_count(json_get(j, "header")), 1, "one header value");
	is_str(json_get_str(json_at(json_get(j, "parts"), 0), "type"),
	    STR("text/plain"), "parts");
	is_int(json_count(json_get(j, "body")), 2, "body strings");
	is_int(json_count(json_get(j, "rawbody")), 1, "rawbody strings");
	is_str(json_str(json_at(json_get(j, "uri"), 0)),
	    STR("http://www.example.org/x"), "links");
	json_unref(&j);
	ok(render_default_query_count > 10, "expressions shown by default");
	for (size_t i = 0; i < render_default_query_count; i++) {
		struct header_query q;

		ok(header_query_parse(render_default_queries[i], &q), "%.*s",
		    STR_ARG(render_default_queries[i]));
	}
	arena_fini(&a);
}

/* Two links that differ behind a NUL. */
static void
render_nul(void)
{
	struct message *m;
	struct json *j;
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out);
	m = message_new(&a, &settings, NULL, 0,
	    STR("Content-Type: text/html\n\n"
		"<a href=\"http://example.com/a\0b\">x</a>"
		"<a href=\"http://example.com/a\0c\">y</a>\n"));
	j = render_message(m, NULL, 0);
	is_int(json_count(json_get(j, "uri_detail")), 2, "both have a record");
	json_format(json_get(j, "uri_detail"), 0, &out);
	ok(str_find(buf_str(&out), STR("{\"http://example.com/a\\u0000b\":")) ==
		0,
	    "its name is whole");
	ok(str_find(buf_str(&out), STR(",\"http://example.com/a\\u0000c\":")) !=
		STR_NPOS,
	    "the other's too");
	json_unref(&j);
	buf_fini(&out);
	arena_fini(&a);
}

/* Every cap: some answer, no fault, and `truncated` once it was hit. */
static void
full_arena(void)
{
	struct str text = STR("From: a@b.example, c <d@e.example>\n"
			      "Content-Type: multipart/mixed; boundary=b\n\n"
			      "--b\nA: b\n\nhttp://x.example/\n--b\n"
			      "Content-Type: text/html\n\n<a href=x>y</a>\n"
			      "--b--\n");
	bool told = true;

	for (size_t cap = 256; cap < 40000; cap += cap / 8) {
		struct message *m;
		struct arena a;

		arena_init(&a, cap);
		m = message_new(&a, &settings, &remote, 0, text);
		if (m != NULL) {
			struct json *j = render_message(m,
			    render_default_queries, render_default_query_count);

			told = told && message_truncated(m) == a.full;
			json_unref(&j);
		}
		arena_fini(&a);
	}
	ok(told, "a full arena is told as truncation");
}

int
main(void)
{
	struct mail_settings fixture;

	fixture_settings(&fixture);
	mail_settings_init(&settings);
	settings.tld = fixture.tld;
	settings.tld2 = fixture.tld2;
	settings.tld3 = fixture.tld3;
	queries();
	ordinary();
	all();
	envelope_from();
	configured_sender();
	metadata();
	all_limit();
	with_envelope();
	envelope_kinds();
	canonical();
	render();
	render_nul();
	full_arena();
	mail_settings_fini(&settings);
	return done_testing();
}
