/* Names in questions, and answers that are kept: how many, for how long. */
#include "peer/dns_cache.h"

#include "tap.h"

#define LABEL_61 "a234567890123456789012345678901234567890123456789012345678901"
#define LABEL_63 LABEL_61 "23"
#define LABELS_192 LABEL_63 "." LABEL_63 "." LABEL_63 "."

static void
names(void)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
	    {"example.com", true},
	    {"_dmarc.example.com.", true},
	    {"2.0.0.127.zen.example", true},
	    {"", false},
	    {".example", false},
	    {"a..b", false},
	    {"a b", false},
	    {"a\tb", false},
	    {"b\xc3\xbc.example", false},
	    {LABEL_63 ".example", true},
	    {LABEL_63 "4.example", false},
	    {LABELS_192 LABEL_61, true},
	    {LABELS_192 LABEL_61 "2", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(dns_is_name(str_from(cases[i].name)) == cases[i].good,
		    "%s: %s", cases[i].name, cases[i].good ? "good" : "bad");
}

static void
reversed(void)
{
	char text[DNS_REVERSED_MAX];
	struct ip ip;

	ip_parse(STR("192.0.2.1"), &ip);
	is_str(str_from(dns_reversed(&ip, text)), STR("1.2.0.192"), "bytes");
	ip_parse(STR("2001:db8::567:89ab"), &ip);
	is_str(str_from(dns_reversed(&ip, text)),
	    STR("b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0."
		"0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"),
	    "nibbles, as RFC 3596 shows them");
}

static bool
keeps(struct dns_cache *c, enum dns_type type, const char *name)
{
	struct dns_answer out;

	return dns_cache_find(c, type, name, &out) && out.status == DNS_FOUND &&
	       out.ttl == 60;
}

static void
cache(void)
{
	struct dns_answer a = {.status = DNS_FOUND, .ttl = 60};
	struct dns_cache *c = dns_cache_new(1);

	dns_cache_add(c, DNS_A, "x.example", &a);
	ok(!keeps(c, DNS_A, "x.example"), "one of one is not kept");
	dns_cache_free(&c);
	c = dns_cache_new(4);
	dns_cache_add(c, DNS_A, "x.example", &a);
	ok(keeps(c, DNS_A, "x.example"), "an answer is kept");
	ok(!keeps(c, DNS_TXT, "x.example"), "of its type");
	ok(!keeps(c, DNS_A, "y.example"), "and name");
	dns_cache_add(c, DNS_A, "y.example", &a);
	dns_cache_add(c, DNS_MX, "y.example", &a);
	dns_cache_add(c, DNS_PTR, "y.example", &a);
	ok(keeps(c, DNS_A, "x.example") && keeps(c, DNS_PTR, "y.example"),
	    "at the limit all are there");
	dns_cache_add(c, DNS_AAAA, "y.example", &a);
	ok(!keeps(c, DNS_A, "x.example"), "one more, and the old ones go");
	ok(keeps(c, DNS_MX, "y.example") && keeps(c, DNS_AAAA, "y.example"),
	    "the newer half stays");
	a.ttl = 0;
	dns_cache_add(c, DNS_A, "z.example", &a);
	ok(!dns_cache_find(c, DNS_A, "z.example", &a),
	    "nothing stays longer than it says");
	dns_cache_free(&c);
}

int
main(void)
{
	names();
	reversed();
	cache();
	return done_testing();
}
