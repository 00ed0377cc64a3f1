#include "policy/reply.h"

#include "tap.h"

#define LONG50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG200 LONG50 LONG50 LONG50 LONG50

static struct facts
some_facts(void)
{
	struct facts f = {.envelope = {.has_client = true,
			      .client_name = STR("mx.bulk.example"),
			      .helo = STR("helo.example"),
			      .sender = STR("s@bulk.example"),
			      .has_sender = true},
	    .ref = "K7Q2-9XTMV"};

	ip_parse(STR("203.0.113.10"), &f.envelope.client);
	return f;
}

static const struct {
	const char *name;
	const char *conf;
	struct reply_input in;
	const char *want;
} cases[] = {
    {"row 1", "", {.class = CLASS_CLIENT},
	"554 5.7.1 <mx.bulk.example[203.0.113.10]>: Client host rejected: "
	"Access denied [ref K7Q2-9XTMV]"},
    {"row 2", "",
	{.class = CLASS_CLIENT_DNSBL,
	    .zone = {"bl.example", 10},
	    .txt = {"see https://bl.example/", 23}},
	"554 5.7.1 Service unavailable; Client host [203.0.113.10] blocked "
	"using bl.example; see https://bl.example/ [ref K7Q2-9XTMV]"},
    {"row 2 without TXT", "",
	{.class = CLASS_CLIENT_DNSBL, .zone = {"bl.example", 10}},
	"554 5.7.1 Service unavailable; Client host [203.0.113.10] blocked "
	"using bl.example [ref K7Q2-9XTMV]"},
    {"row 3", "", {.class = CLASS_RELAY, .rcpt = {"a@b.example", 11}},
	"554 5.7.1 <a@b.example>: Relay access denied [ref K7Q2-9XTMV]"},
    {"row 4", "", {.class = CLASS_RECIPIENT, .rcpt = {"a@b.example", 11}},
	"554 5.7.1 <a@b.example>: Recipient address rejected: Access denied "
	"[ref K7Q2-9XTMV]"},
    {"row 5", "", {.class = CLASS_RULES},
	"554 5.7.1 Message cannot be accepted, rules rejection "
	"[ref K7Q2-9XTMV]"},
    {"row 6", "", {.class = CLASS_DICTIONARY, .dictionary = {"Drugs", 5}},
	"554 5.7.1 Message refused by Dictionary check [ref K7Q2-9XTMV]"},
    {"row 6 with detail", "reply_detail = yes",
	{.class = CLASS_DICTIONARY, .dictionary = {"Drugs", 5}},
	"554 5.7.1 Message refused by Dictionary check [ref K7Q2-9XTMV] "
	"Drugs"},
    {"row 7", "", {.class = CLASS_RELAY_DOMAIN, .rcpt = {"a@b.example", 11}},
	"554 5.7.1 <a@b.example>: Relay Access Denied for One Domain "
	"[ref K7Q2-9XTMV]"},
    {"row 8", "", {.class = CLASS_SPAM, .score = 12.44, .required = 10},
	"554 5.7.1 Message cannot be accepted, spam rejection "
	"[ref K7Q2-9XTMV]"},
    {"row 8 with detail and URL",
	"reply_detail = yes\nreply_url = https://h.example/r/",
	{.class = CLASS_SPAM, .score = 12.44, .required = 10},
	"554 5.7.1 Message cannot be accepted, spam rejection "
	"[ref K7Q2-9XTMV] score 12.4/10 https://h.example/r/K7Q29XTMV"},
    {"a listing", "", {.class = CLASS_REPUTATION},
	"554 5.7.1 Message cannot be accepted, spam rejection "
	"[ref K7Q2-9XTMV]"},
    {"row 9", "", {.class = CLASS_DNSBL},
	"554 5.7.1 Message refused by DNSBL check [ref K7Q2-9XTMV]"},
    {"row 10", "", {.class = CLASS_SENDER},
	"554 5.7.1 <s@bulk.example>: Sender address rejected: Access denied "
	"[ref K7Q2-9XTMV]"},
    {"tempfail keeps the phrase", "",
	{.class = CLASS_SPAM, .action = VERDICT_TEMPFAIL},
	"451 4.7.1 Message cannot be accepted, spam rejection; try again later "
	"[ref K7Q2-9XTMV]"},
    {"our own failure", "", {.action = VERDICT_TEMPFAIL},
	"451 4.7.1 Message could not be checked [ref K7Q2-9XTMV]"},
    {"our own failure, refused", "", {.class = CLASS_NONE},
	"554 5.7.1 Message could not be checked [ref K7Q2-9XTMV]"},
    {"precise codes", "codes = precise", {.class = CLASS_RULES},
	"550 5.7.1 Message cannot be accepted, rules rejection "
	"[ref K7Q2-9XTMV]"},
    {"a code of a class", "code_rules = 550 5.7.999", {.class = CLASS_RULES},
	"550 5.7.999 Message cannot be accepted, rules rejection "
	"[ref K7Q2-9XTMV]"},
    {"a bad code is not sent", "code_rules = 554 4.7.1", {.class = CLASS_RULES},
	"554 5.7.1 Message cannot be accepted, rules rejection "
	"[ref K7Q2-9XTMV]"},
    {"an admin's text", "",
	{.class = CLASS_RULES, .text = {"No {sender}, 100%", 17}},
	"554 5.7.1 No s@bulk.example, 100% [ref K7Q2-9XTMV]"},
    {"with a code", "",
	{.class = CLASS_RULES, .text = {"521 5.3.2 Go away", 17}},
	"521 5.3.2 Go away [ref K7Q2-9XTMV]"},
    {"a code of the wrong class goes", "",
	{.class = CLASS_RULES, .text = {"451 4.3.2 Go away", 17}},
	"554 5.7.1 Go away [ref K7Q2-9XTMV]"},
    {"a tempfail's own text stands alone", "",
	{.class = CLASS_RULES,
	    .action = VERDICT_TEMPFAIL,
	    .text = {"421 4.3.2 Later", 15}},
	"421 4.3.2 Later [ref K7Q2-9XTMV]"},
    {"foreign bytes become ?", "",
	{.class = CLASS_RECIPIENT, .rcpt = {"a\r\n250 ok\xc3\xa9@b", 13}},
	"554 5.7.1 <a??250 ok??@b>: Recipient address rejected: Access denied "
	"[ref K7Q2-9XTMV]"},
    {"a value is no template", "",
	{.class = CLASS_RECIPIENT, .rcpt = {"{score}@b", 9}},
	"554 5.7.1 <{score}@b>: Recipient address rejected: Access denied "
	"[ref K7Q2-9XTMV]"},
};

static void
lines(void)
{
	struct facts facts = some_facts();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply_input in = cases[i].in;
		struct diags diags;
		struct config *c;
		struct arena a;

		diags_init(&diags, 0);
		arena_init(&a, 0);
		c = config_parse("t", str_from(cases[i].conf), &diags);
		in.facts = &facts;
		if (in.action == VERDICT_ACCEPT)
			in.action = VERDICT_REJECT;
		is_str(reply_format(c, &in, &a), str_from(cases[i].want), "%s",
		    cases[i].name);
		config_free(&c);
		arena_fini(&a);
		diags_fini(&diags);
	}
}

static void
lengths(void)
{
	struct facts facts = some_facts();
	struct reply_input in = {.class = CLASS_CLIENT_DNSBL,
	    .action = VERDICT_REJECT,
	    .facts = &facts,
	    .zone = STR("bl.example"),
	    .txt = STR(LONG200 LONG200)};
	struct diags diags;
	struct config *c;
	struct arena a;
	struct str line;

	diags_init(&diags, 0);
	arena_init(&a, 0);
	c = config_parse("t", STR("reply_url = https://h.example/r/"), &diags);
	line = reply_format(c, &in, &a);
	ok(line.len > 150 && line.len <= 230, "a long TXT is cut (%zu octets)",
	    line.len);
	ok(str_ends(line, STR("xx.. [ref K7Q2-9XTMV] "
			      "https://h.example/r/K7Q29XTMV")),
	    "and the reference stands");
	in = (struct reply_input){.class = CLASS_RECIPIENT,
	    .action = VERDICT_REJECT,
	    .facts = &facts,
	    .rcpt = STR(LONG200 "@b")};
	line = reply_format(c, &in, &a);
	ok(str_find(line, STR("Recipient address rejected: Access denied")) !=
		STR_NPOS,
	    "a long address never costs the phrase");
	in.text = STR(LONG200 LONG200 LONG200);
	line = reply_format(c, &in, &a);
	is_int(line.len, REPLY_MAX, "no line is longer than SMTP allows");
	ok(str_ends(line, STR("[ref K7Q2-9XTMV] "
			      "https://h.example/r/K7Q29XTMV")),
	    "with the reference at its end");
	config_free(&c);
	arena_fini(&a);
	diags_fini(&diags);
}

static const struct {
	const char *conf;
	const char *want; /* in the complaint; NULL: none */
} lint_cases[] = {
    {"", NULL},
    {"codes = precise", NULL},
    {"reply_url = https://h/", NULL},
    {"reply_spam = {client} {client_addr} {client_name} {helo} {sender} "
     "{rcpt} {zone} {txt} {dictionary} {score} {required} {ref}",
	NULL},
    {"reply_spam = no {subject}", "unknown variable {subject}"},
    {"reply_spam = no {client", "{ without its }"},
    {"reply_spam = sp\xc3\xa4t", "not printable ASCII"},
    {"reply_spam = a\tb", "not printable ASCII"},
    {"reply_spam =", "reply_spam is empty"},
    {"reply_tempfail = \x01", "not printable ASCII"},
    {"reply_error = {", "{ without its }"},
    {"code_spam = 550 5.7.1", NULL},
    {"code_spam = 521 5.7.123", NULL},
    {"code_spam = 451 4.7.1", "not of the form 5xx 5.x.x"},
    {"code_spam = 554 4.7.1", "not of the form 5xx 5.x.x"},
    {"code_spam = 554 5.7.1234", "not of the form"},
    {"code_spam = 554 5.7", "not of the form"},
    {"code_spam = 554 5.7.1 x", "not of the form"},
    {"code_spam = 554", "not of the form"},
    {"code_spam = 5545.7.1.1", "not of the form"},
    {"code_tempfail = 550 5.7.1", "not of the form 4xx 4.x.x"},
    {"code_tempfail = 421 4.3.2", NULL},
    {"reply_url = https://h/ r/", "reply_url wants"},
};

static void
lint(void)
{
	for (size_t i = 0; i < sizeof(lint_cases) / sizeof(lint_cases[0]);
	     i++) {
		struct diags diags;
		struct config *c;
		struct buf out;
		const char *want = lint_cases[i].want;

		diags_init(&diags, 0);
		buf_init(&out);
		c = config_parse(
		    "t.conf", str_from(lint_cases[i].conf), &diags);
		reply_lint(c, &diags);
		diags_format(&diags, &out);
		ok(want == NULL
			? diags.errors == 0
			: diags.errors == 1 &&
			      strstr(buf_cstr(&out), want) != NULL &&
			      strstr(buf_cstr(&out), "t.conf:1:") != NULL,
		    "lint: %.30s: %s", lint_cases[i].conf,
		    want ? want : "good");
		if (want != NULL || diags.errors > 0)
			printf("# %s", buf_cstr(&out));
		buf_fini(&out);
		config_free(&c);
		diags_fini(&diags);
	}
}

static void
length_limit(void)
{
	struct diags diags;
	struct buf text;

	diags_init(&diags, 0);
	buf_init(&text);
	for (size_t i = 0; i < REPLY_MAX; i++)
		buf_add_char(&text, 'a');
	ok(reply_check_text(
	       buf_str(&text), VERDICT_REJECT, (struct source_pos){0}, &diags),
	    "a text at the limit");
	buf_add_char(&text, 'a');
	ok(!reply_check_text(
	       buf_str(&text), VERDICT_REJECT, (struct source_pos){0}, &diags),
	    "limit + 1");
	ok(!reply_check_text(STR("451 4.7.1 later"), VERDICT_REJECT,
	       (struct source_pos){0}, &diags),
	    "a code of the wrong class");
	ok(reply_check_text(STR("451 4.7.1 later"), VERDICT_TEMPFAIL,
	       (struct source_pos){0}, &diags),
	    "a code of the right class");
	buf_fini(&text);
	diags_fini(&diags);
}

static void
full_arena(void)
{
	struct facts facts = some_facts();
	struct reply_input in = {
	    .class = CLASS_CLIENT, .action = VERDICT_REJECT, .facts = &facts};
	struct diags diags;
	struct config *c;

	diags_init(&diags, 0);
	c = config_load(NULL, &diags);
	for (size_t cap = 1; cap < 8192; cap += 61) {
		struct arena a;
		struct str line;

		arena_init(&a, cap);
		line = reply_format(c, &in, &a);
		if (line.len > REPLY_MAX)
			ok(false, "arena of %zu", cap);
		arena_fini(&a);
	}
	ok(true, "a full arena harms nobody");
	config_free(&c);
	diags_fini(&diags);
}

int
main(void)
{
	lines();
	lengths();
	lint();
	length_limit();
	full_arena();
	return done_testing();
}
