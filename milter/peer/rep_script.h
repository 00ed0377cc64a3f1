/*
 * What runs inside Redis: writing what a unit has become, and putting it on the
 * list.
 *
 * Neither knows the model. Each touches keys of one unit, all named in KEYS,
 * and takes the time from the caller. The first writes only when the unit still
 * is what the caller has read, so two writers never lose each other's events.
 */
#ifndef POSTERN_PEER_REP_SCRIPT_H
#define POSTERN_PEER_REP_SCRIPT_H

#include "base/buf.h"

/*
 * KEYS: rep, evidence, rcpts:DAY, givers:DAY (site and day: rep alone).
 * ARGV: `seen` and `bs` as they were read ("" absent); life of rep in ms (0:
 * leave it); the ledger ("" leave it); recipients for the estimate, twelve
 * digits each; "1" when its life is to be set; number of lines of evidence, the
 * lines, oldest first; then field and value pairs of rep.
 * Replies 1, or 0 when the unit has changed since.
 */
void rep_script_apply(struct buf *out);

/*
 * KEYS: list, rep. ARGV: `since` the listing must have now ("" none, "*" any),
 * lifetime in ms, state, strikes, then field and value pairs.
 * Replies 1, or 0 when another writer was first.
 */
void rep_script_list(struct buf *out);

#endif
