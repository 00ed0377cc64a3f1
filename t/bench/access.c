/*
 * access [ENTRIES [LOOKUPS]] - CPU time to load a list of so many entries
 * (100,000), and of one look-up: a client by address, by name, by both, a
 * sender's address.
 * Names asked are not in the order of the list, so nothing is in the cache by
 * luck. Instructions: valgrind --tool=callgrind --toggle-collect=access_find
 * t/bench/bin/access 100000 10000.
 */
#include "rule/access.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOKUPS_DEFAULT 1000000u
/* Co-prime to the number of entries: every one is asked for, far apart. */
#define STRIDE 7919u

static unsigned lookups = LOOKUPS_DEFAULT;

enum question { BY_ADDRESS, BY_NAME, BY_BOTH, SENDER, QUESTIONS };

static void
write_list(struct buf *b, unsigned entries)
{
	for (unsigned i = 0; i < entries; i += 4) {
		unsigned n = i / 4;

		buf_printf(b,
		    "client 10.%u.%u.0/24 reject\nclient .h%u.example reject\n"
		    "sender u%u@example.net reject\nsender d%u.example allow\n",
		    n >> 8 & 255, n & 255, n, n, n);
	}
}

static void
make_question(enum question what, unsigned n, struct access_question *q,
    struct ip *ip, char name[static 48])
{
	*ip = (struct ip){
	    {[10] = 0xff, 0xff, 10, (uint8_t)(n >> 8), (uint8_t)n, 9}};
	*q = (struct access_question){
	    .kind = what == SENDER ? ACCESS_SENDER : ACCESS_CLIENT};
	if (what == BY_ADDRESS || what == BY_BOTH)
		q->ip = ip;
	if (what == BY_NAME || what == BY_BOTH)
		q->key = str_make(
		    name, (size_t)snprintf(name, 48, "mx.h%u.example", n));
	if (what == SENDER)
		q->key = str_make(
		    name, (size_t)snprintf(name, 48, "u%u@example.net", n));
}

/* Microseconds of CPU time; `found` counts, so that nothing is left out. */
static int64_t
ask(const struct access_set *set, enum question what, unsigned units,
    struct arena *a, bool look, size_t *found)
{
	int64_t start = clock_cpu_us();

	for (unsigned i = 0; i < lookups; i++) {
		struct access_question q;
		struct access_answer answer = {0};
		struct ip ip;
		char name[48];

		make_question(what, i * STRIDE % units, &q, &ip, name);
		arena_reset(a);
		if (look)
			access_find(set, NULL, &q, a, &answer);
		*found += answer.decides != NULL;
	}
	return clock_cpu_us() - start;
}

int
main(int argc, char **argv)
{
	static const char *const name[QUESTIONS] = {"a client by address",
	    "a client by name", "a client by both", "a sender"};
	unsigned entries = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	struct access_set *set;
	struct diags diags;
	struct buf b;
	struct arena a;
	int64_t start;

	if (argc > 2)
		lookups = (unsigned)strtoul(argv[2], NULL, 10);
	if (entries < 4)
		entries = 100000;
	diags_init(&diags, 0);
	buf_init(&b);
	arena_init(&a, 0);
	write_list(&b, entries);
	start = clock_cpu_us();
	set = access_parse("list", buf_str(&b), &diags);
	printf("%zu entries loaded in %.1f ms\n", access_count(set),
	    (double)(clock_cpu_us() - start) / 1000);
	for (int w = 0; w < QUESTIONS; w++) {
		size_t found = 0, none = 0;
		enum question what = (enum question)w;
		/* What it takes to write the question is taken off. */
		int64_t bare = ask(set, what, entries / 4, &a, false, &none);
		int64_t all = ask(set, what, entries / 4, &a, true, &found);

		printf("%-20s %.3f us, %zu of %u found\n", name[w],
		    (double)(all - bare) / lookups, found, lookups);
	}
	access_free(&set);
	buf_fini(&b);
	arena_fini(&a);
	diags_fini(&diags);
	return 0;
}
