/*
 * Charsets that change their meaning on the way: ISO-2022-JP, ISO-2022-KR, HZ
 * and UTF-7.
 *
 * As Perl's Encode does it, the first three are rewritten to their EUC form and
 * decoded from that, leniently whatever the caller asked: faults come out as
 * "\xNN" and nothing is refused. Linear, no state between calls.
 */
#include "mail/charset_codec.h"

#include "mail/unicode.h"

static bool
is_graphic(char c)
{
	return c >= 0x21 && c <= 0x7e;
}

static char
raise_high(char c)
{
	return is_graphic(c) ? (char)((unsigned char)c | 0x80) : c;
}

enum jis_set { JIS_NONE, JIS_ASCII, JIS_0208, JIS_0212, JIS_KANA };

static enum jis_set
jis_escape(struct str s, size_t *len_out)
{
	static const struct {
		const char *text;
		enum jis_set set;
	} escapes[] = {{"\033$(D", JIS_0212}, {"\033$@", JIS_0208},
	    {"\033$B", JIS_0208}, {"\033&@\033$B", JIS_0208},
	    {"\033(B", JIS_ASCII}, {"\033(J", JIS_ASCII}, {"\033(I", JIS_KANA}};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		struct str e = str_from(escapes[i].text);

		if (str_starts(s, e)) {
			*len_out = e.len;
			return escapes[i].set;
		}
	}
	return JIS_NONE;
}

/* Pairs of high bytes get the prefix of the third plane. */
static void
add_0212(struct buf *out, struct str chunk)
{
	for (size_t i = 0; i < chunk.len; i++) {
		if (i + 1 < chunk.len && is_graphic(chunk.p[i]) &&
		    is_graphic(chunk.p[i + 1])) {
			buf_add_char(out, '\x8f');
			buf_add_char(out, raise_high(chunk.p[i]));
			i++;
		}
		buf_add_char(out, raise_high(chunk.p[i]));
	}
}

static void
add_jis(struct buf *out, enum jis_set set, struct str chunk)
{
	if (set == JIS_ASCII) {
		buf_add(out, chunk);
	} else if (set == JIS_0212) {
		add_0212(out, chunk);
	} else {
		for (size_t i = 0; i < chunk.len; i++) {
			if (set == JIS_KANA && is_graphic(chunk.p[i]) &&
			    chunk.p[i] <= 0x5f)
				buf_add_char(out, '\x8e');
			buf_add_char(out, raise_high(chunk.p[i]));
		}
	}
}

/* What follows an escape nobody knows is lost, as is all after an 8-bit byte.
 */
static void
jis_to_euc(struct str in, struct buf *out)
{
	size_t start = str_find_char(in, '\033');

	for (size_t i = 0; i < in.len; i++)
		if ((unsigned char)in.p[i] >= 0x80) {
			in.len = i;
			break;
		}
	buf_add(out, str_head(in, start));
	if (start >= in.len)
		return;
	in = str_skip(in, start);
	while (in.len > 0) {
		size_t len;
		enum jis_set set = jis_escape(in, &len);
		size_t end;

		if (set == JIS_NONE)
			return;
		in = str_skip(in, len);
		end = str_find_char(in, '\033');
		add_jis(out, set, str_head(in, end));
		in = str_skip(in, end);
	}
}

static void
kr_to_euc(struct str in, struct buf *out)
{
	struct str designator = STR("\033$)C");
	size_t last = str_rfind_char(in, '\x0f');
	bool shifted = false;

	for (size_t i = 0; i < in.len; i++) {
		struct str rest = str_skip(in, i);

		if (str_starts(rest, designator)) {
			i += designator.len - 1;
		} else if (in.p[i] == '\033') {
			return;
		} else if (shifted && in.p[i] == '\x0f') {
			shifted = false;
		} else if (!shifted && in.p[i] == '\x0e' && last != STR_NPOS &&
			   i < last) {
			shifted = true;
		} else {
			buf_add_char(
			    out, shifted ? raise_high(in.p[i]) : in.p[i]);
		}
	}
}

/* True when the pair at `s` is one RFC 1843 allows. */
static bool
is_hz_pair(struct str s)
{
	return s.len >= 2 && s.p[0] >= 0x21 && s.p[0] <= 0x77 &&
	       is_graphic(s.p[1]);
}

static void
decode_hz(struct str in, struct buf *out)
{
	bool chinese = false;

	while (in.len > 0 && !out->failed) {
		bool tilde = in.p[0] == '~';
		char next = tilde && in.len > 1 ? in.p[1] : '\0';

		if (chinese && is_hz_pair(in)) {
			char pair[2] = {
			    raise_high(in.p[0]), raise_high(in.p[1])};

			codec_decode(&codec_euc_cn, str_make(pair, 2),
			    CODEC_REPLACE, out);
			in = str_skip(in, 2);
		} else if (chinese && next == '}') {
			chinese = false;
			in = str_skip(in, 2);
		} else if (!chinese && !tilde &&
			   (unsigned char)in.p[0] < 0x80) {
			buf_add_char(out, in.p[0]);
			in = str_skip(in, 1);
		} else if (!chinese &&
			   (next == '~' || next == '\n' || next == '{')) {
			if (next == '~')
				buf_add_char(out, '~');
			chinese = next == '{';
			in = str_skip(in, 2);
		} else {
			return;
		}
	}
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The UTF-16 inside "+...-"; returns the bytes read. */
static size_t
decode_utf7_run(struct str in, struct buf *out)
{
	struct buf units;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i = 0;

	buf_init_arena(&units, out->arena);
	for (; i < in.len && base64_value(in.p[i]) >= 0; i++) {
		bits = bits << 6 | (uint32_t)base64_value(in.p[i]);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_add_char(&units, (char)(bits >> have & 0xff));
		}
	}
	codec_decode(&codec_utf16be, buf_str(&units), CODEC_REPLACE, out);
	buf_fini(&units);
	return i < in.len && in.p[i] == '-' ? i + 1 : i;
}

static void
decode_utf7(struct str in, struct buf *out)
{
	char text[UNICODE_LENGTH_MAX];

	while (in.len > 0 && !out->failed) {
		if (in.p[0] != '+') {
			buf_add(out,
			    str_make(text,
				unicode_put(text, (unsigned char)in.p[0])));
			in = str_skip(in, 1);
			continue;
		}
		in = str_skip(in, 1);
		if (in.len > 0 && base64_value(in.p[0]) >= 0) {
			in = str_skip(in, decode_utf7_run(in, out));
		} else {
			buf_add_char(out, '+');
			if (in.len > 0 && in.p[0] == '-')
				in = str_skip(in, 1);
		}
	}
}

bool
codec_decode_escaped(const struct codec *c, struct str bytes,
    enum codec_faults faults, struct buf *out)
{
	struct buf euc;
	bool good = true;

	(void)faults;
	buf_init_arena(&euc, out->arena);
	if (c->kind == CODEC_UTF7) {
		decode_utf7(bytes, out);
	} else if (c->kind == CODEC_HZ) {
		decode_hz(bytes, out);
	} else if (c->kind == CODEC_ISO_2022_KR) {
		kr_to_euc(bytes, &euc);
		good = codec_decode(
		    &codec_euc_kr, buf_str(&euc), CODEC_ESCAPE, out);
	} else {
		jis_to_euc(bytes, &euc);
		good = codec_decode(
		    &codec_euc_jp, buf_str(&euc), CODEC_ESCAPE, out);
	}
	buf_fini(&euc);
	return good;
}
