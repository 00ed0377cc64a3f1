/*
 * What each failure of one Redis does to mail, to the counters and to the log.
 */
#include "rep_live.h"

#include <limits.h>

static char state_dir[OWN_DIR_SIZE];

static struct rep_store *
open_fresh(const struct server *v)
{
	own_dir_make(state_dir);
	log_lines = 0;
	return open_server(v, state_dir);
}

static int64_t
look_us(struct rep_store *s, const char *text, struct rep_view *v)
{
	struct ip ip = ip_of(text);
	int64_t start = clock_mono_us();
	struct rep_lookup *l = rep_lookup_start(s, &ip);

	rep_lookup_collect(&l, start + 20000, v);
	return clock_mono_us() - start;
}

static uint64_t
seen(struct rep_store *s, const char *unit)
{
	struct rep_record r;

	return s->ops->read(s, unit, &r) == 0 ? r.unit.seen : 0;
}

static void
send_some(struct rep_store *s, const char *ip, enum rep_class class, int n)
{
	for (int i = 0; i < n; i++)
		report(s, ip, class, i);
}

/* Looks until the breaker lets through again. */
static bool
comes_back(struct rep_store *s)
{
	struct rep_view v;

	for (int i = 0; i < 2000; i++) {
		look_us(s, "203.0.113.200", &v);
		if (v.known && v.state != REP_WATCH)
			return true;
		short_pause();
	}
	return false;
}

static int64_t
slowest_of(struct rep_store *s, int n, struct rep_view *v)
{
	int64_t worst = 0;

	for (int i = 0; i < n; i++) {
		int64_t us = look_us(s, "203.0.113.7", v);

		if (us > worst)
			worst = us;
	}
	return worst;
}

static void
end(struct rep_store **s)
{
	rep_store_close(s, 0);
	own_dir_remove(state_dir);
}

static void
test_stopped(struct server *v)
{
	struct rep_store *s = open_fresh(v);
	struct rep_view view;
	int64_t first, worst;
	int lines;

	look(s, "203.0.113.7");
	send_some(s, "203.0.113.7", REP_SPAM, 60);
	ok(settle(s), "written");
	is_int(look(s, "203.0.113.7").state, REP_LISTED, "listed");
	/* The snapshot of listings is read now and then; a listing by an
	 * admin's hand has it read at once. */
	s->ops->set_listing(s, "4:192.0.2.99",
	    &(struct rep_listing){
		.state = REP_BLOCKED, .until_ms = clock_wall_ms() + 600000});
	for (int i = 0; i < 40; i++)
		short_pause();
	lines = log_lines;
	server_kill(v, SIGSTOP);
	first = look_us(s, "203.0.113.7", &view);
	ok(first < 60000, "stopped: the first waits its budget (%lld us)",
	    (long long)first);
	ok(view.state == REP_WATCH, "and is told watch at most");
	worst = slowest_of(s, 200, &view);
	printf("# stopped: first %lld us, slowest of 200 after it %lld us\n",
	    (long long)first, (long long)worst);
	ok(worst < 15000, "the others do not wait");
	send_some(s, "203.0.113.8", REP_HAM, 100);
	for (int i = 0; i < 500; i++)
		short_pause();
	is_int(log_lines - lines, 1, "one line in the log");
	server_kill(v, SIGCONT);
	ok(comes_back(s), "it comes back by itself");
	ok(settle(s), "what waited is written");
	is_int(seen(s, "4:203.0.113.8"), 100, "once");
	is_int(log_lines - lines, 2, "a second line says it is back");
	end(&s);
}

static void
test_dead(struct server *v)
{
	struct rep_store *s = open_fresh(v);
	struct rep_view view;
	int64_t worst;

	look(s, "203.0.113.7");
	server_kill(v, SIGKILL);
	for (int i = 0; i < 20; i++)
		short_pause();
	worst = slowest_of(s, 200, &view);
	ok(worst < 15000, "dead: nobody waits (%lld us)", (long long)worst);
	ok(!view.known || view.state == REP_WATCH, "nor is told more");
	send_some(s, "203.0.113.9", REP_HAM, 100);
	ok(status_of(s, "waiting") > 0, "events wait");
	server_start(v);
	ok(comes_back(s), "it comes back, empty");
	ok(settle(s), "what waited is written");
	is_int(seen(s, "4:203.0.113.9"), 100, "once");
	end(&s);
}

static void
test_never_there(void)
{
	struct rep_store *s;
	struct rep_view view;
	struct server v;

	server_make(&v, false, "");
	s = open_fresh(&v);
	ok(s != NULL, "an unreachable server is no error");
	ok(slowest_of(s, 50, &view) < 15000, "and costs mail nothing");
	send_some(s, "203.0.113.1", REP_HAM, 10);
	for (int i = 0; i < 240; i++)
		short_pause();
	is_int(log_lines, 1, "one line");
	rep_store_close(&s, 0);
	server_start(&v);
	s = open_server(&v, state_dir);
	ok(comes_back(s) && settle(s), "a later daemon writes them");
	is_int(seen(s, "4:203.0.113.1"), 10, "all");
	end(&s);
	server_end(&v);
}

static void
refuses_writes(const char *name, const char *harm, const char *cure)
{
	struct server v;
	struct rep_store *s;
	char out[256];
	int lines;

	server_make(&v, false, "");
	server_start(&v);
	s = open_fresh(&v);
	look(s, "203.0.113.7");
	lines = log_lines;
	ok(server_ask(&v, harm, out, sizeof(out)) && out[0] == '+', "%s", name);
	send_some(s, "203.0.113.2", REP_HAM, 50);
	for (int i = 0; i < 100; i++)
		short_pause();
	is_int(log_lines - lines, 1, "one line");
	ok(log_says("takes no writes"), "it says so");
	ok(look(s, "203.0.113.7").known, "reading goes on");
	server_ask(&v, cure, out, sizeof(out));
	ok(settle(s), "written when it may be");
	is_int(seen(s, "4:203.0.113.2"), 50, "once");
	end(&s);
	server_end(&v);
}

static void
test_password(void)
{
	struct server v;
	struct rep_store *s;
	char url[160];
	struct rep_view view;

	server_make(&v, true,
	    "requirepass s3cret/@:%\n"
	    "user post on >p%w ~* +@all");
	server_start(&v);
	s = open_fresh(&v);
	for (int i = 0; i < 240; i++)
		short_pause();
	is_int(log_lines, 1, "no password: one line");
	ok(log_says("NOAUTH"), "it says why");
	ok(!look_us(s, "203.0.113.7", &view) || !view.known, "no opinion");
	end(&s);
	snprintf(url, sizeof(url),
	    "redis://:s3cret%%2F%%40%%3A%%25@127.0.0.1:%d/3", v.port);
	s = open_at(url, NULL);
	ok(look(s, "203.0.113.7").known, "with its password, TCP, database 3");
	send_some(s, "203.0.113.7", REP_HAM, 5);
	ok(settle(s), "written");
	is_int(seen(s, "4:203.0.113.7"), 5, "counted");
	rep_store_close(&s, 0);
	snprintf(url, sizeof(url), "redis://post:p%%25w@127.0.0.1:%d", v.port);
	s = open_at(url, NULL);
	ok(look(s, "203.0.113.7").known, "as an ACL user");
	rep_store_close(&s, 0);
	server_end(&v);
}

/* A server that stalls for 60 ms again and again: not dead, never in time. */
static pid_t
start_stalls(const struct server *v)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		char out[64];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)server_ask(
			    v, "DEBUG SLEEP 0.06", out, sizeof(out));
	}
	return pid;
}

static void
test_slow(void)
{
	struct rep_view view;
	struct rep_store *s;
	struct server v;
	int late = 0, lines;
	pid_t stalls;

	server_make(&v, false, "enable-debug-command yes");
	server_start(&v);
	s = open_fresh(&v);
	look(s, "203.0.113.7");
	lines = log_lines;
	stalls = start_stalls(&v);
	for (int i = 0; i < 400; i++) {
		late += look_us(s, "203.0.113.7", &view) > 15000;
		report(s, "203.0.113.8", REP_HAM, i);
		short_pause();
	}
	printf("# slow: %d of 400 waited, %d lines\n", late,
	    (int)log_lines - lines);
	ok(late >= 1 && late <= 20, "slow: few wait, the others go on");
	ok(log_lines - lines <= 24, "nor does it fill the log");
	kill(stalls, SIGKILL);
	waitpid(stalls, NULL, 0);
	ok(comes_back(s), "it comes back");
	ok(settle(s), "all is written");
	is_int(seen(s, "4:203.0.113.8"), 400, "once");
	end(&s);
	server_end(&v);
}

/* Scripts forgotten by the server are loaded again. */
static void
test_script_flush(void)
{
	struct server v;
	struct rep_store *s;
	char out[64];

	server_make(&v, false, "");
	server_start(&v);
	s = open_fresh(&v);
	look(s, "203.0.113.7");
	server_ask(&v, "SCRIPT FLUSH", out, sizeof(out));
	send_some(s, "203.0.113.3", REP_SPAM, 60);
	ok(settle(s), "written after SCRIPT FLUSH");
	is_int(seen(s, "4:203.0.113.3"), 60, "counted once");
	is_int(look(s, "203.0.113.3").state, REP_LISTED, "and listed");
	end(&s);
	server_end(&v);
}

/* The last seconds before a crash that lost them are given again. */
static void
test_restart_empty(void)
{
	struct server v;
	struct rep_store *s;

	server_make(&v, false, "");
	server_start(&v);
	s = open_fresh(&v);
	look(s, "203.0.113.7");
	send_some(s, "203.0.113.4", REP_HAM, 70);
	ok(settle(s), "written");
	server_kill(&v, SIGKILL);
	server_start(&v);
	ok(comes_back(s), "restarted empty");
	for (int i = 0; i < 400 && seen(s, "4:203.0.113.4") < 70; i++)
		short_pause();
	is_int(seen(s, "4:203.0.113.4"), 70, "its last seconds are back");
	is_int(seen(s, REP_SITE), 70, "once");
	end(&s);
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
	test_stopped(&v);
	test_dead(&v);
	server_end(&v);
	test_never_there();
	refuses_writes("out of memory", "CONFIG SET maxmemory 1",
	    "CONFIG SET maxmemory 512mb");
	refuses_writes("read-only", "CONFIG SET min-replicas-to-write 1",
	    "CONFIG SET min-replicas-to-write 0");
	refuses_writes(
	    "a replica of nobody", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE");
	test_password();
	test_slow();
	test_script_flush();
	test_restart_empty();
	return done_testing();
}
