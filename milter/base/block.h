/*
 * Eight bytes of a text at a time, to get over what needs no closer look.
 *
 * Each test is exact about whether there is such a byte and which is the first,
 * not about those behind it.
 */
#ifndef POSTERN_BASE_BLOCK_H
#define POSTERN_BASE_BLOCK_H

#include "base/str.h"

#include <endian.h>

#define BLOCK 8
#define BLOCK_EACH 0x0101010101010101ULL /* times a byte: eight of it */
#define BLOCK_HIGH (0x80 * BLOCK_EACH)

/* The first byte is the lowest. */
static inline uint64_t
block_load(const char *p)
{
	uint64_t block;

	memcpy(&block, p, sizeof(block));
	return le64toh(block);
}

/* Place of the first byte a test found: what it answered, which is not 0. */
static inline size_t
block_first(uint64_t found)
{
	return (size_t)__builtin_ctzll(found) / 8;
}

/* Not 0: has a byte of 0x80 or more. */
static inline uint64_t
block_high(uint64_t block)
{
	return block & BLOCK_HIGH;
}

/* Not 0: has a byte below `c`, which is 0x80 at most. */
static inline uint64_t
block_below(uint64_t block, unsigned char c)
{
	return (block - c * BLOCK_EACH) & ~block & BLOCK_HIGH;
}

/* Not 0: has the byte `c`. */
static inline uint64_t
block_has(uint64_t block, unsigned char c)
{
	return block_below(block ^ c * BLOCK_EACH, 1);
}

/* With ASCII letters in lower case. */
static inline uint64_t
block_lower(uint64_t block)
{
	uint64_t low = block & ~BLOCK_HIGH;
	uint64_t from_a = low + (0x80 - 'A') * BLOCK_EACH;
	uint64_t behind_z = low + (0x7f - 'Z') * BLOCK_EACH;
	uint64_t capital = from_a & ~behind_z & ~block & BLOCK_HIGH;

	return block | capital >> 2; /* 0x20 */
}

/* A mark for each byte in [first, last], which are ASCII. */
static inline uint64_t
block_within(uint64_t block, unsigned char first, unsigned char last)
{
	uint64_t low = block & ~BLOCK_HIGH;

	/* Each sum has its high bit from `first`, or from behind `last`. */
	return ((low + (0x80u - first) * BLOCK_EACH) ^
		   (low + (0x7fu - last) * BLOCK_EACH)) &
	       ~block & BLOCK_HIGH;
}

/* Length of the ASCII in front, some of it at least. */
static inline size_t
block_ascii(struct str s)
{
	size_t n = 0;

	/* Most text is ASCII altogether. */
	for (; n + 4 * BLOCK <= s.len; n += 4 * BLOCK)
		if (block_high(block_load(s.p + n) |
			       block_load(s.p + n + BLOCK) |
			       block_load(s.p + n + 2 * BLOCK) |
			       block_load(s.p + n + 3 * BLOCK)))
			break;
	while (n + BLOCK <= s.len && !block_high(block_load(s.p + n)))
		n += BLOCK;
	return n;
}

static inline bool
block_is_ascii(struct str s)
{
	size_t n = block_ascii(s);
	unsigned char any = 0;

	/* The last block may begin within the one before. */
	if (s.len >= BLOCK)
		return n + BLOCK > s.len &&
		       !block_high(block_load(s.p + s.len - BLOCK));
	for (size_t i = 0; i < s.len; i++)
		any |= (unsigned char)s.p[i];
	return any < 0x80;
}

#endif
