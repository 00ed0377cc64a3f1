/*
 * The trace fields our MTA is about to write on top of a mail (RFC 5321 4.4).
 *
 * A milter is asked before they exist, and without them the sender's own claims
 * would look like the newest record. They are written the way Postfix writes
 * them, from what the session told; words of the client are neutered, so that
 * no greeting can forge a second record.
 */
#ifndef POSTERN_MAIL_TRACE_RECORD_H
#define POSTERN_MAIL_TRACE_RECORD_H

#include "base/buf.h"
#include "mail/envelope.h"

/* Return-Path and Received for `e`; `now_ms` dates mail without its own time.
 */
void trace_record_format(
    struct buf *out, const struct envelope *e, int64_t now_ms);

#endif
