/*
 * Longest-prefix match over networks: a binary trie with path compression.
 *
 * Built once, then read by any number of threads. A lookup visits at most 129
 * nodes. Values are not owned and not NULL.
 */
#ifndef POSTERN_BASE_CIDR_TRIE_H
#define POSTERN_BASE_CIDR_TRIE_H

#include "base/ip.h"

struct cidr_trie;

struct cidr_trie *cidr_trie_new(void);
void cidr_trie_free(struct cidr_trie **t);
/* Adds; returns the value that stood at exactly this network, or NULL. */
void *cidr_trie_set(struct cidr_trie *t, const struct cidr *net, void *value);
/* Value of the longest network holding `ip`, or NULL. */
void *cidr_trie_find(const struct cidr_trie *t, const struct ip *ip);
/* All of them, longest first, up to `max`; returns how many. */
size_t cidr_trie_find_all(
    const struct cidr_trie *t, const struct ip *ip, void **out, size_t max);
size_t cidr_trie_count(const struct cidr_trie *t);

#endif
