#include "base/bitset.h"
#include "base/map.h"
#include "base/mem.h"

#include "tap.h"

static void
many(void)
{
	enum { N = 20000 };
	static int value[N];
	struct map *m = map_new(false);
	char key[32];
	size_t wrong = 0, pos = 0, seen = 0;
	struct str k;
	void *v;

	for (int i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		wrong += map_set(m, str_from(key), &value[i]) != NULL;
	}
	for (int i = 0; i < N; i += 2) {
		snprintf(key, sizeof(key), "key%d", i);
		wrong += map_remove(m, str_from(key)) != &value[i];
	}
	for (int i = 0; i < N; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		wrong +=
		    map_get(m, str_from(key)) != (i % 2 ? &value[i] : NULL);
	}
	is_int(wrong, 0, "set, remove, get");
	is_int(map_count(m), N / 2, "count");
	while (map_next(m, &pos, &k, &v))
		wrong += v != &value[2 * seen++ + 1];
	ok(wrong == 0 && seen == N / 2, "visited in order of insertion");
	for (int i = 0; i < N; i += 2) {
		snprintf(key, sizeof(key), "key%d", i);
		map_set(m, str_from(key), &value[i]);
	}
	is_int(map_count(m), N, "what was removed can come back");
	map_free(&m);
}

static void
cases(void)
{
	struct map *m = map_new(true);
	int a, b;

	map_set(m, STR("From"), &a);
	ok(map_get(m, STR("fROM")) == &a, "case is ignored when asked");
	ok(map_set(m, STR("FROM"), &b) == &a, "and replaced as one key");
	is_int(map_count(m), 1, "one");
	map_set(m, STR_NONE, &a);
	ok(map_get(m, STR("")) == &a, "the empty key");
	map_free(&m);
}

static void
bits(void)
{
	struct bitset s;

	bitset_init(&s, 130);
	bitset_add(&s, 0);
	bitset_add(&s, 64);
	bitset_add(&s, 129);
	bitset_add(&s, 130);
	is_int(bitset_count(&s), 3, "beyond the size nothing is set");
	is_int(bitset_next(&s, 1), 64, "next");
	is_int(bitset_next(&s, 65), 129, "next word");
	ok(bitset_next(&s, 130) == SIZE_MAX, "none left");
	bitset_remove(&s, 64);
	ok(!bitset_has(&s, 64) && bitset_has(&s, 129), "removed");
	bitset_fini(&s);
}

int
main(void)
{
	many();
	cases();
	bits();
	return done_testing();
}
