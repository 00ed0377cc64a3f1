#include "mail/ctype.h"

#include "tap.h"

/* NULL: the parameter is absent. */
static const struct {
	struct str in;
	const char *type, *boundary, *charset, *name;
	bool missing;
} rows[] = {
    {STR(""), "text/plain", NULL, "us-ascii", NULL, true},
    {STR("0"), "text/plain", NULL, "us-ascii", NULL, true},
    {STR("; charset=x"), "text/plain", NULL, "x", NULL, true},
    {STR("text/plain"), "text/plain", NULL, NULL, NULL, false},
    {STR(" TEXT/HTML ; x"), "text/html", NULL, NULL, NULL, false},
    {STR("text/html charset=utf-8"), "text/html", NULL, "utf-8", NULL, false},
    {STR("text/x-aol"), "text/plain", NULL, NULL, NULL, false},
    {STR("text"), "text/plain", NULL, NULL, NULL, false},
    {STR("texture/x"), "texture/x", NULL, NULL, NULL, false},
    {STR("text/calendar"), "text/calendar", NULL, NULL, NULL, false},
    {STR("text/x-vcard"), "text/x-vcard", NULL, NULL, NULL, false},
    {STR("\"image/gif\""), "image/gif", NULL, NULL, NULL, false},
    {STR("image/(gif)\xe9"), "image/gif", NULL, NULL, NULL, false},
    {STR("()"), "", NULL, NULL, NULL, false},
    {STR("/x y"), "/xy", NULL, NULL, NULL, false},
    {STR("a/b/c"), "a/b", NULL, NULL, NULL, false},

    {STR("multipart/mixed; boundary=abc"), "multipart/mixed", "abc", NULL, NULL,
	false},
    {STR("multipart/mixed; boundary=\"a b\""), "multipart/mixed", "a b", NULL,
	NULL, false},
    {STR("multipart/mixed; boundary=\"a;b"), "multipart/mixed", "a;b", NULL,
	NULL, false},
    {STR("multipart/mixed; boundary = a;x"), "multipart/mixed", "a", NULL, NULL,
	false},
    {STR("multipart/mixed; boundary=a\"b"), "multipart/mixed", NULL, NULL, NULL,
	false},
    {STR("multipart/mixed; boundary=\"\""), "multipart/mixed", NULL, NULL, NULL,
	false},
    {STR("multipart/mixed; xboundary=a; boundary=b"), "multipart/mixed", "b",
	NULL, NULL, false},
    {STR("multipart/mixed; boundary=\"\"; boundary=c"), "multipart/mixed", "c",
	NULL, NULL, false},

    {STR("text/plain; charset='x'"), "text/plain", NULL, "x", NULL, false},
    {STR("text/plain; charset=\"x y\" ; z"), "text/plain", NULL, "x y\" ", NULL,
	false},
    {STR("text/plain; charset="), "text/plain", NULL, "", NULL, false},
    {STR("text/plain; charset"), "text/plain", NULL, NULL, NULL, false},
    {STR("text/plain; charset=a\nb; charset=c"), "text/plain", NULL, "c", NULL,
	false},

    {STR("image/gif; name=\"a b.gif\""), "image/gif", NULL, NULL, "a b.gif",
	false},
    {STR("image/gif; filename=x"), "image/gif", NULL, NULL, "x", false},
    {STR("image/gif; rename=x"), "image/gif", NULL, NULL, NULL, false},
    {STR("image/gif; name*0=\"a\"; name*1=\"b\""), "image/gif", NULL, NULL,
	"ab", false},
    {STR("image/gif; name*2=c; name*0=a; name*1=b"), "image/gif", NULL, NULL,
	"abc", false},
    {STR("image/gif; name*1=b; name*1=c; name*0=a"), "image/gif", NULL, NULL,
	"ac", false},
    {STR("image/gif; name*01=a"), "image/gif", NULL, NULL, NULL, false},
    {STR("image/gif; name*2=name*0=a"), "image/gif", NULL, NULL, "name*0=a",
	false},
};

static void
is_optional(
    bool has, struct str got, const char *want, const char *what, struct str in)
{
	if (want == NULL)
		ok(!has, "no %s: %.*s", what, STR_ARG(in));
	else
		is_str(has ? got : STR("(absent)"), str_from(want), "%s: %.*s",
		    what, STR_ARG(in));
}

static void
disposition(void)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
	    {"attachment; filename=\"a;b\"", "a"},
	    {"attachment; FileName= a b ;c", "a b "},
	    {"attachment; filename=\"\"", NULL},
	    {"attachment; filename= \"\"", " "},
	    {"attachment; filename=\"\"; name=x", "x"},
	    {"attachment", NULL},
	    {"name=", NULL},
	    {"name=\"open", "open"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str name = STR_NONE;
		bool has = ctype_disposition_name(str_from(cases[i].in), &name);

		is_optional(has, name, cases[i].want, "disposition name",
		    str_from(cases[i].in));
	}
}

/* More pieces than are kept: the first thousand stand. */
static void
pieces_limit(void)
{
	struct arena a;
	struct ctype ct;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b);
	buf_add_cstr(&b, "image/gif");
	for (int i = 0; i < 1001; i++)
		buf_printf(&b, "; name*%d=%d", i, i % 10);
	ctype_parse(&a, buf_str(&b), &ct);
	is_int(ct.name.len, 1000, "a thousand pieces, not one more");
	buf_fini(&b);
	arena_fini(&a);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a;
		struct ctype ct;

		arena_init(&a, 0);
		ctype_parse(&a, rows[i].in, &ct);
		is_str(ct.type, str_from(rows[i].type), "type: %.*s",
		    STR_ARG(rows[i].in));
		is_int(ct.missing, rows[i].missing, "missing: %.*s",
		    STR_ARG(rows[i].in));
		is_optional(ct.has_boundary, ct.boundary, rows[i].boundary,
		    "boundary", rows[i].in);
		is_optional(ct.has_charset, ct.charset, rows[i].charset,
		    "charset", rows[i].in);
		is_optional(
		    ct.has_name, ct.name, rows[i].name, "name", rows[i].in);
		arena_fini(&a);
	}
	disposition();
	pieces_limit();
	return done_testing();
}
