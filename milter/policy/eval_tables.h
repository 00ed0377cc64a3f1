/*
 * What eval functions need of the rule files: the calls to make and tables
 * drawn from settings. Built with the snapshot, immutable after, shared by
 * threads. Each family of functions owns its member and its type.
 */
#ifndef POSTERN_POLICY_EVAL_TABLES_H
#define POSTERN_POLICY_EVAL_TABLES_H

#include "policy/evalfns.h"

struct address_lists; /* policy/address_list.h */
struct freemail;      /* policy/freemail.h */
struct host_lists;    /* policy/host_list.h */

/* One eval rule that can be run. */
struct eval_call {
	const struct rule *rule;
	eval_function *run;
	uint32_t index;	     /* of the rule */
	bool helper;	     /* run when a meta asks */
	bool net;	     /* only with network tests */
	struct regex *regex; /* of its argument, or NULL */
};

struct eval_tables {
	struct eval_call *calls; /* in rule order */
	size_t call_count;
	size_t call_size;
	uint32_t
	    *call_of; /* by rule index: place in calls, plus one; 0: none */
	struct regex **patterns; /* by enum eval_pattern */
	struct address_lists *addresses;
	struct host_lists *hosts;
	struct freemail *freemail;
	struct map *authserv_ids; /* trusted ones, without case */
	struct str ok_locales;	  /* of the last such setting; the rules' */
	struct map *practices;	  /* adsp_override: to one letter */
};

/* What rule files say authors' domains sign, by domain; eval_auth.c. */
struct map *eval_practices_new(const struct ruleset *rs);

#endif
