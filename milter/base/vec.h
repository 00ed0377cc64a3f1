/*
 * Growable arrays for the control plane (heap, never fails; see mem.h).
 *
 *	struct { struct rule *v; size_t len, size; } rules = {0};
 *	*VEC_PUSH(&rules) = rule;
 *
 * The message path uses arena arrays instead.
 */
#ifndef POSTERN_BASE_VEC_H
#define POSTERN_BASE_VEC_H

#include "base/mem.h"

#include <stdlib.h>

#define VEC(type)            \
	struct {             \
		type *v;     \
		size_t len;  \
		size_t size; \
	}

/* Pointer to a new last element, not initialised. */
#define VEC_PUSH(vec)                                                \
	((vec)->len == (vec)->size                                   \
		? ((vec)->size = (vec)->size ? (vec)->size * 2 : 8,  \
		      (vec)->v = mem_resize(                         \
			  (vec)->v, (vec)->size, sizeof(*(vec)->v))) \
		: 0,                                                 \
	    &(vec)->v[(vec)->len++])

#define VEC_FINI(vec) \
	(free((vec)->v), (vec)->v = NULL, (vec)->len = (vec)->size = 0)

#endif
