/*
 * Small languages of byte strings: the algebra beneath literal extraction.
 *
 * A lang is either exact (all the strings it can be) or a list of clauses, each
 * a set of strings one of which must occur. Everything is bounded: what grows
 * too large turns into a clause, a clause too large or too common is dropped.
 * Values live in an arena; when it is full a lang knows nothing, which is safe.
 */
#ifndef POSTERN_MATCH_LITERAL_SET_H
#define POSTERN_MATCH_LITERAL_SET_H

#include "match/literal.h"

#define LANG_EXACT_MAX 64  /* strings of an exact lang */
#define LANG_CLAUSES_MAX 6 /* clauses remembered on the way */

/* A byte, or a letter of either case. */
#define UNIT_NOCASE 0x100

struct lit {
	uint8_t len;
	uint8_t left; /* edges; all of them when len is 0 */
	uint8_t right;
	uint16_t unit[LITERAL_LEN_MAX];
};

struct lit_set {
	struct lit *v;
	size_t len;
	size_t size;
	unsigned times;	    /* of a clause: places it is needed at, less one */
	struct distance at; /* where its strings begin in the lang */
};

struct lang {
	bool exact;
	struct distance len; /* of its strings; true of any lang */
	struct lit_set set;  /* exact: the strings so far; else the last ones */
	struct lit_set clause[LANG_CLAUSES_MAX];
	size_t clause_count;
};

/* The empty string, with edges that must hold there. */
struct lang lang_empty(struct arena *a, unsigned edges);
/* Anything at all. */
struct lang lang_any(void);
/* One of `n` units. */
struct lang lang_units(struct arena *a, const uint16_t *units, size_t n);

/* `l` followed by `next`. May reuse the memory of both. */
void lang_append(struct arena *a, struct lang *l, const struct lang *next);
/* `l` or `other`. */
void lang_unite(struct arena *a, struct lang *l, const struct lang *other);
/* From `least` to `most` times (UINT32_MAX: no end). */
void lang_repeat(
    struct arena *a, struct lang *l, uint32_t least, uint32_t most);
/* `l` followed by `child` so many times; what is around it stays joined to it.
 */
void lang_append_repeat(struct arena *a, struct lang *l, struct lang *child,
    uint32_t least, uint32_t most);
/* What its strings' lengths are known to be, where the above lost it. */
void lang_set_len(struct lang *l, struct distance len);
/* Turns what is exact into a clause: afterwards all is in the clauses. */
void lang_finish(struct lang *l);

/* How rare a clause is: one of its strings is at 2^-bits of all places. */
unsigned lit_set_bits(const struct lit_set *s);

#endif
