#include "match/trial.h"

/* What is to be done for the shortest text takes as long as so many bytes. */
#define SIZE_NONE 64
/* The other way has to be faster by this much: near to each other either will
 * do. */
#define MARGIN 0.8f
/* It is given up where it has taken so many times as long, after some turns. */
#define HOPELESS 2
#define HOPELESS_TURNS 2

bool
trial_way(struct trial *t)
{
	if (trial_is_on(t))
		return t->done % 2 == 0 ? t->way : !t->way;
	t->waited++;
	return t->way;
}

static void
end(struct trial *t)
{
	if (t->price[!t->way] < t->price[t->way] * MARGIN) {
		t->way = !t->way;
		t->doublings = 0;
	} else if (t->doublings < TRIAL_DOUBLINGS) {
		t->doublings++;
	}
	t->price[0] = t->price[1] = 0;
	t->waited = t->done = 0;
}

void
trial_note(struct trial *t, int64_t ns, size_t size)
{
	bool way = t->done % 2 == 0 ? t->way : !t->way;

	t->price[way] += (float)ns / (float)(size + SIZE_NONE);
	t->done++;
	if (t->done == 2 * TRIAL_TURNS ||
	    (t->done == 2 * HOPELESS_TURNS &&
		t->price[!t->way] > t->price[t->way] * HOPELESS))
		end(t);
}
