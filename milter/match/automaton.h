/*
 * Many byte strings found in one pass (Aho and Corasick, 1975), on any machine.
 *
 * For the few kinds of dictionary terms that are not whole words, where the
 * vector prefilter would be more set-up than search. Linear in the text: the
 * shallow states, up to a megabyte of them, have a full row each, the deeper
 * ones lists. Immutable once built; any number of threads may search.
 */
#ifndef POSTERN_MATCH_AUTOMATON_H
#define POSTERN_MATCH_AUTOMATON_H

#include "base/str.h"

struct automaton;

struct automaton *automaton_new(void);
void automaton_free(struct automaton **a);
/* `text` is not empty; `id` is what `found` gets. Before automaton_build(). */
void automaton_add(struct automaton *a, struct str text, uint32_t id);
void automaton_build(struct automaton *a);
size_t automaton_count(const struct automaton *a); /* strings added */

/* String `id` stands at [start, end). */
typedef void automaton_found(
    void *context, uint32_t id, size_t start, size_t end);

/* Calls `found` for every place of every string, by where they end. */
void automaton_scan(const struct automaton *a, struct str text,
    automaton_found *found, void *context);

#endif
