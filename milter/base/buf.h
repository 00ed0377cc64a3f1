/*
 * A growable byte buffer, on the heap or in an arena.
 *
 * On the heap it never fails (mem.h). In an arena it fails when the arena is
 * full: `failed` is set and later appends are dropped, so one check at the end
 * is enough. `limit` (0 = none) caps the length the same way.
 */
#ifndef POSTERN_BASE_BUF_H
#define POSTERN_BASE_BUF_H

#include "base/arena.h"

struct buf {
	char *p;
	size_t len;
	size_t size;	     /* allocated */
	size_t limit;	     /* most bytes of content, 0 = none */
	struct arena *arena; /* NULL: heap */
	bool failed;
};

void buf_init(struct buf *b); /* heap */
void buf_init_arena(struct buf *b, struct arena *a);
void buf_fini(struct buf *b);  /* frees a heap buffer; arena: no-op */
void buf_clear(struct buf *b); /* length 0, `failed` off, memory kept */

/* Room for `more` bytes at p + len; false when refused. */
bool buf_reserve(struct buf *b, size_t more);
void buf_add_cstr(struct buf *b, const char *s);
void buf_add_int(struct buf *b, int64_t v);
/* As printf's "%.*f", without its cost; at most BUF_DECIMALS_MAX decimals. */
void buf_add_fixed(struct buf *b, double v, unsigned decimals);
#define BUF_DECIMALS_MAX 6
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Most appends find room, and are made where they are called. */
static inline void
buf_add(struct buf *b, struct str s)
{
	if (s.len == 0)
		return;
	if ((b->failed || b->limit != 0 || b->size <= b->len ||
		b->size - b->len <= s.len) &&
	    !buf_reserve(b, s.len))
		return;
	memcpy(b->p + b->len, s.p, s.len);
	b->len += s.len;
}

static inline void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, str_make(&c, 1));
}

static inline struct str
buf_str(const struct buf *b)
{
	return str_make(b->p, b->len);
}

/* The content as a C string; valid until the next change. Never NULL. */
const char *buf_cstr(struct buf *b);

#endif
