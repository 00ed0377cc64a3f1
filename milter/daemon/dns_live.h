/*
 * The resolver and the DNS lists in force, and the one lock they are swapped
 * under.
 *
 * A session takes a reference and keeps it while it has questions under way; a
 * reload that changes their settings puts a new set in force. The old one is
 * closed by dns_live_sweep(), never on the mail path, once nobody uses it.
 */
#ifndef POSTERN_DAEMON_DNS_LIVE_H
#define POSTERN_DAEMON_DNS_LIVE_H

#include "daemon/in_force.h"
#include "peer/dnsbl.h"
#include "policy/config.h"

struct dns_set {
	struct counted counted;
	struct dns *dns;     /* NULL: nothing needs it */
	struct dnsbl *lists; /* NULL: none is configured */
	char *settings;	     /* all it was made from */
};

struct dns_live;

typedef void dns_log_fn(void *ctx, const char *line);

/* Without a resolver as yet. `log` tells when a list changes its health. */
struct dns_live *dns_live_new(dns_log_fn *log);

/* A reference to the set in force, never NULL. Any thread; holds the lock for a
 * few instructions. */
struct dns_set *dns_live_take(struct dns_live *l);
/* Takes NULL. */
void dns_set_give(struct dns_set **s);

/*
 * A reference to a set for these settings: the one in force where they are the
 * same, answers and health of its lists with it. Else opens one and waits a
 * moment for the lists' first self-test. NULL: `diags` says why. One thread at
 * a time.
 */
struct dns_set *dns_live_prepare(
    struct dns_live *l, const struct config *c, struct diags *diags);
/* Puts it in force (the reference is taken over). */
void dns_live_swap(struct dns_live *l, struct dns_set *next);
/* Closes retired sets nobody uses; returns how many are left. Main thread. */
size_t dns_live_sweep(struct dns_live *l);

#endif
