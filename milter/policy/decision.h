/*
 * Collecting reasons in the order of decision and drawing the verdict.
 *
 * Used by the engine while it judges; holds no policy of its own but this: the
 * first reason that is not shadow and does more than mark decides; a mark is
 * put on what nothing else decided.
 */
#ifndef POSTERN_POLICY_DECISION_H
#define POSTERN_POLICY_DECISION_H

#include "policy/config.h"
#include "policy/reply.h"

struct decision {
	const struct config *config;
	const struct facts *facts;
	struct arena *arena;
	struct verdict_reason *reasons;
	size_t len;
	size_t size;
	bool allowed;	    /* an allow list spoke: the rest is recorded */
	struct str rcpt;    /* the recipient judged; empty for a message */
	struct str *extras; /* parallel to reasons: what the reply names */
	const char *said[GATE_COUNT]; /* of gates without a reason */
};

void decision_init(struct decision *d, const struct config *c,
    const struct facts *f, struct arena *a);
/* Adds one; `extra` is the zone's TXT or the dictionary's title. Further ones
 * than the engine's limit are dropped. */
void decision_add(
    struct decision *d, const struct verdict_reason *r, struct str extra);
/* Fills action, class, reasons, decisive and reply; score and required must
 * stand in `out` already. */
void decision_draw(struct decision *d, struct verdict *out);

/* "file:line" in the arena; empty without a file. */
struct str decision_where(struct arena *a, struct source_pos pos);

#endif
