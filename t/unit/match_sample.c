/*
 * What common mail has in every message is not looked for, neither literals nor
 * shapes; what it has not, or one message alone, is.
 */
#include "match/sample.h"

#include "match/plan.h"
#include "match/tree.h"
#include "tap.h"

struct fixture {
	struct sample sample;
	struct prepared_query headers[2];
};

static void
fixture_init(struct fixture *f)
{
	static const char *const names[] = {
	    "Received", "X-Spam-Relays-External"};
	struct query_set queries = {.headers = f->headers, .header_count = 2};

	for (size_t i = 0; i < queries.header_count; i++) {
		struct header_query q;

		ok(header_query_parse(str_from(names[i]), &q), "query %s",
		    names[i]);
		f->headers[i] = header_query_prepare(q);
	}
	sample_init(&f->sample, &queries);
}

/* Clauses left of a pattern for the strings of one key. */
static size_t
clauses(const struct sample_strings *sample, const char *pattern)
{
	struct literal_need need;
	struct arena a;
	size_t n;

	arena_init(&a, 0);
	literal_extract_tree(
	    tree_parse(str_from(pattern), 0, &a), sample, &a, &need);
	n = need.count;
	arena_fini(&a);
	return n;
}

static void
test_texts(const struct fixture *f)
{
	static const enum view views[] = {
	    VIEW_BODY, VIEW_RAWBODY, VIEW_URI, VIEW_FULL};
	struct sample_strings s;

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		sample_strings(&f->sample, views[i], 0, 1, &s);
		for (size_t k = 0; k < SAMPLE_MESSAGES; k++)
			ok(s.list[k].len > 0, "message %zu has a %s", k,
			    view_text(views[i]));
	}
	sample_strings(&f->sample, VIEW_HEADER, 1, 2, &s);
	for (size_t k = 0; k < SAMPLE_MESSAGES; k++) {
		is_int(s.list[k].len, 1, "message %zu has relays", k);
		ok(str_starts(s.list[k].v[0], STR("[ ip=")), "as records");
	}
}

static void
test_common(const struct fixture *f)
{
	static const struct {
		enum view view;
		size_t key;
		const char *pattern;
		size_t clauses;
	} cases[] = {
	    {VIEW_URI, 0, "http://", 0},
	    {VIEW_URI, 0, "https?://[^/]+/wp-content/", 1},
	    {VIEW_RAWBODY, 0, "(?:<[a-z]{4,9}>\\s*){10}", 0},
	    {VIEW_RAWBODY, 0, "<marquee [^>]+>", 1},
	    {VIEW_HEADER, 0, "from (?:[a-z]+ )?by ", 0},
	    {VIEW_HEADER, 0, "from .{1,20}\\(EarthLink\\)", 1},
	    {VIEW_HEADER, 1, "rdns=\\S+ helo=", 0},
	    {VIEW_HEADER, 1, "^\\[ ip=\\d[^\\]]+ helo=friend ", 1},
	    {VIEW_BODY, 0, "you", 0}, {VIEW_BODY, 0, "\\bin .{1,9} lottery", 1},
	    {VIEW_BODY, 0, "mailing list", 1}, /* one message has it */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample_strings s;

		sample_strings(&f->sample, cases[i].view, cases[i].key,
		    cases[i].view == VIEW_HEADER ? 2 : 1, &s);
		is_int(clauses(&s, cases[i].pattern), cases[i].clauses,
		    "clauses of %s", cases[i].pattern);
	}
	is_int(clauses(NULL, "http://"), 1, "all clauses without a sample");
}

#define COMMON_SHAPE "header A Received =~ /\\[\\d+\\.\\d+\\.\\d+\\.\\d+\\]/\n"
#define RARE_SHAPE "header B Received =~ /[A-F]{9}[u-z]{3}[A-F]{9}/\n"

/* Are shapes looked for in headers, and the first rule tried only then? */
static void
test_shapes(const char *rules, bool looked_for, const char *what)
{
	struct ruleset_options options = {.plugins = PLUGINS_LOCAL};
	struct plan_options plain = {0};
	const struct work *w;
	struct ruleset *rs;
	struct diags diags;
	struct plan *p;

	diags_init(&diags, 0);
	rs = ruleset_parse("test", str_from(rules), &options, &diags);
	p = plan_new(rs, NULL, &plain, &diags);
	is_int(diags.len, 0, "the rules load");
	w = &p->work[VIEW_HEADER];
	is_int(w->group_count, looked_for, "%s", what);
	is_int(w->jobs[0].always, !looked_for, "and its rule");
	plan_free(&p);
	ruleset_free(&rs);
	diags_fini(&diags);
}

int
main(void)
{
	struct fixture f;

	fixture_init(&f);
	test_texts(&f);
	test_common(&f);
	test_shapes(COMMON_SHAPE, false, "what all have is not looked for");
	test_shapes(RARE_SHAPE, true, "what few have is");
	test_shapes(
	    COMMON_SHAPE RARE_SHAPE, true, "together they cost the same");
	sample_fini(&f.sample);
	return done_testing();
}
