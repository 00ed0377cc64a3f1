#include "policy/dns_conf.h"

#include "base/mem.h"

#include <stdlib.h>

/* Tries of one question, each of dns_timeout. */
#define TRIES 2

struct dns *
dns_conf_open(const struct config *c, struct diags *diags)
{
	struct dns_options o = {.servers = c->dns_servers,
	    .timeout_ms = (int)c->dns_timeout,
	    .tries = TRIES,
	    .cache_size = c->dns_cache};
	const char *why = "";
	struct dns *dns = dns_open(&o, &why);

	if (dns == NULL)
		diag_add(diags, SEVERITY_ERROR, config_where(c, "dns_servers"),
		    "dns_servers: %s", why);
	return dns;
}

struct dnsbl *
dns_conf_lists(const struct config *c, struct dns *dns,
    void (*log)(void *ctx, const char *line), int64_t deadline_us,
    struct diags *diags)
{
	struct dnsbl_zone *zones = mem_array(c->dnsbl.len, sizeof(*zones));
	struct source_pos pos = config_where(c, "dnsbl");
	struct dnsbl *lists = NULL;
	size_t count = 0;

	if (c->dnsbl.len > DNSBL_ZONES_MAX)
		diag_add(diags, SEVERITY_ERROR, pos,
		    "dnsbl: more than %d zones", DNSBL_ZONES_MAX);
	for (size_t i = 0; i < c->dnsbl.len && i < DNSBL_ZONES_MAX; i++)
		count += dnsbl_zone_parse(
		    str_from(c->dnsbl.v[i]), pos, &zones[count], diags);
	if (count > 0) {
		lists = dnsbl_new(dns, zones, count, log, NULL);
		dnsbl_settle(lists, deadline_us);
	}
	free(zones);
	return lists;
}

void
dns_fact_of_hit(
    const struct dnsbl_hit *h, struct arena *a, struct dns_fact *out)
{
	static const enum verdict_action action[] = {
	    [DNSBL_SCORE] = VERDICT_ACCEPT,
	    [DNSBL_REJECT] = VERDICT_REJECT,
	    [DNSBL_TEMPFAIL] = VERDICT_TEMPFAIL,
	    [DNSBL_TAG] = VERDICT_TAG,
	    [DNSBL_QUARANTINE] = VERDICT_QUARANTINE,
	};
	const struct dnsbl_zone *z = h->zone;

	*out = (struct dns_fact){.zone = arena_copy(a, str_from(z->name)),
	    .subject = arena_copy(a, str_from(h->subject)),
	    .answer = h->answer,
	    .text = arena_copy(a, str_from(h->text)),
	    .about_client =
		z->kind == DNSBL_CLIENT || z->kind == DNSBL_CLIENT_ALLOW,
	    .action = action[z->action],
	    .points = z->points,
	    .shadow = z->shadow,
	    .allow = z->kind == DNSBL_CLIENT_ALLOW};
}
