#include "peer/rep_code.h"

#include "peer/rep_keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void
rep_evidence_format(
    const struct rep_evidence *e, char text[static REP_EVIDENCE_TEXT_MAX])
{
	double score = e->score;

	if (!isfinite(score) || fabs(score) > 1e6)
		score = 0;
	(void)snprintf(text, REP_EVIDENCE_TEXT_MAX, "%lld %s%s %s %.4g %s",
	    (long long)(e->at_ms / 1000), e->disputed ? "!" : "",
	    rep_class_text(e->class), e->rule[0] ? e->rule : "-", score,
	    e->ref[0] ? e->ref : "-");
}

/* One word of printable ASCII, whatever came. */
static void
copy_word(char *to, size_t size, const char *from, size_t from_size)
{
	size_t n = 0;

	while (n < size - 1 && n < from_size && from[n] != '\0') {
		to[n] = (unsigned char)from[n] <= ' ' ||
				(unsigned char)from[n] >= 0x7f
			    ? '_'
			    : from[n];
		n++;
	}
	to[n] = '\0';
}

static void
set_word(char *to, size_t size, struct str word)
{
	if (str_is(word, "-"))
		word = STR("");
	copy_word(to, size, word.p, word.len);
}

bool
rep_evidence_parse(struct str text, struct rep_evidence *out)
{
	struct rep_evidence e = {0};
	struct str class, rule, score, ref;
	double points = 0;

	if (!rep_time_parse(str_word(&text), 1000, &e.at_ms))
		return false;
	class = str_word(&text);
	rule = str_word(&text);
	score = str_word(&text);
	ref = str_word(&text);
	if (str_starts(class, STR("!"))) {
		e.disputed = true;
		class = str_skip(class, 1);
	}
	if (!rep_class_parse(class, &e.class) || ref.len == 0)
		return false;
	if (!rep_sum_parse(
		str_skip(score, str_starts(score, STR("-"))), &points))
		return false;
	e.score = str_starts(score, STR("-")) ? -points : points;
	set_word(e.rule, sizeof(e.rule), rule);
	set_word(e.ref, sizeof(e.ref), ref);
	*out = e;
	return true;
}

void
rep_evidence_of(const struct rep_event *e, struct rep_evidence *out)
{
	*out = (struct rep_evidence){
	    .at_ms = e->at_ms, .class = e->class, .score = e->score};
	copy_word(out->rule, sizeof(out->rule), e->rule, sizeof(e->rule));
	copy_word(out->ref, sizeof(out->ref), e->ref, sizeof(e->ref));
}

static void
add_field(void *ctx, const char *name, const char *value)
{
	json_set_str(ctx, name, str_from(value));
}

struct json *
rep_record_json(const char *unit, const struct rep_record *r)
{
	struct json *j = json_new_object(), *part;
	char text[REP_EVIDENCE_TEXT_MAX];

	json_set_str(j, "unit", str_from(unit));
	if (r->exists) {
		part = json_new_object();
		rep_unit_each(&r->unit, add_field, part);
		json_set(j, "rep", part);
	}
	if (r->has_listing) {
		part = json_new_object();
		rep_listing_each(&r->listing, add_field, part);
		json_set(j, "list", part);
	}
	if (r->evidence_count > 0) {
		part = json_new_array();
		for (size_t i = 0; i < r->evidence_count; i++) {
			rep_evidence_format(&r->evidence[i], text);
			json_append(part, json_new_str(str_from(text)));
		}
		json_set(j, "evidence", part);
	}
	if (r->seq != 0)
		json_set_int(j, "seq", (int64_t)r->seq);
	return j;
}

static bool
read_part(const struct json *part, struct rep_record *r, bool listing)
{
	void *iter = NULL;
	const char *name;
	struct json *value;

	if (!json_is_object(part))
		return false;
	while (json_next(part, &iter, &name, &value)) {
		struct str n = str_from(name), v = json_str(value);

		if (!json_is_string(value) ||
		    !(listing ? rep_listing_set(&r->listing, n, v)
			      : rep_unit_set(&r->unit, n, v)))
			return false;
	}
	return true;
}

bool
rep_record_from_json(
    const struct json *j, struct str *unit_out, struct rep_record *out)
{
	struct json *rep = json_get(j, "rep"), *list = json_get(j, "list");
	struct json *evidence = json_get(j, "evidence");
	struct str unit = json_get_str(j, "unit");
	struct cidr c;
	enum rep_kind kind;

	*out = (struct rep_record){.exists = rep != NULL,
	    .has_listing = list != NULL,
	    .seq = (uint64_t)json_get_int(j, "seq", 0)};
	if (!rep_name_parse(unit, &c, &kind) ||
	    (rep != NULL && !read_part(rep, out, false)) ||
	    (list != NULL && !read_part(list, out, true)))
		return false;
	for (size_t i = 0; evidence != NULL && i < json_count(evidence) &&
			   i < REP_EVIDENCE_MAX;
	     i++)
		if (!rep_evidence_parse(json_str(json_at(evidence, i)),
			&out->evidence[out->evidence_count++]))
			return false;
	*unit_out = unit;
	return true;
}
