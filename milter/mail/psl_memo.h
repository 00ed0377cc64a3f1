/*
 * What the public suffix list answered lately: mail names the same few hosts
 * again and again, and an answer takes thousands of steps.
 *
 * Lives with the settings it answers for and is shared by their threads. Who
 * finds a place taken does without instead of waiting; a collision only
 * forgets. Answers never change, so nothing depends on what is remembered.
 */
#ifndef POSTERN_MAIL_PSL_MEMO_H
#define POSTERN_MAIL_PSL_MEMO_H

#include "base/str.h"

#define PSL_MEMO_TEXT_MAX 61 /* bytes of a name that is remembered */

struct psl_memo;

enum psl_memo_kind {
	PSL_MEMO_TLD, /* is it a top-level domain? */
	PSL_MEMO_HOST /* bytes before the registered domain */
};

struct psl_memo *psl_memo_new(void);
void psl_memo_free(struct psl_memo **m);

/* `m` may be NULL, which remembers nothing. False: not known. */
bool psl_memo_ask(struct psl_memo *m, enum psl_memo_kind kind, struct str name,
    uint8_t *answer_out);
void psl_memo_tell(struct psl_memo *m, enum psl_memo_kind kind, struct str name,
    uint8_t answer);

#endif
