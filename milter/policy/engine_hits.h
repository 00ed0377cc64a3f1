/*
 * What rules are worth in a message: patterns and eval functions, then metas,
 * which ask for those that were left open. Knows no score and no verdict.
 */
#ifndef POSTERN_POLICY_ENGINE_HITS_H
#define POSTERN_POLICY_ENGINE_HITS_H

#include "policy/facts.h"
#include "policy/snapshot.h"

/* Of every rule, or of every one that counts (helper_rules). False: no memory.
 */
bool engine_find_hits(const struct snapshot *s, const struct facts *f,
    struct scratch *scratch, struct message *m, struct hits *hits);

#endif
