/* Lines to rules: names, types, patterns, scores, flags, conditions, errors. */
#include "rule/ruleset.h"

#include "base/vec.h"
#include "rule/dump.h"
#include "rule/evalcall.h"
#include "rule/limits.h"
#include "tap.h"

#include <math.h>

static struct ruleset *
parse(const char *text, enum plugin_set plugins, struct diags *d)
{
	struct ruleset_options o = {.plugins = plugins};

	diags_init(d, 0);
	return ruleset_parse("t.cf", str_from(text), &o, d);
}

/* Rules as "type:name ...", in order. */
static void
list_rules(const struct ruleset *rs, struct buf *out)
{
	for (size_t i = 0; i < rs->count; i++)
		buf_printf(out, "%s%s:%.*s", i ? " " : "",
		    rule_type_text(rs->rules[i].type),
		    STR_ARG(rs->rules[i].name));
}

static const struct {
	const char *text;
	const char *rules;
	unsigned errors;
} files[] = {
    {"body A /x/", "body:A", 0},
    {"  body\tA\t/x/  # why", "body:A", 0},
    {"Body A /x/\nRAWBODY B /y/", "body:A rawbody:B", 0},
    {"full A m{^x}\nuri B m,y,i", "full:A uri:B", 0},
    {"body A /x\\#y/", "body:A", 0},
    {"body A /x#y/", "", 1},
    {"body A", "", 1},
    {"body", "", 1},
    {"nonsense A /x/\nbody B /y/", "body:B", 1},
    {"body 1A /x/\nbody A.B /x/\nbody a /x/", "body:a", 2},
    {"body A /bad(/\nbody A /good/\nbody A /bad(/", "body:A", 2},
    {"body A /x/\nmeta A 1\nbody B /y/", "meta:A body:B", 0},
    {"header A Subject =~ /x/", "header:A", 0},
    {"header A From:addr:first !~ /x/ [if-unset: none]", "header:A", 0},
    {"header A From:nope =~ /x/", "", 1},
    {"header A Subject /x/", "", 1},
    {"header A exists:X-Y", "header:A", 0},
    {"header A !exists:X-Y", "", 1},
    {"header A exists:X Y", "", 1},
    {"header A eval:f('a', 2)", "header_eval:A", 0},
    {"header A eval:check_rbl('a')", "rbl_eval:A", 0},
    {"body A eval:f()\nrawbody B eval:g()\nfull C eval:h()",
	"body_eval:A rawbody_eval:B full_eval:C", 0},
    {"uri A eval:f()", "", 1},
    {"body A eval:f", "", 1},
    {"body A eval:f(a b)", "body_eval:A", 1},
    {"meta A B && !C", "meta:A", 0},
    {"meta A B &&", "", 1},
    {"meta A B+1", "", 1},
    {"meta A 1 / B", "", 1},
    {"meta A B $ C", "", 1},
    {"meta A B ** C", "", 1},
    {"meta A Foo::Bar", "", 1},
    {"mimeheader A Content-Type:raw =~ /x/", "mimeheader:A", 0},
    {"mimeheader A Content-Type:addr =~ /x/", "", 1},
    {"uri_detail A raw =~ /x/i host !~ m!y!", "uri_detail:A", 0},
    {"uri_detail A colour =~ /x/", "", 1},
    {"uri_detail A raw", "", 1},
    {"body A /x/\nbody A /(?<=a*)x/", "body:A", 1},
    {"body A /x/\nheader A S =~ /\\1/", "body:A", 1},
    {"header A S =~ /x/\nuri A /(?(1)a|b|c)/", "header:A", 1},
    {"mimeheader A X =~ /%{TAG}/\nuri_detail B raw =~ /%{TAG}/", "", 2},
    {"uri_detail B raw =~ /a/ host =~ /x{/", "", 1},
    {"body A /%{TAG}/\nheader B S =~ /%{TAG}/", "body:A header:B", 0},
    {"reuse A, B C", "empty:B", 1},
    {"reuse A,", "", 1},
    {"reuse A\nreuse B C\nbody A /x/", "body:A empty:B", 0},
    {"if (version >= 4)\nbody A /x/\nelse\nbody B /x/\nendif", "body:A", 0},
    {"if (version < 4)\nbody A /x/\nelse\nbody B /x/\nendif", "body:B", 0},
    {"if -1\nbody A /x/\nendif", "body:A", 0},
    {"if 1 -1\nbody A /x/\nendif", "", 0},
    {"if 3 -1 == 2\nbody A /x/\nendif", "body:A", 0},
    {"if !plugin()\nbody A /x/\nendif", "body:A", 1},
    {"ifplugin x\nbody A /x/\nelse\nbody B /y/\nendif", "body:A body:B", 3},
    {"if can( ) + 1\nbody A /x/\nendif", "body:A", 1},
    {"if 0\nif 1\nbody A /x/\nelse\nbody B /x/\nendif\nendif", "", 0},
    {"if plugin(Xy)\nbody A /x/\nendif\nbody B /x/", "body:B", 0},
    {"if plugin(X)\nbody A /x/\nendif\nbody B /x/", "body:A body:B", 2},
    {"ifplugin Mail::SpamAssassin::Plugin::MIMEHeader\nbody A /x/\nendif",
	"body:A", 0},
    {"ifplugin Mail::SpamAssassin::Plugin::BodyEval\nbody A /x/\nendif", "", 0},
    {"if can(Postern::action)\nbody A /x/\naction A reject \"no\"\nendif",
	"body:A", 0},
    {"if !(can(Mail::SpamAssassin::Conf::feature_edns))\nbody A /x/\nendif", "",
	0},
    {"enable_compat q\nif can(Mail::SpamAssassin::Conf::compat_q)\n"
     "body A /x/\nendif",
	"body:A", 0},
    {"if has(Mail::SpamAssassin::Plugin::MIMEHeader::has_all_header)\n"
     "body A /x/\nendif",
	"body:A", 0},
    {"if version >= 3.3.1\nbody A /x/\nendif", "body:A", 2},
    {"if\nbody A /x/\nendif", "body:A", 2},
    {"endif\nelse\nbody A /x/", "body:A", 2},
    {"if 1\nbody A /x/", "body:A", 1},
    {"if 1\nendif x\nbody A /x/\nendif", "body:A", 1},
    {"require_version 3.0\nbody A /x/", "", 1},
    {"require_version 4.000001\nbody A /x/", "body:A", 0},
    {"lang de body A /x/\nlang en body B /x/", "body:B", 0},
    {"loadplugin Mail::SpamAssassin::Plugin::BodyEval\n"
     "if plugin(Mail::SpamAssassin::Plugin::BodyEval)\nbody A /x/\nendif",
	"body:A", 0},
    {"action A explode", "", 1},
    {"action A reject no quotes", "", 1},
    {"priority A x", "", 1},
    {"test A maybe x", "", 1},
    {"required_score abc\ntrusted_networks\nclear_headers x", "", 3},
    {"util_rb_tld a.b\nutil_rb_2tld a\nutil_rb_3tld a..b", "", 3},
    {"util_rb_tld a b\nutil_rb_2tld a.b\nutil_rb_3tld a.b.c", "", 0},
    {"include /nonexistent/file.cf\nbody A /x/", "body:A", 1},
    {"\n\n# only\n0\n", "", 0},
};

static void
test_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct diags d;
		struct ruleset *rs = parse(files[i].text, PLUGINS_CORE, &d);
		struct buf b;

		buf_init(&b);
		list_rules(rs, &b);
		is_str(buf_str(&b), str_from(files[i].rules), "rules of: %.40s",
		    files[i].text);
		is_int(d.errors, files[i].errors, "errors of: %.40s",
		    files[i].text);
		buf_fini(&b);
		ruleset_free(&rs);
		diags_fini(&d);
	}
}

static const struct {
	const char *text;
	double score[4];
	bool enabled;
} scores[] = {
    {"body A /x/", {1, 1, 1, 1}, true},
    {"body T_A /x/", {0.01, 0.01, 0.01, 0.01}, true},
    {"body A /x/\ntflags A nice", {-1, -1, -1, -1}, true},
    {"tflags T_A nice\nbody T_A /x/", {-0.01, -0.01, -0.01, -0.01}, true},
    {"score A 2.5\nbody A /x/", {2.5, 2.5, 2.5, 2.5}, true},
    {"score A 0\nbody A /x/", {0, 0, 0, 0}, false},
    {"score A 0 1 1 1\nbody A /x/", {0, 1, 1, 1}, false},
    {"score A 1 2 3 4\nbody A /x/", {1, 2, 3, 4}, true},
    {"score A 1 2 3 4\nscore A (1)\nbody A /x/", {2, 3, 4, 5}, true},
    {"score A (1)\nbody A /x/", {1, 1, 1, 1}, true},
    {"score A 1 2\nbody A /x/", {1, 1, 1, 1}, true},
    {"score A .5\nbody A /x/", {1, 1, 1, 1}, true},
    {"score A +5\nbody A /x/", {1, 1, 1, 1}, true},
    {"body A eval:f()\ntflags A net", {1, 1, 1, 1}, false},
    {"body A eval:f()\ntflags A learn", {1, 1, 1, 1}, false},
    {"body A /x/\ntflags A net", {1, 1, 1, 1}, true},
    {"body __A /x/\nscore __A 0", {0, 0, 0, 0}, false},
};

static void
test_scores(void)
{
	for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		struct diags d;
		struct ruleset *rs = parse(scores[i].text, PLUGINS_CORE, &d);
		const struct rule *r = rs->rules;

		ok(rs->count == 1 && memcmp(r->score, scores[i].score,
					 sizeof(r->score)) == 0,
		    "scores of: %.40s", scores[i].text);
		is_int(r->enabled, scores[i].enabled, "enabled: %.40s",
		    scores[i].text);
		ruleset_free(&rs);
		diags_fini(&d);
	}
}

static void
test_fields(void)
{
	struct diags d;
	struct ruleset *rs = parse(
	    "header A From:name:first !~ /x/i [if-unset:  no one ]\n"
	    "tflags A multiple maxhits=7 nosubject range=2-5 odd\n"
	    "describe A first\ndescribe A second \\# one\n"
	    "priority A -3\n"
	    "body EV eval:f('a b', \"c,d\", 1.5, x-y, 'it''s')\n"
	    "uri_detail U raw =~ /a/i host !~ m!b!\nuri_detail U raw =~ /c/\n"
	    "body CAP /(?<NAME>x)/\nbody TPL /%{NAME} %{HEADER(X)} "
	    "\\%\\{NO\\}/\n"
	    "mimeheader MH Content-Type:raw !~ /y/m [if-unset: u]\n"
	    "action A tempfail \"later\"\nrequired_score 7.5\n"
	    "whitelist_from *@example.com\nutil-rb-tld com\n"
	    "test A fail x y\n",
	    PLUGINS_CORE, &d);
	const struct rule *a = ruleset_find(rs, STR("A"));
	const struct rule *ev = ruleset_find(rs, STR("EV"));
	const struct rule *u = ruleset_find(rs, STR("U"));
	const struct rule *t = ruleset_find(rs, STR("TPL"));
	const struct rule_setting *s = NULL;
	size_t pos = 0;

	is_int(d.errors, 0, "no errors");
	is_str(a->header, STR("From:name:first"), "header");
	ok(a->negated && a->has_unset, "negated, with a value if unset");
	is_str(a->unset, STR("no one "), "the value if unset");
	is_str(a->literal, STR("/x/i"), "the literal");
	is_str(a->perl, STR("(?i)x"), "as Perl compiles it");
	is_str(a->pattern, STR("x"), "as PCRE2 does");
	is_int(a->regex_flags, REGEX_CASELESS, "its flags");
	is_int(a->maxhits, 7, "maxhits");
	is_int(a->range_from * 10 + a->range_to, 25, "range");
	ok((a->flags & TFLAG_MULTIPLE) && (a->flags & TFLAG_NOSUBJECT),
	    "flags");
	is_str(a->describe, STR("second # one"), "the last description");
	is_int(a->priority, -3, "priority");
	is_int(a->action, RULE_ACTION_TEMPFAIL, "action");
	is_str(a->action_text, STR("later"), "its text");
	is_int(a->pos.line, 1, "line");
	is_int(ev->arg_count, 5, "arguments");
	is_str(ev->args[1].text, STR("c,d"), "a quoted comma");
	ok(ev->args[2].is_number && ev->args[2].number == 1.5, "a number");
	is_str(ev->args[4].text, STR("it''s"), "a quote inside");
	is_str(ruleset_find(rs, STR("MH"))->literal, STR("/y/m"),
	    "literal of a mimeheader");
	is_str(ruleset_find(rs, STR("MH"))->header, STR("Content-Type:raw"),
	    "its header");
	is_int(u->criterion_count, 2, "one criterion per key");
	is_str(u->criteria[0].pattern, STR("c"), "the last one counts");
	ok(u->criteria[1].negated, "negated criterion");
	is_int(ruleset_find(rs, STR("CAP"))->priority, -10000,
	    "what captures runs first");
	ok(t->template && t->regex == NULL, "a template is not compiled");
	is_str(t->tag, STR("HEADER(X)"), "the last tag is filled");
	ok(rs->required_score == 7.5, "required_score");
	ok(ruleset_setting(rs, "welcomelist_from", &pos, &s) &&
		str_is(s->value, "*@example.com"),
	    "a setting under its newer name");
	ok(!ruleset_setting(rs, "welcomelist_from", &pos, &s), "only one");
	is_int(rs->test_count, 1, "a test");
	ok(!rs->tests[0].hits && str_is(rs->tests[0].text, "x y"),
	    "which fails on its text");
	ruleset_free(&rs);
	diags_fini(&d);
}

/* Errors of one line: message position and excerpt. */
static const struct {
	const char *text;
	unsigned line;
	unsigned col;
} positions[] = {
    {"body A /a/\nbody B /x{/", 2, 10},
    {"header A Subj:nope =~ /x/", 1, 15},
    {"meta A B && && C", 1, 13},
    {"meta A B $ C", 1, 10},
    {"score A 1x", 1, 9},
    {"bogus x", 1, 1},
    {"body A /a(b/i", 1, 10},
    {"body 9x /a/", 1, 6},
};

static void
test_positions(void)
{
	for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		struct diags d;
		struct ruleset *rs = parse(positions[i].text, PLUGINS_CORE, &d);

		is_int(d.len, 1, "one diagnostic: %s", positions[i].text);
		is_int(d.len ? d.v[0].line : 0, positions[i].line, "its line");
		is_int(d.len ? d.v[0].col : 0, positions[i].col, "its column");
		ruleset_free(&rs);
		diags_fini(&d);
	}
}

static size_t
errors_of(struct buf *b, size_t *rules_out)
{
	struct diags d;
	struct ruleset *rs = parse(buf_cstr(b), PLUGINS_CORE, &d);
	size_t errors = d.errors;

	*rules_out = rs->count;
	ruleset_free(&rs);
	diags_fini(&d);
	return errors;
}

static void
add_line(struct buf *b, const char *head, size_t fill, const char *tail)
{
	buf_add_cstr(b, head);
	for (size_t i = 0; i < fill; i++)
		buf_add_char(b, 'x');
	buf_add_cstr(b, tail);
}

static void
test_limits(void)
{
	struct buf b;
	size_t rules;

	buf_init(&b);
	add_line(&b, "body ", RULE_NAME_MAX, " /y/\n");
	is_int(errors_of(&b, &rules), 0, "a name of %zu", RULE_NAME_MAX);
	buf_clear(&b);
	add_line(&b, "body ", RULE_NAME_MAX + 1, " /y/\n");
	is_int(errors_of(&b, &rules), 1, "a longer name");

	buf_clear(&b);
	add_line(&b, "describe A ", RULE_LINE_MAX - 11, "\nbody A /x/\n");
	is_int(errors_of(&b, &rules), 0, "a line of %zu", RULE_LINE_MAX);
	buf_clear(&b);
	add_line(&b, "describe A ", RULE_LINE_MAX - 10, "\nbody A /x/\n");
	is_int(errors_of(&b, &rules), 1, "a longer line");
	is_int(rules, 1, "the rest is read");

	buf_clear(&b);
	for (int i = 0; i < RULE_IF_DEPTH; i++)
		buf_add_cstr(&b, "if 1\n");
	buf_add_cstr(&b, "body A /x/\n");
	for (int i = 0; i < RULE_IF_DEPTH; i++)
		buf_add_cstr(&b, "endif\n");
	is_int(errors_of(&b, &rules), 0, "conditions %d deep", RULE_IF_DEPTH);
	is_int(rules, 1, "the rule in them");
	buf_clear(&b);
	for (int i = 0; i <= RULE_IF_DEPTH; i++)
		buf_add_cstr(&b, "if 1\n");
	for (int i = 0; i <= RULE_IF_DEPTH; i++)
		buf_add_cstr(&b, "endif\n");
	is_int(errors_of(&b, &rules), 2, "one deeper");
	buf_fini(&b);
}

static void
test_eval_args(void)
{
	struct diags d;
	struct ruleset *rs;
	struct buf b;

	for (int extra = 0; extra < 2; extra++) {
		buf_init(&b);
		buf_add_cstr(&b, "body A eval:f(");
		for (int i = 0; i < EVAL_ARG_MAX + extra; i++)
			buf_add_cstr(&b, i ? ",1" : "1");
		buf_add_cstr(&b, ")");
		rs = parse(buf_cstr(&b), PLUGINS_CORE, &d);
		is_int(rs->rules[0].invalid, extra, "%d arguments",
		    EVAL_ARG_MAX + extra);
		ruleset_free(&rs);
		diags_fini(&d);
		buf_fini(&b);
	}
}

static void
test_dump(void)
{
	static const char want[] =
	    "{\"name\":\"A\",\"type\":\"header\",\"header\":\"Subject\","
	    "\"neg\":true,\"pattern\":\"/\\\\xe9/i\","
	    "\"source\":\"Subject !~ /\\\\xe9/i\","
	    "\"re\":\"(?^aa:(?i)\\\\xe9)\",\"tflags\":\"nice\","
	    "\"priority\":5,\"score\":2.0,\"scores\":[1.0,2.0,3.0,4.0],"
	    "\"describe\":\"d\",\"enabled\":true,\"file\":\"t.cf\","
	    "\"line\":2,\"conditions\":[\"1\"]}";
	struct diags d;
	struct ruleset *rs =
	    parse("if 1\nheader A Subject !~ /\\xe9/i\nendif\nscore A 1 2 3 4\n"
		  "tflags A nice\npriority A 5\ndescribe A d\n",
		PLUGINS_CORE, &d);
	struct json *j = rule_dump(&rs->rules[0], 1);
	struct buf b;

	buf_init(&b);
	json_format(j, 0, &b);
	is_str(buf_str(&b), str_from(want), "a rule as JSON");
	buf_fini(&b);
	json_unref(&j);
	ruleset_free(&rs);
	diags_fini(&d);
}

/* What Perl takes a text for where it wants a number. */
static void
test_numbers(void)
{
	static const struct {
		const char *text;
		double want;
	} rows[] = {{"", 0}, {"abc", 0}, {"0400", 400}, {".05", 0.05},
	    {"5.", 5}, {" -2.5x", -2.5}, {"+3", 3}, {"1e3x", 1000}, {"1e", 1},
	    {"1e+", 1}, {"2E-1", 0.2}, {".", 0}, {"-", 0}, {"inf", INFINITY},
	    {"-Infinity", -INFINITY}, {"0x10", 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct eval_arg *args;
		struct arena a;
		struct buf call;
		size_t count, at;

		arena_init(&a, 0);
		buf_init(&call);
		buf_printf(&call, "'%s', 7", rows[i].text);
		ok(evalcall_split(&a, buf_str(&call), &args, &count, &at) ==
			    0 &&
			count == 2 && args[0].number == rows[i].want &&
			args[1].number == 7,
		    "\"%s\" as a number", rows[i].text);
		buf_fini(&call);
		arena_fini(&a);
	}
}

int
main(void)
{
	test_files();
	test_scores();
	test_fields();
	test_positions();
	test_limits();
	test_eval_args();
	test_numbers();
	test_dump();
	return done_testing();
}
