#include "mail/words.h"

#include "base/block.h"
#include "base/buf.h"
#include "mail/charset.h"
#include "mail/decode.h"

static bool
is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '*' || c == '_' || c == '-';
}

struct word {
	struct str charset;
	bool base64;
	struct str text; /* still encoded */
	size_t end;	 /* offset behind "?=" */
};

/* "=?charset?B?text?=" at `pos` (RFC 2047 section 2, with any text but '?'). */
static bool
match_word(struct str s, size_t pos, struct word *out)
{
	size_t i = pos + 2, mark;

	if (s.len < pos + 2 || s.p[pos] != '=' || s.p[pos + 1] != '?')
		return false;
	while (i < s.len && is_name_char(s.p[i]))
		i++;
	if (i == pos + 2 || s.len - i < 3 || s.p[i] != '?' ||
	    strchr("bBqQ", s.p[i + 1]) == NULL || s.p[i + 1] == '\0' ||
	    s.p[i + 2] != '?')
		return false;
	mark = str_find_char(str_skip(s, i + 3), '?');
	if (mark == STR_NPOS || i + 3 + mark + 1 >= s.len ||
	    s.p[i + 3 + mark + 1] != '=')
		return false;
	out->charset = str_make(s.p + pos + 2, i - pos - 2);
	out->base64 = ascii_lower(s.p[i + 1]) == 'b';
	out->text = str_make(s.p + i + 3, mark);
	out->end = i + 3 + mark + 2;
	return true;
}

/* Next "=?" at or after `pos`, or the length. */
static size_t
next_mark(struct str s, size_t pos)
{
	size_t hit = str_find(str_skip(s, pos), STR("=?"));

	return hit == STR_NPOS ? s.len : pos + hit;
}

/* Length of the white space at `pos` if a word stands before and behind it. */
static size_t
gap_between_words(struct str s, size_t pos)
{
	struct word w;
	size_t i = pos;

	while (i < s.len && ascii_is_space(s.p[i]))
		i++;
	return i > pos && match_word(s, i, &w) ? i - pos : 0;
}

/* White space between two words is not part of the text (RFC 2047 6.2). */
static struct str
close_gaps(struct arena *a, struct str s)
{
	struct buf b;
	size_t copied = 0, pos = next_mark(s, 0);
	struct word w;

	buf_init_arena(&b, a);
	while (pos < s.len) {
		size_t gap =
		    match_word(s, pos, &w) ? gap_between_words(s, w.end) : 0;

		if (gap == 0) {
			pos = next_mark(s, pos + 1);
			continue;
		}
		buf_add(&b, str_make(s.p + copied, w.end - copied));
		copied = w.end + gap;
		pos = copied;
	}
	if (copied == 0)
		return s;
	buf_add(&b, str_skip(s, copied));
	return buf_str(&b);
}

/* The text of a word without its B or Q encoding, in its own charset. */
static struct str
decode_text(struct arena *a, const struct word *w)
{
	struct buf b;

	if (w->base64)
		return decode_base64(a, w->text);
	if (str_find_char(w->text, '_') == STR_NPOS)
		return decode_qp(a, w->text);
	buf_init_arena(&b, a);
	buf_reserve(&b, w->text.len * 3);
	for (size_t i = 0; i < w->text.len; i++) {
		if (w->text.p[i] == '_')
			buf_add_cstr(&b, "=20");
		else
			buf_add_char(&b, w->text.p[i]);
	}
	return decode_qp(a, buf_str(&b));
}

/*
 * Conversions made for one field. Setting one up costs more than the few bytes
 * of a word; a field of words that change charset each time must not pay off.
 */
#define CONVERSIONS_MAX 200

/* Neighbouring words of one charset, which may share a character. */
struct section {
	struct arena *arena;
	struct buf out;
	struct str charset;
	struct buf bytes;
	bool open;
	unsigned conversions;
};

static struct str
convert(struct section *s, struct str name, struct str bytes)
{
	/* UTF-8 needs no table. */
	if (!str_is_nocase(name, "utf-8") && ++s->conversions > CONVERSIONS_MAX)
		return charset_from_latin1(s->arena, bytes);
	return charset_normalize_word(s->arena, name, bytes);
}

static void
section_close(struct section *s)
{
	/* RFC 2231 section 5: "charset*language". */
	struct str name = str_head(s->charset, str_find_char(s->charset, '*'));

	if (!s->open)
		return;
	/* A word of no charset but a language is taken as it is. */
	if (name.len == 0)
		buf_add(&s->out, buf_str(&s->bytes));
	else
		buf_add(&s->out, convert(s, name, buf_str(&s->bytes)));
	s->open = false;
}

static void
section_add(struct section *s, const struct word *w)
{
	if (s->open && !str_eq_nocase(s->charset, w->charset))
		section_close(s);
	if (!s->open) {
		s->open = true;
		s->charset = w->charset;
		buf_init_arena(&s->bytes, s->arena);
	}
	buf_add(&s->bytes, decode_text(s->arena, w));
}

static struct str
decode_words(struct arena *a, struct str s)
{
	struct section section = {.arena = a};
	size_t pos = 0;
	struct word w;

	s = close_gaps(a, s);
	buf_init_arena(&section.out, a);
	while (pos < s.len && !section.out.failed) {
		size_t text;

		if (match_word(s, pos, &w)) {
			section_add(&section, &w);
			pos = w.end;
			continue;
		}
		section_close(&section);
		text = next_mark(s, pos + 1);
		buf_add(&section.out, str_make(s.p + pos, text - pos));
		pos = text;
	}
	section_close(&section);
	return buf_str(&section.out);
}

/* Fields that hold no text: their "=?" is part of an identifier or a date. */
static bool
has_no_words(struct str name)
{
	static const struct str fixed[] = {STR("Received"), STR("Message-ID"),
	    STR("Resent-Message-ID"), STR("Date"), STR("Resent-Date"),
	    STR("MIME-Version"), STR("References"), STR("In-Reply-To")};

	if (str_starts_nocase(name, STR("List-")))
		return true;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (str_eq_nocase(name, fixed[i]))
			return true;
	return false;
}

/* Line ends away; a TAB that began a folded line becomes a blank. */
static struct str
drop_folds(struct arena *a, struct str s)
{
	char *text;
	size_t n = 0;

	if (str_find_char(s, '\n') == STR_NPOS)
		return s;
	text = arena_alloc(a, s.len);
	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '\n') {
			text[n++] = s.p[i];
			continue;
		}
		if (i > 0 && s.p[i - 1] == '\r')
			n--;
		if (i + 1 < s.len && s.p[i + 1] == '\t') {
			text[n++] = ' ';
			i++;
		}
	}
	return str_make(text, n);
}

struct str
words_decode(struct arena *a, struct str name, struct str value)
{
	struct str s = drop_folds(a, value);

	if (!block_is_ascii(s))
		s = charset_normalize(a, STR("UTF-8"), s).text;
	if (next_mark(s, 0) == s.len || has_no_words(name))
		return s;
	return decode_words(a, s);
}

/* Each line end with the blanks behind it becomes one blank. */
static struct str
unfold(struct arena *a, struct str s)
{
	size_t n = 0, eol = str_find_char(s, '\n');
	char *text;

	if (eol == STR_NPOS)
		return s;
	text = arena_alloc(a, s.len);
	if (text == NULL)
		return STR_NONE;
	for (; eol != STR_NPOS; eol = str_find_char(s, '\n')) {
		struct str rest = str_skip(s, eol + 1);
		size_t blanks = str_span(rest, " \t");

		memcpy(text + n, s.p, eol);
		n += eol;
		text[n++] = blanks > 0 ? ' ' : '\n';
		s = str_skip(rest, blanks);
	}
	if (s.len > 0)
		memcpy(text + n, s.p, s.len);
	return str_make(text, n + s.len);
}

struct str
words_decode_field(struct arena *a, struct str name, struct str raw)
{
	return words_decode(a, name, unfold(a, str_trim(raw)));
}
