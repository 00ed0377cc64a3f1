/* Lint: tests, costs, calls, rules that say the same; files and includes. */
#include "rule/ruleset.h"

#include "rule/limits.h"

#include "own_dir.h"
#include "tap.h"

#include <sys/stat.h>

static bool
knows_only_f(struct str name)
{
	return str_is(name, "check_body_length");
}

static const struct {
	const char *text;
	const char *says; /* part of the only diagnostic; NULL: none */
	enum severity severity;
} lints[] = {
    {"body A /foo/\ntest A ok a foo\ntest A fail bar\n", NULL, 0},
    {"body A /foo/\ntest A ok bar\n", "does not match", SEVERITY_ERROR},
    {"body A /foo/\ntest A fail foo\n", "does match", SEVERITY_ERROR},
    {"header A X !~ /foo/\ntest A ok bar\n", NULL, 0},
    {"meta A 1 + B\ntest A ok x\nbody B /x/\n", "no regexp", SEVERITY_NOTE},
    {"test A ok x\n", "not there", SEVERITY_WARNING},
    {"body A /x/\nbody A /y/\n", "place of the rule at t.cf:1", SEVERITY_NOTE},
    {"reuse A\nbody A /y/\n", NULL, 0},
    {"score A 1\n", "a score for A, which is no rule", SEVERITY_NOTE},
    {"action A reject\n", "an action for A", SEVERITY_WARNING},
    {"header A X-Spam-Flag =~ /YES/\n", "taken off before", SEVERITY_WARNING},
    {"header A X-Spam-Relays-External =~ /YES/\n", NULL, 0},
    {"body A /\\x{100}/\n", "no byte", SEVERITY_WARNING},
    {"body A /x*/\n", "every text", SEVERITY_WARNING},
    {"body A /^.{0,8}$/\n", NULL, 0},
    {"header A X !~ /^/\n", "never hits", SEVERITY_WARNING},
    {"body A /x/\nbody B /x/\n", "the same as A", SEVERITY_WARNING},
    {"body A /x/\nbody B /x/\ntflags B multiple\n", NULL, 0},
    {"body A /x/\nrawbody B /x/\n", NULL, 0},
    {"meta A 1\n", "whatever the message", SEVERITY_WARNING},
    {"body A /a||b/\n", "always matches", SEVERITY_ERROR},
    {"body A /(a+)+$/\n", "runs away", SEVERITY_WARNING},
    {"body A /^(?:.*?,){11}P/\n", "runs away", SEVERITY_WARNING},
    {"body A /(?:\\w+\\s?)*:/\n", "runs away", SEVERITY_WARNING},
    {"body A /(?:a|aa)+$/\n", "runs away", SEVERITY_WARNING},
    {"body A /(?:\\W*\\w\\W*){8,}zzz/\n", "runs away", SEVERITY_WARNING},
    {"rawbody A /(.*)*x/\n", "runs away", SEVERITY_WARNING},
    {"header A X =~ /\\d+\\d+\\d+z/\n", "millions", SEVERITY_WARNING},
    {"header A X =~ /(.+)\\1x/\n", "millions", SEVERITY_WARNING},
    {"header A X =~ /^[^<>]+@[^<>]+x$/\n", "millions", SEVERITY_NOTE},
    {"body A /^[^<>]+@[^<>]+x$/\n", NULL, 0},
    {"body A /(?:\\w{1,20}\\s){3}end/\n", NULL, 0},
    {"body A /v[\\W_]{0,3}i[\\W_]{0,3}a[\\W_]{0,3}g/i\n", NULL, 0},
    {"uri A /https?:\\/\\/[^\\s>]+\\/x/\n", NULL, 0},
    {"body A /^\\s*foo\\b.{0,40}bar/i\n", NULL, 0},
    {"body A eval:check_body_length('x')\n", NULL, 0},
    {"body A eval:check_blank_line_ratio('x')\n", "not implemented",
	SEVERITY_NOTE},
    {"body A eval:no_such()\nbody B eval:no_such()\n", "is unknown",
	SEVERITY_NOTE},
    {"header A eval:check_body_length('x')\n", "rules of type", SEVERITY_ERROR},
    {"report_safe 1\nreport_safe 0\n", "not concern", SEVERITY_NOTE},
    {"hashbl_ignore a\nhashbl_ignore b\n", "no lists of hashes", SEVERITY_NOTE},
    {"urirhssub A multi.example. A 2\n", "is read and ignored: which DNS lists",
	SEVERITY_NOTE},
    {"dkim_minimum_key_bits 1024\n", "judged by the one", SEVERITY_NOTE},
    {"dkim_minimum_key_bits many\n", "a number", SEVERITY_ERROR},
    {"use_pyzor 1\nuse_pyzor 0\n", "not in use", SEVERITY_NOTE},
    {"loadplugin Mail::SpamAssassin::Plugin::Nope\n", "not provided",
	SEVERITY_NOTE},
    {"tryplugin Mail::SpamAssassin::Plugin::Nope\n", NULL, 0},
};

static void
test_lint(void)
{
	for (size_t i = 0; i < sizeof(lints) / sizeof(lints[0]); i++) {
		struct ruleset_options o = {.plugins = PLUGINS_STOCK,
		    .lint = true,
		    .run_tests = true,
		    .probe_cost = true,
		    .knows_eval = knows_only_f};
		struct diags d;
		struct ruleset *rs;

		diags_init(&d, 0);
		rs = ruleset_parse("t.cf", str_from(lints[i].text), &o, &d);
		if (lints[i].says == NULL) {
			is_int(d.len, 0, "nothing to say: %s", lints[i].text);
		} else {
			ok(d.len == 1 &&
				strstr(d.v[0].message, lints[i].says) != NULL &&
				d.v[0].severity == lints[i].severity,
			    "\"%s\": %s", lints[i].says, lints[i].text);
		}
		for (size_t k = 0; k < d.len; k++)
			printf("# %s\n", d.v[k].message);
		ruleset_free(&rs);
		diags_fini(&d);
	}
}

static void
test_refuse_slow(void)
{
	struct ruleset_options o = {.probe_cost = true, .refuse_slow = true};
	struct diags d;
	struct ruleset *rs;

	diags_init(&d, 0);
	rs = ruleset_parse("t.cf", STR("body A /(a+)+$/\n"), &o, &d);
	ok(rs->rules[0].slow && rs->rules[0].invalid && !rs->rules[0].enabled,
	    "a slow pattern is refused when asked");
	is_int(d.errors, 1, "and an error");
	ruleset_free(&rs);
	diags_fini(&d);
}

/* Keeps one thing. */
struct keeper {
	struct buf key, content;
	unsigned recalled;
};

static bool
recall(void *context, struct str key, struct buf *out)
{
	struct keeper *k = context;

	if (!str_eq(key, buf_str(&k->key)))
		return false;
	k->recalled++;
	buf_add(out, buf_str(&k->content));
	return true;
}

static void
keep(void *context, struct str key, struct str content)
{
	struct keeper *k = context;

	buf_clear(&k->key);
	buf_clear(&k->content);
	buf_add(&k->key, key);
	buf_add(&k->content, content);
}

static const char *
probed(const struct probe_memory *m, const char *text, char *message)
{
	struct ruleset_options o = {.probe_cost = true, .probe_memory = m};
	struct diags d;
	struct ruleset *rs;

	diags_init(&d, 0);
	rs = ruleset_parse("t.cf", str_from(text), &o, &d);
	snprintf(message, 200, "%d %s", rs->rules[0].slow,
	    d.len > 0 ? d.v[0].message : "");
	ruleset_free(&rs);
	diags_fini(&d);
	return message;
}

static void
test_memory(void)
{
	struct keeper k = {.recalled = 0};
	struct probe_memory m = {recall, keep, &k};
	char first[200], again[200], other[200];

	buf_init(&k.key);
	buf_init(&k.content);
	probed(&m, "body A /(a+)+$/\n", first);
	is_int(k.recalled, 0, "nothing is remembered at first");
	probed(&m, "body A /(a+)+$/\n", again);
	is_int(k.recalled, 1, "then it is");
	ok(first[0] == '1' && strcmp(first, again) == 0,
	    "and the same is said: %s", first);
	probed(&m, "body A /a+$/\n", other);
	ok(k.recalled == 1 && other[0] == '0', "not of another pattern");
	buf_clear(&k.content);
	buf_add_cstr(&k.content, "0 x\n7 0 a\n-1\n99999999999 0 y\n0 5");
	probed(&m, "body A /a+$/\n", other);
	ok(k.recalled == 2 && other[0] == '0', "nonsense is passed over");
	buf_fini(&k.key);
	buf_fini(&k.content);
}

static struct ruleset *
load(const char *dir, struct diags *d)
{
	struct ruleset_options o = {.plugins = PLUGINS_CORE};

	diags_init(d, 0);
	return ruleset_load(&dir, 1, &o, d);
}

static void
test_directory(const char *dir)
{
	struct diags d;
	struct ruleset *rs;
	uint8_t version[16];

	own_dir_put(dir, "b.cf", "body B /x/\nscore A 3\n");
	own_dir_put(dir, "a.cf",
	    "if plugin(Mail::SpamAssassin::Plugin::BodyEval)\nbody A /x/\n"
	    "endif\ninclude sub.inc\ninclude sub.inc\ninclude gone.inc\n");
	own_dir_put(
	    dir, "z.pre", "loadplugin Mail::SpamAssassin::Plugin::BodyEval");
	own_dir_put(dir, "sub.inc", "body S /x/\nif 1\n");
	rs = load(dir, &d);
	is_int(rs->count, 3, "three rules");
	ok(rs->count == 3 && str_is(rs->rules[0].name, "A") &&
		str_is(rs->rules[1].name, "S") &&
		str_is(rs->rules[2].name, "B"),
	    "*.pre before *.cf, sorted, includes in place");
	is_int(rs->files, 4, "four files");
	is_int(d.errors, 2, "an open block and a missing file");
	memcpy(version, rs->version, sizeof(version));
	ruleset_free(&rs);
	diags_fini(&d);

	rs = load(dir, &d);
	ok(memcmp(version, rs->version, 16) == 0, "same files, same version");
	ruleset_free(&rs);
	diags_fini(&d);
	own_dir_put(dir, "b.cf", "body B /y/\nscore A 3\n");
	rs = load(dir, &d);
	ok(memcmp(version, rs->version, 16) != 0, "one byte, another version");
	ruleset_free(&rs);
	diags_fini(&d);
}

/* A chain of `depth` files, each including the next. */
static void
test_includes(const char *dir, int depth, size_t errors)
{
	struct diags d;
	struct ruleset *rs;

	for (int i = 0; i <= depth; i++) {
		char *name = mem_printf(i ? "i%d.inc" : "i%d.cf", i);
		char *text = mem_printf("body R%d /x/\n%s", i, "");
		char *more =
		    i < depth ? mem_printf("%sinclude i%d.inc\n", text, i + 1)
			      : mem_strdup(text);

		own_dir_put(dir, name, more);
		free(name);
		free(text);
		free(more);
	}
	rs = load(dir, &d);
	is_int(d.errors, errors, "%d includes deep", depth);
	is_int(rs->count, (size_t)depth + 1 - errors, "rules of them");
	ruleset_free(&rs);
	diags_fini(&d);
	for (int i = 0; i <= depth; i++) {
		char *name = mem_printf(i ? "i%d.inc" : "i%d.cf", i);

		own_dir_drop(dir, name);
		free(name);
	}
}

int
main(void)
{
	char dir[OWN_DIR_SIZE];

	test_lint();
	test_refuse_slow();
	test_memory();
	own_dir_make(dir);
	test_directory(dir);
	own_dir_remove(dir);
	own_dir_make(dir);
	test_includes(dir, RULE_INCLUDE_DEPTH, 0);
	test_includes(dir, RULE_INCLUDE_DEPTH + 1, 1);
	own_dir_remove(dir);
	return done_testing();
}
