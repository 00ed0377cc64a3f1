/*
 * The verdict: a pure function of (snapshot, facts, message).
 *
 * No I/O, no clock, no lock, no global, no log. The daemon and the admin tool
 * call the same functions, so what is explained is what happened. The order of
 * decision is that of doc/replies.md: the first that refuses gives the reply,
 * all others that would have are kept as reasons.
 */
#ifndef POSTERN_POLICY_ENGINE_H
#define POSTERN_POLICY_ENGINE_H

#include "mail/message.h"
#include "policy/facts.h"
#include "policy/snapshot.h"
#include "policy/verdict.h"

/* Room a verdict may take beyond the message's cap: a message that filled its
 * arena is judged by what was parsed. */
#define ENGINE_RESERVE ((size_t)256 * 1024)
#define ENGINE_REASONS_MAX ((size_t)200)

/*
 * At RCPT: lists, relay guard, listing, client DNS lists for one recipient, in
 * the documented order. Results in `a`. CONTINUE is VERDICT_ACCEPT with class
 * none. When `out` wants a brake, the store is to be asked (facts.brake) and
 * the recipient judged again.
 */
void engine_judge_recipient(const struct snapshot *s, const struct facts *f,
    struct str rcpt, struct arena *a, struct verdict *out);

/*
 * At end of message: message DNS lists, rules with an action, dictionaries,
 * score. `*hits_out` (may be NULL) gets what hit, for records and `check`.
 */
void engine_judge_message(const struct snapshot *s, struct scratch *scratch,
    const struct facts *f, struct message *m, struct arena *a,
    struct verdict *out, struct hits *hits_out);

/* Postern itself failed on this message: the answer default_action names. */
void engine_judge_failed(const struct config *c, const struct facts *f,
    struct arena *a, struct verdict *out);

#endif
