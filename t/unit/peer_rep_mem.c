/*
 * The in-process store: lists, explains, keeps its state across a clean end
 * and across kill -9, counts nothing twice.
 */
#include "rep_live.h"

static char dir[OWN_DIR_SIZE];

static struct rep_store *
open_store(void)
{
	return open_at("none", dir);
}

static void
test_lists(void)
{
	struct rep_store *s;
	struct rep_view v;
	struct rep_record r;
	struct buf b;

	own_dir_make(dir);
	s = open_store();
	v = look(s, "198.51.100.9");
	ok(v.known && v.state == REP_NONE, "a stranger: known to be unknown");
	for (int i = 0; i < 60; i++)
		report(s, "198.51.100.9", REP_SPAM, i);
	v = look(s, "198.51.100.9");
	is_int(v.state, REP_LISTED, "a spammer is listed");
	is_str(str_from(v.ref), STR("K7Q2-9XTM"), "with the reference");
	ok(v.until_ms > clock_wall_ms(), "until");
	is_int(s->ops->read(s, "4:198.51.100.9", &r), 0, "read");
	is_int(r.evidence_count, REP_EVIDENCE_MAX, "bounded evidence");
	rep_store_record(s, STR("K7Q2-9XTM"), STR("{\"why\":1}"));
	rep_store_close(&s, 0);
	s = open_store();
	is_int(look(s, "198.51.100.9").state, REP_LISTED,
	    "it is still listed after a restart");
	s->ops->read(s, "4:198.51.100.9", &r);
	is_int(r.unit.count[REP_SPAM], 60, "with all its counts");
	is_int(r.unit.today.bad_givers, 60, "and recipients");
	is_int(r.evidence_count, REP_EVIDENCE_MAX, "and evidence");
	is_str(str_from(r.evidence[0].rule), STR("BAD_WORDS"), "as it was");
	buf_init(&b);
	is_int(s->ops->why(s, STR("K7Q2-9XTM"), &b), 0, "the record is there");
	is_str(buf_str(&b), STR("{\"why\":1}"), "as it was");
	is_int(s->ops->why(s, STR("NONE"), &b), ERR_ABSENT, "another is not");
	buf_fini(&b);
	rep_store_close(&s, 0);
	own_dir_remove(dir);
}

static void
child_main(int out, unsigned seed)
{
	struct rep_store *s = open_store();
	uint32_t n = 0;

	if (s == NULL)
		_exit(1);
	for (;;) {
		char ip[32];

		snprintf(ip, sizeof(ip), "192.0.2.%u", (seed + n) % 5);
		report(s, ip, n % 3 ? REP_HAM : REP_SPAM, (int)n);
		n++;
		/* The acknowledgement: what a reply would be. */
		if (write(out, "x", 1) != 1)
			_exit(1);
		if (n % 500 == 0)
			(void)s->ops->note(s, &(struct rep_audit){.what = "t"});
	}
}

static uint64_t
run_and_kill(unsigned seed, unsigned acks)
{
	int fd[2];
	pid_t pid;
	char b[4096];
	uint64_t n = 0;
	ssize_t got;

	if (pipe(fd) != 0)
		exit(2);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		child_main(fd[1], seed);
	}
	close(fd[1]);
	while (n < acks && (got = read(fd[0], b, sizeof(b))) > 0)
		n += (uint64_t)got;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while ((got = read(fd[0], b, sizeof(b))) > 0)
		n += (uint64_t)got;
	close(fd[0]);
	return n;
}

/* Each event counts in its host and the /24: sums must agree with the acks. */
static void
test_kill(void)
{
	uint64_t acked = 0, runs = 12, seen;
	struct rep_store *s;
	struct rep_record r;

	own_dir_make(dir);
	for (unsigned i = 0; i < runs; i++)
		acked += run_and_kill(i, 1 + (unsigned)(random_u64() % 1500));
	s = open_store();
	seen = seen_of_hosts(s);
	/* One may be counted whose acknowledgement was cut off by the kill. */
	ok(seen >= acked && seen <= acked + runs,
	    "%d kills: %llu acknowledged, %llu counted", (int)runs,
	    (unsigned long long)acked, (unsigned long long)seen);
	is_seen_above(s, seen);
	rep_store_close(&s, 0);
	s = open_store();
	s->ops->read(s, REP_SITE, &r);
	is_int(r.unit.seen, seen, "a further restart counts nothing again");
	rep_store_close(&s, 0);
	own_dir_remove(dir);
}

/* A /48 keeps 256 members apart; the rest is counted in it alone. */
static void
test_children(void)
{
	struct rep_store *s;
	struct rep_record r;
	size_t hosts = 0;

	own_dir_make(dir);
	s = open_store();
	for (int i = 0; i < 300; i++) {
		char ip[48];

		snprintf(ip, sizeof(ip), "2001:db8:1:%x::1", i);
		report(s, ip, REP_SPAM, i);
		snprintf(ip, sizeof(ip), "6:2001:db8:1:%x::/64", i);
		hosts += s->ops->read(s, ip, &r) == 0;
	}
	is_int(hosts, 255, "members kept apart, ::/64 of zero spelled else");
	s->ops->read(s, "n:2001:db8:1::/48", &r);
	is_int(r.unit.count[REP_SPAM], 300, "all are in the network");
	rep_store_close(&s, 0);
	own_dir_remove(dir);
}

static void
test_wide_block(void)
{
	struct rep_store *s;
	struct rep_listing l = {.state = REP_BLOCKED,
	    .since_ms = 1,
	    .until_ms = clock_wall_ms() + 60000,
	    .why = "rented to spam"};

	own_dir_make(dir);
	s = open_store();
	is_int(s->ops->set_listing(s, "n:10.0.0.0/8", &l), 0, "block a /8");
	is_int(look(s, "10.1.2.3").state, REP_BLOCKED, "its addresses are");
	l.state = REP_ALLOWED;
	s->ops->set_listing(s, "n:10.1.0.0/16", &l);
	is_int(look(s, "10.1.2.3").state, REP_ALLOWED, "the nearer word wins");
	is_int(look(s, "10.2.2.3").state, REP_BLOCKED, "others stay");
	rep_store_close(&s, 0);
	s = open_store();
	is_int(look(s, "10.2.2.3").state, REP_BLOCKED, "also after a restart");
	s->ops->forget(s, "n:10.0.0.0/8");
	is_int(look(s, "10.2.2.3").state, REP_NONE, "until forgotten");
	is_int(look(s, "10.1.2.3").state, REP_ALLOWED, "that alone");
	rep_store_close(&s, 0);
	own_dir_remove(dir);
}

static bool
has_record(struct rep_store *s, unsigned i, bool whole)
{
	char ref[REP_REF_MAX], want[64];
	struct buf b;
	bool good;

	snprintf(ref, sizeof(ref), "%04u-0000", i);
	snprintf(want, sizeof(want), "{\"n\":%u,\"text\":\"\\\\\xc3\xa9\"}", i);
	buf_init(&b);
	good = s->ops->why(s, str_from(ref), &b) == 0 &&
	       (!whole || str_is(buf_str(&b), want));
	buf_fini(&b);
	return good;
}

/* 5,000 records are kept, over a restart too; the oldest goes. */
static void
test_records(void)
{
	struct rep_store *s;
	size_t kept = 0;

	own_dir_make(dir);
	s = open_store();
	for (unsigned i = 0; i <= 5000; i++) {
		char ref[REP_REF_MAX], json[64];

		snprintf(ref, sizeof(ref), "%04u-0000", i);
		snprintf(json, sizeof(json),
		    "{\"n\":%u,\"text\":\"\\\\\xc3\xa9\"}", i);
		rep_store_record(s, str_from(ref), str_from(json));
		if (i == 4999)
			ok(has_record(s, 0, true), "5,000 records");
	}
	ok(!has_record(s, 0, false), "one more, and the oldest is gone");
	ok(has_record(s, 1, true) && has_record(s, 5000, true),
	    "the others are not");
	rep_store_close(&s, 1000);
	s = open_store();
	for (unsigned i = 0; i <= 5000; i++)
		kept += has_record(s, i, true);
	is_int(kept, 5000, "a restart brings them back as they were");
	rep_store_record(s, STR("new"), STR("{}"));
	ok(!has_record(s, 1, false) && has_record(s, 2, true),
	    "and their order");
	rep_store_close(&s, 1000);
	own_dir_remove(dir);
}

int
main(void)
{
	test_records();
	test_lists();
	test_kill();
	test_children();
	test_wide_block();
	return done_testing();
}
