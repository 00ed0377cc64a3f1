#include "mail/words.h"

#include "base/buf.h"
#include "tap.h"

static const struct {
	const char *what, *field;
	struct str raw, want;
} rows[] = {
    {"blanks around", "Subject", STR("  a b \n"), STR("a b")},
    {"folds become one blank", "Subject", STR(" a\n\t  b\n c\n"), STR("a b c")},
    {"empty", "Subject", STR("\n"), STR("")},
    {"Q", "Subject", STR(" =?utf-8?Q?caf=C3=A9_au?=\n"), STR("caf\xc3\xa9 au")},
    {"B", "Subject", STR(" =?UTF-8?b?Y2Fmw6k=?=\n"), STR("caf\xc3\xa9")},
    {"white space between words goes", "Subject",
	STR(" =?utf-8?Q?a?= \n =?utf-8?Q?b?=\n"), STR("ab")},
    {"between a word and text it stays", "Subject",
	STR(" =?utf-8?Q?a?= x =?utf-8?Q?b?=\n"), STR("a x b")},
    {"one character in two words", "Subject",
	STR(" =?utf-8?Q?=C3?= =?UTF-8?Q?=A9?=\n"), STR("\xc3\xa9")},
    {"B and Q of one charset join too", "Subject",
	STR(" =?utf-8?B?ww==?= =?utf-8?Q?=A9?=\n"), STR("\xc3\xa9")},
    {"two charsets do not", "Subject",
	STR(" =?utf-8?Q?=C3=A9?= =?iso-8859-1?Q?=E9?=\n"),
	STR("\xc3\xa9\xc3\xa9")},
    {"inside quotes", "From", STR(" \"=?utf-8?Q?=C3=A9?=\" <a@b>\n"),
	STR("\"\xc3\xa9\" <a@b>")},
    {"inside text", "Subject", STR(" x=?utf-8?Q?=41?=y\n"), STR("xAy")},
    {"language", "Subject", STR(" =?us-ascii*EN?Q?Keith_Moore?=\n"),
	STR("Keith Moore")},
    {"blanks in a word", "Subject", STR(" =?utf-8?Q?a b?=\n"), STR("a b")},
    {"unknown charset", "Subject", STR(" =?x-none?Q?a=E9?=\n"),
	STR("a\xc3\xa9")},
    {"bytes that are no character", "Subject", STR(" =?utf-8?Q?a=FF?=\n"),
	STR("a\xef\xbf\xbd")},
    {"a byte that begins none takes three with it", "Subject",
	STR(" =?utf-8?Q?=80=E3=80=81=E7=84=A1?=\n"),
	STR("\xef\xbf\xbd\xe7\x84\xa1")},
    {"but neither two", "Subject", STR(" =?utf-8?Q?=FF=C3=A9a?=\n"),
	STR("\xef\xbf\xbd\xc3\xa9"
	    "a")},
    {"nor some", "Subject", STR(" =?utf-8?Q?=80=EF=BC=81a?=\n"),
	STR("\xef\xbf\xbd\xef\xbc\x81"
	    "a")},
    {"nor what is cut", "Subject", STR(" =?utf-8?Q?=80=E3=80a?=\n"),
	STR("\xef\xbf\xbd\xef\xbf\xbd"
	    "a")},
    {"a line end out of a word", "Subject", STR(" =?utf-8?Q?a=0Ab?=\n"),
	STR("a\nb")},
    {"no words in identifiers", "Message-Id", STR(" =?utf-8?Q?a?=\n"),
	STR("=?utf-8?Q?a?=")},
    {"nor in lists' fields", "List-Id", STR(" =?utf-8?Q?a?=\n"),
	STR("=?utf-8?Q?a?=")},
    {"nor in dates", "resent-DATE", STR(" =?utf-8?Q?a?=\n"),
	STR("=?utf-8?Q?a?=")},
    {"unfinished", "Subject", STR(" =?utf-8?Q?a\n"), STR("=?utf-8?Q?a")},
    {"no such encoding", "Subject", STR(" =?utf-8?X?a?=\n"),
	STR("=?utf-8?X?a?=")},
    {"no charset", "Subject", STR(" =??Q?a?=\n"), STR("=??Q?a?=")},
    {"a '?' in the text", "Subject", STR(" =?utf-8?Q?a?b?=\n"),
	STR("=?utf-8?Q?a?b?=")},
    {"NUL for an encoding", "Subject", STR(" =?utf-8?\0?a?=\n"),
	STR("=?utf-8?\0?a?=")},
    {"valid UTF-8 stays", "Subject", STR(" caf\xc3\xa9\n"), STR("caf\xc3\xa9")},
    {"other 8-bit text is Windows-1252", "Subject", STR(" caf\xe9 \x80\n"),
	STR("caf\xc3\xa9 \xe2\x82\xac")},
    {"a lone CR stays", "Subject", STR(" a\rb\n"), STR("a\rb")},
};

static void
phrases(void)
{
	struct arena a;

	arena_init(&a, 0);
	is_str(words_decode(&a, STR_NONE, STR("a\n\tb\r\n c")), STR("a b c"),
	    "a folded phrase");
	is_str(words_decode(&a, STR_NONE, STR("")), STR(""), "no phrase");
	arena_fini(&a);
}

/* E9 is another letter in each charset; beyond the limit it is Latin-1. */
static void
conversions(void)
{
	struct str got;
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b);
	for (int i = 0; i < 201; i++)
		buf_add_cstr(&b, "x=?koi8-r?Q?=E9?=");
	got = words_decode_field(&a, STR("Subject"), buf_str(&b));
	is_str(str_make(got.p + 199 * 3, 6), STR("x\xd0\x98x\xc3\xa9"),
	    "two hundred conversions, not one more");
	buf_clear(&b);
	for (int i = 0; i < 201; i++)
		buf_add_cstr(&b, "x=?utf-8?Q?=FF?=");
	got = words_decode_field(&a, STR("Subject"), buf_str(&b));
	is_str(str_make(got.p + 200 * 4, 4), STR("x\xef\xbf\xbd"),
	    "UTF-8 does not count");
	buf_fini(&b);
	arena_fini(&a);
}

static void
untouched(void)
{
	struct str raw = STR(" plain text\n"), got;
	struct arena a;

	arena_init(&a, 0);
	got = words_decode_field(&a, STR("Subject"), raw);
	ok(got.p == raw.p + 1 && a.used == 0, "plain text costs no memory");
	arena_fini(&a);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a;

		arena_init(&a, 0);
		is_str(words_decode_field(
			   &a, str_from(rows[i].field), rows[i].raw),
		    rows[i].want, "%s", rows[i].what);
		arena_fini(&a);
	}
	phrases();
	conversions();
	untouched();
	return done_testing();
}
