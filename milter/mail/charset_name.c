/*
 * Charset names to codecs, by the patterns of Perl's Encode::Alias.
 *
 * Mail declares charsets in hundreds of spellings; Encode accepts most of them
 * by loose patterns ("any word ending in big5"). The same looseness here keeps
 * the same parts decodable. Names over CHARSET_NAME_MAX are unknown. Stateless.
 */
#include "mail/charset_codec.h"

static const struct codec_run none_runs[] = {{0xffff, 0xffff, 0}};
#define TABLE(name) static const struct codec_run name##_runs[] = {
#define RUN(first, last, to) {first, last, to},
#define END \
	}   \
	;
#include "mail/charset_runs.def"
#undef TABLE
#undef RUN
#undef END

#define RUNS(table) table##_runs, sizeof(table##_runs) / sizeof(table##_runs[0])

struct named_codec {
	const char *name;
	struct codec codec;
};

static const struct named_codec codecs[] = {
#define CODEC_BYTE(name, table, iconv_name) \
	{name, {CODEC_SINGLE, iconv_name, NULL, RUNS(table), false, false}},
#define CODEC_PAIR(name, table, iconv_name, leads) \
	{name, {CODEC_DOUBLE, iconv_name, leads, RUNS(table), false, false}},
#include "mail/charset_codecs.def"
#undef CODEC_BYTE
#undef CODEC_PAIR
    {"ascii", {CODEC_ASCII, NULL, NULL, NULL, 0, false, false}},
    {"us-ascii", {CODEC_ASCII, NULL, NULL, NULL, 0, false, false}},
    {"utf-8-strict", {CODEC_UTF8, NULL, NULL, NULL, 0, false, false}},
    {"utf8", {CODEC_UTF8, NULL, NULL, NULL, 0, false, false}},
    {"utf-16", {CODEC_UTF16, NULL, NULL, NULL, 0, false, true}},
    {"utf-16be", {CODEC_UTF16, NULL, NULL, NULL, 0, false, false}},
    {"utf-16le", {CODEC_UTF16, NULL, NULL, NULL, 0, true, false}},
    {"utf-32", {CODEC_UTF32, NULL, NULL, NULL, 0, false, true}},
    {"utf-32be", {CODEC_UTF32, NULL, NULL, NULL, 0, false, false}},
    {"utf-32le", {CODEC_UTF32, NULL, NULL, NULL, 0, true, false}},
    {"ucs-2be", {CODEC_UCS2, NULL, NULL, NULL, 0, false, false}},
    {"ucs-2le", {CODEC_UCS2, NULL, NULL, NULL, 0, true, false}},
    {"utf-7", {CODEC_UTF7, NULL, NULL, NULL, 0, false, false}},
    {"euc-jp", {CODEC_EUC_JP, "EUC-JISX0213", "\x8e\x8f\xa1\xfe", RUNS(eucjp),
		   false, false}},
    {"7bit-jis", {CODEC_ISO_2022_JP, NULL, NULL, NULL, 0, false, false}},
    {"iso-2022-jp", {CODEC_ISO_2022_JP, NULL, NULL, NULL, 0, false, false}},
    {"iso-2022-jp-1", {CODEC_ISO_2022_JP, NULL, NULL, NULL, 0, false, false}},
    {"iso-2022-kr", {CODEC_ISO_2022_KR, NULL, NULL, NULL, 0, false, false}},
    {"hz", {CODEC_HZ, NULL, NULL, NULL, 0, false, false}},
};

const struct codec codec_utf8 = {.kind = CODEC_UTF8};
const struct codec codec_utf16le = {.kind = CODEC_UTF16, .wide_little = true};
const struct codec codec_utf16be = {.kind = CODEC_UTF16};
const struct codec codec_windows_1252 = {
    CODEC_SINGLE, "CP1252", NULL, NULL, 0, false, false};
const struct codec codec_gbk = {
    CODEC_DOUBLE, "CP936", "\x81\xfe", RUNS(gbk), false, false};
const struct codec codec_euc_jp = {CODEC_EUC_JP, "EUC-JISX0213",
    "\x8e\x8f\xa1\xfe", RUNS(eucjp), false, false};
const struct codec codec_euc_kr = {CODEC_DOUBLE, "EUC-KR",
    "\xa1\xac\xb0\xc8\xca\xfd", RUNS(euckr), false, false};
const struct codec codec_euc_cn = {
    CODEC_DOUBLE, "EUC-CN", "\xa1\xa9\xb0\xf7", RUNS(none), false, false};

static const struct codec codec_none = {.kind = CODEC_NONE};

static const struct codec *
find_exact(struct str name)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (str_is(name, codecs[i].name))
			return &codecs[i].codec;
	return NULL;
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* Takes `literal` off the front; false when it is not there. */
static bool
take(struct str *s, const char *literal)
{
	struct str l = str_from(literal);

	if (!str_starts(*s, l))
		return false;
	*s = str_skip(*s, l.len);
	return true;
}

/* Takes one byte out of `set`, if there is one. */
static void
take_any(struct str *s, const char *set)
{
	if (s->len > 0 && strchr(set, s->p[0]) != NULL && s->p[0] != '\0')
		*s = str_skip(*s, 1);
}

static struct str
take_digits(struct str *s, size_t max)
{
	struct str d = str_head(*s, str_span(*s, "0123456789"));

	d = str_head(d, max);
	*s = str_skip(*s, d.len);
	return d;
}

/*
 * Patterns after a word border: each gets what follows the border (lower case)
 * and answers with a canonical name, or the empty slice.
 */
struct alias_work {
	char text[CHARSET_NAME_MAX * 2];
};

static struct str
compose(struct alias_work *w, const char *prefix, struct str a, struct str b)
{
	struct str parts[3] = {str_from(prefix), a, b};
	size_t len = 0;

	for (size_t i = 0; i < 3; i++) {
		if (parts[i].len > sizeof(w->text) - len)
			return STR_NONE;
		if (parts[i].len > 0)
			memcpy(w->text + len, parts[i].p, parts[i].len);
		len += parts[i].len;
	}
	return str_make(w->text, len);
}

static struct str
match_chinese(struct str s, struct alias_work *w)
{
	struct str t = s;

	(void)w;
	if (take(&t, "hk")) {
		take(&t, "scs");
		take_any(&t, "-_");
		if (str_is(t, "big5"))
			return STR("big5-hkscs");
	}
	t = s;
	if (take(&t, "big")) {
		take_any(&t, "-");
		if (!take(&t, "5"))
			return STR_NONE;
		if (t.len == 0)
			return STR("big5-eten");
		take_any(&t, "-");
		if (str_is(t, "hk") || str_is(t, "hkscs"))
			return STR("big5-hkscs");
		return str_is(t, "et") || str_is(t, "eten") ? STR("big5-eten")
							    : STR_NONE;
	}
	if (take(&t, "tca")) {
		take_any(&t, "-_");
		return str_is(t, "big5") ? STR("big5-eten") : STR_NONE;
	}
	if (take(&t, "gb")) {
		take_any(&t, "-_ ");
		if (!take(&t, "2312"))
			return STR_NONE;
		take_any(&t, "-");
		return str_starts(t, STR("raw")) ? STR_NONE : STR("euc-cn");
	}
	return STR_NONE;
}

static struct str
match_euc(struct str s, struct alias_work *w)
{
	static const char *const countries[] = {"cn", "jp", "kr"};

	for (size_t i = 0; i < 3; i++) {
		struct str country = str_from(countries[i]);
		bool forward = str_starts(s, STR("euc")) && s.len >= 5 &&
			       str_ends(s, country);
		bool backward = str_starts(s, country) && s.len >= 5 &&
				str_ends(s, STR("euc"));

		if (forward || backward)
			return compose(w, "euc-", country, STR_NONE);
	}
	return STR_NONE;
}

static struct str
match_japanese(struct str s, struct alias_work *w)
{
	(void)w;
	if (str_is(s, "windows-31j"))
		return STR("cp932");
	if (str_is(s, "sjis") || (str_starts(s, STR("shift")) && s.len >= 8 &&
				     str_ends(s, STR("jis"))))
		return STR("shiftjis");
	if (str_is(s, "ujis"))
		return STR("euc-jp");
	return str_is(s, "jis") ? STR("7bit-jis") : STR_NONE;
}

static struct str
match_code_page(struct str s, struct alias_work *w)
{
	struct str digits;

	if (!take(&s, "cp") && !take(&s, "ibm") && !take(&s, "ms") &&
	    !take(&s, "windows"))
		return STR_NONE;
	take_any(&s, "-_ ");
	digits = take_digits(&s, 5);
	if (s.len > 0 || digits.len < 2 || digits.len > 4)
		return STR_NONE;
	return compose(w, "cp", digits, STR_NONE);
}

static struct str
match_iso(struct str s, struct alias_work *w)
{
	struct str t = s;
	struct str first, second;

	if (take(&t, "iso8859") && t.len > 0) {
		first = take_digits(&t, t.len);
		if (t.len == 0)
			return compose(w, "iso-8859-", first, STR_NONE);
	}
	t = s;
	if (take(&t, "iso")) {
		take_any(&t, "-_");
		first = take_digits(&t, t.len);
		if (first.len > 0 && t.len > 1 &&
		    (t.p[0] == '-' || t.p[0] == '_')) {
			t = str_skip(t, 1);
			second = take_digits(&t, t.len);
			if (t.len == 0) {
				char middle[CHARSET_NAME_MAX + 2];

				memcpy(middle, first.p, first.len);
				middle[first.len] = '-';
				return compose(w, "iso-",
				    str_make(middle, first.len + 1), second);
			}
		}
	}
	t = s;
	if (take(&t, "iso"))
		take_any(&t, "-_");
	if (!take(&t, "646"))
		return STR_NONE;
	take_any(&t, "-_");
	return t.len == 0 || str_is(t, "us") ? STR("ascii") : STR_NONE;
}

static struct str
match_latin(struct str s, struct alias_work *w)
{
	static const char *const latin[] = {
	    "", "1", "2", "3", "4", "9", "10", "13", "14", "15", "16"};
	uint64_t n;

	if (take(&s, "iso"))
		take_any(&s, "-_");
	if (!take(&s, "latin"))
		return STR_NONE;
	take_any(&s, "-_");
	if (!str_to_u64(s, &n) || n == 0 ||
	    n >= sizeof(latin) / sizeof(latin[0]))
		return STR_NONE;
	return compose(w, "iso-8859-", str_from(latin[n]), STR_NONE);
}

static struct str
match_windows_name(struct str s, struct alias_work *w)
{
	static const char *const names[][2] = {{"latin1", "cp1252"},
	    {"latin2", "cp1250"}, {"cyrillic", "cp1251"}, {"greek", "cp1253"},
	    {"turkish", "cp1254"}, {"hebrew", "cp1255"}, {"arabic", "cp1256"},
	    {"baltic", "cp1257"}, {"vietnamese", "cp1258"}};

	(void)w;
	if (!take(&s, "win"))
		return STR_NONE;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(s, names[i][0]))
			return str_from(names[i][1]);
	return STR_NONE;
}

static struct str
match_other(struct str s, struct alias_work *w)
{
	struct str t = s;

	(void)w;
	if (str_is(s, "utf-8"))
		return STR("utf-8-strict");
	if (take(&t, "koi8")) {
		t = str_skip(t, str_span(t, " \t-_"));
		if (str_is(t, "r"))
			return STR("koi8-r");
		return str_is(t, "u") ? STR("koi8-u") : STR_NONE;
	}
	if (str_is(s, "ks_c_5601-1987"))
		return STR("cp949");
	if (take(&t, "tis")) {
		take_any(&t, "-");
		if (take(&t, "620") && (t.len == 0 || !is_word(t.p[0])))
			return STR("iso-8859-11");
	}
	t = s;
	if (take(&t, "ansi")) {
		take_any(&t, "-_");
		if (take(&t, "x3.4")) {
			take_any(&t, "-_");
			return str_is(t, "1968") ? STR("ascii") : STR_NONE;
		}
	}
	return STR_NONE;
}

typedef struct str border_match(struct str, struct alias_work *);

static border_match *const border_matches[] = {match_other, match_chinese,
    match_euc, match_japanese, match_code_page, match_iso, match_latin,
    match_windows_name};

static const struct codec *
find_at_borders(struct str name)
{
	size_t count = sizeof(border_matches) / sizeof(border_matches[0]);

	for (size_t i = 0; i < name.len; i++) {
		if (!is_word(name.p[i]) || (i > 0 && is_word(name.p[i - 1])))
			continue;
		for (size_t k = 0; k < count; k++) {
			struct alias_work w;
			struct str found =
			    border_matches[k](str_skip(name, i), &w);
			const struct codec *c =
			    found.len > 0 ? find_exact(found) : NULL;

			if (c != NULL)
				return c;
		}
	}
	return NULL;
}

/* Patterns that are not tied to a word border, or only to both ends. */
static const struct codec *
find_whole(struct str name)
{
	static const char *const whole[][2] = {{"gbk", "cp936"},
	    {"utf16", "utf-16"}, {"utf16be", "utf-16be"},
	    {"utf-16-be", "utf-16be"}, {"utf16-be", "utf-16be"},
	    {"utf16le", "utf-16le"}, {"utf-16-le", "utf-16le"},
	    {"utf16-le", "utf-16le"}, {"utf32", "utf-32"},
	    {"utf32be", "utf-32be"}, {"utf-32-be", "utf-32be"},
	    {"utf32-be", "utf-32be"}, {"utf32le", "utf-32le"},
	    {"utf-32-le", "utf-32le"}, {"utf32-le", "utf-32le"},
	    {"ucs2", "ucs-2be"}, {"ucs-2", "ucs-2be"}, {"ucs2be", "ucs-2be"},
	    {"ucs-2-be", "ucs-2be"}, {"ucs2-be", "ucs-2be"},
	    {"ucs2le", "ucs-2le"}, {"ucs-2-le", "ucs-2le"},
	    {"ucs2-le", "ucs-2le"}, {"iso-10646-1", "ucs-2be"},
	    {"ucs4", "utf-32"}, {"ucs-4", "utf-32"}, {"ucs4be", "utf-32be"},
	    {"ucs-4be", "utf-32be"}, {"ucs-4-be", "utf-32be"},
	    {"ucs4le", "utf-32le"}, {"ucs-4le", "utf-32le"},
	    {"ucs-4-le", "utf-32le"}, {"utf7", "utf-7"},
	    {"unicode-1-1-utf7", "utf-7"}, {"unicode-1-1-utf-7", "utf-7"},
	    {"c", "ascii"}, {"cyrillic", "iso-8859-5"},
	    {"arabic", "iso-8859-6"}, {"greek", "iso-8859-7"},
	    {"hebrew", "iso-8859-8"}, {"thai", "iso-8859-11"},
	    {"macintosh", "macroman"}, {"x-mac-roman", "macroman"},
	    {"mac-roman", "macroman"}, {"x-mac-cyrillic", "maccyrillic"},
	    {"mac-cyrillic", "maccyrillic"}, {"roman8", "hp-roman8"}};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (str_is(name, whole[i][0]))
			return find_exact(str_from(whole[i][1]));
	if (str_ends(name, STR("uhc")) || str_ends(name, STR("windows-949")))
		return find_exact(STR("cp949"));
	if (str_find(name, STR("cp65001")) != STR_NPOS)
		return &codec_utf8;
	if (str_find(name, STR("cp65000")) != STR_NPOS)
		return find_exact(STR("utf-7"));
	return NULL;
}

static const struct codec *
find_spelling(struct str name)
{
	const struct codec *c = find_exact(name);

	if (c == NULL)
		c = find_at_borders(name);
	if (c == NULL)
		c = find_whole(name);
	return c;
}

/* "x_y", "x__y": the first underscores may stand for a dash. */
static const struct codec *
find_dashed(struct str name)
{
	size_t at = str_find_char(name, '_');
	struct str rest;
	char text[CHARSET_NAME_MAX];

	if (at == STR_NPOS || at == 0)
		return NULL;
	rest = str_skip(name, at);
	rest = str_skip(rest, str_span(rest, "_"));
	if (str_find_char(rest, '_') != STR_NPOS)
		return NULL;
	memcpy(text, name.p, at);
	text[at] = '-';
	if (rest.len > 0)
		memcpy(text + at + 1, rest.p, rest.len);
	return find_spelling(str_make(text, at + 1 + rest.len));
}

const struct codec *
codec_find(struct str name)
{
	char text[CHARSET_NAME_MAX];
	size_t len = 0;
	struct str lower;
	const struct codec *c;

	for (size_t i = 0; i < name.len; i++) {
		if (ascii_is_space(name.p[i]))
			continue;
		if (len == sizeof(text))
			return &codec_none;
		text[len++] = ascii_lower(name.p[i]);
	}
	lower = str_make(text, len);
	c = find_exact(lower);
	if (c == NULL)
		c = find_dashed(lower);
	if (c == NULL)
		c = find_spelling(lower);
	if (c == NULL && str_ends(lower, STR("@euro")))
		c = find_spelling(str_head(lower, lower.len - 5));
	return c != NULL ? c : &codec_none;
}
