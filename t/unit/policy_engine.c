#include "policy/engine.h"

#include "base/json.h"
#include "base/mem.h"
#include "match/cost.h"
#include "policy/trace.h"

#include "own_dir.h"
#include "snapshot_of.h"
#include "tap.h"

static const char rules[] =
    "header CHEAP Subject =~ /cheap/i\n"
    "score CHEAP 4\n"
    "body BUY /buy now/i\n"
    "score BUY 3.0004\n"
    "body __SUB /./\n"
    "body SHORT eval:check_body_length('20')\n"
    "score SHORT 0.25\n"
    "if can(Mail::SpamAssassin::Conf::feature_postern_action)\n"
    "body BAN /banned words/\n"
    "score BAN 0.5\n"
    "action BAN reject \"No {rcpt}{client_addr}\"\n"
    "body SHADE /shaded words/\n"
    "score SHADE 50\n"
    "action SHADE shadow\n"
    "endif\n"
    "body __UNASKED eval:check_body_length('20')\n";

static const char dict[] = "name topic\n"
			   "title A topic\n"
			   "threshold 4\n"
			   "score DICT_TOPIC 0.5\n"
			   "---\n"
			   "2 alpha\n"
			   "2 beta\n";

/* A rule directory for as long as the program runs. */
static char dir[OWN_DIR_SIZE];

static struct snapshot *
build(const char *settings)
{
	return snapshot_of(dir, settings, false);
}

/* One judgement; the room lives until the next. */
struct room {
	struct arena arena;
	struct message *message;
	struct verdict verdict;
	struct hits hits;
};

static void
judge(
    struct snapshot *s, const struct facts *f, const char *mail, struct room *r)
{
	struct scratch *scratch = scratch_borrow(s->plan);

	r->message =
	    message_new(&r->arena, &s->mail, NULL, f->now_ms, str_from(mail));
	if (r->message == NULL)
		engine_judge_failed(s->config, f, &r->arena, &r->verdict);
	else
		engine_judge_message(s, scratch, f, r->message, &r->arena,
		    &r->verdict, &r->hits);
	scratch_return(s->plan, scratch);
}

static const struct {
	const char *name;
	const char *conf;
	const char *mail;
	enum verdict_action action;
	enum verdict_class class;
	double score;
	size_t reasons;
} cases[] = {
    {"nothing", "", "Subject: x\n\nhello, this is a text\n", VERDICT_ACCEPT,
	CLASS_NONE, 0, 0},
    {"an eval", "", "Subject: x\n\nhello\n", VERDICT_ACCEPT, CLASS_NONE, 0.25,
	0},
    {"rounded to three places", "reject_score = 7.001",
	"Subject: cheap\n\nbuy now, or never again\n", VERDICT_TAG, CLASS_SPAM,
	7, 1},
    {"the threshold itself", "reject_score = 7",
	"Subject: cheap\n\nbuy now, or never again\n", VERDICT_REJECT,
	CLASS_SPAM, 7, 1},
    {"a mark", "tag_score = 4", "Subject: cheap\n\nhello, this is a text\n",
	VERDICT_TAG, CLASS_SPAM, 4, 1},
    {"an action", "", "Subject: x\n\nthese are banned words\n", VERDICT_REJECT,
	CLASS_RULES, 0.5, 1},
    {"a shadow is only recorded", "", "Subject: x\n\nthese shaded words\n",
	VERDICT_ACCEPT, CLASS_NONE, 0.25, 1},
    {"a dictionary", "", "Subject: x\n\nalpha and beta are letters\n",
	VERDICT_REJECT, CLASS_DICTIONARY, 2, 1},
    {"all of them, in order", "reject_score = 2",
	"Subject: cheap\n\nalpha beta banned words, shaded words\n",
	VERDICT_REJECT, CLASS_RULES, 6.5, 4},
    {"all of them in shadow", "reject_score = 2\nshadow = yes",
	"Subject: cheap\n\nalpha beta banned words, shaded words\n",
	VERDICT_ACCEPT, CLASS_NONE, 6.5, 4},
};

static void
verdicts(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot *s = build(cases[i].conf);
		struct facts f = {.ref = "K7Q2-9XTMV"};
		struct room r = {0};
		const struct verdict *v = &r.verdict;

		arena_init(&r.arena, 0);
		judge(s, &f, cases[i].mail, &r);
		is_int(v->action, cases[i].action, "%s: action", cases[i].name);
		is_int(v->class, cases[i].class, "%s: class", cases[i].name);
		ok(v->score == cases[i].score, "%s: score %g", cases[i].name,
		    v->score);
		is_int(v->reason_count, cases[i].reasons, "%s: reasons",
		    cases[i].name);
		ok((v->reply.len > 0) == verdict_refuses(v->action),
		    "%s: a reply when refused", cases[i].name);
		arena_fini(&r.arena);
		snapshot_unref(&s);
	}
}

/* The reasons stand in the documented order and the first decides. */
static void
order(void)
{
	struct snapshot *s = build("reject_score = 2");
	struct facts f = {.ref = "K7Q2-9XTMV"};
	struct dns_fact dns = {
	    .zone = STR("bl.example"), .action = VERDICT_REJECT};
	struct room r = {0};
	static const enum verdict_class want[] = {CLASS_DNSBL, CLASS_RULES,
	    CLASS_RULES, CLASS_DICTIONARY, CLASS_SPAM};

	f.dns = &dns;
	f.dns_count = 1;
	arena_init(&r.arena, 0);
	judge(s, &f,
	    "Subject: cheap\n\nalpha beta banned words, shaded words\n", &r);
	is_int(r.verdict.reason_count, 5, "every ground is recorded");
	for (size_t i = 0; i < 5 && i < r.verdict.reason_count; i++)
		is_int(r.verdict.reasons[i].class, want[i], "reason %zu", i);
	ok(r.verdict.decisive == &r.verdict.reasons[0], "the first decides");
	ok(!r.verdict.reasons[1].shadow && r.verdict.reasons[2].shadow,
	    "shadow is told from what came too late");
	arena_fini(&r.arena);
	snapshot_unref(&s);
}

static void
texts(void)
{
	struct snapshot *s = build("");
	struct facts f = {.ref = "K7Q2-9XTMV"};
	struct room r = {0};

	arena_init(&r.arena, 0);
	ip_parse(STR("192.0.2.1"), &f.envelope.client);
	f.envelope.has_client = true;
	judge(s, &f, "Subject: x\n\nthese are banned words\n", &r);
	is_str(r.verdict.reply, STR("554 5.7.1 No 192.0.2.1 [ref K7Q2-9XTMV]"),
	    "a rule's own text");
	is_str(r.verdict.decisive->detail, STR("banned words"),
	    "what matched is in the record");
	ok(str_ends(r.verdict.decisive->where, STR("a.cf:9")), "and where");
	is_int(r.verdict.part_count, 1, "one part of the score");
	arena_fini(&r.arena);
	snapshot_unref(&s);
}

/* The decision record, read back. */
static struct json *
record_of(const struct snapshot *s, const struct facts *f, struct room *r)
{
	struct trace_input in = {s, f, r->message, &r->verdict, &r->hits};
	struct buf text;
	struct json_writer w = {.out = &text};
	struct json *j;

	buf_init(&text);
	json_write_object(&w, NULL);
	trace_write(&in, &w);
	json_write_end_object(&w);
	j = json_parse(buf_str(&text), NULL);
	buf_fini(&text);
	return j;
}

/* The same message and facts give the same answer, whatever was before. */
static void
purity(void)
{
	struct snapshot *s = build("reject_score = 2");
	struct facts f = {.ref = "K7Q2-9XTMV"};
	struct buf first, again;
	struct room r = {0};

	buf_init(&first);
	buf_init(&again);
	arena_init(&r.arena, 0);
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		size_t k = i % (sizeof(cases) / sizeof(cases[0]));
		struct buf *out = i == k ? &first : &again;
		struct json *j;

		arena_reset(&r.arena);
		judge(s, &f, cases[k].mail, &r);
		j = record_of(s, &f, &r);
		json_format(j, 0, out);
		json_unref(&j);
	}
	ok(first.len > 1000 && str_eq(buf_str(&first), buf_str(&again)),
	    "records are equal, byte for byte");
	arena_fini(&r.arena);
	buf_fini(&first);
	buf_fini(&again);
	snapshot_unref(&s);
}

static void
record(void)
{
	struct snapshot *s = build("reject_score = 2");
	struct facts f = {.ref = "K7Q2-9XTMV", .now_ms = 7}, back = {0};
	struct room r = {0};
	struct json *j;
	const char *why;

	arena_init(&r.arena, 0);
	f.envelope.has_sender = true;
	f.envelope.sender = STR("a@b.example");
	judge(s, &f, "Subject: cheap\n\nalpha beta banned words\n", &r);
	j = record_of(s, &f, &r);
	is_str(json_get_str(j, "verdict"), STR("reject"), "verdict");
	is_str(json_get_str(j, "class"), STR("rules"), "class");
	is_str(json_get_str(j, "by"), STR("BAN"), "by what");
	is_int(json_count(json_get(j, "rules")), 2, "rules with points");
	is_int(json_count(json_get(j, "dictionaries")), 1, "dictionaries");
	is_int(json_count(
		   json_get(json_at(json_get(j, "dictionaries"), 0), "terms")),
	    2, "and their terms");
	is_str(json_get_str(json_get(j, "message"), "subject"), STR("cheap"),
	    "the subject");
	ok(facts_from_json(json_get(j, "facts"), &r.arena, &back, &why) &&
		str_is(back.envelope.sender, "a@b.example"),
	    "its facts can be read again");
	json_unref(&j);
	r.message = NULL;
	r.hits = (struct hits){0};
	j = record_of(s, &f, &r);
	ok(json_get(j, "rules") == NULL && json_get(j, "reasons") != NULL,
	    "refused before the message");
	json_unref(&j);
	arena_fini(&r.arena);
	snapshot_unref(&s);
}

/* Whatever the cap, there is a verdict; the cap stands as before. */
static void
memory(void)
{
	struct snapshot *s = build("reject_score = 2");
	struct facts f = {.ref = "K7Q2-9XTMV"};
	size_t moved = 0, silent = 0, full = 0;

	for (size_t cap = 256; cap < 300000; cap += cap / 3) {
		struct room r = {0};

		arena_init(&r.arena, cap);
		judge(s, &f,
		    "Subject: cheap\n\nalpha beta banned words, shaded\n", &r);
		moved += r.arena.cap != cap;
		silent += verdict_refuses(r.verdict.action) &&
			  r.verdict.reply.len == 0;
		full += r.verdict.class == CLASS_NONE &&
			r.verdict.action == VERDICT_TEMPFAIL;
		arena_fini(&r.arena);
	}
	is_int(moved, 0, "the cap stands as before");
	is_int(silent, 0, "no refusal without a reply");
	ok(full > 0, "without room default_action answers");
	snapshot_unref(&s);
}

static void
failure(void)
{
	static const struct {
		const char *conf;
		enum verdict_action action;
		const char *reply;
	} answers[] = {
	    {"default_action = accept", VERDICT_ACCEPT, ""},
	    {"", VERDICT_TEMPFAIL,
		"451 4.7.1 Message could not be checked "
		"[ref K7Q2-9XTMV]"},
	    {"default_action = reject", VERDICT_REJECT,
		"554 5.7.1 Message could not be checked [ref K7Q2-9XTMV]"},
	};
	struct facts f = {.ref = "K7Q2-9XTMV"};

	for (size_t i = 0; i < 3; i++) {
		struct snapshot *s = build(answers[i].conf);
		struct verdict v;
		struct arena a;

		arena_init(&a, 0);
		engine_judge_failed(s->config, &f, &a, &v);
		is_int(v.action, answers[i].action, "failure: action");
		is_str(v.reply, str_from(answers[i].reply), "failure: reply");
		arena_fini(&a);
		snapshot_unref(&s);
	}
}

/* More reasons than are kept: the first ones stand. */
static void
many_reasons(void)
{
	for (size_t extra = 0; extra < 2; extra++) {
		struct dns_fact dns[ENGINE_REASONS_MAX + 1];
		struct snapshot *s = build("");
		struct facts f = {.ref = "K7Q2-9XTMV"};
		struct room r = {0};

		for (size_t i = 0; i < ENGINE_REASONS_MAX + extra; i++)
			dns[i] = (struct dns_fact){
			    .zone = STR("z"), .action = VERDICT_REJECT};
		f.dns = dns;
		f.dns_count = ENGINE_REASONS_MAX + extra;
		arena_init(&r.arena, 0);
		judge(s, &f, "Subject: x\n\nx\n", &r);
		is_int(r.verdict.reason_count, ENGINE_REASONS_MAX,
		    "reasons: limit + %zu", extra);
		is_int(r.verdict.action, VERDICT_REJECT, "and it is refused");
		arena_fini(&r.arena);
		snapshot_unref(&s);
	}
}

static void
bad_sets(void)
{
	struct diags diags;
	struct config *c;
	struct snapshot *s;

	own_dir_put(dir, "z.cf", "body BAD /(/\n");
	diags_init(&diags, 0);
	c = config_parse("t", STR(""), &diags);
	config_set(
	    c, STR("rules"), str_from(dir), (struct source_pos){0}, &diags);
	s = snapshot_build(&(struct snapshot_options){.config = c}, &diags);
	ok(s == NULL && diags.errors == 1, "a set with an error is refused");
	s = snapshot_build(
	    &(struct snapshot_options){.config = c, .forced = true}, &diags);
	ok(s != NULL && ruleset_find(s->rules, STR("BUY")) != NULL,
	    "forced, the good rules stand");
	snapshot_unref(&s);
	ok(s == NULL, "and go with the last reference");
	config_free(&c);
	diags_fini(&diags);
	own_dir_drop(dir, "z.cf");
}

/* What an eval rule costs is known like that of any other. */
static void
costs(void)
{
	static const struct {
		const char *rule;
		uint64_t tried;
		uint64_t hits;
	} rows[] = {
	    {"SHORT", COST_SAMPLE, 1}, {"BUY", 0, 0}, {"__UNASKED", 0, 0}};
	struct snapshot *s = build("");
	struct facts f = {.ref = "K7Q2-9XTMV"};

	/* The first scan is timed, the second is not. */
	for (int i = 0; i < 2; i++) {
		struct room r = {0};

		arena_init(&r.arena, 0);
		judge(s, &f,
		    i == 0 ? "Subject: x\n\nhello\n"
			   : "Subject: x\n\nhello, this is a text\n",
		    &r);
		arena_fini(&r.arena);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rule *rule =
		    ruleset_find(s->rules, str_from(rows[i].rule));
		uint64_t tried = 0, hits = 0, ns = 0;

		plan_rule_cost(s->plan, rule->index, &tried, &hits, &ns);
		is_int(tried, rows[i].tried, "%s: tries", rows[i].rule);
		is_int(hits, rows[i].hits, "%s: hits", rows[i].rule);
	}
	snapshot_unref(&s);
}

int
main(void)
{
	own_dir_make(dir);
	own_dir_put(dir, "a.cf", rules);
	own_dir_put(dir, "topic.dict", dict);
	verdicts();
	order();
	texts();
	purity();
	record();
	memory();
	costs();
	failure();
	many_reasons();
	bad_sets();
	own_dir_remove(dir);
	return done_testing();
}
