/*
 * How `postern check` shows one message: a line of JSON with every hit, or
 * lines for people with points and matched text.
 */
#include "base/clean.h"
#include "base/mem.h"
#include "cli/check.h"
#include "policy/score.h"

#include <stdlib.h>

#define MATCHED_MAX ((size_t)90)

/* ---- JSON --------------------------------------------------------------- */

struct hit {
	struct str name;
	double value;
};

static int
compare_hits(const void *a, const void *b)
{
	return str_cmp(
	    ((const struct hit *)a)->name, ((const struct hit *)b)->name);
}

/* Rules and dictionary symbols that hit, sorted bytewise. Heap. */
static struct hit *
sorted_hits(
    const struct snapshot *s, const struct offline_result *r, size_t *count_out)
{
	const struct hits *h = &r->hits;
	struct hit *v =
	    mem_array(h->rule_count + h->dict_count + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < h->rule_count; i++)
		if (h->value[i] != 0)
			v[n++] =
			    (struct hit){s->rules->rules[i].name, h->value[i]};
	for (size_t i = 0; i < h->dict_count; i++)
		if (h->dicts[i].points != 0 && h->dicts[i].dict->symbol.len)
			v[n++] = (struct hit){h->dicts[i].dict->symbol, 1};
	qsort(v, n, sizeof(*v), compare_hits);
	*count_out = n;
	return v;
}

static struct json *
number(double v)
{
	return v == (double)(int64_t)v ? json_new_int((int64_t)v)
				       : json_new_double(v);
}

/* Without recipients the connection and the sender were judged. */
static struct json *
recipients_to_json(const struct offline_result *r)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < r->rcpt_count || i == 0; i++) {
		const struct verdict *v = &r->rcpts[i];
		struct json *j = json_new_object();

		if (r->rcpt_count > 0)
			json_set_str(j, "rcpt", r->rcpt_names[i]);
		json_set_str(
		    j, "verdict", str_from(verdict_action_text(v->action)));
		json_set_str(
		    j, "class", str_from(verdict_class_text(v->class)));
		json_set_str(j, "reply", v->reply);
		json_set(j, "gates", check_gates_json(v, true));
		json_append(list, j);
	}
	return list;
}

/* Rules that were given up at a limit of matching. */
static struct json *
limited_to_json(const struct snapshot *s, const struct hits *h)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < h->limited_count; i++)
		json_append(
		    list, json_new_str(s->rules->rules[h->limited[i]].name));
	return list;
}

static bool
was_truncated(const struct offline_result *r)
{
	return r->message != NULL &&
	       (r->facts.truncated || message_truncated(r->message));
}

static void
print_json(const struct check_options *o, const struct snapshot *s,
    const char *name, const struct offline_result *r, struct buf *out)
{
	struct json *j = json_new_object(), *hits = json_new_array();
	struct json *counts = json_new_object();
	const struct verdict *v = &r->verdict;
	size_t count;
	struct hit *hit = sorted_hits(s, r, &count);

	json_set_str(j, "file", str_from(name));
	json_set_str(j, "verdict", str_from(verdict_action_text(v->action)));
	json_set_str(j, "class", str_from(verdict_class_text(v->class)));
	json_set_str(j, "reply", v->reply);
	json_set(j, "score", number(v->score));
	for (size_t i = 0; i < count; i++) {
		json_append(hits, json_new_str(hit[i].name));
		if (hit[i].value != 1) {
			char *key = mem_strndup(hit[i].name.p, hit[i].name.len);

			json_set(counts, key, number(hit[i].value));
			free(key);
		}
	}
	json_set(j, "hits", hits);
	json_set(j, "counts", counts);
	if (r->hits.limited_count > 0)
		json_set(j, "limited", limited_to_json(s, &r->hits));
	if (was_truncated(r))
		json_set_bool(j, "truncated", true);
	if (r->rcpts != NULL)
		json_set(j, "rcpts", recipients_to_json(r));
	if (r->message != NULL && (r->rcpts != NULL || o->verbose))
		json_set(j, "gates", check_gates_json(v, false));
	json_format(j, 0, out);
	buf_add_char(out, '\n');
	json_unref(&j);
	free(hit);
}

/* ---- for people --------------------------------------------------------- */

static void
print_verdict(const struct verdict *v, bool at_rcpt, struct buf *out)
{
	buf_add_cstr(out, verdict_action_text(v->action));
	if (v->class != CLASS_NONE)
		buf_printf(out, " (%s)", verdict_class_text(v->class));
	if (v->reply.len > 0) {
		buf_add_cstr(out, "\n    reply    ");
		clean_add_utf8(out, v->reply);
	}
	buf_add_char(out, '\n');
	check_gates_print(v, at_rcpt, out);
}

static void
print_rule(
    const struct snapshot *s, const struct hits *h, size_t i, struct buf *out)
{
	const struct rule *r = &s->rules->rules[i];
	struct match_span span = hits_span(h, i);
	double points = score_of_rule(r, (unsigned)s->config->score_set);

	buf_printf(out, "    %8.3f %.*s", points, STR_ARG(r->name));
	if (h->value[i] != 1)
		buf_printf(out, " x%g", h->value[i]);
	if (r->describe.len > 0) {
		buf_add_cstr(out, "  ");
		clean_add_utf8(out, r->describe);
	}
	buf_add_char(out, '\n');
	if (span.text.p == NULL)
		return;
	buf_printf(out, "             %s: \"", span.view ? span.view : "?");
	clean_add_short(out, span.text, MATCHED_MAX);
	buf_add_cstr(out, "\"\n");
}

static void
print_rules(const struct check_options *o, const struct snapshot *s,
    const struct hits *h, struct buf *out)
{
	size_t hidden = 0;

	for (size_t i = 0; i < h->rule_count; i++) {
		if (h->value[i] == 0)
			continue;
		if (s->rules->rules[i].hidden && !o->verbose)
			hidden++;
		else
			print_rule(s, h, i, out);
	}
	if (hidden > 0)
		buf_printf(out,
		    "    %zu rules without points (-v shows them)\n", hidden);
	for (size_t i = 0; i < h->limited_count; i++)
		buf_printf(out, "    limit    %.*s: a matching limit was hit\n",
		    STR_ARG(s->rules->rules[h->limited[i]].name));
}

static void
print_dicts(const struct hits *h, struct buf *out)
{
	for (size_t i = 0; i < h->dict_count; i++) {
		const struct dict_score *d = &h->dicts[i];
		bool named = false;

		for (size_t k = 0; k < h->term_count; k++) {
			const struct term_hit *t = &h->terms[k];

			if (t->dict != d->dict)
				continue;
			if (!named)
				buf_printf(out,
				    "    dictionary %.*s: %g points of %g%s\n",
				    STR_ARG(d->dict->name), d->points,
				    d->dict->threshold,
				    d->over ? ", over" : "");
			named = true;
			buf_printf(out, "    %8g ", t->term->weight * t->count);
			clean_add_utf8(out, t->term->written);
			buf_printf(out, " x%u\n", t->count);
		}
	}
}

static void
print_text(const struct check_options *o, const struct snapshot *s,
    const char *name, const struct offline_result *r, struct buf *out)
{
	size_t gates = r->rcpts == NULL ? 0 : r->rcpt_count;

	clean_add_utf8(out, str_from(name));
	buf_add_char(out, '\n');
	if (r->rcpts != NULL && gates == 0) {
		buf_add_cstr(out, "  client: ");
		print_verdict(&r->rcpts[0], true, out);
	}
	for (size_t i = 0; i < gates; i++) {
		buf_add_cstr(out, "  <");
		clean_add_utf8(out, r->rcpt_names[i]);
		buf_add_cstr(out, ">: ");
		print_verdict(&r->rcpts[i], true, out);
	}
	if (r->message == NULL) {
		buf_add_cstr(out, r->refused ? "  message: not asked for\n"
					     : "  message: none given\n");
		return;
	}
	buf_printf(out, "  message: score %.3f of %g, ", r->verdict.score,
	    r->verdict.required);
	print_verdict(&r->verdict, false, out);
	if (was_truncated(r))
		buf_add_cstr(out, "    truncated: a limit was reached, the "
				  "rest was not seen\n");
	print_rules(o, s, &r->hits, out);
	print_dicts(&r->hits, out);
}

void
check_print(const struct check_options *o, const struct snapshot *s,
    const char *name, const struct offline_result *r, struct buf *out)
{
	if (o->json)
		print_json(o, s, name, r, out);
	else
		print_text(o, s, name, r, out);
}
