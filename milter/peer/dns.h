/*
 * Names to addresses and texts, many at once, never in the way.
 *
 * Questions of one message form a batch: started together, collected once with
 * a deadline. One thread of the resolver does the network (c-ares); answers are
 * cached by their TTL. Whatever comes back is hostile: counts, sizes and TTLs
 * are bounded here, texts are raw bytes for the caller to clean.
 */
#ifndef POSTERN_PEER_DNS_H
#define POSTERN_PEER_DNS_H

#include "base/ip.h"

struct dns;
struct dns_batch;

enum dns_type { DNS_A, DNS_AAAA, DNS_TXT, DNS_PTR, DNS_MX };

enum dns_status {
	DNS_PENDING, /* no answer yet */
	DNS_FOUND,
	DNS_ABSENT, /* no such name, or no such record */
	DNS_FAILED  /* timeout, refused, broken answer */
};

#define DNS_RECORDS_MAX 16
#define DNS_TEXT_MAX 2048 /* bytes of all texts of one answer */
#define DNS_NAME_MAX 254
#define DNS_BATCH_MAX 512 /* questions of one batch */

struct dns_answer {
	enum dns_status status;
	uint32_t ttl; /* seconds, bounded */
	size_t count;
	struct ip address[DNS_RECORDS_MAX]; /* A, AAAA */
	uint16_t text_at[DNS_RECORDS_MAX];  /* offsets into `text` */
	char text[DNS_TEXT_MAX];	    /* TXT, PTR, MX: C strings */
};

/* Text of record `i` (TXT, PTR, MX). */
static inline const char *
dns_text(const struct dns_answer *a, size_t i)
{
	return a->text + a->text_at[i];
}

struct dns_options {
	const char *servers; /* "127.0.0.1:5353, ..."; NULL, "": the system's */
	int timeout_ms;	     /* of one try */
	int tries;
	size_t cache_size; /* answers kept; 0 = none */
};

/* NULL: `*why_out` says what is wrong. Starts the thread. */
struct dns *dns_open(const struct dns_options *o, const char **why_out);
/* Batches must be freed before. */
void dns_close(struct dns **d);

struct dns_batch *dns_batch_new(struct dns *d);
/* Index of the question, or -1 when the batch is full or the name no name. */
int dns_batch_ask(struct dns_batch *b, enum dns_type type, struct str name);
/* Sends all questions; answers in the cache are there at once. */
void dns_batch_start(struct dns_batch *b);
/* Waits until all are answered or the monotonic deadline (us); true: all. */
bool dns_batch_collect(struct dns_batch *b, int64_t deadline_us);
/* Copies answer `i` as it stands now. */
void dns_batch_answer(struct dns_batch *b, int i, struct dns_answer *out);
/* Questions still under way are answered into nothing. */
void dns_batch_free(struct dns_batch **b);

/* Letters, digits, - _ . only, in labels: what can be asked for. */
bool dns_is_name(struct str name);

/* "4.3.2.1" or nibbles (RFC 3596 2.5), without a suffix; returns `text`. */
#define DNS_REVERSED_MAX 64
const char *dns_reversed(
    const struct ip *ip, char text[static DNS_REVERSED_MAX]);

#endif
