/*
 * Compiled prefilters kept on disk, so that a start or reload need not compile.
 *
 * A file is named after a digest of everything its content depends on and holds
 * a header with that digest, the length and a checksum: a torn, cut or foreign
 * file is not read but written anew. Only a regular file that belongs to us or
 * to root and that nobody else may write is believed, as its content is run. A
 * cache that cannot be used costs time and nothing else. Blocks; control plane.
 */
#ifndef POSTERN_MATCH_CACHE_H
#define POSTERN_MATCH_CACHE_H

#include "base/buf.h"

#define CACHE_FILE_MAX ((size_t)256 * 1024 * 1024)

struct cache_key {
	uint64_t word[2];
};

/* Digests, piece by piece; start with a zeroed key. */
void cache_key_add(struct cache_key *key, struct str piece);

/* Appends what was stored under `key`; false: nothing usable is there. */
bool cache_read(const char *dir, const struct cache_key *key, struct buf *out);
/* Stores `content`; failing to is no error. */
void cache_write(
    const char *dir, const struct cache_key *key, struct str content);

#endif
