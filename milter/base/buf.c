#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
buf_init(struct buf *b)
{
	*b = (struct buf){0};
}

void
buf_init_arena(struct buf *b, struct arena *a)
{
	*b = (struct buf){.arena = a};
}

void
buf_fini(struct buf *b)
{
	if (b->arena == NULL)
		free(b->p);
	*b = (struct buf){.arena = b->arena};
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

bool
buf_reserve(struct buf *b, size_t more)
{
	size_t need, size = b->size ? b->size : 64;
	char *p;

	if (b->failed)
		return false;
	/* One byte beyond the content for buf_cstr()'s NUL. */
	if (__builtin_add_overflow(b->len, more, &need) ||
	    (b->limit != 0 && need > b->limit) ||
	    __builtin_add_overflow(need, 1, &need)) {
		b->failed = true;
		return false;
	}
	if (need <= b->size)
		return true;
	while (size < need)
		size = size > SIZE_MAX / 2 ? need : size * 2;
	if (b->arena != NULL)
		p = arena_grow(b->arena, b->p, b->size, size);
	else
		p = mem_resize(b->p, size, 1);
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->size = size;
	return true;
}

void
buf_add_cstr(struct buf *b, const char *s)
{
	buf_add(b, str_from(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *
buf_cstr(struct buf *b)
{
	if (b->p == NULL && !buf_reserve(b, 0))
		return "";
	b->p[b->len] = '\0';
	return b->p;
}
