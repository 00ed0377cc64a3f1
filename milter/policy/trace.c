#include "policy/trace.h"

#include "policy/score.h"

#include <stdio.h>

static void
set_short(struct json *j, const char *key, struct str s)
{
	if (s.len > 0)
		json_set_str(j, key, str_head(s, TRACE_TEXT_MAX));
}

static void
set_where(struct json *j, struct source_pos pos)
{
	if (pos.file == NULL)
		return;
	json_set_str(j, "file", str_from(pos.file));
	json_set_int(j, "line", pos.line);
}

struct json *
trace_reasons(const struct verdict *v)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < v->reason_count; i++) {
		const struct verdict_reason *r = &v->reasons[i];
		struct json *j = json_new_object();

		json_set_str(
		    j, "class", str_from(verdict_class_text(r->class)));
		json_set_str(
		    j, "action", str_from(verdict_action_text(r->action)));
		json_set_str(j, "name", r->name);
		if (r->shadow)
			json_set_bool(j, "shadow", true);
		if (r == v->decisive)
			json_set_bool(j, "decided", true);
		set_short(j, "where", r->where);
		set_short(j, "detail", r->detail);
		json_append(list, j);
	}
	return list;
}

static struct json *
rule_to_json(const struct trace_input *in, const struct rule *r)
{
	const struct match_span *span =
	    in->hits->span ? &in->hits->span[r->index] : NULL;
	double value = in->hits->value[r->index];
	struct json *j = json_new_object();

	json_set_str(j, "name", r->name);
	json_set_double(j, "points",
	    score_of_rule(r, (unsigned)in->snapshot->config->score_set));
	if (value != 1)
		json_set_double(j, "count", value);
	if (span != NULL && span->text.p != NULL) {
		json_set_str(j, "view", str_from(span->view ? span->view : ""));
		set_short(j, "matched", span->text);
	}
	set_where(j, r->pos);
	return j;
}

/* Rules with points first have room; `__` rules are left out. */
static struct json *
rules_to_json(const struct trace_input *in)
{
	struct json *list = json_new_array();
	const struct ruleset *rs = in->snapshot->rules;

	for (size_t i = 0; i < in->hits->rule_count; i++) {
		if (in->hits->value[i] == 0 || rs->rules[i].hidden)
			continue;
		if (json_count(list) == TRACE_RULES_MAX)
			break;
		json_append(list, rule_to_json(in, &rs->rules[i]));
	}
	return list;
}

static struct json *
terms_to_json(const struct hits *hits, const struct dict *d)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < hits->term_count; i++) {
		const struct term_hit *t = &hits->terms[i];
		struct json *j;

		if (t->dict != d || json_count(list) == TRACE_TERMS_MAX)
			continue;
		j = json_new_object();
		json_set_str(
		    j, "term", str_head(t->term->written, TRACE_TEXT_MAX));
		json_set_int(j, "count", t->count);
		json_set_double(j, "weight", t->term->weight);
		json_set_int(j, "line", t->term->pos.line);
		json_append(list, j);
	}
	return list;
}

static struct json *
dicts_to_json(const struct hits *hits)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < hits->dict_count; i++) {
		const struct dict_score *d = &hits->dicts[i];
		struct json *terms = terms_to_json(hits, d->dict), *j;

		if (json_count(terms) == 0) {
			json_unref(&terms);
			continue;
		}
		j = json_new_object();
		json_set_str(j, "name", d->dict->name);
		json_set_double(j, "points", d->points);
		json_set_double(j, "threshold", d->dict->threshold);
		json_set_int(j, "distinct", d->distinct);
		if (d->over)
			json_set_bool(j, "over", true);
		json_set(j, "terms", terms);
		json_append(list, j);
	}
	return list;
}

static void
set_limited(struct json *j, const struct trace_input *in)
{
	struct json *list;

	if (in->hits->limited_count == 0)
		return;
	list = json_new_array();
	for (size_t i = 0; i < in->hits->limited_count; i++)
		json_append(list,
		    json_new_str(
			in->snapshot->rules->rules[in->hits->limited[i]].name));
	json_set(j, "limited", list);
}

static void
set_header(struct json *j, const char *key, struct message *m, const char *name)
{
	struct header_query q = {str_from(name), 0};
	struct str value;

	if (message_header(m, q, &value))
		set_short(j, key, str_trim(value));
}

static struct json *
message_to_json(struct message *m)
{
	struct json *j = json_new_object();

	set_header(j, "from", m, "From");
	set_header(j, "to", m, "To");
	set_header(j, "subject", m, "Subject");
	set_header(j, "message_id", m, "Message-ID");
	set_header(j, "date", m, "Date");
	json_set_int(j, "bytes", (int64_t)message_full(m).len);
	if (message_truncated(m))
		json_set_bool(j, "truncated", true);
	return j;
}

static void
set_version(struct json *j, const char *key, const uint8_t version[16])
{
	char hex[33];

	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", version[i]);
	json_set_str(j, key, str_make(hex, 32));
}

static void
set_verdict(struct json *j, const struct verdict *v)
{
	json_set_str(j, "verdict", str_from(verdict_action_text(v->action)));
	json_set_str(j, "class", str_from(verdict_class_text(v->class)));
	if (v->decisive != NULL)
		json_set_str(j, "by", v->decisive->name);
	json_set_double(j, "score", v->score);
	json_set_double(j, "required", v->required);
	if (v->reply.len > 0)
		json_set_str(j, "reply", v->reply);
	json_set(j, "reasons", trace_reasons(v));
}

struct json *
trace_record(const struct trace_input *in)
{
	struct json *j = json_new_object();

	json_set_int(j, "v", TRACE_VERSION);
	json_set_str(j, "ref", str_from(in->facts->ref));
	json_set_int(j, "at_ms", in->facts->now_ms);
	set_verdict(j, in->verdict);
	if (in->hits != NULL && in->hits->value != NULL) {
		json_set(j, "rules", rules_to_json(in));
		json_set(j, "dictionaries", dicts_to_json(in->hits));
		set_limited(j, in);
	}
	if (in->message != NULL)
		json_set(j, "message", message_to_json(in->message));
	json_set(j, "facts", facts_to_json(in->facts));
	set_version(j, "ruleset", in->snapshot->rules->version);
	json_set_int(j, "snapshot", (int64_t)in->snapshot->serial);
	return j;
}
