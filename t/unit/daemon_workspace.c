/* Memory that judgements share: empty when taken, near, and not too much. */
#include "daemon/workspace.h"

#include "tap.h"

#include <sched.h>

#define KEPT_MAX 16
#define CHUNK_KEPT ((size_t)1024 * 1024)

static void
test_empty_again(void)
{
	struct workspace *w = workspace_take(), *same = w;
	struct arena *a = workspace_arena(w);

	a->cap = 100 * 1024;
	ok(arena_alloc(a, 64 * 1024) != NULL, "memory below the cap");
	ok(arena_alloc(a, 64 * 1024) == NULL && a->full, "none above it");
	workspace_give(&w);
	ok(w == NULL, "given back, it is nobody's");
	workspace_give(&w);
	w = workspace_take();
	ok(w == same, "the next one gets the same");
	a = workspace_arena(w);
	ok(a->used == 0 && !a->full && a->cap == 0, "as if it were new");
	ok(a->held >= 64 * 1024, "with the memory it had");
	workspace_give(&w);
}

static void
test_last_first(void)
{
	struct workspace *a = workspace_take(), *b = workspace_take();
	struct workspace *last = a;

	ok(a != NULL && b != NULL && a != b, "two at once");
	workspace_give(&b);
	workspace_give(&a);
	a = workspace_take();
	ok(a == last, "what was used last is used first");
	workspace_give(&a);
}

static void
test_limits(void)
{
	static const size_t size[] = {CHUNK_KEPT, CHUNK_KEPT + 1};
	struct workspace *w[KEPT_MAX + 1];
	size_t holding = 0;

	for (size_t i = 0; i < 2; i++) {
		struct workspace *one = workspace_take();

		(void)arena_alloc(workspace_arena(one), size[i]);
		workspace_give(&one);
		one = workspace_take();
		ok((workspace_arena(one)->held > 0) == (i == 0),
		    "%zu bytes in one piece are %skept", size[i],
		    i == 0 ? "" : "not ");
		workspace_give(&one);
	}
	for (size_t i = 0; i < KEPT_MAX + 1; i++) {
		w[i] = workspace_take();
		(void)arena_alloc(workspace_arena(w[i]), 1);
	}
	for (size_t i = 0; i < KEPT_MAX + 1; i++)
		workspace_give(&w[i]);
	for (size_t i = 0; i < KEPT_MAX + 1; i++) {
		w[i] = workspace_take();
		holding += workspace_arena(w[i])->held > 0;
	}
	is_int(holding, KEPT_MAX, "so many are kept");
	for (size_t i = 0; i < KEPT_MAX + 1; i++)
		workspace_give(&w[i]);
}

/* What is chosen depends on the processor. */
static void
stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here) != 0)
		abort();
}

int
main(void)
{
	stay_here();
	test_empty_again();
	test_last_first();
	test_limits();
	return done_testing();
}
