/*
 * Named lists of hosts links may lead to (enlist_uri_host and its kin).
 *
 * A host is on a list if it or a parent domain was named there; the longest
 * name decides, and a name with ! in front takes its hosts off again. All lists
 * are searched at once. Built with the snapshot, immutable after.
 */
#ifndef POSTERN_POLICY_HOST_LIST_H
#define POSTERN_POLICY_HOST_LIST_H

#include "base/bitset.h"
#include "rule/ruleset.h"

struct host_lists;

/* Names looked for: the host, cut to its last labels, and its parents. */
#define HOST_LIST_PARENTS_MAX 10

struct host_lists *host_lists_new(const struct ruleset *rs);
void host_lists_free(struct host_lists **l);

size_t host_lists_count(const struct host_lists *l);
/* Index of a list, or STR_NPOS. */
size_t host_lists_find(const struct host_lists *l, struct str name);
/*
 * Adds the lists `host` (lower case) is on to `*hit`. `*decided` is scratch of
 * the same size.
 */
void host_lists_search(const struct host_lists *l, struct str host,
    struct bitset *decided, struct bitset *hit);

#endif
