#include "base/unicode.h"

#include "base/block.h"
#include "base/clean.h"
#include "base/mem.h"
#include "base/vec.h"

#include <pthread.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

/* Code points whose folding is looked up; the others ask ICU each time. */
#define TABLE_END 0x10000u
/* UTF-16 units one code point may fold to (U+FDFA makes 18). */
#define FOLD_MAX 64
/* Text is normalised in pieces of at most this many UTF-16 units. */
#define PIECE_MAX 4096

#define REPLACEMENT 0xfffdu

struct entry {
	uint32_t at; /* into the pool */
	uint8_t len; /* UTF-8 bytes; 0 with at 0: not in the table */
	uint8_t known;
	uint8_t class;
};

static pthread_once_t tables_once = PTHREAD_ONCE_INIT;
static struct tables {
	const UNormalizer2 *casefold;
	const UNormalizer2 *decompose;
	USpoofChecker *spoof;
	struct entry *entry; /* TABLE_END of them */
	char *pool;
	char ascii_of[128]; /* skeleton of one ASCII character -> letter */
} tables;

size_t
unicode_decode(struct str s, uint32_t *code_out)
{
	size_t n = utf8_sequence(s);
	uint32_t code;

	if (n == 0)
		return 0;
	code = (unsigned char)s.p[0];
	if (n > 1)
		code &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
	*code_out = code;
	return n;
}

static enum unicode_class
classify(uint32_t code)
{
	UErrorCode error = U_ZERO_ERROR;
	UScriptCode script;

	if (u_isUWhiteSpace((UChar32)code))
		return UNICODE_SPACE;
	if (u_isdigit((UChar32)code))
		return UNICODE_DIGIT;
	if (U_GET_GC_MASK((UChar32)code) & U_GC_M_MASK)
		return UNICODE_MARK;
	if ((U_GET_GC_MASK((UChar32)code) & (U_GC_L_MASK | U_GC_N_MASK)) == 0)
		return UNICODE_OTHER;
	script = uscript_getScript((UChar32)code, &error);
	if (u_hasBinaryProperty((UChar32)code, UCHAR_IDEOGRAPHIC) ||
	    script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA)
		return UNICODE_IDEOGRAPH;
	return UNICODE_LETTER;
}

/* ---- from and to UTF-8 -------------------------------------------------- */

static size_t
encode(uint32_t code, char out[static 4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static void
add_code(struct buf *out, uint32_t code)
{
	char text[4];

	buf_add(out, str_make(text, encode(code, text)));
}

/* A lone surrogate, which ICU lets pass, is not UTF-8. */
static void
add_utf16(struct buf *out, const UChar *p, int32_t len)
{
	for (int32_t i = 0; i < len;) {
		UChar32 c;

		U16_NEXT(p, i, len, c);
		add_code(out, U_IS_SURROGATE(c) ? REPLACEMENT : (uint32_t)c);
	}
}

/* ---- what one character looks like -------------------------------------- */

/* UTS #39 skeleton in UTF-16; the length, or 0 when ICU has none. */
static int32_t
skeleton(const struct tables *t, const UChar *p, int32_t len,
    UChar out[static FOLD_MAX])
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t n =
	    uspoof_getSkeleton(t->spoof, 0, p, len, out, FOLD_MAX, &error);

	return U_FAILURE(error) || n > FOLD_MAX ? 0 : n;
}

/*
 * The skeleton is a class name, not a letter: it writes `m` as "rn" and `0` as
 * "O". ASCII keeps its own spelling here, so a class that holds an ASCII letter
 * is spelled with that letter.
 */
static uint32_t
ascii_of(const struct tables *t, const UChar *p, int32_t len)
{
	if (len == 2 && p[0] == 'r' && p[1] == 'n')
		return 'm';
	if (len != 1 || p[0] >= 128)
		return 0;
	return (unsigned char)t->ascii_of[p[0]];
}

static void
fill_ascii(struct tables *t)
{
	for (unsigned c = 0; c < 128; c++) {
		UChar in = (UChar)c, out[FOLD_MAX];
		int32_t n = skeleton(t, &in, 1, out);

		if (n == 1 && out[0] < 128 && t->ascii_of[out[0]] == 0 &&
		    ascii_is_alpha((char)c))
			t->ascii_of[out[0]] = ascii_lower((char)c);
	}
	/* Letters name themselves, whatever shares their class. */
	for (char c = 'a'; c <= 'z'; c++) {
		t->ascii_of[(unsigned char)c] = c;
		t->ascii_of[(unsigned char)ascii_upper(c)] = c;
	}
}

/* A sign that looks like no ASCII sign: the euro is no letter with a stroke. */
static bool
keeps_itself(uint32_t code, const UChar *look, int32_t len)
{
	for (int32_t i = 0; i < len; i++)
		if (look[i] >= 0x80)
			return classify(code) == UNICODE_OTHER;
	return false;
}

/* NFKC case folding of one code point, then its look. Appends UTF-8. */
static void
fold_code(const struct tables *t, uint32_t code, struct buf *out)
{
	UChar in[2], folded[FOLD_MAX], look[FOLD_MAX];
	UErrorCode error = U_ZERO_ERROR;
	int32_t len = 0, n;

	if (code < 0x80) {
		buf_add_char(out, ascii_lower((char)code));
		return;
	}
	U16_APPEND_UNSAFE(in, len, (UChar32)code);
	/* Small letters by their own look, which NFKC may hide (U+03F2). */
	if (u_islower((UChar32)code)) {
		uint32_t letter = ascii_of(t, look, skeleton(t, in, len, look));

		if (letter != 0) {
			add_code(out, letter);
			return;
		}
	}
	n = unorm2_normalize(t->casefold, in, len, folded, FOLD_MAX, &error);
	if (U_FAILURE(error) || n > FOLD_MAX) {
		add_code(out, REPLACEMENT);
		return;
	}
	for (int32_t i = 0; i < n;) {
		int32_t from = i, m;
		UChar32 c;
		uint32_t letter;

		U16_NEXT(folded, i, n, c);
		if (c < 0x80) {
			buf_add_char(out, ascii_lower((char)c));
			continue;
		}
		m = skeleton(t, folded + from, i - from, look);
		letter = ascii_of(t, look, m);
		if (letter != 0)
			add_code(out, letter);
		else if (m > 0 && !keeps_itself((uint32_t)c, look, m))
			add_utf16(out, look, m);
		else
			add_utf16(out, folded + from, i - from);
	}
}

/* ---- tables ------------------------------------------------------------- */

static void
build_tables(void)
{
	struct tables *t = &tables;
	UErrorCode error = U_ZERO_ERROR;
	struct buf pool;

	t->casefold = unorm2_getNFKCCasefoldInstance(&error);
	t->decompose = unorm2_getNFDInstance(&error);
	t->spoof = uspoof_open(&error);
	invariant(U_SUCCESS(error));
	fill_ascii(t);
	t->entry = mem_array(TABLE_END, sizeof(*t->entry));
	buf_init(&pool);
	for (uint32_t code = 0; code < TABLE_END; code++) {
		struct entry *e = &t->entry[code];

		e->class = (uint8_t)classify(code);
		if (U_IS_SURROGATE((UChar32)code) ||
		    (code >= 0xe000 && code < 0xf900))
			continue;
		e->at = (uint32_t)pool.len;
		fold_code(t, code, &pool);
		if (pool.len - e->at > UINT8_MAX)
			continue;
		e->len = (uint8_t)(pool.len - e->at);
		e->known = 1;
	}
	t->pool = pool.p;
}

static const struct tables *
get_tables(void)
{
	pthread_once(&tables_once, build_tables);
	return &tables;
}

void
unicode_prepare(void)
{
	(void)get_tables();
}

enum unicode_class
unicode_class(uint32_t code)
{
	const struct tables *t = get_tables();

	return code < TABLE_END ? (enum unicode_class)t->entry[code].class
				: classify(code);
}

/* ---- text --------------------------------------------------------------- */

/*
 * Marks stand in canonical order in NFKC. Two marks in a row are rare and go
 * through ICU as a whole; everything else folds character by character.
 */
static void
order_marks(const struct tables *t, struct str marks, struct buf *out)
{
	UChar in[FOLD_MAX], sorted[FOLD_MAX];
	UErrorCode error = U_ZERO_ERROR;
	int32_t n = 0;

	u_strFromUTF8(in, FOLD_MAX, &n, marks.p, (int32_t)marks.len, &error);
	if (U_SUCCESS(error))
		n = unorm2_normalize(
		    t->decompose, in, n, sorted, FOLD_MAX, &error);
	if (U_FAILURE(error))
		buf_add(out, marks);
	else
		add_utf16(out, sorted, n);
}

/* Sorts the run of marks that ends `out`, if there is more than one. */
static void
settle_marks(const struct tables *t, struct buf *out, size_t from, size_t count)
{
	char copy[4 * FOLD_MAX];
	size_t len = out->len - from;

	if (count < 2 || out->failed || len > FOLD_MAX)
		return;
	memcpy(copy, out->p + from, len);
	out->len = from;
	order_marks(t, str_make(copy, len), out);
}

static bool
is_mark(const struct tables *t, uint32_t code)
{
	return code < TABLE_END && t->entry[code].class == UNICODE_MARK;
}

static bool
ends_in_mark(const struct tables *t, struct str folded, size_t *start_out)
{
	size_t at = folded.len;
	uint32_t code;

	while (at > 0 && ((unsigned char)folded.p[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0 || unicode_decode(str_skip(folded, at - 1), &code) == 0)
		return false;
	*start_out = at - 1;
	return is_mark(t, code);
}

static void
fold_one(const struct tables *t, uint32_t code, struct buf *out)
{
	const struct entry *e = &t->entry[code < TABLE_END ? code : 0];

	if (code < TABLE_END && e->known)
		buf_add(out, str_make(t->pool + e->at, e->len));
	else
		fold_code(t, code, out);
}

/* Folds the characters of `s` up to the next ASCII one; the bytes taken. */
static size_t
fold_foreign(const struct tables *t, struct str s, struct buf *out)
{
	size_t i = 0, marks = 0, first = out->len;

	while (i < s.len && (unsigned char)s.p[i] >= 0x80) {
		uint32_t code = REPLACEMENT;
		size_t n = unicode_decode(str_skip(s, i), &code);
		size_t before = out->len, start;

		i += n ? n : 1;
		if (marks > 0 && !is_mark(t, code)) {
			settle_marks(t, out, first, marks);
			marks = 0;
			before = out->len;
		}
		fold_one(t, code, out);
		if (out->failed)
			return s.len;
		if (out->len > before &&
		    ends_in_mark(t, buf_str(out), &start) && marks++ == 0)
			first = start;
	}
	settle_marks(t, out, first, marks);
	return i;
}

/*
 * Copies ASCII in lower case up to the first byte that is none; how many bytes.
 * Eight at a time: a sum sets the high bit of each byte that is at least 'A',
 * another of each that is beyond 'Z'.
 */
static size_t
lower_ascii(char *restrict to, const char *restrict from, size_t n)
{
	size_t i = 0;

	for (uint64_t v; i + sizeof(v) <= n; i += sizeof(v)) {
		uint64_t capital;

		v = block_load(from + i);
		if (block_high(v))
			break;
		capital = (v + (0x80 - 'A') * BLOCK_EACH) &
			  ~(v + (0x80 - 'Z' - 1) * BLOCK_EACH) & BLOCK_HIGH;
		v |= capital >> 2;
		memcpy(to + i, &v, sizeof(v));
	}
	for (; i < n && (unsigned char)from[i] < 0x80; i++)
		to[i] = ascii_lower(from[i]);
	return i;
}

void
unicode_fold(struct str s, struct buf *out)
{
	const struct tables *t = NULL;
	size_t i = 0;

	if (!buf_reserve(out, s.len))
		return;
	while (i < s.len && !out->failed) {
		size_t n;

		if (!buf_reserve(out, s.len - i))
			return;
		n = lower_ascii(out->p + out->len, s.p + i, s.len - i);
		out->len += n;
		i += n;
		if (i == s.len)
			return;
		if (t == NULL)
			t = get_tables();
		i += fold_foreign(t, str_skip(s, i), out);
	}
}

/* Units of `s` that fit one piece, cut before ASCII or white space if it can.
 */
static size_t
piece_length(struct str s)
{
	size_t n;

	if (s.len <= PIECE_MAX)
		return s.len;
	for (n = PIECE_MAX; n > PIECE_MAX / 2; n--)
		if ((unsigned char)s.p[n] < 0x80)
			return n;
	for (n = PIECE_MAX; n > PIECE_MAX - 4; n--)
		if (((unsigned char)s.p[n] & 0xc0) != 0x80)
			return n;
	return PIECE_MAX;
}

static void
fold_piece(const struct tables *t, struct str s, struct buf *out)
{
	UChar in[PIECE_MAX], folded[PIECE_MAX * 4];
	UErrorCode error = U_ZERO_ERROR;
	int32_t n = 0;

	u_strFromUTF8WithSub(in, PIECE_MAX, &n, s.p, (int32_t)s.len,
	    (UChar32)REPLACEMENT, NULL, &error);
	if (U_SUCCESS(error))
		n = unorm2_normalize(
		    t->casefold, in, n, folded, PIECE_MAX * 4, &error);
	if (U_SUCCESS(error))
		add_utf16(out, folded, n);
}

void
unicode_fold_plain(struct str s, struct buf *out)
{
	const struct tables *t = get_tables();

	while (s.len > 0 && !out->failed) {
		size_t n = piece_length(s);

		fold_piece(t, str_head(s, n), out);
		s = str_skip(s, n);
	}
}
