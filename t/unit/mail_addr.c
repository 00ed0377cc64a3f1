#include "mail/addr.h"

#include "base/buf.h"
#include "tap.h"

/* Want: one "phrase|address" a result, `~` for one that is not there. */
static const struct {
	struct str in;
	const char *want;
} rows[] = {
    {STR(""), ""},
    {STR(" \n"), ""},
    {STR(" ann@example.org\n"), "~|ann@example.org\n"},
    {STR(" <ann@example.org>"), "~|ann@example.org\n"},
    {STR(" Ann Lee <ann@example.org>"), "Ann Lee |ann@example.org\n"},
    {STR(" \"Lee, Ann\" <ann@example.org>"), "Lee, Ann |ann@example.org\n"},
    {STR(" \"a \\\"b\\\" c\" <x@example.org>"), "a \"b\" c |x@example.org\n"},
    {STR(" ann@example.org (Ann Lee)"), "Ann Lee|ann@example.org\n"},
    {STR(" Ann (work) <ann@example.org>"), "Ann  |ann@example.org\n"},
    {STR(" a@example.org, b@example.org"),
	"~|a@example.org\n~|b@example.org\n"},
    {STR(" a@example.org; B <b@example.org>;"),
	"~|a@example.org\nB |b@example.org\n"},
    {STR(" friends: a@example.org, b@example.org;"),
	"~|a@example.org\n~|b@example.org\n"},
    {STR(" undisclosed-recipients:;"), ""},
    {STR(" undisclosed-recipients: ; (x)"), ""},
    {STR(" <>"), "~|~\n"},
    {STR(" \"ann@example.org\" <ann@example.org>"),
	"ann@example.org |ann@example.org\n"},
    {STR(" \"ann@example.org\"<ann@example.org>"), "~|ann@example.org\n"},
    {STR(" \"joe+x@example.com\""), "~|joe+x@example.com\n"},
    {STR(" \"joe@localhost\""), "joe@localhost|~\n"},
    {STR(" Ann Lee"), "Ann Lee|~\n"},
    {STR(" <a b@example.org>"), "~|~\n"},
    {STR(" <\"a b\"@example.org>"), "~|\"a b\"@example.org\n"},
    {STR(" <<a@example.org>>"), "~|~\n"},
    {STR(" X <a@example.org> <b@example.org>"), "X |a@example.org\n"},
    {STR(" <a@example.org>,<b@example.org>"), "~|~\n"},
    {STR(" <a@example.org>, <b@example.org>"),
	"~|a@example.org\n~|b@example.org\n"},
    {STR(" a@[192.0.2.1]"), "~|a@[192.0.2.1]\n"},
    {STR(" a@b@example.org"), "~|a@b\n"},
    {STR(" \"\"@example.org"), "~|~\n"},
    {STR(" a\"b@example.org"), "~|~\n"},
    {STR(" a@example.org,, b@example.org"), "~|a@example.org\n"},
    {STR(" a@example.org, ,b@example.org"),
	"~|a@example.org\n |~\n~|b@example.org\n"},
    {STR(" =?utf-8?Q?\"Foo\"_<no@example.org>?="), "~|no@example.org\n"},
    {STR(" a@(x)example.org"), "~|a@example.org\n"},
    {STR(" <a@example.org (x)>"), ""},
    {STR(" a\\\\@example.org"), "~|a@example.org\n"},
};

static struct str
show(struct arena *a, struct addr_list l)
{
	struct buf b;

	buf_init_arena(&b, a);
	for (size_t i = 0; i < l.len; i++) {
		buf_add(&b, l.v[i].has_phrase ? l.v[i].phrase : STR("~"));
		buf_add_char(&b, '|');
		buf_add(&b, l.v[i].has_address ? l.v[i].address : STR("~"));
		buf_add_char(&b, '\n');
	}
	return buf_str(&b);
}

static void
hosts(void)
{
	static const struct {
		struct str host;
		bool want;
	} cases[] = {
	    {STR("example.org"), true},
	    {STR("EXAMPLE.org."), true},
	    {STR("example"), false},
	    {STR(""), false},
	    {STR("-a.org"), false},
	    {STR("a_b.x.org"), true},
	    {STR("a_b.org"), false},
	    {STR("a..org"), false},
	    {STR("a b.org"), false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(addr_host_valid(cases[i].host), cases[i].want,
		    "host \"%.*s\"", STR_ARG(cases[i].host));
}

/* Fields made to be slow are read, or given up, in time that is linear. */
static void
hostile(void)
{
	static const struct {
		const char *what, *unit;
	} cases[] = {
	    {"quotes", "\""},
	    {"open brackets", "<"},
	    {"closed brackets", "<a@b> "},
	    {"brackets in a row", "<a@b>"},
	    {"comments", "("},
	    {"empty strings", "\"\""},
	    {"backslashes", "\\\""},
	    {"commas", " ,"},
	    {"at signs", "@"},
	    {"a mix", "\"a\" <b@c> (d) \\"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr_list l;
		struct arena a;
		struct buf b;

		arena_init(&a, 64 << 20);
		buf_init_arena(&b, &a);
		while (b.len < 8192)
			buf_add_cstr(&b, cases[i].unit);
		buf_add_cstr(&b, "!");
		l = addr_parse(&a, buf_str(&b));
		ok(l.len <= ADDR_MAX && !a.full, "8 KiB of %s", cases[i].what);
		arena_fini(&a);
	}
}

static void
limit(void)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b);
	for (int i = 0; i < ADDR_MAX + 1; i++)
		buf_add_cstr(&b, i ? ",a@b.c" : "a@b.c");
	is_int(addr_parse(&a, buf_str(&b)).len, ADDR_MAX,
	    "one address more than the limit");
	buf_fini(&b);
	arena_fini(&a);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a;

		arena_init(&a, 0);
		is_str(show(&a, addr_parse(&a, rows[i].in)),
		    str_from(rows[i].want), "%.*s", STR_ARG(rows[i].in));
		arena_fini(&a);
	}
	hosts();
	hostile();
	limit();
	return done_testing();
}
