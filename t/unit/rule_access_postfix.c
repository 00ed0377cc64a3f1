#include "rule/access.h"

#include "access_ask.h"
#include "tap.h"

static const char cidr[] = "# rules\n"				    /* 1 */
			   "192.0.2.9\tOK\n"			    /* 2 */
			   "192.0.2.0/24   REJECT 5.7.1 Too much\n" /* 3 */
			   "   junk from you\n"			    /* 4 */
			   "# between\n"			    /* 5 */
			   "192.0.2.0/28 450 4.7.1 later\n"	    /* 6 */
			   "if 198.51.100.0/24\n"		    /* 7 */
			   "198.51.100.0/26 DUNNO\n"		    /* 8 */
			   "if !198.51.100.128/25\n"		    /* 9 */
			   "198.51.0.0/16 554 go\n"		    /* 10 */
			   "endif\n"				    /* 11 */
			   "198.51.100.0/24 HOLD\n"		    /* 12 */
			   "endif\n"				    /* 13 */
			   "!203.0.113.0/24 WARN elsewhere\n"	    /* 14 */
			   "2001:db8::/32 DISCARD\n"		    /* 15 */
			   "203.0.113.5 FILTER smtp:x\n";	    /* 16 */

static const char pcre[] =
    "/^dsl-(\\d+)\\.(\\w+)\\./  REJECT Host $1 of ${2} $(1) $$ $9\n" /* 1 */
    "!/\\./ REJECT no dot in the name\n"			     /* 2 */
    "if /example\\.org$/\n"					     /* 3 */
    "/^good/ OK\n"						     /* 4 */
    "if !/^mail/\n"						     /* 5 */
    "/./ 521 5.7.1 not a mail host\n"				     /* 6 */
    "endif\n"							     /* 7 */
    "endif\n"							     /* 8 */
    "/^Case\\./i DEFER\n"					     /* 9 */
    "#/x/ REJECT\n"						     /* 10 */
    "m!^/weird! INFO\n"						     /* 11 */
    "|^pipe\\.| REDIRECT x@example.org\n"			     /* 12 */
    "/^192\\.0\\.2\\./ REJECT by address\n";			     /* 13 */

/* Continued with a tab, as postmap hands it on. */
static const char named[] = "/^(\\w+)\\./i REJECT $1 of\n"	  /* 1 */
			    "\tall\n"				  /* 2 */
			    "/^(.+)\\.(\\w+)/U REJECT $1 in $2\n" /* 3 */
			    "/\\.$/ REJECT a dot at the end\n";	  /* 4 */

static const char access_table[] =
    "example.com REJECT\n"		     /* 1 */
    ".example.org 450 wait\n"		     /* 2 */
    "192.0.2 REJECT net\n"		     /* 3 */
    "192.0.2.5 OK\n"			     /* 4 */
    "2001:db8 DEFER\n"			     /* 5 */
    "mail.example.com DUNNO\n"		     /* 6 */
    "bob@example.net 250\n"		     /* 7 */
    "example.net reject_unauth_pipelining\n" /* 8 */
    "abuse@ permit\n"			     /* 9 */
    "<> REJECT no bounces\n"		     /* 10 */
    "\"odd user@example.edu\" REJECT\n";     /* 11 */

static struct str
ask(const struct access_set *set, enum access_kind kind, const char *key,
    const char *ip_text, struct arena *a, struct str *text_out)
{
	struct access_question q = {.kind = kind, .key = str_from(key)};

	return access_ask(set, q, ip_text, a, text_out);
}

static const struct {
	const char *type;
	const char *table;
	enum access_kind kind;
	const char *key;
	const char *ip;
	const char *want;
	const char *text;
} questions[] = {
    {"cidr", cidr, ACCESS_CLIENT, "", "192.0.2.9",
	"decides:allow@2 would:reject@3 would:tempfail@6 shadow:reject@14", ""},
    {"cidr", cidr, ACCESS_CLIENT, "", "192.0.2.77",
	"decides:reject@3 shadow:reject@14", "Too much   junk from you"},
    {"cidr", cidr, ACCESS_CLIENT, "", "198.51.100.1",
	"passed:dunno@8 would:reject@10 would:quarantine@12 shadow:reject@14",
	""},
    {"cidr", cidr, ACCESS_CLIENT, "", "198.51.100.100",
	"decides:reject@10 would:quarantine@12 shadow:reject@14", "go"},
    {"cidr", cidr, ACCESS_CLIENT, "", "198.51.100.200",
	"decides:quarantine@12 shadow:reject@14", ""},
    {"cidr", cidr, ACCESS_CLIENT, "", "198.51.7.1", "shadow:reject@14", ""},
    {"cidr", cidr, ACCESS_CLIENT, "", "203.0.113.5", "passed:dunno@16", ""},
    {"cidr", cidr, ACCESS_CLIENT, "", "2001:db8::1", "decides:discard@15", ""},
    {"cidr", cidr, ACCESS_CLIENT, "", NULL, "", ""},
    {"pcre", pcre, ACCESS_CLIENT, "dsl-17.pool.example", "10.0.0.1",
	"decides:reject@1", "Host 17 of pool 17 $ "},
    {"pcre", pcre, ACCESS_CLIENT, "nodots", NULL, "decides:reject@2",
	"no dot in the name"},
    {"pcre", pcre, ACCESS_CLIENT, "good.example.org", NULL,
	"decides:allow@4 would:reject@6", ""},
    {"pcre", pcre, ACCESS_CLIENT, "mail.example.org", NULL, "", ""},
    {"pcre", pcre, ACCESS_CLIENT, "bad.EXAMPLE.org", NULL, "decides:reject@6",
	"not a mail host"},
    {"pcre", pcre, ACCESS_CLIENT, "pipe.example", NULL, "passed:dunno@12", ""},
    {"pcre", pcre, ACCESS_CLIENT, "x.example", "192.0.2.5", "decides:reject@13",
	"by address"},
    {"pcre", pcre, ACCESS_HELO, "Case.example", NULL, "decides:tempfail@9", ""},
    {"pcre", pcre, ACCESS_HELO, "case.example", NULL, "", ""},
    {"pcre", pcre, ACCESS_SENDER, "Case.x@example", NULL, "", ""},
    {"pcre", named, ACCESS_HELO, "My.Helo.Name", NULL,
	"decides:reject@1 would:reject@3", "My of all"},
    {"pcre", named, ACCESS_SENDER, "My.Helo@Name.Example", NULL,
	"decides:reject@1 would:reject@3", "my of all"},
    {"pcre", "/^(.+)\\.(\\w+)/U REJECT $1 in $2\n", ACCESS_HELO, "a.b.example",
	NULL, "decides:reject@1", "a in b"},
    {"pcre", named, ACCESS_HELO, "-.", NULL, "decides:reject@4",
	"a dot at the end"},
    {"regexp", pcre, ACCESS_HELO, "nodots", NULL, "decides:reject@2",
	"no dot in the name"},
    {"hash", access_table, ACCESS_CLIENT, "a.example.com", "10.0.0.1",
	"decides:reject@1", ""},
    {"hash", access_table, ACCESS_CLIENT, "mail.example.com", "10.0.0.1",
	"passed:dunno@6 would:reject@1", ""},
    {"hash", access_table, ACCESS_CLIENT, "a.example.org", "192.0.2.5",
	"decides:tempfail@2 would:allow@4 would:reject@3", "wait"},
    {"hash", access_table, ACCESS_CLIENT, "example.org", "192.0.2.6",
	"decides:reject@3", "net"},
    {"hash", access_table, ACCESS_CLIENT, "", "2001:db8:ffff::1",
	"decides:tempfail@5", ""},
    {"texthash", access_table, ACCESS_SENDER, "Bob@example.net", NULL,
	"decides:allow@7 passed:dunno@8", ""},
    {"texthash", access_table, ACCESS_SENDER, "eve@example.net", NULL,
	"passed:dunno@8", ""},
    {"texthash", access_table, ACCESS_SENDER, "abuse@x.example", NULL,
	"decides:allow@9", ""},
    {"texthash", access_table, ACCESS_SENDER, "", NULL, "decides:reject@10",
	"no bounces"},
    {"texthash", access_table, ACCESS_SENDER, "odd user@example.edu", NULL,
	"decides:reject@11", ""},
};

static void
lookups(void)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct access_set *set;
		struct diags diags;
		struct arena a;
		struct str text;

		diags_init(&diags, 0);
		arena_init(&a, 0);
		set = access_parse_postfix("t", questions[i].type,
		    questions[i].kind, str_from(questions[i].table), &diags);
		is_str(ask(set, questions[i].kind, questions[i].key,
			   questions[i].ip, &a, &text),
		    str_from(questions[i].want), "%s: %s %s", questions[i].type,
		    questions[i].key, questions[i].ip ? questions[i].ip : "");
		is_str(text, str_from(questions[i].text), "and its text");
		access_free(&set);
		arena_fini(&a);
		diags_fini(&diags);
	}
}

static const struct {
	const char *type;
	const char *text;
	unsigned errors;
	unsigned warnings;
	const char *want;
} diagnosed[] = {
    {"cidr", cidr, 0, 1, "t:16:13: warning: this result is Postfix's own"},
    {"pcre", pcre, 1, 1, "t:11:1: error: expected a /pattern/"},
    {"hash", access_table, 0, 1, "t:8:13: warning: this result is"},
    {"cidr", "192.0.2.1\n", 1, 0, "t:1:1: error: no result"},
    {"cidr", "host.example REJECT\n", 1, 0, "t:1:1: error: not an address"},
    {"cidr", "endif\n", 1, 0, "t:1:1: error: endif without if"},
    {"cidr", "if 192.0.2.0/24\n", 1, 0, "error: if without endif"},
    {"cidr", "if here\n192.0.2.1 REJECT\nendif\n", 1, 0,
	"t:1:4: error: not an address"},
    {"pcre", "/x REJECT\n", 1, 0, "t:1:1: error: the pattern is not closed"},
    {"pcre", "/x/\n", 1, 0, "t:1:1: error: no result"},
    {"pcre", "/x(/ REJECT\n", 1, 0, "error: bad regular expression"},
    {"pcre", "/x/q REJECT\n", 1, 0, "t:1:4: error: unknown pattern flag"},
    {"pcre", "/x/imsxAEUX REJECT\n", 0, 0, ""},
    {"regexp", "/x/im REJECT\n", 0, 0, ""},
    {"regexp", "/x/x REJECT\n", 1, 0, "t:1:4: error: basic regular"},
    {"regexp", "/x/is REJECT\n", 1, 0, "t:1:5: error: unknown pattern flag"},
    {"pcre", "if /x(/\n/x/ REJECT\nendif\n", 1, 0, "bad regular"},
    {"hash", "example.org\n", 1, 0, "t:1:1: error: no result"},
    {"hash", "example.org DEFER_IF_REJECT\n", 0, 1, "no counterpart"},
};

static void
diagnostics(void)
{
	for (size_t i = 0; i < sizeof(diagnosed) / sizeof(diagnosed[0]); i++) {
		struct access_set *set;
		struct diags diags;
		struct buf said;
		bool good;

		diags_init(&diags, 0);
		buf_init(&said);
		set = access_parse_postfix("t", diagnosed[i].type,
		    ACCESS_CLIENT, str_from(diagnosed[i].text), &diags);
		diags_format(&diags, &said);
		good = diags.errors == diagnosed[i].errors &&
		       diags.warnings == diagnosed[i].warnings &&
		       strstr(buf_cstr(&said), diagnosed[i].want) != NULL;
		ok(good, "%s: %s", diagnosed[i].type, diagnosed[i].want);
		if (!good)
			printf("# %s\n", buf_cstr(&said));
		access_free(&set);
		buf_fini(&said);
		diags_fini(&diags);
	}
}

/* Networks are clients' and nobody else's, however the table is declared. */
static void
kinds(void)
{
	static const char *const types[] = {"cidr", "hash"};
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct ip ip;

	ip_parse(STR("192.0.2.1"), &ip);
	for (size_t i = 0; i < 2; i++) {
		struct access_question q = {
		    .kind = ACCESS_CLIENT, .key = STR(""), .ip = &ip};
		struct access_answer answer;
		struct access_set *set;
		struct diags diags;
		struct arena a;

		diags_init(&diags, 0);
		arena_init(&a, 0);
		set = access_parse_postfix("t", types[i], ACCESS_HELO,
		    STR("192.0.2.1 REJECT\n192.0.2.2 REJECT\n"), &diags);
		is_int(diags.errors, i == 0, "%s about HELO names", types[i]);
		access_find(set, s, &q, &a, &answer);
		is_int(answer.len, 0, "%s: no client is meant", types[i]);
		arena_fini(&a);
		access_free(&set);
		diags_fini(&diags);
	}
	regex_scratch_free(&s);
}

static void
nesting(void)
{
	for (int extra = 0; extra < 2; extra++) {
		struct access_set *set;
		struct diags diags;
		struct buf b;

		diags_init(&diags, 0);
		buf_init(&b);
		for (int i = 0; i < ACCESS_NEST_MAX + extra; i++)
			buf_add_cstr(&b, "if 192.0.2.0/24\n");
		for (int i = 0; i < ACCESS_NEST_MAX; i++)
			buf_add_cstr(&b, "endif\n");
		set = access_parse_postfix(
		    "t", "cidr", ACCESS_CLIENT, buf_str(&b), &diags);
		is_int(diags.errors, extra, "%d blocks deep",
		    ACCESS_NEST_MAX + extra);
		access_free(&set);
		buf_fini(&b);
		diags_fini(&diags);
	}
}

int
main(void)
{
	lookups();
	diagnostics();
	kinds();
	nesting();
	return done_testing();
}
