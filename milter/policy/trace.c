#include "policy/trace.h"

#include "policy/score.h"

static void
put_short(struct json_writer *w, const char *key, struct str s)
{
	if (s.len > 0)
		json_write_str(w, key, str_head(s, TRACE_TEXT_MAX));
}

static void
put_where(struct json_writer *w, struct source_pos pos)
{
	if (pos.file == NULL)
		return;
	json_write_str(w, "file", str_from(pos.file));
	json_write_int(w, "line", pos.line);
}

static void
write_reasons(struct json_writer *w, const struct verdict *v)
{
	json_write_array(w, "reasons");
	for (size_t i = 0; i < v->reason_count; i++) {
		const struct verdict_reason *r = &v->reasons[i];

		json_write_object(w, NULL);
		json_write_str(
		    w, "class", str_from(verdict_class_text(r->class)));
		json_write_str(
		    w, "action", str_from(verdict_action_text(r->action)));
		json_write_str(w, "name", r->name);
		if (r->shadow)
			json_write_bool(w, "shadow", true);
		if (r == v->decisive)
			json_write_bool(w, "decided", true);
		put_short(w, "where", r->where);
		put_short(w, "detail", r->detail);
		json_write_end_object(w);
	}
	json_write_end_array(w);
}

static void
write_rule(
    struct json_writer *w, const struct trace_input *in, const struct rule *r)
{
	struct match_span span = hits_span(in->hits, r->index);
	double value = in->hits->value[r->index];

	json_write_object(w, NULL);
	json_write_str(w, "name", r->name);
	json_write_double(w, "points",
	    score_of_rule(r, (unsigned)in->snapshot->config->score_set));
	if (value != 1)
		json_write_double(w, "count", value);
	if (span.text.p != NULL) {
		json_write_str(w, "view", str_from(span.view ? span.view : ""));
		put_short(w, "matched", span.text);
	}
	put_where(w, r->pos);
	json_write_end_object(w);
}

/* `__` rules are left out. */
static void
write_rules(struct json_writer *w, const struct trace_input *in)
{
	const struct ruleset *rs = in->snapshot->rules;
	size_t written = 0;

	json_write_array(w, "rules");
	for (size_t i = hits_next(in->hits, 0); i != SIZE_MAX;
	     i = hits_next(in->hits, i + 1)) {
		if (rs->rules[i].hidden)
			continue;
		if (written++ == TRACE_RULES_MAX)
			break;
		write_rule(w, in, &rs->rules[i]);
	}
	json_write_end_array(w);
}

static void
write_terms(
    struct json_writer *w, const struct hits *hits, const struct dict *d)
{
	size_t written = 0;

	json_write_array(w, "terms");
	for (size_t i = 0; i < hits->term_count; i++) {
		const struct term_hit *t = &hits->terms[i];

		if (t->dict != d || written == TRACE_TERMS_MAX)
			continue;
		written++;
		json_write_object(w, NULL);
		json_write_str(
		    w, "term", str_head(t->term->written, TRACE_TEXT_MAX));
		json_write_int(w, "count", t->count);
		json_write_double(w, "weight", t->term->weight);
		json_write_int(w, "line", t->term->pos.line);
		json_write_end_object(w);
	}
	json_write_end_array(w);
}

static bool
has_terms(const struct hits *hits, const struct dict *d)
{
	for (size_t i = 0; i < hits->term_count; i++)
		if (hits->terms[i].dict == d)
			return true;
	return false;
}

static void
write_dicts(struct json_writer *w, const struct hits *hits)
{
	json_write_array(w, "dictionaries");
	for (size_t i = 0; i < hits->dict_count; i++) {
		const struct dict_score *d = &hits->dicts[i];

		if (!has_terms(hits, d->dict))
			continue;
		json_write_object(w, NULL);
		json_write_str(w, "name", d->dict->name);
		json_write_double(w, "points", d->points);
		json_write_double(w, "threshold", d->dict->threshold);
		json_write_int(w, "distinct", d->distinct);
		if (d->over)
			json_write_bool(w, "over", true);
		write_terms(w, hits, d->dict);
		json_write_end_object(w);
	}
	json_write_end_array(w);
}

static void
write_limited(struct json_writer *w, const struct trace_input *in)
{
	const struct ruleset *rs = in->snapshot->rules;

	if (in->hits->limited_count == 0)
		return;
	json_write_array(w, "limited");
	for (size_t i = 0; i < in->hits->limited_count; i++)
		json_write_str(w, NULL, rs->rules[in->hits->limited[i]].name);
	json_write_end_array(w);
}

static void
put_header(
    struct json_writer *w, const char *key, struct message *m, const char *name)
{
	struct header_query q = {str_from(name), 0};
	struct str value;

	if (message_header(m, q, &value))
		put_short(w, key, str_trim(value));
}

static void
write_message(struct json_writer *w, struct message *m)
{
	json_write_object(w, "message");
	put_header(w, "from", m, "From");
	put_header(w, "to", m, "To");
	put_header(w, "subject", m, "Subject");
	put_header(w, "message_id", m, "Message-ID");
	put_header(w, "date", m, "Date");
	json_write_int(w, "bytes", (int64_t)message_full(m).len);
	if (message_truncated(m))
		json_write_bool(w, "truncated", true);
	json_write_end_object(w);
}

static void
put_version(struct json_writer *w, const char *key, const uint8_t version[16])
{
	static const char digit[] = "0123456789abcdef";
	char hex[32];

	for (int i = 0; i < 16; i++) {
		hex[2 * i] = digit[version[i] >> 4];
		hex[2 * i + 1] = digit[version[i] & 15];
	}
	json_write_str(w, key, str_make(hex, sizeof(hex)));
}

static void
write_verdict(struct json_writer *w, const struct verdict *v)
{
	json_write_str(w, "verdict", str_from(verdict_action_text(v->action)));
	json_write_str(w, "class", str_from(verdict_class_text(v->class)));
	if (v->decisive != NULL)
		json_write_str(w, "by", v->decisive->name);
	json_write_double(w, "score", v->score);
	json_write_double(w, "required", v->required);
	if (v->reply.len > 0)
		json_write_str(w, "reply", v->reply);
	write_reasons(w, v);
}

void
trace_write(const struct trace_input *in, struct json_writer *w)
{
	json_write_int(w, "v", TRACE_VERSION);
	json_write_str(w, "ref", str_from(in->facts->ref));
	json_write_int(w, "at_ms", in->facts->now_ms);
	write_verdict(w, in->verdict);
	if (in->hits != NULL && in->hits->value != NULL) {
		write_rules(w, in);
		write_dicts(w, in->hits);
		write_limited(w, in);
	}
	if (in->message != NULL)
		write_message(w, in->message);
	facts_write(in->facts, w, "facts");
	put_version(w, "ruleset", in->snapshot->rules->version);
	json_write_int(w, "snapshot", (int64_t)in->snapshot->serial);
}
