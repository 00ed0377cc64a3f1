#include "rule/ruleset.h"

#include "base/regex.h"
#include "rule/loader.h"

#include <stdarg.h>
#include <stdio.h>

struct draft *
loader_draft(struct loader *l, struct str name)
{
	struct draft *d = map_get(l->drafts, name);

	if (d != NULL)
		return d;
	d = arena_zalloc(l->arena, sizeof(*d));
	d->rule.name = arena_copy(l->arena, name);
	map_set(l->drafts, name, d);
	return d;
}

size_t
loader_offset(const struct line *line, const char *p)
{
	uintptr_t start = (uintptr_t)line->text.p;

	if ((uintptr_t)p < start || (uintptr_t)p > start + line->text.len)
		return STR_NPOS;
	return (size_t)((uintptr_t)p - start);
}

void
loader_error(
    struct loader *l, const struct line *line, size_t at, const char *fmt, ...)
{
	struct source_pos pos = line->pos;
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (at == STR_NPOS) {
		diag_add(l->diags, SEVERITY_ERROR, pos, "%s", message);
		return;
	}
	pos.col += (uint32_t)at + 1;
	diag_add_excerpt(
	    l->diags, SEVERITY_ERROR, pos, line->text, at, "%s", message);
}

void
loader_warn(struct loader *l, const struct line *line, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	diag_add(l->diags, SEVERITY_WARNING, line->pos, "%s", message);
}

static void
begin(struct loader *l, const struct ruleset_options *options,
    struct diags *diags)
{
	*l = (struct loader){.options = options, .diags = diags};
	l->rs = mem_alloc(sizeof(*l->rs));
	arena_init(&l->rs->arena, 0);
	l->arena = &l->rs->arena;
	arena_init(&l->scratch, 0);
	l->rs->required_score = 5.0;
	l->lang = options->lang ? options->lang : "en_US";
	plugins_init(&l->plugins, options->plugins);
	replace_init(&l->tags);
	l->replace_rules = map_new(false);
	l->drafts = map_new(false);
	l->conditions = map_new(false);
	l->noted = map_new(false);
	l->files = map_new(false);
}

static void
free_patterns(struct rule *r)
{
	regex_free(&r->regex);
	for (size_t i = 0; i < r->criterion_count; i++)
		regex_free(&r->criteria[i].regex);
}

/* Names about which something was said, but that are no rules. */
static void
free_loose_drafts(struct loader *l)
{
	struct str name;
	size_t pos = 0;
	void *v;

	while (map_next(l->drafts, &pos, &name, &v)) {
		struct draft *d = v;

		if (!d->listed)
			free_patterns(&d->rule);
	}
}

static struct ruleset *
end(struct loader *l)
{
	struct ruleset *rs = l->rs;

	free_loose_drafts(l);
	finish_ruleset(l);
	VEC_FINI(&l->defined);
	VEC_FINI(&l->settings);
	VEC_FINI(&l->tests);
	VEC_FINI(&l->ifs);
	map_free(&l->replace_rules);
	map_free(&l->drafts);
	map_free(&l->conditions);
	map_free(&l->noted);
	map_free(&l->files);
	replace_fini(&l->tags);
	plugins_fini(&l->plugins);
	arena_fini(&l->scratch);
	return rs;
}

struct ruleset *
ruleset_load(const char *const *paths, size_t count,
    const struct ruleset_options *options, struct diags *diags)
{
	struct loader l;

	begin(&l, options, diags);
	for (size_t i = 0; i < count; i++)
		source_read_path(&l, paths[i]);
	return end(&l);
}

struct ruleset *
ruleset_parse(const char *name, struct str text,
    const struct ruleset_options *options, struct diags *diags)
{
	struct loader l;

	begin(&l, options, diags);
	source_read_text(&l, name, text);
	return end(&l);
}

void
ruleset_free(struct ruleset **rsp)
{
	struct ruleset *rs = *rsp;

	if (rs == NULL)
		return;
	for (size_t i = 0; i < rs->count; i++)
		free_patterns(&rs->rules[i]);
	map_free(&rs->by_name);
	free(rs->rules);
	arena_fini(&rs->arena);
	free(rs);
	*rsp = NULL;
}

const struct rule *
ruleset_find(const struct ruleset *rs, struct str name)
{
	return map_get(rs->by_name, name);
}

const char *
rule_type_text(enum rule_type type)
{
	static const char *const text[RULE_TYPE_COUNT] = {
	    [RULE_EMPTY] = "empty",
	    [RULE_HEADER] = "header",
	    [RULE_BODY] = "body",
	    [RULE_RAWBODY] = "rawbody",
	    [RULE_FULL] = "full",
	    [RULE_URI] = "uri",
	    [RULE_MIMEHEADER] = "mimeheader",
	    [RULE_URI_DETAIL] = "uri_detail",
	    [RULE_META] = "meta",
	    [RULE_HEADER_EVAL] = "header_eval",
	    [RULE_BODY_EVAL] = "body_eval",
	    [RULE_RAWBODY_EVAL] = "rawbody_eval",
	    [RULE_FULL_EVAL] = "full_eval",
	    [RULE_URI_EVAL] = "uri_eval",
	    [RULE_RBL_EVAL] = "rbl_eval",
	    [RULE_ASKDNS] = "askdns"};

	return text[type];
}

bool
ruleset_setting(const struct ruleset *rs, const char *key, size_t *pos,
    const struct rule_setting **out)
{
	for (; *pos < rs->setting_count; (*pos)++) {
		if (!str_is(rs->settings[*pos].key, key))
			continue;
		*out = &rs->settings[(*pos)++];
		return true;
	}
	return false;
}

bool
rule_is_helper(const struct rule *r)
{
	return r->hidden && r->action == RULE_ACTION_NONE;
}
