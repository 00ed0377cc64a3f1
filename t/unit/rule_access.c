#include "rule/access.h"

#include "base/clock.h"

#include "access_ask.h"
#include "own_dir.h"
#include "tap.h"

#define NOW INT64_C(1790000000000) /* 2026-09-21 */

/* "decides@line standing@line ..." of one question. */
static struct str
ask(const struct access_set *set, enum access_kind kind, const char *key,
    const char *ip_text, unsigned facts, struct arena *a)
{
	struct access_question q = {
	    .kind = kind, .key = str_from(key), .now_ms = NOW, .facts = facts};
	struct str text;

	return access_ask(set, q, ip_text, a, &text);
}

/* ---- one list, many questions ------------------------------------------- */

static const char list[] =
    "# a comment\n"						      /* 1 */
    "client 192.0.2.0/24 reject \"Go away\" by anna note \"x # y\"\n" /* 2 */
    "client 192.0.2.7 allow # a friend\n"			      /* 3 */
    "client 2001:db8::/32 tempfail\n"				      /* 4 */
    "client mail.example.org allow\n"				      /* 5 */
    "client .dyn.example.net reject\n"				      /* 6 */
    "client *.pool.example.net score 2.5\n"			      /* 7 */
    "client /^dsl-\\d+\\./ shadow\n"				      /* 8 */
    "client ppp*.example.com tempfail\n"			      /* 9 */
    "helo .local score -1\n"					      /* 10 */
    "helo localhost reject\n"					      /* 11 */
    "sender Bob@Example.COM allow\n"				      /* 12 */
    "sender example.com reject unless spf-pass\n"		      /* 13 */
    "sender .bulk.example tag\n"				      /* 14 */
    "sender <> score 1\n"					      /* 15 */
    "sender postmaster@ allow\n"				      /* 16 */
    "sender *@promo.example quarantine\n"			      /* 17 */
    "sender news-*@list.example discard\n"			      /* 18 */
    "rcpt trap@example.org reject \"No\" until 2026-01-01\n"	      /* 19 */
    "recipient trap@example.org tempfail until 2026-12-31\n"	      /* 20 */
    "recipient example.org reject unless auth,fcrdns\n"		      /* 21 */
    "from bank.example reject unless spf-pass\n"		      /* 22 */
    "client 198.51.100.0/24 shadow tempfail\n"			      /* 23 */
    "client 198.51.0.0/16 reject\n"				      /* 24 */
    "client 192.0.2.128/25 reject\n";				      /* 25 */

static const struct {
	enum access_kind kind;
	const char *key;
	const char *ip;
	unsigned facts;
	const char *want;
} questions[] = {
    {ACCESS_CLIENT, "", "192.0.2.1", 0, "decides:reject@2"},
    {ACCESS_CLIENT, "", "192.0.2.7", 0, "decides:allow@3 would:reject@2"},
    {ACCESS_CLIENT, "", "::ffff:192.0.2.7", 0,
	"decides:allow@3 would:reject@2"},
    {ACCESS_CLIENT, "", "192.0.2.200", 0, "decides:reject@25 would:reject@2"},
    {ACCESS_CLIENT, "", "192.0.3.1", 0, ""},
    {ACCESS_CLIENT, "", "2001:db8:1::5", 0, "decides:tempfail@4"},
    {ACCESS_CLIENT, "", "2001:db9::5", 0, ""},
    {ACCESS_CLIENT, "", NULL, 0, ""},
    {ACCESS_CLIENT, "MAIL.example.org.", "10.0.0.1", 0, "decides:allow@5"},
    {ACCESS_CLIENT, "a.mail.example.org", NULL, 0, ""},
    {ACCESS_CLIENT, "dyn.example.net", NULL, 0, "decides:reject@6"},
    {ACCESS_CLIENT, "a.b.dyn.example.net", NULL, 0, "decides:reject@6"},
    {ACCESS_CLIENT, "xdyn.example.net", NULL, 0, ""},
    {ACCESS_CLIENT, "pool.example.net", NULL, 0, ""},
    {ACCESS_CLIENT, "a.pool.example.net", NULL, 0, "adds:score@7"},
    {ACCESS_CLIENT, "dsl-12.example", NULL, 0, "shadow:reject@8"},
    {ACCESS_CLIENT, "DSL-12.dyn.example.net", NULL, 0,
	"decides:reject@6 shadow:reject@8"},
    {ACCESS_CLIENT, "ppp-1-2.example.com", NULL, 0, "decides:tempfail@9"},
    {ACCESS_CLIENT, "ppp.example.com.other", NULL, 0, ""},
    {ACCESS_CLIENT, "mail.example.org", "192.0.2.1", 0,
	"decides:reject@2 would:allow@5"},
    {ACCESS_CLIENT, "", "198.51.100.9", 0,
	"shadow:tempfail@23 decides:reject@24"},
    {ACCESS_HELO, "box.local", NULL, 0, "adds:score@10"},
    {ACCESS_HELO, "LOCALHOST", NULL, 0, "decides:reject@11"},
    {ACCESS_HELO, "", NULL, 0, ""},
    {ACCESS_SENDER, "bob@example.com", NULL, 0,
	"decides:allow@12 would:reject@13"},
    {ACCESS_SENDER, "eve@example.com", NULL, 0, "decides:reject@13"},
    {ACCESS_SENDER, "eve@example.com", NULL, ACCESS_SPF_PASS,
	"excused:reject@13"},
    {ACCESS_SENDER, "eve@sub.example.com", NULL, 0, ""},
    {ACCESS_SENDER, "x@a.bulk.example", NULL, 0, "decides:tag@14"},
    {ACCESS_SENDER, "", NULL, 0, "adds:score@15"},
    {ACCESS_SENDER, "PostMaster@anything.example", NULL, 0, "decides:allow@16"},
    {ACCESS_SENDER, "x@promo.example", NULL, 0, "decides:quarantine@17"},
    {ACCESS_SENDER, "news-1@list.example", NULL, 0, "decides:discard@18"},
    {ACCESS_SENDER, "news@list.example", NULL, 0, ""},
    {ACCESS_SENDER, "\"a@example.com\"@other.example", NULL, 0, ""},
    {ACCESS_RECIPIENT, "trap@example.org", NULL, 0,
	"expired:reject@19 decides:tempfail@20 would:reject@21"},
    {ACCESS_RECIPIENT, "x@example.org", NULL, ACCESS_AUTH, "excused:reject@21"},
    {ACCESS_RECIPIENT, "x@example.org", NULL, ACCESS_FCRDNS,
	"excused:reject@21"},
    {ACCESS_RECIPIENT, "x@example.org", NULL, ACCESS_SPF_PASS,
	"decides:reject@21"},
    {ACCESS_FROM, "service@bank.example", NULL, 0, "decides:reject@22"},
};

static void
show_diags(const struct diags *d)
{
	struct buf b;

	buf_init(&b);
	diags_format(d, &b);
	if (b.len > 0)
		printf("# %s\n", buf_cstr(&b));
	buf_fini(&b);
}

static void
lookups(void)
{
	struct diags diags;
	struct access_set *set;

	diags_init(&diags, 0);
	set = access_parse("f", str_from(list), &diags);
	ok(diags.errors == 0 && diags.warnings == 0, "the list is good");
	show_diags(&diags);
	is_int(access_count(set), 24, "entries");
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct arena a;

		arena_init(&a, 0);
		is_str(ask(set, questions[i].kind, questions[i].key,
			   questions[i].ip, questions[i].facts, &a),
		    str_from(questions[i].want), "%s %s %s",
		    access_kind_text(questions[i].kind), questions[i].key,
		    questions[i].ip ? questions[i].ip : "");
		arena_fini(&a);
	}
	access_free(&set);
	diags_fini(&diags);
}

/* ---- what an answer holds ----------------------------------------------- */

static void
answers(void)
{
	struct diags diags;
	struct access_set *set;
	struct access_question q = {.kind = ACCESS_CLIENT, .now_ms = NOW};
	struct access_answer answer;
	struct arena a, none;
	struct ip ip;

	diags_init(&diags, 0);
	arena_init(&a, 0);
	arena_init(&none, 8);
	set = access_parse("f", str_from(list), &diags);
	ip_parse(STR("192.0.2.1"), &ip);
	q.ip = &ip;
	access_find(set, NULL, &q, &a, &answer);
	is_str(answer.text, STR("Go away"), "text");
	is_str(answer.decides->author, STR("anna"), "author");
	is_str(answer.decides->note, STR("x # y"), "note with a hash in it");
	is_str(answer.decides->pattern, STR("192.0.2.0/24"), "pattern");
	ok(answer.decides->pos.line == 2 && answer.decides->pos.col == 8,
	    "place");
	access_find(set, NULL, &q, &none, &answer);
	ok(answer.len == 0 && answer.decides != NULL &&
		answer.decides->action == ACCESS_REJECT,
	    "a full arena loses the list, not the decision");
	q = (struct access_question){.kind = ACCESS_SENDER, .now_ms = NOW};
	access_find(set, NULL, &q, &a, &answer);
	ok(answer.score == 1 && answer.decides == NULL, "points");
	access_free(&set);
	arena_fini(&a);
	arena_fini(&none);
	diags_fini(&diags);
}

static void
expiry(void)
{
	static const struct {
		const char *date;
		int64_t ends;
	} cases[] = {
	    {"1970-01-01", 86400000},
	    {"2026-12-31", INT64_C(1798761600000)},
	    {"2024-02-29", INT64_C(1709251200000)},
	    {"2026-12-31T18:30", INT64_C(1798741800000)},
	    {"2026-12-31T18:30Z", INT64_C(1798741800000)},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct access_question q = {
		    .kind = ACCESS_HELO, .key = STR("x")};
		struct access_answer before, after;
		struct access_set *set;
		struct diags diags;
		struct arena a;
		struct buf b;

		diags_init(&diags, 0);
		buf_init(&b);
		arena_init(&a, 0);
		buf_printf(&b, "helo x reject until %s", cases[i].date);
		set = access_parse("f", buf_str(&b), &diags);
		q.now_ms = cases[i].ends - 1;
		access_find(set, NULL, &q, &a, &before);
		q.now_ms = cases[i].ends;
		access_find(set, NULL, &q, &a, &after);
		ok(before.decides != NULL && after.decides == NULL,
		    "until %s, to the millisecond", cases[i].date);
		access_free(&set);
		arena_fini(&a);
		buf_fini(&b);
		diags_fini(&diags);
	}
}

/* ---- bad lines ---------------------------------------------------------- */

static const struct {
	const char *line;
	const char *want;
} bad[] = {
    {"blocklist x reject", "1:1: error: expected client, helo"},
    {"client", "1:7: error: expected what the entry"},
    {"client # x", "1:8: error: expected what the entry"},
    {"client 192.0.2.1", "error: expected an action"},
    {"client 192.0.2.1 refuse", "1:18: error: expected an action"},
    {"client 192.0.2.300 reject", "1:8: error: not an address"},
    {"client 192.0.2.0/33 reject", "1:8: error: not an address"},
    {"client 2001:db8::/129 reject", "1:8: error: not an address"},
    {"client 192.0.2. reject", "1:8: error: not an address"},
    {"client /x( reject", "1:8: error: no closing slash"},
    {"client /x(/ reject", "error: bad regular expression"},
    {"client /x/q reject", "1:11: error: unknown modifier"},
    {"client . reject", "1:8: error: not an address"},
    {"helo . reject", "1:6: error: an empty name"},
    {"helo x score", "error: expected points"},
    {"helo x score many", "1:14: error: expected points"},
    {"helo x reject \"no end", "1:15: error: no closing quote"},
    {"helo x reject \"a\" \"b\"", "1:19: error: a second text"},
    {"helo x reject \"caf\xc3\xa9\"", "1:19: error: the text goes into"},
    {"helo x reject until", "1:15: error: expected \"text\", until"},
    {"helo x reject until tomorrow", "1:21: error: expected a date"},
    {"helo x reject until 2026-02-29", "1:21: error: expected a date"},
    {"helo x reject until 2026-13-01", "1:21: error: expected a date"},
    {"helo x reject until 2026-12-31T24:00", "1:21: error: expected a date"},
    {"helo x reject unless moon", "1:22: error: unknown guard"},
    {"helo x reject since 2026-01-01", "1:15: error: unknown option"},
    {"helo \xff reject", "1:6: error: not UTF-8"},
    {"helo x\a reject", "1:7: error: not UTF-8"},
    {"sender a@.b.example reject", "1:8: error: write a glob"},
    {"postfix mailbox cidr:/x", "1:9: error: expected postfix"},
    {"postfix client", "error: expected one TYPE:FILE"},
    {"postfix client cidr:/x y", "1:23: error: expected one TYPE:FILE"},
};

static void
bad_lines(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct access_set *set;
		struct diags diags;
		struct buf text, said;
		bool good;

		diags_init(&diags, 0);
		buf_init(&text);
		buf_init(&said);
		buf_printf(&text, "%s\nhelo good reject\n", bad[i].line);
		set = access_parse("f", buf_str(&text), &diags);
		diags_format(&diags, &said);
		good = diags.errors == 1 && access_count(set) == 1 &&
		       strstr(buf_cstr(&said), bad[i].want) != NULL;
		ok(good, "%s", bad[i].line);
		if (!good)
			printf("# %s\n", buf_cstr(&said));
		access_free(&set);
		buf_fini(&text);
		buf_fini(&said);
		diags_fini(&diags);
	}
}

static void
warnings(void)
{
	static const struct {
		const char *text;
		unsigned want;
	} cases[] = {
	    {"helo x reject\nhelo x allow\n", 1},
	    {"helo x reject unless auth\nhelo x allow\n", 0},
	    {"helo x shadow\nhelo x reject\n", 0},
	    {"helo x reject\nhelo .x allow\n", 0},
	    {"client 192.0.2.1/24 reject\n", 1},
	    {"client 192.0.2.0/24 reject\nclient 192.0.2.0/24 allow\n", 1},
	    {"sender * reject\n", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct access_set *set;
		struct diags diags;

		diags_init(&diags, 0);
		set = access_parse("f", str_from(cases[i].text), &diags);
		ok(diags.errors == 0 && diags.warnings == cases[i].want,
		    "%u warnings in case %zu", cases[i].want, i);
		access_free(&set);
		diags_fini(&diags);
	}
}

/* ---- limits ------------------------------------------------------------- */

static size_t
errors_of(const struct buf *text, size_t *entries_out)
{
	struct access_set *set;
	struct diags diags;
	size_t errors;

	diags_init(&diags, 0);
	set = access_parse("f", buf_str(text), &diags);
	errors = diags.errors;
	*entries_out = access_count(set);
	access_free(&set);
	diags_fini(&diags);
	return errors;
}

static void
limits(void)
{
	for (int extra = 0; extra < 2; extra++) {
		struct buf b;
		size_t entries;

		buf_init(&b);
		buf_add_cstr(&b, "helo ");
		for (int i = 0; i < ACCESS_PATTERN_MAX + extra; i++)
			buf_add_char(&b, 'x');
		buf_add_cstr(&b, " reject\n");
		is_int(errors_of(&b, &entries), extra, "pattern of %d bytes",
		    ACCESS_PATTERN_MAX + extra);
		buf_clear(&b);
		buf_add_cstr(&b, "helo x reject \"");
		for (int i = 0; i < ACCESS_TEXT_MAX + extra; i++)
			buf_add_char(&b, 'x');
		buf_add_cstr(&b, "\"\n");
		is_int(errors_of(&b, &entries), extra, "text of %d bytes",
		    ACCESS_TEXT_MAX + extra);
		buf_clear(&b);
		for (int i = 0; i < ACCESS_PATTERNS_MAX + extra; i++)
			buf_printf(&b, "helo a?%d reject\n", i);
		is_int(errors_of(&b, &entries), extra, "%d globs",
		    ACCESS_PATTERNS_MAX + extra);
		is_int(entries, ACCESS_PATTERNS_MAX, "and all that fit");
		buf_fini(&b);
	}
}

/* A key longer than anything sane still meets the list by its domain. */
static void
long_keys(void)
{
	struct access_set *set;
	struct diags diags;
	struct arena a;
	struct buf key;

	diags_init(&diags, 0);
	buf_init(&key);
	arena_init(&a, 0);
	set = access_parse("f", STR("sender .bad.example reject\n"), &diags);
	for (int i = 0; i < 100000; i++)
		buf_add_cstr(&key, "a.");
	buf_add_cstr(&key, "x@y.bad.example");
	is_str(ask(set, ACCESS_SENDER, buf_cstr(&key), NULL, 0, &a),
	    STR("decides:reject@1"), "a sender of 200,000 bytes");
	access_free(&set);
	arena_fini(&a);
	buf_fini(&key);
	diags_fini(&diags);
}

/* ---- files -------------------------------------------------------------- */

static char dir[OWN_DIR_SIZE];

static void
put(const char *name, const char *text)
{
	own_dir_put(dir, name, text);
}

static struct access_set *
load(const struct access_set *former, bool forced, struct diags *diags)
{
	const char *paths[] = {dir};

	diags_init(diags, 0);
	return access_load(paths, 1, former, forced, diags);
}

static void
loading(void)
{
	struct access_set *first, *next;
	struct diags diags;
	struct arena a;
	struct buf b;

	buf_init(&b);
	arena_init(&a, 0);
	put("table.cidr", "192.0.2.0/24 REJECT five\n192.0.2.1 OK\n");
	buf_printf(&b,
	    "client 192.0.2.2 allow\nhelo a reject\nhelo b reject\n"
	    "postfix client cidr:%s/table.cidr\n",
	    dir);
	put("a.access", buf_cstr(&b));
	put("b.access", "# nothing yet\n");
	first = load(NULL, false, &diags);
	ok(diags.errors == 0 && access_count(first) == 5, "a directory");
	show_diags(&diags);
	is_str(ask(first, ACCESS_CLIENT, "", "192.0.2.2", 0, &a),
	    STR("decides:allow@1 would:reject@1"),
	    "ours first, then Postfix's table");
	is_str(ask(first, ACCESS_CLIENT, "", "192.0.2.1", 0, &a),
	    STR("decides:reject@1 would:allow@2"), "whose first line decides");
	diags_fini(&diags);

	put("table.cidr", "192.0.2.0/24 REJECT five\n");
	next = load(first, false, &diags);
	is_int(diags.errors, 0, "half of a table is accepted");
	access_free(&next);
	diags_fini(&diags);

	put("table.cidr", "# 192.0.2.0/24 REJECT five\n");
	next = load(first, false, &diags);
	is_int(diags.errors, 1, "none of it is not");
	access_free(&next);
	diags_fini(&diags);
	next = load(first, true, &diags);
	ok(diags.errors == 0 && diags.warnings == 1, "unless forced");
	access_free(&next);
	diags_fini(&diags);

	put("a.access", "helo a reject\n");
	put("b.access", "");
	next = load(first, false, &diags);
	ok(diags.errors == 2 && diags.warnings == 1,
	    "shrunken, empty, and a table nobody names any more");
	access_free(&next);
	diags_fini(&diags);
	access_free(&first);
	arena_fini(&a);
	buf_fini(&b);
}

static void
absent_file(void)
{
	static const char *const paths[] = {"/nonexistent/x.access",
	    "client=cidr:/nonexistent/y", "client=nis:/nonexistent/z"};
	struct access_set *set;
	struct diags diags;

	diags_init(&diags, 0);
	set = access_load(paths, 3, NULL, false, &diags);
	is_int(diags.errors, 3, "each file that is not there is named");
	access_free(&set);
	diags_fini(&diags);
}

/* ---- many --------------------------------------------------------------- */

/* Every entry of a large list answers for itself; figures as a comment. */
static void
many(void)
{
	enum { N = 100000 };
	struct access_set *set;
	struct diags diags;
	struct buf b;
	size_t right = 0;
	struct arena a;
	int64_t t0, t1, t2;

	diags_init(&diags, 0);
	buf_init(&b);
	arena_init(&a, 0);
	for (unsigned i = 0; i < N; i += 4) {
		buf_printf(&b, "client 10.%u.%u.0/24 reject\n", i / 4 >> 8,
		    i / 4 & 255);
		buf_printf(&b, "client .h%u.example reject\n", i);
		buf_printf(&b, "sender u%u@example.net reject\n", i);
		buf_printf(&b, "sender d%u.example allow\n", i);
	}
	t0 = clock_mono_us();
	set = access_parse("f", buf_str(&b), &diags);
	t1 = clock_mono_us();
	ok(diags.errors == 0 && access_count(set) == N, "%d entries", N);
	for (unsigned i = 0; i < N; i += 4) {
		struct ip ip = {{[10] = 0xff,
		    0xff,
		    10,
		    (uint8_t)(i / 4 >> 8),
		    (uint8_t)(i / 4),
		    9}};
		char name[40];
		struct access_question q = {.kind = ACCESS_CLIENT,
		    .key = str_make(name, (size_t)snprintf(name, sizeof(name),
					      "mx.h%u.example", i)),
		    .ip = &ip};
		struct access_answer answer;

		arena_reset(&a);
		access_find(set, NULL, &q, &a, &answer);
		right += answer.len == 2 && answer.decides->pos.line == i + 1;
	}
	t2 = clock_mono_us();
	is_int(right, N / 4, "each client is found by address and by name");
	printf("# loaded in %.0f ms, %.2f us a look-up\n",
	    (double)(t1 - t0) / 1000, (double)(t2 - t1) / (N / 4));
	access_free(&set);
	arena_fini(&a);
	buf_fini(&b);
	diags_fini(&diags);
}

int
main(void)
{
	lookups();
	answers();
	expiry();
	bad_lines();
	warnings();
	limits();
	long_keys();
	own_dir_make(dir);
	loading();
	own_dir_remove(dir);
	absent_file();
	many();
	return done_testing();
}
