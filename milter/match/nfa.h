/*
 * A pattern's tree as a nondeterministic automaton: what match/dfa.h runs.
 *
 * Accepts at least what the pattern matches: counted repetitions become loops
 * beyond a few copies, word boundaries hold everywhere, and what follows a `$`
 * is not looked at. Immutable once built.
 */
#ifndef POSTERN_MATCH_NFA_H
#define POSTERN_MATCH_NFA_H

#include "match/tree.h"

/* Of one pattern; a larger one gets none. All numbers of 16 bits. */
#define NFA_STEPS_MAX 65536

enum nfa_kind {
	NFA_BYTE,  /* takes a byte of class `a`, goes on behind */
	NFA_SPLIT, /* goes on at `a` and at `b` */
	NFA_JUMP,  /* goes on at `a` */
	NFA_START, /* at the text's start goes on behind */
	NFA_LINE,  /* at a line's start goes on behind */
	NFA_END,   /* at a line's or the text's end taken for the whole */
	NFA_MATCH
};

struct nfa_step {
	uint8_t kind;
	uint16_t a;
	uint16_t b;
};

struct nfa {
	struct nfa_step *steps;
	size_t count;
	struct byte_class *classes;
	size_t class_count;
	uint8_t group_of[256]; /* bytes that no class tells apart */
	uint8_t byte_of[256];  /* one byte of each group */
	size_t group_count;
	/*
	 * The pattern's end, where it is a part repeated: its copies, one after
	 * the other. What completes a match from an earlier copy does from the
	 * same place of a later one, and sooner.
	 */
	size_t tail_start;
	size_t tail_size;   /* steps of one copy */
	size_t tail_copies; /* 0: the end is something else */
};

/* NULL: too large, or it matches the empty string and so proves nothing. */
struct nfa *nfa_new(const struct node *tree);
void nfa_free(struct nfa **n);
size_t nfa_size(const struct nfa *n); /* bytes */

#endif
