/*
 * A capped bump allocator: everything of one message, freed at once.
 *
 * Memory comes in chunks and lives until arena_reset() or arena_fini(). When
 * the cap is reached allocation answers NULL and `full` stays set, so a parser
 * may ignore the single failure, stop at its next loop turn, and the caller
 * sees "truncated". One thread at a time.
 */
#ifndef POSTERN_BASE_ARENA_H
#define POSTERN_BASE_ARENA_H

#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* newest first */
	size_t used;		   /* bytes handed out since the reset */
	size_t held;		   /* bytes taken from the system */
	size_t cap;		   /* most bytes to hold */
	size_t keep;		   /* the largest chunk a reset keeps */
	bool full;		   /* an allocation was refused */
};

/* `cap` in bytes, 0 = no cap; keeps 256 KiB. Takes no memory yet. */
void arena_init(struct arena *a, size_t cap);
/* Frees all chunks but the newest, forgets all contents, clears `full`. */
void arena_reset(struct arena *a);
void arena_fini(struct arena *a);

/* Aligned for any type; not zeroed. NULL at the cap. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);
/* count * size, overflow-checked, zeroed. */
void *arena_array(struct arena *a, size_t count, size_t size);
/*
 * Enlarges the block `p` of `old` bytes to `size`; in place when it was the
 * last one handed out, else by copy. NULL at the cap, `p` stays valid.
 */
void *arena_grow(struct arena *a, void *p, size_t old, size_t size);

/*
 * True when `array`, with `len` of its `size` elements in use, has room for one
 * more; doubled where needed, `first` elements where there are none yet. False
 * at the cap: array and size stay as they are.
 *
 *	if (ARENA_ROOM(l->arena, l->v, l->len, l->size, 8))
 *		l->v[l->len++] = s;
 */
#define ARENA_ROOM(arena, array, len, size, first)                  \
	((len) < (size) || arena_double((arena), &(array), &(size), \
			       sizeof(*(array)), (first)))
/* For ARENA_ROOM(): `array_io` is the address of a pointer to the elements. */
bool arena_double(struct arena *a, void *array_io, size_t *size_io,
    size_t element, size_t first);

/* Copies end in NUL (not counted). STR_NONE / NULL at the cap. */
struct str arena_copy(struct arena *a, struct str s);
char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
