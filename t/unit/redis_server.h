/*
 * Real redis-servers for tests: each in a temporary directory, on a Unix socket
 * or a loopback port, ended by its pid. Absent redis-server: the test skips.
 *
 * Nothing outlives the test: servers get a death signal with their parent.
 */
#ifndef POSTERN_T_REDIS_SERVER_H
#define POSTERN_T_REDIS_SERVER_H

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "own_dir.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct server {
	char dir[OWN_DIR_SIZE];
	char socket[96];
	int port; /* 0: socket only */
	pid_t pid;
	char extra[1024]; /* lines of redis.conf */
	bool sentinel;
};

/* Is there a program of this name? Where the tests' own ones lie counts too. */
static inline bool
program_exists(const char *name)
{
	const char *path = getenv("PATH");
	struct str rest = str_from(path ? path : "/usr/bin");

	while (rest.p != NULL) {
		struct str dir = str_cut(&rest, ':');
		char *file = mem_printf("%.*s/%s", STR_ARG(dir), name);
		bool found = dir.len > 0 && access(file, X_OK) == 0;

		free(file);
		if (found)
			return true;
	}
	return false;
}

static inline bool
server_exists(void)
{
	return program_exists("redis-server");
}

/*
 * A port that was free a moment ago, its +10000 too (cluster bus). Both are
 * below those the kernel gives to outgoing connections, so a server that was
 * killed finds its port free when it comes back.
 */
static inline int
free_port(void)
{
	for (int tries = 0; tries < 1000; tries++) {
		int port = 12000 + (int)(random_u64() % 10000), good = 0;

		for (int add = 0; add <= 10000; add += 10000) {
			struct sockaddr_in sin = {.sin_family = AF_INET,
			    .sin_port = htons((uint16_t)(port + add)),
			    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
			int fd = socket(AF_INET, SOCK_STREAM, 0);

			good +=
			    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0;
			close(fd);
		}
		if (good == 2)
			return port;
	}
	exit(2);
}

static inline void
server_make(struct server *s, bool tcp, const char *extra)
{
	memset(s, 0, sizeof(*s));
	own_dir_make(s->dir);
	snprintf(s->socket, sizeof(s->socket), "%.63s/s", s->dir);
	s->port = tcp ? free_port() : 0;
	snprintf(s->extra, sizeof(s->extra), "%s", extra);
}

static inline void
server_write_conf(const struct server *s)
{
	char *path = file_join(s->dir, "redis.conf");
	struct buf b;

	buf_init(&b);
	buf_printf(&b,
	    "dir %s\nport %d\nbind 127.0.0.1\nsave \"\"\n"
	    "logfile %s/log\nmaxmemory 512mb\n",
	    s->dir, s->port, s->dir);
	if (!s->sentinel)
		buf_printf(&b, "unixsocket %s\n", s->socket);
	buf_printf(&b, "%s\n", s->extra);
	file_replace(path, buf_str(&b), 0600);
	buf_fini(&b);
	free(path);
}

/*
 * One command, its raw reply in `out`; false: cannot connect or no reply. The
 * end of our half tells the server to close: a Sentinel does not know QUIT.
 */
static inline bool
server_ask(const struct server *s, const char *command, char *out, size_t size)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)s->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {.tv_sec = 10};
	int fd = socket(s->sentinel ? AF_INET : AF_UNIX, SOCK_STREAM, 0), rc;
	size_t n = 0;
	ssize_t got = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", s->socket);
	rc = s->sentinel ? connect(fd, (struct sockaddr *)&sin, sizeof(sin))
			 : connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	if (rc == 0 && write(fd, command, strlen(command)) > 0 &&
	    write(fd, "\r\n", 2) == 2 && shutdown(fd, SHUT_WR) == 0)
		while (
		    n < size - 1 && (got = read(fd, out + n, size - 1 - n)) > 0)
			n += (size_t)got;
	out[n] = '\0';
	close(fd);
	return n > 0;
}

static inline void
short_pause(void)
{
	struct timespec t = {.tv_nsec = 5000000};

	nanosleep(&t, NULL);
}

/* For loops that look again and again: pauses, true until the time has come. */
static inline bool
pause_until(int64_t end_us)
{
	short_pause();
	return clock_mono_us() < end_us;
}

static inline int64_t
seconds_from_now(int seconds)
{
	return clock_mono_us() + seconds * INT64_C(1000000);
}

static inline bool
server_answers(const struct server *s)
{
	char out[256];

	return server_ask(s, "PING", out, sizeof(out)) &&
	       (strncmp(out, "+PONG", 5) == 0 ||
		   strncmp(out, "-NOAUTH", 7) == 0);
}

/* The last lines a server logged, as a test's remarks. */
static inline void
server_show_log(const struct server *s, int lines)
{
	char *path = file_join(s->dir, "log");
	struct buf b;
	struct str rest;
	int count = 0;

	buf_init(&b);
	if (file_read(path, 1 << 20, &b) == 0)
		for (rest = buf_str(&b); rest.len > 0; count++)
			str_cut(&rest, '\n');
	rest = buf_str(&b);
	for (; count > lines; count--)
		str_cut(&rest, '\n');
	while (rest.len > 0)
		printf("#   %.*s\n", STR_ARG(str_cut(&rest, '\n')));
	buf_fini(&b);
	free(path);
}

static inline void
server_start(struct server *s)
{
	char *conf = file_join(s->dir, "redis.conf");
	pid_t parent = getpid();
	int64_t end;

	if (!file_exists(conf))
		server_write_conf(s);
	fflush(stdout);
	s->pid = fork();
	if (s->pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execlp("redis-server", "redis-server", conf,
		    s->sentinel ? "--sentinel" : (char *)NULL, (char *)NULL);
		_exit(127);
	}
	free(conf);
	end = seconds_from_now(30);
	while (!server_answers(s))
		if (!pause_until(end)) {
			printf("# %s does not answer\n", s->dir);
			server_show_log(s, 10);
			break;
		}
}

static inline void
server_kill(struct server *s, int sig)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, sig);
	if (sig == SIGSTOP || sig == SIGCONT)
		return;
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

static inline void
server_end(struct server *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGCONT);
		server_kill(s, SIGKILL);
	}
	own_dir_remove(s->dir);
}

#endif
