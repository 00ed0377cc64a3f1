/* From one number that is not 0 to the next, at every place of an array. */
#include "base/sparse.h"

#include "base/mem.h"
#include "tap.h"

#include <stdlib.h>

#define NUMBERS_MAX (3 * SPARSE_BLOCK)

/* Arrays in which one number alone, at each place, is not found from each. */
static size_t
count_wrong(double number)
{
	size_t wrong = 0;

	for (size_t n = 0; n <= NUMBERS_MAX; n++) {
		double *v = mem_array(n, sizeof(*v));

		for (size_t at = 0; at < n; at++) {
			v[at] = number;
			for (size_t from = 0; from <= n; from++)
				wrong += sparse_next(v, n, from) !=
					 (from <= at ? at : SIZE_MAX);
			v[at] = 0;
		}
		wrong += sparse_next(v, n, 0) != SIZE_MAX;
		free(v);
	}
	return wrong;
}

/* Arrays of which not just those bits are found that should be. */
static size_t
count_wrong_bits(void)
{
	uint64_t seed = 1;
	size_t wrong = 0;

	for (size_t n = 0; n <= 5 * SPARSE_BLOCK; n++) {
		double *v = mem_array(n, sizeof(*v));
		uint64_t want[2] = {0}, bits[2] = {0};

		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			if (seed >> 59 != 0)
				continue;
			v[i] = seed >> 58 & 1 ? -1 : 5e-324;
			want[i / 64] |= (uint64_t)1 << (i % 64);
		}
		sparse_add_bits(v, n, bits);
		wrong += memcmp(bits, want, sizeof(want)) != 0;
		free(v);
	}
	return wrong;
}

int
main(void)
{
	double zeros[NUMBERS_MAX] = {0};

	is_int(count_wrong(1), 0, "a number is found");
	is_int(count_wrong(-0.25), 0, "one below 0");
	is_int(count_wrong(5e-324), 0, "the least there is");
	is_int(count_wrong_bits(), 0, "all of them as bits");
	zeros[3] = -0.0;
	ok(sparse_next(zeros, NUMBERS_MAX, 0) == SIZE_MAX, "-0 is 0");
	zeros[40] = 1;
	is_int(sparse_next(zeros, NUMBERS_MAX, 0), 40, "and is passed over");
	return done_testing();
}
