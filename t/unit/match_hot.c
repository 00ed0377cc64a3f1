/* Hot states take a text where the automaton they are of takes it. */
#include "match/hot.h"

#include "base/block.h"
#include "base/mem.h"
#include "match/hot_choice.h"
#include "tap.h"

#include <stdlib.h>

#define STATES 20
#define WIDTH 7 /* between the states' numbers */
#define TEXT_MAX 70
#define NOT_BUILT UINT32_MAX

struct automaton {
	const struct nfa *nfa;
	uint32_t to[STATES][256]; /* by state and group */
};

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static uint32_t
next_state(const void *context, uint32_t state, unsigned group)
{
	const struct automaton *a = context;

	return a->to[state / WIDTH][group];
}

/* Mostly among the first `hot` states. */
static void
make_random(struct automaton *a, size_t hot, uint32_t *seed)
{
	for (size_t i = 0; i < STATES; i++)
		for (size_t g = 0; g < a->nfa->group_count; g++) {
			uint32_t odd = next_random(seed) % 24;

			a->to[i][g] = WIDTH * (next_random(seed) % hot);
			if (odd == 0)
				a->to[i][g] =
				    WIDTH * (next_random(seed) % STATES);
			else if (odd == 1)
				a->to[i][g] = NOT_BUILT;
		}
}

static uint32_t
walk(const struct automaton *a, struct str text, size_t from, size_t to,
    uint32_t state, size_t hot, bool *left_out)
{
	*left_out = false;
	for (; from < to && !*left_out; from++) {
		unsigned char byte = (unsigned char)text.p[from];

		state = next_state(a, state, a->nfa->group_of[byte]);
		*left_out = state >= hot * WIDTH;
	}
	return state;
}

/* Did the run end where it may, in the state that is to be there? */
static bool
is_right(const struct automaton *a, const struct hot *h, size_t hot,
    struct str text, size_t idle, uint32_t state)
{
	uint32_t there = state;
	size_t at = hot_run(h, text, 0, idle, &there);
	bool left, leaves;

	if (at > text.len || walk(a, text, 0, at, state, hot, &left) != there ||
	    left)
		return false;
	if (at == text.len || (there == 0 && at > idle && at > 0))
		return true;
	walk(a, text, at, text.len - at > BLOCK ? at + BLOCK : text.len, there,
	    hot, &leaves);
	return leaves;
}

static void
test_runs(const struct nfa *n, size_t hot)
{
	struct automaton *a = mem_alloc(sizeof(*a));
	uint32_t states[HOT_STATES], seed = (uint32_t)hot;
	int wrong = 0, ended = 0;

	a->nfa = n;
	for (size_t i = 0; i < hot; i++)
		states[i] = (uint32_t)i * WIDTH;
	for (int round = 0; round < 3000; round++) {
		char p[TEXT_MAX];
		struct str text = str_make(p, next_random(&seed) % TEXT_MAX);
		uint32_t state = states[next_random(&seed) % hot];
		struct hot *h;

		make_random(a, hot, &seed);
		for (size_t i = 0; i < text.len; i++)
			p[i] = (char)next_random(&seed);
		h = hot_new(n, states, hot, next_state, a);
		wrong += !is_right(
		    a, h, hot, text, next_random(&seed) % TEXT_MAX, state);
		ended += hot_run(h, text, 0, text.len, &state) == text.len;
		state = hot * WIDTH;
		wrong +=
		    text.len > 0 && hot_run(h, text, 0, text.len, &state) != 0;
		hot_free(&h);
	}
	ok(wrong == 0 && ended > 100, "%zu states (%d texts to their end)", hot,
	    ended);
	free(a);
}

/* ---- the choice ---------------------------------------------------------- */

static void
visit(struct hot_choice *c, size_t state, int times)
{
	while (times-- > 0)
		hot_choice_visit(c, state);
}

static void
test_choice(void)
{
	uint32_t states[HOT_STATES];
	struct hot_choice c;

	hot_choice_begin(&c, 40);
	ok(hot_choice_is_open(&c), "visits are waited for");
	visit(&c, 7, 20);
	visit(&c, 39, 30);
	visit(&c, 3, 5);
	is_int((long)hot_choice_states(&c, 40, states), 4, "all of few");
	ok(states[0] == 0 && states[1] == 39 && states[2] == 7 &&
		states[3] == 3,
	    "state 0, and the others by visits");
	is_int((long)hot_choice_states(&c, 39, states), 3,
	    "only of those there are");
	for (size_t i = 10; i < 30; i++)
		visit(&c, i, 4);
	is_int((long)hot_choice_states(&c, 40, states), 0,
	    "none when too many are elsewhere");
	visit(&c, 39, 200);
	is_int((long)hot_choice_states(&c, 40, states), HOT_STATES,
	    "as many as there is room for");
	visit(&c, 39, 1024);
	ok(!hot_choice_is_open(&c), "enough was seen");
	hot_choice_fini(&c);
}

static bool
is_kept(const struct nfa *n, size_t bytes, int times, bool has_lanes)
{
	struct automaton *a = mem_alloc(sizeof(*a));
	struct hot_choice c;
	uint32_t state = 0;
	bool kept;

	a->nfa = n;
	hot_choice_begin(&c, 1);
	hot_choice_use(&c, hot_new(n, &state, 1, next_state, a));
	while (times-- > 0)
		hot_choice_ran(&c, bytes, true);
	hot_choice_judge(&c, has_lanes);
	kept = hot_choice_hot(&c) != NULL;
	hot_choice_judge(&c, has_lanes);
	hot_choice_fini(&c);
	free(a);
	return kept;
}

static void
test_judging(const struct nfa *n)
{
	ok(is_kept(n, 16, 256, false), "long enough runs");
	ok(!is_kept(n, 15, 256, false), "too short ones");
	ok(is_kept(n, 256, 256, true), "for what has lanes");
	ok(!is_kept(n, 255, 256, true), "too short for that");
}

int
main(void)
{
	struct arena a;
	struct nfa *n;

	if (!hot_is_of_use()) {
		skip_all("this machine has no use for hot states");
		return 0;
	}
	arena_init(&a, 0);
	n = nfa_new(tree_parse(STR("[a-f][\\x00-\\x7f]{3}x"), 0, &a));
	test_runs(n, 1);
	test_runs(n, 5);
	test_runs(n, HOT_STATES);
	test_choice();
	test_judging(n);
	nfa_free(&n);
	arena_fini(&a);
	return done_testing();
}
