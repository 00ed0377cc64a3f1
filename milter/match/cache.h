/*
 * What was found out about rules, kept on disk so that a start or reload need
 * not find it out again.
 *
 * A file is named after a digest of everything its content depends on and holds
 * a header with that digest, the length and a checksum: a torn, cut or foreign
 * file is not read but written anew. Only a regular file that belongs to us or
 * to root and that nobody else may write is believed. A cache that cannot be
 * used costs time and nothing else. Blocks; control plane.
 */
#ifndef POSTERN_MATCH_CACHE_H
#define POSTERN_MATCH_CACHE_H

#include "base/buf.h"

#define CACHE_FILE_MAX ((size_t)256 * 1024 * 1024)
/* Names looked at in one tidying. */
#define CACHE_NAME_MAX 100000

struct cache_key {
	uint64_t word[2];
};

/* Digests, piece by piece; start with a zeroed key. */
void cache_key_add(struct cache_key *key, struct str piece);

/* A directory and what was used of it since. One thread. */
struct cache;

/* NULL: there is no such directory. */
struct cache *cache_open(const char *dir);
void cache_close(struct cache **c);

/* Appends what was stored under `key`; false: nothing usable is there. */
bool cache_read(struct cache *c, const struct cache_key *key, struct buf *out);
/* Stores `content`; failing to is no error. */
void cache_write(
    struct cache *c, const struct cache_key *key, struct str content);
/*
 * Removes what was neither read nor stored since cache_open(), of any version:
 * regular files that have a name and a beginning of ours and belong to us or to
 * root. Returns how many. Another process loses time by it and nothing else.
 */
size_t cache_tidy(const struct cache *c);

#endif
