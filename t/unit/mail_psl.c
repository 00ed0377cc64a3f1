#include "mail/psl.h"
#include "mail/iptext.h"

#include "mail_fixture.h"
#include "tap.h"

static void
domains(const struct mail_settings *s)
{
	static const struct {
		const char *host, *want;
	} cases[] = {
	    {"example.com", "example.com"},
	    {"www.example.com", "example.com"},
	    {"a.b.c.d.e.example.com", "example.com"},
	    {"shop.example.co.uk", "example.co.uk"},
	    {"co.uk", "co.uk"},
	    {"example.co.uk", "example.co.uk"},
	    {"www.pages.demon.co.uk", "pages.demon.co.uk"},
	    {"demon.co.uk", "demon.co.uk"},
	    {"fire-dept.ci.los-angeles.ca.us",
		"fire-dept.ci.los-angeles.ca.us"},
	    {"x.fire-dept.ci.los-angeles.ca.us",
		"fire-dept.ci.los-angeles.ca.us"},
	    {"www.oak.pvt.k12.wv.us", "oak.pvt.k12.wv.us"},
	    {"oak.k12.wv.us", "oak.k12.wv.us"},
	    {"www.example.us", "example.us"},
	    {"www.town.zz.us", "zz.us"},
	    {"localhost", "localhost"},
	    {".www.example.com..", "example.com"},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(psl_domain(s, str_from(cases[i].host)),
		    str_from(cases[i].want), "domain of %s", cases[i].host);
}

static void
forms(void)
{
	char label[PSL_LABEL_MAX + 6], host[PSL_HOST_MAX + 2];
	static const struct {
		const char *host;
		bool want;
	} cases[] = {
	    {"example.com", true},
	    {"example.com..", true},
	    {"a_b.example.com", true},
	    {"a_b.com", false},
	    {"example.c_m", false},
	    {"example", false},
	    {"-a.com", false},
	    {"a-.com", false},
	    {"a-b.com", true},
	    {"a..com", false},
	    {".com", false},
	    {"Example.com", false},
	    {"ex\xe4mple.com", false},
	    {"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(psl_is_host_form(str_from(cases[i].host)) == cases[i].want,
		    "form of '%s'", cases[i].host);
	memset(label, 'a', sizeof(label));
	memcpy(label + PSL_LABEL_MAX, ".com", 4);
	ok(psl_is_host_form(str_make(label, PSL_LABEL_MAX + 4)),
	    "a label at the limit");
	memcpy(label + PSL_LABEL_MAX, "a.com", 5);
	ok(!psl_is_host_form(str_make(label, PSL_LABEL_MAX + 5)),
	    "a label one above");
	for (size_t i = 0; i < sizeof(host); i++)
		host[i] = i % 2 ? '.' : 'a';
	ok(psl_is_host_form(str_make(host, PSL_HOST_MAX)),
	    "a name at the limit");
	host[PSL_HOST_MAX] = 'a';
	ok(!psl_is_host_form(str_make(host, PSL_HOST_MAX + 1)),
	    "a name one above");
}

static void
suffixes(const struct mail_settings *s)
{
	struct mail_settings none = {0};

	ok(psl_is_tld(s, STR("CoM")), "case does not matter");
	ok(!psl_is_tld(s, STR("invalid")) && !psl_is_tld(s, STR("")),
	    "what the table lacks is none");
	ok(psl_is_host_valid(s, STR("a.com")) &&
		!psl_is_host_valid(s, STR("com")) &&
		!psl_is_host_valid(s, STR("a.com.")) &&
		!psl_is_host_valid(s, STR("a b.com")),
	    "a valid host has a dot, a known end and no space");
	ok(psl_is_tld(&none, STR("org")) && !psl_is_tld(&none, STR("invalid")),
	    "without tables the public suffix list decides");
	is_str(psl_domain(&none, STR("www.example.co.uk")),
	    STR("example.co.uk"), "and finds the registered domain");
}

/* Answers are remembered: more hosts than places, asked in turns. */
static void
remembered(void)
{
	static const char *const tails[] = {"com", "invalid", "co.uk"};
	struct mail_settings none = {.psl_memo = psl_memo_new()};
	size_t wrong = 0;

	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < 1500; i++) {
			const char *tail = tails[i % 3];
			char host[300], tld[64];
			/* Around the longest that is remembered. */
			int width = 20 + i % 47;
			struct str want;

			snprintf(
			    host, sizeof(host), "a.b%0*d.%s", width, i, tail);
			want = str_from(host + 2);
			/* No registry knows "invalid": the last two labels. */
			wrong +=
			    !str_eq(psl_domain(&none, str_from(host)), want);
			snprintf(tld, sizeof(tld), "x%d", i);
			wrong += psl_is_tld(&none, str_from(tld));
			wrong += !psl_is_tld(&none, STR("com"));
			wrong +=
			    psl_is_tld(&none, str_from(tail)) != (i % 3 == 0);
		}
	is_int((long long)wrong, 0, "an answer stays with its host");
	psl_memo_free(&none.psl_memo);
}

static void
addresses(void)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: none */
	} cases[] = {
	    {"[192.0.2.1]", "192.0.2.1"},
	    {"x192.0.2.1", NULL},
	    {"192.0.2.256", NULL},
	    {"192.0.2.01", NULL},
	    {"1.2.3.4.5", "1.2.3.4"},
	    {"a 10.0.0.1b", NULL},
	    {"IPv6:2001:db8::1", "IPv6:2001:db8::1"},
	    {"(ipv6:::1)", "ipv6:::1"},
	    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
	    {"2001:db8:1:2:3:4:5:6:7", NULL},
	    {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	    {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:192.0.2.1"},
	    {"1::2::3", NULL},
	    {"12345::1", NULL},
	    {"12:30:45", NULL},
	    {"::", "::"},
	    {"fe80::1%eth0", "fe80::1"},
	    {"nothing here", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str got = STR_NONE;
		bool found = iptext_find(str_from(cases[i].text), 0, &got);

		ok(found == (cases[i].want != NULL), "an address in '%s'",
		    cases[i].text);
		if (found && cases[i].want != NULL)
			is_str(got, str_from(cases[i].want), "which one");
	}
}

static void
kinds_of_address(void)
{
	static const struct {
		const char *text;
		bool private, local;
	} cases[] = {
	    {"10.1.2.3", true, false},
	    {"127.0.0.1", true, true},
	    {"127.0.0.2", true, false},
	    {"169.254.1.1", true, false},
	    {"172.15.0.1", false, false},
	    {"172.16.0.1", true, false},
	    {"172.31.0.1", true, false},
	    {"172.32.0.1", false, false},
	    {"192.168.0.1", true, false},
	    {"100.63.0.1", false, false},
	    {"100.64.0.1", true, false},
	    {"100.127.0.1", true, false},
	    {"100.128.0.1", false, false},
	    {"::1", true, true},
	    {"IPv6:::1", true, true},
	    {"0:0:0:0:0:0:0:1", true, true},
	    {"::2", false, false},
	    {"fe80::1", true, false},
	    {"febf::1", true, false},
	    {"fec0::1", false, false},
	    {"fd00::1", false, false},
	    {"::ffff:10.0.0.1", true, false},
	    {"::ffff:127.0.0.1", true, true},
	    {"::ffff:192.0.2.1", false, false},
	    {"2001:db8::1", false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str s = str_from(cases[i].text);

		ok(iptext_is_private(s) == cases[i].private, "private: %s",
		    cases[i].text);
		ok((iptext_match_localhost(s, 0) == s.len) == cases[i].local,
		    "this machine: %s", cases[i].text);
	}
}

int
main(void)
{
	struct mail_settings s;

	fixture_settings(&s);
	domains(&s);
	forms();
	suffixes(&s);
	remembered();
	addresses();
	kinds_of_address();
	fixture_settings_fini(&s);
	return done_testing();
}
