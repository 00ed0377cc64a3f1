/*
 * The rules and dictionaries an installation starts with: they load without a
 * word, their own tests pass, and the samples meet what they were written for.
 */
#include "base/file.h"
#include "match/scan.h"

#include "tap.h"

#define REJECT_SCORE 10.0

struct outcome {
	double score;
	bool action; /* a rule that rejects */
	const struct dict *over;
};

struct fixture {
	struct ruleset *rules;
	struct dict_set *dicts;
	struct plan *plan;
	struct scratch *scratch;
	struct mail_settings settings;
};

static char *
source_path(const char *name)
{
	const char *top = getenv("srcdir");

	return file_join(top ? top : ".", name);
}

/* What stands in the record of a refusal must say something to a person. */
static void
check_described(const struct ruleset *rules)
{
	size_t silent = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *r = &rules->rules[i];

		if (r->hidden || r->describe.len > 0)
			continue;
		printf("# no description: %.*s\n", STR_ARG(r->name));
		silent++;
	}
	is_int(silent, 0, "every rule has a description");
}

static void
fixture_init(struct fixture *f)
{
	char *dir = source_path("rules");
	const char *paths[] = {dir};
	struct ruleset_options options = {
	    .plugins = PLUGINS_LOCAL, .run_tests = true};
	struct plan_options plan_options = {0};
	struct diags diags;
	struct buf said;

	diags_init(&diags, 0);
	buf_init(&said);
	f->rules = ruleset_load(paths, 1, &options, &diags);
	f->dicts = dict_load(paths, 1, NULL, false, &diags);
	f->plan = plan_new(f->rules, f->dicts, &plan_options, &diags);
	f->scratch = scratch_new(f->plan);
	mail_settings_init(&f->settings);
	diags_format(&diags, &said);
	is_str(buf_str(&said), STR(""), "nothing to complain about");
	ok(f->rules->count >= 60, "%zu rules", f->rules->count);
	is_int(f->dicts->len, 3, "dictionaries");
	check_described(f->rules);
	diags_fini(&diags);
	buf_fini(&said);
	free(dir);
}

static void
fixture_fini(struct fixture *f)
{
	scratch_free(&f->scratch);
	plan_free(&f->plan);
	dict_free(&f->dicts);
	ruleset_free(&f->rules);
	mail_settings_fini(&f->settings);
}

static void
add_dicts(const struct hits *hits, struct outcome *out)
{
	for (size_t i = 0; i < hits->dict_count; i++) {
		const struct dict_score *d = &hits->dicts[i];

		if (d->over && out->over == NULL)
			out->over = d->dict;
		if (d->dict->symbol.len > 0)
			out->score += d->points * d->dict->factor;
	}
}

static struct outcome
judge(struct fixture *f, const char *path)
{
	struct outcome out = {0};
	struct hits hits = {0};
	struct message *m;
	struct arena a;
	struct buf raw;

	arena_init(&a, (size_t)64 * 1024 * 1024);
	buf_init(&raw);
	if (file_read(path, (size_t)1024 * 1024, &raw) != 0)
		printf("# cannot read %s\n", path);
	m = message_new(&a, &f->settings, NULL, 0, buf_str(&raw));
	if (m != NULL && scan_message(f->plan, f->scratch, m, &hits)) {
		ruleset_eval_metas(
		    f->rules, &(struct rule_values){.value = hits.value}, NULL);
		for (size_t i = 0; i < f->rules->count; i++) {
			const struct rule *r = &f->rules->rules[i];

			if (hits.value[i] == 0 || r->hidden)
				continue;
			out.score += r->score[0];
			out.action |= r->action == RULE_ACTION_REJECT;
		}
		add_dicts(&hits, &out);
	}
	arena_fini(&a);
	buf_fini(&raw);
	return out;
}

int
main(void)
{
	static const struct {
		const char *file;
		bool spam;
		bool action;
		const char *dict;
	} samples[] = {
	    {"rules/samples/clean.eml", false, false, NULL},
	    {"rules/samples/spam.eml", true, false, NULL},
	    {"rules/samples/rules.eml", true, true, NULL},
	    {"rules/samples/dictionary.eml", true, false, "pharmacy"},
	};
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		char *path = source_path(samples[i].file);
		struct outcome o = judge(&f, path);

		ok((o.score >= REJECT_SCORE) == samples[i].spam, "%s: %.1f",
		    samples[i].file, o.score);
		ok(o.action == samples[i].action, "a rule that rejects: %s",
		    samples[i].action ? "yes" : "no");
		is_str(o.over ? o.over->name : STR_NONE,
		    str_from(samples[i].dict), "dictionary over its threshold");
		free(path);
	}
	fixture_fini(&f);
	return done_testing();
}
