/*
 * Many shapes searched at once: a nondeterministic automaton whose states are
 * bits, all advanced together for each byte.
 *
 * Costs a few operations a byte whatever the text, so no text can make it slow.
 * Immutable and shared once built.
 */
#ifndef POSTERN_MATCH_SHAPE_SET_H
#define POSTERN_MATCH_SHAPE_SET_H

#include "match/shape.h"

struct shape_set;

/*
 * NULL when `n` is 0. Shape `i` keeps its number. `vector_bytes`: 16, 32 or 64;
 * compat_vector_bytes() is fastest, more is not for this machine.
 */
struct shape_set *shape_set_new(
    const struct shape *v, size_t n, unsigned vector_bytes);
void shape_set_free(struct shape_set **s);

typedef void shape_found(void *context, uint32_t shape);

/* Calls `found` once for each shape that is somewhere in `text`. */
void shape_set_scan(const struct shape_set *s, struct str text,
    shape_found *found, void *context);

#endif
