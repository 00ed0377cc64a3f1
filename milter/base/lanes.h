/*
 * Sixteen bytes of a text at a time, as the compiler's vectors.
 *
 * A comparison sets all bits of the lanes it holds in. For what a block of
 * eight (base/block.h) can do as well, that is the simpler tool.
 */
#ifndef POSTERN_BASE_LANES_H
#define POSTERN_BASE_LANES_H

#include "base/block.h"
#include "base/compat.h"

#define LANES sizeof(lanes)

static inline lanes
lanes_load(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline lanes
lanes_of(uint8_t byte)
{
	return (lanes){0} + byte;
}

static inline bool
lanes_any(lanes v)
{
	uint64_t half[2];

	memcpy(half, &v, sizeof(half));
	return (half[0] | half[1]) != 0;
}

/* The first lane a comparison holds in, or LANES. */
static inline size_t
lanes_first(lanes held)
{
	uint64_t half[2];

	memcpy(half, &held, sizeof(half));
	if ((half[0] | half[1]) == 0)
		return LANES;
	return half[0] != 0 ? block_first(le64toh(half[0]))
			    : BLOCK + block_first(le64toh(half[1]));
}

/*
 * Bytes in front, LANES at most, that are words of printable ASCII with one
 * space between: a space counts where a word's first byte follows. `p` has one
 * byte more than that, and its first is no space behind a space.
 */
static inline size_t
lanes_words(const char *p)
{
	typedef int8_t signs __attribute__((vector_size(16)));
	/* What is not ASCII is negative. */
	signs here = (signs)lanes_load(p), next = (signs)lanes_load(p + 1);

	return lanes_first(
	    (lanes)((here < ' ') | ((here == ' ') & (next <= ' '))));
}

#endif
