#include "base/cidr_trie.h"
#include "base/ip.h"

#include "tap.h"

static void
texts(void)
{
	static const struct {
		struct str in;
		const char *want; /* NULL: refused */
	} cases[] = {
	    {STR_INIT("192.0.2.1"), "192.0.2.1"},
	    {STR_INIT("[192.0.2.1]"), "192.0.2.1"},
	    {STR_INIT("::ffff:192.0.2.1"), "192.0.2.1"},
	    {STR_INIT("IPv6:2001:DB8:0:0:0:0:0:25"), "2001:db8::25"},
	    {STR_INIT("[IPv6:::1]"), "::1"},
	    {STR_INIT("256.1.1.1"), NULL},
	    {STR_INIT("1.2.3"), NULL},
	    {STR_INIT("1.2.3.4.5"), NULL},
	    {STR_INIT(""), NULL},
	    {STR_INIT("1.2.3.4\0"), NULL},
	    {STR_INIT("unknown"), NULL},
	};
	char text[IP_TEXT_MAX];
	struct ip ip;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = ip_parse(cases[i].in, &ip);

		if (good != (cases[i].want != NULL))
			ok(false, "parse %.*s", STR_ARG(cases[i].in));
		else if (good)
			is_str(str_from(ip_format(&ip, text)),
			    str_from(cases[i].want), "%.*s",
			    STR_ARG(cases[i].in));
		else
			ok(true, "refused: \"%.*s\"", STR_ARG(cases[i].in));
	}
}

static void
networks(void)
{
	char text[CIDR_TEXT_MAX];
	struct cidr c;
	struct ip ip;

	ok(cidr_parse(STR("192.0.2.77/24"), &c), "host bits are cleared");
	is_str(str_from(cidr_format(&c, text)), STR("192.0.2.0/24"), "so");
	ip_parse(STR("192.0.2.255"), &ip);
	ok(cidr_has(&c, &ip), "inside");
	ip_parse(STR("192.0.3.0"), &ip);
	ok(!cidr_has(&c, &ip), "just outside");
	ok(!cidr_parse(STR("1.2.3.4/33"), &c), "/33 of IPv4");
	ok(cidr_parse(STR("::/0"), &c) && !cidr_has(&c, &ip),
	    "::/0 is IPv6 only, as everywhere");
	ok(cidr_parse(STR("0.0.0.0/0"), &c) && cidr_has(&c, &ip),
	    "0.0.0.0/0 is all of IPv4");
	ip_parse(STR("2001:db8::1"), &ip);
	ok(!cidr_has(&c, &ip), "and nothing else");
	ok(!cidr_parse(STR("1.2.3.4/"), &c), "no bits after the slash");
	ip_parse(STR("100.64.0.1"), &ip);
	ok(ip_is_private(&ip), "carrier-grade NAT is private");
	ip_parse(STR("8.8.8.8"), &ip);
	ok(!ip_is_private(&ip) && !ip_is_loopback(&ip), "public");
}

/* The trie against a linear search over random networks. */
static void
trie_equals_search(void)
{
	enum { NETS = 3000, LOOKUPS = 20000 };
	static struct cidr nets[NETS];
	struct cidr_trie *t = cidr_trie_new();
	uint64_t seed = 42;
	size_t wrong = 0;

	for (size_t i = 0; i < NETS; i++) {
		struct ip ip = {{0}};

		for (int b = 0; b < 16; b++) {
			seed =
			    seed * 6364136223846793005u + 1442695040888963407u;
			/* few values, so that networks nest */
			ip.byte[b] = (uint8_t)(seed >> 60);
		}
		nets[i].bits = (uint8_t)((seed >> 20) % 129);
		nets[i].net = ip_mask(&ip, nets[i].bits);
		cidr_trie_set(t, &nets[i], &nets[i]);
	}
	for (size_t n = 0; n < LOOKUPS; n++) {
		const struct cidr *best = NULL, *got;
		struct ip ip;

		for (int b = 0; b < 16; b++) {
			seed =
			    seed * 6364136223846793005u + 1442695040888963407u;
			ip.byte[b] = (uint8_t)(seed >> 60);
		}
		for (size_t i = 0; i < NETS; i++)
			if (cidr_has(&nets[i], &ip) &&
			    (best == NULL || nets[i].bits >= best->bits))
				best = &nets[i];
		got = cidr_trie_find(t, &ip);
		wrong += (got == NULL) != (best == NULL) ||
			 (got != NULL && got->bits != best->bits);
	}
	is_int(wrong, 0, "longest prefix as by linear search");
	cidr_trie_free(&t);
}

static void
trie_finds_all(void)
{
	struct cidr_trie *t = cidr_trie_new();
	static const struct str text[] = {STR_INIT("10.0.0.0/8"),
	    STR_INIT("10.1.0.0/16"), STR_INIT("10.1.2.3")};
	struct cidr c;
	struct ip ip;
	void *all[4];

	for (size_t i = 0; i < 3; i++) {
		cidr_parse(text[i], &c);
		ok(cidr_trie_set(t, &c, (void *)(uintptr_t)&text[i]) == NULL,
		    "new");
	}
	ok(cidr_trie_set(t, &(struct cidr){{{0}}, 0},
	       (void *)(uintptr_t)&text[0]) == NULL,
	    "::/0");
	ip_parse(STR("10.9.9.9"), &ip);
	is_int(cidr_trie_find_all(t, &ip, all, 4), 1,
	    "which holds no IPv4 address");
	ok(cidr_trie_set(t, &c, (void *)(uintptr_t)&text[2]) == &text[2],
	    "the former value comes back");
	ip_parse(STR("10.1.2.3"), &ip);
	is_int(cidr_trie_find_all(t, &ip, all, 4), 3, "all three");
	ok(all[0] == &text[2] && all[2] == &text[0], "longest first");
	is_int(cidr_trie_count(t), 4, "count");
	cidr_trie_free(&t);
}

int
main(void)
{
	texts();
	networks();
	trie_equals_search();
	trie_finds_all();
	return done_testing();
}
