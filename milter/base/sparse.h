/*
 * Arrays of numbers most of which are 0, and the way from one to the next that
 * is not.
 */
#ifndef POSTERN_BASE_SPARSE_H
#define POSTERN_BASE_SPARSE_H

#include <stdint.h>
#include <string.h>

#define SPARSE_BLOCK 16 /* numbers passed over together */

/* Two numbers as bits; the compiler maps it to what the machine has. */
typedef uint64_t sparse_bits __attribute__((vector_size(16)));

/* Has none of a block a bit set? */
static inline int
sparse_block_is_zero(const double *v)
{
	sparse_bits bits[SPARSE_BLOCK / 2], all = {0};

	memcpy(bits, v, sizeof(bits));
#pragma GCC unroll 8
	for (int i = 0; i < SPARSE_BLOCK / 2; i++)
		all |= bits[i];
	return (all[0] | all[1]) == 0;
}

/* The first of `n` numbers from `from` on that is not 0, or SIZE_MAX. */
static inline size_t
sparse_next(const double *v, size_t n, size_t from)
{
	for (size_t i = from, end; i < n; i = end) {
		end = n - i < SPARSE_BLOCK ? n : i + SPARSE_BLOCK;
		if (end - i == SPARSE_BLOCK && sparse_block_is_zero(v + i))
			continue;
		for (; i < end; i++)
			if (v[i] != 0)
				return i;
	}
	return SIZE_MAX;
}

/* Adds bit i for each of `n` numbers that is not 0. */
static inline void
sparse_add_bits(const double *v, size_t n, uint64_t *bits)
{
	for (size_t i = 0, end; i < n; i = end) {
		uint64_t block = 0;

		end = n - i < SPARSE_BLOCK ? n : i + SPARSE_BLOCK;
		if (end - i == SPARSE_BLOCK && sparse_block_is_zero(v + i))
			continue;
		for (size_t k = i; k < end; k++)
			block |= (uint64_t)(v[k] != 0) << (k - i);
		bits[i / 64] |= block << (i % 64);
	}
}

#endif
