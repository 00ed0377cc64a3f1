#include "peer/rep_replay.h"

#include "base/mem.h"
#include "peer/rep_mem.h"

#include <stdlib.h>

struct rep_replay {
	struct rep_store *store;
	uint64_t random; /* the same every time */
	struct rep_replay_counts counts;
};

struct rep_replay *
rep_replay_new(const struct rep_settings *settings)
{
	struct rep_replay *r = mem_alloc(sizeof(*r));
	struct rep_store_options o = {.url = "none", .settings = settings};
	char *error = NULL;

	r->store = rep_store_open(&o, &error);
	invariant(r->store != NULL);
	r->random = UINT64_C(0x9e3779b97f4a7c15);
	return r;
}

void
rep_replay_free(struct rep_replay **r)
{
	if (*r == NULL)
		return;
	rep_store_close(&(*r)->store, 0);
	free(*r);
	*r = NULL;
}

static uint64_t
next_random(struct rep_replay *r)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return r->random;
}

static struct rep_view
view_at(struct rep_replay *r, const struct ip *ip, int64_t now_ms)
{
	struct mem_store *m = mem_of(r->store);
	struct rep_known k;
	struct rep_view v;
	struct mem_unit *u;

	pthread_mutex_lock(&m->units_lock);
	k = rep_mem_known(m, ip, now_ms);
	rep_model_view(&r->store->settings, &k, now_ms, &v);
	u = rep_mem_find(
	    m, v.parent ? rep_name_net(ip).text : rep_name_host(ip).text);
	if (v.state == REP_LISTED && u != NULL &&
	    rep_model_sample(
		&r->store->settings, next_random(r), u->sampled_ms, now_ms)) {
		v.sample = true;
		u->sampled_ms = now_ms;
	}
	pthread_mutex_unlock(&m->units_lock);
	return v;
}

void
rep_replay_event(struct rep_replay *r, const struct rep_event *e)
{
	struct rep_view v = view_at(r, &e->client, e->at_ms);
	bool bad = rep_class_is_bad(e->class);
	struct rep_event counted = *e;

	if (bad)
		r->counts.bad[v.state]++;
	else
		r->counts.good[v.state]++;
	if (v.state == REP_LISTED) {
		if (bad)
			r->counts.bad_refused++;
		else
			r->counts.good_refused++;
		counted.rejected = true;
		if (!v.sample)
			counted.class = REP_SELF;
	}
	rep_store_report(r->store, &counted);
}

uint64_t
rep_replay_rcpt(const struct rep_replay *r, struct str rcpt)
{
	return rep_store_hash_rcpt(r->store, rcpt);
}

static void
count_unit(void *ctx, const char *unit)
{
	struct rep_replay *r = ctx;

	r->counts.clients += unit[0] == '4' || unit[0] == '6';
	r->counts.networks += unit[0] == 'n';
}

void
rep_replay_counts(struct rep_replay *r, struct rep_replay_counts *out)
{
	r->counts.clients = r->counts.networks = 0;
	(void)r->store->ops->each(r->store, count_unit, r);
	*out = r->counts;
}

void
rep_replay_listings(struct rep_replay *r, rep_audit_fn *fn, void *ctx)
{
	(void)r->store->ops->notes(r->store, "", REP_NOTES_MAX, fn, ctx);
}

bool
rep_replay_unit(struct rep_replay *r, const char *unit, struct rep_record *out)
{
	return r->store->ops->read(r->store, unit, out) == 0;
}
