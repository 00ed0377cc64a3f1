/* Numbers made by chance that are the same at every run. */
#ifndef POSTERN_T_RANDOM_WALK_H
#define POSTERN_T_RANDOM_WALK_H

#include <stdint.h>

/* xorshift; `*state` begins with anything but 0. */
static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
