/* The arrays of a scan's results. */
#include "match/hits.h"

#include "tap.h"

#define RULES 37

static void
test_next(void)
{
	static const size_t at[] = {0, 7, 8, 9, 16, 31, 35, 36};
	struct hits h;
	struct arena a;

	arena_init(&a, 0);
	ok(hits_init(&h, RULES, &a), "room");
	ok(hits_next(&h, 0) == SIZE_MAX, "nothing hit");
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		h.value[at[i]] = i % 2 == 0 ? 1 : -0.5;
	h.value[20] = -0.0;
	for (int marked = 0; marked < 2; marked++) {
		for (size_t i = 0, k = hits_next(&h, 0);
		     i < sizeof(at) / sizeof(at[0]);
		     i++, k = hits_next(&h, k + 1))
			is_int(k, at[i], "number %zu%s", i,
			    marked ? ", marked" : "");
		ok(hits_next(&h, RULES) == SIZE_MAX, "behind the last");
		hits_mark(&h, &a);
	}
	arena_fini(&a);
}

static void
test_spans(void)
{
	struct hits h, none = {0};
	struct arena a;

	arena_init(&a, 0);
	hits_init(&h, 200, &a);
	ok(hits_span(&h, 3).text.p == NULL, "no span yet");
	for (uint32_t i = 0; i < 200; i++)
		hits_add_span(&h, &a, i,
		    (struct match_span){
			.text = str_make("abc", 1 + i % 3), .view = "body"});
	hits_add_span(&h, &a, 5, (struct match_span){.text = STR("later")});
	is_int(hits_span(&h, 5).text.len, 3, "the first one is kept");
	is_int(hits_span(&h, 199).text.len, 2, "of many");
	hits_drop_span(&h, 5);
	ok(hits_span(&h, 5).text.p == NULL, "dropped");
	ok(hits_span(&none, 5).text.p == NULL, "of no scan");
	arena_fini(&a);
}

/* Without room for a span the hit stays. */
static void
test_full(void)
{
	struct hits h;
	struct arena a;

	arena_init(&a, 8192);
	ok(hits_init(&h, 10, &a), "room for the arrays");
	while (arena_alloc(&a, 64) != NULL)
		;
	hits_add_span(
	    &h, &a, 1, (struct match_span){.text = STR("x"), .view = "body"});
	ok(hits_span(&h, 1).text.p == NULL, "a full arena keeps no span");
	arena_fini(&a);
}

int
main(void)
{
	test_next();
	test_spans();
	test_full();
	return done_testing();
}
