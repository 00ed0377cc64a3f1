#include "base/log.h"

#include "base/clean.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* Longer values and lines are cut: syslog daemons do it less kindly. */
#define FIELD_MAX ((size_t)200)
/* Of what stands before a line, without its time. */
#define PREFIX_GUESS ((size_t)64)

static struct {
	pthread_mutex_t fd_lock; /* fd is not closed while it is written to */
	_Atomic int fd;		 /* -1: syslog */
	char *path;		 /* of a log file, else NULL */
	char *ident;
	enum log_level most;
	atomic_bool echo; /* errors to stderr too */
} out = {PTHREAD_MUTEX_INITIALIZER, STDERR_FILENO, NULL, NULL, LOG_LEVEL_INFO,
    false};

static int
open_path(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

int
log_open(const char *target, const char *ident, enum log_level most)
{
	int fd = STDERR_FILENO;
	bool file = false;

	if (strcmp(target, "syslog") == 0) {
		fd = -1;
	} else if (strcmp(target, "stderr") != 0) {
		fd = open_path(target);
		if (fd < 0)
			return ERR_IO;
		file = true;
	}
	log_close();
	out.fd = fd;
	out.path = file ? mem_strdup(target) : NULL;
	out.ident = mem_strdup(ident);
	out.most = most;
	if (fd < 0)
		openlog(out.ident, LOG_PID, LOG_MAIL);
	return 0;
}

int
log_reopen(void)
{
	int fd, old;

	if (out.path == NULL)
		return 0;
	fd = open_path(out.path);
	if (fd < 0)
		return ERR_IO;
	pthread_mutex_lock(&out.fd_lock);
	old = out.fd;
	out.fd = fd;
	pthread_mutex_unlock(&out.fd_lock);
	close(old);
	return 0;
}

void
log_give(unsigned uid, unsigned gid)
{
	if (out.path != NULL)
		(void)!fchown(out.fd, (uid_t)uid, (gid_t)gid);
}

void
log_echo(bool on)
{
	out.echo = on;
}

void
log_close(void)
{
	if (out.fd < 0)
		closelog();
	if (out.path != NULL)
		close(out.fd);
	free(out.path);
	free(out.ident);
	out.path = out.ident = NULL;
	out.fd = STDERR_FILENO;
}

/* Control characters as blanks: a line stays one. */
static void
add_line(struct buf *b, struct str text)
{
	size_t from = b->len;

	buf_add(b, text);
	for (size_t i = from; i < b->len; i++)
		if ((unsigned char)b->p[i] < ' ' || b->p[i] == 0x7f)
			b->p[i] = ' ';
}

static void
write_fd(enum log_level level, struct str text)
{
	static const char *const name[] = {"error", "warning", "info", "debug"};
	char when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	struct buf b;
	ssize_t ignored;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ ", &tm);
	buf_init(&b);
	buf_reserve(&b, text.len + sizeof(when) + PREFIX_GUESS);
	buf_add_cstr(&b, when);
	buf_add_cstr(&b, out.ident ? out.ident : "postern");
	buf_add_char(&b, '[');
	buf_add_int(&b, getpid());
	buf_add(&b, STR("]: "));
	buf_add_cstr(&b, name[level]);
	buf_add(&b, STR(": "));
	add_line(&b, text);
	buf_add_char(&b, '\n');
	pthread_mutex_lock(&out.fd_lock);
	ignored = write(out.fd, b.p, b.len);
	pthread_mutex_unlock(&out.fd_lock);
	(void)ignored;
	buf_fini(&b);
}

static void
write_syslog(enum log_level level, struct str text)
{
	static const int priority[] = {
	    LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	struct buf b;

	buf_init(&b);
	add_line(&b, text);
	syslog(priority[level], "%s", buf_cstr(&b));
	buf_fini(&b);
}

void
log_text(enum log_level level, struct str text)
{
	int saved = errno;

	if (level > out.most)
		return;
	if (out.fd < 0)
		write_syslog(level, text);
	else
		write_fd(level, text);
	if (out.echo && level == LOG_LEVEL_ERROR && out.fd != STDERR_FILENO)
		fprintf(stderr, "%s: %.*s\n", out.ident ? out.ident : "postern",
		    STR_ARG(text));
	errno = saved;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int saved = errno, n;

	if (level > out.most)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n >= 0) {
		log_text(level, str_make(text, (size_t)n));
		free(text);
	}
	errno = saved;
}

/* Nothing to clean, to cut or to quote. */
static bool
is_simple(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return value.len > 0 && value.len < FIELD_MAX;
}

void
log_field(struct buf *line, const char *key, struct str value)
{
	struct buf clean;
	bool quote;

	if (is_simple(value)) {
		if (line->len > 0)
			buf_add_char(line, ' ');
		buf_add_cstr(line, key);
		buf_add_char(line, '=');
		buf_add(line, value);
		return;
	}
	buf_init(&clean);
	clean_add_short(&clean, value, FIELD_MAX);
	quote =
	    clean.len == 0 || str_cspan(buf_str(&clean), " \"=") < clean.len;
	buf_printf(
	    line, "%s%s=%s", line->len ? " " : "", key, quote ? "\"" : "");
	for (size_t i = 0; i < clean.len; i++) {
		if (clean.p[i] == '"')
			buf_add(line, STR("\\x22"));
		else
			buf_add_char(line, clean.p[i]);
	}
	if (quote)
		buf_add_char(line, '"');
	buf_fini(&clean);
}
