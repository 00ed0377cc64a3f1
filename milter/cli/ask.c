#include "cli/ask.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "peer/rep_store.h"
#include "policy/dns_conf.h"

#include <stdlib.h>
#include <string.h>

#define HITS_MAX 32
#define SETTLE_US ((int64_t)5 * 1000000)
/* A connection of our own has to be made first. */
#define CONNECT_US ((int64_t)2 * 1000000)

static void
say(void *ctx, const char *line)
{
	(void)ctx;
	cli_complain("check", "%s", line);
}

static void
ask_lists(const struct config *c, struct dnsbl *lists, struct facts *f,
    struct arena *a)
{
	struct dnsbl_lookup *l = dnsbl_lookup_new(
	    lists, 1u << DNSBL_CLIENT | 1u << DNSBL_CLIENT_ALLOW);
	struct dnsbl_hit *hits = mem_array(HITS_MAX, sizeof(*hits));
	struct dns_fact *facts;
	size_t n;

	dnsbl_lookup_ip(l, DNSBL_CLIENT, &f->envelope.client);
	dnsbl_lookup_start(l);
	n = dnsbl_lookup_collect(&l, clock_mono_us() + c->dns_budget * 1000,
	    hits, HITS_MAX, &f->dns_late);
	facts = arena_array(a, n + 1, sizeof(*facts));
	for (size_t i = 0; facts != NULL && i < n; i++)
		dns_fact_of_hit(&hits[i], a, &facts[i]);
	f->dns = facts;
	f->dns_count = facts ? n : 0;
	free(hits);
}

static bool
ask_dns(const struct config *c, struct facts *f, struct arena *a)
{
	const struct envelope *e = &f->envelope;
	struct spf_question q = {
	    .client = e->client, .helo = e->helo, .sender = e->sender};
	struct dnsbl *lists;
	struct diags diags;
	struct dns *dns;

	diags_init(&diags, 0);
	dns = dns_conf_open(c, &diags);
	if (dns != NULL) {
		lists = dns_conf_lists(
		    c, dns, say, clock_mono_us() + SETTLE_US, &diags);
		ask_lists(c, lists, f, a);
		if (c->spf)
			f->spf = spf_check(
			    dns, &q, clock_mono_us() + c->dns_budget * 1000);
		dnsbl_free(&lists);
		dns_close(&dns);
	}
	cli_show_diags(&diags);
	diags_fini(&diags);
	return dns != NULL || diags.errors == 0;
}

/* The in-process store belongs to the daemon. */
static bool
ask_reputation(const struct config *c, struct facts *f)
{
	struct rep_store_options o = {.url = c->redis,
	    .prefix = c->redis_prefix,
	    .budget_ms = (int)c->redis_budget,
	    .log = say};
	int64_t end = clock_mono_us() + CONNECT_US;
	char *error = NULL;
	struct rep_store *s;

	if (strcmp(c->redis, "none") == 0)
		return true;
	s = rep_store_open(&o, &error);
	if (s == NULL) {
		cli_complain("check", "%s", error);
		free(error);
		return false;
	}
	while (!f->rep.known && clock_mono_us() < end) {
		struct rep_lookup *l = rep_lookup_start(s, &f->envelope.client);

		rep_lookup_collect(
		    &l, clock_mono_us() + c->redis_budget * 1000, &f->rep);
	}
	rep_store_close(&s, 0);
	return true;
}

bool
ask_peers(const struct config *c, struct facts *f, struct arena *a)
{
	if (!f->envelope.has_client) {
		cli_complain("check", "--ask wants --client");
		return false;
	}
	if ((c->dnsbl.len > 0 || c->spf) && !ask_dns(c, f, a))
		return false;
	return ask_reputation(c, f);
}
