/*
 * Which names a client may greet with.
 */
#include "policy/helo.h"

#include "base/ip.h"

#include "tap.h"

static const struct {
	const char *helo;
	bool valid;
} cases[] = {
    {"mail.example.org", true},
    {"mail.example.org.", true},
    {"MAIL.Example.ORG", true},
    {"a_b.example.org", true},
    {"xn--bcher-kva.example", true},
    {"1.example", true},
    {"[203.0.113.7]", true},
    {"[203.0.113.8]", false},
    {"[IPv6:2001:db8::1]", false},
    {"203.0.113.7", false},
    {"localhost", false},
    {"mail", false},
    {"", false},
    {".", false},
    {"..", false},
    {".example.org", false},
    {"example..org", false},
    {"-a.example.org", false},
    {"a-.example.org", false},
    {"a b.example.org", false},
    {"<a@example.org>", false},
    {"a.example.org\x01", false},
    {"\xc3\xa4.example.org", false},
    {"example.7", false},
    {"mx.postern.test", false},
    {"MX.Postern.test.", false},
    {"[]", false},
    {"[", false},
};

int
main(void)
{
	struct envelope e = {.mta_name = STR("mx.postern.test")};
	char label[80], name[300];
	size_t n = 0;

	e.has_client = ip_parse(STR("203.0.113.7"), &e.client);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e.helo = str_from(cases[i].helo);
		ok(helo_is_valid(&e) == cases[i].valid, "\"%s\" is %s",
		    cases[i].helo, cases[i].valid ? "valid" : "not");
	}
	memset(label, 'a', sizeof(label));
	memcpy(label + 63, ".org", 5);
	e.helo = str_from(label);
	ok(helo_is_valid(&e), "a label of 63 bytes");
	memcpy(label + 64, ".org", 5);
	label[63] = 'a';
	ok(!helo_is_valid(&(struct envelope){.helo = str_from(label)}),
	    "of 64");
	while (n < 253)
		n += (size_t)snprintf(name + n, sizeof(name) - n, "%s",
		    n == 250 ? "org" : "abcd.");
	e.helo = str_make(name, 253);
	ok(helo_is_valid(&e), "a name of 253 bytes");
	name[253] = 'x';
	e.helo = str_make(name, 254);
	ok(!helo_is_valid(&e), "of 254");
	ip_parse(STR("2001:db8::1"), &e.client);
	e.helo = STR("[IPv6:2001:DB8:0::1]");
	ok(helo_is_valid(&e), "an IPv6 literal of the client");
	return done_testing();
}
