/*
 * Which of two ways to the same answer takes less time, found out by going
 * both: now and then, as mail changes, a few times each in turn.
 *
 * Knows no clock: the owner tells how long it took, and only while a trial is
 * on. All zeros is a new one, that begins with way 0. One thread at a time.
 */
#ifndef POSTERN_MATCH_TRIAL_H
#define POSTERN_MATCH_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gone one way before the first trial, and after each that changed it; from
 * one to the next that did not, twice as often, at most ... */
#define TRIAL_WAIT 32
#define TRIAL_DOUBLINGS 7
#define TRIAL_TURNS 8 /* both ways, in one trial */

struct trial {
	float price[2];	   /* of the ways, in this one */
	uint16_t waited;   /* times since the last one */
	uint8_t doublings; /* of the wait */
	uint8_t done;	   /* times, in this one */
	bool way;	   /* the faster one, as far as is known */
};

/* The way to go. */
bool trial_way(struct trial *t);

/* Is it to be told how long it takes? */
static inline bool
trial_is_on(const struct trial *t)
{
	return t->waited == TRIAL_WAIT << t->doublings;
}

/* It took `ns` for a text of `size` bytes. */
void trial_note(struct trial *t, int64_t ns, size_t size);

#endif
