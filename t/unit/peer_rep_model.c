/*
 * The reputation model against its reference sequences, under a fake clock,
 * and its properties: monotone in evidence, listings end, order of events does
 * not matter beyond rounding.
 */
#include "peer/rep_model.h"

#include "base/mem.h"
#include "peer/rep_keys.h"
#include "random_walk.h"
#include "tap.h"

#include <math.h>

#define T0 INT64_C(1700000000000)
#define MINUTE INT64_C(60000)
#define HOSTS 256

/* One /24 and all it holds: what a store is, without the storing. */
struct world {
	struct rep_settings s;
	struct rep_unit unit[HOSTS];
	struct rep_ledger ledger[HOSTS];
	struct rep_listing listing[HOSTS];
	struct rep_unit net;
	struct rep_ledger net_ledger;
	struct rep_listing net_listing;
	struct rep_unit site;
	struct rep_ledger site_ledger;
	uint64_t rcpt; /* next fresh recipient */
	int listed;    /* transitions seen */
};

static struct world *
world_new(void)
{
	struct world *w = mem_alloc(sizeof(*w));

	w->s = rep_settings_default();
	return w;
}

static void
world_free(struct world *w)
{
	for (int i = 0; i < HOSTS; i++)
		rep_ledger_fini(&w->ledger[i]);
	rep_ledger_fini(&w->net_ledger);
	rep_ledger_fini(&w->site_ledger);
	free(w);
}

static struct ip
host_ip(int host)
{
	char text[32];
	struct ip ip;

	snprintf(text, sizeof(text), "203.0.113.%d", host);
	ip_parse(str_from(text), &ip);
	return ip;
}

static struct rep_known
known(const struct world *w, int host)
{
	return (struct rep_known){.unit = &w->unit[host],
	    .net = &w->net,
	    .site = &w->site,
	    .listing = &w->listing[host],
	    .net_listing = &w->net_listing,
	    .client = host_ip(host)};
}

static struct rep_view
view(const struct world *w, int host, int64_t now)
{
	struct rep_known k = known(w, host);
	struct rep_view v;

	rep_model_view(&w->s, &k, now, &v);
	return v;
}

static void
send_event(struct world *w, int host, struct rep_event e)
{
	struct rep_known k = known(w, host);
	struct rep_applied a;
	struct rep_listing l;

	e.client = k.client;
	a = rep_unit_apply(
	    &w->s, &w->unit[host], &w->ledger[host], REP_KIND_HOST, 0, &e);
	rep_unit_apply(
	    &w->s, &w->net, &w->net_ledger, REP_KIND_NET, (uint64_t)host, &e);
	rep_unit_apply(&w->s, &w->site, &w->site_ledger, REP_KIND_SITE, 0, &e);
	if (rep_model_list(&w->s, &k, a, e.at_ms, &l)) {
		w->listing[host] = l;
		w->listed++;
	}
	if (a.bad && rep_model_list_net(&w->s, &k, e.at_ms, &l))
		w->net_listing = l;
}

static void
send_mail(struct world *w, int host, enum rep_class c, int64_t at)
{
	struct rep_event e = {.class = c, .at_ms = at, .rcpt_count = 1};

	e.rcpt_hash[0] = ++w->rcpt;
	send_event(w, host, e);
}

static void
test_wilson(void)
{
	static const struct {
		double p, n, lower, upper;
	} t[] = {
	    /* (p + q/2 -+ z sqrt(p(1-p)/n + q/4n)) / (1 + q), by hand */
	    {0.5, 100, 0.4364, 0.5636},
	    {0.0, 10, 0.0, 0.1411},
	    {1.0, 10, 0.8589, 1.0},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		double z = rep_settings_default().confidence;

		ok(fabs(rep_wilson_lower(t[i].p, t[i].n, z) - t[i].lower) <
			1e-4,
		    "lower of %.1f/%.0f", t[i].p, t[i].n);
		ok(fabs(rep_wilson_upper(t[i].p, t[i].n, z) - t[i].upper) <
			1e-4,
		    "upper of %.1f/%.0f", t[i].p, t[i].n);
	}
	ok(rep_wilson_lower(0.9, 0, 1.28) == 0, "no evidence: lower is 0");
	ok(rep_wilson_upper(0.1, 0, 1.28) == 1, "no evidence: upper is 1");
}

static void
test_fresh_spammer(void)
{
	struct world *w = world_new();
	int watch = 0, listed = 0;

	for (int i = 1; i <= 100 && !listed; i++) {
		struct rep_view v;

		send_mail(w, 7, REP_SPAM, T0 + i * 1000);
		v = view(w, 7, T0 + i * 1000);
		if (v.state == REP_WATCH && !watch)
			watch = i;
		if (v.state == REP_LISTED)
			listed = i;
	}
	is_int(watch, 7, "a fresh spammer is on watch after 7 messages");
	is_int(listed, 39, "and listed after 39");
	is_int(w->listing[7].strike, 1, "first strike");
	ok(llabs(w->listing[7].until_ms - w->listing[7].since_ms -
		 REP_HOUR_MS) <= REP_HOUR_MS / 10,
	    "for an hour, +-10 percent");
	ok(w->net_listing.state == REP_NONE, "one member lists no network");
	world_free(w);
}

static void
month_of_ham(struct world *w, int host, int64_t *at)
{
	for (int i = 0; i < 3000; i++) {
		*at += REP_DAY_MS / 100;
		send_mail(w, host, REP_HAM, *at);
	}
}

static void
test_burst(void)
{
	struct world *w = world_new();
	int64_t at = T0;
	int watch = 0, listed = 0;

	month_of_ham(w, 9, &at);
	is_int(view(w, 9, at).state, REP_GOOD, "a month of ham makes good");
	at += REP_DAY_MS / 200;
	for (int i = 1; i <= 10000; i++) {
		struct rep_view v;

		at += 60; /* 10,000 in 10 min */
		send_mail(w, 9, REP_SPAM, at);
		v = view(w, 9, at);
		if (v.state == REP_WATCH && !watch)
			watch = i;
		if (v.state == REP_LISTED && !listed)
			listed = i;
	}
	ok(watch >= 45 && watch <= 55, "burst: on watch after %d", watch);
	ok(listed >= 265 && listed <= 285, "burst: listed after %d", listed);
	ok(view(w, 9, at).state == REP_LISTED, "listed within the burst");
	ok(w->unit[9].count[REP_SPAM] == 10000, "all were counted");
	ok(w->unit[9].sums.bad_long <= 50.001,
	    "the long window took 25 an hour at most");
	world_free(w);
}

static void
test_forgives(void)
{
	struct world *w = world_new();
	int64_t at = T0;

	send_mail(w, 3, REP_SPAM, at);
	for (int i = 0; i < 1000; i++) {
		at += 3 * MINUTE;
		send_mail(w, 3, REP_HAM, at);
	}
	ok(view(w, 3, at).rate_long < 0.01, "1 spam, 1000 ham: long rate %.4f",
	    view(w, 3, at).rate_long);
	is_int(view(w, 3, at).state, REP_GOOD, "and the host is good");
	world_free(w);
}

static void
test_snowshoe(void)
{
	struct world *w = world_new();
	int64_t at = T0 - T0 % REP_DAY_MS;
	int listed = 0;

	for (int i = 0; i < 3 * HOSTS && !listed; i++) {
		at += REP_DAY_MS / (3 * HOSTS);
		send_mail(w, i % HOSTS, REP_SPAM, at);
		if (w->net_listing.state == REP_LISTED)
			listed = i + 1;
	}
	ok(listed >= 39 && listed <= 45, "the /24 is listed after %d", listed);
	is_int(w->listed, 0, "no single address is");
	ok(view(w, 200, at).state == REP_LISTED && view(w, 200, at).parent,
	    "an address never seen is listed by its network");
	world_free(w);
}

static void
test_snowshoe_spares(void)
{
	struct world *w = world_new();
	int64_t at = T0 - T0 % REP_DAY_MS;

	month_of_ham(w, 99, &at);
	for (int i = 0; i < 60; i++)
		send_mail(w, i % 20, REP_SPAM, at + i * 1000);
	ok(w->net_listing.state == REP_NONE,
	    "a good member of 21 keeps its network off (4.8 %% is too near)"
	    " or the rate does");
	for (int i = 0; i < 600; i++)
		send_mail(w, i % 60, REP_SPAM, at + 100000 + i * 1000);
	is_int(w->net_listing.state, REP_LISTED, "60 bad members list it");
	is_int(view(w, 99, at + 800000).state, REP_GOOD,
	    "the good member is exempt");
	is_int(view(w, 150, at + 800000).state, REP_LISTED, "others are not");
	world_free(w);
}

static void
test_snowshoe_limits(void)
{
	for (int members = 7; members <= 8; members++) {
		struct world *w = world_new();

		for (int i = 0; i < 60; i++)
			send_mail(w, i % members, REP_SPAM, T0 + i * 1000);
		is_int(w->net_listing.state,
		    members < 8 ? REP_NONE : REP_LISTED, "%d bad members",
		    members);
		world_free(w);
	}
}

static void
test_self_is_no_evidence(void)
{
	struct world *w = world_new();
	struct rep_sums before;

	for (int i = 0; i < 40; i++)
		send_mail(w, 7, REP_SPAM, T0 + i * 1000);
	before = w->unit[7].sums;
	for (int i = 0; i < 500; i++) {
		send_mail(w, 7, REP_SELF, T0 + 40000);
		send_mail(w, 7, REP_DNSBL, T0 + 40000);
	}
	ok(w->unit[7].sums.bad_short <= before.bad_short &&
		w->unit[7].sums.bad_long <= before.bad_long,
	    "refusals by our own listing or an outside list weigh nothing");
	is_int(w->unit[7].count[REP_SELF], 500, "but are counted");
	is_int(w->unit[7].count[REP_DNSBL], 500, "apart");
	world_free(w);
}

static void
test_poisoning(void)
{
	struct world *w = world_new();
	struct rep_event e = {
	    .class = REP_SPAM, .rcpt_count = 1, .rcpt_hash = {42}};
	struct rep_view v;

	for (int i = 0; i < 500; i++) {
		e.at_ms = T0 + i;
		send_event(w, 5, e);
	}
	ok(fabs(w->unit[5].sums.bad_short - 3) < 0.01,
	    "one recipient gives three bad a day");
	e.class = REP_HAM;
	for (int i = 0; i < 500; i++)
		send_event(w, 5, e);
	ok(fabs(w->unit[5].sums.good_short - 5) < 0.01, "and five good");
	v = view(w, 5, T0 + 1000);
	ok(v.state != REP_LISTED, "one recipient lists nobody");
	e.class = REP_SPAM;
	e.at_ms = T0 + REP_DAY_MS;
	send_event(w, 5, e);
	ok(w->unit[5].sums.bad_short > 1, "the next day counts anew");
	world_free(w);
}

static void
test_distinct_recipients(void)
{
	for (uint64_t many = 2; many <= 3; many++) {
		struct world *w = world_new();
		struct rep_event e = {.class = REP_SPAM, .rcpt_count = 1};

		w->s.rcpt_bad = 1000;
		for (uint64_t i = 0; i < 200; i++) {
			e.at_ms = T0 + (int64_t)i;
			e.rcpt_hash[0] = i % many + 1;
			send_event(w, 5, e);
		}
		is_int(w->listing[5].state, many < 3 ? REP_NONE : REP_LISTED,
		    "%d recipients", (int)many);
		world_free(w);
	}
}

static void
test_traps(void)
{
	struct world *w = world_new();
	struct rep_event e = {
	    .class = REP_TRAP, .at_ms = T0, .rcpt_count = 1, .rcpt_hash = {1}};
	int64_t at = T0;

	send_event(w, 1, e);
	is_int(w->listing[1].state, REP_LISTED, "a trap hit lists at once");
	send_event(w, 1, e);
	ok(fabs(w->unit[1].sums.bad_short - 5) < 1e-9,
	    "the same trap counts once a day");
	month_of_ham(w, 2, &at);
	e.class = REP_VIRUS;
	e.at_ms = at;
	send_event(w, 2, e);
	is_int(w->listing[2].state, REP_NONE,
	    "one virus does not list a good host");
	world_free(w);
}

static void
test_harvest(void)
{
	static const struct {
		uint32_t tried, unknown;
		bool counts;
	} t[] = {{9, 9, false}, {10, 3, false}, {10, 4, true}, {10, 10, true}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct world *w = world_new();
		struct rep_event e = {.class = REP_UNKNOWN_RCPT,
		    .at_ms = T0,
		    .tried = t[i].tried,
		    .unknown = t[i].unknown};

		send_event(w, 1, e);
		is_int(w->unit[1].sums.bad_short > 0.29, t[i].counts,
		    "%u of %u unknown", t[i].unknown, t[i].tried);
		world_free(w);
	}
}

static void
list_host(struct world *w, int host, int64_t at)
{
	for (int i = 0; i < 60 && w->listing[host].until_ms <= at; i++)
		send_mail(w, host, REP_SPAM, at + i);
}

static void
test_ladder(void)
{
	static const int64_t want[] = {REP_HOUR_MS, 6 * REP_HOUR_MS, REP_DAY_MS,
	    3 * REP_DAY_MS, 7 * REP_DAY_MS, 30 * REP_DAY_MS, 30 * REP_DAY_MS};
	struct world *w = world_new();
	const struct rep_listing *l = &w->listing[4];
	int64_t at = T0;

	for (uint32_t i = 0; i < 7; i++) {
		int64_t length;

		list_host(w, 4, at);
		length = l->until_ms - l->since_ms;
		is_int(l->strike, i + 1, "strike %u", i + 1);
		ok(llabs(length - want[i]) <= want[i] / 10, "its length");
		at = l->until_ms;
		is_int(view(w, 4, at - 1).state, REP_LISTED, "to the end");
		is_int(view(w, 4, at).state, REP_PROBATION, "then probation");
		at += 3 * REP_DAY_MS;
		ok(view(w, 4, at).state != REP_PROBATION, "which ends");
	}
	is_int(rep_model_strikes(&w->s, l, l->until_ms + 30 * REP_DAY_MS - 1),
	    7, "29 clean days take nothing");
	is_int(rep_model_strikes(&w->s, l, l->until_ms + 30 * REP_DAY_MS), 6,
	    "30 take a strike");
	is_int(rep_model_strikes(&w->s, l, l->until_ms + 210 * REP_DAY_MS), 0,
	    "210 all seven");
	world_free(w);
}

static void
test_probation(void)
{
	struct world *w = world_new();
	int64_t end;
	int n = 0;

	list_host(w, 4, T0);
	end = w->listing[4].until_ms + REP_HOUR_MS;
	for (int i = 0; i < 30; i++) /* the way back: samples were ham */
		send_mail(w, 4, REP_HAM, end);
	ok(view(w, 4, end).lower_short < 0.6, "improved below the bar");
	while (w->listing[4].strike == 1 && n < 500)
		send_mail(w, 4, REP_SPAM, end + ++n);
	ok(view(w, 4, end + n).lower_short >= 0.6 &&
		view(w, 4, end + n).lower_short < 0.85,
	    "listed again at 0.6 after %d", n);
	is_int(w->listing[4].strike, 2, "as the second strike");
	world_free(w);
}

static void
test_protected(void)
{
	struct world *w = world_new();
	struct cidr c;

	cidr_parse(STR("203.0.113.0/25"), &c);
	w->s.protect = &c;
	w->s.protect_count = 1;
	for (int i = 0; i < 1000; i++)
		send_mail(w, i % 20, REP_SPAM, T0 + i);
	is_int(view(w, 3, T0 + 1000).state, REP_WATCH,
	    "a protected client reaches watch at most");
	is_int(w->listed, 0, "and is never listed");
	world_free(w);
}

static void
test_admin_beats_all(void)
{
	struct world *w = world_new();

	list_host(w, 4, T0);
	w->net_listing = (struct rep_listing){.state = REP_ALLOWED,
	    .until_ms = T0 + REP_DAY_MS,
	    .why = "partner"};
	is_int(view(w, 4, T0 + 100).state, REP_ALLOWED, "allow beats listed");
	w->listing[4] = (struct rep_listing){.state = REP_BLOCKED};
	is_int(view(w, 4, T0 + 100).state, REP_BLOCKED,
	    "the address's word beats its network's");
	w->listing[4].until_ms = T0 + 50;
	is_int(view(w, 4, T0 + 100).state, REP_ALLOWED, "until it ends");
	world_free(w);
}

static void
test_removal(void)
{
	struct rep_settings s = rep_settings_default();
	struct rep_listing l = {
	    .state = REP_LISTED, .until_ms = T0 + 100, .strike = 1};

	is_int(rep_model_removal(&s, &l, T0), REP_REMOVE_NOW, "first: at once");
	is_int(rep_model_removal(&s, &l, T0 + 100), REP_REMOVE_NOTHING,
	    "ended: nothing to remove");
	l.strike = 2;
	is_int(rep_model_removal(&s, &l, T0), REP_REMOVE_NOW, "second: once");
	l.removed_ms = T0 - REP_DAY_MS + 1;
	is_int(rep_model_removal(&s, &l, T0), REP_REMOVE_LATER, "in 24 h");
	l.removed_ms = T0 - REP_DAY_MS;
	is_int(rep_model_removal(&s, &l, T0), REP_REMOVE_NOW, "then again");
	l.strike = 3;
	is_int(rep_model_removal(&s, &l, T0), REP_REMOVE_ADMIN, "third: admin");
}

static void
test_sample(void)
{
	struct rep_settings s = rep_settings_default();
	uint64_t edge = (uint64_t)(0.05 * 0x1p53) << 11;
	int64_t gap = 10 * MINUTE;

	ok(rep_model_sample(&s, edge - (1 << 12), T0, T0), "under 5 percent");
	ok(!rep_model_sample(&s, edge + (1 << 12), T0, T0), "over 5 percent");
	ok(!rep_model_sample(&s, UINT64_MAX, T0, T0 + gap - 1), "before 10 m");
	ok(rep_model_sample(&s, UINT64_MAX, T0, T0 + gap), "at 10 min");
}

static struct rep_event
random_event(uint64_t *seed, int64_t span)
{
	struct rep_event e = {.rcpt_count = 1};

	e.class = (enum rep_class)(next_random(seed) % REP_CLASS_COUNT);
	e.at_ms = T0 - T0 % REP_DAY_MS +
		  (int64_t)(next_random(seed) % (uint64_t)span);
	e.rcpt_hash[0] = next_random(seed);
	e.tried = 20;
	e.unknown = 20; /* far above the harvest ratio */
	return e;
}

static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(1, fmax(fabs(a), fabs(b)));
}

/* Below the hourly and daily limits the order of events is of no matter. */
static void
test_order(void)
{
	uint64_t seed = 12345;
	bool same = true;

	for (int round = 0; round < 200; round++) {
		struct rep_event e[20];
		struct world *a = world_new(), *b = world_new();
		struct rep_sums x, y;

		for (int i = 0; i < 20; i++)
			e[i] = random_event(&seed, REP_HOUR_MS);
		for (int i = 0; i < 20; i++)
			send_event(a, 1, e[i]);
		for (int i = 19; i >= 0; i--)
			send_event(b, 1, e[i]);
		x = rep_sums_at(&a->s, a->unit[1].sums, T0 + REP_DAY_MS);
		y = rep_sums_at(&b->s, b->unit[1].sums, T0 + REP_DAY_MS);
		same = same && near(x.bad_short, y.bad_short) &&
		       near(x.good_short, y.good_short) &&
		       near(x.bad_long, y.bad_long) &&
		       near(x.good_long, y.good_long) &&
		       memcmp(a->unit[1].count, b->unit[1].count,
			   sizeof(a->unit[1].count)) == 0;
		world_free(a);
		world_free(b);
	}
	ok(same, "200 random histories: the order does not matter");
}

/* More bad never helps, more good never hurts. */
static void
test_monotone(void)
{
	uint64_t seed = 99;
	bool good = true;

	for (int round = 0; round < 500; round++) {
		struct world *w = world_new();
		int64_t at = T0;
		struct rep_view before, after;
		int n = (int)(next_random(&seed) % 60);

		for (int i = 0; i < n; i++)
			send_mail(w, (int)(next_random(&seed) % 3),
			    next_random(&seed) % 2 ? REP_SPAM : REP_HAM,
			    at += 1000);
		before = view(w, 1, at);
		send_mail(w, 1, REP_SPAM, at);
		after = view(w, 1, at);
		good = good && after.lower_short >= before.lower_short - 1e-12;
		good = good && after.rate_long >= before.rate_long - 1e-12;
		send_mail(w, 1, REP_HAM, at);
		good = good &&
		       view(w, 1, at).rate_short <= after.rate_short + 1e-12;
		world_free(w);
	}
	ok(good, "500 random histories: monotone in the evidence");
}

static void
test_listings_end(void)
{
	struct rep_settings s = rep_settings_default();
	uint64_t seed = 5;
	bool good = true;

	for (int i = 0; i < 100000; i++) {
		uint32_t strike =
		    (uint32_t)next_random(&seed) >> (next_random(&seed) % 32);
		int64_t length =
		    rep_model_length(&s, strike, next_random(&seed));

		good = good && length >= REP_HOUR_MS * 9 / 10 &&
		       length <= 33 * REP_DAY_MS;
	}
	ok(good, "every listing lasts between 54 minutes and 33 days");
}

static void
test_names(void)
{
	static const struct {
		const char *ip, *host, *net;
	} t[] = {
	    {"203.0.113.7", "4:203.0.113.7", "n:203.0.113.0/24"},
	    {"2001:db8:1:2:3::4", "6:2001:db8:1:2::/64", "n:2001:db8:1::/48"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct ip ip;
		struct cidr c;
		enum rep_kind kind;

		ip_parse(str_from(t[i].ip), &ip);
		is_str(str_from(rep_name_host(&ip).text), str_from(t[i].host),
		    "host of %s", t[i].ip);
		is_str(str_from(rep_name_net(&ip).text), str_from(t[i].net),
		    "network of %s", t[i].ip);
		ok(rep_name_parse(str_from(t[i].net), &c, &kind) &&
			kind == REP_KIND_NET && cidr_has(&c, &ip),
		    "and back");
		ok(rep_name_parse(str_from(t[i].host), &c, &kind) &&
			kind == REP_KIND_HOST && cidr_has(&c, &ip),
		    "and back");
	}
	is_str(str_from(rep_key_unit("postern:", "rep", "4:192.0.2.1").text),
	    STR("postern:rep:{4:192.0.2.1}"), "a key with its hash tag");
}

int
main(void)
{
	test_wilson();
	test_fresh_spammer();
	test_burst();
	test_forgives();
	test_snowshoe();
	test_snowshoe_spares();
	test_snowshoe_limits();
	test_self_is_no_evidence();
	test_poisoning();
	test_distinct_recipients();
	test_traps();
	test_harvest();
	test_ladder();
	test_probation();
	test_protected();
	test_admin_beats_all();
	test_removal();
	test_sample();
	test_order();
	test_monotone();
	test_listings_end();
	test_names();
	return done_testing();
}
