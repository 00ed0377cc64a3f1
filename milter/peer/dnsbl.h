/*
 * DNS lists about clients and about what a message names, and the doctor who
 * sees to it that a sick list never counts as a listing.
 *
 * A zone is used only while it passes its self-test (RFC 5782: 127.0.0.2
 * listed, 127.0.0.1 not; names: TEST listed, INVALID not), answers inside
 * 127/8, sends no error code (127.255.255.0/24) and answers in time. A zone
 * that does not is set aside, once in the log, and tried again later. No list
 * is queried unless the admin names it.
 */
#ifndef POSTERN_PEER_DNSBL_H
#define POSTERN_PEER_DNSBL_H

#include "base/diag.h"
#include "base/json.h"
#include "peer/dns.h"

enum dnsbl_kind {
	DNSBL_CLIENT,	    /* the client's address */
	DNSBL_CLIENT_ALLOW, /* the same, as an allow list */
	DNSBL_RECEIVED,	    /* addresses of untrusted Received hops */
	DNSBL_HELO,	    /* the HELO name */
	DNSBL_SENDER,	    /* the envelope sender's domain */
	DNSBL_URI,	    /* hosts and registered domains of URIs */
	DNSBL_KIND_COUNT
};

enum dnsbl_action {
	DNSBL_SCORE, /* points only */
	DNSBL_REJECT,
	DNSBL_TEMPFAIL,
	DNSBL_TAG,
	DNSBL_QUARANTINE
};

/* One octet of an accepted answer: any of 256 values. */
struct dnsbl_code {
	uint64_t octet[4][4]; /* bitmap per octet */
};

#define DNSBL_ZONES_MAX 64
#define DNSBL_CODES_MAX 8
/* Subjects asked for one message, all kinds together. */
#define DNSBL_SUBJECTS_MAX 60

struct dnsbl_zone {
	enum dnsbl_kind kind;
	char *name;
	struct dnsbl_code codes[DNSBL_CODES_MAX];
	size_t code_count; /* 0: anything in 127/8 but error codes */
	double points;
	enum dnsbl_action action;
	bool shadow;
	bool untested; /* the admin says it has no test entries */
};

struct dnsbl;

/*
 * One zone from text without blanks:
 *	KIND:ZONE[=CODES][*POINTS][!WORD]...
 * KIND: client allow received helo sender uri. CODES: d.d.d.d with [a..b],
 * [a;b] or * per octet, several joined by "|". WORD: reject tempfail tag
 * quarantine shadow untested. False: a diag says what is wrong.
 */
bool dnsbl_zone_parse(struct str text, struct source_pos pos,
    struct dnsbl_zone *out, struct diags *diags);
void dnsbl_zone_fini(struct dnsbl_zone *z);
const char *dnsbl_kind_text(enum dnsbl_kind k);

/* Takes over the zones. `log` gets one line when a zone changes its health. */
struct dnsbl *dnsbl_new(struct dns *dns, struct dnsbl_zone *zones, size_t count,
    void (*log)(void *ctx, const char *line), void *log_ctx);
void dnsbl_free(struct dnsbl **d);

/*
 * Drives self-tests: call every few seconds from one thread. Does not block.
 */
void dnsbl_tick(struct dnsbl *d, int64_t now_us);
/* Waits for the first round of tests, at most until the deadline (us). */
void dnsbl_settle(struct dnsbl *d, int64_t deadline_us);
/* [{"zone", "kind", "health", "action", "points", "shadow", "why", "asked",
 * "listed", "failed"}] */
struct json *dnsbl_status(struct dnsbl *d);

/* ---- one message -------------------------------------------------------- */

struct dnsbl_lookup;

struct dnsbl_hit {
	const struct dnsbl_zone *zone;
	char subject[DNS_NAME_MAX];
	struct ip answer;
	char text[256]; /* TXT, printable; may be empty */
};

/* NULL when no zone of `kinds` (bits by enum dnsbl_kind) is configured. */
struct dnsbl_lookup *dnsbl_lookup_new(struct dnsbl *d, unsigned kinds);
void dnsbl_lookup_ip(
    struct dnsbl_lookup *l, enum dnsbl_kind kind, const struct ip *ip);
void dnsbl_lookup_name(
    struct dnsbl_lookup *l, enum dnsbl_kind kind, struct str name);
/* Sends all questions. */
void dnsbl_lookup_start(struct dnsbl_lookup *l);
/*
 * Waits until the monotonic deadline (us) and frees the lookup. Returns hits in
 * order of zones, at most `max`; `*late_out` tells that a healthy zone did not
 * answer in time.
 */
size_t dnsbl_lookup_collect(struct dnsbl_lookup **l, int64_t deadline_us,
    struct dnsbl_hit *out, size_t max, bool *late_out);

/* Gives up on the answers; no zone is blamed. Takes NULL. */
void dnsbl_lookup_cancel(struct dnsbl_lookup **l);

#endif
