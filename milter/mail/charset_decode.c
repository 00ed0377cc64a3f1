/*
 * The decoders: bytes to UTF-8 by codec.
 *
 * The only file that talks to iconv. It supplies mappings; how bytes are
 * grouped, what is refused and how much of a fault is skipped is decided here,
 * as Perl's Encode does it. One iconv handle lives for one call, one of each
 * charset for ever. Loops advance at least one byte a turn.
 */
#include "mail/charset_codec.h"

#include "base/block.h"
#include "base/clean.h"
#include "mail/unicode.h"

#include <iconv.h>
#include <pthread.h>
#include <stdio.h>

#define NO_HANDLE ((iconv_t)-1)

static const char jis_x_0212[] = "EUC-JP"; /* holds it */

/* Bytes handed to iconv at once. */
#define RUN_MAX 4096
/* More charsets than iconv_name says there are. */
#define LOADED_MAX 128

struct decoder {
	const struct codec *codec;
	struct str in;
	size_t at;
	enum codec_faults faults;
	struct buf *out;
	iconv_t handle;
	iconv_t second; /* JIS X 0212, opened on first need */
};

/*
 * glibc unloads the module of a charset with its last handle and loads it anew
 * for the next: a file is looked up, mapped and unmapped, which interrupts
 * every other thread. So one handle of each charset that mail had is kept.
 */
static struct {
	pthread_mutex_t loading;
	const char *name[LOADED_MAX];
	iconv_t handle[LOADED_MAX];
	size_t count; /* atomic */
} loaded = {.loading = PTHREAD_MUTEX_INITIALIZER};

static bool
is_loaded(const char *name)
{
	size_t n = __atomic_load_n(&loaded.count, __ATOMIC_ACQUIRE);

	while (n > 0)
		if (loaded.name[--n] == name)
			return true;
	return false;
}

static void
keep_loaded(const char *name)
{
	size_t n;

	pthread_mutex_lock(&loaded.loading);
	n = loaded.count;
	if (!is_loaded(name) && n < LOADED_MAX) {
		loaded.name[n] = name;
		loaded.handle[n] = iconv_open("UTF-8", name);
		__atomic_store_n(&loaded.count, n + 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&loaded.loading);
}

/* `name` is a constant of the codecs: known by its address. */
static iconv_t
open_charset(const char *name)
{
	if (!is_loaded(name))
		keep_loaded(name);
	return iconv_open("UTF-8", name);
}

static void
put(struct buf *out, uint32_t c)
{
	char text[UNICODE_LENGTH_MAX];

	buf_add(out, str_make(text, unicode_put(text, c)));
}

/* Handles `len` bytes that are no character; false: refused. */
static bool
fault(struct decoder *d, size_t len)
{
	if (d->faults == CODEC_REFUSE)
		return false;
	if (d->faults == CODEC_REPLACE)
		put(d->out, UNICODE_REPLACEMENT);
	else
		for (size_t i = 0; i < len; i++)
			buf_printf(d->out, "\\x%02X",
			    (unsigned char)d->in.p[d->at + i]);
	d->at += len;
	return true;
}

static unsigned char
byte_at(const struct decoder *d, size_t i)
{
	return (unsigned char)d->in.p[i];
}

static size_t
ascii_span(struct str s)
{
	size_t i = block_ascii(s);

	while (i < s.len && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

/* Copies ASCII; true when input is left. */
static bool
copy_ascii(struct decoder *d)
{
	struct str rest = str_skip(d->in, d->at);
	size_t n = ascii_span(rest);

	buf_add(d->out, str_head(rest, n));
	d->at += n;
	return d->at < d->in.len && !d->out->failed;
}

/* ---- UTF-8 -------------------------------------------------------------- */

/* Bytes of the well-formed character at `at`; 0: none stands there. */
static size_t
utf8_character(struct str s, size_t at)
{
	size_t n = utf8_sequence(str_skip(s, at));
	size_t len;

	if (n >= 3 && unicode_is_nonchar(unicode_first(str_skip(s, at), &len)))
		return 0;
	return n;
}

/* A byte no character begins with. */
static bool
is_never_first(unsigned char c)
{
	return (c >= 0x80 && c < 0xc2) || c >= 0xf5;
}

/* Encode loses a character of three bytes behind such a byte, if it begins with
 * E1 to EC or EE. */
static bool
swallows_next(struct str s, size_t at)
{
	unsigned char next = at + 1 < s.len ? (unsigned char)s.p[at + 1] : 0;

	return is_never_first((unsigned char)s.p[at]) && next >= 0xe1 &&
	       next <= 0xee && next != 0xed && utf8_character(s, at + 1) == 3;
}

/* How long a faulty sequence Encode takes as one. */
static size_t
utf8_fault_length(struct str s, size_t at)
{
	unsigned char c = (unsigned char)s.p[at];
	size_t want = c < 0xc2	 ? 1
		      : c < 0xe0 ? 2
		      : c < 0xf0 ? 3
		      : c < 0xf8 ? 4
		      : c < 0xfc ? 5
		      : c < 0xfe ? 6
				 : 1;
	size_t n = 1;

	if (c == 0xc0 || c == 0xc1)
		want = 2;
	while (n < want && at + n < s.len &&
	       ((unsigned char)s.p[at + n] & 0xc0) == 0x80)
		n++;
	return n == 1 && swallows_next(s, at) ? 4 : n;
}

static bool
decode_utf8(struct decoder *d)
{
	while (copy_ascii(d)) {
		size_t start = d->at;
		size_t n;

		while (
		    d->at < d->in.len && (n = utf8_character(d->in, d->at)) > 1)
			d->at += n;
		buf_add(d->out, str_make(d->in.p + start, d->at - start));
		if (d->at < d->in.len && byte_at(d, d->at) >= 0x80 &&
		    !fault(d, utf8_fault_length(d->in, d->at)))
			return false;
	}
	return true;
}

/* ---- fixed-width units -------------------------------------------------- */

static uint32_t
unit_at(const struct decoder *d, size_t at, size_t width, bool little)
{
	uint32_t unit = 0;

	for (size_t i = 0; i < width; i++) {
		size_t k = little ? width - 1 - i : i;

		unit = unit << 8 | byte_at(d, at + k);
	}
	return unit;
}

static bool
is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

/* The order a byte order mark tells; big-endian without one. */
static bool
detect_little(struct decoder *d, size_t width)
{
	if (d->in.len >= width && unit_at(d, 0, width, true) == 0xfeff) {
		d->at = width;
		return true;
	}
	if (d->in.len >= width && unit_at(d, 0, width, false) == 0xfeff)
		d->at = width;
	return false;
}

static bool
decode_units(struct decoder *d, size_t width)
{
	bool little = d->codec->wide_little;
	bool pairs = d->codec->kind == CODEC_UTF16;

	if (d->codec->wide_detect)
		little = detect_little(d, width);
	while (d->in.len - d->at >= width && !d->out->failed) {
		uint32_t c = unit_at(d, d->at, width, little);
		size_t used = width;

		if (pairs && c >= 0xd800 && c < 0xdc00 &&
		    d->in.len - d->at >= 2 * width) {
			uint32_t low = unit_at(d, d->at + width, width, little);

			if (low >= 0xdc00 && low <= 0xdfff) {
				c = 0x10000 + ((c - 0xd800) << 10) +
				    (low - 0xdc00);
				used = 2 * width;
			}
		}
		if (is_surrogate(c) || c > 0x10ffff || unicode_is_nonchar(c)) {
			if (!fault(d, used))
				return false;
			continue;
		}
		put(d->out, c);
		d->at += used;
	}
	return d->at == d->in.len || d->faults != CODEC_REFUSE;
}

/* ---- one byte, one character -------------------------------------------- */

struct byte_text {
	char text[UNICODE_LENGTH_MAX];
	unsigned char len; /* 0: no character */
};

/* What iconv makes of `bytes`; 0: nothing. */
static size_t
map_bytes(iconv_t handle, struct str bytes, char *out, size_t room)
{
	char *in = (char *)(uintptr_t)bytes.p;
	size_t left = bytes.len;
	size_t space = room;

	iconv(handle, NULL, NULL, NULL, NULL);
	if (iconv(handle, &in, &left, &out, &space) == (size_t)-1 || left > 0)
		return 0;
	/* Some converters hold a base letter back for a mark to come. */
	if (iconv(handle, NULL, NULL, &out, &space) == (size_t)-1)
		return 0;
	return room - space;
}

static const struct codec_run *
find_run(const struct codec *c, unsigned code)
{
	size_t low = 0;
	size_t high = c->run_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > c->runs[middle].last)
			low = middle + 1;
		else if (code < c->runs[middle].first)
			high = middle;
		else
			return &c->runs[middle];
	}
	return NULL;
}

/* What one byte means; nothing when it is no character. */
static void
map_byte(const struct decoder *d, unsigned char byte, struct byte_text *out)
{
	const struct codec_run *run = find_run(d->codec, byte);
	char c = (char)byte;

	if (run == NULL)
		out->len = (unsigned char)map_bytes(
		    d->handle, str_make(&c, 1), out->text, UNICODE_LENGTH_MAX);
	else
		out->len = run->to == 0 ? 0
					: (unsigned char)unicode_put(out->text,
					      run->to + byte - run->first);
}

/* ASCII means itself: found out with one call, true of nearly all. */
static bool
keeps_ascii(const struct decoder *d)
{
	char ascii[128], mapped[sizeof(ascii) * UNICODE_LENGTH_MAX];
	struct str all = str_make(ascii, sizeof(ascii));

	for (unsigned i = 0; i < sizeof(ascii); i++)
		ascii[i] = (char)i;
	return (d->codec->run_count == 0 || d->codec->runs[0].first >= 0x80) &&
	       map_bytes(d->handle, all, mapped, sizeof(mapped)) ==
		   sizeof(ascii) &&
	       memcmp(ascii, mapped, sizeof(ascii)) == 0;
}

/* Each byte is looked up once, when the text has it. */
static bool
decode_single(struct decoder *d)
{
	struct byte_text table[256];
	bool known[256] = {false};
	bool ascii = keeps_ascii(d);

	while (d->at < d->in.len && !d->out->failed) {
		unsigned char byte = byte_at(d, d->at);
		const struct byte_text *t = &table[byte];

		if (ascii && byte < 0x80) {
			copy_ascii(d);
			continue;
		}
		if (!known[byte]) {
			map_byte(d, byte, &table[byte]);
			known[byte] = true;
		}
		if (t->len == 0) {
			if (!fault(d, 1))
				return false;
			continue;
		}
		buf_add(d->out, str_make(t->text, t->len));
		d->at++;
	}
	return true;
}

/* ---- pairs -------------------------------------------------------------- */

static bool
is_lead(const struct codec *c, unsigned char byte)
{
	for (const char *p = c->leads; *p != '\0'; p += 2)
		if (byte >= (unsigned char)p[0] && byte <= (unsigned char)p[1])
			return true;
	return false;
}

static unsigned
pair_at(const struct decoder *d, size_t at)
{
	return (unsigned)byte_at(d, at) << 8 | byte_at(d, at + 1);
}

/* Bytes of a run of pairs that iconv may map without being looked at. */
static size_t
plain_pairs(const struct decoder *d)
{
	size_t at = d->at;

	while (d->in.len - at >= 2 && at - d->at < RUN_MAX &&
	       is_lead(d->codec, byte_at(d, at)) &&
	       (d->codec->kind != CODEC_EUC_JP || byte_at(d, at) != 0x8f) &&
	       find_run(d->codec, pair_at(d, at)) == NULL)
		at += 2;
	return at - d->at;
}

/* Maps as much of `len` bytes as iconv takes; false when it took none. */
static bool
map_pairs(struct decoder *d, size_t len)
{
	char *in = (char *)(uintptr_t)d->in.p + d->at;
	size_t left = len;
	size_t space = len * 4;
	char *out;

	if (!buf_reserve(d->out, space)) {
		d->at += len;
		return true;
	}
	out = d->out->p + d->out->len;
	iconv(d->handle, NULL, NULL, NULL, NULL);
	/* The count of what was done stands in `left` even on error. */
	if (iconv(d->handle, &in, &left, &out, &space) == (size_t)-1)
		left = (len - (size_t)(in - (d->in.p + d->at)));
	d->out->len = (size_t)(out - d->out->p);
	d->at += len - left;
	return left < len;
}

/* EUC-JP's third plane: JIS X 0212, and JIS X 0213 where that is silent. */
static size_t
map_triple(struct decoder *d, char *out)
{
	struct str bytes = str_make(d->in.p + d->at, 3);
	size_t n;

	if (d->second == NO_HANDLE)
		d->second = open_charset(jis_x_0212);
	if (d->second != NO_HANDLE &&
	    (n = map_bytes(d->second, bytes, out, UNICODE_LENGTH_MAX)) > 0)
		return n;
	return map_bytes(d->handle, bytes, out, UNICODE_LENGTH_MAX);
}

/* A character that needs a look; `*done_out` when the input ends inside it. */
static bool
decode_special(struct decoder *d, bool *done_out)
{
	unsigned char lead = byte_at(d, d->at);
	bool triple = d->codec->kind == CODEC_EUC_JP && lead == 0x8f;
	size_t want = triple ? 3 : is_lead(d->codec, lead) ? 2 : 1;
	const struct codec_run *run;
	char text[UNICODE_LENGTH_MAX];
	size_t n;

	if (d->in.len - d->at < want) {
		*done_out = true;
		return true;
	}
	if (triple) {
		n = map_triple(d, text);
		if (n == 0)
			return fault(d, 1);
		buf_add(d->out, str_make(text, n));
		d->at += 3;
		return true;
	}
	run = find_run(d->codec, want == 2 ? pair_at(d, d->at) : lead);
	if (run == NULL || run->to == 0)
		return fault(d, 1);
	put(d->out,
	    run->to + (want == 2 ? pair_at(d, d->at) : lead) - run->first);
	d->at += want;
	return true;
}

static bool
decode_pairs(struct decoder *d)
{
	bool done = false;

	while (!done && copy_ascii(d)) {
		size_t n = plain_pairs(d);

		if (n > 0 && map_pairs(d, n))
			continue;
		if (n > 0) {
			if (!fault(d, 1))
				return false;
		} else if (!decode_special(d, &done)) {
			return false;
		}
	}
	return true;
}

/* ---- choice ------------------------------------------------------------- */

static bool
decode_ascii(struct decoder *d)
{
	while (copy_ascii(d))
		if (!fault(d, 1))
			return false;
	return true;
}

static bool
decode_mapped(struct decoder *d)
{
	bool good;

	d->handle = open_charset(d->codec->iconv_name);
	if (d->handle == NO_HANDLE)
		return false;
	good =
	    d->codec->kind == CODEC_SINGLE ? decode_single(d) : decode_pairs(d);
	iconv_close(d->handle);
	if (d->second != NO_HANDLE)
		iconv_close(d->second);
	return good;
}

bool
codec_decode(const struct codec *c, struct str bytes, enum codec_faults faults,
    struct buf *out)
{
	struct decoder d = {c, bytes, 0, faults, out, NO_HANDLE, NO_HANDLE};

	switch (c->kind) {
	case CODEC_NONE:
		return false;
	case CODEC_ASCII:
		return decode_ascii(&d);
	case CODEC_UTF8:
		return decode_utf8(&d);
	case CODEC_UTF16:
	case CODEC_UCS2:
		return decode_units(&d, 2);
	case CODEC_UTF32:
		return decode_units(&d, 4);
	case CODEC_SINGLE:
	case CODEC_DOUBLE:
	case CODEC_EUC_JP:
		return decode_mapped(&d);
	default:
		return codec_decode_escaped(c, bytes, faults, out);
	}
}
