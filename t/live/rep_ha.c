/*
 * Servers that stand in for one another: a master with a replica and three
 * Sentinels, and a cluster of six. Counters end exact after each fail-over.
 */
#include "rep_live.h"

#define NODES 6
#define PATIENCE 90 /* seconds: a bound for a machine that does much else */

/*
 * Milliseconds. Until the test kills a master no silence is taken for its
 * death: on a busy machine a replica would else be promoted when nobody died.
 */
#define NEVER "30000"
#define SOON "1000"

static char state_dir[OWN_DIR_SIZE];

static void
make_state(void)
{
	own_dir_make(state_dir);
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
	int64_t end = seconds_from_now(PATIENCE);

	while (!answers(v, command, want))
		if (!pause_until(end)) {
			printf("# no \"%s\" to %s\n", want, command);
			server_show_log(v, 20);
			return false;
		}
	return true;
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
	int64_t end = seconds_from_now(PATIENCE);
	uint64_t got;

	do
		got = count_spread(s);
	while (got < want && pause_until(end));
	if (got != want)
		printf("# counted %llu, not %llu\n", (unsigned long long)got,
		    (unsigned long long)want);
	return got == want;
}

/* ---- Sentinel ----------------------------------------------------------- */

#define SENTINELS 3

static void
start_sentinels(struct server *w, int master_port)
{
	for (int i = 0; i < SENTINELS; i++) {
		char conf[512], out[256];

		snprintf(conf, sizeof(conf),
		    "sentinel monitor mine 127.0.0.1 %d 2\n"
		    "sentinel down-after-milliseconds mine " NEVER "\n"
		    "sentinel failover-timeout mine 2000\n",
		    master_port);
		server_make(&w[i], true, conf);
		w[i].sentinel = true;
		server_start(&w[i]);
		/*
		 * A master that comes back is demoted when it was seen to claim
		 * its old role for four publish periods, two INFO periods
		 * apart: 10 s as they are. A Sentinel that was not run for 2 s
		 * does nothing for 30. A Redis that has no DEBUG here takes
		 * longer.
		 */
		server_ask(&w[i],
		    "SENTINEL DEBUG info-period 500 "
		    "publish-period 250 tilt-period 1000",
		    out, sizeof(out));
	}
}

static bool
take_for_dead_after(struct server *w, const char *ms)
{
	int good = 0;

	for (int i = 0; i < SENTINELS; i++) {
		char command[128];

		snprintf(command, sizeof(command),
		    "SENTINEL SET mine down-after-milliseconds %s", ms);
		good += answers(&w[i], command, "+OK");
	}
	return good == SENTINELS;
}

/* Our writes come as EVALSHA, those of replication as what they changed. */
static bool
was_written_by_us(const struct server *v)
{
	return answers(v, "INFO commandstats", "cmdstat_evalsha:");
}

static void
fail_over(
    struct rep_store *s, struct server *a, struct server *b, struct server *w)
{
	send_spread(s, 500);
	server_kill(a, SIGKILL);
	ok(take_for_dead_after(w, SOON), "the master dies");
	send_spread(s, 500);
	ok(wait_answer(b, "ROLE", "master"), "the replica is promoted");
	ok(take_for_dead_after(w, NEVER), "and stays it");
	ok(settle(s), "what waited is written to it");
	ok(counts_to(s, 1500), "every event once, lost replication made good");
	ok(look(s, "203.0.1.7").known, "lookups go to it");
	is_int(log_lines, 2, "away, back");
}

static void
come_back(
    struct rep_store *s, struct server *a, struct server *b, struct server *w)
{
	server_start(a); /* believing it is the master */
	send_spread(s, 100);
	ok(settle(s) && counts_to(s, 1600), "events go on to the new one");
	if (!ok(wait_answer(a, "ROLE", "slave"), "the old is made a replica"))
		for (int i = 0; i < SENTINELS; i++)
			server_show_log(&w[i], 20);
	send_spread(s, 100);
	ok(settle(s) && counts_to(s, 1700), "the new one gets all");
	ok(was_written_by_us(b) && !was_written_by_us(a),
	    "and the old one no write of ours");
}

static void
test_sentinel(void)
{
	struct server a, b, w[SENTINELS];
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
	for (int i = 0; i < SENTINELS; i++)
		ok(wait_answer(&w[i], "SENTINEL master mine",
		       "num-other-sentinels\r\n$1\r\n2") &&
			wait_answer(
			    &w[i], "SENTINEL replicas mine", "127.0.0.1"),
		    "sentinel %d knows the others", i);
	make_state();
	snprintf(url, sizeof(url),
	    "sentinel://127.0.0.1:1,127.0.0.1:%d,127.0.0.1:%d/mine", w[0].port,
	    w[1].port);
	s = open_at(url, state_dir);
	ok(look(s, "203.0.1.7").known, "the sentinels name the master");
	send_spread(s, 500);
	ok(settle(s), "written");
	fail_over(s, &a, &b, w);
	come_back(s, &a, &b, w);
	rep_store_close(&s, 1000);
	own_dir_remove(state_dir);
	server_end(&a);
	server_end(&b);
	for (int i = 0; i < SENTINELS; i++)
		server_end(&w[i]);
}

/* ---- Cluster ------------------------------------------------------------ */

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

		server_make(&v[i], true,
		    "cluster-enabled yes\n"
		    "cluster-node-timeout " NEVER "\n"
		    "repl-diskless-sync-delay 0");
		server_start(&v[i]);
		snprintf(
		    list + n, sizeof(list) - n, " 127.0.0.1:%d", v[i].port);
	}
	if (!run_tool("redis-cli --cluster create%s --cluster-replicas 1 "
		      "--cluster-yes >/dev/null 2>&1",
		list))
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
	snprintf(
	    id, 64, "%.40s", strchr(out, '\n') ? strchr(out, '\n') + 1 : "");
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
dead_nodes_go_soon(struct server *v)
{
	int good = 0;

	for (int i = 0; i < NODES; i++)
		good += v[i].pid <= 0 ||
			answers(&v[i], "CONFIG SET cluster-node-timeout " SOON,
			    "+OK");
	return good == NODES;
}

/* Three masters again, and all who live know that every slot is served. */
static bool
cluster_is_whole(struct server *v)
{
	int64_t end = seconds_from_now(PATIENCE);
	int masters;

	do {
		masters = 0;
		for (int i = 0; i < NODES; i++)
			masters +=
			    v[i].pid > 0 && answers(&v[i], "ROLE", "master");
	} while (masters != 3 && pause_until(end));
	for (int i = 0; i < NODES; i++)
		if (v[i].pid > 0 &&
		    !wait_answer(&v[i], "CLUSTER INFO", "cluster_state:ok"))
			return false;
	return masters == 3;
}

static bool
reshard_is_over(const struct server *v)
{
	int64_t end = seconds_from_now(PATIENCE);

	/* Between two slots a cluster looks whole. */
	while (!run_tool("test -e %s/moved", state_dir))
		if (!pause_until(end))
			return false;
	while (!run_tool("redis-cli --cluster check 127.0.0.1:%d >/dev/null "
			 "2>&1",
	    v->port))
		if (!pause_until(end))
			return false;
	return true;
}

static struct server *
owner_of(struct server *v, long slot)
{
	struct server *found = NULL;

	for (int i = 0; i < NODES && found == NULL; i++) {
		char command[64];

		snprintf(command, sizeof(command),
		    "CLUSTER COUNTKEYSINSLOT %ld", slot);
		if (v[i].pid > 0 && answers(&v[i], "ROLE", "master") &&
		    !answers(&v[i], command, ":0"))
			found = &v[i];
	}
	return found;
}

static bool
set_slot(const struct server *v, long slot, const char *state, const char *id)
{
	char command[160];

	snprintf(command, sizeof(command), "CLUSTER SETSLOT %ld %s %s", slot,
	    state, id);
	return answers(v, command, "+OK");
}

/*
 * A slot in mid-move holds some of a unit's keys and not others, which a script
 * that needs both is told to try again: no failure, and nothing to tell.
 */
static void
test_slot_in_mid_move(struct rep_store *s, struct server *v)
{
	struct server *from, *to;
	char out[256], from_id[64], to_id[64];
	int64_t end;
	bool waits = true;
	long slot;

	report(s, "198.51.100.77", REP_HAM, 0);
	ok(settle(s), "a unit with few keys");
	server_ask(
	    &v[0], "CLUSTER KEYSLOT {4:198.51.100.77}", out, sizeof(out));
	slot = strtol(out + 1, NULL, 10);
	from = owner_of(v, slot);
	if (!ok(from != NULL, "slot %ld has an owner", slot))
		return;
	to = a_master(v, 0) == from ? a_master(v, 1) : a_master(v, 0);
	node_id(from, from_id);
	node_id(to, to_id);
	log_lines = 0;
	ok(set_slot(to, slot, "IMPORTING", from_id) &&
		set_slot(from, slot, "MIGRATING", to_id),
	    "it is being moved");
	report(s, "198.51.100.77", REP_HAM, 1);
	end = seconds_from_now(1);
	while (pause_until(end) && waits)
		waits = status_of(s, "waiting") == 1;
	ok(waits, "an event to it waits");
	ok(set_slot(from, slot, "STABLE", "") &&
		set_slot(to, slot, "STABLE", ""),
	    "the move is given up");
	ok(settle(s), "it is written");
	is_int(log_lines, 0, "and nobody was told");
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
	snprintf(
	    url, sizeof(url), "cluster://127.0.0.1:1,127.0.0.1:%d", v[2].port);
	s = open_at(url, state_dir);
	for (int i = 0; i < 40; i += 13) {
		char ip[32];

		snprintf(ip, sizeof(ip), "203.0.%d.7", i);
		ok(look(s, ip).known, "a lookup: %s", ip);
	}
	send_spread(s, 1000);
	ok(settle(s) && counts_to(s, 1000), "1000 events, all nodes");
	for (int i = 0; i < 60; i++)
		report(s, "198.51.100.9", REP_SPAM, i);
	ok(settle(s), "spam");
	is_int(look(s, "198.51.100.9").state, REP_LISTED, "is listed");

	from = a_master(v, 0);
	to = a_master(v, 1);
	node_id(from, from_id);
	node_id(to, to_id);
	ok(run_tool("(redis-cli --cluster reshard 127.0.0.1:%d --cluster-from "
		    "%s --cluster-to %s --cluster-slots 3000 --cluster-yes "
		    "--cluster-pipeline 100; touch %s/moved) >/dev/null 2>&1 &",
	       from->port, from_id, to_id, state_dir),
	    "slots begin to move");
	send_spread(s, 3000);
	ok(settle(s) && counts_to(s, 4000),
	    "MOVED and ASK are followed, each event counts once");
	ok(reshard_is_over(from), "the move is over");

	test_slot_in_mid_move(s, v);
	server_kill(a_master(v, 2), SIGKILL);
	ok(dead_nodes_go_soon(v), "a node dies");
	send_spread(s, 1000);
	ok(cluster_is_whole(v), "its replica takes over");
	ok(settle(s) && counts_to(s, 5000), "every event once");
	ok(look(s, "203.0.13.7").known, "lookups go on");
	is_int(look(s, "198.51.100.9").state, REP_LISTED, "still listed");
	printf("# %d log lines\n", log_lines);
	rep_store_close(&s, 1000);
	own_dir_remove(state_dir);
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
