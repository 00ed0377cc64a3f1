/*
 * The admin's view of reputation: one request, one reply, both JSON, the same
 * for either store. `postern rep` calls it on Redis directly, and through the
 * daemon's control socket for the in-process store.
 *
 * {"verb": "show", "target": "192.0.2.1"} gives {"ok": true, ...} or
 * {"ok": false, "error": "..."}. Verbs: rep_verb.def. Times are milliseconds
 * since 1970. Every change wants "by" and "why" and is kept in the audit trail.
 * May block for seconds; any thread but the store's own.
 */
#ifndef POSTERN_PEER_REP_ADMIN_H
#define POSTERN_PEER_REP_ADMIN_H

#include "base/json.h"
#include "peer/rep_store.h"

struct json *rep_admin_command(struct rep_store *s, const struct json *request);

/* One JSON line a unit. 0 or an enum err. */
typedef void rep_export_fn(void *ctx, struct str line);
int rep_admin_export(struct rep_store *s, rep_export_fn *fn, void *ctx);

#endif
