/*
 * posternd: reads its configuration, builds the first snapshot, opens its
 * sockets, gives up root, and serves until told to stop.
 *
 * SIGHUP reloads, SIGTERM and SIGINT drain: the socket's path goes away at
 * once, sessions under way are served to their end or the deadline. libmilter
 * runs on a thread of its own and never sees these signals (signals.h).
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "daemon/background.h"
#include "daemon/control.h"
#include "daemon/lock.h"
#include "daemon/metrics.h"
#include "daemon/milter.h"
#include "daemon/priv.h"
#include "daemon/signals.h"
#include "policy/rep_conf.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Retired rule sets are looked after this often. */
#define SWEEP_MS 2000
/* How often a drain looks whether all sessions are over. */
#define DRAIN_TICK_MS 50
/* Events not written by then go to the journal. */
#define STORE_DRAIN_MS 3000

struct arguments {
	const char *config_path;
	bool background;
	bool test;
	struct string_list overrides;
};

static const char usage[] =
    "usage: posternd [-c FILE] [-o KEY=VALUE]... [-b] [-t]\n"
    "\n"
    "The Postern milter. Stays in the foreground unless -b is given.\n"
    "\n"
    "  -c, --config FILE     configuration (default " POSTERN_SYSCONFDIR
    "/postern.conf)\n"
    "  -o, --set KEY=VALUE   one setting on top of the file (repeatable)\n"
    "  -b, --background      go into the background once ready\n"
    "  -t, --test            read everything, report, and exit\n"
    "  -V, --version         print the version\n"
    "  -h, --help            this text\n"
    "\n"
    "SIGHUP reads rules and configuration again, SIGTERM ends after the\n"
    "sessions under way. See posternd(8) and postern.conf(5).\n";

/* 0: go on; else the exit code plus one. */
static int
parse_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"set", required_argument, NULL, 'o'},
	    {"background", no_argument, NULL, 'b'},
	    {"test", no_argument, NULL, 't'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	struct string_list *o = &args->overrides;
	int c;

	while ((c = getopt_long(argc, argv, "c:o:btVh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			args->config_path = optarg;
			break;
		case 'o':
			o->v = mem_resize(o->v, o->len + 1, sizeof(*o->v));
			o->v[o->len++] = optarg;
			break;
		case 'b':
			args->background = true;
			break;
		case 't':
			args->test = true;
			break;
		case 'V':
			printf("posternd %s\n", POSTERN_VERSION);
			return 1;
		case 'h':
			fputs(usage, stdout);
			return 1;
		default:
			fputs("Try 'posternd --help'.\n", stderr);
			return 3;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "posternd: unexpected argument \"%s\"\n",
		    argv[optind]);
		return 3;
	}
	return 0;
}

static void
print_diags(const struct diags *d)
{
	struct buf text;

	buf_init(&text);
	diags_format(d, &text);
	fputs(buf_cstr(&text), stderr);
	buf_fini(&text);
}

static void
store_log(void *ctx, const char *line)
{
	(void)ctx;
	log_warning("store %s", line);
}

static void
lists_log(void *ctx, const char *line)
{
	(void)ctx;
	log_warning("%s", line);
}

/* Gives `d` back, and `good`. */
static bool
log_if_bad(bool good, struct diags *d)
{
	struct buf text;

	buf_init(&text);
	diags_format(d, &text);
	if (!good)
		log_error("%s", buf_cstr(&text));
	buf_fini(&text);
	diags_fini(d);
	return good;
}

static bool
open_dns(struct server *server)
{
	struct diags diags;

	server->recipients = recipients_new(lists_log, NULL);
	diags_init(&diags, 0);
	return log_if_bad(server_open_dns(server, lists_log, &diags), &diags);
}

static bool
read_config(struct server *server, const struct arguments *args)
{
	struct diags diags;
	size_t errors;

	diags_init(&diags, 0);
	server->config_path = args->config_path;
	server->overrides = &args->overrides;
	server->config =
	    server_read_config(args->config_path, &args->overrides, &diags);
	print_diags(&diags);
	errors = diags.errors;
	diags_fini(&diags);
	return errors == 0;
}

/* Where costs of patterns are kept; without it each start probes them anew. */
static void
make_cache_dir(const struct config *c)
{
	char *dir = file_join(c->state_dir, "cache");

	(void)mkdir(dir, 0700);
	free(dir);
}

/* As the daemon's user: what it cannot read now it could not read later. */
static bool
build_first_snapshot(struct server *server)
{
	struct snapshot_options o = {
	    .config = server->config, .tidy_cache = true};
	struct snapshot *first;
	struct diags diags;

	make_cache_dir(server->config);
	diags_init(&diags, 0);
	first = snapshot_build(&o, &diags);
	print_diags(&diags);
	diags_fini(&diags);
	if (first == NULL)
		return false;
	first->serial = 1;
	first->built_ms = clock_wall_ms();
	server->live = in_force_new(&first->counted);
	server->turns = turns_new(server->config->max_parallel);
	return true;
}

/* The model's numbers; false: one is out of its range, which was logged. */
static bool
read_model(const struct config *c, struct rep_settings *out)
{
	struct diags diags;

	diags_init(&diags, 0);
	return log_if_bad(rep_conf_read(c, out, &diags), &diags);
}

static bool
open_store(struct server *server)
{
	const struct config *c = server->config;
	struct rep_settings model;
	struct rep_store_options o = {.url = c->redis,
	    .prefix = c->redis_prefix,
	    .state_dir = c->state_dir,
	    .settings = &model,
	    .budget_ms = (int)c->redis_budget,
	    .sync_ms = c->journal_sync,
	    .log = store_log};
	char *error = NULL;

	if (!read_model(c, &model))
		return false;
	server->store = rep_store_open(&o, &error);
	if (server->store == NULL)
		log_error("redis = %s: %s", c->redis, error ? error : "?");
	free(error);
	return server->store != NULL;
}

/* The directory of the socket in `listen` or `control`, for root to make. */
static bool
prepare_dir_of(const char *path, const char *user)
{
	char *copy;
	bool good;

	if (strncmp(path, "unix:", 5) == 0 || strncmp(path, "local:", 6) == 0)
		path = strchr(path, ':') + 1;
	if (path[0] != '/')
		return true;
	copy = mem_strdup(path);
	good = priv_prepare_dir(dirname(copy), user, 0755);
	free(copy);
	return good;
}

static bool
prepare_dirs(const struct config *c)
{
	return prepare_dir_of(c->listen, c->user) &&
	       prepare_dir_of(c->control, c->user) &&
	       priv_prepare_dir(c->state_dir, c->user, 0750);
}

static bool
take_lock(const char *path)
{
	pid_t holder = 0;

	if (lock_take(path, &holder) >= 0)
		return true;
	if (errno == EWOULDBLOCK)
		log_error(
		    "another posternd (pid %d) serves %s", (int)holder, path);
	else
		log_error("cannot lock %s.lock: %s", path, strerror(errno));
	return false;
}

/*
 * libmilter unlinks whatever socket it finds, a living one too, and so do we:
 * whoever holds the locks owns both.
 */
static bool
take_locks(const struct config *c)
{
	const char *why = "";
	char *spec = milter_listen_spec(c->listen, &why);
	bool good = c->control[0] == '\0' || take_lock(c->control);

	if (good && spec != NULL && strncmp(spec, "unix:", 5) == 0)
		good = take_lock(spec + 5);
	free(spec);
	return good;
}

static void *
serve_milter(void *arg)
{
	atomic_bool *gave_up = arg;

	(void)milter_serve();
	log_error("libmilter gave up; ending");
	atomic_store(gave_up, true);
	kill(getpid(), SIGTERM);
	return NULL;
}

static enum log_level
diag_level(enum severity severity)
{
	static const enum log_level of[] = {
	    [SEVERITY_NOTE] = LOG_LEVEL_DEBUG,
	    [SEVERITY_WARNING] = LOG_LEVEL_WARNING,
	    [SEVERITY_ERROR] = LOG_LEVEL_ERROR,
	};

	return of[severity];
}

static void
reload(struct server *server)
{
	struct diags diags;
	bool good;

	diags_init(&diags, 0);
	if (log_reopen() != 0)
		log_error("cannot open the log %s anew: %s; the old one is "
			  "written on",
		    server->config->log, strerror(errno));
	good = server_reload(server, false, &diags);
	for (size_t i = 0; i < diags.len; i++)
		log_line(diag_level(diags.v[i].severity), "reload %s:%u:%u: %s",
		    diags.v[i].file ? diags.v[i].file : "", diags.v[i].line,
		    diags.v[i].col, diags.v[i].message);
	log_line(good ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
	    "reload result=%s errors=%zu",
	    good ? "new-set-in-force" : "old-set-kept", diags.errors);
	diags_fini(&diags);
}

/* Serves the sessions under way; new ones find no socket. */
static void
drain(const struct server *server)
{
	int64_t deadline =
	    clock_mono_us() + server->config->drain_timeout * 1000;
	int signal;

	milter_close_door();
	while (milter_sessions() > 0 && clock_mono_us() < deadline) {
		signal = signals_wait(DRAIN_TICK_MS);
		if (signal == SIGTERM || signal == SIGINT)
			return; /* told twice: at once */
	}
}

static void
see_to_lists(const struct server *server)
{
	struct dns_set *set = dns_live_take(server->dns);

	if (set->lists != NULL)
		dnsbl_tick(set->lists, clock_mono_us());
	dns_set_give(&set);
}

static void
wait_for_signals(struct server *server)
{
	for (;;) {
		int signal = signals_wait(SWEEP_MS);

		if (signal == SIGHUP) {
			reload(server);
			continue;
		}
		if (signal == SIGTERM || signal == SIGINT)
			break;
		in_force_sweep(server->live);
		dns_live_sweep(server->dns);
		see_to_lists(server);
	}
	drain(server);
}

static bool
open_control(struct server *server, struct control **control)
{
	const char *path = server->config->control;

	if (path[0] != '\0')
		*control = control_open(server, path);
	return path[0] == '\0' || *control != NULL;
}

/* The door is opened last: whoever finds it is served. */
static bool
start(struct server *server, struct control **control,
    const struct arguments *args)
{
	if (args->background && !background_begin()) {
		log_error("cannot go into the background: %s", strerror(errno));
		return false;
	}
	if (!take_locks(server->config) || !open_store(server) ||
	    !open_dns(server) || !open_control(server, control))
		return false;
	if (milter_open(server))
		return true;
	control_close(control);
	return false;
}

static int
run(struct server *server, const struct arguments *args)
{
	static atomic_bool gave_up;
	struct control *control = NULL;
	pthread_t thread;

	signals_block();
	if (!start(server, &control, args))
		return 1;
	if (pthread_create(&thread, NULL, serve_milter, &gave_up) != 0 ||
	    !signals_catch()) {
		log_error("cannot start a thread: %s", strerror(errno));
		return 1;
	}
	log_info("ready version=%s listen=%s user=%s", POSTERN_VERSION,
	    server->config->listen, server->config->user);
	log_echo(false);
	background_ready(strcmp(server->config->log, "stderr") == 0);
	wait_for_signals(server);
	control_close(&control);
	rep_store_close(&server->store, STORE_DRAIN_MS);
	log_info("ended messages=%llu",
	    (unsigned long long)metric_get(METRIC_messages));
	/* smfi_stop() would make clients wait; the process ends instead. */
	_exit(atomic_load(&gave_up) ? 1 : 0);
}

static int
not_started(void)
{
	fputs("posternd: not started\n", stderr);
	return 1;
}

/* Also for a test: it shall see what the daemon will see. */
static bool
become_user(const struct server *server, const struct arguments *args)
{
	const struct config *c = server->config;

	if (!args->test && !prepare_dirs(c))
		return false;
	priv_give_log(c->user);
	if (!priv_drop(c->user, c->listen_group))
		return false;
	if (access(args->config_path, R_OK) != 0)
		fprintf(stderr,
		    "%s: warning: user %s cannot read it, so no reload will "
		    "(%s)\n",
		    args->config_path, c->user, strerror(errno));
	return true;
}

/*
 * The configuration is read again at a reload: from the same place, wherever
 * the process has gone by then.
 */
static void
fix_config_path(struct arguments *args)
{
	char *path = realpath(args->config_path, NULL);

	if (path != NULL)
		args->config_path = path;
}

/* More than enough for all that runs on one; patterns have stacks of their own.
 */
#define STACK_SIZE ((size_t)1024 * 1024)

/*
 * libmilter's workers come and go with the load. Few heaps keep the memory
 * together; small stacks are kept for the next thread, large ones (8 MiB is
 * usual) are given back and faulted in anew each time.
 */
static void
suit_many_threads(void)
{
	pthread_attr_t attr;

	mallopt(M_ARENA_MAX, 2);
	if (pthread_getattr_default_np(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, STACK_SIZE) == 0)
		(void)pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

int
main(int argc, char **argv)
{
	struct arguments args = {
	    .config_path = POSTERN_SYSCONFDIR "/postern.conf"};
	struct server server = {.started_ms = clock_wall_ms()};
	int rc = parse_arguments(argc, argv, &args);
	static const enum log_level levels[] = {LOG_LEVEL_ERROR,
	    LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG};

	if (rc != 0)
		return rc - 1;
	suit_many_threads();
	priv_raise_descriptors();
	fix_config_path(&args);
	if (!read_config(&server, &args))
		return not_started();
	if (log_open(server.config->log, "posternd",
		levels[server.config->log_level]) != 0) {
		fprintf(stderr, "posternd: cannot open log %s: %s\n",
		    server.config->log, strerror(errno));
		return 1;
	}
	log_echo(true);
	if (!milter_check(server.config) || !become_user(&server, &args))
		return not_started();
	if (!build_first_snapshot(&server))
		return not_started();
	if (args.test) {
		puts("posternd: configuration and rules are good");
		return 0;
	}
	return run(&server, &args) == 0 ? 0 : not_started();
}
