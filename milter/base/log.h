/*
 * One log for the daemon: syslog(3), stderr or a file, one line an event.
 *
 * Only daemon/ and cli/ call it. Lines are `event key=value key=value`; values
 * are cleaned and quoted when they hold blanks. Any thread; a line is written
 * whole. log_reopen() follows a rotated file.
 */
#ifndef POSTERN_BASE_LOG_H
#define POSTERN_BASE_LOG_H

#include "base/buf.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* `target`: "syslog", "stderr", or a file's path. 0 or ERR_IO (errno). */
int log_open(const char *target, const char *ident, enum log_level most);
int log_reopen(void);
/* A log file made by root goes to the user who has to reopen it. */
void log_give(unsigned uid, unsigned gid);
/* While on, errors go to stderr as well, for whoever starts the program. */
void log_echo(bool on);
void log_close(void);

void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of a line that is there already. */
void log_text(enum log_level level, struct str text);
/* Adds ` key=value`, quoted where needed, to a line under construction. */
void log_field(struct buf *line, const char *key, struct str value);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
