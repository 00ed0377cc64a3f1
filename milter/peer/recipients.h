/*
 * What the MTA says about recipients it refuses itself: unknown, not relayed,
 * not now. Guessing at recipients is evidence against a client; a recipient
 * table of our own that broke is not, and looks the same to one session. Told
 * apart over all sessions: a domain where nothing at all is accepted while
 * clients of many networks are refused is broken on our side.
 *
 * Bounded, time is handed in, one lock; any thread.
 */
#ifndef POSTERN_PEER_RECIPIENTS_H
#define POSTERN_PEER_RECIPIENTS_H

#include "base/ip.h"

enum recipient_refusal {
	RECIPIENT_UNKNOWN, /* RFC 3463 x.1.1: no such mailbox */
	RECIPIENT_RELAY,   /* the MTA's own relay control */
	RECIPIENT_LATER,   /* 4xx: greylisting, a table that cannot be read */
	RECIPIENT_OTHER	   /* policy of the MTA: says nothing of guessing */
};

/*
 * From {rcpt_host} (an enhanced status code, or Sendmail's word for one) and
 * {rcpt_addr} (the reply's text) of a refused recipient.
 */
enum recipient_refusal recipients_classify(struct str host, struct str text);

/* A domain is suspect from so many refusals, of so many networks, in a window
 * in which nothing of it was accepted. */
#define RECIPIENTS_SUSPECT 20
#define RECIPIENTS_NETWORKS 5
#define RECIPIENTS_WINDOW_MS INT64_C(3600000)
#define RECIPIENTS_DOMAINS_MAX 1000

struct recipients;

/* `log` gets one line a window for a domain that looks broken. */
struct recipients *recipients_new(
    void (*log)(void *ctx, const char *line), void *log_ctx);
void recipients_free(struct recipients **r);
void recipients_accepted(
    struct recipients *r, struct str address, int64_t now_ms);
/* False: our own trouble, no evidence against the client. `client` may be
 * NULL. */
bool recipients_refused(struct recipients *r, struct str address,
    const struct ip *client, int64_t now_ms);

#endif
