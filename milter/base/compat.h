/*
 * What compilers and machines differ in: the only conditions on either.
 */
#ifndef POSTERN_BASE_COMPAT_H
#define POSTERN_BASE_COMPAT_H

/*
 * In front of a function that works on long vectors: it is compiled for wider
 * registers too, and the program takes what the machine it starts on has.
 */
#ifdef HAVE_TARGET_CLONES
#define COMPAT_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define COMPAT_WIDE
#endif

#endif
