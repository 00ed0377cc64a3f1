#include "mail/uri.h"

#include "base/buf.h"
#include "mail_fixture.h"
#include "tap.h"

#include <stdlib.h>

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The list in byte order, one space between. */
static struct str
sorted(struct arena *a, struct str_list l)
{
	struct buf b;
	struct str *v = arena_array(a, l.len + 1, sizeof(*v));

	for (size_t i = 0; i < l.len; i++)
		v[i] = l.v[i];
	qsort(v, l.len, sizeof(*v), by_bytes);
	buf_init_arena(&b, a);
	for (size_t i = 0; i < l.len; i++) {
		if (i > 0)
			buf_add_char(&b, ' ');
		buf_add(&b, v[i]);
	}
	return buf_str(&b);
}

/* What text yields: raw URIs with "~" (schemeless) or "!" (unlinked) before. */
static void
from_text(struct mail_settings *s)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"see http://www.example.com/a today", "http://www.example.com/a"},
	    {"HTTPS://Example.COM", "HTTPS://Example.COM"},
	    {"(http://example.com/x)", "http://example.com/x"},
	    {"http://example.com/x_(y) z", "http://example.com/x_(y"},
	    {"http://a.com/x)y) z", "http://a.com/x)y"},
	    {"go to www.example.com.", "~http://www.example.com"},
	    {"www7.example.com/x, or", "~http://www7.example.com/x"},
	    {"www123.example.com/x", "!http://www123.example.com/x"},
	    {"ftp.example.com/pub", "~ftp://ftp.example.com/pub"},
	    {"example.com is ours", "!http://example.com"},
	    {"at example.com.", "!http://example.com"},
	    {"example.com/ has no path", ""},
	    {"example.com:8080/p!", "!http://example.com:8080/p"},
	    {"example.com:123456", ""},
	    {"example.invalid is not", ""},
	    {"foo.example.com_bar", ""},
	    {"x=shop.example.co.uk;", ""},
	    {"x=shop.example.co.uk", "!http://shop.example.co.uk"},
	    {"One. Two: three@ four.\n", ""},
	    {"http: www. mailto: ftp. http://", ""},
	    {"Two: example.com. An end.", "!http://example.com"},
	    {"a@ b.c@example.com: an end", "~mailto:b.c@example.com"},
	    {"a@example.com", "~mailto:a@example.com"},
	    {"mailto:a@example.com?subject=x",
		"mailto:a@example.com?subject=x"},
	    {"<b.c@example.org>,d@example.net",
		"~mailto:b.c@example.org ~mailto:d@example.net"},
	    {"e-mail:a@example.com", "~mailto:a@example.com"},
	    {"skype::a@example.com", "~mailto:a@example.com"},
	    {"Vi@gra", ""},
	    {"a@example.invalid", ""},
	    {"mailto:a%40example%2Ecom", ""},
	    {"mailto:a@ex%61mple%2Ecom", "mailto:a@example.com"},
	    {"cid:image@example.com", ""},
	    {"http:// alone", ""},
	    {"http://no-such-name", "http://no-such-name"},
	    {"http://no-such-name/http://example.com",
		"http://no-such-name/http://example.com"},
	    {"http://192.0.2.7/x", "http://192.0.2.7/x"},
	    {"http://host.invalid/", ""},
	    {"example.\xd1\x80\xd1\x84 there", ""},
	    {"a/b@example.com", "~http://a/b@example.com"},
	    {"www.a.com/x@example.com", "~http://www.a.com/x@example.com"},
	    {"twice www.example.com www.example.com",
		"~http://www.example.com"},
	    {"\x1b(Bhttp://example.com\x1b(J", "http://example.com"},
	    {"x\xa0http://example.com\xa0y", "http://example.com"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		struct uri_set *set;
		struct uri_list l;
		struct buf b;

		arena_init(&a, 0);
		set = uri_set_new(&a, s);
		uri_set_add_text(set, str_from(cases[i].text));
		l = uri_set_records(set);
		buf_init_arena(&b, &a);
		for (size_t k = 0; k < l.len; k++) {
			unsigned t = l.v[k].types;

			buf_printf(&b, "%s%s%.*s", k ? " " : "",
			    t & URI_TYPE_BIT(UNLINKED)	   ? "!"
			    : t & URI_TYPE_BIT(SCHEMELESS) ? "~"
							   : "",
			    STR_ARG(l.v[k].raw));
		}
		is_str(
		    buf_str(&b), str_from(cases[i].want), "text, case %zu", i);
		uri_set_fini(set);
		arena_fini(&a);
	}
}

static void
readings(struct mail_settings *s)
{
	static const struct {
		const char *raw, *want;
	} cases[] = {
	    {"http://example.com/", "http://example.com/"},
	    {" http://exam\nple.com/\r ", "http://example.com/"},
	    {"#top", "#top"},
	    {"/x", "/x"},
	    {"", ""},
	    {"//example.com", "//example.com http:////example.com"},
	    {"example.com", "example.com http://example.com"},
	    {"ftp.example.com", "ftp.example.com ftp://ftp.example.com"},
	    {"http:example.com", "http://example.com http:example.com"},
	    {"http:\\\\example.com\\a",
		"http://example.com/a http:\\\\example.com\\a"},
	    {"http://example.com?a", "http://example.com/?a "
				     "http://example.com?a"},
	    {"http://%65xample.com/%20%2f",
		"http://%65xample.com/%20%2f http://example.com/%20/"},
	    {"http://example.com/&#101;",
		"http://example.com/&#101; http://example.com/e"},
	    {"http://example.com/&#x65;&#x3002;",
		"http://example.com/&#x65;&#x3002; http://example.com/e."},
	    {"http://example.com:80/", "http://example.com/ "
				       "http://example.com:80/"},
	    {"https://example.com:443", "https://example.com "
					"https://example.com:443"},
	    {"http://example.com:8080/", "http://example.com:8080/"},
	    {"http://user@example.com/", "http://user@example.com/"},
	    {"http://a@b@example.com/",
		"http://a@b@example.com/ http://example.com/"},
	    {"http://example.com!!/", "http://example.com!!/ "
				      "http://example.com/"},
	    {"http://0x7f000001/", "http://0x7f000001/ http://127.0.0.1/"},
	    {"http://3221225985/", "http://192.0.2.1/ http://3221225985/"},
	    {"http://0300.0.02.0x1/", "http://0300.0.02.0x1/ "
				      "http://192..2.1/"},
	    {"http://intranet/", "http://intranet/ http://www.intranet.com/"},
	    {"http://localhost/", "http://localhost/"},
	    {"http://r.example/?u=http://t.example/&x",
		"http://r.example/?u=http://t.example/&x http://t.example/"},
	    {"http://go.test/to/t.example/p",
		"http://go.test/to/t.example/p http://t.example/p "
		"t.example/p"},
	    {"mailto:a@example.com?subject=x",
		"mailto:a@example.com mailto:a@example.com?subject=x"},
	    {"mailto:%20a@example.com%20",
		"mailto:%20a@example.com%20 mailto:a@example.com"},
	    {"mailto:\"A%20B\"<a@example.com>",
		"mailto:\"A%20B\"<a@example.com> mailto:a@example.com"},
	    {"javascript:void(0)", "javascript:void(0)"},
	    {"http://example.com/%41\xc3\xbc",
		"http://example.com/%41\xc3\xbc http://example.com/A%c3%bc"},
	};
	struct regex_error error;
	struct redirector list[] = {
	    {regex_compile(STR("^http://(?:ab|cd)\\.test/to/(.*)$"),
		 REGEX_CASELESS, &error),
		STR("")},
	    {regex_compile(
		 STR("^http://go\\.test/to/(.*)$"), REGEX_CASELESS, &error),
		STR("go.test/to/")},
	};
	struct regex_scratch *scratch = regex_scratch_new(NULL);

	s->redirectors = list;
	s->redirector_count = 2;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		struct uri_reader reader = {
		    .arena = &a, .settings = s, .scratch = scratch};

		arena_init(&a, 0);
		is_str(
		    sorted(&a, uri_readings(&reader, str_from(cases[i].raw))),
		    str_from(cases[i].want), "readings, case %zu", i);
		arena_fini(&a);
	}
	s->redirectors = NULL;
	s->redirector_count = 0;
	regex_scratch_free(&scratch);
	regex_free(&list[0].regex);
	regex_free(&list[1].regex);
}

/* What is known to be characters. */
static void
wide_readings(struct mail_settings *s)
{
	static const struct {
		const char *raw, *want;
	} cases[] = {
	    {"http://example.com/%41\xc3\xbc\xe4\xbe\x8b",
		"http://example.com/%41\xc3\xbc\xe4\xbe\x8b "
		"http://example.com/A%fc\xe4\xbe\x8b"},
	    {"http://B\xc3\xbc.com:80/",
		"http://B\xc3\xbc.com/ http://B\xc3\xbc.com:80/ "
		"http://b\xc3\x83\xc2\xbc.com/ "
		"http://b\xc3\x83\xc2\xbc.com:80/"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		struct uri_reader reader = {
		    .arena = &a, .settings = s, .wide = true};

		arena_init(&a, 0);
		is_str(
		    sorted(&a, uri_readings(&reader, str_from(cases[i].raw))),
		    str_from(cases[i].want), "wide readings, case %zu", i);
		arena_fini(&a);
	}
}

static void
hosts(struct mail_settings *s)
{
	static const struct {
		const char *uri, *want; /* "host domain", NULL: none */
	} cases[] = {
	    {"http://WWW.Example.com/x", "www.example.com example.com"},
	    {"http://u:p@www.example.co.uk:81", "www.example.co.uk "
						"example.co.uk"},
	    {"http://192.0.2.1:8080/", "192.0.2.1 192.0.2.1"},
	    {"http://example.com./", NULL},
	    {"mailto:a@b.example.com?c@d", "b.example.com example.com"},
	    {"mailto:a@b@example.com", NULL},
	    {"mailto:nobody", NULL},
	    {"javascript:x.com", NULL},
	    {"cid:a@example.com", NULL},
	    {"http://ex%61mple.com/", NULL},
	    {"http://example.invalid/", NULL},
	    {"http://host/", NULL},
	    {"ftp://ftp.example.org/a?b#c", "ftp.example.org example.org"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uri_host h;
		struct arena a;
		bool found;

		arena_init(&a, 0);
		found = uri_host_of(&a, s, str_from(cases[i].uri), &h);
		ok(found == (cases[i].want != NULL), "host of %s",
		    cases[i].uri);
		if (found && cases[i].want != NULL)
			is_str(arena_printf(&a, "%.*s %.*s", STR_ARG(h.host),
				   STR_ARG(h.domain)),
			    str_from(cases[i].want), "which one");
		arena_fini(&a);
	}
}

static void
resolution(void)
{
	static const struct {
		const char *base, *ref, *want;
	} cases[] = {
	    {"http://a.example/b/c/", "d", "http://a.example/b/c/d"},
	    {"http://a.example/b/c/", "../d", "http://a.example/b/d"},
	    {"http://a.example/b/c/", "./d/.", "http://a.example/b/c/d/"},
	    {"http://a.example/b/c/", "../../../d", "http://a.example/d"},
	    {"http://a.example/b/c/", "/d?q#f", "http://a.example/d?q#f"},
	    {"http://a.example/b/", "?q", "http://a.example/b/?q"},
	    {"http://a.example/b/?q", "#f", "http://a.example/b/?q#f"},
	    {"http://a.example/b/", "//c.example/d", "http://c.example/d"},
	    {"http://a.example/b/", "https://c.example", "https://c.example"},
	    {"http://a.example/b/", "http:d", "http://a.example/b/d"},
	    {"http://a.example", "d", "http://a.example/d"},
	    {"", "//www.c.example/d", "http://www.c.example/d"},
	    {"", "//www2.c.example", "http://www2.c.example"},
	    {"", "//ftp.c.example", "ftp://ftp.c.example"},
	    {"", "//c.example", "//c.example"},
	    {"", "d/../e", "/e"},
	    {"", "javascript:a/../b", "javascript:/b"},
	    {"", "", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;

		arena_init(&a, 0);
		is_str(uri_resolve(
			   &a, str_from(cases[i].base), str_from(cases[i].ref)),
		    str_from(cases[i].want), "'%s' from '%s'", cases[i].ref,
		    cases[i].base);
		arena_fini(&a);
	}
}

/* The set merges what it is given about one raw URI. */
static void
records(struct mail_settings *s)
{
	static const struct str some[] = {
	    {"click", 5}, {"here", 4}, {"click", 5}};
	struct arena a;
	struct uri_set *set;
	struct uri_list l;

	arena_init(&a, 0);
	set = uri_set_new(&a, s);
	uri_set_add_text(set, STR("www.example.com"));
	uri_set_add(
	    set, &(struct uri_source){.raw = STR("http://www.example.com"),
		     .types = URI_TYPE_BIT(A),
		     .texts = {some, 3}});
	uri_set_add(set, &(struct uri_source){.raw = STR("rel.html")});
	l = uri_set_records(set);
	is_int(l.len, 2, "two raw URIs");
	is_int(l.v[0].types,
	    URI_TYPE_BIT(PARSED) | URI_TYPE_BIT(SCHEMELESS) | URI_TYPE_BIT(A),
	    "types are joined");
	is_str(sorted(&a, l.v[0].texts), STR("click here"),
	    "anchor texts are distinct");
	is_int(l.v[1].types, URI_TYPE_BIT(PARSED),
	    "a URI from nowhere counts as text");
	is_str(sorted(&a, uri_set_cleaned(set)),
	    STR("http://rel.html http://www.example.com rel.html"),
	    "what uri rules see");
	uri_set_add_signature(
	    set, STR(" v=1; a=rsa; d=mail.example.org; b=ad=none.invalid;"));
	l = uri_set_records(set);
	is_int(l.len, 3, "a signature adds its domain");
	is_str(l.v[2].raw, STR("domainkeys:mail.example.org"), "under a name");
	ok(l.v[2].cleaned.len == 0 && l.v[2].host_count == 1 &&
		str_is(l.v[2].hosts[0].domain, "example.org"),
	    "with a host, unseen by uri rules");
	uri_set_fini(set);
	arena_fini(&a);
	ok(uri_set_records(NULL).len == 0 && uri_set_truncated(NULL),
	    "no set is an empty set");
}

static struct str
repeat(struct arena *a, const char *head, const char *unit, size_t count)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_add_cstr(&b, head);
	while (count-- > 0)
		buf_add_cstr(&b, unit);
	return str_from(buf_cstr(&b));
}

static void
limits(struct mail_settings *s)
{
	struct arena a;
	struct uri_set *set;
	struct uri_reader reader = {0};

	arena_init(&a, 0);
	set = uri_set_new(&a, s);
	uri_set_add_text(
	    set, repeat(&a, "http://", "example.com/", URI_TEXT_MAX / 12));
	is_int(uri_set_records(set).len, 1, "a long URI in text");
	uri_set_add_text(
	    set, repeat(&a, "http://192.0.2.1/", "x", URI_TEXT_MAX - 10));
	is_int(uri_set_records(set).len, 2, "at the limit");
	uri_set_add_text(
	    set, repeat(&a, "http://192.0.2.1/", "y", URI_TEXT_MAX - 9));
	is_int(uri_set_records(set).len, 2, "one above");
	uri_set_add_text(
	    set, repeat(&a, "a@", "x.com", 1 + (URI_TEXT_MAIL_MAX - 5) / 5));
	is_int(uri_set_records(set).len, 3, "a long mail host");
	uri_set_add_text(set, repeat(&a, "a@", "x.com", 51));
	is_int(uri_set_records(set).len, 3, "one too long");
	uri_set_fini(set);

	s->limits.uris = 2;
	set = uri_set_new(&a, s);
	uri_set_add(set, &(struct uri_source){.raw = STR("http://a.com")});
	uri_set_add(set, &(struct uri_source){.raw = STR("http://b.com")});
	ok(!uri_set_truncated(set), "as many URIs as allowed");
	uri_set_add(set, &(struct uri_source){.raw = STR("http://c.com")});
	ok(uri_set_truncated(set) && uri_set_records(set).len == 2,
	    "one more is dropped and told");
	uri_set_fini(set);
	s->limits.uris = 10000;

	reader.arena = &a;
	reader.settings = s;
	is_int(uri_readings(&reader, repeat(&a, "http://a.com/",
					 "http://a.com/", URI_READINGS_MAX - 1))
		   .len,
	    URI_READINGS_MAX, "redirectors in redirectors, at the limit");
	ok(!reader.truncated, "nothing is left out");
	is_int(uri_readings(&reader, repeat(&a, "http://a.com/",
					 "http://a.com/", URI_READINGS_MAX))
		   .len,
	    URI_READINGS_MAX, "and one above");
	ok(reader.truncated, "is told");

	/* 33 of 13 bytes inside each other: 16 times the longest together. */
	reader.truncated = false;
	s->limits.uri = 33 * 13;
	is_int(uri_readings(&reader, repeat(&a, "", "http://a.com/", 33)).len,
	    33, "readings of the size they may take together");
	ok(!reader.truncated, "nothing is left out");
	s->limits.uri++;
	ok(uri_readings(
	       &reader, repeat(&a, repeat(&a, "", "http://a.com/", 32).p,
			    "http://a.com/y", 1))
			.len < 33 &&
		reader.truncated,
	    "and more than that");
	s->limits.uri = 8192;
	arena_fini(&a);
}

static void
anchor_limit(struct mail_settings *s)
{
	struct arena a;
	struct uri_set *set;
	struct str text;

	arena_init(&a, 0);
	set = uri_set_new(&a, s);
	for (int i = 0; i < 2 * URI_ANCHORS_MAX; i++) {
		text = arena_printf(&a, "text %d", i % URI_ANCHORS_MAX);
		uri_set_add(
		    set, &(struct uri_source){
			     .raw = STR("http://a.com"), .texts = {&text, 1}});
	}
	is_int(uri_set_records(set).v[0].texts.len, URI_ANCHORS_MAX,
	    "as many anchor texts as are kept, each once");
	ok(!uri_set_truncated(set), "none is lost");
	text = STR("one more");
	uri_set_add(set, &(struct uri_source){
			     .raw = STR("http://a.com"), .texts = {&text, 1}});
	ok(uri_set_truncated(set) &&
		uri_set_records(set).v[0].texts.len == URI_ANCHORS_MAX,
	    "one more is, and told");
	uri_set_fini(set);
	arena_fini(&a);
}

/* Text made to cost: each must stay linear, so a megabyte passes at once. */
static void
hostile(struct mail_settings *s)
{
	static const char *const units[] = {"a@", "a.", "http://", "www.",
	    "mailto:", "a.com", "(", ")", "<", "&#", "%", "\x1b(B", "@", "a:1",
	    "a/", ".com"};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct arena a;
		struct uri_set *set;

		arena_init(&a, 0);
		set = uri_set_new(&a, s);
		uri_set_add_text(
		    set, repeat(&a, "", units[i], 500000 / strlen(units[i])));
		uri_set_add(
		    set, &(struct uri_source){
			     .raw = repeat(&a, "http://", units[i], 4000)});
		uri_set_add(
		    set, &(struct uri_source){
			     .raw = repeat(&a, "mailto:", units[i], 4000)});
		ok(uri_set_records(set).len <= s->limits.uris, "much of '%s'",
		    units[i][0] == '\x1b' ? "shift" : units[i]);
		uri_set_fini(set);
		arena_fini(&a);
	}
}

int
main(void)
{
	struct mail_settings s;

	fixture_settings(&s);
	from_text(&s);
	readings(&s);
	wide_readings(&s);
	hosts(&s);
	resolution();
	records(&s);
	limits(&s);
	anchor_limit(&s);
	hostile(&s);
	fixture_settings_fini(&s);
	return done_testing();
}
