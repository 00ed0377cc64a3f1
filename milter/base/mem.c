#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
panic_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "postern: broken invariant at %s:%d: %s\n", file, line,
	    what);
	abort();
}

static void *
checked(void *p, size_t size)
{
	if (p == NULL) {
		fprintf(stderr, "postern: out of memory (%zu bytes)\n", size);
		abort();
	}
	return p;
}

void *
mem_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1), size);
}

void *
mem_array(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1), count);
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return checked(NULL, count);
	return checked(realloc(p, bytes ? bytes : 1), bytes);
}

char *
mem_strndup(const char *s, size_t len)
{
	char *copy = checked(malloc(len + 1), len);

	if (len > 0)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&out, fmt, ap);
	va_end(ap);
	return checked(n < 0 ? NULL : out, 0);
}

void
mem_trim(void)
{
	malloc_trim(0);
}
