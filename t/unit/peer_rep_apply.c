/*
 * Jobs worked out: events count once, one unit's days take turns, the estimate
 * of recipients begins behind the exact count, evidence keeps the last lines.
 */
#include "peer/rep_apply.h"

#include "tap.h"

#define DAY INT64_C(20000)
#define NOON (DAY * REP_DAY_MS + REP_DAY_MS / 2)

static struct rep_event
event(const char *ip, enum rep_class class, int64_t at_ms, uint64_t rcpt)
{
	struct rep_event e = {.class = class,
	    .at_ms = at_ms,
	    .rcpt_count = 1,
	    .rcpt_hash = {rcpt}};

	ip_parse(str_from(ip), &e.client);
	snprintf(e.rule, sizeof(e.rule), "RULE_%u", (unsigned)rcpt);
	return e;
}

static const struct rep_job *
host_job(const struct rep_batch *b, size_t n)
{
	return &b->jobs.v[b->hosts_from + n];
}

static void
fill(struct rep_batch *b, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++) {
		struct rep_event e = event("203.0.113.7", REP_SPAM, NOON, i);

		rep_batch_add(b, &e, i);
	}
	rep_batch_sort(b);
}

static void
test_once(void)
{
	struct rep_settings s = rep_settings_default();
	struct rep_held held = {.done = 3, .ledger = {.day = DAY}};
	struct rep_batch b = {.hosts_from = 0};
	struct rep_change c;

	fill(&b, 1, 5);
	rep_job_apply(&b, host_job(&b, 0), &s, &held, &c);
	is_int(c.applied, 2, "what the unit has seen is left out");
	is_int(c.unit.count[REP_SPAM], 2, "the rest counts");
	is_int(c.highest, 5, "up to the last");
	ok(c.bad && !c.hard, "and is bad");
	rep_change_fini(&c);
	held.done = 5;
	rep_job_apply(&b, host_job(&b, 0), &s, &held, &c);
	is_int(c.applied, 0, "all seen: nothing to write");
	rep_change_fini(&c);
	rep_held_fini(&held);
	rep_batch_fini(&b);
}

static size_t
estimated(uint64_t rcpts, bool *begin_out)
{
	struct rep_settings s = rep_settings_default();
	struct rep_held held = {.ledger = {.day = DAY}};
	struct rep_batch b = {.hosts_from = 0};
	struct rep_change c;
	size_t n;

	fill(&b, 1, rcpts);
	rep_job_apply(&b, host_job(&b, 0), &s, &held, &c);
	n = c.rcpts.len / 12;
	*begin_out = c.rcpts_begin;
	rep_change_fini(&c);
	rep_held_fini(&held);
	rep_batch_fini(&b);
	return n;
}

static void
test_estimate(void)
{
	bool begin;

	is_int(estimated(REP_RCPTS_EXACT, &begin), 0, "16 are counted exactly");
	ok(!begin, "there is no estimate");
	is_int(estimated(REP_RCPTS_EXACT + 1, &begin), 17, "17 begin it");
	ok(begin, "with all of them");
	is_int(estimated(REP_LEDGER_HOST_MAX, &begin), 128, "as do 128");
}

static void
test_evidence(void)
{
	struct rep_settings s = rep_settings_default();
	struct rep_held held = {.ledger = {.day = DAY}};
	struct rep_batch b = {.hosts_from = 0};
	struct rep_change c;

	fill(&b, 1, REP_EVIDENCE_MAX + 1);
	rep_job_apply(&b, host_job(&b, 0), &s, &held, &c);
	is_int(c.evidence_count, REP_EVIDENCE_MAX, "so many lines");
	is_str(str_from(c.evidence[0].rule), STR("RULE_2"), "the oldest goes");
	is_str(str_from(c.evidence[REP_EVIDENCE_MAX - 1].rule), STR("RULE_9"),
	    "the last stays");
	ok(c.roll, "a new unit gets its life");
	rep_change_fini(&c);
	rep_held_fini(&held);
	rep_batch_fini(&b);
}

/* Sequences must reach a unit in order, or the earlier would be left out. */
static void
test_days(void)
{
	struct rep_batch b = {.hosts_from = 0};
	const int64_t at[] = {NOON, NOON + REP_DAY_MS, NOON, NOON};

	for (size_t i = 0; i < 4; i++) {
		struct rep_event e = event("203.0.113.7", REP_HAM, at[i], i);

		rep_batch_add(&b, &e, i + 1);
	}
	rep_batch_sort(&b);
	is_int(b.jobs.len - b.hosts_from, 3, "three turns");
	ok(!host_job(&b, 0)->after, "the first waits for nobody");
	ok(host_job(&b, 1)->after && host_job(&b, 2)->after,
	    "the others for the one before");
	is_int(host_job(&b, 1)->day, DAY + 1, "the next day");
	is_int(host_job(&b, 2)->events.len, 2, "and back");
	rep_batch_fini(&b);
}

/* A /48 keeps 256 members of a day apart. */
static void
test_children(void)
{
	struct rep_settings s = rep_settings_default();
	struct rep_held held = {.ledger = {.day = DAY}};
	struct rep_batch b = {.hosts_from = 0};
	struct rep_change c;
	unsigned kept = 0;

	for (unsigned i = 0; i < 257; i++) {
		char ip[64];
		struct rep_event e;

		snprintf(ip, sizeof(ip), "2001:db8:1:%x::1", i);
		e = event(ip, REP_HAM, NOON, i);
		rep_batch_add(&b, &e, i + 1);
	}
	rep_batch_sort(&b);
	for (size_t i = 0; i < b.jobs.len; i++)
		if (b.jobs.v[i].kind == REP_JOB_NET) {
			rep_job_apply(&b, &b.jobs.v[i], &s, &held, &c);
			rep_change_fini(&c);
		}
	for (size_t i = 0; i < b.events.len; i++)
		kept += b.events.v[i].kept;
	is_int(kept, 256, "257 members: one is counted in the /48 only");
	ok(!b.events.v[256].kept, "the last that came");
	rep_held_fini(&held);
	rep_batch_fini(&b);
}

static void
test_ledger_text(void)
{
	static const struct {
		const char *text;
		uint32_t len;
	} t[] = {{"20000 a:1:2:0 ffffffffffffffff:255:0:1", 2}, {"20000", 0},
	    {"20000 a:256:0:0", 0}, {"20000 g:1:0:0", 0}, {"20000 a:1:0", 0},
	    {"20000 a:1:0:0:0", 0}, {"20000 :1:0:0", 0},
	    {"20000 11112222333344445:1:0:0", 0}, {"20000 a::0:0 b:1:1:1", 1}};
	struct rep_ledger l = {.day = 0};
	struct buf b;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		rep_ledger_parse(str_from(t[i].text), &l);
		is_int(l.len, t[i].len, "ledger \"%s\"", t[i].text);
	}
	rep_ledger_parse(str_from(t[0].text), &l);
	rep_ledger_parse(STR("no ledger"), &l);
	is_int(l.len, 2, "what is none leaves it alone");
	buf_init(&b);
	rep_ledger_format(&l, &b);
	is_str(buf_str(&b), str_from(t[0].text), "and back to text");
	buf_fini(&b);
	rep_ledger_fini(&l);
}

int
main(void)
{
	test_once();
	test_estimate();
	test_evidence();
	test_days();
	test_children();
	test_ledger_text();
	return done_testing();
}
