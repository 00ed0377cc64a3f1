#include "mail/relay.h"

#include "base/buf.h"
#include "mail/message_internal.h"
#include "tap.h"

#include <stdlib.h>

static const char *const outcomes[] = {"relay", "skip", "fetched", "?"};

/* "ip rdns helo by" and what else is set, as "key=value". */
static struct str
shown(struct arena *a, enum received_outcome o, const struct relay *r)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_add_cstr(&b, outcomes[o]);
	if (o != RECEIVED_RELAY)
		return buf_str(&b);
	const struct {
		const char *key;
		struct str value;
	} parts[] = {{"ip", r->ip}, {"rdns", r->rdns}, {"helo", r->helo},
	    {"by", r->by}, {"ident", r->ident}, {"from", r->envfrom},
	    {"id", r->id}, {"auth", r->auth}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].value.len > 0)
			buf_printf(&b, " %s=%.*s", parts[i].key,
			    STR_ARG(parts[i].value));
	if (r->no_reverse_dns)
		buf_add_cstr(&b, " no-rdns");
	return buf_str(&b);
}

static void
formats(void)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
	    /* Postfix */
	    {"from h.example (m.example [192.0.2.1])\n\tby mx.test (Postfix)"
	     " with ESMTP id ABC123\n\tfor <x@mx.test>; Tue, 24 Nov 2026"
	     " 03:00:00 +0000",
		"relay ip=192.0.2.1 rdns=m.example helo=h.example by=mx.test"
		" id=ABC123"},
	    {"from h.example (unknown [192.0.2.1]) by mx.test (Postfix) with "
	     "SMTP id A1B2; 24 Nov 2026 03:00:00 +0000",
		"relay ip=192.0.2.1 helo=h.example by=mx.test id=A1B2 no-rdns"},
	    {"from h (m.example [IPv6:2001:db8::1]) by mx.test (Postfix) with "
	     "ESMTPSA id A1B2",
		"relay ip=2001:db8::1 rdns=m.example helo=h by=mx.test id=A1B2"
		" auth=ESMTPSA"},
	    {"from h (m.example [192.0.2.1]) (Authenticated sender: u@x.test) "
	     "by mx.test (Postfix) with ESMTP id A1B2",
		"relay ip=192.0.2.1 rdns=m.example helo=h by=mx.test id=A1B2"
		" auth=Postfix"},
	    {"from h (m.example [192.0.2.1]) (Authenticated sender: u) by "
	     "mx.test (OtherMTA) with ESMTP id A1B2",
		"relay ip=192.0.2.1 rdns=m.example helo=h by=mx.test id=A1B2"
		" auth=Postfix (OtherMTA)"},
	    /* sendmail */
	    {"from h.example (u@m.example [192.0.2.1] (may be forged)) by "
	     "mx.test (8.18.1/8.18.1) with ESMTPS id 4AO3 for <x@mx.test>",
		"relay ip=192.0.2.1 rdns=m.example helo=h.example by=mx.test"
		" ident=u id=4AO3"},
	    {"from h (IDENT:joe@m.example [192.0.2.1]) by mx.test (8.9/8.9) "
	     "with SMTP id AA01",
		"relay ip=192.0.2.1 rdns=m.example helo=h by=mx.test ident=joe"
		" id=AA01"},
	    {"from h.example ([192.0.2.1]) by mx.test (8.18.1/8.18.1) with "
	     "SMTP id 4AO3",
		"relay ip=192.0.2.1 helo=h.example by=mx.test id=4AO3 no-rdns"},
	    {"from h (m.example [192.0.2.1]) (authenticated bits=0) by mx.test "
	     "(8.18.1/8.18.1) with ESMTP id 4AO3",
		"relay ip=192.0.2.1 rdns=m.example helo=h by=mx.test id=4AO3"
		" auth=Sendmail"},
	    {"(from joe@localhost) by mx.test (8.18.1/8.18.1/Submit) id 4AO3",
		"skip"},
	    /* Exim */
	    {"from m.example ([192.0.2.1] helo=h.example ident=joe) by mx.test "
	     "with esmtp (Exim 4.96) id 1abcde-000001-AB",
		"relay ip=192.0.2.1 rdns=m.example helo=h.example by=mx.test"
		" ident=joe id=1abcde-000001-AB"},
	    {"from [192.0.2.1] (helo=h.example) by mx.test with smtp (Exim 4)"
	     " id 1abc",
		"relay ip=192.0.2.1 helo=h.example by=mx.test id=1abc"},
	    {"from m.example ([192.0.2.1]:4711) by mx.test with esmtps "
	     "(TLS1.3) (Exim 4.96) (envelope-from <a@b.test>) id 1abc",
		"relay ip=192.0.2.1 rdns=m.example helo=m.example by=mx.test"
		" from=a@b.test id=1abc"},
	    {"from m.example [192.0.2.1] by mx.test with esmtp (Exim 3) id 1ab",
		"relay ip=192.0.2.1 rdns=m.example helo=m.example by=mx.test"
		" id=1ab"},
	    {"from m.example (h.example) [192.0.2.1.99] (mail) by mx.test with "
	     "esmtp (Exim 3) id 1ab",
		"relay ip=192.0.2.1 rdns=m.example helo=h.example by=mx.test"
		" id=1ab"},
	    {"from joe by mx.test with local (Exim 4.96) id 1abc", "skip"},
	    /* qmail and its kin */
	    {"from unknown (HELO h.example) (joe@192.0.2.1) by mx.test with "
	     "SMTP; 24 Nov 2026 03:00:00 -0000",
		"relay ip=192.0.2.1 helo=h.example by=mx.test ident=joe"},
	    {"from m.example (192.0.2.1) by mx.test with QMQP",
		"relay ip=192.0.2.1 rdns=m.example helo=m.example by=mx.test"},
	    {"from m.example (HELO ) ([192.0.2.1]) (envelope-sender <a@b.test>)"
	     " by mx.test (qmail-ldap-1.03) with SMTP for <x@mx.test>",
		"relay ip=192.0.2.1 rdns=m.example by=mx.test from=a@b.test"},
	    {"from m.example (HELO h) (192.0.2.1) by mx.test "
	     "(qpsmtpd/0.9) with ESMTP",
		"relay ip=192.0.2.1 rdns=m.example helo=h by=mx.test"},
	    /* Microsoft */
	    {"from h.example ([192.0.2.1] RDNS failed) by mx.test with "
	     "Microsoft SMTPSVC(6.0.3790.0)",
		"relay ip=192.0.2.1 helo=h.example by=mx.test"},
	    {"from mail pickup service by mx.test with Microsoft SMTPSVC",
		"skip"},
	    {"from AM5.example ([fe80::19bd:1%6]) by DB7.example "
	     "([fe80::2%7]) with mapi id 15.20.1943.023",
		"relay ip=fe80::19bd:1 helo=AM5.example by=DB7.example"},
	    {"from EX.example (10.1.2.3) by EX2.example (10.1.2.4) with "
	     "Microsoft SMTP Server (version=TLS1_2) id 15.1.1261.35",
		"relay ip=10.1.2.3 rdns=EX.example helo=EX.example"
		" by=EX2.example id=15.1.1261.35"},
	    /* Others */
	    {"from h.example ([192.0.2.1]) by mx.test (Lotus Domino 9) with "
	     "ESMTP id 2026112",
		"relay ip=192.0.2.1 helo=h.example by=mx.test id=2026112"},
	    {"from [192.0.2.1] (account joe HELO [10.0.0.9]) by mx.test "
	     "(CommuniGate Pro SMTP 6.1) with ESMTPSA id 2088",
		"relay ip=192.0.2.1 helo=!10.0.0.9! by=mx.test id=2088"
		" auth=ESMTPSA"},
	    {"from h.example ([192.0.2.1] verified) by mx.test (CommuniGate "
	     "Pro SMTP 6.1) with ESMTP id 9786",
		"relay ip=192.0.2.1 rdns=h.example helo=h.example by=mx.test"
		" id=9786"},
	    {"from m.example (EHLO h) [192.0.2.1] by mail.gmx.net (mp010) with "
	     "SMTP",
		"relay ip=192.0.2.1 rdns=m.example helo=h by=mail.gmx.net"
		" auth=GMX (SMTP / mail.gmx.net)"},
	    {"from m.example (m.example. [192.0.2.1]) by mx.google.com with "
	     "ESMTPS id a1sm12345abc.1.2026.11.24.03.00.00 "
	     "(version=TLS1_3 cipher=X)",
		"relay ip=192.0.2.1 rdns=m.example helo=m.example"
		" by=mx.google.com id=a1sm12345abc.1.2026.11.24.03.00.00"
		" auth=GMail - transport=TLS1_3 cipher=X"},
	    {"from h.example (192.0.2.1:25) by mx.test with [XMail 1.27 ESMTP "
	     "Server] id <S72E> for <x@mx.test> from <a@b.test>",
		"relay ip=192.0.2.1 helo=h.example by=mx.test from=a@b.test"
		" id=S72E"},
	    {"from ([192.0.2.1:40] helo=h.example) by mx.test (ecelerity 2.1) "
	     "with ESMTP id 52/92",
		"relay ip=192.0.2.1 helo=h.example by=mx.test id=52/92"},
	    {"from h (softdnserr [::ffff:192.0.2.1]) by mx.test with esmtp",
		"relay ip=192.0.2.1 helo=h by=mx.test"},
	    {"from h (m.example[192.0.2.1]) by mx.test (mx) with SMTP id <20>",
		"relay ip=192.0.2.1 rdns=m.example helo=h by=mx.test"},
	    {"from m.example(192.0.2.1), claiming to be \"h.example\" via SMTP "
	     "by mx.test, id smtpdX",
		"relay ip=192.0.2.1 rdns=m.example helo=h.example by=mx.test"
		" id=smtpdX"},
	    {"FROM h.example (m.example [192.0.2.1]) BY mx.test ID 434B.5 ; "
	     "24 Nov 2026 03:00:00 -0000",
		"relay ip=192.0.2.1 rdns=m.example helo=h.example by=mx.test"
		" id=434B.5"},
	    {"from 192.0.2.1 (SquirrelMail authenticated user joe) by "
	     "mail.test with HTTP",
		"relay ip=192.0.2.1 by=mail.test auth=HTTP"},
	    {"from X-Originating-IP: 192.0.2.1", "relay ip=192.0.2.1"},
	    {"from h.example [127.0.0.1] by localhost with IMAP "
	     "(fetchmail-6.4) for joe@localhost (single-drop)",
		"fetched"},
	    {"from h.example (pop.example) by here with POP3", "fetched"},
	    {"from h.example by mx.test; Tue, 24 Nov 2026 03:00:00 +0000",
		"skip"},
	    {"from [192.0.2.1] by mx.test; Tue, 24 Nov 2026 03:00:00 +0000",
		"relay ip=192.0.2.1 helo=!192.0.2.1! by=mx.test"},
	    {"by mx.test (Postfix, from userid 0) id AB", "skip"},
	    {"from joe (helo=h) by mx.test with local-esmtp (E) id 1", "skip"},
	    {"from something (odd) at [192.0.2.9] by mx.test ok",
		"relay ip=192.0.2.9 helo=something by=mx.test"},
	    {"from nobody knows what", "?"},
	    {"", "skip"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct received_state state = {0};
		struct relay r;
		struct arena a;
		enum received_outcome o;

		arena_init(&a, 0);
		o = received_parse(&a, str_from(cases[i].line), &state, &r);
		is_str(
		    shown(&a, o, &r), str_from(cases[i].want), "format %zu", i);
		arena_fini(&a);
	}
}

static const char one_line[] = "from %s (%s [%s]) by mx.test (Postfix) with "
			       "%s id QUEUE%d\n";

/* Networks of a test: "t10.0.0.0/8 i!10.1.0.0/16 m192.0.2.0/24". */
static void
add_networks(struct mail_settings *s, const char *words)
{
	struct str rest = str_from(words), w;

	while ((w = str_word(&rest)).len > 0) {
		struct network_list *l = w.p[0] == 't'	 ? &s->trusted
					 : w.p[0] == 'i' ? &s->internal
							 : &s->msa;
		bool excluded = w.p[1] == '!';

		l->configured = true;
		l->v = realloc(l->v, (l->len + 1) * sizeof(*l->v));
		l->v[l->len].excluded = excluded;
		if (!cidr_parse(
			str_skip(w, excluded ? 2 : 1), &l->v[l->len].net))
			abort();
		l->len++;
	}
}

/* One letter a hop: Internal, Trusted, Untrusted; '*' behind an MSA. */
static struct str
classes(struct arena *a, const struct relay_list *l)
{
	struct buf b;

	buf_init_arena(&b, a);
	for (size_t i = 0; i < l->len; i++) {
		buf_add_char(&b, l->v[i].internal  ? 'I'
				 : l->v[i].trusted ? 'T'
						   : 'U');
		if (l->v[i].msa)
			buf_add_char(&b, '*');
	}
	return buf_str(&b);
}

static void
trust(void)
{
	static const struct {
		const char *name, *networks, *hops, *want;
	} cases[] = {
	    {"nothing configured, public first", "", "192.0.2.1 10.0.0.1",
		"UU"},
	    {"private hops are ours", "",
		"10.0.0.1 127.0.0.1 192.0.2.1 "
		"10.0.0.2",
		"IIUU"},
	    {"authentication extends trust", "",
		"10.0.0.1 192.0.2.1/ESMTPSA 192.0.2.2", "IIU"},
	    {"trusted without internal", "t192.0.2.0/24",
		"192.0.2.1 198.51.100.1 192.0.2.2", "IUU"},
	    {"internal without trusted", "i192.0.2.0/24",
		"192.0.2.1 198.51.100.1", "IU"},
	    {"trusted wider than internal",
		"t192.0.2.0/24 t198.51.100.0/24 i192.0.2.0/24",
		"192.0.2.1 198.51.100.1 192.0.2.2 203.0.113.1", "ITTU"},
	    {"an exclusion first", "t!192.0.2.9 t192.0.2.0/24",
		"192.0.2.1 192.0.2.9", "IU"},
	    {"loopback is always inside", "t192.0.2.0/24",
		"127.0.0.1 192.0.2.1 10.0.0.1", "IIU"},
	    {"authenticated under networks", "t192.0.2.0/24 i192.0.2.0/24",
		"192.0.2.1 203.0.113.1/ESMTPA 198.51.100.1", "IIU"},
	    {"behind an MSA all is its users'",
		"t192.0.2.0/24 i192.0.2.0/25 m192.0.2.200",
		"192.0.2.1 192.0.2.200 203.0.113.1 203.0.113.2", "IT*TT"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mail_settings s;
		struct message m = {0};
		struct arena a;
		struct buf b;
		struct str rest = str_from(cases[i].hops), hop;

		arena_init(&a, 0);
		mail_settings_init(&s);
		add_networks(&s, cases[i].networks);
		buf_init_arena(&b, &a);
		for (int n = 0; (hop = str_word(&rest)).len > 0; n++) {
			struct str ip = str_cut(&hop, '/');

			buf_printf(&b, "Received: ");
			buf_printf(&b, one_line, "h", "r.test",
			    arena_cstr(&a, ip),
			    hop.p ? arena_cstr(&a, hop) : "SMTP", n);
		}
		buf_add_cstr(&b, "\nbody\n");
		m.arena = &a;
		m.settings = &s;
		mime_parse(&a, &s.limits, buf_str(&b), &m.tree);
		message_build_relays(&m);
		is_str(classes(&a, &m.relays), str_from(cases[i].want), "%s",
		    cases[i].name);
		mail_settings_fini(&s);
		arena_fini(&a);
	}
}

static void
build(struct message *m, struct arena *a, struct mail_settings *s,
    struct str text)
{
	*m = (struct message){.arena = a, .settings = s};
	mime_parse(a, &s->limits, text, &m->tree);
	message_build_relays(m);
}

static void
views(void)
{
	struct mail_settings s;
	struct message m;
	struct arena a;

	arena_init(&a, 0);
	mail_settings_init(&s);
	build(&m, &a, &s,
	    STR("Received: from a (b.test [10.0.0.1]) by c.test (Postfix) with "
		"SMTP id Q01\n"
		"Received: by local id Q02\n"
		"Received: from x ([192.0.2.1] helo=[y]) by d.test with esmtp "
		"(Exim 4) id Q03 (envelope-from <z@e.test>)\n"
		"Received: from nobody knows\n\n"));
	is_str(m.relay_texts[RELAY_TRUSTED],
	    STR("[ ip=10.0.0.1 rdns=b.test helo=a by=c.test ident= envfrom= "
		"intl=1 id=Q01 auth= msa=0 ]"),
	    "the trusted text");
	is_str(m.relay_texts[RELAY_EXTERNAL],
	    STR("[ ip=192.0.2.1 rdns=x helo=!y! by=d.test ident= "
		"envfrom=z@e.test intl=0 id=Q03 auth= msa=0 ]"),
	    "the external text");
	is_str(m.relay_texts[RELAY_UNTRUSTED], m.relay_texts[RELAY_EXTERNAL],
	    "is the untrusted one");
	is_str(m.relay_texts[RELAY_INTERNAL], m.relay_texts[RELAY_TRUSTED],
	    "internal is trusted");
	is_int(m.relays.unparseable, 1, "one line could not be read");
	is_int(m.last_trusted_received, 1, "skipped lines count as trusted");
	ok(m.has_relay_sender && str_is(m.relay_sender, "z@e.test"),
	    "the sender is that of the first untrusted relay");

	build(&m, &a, &s,
	    STR("Received: from p (HELO q) by here with POP3\n"
		"Received: from a (b.test [192.0.2.1]) by c.test (Postfix) "
		"with SMTP id Q01\n\n"));
	is_int(m.relays.len, 1, "a mailbox fetch is no relay");
	build(&m, &a, &s,
	    STR("Received: from a (b.test [10.0.0.1]) by c.test (Postfix) "
		"with SMTP id Q01\n"
		"Received: from p (HELO q) by here with POP3\n"
		"Received: from a (b.test [192.0.2.1]) by c.test (Postfix) "
		"with SMTP id Q02\n\n"));
	is_int(m.relays.len, 1, "and what stands above it is forgotten");
	build(&m, &a, &s,
	    STR("Received: from 192.0.2.7 by x (envelope-from <s@t.test>, uid 5"
		") with qmail-scanner-1.24 (x)\n"
		"Received: from a (b.test [192.0.2.1]) by c.test (Postfix) "
		"with SMTP id Q01\n\n"));
	is_str(m.relays.v[0].envfrom, STR("s@t.test"),
	    "qmail-scanner's sender belongs to the line below");
	build(&m, &a, &s, STR("Subject: none\n\n"));
	ok(m.relays.len == 0 && m.relay_texts[RELAY_TRUSTED].len == 0 &&
		m.last_trusted_received == -1 && !m.has_relay_sender,
	    "no Received, no relays");

	struct str names[] = {STR("X-Originating-IP")};

	s.originating_ip_headers = names;
	s.originating_ip_header_count = 1;
	build(&m, &a, &s, STR("X-Originating-IP: [192.0.2.5]\n\n"));
	ok(m.relays.len == 1 && str_is(m.relays.v[0].ip, "192.0.2.5"),
	    "an originating address is the oldest hop");
	s.originating_ip_headers = NULL;
	s.originating_ip_header_count = 0;
	mail_settings_fini(&s);
	arena_fini(&a);
}

static void
limits(void)
{
	struct mail_settings s;
	struct message m;
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	mail_settings_init(&s);
	buf_init_arena(&b, &a);
	for (int i = 0; i < RELAY_HEADERS_MAX; i++) {
		buf_add_cstr(&b, "Received: ");
		buf_printf(
		    &b, one_line, "h", "r.test", "192.0.2.1", "SMTP", 100 + i);
	}
	build(&m, &a, &s, buf_str(&b));
	is_int(m.relays.len, RELAY_HEADERS_MAX, "as many lines as are read");
	buf_add_cstr(&b, "Received: ");
	buf_printf(&b, one_line, "h", "r.test", "192.0.2.1", "SMTP", 1);
	build(&m, &a, &s, buf_str(&b));
	is_int(m.relays.len, RELAY_HEADERS_MAX, "one more is left out");
	mail_settings_fini(&s);
	arena_fini(&a);
}

/* Lines made to cost: each is read in linear time. */
static void
hostile(void)
{
	static const char *const units[] = {"(", ") ", "(a ", "[", "] by ",
	    " by ", "helo=", "HELO ", " id ", "envelope-from ", "authenticated",
	    "(authenticated) ", "])", " with ", "(x@", "1.", "::", "a(1.2.3.4",
	    ";", " ;", "Exim (", "])) (", "from "};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		for (int head = 0; head < 2; head++) {
			struct received_state state = {0};
			struct relay r;
			struct arena a;
			struct buf b;

			arena_init(&a, 0);
			buf_init_arena(&b, &a);
			buf_add_cstr(&b, head ? "from a (b [" : "from ");
			while (b.len < 8192)
				buf_add_cstr(&b, units[i]);
			ok(received_parse(&a, buf_str(&b), &state, &r) <=
				RECEIVED_UNPARSEABLE,
			    "much of '%s'", units[i]);
			arena_fini(&a);
		}
}

/* White space of any kind and length between any two words is one space. */
static void
squeezing(void)
{
	static const char *const spaces[] = {"  ", "\n\t", " \r\n ", "\v"};
	static const char line[] =
	    "from h.example (m.example [192.0.2.1]) by mx.test (Postfix) with "
	    "ESMTP! id ABC123";
	struct received_state state = {STR_NONE};
	struct arena a;
	size_t wrong = 0;

	arena_init(&a, 0);
	for (size_t i = 0; i < 4 * sizeof(line); i++) {
		size_t at = i / 4;
		struct relay r = {.id = STR_NONE};
		struct buf b;

		if (line[at] != ' ')
			continue;
		buf_init_arena(&b, &a);
		buf_add(&b, str_make(line, at));
		buf_add_cstr(&b, spaces[i % 4]);
		buf_add_cstr(&b, line + at + 1);
		wrong += received_parse(&a, buf_str(&b), &state, &r) !=
			     RECEIVED_RELAY ||
			 !str_is(r.id, "ABC123") || !str_is(r.by, "mx.test");
	}
	is_int((long long)wrong, 0, "white space is one space");
	arena_fini(&a);
}

int
main(void)
{
	formats();
	squeezing();
	trust();
	views();
	limits();
	hostile();
	return done_testing();
}
