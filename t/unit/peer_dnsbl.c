#include "base/clock.h"
#include "base/mem.h"
#include "peer/dnsbl.h"
#include "peer/spf.h"

#include "dns_fake.h"
#include "tap.h"

#define SECOND ((int64_t)1000000)

/* Every zone has a test entry; what else it does is its name. */
static const struct fake_record records[] = {
    {"2.0.0.127.good.test", FAKE_A, "127.0.0.2"},
    {"1.113.0.203.good.test", FAKE_A, "127.0.0.4"},
    {"1.113.0.203.good.test", FAKE_TXT, "listed \"why\" \x01 see https://x"},
    {"2.113.0.203.good.test", FAKE_A, "127.0.0.9"},
    {"8.b.d.0.1.0.0.2.good.test", FAKE_A, "127.0.0.2"},
    {"2.0.0.127.wild.test", FAKE_A, "127.0.0.2"},
    {".wild.test", FAKE_A, "127.0.0.2"},
    {".rewrite.test", FAKE_A, "192.0.2.80"},
    {"2.0.0.127.quota.test", FAKE_A, "127.0.0.2"},
    {"1.113.0.203.quota.test", FAKE_A, "127.255.255.255"},
    {"2.0.0.127.public.test", FAKE_A, "127.255.255.254"},
    {".dead.test", FAKE_SILENT, ""},
    {".fail.test", FAKE_SERVFAIL, ""},
    {".garbage.test", FAKE_GARBAGE, ""},
    {".cut.test", FAKE_CUT, ""},
    {"2.0.0.127.dies.test", FAKE_A, "127.0.0.2"},
    {"1.0.0.127.dies.test", FAKE_TXT, "no A"},
    {".113.0.203.dies.test", FAKE_SILENT, ""},
    {"test.names.test", FAKE_A, "127.0.1.2"},
    {"evil.example.names.test", FAKE_A, "127.0.1.2"},
    {"s60.example.names.test", FAKE_A, "127.0.1.2"},
    {"s61.example.names.test", FAKE_A, "127.0.1.2"},
    {"5.113.0.203.names.test", FAKE_A, "127.0.1.255"},
    {"6.113.0.203.names.test", FAKE_A, "127.0.1.2"},
    {"plain.example", FAKE_TXT, "v=spf1 ip4:203.0.113.0/24 -all"},
    {"soft.example", FAKE_TXT, "v=spf1 include:plain.example ~all"},
    {"loop.example", FAKE_TXT, "v=spf1 include:loop.example -all"},
    {"slow.example", FAKE_SILENT, ""},
};
#define RECORDS (sizeof(records) / sizeof(records[0]))

static int log_lines;

static void
count_log(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
	log_lines++;
}

static struct dns *
open_dns(const struct dns_fake *f, size_t cache)
{
	char servers[64];
	const char *why = "";
	struct dns_options o = {.servers = servers,
	    .timeout_ms = 200,
	    .tries = 1,
	    .cache_size = cache};
	struct dns *d;

	snprintf(servers, sizeof(servers), "127.0.0.1:%u", f->port);
	d = dns_open(&o, &why);
	ok(d != NULL, "resolver opens %s", why);
	return d;
}

static struct dnsbl *
open_lists(struct dns *dns, const char *const *texts, size_t count)
{
	struct dnsbl_zone *zones = mem_array(count, sizeof(*zones));
	struct diags diags;
	struct dnsbl *d;

	diags_init(&diags, 0);
	for (size_t i = 0; i < count; i++)
		ok(dnsbl_zone_parse(str_from(texts[i]), (struct source_pos){0},
		       &zones[i], &diags),
		    "zone %s", texts[i]);
	d = dnsbl_new(dns, zones, count, count_log, NULL);
	dnsbl_settle(d, clock_mono_us() + 5 * SECOND);
	free(zones);
	diags_fini(&diags);
	return d;
}

static size_t
ask_client(
    struct dnsbl *d, const char *client, struct dnsbl_hit *hits, bool *late)
{
	struct dnsbl_lookup *l = dnsbl_lookup_new(d, 1u << DNSBL_CLIENT);
	struct ip ip;

	ip_parse(str_from(client), &ip);
	dnsbl_lookup_ip(l, DNSBL_CLIENT, &ip);
	dnsbl_lookup_start(l);
	return dnsbl_lookup_collect(
	    &l, clock_mono_us() + 3 * SECOND, hits, 8, late);
}

static void
healthy(struct dns *dns)
{
	static const char *const zones[] = {
	    "client:good.test=127.0.0.[2..8]*2!reject"};
	struct dnsbl *d = open_lists(dns, zones, 1);
	struct dnsbl_hit hits[8];
	bool late = false;

	is_int(ask_client(d, "203.0.113.1", hits, &late), 1, "listed");
	is_str(str_from(hits[0].zone->name), STR("good.test"), "by");
	is_str(str_from(hits[0].text), STR("listed \"why\" ? see https://x"),
	    "the text is one clean line");
	is_int(ask_client(d, "203.0.113.2", hits, &late), 0,
	    "an answer that is not accepted is no listing");
	is_int(ask_client(d, "203.0.113.3", hits, &late), 0, "not listed");
	is_int(ask_client(d, "2001:db8::1", hits, &late), 1, "IPv6 by nibbles");
	is_int(ask_client(d, "2001:db9::1", hits, &late), 0, "IPv6 not listed");
	is_int(ask_client(d, "10.1.2.3", hits, &late), 0,
	    "private addresses are never asked about");
	ok(!late, "nobody was late");
	dnsbl_free(&d);
}

static void
sick(struct dns *dns)
{
	static const char *const zones[] = {"client:wild.test!reject",
	    "client:rewrite.test!reject", "client:public.test!reject",
	    "client:dead.test!reject", "client:fail.test!reject",
	    "client:garbage.test!reject", "client:cut.test!reject",
	    "client:empty.test!reject"};
	size_t count = sizeof(zones) / sizeof(zones[0]);
	struct dnsbl *d;
	struct dnsbl_hit hits[8];
	struct json *status;
	bool late = false;

	log_lines = 0;
	d = open_lists(dns, zones, count);
	dnsbl_tick(d, clock_mono_us() + 10 * SECOND);
	is_int(ask_client(d, "203.0.113.1", hits, &late), 0,
	    "a sick list is no listing");
	ok(!late, "and keeps nobody waiting");
	status = dnsbl_status(d);
	for (size_t i = 0; i < count; i++) {
		struct json *z = json_at(status, i);

		is_str(json_get_str(z, "health"), STR("set aside"), "%s: %.*s",
		    zones[i], STR_ARG(json_get_str(z, "why")));
	}
	is_int(log_lines, count, "one line a zone");
	dnsbl_tick(d, clock_mono_us());
	is_int(log_lines, count, "and not again");
	json_unref(&status);
	dnsbl_free(&d);
}

static void
falls_ill(struct dns *dns)
{
	static const char *const zones[] = {
	    "client:quota.test!reject", "client:dies.test!reject"};
	struct dnsbl *d = open_lists(dns, zones, 2);
	struct dnsbl_hit hits[8];
	char client[32];
	bool late = false;

	log_lines = 0;
	is_int(ask_client(d, "203.0.113.1", hits, &late), 0,
	    "too many queries: an error, not a listing");
	is_int(log_lines, 1, "the zone is set aside");
	ok(late, "the silent one was late");
	for (int i = 2; i <= 10; i++) {
		snprintf(client, sizeof(client), "203.0.113.%d", i);
		ask_client(d, client, hits, &late);
	}
	is_int(log_lines, 2, "ten silences set a zone aside");
	late = false;
	ask_client(d, "203.0.113.99", hits, &late);
	ok(!late, "after which it holds up nobody");
	dnsbl_free(&d);
}

static void
names(struct dns *dns)
{
	static const char *const zones[] = {"uri:names.test*3"};
	struct dnsbl *d = open_lists(dns, zones, 1);
	struct dnsbl_lookup *l = dnsbl_lookup_new(d, 1u << DNSBL_URI);
	struct dnsbl_hit hits[8];
	bool late = false;
	char long_name[400];

	memset(long_name, 'a', sizeof(long_name));
	dnsbl_lookup_name(l, DNSBL_URI, STR("EVIL.example"));
	dnsbl_lookup_name(l, DNSBL_URI, STR("evil.example"));
	dnsbl_lookup_name(l, DNSBL_URI, STR("fine.example"));
	dnsbl_lookup_name(l, DNSBL_URI, STR("bad name\x01"));
	dnsbl_lookup_name(l, DNSBL_URI, STR(".."));
	dnsbl_lookup_name(l, DNSBL_URI, str_make(long_name, sizeof(long_name)));
	dnsbl_lookup_start(l);
	is_int(dnsbl_lookup_collect(
		   &l, clock_mono_us() + 3 * SECOND, hits, 8, &late),
	    1, "one host is listed, once, whatever its case");
	is_str(str_from(hits[0].subject), STR("evil.example"), "this one");
	ok(dnsbl_lookup_new(d, 1u << DNSBL_CLIENT) == NULL,
	    "no zone of a kind: nothing to ask");
	dnsbl_free(&d);
}

static size_t
collect(struct dnsbl_lookup *l, struct dnsbl_hit *hits, bool *late)
{
	dnsbl_lookup_start(l);
	return dnsbl_lookup_collect(
	    &l, clock_mono_us() + 3 * SECOND, hits, 8, late);
}

/* Links to one host again and again must not use up the room for others. */
static void
many_names(struct dns *dns)
{
	static const char *const zones[] = {"uri:names.test!reject"};
	struct dnsbl *d = open_lists(dns, zones, 1);
	struct dnsbl_lookup *l = dnsbl_lookup_new(d, 1u << DNSBL_URI);
	struct dnsbl_hit hits[8];
	bool late = false;
	char name[32];

	for (int i = 0; i < 100; i++)
		dnsbl_lookup_name(l, DNSBL_URI, STR("fine.example"));
	dnsbl_lookup_name(l, DNSBL_URI, STR("evil.example"));
	is_int(collect(l, hits, &late), 1, "a hundred times one host is one");
	l = dnsbl_lookup_new(d, 1u << DNSBL_URI);
	for (int i = 1; i <= 61; i++) {
		snprintf(name, sizeof(name), "s%d.example", i);
		dnsbl_lookup_name(l, DNSBL_URI, str_from(name));
	}
	is_int(collect(l, hits, &late), 1, "subjects at the limit of 60");
	is_str(
	    str_from(hits[0].subject), STR("s60.example"), "and not one more");
	dnsbl_free(&d);
}

/* A list of names answers 127.0.1.255 to addresses: "ask me names only". */
static void
addresses_in_links(struct dns *dns)
{
	static const char *const zones[] = {"uri:names.test!reject"};
	struct dnsbl *d = open_lists(dns, zones, 1);
	struct dnsbl_lookup *l = dnsbl_lookup_new(d, 1u << DNSBL_URI);
	struct dnsbl_hit hits[8];
	bool late = false;

	log_lines = 0;
	dnsbl_lookup_name(l, DNSBL_URI, STR("203.0.113.5"));
	dnsbl_lookup_name(l, DNSBL_URI, STR("203.0.113.6"));
	is_int(collect(l, hits, &late), 1, "what says so lists nothing");
	is_str(str_from(hits[0].subject), STR("203.0.113.6"),
	    "others list addresses of links");
	is_int(log_lines, 0, "and the zone is well");
	dnsbl_free(&d);
}

/* A minute later the self-test runs again, and a zone that is well is used. */
static void
recovers(struct dns *dns)
{
	static const char *const zones[] = {"client:dies.test!reject"};
	struct dnsbl *d = open_lists(dns, zones, 1);
	struct dnsbl_hit hits[8];
	char client[32];
	bool late = false;
	int64_t now = clock_mono_us();

	for (int i = 1; i <= 10; i++) {
		snprintf(client, sizeof(client), "203.0.113.%d", i);
		ask_client(d, client, hits, &late);
	}
	log_lines = 0;
	for (int i = 0; i < 200 && log_lines == 0; i++) {
		dnsbl_tick(d, now + 30 * SECOND);
		usleep(100);
	}
	is_int(log_lines, 0, "not tried again at once");
	for (int i = 0; i < 20000 && log_lines == 0; i++) {
		dnsbl_tick(d, clock_mono_us() + 61 * SECOND);
		usleep(100);
	}
	is_int(log_lines, 1, "a minute later it is well again, and it is said");
	dnsbl_free(&d);
}

static void
parsing(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
	    {"client:a.b", true},
	    {"allow:a.b=127.0.[1..3].[1;2;5..9]|127.0.0.2*-2.5", true},
	    {"uri:a.b=127.0.0.**4!reject!shadow", true},
	    {"client:a.b!untested!tag", true},
	    {"a.b", false},
	    {"nobody:a.b", false},
	    {"client:ab", false},
	    {"client:a.b=127.0.0", false},
	    {"client:a.b=127.0.0.0.1", false},
	    {"client:a.b=127.0.0.256", false},
	    {"client:a.b=127.0.0.[9..2]", false},
	    {"client:a.b*many", false},
	    {"client:a.b!discard", false},
	    {"client:.a.b", false},
	    {"client:a b.c", false},
	    {"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dnsbl_zone z = {0};
		struct diags d;

		diags_init(&d, 0);
		ok(dnsbl_zone_parse(str_from(cases[i].text),
		       (struct source_pos){0}, &z, &d) == cases[i].good,
		    "parse \"%s\"", cases[i].text);
		ok(d.errors == !cases[i].good, "with a diagnostic if not");
		dnsbl_zone_fini(&z);
		diags_fini(&d);
	}
}

static void
sender_policy(struct dns *dns)
{
	static const struct {
		const char *client, *sender;
		enum spf_result want;
	} cases[] = {
	    {"203.0.113.9", "a@plain.example", SPF_PASS},
	    {"198.51.100.9", "a@plain.example", SPF_FAIL},
	    {"203.0.113.9", "a@soft.example", SPF_PASS},
	    {"198.51.100.9", "a@soft.example", SPF_SOFTFAIL},
	    {"203.0.113.9", "a@none.example", SPF_NONE},
	    {"203.0.113.9", "a@loop.example", SPF_PERMERROR},
	    {"2001:db8::1", "a@plain.example", SPF_FAIL},
	    {"203.0.113.9", "a b\x01@plain.example", SPF_UNKNOWN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spf_question q = {.helo = STR("helo.example"),
		    .sender = str_from(cases[i].sender)};
		enum spf_result got;

		ip_parse(str_from(cases[i].client), &q.client);
		got = spf_check(dns, &q, clock_mono_us() + 5 * SECOND);
		is_str(str_from(spf_result_text(got)),
		    str_from(spf_result_text(cases[i].want)), "SPF %s from %s",
		    cases[i].sender, cases[i].client);
	}
	is_int(spf_check(dns,
		   &(struct spf_question){.sender = STR("a@slow.example")},
		   clock_mono_us() + SECOND / 20),
	    SPF_UNKNOWN, "late is unknown, not temperror");
}

static void
caching(const struct dns_fake *f)
{
	struct dns *dns = open_dns(f, 100);
	unsigned before, after;

	for (int i = 0; i < 2; i++) {
		struct dns_batch *b = dns_batch_new(dns);
		struct dns_answer *a = mem_alloc(sizeof(*a));
		int q = dns_batch_ask(b, DNS_A, STR("2.0.0.127.good.test"));

		before = __atomic_load_n(&f->asked, __ATOMIC_RELAXED);
		dns_batch_start(b);
		ok(dns_batch_collect(b, clock_mono_us() + 5 * SECOND),
		    "answered");
		dns_batch_answer(b, q, a);
		is_int(a->status, DNS_FOUND, "found");
		after = __atomic_load_n(&f->asked, __ATOMIC_RELAXED);
		is_int(after - before, i == 0, "asked only the first time");
		dns_batch_free(&b);
		free(a);
	}
	dns_close(&dns);
}

static void
limits(struct dns *dns)
{
	struct dns_batch *b = dns_batch_new(dns);
	int i;

	for (i = 0; i < DNS_BATCH_MAX; i++)
		if (dns_batch_ask(b, DNS_A, STR("x.good.test")) != i)
			break;
	is_int(i, DNS_BATCH_MAX, "a batch at its limit");
	is_int(dns_batch_ask(b, DNS_A, STR("x.good.test")), -1, "limit + 1");
	dns_batch_free(&b);
}

int
main(void)
{
	struct dns_fake fake;
	struct dns *dns;

	parsing();
	dns_fake_start(&fake, records, RECORDS);
	dns = open_dns(&fake, 0);
	healthy(dns);
	sick(dns);
	falls_ill(dns);
	names(dns);
	many_names(dns);
	addresses_in_links(dns);
	recovers(dns);
	sender_policy(dns);
	limits(dns);
	dns_close(&dns);
	caching(&fake);
	dns_fake_stop(&fake);
	return done_testing();
}
