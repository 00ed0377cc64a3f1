/*
 * Hash maps from a byte string to a pointer, with insertion order kept.
 *
 * Keys are copied. The seed is random per process, so nobody outside can choose
 * keys that collide. Built by one thread; once built, map_get() may be called
 * from many. Values are not owned.
 */
#ifndef POSTERN_BASE_MAP_H
#define POSTERN_BASE_MAP_H

#include "base/str.h"

struct map;

struct map *map_new(bool nocase); /* nocase: ASCII case is ignored */
void map_free(struct map **m);

/* Adds or replaces; returns the former value or NULL. `value` not NULL. */
void *map_set(struct map *m, struct str key, void *value);
void *map_get(const struct map *m, struct str key); /* NULL: absent */
void *map_remove(struct map *m, struct str key);    /* former value */
size_t map_count(const struct map *m);

/* Visits in order of insertion: `*pos` starts at 0. False at the end. */
bool map_next(
    const struct map *m, size_t *pos, struct str *key_out, void **value_out);

#endif
