/*
 * Is the name a client greets with one it may use (RFC 5321 2.3.5, 4.1.3)?
 *
 * Pure, no DNS: a fully qualified name of letters, digits and hyphens, or an
 * address literal of the client itself; never a name of ours, and no bare
 * address.
 */
#ifndef POSTERN_POLICY_HELO_H
#define POSTERN_POLICY_HELO_H

#include "mail/envelope.h"

bool helo_is_valid(const struct envelope *e);

#endif
