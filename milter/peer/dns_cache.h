/*
 * Answers of the resolver, kept for as long as they say.
 *
 * Two generations: when the young one is full, it is the old one and that one
 * is forgotten. So the newest half is there in any case, and nothing is
 * searched for what to drop. Any thread.
 */
#ifndef POSTERN_PEER_DNS_CACHE_H
#define POSTERN_PEER_DNS_CACHE_H

#include "peer/dns.h"

struct dns_cache;

/* `answers` are kept at most; below 2: none. */
struct dns_cache *dns_cache_new(size_t answers);
void dns_cache_free(struct dns_cache **c);

/* Copies an answer that still holds; false: there is none. */
bool dns_cache_find(struct dns_cache *c, enum dns_type type, const char *name,
    struct dns_answer *out);
void dns_cache_add(struct dns_cache *c, enum dns_type type, const char *name,
    const struct dns_answer *a);

#endif
