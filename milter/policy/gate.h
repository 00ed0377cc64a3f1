/*
 * The access lists as gates: each kind of list is asked about one transaction
 * and its answer becomes reasons in a decision.
 *
 * At RCPT a list may refuse or allow; what it says beyond that (tag,
 * quarantine, discard, points) waits for the end of the message, where the same
 * lists are asked again. An entry that allows by client lets all of it pass;
 * one that allows by recipient only when it allows every recipient. Pure.
 */
#ifndef POSTERN_POLICY_GATE_H
#define POSTERN_POLICY_GATE_H

#include "policy/decision.h"
#include "policy/snapshot.h"

struct gate {
	const struct snapshot *snapshot;
	const struct facts *facts;
	struct decision *decision;
	bool exempt;	     /* postmaster and abuse: only allowing counts */
	bool client_allowed; /* by client list: may relay, too */
	bool all_allowed;    /* whoever the recipient is */
	double score;	     /* points of entries that add */
};

/* At RCPT: client, HELO, sender and recipient lists for one recipient. */
void gate_recipient(struct gate *g, struct str rcpt);
/* Do the lists ask for the same of both recipients, beyond refusing them? */
bool gate_recipients_agree(const struct gate *g, struct str a, struct str b);
/* At end of message: the same, and the From list. What refuses at RCPT has had
 * its say there and is only recorded. */
void gate_message(struct gate *g, struct message *m);

#endif
