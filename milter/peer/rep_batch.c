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

/* Index of the job for this event, made when it is the first. */
static size_t
job_take(struct rep_batch *b, struct map *seen, enum rep_job_kind kind,
    uint32_t event)
{
	const struct rep_event *e = &b->events.v[event].event;
	struct rep_name name = job_name(kind, e);
	int64_t day = e->at_ms / REP_DAY_MS;
	char key[REP_UNIT_TEXT_MAX + 24];
	struct rep_job *j;
	uintptr_t at;
	bool after;

	(void)snprintf(key, sizeof(key), "%s %lld", name.text, (long long)day);
	at = (uintptr_t)map_get(seen, str_from(key));
	after = at != 0;
	if (at == 0 || b->jobs.v[at - 1].events.len >= REP_JOB_EVENTS) {
		j = VEC_PUSH(&b->jobs);
		*j = (struct rep_job){
		    .kind = kind, .after = after, .name = name, .day = day};
		at = b->jobs.len;
		(void)map_set(seen, str_from(key), (void *)at);
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

const char *
rep_job_kind_text(enum rep_job_kind k)
{
	static const char *const text[] = {[REP_JOB_DAY] = "day",
	    [REP_JOB_SITE] = "site",
	    [REP_JOB_NET] = "net",
	    [REP_JOB_HOST] = "host"};

	return text[k];
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

uint32_t
rep_job_pack(const struct rep_batch *b, const struct rep_job *j,
    const struct rep_settings *s, struct buf *out)
{
	uint32_t count = 0;

	for (size_t i = 0; i < j->events.len; i++)
		count +=
		    j->kind != REP_JOB_HOST || b->events.v[j->events.v[i]].kept;
	rep_script_array(out, count);
	for (size_t i = 0; i < j->events.len; i++) {
		const struct rep_batch_event *e = &b->events.v[j->events.v[i]];

		struct rep_script_item item = {.event = &e->event,
		    .seq = e->seq,
		    .giver = rep_member_id(&e->event.client),
		    .weight = rep_weight(s, e->event.class),
		    .with_evidence = j->kind == REP_JOB_HOST};

		if (j->kind != REP_JOB_HOST || e->kept)
			rep_script_event(out, &item);
	}
	return count;
}

static void
read_kept(struct rep_batch *b, const struct rep_job *j, struct str admitted)
{
	for (size_t i = 0; i < j->events.len && i < admitted.len; i++) {
		struct rep_batch_event *e = &b->events.v[j->events.v[i]];

		if (!ip_is_v4(&e->event.client))
			e->kept = admitted.p[i] == '1';
	}
}

bool
rep_job_read(
    struct rep_batch *b, struct rep_job *j, const struct redis_reply *r)
{
	static const char *const name[] = {
	    "gs", "bs", "gl", "bl", "t", "today"};
	struct rep_counted c = {.valid = true};

	if (redis_count(r) != 10 && redis_count(r) != 3)
		return false;
	c.bad = redis_int(redis_at(r, 1), 0) != 0;
	c.hard = redis_int(redis_at(r, 2), 0) != 0;
	for (size_t i = 0;
	     i < sizeof(name) / sizeof(name[0]) && redis_count(r) == 10; i++)
		if (!rep_unit_set(&c.unit, str_from(name[i]),
			redis_text(redis_at(r, 3 + i))))
			return false;
	j->counted = c;
	if (j->kind == REP_JOB_NET)
		read_kept(b, j, redis_text(redis_at(r, 9)));
	return true;
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
