/*
 * What is mended in a source before it is parsed: non-breaking spaces become
 * plain ones, "<br/>" is "<br>", typographic quotes are quotes.
 */
#include "mail/html_internal.h"

#include "base/lanes.h"
#include "mail/unicode.h"

/* The character `s` ends in; one that is no ASCII means nothing otherwise. */
static uint32_t
last_character(struct str s, bool wide, size_t *len_out)
{
	if (wide)
		return unicode_last(s, len_out);
	*len_out = 1;
	return (unsigned char)s.p[s.len - 1];
}

/* Without characters of a class at the end. */
static struct str
trim_class(struct str s, bool wide, bool (*is_in)(uint32_t c, bool wide))
{
	size_t n;

	while (s.len > 0 && is_in(last_character(s, wide, &n), wide))
		s.len -= n;
	return s;
}

/* "<br/>", "<hr />" at the end: where the name ends, 0: it is none. */
static size_t
empty_tag_name(struct str s, bool wide)
{
	struct str name =
	    trim_class(str_head(s, s.len - 2), wide, unicode_is_space);
	struct str open = trim_class(name, wide, unicode_is_word);

	return open.len < name.len && str_ends(open, STR("<")) ? name.len : 0;
}

/*
 * Length of a typographic double quote, which some write around attribute
 * values; in text not known to be Unicode its three bytes are characters.
 */
static size_t
quote_length(struct str s, bool plain)
{
	static const char *const forms[2][2] = {
	    {"\xe2\x80\x9c", "\xe2\x80\x9d"},
	    {"\xc3\xa2\xc2\x80\xc2\x9c", "\xc3\xa2\xc2\x80\xc2\x9d"}};

	for (size_t i = 0; i < 2; i++) {
		struct str quote = str_from(forms[plain][i]);

		if (str_starts(s, quote))
			return quote.len;
	}
	return 0;
}

/* Where a repair may be due: behind "/" at ">", before "n" at "&", at the first
 * byte of a quote. One byte more is there on either side. */
static inline lanes
repair_places(const char *p)
{
	lanes before = lanes_load(p - 1), here = lanes_load(p);
	lanes next = lanes_load(p + 1);

	return (lanes)(((here == '>') & (before == '/')) |
		       ((here == '&') & (next == 'n')) | (here == 0xe2) |
		       (here == 0xc3));
}

/* The next such place from `i` on, perhaps one too many, or the end. */
static size_t
next_repair(struct str s, size_t i)
{
	static const bool begins[256] = {
	    ['&'] = true, ['>'] = true, [0xe2] = true, [0xc3] = true};

	while (i < s.len) {
		if (i > 0 && s.len - i > LANES) {
			size_t n = lanes_first(repair_places(s.p + i));

			i += n;
			if (n < LANES)
				break;
		} else if (!begins[(unsigned char)s.p[i]]) {
			i++;
		} else {
			break;
		}
	}
	return i;
}

bool
html_repair(
    struct arena *a, enum html_source kind, struct str s, struct buf *out)
{
	bool wide = kind == HTML_CHARACTERS;
	size_t copied = 0;

	buf_init_arena(out, a);
	if (!buf_reserve(out, s.len + HTML_TOKEN_SPARE))
		return false;
	for (size_t i = 0; (i = next_repair(s, i)) < s.len;) {
		struct str rest = str_skip(s, i);
		size_t from = i, n;
		char instead;

		if (rest.p[0] == '&' && str_starts(rest, STR("&nbsp;"))) {
			instead = ' ';
			n = 6;
		} else if (rest.p[0] == '>' && i > 0 && s.p[i - 1] == '/' &&
			   (n = empty_tag_name(str_head(s, i + 1), wide)) > 0) {
			instead = '>';
			from = n;
			n = 1;
		} else if ((unsigned char)rest.p[0] >= 0x80 &&
			   (n = quote_length(rest, kind == HTML_PLAIN)) > 0) {
			instead = '"';
		} else {
			i++;
			continue;
		}
		buf_add(out, str_make(s.p + copied, from - copied));
		buf_add_char(out, instead);
		i += n;
		copied = i;
	}
	buf_add(out, str_skip(s, copied));
	return !out->failed;
}
