/*
 * postern render: every text and header value rules see of a message, as JSON.
 */
#include "base/err.h"
#include "base/file.h"
#include "base/vec.h"
#include "cli/offline.h"
#include "mail/render.h"
#include "policy/mail_conf.h"

#include <errno.h>
#include <stdio.h>

#define MESSAGE_FILE_MAX ((size_t)256 * 1024 * 1024)

struct render_options {
	struct offline_options offline;
	struct option_list headers;
	bool pretty;
	int64_t now;
};

typedef VEC(struct str) query_list;

/* The header expressions of the rules, each once; else the usual ones. */
static void
collect_queries(
    const struct render_options *o, const struct ruleset *rs, query_list *out)
{
	struct map *seen = map_new(false);

	for (size_t i = 0; i < o->headers.len; i++)
		*VEC_PUSH(out) = str_from(o->headers.v[i]);
	for (size_t i = 0; i < rs->count && o->headers.len == 0; i++) {
		const struct rule *r = &rs->rules[i];

		if (r->type != RULE_HEADER || r->header.len == 0 ||
		    map_set(seen, r->header, seen) != NULL)
			continue;
		*VEC_PUSH(out) = r->header;
	}
	for (size_t i = 0; i < render_default_query_count && out->len == 0; i++)
		*VEC_PUSH(out) = render_default_queries[i];
	map_free(&seen);
}

static int
render_one(const char *name, const struct render_options *o,
    const struct config *c, const struct mail_settings *settings,
    const query_list *queries)
{
	struct arena a;
	struct buf raw, out;
	struct message *m;
	struct json *j;
	int rc;

	buf_init(&raw);
	rc = file_read(name, MESSAGE_FILE_MAX, &raw);
	if (rc != 0) {
		buf_fini(&raw);
		return cli_complain("render", "%s: %s", name,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	}
	arena_init(&a, (size_t)c->max_message_memory);
	buf_init(&out);
	m = message_new(&a, settings, NULL, o->now * 1000, buf_str(&raw));
	if (m != NULL) {
		j = render_message(m, queries->v, queries->len);
		json_set_str(j, "file", str_from(name));
		json_format(j, o->pretty ? 2 : 0, &out);
		printf("%s\n", buf_cstr(&out));
		json_unref(&j);
	}
	buf_fini(&out);
	arena_fini(&a);
	buf_fini(&raw);
	return m != NULL ? EXIT_GOOD
			 : cli_complain("render", "%s: no memory", name);
}

static int
render(const struct render_options *o, const struct option_list *operands)
{
	struct config *c = offline_config("render", &o->offline);
	struct ruleset_options options = {0};
	struct mail_settings settings;
	query_list queries = {0};
	struct ruleset *rs;
	struct diags diags;
	int rc = EXIT_GOOD;

	if (c == NULL)
		return EXIT_USAGE;
	/* Without rules the texts are still worth seeing. */
	diags_init(&diags, 20);
	rs = ruleset_load(
	    (const char *const *)c->rules.v, c->rules.len, &options, &diags);
	mail_conf_read(c, rs, &settings, &diags);
	collect_queries(o, rs, &queries);
	for (size_t i = 0; i < operands->len; i++) {
		int one = render_one(operands->v[i], o, c, &settings, &queries);

		if (one > rc)
			rc = one;
	}
	VEC_FINI(&queries);
	mail_settings_fini(&settings);
	ruleset_free(&rs);
	diags_fini(&diags);
	config_free(&c);
	return rc;
}

int
command_render(int argc, char **argv)
{
	struct render_options o = {0};
	const struct option table[] = {
	    OFFLINE_OPTIONS(&o.offline),
	    {'H', "header", "NAME",
		"Show this header expression (From:addr); repeatable. Default: "
		"those the rules use",
		OPTION_TEXTS, &o.headers},
	    {'p', "pretty", NULL, "Several lines, indented", OPTION_FLAG,
		&o.pretty},
	    {0, "now", "SECONDS", "Read as at this time since 1970",
		OPTION_NUMBER, &o.now},
	};
	const struct options options = {argv[0], "FILE|-...",
	    "Shows what rules see of a message: the body in paragraphs, the "
	    "decoded parts, the URIs, the header values, the MIME tree. One "
	    "line of JSON a message; strings are bytes, byte NN is \\u00NN.",
	    table, sizeof(table) / sizeof(table[0]), SIZE_MAX};
	struct option_list operands = {0};
	enum options_result r = options_parse(&options, argc, argv, &operands);
	int rc = EXIT_USAGE;

	if (r == OPTIONS_GO && operands.len == 0)
		cli_complain(argv[0], "wants a message: FILE or -");
	else if (r == OPTIONS_GO)
		rc = render(&o, &operands);
	else if (r == OPTIONS_HELP)
		rc = EXIT_GOOD;
	offline_options_fini(&o.offline);
	option_list_fini(&o.headers);
	option_list_fini(&operands);
	return cli_flush(argv[0]) ? rc : EXIT_USAGE;
}
