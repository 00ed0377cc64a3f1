/* As many spares are kept as may be, and the last one is the first taken. */
#include "base/spares.h"

#include "tap.h"

int
main(void)
{
	static struct spares spares = SPARES_INIT;
	char thing[SPARES_MAX + 1];
	size_t kept = 0;

	ok(spares_take(&spares) == NULL, "at first there is none");
	while (kept < SPARES_MAX && spares_keep(&spares, &thing[kept]))
		kept++;
	is_int(kept, SPARES_MAX, "as many as may be are kept");
	ok(!spares_keep(&spares, &thing[kept]), "one more is not");
	ok(spares_take(&spares) == &thing[kept - 1],
	    "the last one comes first");
	ok(spares_keep(&spares, &thing[kept]), "and leaves room for another");
	ok(spares_take(&spares) == &thing[kept], "which comes first then");
	for (kept--; kept > 0 && spares_take(&spares) == &thing[kept - 1];)
		kept--;
	is_int(kept, 0, "all come back");
	ok(spares_take(&spares) == NULL, "and no more than those");
	return done_testing();
}
