/* Two ways, of which the faster is gone, and both now and then. */
#include "match/trial.h"

#include "tap.h"

#define SIZE 936 /* bytes of a text, which makes 1000 with what each takes */

/* How it went: a few thousand texts. */
struct course {
	int gone[2];
	int timed[2];
};

/* `ns` is what the ways take for each text. */
static struct course
go(struct trial *t, int count, int64_t ns0, int64_t ns1)
{
	struct course c = {0};

	for (int i = 0; i < count; i++) {
		bool way = trial_way(t);

		c.gone[way]++;
		if (!trial_is_on(t))
			continue;
		c.timed[way]++;
		trial_note(t, way ? ns1 : ns0, SIZE);
	}
	return c;
}

/* A trial that changes nothing, with all its turns. */
#define TRIAL (2 * TRIAL_TURNS)

static void
test_first(void)
{
	struct trial t = {0};
	struct course c = go(&t, TRIAL_WAIT - 1, 1000, 100);

	is_int(c.gone[0], TRIAL_WAIT - 1, "way 0 first");
	is_int(c.timed[0], 0, "not timed");
	c = go(&t, TRIAL, 1000, 100);
	is_int(c.timed[0], TRIAL_TURNS, "then both in turn");
	is_int(c.timed[1], TRIAL_TURNS, "as often");
	c = go(&t, TRIAL_WAIT - 1, 1000, 100);
	is_int(c.gone[1], TRIAL_WAIT - 1, "and the faster one on");
}

static void
test_margin(void)
{
	struct trial near = {0}, better = {0};

	go(&near, TRIAL_WAIT + TRIAL, 1000, 801);
	go(&better, TRIAL_WAIT + TRIAL, 1000, 799);
	ok(!near.way, "hardly faster: no change");
	ok(better.way, "faster by a fifth: a change");
}

/* Each trial comes after twice as long, up to a limit. */
static void
test_doublings(void)
{
	struct trial t = {0};
	struct course c;

	for (int i = 0; i <= TRIAL_DOUBLINGS; i++) {
		c = go(&t, (TRIAL_WAIT << i) - 1, 1000, 1100);
		is_int(c.timed[0], 0, "wait %d: %d times", i, c.gone[0]);
		c = go(&t, TRIAL, 1000, 1100);
		is_int(c.timed[1], TRIAL_TURNS, "and a trial");
	}
	c = go(&t, (TRIAL_WAIT << TRIAL_DOUBLINGS) - 1, 1000, 1100);
	is_int(c.timed[0], 0, "as long as before");
	c = go(&t, 1, 1000, 1100);
	is_int(c.timed[0], 1, "and not longer");
}

/* What takes far longer is not tried to the end. */
static void
test_hopeless(void)
{
	struct trial t = {0};
	struct course c = go(&t, TRIAL_WAIT - 1 + TRIAL, 1000, 2100);

	is_int(c.timed[1], 2, "given up after two turns");
	ok(!t.way, "no change");
}

/* Mail has changed: what was slower is faster now. */
static void
test_change(void)
{
	struct trial t = {0};
	struct course c;

	go(&t, 20000, 1000, 5000);
	c = go(&t, 20000, 1000, 100);
	ok(c.gone[1] > 10000, "%d of 20000 the other way", c.gone[1]);
	c = go(&t, 20000, 100, 1000);
	ok(c.gone[0] > 10000, "and %d back again", c.gone[0]);
}

/* One that was interrupted is not taken for slow for long. */
static void
test_interruption(void)
{
	struct trial t = {0};
	struct course c;

	go(&t, TRIAL_WAIT - 1, 100, 1000);
	go(&t, 1, 1000000, 1000);
	go(&t, TRIAL, 100, 1000);
	ok(t.way, "one turn seems slow: a change");
	c = go(&t, 2000, 100, 1000);
	ok(c.gone[1] < 2 * (TRIAL_WAIT + TRIAL), "undone by the next trial");
}

/* Short texts and long ones are compared by what a byte takes. */
static void
test_sizes(void)
{
	struct trial t = {0};

	go(&t, TRIAL_WAIT - 1, 1000, 1000);
	for (int i = 0; i < TRIAL; i++) {
		bool way = trial_way(&t);

		trial_note(&t, way ? 20000 : 1000, way ? 100000 : 100);
	}
	ok(t.way, "more time, but for a far longer text");
}

int
main(void)
{
	test_first();
	test_margin();
	test_doublings();
	test_hopeless();
	test_change();
	test_interruption();
	test_sizes();
	return done_testing();
}
