/*
 * What the gates say that gave no reason: off, not asked, and why. For `postern
 * check`; decides nothing. Static texts only, so that it costs nothing.
 */
#ifndef POSTERN_POLICY_GATE_SAID_H
#define POSTERN_POLICY_GATE_SAID_H

#include "policy/decision.h"
#include "policy/snapshot.h"

/* `exempt`: postmaster or abuse. `excuse`: why the client is not judged by its
 * address, or NULL. */
void gate_said_recipient(const struct snapshot *s, bool exempt,
    const char *excuse, struct decision *d);
void gate_said_message(
    const struct snapshot *s, const char *excuse, struct decision *d);

#endif
