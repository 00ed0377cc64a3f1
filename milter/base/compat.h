/*
 * What compilers and machines differ in: the only conditions on either.
 *
 * A function on long vectors is written for each length and marked with what it
 * needs of the machine; whoever calls it asks first what there is. Vectors that
 * are longer than the machine's work too, but slowly.
 */
#ifndef POSTERN_BASE_COMPAT_H
#define POSTERN_BASE_COMPAT_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#define COMPAT_VECTOR_64 __attribute__((target("avx512f,avx512bw")))
#define COMPAT_VECTOR_32 __attribute__((target("avx2")))
#else
#define COMPAT_VECTOR_64
#define COMPAT_VECTOR_32
#endif

/* Bytes of the longest vectors this machine has: 16, 32 or 64. */
static inline unsigned
compat_vector_bytes(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw"))
		return 64;
	if (__builtin_cpu_supports("avx2"))
		return 32;
#endif
	return 16;
}

/* Sixteen bytes at once, on every machine; see base/lanes.h. */
typedef uint8_t lanes __attribute__((vector_size(16)));

/*
 * Sixteen bytes looked up at once, in functions marked COMPAT_SHUFFLE: they are
 * not called where compat_can_shuffle() says no.
 */
#if defined(__x86_64__)
#define COMPAT_SHUFFLE __attribute__((target("avx")))

static inline bool
compat_can_shuffle(void)
{
	return __builtin_cpu_supports("avx");
}

/* `at` is below 16. */
static inline COMPAT_SHUFFLE lanes
compat_shuffle(lanes table, lanes at)
{
	typedef char chars __attribute__((vector_size(16)));

	return (lanes)__builtin_ia32_pshufb128((chars)table, (chars)at);
}

/* The high bit of each byte; the first one's is the lowest. */
static inline COMPAT_SHUFFLE unsigned
compat_mask(lanes v)
{
	typedef char chars __attribute__((vector_size(16)));

	return (unsigned)__builtin_ia32_pmovmskb128((chars)v);
}
#else
#define COMPAT_SHUFFLE

static inline bool
compat_can_shuffle(void)
{
	return false;
}

static inline lanes
compat_shuffle(lanes table, lanes at)
{
	lanes v;

	for (unsigned i = 0; i < sizeof(v); i++)
		v[i] = table[at[i]];
	return v;
}

static inline unsigned
compat_mask(lanes v)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < sizeof(v); i++)
		mask |= (unsigned)(v[i] >> 7) << i;
	return mask;
}
#endif

#endif
