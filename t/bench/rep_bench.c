/*
 * What reputation costs: events a second into one local Redis, microseconds of
 * a lookup, bytes a unit. Not part of the suite: figures for doc/reputation.md.
 *
 *   rep_bench events COUNT HOSTS     throughput, COUNT events from HOSTS hosts
 *   rep_bench lookups COUNT          latency idle, under load, hung, open
 *   rep_bench memory UNITS [EVENTS]  bytes a unit; EVENTS spams each leave
 * evidence rep_bench mem COUNT HOSTS        the in-process store
 */
#include "rep_live.h"

static char state_dir[OWN_DIR_SIZE];
static struct server server;

static struct ip
nth_ip(uint32_t n)
{
	struct ip ip = ip_of("16.0.0.0");

	ip.byte[13] = (uint8_t)(n >> 16);
	ip.byte[14] = (uint8_t)(n >> 8);
	ip.byte[15] = (uint8_t)n;
	return ip;
}

static void
send_nth(struct rep_store *s, uint32_t n, uint32_t host, enum rep_class class)
{
	struct rep_event e = {.client = nth_ip(host),
	    .class = class,
	    .at_ms = clock_wall_ms(),
	    .rcpt_count = 1,
	    .score = 12.5,
	    .rule = "SOME_LONG_RULE_NAME",
	    .ref = "K7Q2-9XTMV",
	    .rejected = class != REP_HAM};

	e.rcpt_hash[0] = n * UINT64_C(0x9e3779b97f4a7c15);
	rep_store_report(s, &e);
}

static void
wait_applied(struct rep_store *s)
{
	while (status_of(s, "waiting") > 0)
		short_pause();
}

/* Processor time Redis has used, microseconds. */
static double
server_cpu_us(void)
{
	char out[4096], *sys, *user;

	if (!server_ask(&server, "INFO cpu", out, sizeof(out)))
		return 0;
	sys = strstr(out, "used_cpu_sys:");
	user = strstr(out, "used_cpu_user:");
	return sys && user
		   ? (strtod(sys + 13, NULL) + strtod(user + 14, NULL)) * 1e6
		   : 0;
}

/* Commands run inside the script are counted in its time too. */
static void
show_commands(uint32_t events)
{
	char out[32768], *line = out;

	if (!server_ask(&server, "INFO commandstats", out, sizeof(out)))
		return;
	while ((line = strstr(line, "cmdstat_")) != NULL) {
		size_t name = strcspn(line += 8, ":");
		const char *calls = strstr(line, "calls=");
		const char *usec = strstr(line, "usec=");
		double n, us;

		if (calls == NULL || usec == NULL)
			break;
		n = strtod(calls + 6, NULL) / events;
		us = strtod(usec + 5, NULL) / events;
		if (n >= 0.01)
			printf("  %-12.*s %5.2f calls %6.2f us an event\n",
			    (int)name, line, n, us);
	}
}

static double
own_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
bench_events(struct rep_store *s, uint32_t count, uint32_t hosts)
{
	int64_t start = clock_mono_us(), taken;
	double cpu = server_cpu_us(), own = own_cpu_us();
	char out[64];

	server_ask(&server, "CONFIG RESETSTAT", out, sizeof(out));
	for (uint32_t i = 0; i < count; i++)
		send_nth(s, i, i % hosts, i % 3 ? REP_SPAM : REP_HAM);
	taken = clock_mono_us() - start;
	wait_applied(s);
	printf("%u events from %u hosts: taken in %.2f s (%.2f us each), "
	       "applied after %.2f s: %.0f events/s, dropped %lld\n",
	    count, hosts, (double)taken / 1e6, (double)taken / count,
	    (double)(clock_mono_us() - start) / 1e6,
	    count * 1e6 / (double)(clock_mono_us() - start),
	    (long long)status_of(s, "dropped"));
	own = own_cpu_us() - own;
	printf("processor an event: Redis %.1f us, here %.1f us\n",
	    (server_cpu_us() - cpu) / count, own / count);
	show_commands(count);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
time_lookups(struct rep_store *s, const char *name, uint32_t count)
{
	int64_t *us = mem_array(count, sizeof(*us));
	uint32_t known = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct ip ip = nth_ip(i % 1000);
		int64_t start = clock_mono_us();
		struct rep_lookup *l = rep_lookup_start(s, &ip);
		struct rep_view v;

		rep_lookup_collect(&l, start + 20000, &v);
		us[i] = clock_mono_us() - start;
		known += v.known;
	}
	qsort(us, count, sizeof(*us), by_value);
	printf("lookup, %s: p50 %lld us, p99 %lld us, worst %lld us, "
	       "answered %u of %u\n",
	    name, (long long)us[count / 2], (long long)us[count * 99 / 100],
	    (long long)us[count - 1], known, count);
	free(us);
}

static void
bench_lookups(struct rep_store *s, uint32_t count)
{
	for (uint32_t i = 0; i < 20000; i++)
		send_nth(s, i, i % 1000, REP_HAM);
	wait_applied(s);
	time_lookups(s, "idle", count);
	for (uint32_t i = 0; i < 200000; i++)
		send_nth(s, i, i % 5000, REP_HAM);
	time_lookups(s, "200,000 events being written", count);
	wait_applied(s);
	server_kill(&server, SIGSTOP);
	time_lookups(s, "hung (the first waits)", 1);
	time_lookups(s, "hung, breaker open", count);
	server_kill(&server, SIGCONT);
	server_kill(&server, SIGKILL);
	for (int i = 0; i < 20; i++)
		short_pause();
	time_lookups(s, "dead", count);
}

static void
show_memory(const char *name)
{
	char out[16384], *used, *keys;

	server_ask(&server, "INFO memory", out, sizeof(out));
	used = strstr(out, "used_memory:");
	printf("%s: %.*s", name, used ? (int)strcspn(used, "\r") : 0,
	    used ? used : "");
	server_ask(&server, "DBSIZE", out, sizeof(out));
	keys = strchr(out, ':');
	printf(", keys %.*s\n", keys ? (int)strcspn(keys + 1, "\r") : 0,
	    keys ? keys + 1 : "");
}

static void
show_usage(const char *key)
{
	char command[160], out[256];

	snprintf(command, sizeof(command), "MEMORY USAGE %s", key);
	server_ask(&server, command, out, sizeof(out));
	printf("%s: %.*s bytes\n", key, (int)strcspn(out + 1, "\r"), out + 1);
}

static int64_t
info_number(const char *section, const char *name)
{
	char command[64], field[64], out[16384];
	const char *at;

	snprintf(command, sizeof(command), "INFO %s", section);
	snprintf(field, sizeof(field), "\n%s:", name);
	if (!server_ask(&server, command, out, sizeof(out)))
		return 0;
	at = strstr(out, field);
	return at ? strtoll(at + strlen(field), NULL, 10) : 0;
}

/* What is used by `units` of them, beyond `before`. */
static void
show_each(const char *name, int64_t before, uint32_t units)
{
	int64_t used = info_number("memory", "used_memory") - before;

	printf("%-46s %8.1f MB  %7.1f bytes a unit\n", name, (double)used / 1e6,
	    (double)used / units);
}

/* In slices: a script that runs for seconds is a server that hangs. */
static void
drop_kind(const char *kind)
{
	char command[512], out[256], cursor[32] = "0";

	do {
		snprintf(command, sizeof(command),
		    "EVAL \"local c=ARGV[1] for i=1,50 do local r=redis.call("
		    "'SCAN',c,'MATCH','postern:%s*','COUNT',1000) c=r[1] "
		    "for _,k in ipairs(r[2]) do redis.call('DEL',k) end "
		    "if c=='0' then break end end return c\" 0 %s",
		    kind, cursor);
		if (!server_ask(&server, command, out, sizeof(out)) ||
		    sscanf(out, "$%*d %31[0-9]", cursor) != 1)
			return;
	} while (strcmp(cursor, "0") != 0);
}

static void
send_all(struct rep_store *s, uint32_t units, uint32_t each)
{
	for (uint32_t n = 0, sent = 0; n < each; n++)
		for (uint32_t i = 0; i < units; i++) {
			send_nth(
			    s, n * units + i, i, each > 1 ? REP_SPAM : REP_HAM);
			if (++sent % 50000 == 0)
				wait_applied(s);
		}
	wait_applied(s);
}

/* `each` events of every unit: 1 is a ham, more are spam with evidence. */
static void
bench_memory(struct rep_store *s, uint32_t units, uint32_t each)
{
	int64_t empty = info_number("memory", "used_memory");
	int64_t start = clock_mono_us();

	send_all(s, units, each);
	printf("%u units, %u events each, in %.1f s\n", units, each,
	    (double)(clock_mono_us() - start) / 1e6);
	show_memory("now");
	show_each("everything", empty, units);
	drop_kind("given:");
	drop_kind("members:");
	drop_kind("rcpts:");
	show_each("without what lives two days", empty, units);
	if (each == 1)
		return;
	drop_kind("list:");
	drop_kind("listed");
	drop_kind("events");
	drop_kind("top");
	show_each("without listings too", empty, units);
	drop_kind("evidence:");
	show_each("without evidence too", empty, units);
	show_usage("postern:rep:{4:16.0.0.1}");
}

/* By its own end, so that a profiler around it can write. */
static void
end_server(void)
{
	char out[64];

	if (server.pid > 0) {
		(void)server_ask(&server, "SHUTDOWN NOSAVE", out, sizeof(out));
		waitpid(server.pid, NULL, 0);
		server.pid = 0;
	}
	server_end(&server);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "events";
	uint32_t count = argc > 2 ? (uint32_t)atoi(argv[2]) : 200000;
	uint32_t hosts = argc > 3 ? (uint32_t)atoi(argv[3]) : 20000;
	struct rep_store *s;

	if (!server_exists())
		skip_all("no redis-server here");
	server_make(&server, false, "maxmemory 4gb");
	server_start(&server);
	own_dir_make(state_dir);
	s = strcmp(what, "mem") == 0 ? open_at("none", state_dir)
				     : open_server(&server, state_dir);
	(void)look(s, "16.0.0.1");
	if (strcmp(what, "lookups") == 0)
		bench_lookups(s, count);
	else if (strcmp(what, "memory") == 0)
		bench_memory(s, count, argc > 3 ? hosts : 1);
	else
		bench_events(s, count, hosts);
	rep_store_close(&s, 0);
	own_dir_remove(state_dir);
	end_server();
	return 0;
}
