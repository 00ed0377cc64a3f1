/*
 * The guesses around a declared charset, as SpamAssassin's normalize makes
 * them.
 *
 * Order: plain ASCII stays as it is; valid UTF-8 wins; the declaration, taken
 * strictly; Windows-1252. Decoding itself is in charset_decode.c, names in
 * charset_name.c. Stateless.
 */
#include "mail/charset.h"

#include "mail/charset_codec.h"
#include "base/block.h"
#include "base/clean.h"
#include "mail/unicode.h"

/* Takes the first of `literals` that stands at the front. */
static bool
take_nocase(struct str *s, const char *literal)
{
	struct str l = str_from(literal);

	if (!str_starts_nocase(*s, l))
		return false;
	*s = str_skip(*s, l.len);
	return true;
}

static void
take_any(struct str *s, const char *set)
{
	if (s->len > 0 && s->p[0] != '\0' && strchr(set, s->p[0]) != NULL)
		*s = str_skip(*s, 1);
}

static bool
all_digits(struct str s, size_t least, size_t most)
{
	return s.len >= least && s.len <= most &&
	       str_span(s, "0123456789") == s.len;
}

static bool
is_ascii_name(struct str s)
{
	struct str t = s;

	if (str_is_nocase(s, "ascii") || str_is_nocase(s, "us-ascii") ||
	    str_is_nocase(s, "iso646-us"))
		return true;
	if (!take_nocase(&t, "ansi"))
		return false;
	take_any(&t, "_ ");
	return str_is_nocase(t, "x3.4-1986") || str_is_nocase(t, "x3.4-1968");
}

/* KOI8-R, EUC-JP: a dash and one or two letters. */
static bool
is_letter_suffix(struct str s)
{
	return s.len >= 2 && s.len <= 3 && s.p[0] == '-' &&
	       ascii_is_alpha(s.p[1]) && (s.len == 2 || ascii_is_alpha(s.p[2]));
}

static bool
is_gb18030(struct str s)
{
	if (!take_nocase(&s, "gb"))
		return false;
	take_any(&s, "- ");
	if (!take_nocase(&s, "18030"))
		return false;
	if (s.len == 0)
		return true;
	return take_nocase(&s, "-20") && all_digits(s, 2, 2);
}

/*
 * Names whose plain ASCII content is not decoded, hence not known to be
 * Unicode. The list is SpamAssassin's, gaps included.
 */
static bool
is_ascii_superset_name(struct str s)
{
	struct str t = s;

	if (take_nocase(&t, "iso")) {
		take_any(&t, " -");
		return take_nocase(&t, "8859") &&
		       (t.len == 0 ||
			   (t.p[0] == '-' && all_digits(str_skip(t, 1), 1, 2)));
	}
	if (take_nocase(&t, "windows-"))
		return all_digits(t, 4, 4);
	if (take_nocase(&t, "koi8") || take_nocase(&t, "euc"))
		return is_letter_suffix(t);
	return str_is_nocase(s, "utf8") || str_is_nocase(s, "utf-8") ||
	       str_is_nocase(s, "big5") || str_is_nocase(s, "gbk") ||
	       is_gb18030(s);
}

static bool
is_utf8_name(struct str s)
{
	return str_is_nocase(s, "utf8") || str_is_nocase(s, "utf-8");
}

static bool
is_windows_1252_name(struct str s)
{
	return str_is_nocase(s, "iso-8859-1") ||
	       str_is_nocase(s, "iso8859-1") ||
	       str_is_nocase(s, "windows-1252") || str_is_nocase(s, "cp1252");
}

static bool
is_utf16_name(struct str s)
{
	if (!take_nocase(&s, "utf"))
		return false;
	take_any(&s, " -");
	return str_starts(s, STR("16"));
}

/*
 * Byte order of UTF-16 by where the small numbers are. A mark in front stops
 * the search: then nothing is decoded as UTF-16 at all, an oddity rules have
 * come to live with.
 */
static const struct codec *
detect_utf16(struct str s)
{
	uint64_t even = 0, odd = 0;
	size_t little = 0, big = 0;

	if (str_starts(s, STR("\xff\xfe")) || str_starts(s, STR("\xfe\xff")))
		return NULL;
	for (size_t i = 0; i < s.len; i += 2) {
		unsigned a = (unsigned char)s.p[i];
		unsigned b = i + 1 < s.len ? (unsigned char)s.p[i + 1] : 0;

		even += (a >> 4) + (a & 15);
		odd += (b >> 4) + (b & 15);
		little += a == 0x20 && b == 0;
		big += a == 0 && b == 0x20;
	}
	little += even > odd * 4;
	big += odd * 4 > even;
	if (little == big)
		return NULL;
	return little > big ? &codec_utf16le : &codec_utf16be;
}

/* Other than spaces, common punctuation and letters of Western Europe. */
static bool
has_odd(const char *p, size_t len)
{
	static const bool odd[256] = {
	    [0x80 ... 0x81] = true,
	    [0x83] = true,
	    [0x86 ... 0x90] = true,
	    [0x98] = true,
	    [0x9a ... 0x9f] = true,
	    [0xa1 ... 0xa8] = true,
	    [0xaa ... 0xac] = true,
	    [0xae ... 0xbf] = true,
	    [0xd7] = true,
	    [0xdf] = true,
	    [0xf7] = true,
	    [0xff] = true,
	};
	bool odd_one = false;

	for (size_t i = 0; i < len; i++)
		odd_one |= odd[(unsigned char)p[i]];
	return odd_one;
}

/* Only ASCII and what has_odd() lets pass. */
static bool
looks_western(struct str s)
{
	for (; s.len >= BLOCK; s = str_skip(s, BLOCK))
		if (block_high(block_load(s.p)) && has_odd(s.p, BLOCK))
			return false;
	return !has_odd(s.p, s.len);
}

static const struct codec *
declared_codec(struct str name)
{
	const struct codec *c;

	if (is_windows_1252_name(name))
		return &codec_windows_1252;
	if (is_utf8_name(name))
		return &codec_utf8;
	c = codec_find(name);
	return c->kind == CODEC_NONE && is_gb18030(name) ? &codec_gbk : c;
}

static bool
try_decode(struct arena *a, const struct codec *c, struct str bytes,
    enum codec_faults faults, struct str *out)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_reserve(&b, bytes.len + bytes.len / 8);
	if (!codec_decode(c, bytes, faults, &b))
		return false;
	*out = buf_str(&b);
	return true;
}

static struct str
decode_windows_1252(struct arena *a, struct str bytes)
{
	struct str out = STR_NONE;

	try_decode(a, &codec_windows_1252, bytes,
	    looks_western(bytes) ? CODEC_REFUSE : CODEC_REPLACE, &out);
	return out;
}

/* Without a copy. */
static bool
is_strict_utf8(struct str s)
{
	while (s.len > 0) {
		size_t n = block_ascii(s);
		size_t len;

		if (n == 0)
			n = utf8_sequence(s);
		if (n == 0 || ((unsigned char)s.p[0] >= 0xe0 &&
				  unicode_is_nonchar(unicode_first(s, &len))))
			return false;
		s = str_skip(s, n);
	}
	return true;
}

/* HZ and UTF-7 leave text without an escape alone. */
static bool
says_characters(const struct codec *c, struct str bytes, struct str text)
{
	if (c->kind == CODEC_HZ)
		return !block_is_ascii(text);
	if (c->kind != CODEC_UTF7)
		return true;
	for (size_t i = 0; i + 1 < bytes.len; i++) {
		char next = bytes.p[i + 1];

		if (bytes.p[i] == '+' &&
		    (ascii_is_alnum(next) || next == '+' || next == '/'))
			return true;
	}
	return false;
}

bool
charset_known(struct str name)
{
	return declared_codec(name)->kind != CODEC_NONE;
}

bool
charset_decode(
    struct arena *a, struct str name, struct str bytes, struct str *out)
{
	const struct codec *c = declared_codec(name);

	return c->kind != CODEC_NONE &&
	       try_decode(a, c, bytes, CODEC_REFUSE, out);
}

bool
charset_decode_lossy(
    struct arena *a, struct str name, struct str bytes, struct str *out)
{
	const struct codec *c = declared_codec(name);

	return c->kind != CODEC_NONE &&
	       try_decode(a, c, bytes, CODEC_REPLACE, out);
}

struct charset_text
charset_normalize(struct arena *a, struct str declared, struct str bytes)
{
	bool high = !block_is_ascii(bytes);
	struct charset_text result = {bytes, false};
	const struct codec *c;

	if (declared.len == 0)
		declared = STR("us-ascii");
	if (!high &&
	    (is_ascii_name(declared) || is_ascii_superset_name(declared)))
		return result;
	result.characters = true;
	if (high && is_strict_utf8(bytes))
		return result;
	if (is_utf16_name(declared))
		c = detect_utf16(bytes);
	else if (str_is_nocase(declared, "us-ascii") ||
		 str_is_nocase(declared, "ascii"))
		c = NULL;
	else
		c = declared_codec(declared);
	if (c != NULL && try_decode(a, c, bytes, CODEC_REFUSE, &result.text)) {
		result.characters = says_characters(c, bytes, result.text);
		return result;
	}
	result.characters = high;
	if (high)
		result.text = decode_windows_1252(a, bytes);
	return result;
}

struct str
charset_normalize_word(struct arena *a, struct str declared, struct str bytes)
{
	bool high = !block_is_ascii(bytes);
	const struct codec *c;
	struct str out;

	if (!high &&
	    (is_ascii_name(declared) || is_ascii_superset_name(declared)))
		return bytes;
	if (is_utf16_name(declared)) {
		c = detect_utf16(bytes);
		if (c != NULL && try_decode(a, c, bytes, CODEC_REFUSE, &out))
			return bytes;
	} else {
		c = declared_codec(declared);
		if (try_decode(a, c, bytes, CODEC_REPLACE, &out))
			return out;
	}
	return high ? decode_windows_1252(a, bytes) : bytes;
}

struct str
charset_from_latin1(struct arena *a, struct str bytes)
{
	struct buf b;
	char text[UNICODE_LENGTH_MAX];

	if (block_is_ascii(bytes))
		return bytes;
	buf_init_arena(&b, a);
	for (size_t i = 0; i < bytes.len; i++)
		buf_add(&b, str_make(text,
				unicode_put(text, (unsigned char)bytes.p[i])));
	return buf_str(&b);
}

struct str
charset_to_latin1(struct arena *a, struct str utf8)
{
	struct buf b;
	size_t n;

	if (block_is_ascii(utf8))
		return utf8;
	buf_init_arena(&b, a);
	buf_reserve(&b, utf8.len);
	while (utf8.len > 0) {
		uint32_t c;

		n = block_ascii(utf8);
		buf_add(&b, str_head(utf8, n));
		utf8 = str_skip(utf8, n);
		if (utf8.len == 0)
			break;
		c = unicode_first(utf8, &n);
		if (c <= 0xff)
			buf_add_char(&b, (char)c);
		utf8 = str_skip(utf8, n);
	}
	return buf_str(&b);
}
