/* What an expression may come to: sound for every value, and sharp enough. */
#include "rule/range.h"

#include "expr_of.h"
#include "tap.h"

#include <math.h>

/* Rules a and b are 1 and 0, the others open: x and y hit once or not, z 0 to 3
 * times, u any number of times. */
static const char names[] = "abxyzu";
static const double values[] = {1, 0, 0, 0, 0, 0};
static const struct range ranges[] = {
    {1, 1}, {0, 0}, {0, 1}, {0, 1}, {0, 3}, {0, INFINITY}};

static const struct {
	const char *text;
	double least; /* NAN: nothing can be told */
	double most;
} cases[] = {
    {"a", 1, 1},
    {"x", 0, 1},
    {"z", 0, 3},
    {"!x", 0, 1},
    {"!a", 0, 0},
    {"!(x + 1)", 0, 0},
    {"- z", -3, 0},
    {"x + z", 0, 4},
    {"x - z", -3, 1},
    {"u - u", -INFINITY, INFINITY},
    {"x * b", 0, 0},
    {"u * b", 0, 0},
    {"z * (x - 2)", -6, 0},
    {"z / 2", 0, 1.5},
    {"z / (x + 1)", 0, 3},
    {"1 / x", NAN, NAN},
    {"b && 1 / x", 0, 0},
    {"x && b", 0, 0},
    {"b && x", 0, 0},
    {"a && x", 0, 1},
    {"x && 5", 0, 5},
    {"a || x", 1, 1},
    {"b || x", 0, 1},
    {"!!(x || a)", 1, 1},
    {"!!(z || x)", 0, 1},
    {"x ? 2 : 3", 2, 3},
    {"a ? 2 : x", 2, 2},
    {"b ? x : 4", 4, 4},
    {"x ? b : b", 0, 0},
    {"z > 3", 0, 0},
    {"z > 2", 0, 1},
    {"z >= 0", 1, 1},
    {"z < 4", 1, 1},
    {"z <= 3", 1, 1},
    {"u > 1000", 0, 1},
    {"u >= 0", 1, 1},
    {"z == 4", 0, 0},
    {"z != 4", 1, 1},
    {"z == 2", 0, 1},
    {"x + y > 2", 0, 0},
    {"0 <= x <= 1", 1, 1},
    {"4 < z < 9", 0, 0},
    {"x ^ y", -INFINITY, INFINITY},
    {"a && (x || y) && b", 0, 0},
    {"(x && b) || (y && b)", 0, 0},
};

int
main(void)
{
	struct bitset open;

	bitset_init(&open, sizeof(values) / sizeof(values[0]));
	for (size_t i = 2; i < open.bits; i++)
		bitset_add(&open, i);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct range_source from = {values, &open, ranges};
		struct range r = {NAN, NAN};
		struct arena a;
		struct meta_code *code;
		bool told;

		arena_init(&a, 0);
		code = expr_of(&a, names, cases[i].text);
		told = code != NULL && range_run(code, &from, &r);
		if (cases[i].least != cases[i].least)
			ok(code != NULL && !told, "%s: nothing is told",
			    cases[i].text);
		else
			ok(told && r.least == cases[i].least &&
				r.most == cases[i].most,
			    "%s is %g to %g (wanted %g to %g)", cases[i].text,
			    r.least, r.most, cases[i].least, cases[i].most);
		arena_fini(&a);
	}
	bitset_fini(&open);
	return done_testing();
}
