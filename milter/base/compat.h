/*
 * What compilers and machines differ in: the only conditions on either.
 *
 * A function on long vectors is written for each length and marked with what it
 * needs of the machine; whoever calls it asks first what there is. Vectors that
 * are longer than the machine's work too, but slowly.
 */
#ifndef POSTERN_BASE_COMPAT_H
#define POSTERN_BASE_COMPAT_H

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

#endif
