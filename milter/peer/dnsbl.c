/*
 * Lookups of one message over all zones, and the zones' health.
 *
 * Health is a few atomics per zone: lookups read them, the tick that runs the
 * self-tests and the lookups that meet a sick answer write them.
 */
#include "peer/dnsbl.h"

#include "base/clean.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define RETEST_HEALTHY_US ((int64_t)3600 * 1000000)
#define RETEST_SICK_US ((int64_t)60 * 1000000)
/* A self-test that takes longer has failed. */
#define TEST_TIMEOUT_US ((int64_t)5 * 1000000)
/* So many questions in a row without an answer set a zone aside. */
#define SILENCE_MAX 10
#define WHY_MAX 96

enum health { HEALTH_NEW, HEALTH_GOOD, HEALTH_ASIDE };

struct zone_state {
	struct dnsbl_zone zone;
	_Atomic int health;
	_Atomic int64_t test_at_us;
	_Atomic int silent; /* questions in a row without an answer */
	_Atomic uint64_t asked, listed, failed;
	pthread_mutex_t why_lock; /* guards why */
	char why[WHY_MAX];
	struct dns_batch *test; /* under way; the tick's own */
	int64_t test_deadline_us;
	int must_list, must_not; /* questions of the test */
};

struct dnsbl {
	struct dns *dns;
	struct zone_state *zones;
	size_t count;
	unsigned kinds;
	void (*log)(void *ctx, const char *line);
	void *log_ctx;
};

struct asked {
	struct zone_state *zone;
	char subject[DNS_NAME_MAX];
	int a, txt; /* questions; -1 = none */
};

struct dnsbl_lookup {
	struct dnsbl *lists;
	struct dns_batch *batch;
	VEC(struct asked) asked;
	size_t subjects;
};

/* ---- health ------------------------------------------------------------- */

static void
set_health(
    struct dnsbl *d, struct zone_state *z, enum health next, const char *why)
{
	int before = atomic_exchange(&z->health, (int)next);
	char line[WHY_MAX + DNS_NAME_MAX + 64];

	pthread_mutex_lock(&z->why_lock);
	snprintf(z->why, sizeof(z->why), "%s", why);
	pthread_mutex_unlock(&z->why_lock);
	atomic_store(&z->test_at_us,
	    clock_mono_us() +
		(next == HEALTH_GOOD ? RETEST_HEALTHY_US : RETEST_SICK_US));
	if (before == (int)next ||
	    (before == HEALTH_NEW && next == HEALTH_GOOD))
		return;
	snprintf(line, sizeof(line), "dnsbl zone=%s health=%s why=\"%s\"",
	    z->zone.name, next == HEALTH_GOOD ? "good" : "set-aside", why);
	if (d->log != NULL)
		d->log(d->log_ctx, line);
}

/* NULL: an answer a list may give. Else why it cannot be believed. */
static const char *
answer_fault(const struct ip *ip)
{
	const uint8_t *b = ip->byte + 12;

	if (!ip_is_v4(ip) || b[0] != 127)
		return "answers outside 127/8: a resolver rewrites answers, or "
		       "the domain was sold";
	if (b[1] == 255 && b[2] == 255)
		return b[3] == 254 ? "error 127.255.255.254: asked through a "
				     "public resolver"
		       : b[3] == 255
			   ? "error 127.255.255.255: too many queries"
			   : "error code 127.255.255.x: see the list's "
			     "own help";
	if (b[1] == 0 && b[2] == 0 && b[3] <= 1)
		return "answers 127.0.0.1, which no list may";
	return NULL;
}

static const char *
first_fault(const struct dns_answer *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const char *why = answer_fault(&a->address[i]);

		if (why != NULL)
			return why;
	}
	return NULL;
}

static bool
is_about_names(enum dnsbl_kind k)
{
	return k == DNSBL_HELO || k == DNSBL_SENDER || k == DNSBL_URI;
}

static int
ask(struct dns_batch *b, enum dns_type type, const char *subject,
    const char *zone)
{
	char name[DNS_NAME_MAX + DNS_NAME_MAX];
	int n = snprintf(name, sizeof(name), "%s.%s", subject, zone);

	return dns_batch_ask(b, type, str_make(name, (size_t)n));
}

static void
start_test(struct dnsbl *d, struct zone_state *z, int64_t now_us)
{
	bool names = is_about_names(z->zone.kind);

	z->test = dns_batch_new(d->dns);
	z->must_list =
	    ask(z->test, DNS_A, names ? "test" : "2.0.0.127", z->zone.name);
	z->must_not =
	    ask(z->test, DNS_A, names ? "invalid" : "1.0.0.127", z->zone.name);
	z->test_deadline_us = now_us + TEST_TIMEOUT_US;
	dns_batch_start(z->test);
}

/* Why the zone fails its test, or NULL. */
static const char *
judge_test(const struct zone_state *z, const struct dns_answer *listed,
    const struct dns_answer *absent)
{
	const char *fault;

	if (listed->status == DNS_FAILED || absent->status == DNS_FAILED ||
	    listed->status == DNS_PENDING || absent->status == DNS_PENDING)
		return "does not answer";
	if (absent->status == DNS_FOUND) {
		fault = first_fault(absent);
		return fault ? fault
			     : "lists everything, its own counter-test "
			       "too";
	}
	if (listed->status == DNS_FOUND)
		return first_fault(listed);
	return z->zone.untested
		   ? NULL
		   : "does not list its own test entry (RFC 5782); "
		     "!untested in the setting overrides";
}

static void
finish_test(struct dnsbl *d, struct zone_state *z)
{
	struct dns_answer *a = mem_array(2, sizeof(*a));
	const char *why;

	dns_batch_answer(z->test, z->must_list, &a[0]);
	dns_batch_answer(z->test, z->must_not, &a[1]);
	why = judge_test(z, &a[0], &a[1]);
	dns_batch_free(&z->test);
	atomic_store(&z->silent, 0);
	set_health(d, z, why ? HEALTH_ASIDE : HEALTH_GOOD, why ? why : "");
	free(a);
}

void
dnsbl_tick(struct dnsbl *d, int64_t now_us)
{
	for (size_t i = 0; i < d->count; i++) {
		struct zone_state *z = &d->zones[i];

		if (z->test == NULL && atomic_load(&z->test_at_us) <= now_us)
			start_test(d, z, now_us);
		if (z->test != NULL && (dns_batch_collect(z->test, 0) ||
					   now_us >= z->test_deadline_us))
			finish_test(d, z);
	}
}

void
dnsbl_settle(struct dnsbl *d, int64_t deadline_us)
{
	dnsbl_tick(d, clock_mono_us());
	for (size_t i = 0; i < d->count; i++)
		if (d->zones[i].test != NULL &&
		    dns_batch_collect(d->zones[i].test, deadline_us))
			finish_test(d, &d->zones[i]);
}

/* ---- zones -------------------------------------------------------------- */

struct dnsbl *
dnsbl_new(struct dns *dns, struct dnsbl_zone *zones, size_t count,
    void (*log)(void *ctx, const char *line), void *log_ctx)
{
	struct dnsbl *d = mem_alloc(sizeof(*d));

	d->dns = dns;
	d->zones = mem_array(count, sizeof(*d->zones));
	d->count = count;
	d->log = log;
	d->log_ctx = log_ctx;
	for (size_t i = 0; i < count; i++) {
		d->zones[i].zone = zones[i];
		d->kinds |= 1u << zones[i].kind;
		pthread_mutex_init(&d->zones[i].why_lock, NULL);
	}
	return d;
}

void
dnsbl_free(struct dnsbl **dp)
{
	struct dnsbl *d = *dp;

	if (d == NULL)
		return;
	for (size_t i = 0; i < d->count; i++) {
		dns_batch_free(&d->zones[i].test);
		dnsbl_zone_fini(&d->zones[i].zone);
		pthread_mutex_destroy(&d->zones[i].why_lock);
	}
	free(d->zones);
	free(d);
	*dp = NULL;
}

struct json *
dnsbl_status(struct dnsbl *d)
{
	static const char *const text[] = {"untested", "good", "set aside"};
	static const char *const action[] = {
	    "points", "reject", "tempfail", "tag", "quarantine"};
	struct json *list = json_new_array();

	for (size_t i = 0; i < d->count; i++) {
		struct zone_state *z = &d->zones[i];
		struct json *j = json_new_object();

		json_set_str(j, "zone", str_from(z->zone.name));
		json_set_str(
		    j, "kind", str_from(dnsbl_kind_text(z->zone.kind)));
		json_set_str(
		    j, "health", str_from(text[atomic_load(&z->health)]));
		json_set_str(j, "action", str_from(action[z->zone.action]));
		json_set_double(j, "points", z->zone.points);
		json_set_bool(j, "shadow", z->zone.shadow);
		pthread_mutex_lock(&z->why_lock);
		json_set_str(j, "why", str_from(z->why));
		pthread_mutex_unlock(&z->why_lock);
		json_set_int(j, "asked", (int64_t)atomic_load(&z->asked));
		json_set_int(j, "listed", (int64_t)atomic_load(&z->listed));
		json_set_int(j, "failed", (int64_t)atomic_load(&z->failed));
		json_append(list, j);
	}
	return list;
}

/* ---- one message -------------------------------------------------------- */

struct dnsbl_lookup *
dnsbl_lookup_new(struct dnsbl *d, unsigned kinds)
{
	struct dnsbl_lookup *l;

	if (d == NULL || (d->kinds & kinds) == 0)
		return NULL;
	l = mem_alloc(sizeof(*l));
	l->lists = d;
	l->batch = dns_batch_new(d->dns);
	return l;
}

/* The same subject may come from several links. */
static bool
asked_already(const struct dnsbl_lookup *l, const struct zone_state *z,
    const char *subject)
{
	for (size_t i = 0; i < l->asked.len; i++)
		if (l->asked.v[i].zone == z &&
		    strcmp(l->asked.v[i].subject, subject) == 0)
			return true;
	return false;
}

static void
add_subject(struct dnsbl_lookup *l, unsigned kinds, const char *subject,
    const char *query)
{
	struct dnsbl *d = l->lists;
	bool counted = false;

	for (size_t i = 0; i < d->count; i++) {
		struct zone_state *z = &d->zones[i];
		struct asked *q;

		if ((kinds & 1u << z->zone.kind) == 0 ||
		    atomic_load(&z->health) != HEALTH_GOOD ||
		    asked_already(l, z, subject))
			continue;
		/* One host in many links is one subject, asked of all zones. */
		if (!counted && l->subjects >= DNSBL_SUBJECTS_MAX)
			return;
		l->subjects += !counted;
		counted = true;
		q = VEC_PUSH(&l->asked);
		q->zone = z;
		snprintf(q->subject, sizeof(q->subject), "%s", subject);
		q->a = ask(l->batch, DNS_A, query, z->zone.name);
		q->txt = z->zone.action != DNSBL_SCORE
			     ? ask(l->batch, DNS_TXT, query, z->zone.name)
			     : -1;
		atomic_fetch_add(&z->asked, 1);
	}
}

void
dnsbl_lookup_ip(
    struct dnsbl_lookup *l, enum dnsbl_kind kind, const struct ip *ip)
{
	char text[IP_TEXT_MAX], reversed[DNS_REVERSED_MAX];
	unsigned kinds = 1u << kind;

	if (l == NULL || ip_is_private(ip))
		return;
	if (kind == DNSBL_CLIENT)
		kinds |= 1u << DNSBL_CLIENT_ALLOW;
	add_subject(l, kinds, ip_format(ip, text), dns_reversed(ip, reversed));
}

void
dnsbl_lookup_name(struct dnsbl_lookup *l, enum dnsbl_kind kind, struct str name)
{
	char text[DNS_NAME_MAX];
	struct ip ip;

	if (l == NULL || name.len == 0 || name.len >= sizeof(text))
		return;
	if (ip_parse(name, &ip)) {
		dnsbl_lookup_ip(l, kind, &ip);
		return;
	}
	for (size_t i = 0; i < name.len; i++)
		text[i] = ascii_lower(name.p[i]);
	text[name.len] = '\0';
	add_subject(l, 1u << kind, text, text);
}

void
dnsbl_lookup_start(struct dnsbl_lookup *l)
{
	if (l != NULL)
		dns_batch_start(l->batch);
}

static bool
code_accepted(const struct dnsbl_zone *z, const struct ip *ip)
{
	if (z->code_count == 0)
		return true;
	for (size_t c = 0; c < z->code_count; c++) {
		bool all = true;

		for (int i = 0; all && i < 4; i++) {
			unsigned v = ip->byte[12 + i];

			all = z->codes[c].octet[i][v / 64] >> (v % 64) & 1;
		}
		if (all)
			return true;
	}
	return false;
}

/* TXT as it may stand in a reply: one line, printable ASCII. */
static void
clean_text(const struct dns_answer *a, char *to, size_t size)
{
	size_t n = 0;

	if (a->status == DNS_FOUND && a->count > 0)
		for (const char *p = dns_text(a, 0); *p != '\0' && n + 1 < size;
		     p++)
			to[n++] = *p >= ' ' && *p <= '~' ? *p : '?';
	to[n] = '\0';
}

static void
note_silence(struct dnsbl *d, struct zone_state *z)
{
	atomic_fetch_add(&z->failed, 1);
	if (atomic_fetch_add(&z->silent, 1) + 1 >= SILENCE_MAX)
		set_health(d, z, HEALTH_ASIDE, "does not answer in time");
}

/* Lists of names say so when they are asked about an address. */
static bool
is_names_only(const struct dnsbl_zone *z, const struct ip *ip)
{
	static const uint8_t names_only[4] = {127, 0, 1, 255};

	return is_about_names(z->kind) &&
	       memcmp(ip->byte + 12, names_only, sizeof(names_only)) == 0;
}

/* True and `*hit` filled: listed. */
static bool
read_answer(struct dnsbl_lookup *l, const struct asked *q, struct dns_answer *a,
    struct dnsbl_hit *hit)
{
	struct zone_state *z = q->zone;
	const char *fault;

	atomic_store(&z->silent, 0);
	if (a->status != DNS_FOUND)
		return false;
	fault = first_fault(a);
	if (fault != NULL) {
		set_health(l->lists, z, HEALTH_ASIDE, fault);
		return false;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (!code_accepted(&z->zone, &a->address[i]) ||
		    is_names_only(&z->zone, &a->address[i]))
			continue;
		*hit = (struct dnsbl_hit){
		    .zone = &z->zone, .answer = a->address[i]};
		memcpy(hit->subject, q->subject, sizeof(hit->subject));
		atomic_fetch_add(&z->listed, 1);
		return true;
	}
	return false;
}

static int
by_zone(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	return strcmp(x->subject, y->subject);
}

void
dnsbl_lookup_cancel(struct dnsbl_lookup **lp)
{
	struct dnsbl_lookup *l = *lp;

	if (l == NULL)
		return;
	dns_batch_free(&l->batch);
	VEC_FINI(&l->asked);
	free(l);
	*lp = NULL;
}

size_t
dnsbl_lookup_collect(struct dnsbl_lookup **lp, int64_t deadline_us,
    struct dnsbl_hit *out, size_t max, bool *late_out)
{
	struct dnsbl_lookup *l = *lp;
	struct dns_answer *a;
	size_t n = 0;

	if (l == NULL)
		return 0;
	dns_batch_collect(l->batch, deadline_us);
	/* Answers come in any order; the record must not. */
	if (l->asked.len > 1)
		qsort(l->asked.v, l->asked.len, sizeof(*l->asked.v), by_zone);
	a = mem_alloc(sizeof(*a));
	for (size_t i = 0; i < l->asked.len; i++) {
		const struct asked *q = &l->asked.v[i];

		if (q->a < 0)
			continue;
		dns_batch_answer(l->batch, q->a, a);
		if (a->status == DNS_PENDING || a->status == DNS_FAILED) {
			*late_out = true;
			note_silence(l->lists, q->zone);
			continue;
		}
		if (n == max || !read_answer(l, q, a, &out[n]))
			continue;
		if (q->txt >= 0) {
			dns_batch_answer(l->batch, q->txt, a);
			clean_text(a, out[n].text, sizeof(out[n].text));
		}
		n++;
	}
	free(a);
	dnsbl_lookup_cancel(lp);
	return n;
}
