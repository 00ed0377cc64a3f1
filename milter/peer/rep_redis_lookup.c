/*
 * Lookups of the Redis store, against a deadline.
 *
 * A lookup is four reads sent in one go. One that misses its deadline opens the
 * breaker: from then on nothing is sent and nobody waits, until a probe came
 * back in time. While away, the last known listings give "watch" at most, and
 * an admin's allow still counts.
 */
#include "peer/rep_redis.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDE_FOUND 130

static const struct rep_listing *
wide_word_locked(
    const struct redis_store *s, const struct ip *ip, int64_t now_ms)
{
	void *found[WIDE_FOUND];
	size_t n = cidr_trie_find_all(s->wide, ip, found, WIDE_FOUND);

	for (size_t i = 0; i < n; i++) {
		const struct wide *w = found[i];

		if (rep_model_is_running(&w->listing, now_ms))
			return &w->listing;
	}
	return NULL;
}

static bool
wide_word(struct redis_store *s, const struct ip *ip, int64_t now_ms,
    struct rep_listing *out)
{
	const struct rep_listing *l;

	pthread_mutex_lock(&s->snapshot_lock);
	l = wide_word_locked(s, ip, now_ms);
	if (l != NULL)
		*out = *l;
	pthread_mutex_unlock(&s->snapshot_lock);
	return l != NULL;
}

/* Never worse than watch: what is not sure defers at most. */
static void
view_away(struct redis_store *s, const struct ip *ip, struct rep_view *out)
{
	const struct rep_listing *word;

	*out = (struct rep_view){.known = false};
	pthread_mutex_lock(&s->snapshot_lock);
	word = wide_word_locked(s, ip, clock_wall_ms());
	if (word != NULL && word->state == REP_ALLOWED) {
		out->known = true;
		out->state = REP_ALLOWED;
		memcpy(out->why, word->why, sizeof(out->why));
	} else if (cidr_trie_find(s->listed, ip) != NULL) {
		out->known = true;
		out->state = REP_WATCH;
		(void)snprintf(out->why, sizeof(out->why),
		    "listed before the store went away");
	}
	pthread_mutex_unlock(&s->snapshot_lock);
}

struct redis_lookup {
	struct rep_store *store; /* first: see rep_store.c */
	struct redis_lookup *next;
	struct redis_lookup **prev_next; /* in the pending list */
	struct ip ip;
	int64_t start_us;
	atomic_int refs;  /* the asker's and the loop's */
	atomic_bool late; /* the asker waited in vain */

	pthread_mutex_t done_lock; /* guards done and view */
	pthread_cond_t done_wake;
	bool done;
	struct rep_view view;

	/* The loop's. */
	struct rep_node *node[2];
	int waiting;
	bool failed;
	struct rep_unit unit;
	struct rep_unit net;
	struct rep_listing listing;
	struct rep_listing net_listing;
};

static void
lookup_unref(struct redis_lookup *l)
{
	if (atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&l->done_lock);
	pthread_cond_destroy(&l->done_wake);
	free(l);
}

static void
lookup_done(struct redis_lookup *l, const struct rep_view *view)
{
	pthread_mutex_lock(&l->done_lock);
	l->view = *view;
	l->done = true;
	pthread_cond_signal(&l->done_wake);
	pthread_mutex_unlock(&l->done_lock);
	lookup_unref(l);
}

static bool
take_sample(struct redis_store *s, const struct ip *ip, int64_t now_ms)
{
	uint64_t unit =
	    str_hash(str_make((const char *)ip->byte, sizeof(ip->byte)));
	size_t at = unit % SAMPLES;
	int64_t last = s->sample[at].unit == unit ? s->sample[at].at_ms : 0;

	if (!rep_model_sample(&s->base.settings, random_u64(), last, now_ms))
		return false;
	s->sample[at].unit = unit;
	s->sample[at].at_ms = now_ms;
	return true;
}

static void
lookup_answer(struct redis_store *s, struct redis_lookup *l)
{
	int64_t now_ms = clock_wall_ms();
	struct rep_listing wide;
	struct rep_view view;
	struct rep_known k = {.unit = &l->unit,
	    .net = &l->net,
	    .site = rep_writer_site(s->writer),
	    .listing = &l->listing,
	    .client = rep_host_of(&l->ip)};

	if (l->failed) {
		view_away(s, &l->ip, &view);
	} else {
		k.net_listing = rep_model_net_word(&l->net_listing,
		    wide_word(s, &l->ip, now_ms, &wide) ? &wide : NULL, now_ms);
		rep_model_view(&s->base.settings, &k, now_ms, &view);
		if (view.state == REP_LISTED)
			view.sample = take_sample(s, &k.client, now_ms);
	}
	*l->prev_next = l->next;
	if (l->next != NULL)
		l->next->prev_next = l->prev_next;
	lookup_done(l, &view);
}

struct part {
	struct redis_lookup *lookup;
	int what;
};

static void
on_part(void *ctx, const struct redis_reply *r)
{
	struct part p = *(struct part *)ctx;
	struct redis_lookup *l = p.lookup;

	free(ctx);
	if (r == NULL || redis_is_error(r))
		l->failed = true;
	else if (p.what == 0)
		rep_read_unit(r, &l->unit);
	else if (p.what == 1 && !rep_read_listing(r, &l->listing))
		l->listing = (struct rep_listing){0};
	else if (p.what == 2)
		rep_read_unit(r, &l->net);
	else if (p.what == 3 && !rep_read_listing(r, &l->net_listing))
		l->net_listing = (struct rep_listing){0};
	if (--l->waiting == 0)
		lookup_answer(redis_of(l->store), l);
}

static void
lookup_read(struct redis_store *s, struct redis_lookup *l, int what,
    const struct rep_key *k)
{
	struct redis_args a = {.count = 0};
	struct part *p = mem_alloc(sizeof(*p));

	*p = (struct part){l, what};
	redis_arg_cstr(&a, "HGETALL");
	redis_arg(&a, str_make(k->text, k->len));
	l->waiting++;
	if (rep_link_send(s->link, k->text, &a, on_part, p))
		return;
	l->waiting--;
	l->failed = true;
	free(p);
}

void
redis_lookup_begin(struct redis_store *s, struct redis_lookup *l)
{
	struct rep_name host = rep_name_host(&l->ip),
			net = rep_name_net(&l->ip);
	struct rep_key key[4] = {rep_key_unit(s->base.prefix, "rep", host.text),
	    rep_key_unit(s->base.prefix, "list", host.text),
	    rep_key_unit(s->base.prefix, "rep", net.text),
	    rep_key_unit(s->base.prefix, "list", net.text)};

	l->next = s->pending;
	if (l->next != NULL)
		l->next->prev_next = &l->next;
	l->prev_next = &s->pending;
	s->pending = l;
	l->node[0] = rep_link_quick(s->link, key[0].text);
	l->node[1] = rep_link_quick(s->link, key[2].text);
	l->failed =
	    l->node[0] == NULL || l->node[1] == NULL || atomic_load(&l->late);
	/* Held up by one until all are sent. */
	l->waiting = 1;
	for (int i = 0; i < 4 && !l->failed; i++)
		lookup_read(s, l, i, &key[i]);
	if (--l->waiting == 0)
		lookup_answer(s, l);
}

static struct redis_lookup *
lookup_new(struct rep_store *s, const struct ip *ip)
{
	struct redis_lookup *l = mem_alloc(sizeof(*l));

	l->store = s;
	l->ip = *ip;
	l->start_us = clock_mono_us();
	atomic_init(&l->refs, 2);
	atomic_init(&l->late, false);
	pthread_mutex_init(&l->done_lock, NULL);
	clock_cond_init(&l->done_wake);
	return l;
}

struct rep_lookup *
redis_lookup_start(struct rep_store *store, const struct ip *ip)
{
	struct redis_store *s = redis_of(store);
	struct redis_lookup *l = lookup_new(store, ip);
	struct rep_view view;

	if (!atomic_load(&s->up)) {
		view_away(s, ip, &view);
		lookup_done(l, &view);
		return (struct rep_lookup *)l;
	}
	pthread_mutex_lock(&s->inbox_lock);
	l->next = s->lookups;
	s->lookups = l;
	pthread_mutex_unlock(&s->inbox_lock);
	loop_wake(s->loop);
	return (struct rep_lookup *)l;
}

static bool
wait_until(struct redis_lookup *l, int64_t deadline_us)
{
	struct timespec until = {.tv_sec = deadline_us / 1000000,
	    .tv_nsec = deadline_us % 1000000 * 1000};
	int rc = 0;

	while (!l->done && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(
		    &l->done_wake, &l->done_lock, &until);
	return l->done;
}

void
redis_lookup_collect(
    struct rep_lookup *lookup, int64_t deadline_us, struct rep_view *out)
{
	struct redis_lookup *l = (struct redis_lookup *)lookup;
	struct redis_store *s = redis_of(l->store);
	bool done;

	pthread_mutex_lock(&l->done_lock);
	done = wait_until(l, deadline_us);
	if (done)
		*out = l->view;
	pthread_mutex_unlock(&l->done_lock);
	if (!done) {
		view_away(s, &l->ip, out);
		/* An asker in a hurry proves nothing about Redis. */
		if (clock_mono_us() - l->start_us >=
		    s->base.budget_ms * INT64_C(900)) {
			atomic_store(&l->late, true);
			atomic_store(&s->up, false);
			loop_wake(s->loop);
		}
	}
	lookup_unref(l);
}

void
redis_lookup_drop(struct redis_lookup *l)
{
	struct rep_view view = {.known = false};

	lookup_done(l, &view);
}

struct redis_lookup *
redis_lookup_next(const struct redis_lookup *l)
{
	return l->next;
}

void
redis_lookup_find_late(struct redis_store *s)
{
	for (struct redis_lookup *l = s->pending; l != NULL; l = l->next) {
		if (!atomic_load(&l->late))
			continue;
		for (int i = 0; i < 2; i++)
			if (l->node[i] != NULL)
				rep_node_late(l->node[i]);
	}
	atomic_store(&s->up, rep_link_is_up(s->link));
}
