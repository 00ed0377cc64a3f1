/*
 * The Redis store against a real server: the documented layout, the same
 * judgement as the in-process store, the same counts after kills.
 */
#include "random_walk.h"
#include "rep_live.h"

#include <math.h>

static void
has(const struct server *v, const char *command, const char *want,
    const char *name)
{
	char out[8192];

	if (!ok(server_ask(v, command, out, sizeof(out)) &&
		    strstr(out, want) != NULL,
		"%s", name))
		tap_show("got", str_from(out));
}

/* As long as real ones: kept packed, read as it was. */
static void
test_record(struct rep_store *s, const struct server *v)
{
	struct buf json, back;

	buf_init(&json);
	buf_init(&back);
	buf_add_cstr(&json, "{\"hits\":[");
	for (int i = 0; i < 60; i++)
		buf_printf(&json, "%s{\"rule\":\"SOME_RULE_%d\",\"score\":0.1}",
		    i ? "," : "", i);
	buf_add_cstr(&json, "]}");
	rep_store_record(s, STR("AAAA-BBBBB"), buf_str(&json));
	ok(settle(s), "a long record is written");
	has(v, "GETRANGE postern:why:AAAA-BBBBB 0 3", "\x28\xb5\x2f\xfd",
	    "packed");
	is_int(s->ops->why(s, STR("AAAA-BBBBB"), &back), 0, "it is found");
	is_str(buf_str(&back), buf_str(&json), "and reads as it was");
	buf_fini(&json);
	buf_fini(&back);
}

static void
test_layout(const struct server *v)
{
	struct rep_store *s = open_server(v, NULL);
	struct rep_view view;
	struct rep_record r;
	char out[65536];
	struct buf b;

	for (int i = 0; i < 60; i++)
		report(s, "203.0.113.7", REP_SPAM, i);
	rep_store_record(s, STR("K7Q2-9XTM"), STR("{\"score\":12}"));
	ok(settle(s), "all is written");
	view = look(s, "203.0.113.7");
	ok(view.known, "known");
	is_int(view.state, REP_LISTED, "a spammer is listed");
	is_str(str_from(view.ref), STR("K7Q2-9XTM"), "with its reference");
	is_int(look(s, "203.0.113.8").state, REP_NONE,
	    "a stranger beside it is not: a bad neighbourhood alone is no "
	    "evidence");
	has(v, "HGET postern:rep:{4:203.0.113.7} spam", "60", "lifetime count");
	has(v, "HGET postern:rep:{4:203.0.113.7} state", "listed", "state");
	has(v, "HGET postern:rep:{4:203.0.113.7} strikes", "1", "strikes");
	has(v, "HGET postern:list:{4:203.0.113.7} strike", "1", "listing");
	has(v, "HGET postern:list:{4:203.0.113.7} ref", "K7Q2-9XTM", "its ref");
	has(v, "LLEN postern:evidence:{4:203.0.113.7}", ":8", "evidence");
	has(v, "LINDEX postern:evidence:{4:203.0.113.7} 0",
	    " spam BAD_WORDS 12.5 K7Q2-9XTM", "its line");
	has(v, "HGET postern:rep:{n:203.0.113.0/24} spam", "60", "the /24");
	has(v, "HGET postern:rep:{site} spam", "60", "the site");
	has(v, "XLEN postern:events", ":1", "the audit trail");
	has(v, "GET postern:why:K7Q2-9XTM", "{\"score\":12}", "the record");
	snprintf(out, sizeof(out), "PFCOUNT postern:rcpts:{4:203.0.113.7}:%lld",
	    (long long)(clock_wall_ms() / REP_DAY_MS));
	if (!ok(server_ask(v, out, out, sizeof(out)) && out[0] == ':' &&
		    abs(atoi(out + 1) - 60) <= 3,
		"distinct recipients, estimated"))
		tap_show("got", str_from(out));
	snprintf(out, sizeof(out), "HGET postern:day:%lld spam",
	    (long long)(clock_wall_ms() / REP_DAY_MS));
	has(v, out, "60", "the day");
	snprintf(out, sizeof(out), "ZSCORE postern:listed:%u 4:203.0.113.7",
	    rep_listed_shard("4:203.0.113.7"));
	has(v, out, "$10", "the index of listings");
	is_int(s->ops->read(s, "4:203.0.113.7", &r), 0, "read back");
	is_int(r.unit.count[REP_SPAM], 60, "counts");
	is_int(r.listing.strike, 1, "listing");
	is_int(r.evidence_count, REP_EVIDENCE_MAX, "evidence");
	buf_init(&b);
	is_int(s->ops->why(s, STR("K7Q2-9XTM"), &b), 0, "why");
	is_str(buf_str(&b), STR("{\"score\":12}"), "as it was");
	buf_fini(&b);
	test_record(s, v);
	has(v,
	    "EVAL \"for _,k in ipairs(redis.call('keys','*')) do if "
	    "redis.call('pttl',k)<0 then return k end end return 'none'\" 0",
	    "none", "every key has a life");
	rep_store_close(&s, 1000);
}

static struct rep_event
random_event(uint64_t *seed, int64_t at_ms)
{
	char text[48];
	int64_t back = (int64_t)(next_random(seed) % 600000);
	struct rep_event e = {.rcpt_count = (uint32_t)(next_random(seed) % 4)};

	if (next_random(seed) % 4 == 0)
		snprintf(text, sizeof(text), "2001:db8:9:%x::7",
		    (unsigned)(next_random(seed) % 300) + 1);
	else
		snprintf(text, sizeof(text), "198.51.100.%u",
		    (unsigned)(next_random(seed) % 12));
	e.client = ip_of(text);
	e.class = (enum rep_class)(next_random(seed) % REP_CLASS_COUNT);
	/* Somewhat out of order, but each in its own day. */
	e.at_ms = at_ms;
	if ((at_ms - back) / REP_DAY_MS == at_ms / REP_DAY_MS)
		e.at_ms -= back;
	for (uint32_t i = 0; i < e.rcpt_count; i++)
		e.rcpt_hash[i] = next_random(seed) % 30 + 1;
	e.tried = (uint32_t)(next_random(seed) % 30);
	e.unknown = (uint32_t)(next_random(seed) % 30);
	e.rejected = e.class != REP_HAM;
	return e;
}

static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-5 * fmax(1, fmax(fabs(a), fabs(b)));
}

static bool
same_unit(struct rep_store *a, struct rep_store *b, const char *name)
{
	struct rep_record x, y;
	int rx = a->ops->read(a, name, &x), ry = b->ops->read(b, name, &y);
	bool same;

	if (rx != ry)
		printf("# %s: %d %d\n", name, rx, ry);
	if (rx != 0 || ry != 0)
		return rx == ry;
	same =
	    memcmp(x.unit.count, y.unit.count, sizeof(x.unit.count)) == 0 &&
	    x.unit.seen == y.unit.seen && x.unit.rejected == y.unit.rejected &&
	    near(x.unit.sums.bad_short, y.unit.sums.bad_short) &&
	    near(x.unit.sums.good_short, y.unit.sums.good_short) &&
	    near(x.unit.sums.bad_long, y.unit.sums.bad_long) &&
	    near(x.unit.sums.good_long, y.unit.sums.good_long) &&
	    x.unit.sums.t_ms == y.unit.sums.t_ms &&
	    memcmp(&x.unit.today, &y.unit.today, sizeof(x.unit.today)) == 0 &&
	    x.unit.hour == y.unit.hour &&
	    memcmp(x.unit.used, y.unit.used, sizeof(x.unit.used)) == 0;
	if (!same)
		printf("# %s differs: bs %g %g gs %g %g bl %g %g today "
		       "%u/%u/%u %u/%u/%u\n",
		    name, x.unit.sums.bad_short, y.unit.sums.bad_short,
		    x.unit.sums.good_short, y.unit.sums.good_short,
		    x.unit.sums.bad_long, y.unit.sums.bad_long,
		    x.unit.today.bad_givers, x.unit.today.tries,
		    x.unit.today.unknown, y.unit.today.bad_givers,
		    y.unit.today.tries, y.unit.today.unknown);
	return same;
}

struct both {
	struct rep_store *a, *b;
	int units, same;
};

static void
compare(void *ctx, const char *unit)
{
	struct both *x = ctx;

	x->units++;
	x->same += same_unit(x->a, x->b, unit);
}

/* The Lua and the C arithmetic: the same random history, the same units. */
static void
test_same_model(const struct server *v)
{
	uint64_t seed = 4711;
	int64_t base = clock_wall_ms() - 3 * REP_DAY_MS;
	struct rep_store *r = open_server(v, NULL);
	struct rep_store *m = open_at("none", NULL);
	struct both both = {.a = m, .b = r};
	char out[64];

	(void)server_ask(v, "FLUSHALL", out, sizeof(out));
	for (int i = 0; i < 3000; i++) {
		struct rep_event e =
		    random_event(&seed, base + i * (REP_DAY_MS / 1000));

		rep_store_report(r, &e);
		rep_store_report(m, &e);
	}
	ok(settle(r), "3000 random events written");
	m->ops->each(m, compare, &both);
	ok(both.units > 250, "%d units", both.units);
	is_int(both.same, both.units, "are the same in both stores");
	rep_store_close(&r, 1000);
	rep_store_close(&m, 0);
}

/* Two daemons that write the same units at the same time. */
static void
test_two_writers(const struct server *v)
{
	struct rep_store *a = open_server(v, NULL), *b = open_server(v, NULL);
	struct rep_record r;
	char out[64];

	(void)server_ask(v, "FLUSHALL", out, sizeof(out));
	for (int i = 0; i < 4000; i++) {
		report(i % 2 ? a : b, "192.0.2.1", REP_HAM, i);
		if (i % 400 == 0)
			short_pause();
	}
	ok(settle(a) && settle(b), "both have written");
	is_int(a->ops->read(a, "4:192.0.2.1", &r), 0, "one unit");
	is_int(r.unit.seen, 4000, "holds what both brought");
	is_int(a->ops->read(a, REP_SITE, &r), 0, "the site");
	is_int(r.unit.seen, 4000, "too");
	rep_store_close(&a, 1000);
	rep_store_close(&b, 1000);
}

/* ---- kill -9 of either or both ------------------------------------------ */

static char state_dir[OWN_DIR_SIZE];

static void
child_main(const struct server *v, int out)
{
	struct rep_store *s = open_server(v, state_dir);
	uint32_t n = 0;

	if (s == NULL)
		_exit(1);
	for (;;) {
		char ip[32];

		snprintf(ip, sizeof(ip), "192.0.2.%u", n % 5);
		report(s, ip, n % 3 ? REP_HAM : REP_SPAM, (int)n);
		n++;
		if (write(out, "x", 1) != 1)
			_exit(1);
	}
}

static uint64_t
drain(int fd, uint64_t want)
{
	char b[4096];
	uint64_t n = 0;
	ssize_t got;

	while (n < want && (got = read(fd, b, sizeof(b))) > 0)
		n += (uint64_t)got;
	return n;
}

static uint64_t
run_and_kill(struct server *v, int round)
{
	int fd[2];
	uint64_t n;
	pid_t pid;

	if (pipe(fd) != 0)
		exit(2);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child_main(v, fd[1]);
	}
	close(fd[1]);
	n = drain(fd[0], 1 + random_u64() % 3000);
	if (round % 3 == 1) { /* Redis dies and comes back under us */
		server_kill(v, SIGKILL);
		n += drain(fd[0], 1 + random_u64() % 1000);
		server_start(v);
		n += drain(fd[0], 1 + random_u64() % 3000);
	}
	if (round % 3 == 2)
		server_kill(v, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	n += drain(fd[0], UINT64_MAX);
	close(fd[0]);
	if (v->pid == 0)
		server_start(v);
	return n;
}

static void
test_kills(void)
{
	struct server v;
	uint64_t acked = 0, seen, rounds = 9;
	struct rep_store *s;

	server_make(&v, false, "appendonly yes\nappendfsync everysec");
	server_start(&v);
	own_dir_make(state_dir);
	for (uint64_t i = 0; i < rounds; i++)
		acked += run_and_kill(&v, (int)i);
	s = open_server(&v, state_dir);
	ok(look(s, "192.0.2.1").known, "back");
	ok(settle(s), "all is written");
	seen = seen_of_hosts(s);
	ok(seen >= acked && seen <= acked + rounds,
	    "kills of writer, of Redis, of both: %llu acknowledged, %llu "
	    "counted",
	    (unsigned long long)acked, (unsigned long long)seen);
	is_seen_above(s, seen);
	rep_store_close(&s, 1000);
	own_dir_remove(state_dir);
	server_end(&v);
}

int
main(void)
{
	struct server v;

	if (!server_exists())
		skip_all("no redis-server here");
	server_make(&v, false, "");
	server_start(&v);
	test_layout(&v);
	test_same_model(&v);
	test_two_writers(&v);
	server_end(&v);
	test_kills();
	return done_testing();
}
