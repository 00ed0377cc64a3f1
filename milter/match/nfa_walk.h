/*
 * Sets of steps of an nfa that wait for a byte: what a text has led to.
 *
 * Memory is taken once, for the largest set there can be. One thread at a time.
 */
#ifndef POSTERN_MATCH_NFA_WALK_H
#define POSTERN_MATCH_NFA_WALK_H

#include "match/nfa.h"

/* What stands before the byte that is next. */
enum before {
	BEFORE_OTHER,
	BEFORE_LINE, /* a newline */
	BEFORE_TEXT, /* nothing */
	BEFORE_COUNT
};

struct nfa_walk {
	const struct nfa *nfa;
	const bool *skip; /* by step: not put in; NULL: all are */
	uint16_t *list;	  /* the set, in no order, none of them twice */
	size_t count;
	bool matched; /* the pattern's end is reached */
	bool ends;    /* and would be, did the text or line end here */
	size_t work;  /* steps looked at; the owner begins it anew */
	/* private */
	uint32_t *mark; /* by step: stamp of the set it was put into */
	uint32_t stamp;
	uint16_t *stack;
};

void nfa_walk_init(struct nfa_walk *w, const struct nfa *n);
void nfa_walk_fini(struct nfa_walk *w);

/* The empty set. */
void nfa_walk_begin(struct nfa_walk *w);
/* Puts in the steps that wait for a byte, reached from `at` without one. */
void nfa_walk_add(struct nfa_walk *w, size_t at, enum before before);
/* Puts in what waits behind those of `steps` that take `byte`. */
void nfa_walk_advance(
    struct nfa_walk *w, const uint16_t *steps, size_t count, unsigned byte);

/* Was a step reached since the set was begun, put in or not? */
static inline bool
nfa_walk_reached(const struct nfa_walk *w, size_t at)
{
	return w->mark[at] == w->stamp;
}

#endif
