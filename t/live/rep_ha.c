/*
 * Servers that stand in for one another: a master with a replica and three
 * Sentinels, and a cluster of six. Counters end exact after each fail-over.
 */
#include "rep_live.h"

#define NODES 6
#define PATIENCE 6000		/* of 5 ms */

static char state_dir[64];

static void
make_state(void)
{
	snprintf(state_dir, sizeof(state_dir), "/tmp/postern-rep.XXXXXX");
	if (mkdtemp(state_dir) == NULL)
		exit(2);
	log_lines = 0;
}

static bool
answers(const struct server *v, const char *command, const char *want)
{
	char out[8192];

	return server_ask(v, command, out, sizeof(out)) &&
	    strstr(out, want) != NULL;
}

static bool
wait_answer(const struct server *v, const char *command, const char *want)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (answers(v, command, want))
			return true;
		short_pause();
	}
	return false;
}

static bool
settle_long(struct rep_store *s)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (status_of(s, "waiting") == 0)
			return true;
		short_pause();
	}
	return false;
}

static struct rep_view
look_long(struct rep_store *s, const char *text)
{
	struct rep_view v = {.known = false};

	for (int i = 0; i < 30 && !v.known; i++)
		v = look(s, text);
	return v;
}

/* Events to 40 networks, so a cluster's nodes all get some. */
static void
send_spread(struct rep_store *s, int n)
{
	for (int i = 0; i < n; i++) {
		char ip[32];

		snprintf(ip, sizeof(ip), "203.0.%d.7", i % 40);
		report(s, ip, REP_HAM, i);
		if (i % 50 == 49)
			short_pause();
	}
}

static uint64_t
count_spread(struct rep_store *s)
{
	struct rep_record r;
	uint64_t sum = 0;

	for (int i = 0; i < 40; i++) {
		char unit[32];

		snprintf(unit, sizeof(unit), "4:203.0.%d.7", i);
		if (s->ops->read(s, unit, &r) == 0)
			sum += r.unit.seen;
	}
	return sum;
}

/* What was resent after a fail-over may still be on its way. */
static bool
counts_to(struct rep_store *s, uint64_t want)
{
	uint64_t got = 0;

	for (int i = 0; i < 400; i++) {
		got = count_spread(s);
		if (got >= want)
			break;
		short_pause();
	}
	if (got != want)
		printf("# counted %llu, not %llu\n", (unsigned long long)got,
		    (unsigned long long)want);
	return got == want;
}

/* ---- Sentinel ------------------------------------------------------------- */

static void
start_sentinels(struct server *w, int master_port)
{
	for (int i = 0; i < 3; i++) {
		char conf[512];

		snprintf(conf, sizeof(conf),
		    "sentinel monitor mine 127.0.0.1 %d 2\n"
		    "sentinel down-after-milliseconds mine 1000\n"
		    "sentinel failover-timeout mine 2000\n", master_port);
		server_make(&w[i], true, conf);
		w[i].sentinel = true;
		server_start(&w[i]);
	}
}

static void
test_sentinel(void)
{
	struct server a, b, w[3];
	struct rep_store *s;
	char conf[256], url[256];

	server_make(&a, true, "repl-diskless-sync-delay 0");
	server_start(&a);
	snprintf(conf, sizeof(conf),
	    "replicaof 127.0.0.1 %d\nrepl-diskless-sync-delay 0", a.port);
	server_make(&b, true, conf);
	server_start(&b);
	ok(wait_answer(&b, "INFO replication", "master_link_status:up"),
	    "a master and its replica");
	start_sentinels(w, a.port);
	for (int i = 0; i < 3; i++)
		ok(wait_answer(&w[i], "SENTINEL master mine",
		    "num-other-sentinels\r\n$1\r\n2") &&
		    wait_answer(&w[i], "SENTINEL replicas mine", "127.0.0.1"),
		    "sentinel %d knows the others", i);
	make_state();
	snprintf(url, sizeof(url),
	    "sentinel://127.0.0.1:1,127.0.0.1:%d,127.0.0.1:%d/mine", w[0].port,
	    w[1].port);
	s = open_at(url, state_dir);
	ok(look_long(s, "203.0.1.7").known, "the sentinels name the master");
	send_spread(s, 500);
	ok(settle_long(s), "written");
	send_spread(s, 500);
	server_kill(&a, SIGKILL);
	send_spread(s, 500);
	ok(wait_answer(&b, "ROLE", "master"), "the replica is promoted");
	ok(settle_long(s), "what waited is written to it");
	ok(counts_to(s, 1500), "every event once, lost replication made good");
	ok(look_long(s, "203.0.1.7").known, "lookups go to it");
	is_int(log_lines, 2, "away, back");
	server_start(&a);	/* comes back believing it is the master */
	ok(wait_answer(&a, "ROLE", "slave"), "the old one is made a replica");
	send_spread(s, 100);
	ok(settle_long(s) && counts_to(s, 1600), "and gets no write of ours");
	rep_store_close(&s, 1000);
	remove_tree(state_dir);
	server_end(&a);
	server_end(&b);
	for (int i = 0; i < 3; i++)
		server_end(&w[i]);
}

/* ---- Cluster -------------------------------------------------------------- */

static bool
run_tool(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command) == 0;
}

static bool
start_cluster(struct server *v)
{
	char list[256] = "";

	for (int i = 0; i < NODES; i++) {
		size_t n = strlen(list);

		server_make(&v[i], true, "cluster-enabled yes\n"
		    "cluster-node-timeout 600\nrepl-diskless-sync-delay 0");
		server_start(&v[i]);
		snprintf(list + n, sizeof(list) - n, " 127.0.0.1:%d",
		    v[i].port);
	}
	if (!run_tool("redis-cli --cluster create%s --cluster-replicas 1 "
		      "--cluster-yes >/dev/null 2>&1", list))
		return false;
	for (int i = 0; i < NODES; i++)
		if (!wait_answer(&v[i], "CLUSTER INFO", "cluster_state:ok"))
			return false;
	return true;
}

static void
node_id(const struct server *v, char id[static 64])
{
	char out[256];

	server_ask(v, "CLUSTER MYID", out, sizeof(out));
	snprintf(id, 64, "%.40s", strchr(out, '\n') ? strchr(out, '\n') + 1
						    : "");
}

static struct server *
a_master(struct server *v, int skip)
{
	for (int i = 0; i < NODES; i++)
		if (v[i].pid > 0 && answers(&v[i], "ROLE", "master") &&
		    skip-- == 0)
			return &v[i];
	return &v[0];
}

static bool
cluster_is_whole(struct server *v)
{
	for (int i = 0; i < NODES; i++)
		if (v[i].pid > 0 &&
		    !wait_answer(&v[i], "CLUSTER INFO", "cluster_state:ok"))
			return false;
	return true;
}

static void
test_cluster(void)
{
	struct server v[NODES], *from, *to;
	struct rep_store *s;
	char url[256], from_id[64], to_id[64];

	if (!ok(start_cluster(v), "a cluster of six"))
		goto out;
	make_state();
	snprintf(url, sizeof(url), "cluster://127.0.0.1:1,127.0.0.1:%d",
	    v[2].port);
	s = open_at(url, state_dir);
	for (int i = 0; i < 40; i += 13) {
		char ip[32];

		snprintf(ip, sizeof(ip), "203.0.%d.7", i);
		ok(look_long(s, ip).known, "a lookup: %s", ip);
	}
	send_spread(s, 1000);
	ok(settle_long(s) && counts_to(s, 1000), "1000 events, all nodes");
	for (int i = 0; i < 60; i++)
		report(s, "198.51.100.9", REP_SPAM, i);
	ok(settle_long(s), "spam");
	is_int(look_long(s, "198.51.100.9").state, REP_LISTED, "is listed");

	from = a_master(v, 0);
	to = a_master(v, 1);
	node_id(from, from_id);
	node_id(to, to_id);
	ok(run_tool("redis-cli --cluster reshard 127.0.0.1:%d --cluster-from "
		    "%s --cluster-to %s --cluster-slots 3000 --cluster-yes "
		    "--cluster-pipeline 100 >/dev/null 2>&1 &", from->port,
	    from_id, to_id), "slots begin to move");
	send_spread(s, 3000);
	ok(settle_long(s) && counts_to(s, 4000),
	    "MOVED and ASK are followed, each event counts once");
	ok(run_tool("for i in 1 2 3 4 5 6 7 8 9 10; do redis-cli --cluster "
		    "check 127.0.0.1:%d >/dev/null 2>&1 && exit 0; sleep 0.5; "
		    "done; exit 1", from->port), "the move is over");

	server_kill(a_master(v, 2), SIGKILL);
	send_spread(s, 1000);
	ok(cluster_is_whole(v), "a node died, its replica took over");
	ok(settle_long(s) && counts_to(s, 5000), "every event once");
	ok(look_long(s, "203.0.13.7").known, "lookups go on");
	is_int(look_long(s, "198.51.100.9").state, REP_LISTED, "still listed");
	printf("# %d log lines\n", log_lines);
	rep_store_close(&s, 1000);
	remove_tree(state_dir);
out:
	for (int i = 0; i < NODES; i++)
		server_end(&v[i]);
}

int
main(void)
{
	if (!server_exists())
		skip_all("no redis-server here");
	if (!program_exists("redis-cli"))
		skip_all("no redis-cli here");
	test_sentinel();
	test_cluster();
	return done_testing();
}
