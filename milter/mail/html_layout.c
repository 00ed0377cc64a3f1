/*
 * Laying out the text of an HTML part: white space, what is hidden, words
 * broken by tags.
 *
 * Text goes into one buffer as it comes; only the last chunk's kind is kept,
 * which is all the rules of white space look at. Whether characters are "wide"
 * (known to be Unicode) is a property of each chunk and, once one is, of the
 * whole.
 */
#include "mail/html_internal.h"

#include "base/lanes.h"
#include "mail/unicode.h"

#define BACKHAIR_MAX 7 /* characters on either side of a tag */

/* ---- laying out text ---------------------------------------------------- */

/* The visible text is the whole text until the first invisible chunk. */
static void
split_visible(struct html_parser *h, bool invisible)
{
	struct str chunk = str_skip(buf_str(&h->text), h->chunk_at);

	if (invisible && !h->is_split) {
		buf_add(&h->visible, str_head(buf_str(&h->text), h->chunk_at));
		h->is_split = true;
	}
	if (invisible)
		buf_add(&h->invisible, chunk);
	else if (h->is_split)
		buf_add(&h->visible, chunk);
}

static void
put_chunk(struct html_parser *h, bool space, bool invisible, bool wide)
{
	h->chunks++;
	h->chunk_is_space = space;
	h->chunk_is_invisible = invisible;
	h->chunk_is_wide = wide;
	h->result->characters |= wide;
	split_visible(h, invisible);
}

void
html_put_space(struct html_parser *h, const char *space)
{
	if (h->chunks > 0 && !h->chunk_is_space && !h->chunk_is_invisible &&
	    h->text.len > h->chunk_at && h->text.p[h->text.len - 1] == ' ') {
		h->text.len--;
		if (h->is_split && h->visible.len > 0)
			h->visible.len--;
	}
	h->chunk_at = h->text.len;
	buf_add_cstr(&h->text, space);
	put_chunk(h, true, false, false);
}

/* Bytes that no blank begins with, nor U+00C2. */
static inline bool
is_solid(char c)
{
	return c != '\xc3' && !ascii_is_space(c);
}

/*
 * Length of what becomes one space here: a run of ASCII white space, or U+00C2
 * U+00A0, which is a no-break space in UTF-8 read as single bytes.
 */
static inline size_t
blank_length(struct str s)
{
	size_t n = 0;

	if (s.len == 0 || is_solid(s.p[0]))
		return 0;
	while (n < s.len && ascii_is_space(s.p[n]))
		n++;
	if (n == 0 && str_starts(s, STR("\xc3\x82\xc2\xa0")))
		n = 4;
	return n;
}

bool
html_is_blank(struct str s)
{
	size_t n;

	while ((n = blank_length(s)) > 0)
		s = str_skip(s, n);
	return s.len == 0;
}

/* Bytes of words with one space between: what is put as it stands. */
static size_t
words_length(struct str s)
{
	/* A lone U+00C2 starts the next piece. */
	size_t n = 1, words;

	do {
		words = s.len - n > LANES ? lanes_words(s.p + n) : 0;
		n += words;
	} while (words == LANES);
	while (n < s.len &&
	       (is_solid(s.p[n]) ||
		   (s.p[n] == ' ' && n + 1 < s.len && is_solid(s.p[n + 1]))))
		n++;
	return n;
}

void
html_put_text(struct html_parser *h, struct str s, bool invisible, bool wide)
{
	bool after_space = h->chunks > 0 && h->chunk_is_space && !invisible;
	size_t n = blank_length(s);

	h->chunk_at = h->text.len;
	if (n > 0) {
		if (!after_space)
			buf_add_char(&h->text, ' ');
		s = str_skip(s, n);
	}
	while (s.len > 0 && !h->text.failed) {
		n = blank_length(s);
		if (n > 0) {
			buf_add_char(&h->text, ' ');
			s = str_skip(s, n);
			continue;
		}
		n = words_length(s);
		buf_add(&h->text, str_head(s, n));
		s = str_skip(s, n);
	}
	put_chunk(h, false, invisible, wide);
}

/* ---- hidden and broken words -------------------------------------------- */

bool
html_is_invisible(struct html_parser *h)
{
	const struct style *s = style_top(&h->styles);

	if (html_color_equal(s->foreground, s->background) ||
	    html_color_near(s->foreground, s->background)) {
		h->result->font_low_contrast = true;
		return true;
	}
	if (s->foreground.kind == COLOR_INVALID ||
	    s->background.kind == COLOR_INVALID) {
		h->result->font_invalid_color = true;
		return true;
	}
	return s->size <= 1 || s->display_none || s->hidden;
}

/* Neither white space nor ASCII punctuation. */
static bool
is_letter_like(uint32_t c, bool wide)
{
	if (c < 0x80 && c > ' ' && c < 0x7f)
		return ascii_is_alnum((char)c);
	return !unicode_is_space(c, wide);
}

/* The letters at the end that begin at a word border, seven at most. */
static size_t
tail_length(struct str s, bool wide)
{
	uint32_t c[BACKHAIR_MAX + 1] = {0};
	size_t have = 0;
	size_t run = 0;
	size_t n;

	while (have <= BACKHAIR_MAX && s.len > 0) {
		c[have++] = unicode_last(s, &n);
		s.len -= n;
	}
	while (run < have && run < BACKHAIR_MAX && is_letter_like(c[run], wide))
		run++;
	for (; run > 0; run--) {
		bool before = run < have && unicode_is_word(c[run], wide);

		if (before != unicode_is_word(c[run - 1], wide))
			return run;
	}
	return 0;
}

/* The letters in front that end at a word border, seven at most. */
static size_t
head_length(struct str s, bool wide)
{
	uint32_t c[BACKHAIR_MAX + 1] = {0};
	size_t have = 0;
	size_t run = 0;
	size_t n;

	while (have <= BACKHAIR_MAX && s.len > 0) {
		c[have++] = unicode_first(s, &n);
		s = str_skip(s, n);
	}
	while (run < have && run < BACKHAIR_MAX && is_letter_like(c[run], wide))
		run++;
	for (; run > 0; run--) {
		bool after = run < have && unicode_is_word(c[run], wide);

		if (after != unicode_is_word(c[run - 1], wide))
			return run;
	}
	return 0;
}

/* A tag in the middle of a word, as in "v<b></b>iagra". */
void
html_test_obfuscation(struct html_parser *h, struct str s, bool wide)
{
	struct str before = str_skip(buf_str(&h->text), h->chunk_at);
	size_t tail, head, n;

	if (h->chunks == 0 || s.len == 0 || before.len == 0 ||
	    !is_letter_like(unicode_first(s, &n), wide) ||
	    !is_letter_like(unicode_last(before, &n), h->chunk_is_wide))
		return;
	h->result->obfuscation++;
	tail = tail_length(before, h->chunk_is_wide);
	head = tail > 0 ? head_length(s, wide) : 0;
	if (head > 0)
		h->backhair |= (uint64_t)1 << ((tail - 1) * 8 + head - 1);
}
