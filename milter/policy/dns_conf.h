/*
 * From the settings to the resolver and the DNS lists, and from what a list
 * answered to a fact. What daemon and `postern check --ask` share.
 */
#ifndef POSTERN_POLICY_DNS_CONF_H
#define POSTERN_POLICY_DNS_CONF_H

#include "peer/dnsbl.h"
#include "policy/config.h"
#include "policy/facts.h"

/* NULL: a diag says why. Starts the resolver's thread. */
struct dns *dns_conf_open(const struct config *c, struct diags *diags);
/* The lists of the setting `dnsbl`, their first self-test waited for at most
 * until the deadline (us). NULL: none is set. Bad entries are diags. */
struct dnsbl *dns_conf_lists(const struct config *c, struct dns *dns,
    void (*log)(void *ctx, const char *line), int64_t deadline_us,
    struct diags *diags);

/* Texts are copied to `a`. */
void dns_fact_of_hit(
    const struct dnsbl_hit *h, struct arena *a, struct dns_fact *out);

#endif
