/*
 * The copy of all listings, asked for every few seconds and kept in a file:
 * what mail is told while Redis is away, and what admins said about networks
 * of any size.
 */
#include "peer/rep_redis.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define POLL_MS 5000
#define LISTED_PER_SHARD "20000"
#define SNAPSHOT_FILE "listed"
#define SNAPSHOT_MAX ((size_t)64 << 20)

struct redis_poll {
	struct redis_store *store;
	VEC(char *) names;
	VEC(struct wide *) wide;
	struct cidr_trie *trie;
	int waiting;
	bool failed;
	bool words; /* second round: what admins said */
};

void
redis_poll_free_wide(struct redis_store *s)
{
	for (size_t i = 0; i < s->wide_all.len; i++)
		free(s->wide_all.v[i]);
	VEC_FINI(&s->wide_all);
}

void
redis_poll_free(struct redis_poll *p)
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

void
redis_poll_load(struct redis_store *s)
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
		redis_poll_free_wide(s);
		s->wide_all.v = p->wide.v;
		s->wide_all.len = p->wide.len;
		s->wide_all.size = p->wide.size;
		pthread_mutex_unlock(&s->snapshot_lock);
		p->wide.v = NULL;
		p->wide.len = p->wide.size = 0;
		cidr_trie_free(&listed);
		snapshot_save(s, p);
	}
	redis_poll_free(p);
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

void
redis_poll_on_timer(void *ctx)
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
