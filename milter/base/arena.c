#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Chunks double: little for the many small uses, few for the large ones. */
#define CHUNK_FIRST ((size_t)4 * 1024)
#define CHUNK_MAX ((size_t)512 * 1024)
/* The largest chunk a reset keeps, where the owner says nothing else. */
#define CHUNK_KEPT ((size_t)256 * 1024)
#define ALIGN ((size_t)16)

struct arena_chunk {
	struct arena_chunk *older;
	size_t size; /* of data */
	size_t used;
	_Alignas(16) char data[];
};

void
arena_init(struct arena *a, size_t cap)
{
	*a = (struct arena){.cap = cap, .keep = CHUNK_KEPT};
}

static void
free_older(struct arena *a, struct arena_chunk *c)
{
	while (c != NULL) {
		struct arena_chunk *older = c->older;

		a->held -= c->size;
		free(c);
		c = older;
	}
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *c = a->chunk;

	if (c != NULL && c->size > a->keep) {
		free_older(a, c);
		a->chunk = NULL;
	} else if (c != NULL) {
		free_older(a, c->older);
		c->older = NULL;
		c->used = 0;
	}
	a->used = 0;
	a->full = false;
}

void
arena_fini(struct arena *a)
{
	free_older(a, a->chunk);
	*a = (struct arena){0};
}

static struct arena_chunk *
add_chunk(struct arena *a, size_t need)
{
	size_t size = a->chunk ? a->chunk->size * 2 : CHUNK_FIRST;
	struct arena_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < need)
		size = need;
	if (a->cap != 0 && (size > a->cap || a->held > a->cap - size)) {
		/* The last chunk may be a small one. */
		size = need;
		if (size > a->cap || a->held > a->cap - size)
			return NULL;
	}
	c = malloc(sizeof(*c) + size);
	if (c == NULL)
		return NULL;
	c->older = a->chunk;
	c->size = size;
	c->used = 0;
	a->chunk = c;
	a->held += size;
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunk;
	size_t need;
	void *p;

	if (__builtin_add_overflow(size ? size : 1, ALIGN - 1, &need)) {
		a->full = true;
		return NULL;
	}
	need &= ~(ALIGN - 1);
	if (c == NULL || c->size - c->used < need) {
		c = add_chunk(a, need);
		if (c == NULL) {
			a->full = true;
			return NULL;
		}
	}
	p = c->data + c->used;
	c->used += need;
	a->used += need;
	return p;
}

void *
arena_zalloc(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		a->full = true;
		return NULL;
	}
	return arena_zalloc(a, bytes);
}

void *
arena_grow(struct arena *a, void *p, size_t old, size_t size)
{
	struct arena_chunk *c = a->chunk;
	size_t rounded = (old ? old + ALIGN - 1 : ALIGN) & ~(ALIGN - 1);
	void *fresh;

	if (p != NULL && size <= rounded)
		return p;
	if (p != NULL && c != NULL &&
	    (char *)p + rounded == c->data + c->used &&
	    c->size - c->used >= size - rounded + ALIGN) {
		size_t more = (size - rounded + ALIGN - 1) & ~(ALIGN - 1);

		c->used += more;
		a->used += more;
		return p;
	}
	fresh = arena_alloc(a, size);
	if (fresh != NULL && p != NULL)
		memcpy(fresh, p, old);
	return fresh;
}

bool
arena_double(struct arena *a, void *array_io, size_t *size_io, size_t element,
    size_t first)
{
	size_t size = *size_io > 0 ? *size_io * 2 : first;
	void *array;

	/* By bytes, as its type is not known here. */
	memcpy(&array, array_io, sizeof(array));
	array = arena_grow(a, array, *size_io * element, size * element);
	if (array == NULL)
		return false;
	memcpy(array_io, &array, sizeof(array));
	*size_io = size;
	return true;
}

char *
arena_cstr(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (p == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

struct str
arena_copy(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);

	return p ? str_make(p, s.len) : STR_NONE;
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p == NULL)
		return STR_NONE;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return str_make(p, (size_t)n);
}
