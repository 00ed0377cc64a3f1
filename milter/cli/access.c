/*
 * postern access test: what the access lists say about an address, a host name
 * or a mail address; which line decides and which others would have.
 */
#include "base/clean.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "rule/access.h"

#include <stdio.h>
#include <stdlib.h>

/* Memory of one question. */
#define ANSWER_MAX ((size_t)1024 * 1024)

struct access_options {
	struct cli_config_options config;
	const char *kind;
	const char *name; /* host name of a client address */
	bool spf_pass;
	bool auth;
	bool fcrdns;
	bool helo_valid;
	bool json;
	int64_t now;
	bool refused;
};

/* ---- one kind of question --------------------------------------------- */

static void
print_place(const struct access_entry *e, struct buf *out)
{
	buf_clear(out);
	clean_add(out, str_from(e->pos.file));
	buf_printf(out, ":%u", e->pos.line);
}

/* "decides  reject  192.0.2.0/24  /etc/...:3  "text" by anna (note)" */
static void
print_match(const struct access_match *m, struct buf *b)
{
	const struct access_entry *e = m->entry;

	print_place(e, b);
	printf("  %-8s %-10s", access_standing_text(m->standing),
	    access_action_text(e->action));
	printf(" %s ", buf_cstr(b));
	buf_clear(b);
	clean_add_utf8(b, e->pattern);
	if (e->action == ACCESS_SCORE)
		buf_printf(b, " %+g", e->score);
	if (m->text.len > 0) {
		buf_add_cstr(b, " \"");
		clean_add(b, m->text);
		buf_add_cstr(b, "\"");
	}
	if (e->author.len > 0) {
		buf_add_cstr(b, " by ");
		clean_add_utf8(b, e->author);
	}
	if (e->note.len > 0) {
		buf_add_cstr(b, " (");
		clean_add_utf8(b, e->note);
		buf_add_cstr(b, ")");
	}
	printf("%s\n", buf_cstr(b));
}

static void
print_answer(const struct access_question *q, const struct access_answer *a)
{
	struct buf b;

	buf_init(&b);
	clean_add_utf8(&b, q->key);
	if (q->ip != NULL) {
		char ip[IP_TEXT_MAX];

		buf_printf(&b, "%s%s", b.len ? " " : "", ip_format(q->ip, ip));
	}
	printf("%s %s: %s\n", access_kind_text(q->kind), buf_cstr(&b),
	    a->decides ? access_action_text(a->decides->action)
		       : "no line decides");
	for (size_t i = 0; i < a->len; i++)
		print_match(&a->v[i], &b);
	buf_fini(&b);
}

static struct json *
match_to_json(const struct access_match *m)
{
	const struct access_entry *e = m->entry;
	struct json *j = json_new_object();

	json_set_str(
	    j, "standing", str_from(access_standing_text(m->standing)));
	json_set_str(j, "action", str_from(access_action_text(e->action)));
	json_set_str(j, "pattern", e->pattern);
	json_set_str(j, "file", str_from(e->pos.file));
	json_set_int(j, "line", e->pos.line);
	if (e->action == ACCESS_SCORE)
		json_set_double(j, "score", e->score);
	if (m->text.len > 0)
		json_set_str(j, "text", m->text);
	if (e->author.len > 0)
		json_set_str(j, "author", e->author);
	if (e->note.len > 0)
		json_set_str(j, "note", e->note);
	return j;
}

static void
print_json(const struct access_question *q, const struct access_answer *a)
{
	struct json *j = json_new_object(), *v = json_new_array();
	struct buf b;

	json_set_str(j, "kind", str_from(access_kind_text(q->kind)));
	json_set_str(j, "key", q->key);
	json_set_str(j, "decision",
	    str_from(
		a->decides ? access_action_text(a->decides->action) : "none"));
	json_set_double(j, "score", a->score);
	for (size_t i = 0; i < a->len; i++)
		json_append(v, match_to_json(&a->v[i]));
	json_set(j, "entries", v);
	buf_init(&b);
	json_format(j, 0, &b);
	printf("%s\n", buf_cstr(&b));
	buf_fini(&b);
	json_unref(&j);
}

static void
ask(struct access_options *o, const struct access_set *set,
    enum access_kind kind, struct str key, const struct ip *ip)
{
	struct access_question q = {.kind = kind,
	    .key = key,
	    .ip = ip,
	    .now_ms = o->now >= 0 ? o->now * 1000 : clock_wall_ms(),
	    .facts = (o->spf_pass ? ACCESS_SPF_PASS : 0u) |
		     (o->auth ? ACCESS_AUTH : 0u) |
		     (o->fcrdns ? ACCESS_FCRDNS : 0u) |
		     (o->helo_valid ? ACCESS_HELO_VALID : 0u)};
	struct access_answer answer;
	struct arena a;

	arena_init(&a, ANSWER_MAX);
	access_find(set, NULL, &q, &a, &answer);
	if (o->json)
		print_json(&q, &answer);
	else
		print_answer(&q, &answer);
	o->refused |= answer.decides != NULL &&
		      (answer.decides->action == ACCESS_REJECT ||
			  answer.decides->action == ACCESS_TEMPFAIL);
	arena_fini(&a);
}

/* ---- the command --------------------------------------------------------- */

/* What it looks like decides whom it may be: a client, a name, an address. */
static void
ask_all(struct access_options *o, const struct access_set *set, struct str what,
    const struct ip *ip)
{
	bool address =
	    str_find_char(what, '@') != STR_NPOS || str_eq(what, STR("<>"));

	if (str_eq(what, STR("<>")))
		what = STR_NONE;
	if (ip != NULL) {
		ask(o, set, ACCESS_CLIENT, str_from(o->name), ip);
	} else if (address) {
		ask(o, set, ACCESS_SENDER, what, NULL);
		ask(o, set, ACCESS_RECIPIENT, what, NULL);
		ask(o, set, ACCESS_FROM, what, NULL);
	} else {
		ask(o, set, ACCESS_CLIENT, what, NULL);
		ask(o, set, ACCESS_HELO, what, NULL);
	}
}

static int
test(struct access_options *o, const char *what)
{
	struct config *c = cli_config_load("access", &o->config);
	enum access_kind kind = ACCESS_CLIENT;
	struct access_set *set;
	struct diags diags;
	struct ip ip;
	bool is_ip = ip_parse(str_from(what), &ip);

	if (c == NULL)
		return EXIT_USAGE;
	if (o->kind != NULL && !access_kind_parse(str_from(o->kind), &kind)) {
		config_free(&c);
		return cli_complain("access",
		    "--kind is client, helo, sender, recipient or from");
	}
	diags_init(&diags, 0);
	set = access_load((const char *const *)c->access.v, c->access.len, NULL,
	    false, &diags);
	cli_show_diags(&diags);
	if (o->kind == NULL)
		ask_all(o, set, str_from(what), is_ip ? &ip : NULL);
	else if (is_ip && kind == ACCESS_CLIENT)
		ask(o, set, kind, str_from(o->name), &ip);
	else
		ask(o, set, kind,
		    strcmp(what, "<>") == 0 ? STR_NONE : str_from(what), NULL);
	access_free(&set);
	diags_fini(&diags);
	config_free(&c);
	return o->refused ? EXIT_REFUSED : EXIT_GOOD;
}

int
command_access(int argc, char **argv)
{
	struct access_options o = {.now = -1};
	const struct option table[] = {
	    CLI_CONFIG_OPTIONS(&o.config),
	    {'k', "kind", "KIND",
		"Ask as client, helo, sender, recipient or from; default: "
		"whatever it looks like",
		OPTION_TEXT, &o.kind},
	    {'n', "name", "HOST", "Host name of the client address",
		OPTION_TEXT, &o.name},
	    {0, "spf-pass", NULL, "As if SPF had passed", OPTION_FLAG,
		&o.spf_pass},
	    {0, "auth", NULL, "As if the client were authenticated",
		OPTION_FLAG, &o.auth},
	    {0, "fcrdns", NULL, "As if its name were forward-confirmed",
		OPTION_FLAG, &o.fcrdns},
	    {0, "helo-valid", NULL, "As if it greeted with a valid name",
		OPTION_FLAG, &o.helo_valid},
	    {0, "now", "SECONDS", "As at this time since 1970", OPTION_NUMBER,
		&o.now},
	    {'j', "json", NULL, "One line of JSON a question", OPTION_FLAG,
		&o.json},
	};
	const struct options options = {argv[0], "test IP|NAME|ADDRESS|'<>'",
	    "Says which line of the access lists decides and which others "
	    "would have. Exit code 1 when that line refuses.",
	    table, sizeof(table) / sizeof(table[0]), 2};
	struct option_list operands = {0};
	enum options_result r = options_parse(&options, argc, argv, &operands);
	int rc = EXIT_USAGE;

	if (r == OPTIONS_HELP)
		rc = EXIT_GOOD;
	else if (r == OPTIONS_GO &&
		 (operands.len != 2 || strcmp(operands.v[0], "test") != 0))
		cli_complain(
		    argv[0], "wants test and one address or name (try --help)");
	else if (r == OPTIONS_GO)
		rc = test(&o, operands.v[1]);
	option_list_fini(&operands);
	return cli_flush(argv[0]) ? rc : EXIT_USAGE;
}
