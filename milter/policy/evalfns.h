/*
 * The bodies behind `eval:name(args)`: a table from names to functions.
 *
 * A function sees the message, the facts and the rule it stands in, and returns
 * the rule's hit value: 0 for no hit. It is pure: the same message and facts
 * give the same value. What several functions share per message is kept in
 * `state`. What they need of the rule files' settings (address lists and the
 * like) is in struct eval_tables, built once with the snapshot.
 */
#ifndef POSTERN_POLICY_EVALFNS_H
#define POSTERN_POLICY_EVALFNS_H

#include "match/scan.h"
#include "policy/facts.h"

struct eval_state; /* policy/evalstate.h: shared work of one message */
struct eval_tables;

struct eval_context {
	struct message *message;
	const struct facts *facts;
	const struct ruleset *rules;
	const struct eval_tables *tables;
	const struct rule *rule;  /* the one being evaluated */
	const double *value;	  /* by rule index: what hit so far */
	struct arena *arena;	  /* the message's */
	struct eval_state *state; /* NULL until a function makes it */
	unsigned score_set;
};

typedef double eval_function(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count);

/* Is there a body of this name? For ruleset_options.knows_eval. */
bool evalfn_known(struct str name);

/* Resolves the eval functions of `rs` and reads its settings. Never NULL. */
struct eval_tables *eval_tables_new(
    const struct ruleset *rs, struct diags *diags);
void eval_tables_free(struct eval_tables **t);

/* Runs every enabled eval rule of `rs`; fills value[] where one hits. */
void evalfns_run(struct eval_context *c, double *value);

#define EVAL(name, function)                                                 \
	double function(struct eval_context *c, const struct eval_arg *args, \
	    size_t arg_count);
#include "policy/evalfns.def"

#endif
