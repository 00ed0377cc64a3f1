#include "base/buf.h"

#include "base/mem.h"

#include <math.h>
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

#define DIGITS_MAX 20 /* of a 64-bit number */

void
buf_add_int(struct buf *b, int64_t v)
{
	char text[DIGITS_MAX + 1], *end = text + sizeof(text), *p = end;
	uint64_t rest = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (v < 0)
		*--p = '-';
	buf_add(b, str_make(p, (size_t)(end - p)));
}

/* Up to there a double holds the digits asked for and some to round by. */
#define FIXED_MAX 1e11
/* As near to the middle of two results printf's exact arithmetic decides. */
#define FIXED_DOUBT 1e-3

void
buf_add_fixed(struct buf *b, double v, unsigned decimals)
{
	static const uint32_t power[BUF_DECIMALS_MAX + 1] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000};
	uint32_t unit = power[decimals];
	double scaled = fabs(v) * unit, part;
	uint64_t all = scaled < FIXED_MAX ? (uint64_t)scaled : 0;

	part = scaled - (double)all;
	if (!(scaled < FIXED_MAX) || fabs(part - 0.5) < FIXED_DOUBT) {
		buf_printf(b, "%.*f", (int)decimals, v);
		return;
	}
	all += part > 0.5;
	if (signbit(v))
		buf_add_char(b, '-');
	buf_add_int(b, (int64_t)(all / unit));
	if (decimals == 0)
		return;
	buf_add_char(b, '.');
	for (uint32_t u = unit / 10; u > 0; u /= 10)
		buf_add_char(b, (char)('0' + all / u % 10));
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
