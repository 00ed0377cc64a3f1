/*
 * What the tests of the stores share: opening, reporting, looking, waiting
 * for what was taken to be applied.
 */
#ifndef POSTERN_T_REP_LIVE_H
#define POSTERN_T_REP_LIVE_H

#include "peer/rep_backend.h"

#include "base/clock.h"
#include "base/err.h"
#include "redis_server.h"

#include <pthread.h>

/* Written by the store's thread. */
static _Atomic int log_lines;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_last[256];

static inline bool
log_says(const char *word)
{
	bool there;

	pthread_mutex_lock(&log_lock);
	there = strstr(log_last, word) != NULL;
	pthread_mutex_unlock(&log_lock);
	return there;
}

static inline void
show_log(void *ctx, const char *line)
{
	(void)ctx;
	log_lines++;
	pthread_mutex_lock(&log_lock);
	snprintf(log_last, sizeof(log_last), "%s", line);
	pthread_mutex_unlock(&log_lock);
	printf("# %s\n", line);
}

static inline struct rep_store *
open_at(const char *url, const char *dir)
{
	struct rep_store_options o = {
	    .url = url, .state_dir = dir, .budget_ms = 20, .log = show_log};
	char *error = NULL;
	struct rep_store *s = rep_store_open(&o, &error);

	if (s == NULL)
		printf("# %s\n", error);
	free(error);
	return s;
}

static inline struct rep_store *
open_server(const struct server *v, const char *dir)
{
	char url[128];

	snprintf(url, sizeof(url), "unix:%s", v->socket);
	return open_at(url, dir);
}

static inline struct ip
ip_of(const char *text)
{
	struct ip ip = {{0}};

	ip_parse(str_from(text), &ip);
	return ip;
}

static inline int64_t
status_of(struct rep_store *s, const char *name)
{
	struct buf b;
	struct json *j;
	int64_t v;

	buf_init(&b);
	rep_store_status(s, &b);
	j = json_parse(buf_str(&b), NULL);
	v = json_get_int(j, name, -1);
	json_unref(&j);
	buf_fini(&b);
	return v;
}

/* Until all taken is applied; bounded. */
static inline bool
settle(struct rep_store *s)
{
	int64_t end = seconds_from_now(90);

	while (status_of(s, "waiting") != 0)
		if (!pause_until(end))
			return false;
	return true;
}

/* The first lookups may come before the connection. */
static inline struct rep_view
look(struct rep_store *s, const char *text)
{
	struct ip ip = ip_of(text);
	struct rep_view v = {.known = false};
	int64_t end = seconds_from_now(60);

	do {
		struct rep_lookup *l = rep_lookup_start(s, &ip);

		rep_lookup_collect(&l, clock_mono_us() + 20000, &v);
	} while (!v.known && pause_until(end));
	return v;
}

static inline void
report(struct rep_store *s, const char *ip, enum rep_class class, int i)
{
	char rcpt[32];
	struct rep_event e = {.client = ip_of(ip),
	    .class = class,
	    .at_ms = clock_wall_ms(),
	    .rcpt_count = 1,
	    .score = 12.5,
	    .rule = "BAD_WORDS",
	    .ref = "K7Q2-9XTM",
	    .rejected = class != REP_HAM};

	snprintf(rcpt, sizeof(rcpt), "user%d@example.net", i);
	e.rcpt_hash[0] = rep_store_hash_rcpt(s, str_from(rcpt));
	rep_store_report(s, &e);
}

/* How often the hosts 192.0.2.0 to 192.0.2.4 were seen. */
static inline uint64_t
seen_of_hosts(struct rep_store *s)
{
	struct rep_record r;
	uint64_t seen = 0;

	for (int i = 0; i < 5; i++) {
		char name[32];

		snprintf(name, sizeof(name), "4:192.0.2.%d", i);
		if (s->ops->read(s, name, &r) == 0)
			seen += r.unit.seen;
	}
	return seen;
}

static inline void
is_seen_above(struct rep_store *s, uint64_t seen)
{
	struct rep_record r = {0};

	s->ops->read(s, "n:192.0.2.0/24", &r);
	is_int(r.unit.seen, seen, "the network counted the same");
	s->ops->read(s, REP_SITE, &r);
	is_int(r.unit.seen, seen, "and the site");
}

#endif
