/*
 * The shape of a pattern: byte classes that must follow one another.
 *
 * For patterns without a usable literal: obfuscated words, digits, alternatives
 * of look-alikes. Optional and repeated parts become loops (bytes that may
 * follow, any number of times), alternatives are merged place by place. Every
 * match runs through the shape; much else may. Pure; memory is the arena's.
 */
#ifndef POSTERN_MATCH_SHAPE_H
#define POSTERN_MATCH_SHAPE_H

#include "match/tree.h"

#define SHAPE_COVER_MAX 48 /* shapes of one pattern */
#define SHAPE_LINKS_MAX 48 /* of one shape */

struct shape_link {
	struct byte_class must; /* one byte of these */
	struct byte_class loop; /* then any number of these */
};

struct shape {
	struct shape_link link[SHAPE_LINKS_MAX];
	size_t len;
	bool at_start; /* the first link stands at the string's first byte */
	double bits;   /* seen in 2^-bits of all places */
};

/* Shapes one of which every match runs through. */
struct shape_cover {
	struct shape *v;
	size_t len;
	double bits; /* one of them is seen in 2^-bits of all places */
};

/* False: no part of the pattern is rare enough to help. Memory from `a`. */
bool shape_extract(
    const struct node *tree, struct arena *a, struct shape_cover *out);

#endif
