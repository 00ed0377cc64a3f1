/*
 * An event as bytes: what the journal holds. Decoding takes foreign bytes, and
 * refuses what is not an event. Pure.
 */
#ifndef POSTERN_PEER_REP_EVENT_H
#define POSTERN_PEER_REP_EVENT_H

#include "peer/rep.h"

/* At most REP_EVENT_BYTES. Returns the length. */
#define REP_EVENT_BYTES 256
size_t rep_event_pack(
    const struct rep_event *e, uint8_t out[static REP_EVENT_BYTES]);
/* False: not such bytes. */
bool rep_event_unpack(struct str bytes, struct rep_event *out);

#endif
