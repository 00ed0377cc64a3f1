#include "policy/evalfns.h"

#include "base/vec.h"

static const struct {
	const char *name;
	eval_function *run;
} functions[] = {
#define EVAL(name, function) {#name, function},
#include "policy/evalfns.def"
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

/* One eval rule that can be run. */
struct eval_call {
	const struct rule *rule;
	eval_function *run;
};

struct eval_tables {
	VEC(struct eval_call) calls; /* in rule order */
};

static eval_function *
find(struct str name)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		if (str_is(name, functions[i].name))
			return functions[i].run;
	return NULL;
}

bool
evalfn_known(struct str name)
{
	return find(name) != NULL;
}

static bool
is_eval(enum rule_type type)
{
	return type == RULE_HEADER_EVAL || type == RULE_BODY_EVAL ||
	       type == RULE_RAWBODY_EVAL || type == RULE_FULL_EVAL ||
	       type == RULE_URI_EVAL || type == RULE_RBL_EVAL;
}

struct eval_tables *
eval_tables_new(const struct ruleset *rs, struct diags *diags)
{
	struct eval_tables *t = mem_alloc(sizeof(*t));

	(void)diags;
	for (size_t i = 0; i < rs->count; i++) {
		const struct rule *r = &rs->rules[i];
		eval_function *run = is_eval(r->type) ? find(r->eval) : NULL;

		if (run != NULL && r->enabled)
			*VEC_PUSH(&t->calls) = (struct eval_call){r, run};
	}
	return t;
}

void
eval_tables_free(struct eval_tables **tp)
{
	struct eval_tables *t = *tp;

	if (t == NULL)
		return;
	VEC_FINI(&t->calls);
	free(t);
	*tp = NULL;
}

void
evalfns_run(struct eval_context *c, double *value)
{
	/* Odd score sets are those with network tests. */
	bool net = (c->score_set & 1) != 0;

	c->value = value;
	for (size_t i = 0; i < c->tables->calls.len; i++) {
		const struct eval_call *call = &c->tables->calls.v[i];

		if ((call->rule->flags & TFLAG_NET) != 0 && !net)
			continue;
		c->rule = call->rule;
		value[call->rule->index] =
		    call->run(c, call->rule->args, call->rule->arg_count);
	}
}
