/*
 * A batch of events, sorted into one job per unit and day.
 *
 * Pure. Order of events within a unit is the order they were added in; the days
 * of a unit that comes back to an earlier one take turns.
 */
#ifndef POSTERN_PEER_REP_BATCH_H
#define POSTERN_PEER_REP_BATCH_H

#include "base/vec.h"
#include "peer/redis.h"
#include "peer/rep_backend.h"

#define REP_BATCH_EVENTS 1024

enum rep_job_kind { REP_JOB_DAY, REP_JOB_SITE, REP_JOB_NET, REP_JOB_HOST };

/* What became of the unit. */
struct rep_counted {
	bool valid;
	bool bad; /* bad weight was added */
	bool hard;
	struct rep_unit unit;
};

struct rep_job {
	enum rep_job_kind kind;
	bool after; /* same unit as an earlier job, of another day */
	struct rep_name name;
	int64_t day;
	struct ip client;     /* of the last event */
	VEC(uint32_t) events; /* indices */
	size_t net;	      /* of a host: index of its net's job */
	size_t site;
	struct rep_counted counted;
};

struct rep_batch_event {
	struct rep_event event;
	uint64_t seq;
	bool kept; /* its host's unit may exist */
};

struct rep_batch {
	VEC(struct rep_batch_event) events;
	VEC(struct rep_job) jobs; /* hosts come last */
	size_t hosts_from;
};

void rep_batch_fini(struct rep_batch *b);
void rep_batch_add(
    struct rep_batch *b, const struct rep_event *e, uint64_t seq);
/* Makes the jobs. */
void rep_batch_sort(struct rep_batch *b);

struct rep_job_keys {
	struct rep_key key[4];
	int count;
};

struct rep_job_keys rep_job_keys(const struct rep_job *j, const char *prefix);
/* The unit and listing in HGETALL's answer; bad fields are skipped. */
void rep_read_unit(const struct redis_reply *r, struct rep_unit *out);
bool rep_read_listing(const struct redis_reply *r, struct rep_listing *out);

#endif
