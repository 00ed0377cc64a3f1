/* The strings body and rawbody rules see: order, borders, limits. */
#include "mail/html.h"
#include "mail/message.h"
#include "mail/unicode.h"
#include "tap.h"

static struct arena arena;
static struct mail_settings settings;

static struct message *
parse(const char *headers, struct str body)
{
	struct str raw =
	    arena_printf(&arena, "%s\n%.*s", headers, STR_ARG(body));

	return message_new(&arena, &settings, NULL, 0, raw);
}

/* The strings joined by "|". */
static struct str
join(struct str_list l)
{
	struct buf b;

	buf_init_arena(&b, &arena);
	for (size_t i = 0; i < l.len; i++) {
		if (i > 0)
			buf_add_char(&b, '|');
		buf_add(&b, l.v[i]);
	}
	return buf_str(&b);
}

#define PLAIN "Subject: s\nContent-Type: text/plain; charset=utf-8\n"
#define HTML "Subject: s\nContent-Type: text/html; charset=us-ascii\n"

static const struct {
	const char *label;
	const char *headers;
	const char *body;
	const char *want;
} body_cases[] = {
    {"the Subject stands first", PLAIN, "text\n", "s\n|text "},
    {"no Subject", "To: a@b.example\n", "text\n", "\n|text "},
    {"nothing at all", PLAIN, "", "s\n"},
    {"lines join, paragraphs part", PLAIN, "a\nb\n \nc\n\n\nd",
	"s\n|a b\n|c\n|d"},
    {"blanks around a border", PLAIN, "a \n \n b", "s\n|a \n| b"},
    {"a carriage return is a blank", PLAIN, "a\rb", "s\n|a b"},
    {"HTML", HTML, "<p>a<b>b</b>c<p>d", "s\n|\n|abc\n|d"},
    {"no-break space in characters", PLAIN, "a\xc2\xa0 b", "s\n|a b"},
    {"no-break space among ASCII", HTML, "a&#160;b",
	"s\n|a\xa0"
	"b"},
    {"small entities are bytes", HTML, "&eacute;", "s\n|\xe9"},
    {"unless a greater one is there", HTML, "&eacute;&#160;&euro;",
	"s\n|\xc3\xa9 \xe2\x82\xac"},
    {"an attachment is not shown", "Subject: s\nContent-Type: image/png\n",
	"text", "s\n"},
    {"nor is a calendar", "Subject: s\nContent-Type: text/calendar\n", "text",
	"s\n"},
    {"the name makes it HTML",
	"Subject: s\nContent-Type: text/plain; name=x.htm\n", "a<b>b",
	"s\n|ab"},
};

static void
test_body(void)
{
	size_t n = sizeof(body_cases) / sizeof(body_cases[0]);

	for (size_t i = 0; i < n; i++)
		is_str(join(message_body(parse(body_cases[i].headers,
			   str_from(body_cases[i].body)))),
		    str_from(body_cases[i].want), "body: %s",
		    body_cases[i].label);
	is_str(join(message_body(parse(PLAIN, STR("")))), STR("s\n"),
	    "body: empty");
}

#define MIXED "Subject: s\nContent-Type: multipart/mixed; boundary=B\n"

static void
test_parts(void)
{
	struct str text = STR("--B\n\none\n--B\nContent-Type: text/html\n\n"
			      "two<b>x</b>\n--B\nContent-Type: image/gif\n\n"
			      "GIF\n--B\n\nthree\n--B--\n");
	struct message *m = parse(MIXED, text);

	is_str(join(message_body(m)), STR("s\n|one twox\n|three"),
	    "parts join, what lies between parts them");
	is_int(message_html(m).len, 1, "one HTML result");
	is_str(join(message_rawbody(m)), STR("one|two<b>x</b>|three"),
	    "rawbody has each part by itself");
	m = parse(
	    "Subject: s\nContent-Type: multipart/mixed; boundary=B\n", STR(""));
	is_int(message_body(m).len, 0, "without parts not even the Subject");
}

static struct str
fill(char c, size_t n)
{
	char *p = arena_alloc(&arena, n);

	memset(p, c, n);
	return str_make(p, n);
}

static struct str
fill_with(size_t n, size_t at, char c)
{
	char *p = arena_alloc(&arena, n);

	memset(p, 'x', n);
	p[at] = c;
	return str_make(p, n);
}

static void
test_cuts(void)
{
	struct str_list l;

	l = message_body(parse(PLAIN, fill('x', 2048)));
	is_int(l.len, 2, "2048 bytes are one string");
	l = message_body(parse(PLAIN, fill('x', 2049)));
	is_int(l.len, 3, "2049 are two");
	is_int(l.v[1].len, 2048, "cut at 2048");
	l = message_body(parse(PLAIN, fill_with(3000, 1000, ' ')));
	is_int(l.v[1].len, 1001, "cut after a space");
	l = message_body(parse(PLAIN, fill_with(3000, 2048, ' ')));
	is_int(l.v[1].len, 2049, "even one just behind the border");
}

static void
test_part_limit(void)
{
	size_t most = settings.limits.body_part;
	struct str_list l;
	size_t total;

	for (size_t i = 0; i < 5; i++) {
		static const struct {
			const char *label;
			size_t more;
			long space; /* from the limit; -1: none */
			size_t want;
		} cases[] = {{"at the limit", 0, -1, 0},
		    {"one above", 1, -1, 0}, {"a space near", 3000, 10, 11},
		    {"a space just in reach", 3000, 1024, 1025},
		    {"a space out of reach", 3000, 1025, 0}};
		struct str s = cases[i].space < 0
				   ? fill('x', most + cases[i].more)
				   : fill_with(most + cases[i].more,
					 most + (size_t)cases[i].space, ' ');

		l = message_body(parse(PLAIN, s));
		total = 0;
		for (size_t k = 1; k < l.len; k++)
			total += l.v[k].len;
		is_int(total, most + cases[i].want, "part size: %s",
		    cases[i].label);
	}
}

static const struct {
	const char *label;
	size_t size;
	size_t at;
	char mark;
	size_t first; /* length of the first chunk */
} raw_cases[] = {
    {"2048 bytes are one chunk", 2048, 0, 'x', 2048},
    {"4096 too", 4096, 0, 'x', 4096},
    {"4097 are cut", 4097, 0, 'x', 2049},
    {"after a line", 5000, 2048, '\n', 2049},
    {"after the last line in reach", 5000, 4095, '\n', 4096},
    {"not one too far", 5000, 4096, '\n', 2049},
    {"not one too early", 5000, 2047, '\n', 2049},
    {"after a tag", 5000, 3000, '>', 3001},
    {"after a space", 5000, 3000, ' ', 3001},
};

static void
test_rawbody(void)
{
	size_t n = sizeof(raw_cases) / sizeof(raw_cases[0]);
	struct str_list l;

	for (size_t i = 0; i < n; i++) {
		struct str s = fill_with(
		    raw_cases[i].size, raw_cases[i].at, raw_cases[i].mark);

		l = message_rawbody(parse(PLAIN, s));
		is_int(l.v[0].len, raw_cases[i].first, "rawbody: %s",
		    raw_cases[i].label);
	}
	l = message_rawbody(parse(HTML, STR("a&amp;<b>\xe9")));
	is_str(join(l), STR("a&amp;<b>\xe9"), "rawbody is not rendered");
	l = message_rawbody(parse(PLAIN, STR("")));
	is_int(l.len, 1, "an empty part is an empty string");
	l = message_rawbody(parse("Content-Type: image/gif\n", STR("x")));
	is_int(l.len, 0, "a picture has no rawbody");
	l = message_rawbody(parse("Content-Type: text/calendar\n", STR("x")));
	is_int(l.len, 0, "nor has a calendar");
}

static void
test_undecoded(void)
{
	settings.normalize_charset = false;
	is_str(join(message_body(parse("Content-Type: text/plain; "
				       "charset=koi8-r\n",
		   STR("\xf0\xa0")))),
	    STR("\n|\xf0\xa0"), "bytes stay when charsets are not looked at");
	is_str(join(message_body(parse(
		   "Content-Type: text/plain\n", STR("\xc3\xa9\xc2\xa0")))),
	    STR("\n|\xc3\xa9 "), "UTF-8 is read all the same");
	is_str(join(message_body(parse("Content-Type: text/html; "
				       "charset=koi8-r\n",
		   STR("\xf0&eacute;")))),
	    STR("\n|\xc3\xb0\xc3\xa9"), "HTML becomes UTF-8 octets");
	settings.normalize_charset = true;
}

/* Bytes of characters and bytes that are none, each number of characters. */
static void
test_offsets(void)
{
	static const char *const texts[] = {"", "abc", "a\xc3\xa9\xe2\x82\xac",
	    "\xf0\x9f\x98\x80 ", "\x80\x80", "\xa0x\xbf\xbf\xc3"};
	struct buf b;
	size_t wrong = 0;

	buf_init_arena(&b, &arena);
	for (size_t i = 0; i < 6 * 6 * 6 * 6; i++) {
		struct str s;

		buf_clear(&b);
		for (size_t v = i + 6 * 6 * 6 * 6; v > 1; v /= 6)
			buf_add_cstr(&b, texts[v % 6]);
		s = buf_str(&b);
		for (size_t want = 0, n = 0; n <= s.len; n++) {
			bool first = n < s.len && (s.p[n] & 0xc0) != 0x80;

			wrong += first && unicode_offset(s, want) != n;
			wrong += first && unicode_count(str_head(s, n)) != want;
			wrong += n == s.len && unicode_offset(s, want) != n;
			want += first;
		}
	}
	is_int((long long)wrong, 0, "characters are counted and skipped");
}

int
main(void)
{
	arena_init(&arena, 0);
	mail_settings_init(&settings);
	test_body();
	test_parts();
	test_cuts();
	test_part_limit();
	test_rawbody();
	test_undecoded();
	test_offsets();
	mail_settings_fini(&settings);
	arena_fini(&arena);
	return done_testing();
}
