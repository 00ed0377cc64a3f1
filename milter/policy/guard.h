/*
 * The settings that ask who a recipient or a client is, made ready to be asked:
 * local and relay domains, relay rights for single domains, thresholds of
 * recipients, trap addresses, networks.
 *
 * Built with a snapshot, immutable after, shared by threads; every answer is a
 * few hash look-ups. Domains compare without ASCII case; `.name` means every
 * name below `name`. An address is split at its last `@`. No DNS, no files.
 */
#ifndef POSTERN_POLICY_GUARD_H
#define POSTERN_POLICY_GUARD_H

#include "policy/config.h"
#include "policy/facts.h"

struct guard;

/* Bad entries are diags and left out. Never NULL. */
struct guard *guard_new(const struct config *c, struct diags *diags);
void guard_free(struct guard **g);

/* Clients not judged by their address: a trusted network, an authenticated
 * user, or mail submitted on this machine. */
bool guard_is_ours(const struct guard *g, const struct facts *f);
bool guard_trusts(const struct guard *g, const struct ip *client);

/* An address without a domain is local; with no local_domains all are. */
bool guard_is_local(const struct guard *g, struct str rcpt);
/* postmaster and abuse of local domains (RFC 5321 4.5.1, RFC 2142). */
bool guard_is_role(const struct guard *g, struct str rcpt);
bool guard_is_trap(const struct guard *g, struct str rcpt);

/* With no domains set there is nothing to guard. */
bool guard_relay_is_off(const struct guard *g);
enum guard_relay { GUARD_RELAY_OK, GUARD_RELAY_DENIED, GUARD_RELAY_ONE_DOMAIN };
/* May this client send to this recipient? Always OK with no domains set. */
enum guard_relay guard_relay(
    const struct guard *g, const struct facts *f, struct str rcpt);

/* The reject threshold of one recipient: its own entry, or the general one. */
double guard_threshold(const struct guard *g, struct str rcpt);
/* Of all recipients of a message, as recipient_conflict says. */
double guard_message_threshold(const struct guard *g, const struct envelope *e);

#endif
