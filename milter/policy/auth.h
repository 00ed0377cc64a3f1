/*
 * What is known about who a message is from: SPF, DKIM, ARC and DMARC results.
 *
 * Told by Authentication-Results fields of servers that are trusted by name
 * (trusted_authserv_ids), by their Received-SPF fields where the former say
 * nothing of SPF, and by our own SPF check. A field counts where our
 * own hosts may have written it: above the first Received line of a foreign
 * host. Of each method the topmost field that tells it counts alone: what a
 * sender put below tells nothing new. Results live in the message's arena.
 */
#ifndef POSTERN_POLICY_AUTH_H
#define POSTERN_POLICY_AUTH_H

#include "mail/message.h"
#include "policy/facts.h"

/* Fields looked at, signatures kept. */
#define AUTH_FIELDS_MAX 50
#define AUTH_SIGNATURES_MAX 64

struct auth_signature {
	struct str domain; /* of the signer, lower case; empty: not told */
	bool valid;
};

enum auth_arc { AUTH_ARC_UNKNOWN, AUTH_ARC_NONE, AUTH_ARC_PASS, AUTH_ARC_FAIL };

enum auth_dmarc {
	AUTH_DMARC_UNKNOWN, /* nobody told, or a failure to find out */
	AUTH_DMARC_MISSING, /* the domain publishes nothing */
	AUTH_DMARC_PASS,
	AUTH_DMARC_FAIL
};

enum auth_policy {
	AUTH_POLICY_UNKNOWN,
	AUTH_POLICY_NONE,
	AUTH_POLICY_QUARANTINE,
	AUTH_POLICY_REJECT
};

struct auth {
	enum spf_result spf; /* of the envelope's sender */
	enum spf_result spf_helo;
	bool dkim_known; /* somebody looked for signatures */
	struct auth_signature signatures[AUTH_SIGNATURES_MAX];
	size_t signature_count;
	enum auth_arc arc;
	enum auth_dmarc dmarc;
	enum auth_policy dmarc_policy; /* published for the author's domain */
};

/* `servers`: authserv-ids, found without case, or NULL. Fills *out. */
void auth_gather(struct message *m, const struct facts *f,
    const struct map *servers, struct auth *out);

#endif
