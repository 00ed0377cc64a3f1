#include "peer/rep_batch.h"

#include "base/map.h"

#include <stdio.h>

void
rep_batch_fini(struct rep_batch *b)
{
	for (size_t i = 0; i < b->jobs.len; i++)
		VEC_FINI(&b->jobs.v[i].events);
	VEC_FINI(&b->jobs);
	VEC_FINI(&b->events);
	b->hosts_from = 0;
}

void
rep_batch_add(struct rep_batch *b, const struct rep_event *e, uint64_t seq)
{
	*VEC_PUSH(&b->events) =
	    (struct rep_batch_event){.event = *e, .seq = seq, .kept = true};
}

static struct rep_name
job_name(enum rep_job_kind kind, const struct rep_event *e)
{
	struct rep_name day;

	switch (kind) {
	case REP_JOB_HOST:
		return rep_name_host(&e->client);
	case REP_JOB_NET:
		return rep_name_net(&e->client);
	case REP_JOB_SITE:
		return rep_name_site();
	case REP_JOB_DAY:
		break;
	}
	(void)snprintf(day.text, sizeof(day.text), "day");
	return day;
}

/* Names are long to make and there is one job for many events. */
struct job_key {
	uint8_t kind;
	uint8_t address[16];
};

static struct job_key
job_key(enum rep_job_kind kind, const struct ip *ip)
{
	struct job_key k = {.kind = (uint8_t)kind};
	struct ip part = {{0}};

	if (kind == REP_JOB_HOST)
		part = rep_host_of(ip);
	else if (kind == REP_JOB_NET)
		part = ip_mask(ip, ip_is_v4(ip) ? 120 : 48);
	memcpy(k.address, part.byte, sizeof(k.address));
	return k;
}

/* Index of the job for this event, made when it is the first. */
static size_t
job_take(struct rep_batch *b, struct map *seen, enum rep_job_kind kind,
    uint32_t event)
{
	const struct rep_event *e = &b->events.v[event].event;
	struct job_key k = job_key(kind, &e->client);
	struct str key = str_make((const char *)&k, sizeof(k));
	int64_t day = e->at_ms / REP_DAY_MS;
	uintptr_t at = (uintptr_t)map_get(seen, key);
	struct rep_job *j;

	if (at == 0 || b->jobs.v[at - 1].day != day) {
		j = VEC_PUSH(&b->jobs);
		*j = (struct rep_job){.kind = kind,
		    .after = at != 0,
		    .name = job_name(kind, e),
		    .day = day};
		at = b->jobs.len;
		(void)map_set(seen, key, (void *)at);
	}
	j = &b->jobs.v[at - 1];
	j->client = e->client;
	*VEC_PUSH(&j->events) = event;
	return at - 1;
}

void
rep_batch_sort(struct rep_batch *b)
{
	struct map *seen = map_new(false);
	VEC(size_t) net = {0};
	VEC(size_t) site = {0};

	for (uint32_t i = 0; i < b->events.len; i++) {
		(void)job_take(b, seen, REP_JOB_DAY, i);
		*VEC_PUSH(&site) = job_take(b, seen, REP_JOB_SITE, i);
		*VEC_PUSH(&net) = job_take(b, seen, REP_JOB_NET, i);
	}
	b->hosts_from = b->jobs.len;
	for (uint32_t i = 0; i < b->events.len; i++) {
		size_t at = job_take(b, seen, REP_JOB_HOST, i);

		b->jobs.v[at].net = net.v[i];
		b->jobs.v[at].site = site.v[i];
		b->jobs.v[net.v[i]].site = site.v[i];
	}
	VEC_FINI(&net);
	VEC_FINI(&site);
	map_free(&seen);
}

struct rep_job_keys
rep_job_keys(const struct rep_job *j, const char *prefix)
{
	struct rep_job_keys k = {.count = 4};
	const char *u = j->name.text;

	if (j->kind == REP_JOB_DAY) {
		k.key[0] = rep_key_number(prefix, "day", j->day);
		k.count = 1;
		return k;
	}
	k.key[0] = rep_key_unit(prefix, "rep", u);
	k.count = j->kind == REP_JOB_SITE ? 1 : 4;
	k.key[1] = rep_key_unit(prefix, "evidence", u);
	k.key[2] = rep_key_day(prefix, "rcpts", u, j->day);
	k.key[3] = rep_key_day(
	    prefix, j->kind == REP_JOB_NET ? "members" : "given", u, j->day);
	return k;
}

void
rep_read_unit(const struct redis_reply *r, struct rep_unit *out)
{
	*out = (struct rep_unit){0};
	for (size_t i = 0; i + 1 < redis_count(r); i += 2)
		(void)rep_unit_set(out, redis_text(redis_at(r, i)),
		    redis_text(redis_at(r, i + 1)));
}

bool
rep_read_listing(const struct redis_reply *r, struct rep_listing *out)
{
	*out = (struct rep_listing){0};
	for (size_t i = 0; i + 1 < redis_count(r); i += 2)
		if (!rep_listing_set(out, redis_text(redis_at(r, i)),
			redis_text(redis_at(r, i + 1))))
			return false;
	return redis_count(r) > 0;
}
