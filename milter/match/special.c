#include "match/special.h"

#include "base/block.h"
#include "mail/uri.h"
#include "match/hits.h"
#include "match/scratch.h"
#include "rule/limits.h"
#include "rule/template.h"

void
special_exists(struct run *r)
{
	const struct special_list *list = &r->plan->exists;

	for (size_t i = 0; i < list->len; i++)
		if (r->texts->list[VIEW_HEADER].v[list->v[i].key].p != NULL)
			r->hits->value[list->v[i].rule->index] = 1;
}

static void
run_special(
    struct run *r, const struct special *special, const struct regex *regex)
{
	struct tag_values *values = NULL;
	struct attempt t = {
	    .rule = special->rule, .regex = regex, .view = special->view};

	if (special->rule->captures)
		values = arena_zalloc(r->arena, sizeof(*values));
	t.values = values;
	attempt_all(r, &t, special->key);
	if (values != NULL)
		capture_set(&r->tags, values);
}

void
special_captures(struct run *r)
{
	const struct special_list *list = &r->plan->captures;

	for (size_t i = 0; i < list->len; i++)
		run_special(r, &list->v[i], list->v[i].rule->regex);
}

/* ---- templates
 * --------------------------------------------------------------- */

/* HEADER(From:addr) and tags that stand for a header. */
static bool
header_tag(const struct tag_source *source, struct str name, struct str *out)
{
	struct str query = STR_NONE;

	if (source == NULL)
		return false;
	if (str_starts(name, STR("HEADER(")) && name.p[name.len - 1] == ')')
		query = str_make(name.p + 7, name.len - 8);
	else if (str_is(name, "SENDERDOMAIN"))
		query = STR("X-SenderDomain");
	else if (str_is(name, "AUTHORDOMAIN"))
		query = STR("X-AuthorDomain");
	if (query.len == 0 || !source->header(source->context, query, out))
		return false;
	*out = str_trim_right(*out);
	return out->len > 0;
}

static size_t
tag_values(void *context, struct str name, struct str *values, size_t max)
{
	const struct run *r = context;
	const struct tag *t = capture_find(&r->tags, name);
	size_t n = 0;

	if (t == NULL)
		return max > 0 && header_tag(r->source, name, values) ? 1 : 0;
	for (; n < t->count && n < max; n++)
		values[n] = t->values[n];
	return n;
}

/* Bytes no rule asks for: where they are required, a tag's value is. */
#define TAG_MARK "\x01\x02\x01\x02"

/* The next tag of a template's pattern: its name; false: none is left.
 * `*before` is what comes before it, `*rest` goes on behind it. */
static bool
next_tag(struct str *rest, struct str *before, struct str *name_out)
{
	size_t start = str_find(*rest, STR("%\\{")), end;

	*before = *rest;
	if (start == STR_NPOS)
		return false;
	end = str_find(str_skip(*rest, start), STR("\\}"));
	if (end == STR_NPOS)
		return false;
	*before = str_head(*rest, start);
	*name_out = str_make(rest->p + start + 3, end - 3);
	*rest = str_skip(*rest, start + end + 2);
	return true;
}

/* What is required when anything may stand for a tag, and the mark for number
 * `marked`. */
static void
need_around_tags(const struct rule *rule, size_t marked, struct arena *a,
    struct literal_need *out)
{
	struct str rest = rule->pattern, before, name;
	struct buf b;

	buf_init_arena(&b, a);
	for (size_t i = 0; next_tag(&rest, &before, &name); i++) {
		buf_add(&b, before);
		buf_add_cstr(&b, i == marked ? TAG_MARK : "(?s:.*)");
	}
	buf_add(&b, rest);
	*out = (struct literal_need){0};
	if (!b.failed)
		literal_extract(buf_str(&b), rule->regex_flags, a, out);
}

static bool
requires_mark(const struct literal_need *need)
{
	for (size_t c = 0; c < need->count; c++) {
		const struct literal_clause *clause = &need->clause[c];
		size_t i = 0;

		while (i < clause->len &&
		       str_find(clause->v[i].text, STR("\x01\x02")) != STR_NPOS)
			i++;
		if (i > 0 && i == clause->len)
			return true;
	}
	return false;
}

void
special_template_need(struct special *special, struct arena *a)
{
	struct str rest = special->rule->pattern, before, name;
	struct literal_need need;

	need_around_tags(special->rule, SIZE_MAX, a, &special->need);
	for (size_t i = 0; special->tag_count < SPECIAL_TAGS_MAX &&
			   next_tag(&rest, &before, &name);
	     i++) {
		need_around_tags(special->rule, i, a, &need);
		if (requires_mark(&need))
			special->tags[special->tag_count++] = name;
	}
}

static bool
string_has_clause(struct str s, const struct literal_clause *c)
{
	for (size_t i = 0; i < c->len; i++)
		if ((c->v[i].nocase ? str_find_nocase(s, c->v[i].text)
				    : str_find(s, c->v[i].text)) != STR_NPOS)
			return true;
	return false;
}

static bool
string_has_all(struct str s, const struct literal_need *need)
{
	for (size_t i = 0; i < need->count; i++)
		if (!string_has_clause(s, &need->clause[i]))
			return false;
	return true;
}

/* The values of a template's tags: one of each tag must be there. */
struct wanted {
	struct str *values;
	size_t count[SPECIAL_TAGS_MAX]; /* of one tag */
	size_t tags;
};

static bool
string_has_values(struct str s, const struct wanted *w)
{
	const struct str *v = w->values;

	for (size_t t = 0; t < w->tags; v += w->count[t++]) {
		size_t i = 0;

		while (i < w->count[t] && str_find_nocase(s, v[i]) == STR_NPOS)
			i++;
		if (i == w->count[t])
			return false;
	}
	return true;
}

/* Other letters than ASCII's are not looked for: patterns fold their case. */
static void
want_tag(struct run *r, struct str tag, struct wanted *w, size_t *used)
{
	struct str *v = w->values + *used;
	size_t n = tag_values(r, tag, v, TEMPLATE_VALUE_MAX);

	for (size_t i = 0; i < n; i++)
		if (!block_is_ascii(v[i]))
			return;
	if (n == 0)
		return;
	w->count[w->tags++] = n;
	*used += n;
}

static void
want_tags(struct run *r, const struct special *special, struct wanted *w)
{
	size_t used = 0;

	w->values = arena_alloc(r->arena,
	    (special->tag_count + 1) * TEMPLATE_VALUE_MAX * sizeof(*w->values));
	for (size_t i = 0; w->values != NULL && i < special->tag_count; i++)
		want_tag(r, special->tags[i], w, &used);
}

/* Compiling costs more than looking at every string. */
static bool
template_may_match(struct run *r, const struct special *special)
{
	const struct str_list *list = &r->texts->list[special->view];
	struct wanted w = {0};

	for (size_t i = attempt_first(special->view, special->key);
	     i < list->len; i += attempt_step(r->plan, special->view)) {
		if (!string_has_all(list->v[i], &special->need))
			continue;
		if (w.values == NULL)
			want_tags(r, special, &w);
		if (string_has_values(list->v[i], &w))
			return true;
	}
	return false;
}

void
special_template(struct run *r, const struct special *special)
{
	const struct rule *rule = special->rule;
	struct regex_error error;
	struct regex *regex;
	struct str pattern;

	if (!template_may_match(r, special))
		return;
	pattern = template_fill(rule, r->arena, tag_values, r);
	if (pattern.p == NULL)
		return;
	regex = regex_compile(pattern, rule->regex_flags, &error);
	if (regex == NULL)
		return;
	run_special(r, special, regex);
	regex_free(&regex);
}

void
special_templates(struct run *r)
{
	const struct special_list *list = &r->plan->templates;

	for (size_t i = 0; i < list->len; i++) {
		const struct rule *rule = list->v[i].rule;

		/* Others may use the tags it sets. */
		if (r->leaves_open && rule_is_helper(rule) && !rule->captures)
			run_leave_open(r, rule->index,
			    (struct open_rule){.job = (uint32_t)i});
		else
			special_template(r, &list->v[i]);
	}
}

/* ---- mimeheader --------------------------------------------------------- */

/* All nodes' values of one header, each ending in a newline. */
static struct str
join_nodes(struct run *r, const struct special *special)
{
	const struct str_list *list = &r->texts->list[VIEW_MIME];
	struct buf all;

	buf_init_arena(&all, r->arena);
	for (size_t i = special->key; i < list->len;
	     i += r->plan->queries.mime_count) {
		struct str v = list->v[i];

		if (v.p == NULL)
			v = special->rule->unset;
		if (!attempt_in_range(r, special->rule, i))
			continue;
		buf_add(&all, v);
		if (v.len == 0 || v.p[v.len - 1] != '\n')
			buf_add_char(&all, '\n');
	}
	return buf_str(&all);
}

void
special_concats(struct run *r)
{
	const struct special_list *list = &r->plan->concats;

	for (size_t i = 0; i < list->len; i++) {
		const struct rule *rule = list->v[i].rule;
		struct attempt t = {
		    .rule = rule, .regex = rule->regex, .view = VIEW_MIME};

		attempt_match(r, &t, join_nodes(r, &list->v[i]));
	}
}

/*
 * A negated mimeheader rule hits every message: SpamAssassin 4.0.1 never counts
 * what its negated pattern found, and rule files are judged by what it does.
 */
void
special_mime_negated(struct run *r)
{
	for (size_t i = 0; i < r->plan->mime_negated_count; i++)
		r->hits->value[r->plan->mime_negated[i]] = 1;
}

/* ---- uri_detail --------------------------------------------------------- */

static bool
criterion_matches(struct run *r, const struct uri_criterion *c, struct str text)
{
	bool matched =
	    regex_match(c->regex, r->scratch->regex, text, 0, NULL) == 1;

	return matched != c->negated;
}

static bool
any_matches(struct run *r, const struct uri_criterion *c, struct str_list list)
{
	for (size_t i = 0; i < list.len; i++)
		if (criterion_matches(r, c, list.v[i]))
			return true;
	return false;
}

static bool
any_type_matches(
    struct run *r, const struct uri_criterion *c, const struct uri *uri)
{
	for (unsigned i = 0; i < URI_TYPE_COUNT; i++)
		if ((uri->types >> i & 1) != 0 &&
		    criterion_matches(
			r, c, str_from(uri_type_name((enum uri_type)i))))
			return true;
	return false;
}

/* Of a list one element has to satisfy the operator, `!~` as well. */
static bool
uri_satisfies(
    struct run *r, const struct uri_criterion *c, const struct uri *uri)
{
	if (c->regex == NULL)
		return false;
	if (str_is(c->key, "raw"))
		return criterion_matches(r, c, uri->raw);
	if (str_is(c->key, "type"))
		return any_type_matches(r, c, uri);
	if (str_is(c->key, "cleaned"))
		return any_matches(r, c, uri->cleaned);
	if (str_is(c->key, "text"))
		return any_matches(r, c, uri->texts);
	if (str_is(c->key, "domain"))
		return any_matches(r, c, uri->domains);
	for (size_t i = 0; i < uri->host_count; i++)
		if (criterion_matches(r, c, uri->hosts[i].host))
			return true;
	return false;
}

static bool
uri_satisfies_all(struct run *r, const struct rule *rule, const struct uri *uri)
{
	for (size_t i = 0; i < rule->criterion_count; i++)
		if (!uri_satisfies(r, &rule->criteria[i], uri))
			return false;
	return true;
}

void
special_uri_detail(struct run *r, const struct special *special)
{
	const struct rule *rule = special->rule;
	uint64_t start = cost_start(&r->scratch->cost);

	for (size_t k = 0; k < r->texts->uris.len; k++) {
		const struct uri *uri = &r->texts->uris.v[k];

		if (!uri_satisfies_all(r, rule, uri))
			continue;
		r->hits->value[rule->index] = 1;
		hits_add_span(r->hits, r->arena, rule->index,
		    (struct match_span){
			.text = uri->raw, .view = view_text(VIEW_URI)});
		break;
	}
	cost_stop(&r->scratch->cost, rule->index, start);
}

void
special_uri_details(struct run *r)
{
	const struct special_list *list = &r->plan->uri_details;

	if (r->texts->uris.len == 0)
		return;
	for (size_t i = 0; i < list->len; i++) {
		const struct special *special = &list->v[i];

		if (r->leaves_open && rule_is_helper(special->rule))
			run_leave_open(r, special->rule->index,
			    (struct open_rule){.job = (uint32_t)i});
		else
			special_uri_detail(r, special);
	}
}
