#include "mail/decode.h"

#include "tap.h"

typedef struct str decoder(struct arena *a, struct str in);

struct row {
	const char *name;
	struct str in;
	struct str want;
};

static void
run(const char *what, decoder *f, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct arena a;

		arena_init(&a, 0);
		is_str(f(&a, rows[i].in), rows[i].want, "%s: %s", what,
		    rows[i].name);
		arena_fini(&a);
	}
}

#define RUN(what, f, rows) run(what, f, rows, sizeof(rows) / sizeof((rows)[0]))

static const struct row base64_rows[] = {
    {"nothing", STR(""), STR("")},
    {"one group", STR("cG9z"), STR("pos")},
    {"one pad", STR("cG9zdA=="), STR("post")},
    {"two pads", STR("cG9zdGU="), STR("poste")},
    {"white space anywhere", STR(" cG 9z\r\n\tdA=\n=\n"), STR("post")},
    {"more padding than needed", STR("cG9zdA======"), STR("post")},
    {"padding inside is a zero digit", STR("cA==cG9z"), STR("p\0\0pos")},
    {"text behind the padding", STR("cG9zdA==trailing"),
	STR("post\0\0\xb6\xb6\xa2\x96\x29\xe0")},
    {"all padding", STR("===="), STR("")},
    {"foreign bytes are dropped", STR("c*G-9_z"), STR("pos")},
    {"two digits left", STR("cG9zdA"), STR("post")},
    {"three digits left", STR("cG9zdGU"), STR("poste")},
    {"one digit left is dropped", STR("cG9zd"), STR("pos")},
    {"in repair, padding inside is 63", STR("c=G9z"), STR("s\xf1\xbd")},
    {"one byte", STR("c"), STR("")},
    {"8-bit bytes are foreign",
	STR("cG\xff"
	    "9z"),
	STR("pos")},
    {"+ and /", STR("+/+/"), STR("\xfb\xff\xbf")},
};

/* Each byte as the last one of a group. */
static void
test_digits(void)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t wrong = 0;

	for (int c = 0; c < 256; c++) {
		char text[] = {'A', 'A', 'A', (char)c};
		const char *at = c != 0 ? strchr(digits, c) : NULL;
		struct arena a;
		struct str got;

		arena_init(&a, 0);
		got = decode_base64(&a, str_make(text, sizeof(text)));
		if (at == NULL)
			wrong += got.len != 2;
		else
			wrong += got.len != 3 || got.p[2] != at - digits;
		arena_fini(&a);
	}
	is_int((long long)wrong, 0, "each byte is a digit or none");
}

/* What is decoded of the start only, is the start. */
static void
test_start(void)
{
	for (size_t i = 0; i < sizeof(base64_rows) / sizeof(base64_rows[0]);
	     i++) {
		struct str in = base64_rows[i].in;
		size_t wrong = 0;
		struct arena a;

		arena_init(&a, 0);
		for (size_t bytes = 0; bytes <= in.len + 4; bytes++) {
			struct str got = decode_base64_start(&a, in, bytes);

			wrong += got.len > bytes ||
				 !str_starts(base64_rows[i].want, got);
		}
		is_int(
		    (long long)wrong, 0, "the start: %s", base64_rows[i].name);
		arena_fini(&a);
	}
}

/* Of a long text, what is asked for, be there line ends or a fault behind. */
static void
test_long_start(void)
{
	static const char line[] = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVow\n";
	static const size_t lengths[] = {0, 3, 26, 27, 54, 2700, 2701, 2702};
	struct arena a;
	struct buf in;

	arena_init(&a, 0);
	buf_init_arena(&in, &a);
	for (int i = 0; i < 100; i++)
		buf_add_cstr(&in, line);
	buf_add_cstr(&in, "=*QQ");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct str whole = decode_base64(&a, buf_str(&in));
		struct str got =
		    decode_base64_start(&a, buf_str(&in), lengths[i]);
		size_t want = lengths[i] < 2700 ? lengths[i] / 3 * 3 : 2700;

		is_str(got, str_head(whole, want), "%zu bytes", lengths[i]);
	}
	arena_fini(&a);
}

static const struct row qp_rows[] = {
    {"nothing", STR(""), STR("")},
    {"upper and lower case", STR("=C3=a9"), STR("\xc3\xa9")},
    {"soft break", STR("a=\nb"), STR("ab")},
    {"soft break, CR LF", STR("a=\r\nb"), STR("ab")},
    {"blanks before a line end", STR("a \t \nb"), STR("a\nb")},
    {"blanks before CR LF", STR("a \r\nb"), STR("a\r\nb")},
    {"blanks behind a soft break", STR("a= \nb"), STR("ab")},
    {"blanks around a CR", STR("a \r \nb"), STR("a \r\nb")},
    {"a soft break and a CR with blanks", STR("a=\r \nb"), STR("ab")},
    {"blanks at the very end stay", STR("a  "), STR("a  ")},
    {"'=' at the very end stays", STR("a="), STR("a=")},
    {"not hexadecimal", STR("=4G=zz=1"), STR("=4G=zz=1")},
    {"two '=', one break", STR("a==\nb"), STR("a=b")},
    {"a code put together by a break", STR("=4=\n1"), STR("A")},
    {"a decoded '=' does not begin a code", STR("=3D41"), STR("=41")},
    {"NUL", STR("=00"), STR("\0")},
};

static const struct row crlf_rows[] = {
    {"nothing to do", STR("a\nb\r"), STR("a\nb\r")},
    {"each one", STR("\r\na\r\n"), STR("\na\n")},
    {"a doubled CR loses one", STR("a\r\r\n"), STR("a\r\n")},
};

static void
full_arena(void)
{
	struct arena a;

	arena_init(&a, 16);
	is_int(decode_base64(&a, STR("cG9zdGNvZGVzIGFuZCBtb3Jl")).len, 0,
	    "base64 without room is empty");
	ok(a.full, "and the arena tells");
	is_int(decode_qp(&a, STR("0123456789012345678")).len, 0,
	    "quoted-printable as well");
	arena_fini(&a);
}

int
main(void)
{
	RUN("base64", decode_base64, base64_rows);
	test_digits();
	test_start();
	test_long_start();
	RUN("qp", decode_qp, qp_rows);
	RUN("crlf", decode_crlf, crlf_rows);
	full_arena();
	return done_testing();
}
