#include "peer/recipients.h"

#include "base/clean.h"
#include "base/map.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES 400

struct domain {
	int64_t since_ms; /* the window's begin */
	uint32_t accepted;
	uint32_t refused;
	uint32_t networks;
	uint64_t network[RECIPIENTS_NETWORKS]; /* hashes, the first few */
	bool told;
};

struct recipients {
	pthread_mutex_t domains_lock; /* guards domains */
	struct map *domains;
	void (*log)(void *ctx, const char *line);
	void *log_ctx;
};

/* ---- one refusal -------------------------------------------------------- */

enum recipient_refusal
recipients_classify(struct str host, struct str text)
{
	/* "550 5.1.1 <x>: User unknown": the text may hold the codes. */
	struct str code = host.len > 0 ? host : text;

	if (str_starts(host, STR("4.")) || str_starts(text, STR("4")) ||
	    str_is_nocase(host, "tempfail") || str_is_nocase(host, "usage"))
		return RECIPIENT_LATER;
	if (str_starts(code, STR("5.1.1")) || str_is_nocase(host, "nouser") ||
	    str_starts(text, STR("550 5.1.1")) ||
	    str_find_nocase(text, STR("user unknown")) != STR_NPOS)
		return RECIPIENT_UNKNOWN;
	if (str_find_nocase(text, STR("relay access denied")) != STR_NPOS ||
	    str_find_nocase(text, STR("relaying denied")) != STR_NPOS)
		return RECIPIENT_RELAY;
	return RECIPIENT_OTHER;
}

/* ---- all of them -------------------------------------------------------- */

struct recipients *
recipients_new(void (*log)(void *ctx, const char *line), void *log_ctx)
{
	struct recipients *r = mem_alloc(sizeof(*r));

	r->domains = map_new(true);
	r->log = log;
	r->log_ctx = log_ctx;
	pthread_mutex_init(&r->domains_lock, NULL);
	return r;
}

static void
forget_all(struct recipients *r)
{
	size_t pos = 0;
	void *value;

	while (map_next(r->domains, &pos, NULL, &value))
		free(value);
	map_free(&r->domains);
}

void
recipients_free(struct recipients **rp)
{
	struct recipients *r = *rp;

	if (r == NULL)
		return;
	forget_all(r);
	pthread_mutex_destroy(&r->domains_lock);
	free(r);
	*rp = NULL;
}

static struct domain *
take(struct recipients *r, struct str address, int64_t now_ms)
{
	struct str name = str_behind_last(address, '@');
	struct domain *d = map_get(r->domains, name);

	if (d == NULL) {
		if (map_count(r->domains) >= RECIPIENTS_DOMAINS_MAX) {
			forget_all(r);
			r->domains = map_new(true);
		}
		d = mem_alloc(sizeof(*d));
		d->since_ms = now_ms;
		map_set(r->domains, name, d);
	}
	if (now_ms - d->since_ms > RECIPIENTS_WINDOW_MS || now_ms < d->since_ms)
		*d = (struct domain){.since_ms = now_ms};
	return d;
}

static void
note_network(struct domain *d, const struct ip *client)
{
	struct ip net;
	uint64_t hash;

	if (client == NULL || d->networks == RECIPIENTS_NETWORKS)
		return;
	net = ip_mask(client, ip_is_v4(client) ? 120 : 48);
	hash = str_hash(str_make((const char *)net.byte, sizeof(net.byte)));
	for (uint32_t i = 0; i < d->networks; i++)
		if (d->network[i] == hash)
			return;
	d->network[d->networks++] = hash;
}

void
recipients_accepted(struct recipients *r, struct str address, int64_t now_ms)
{
	pthread_mutex_lock(&r->domains_lock);
	take(r, address, now_ms)->accepted++;
	pthread_mutex_unlock(&r->domains_lock);
}

static void
tell(struct recipients *r, struct str address, uint32_t refused)
{
	char line[LINE_MAX_BYTES];
	struct buf name;

	buf_init(&name);
	clean_add(&name, str_skip(address, str_rfind_char(address, '@') + 1));
	(void)snprintf(line, sizeof(line),
	    "recipients domain=%.100s refused=%u accepted=0 "
	    "why=\"the MTA knows nobody there: check its recipient tables; "
	    "not counted against clients\"",
	    buf_cstr(&name), refused);
	buf_fini(&name);
	if (r->log != NULL)
		r->log(r->log_ctx, line);
}

bool
recipients_refused(struct recipients *r, struct str address,
    const struct ip *client, int64_t now_ms)
{
	struct domain *d;
	uint32_t refused;
	bool ours, first;

	pthread_mutex_lock(&r->domains_lock);
	d = take(r, address, now_ms);
	refused = ++d->refused;
	note_network(d, client);
	ours = d->accepted == 0 && refused >= RECIPIENTS_SUSPECT &&
	       d->networks >= RECIPIENTS_NETWORKS;
	first = ours && !d->told;
	d->told |= ours;
	pthread_mutex_unlock(&r->domains_lock);
	if (first)
		tell(r, address, refused);
	return !ours;
}
