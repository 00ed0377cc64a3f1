/*
 * Literals that every match of a regular expression must contain.
 *
 * The result is a few clauses; a string in which one clause has none of its
 * literals cannot match. What is not understood is taken to match anything, so
 * a mistake costs time and never a hit. Literals carry what must stand at their
 * ends (word boundary, start or end of the string). Pure; bounded by the arena
 * it is given.
 */
#ifndef POSTERN_MATCH_LITERAL_H
#define POSTERN_MATCH_LITERAL_H

#include "base/arena.h"
#include "base/regex.h"

struct node;	       /* match/tree.h */
struct sample_strings; /* match/sample.h */

/* Conditions on a place in a string. */
enum literal_edge {
	EDGE_WORD = 1 << 0,  /* \b */
	EDGE_START = 1 << 1, /* ^ */
	EDGE_LINE = 1 << 2,  /* ^ with /m */
	EDGE_END = 1 << 3    /* $, with or without /m */
};

struct literal {
	struct str text;
	bool nocase;   /* ASCII letters match either case */
	uint8_t left;  /* enum literal_edge before the text ... */
	uint8_t right; /* ... and behind it */
};

/* Bytes from the start of a match to something in it. */
struct distance {
	uint32_t least;
	uint32_t most;
	uint32_t lines; /* newlines among them, at most */
};

#define DISTANCE_NO_END UINT32_MAX

struct literal_clause {
	struct literal *v;
	size_t len;
	unsigned times;	    /* places where one of them has to end */
	struct distance at; /* where the first of them begins */
};

#define LITERAL_CLAUSES_MAX 3  /* kept of one pattern */
#define LITERAL_CLAUSE_MAX 512 /* literals of one clause */
#define LITERAL_TIMES_MAX 8u   /* places counted */
#define LITERAL_LEN_MAX 16     /* bytes; longer ones are cut in two */

struct literal_need {
	struct literal_clause clause[LITERAL_CLAUSES_MAX];
	size_t count;  /* 0: nothing useful is required */
	unsigned bits; /* how rare all of it is, by its letters */
};

/* `flags`: enum regex_flag. Memory from `a`; count 0 when it is full. */
void literal_extract(struct str pattern, unsigned flags, struct arena *a,
    struct literal_need *out);
/*
 * The same for a search that costs little: a clause of `bits` is rare enough.
 */
void literal_extract_common(struct str pattern, unsigned flags, unsigned bits,
    struct arena *a, struct literal_need *out);
/*
 * Of a pattern read already. `sample`: what it would be matched against in
 * common mail, which tells what is no use looking for; NULL: that is not known.
 */
void literal_extract_tree(const struct node *tree,
    const struct sample_strings *sample, struct arena *a,
    struct literal_need *out);

/* \G and \K make a match depend on where the search began. */
bool literal_depends_on_search(struct str pattern);

/* All conditions that hold at offset `at` of `text`. */
unsigned literal_edges(struct str text, size_t at);

#endif
