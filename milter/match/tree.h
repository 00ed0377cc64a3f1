/*
 * A regular expression as a tree of byte classes, for finding what it requires.
 *
 * Reads the Perl/PCRE2 syntax rule files use. Captures and the way of matching
 * (greedy or not) are dropped, assertions hold everywhere, and calls become
 * NODE_ANY: the tree matches at least what the pattern matches. What is not
 * understood gives no tree. Memory is the arena's; nesting is bounded.
 *
 * With REGEX_UTF the tree is of the bytes of UTF-8 text that has its case
 * folded (as a dictionary's has: no Kelvin sign, no long s). ASCII stays
 * itself, every other character is one to four bytes; EDGE_WORD then knows only
 * ASCII.
 */
#ifndef POSTERN_MATCH_TREE_H
#define POSTERN_MATCH_TREE_H

#include "base/arena.h"
#include "base/regex.h"

#define TREE_DEPTH_MAX 200     /* nested groups and quantifiers */
#define TREE_NO_END UINT32_MAX /* most times of an open repetition */

struct byte_class {
	uint64_t word[4];
};

enum node_kind {
	NODE_CLASS,	/* one byte of a class */
	NODE_ANY,	/* any string, also the empty one */
	NODE_EDGE,	/* nothing; enum literal_edge holds there. The child, if
			 * any, is an assertion's, which may look elsewhere */
	NODE_REFERENCE, /* what a group took; not known here: as NODE_ANY */
	NODE_SEQUENCE,	/* all children, one after the other */
	NODE_CHOICE,	/* one of the children */
	NODE_REPEAT	/* the child, least to most times */
};

struct node {
	enum node_kind kind;
	struct node *child;
	struct node *last_child;
	struct node *next; /* sibling */
	union {
		struct byte_class class;
		unsigned edges;
		struct {
			uint32_t least;
			uint32_t most;
		} repeat;
	} u;
};

/* NULL: not understood, or the arena is full. `flags`: enum regex_flag. */
struct node *tree_parse(struct str pattern, unsigned flags, struct arena *a);

static inline bool
byte_class_has(const struct byte_class *c, unsigned byte)
{
	return (c->word[byte / 64] >> (byte % 64) & 1) != 0;
}

/* The other case of a byte in Latin-1, or the byte itself. */
unsigned byte_other_case(unsigned byte);

#endif
