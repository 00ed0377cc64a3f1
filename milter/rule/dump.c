#include "rule/dump.h"

#include "base/vec.h"
#include "rule/expr.h"

static void
set_bytes(struct json *j, const char *key, struct str s)
{
	if (s.len > 0)
		json_set(j, key, json_new_bytes(s));
}

/* As Perl prints a compiled pattern. */
static struct json *
compiled_form(struct str perl)
{
	struct json *j;
	struct buf b;

	buf_init(&b);
	buf_add(&b, STR("(?^aa:"));
	buf_add(&b, perl);
	buf_add_char(&b, ')');
	j = json_new_bytes(buf_str(&b));
	buf_fini(&b);
	return j;
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/*
 * Names the expression asks for, there or not, sorted, with repetitions; those
 * a glob stands for, too. None for a meta in a cycle, which waits for none.
 */
static struct json *
dump_deps(const struct rule *r)
{
	struct json *list = json_new_array();
	VEC(struct str) names = {0};

	for (uint32_t i = 0; r->code && i < r->code->dep_count; i++)
		*VEC_PUSH(&names) = r->code->dep_names[i];
	if (names.len > 1)
		qsort(names.v, names.len, sizeof(*names.v), by_text);
	for (size_t i = 0; i < names.len; i++)
		json_append(list, json_new_str(names.v[i]));
	VEC_FINI(&names);
	return list;
}

static struct json *
dump_criteria(const struct rule *r)
{
	struct json *all = json_new_object();

	for (size_t i = 0; i < r->criterion_count; i++) {
		const struct uri_criterion *c = &r->criteria[i];
		struct json *pair = json_new_array();
		char *key = mem_strndup(c->key.p, c->key.len);

		json_append(
		    pair, json_new_str(c->negated ? STR("!~") : STR("=~")));
		json_append(pair, compiled_form(c->perl));
		json_set(all, key, pair);
		free(key);
	}
	return all;
}

static const char *
action_text(enum rule_action a)
{
	static const char *const text[] = {"none", "reject", "tempfail",
	    "quarantine", "tag", "discard", "shadow"};

	return text[a];
}

static void
dump_call(struct json *j, const struct rule *r)
{
	struct buf b;

	buf_init(&b);
	buf_add(&b, r->eval);
	buf_add_char(&b, '(');
	buf_add(&b, r->eval_args);
	buf_add_char(&b, ')');
	json_set(j, "pattern", json_new_bytes(buf_str(&b)));
	buf_fini(&b);
	json_set(j, "eval", json_new_bytes(r->eval));
	json_set(j, "args", json_new_bytes(r->eval_args));
}

static void
dump_pattern(struct json *j, const struct rule *r)
{
	set_bytes(j, "header", r->header);
	if (r->exists)
		json_set_bool(j, "exists", true);
	if (r->negated)
		json_set_bool(j, "neg", true);
	if (r->has_unset)
		set_bytes(j, "if_unset", r->unset);
	set_bytes(j, "pattern", r->literal);
	if (r->type != RULE_MIMEHEADER)
		set_bytes(j, "source", r->written);
	if (r->perl.p != NULL && !r->exists)
		json_set(j, "re", compiled_form(r->perl));
	if (r->before_tags.len > 0)
		json_set(j, "re_before_replace", compiled_form(r->before_tags));
}

static void
dump_scores(struct json *j, const struct rule *r, unsigned score_set)
{
	struct json *scores = json_new_array();

	for (size_t i = 0; i < 4; i++)
		json_append(scores, json_new_double(r->score[i]));
	json_set_double(j, "score", r->score[score_set]);
	json_set(j, "scores", scores);
}

static void
dump_conditions(struct json *j, const struct rule *r)
{
	struct json *list;

	if (r->condition_count == 0)
		return;
	list = json_new_array();
	for (size_t i = 0; i < r->condition_count; i++)
		json_append(list, json_new_str(r->conditions[i]));
	json_set(j, "conditions", list);
}

struct json *
rule_dump(const struct rule *r, unsigned score_set)
{
	struct json *j = json_new_object();

	json_set_str(j, "name", r->name);
	json_set_str(j, "type", str_from(rule_type_text(r->type)));
	if (r->type == RULE_META) {
		json_set(j, "pattern", json_new_bytes(r->meta));
		json_set(j, "expr", json_new_bytes(r->meta));
		json_set(j, "deps", dump_deps(r));
	} else if (r->eval.len > 0 && r->type >= RULE_HEADER_EVAL) {
		dump_call(j, r);
	} else if (r->type == RULE_URI_DETAIL) {
		json_set(j, "uri_detail", dump_criteria(r));
	} else if (r->type >= RULE_HEADER && r->type <= RULE_MIMEHEADER) {
		dump_pattern(j, r);
	}
	if (r->replaced)
		json_set_bool(j, "replace", true);
	set_bytes(j, "tflags", r->tflags);
	if (r->priority_set != 0)
		json_set_int(j, "priority", r->priority_set);
	dump_scores(j, r, score_set);
	set_bytes(j, "describe", r->describe);
	if (r->action != RULE_ACTION_NONE)
		json_set_str(j, "action", str_from(action_text(r->action)));
	set_bytes(j, "action_text", r->action_text);
	json_set_bool(j, "enabled", r->enabled);
	json_set_str(j, "file", str_from(r->pos.file));
	json_set_int(j, "line", r->pos.line);
	dump_conditions(j, r);
	return j;
}
