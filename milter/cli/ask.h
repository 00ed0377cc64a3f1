/*
 * postern check --ask: the facts beside the message as they are now.
 */
#ifndef POSTERN_CLI_ASK_H
#define POSTERN_CLI_ASK_H

#include "policy/config.h"
#include "policy/facts.h"

/*
 * DNS lists on the client, SPF, and the reputation when it is in Redis, each
 * within its budget. Nothing is counted or written. False: complained.
 */
bool ask_peers(const struct config *c, struct facts *f, struct arena *a);

#endif
