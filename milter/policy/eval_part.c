#include "policy/eval_part.h"

#include "base/block.h"
#include "mail/lines.h"
#include "mail/mime.h"
#include "policy/eval_locale.h"

/* Without its newline; RFC 5322 section 2.1.1. */
#define LINE_WANTED 78

/* One part being looked at. */
struct part {
	const struct mime_node *node;
	const struct ctype *ctype;
	struct str encoding; /* as written: compared without case */
	struct str disposition;
	bool attached;
};

/* Bytes of a leaf, for the ratio of text to HTML. */
struct leaf_size {
	struct str type;
	size_t bytes;
	bool counted;
};

struct collector {
	struct eval_context *context;
	struct eval_parts *out;
	double plain; /* bytes of plain text without character references */
	double references;
	/* Sizes of the last text and HTML leaves. */
	bool has_text, has_html;
	double text, html;
};

/* ---- charsets ----------------------------------------------------------- */

static bool
starts_caps_mark(struct str s)
{
	static const struct str marks[] = {STR_INIT("koi"), STR_INIT("jp"),
	    STR_INIT("jis"), STR_INIT("euc"), STR_INIT("gb"), STR_INIT("big5"),
	    STR_INIT("isoir"), STR_INIT("cp1251"), STR_INIT("windows-1251"),
	    STR_INIT("georgianps"), STR_INIT("pt154"), STR_INIT("tis")};
	char first = ascii_lower(s.p[0]);

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (first == marks[i].p[0] && str_starts_nocase(s, marks[i]))
			return true;
	return false;
}

bool
eval_charset_has_caps(struct str charset)
{
	if (charset.len > 0 && charset.p[charset.len - 1] == '\n')
		charset.len--;
	for (size_t i = 0; i < charset.len; i++)
		if (!ascii_is_alnum(charset.p[i]) && charset.p[i] != '-' &&
		    charset.p[i] != '_')
			return false;
	for (size_t i = 0; i < charset.len; i++)
		if (starts_caps_mark(str_skip(charset, i)))
			return true;
	return false;
}

/* charset="..." or the like, with this quote; 0: up to white space. */
static bool
quoted_charset(struct str s, char quote, struct str *out)
{
	size_t at, n;

	while ((at = str_find_nocase(s, STR("charset="))) != STR_NPOS) {
		s = str_skip(s, at + 8);
		if (quote != '\0' && (s.len == 0 || s.p[0] != quote))
			continue;
		if (quote == '\0') {
			n = str_cspan(s, " \t\n\v\f\r");
			*out = str_head(s, n);
		} else {
			n = str_find_char(str_skip(s, 1), quote);
			if (n == STR_NPOS)
				continue;
			*out = str_make(s.p + 1, n);
		}
		if (out->len > 0)
			return true;
	}
	return false;
}

bool
eval_charset_of(struct str content_type, struct str *charset_out)
{
	return quoted_charset(content_type, '"', charset_out) ||
	       quoted_charset(content_type, '\'', charset_out) ||
	       quoted_charset(content_type, '\0', charset_out);
}

/* A name that stands for ASCII, or holds one that does. */
static bool
is_ascii_charset(struct str charset)
{
	static const char *const names[] = {"us", "ascii", "ansi_x3.4-1968",
	    "iso-ir-6", "ansi_x3.4-1986", "iso_646.irv:1991", "ibm367",
	    "cp367"};

	if (charset.len == 0 || str_is(charset, "0"))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_find_nocase(charset, str_from(names[i])) != STR_NPOS)
			return true;
	return false;
}

static bool
is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* "iso-8859-NN" or "iso-2022-jp|kr" at s, and the name ends there. */
static bool
is_iso_name(struct str s)
{
	size_t digits;

	if (str_starts_nocase(s, STR("iso-2022-")))
		return (str_starts_nocase(str_skip(s, 9), STR("jp")) ||
			   str_starts_nocase(str_skip(s, 9), STR("kr"))) &&
		       (s.len == 11 || !is_name_char(s.p[11]));
	if (!str_starts_nocase(s, STR("iso-8859-")))
		return false;
	digits = str_span(str_skip(s, 9), "0123456789");
	return digits >= 1 && digits <= 2 &&
	       (s.len == 9 + digits || !is_name_char(s.p[9 + digits]));
}

/* Made to look like an ISO charset ("iso-1234-5"), and none of them. */
static bool
is_bad_iso(struct str charset)
{
	bool looks = false;

	for (size_t at = 0; at < charset.len; at++) {
		struct str s = str_skip(charset, at);
		struct str word, rest;
		size_t dash;

		if (!str_starts_nocase(s, STR("iso-")))
			continue;
		if (is_iso_name(s))
			return false;
		word = str_skip(s, 4);
		word = str_head(word, str_cspan(word, " \t\n\v\f\r"));
		dash = word.len > 1 ? str_find_char(str_skip(word, 1), '-')
				    : STR_NPOS;
		if (dash == STR_NPOS)
			continue;
		rest = str_skip(word, 1 + dash + 1);
		for (size_t i = 0; i < rest.len; i++)
			looks |= is_name_char(rest.p[i]);
	}
	return looks;
}

static void
note_charset(struct collector *c, struct str charset)
{
	struct eval_parts *out = c->out;

	if (is_bad_iso(charset))
		out->bad_iso_charset = true;
	if (!str_has_letter(charset))
		return;
	out->has_charset = true;
	for (struct str rest = charset, word; (word = str_word(&rest)).len > 0;)
		out->caps_charset |= eval_charset_has_caps(word);
	out->faraway_charset |= eval_charset_is_far(c->context, charset);
}

/* ---- fields ------------------------------------------------------------- */

static bool
has(struct str s, const char *word)
{
	return str_find_nocase(s, str_from(word)) != STR_NPOS;
}

static void
note_fields(struct collector *c, const struct part *p)
{
	struct eval_parts *out = c->out;
	struct str charset =
	    p->ctype->has_charset ? p->ctype->charset : STR_NONE;
	bool text = str_starts(p->ctype->type, STR("text"));

	if (str_is(p->ctype->type, "multipart/alternative"))
		out->alternative = true;
	if (str_is(p->ctype->type, "text/html"))
		out->html++;
	else if (text)
		out->text++;
	if (has(p->encoding, "base64"))
		out->base64++;
	else if (has(p->encoding, "quoted-printable"))
		out->quoted_printable++;
	if (p->attached)
		out->attachments++;
	if (text && has(p->encoding, "base64") && is_ascii_charset(charset) &&
	    !str_starts_nocase(p->disposition, STR("attachment")) &&
	    !str_starts_nocase(p->disposition, STR("inline")))
		out->base64_text = true;
	note_charset(c, charset);
}

/* ---- lines -------------------------------------------------------------- */

/* "=XX" in capitals, of a printable byte or a tab: needless but for "=3D". */
static bool
is_needless(struct str s)
{
	char low;

	if (s.len < 3 || s.p[0] != '=')
		return false;
	low = s.p[2];
	if (!ascii_is_digit(low) && !(low >= 'A' && low <= 'F'))
		return false;
	switch (s.p[1]) {
	case '0':
		return low == '9';
	case '2':
	case '4':
	case '5':
	case '6':
		return true;
	case '3':
		return low != 'D';
	case '7':
		return low != 'F';
	default:
		return false;
	}
}

/* Escaped blanks at the line's end are as they should be. */
static unsigned
count_trailing(struct str line)
{
	struct str s = str_trim_right(line);
	unsigned n = 0;

	while (s.len >= 3 &&
	       (str_ends(s, STR("=20")) || str_ends(s, STR("=09")))) {
		s.len -= 3;
		n++;
	}
	return n;
}

static void
note_quoted(struct eval_parts *out, struct str line)
{
	unsigned needless = 0;

	if (str_starts(line, STR("SPAM: ")))
		return;
	if (line.len > LINE_WANTED + 1)
		out->long_quoted_line = true;
	out->quoted_bytes += line.len;
	for (size_t i = 0, n; i + 2 < line.len; i++) {
		n = str_find_char(str_skip(line, i), '=');
		if (n == STR_NPOS)
			break;
		i += n;
		if (is_needless(str_skip(line, i))) {
			needless++;
			i += 2;
		}
	}
	if (needless > 0)
		out->quoted += needless - count_trailing(line);
}

/* NUL, a lone CR, or a byte that is no ASCII. */
static bool
is_illegal_ascii(struct str s)
{
	return str_find_char(s, '\0') != STR_NPOS ||
	       str_find_char(s, '\r') != STR_NPOS || !block_is_ascii(s);
}

/* Lines with such a byte; most parts have none. */
static unsigned
count_illegal_ascii(struct str raw)
{
	unsigned n = 0;

	if (!is_illegal_ascii(raw))
		return 0;
	for (size_t at = 0; at < raw.len;) {
		struct str line = lines_at(raw, at);

		at += line.len;
		n += is_illegal_ascii(line);
	}
	return n;
}

/* "&#x20AC;" in plain text. */
static bool
is_reference(struct str s)
{
	if (s.len < 8 || !str_starts(s, STR("&#x")) || s.p[7] != ';')
		return false;
	for (size_t i = 3; i < 7; i++)
		if (!ascii_is_digit(s.p[i]) &&
		    !(s.p[i] >= 'A' && s.p[i] <= 'F'))
			return false;
	return true;
}

static void
note_references(struct collector *c, struct str raw)
{
	size_t found = 0;

	for (size_t i = 0; i + 7 < raw.len; i++) {
		size_t n = str_find_char(str_skip(raw, i), '&');

		if (n == STR_NPOS)
			break;
		i += n;
		if (is_reference(str_skip(raw, i))) {
			found++;
			i += 7;
		}
	}
	c->plain += (double)(raw.len - 8 * found);
	c->references += (double)found;
}

static void
note_lines(struct collector *c, const struct part *p)
{
	struct str raw = p->node->raw;
	struct str encoding = p->encoding;
	bool plain = str_is(p->ctype->type, "text/plain");
	bool quoted = str_is_nocase(encoding, "quoted-printable");
	bool ascii = plain && (!p->ctype->has_charset ||
				  str_is_nocase(p->ctype->charset, "us-ascii"));
	bool bare = plain && (encoding.len == 0 || str_is(encoding, "0") ||
				 str_is_nocase(encoding, "7bit") ||
				 str_is_nocase(encoding, "8bit"));

	if (ascii)
		c->out->ascii_illegal += count_illegal_ascii(raw);
	if (bare)
		note_references(c, raw);
	for (size_t at = 0; quoted && at < raw.len;) {
		struct str line = lines_at(raw, at);

		at += line.len;
		note_quoted(c->out, line);
	}
}

/* The last leaf of either type counts, unless it is an attachment. */
static void
note_size(struct collector *c, const struct part *p)
{
	double bytes = c->out->alternative ? (double)p->node->raw.len : 0;

	if (p->attached)
		return;
	if (str_is(p->ctype->type, "text/html")) {
		c->has_html = true;
		c->html = bytes;
	} else if (str_is(p->ctype->type, "text/plain")) {
		c->has_text = true;
		c->text = bytes;
	}
}

/* ---- all of it ---------------------------------------------------------- */

static void
note_part(struct collector *c, const struct mime_node *n)
{
	const struct header_list *h = &n->headers;
	struct part p = {.node = n,
	    .ctype = &n->content,
	    .encoding = header_get(h, STR("Content-Transfer-Encoding")),
	    .disposition = header_get(h, STR("Content-Disposition"))};

	p.attached = has(p.disposition, "attachment");
	note_fields(c, &p);
	if (!n->leaf)
		return;
	note_lines(c, &p);
	note_size(c, &p);
}

const struct eval_parts *
eval_parts(struct eval_context *context)
{
	static const struct eval_parts none = {.multipart_ratio = 1};
	struct collector c = {.context = context};
	bool fresh;

	c.out = eval_slot(context, EVAL_SLOT_PARTS, sizeof(*c.out), &fresh);
	if (c.out == NULL || !fresh)
		return c.out != NULL ? c.out : &none;
	c.out->multipart_ratio = 1;
	for (const struct mime_node *n = message_mime(context->message);
	     n != NULL; n = mime_next(n))
		if (n->type.len > 0)
			note_part(&c, n);
	if (c.plain > 0)
		c.out->unicode_ratio = c.references / c.plain;
	if (c.out->alternative && c.has_text && c.has_html && c.html > 0)
		c.out->multipart_ratio = c.text / c.html;
	return c.out;
}
