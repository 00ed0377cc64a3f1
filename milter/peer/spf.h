/*
 * SPF (RFC 7208) of one client and sender, by libspf2 over our own resolver.
 */
#ifndef POSTERN_PEER_SPF_H
#define POSTERN_PEER_SPF_H

#include "peer/dns.h"

enum spf_result {
	SPF_UNKNOWN, /* not asked, or no time left */
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR
};

const char *spf_result_text(enum spf_result r);

struct spf_question {
	struct ip client;
	struct str helo;
	struct str sender; /* empty: the null sender, HELO is checked */
};

/*
 * Blocks until the answer, at most until the monotonic deadline (us), after
 * which the result is SPF_UNKNOWN. Any thread. Lookups are counted as RFC 7208
 * 4.6.4 demands.
 */
enum spf_result spf_check(
    struct dns *dns, const struct spf_question *q, int64_t deadline_us);

#endif
