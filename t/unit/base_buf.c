/* Numbers are written as printf writes them. */
#include "base/buf.h"

#include "tap.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const double fixed[] = {0, -0.0, 0.05, 0.25, 0.35, 0.45, 0.5, 1.5, 2.5,
    -2.5, 0.0005, 0.0015, 2.675, 1.005, 0.125, 9.995, 999.9995, 99999999999,
    1e11, 1e12, 123456789.123456789, -0.04, -1e-9, 1e300, INFINITY, -INFINITY,
    NAN, 4.999999999999999, 0.49999999999999994};
static const int64_t whole[] = {0, 1, -1, 9, 10, 99, 100, INT64_MAX, INT64_MIN};

static void
test_fixed(void)
{
	unsigned wrong = 0, tried = 0;

	srand(7);
	for (size_t i = 0; i < 100000; i++) {
		size_t known = sizeof(fixed) / sizeof(fixed[0]);
		double v = i < known ? fixed[i]
				     : (rand() % 2000000 - 1000000) / 1000.0 +
					   (rand() % 3 == 0 ? rand() : 0);

		for (unsigned d = 0; d <= BUF_DECIMALS_MAX; d++) {
			struct buf got, want;

			buf_init(&got);
			buf_init(&want);
			buf_add_fixed(&got, v, d);
			buf_printf(&want, "%.*f", (int)d, v);
			tried++;
			if (!str_eq(buf_str(&got), buf_str(&want))) {
				wrong++;
				tap_show("got", buf_str(&got));
				tap_show("want", buf_str(&want));
			}
			buf_fini(&got);
			buf_fini(&want);
		}
	}
	ok(tried > 0, "numbers were tried");
	is_int(wrong, 0, "decimals are those of printf");
}

static void
test_whole(void)
{
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		struct buf got;
		char want[32];

		buf_init(&got);
		snprintf(want, sizeof(want), "%" PRId64, whole[i]);
		buf_add_int(&got, whole[i]);
		is_str(buf_str(&got), str_from(want), "%s", want);
		buf_fini(&got);
	}
}

int
main(void)
{
	test_fixed();
	test_whole();
	return done_testing();
}
