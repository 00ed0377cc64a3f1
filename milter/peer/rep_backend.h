/*
 * What a store must be able to do: one table of functions for Redis and for
 * this process. Only rep_store.c, rep_admin.c and the stores include this.
 *
 * Mail-path functions never block longer than their deadline. Admin functions
 * may block for seconds; they return 0 or an enum err.
 */
#ifndef POSTERN_PEER_REP_BACKEND_H
#define POSTERN_PEER_REP_BACKEND_H

#include "peer/rep_code.h"
#include "peer/rep_journal.h"
#include "peer/rep_keys.h"
#include "peer/rep_store.h"

/* One line of the audit trail. */
struct rep_audit {
	int64_t at_ms;
	char id[32];   /* given by the store */
	char what[16]; /* list unlist block allow forget ... */
	char unit[REP_UNIT_TEXT_MAX];
	char by[REP_BY_MAX];
	char why[REP_NOTE_MAX];
	char ref[REP_REF_MAX];
};

typedef void rep_unit_fn(void *ctx, const char *unit);
typedef void rep_top_fn(void *ctx, const char *unit, double score);
typedef void rep_audit_fn(void *ctx, const struct rep_audit *a);

struct rep_store_ops {
	void (*close)(struct rep_store *s, int drain_ms);
	struct rep_lookup *(*lookup_start)(
	    struct rep_store *s, const struct ip *ip);
	void (*lookup_collect)(
	    struct rep_lookup *l, int64_t deadline_us, struct rep_view *out);
	void (*report)(struct rep_store *s, const struct rep_event *e);
	void (*record)(struct rep_store *s, struct str ref, struct str json);
	void (*brake)(struct rep_store *s, const struct brake_question *q,
	    int64_t deadline_us, struct brake_view *out);
	void (*status)(struct rep_store *s, struct json *into);

	/* ERR_ABSENT: nothing is kept of it. */
	int (*read)(
	    struct rep_store *s, const char *unit, struct rep_record *out);
	/* What greylist and throttle keep; ERR_ABSENT: nothing. */
	int (*read_brakes)(
	    struct rep_store *s, const char *unit, struct brake_state *out);
	/* Replaces the listing. */
	int (*set_listing)(
	    struct rep_store *s, const char *unit, const struct rep_listing *l);
	int (*forget)(struct rep_store *s, const char *unit);
	/* Marks evidence disputed and takes back its weight. */
	int (*dispute)(struct rep_store *s, const char *unit);
	/* Replaces the whole unit. */
	int (*load)(
	    struct rep_store *s, const char *unit, const struct rep_record *r);
	int (*each)(struct rep_store *s, rep_unit_fn *fn, void *ctx);
	/* Units with a listing that runs at `now_ms`. */
	int (*each_listed)(
	    struct rep_store *s, int64_t now_ms, rep_unit_fn *fn, void *ctx);
	/* Worst first. */
	int (*top)(struct rep_store *s, int64_t now_ms, size_t max,
	    rep_top_fn *fn, void *ctx);
	int (*note)(struct rep_store *s, const struct rep_audit *a);
	/* Oldest first, those after `after` ("" = the last `max`). */
	int (*notes)(struct rep_store *s, const char *after, size_t max,
	    rep_audit_fn *fn, void *ctx);
	int (*why)(struct rep_store *s, struct str ref, struct buf *json_out);
};

struct rep_store {
	const struct rep_store_ops *ops;
	struct rep_settings settings;
	char prefix[REP_PREFIX_MAX];
	char *state_dir; /* or NULL */
	int budget_ms;
	int64_t sync_ms;
	uint64_t salt[2];
	void (*log)(void *ctx, const char *line);
	void *log_ctx;
};

void rep_store_log(const struct rep_store *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* rep_mem.c, rep_redis.c; `base` is moved in. NULL: `*error_out` (heap). */
struct rep_store *rep_mem_open(const struct rep_store *base, char **error_out);
struct rep_store *rep_redis_open(
    const struct rep_store *base, const char *url, char **error_out);

#define REP_NOTES_MAX 10000		      /* audit lines kept */
#define REP_WHY_BYTES_MAX ((size_t)64 * 1024) /* of one decision record */
#define REP_WHY_LIFE_MS (30 * REP_DAY_MS)
#define REP_LISTED_LIFE_MS (90 * REP_DAY_MS)
#define REP_KNOWN_LIFE_MS (45 * REP_DAY_MS)
#define REP_FIRST_LIFE_MS (2 * REP_DAY_MS)
#define REP_EVIDENCE_LIFE_MS (14 * REP_DAY_MS)
#define REP_DAYS_KEPT 400

/* How long a unit is kept after its last event. */
int64_t rep_life_ms(const struct rep_unit *u, uint32_t strikes);

#endif
