/*
 * A history run through the model: what it would have made of it.
 *
 * The in-process store without a file, told the time by the events. A message
 * of a listed client counts as refused by the listing, as it would be, but for
 * the sample that is scanned to the end. Events come in order of time.
 */
#ifndef POSTERN_PEER_REP_REPLAY_H
#define POSTERN_PEER_REP_REPLAY_H

#include "peer/rep_backend.h"

#define REP_STATES (REP_BLOCKED + 1)

struct rep_replay;

struct rep_replay_counts {
	/* By what the client's state was when the message came. */
	uint64_t good[REP_STATES];
	uint64_t bad[REP_STATES];
	uint64_t good_refused; /* by a listing */
	uint64_t bad_refused;
	uint64_t clients;
	uint64_t networks; /* /24 and /48 */
};

struct rep_replay *rep_replay_new(const struct rep_settings *settings);
void rep_replay_free(struct rep_replay **r);

void rep_replay_event(struct rep_replay *r, const struct rep_event *e);
/* Keyed hash of a recipient, for rep_event.rcpt_hash. */
uint64_t rep_replay_rcpt(const struct rep_replay *r, struct str rcpt);
void rep_replay_counts(struct rep_replay *r, struct rep_replay_counts *out);
/* The listings there were, oldest first. */
void rep_replay_listings(struct rep_replay *r, rep_audit_fn *fn, void *ctx);
/* What is known of a unit at the end. False: nothing. */
bool rep_replay_unit(
    struct rep_replay *r, const char *unit, struct rep_record *out);

#endif
