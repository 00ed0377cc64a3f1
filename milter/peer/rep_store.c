/*
 * The front of both stores: options in, the right one opened, calls passed on.
 * Holds what they share: the salt of recipient hashes, log lines, lifetimes.
 * Thread rule: as rep_store.h says.
 */
#include "peer/rep_backend.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUDGET_DEFAULT_MS 20
#define LINE_MAX_BYTES 512

void
rep_store_log(const struct rep_store *s, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	if (s->log == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->log(s->log_ctx, line);
}

int64_t
rep_life_ms(const struct rep_unit *u, uint32_t strikes)
{
	if (strikes > 0)
		return REP_LISTED_LIFE_MS;
	return u->seen > 1 ? REP_KNOWN_LIFE_MS : REP_FIRST_LIFE_MS;
}

/* ---- SipHash-2-4 (Aumasson and Bernstein, 2012) ------------------------- */

static uint64_t
rotate(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static void
sip_rounds(uint64_t v[static 4], int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

uint64_t
rep_store_hash_rcpt(const struct rep_store *s, struct str rcpt)
{
	uint64_t v[4] = {s->salt[0] ^ UINT64_C(0x736f6d6570736575),
	    s->salt[1] ^ UINT64_C(0x646f72616e646f6d),
	    s->salt[0] ^ UINT64_C(0x6c7967656e657261),
	    s->salt[1] ^ UINT64_C(0x7465646279746573)};
	uint64_t word = 0;

	for (size_t i = 0; i < rcpt.len; i++) {
		word |= (uint64_t)(uint8_t)ascii_lower(rcpt.p[i])
			<< (8 * (i % 8));
		if (i % 8 != 7)
			continue;
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
		word = 0;
	}
	word |= (uint64_t)(uint8_t)rcpt.len << 56;
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]) & REP_RCPT_MASK;
}

uint64_t
rep_store_hash_pair(
    const struct rep_store *s, struct str sender, struct str rcpt)
{
	uint64_t a = rep_store_hash_rcpt(s, sender);

	/* Both are keyed: nobody outside can aim at a sum. */
	return rotate(a, 23) + rep_store_hash_rcpt(s, rcpt);
}

/* Read, or drawn and written. Without a directory it lives with the process. */
static void
load_salt(struct rep_store *s)
{
	char *path;
	struct buf b;

	random_bytes(s->salt, sizeof(s->salt));
	if (s->state_dir == NULL)
		return;
	path = file_join(s->state_dir, "salt");
	buf_init(&b);
	if (file_read(path, 4096, &b) == 0 && b.len == sizeof(s->salt))
		memcpy(s->salt, b.p, sizeof(s->salt));
	else if (file_replace(path,
		     str_make((const char *)s->salt, sizeof(s->salt)),
		     0600) != 0)
		rep_store_log(s, "reputation: %s: %s", path, strerror(errno));
	buf_fini(&b);
	free(path);
}

/* A brace would move the hash tag, a control byte would be hard to type. */
static bool
prefix_is_good(const char *prefix)
{
	for (const char *p = prefix; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '{' || *p == '}')
			return false;
	return strlen(prefix) < REP_PREFIX_MAX;
}

struct rep_store *
rep_store_open(const struct rep_store_options *o, char **error_out)
{
	struct rep_store base = {.budget_ms = o->budget_ms,
	    .sync_ms = o->sync_ms,
	    .log = o->log,
	    .log_ctx = o->log_ctx};
	const char *prefix = o->prefix ? o->prefix : "postern:";
	const char *url = o->url && o->url[0] ? o->url : "none";
	struct rep_store *s;

	if (!prefix_is_good(prefix)) {
		*error_out = mem_printf("redis_prefix: at most %d printable "
					"characters, no blanks or braces",
		    REP_PREFIX_MAX - 1);
		return NULL;
	}
	(void)snprintf(base.prefix, sizeof(base.prefix), "%s", prefix);
	base.settings = o->settings ? *o->settings : rep_settings_default();
	if (base.budget_ms <= 0)
		base.budget_ms = BUDGET_DEFAULT_MS;
	base.state_dir =
	    o->state_dir && o->state_dir[0] ? mem_strdup(o->state_dir) : NULL;
	load_salt(&base);
	s = strcmp(url, "none") == 0 ? rep_mem_open(&base, error_out)
				     : rep_redis_open(&base, url, error_out);
	if (s == NULL)
		free(base.state_dir);
	return s;
}

void
rep_store_close(struct rep_store **s, int drain_ms)
{
	if (*s != NULL)
		(*s)->ops->close(*s, drain_ms);
	*s = NULL;
}

/* What a lookup object starts with, whichever store made it. */
struct rep_lookup {
	struct rep_store *store;
};

struct rep_lookup *
rep_lookup_start(struct rep_store *s, const struct ip *ip)
{
	return s->ops->lookup_start(s, ip);
}

void
rep_lookup_collect(
    struct rep_lookup **l, int64_t deadline_us, struct rep_view *out)
{
	*out = (struct rep_view){.known = false};
	if (*l != NULL)
		(*l)->store->ops->lookup_collect(*l, deadline_us, out);
	*l = NULL;
}

void
rep_store_report(struct rep_store *s, const struct rep_event *e)
{
	struct rep_event copy = *e;

	if ((unsigned)copy.class >= REP_CLASS_COUNT)
		return;
	if (copy.at_ms <= 0)
		copy.at_ms = clock_wall_ms();
	if (copy.rcpt_count > REP_EVENT_RCPTS)
		copy.rcpt_count = REP_EVENT_RCPTS;
	copy.rule[sizeof(copy.rule) - 1] = '\0';
	copy.ref[sizeof(copy.ref) - 1] = '\0';
	s->ops->report(s, &copy);
}

void
rep_store_record(struct rep_store *s, struct str ref, struct str json)
{
	if (ref.len > 0 && ref.len < REP_REF_MAX &&
	    json.len <= REP_WHY_BYTES_MAX)
		s->ops->record(s, ref, json);
}

void
rep_store_brake(struct rep_store *s, const struct brake_question *q,
    int64_t deadline_us, struct brake_view *out)
{
	*out = (struct brake_view){0};
	if (q->grey || q->throttle)
		s->ops->brake(s, q, deadline_us, out);
}

void
rep_store_status(struct rep_store *s, struct buf *json_out)
{
	struct json *j = json_new_object();

	s->ops->status(s, j);
	json_format(j, 0, json_out);
	json_unref(&j);
}
