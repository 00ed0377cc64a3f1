/*
 * The Test Anything Protocol in one header: ok(), is_str(), is_int(), done().
 *
 * A test program has one main(), a table of cases where it can, and ends with
 * `return done_testing();`.
 */
#ifndef POSTERN_T_TAP_H
#define POSTERN_T_TAP_H

#include "base/clean.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int tap_run, tap_failed;

static inline bool tap_result(bool good, const char *file, int line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static inline bool
tap_result(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	tap_run++;
	tap_failed += !good;
	printf("%sok %d - ", good ? "" : "not ", tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!good)
		printf("#   at %s:%d\n", file, line);
	fflush(stdout);
	return good;
}

#define ok(cond, ...) tap_result((cond), __FILE__, __LINE__, __VA_ARGS__)

static inline void
tap_show(const char *label, struct str s)
{
	struct buf b;

	buf_init(&b);
	clean_add(&b, s);
	printf("#   %s: \"%s\"\n", label, buf_cstr(&b));
	buf_fini(&b);
}

#define is_str(got, want, ...)                                \
	do {                                                  \
		struct str tap_g = (got), tap_w = (want);     \
		if (!ok(str_eq(tap_g, tap_w), __VA_ARGS__)) { \
			tap_show(" got", tap_g);              \
			tap_show("want", tap_w);              \
		}                                             \
	} while (0)

#define is_int(got, want, ...)                                                 \
	do {                                                                   \
		long long tap_g = (long long)(got), tap_w = (long long)(want); \
		if (!ok(tap_g == tap_w, __VA_ARGS__))                          \
			printf(                                                \
			    "#    got: %lld\n#   want: %lld\n", tap_g, tap_w); \
	} while (0)

#define skip_all(why)                            \
	do {                                     \
		printf("1..0 # SKIP %s\n", why); \
		exit(0);                         \
	} while (0)

static inline int
done_testing(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}

#endif
