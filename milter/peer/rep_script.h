/*
 * What runs inside Redis: counting, and putting a unit on the list.
 *
 * The counting script is rep_unit_apply() in Lua with the settings' numbers
 * written into its text, so other numbers are another script. It touches keys
 * of one unit only, all named in KEYS, takes the time from the events, and
 * skips events whose sequence the unit has already seen from this writer.
 */
#ifndef POSTERN_PEER_REP_SCRIPT_H
#define POSTERN_PEER_REP_SCRIPT_H

#include "base/buf.h"
#include "peer/rep_code.h"

/*
 * KEYS: rep, evidence, rcpts:DAY, givers:DAY (site and day: rep alone).
 * ARGV: kind (host net site day), writer's field, day, events (MessagePack).
 * Replies {applied, bad, hard, gs, bs, gl, bl, t, today, admitted}; a host
 * without new bad weight {applied, 0, 0}.
 */
void rep_script_count(const struct rep_settings *s, struct buf *out);

/*
 * KEYS: list, rep. ARGV: `since` the listing must have now ("" none, "*" any),
 * lifetime in ms, state, strikes, then field and value pairs.
 * Replies 1, or 0 when another writer was first.
 */
void rep_script_list(struct buf *out);

struct rep_script_item {
	const struct rep_event *event;
	uint64_t seq;
	uint64_t giver; /* as in rep_unit_apply() */
	double weight;
	bool with_evidence;
};

/* One event in MessagePack, appended. */
void rep_script_event(struct buf *out, const struct rep_script_item *item);
/* The array's head before `count` events. */
void rep_script_array(struct buf *out, uint32_t count);

#endif
