/*
 * The resolver over c-ares. A channel belongs to one thread, so questions cross
 * a queue with a pipe to wake it, and answers come back under the batch's lock.
 */
#include "peer/dns.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "peer/dns_cache.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TTL_MIN 30
#define TTL_MAX 3600
#define TTL_ABSENT 300
#define TTL_FAILED 5
/* Questions waiting to be sent; beyond it they fail at once. */
#define QUEUE_MAX ((size_t)20000)
#define POLL_MAX_MS 1000

struct question {
	struct dns_batch *batch;
	int index;
	enum dns_type type;
	char name[DNS_NAME_MAX];
};

struct dns {
	ares_channel channel;
	pthread_t thread;
	int wake[2];
	struct dns_cache *cache;

	pthread_mutex_t queue_lock; /* guards queue and stop */
	VEC(struct question) queue;
	bool stop;
};

struct dns_batch {
	struct dns *dns;
	VEC(struct question) questions;
	struct dns_answer *answers;
	pthread_mutex_t answers_lock; /* guards what follows, and answers */
	pthread_cond_t answered;
	size_t pending;
	unsigned refs;
};

/* ---- answers ------------------------------------------------------------ */

static void
batch_unref(struct dns_batch *b)
{
	unsigned left;

	pthread_mutex_lock(&b->answers_lock);
	left = --b->refs;
	pthread_mutex_unlock(&b->answers_lock);
	if (left > 0)
		return;
	pthread_mutex_destroy(&b->answers_lock);
	pthread_cond_destroy(&b->answered);
	VEC_FINI(&b->questions);
	free(b->answers);
	free(b);
}

static void
deliver(const struct question *q, const struct dns_answer *a)
{
	struct dns_batch *b = q->batch;

	pthread_mutex_lock(&b->answers_lock);
	b->answers[q->index] = *a;
	if (--b->pending == 0)
		pthread_cond_broadcast(&b->answered);
	pthread_mutex_unlock(&b->answers_lock);
}

static void
note_ttl(struct dns_answer *a, int ttl)
{
	uint32_t t = ttl < TTL_MIN ? TTL_MIN : (uint32_t)ttl;

	if (t > TTL_MAX)
		t = TTL_MAX;
	if (a->count == 0 || t < a->ttl)
		a->ttl = t;
}

static int
read_a(const unsigned char *p, int len, struct dns_answer *a)
{
	struct ares_addrttl v[DNS_RECORDS_MAX];
	int n = DNS_RECORDS_MAX, rc;

	rc = ares_parse_a_reply(p, len, NULL, v, &n);
	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		struct sockaddr_in in = {
		    .sin_family = AF_INET, .sin_addr = v[i].ipaddr};

		note_ttl(a, v[i].ttl);
		ip_from_sockaddr(
		    (const struct sockaddr *)&in, &a->address[a->count++]);
	}
	return rc;
}

static int
read_aaaa(const unsigned char *p, int len, struct dns_answer *a)
{
	struct ares_addr6ttl v[DNS_RECORDS_MAX];
	int n = DNS_RECORDS_MAX, rc;

	rc = ares_parse_aaaa_reply(p, len, NULL, v, &n);
	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		note_ttl(a, v[i].ttl);
		memcpy(a->address[a->count++].byte, &v[i].ip6addr, 16);
	}
	return rc;
}

/* A record's text goes behind the one before; what does not fit is cut. */
static void
add_text(struct dns_answer *a, const void *text, size_t len, bool new_record)
{
	size_t end = 0;

	if (a->count > 0)
		end = a->text_at[a->count - 1] +
		      strlen(dns_text(a, a->count - 1));
	if (new_record) {
		end += a->count > 0;
		if (a->count == DNS_RECORDS_MAX || end >= DNS_TEXT_MAX)
			return;
		a->text_at[a->count++] = (uint16_t)end;
	}
	if (a->count == 0)
		return;
	if (len > DNS_TEXT_MAX - 1 - end)
		len = DNS_TEXT_MAX - 1 - end;
	memcpy(a->text + end, text, len);
	a->text[end + len] = '\0';
}

static int
read_txt(const unsigned char *p, int len, struct dns_answer *a)
{
	struct ares_txt_ext *list = NULL;
	int rc = ares_parse_txt_reply_ext(p, len, &list);

	a->ttl = TTL_ABSENT; /* this parser does not tell */
	for (struct ares_txt_ext *t = list; t != NULL; t = t->next)
		add_text(a, t->txt, t->length, t->record_start != 0);
	if (list != NULL)
		ares_free_data(list);
	return rc;
}

static int
read_mx(const unsigned char *p, int len, struct dns_answer *a)
{
	struct ares_mx_reply *list = NULL;
	int rc = ares_parse_mx_reply(p, len, &list);

	a->ttl = TTL_ABSENT;
	for (struct ares_mx_reply *m = list; m != NULL; m = m->next)
		add_text(a, m->host, strlen(m->host), true);
	if (list != NULL)
		ares_free_data(list);
	return rc;
}

static int
read_ptr(const unsigned char *p, int len, struct dns_answer *a)
{
	struct hostent *h = NULL;
	struct in_addr any = {0};
	int rc = ares_parse_ptr_reply(p, len, &any, sizeof(any), AF_INET, &h);

	a->ttl = TTL_ABSENT;
	for (char **n = h ? h->h_aliases : NULL; n != NULL && *n != NULL; n++)
		add_text(a, *n, strlen(*n), true);
	if (h != NULL)
		ares_free_hostent(h);
	return rc;
}

static const struct {
	int type;
	int (*read)(const unsigned char *, int, struct dns_answer *);
} types[] = {
    [DNS_A] = {ns_t_a, read_a},
    [DNS_AAAA] = {ns_t_aaaa, read_aaaa},
    [DNS_TXT] = {ns_t_txt, read_txt},
    [DNS_PTR] = {ns_t_ptr, read_ptr},
    [DNS_MX] = {ns_t_mx, read_mx},
};

static void
on_answer(void *arg, int rc, int timeouts, unsigned char *p, int len)
{
	struct question *q = arg;
	struct dns *d = q->batch->dns;
	struct dns_answer *a = mem_alloc(sizeof(*a));

	(void)timeouts;
	a->status = DNS_FAILED;
	a->ttl = TTL_FAILED;
	if (rc == ARES_SUCCESS)
		rc = types[q->type].read(p, len, a);
	if (rc == ARES_SUCCESS && a->count > 0) {
		a->status = DNS_FOUND;
	} else if (rc == ARES_ENOTFOUND || rc == ARES_ENODATA ||
		   rc == ARES_SUCCESS) {
		a->status = DNS_ABSENT;
		a->ttl = TTL_ABSENT;
	}
	dns_cache_add(d->cache, q->type, q->name, a);
	deliver(q, a);
	free(a);
	batch_unref(q->batch);
	free(q);
}

/* ---- the thread --------------------------------------------------------- */

static void
fail(const struct question *q)
{
	static const struct dns_answer failed = {.status = DNS_FAILED};

	deliver(q, &failed);
	batch_unref(q->batch);
}

/* Takes what waits in the queue; true: the thread is to end. */
static bool
take_questions(struct dns *d)
{
	VEC(struct question) todo;
	bool stop;

	pthread_mutex_lock(&d->queue_lock);
	memcpy(&todo, &d->queue, sizeof(todo));
	memset(&d->queue, 0, sizeof(d->queue));
	stop = d->stop;
	pthread_mutex_unlock(&d->queue_lock);
	for (size_t i = 0; i < todo.len; i++) {
		struct question *q = mem_alloc(sizeof(*q));

		*q = todo.v[i];
		ares_query(d->channel, q->name, ns_c_in, types[q->type].type,
		    on_answer, q);
	}
	VEC_FINI(&todo);
	return stop;
}

static int
wait_ms(struct dns *d)
{
	struct timeval most = {.tv_usec = POLL_MAX_MS * 1000 - 1}, left;
	struct timeval *t = ares_timeout(d->channel, &most, &left);

	return (int)(t->tv_sec * 1000 + t->tv_usec / 1000) + 1;
}

static void *
resolve(void *arg)
{
	struct dns *d = arg;
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd p[ARES_GETSOCK_MAXNUM + 1];
	char drain[64];

	while (!take_questions(d)) {
		/* c-ares' own macros shift a signed 1 into its sign. */
		unsigned bits = (unsigned)ares_getsock(
		    d->channel, sockets, ARES_GETSOCK_MAXNUM);
		nfds_t n = 0;

		for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
			short events = 0;

			if (bits >> i & 1)
				events |= POLLIN;
			if (bits >> (i + ARES_GETSOCK_MAXNUM) & 1)
				events |= POLLOUT;
			if (events != 0)
				p[n++] = (struct pollfd){sockets[i], events, 0};
		}
		p[n] = (struct pollfd){d->wake[0], POLLIN, 0};
		if (poll(p, n + 1, wait_ms(d)) < 0 && errno != EINTR)
			break;
		if (p[n].revents != 0)
			(void)!read(d->wake[0], drain, sizeof(drain));
		for (nfds_t i = 0; i < n; i++)
			ares_process_fd(d->channel,
			    p[i].revents & (POLLIN | POLLERR | POLLHUP)
				? p[i].fd
				: ARES_SOCKET_BAD,
			    p[i].revents & POLLOUT ? p[i].fd : ARES_SOCKET_BAD);
		ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
	ares_cancel(d->channel);
	return NULL;
}

/* ---- batches ------------------------------------------------------------ */

struct dns_batch *
dns_batch_new(struct dns *d)
{
	struct dns_batch *b = mem_alloc(sizeof(*b));

	b->dns = d;
	b->refs = 1;
	pthread_mutex_init(&b->answers_lock, NULL);
	clock_cond_init(&b->answered);
	return b;
}

int
dns_batch_ask(struct dns_batch *b, enum dns_type type, struct str name)
{
	struct question *q;

	if (b->questions.len >= DNS_BATCH_MAX || !dns_is_name(name))
		return -1;
	q = VEC_PUSH(&b->questions);
	*q = (struct question){
	    .batch = b, .index = (int)b->questions.len - 1, .type = type};
	memcpy(q->name, name.p, name.len);
	return q->index;
}

void
dns_batch_start(struct dns_batch *b)
{
	struct dns *d = b->dns;
	size_t queued = 0;

	b->answers = mem_array(b->questions.len, sizeof(*b->answers));
	pthread_mutex_lock(&b->answers_lock);
	b->pending = b->questions.len;
	b->refs += (unsigned)b->questions.len;
	pthread_mutex_unlock(&b->answers_lock);
	for (size_t i = 0; i < b->questions.len; i++) {
		const struct question *q = &b->questions.v[i];
		struct dns_answer *a = mem_alloc(sizeof(*a));
		bool room;

		if (dns_cache_find(d->cache, q->type, q->name, a)) {
			deliver(q, a);
			batch_unref(b);
			free(a);
			continue;
		}
		free(a);
		pthread_mutex_lock(&d->queue_lock);
		room = d->queue.len < QUEUE_MAX;
		if (room)
			*VEC_PUSH(&d->queue) = *q;
		pthread_mutex_unlock(&d->queue_lock);
		queued += room;
		if (!room)
			fail(q);
	}
	if (queued > 0)
		(void)!write(d->wake[1], "q", 1);
}

bool
dns_batch_collect(struct dns_batch *b, int64_t deadline_us)
{
	struct timespec until = {.tv_sec = deadline_us / 1000000,
	    .tv_nsec = deadline_us % 1000000 * 1000};
	bool all;

	pthread_mutex_lock(&b->answers_lock);
	while (b->pending > 0 && deadline_us > 0)
		if (pthread_cond_timedwait(
			&b->answered, &b->answers_lock, &until) == ETIMEDOUT)
			break;
	all = b->pending == 0;
	pthread_mutex_unlock(&b->answers_lock);
	return all;
}

void
dns_batch_answer(struct dns_batch *b, int i, struct dns_answer *out)
{
	pthread_mutex_lock(&b->answers_lock);
	*out = b->answers[i];
	pthread_mutex_unlock(&b->answers_lock);
}

void
dns_batch_free(struct dns_batch **b)
{
	if (*b != NULL)
		batch_unref(*b);
	*b = NULL;
}

/* ---- opening and closing ------------------------------------------------ */

static bool
open_channel(struct dns *d, const struct dns_options *o, const char **why_out)
{
	struct ares_options options = {.timeout = o->timeout_ms,
	    .tries = o->tries,
	    .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS;
	int rc = ares_library_init(ARES_LIB_INIT_ALL);
	char servers[512];
	size_t n = 0;

	if (rc == ARES_SUCCESS)
		rc = ares_init_options(&d->channel, &options, mask);
	if (rc != ARES_SUCCESS) {
		*why_out = ares_strerror(rc);
		return false;
	}
	if (o->servers == NULL || o->servers[0] == '\0')
		return true;
	/* c-ares wants commas only. */
	for (const char *s = o->servers; *s != '\0' && n + 1 < sizeof(servers);
	     s++)
		if (*s != ' ')
			servers[n++] = *s;
	servers[n] = '\0';
	rc = ares_set_servers_ports_csv(d->channel, servers);
	if (rc == ARES_SUCCESS)
		return true;
	*why_out = "not a list of addresses, each with an optional :port";
	ares_destroy(d->channel);
	return false;
}

struct dns *
dns_open(const struct dns_options *o, const char **why_out)
{
	struct dns *d = mem_alloc(sizeof(*d));

	if (!open_channel(d, o, why_out)) {
		free(d);
		return NULL;
	}
	d->cache = dns_cache_new(o->cache_size);
	pthread_mutex_init(&d->queue_lock, NULL);
	if (pipe2(d->wake, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    pthread_create(&d->thread, NULL, resolve, d) != 0) {
		*why_out = "cannot start its thread";
		ares_destroy(d->channel);
		dns_cache_free(&d->cache);
		free(d);
		return NULL;
	}
	return d;
}

void
dns_close(struct dns **dp)
{
	struct dns *d = *dp;

	if (d == NULL)
		return;
	pthread_mutex_lock(&d->queue_lock);
	d->stop = true;
	pthread_mutex_unlock(&d->queue_lock);
	(void)!write(d->wake[1], "x", 1);
	pthread_join(d->thread, NULL);
	ares_destroy(d->channel);
	ares_library_cleanup();
	close(d->wake[0]);
	close(d->wake[1]);
	dns_cache_free(&d->cache);
	VEC_FINI(&d->queue);
	pthread_mutex_destroy(&d->queue_lock);
	free(d);
	*dp = NULL;
}
