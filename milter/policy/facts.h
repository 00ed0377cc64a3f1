/*
 * Everything a verdict depends on beside the rules and the message's bytes.
 *
 * Gathered by the daemon (or given on the command line), recorded with the
 * decision and replayed by `postern check --facts`. Plain data; slices live at
 * least as long as the verdict. JSON out and in again gives the same verdict.
 */
#ifndef POSTERN_POLICY_FACTS_H
#define POSTERN_POLICY_FACTS_H

#include "base/json.h"
#include "base/json_write.h"
#include "mail/envelope.h"
#include "peer/brake.h"
#include "peer/rep.h"
#include "peer/spf.h"
#include "policy/verdict.h"

/* One answer of a DNS list, already validated by the doctor (peer/dnsbl.h). */
struct dns_fact {
	struct str zone;
	struct str subject;	    /* what was asked: address, host, domain */
	struct ip answer;	    /* 127.x.y.z */
	struct str text;	    /* TXT, cleaned; may be empty */
	bool about_client;	    /* else about the message */
	enum verdict_action action; /* of the zone; ACCEPT = points only */
	double points;		    /* added to the score */
	bool shadow; /* recorded, decides nothing, adds nothing */
	bool allow;  /* an allow list: excuses from listings and lists */
};

struct facts {
	struct envelope envelope;
	char ref[REP_REF_MAX]; /* "K7Q2-9XTMV" */
	int64_t now_ms;
	bool client_trusted; /* in trusted_networks */
	struct rep_view rep;
	struct brake_view brake; /* of the recipient being judged */
	const struct dns_fact *dns;
	size_t dns_count;
	bool dns_late; /* a zone did not answer in time */
	enum spf_result spf;
	bool fcrdns;	/* forward-confirmed reverse DNS */
	bool truncated; /* not all of the body was kept */
};

#define FACTS_LIST_MAX ((size_t)10000) /* recipients, DNS answers read */

/* As the object `key` of what `w` is in. */
void facts_write(const struct facts *f, struct json_writer *w, const char *key);
struct json *facts_to_json(const struct facts *f);
/* Members that are absent keep what `*out` holds. False: not an object, a bad
 * address, or the arena is full; `*why_out` says which. */
bool facts_from_json(const struct json *j, struct arena *a, struct facts *out,
    const char **why_out);

#endif
