#include "mail/authres.h"

#include "base/buf.h"
#include "tap.h"

/* The value, and what is read of it: id, then " method=result(comment)" and
 * " type.name=value" each. NULL: no id. */
static const struct {
	struct str in;
	const char *want;
} rows[] = {
    {STR("mx.example.org; spf=pass smtp.mailfrom=a@b.example"),
	"mx.example.org spf=pass() smtp.mailfrom=a@b.example"},
    {STR(" mx.example.org;\n\tdkim=pass (2048-bit key) header.d=b.example\n"
	 "\theader.i=@b.example;\n\tdmarc=fail (p=reject dis=none) "
	 "header.from=b.example\n"),
	"mx.example.org dkim=pass(2048-bit key) header.d=b.example "
	"header.i=@b.example dmarc=fail(p=reject dis=none) "
	"header.from=b.example"},
    {STR("mx.example.org 1; none"), "mx.example.org"},
    {STR("mx.example.org; none"), "mx.example.org"},
    {STR("mx.example.org"), "mx.example.org"},
    {STR("(who) mx.example.org (c) ; SPF=Pass"), "mx.example.org SPF=Pass()"},
    {STR("\"mx.example.org\"; spf=fail"), "mx.example.org spf=fail()"},
    {STR("x; dkim/1=pass reason=\"all; is (well)\" header.d = b.example"),
	"x dkim=pass() reason.=all; is (well) header.d=b.example"},
    {STR("x; dkim=pass (a (b; c) d) header.d=e"),
	"x dkim=pass(a (b; c) d) header.d=e"},
    {STR("x; dkim=pass (a \\) b) header.d=e"),
	"x dkim=pass(a \\) b) header.d=e"},
    {STR("x; dkim=pass (never closed header.d=e"),
	"x dkim=pass(never closed header.d=)"},
    {STR("x; spf=pass smtp.mailfrom=\"odd user\"@b.example; dkim=none"),
	"x spf=pass() smtp.mailfrom=@b.example dkim=none()"},
    {STR("x; rubbish; =; spf; spf=; dkim=pass"), "x dkim=pass()"},
    {STR("x; spf=pass smtp. =y; dkim=fail"), "x spf=pass() dkim=fail()"},
    {STR("x;;; spf=pass;"), "x spf=pass()"},
    {STR("x; spf=\"pass\"; a=b"), "x a=b()"},
    {STR("spf=pass smtp.mailfrom=a"), NULL},
    {STR("; spf=pass"), NULL},
    {STR(""), NULL},
    {STR("(comment"), NULL},
    {STR("\""), NULL},
};

static void
show(const struct authres *r, struct buf *out)
{
	buf_add(out, r->authserv_id);
	for (size_t i = 0; i < r->count; i++) {
		const struct authres_result *one = &r->results[i];

		buf_printf(out, " %.*s=%.*s(%.*s)", STR_ARG(one->method),
		    STR_ARG(one->result), STR_ARG(one->comment));
		for (size_t k = 0; k < one->property_count; k++)
			buf_printf(out, " %.*s.%.*s=%.*s",
			    STR_ARG(one->properties[k].type),
			    STR_ARG(one->properties[k].name),
			    STR_ARG(one->properties[k].value));
	}
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct authres r;
		struct arena a;
		struct buf text;
		bool good;

		arena_init(&a, 0);
		buf_init(&text);
		good = authres_parse(&a, rows[i].in, &r);
		show(&r, &text);
		is_str(good ? buf_str(&text) : STR_NONE,
		    str_from(rows[i].want ? rows[i].want : ""), "%.*s",
		    STR_ARG(rows[i].in));
		is_str(authres_server(rows[i].in),
		    good ? r.authserv_id : STR_NONE, "the same server");
		buf_fini(&text);
		arena_fini(&a);
	}
}

/* As many results and properties as the limits say, and one more. */
static void
test_limits(void)
{
	struct authres r;
	struct arena a;
	struct buf text;

	for (size_t more = 0; more < 2; more++) {
		arena_init(&a, 0);
		buf_init(&text);
		buf_add_cstr(&text, "x");
		for (size_t i = 0; i < AUTHRES_RESULTS_MAX + more; i++)
			buf_add_cstr(&text, "; a=b");
		authres_parse(&a, buf_str(&text), &r);
		is_int((long long)r.count, AUTHRES_RESULTS_MAX, "results");
		text.len = 0;
		buf_add_cstr(&text, "x; a=b");
		for (size_t i = 0; i < AUTHRES_PROPERTIES_MAX + more; i++)
			buf_add_cstr(&text, " c.d=e");
		buf_add_cstr(&text, "; f=g");
		authres_parse(&a, buf_str(&text), &r);
		is_int((long long)r.results[0].property_count,
		    AUTHRES_PROPERTIES_MAX, "properties");
		is_int((long long)r.count, 2, "and the result behind them");
		buf_fini(&text);
		arena_fini(&a);
	}
}

static void
test_property(void)
{
	struct authres r;
	struct arena a;

	arena_init(&a, 0);
	authres_parse(&a, STR("x; spf=pass SMTP.Helo=b smtp.mailfrom=c"), &r);
	is_str(authres_property(&r.results[0], STR("smtp"), STR("helo")),
	    STR("b"), "found without case");
	is_str(authres_property(&r.results[0], STR("smtp"), STR("rcptto")),
	    STR_NONE, "not there");
	arena_fini(&a);
}

int
main(void)
{
	test_rows();
	test_limits();
	test_property();
	return done_testing();
}
