#include "policy/snapshot.h"

#include "base/file.h"
#include "base/mem.h"
#include "match/cache.h"
#include "peer/dnsbl.h"
#include "policy/evalfns.h"
#include "policy/guard.h"
#include "policy/mail_conf.h"
#include "policy/rep_conf.h"
#include "policy/reply.h"
#include "rule/access.h"

#include <stdlib.h>

static enum verdict_action
reply_action(enum rule_action a)
{
	return a == RULE_ACTION_TEMPFAIL ? VERDICT_TEMPFAIL : VERDICT_REJECT;
}

/* Texts of `action` lines become replies; a bad one is told at load. */
static void
check_action_texts(const struct ruleset *rs, struct diags *diags)
{
	for (size_t i = 0; i < rs->count; i++) {
		const struct rule *r = &rs->rules[i];

		if (r->action_text.len > 0)
			reply_check_text(r->action_text,
			    reply_action(r->action), r->pos, diags);
	}
}

static void
check_thresholds(const struct config *c, struct diags *diags)
{
	if (c->tag_score > c->reject_score)
		diag_add(diags, SEVERITY_WARNING, config_where(c, "tag_score"),
		    "tag_score is above reject_score: no accepted message will "
		    "be marked");
	if (c->trusted_authserv_ids.len > 0 &&
	    (c->plugins != CONFIG_PLUGINS_STOCK || (c->score_set & 1) == 0))
		diag_add(diags, SEVERITY_WARNING,
		    config_where(c, "trusted_authserv_ids"),
		    "rules ask for SPF, DKIM and DMARC only with plugins = "
		    "stock and score_set = 1");
	if (c->score_set > 3)
		diag_add(diags, SEVERITY_ERROR, config_where(c, "score_set"),
		    "score_set is 0, 1, 2 or 3");
}

/* Settings with which the greylist would let nobody pass, or the throttle
 * nothing. */
static void
check_brakes(const struct config *c, struct diags *diags)
{
	if (c->greylist != BRAKED_OFF && c->grey_retry <= c->grey_delay)
		diag_add(diags, SEVERITY_ERROR, config_where(c, "grey_retry"),
		    "grey_retry must be longer than grey_delay, or no retry "
		    "ever comes in time");
	if (c->throttle != BRAKED_OFF && c->throttle_interval < 1000)
		diag_add(diags, SEVERITY_ERROR,
		    config_where(c, "throttle_interval"),
		    "throttle_interval is at least one second");
	if (c->throttle != BRAKED_OFF && c->throttle_messages == 0 &&
	    c->throttle_recipients == 0)
		diag_add(diags, SEVERITY_WARNING, config_where(c, "throttle"),
		    "throttle has neither throttle_messages nor "
		    "throttle_recipients: it stops nothing");
	if ((c->greylist != BRAKED_OFF || c->throttle != BRAKED_OFF) &&
	    c->watch_action == WATCH_TEMPFAIL)
		diag_add(diags, SEVERITY_WARNING,
		    config_where(c, "watch_action"),
		    "watch_action = tempfail defers all mail of clients on "
		    "watch, so greylist and throttle never see it");
}

/* A symbol that is a rule too would count for both under one name. */
static void
check_symbols(const struct snapshot *s, struct diags *diags)
{
	for (size_t i = 0; i < s->dicts->len; i++) {
		const struct dict *d = &s->dicts->v[i];
		const struct rule *r = ruleset_find(s->rules, d->symbol);

		if (d->symbol.len > 0 && r != NULL)
			diag_add(diags, SEVERITY_ERROR, d->pos,
			    "%.*s, the symbol of dictionary %.*s, is a rule in "
			    "%s:%u",
			    STR_ARG(d->symbol), STR_ARG(d->name), r->pos.file,
			    r->pos.line);
	}
}

/* What probing found is kept where the daemon keeps its state; NULL: there is
 * no directory for it. */
static struct cache *
open_cache(const struct config *c)
{
	char *dir = file_join(c->state_dir, "cache");
	struct cache *cache = cache_open(dir);

	free(dir);
	return cache;
}

static bool
recall(void *context, struct str what, struct buf *out)
{
	struct cache_key key = {{0}};

	cache_key_add(&key, what);
	return cache_read(context, &key, out);
}

static void
keep(void *context, struct str what, struct str content)
{
	struct cache_key key = {{0}};

	cache_key_add(&key, what);
	cache_write(context, &key, content);
}

static void
load_rules(struct snapshot *s, const struct snapshot_options *o,
    struct cache *cache, struct diags *diags)
{
	const struct config *c = s->config;
	struct probe_memory memory = {recall, keep, cache};
	struct ruleset_options options = {
	    .plugins = (enum plugin_set)c->plugins,
	    .score_set = (unsigned)c->score_set & 3,
	    .lint = o->lint,
	    .run_tests = o->lint,
	    .probe_cost = true,
	    .probe_memory = cache != NULL ? &memory : NULL,
	    .refuse_slow = c->slow_rules == SLOW_RULES_REFUSE,
	    .knows_eval = evalfn_known};
	const char *const *paths = (const char *const *)c->rules.v;

	s->rules = ruleset_load(paths, c->rules.len, &options, diags);
	s->dicts = dict_load(paths, c->rules.len,
	    o->former ? o->former->dicts : NULL, o->forced, diags);
	s->access = access_load((const char *const *)c->access.v, c->access.len,
	    o->former ? o->former->access : NULL, o->forced, diags);
	check_action_texts(s->rules, diags);
	check_symbols(s, diags);
}

static void
compile(
    struct snapshot *s, const struct snapshot_options *o, struct diags *diags)
{
	struct plan_options options = {
	    .no_prefilter = o->no_prefilter, .count_cost = true};

	s->plan = plan_new(s->rules, s->dicts, &options, diags);
}

static void
snapshot_free(struct counted *c)
{
	struct snapshot *s = (struct snapshot *)c;

	plan_free(&s->plan);
	eval_tables_free(&s->evals);
	guard_free(&s->guard);
	mail_settings_fini(&s->mail);
	access_free(&s->access);
	dict_free(&s->dicts);
	ruleset_free(&s->rules);
	config_free(&s->config);
	free(s);
}

/* Settings read by whoever opens the store and the DNS lists: a mistake in them
 * is found with all others, not at the next start. */
static void
check_peers(const struct config *c, struct diags *diags)
{
	struct rep_settings model;

	rep_conf_read(c, &model, diags);
	for (size_t i = 0; i < c->dnsbl.len; i++) {
		struct dnsbl_zone z = {0};

		dnsbl_zone_parse(str_from(c->dnsbl.v[i]),
		    config_where(c, "dnsbl"), &z, diags);
		dnsbl_zone_fini(&z);
	}
}

struct snapshot *
snapshot_build(const struct snapshot_options *o, struct diags *diags)
{
	struct snapshot *s = mem_alloc(sizeof(*s));
	struct cache *cache;
	bool good;

	s->counted = (struct counted){1, snapshot_free};
	s->config = config_copy(o->config);
	cache = open_cache(s->config);
	check_thresholds(s->config, diags);
	check_brakes(s->config, diags);
	check_peers(s->config, diags);
	reply_lint(s->config, diags);
	load_rules(s, o, cache, diags);
	mail_conf_read(s->config, s->rules, &s->mail, diags);
	s->guard = guard_new(s->config, diags);
	s->evals = eval_tables_new(s->rules, s->config, diags);
	compile(s, o, diags);
	/* Compiling took several times what is kept. */
	mem_trim();
	good = s->plan != NULL && (diags->errors == 0 || o->forced);
	if (good && o->tidy_cache && cache != NULL)
		cache_tidy(cache);
	cache_close(&cache);
	if (good)
		return s;
	snapshot_free(&s->counted);
	return NULL;
}

void
snapshot_unref(struct snapshot **sp)
{
	struct snapshot *s = *sp;

	*sp = NULL;
	if (s != NULL)
		counted_give(&s->counted);
}
