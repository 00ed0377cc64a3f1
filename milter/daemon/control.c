#include "daemon/control.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/metrics.h"
#include "daemon/milter.h"
#include "peer/rep_admin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* How soon a place that became free is noticed. */
#define FULL_TICK_MS 50

struct control {
	struct server *server;
	char *path;
	int fd;
	int wake[2]; /* a byte tells the thread to stop */
	pthread_t thread;
	_Atomic int clients;
};

struct client {
	struct control *control;
	int fd;
};

/* ---- commands ----------------------------------------------------------- */

typedef struct json *(*control_function)(struct server *, struct json *);

static struct json *
failure(const char *why)
{
	struct json *j = json_new_object();

	json_set_bool(j, "ok", false);
	json_set_str(j, "error", str_from(why));
	return j;
}

static void
set_version(struct json *j, const char *key, const uint8_t version[16])
{
	char hex[33];

	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", version[i]);
	json_set_str(j, key, str_make(hex, 32));
}

static struct json *
rules_status(const struct snapshot *s)
{
	struct json *j = json_new_object();
	size_t enabled = 0;

	for (size_t i = 0; i < s->rules->count; i++)
		enabled += s->rules->rules[i].enabled;
	json_set_int(j, "rules", (int64_t)s->rules->count);
	json_set_int(j, "enabled", (int64_t)enabled);
	json_set_int(j, "files", (int64_t)s->rules->files);
	json_set_int(j, "dictionaries", (int64_t)s->dicts->len);
	json_set_int(j, "built_ms", s->built_ms);
	set_version(j, "version", s->rules->version);
	return j;
}

static void
add_memory(struct json *j)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return;
	if (fscanf(f, "%*s %ld", &pages) == 1)
		json_set_int(
		    j, "resident_bytes", pages * sysconf(_SC_PAGESIZE));
	fclose(f);
}

static struct json *
command_status(struct server *server, struct json *request)
{
	struct json *j = json_new_object();
	struct snapshot *s = live_take(server->live);
	struct buf store;

	(void)request;
	json_set_bool(j, "ok", true);
	json_set_str(j, "version", STR(POSTERN_VERSION));
	json_set_int(j, "pid", getpid());
	json_set_int(j, "started_ms", server->started_ms);
	json_set_int(
	    j, "uptime_s", (clock_wall_ms() - server->started_ms) / 1000);
	json_set_int(j, "sessions_open", (int64_t)milter_sessions());
	add_memory(j);
	json_set(j, "ruleset", rules_status(s));
	json_set(j, "counters", metrics_json());
	snapshot_unref(&s);
	buf_init(&store);
	if (server->store != NULL) {
		rep_store_status(server->store, &store);
		struct json *parsed = json_parse(buf_str(&store), NULL);

		if (parsed != NULL)
			json_set(j, "store", parsed);
	}
	buf_fini(&store);
	return j;
}

static struct json *
diags_json(const struct diags *d)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < d->len; i++) {
		struct json *j = json_new_object();

		json_set_str(
		    j, "severity", str_from(severity_text(d->v[i].severity)));
		json_set_str(j, "file", str_from(d->v[i].file));
		json_set_int(j, "line", d->v[i].line);
		json_set_int(j, "col", d->v[i].col);
		json_set_str(j, "message", str_from(d->v[i].message));
		json_append(list, j);
	}
	return list;
}

static struct json *
command_reload(struct server *server, struct json *request)
{
	struct json *j = json_new_object();
	struct diags diags;
	struct buf text;
	bool good;

	diags_init(&diags, 0);
	buf_init(&text);
	good = server_reload(
	    server, json_get_bool(request, "forced", false), &diags);
	diags_format(&diags, &text);
	json_set_bool(j, "ok", good);
	json_set_int(j, "errors", (int64_t)diags.errors);
	json_set_int(j, "warnings", (int64_t)diags.warnings);
	json_set(j, "diagnostics", diags_json(&diags));
	json_set_str(j, "text", buf_str(&text));
	if (!good)
		json_set_str(j, "error",
		    STR("the new set has errors; the old one stays in force"));
	log_line(good ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
	    "reload result=%s errors=%zu warnings=%zu",
	    good ? "new-set-in-force" : "old-set-kept", diags.errors,
	    diags.warnings);
	buf_fini(&text);
	diags_fini(&diags);
	return j;
}

static struct json *
command_cost(struct server *server, struct json *request)
{
	struct json *j = json_new_object(), *list = json_new_array();
	struct snapshot *s = live_take(server->live);

	(void)request;
	for (uint32_t i = 0; i < s->rules->count; i++) {
		const struct rule *r = &s->rules->rules[i];
		uint64_t tried, hits, ns;
		struct json *row;

		plan_rule_cost(s->plan, i, &tried, &hits, &ns);
		if (tried == 0 && hits == 0)
			continue;
		row = json_new_object();
		json_set_str(row, "name", r->name);
		json_set_int(row, "tried", (int64_t)tried);
		json_set_int(row, "hits", (int64_t)hits);
		json_set_int(row, "ns", (int64_t)ns);
		json_append(list, row);
	}
	json_set_bool(j, "ok", true);
	json_set(j, "rules", list);
	snapshot_unref(&s);
	return j;
}

static struct json *
command_dnsbl(struct server *server, struct json *request)
{
	struct json *j = json_new_object();
	struct dns_set *set = dns_live_take(server->dns);

	(void)request;
	json_set_bool(j, "ok", true);
	json_set(j, "zones",
	    set->lists ? dnsbl_status(set->lists) : json_new_array());
	dns_set_give(&set);
	return j;
}

static struct json *
command_rep(struct server *server, struct json *request)
{
	return server->store ? rep_admin_command(server->store, request)
			     : failure("there is no store");
}

static struct json *
command_why(struct server *server, struct json *request)
{
	json_set_str(request, "verb", STR("why"));
	json_set_str(request, "target", json_get_str(request, "ref"));
	return command_rep(server, request);
}

static struct json *
command_log(struct server *server, struct json *request)
{
	struct json *j = json_new_object();

	(void)server;
	(void)request;
	json_set_bool(j, "ok", log_reopen() == 0);
	return j;
}

static struct json *
dispatch(struct server *server, struct str line)
{
	static const struct {
		const char *name;
		control_function run;
	} commands[] = {
#define CONTROL(name, doc) {#name, command_##name},
#include "daemon/control.def"
	};
	struct json *request = json_parse(line, NULL), *reply = NULL;
	struct str name;

	if (request == NULL)
		return failure("the request is no JSON object");
	name = json_get_str(request, "command");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (reply == NULL && str_is(name, commands[i].name))
			reply = commands[i].run(server, request);
	json_unref(&request);
	return reply ? reply : failure("unknown command");
}

/* ---- one client --------------------------------------------------------- */

/* A line without its newline; false: too long, too slow, or gone. */
static bool
read_line(int fd, struct buf *line)
{
	int64_t deadline = clock_mono_us() + CONTROL_TIMEOUT_MS * 1000;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = (deadline - clock_mono_us()) / 1000;
		char chunk[4096];
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return false;
		buf_add(line, str_make(chunk, (size_t)n));
		if (line->len > CONTROL_REQUEST_MAX)
			return false;
		if (chunk[n - 1] == '\n') {
			line->len--;
			return true;
		}
	}
}

static void
write_all(int fd, struct str s)
{
	while (s.len > 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		ssize_t n;

		if (poll(&p, 1, CONTROL_TIMEOUT_MS) <= 0)
			return;
		n = send(fd, s.p, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (n > 0)
			s = str_skip(s, (size_t)n);
	}
}

static void *
serve_client(void *arg)
{
	struct client *client = arg;
	struct control *c = client->control;
	struct json *reply;
	struct buf line, out;

	buf_init(&line);
	buf_init(&out);
	if (read_line(client->fd, &line))
		reply = dispatch(c->server, buf_str(&line));
	else
		reply = failure("no whole line came in time");
	json_format(reply, 0, &out);
	buf_add_char(&out, '\n');
	write_all(client->fd, buf_str(&out));
	json_unref(&reply);
	buf_fini(&line);
	buf_fini(&out);
	close(client->fd);
	free(client);
	atomic_fetch_sub(&c->clients, 1);
	return NULL;
}

static void
start_client(struct control *c, int fd)
{
	struct client *client;
	pthread_attr_t detached;
	pthread_t thread;

	atomic_fetch_add(&c->clients, 1);
	client = mem_alloc(sizeof(*client));
	*client = (struct client){c, fd};
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &detached, serve_client, client) != 0) {
		close(fd);
		free(client);
		atomic_fetch_sub(&c->clients, 1);
	}
	pthread_attr_destroy(&detached);
}

static void *
serve(void *arg)
{
	struct control *c = arg;
	struct pollfd p[2] = {{.fd = c->fd, .events = POLLIN},
	    {.fd = c->wake[0], .events = POLLIN}};

	for (;;) {
		bool full = atomic_load(&c->clients) >= CONTROL_CLIENTS_MAX;
		int fd;

		/* Who comes then waits in the socket's queue. */
		p[0].events = full ? 0 : POLLIN;
		if (poll(p, 2, full ? FULL_TICK_MS : -1) < 0 && errno != EINTR)
			return NULL;
		if (p[1].revents != 0)
			return NULL;
		if (p[0].revents == 0)
			continue;
		fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			start_client(c, fd);
		else if (errno == EMFILE || errno == ENFILE)
			poll(NULL, 0, 100); /* never spin */
	}
}

/* ---- opening and closing ------------------------------------------------ */

static int
open_socket(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t before;
	int fd, rc;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	/* A client may be gone before accept(): that must not block. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* The lock file says that no other instance is behind a stale one. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	before = umask(0177);
	rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(before);
	if (rc != 0 || listen(fd, 16) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

struct control *
control_open(struct server *server, const char *path)
{
	struct control *c = mem_alloc(sizeof(*c));

	c->server = server;
	c->path = mem_strdup(path);
	c->fd = open_socket(path);
	if (c->fd < 0 || pipe2(c->wake, O_CLOEXEC) != 0 ||
	    pthread_create(&c->thread, NULL, serve, c) != 0) {
		log_error("cannot open the control socket %s: %s", path,
		    strerror(errno));
		if (c->fd >= 0)
			close(c->fd);
		free(c->path);
		free(c);
		return NULL;
	}
	return c;
}

void
control_close(struct control **cp)
{
	struct control *c = *cp;

	if (c == NULL)
		return;
	(void)!write(c->wake[1], "x", 1);
	pthread_join(c->thread, NULL);
	close(c->fd);
	(void)unlink(c->path);
	/* Requests are bounded in time, so this wait is too. */
	while (atomic_load(&c->clients) > 0)
		poll(NULL, 0, 10);
	close(c->wake[0]);
	close(c->wake[1]);
	free(c->path);
	free(c);
	*cp = NULL;
}
