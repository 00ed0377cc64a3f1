/*
 * Every address a message says it is from or to, for lists to be held against.
 *
 * In lower case, without repeats, made once for a message. Fields of resending
 * take the place of all others.
 */
#ifndef POSTERN_POLICY_EVAL_ADDRESSES_H
#define POSTERN_POLICY_EVAL_ADDRESSES_H

#include "policy/evalfns.h"

/* Addresses of each kind; what is beyond is left out. */
#define EVAL_ADDRESSES_MAX 1000

struct str_list eval_all_from(struct eval_context *c);
struct str_list eval_all_to(struct eval_context *c);

#endif
