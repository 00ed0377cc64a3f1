/*
 * The bodies behind `eval:name(args)`: a table from names to functions.
 *
 * A function sees the message, the facts and the rule it stands in, and returns
 * the rule's hit value: 0 for no hit. It is pure: the same message and facts
 * give the same value. What several functions share per message is made by the
 * first that asks and kept in a slot. What they need of the rule files'
 * settings (address lists and the like) is in struct eval_tables, built once
 * with the snapshot.
 */
#ifndef POSTERN_POLICY_EVALFNS_H
#define POSTERN_POLICY_EVALFNS_H

#include "match/scan.h"
#include "policy/config.h"
#include "policy/facts.h"

struct eval_state;  /* policy/evalstate.h: shared work of one message */
struct eval_tables; /* policy/eval_tables.h */

/* Work several functions share: one slot for each kind, empty at first. */
enum eval_slot {
#define EVAL_SLOT(name) EVAL_SLOT_##name,
#include "policy/eval_slot.def"
	EVAL_SLOT_COUNT
};

struct eval_context {
	struct message *message;
	const struct facts *facts;
	const struct ruleset *rules;
	const struct eval_tables *tables;
	const struct rule *rule;   /* the one being evaluated */
	const double *value;	   /* by rule index: what hit so far */
	const struct regex *regex; /* of the argument that is one, or NULL */
	struct arena *arena;	   /* the message's */
	struct regex_scratch *scratch;
	struct cost *cost;	      /* of the rules; NULL: nobody counts */
	struct eval_state *state;     /* NULL until a function makes it */
	void *slots[EVAL_SLOT_COUNT]; /* see eval_slot() */
	unsigned score_set;
	bool edits_body; /* evalfns_prepare() runs */
};

typedef double eval_function(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count);

/* Is there a body of this name? For ruleset_options.knows_eval. */
bool evalfn_known(struct str name);

/* Resolves the eval functions of `rs` and reads its settings. Never NULL. */
struct eval_tables *eval_tables_new(
    const struct ruleset *rs, const struct config *config, struct diags *diags);
void eval_tables_free(struct eval_tables **t);

/*
 * What SpamAssassin's functions do to the texts before rules see them: to be
 * called, if at all, before the message is scanned.
 */
void evalfns_prepare(struct eval_context *c);

/*
 * Runs every enabled eval rule of `rs`; fills value[] where one hits. With
 * `open` (may be NULL) those only metas look at are added to it instead.
 */
void evalfns_run(struct eval_context *c, double *value, struct bitset *open);
/* Runs an eval rule that was left open; false: it is none. */
bool evalfns_ask(struct eval_context *c, uint32_t rule, double *value);

/*
 * The slot's `size` bytes, zeroed when it is asked for first; `*fresh_out` says
 * so. NULL when the arena is full.
 */
void *eval_slot(
    struct eval_context *c, enum eval_slot slot, size_t size, bool *fresh_out);

/* Does `re` match in `s`? A limit that is hit counts as no. NULL never does. */
bool eval_matches(struct eval_context *c, const struct regex *re, struct str s);

#define EVAL(name, function)                                                 \
	double function(struct eval_context *c, const struct eval_arg *args, \
	    size_t arg_count);
#include "policy/evalfns.def"

#endif
