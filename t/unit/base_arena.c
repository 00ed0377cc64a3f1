#include "base/arena.h"
#include "base/buf.h"

#include "tap.h"

static void
cap(void)
{
	struct arena a;

	arena_init(&a, 1024);
	ok(arena_alloc(&a, 1024) != NULL, "exactly the cap is granted");
	ok(!a.full, "and the arena is not full");
	ok(arena_alloc(&a, 1) == NULL, "one byte more is refused");
	ok(a.full, "and remembered");
	arena_reset(&a);
	ok(!a.full && arena_alloc(&a, 16) != NULL, "a reset makes room again");
	arena_fini(&a);
	is_int(a.held, 0, "fini gives everything back");
}

static void
grow(void)
{
	struct arena a;
	char *p, *q;

	arena_init(&a, 0);
	p = arena_alloc(&a, 16);
	memcpy(p, "0123456789abcdef", 16);
	q = arena_grow(&a, p, 16, 4000);
	ok(p == q, "the newest block grows in place");
	arena_alloc(&a, 1);
	q = arena_grow(&a, p, 4000, 8000);
	ok(p != q && memcmp(q, "0123456789abcdef", 16) == 0,
	    "an older one is copied");
	ok(arena_array(&a, SIZE_MAX, 2) == NULL, "overflow is refused");
	arena_fini(&a);
}

static void
room(void)
{
	struct arena a;
	int *v = NULL, *before;
	size_t len = 0, size = 0, wrong = 0;

	arena_init(&a, 256);
	ok(ARENA_ROOM(&a, v, len, size, 4) && size == 4, "an array begins");
	before = v;
	while (ARENA_ROOM(&a, v, len, size, 4)) {
		v[len] = (int)len;
		len++;
		arena_alloc(&a, 1); /* so that it cannot grow in place */
	}
	ok(v != before && len == size && (size == 8 || size == 16),
	    "and doubles until the cap");
	for (size_t i = 0; i < len; i++)
		wrong += v[i] != (int)i;
	is_int(wrong, 0, "with what it held");
	arena_fini(&a);
}

static void
buffers(void)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 256);
	buf_init_arena(&b, &a);
	for (int i = 0; i < 1000; i++)
		buf_add(&b, STR("0123456789"));
	ok(b.failed && b.len % 10 == 0 && b.len < 256,
	    "a buffer in a full arena fails once and stays whole");
	arena_fini(&a);
	buf_init(&b);
	b.limit = 4;
	buf_add(&b, STR("1234"));
	ok(!b.failed, "at the limit");
	buf_add_char(&b, '5');
	ok(b.failed, "limit + 1");
	is_str(str_from(buf_cstr(&b)), STR("1234"), "content kept");
	buf_fini(&b);
}

int
main(void)
{
	cap();
	grow();
	room();
	buffers();
	return done_testing();
}
