/*
 * Runs a plan over the strings of one message.
 *
 * Pure: same plan and texts, same hits, with or without a prefilter. Does not
 * know where the strings come from. One thread at a time for a scratch.
 */
#ifndef POSTERN_MATCH_RUN_H
#define POSTERN_MATCH_RUN_H

#include "match/plan.h"

/* What template rules may ask for beside captured tags. NULL: nothing. */
struct tag_source {
	void *context;
	bool (*header)(void *context, struct str query, struct str *value_out);
};

enum run_extent {
	RUN_ALL,
	RUN_WITHOUT_HELPERS /* these stay open where they can (out->open) */
};

struct run;

/* Fills `out` (arrays in `a`, as what it returns); NULL: no room for them. */
struct run *run_texts(const struct plan *p, struct scratch *s,
    const struct texts *texts, const struct tag_source *tags, struct arena *a,
    enum run_extent extent, struct hits *out);
/* Tries a rule that is open. */
void run_ask(struct run *r, uint32_t rule);

/* Hit value of a header rule whose header does not exist; at plan time. */
uint32_t run_unset_value(struct regex_scratch *s, const struct rule *rule,
    const struct regex *regex);

#endif
