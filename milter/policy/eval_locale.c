#include "policy/eval_locale.h"

#include "base/buf.h"
#include "policy/eval_tables.h"

#define LOCALES_MAX 64 /* words of the setting looked at */
#define NAME_MAX_KEPT 64

/* Charsets of a language beyond the Western ones, which always pass. */
static const struct {
	const char *language;
	const char *charsets;
} homes[] = {
    {"ja", " EUCJP JISX020119760 JISX020819830 JISX020819900 JISX020819970 "
	   "JISX021219900 JISX021320001 JISX021320002 SHIFT_JIS SHIFTJIS "
	   "ISO2022JP SJIS JIS7 JISX0201 JISX0208 JISX0212 "},
    {"ko", " EUCKR KSC56011987 "},
    {"th", " TIS620 "},
    {"zh", " GB1988 GB2312 GB231219800 GB18030 GBK BIG5HKSCS BIG5 EUCTW "
	   "ISO2022CN "},
};

static const char cyrillic[] =
    " KOI8R KOI8U KOI8T ISOIR111 CP1251 GEORGIANPS PT154 CP866 ";

static const char *
charsets_of(struct str language)
{
	static const char *const slavic[] = {
	    "ru", "ka", "tg", "be", "uk", "bg"};

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		if (str_is(language, homes[i].language))
			return homes[i].charsets;
	for (size_t i = 0; i < sizeof(slavic) / sizeof(slavic[0]); i++)
		if (str_is(language, slavic[i]))
			return cyrillic;
	return NULL;
}

/* " NAME": capitals and digits only, without "3D" (a broken "=3D") in front. */
static struct str
squeeze(struct str charset, char *out)
{
	size_t n = 1;

	out[0] = ' ';
	for (size_t i = 0; i < charset.len && n < NAME_MAX_KEPT; i++)
		if (ascii_is_alnum(charset.p[i]))
			out[n++] = ascii_upper(charset.p[i]);
	if (n > 3 && out[1] == '3' && out[2] == 'D') {
		memmove(out + 1, out + 3, n - 3);
		n -= 2;
	}
	out[n] = ' ';
	return str_make(out, n + 1);
}

/* `name` is " NAME ". */
static bool
is_near(struct str name)
{
	static const char *const whole[] = {
	    " USASCII ", " ASCII ", " IBM852 ", " XUNKNOWN ", " ISO "};
	static const char *const starts[] = {" ISO8859", " ISO10646", " UTF",
	    " UCS", " CP125", " WINDOWS", " UNICODE11UTF7", " UNICODE11UTF8"};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (str_is(name, whole[i]))
			return true;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (str_starts(name, str_from(starts[i])))
			return true;
	return false;
}

/* "zh_TW.big5" speaks for "zh". */
static struct str
language_of(struct str locale)
{
	if (locale.len >= 2 && locale.p[0] >= 'a' && locale.p[0] <= 'z' &&
	    locale.p[1] >= 'a' && locale.p[1] <= 'z' &&
	    str_cspan(locale, "\n") == locale.len)
		return str_head(locale, 2);
	return locale;
}

bool
eval_no_charset_is_far(const struct eval_context *c)
{
	struct str rest = c->tables->ok_locales, locale;

	while ((locale = str_word(&rest)).len > 0)
		if (str_is(locale, "all"))
			return true;
	return false;
}

bool
eval_charset_is_far(const struct eval_context *c, struct str charset)
{
	struct str locales = c->tables->ok_locales, locale, name;
	char text[NAME_MAX_KEPT + 1];

	if (eval_no_charset_is_far(c))
		return false;
	name = squeeze(charset, text);
	if (is_near(name))
		return false;
	for (size_t i = 0; i < LOCALES_MAX; i++) {
		const char *home;

		locale = str_word(&locales);
		if (locale.len == 0)
			return true;
		home = charsets_of(language_of(locale));
		if (home != NULL && str_find(str_from(home), name) != STR_NPOS)
			return false;
	}
	return true;
}
