/*
 * A set of literals searched all at once in one block of
 * text.
 *
 * Two implementations, chosen by the build: vectorscan (prefilter.c), or none
 * (prefilter_none.c), with which prefilter_new() has nothing to give and every
 * pattern is tried. Immutable and shared once built; each scan needs a scratch.
 */
#ifndef POSTERN_MATCH_PREFILTER_H
#define POSTERN_MATCH_PREFILTER_H

#include "base/buf.h"

struct prefilter;
struct prefilter_scratch;

struct prefilter_literal {
	struct str text;
	bool nocase; /* ASCII letters match either case */
};

/* Literal `id` ends just before offset `end`. */
typedef void prefilter_found(void *context, uint32_t id, size_t end);

/* NULL: not available, no literals, or they cannot be compiled. */
struct prefilter *prefilter_new(const struct prefilter_literal *v, size_t n);
void prefilter_free(struct prefilter **f);
size_t prefilter_size(const struct prefilter *f); /* bytes */

/* Room to scan with any of `v` (NULL elements are skipped). May be NULL. */
struct prefilter_scratch *prefilter_scratch_new(
    const struct prefilter *const *v, size_t n);
void prefilter_scratch_free(struct prefilter_scratch **s);

/*
 * Calls `found` for every place of every literal, in any order. False: the
 * scan failed and nothing can be concluded.
 */
bool prefilter_scan(const struct prefilter *f, struct prefilter_scratch *s,
    struct str block, prefilter_found *found, void *context);

/* What a compiled state depends on beside the literals: library and CPU. */
void prefilter_version(struct buf *out);
/* The compiled form, to be kept on disk; and back. NULL: not usable here. */
bool prefilter_save(const struct prefilter *f, struct buf *out);
struct prefilter *prefilter_load(struct str saved);

#endif
