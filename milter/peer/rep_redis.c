/*
 * The Redis store: one I/O thread with an event loop, lookups against a
 * deadline, and what mail is told while Redis is away.
 *
 * A lookup is four reads sent in one go. One that misses its deadline opens the
 * breaker: from then on nothing is sent and nobody waits, until a probe came
 * back in time. While away, the last known listings give "watch" at most, and
 * an admin's allow still counts.
 */
#include "peer/rep_redis.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define POLL_MS 5000
#define START_MS 1000 /* not up by then: say so */
#define STOP_TICK_MS 5
#define LISTED_PER_SHARD "20000"
#define SNAPSHOT_FILE "listed"
#define SNAPSHOT_MAX ((size_t)64 << 20)
#define WIDE_FOUND 130

static struct redis_store *
redis_of(struct rep_store *s)
{
	return (struct redis_store *)s;
}

/* ---- away -----------------------------------------------------------------
 */

static void
away(struct redis_store *s, const char *why)
{
	atomic_store(&s->up, false);
	pthread_mutex_lock(&s->status_lock);
	if (s->away_since_ms == 0) {
		s->away_since_ms = clock_wall_ms();
		s->outages++;
	}
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
	pthread_mutex_unlock(&s->status_lock);
	if (!s->told)
		rep_store_log(&s->base,
		    "reputation: Redis away (%s); mail goes "
		    "on without it, events wait",
		    why);
	s->told = true;
}

static void
on_link_down(void *ctx, const char *why)
{
	away(ctx, why);
}

static void
on_link_up(void *ctx)
{
	struct redis_store *s = ctx;
	int64_t since;

	pthread_mutex_lock(&s->status_lock);
	since = s->away_since_ms;
	s->away_since_ms = 0;
	s->why[0] = '\0';
	pthread_mutex_unlock(&s->status_lock);
	if (s->told)
		rep_store_log(&s->base, "reputation: Redis back after %.1f s",
		    (double)(clock_wall_ms() - since) / 1000);
	s->told = false;
	atomic_store(&s->up, true);
	rep_writer_joined(s->writer);
	redis_store_poll(s);
}

static void
on_joined(void *ctx)
{
	struct redis_store *s = ctx;

	if (s->writer != NULL)
		rep_writer_joined(s->writer);
}

static void
on_start(void *ctx)
{
	struct redis_store *s = ctx;

	if (!rep_link_is_up(s->link))
		away(s, rep_link_why(s->link));
}

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

/* ---- lookups --------------------------------------------------------------
 */

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

static void
lookup_begin(struct redis_store *s, struct redis_lookup *l)
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
	pthread_condattr_t attr;

	l->store = s;
	l->ip = *ip;
	l->start_us = clock_mono_us();
	atomic_init(&l->refs, 2);
	atomic_init(&l->late, false);
	pthread_mutex_init(&l->done_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->done_wake, &attr);
	pthread_condattr_destroy(&attr);
	return l;
}

static struct rep_lookup *
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

static void
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

static void
look_for_late(struct redis_store *s)
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

/* ---- the snapshot of listings ---------------------------------------------
 */

struct redis_poll {
	struct redis_store *store;
	VEC(char *) names;
	VEC(struct wide *) wide;
	struct cidr_trie *trie;
	int waiting;
	bool failed;
	bool words; /* second round: what admins said */
};

static void
wide_free_all(struct redis_store *s)
{
	for (size_t i = 0; i < s->wide_all.len; i++)
		free(s->wide_all.v[i]);
	VEC_FINI(&s->wide_all);
}

static void
poll_free(struct redis_poll *p)
{
	for (size_t i = 0; i < p->names.len; i++)
		free(p->names.v[i]);
	VEC_FINI(&p->names);
	for (size_t i = 0; i < p->wide.len; i++)
		free(p->wide.v[i]);
	VEC_FINI(&p->wide);
	cidr_trie_free(&p->trie);
	free(p);
}

static struct cidr_trie *
trie_of(char *const *name, size_t count)
{
	static char mark;
	struct cidr_trie *t = cidr_trie_new();
	struct cidr c;
	enum rep_kind kind;

	for (size_t i = 0; i < count; i++)
		if (rep_name_parse(str_from(name[i]), &c, &kind) &&
		    kind != REP_KIND_SITE)
			(void)cidr_trie_set(t, &c, &mark);
	return t;
}

/* No fsync here: it is a copy, and this thread answers mail. */
static void
snapshot_save(const struct redis_store *s, const struct redis_poll *p)
{
	char *path, *temp;
	struct buf b;
	int fd;

	if (s->base.state_dir == NULL)
		return;
	path = file_join(s->base.state_dir, SNAPSHOT_FILE);
	temp = mem_printf("%s.new", path);
	buf_init(&b);
	for (size_t i = 0; i < p->names.len; i++)
		buf_printf(&b, "%s\n", p->names.v[i]);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		ssize_t n = b.len > 0 ? write(fd, b.p, b.len) : 0;

		close(fd);
		if (n == (ssize_t)b.len)
			(void)rename(temp, path);
	}
	buf_fini(&b);
	free(temp);
	free(path);
}

static void
snapshot_load(struct redis_store *s)
{
	char *path;
	struct buf b;
	struct str rest;
	VEC(char *) names = {0};

	if (s->base.state_dir == NULL)
		return;
	path = file_join(s->base.state_dir, SNAPSHOT_FILE);
	buf_init(&b);
	if (file_read(path, SNAPSHOT_MAX, &b) == 0) {
		rest = buf_str(&b);
		while (rest.len > 0) {
			struct str line = str_cut(&rest, '\n');

			*VEC_PUSH(&names) = mem_strndup(line.p, line.len);
		}
		cidr_trie_free(&s->listed);
		s->listed = trie_of(names.v, names.len);
	}
	for (size_t i = 0; i < names.len; i++)
		free(names.v[i]);
	VEC_FINI(&names);
	buf_fini(&b);
	free(path);
}

static void
poll_finish(struct redis_poll *p)
{
	struct redis_store *s = p->store;
	struct cidr_trie *listed, *wide;

	s->poll = NULL;
	if (!p->failed) {
		listed = trie_of(p->names.v, p->names.len);
		wide = p->trie;
		pthread_mutex_lock(&s->snapshot_lock);
		p->trie = s->listed;
		s->listed = listed;
		listed = s->wide;
		s->wide = wide;
		wide_free_all(s);
		s->wide_all.v = p->wide.v;
		s->wide_all.len = p->wide.len;
		s->wide_all.size = p->wide.size;
		pthread_mutex_unlock(&s->snapshot_lock);
		p->wide.v = NULL;
		p->wide.len = p->wide.size = 0;
		cidr_trie_free(&listed);
		snapshot_save(s, p);
	}
	poll_free(p);
}

static void poll_words(struct redis_poll *p);

static void
poll_came(struct redis_poll *p)
{
	if (--p->waiting > 0)
		return;
	if (!p->words && !p->failed)
		poll_words(p);
	else
		poll_finish(p);
}

struct word {
	struct redis_poll *poll;
	struct cidr net;
};

static void
on_word(void *ctx, const struct redis_reply *r)
{
	struct word w = *(struct word *)ctx;
	struct redis_poll *p = w.poll;
	struct rep_listing l;

	free(ctx);
	if (r == NULL || redis_is_error(r)) {
		p->failed = true;
	} else if (rep_read_listing(r, &l) && l.state != REP_LISTED) {
		struct wide *x = mem_alloc(sizeof(*x));

		x->listing = l;
		*VEC_PUSH(&p->wide) = x;
		(void)cidr_trie_set(p->trie, &w.net, x);
	}
	poll_came(p);
}

static void
poll_word(struct redis_poll *p, const char *name, const struct cidr *net)
{
	struct rep_key k = rep_key_unit(p->store->base.prefix, "list", name);
	struct redis_args a = {.count = 0};
	struct word *w = mem_alloc(sizeof(*w));

	*w = (struct word){p, *net};
	redis_arg_cstr(&a, "HGETALL");
	redis_arg(&a, str_make(k.text, k.len));
	p->waiting++;
	if (rep_link_send(p->store->link, k.text, &a, on_word, w))
		return;
	p->waiting--;
	p->failed = true;
	free(w);
}

/* Networks of the model's own two sizes are read with each lookup. */
static void
poll_words(struct redis_poll *p)
{
	struct cidr c;
	enum rep_kind kind;

	p->words = true;
	p->trie = cidr_trie_new();
	p->waiting = 1;
	for (size_t i = 0; i < p->names.len; i++)
		if (p->names.v[i][0] == 'n' &&
		    rep_name_parse(str_from(p->names.v[i]), &c, &kind) &&
		    c.bits != (ip_is_v4(&c.net) ? 120 : 48))
			poll_word(p, p->names.v[i], &c);
	poll_came(p);
}

static void
on_shard(void *ctx, const struct redis_reply *r)
{
	struct redis_poll *p = ctx;

	if (r == NULL || redis_is_error(r))
		p->failed = true;
	for (size_t i = 0; i < redis_count(r); i++) {
		struct str name = redis_text(redis_at(r, i));

		*VEC_PUSH(&p->names) = mem_strndup(name.p, name.len);
	}
	poll_came(p);
}

static void
on_site(void *ctx, const struct redis_reply *r)
{
	struct redis_poll *p = ctx;
	struct rep_unit u;

	if (r != NULL && !redis_is_error(r)) {
		rep_read_unit(r, &u);
		rep_writer_set_site(p->store->writer, &u);
	}
	poll_came(p);
}

static void
poll_send(struct redis_poll *p, const char *key, const struct redis_args *a,
    redis_fn *fn)
{
	p->waiting++;
	if (rep_link_send(p->store->link, key, a, fn, p))
		return;
	p->waiting--;
	p->failed = true;
}

static void
poll_begin(struct redis_store *s)
{
	struct redis_poll *p = mem_alloc(sizeof(*p));
	struct rep_key k = rep_key_unit(s->base.prefix, "rep", REP_SITE);
	struct redis_args a = {.count = 0};
	char now[REDIS_NUMBER];

	s->poll = p;
	p->store = s;
	p->waiting = 1;
	redis_arg_cstr(&a, "HGETALL");
	redis_arg(&a, str_make(k.text, k.len));
	poll_send(p, k.text, &a, on_site);
	for (int i = 0; i < REP_LISTED_SHARDS; i++) {
		k = rep_key_number(s->base.prefix, "listed", i);
		a.count = 0;
		redis_arg_cstr(&a, "ZRANGEBYSCORE");
		redis_arg(&a, str_make(k.text, k.len));
		redis_arg_int(&a, clock_wall_ms() / 1000, now);
		redis_arg_cstr(&a, "+inf");
		redis_arg_cstr(&a, "LIMIT");
		redis_arg_cstr(&a, "0");
		redis_arg_cstr(&a, LISTED_PER_SHARD);
		poll_send(p, k.text, &a, on_shard);
	}
	poll_came(p);
}

static void
on_poll(void *ctx)
{
	struct redis_store *s = ctx;

	if (s->poll == NULL && rep_link_is_up(s->link))
		poll_begin(s);
	loop_timer_start(s->poll_timer, POLL_MS);
}

void
redis_store_poll(struct redis_store *s)
{
	loop_timer_start(s->poll_timer, 1);
}

/* ---- the I/O thread -------------------------------------------------------
 */

void
redis_store_post(struct redis_store *s, struct redis_task *t)
{
	pthread_mutex_lock(&s->inbox_lock);
	t->next = s->tasks;
	s->tasks = t;
	pthread_mutex_unlock(&s->inbox_lock);
	loop_wake(s->loop);
}

static void
on_stop_tick(void *ctx)
{
	struct redis_store *s = ctx;

	if (clock_mono_us() >= s->stop_us || rep_writer_is_idle(s->writer))
		loop_stop(s->loop);
	else
		loop_timer_start(s->stop_timer, STOP_TICK_MS);
}

static struct redis_task *
in_order(struct redis_task *t)
{
	struct redis_task *out = NULL;

	while (t != NULL) {
		struct redis_task *next = t->next;

		t->next = out;
		out = t;
		t = next;
	}
	return out;
}

static void
on_wake(void *ctx)
{
	struct redis_store *s = ctx;
	struct redis_lookup *l;
	struct redis_task *t;
	bool stop;

	pthread_mutex_lock(&s->inbox_lock);
	l = s->lookups;
	t = in_order(s->tasks);
	s->lookups = NULL;
	s->tasks = NULL;
	stop = s->stop;
	pthread_mutex_unlock(&s->inbox_lock);
	while (l != NULL) {
		struct redis_lookup *next = l->next;

		lookup_begin(s, l);
		l = next;
	}
	while (t != NULL) {
		struct redis_task *next = t->next;

		t->run(t->ctx);
		t = next;
	}
	look_for_late(s);
	rep_writer_start(s->writer);
	if (stop)
		on_stop_tick(s);
}

static void *
io_main(void *arg)
{
	struct redis_store *s = arg;

	loop_run(s->loop);
	return NULL;
}

/* The daemon's signals are not this thread's. */
static bool
start_thread(struct redis_store *s)
{
	sigset_t all, former;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	s->thread_runs = pthread_create(&s->thread, NULL, io_main, s) == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return s->thread_runs;
}

/* ---- the mail path's other calls ------------------------------------------
 */

static void
redis_report(struct rep_store *s, const struct rep_event *e)
{
	rep_writer_event(redis_of(s)->writer, e);
}

static void
redis_record(struct rep_store *s, struct str ref, struct str json)
{
	rep_writer_record(redis_of(s)->writer, ref, json);
}

static void
redis_status(struct rep_store *store, struct json *into)
{
	struct redis_store *s = redis_of(store);
	struct rep_writer_counts c;

	rep_writer_counts(s->writer, &c);
	json_set_str(into, "store", STR("redis"));
	pthread_mutex_lock(&s->status_lock);
	json_set_str(
	    into, "state", s->away_since_ms == 0 ? STR("up") : STR("away"));
	if (s->away_since_ms != 0) {
		json_set_int(into, "away_since_ms", s->away_since_ms);
		json_set_str(into, "why", str_from(s->why));
	}
	json_set_int(into, "outages", (int64_t)s->outages);
	pthread_mutex_unlock(&s->status_lock);
	json_set_int(into, "taken", (int64_t)c.taken);
	json_set_int(into, "applied", (int64_t)c.applied);
	json_set_int(into, "waiting", (int64_t)c.waiting);
	json_set_int(into, "dropped", (int64_t)c.dropped);
	json_set_int(into, "unjournaled", (int64_t)c.unjournaled);
	json_set_int(into, "journal_bytes", (int64_t)c.journal_bytes);
}

/* ---- life -----------------------------------------------------------------
 */

static void
store_free(struct redis_store *s)
{
	while (s->lookups != NULL) {
		struct redis_lookup *l = s->lookups;
		struct rep_view view = {.known = false};

		s->lookups = l->next;
		lookup_done(l, &view);
	}
	/* The link first: its callbacks still find everything else. */
	rep_link_free(&s->link);
	if (s->poll != NULL)
		poll_free(s->poll);
	rep_writer_free(&s->writer);
	rep_journal_close(&s->journal);
	loop_timer_free(&s->poll_timer);
	loop_timer_free(&s->stop_timer);
	loop_timer_free(&s->start_timer);
	loop_free(&s->loop);
	cidr_trie_free(&s->listed);
	cidr_trie_free(&s->wide);
	wide_free_all(s);
	pthread_mutex_destroy(&s->inbox_lock);
	pthread_mutex_destroy(&s->snapshot_lock);
	pthread_mutex_destroy(&s->status_lock);
	free(s);
}

static void
redis_close_store(struct rep_store *store, int drain_ms)
{
	struct redis_store *s = redis_of(store);

	pthread_mutex_lock(&s->inbox_lock);
	s->stop = true;
	s->stop_us = clock_mono_us() + drain_ms * INT64_C(1000);
	pthread_mutex_unlock(&s->inbox_lock);
	loop_wake(s->loop);
	if (s->thread_runs)
		pthread_join(s->thread, NULL);
	free(s->base.state_dir);
	store_free(s);
}

static bool
open_journal(struct redis_store *s, char **error_out)
{
	struct rep_journal_found found;

	if (s->base.state_dir == NULL)
		return true;
	s->journal = rep_journal_open(
	    s->base.state_dir, REP_JOURNAL_LIMIT, &found, error_out);
	if (s->journal == NULL)
		return false;
	s->found = found.waiting;
	if (found.torn_bytes > 0)
		rep_store_log(&s->base,
		    "reputation: journal in %s: %" PRIu64 " torn bytes cut off",
		    s->base.state_dir, found.torn_bytes);
	return true;
}

static void
open_link(struct redis_store *s, const struct rep_url *u)
{
	struct rep_link_options o = {.loop = s->loop,
	    .url = *u,
	    .budget_ms = s->base.budget_ms,
	    .up = on_link_up,
	    .down = on_link_down,
	    .joined = on_joined,
	    .ctx = s};
	struct buf count, list;

	buf_init(&count);
	buf_init(&list);
	rep_script_count(&s->base.settings, &count);
	rep_script_list(&list);
	o.script[REP_SCRIPT_COUNT] = buf_str(&count);
	o.script[REP_SCRIPT_LIST] = buf_str(&list);
	s->link = rep_link_new(&o);
	buf_fini(&count);
	buf_fini(&list);
}

static const struct rep_store_ops redis_ops = {
    .close = redis_close_store,
    .lookup_start = redis_lookup_start,
    .lookup_collect = redis_lookup_collect,
    .report = redis_report,
    .record = redis_record,
    .status = redis_status,
    .read = redis_admin_read,
    .set_listing = redis_admin_set_listing,
    .forget = redis_admin_forget,
    .dispute = redis_admin_dispute,
    .load = redis_admin_load,
    .each = redis_admin_each,
    .each_listed = redis_admin_each_listed,
    .top = redis_admin_top,
    .note = redis_admin_note,
    .notes = redis_admin_notes,
    .why = redis_admin_why,
};

static struct redis_store *
redis_new(const struct rep_store *base)
{
	struct redis_store *s = mem_alloc(sizeof(*s));

	s->base = *base;
	s->base.ops = &redis_ops;
	atomic_init(&s->up, false);
	pthread_mutex_init(&s->inbox_lock, NULL);
	pthread_mutex_init(&s->snapshot_lock, NULL);
	pthread_mutex_init(&s->status_lock, NULL);
	s->listed = cidr_trie_new();
	s->wide = cidr_trie_new();
	s->loop = loop_new(on_wake, s);
	return s;
}

struct rep_store *
rep_redis_open(const struct rep_store *base, const char *url, char **error_out)
{
	struct rep_url u;
	char why[128];
	struct redis_store *s;

	if (!rep_url_parse(str_from(url), &u, why)) {
		*error_out = mem_printf("redis: %s", why);
		return NULL;
	}
	s = redis_new(base);
	if (s->loop == NULL || !open_journal(s, error_out)) {
		if (s->loop == NULL)
			*error_out = mem_printf("redis: %s", strerror(errno));
		store_free(s);
		return NULL;
	}
	snapshot_load(s);
	s->poll_timer = loop_timer_new(s->loop, on_poll, s);
	s->stop_timer = loop_timer_new(s->loop, on_stop_tick, s);
	s->start_timer = loop_timer_new(s->loop, on_start, s);
	loop_timer_start(s->start_timer, START_MS);
	open_link(s, &u);
	s->writer =
	    rep_writer_new(&s->base, s->loop, s->link, s->journal, s->found);
	if (!start_thread(s)) {
		*error_out = mem_printf("redis: no thread");
		store_free(s);
		return NULL;
	}
	return &s->base;
}
