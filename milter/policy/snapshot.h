/*
 * One frozen set of everything a verdict is computed from: rules, dictionaries,
 * lists, plan, thresholds. Built off the mail path, counted by reference; a
 * message keeps the one it started with. Building reads files and compiles
 * patterns; nothing here is changed afterwards but the reference count and the
 * plan's own pools and counters.
 */
#ifndef POSTERN_POLICY_SNAPSHOT_H
#define POSTERN_POLICY_SNAPSHOT_H

#include "base/counted.h"
#include "mail/settings.h"
#include "match/scan.h"
#include "policy/config.h"

struct access_set;  /* rule/access.h */
struct eval_tables; /* policy/evalfns.h: address lists and the like */
struct guard;	    /* policy/guard.h */

struct snapshot {
	struct counted counted; /* snapshot_unref */
	struct config *config;	/* owned copy it was built with */
	struct ruleset *rules;
	struct dict_set *dicts;
	struct access_set *access;
	struct plan *plan;
	struct mail_settings mail;
	struct eval_tables *evals;
	struct guard *guard;
	int64_t built_ms;
	uint64_t serial;
};

struct snapshot_options {
	const struct config *config;
	const struct snapshot
	    *former;	   /* for "shrunken file" checks; may be NULL */
	bool forced;	   /* errors leave out what they are about */
	bool lint;	   /* run `test` lines and cost probes */
	bool no_prefilter; /* the test oracle: every rule is tried */
	bool tidy_cache;   /* what it does not use is removed from the cache */
};

/* NULL when diags has errors and !forced; the caller reports. Reads files,
 * compiles: seconds. References start at 1; serial and built_ms are the
 * caller's to set. */
struct snapshot *snapshot_build(
    const struct snapshot_options *o, struct diags *diags);
void snapshot_unref(struct snapshot **s);

#endif
