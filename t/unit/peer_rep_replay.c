/*
 * A history through the model: who was listed, what met the listing, and the
 * same again the second time.
 */
#include "peer/rep_replay.h"

#include "tap.h"

#define START INT64_C(1700000000000)

static struct rep_event
event(const struct rep_replay *r, const char *ip, enum rep_class class,
    int64_t at_ms, int rcpt)
{
	struct rep_event e = {.class = class, .at_ms = at_ms, .rcpt_count = 1};
	char text[32];

	ip_parse(str_from(ip), &e.client);
	snprintf(text, sizeof(text), "user%d@example.net", rcpt);
	e.rcpt_hash[0] = rep_replay_rcpt(r, str_from(text));
	return e;
}

static void
count_listing(void *ctx, const struct rep_audit *a)
{
	int *n = ctx;

	is_str(str_from(a->what), STR("list"), "the trail holds listings");
	is_str(str_from(a->unit), STR("4:203.0.113.7"), "of the spammer");
	ok(a->at_ms > START && a->at_ms < START + REP_HOUR_MS,
	    "in the time of the events");
	++*n;
}

static struct rep_replay_counts
run(int *listings)
{
	struct rep_settings s = rep_settings_default();
	struct rep_replay *r = rep_replay_new(&s);
	struct rep_replay_counts c;
	struct rep_record unit;

	for (int i = 0; i < 200; i++) {
		struct rep_event spam =
		    event(r, "203.0.113.7", REP_SPAM, START + i * 1000, i);
		struct rep_event ham =
		    event(r, "198.51.100.9", REP_HAM, START + i * 1000, i);

		rep_replay_event(r, &spam);
		rep_replay_event(r, &ham);
	}
	rep_replay_counts(r, &c);
	*listings = 0;
	rep_replay_listings(r, count_listing, listings);
	ok(rep_replay_unit(r, "4:203.0.113.7", &unit),
	    "it is known at the end");
	is_int(unit.unit.seen, 200, "with all it sent");
	is_int(unit.unit.count[REP_SPAM] + unit.unit.count[REP_SELF], 200,
	    "before and behind the listing");
	ok(!rep_replay_unit(r, "4:192.0.2.1", &unit), "a stranger is not");
	rep_replay_free(&r);
	return c;
}

int
main(void)
{
	struct rep_replay *none = NULL;
	struct rep_replay_counts a, b;
	int listings;

	a = run(&listings);
	is_int(listings, 1, "one listing");
	is_int(a.clients, 2, "clients");
	is_int(a.networks, 2, "networks");
	is_int(a.good_refused, 0, "no ham met it");
	ok(a.bad_refused > 150 && a.bad_refused < 170,
	    "the spam after it did: %llu", (unsigned long long)a.bad_refused);
	is_int(a.bad[REP_LISTED], a.bad_refused, "and is counted so");
	b = run(&listings);
	ok(memcmp(&a, &b, sizeof(a)) == 0, "the second time is the same");
	rep_replay_free(&none);
	return done_testing();
}
