/* What an eval rule is worth in a message, for tests. */
#ifndef POSTERN_T_EVAL_OF_H
#define POSTERN_T_EVAL_OF_H

#include "policy/evalfns.h"
#include "policy/mail_conf.h"

#include "tap.h"

struct eval_case {
	const char *settings; /* of the mail and the functions, as in rules */
	const char *rule;     /* "header T eval:..." */
	const char *config;   /* as in postern.conf */
	const char *mail;
	const struct facts *facts;
	int64_t now; /* seconds since 1970 */
	struct ruleset_options options;
};

static inline double
eval_of(const struct eval_case *e)
{
	struct ruleset_options options = e->options;
	struct eval_context c = {
	    .facts = e->facts, .score_set = options.score_set};
	struct mail_settings mail;
	struct eval_tables *tables;
	struct config *config;
	struct ruleset *rs;
	struct diags diags;
	struct arena a;
	struct buf rules;
	double value[1] = {0};

	options.knows_eval = evalfn_known;
	arena_init(&a, 0);
	diags_init(&diags, 0);
	buf_init(&rules);
	buf_printf(&rules, "%s%s\n", e->settings, e->rule);
	rs = ruleset_parse("t", buf_str(&rules), &options, &diags);
	config = config_parse("t", str_from(e->config), &diags);
	tables = eval_tables_new(rs, config, &diags);
	mail_conf_read(config, rs, &mail, &diags);
	for (size_t i = 0; i < diags.len; i++)
		ok(false, "%s: %s", e->rule, diags.v[i].message);
	c.rules = rs;
	c.tables = tables;
	c.arena = &a;
	c.scratch = regex_scratch_new(NULL);
	c.message =
	    message_new(&a, &mail, NULL, e->now * 1000, str_from(e->mail));
	evalfns_run(&c, value, NULL);
	regex_scratch_free(&c.scratch);
	mail_settings_fini(&mail);
	eval_tables_free(&tables);
	config_free(&config);
	ruleset_free(&rs);
	buf_fini(&rules);
	diags_fini(&diags);
	arena_fini(&a);
	return value[0];
}

#endif
