/*
 * The texts of body and rawbody rules.
 *
 * body: the Subject, then every text part decoded, rendered and joined, split
 * at blank lines and cut at 2048 bytes. rawbody: parts without their transfer
 * encoding in chunks of 2 to 4 KiB. Where a string ends decides whether a rule
 * matches, so every border is SpamAssassin's. Sizes are bounded by mail_limits;
 * what lies beyond a limit is not looked at.
 */
#include "mail/message_internal.h"

#include "base/clean.h"
#include "base/lanes.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/html.h"
#include "mail/unicode.h"

#define STRING_MAX                                                          \
	2048	       /* bytes of a body string, of a rawbody chunk's half \
			*/
#define CUT_REACH 1024 /* how far a good place to cut is looked for */

struct string_list {
	struct arena *arena;
	struct str *v;
	size_t len;
	size_t size;
};

static bool
add_string(struct string_list *l, struct str s)
{
	if (!ARENA_ROOM(l->arena, l->v, l->len, l->size, 32))
		return false;
	l->v[l->len++] = s;
	return true;
}

/*
 * Where to cut at `from` or shortly behind it: after the first of `marks` that
 * has one there, in order of preference; hard at `from` otherwise. Distances
 * are counted in bytes, or in characters when `characters`.
 */
static size_t
cut_place(struct str s, size_t from, const char *marks, bool characters)
{
	for (const char *m = marks; *m != '\0'; m++) {
		size_t n = str_find_char(str_skip(s, from), *m);
		size_t far = n;

		if (n == STR_NPOS)
			continue;
		if (characters)
			far = unicode_count(str_make(s.p + from, n));
		if (far <= CUT_REACH)
			return from + n + 1;
	}
	return from;
}

/* ---- body --------------------------------------------------------------- */

/* The text of all parts so far. */
struct body {
	struct message *m;
	struct buf text; /* UTF-8, a part after the other */
	bool characters; /* some part was; see charset_text */
	struct {
		const struct html_result **v;
		size_t len;
		size_t size;
	} html;
	struct message_part *parts;
	size_t part_count;
	size_t part_size;
};

/* Undecoded text, for when charsets are not to be looked at. */
static struct charset_text
take_as_is(struct arena *a, struct str charset, struct str bytes)
{
	bool named = charset.len == 0 || str_is_nocase(charset, "us-ascii") ||
		     str_is_nocase(charset, "utf-8");
	struct str text;

	if (named && !block_is_ascii(bytes) &&
	    charset_decode(a, STR("utf-8"), bytes, &text))
		return (struct charset_text){text, true};
	return (struct charset_text){charset_from_latin1(a, bytes), false};
}

static void
add_html_result(struct body *b, const struct html_result *r)
{
	if (ARENA_ROOM(b->m->arena, b->html.v, b->html.len, b->html.size, 4))
		b->html.v[b->html.len++] = r;
}

static struct charset_text
render_html(struct body *b, struct str charset, struct str bytes)
{
	struct arena *a = b->m->arena;
	enum html_source kind;
	struct charset_text source;
	const struct html_result *r;

	if (b->m->settings->normalize_charset) {
		source = charset_normalize(a, charset, bytes);
		kind = source.characters ? HTML_CHARACTERS : HTML_PLAIN;
	} else {
		source = take_as_is(a, charset, bytes);
		kind = source.characters ? HTML_CHARACTERS : HTML_OCTETS;
		if (kind == HTML_OCTETS)
			source.text = bytes;
	}
	r = html_render(a, source.text, kind, bytes.len);
	if (r == NULL)
		return (struct charset_text){STR_NONE, false};
	add_html_result(b, r);
	return (struct charset_text){r->text, r->characters};
}

/* The shown text of a part; false: it is of no kind that is shown. */
static bool
render_part(struct body *b, const struct mime_node *n, struct charset_text *out)
{
	struct str type = mime_effective_type(n);
	struct str charset = n->has_charset ? n->charset : STR_NONE;
	bool html = str_is(type, "text/html");
	struct str bytes;

	if (!html && !str_is(type, "text/plain"))
		return false;
	bytes = mime_decode(n);
	if (html && bytes.len > 0)
		*out = render_html(b, charset, bytes);
	else if (b->m->settings->normalize_charset)
		*out = charset_normalize(b->m->arena, charset, bytes);
	else
		*out = take_as_is(b->m->arena, charset, bytes);
	return true;
}

static void
keep_part(struct body *b, const struct message_part *part)
{
	if (ARENA_ROOM(b->m->arena, b->parts, b->part_count, b->part_size, 4))
		b->parts[b->part_count++] = *part;
}

/* Bytes of a part that are read. */
static size_t
part_length(struct str s, size_t most)
{
	size_t from;

	if (most == 0 || s.len <= most)
		return s.len;
	from = unicode_offset(s, most);
	return from < s.len ? cut_place(s, from, "\n ", true) : s.len;
}

static void
add_part(struct body *b, const struct mime_node *n)
{
	struct charset_text part;
	struct message_part kept = {.node = n};
	size_t html = b->html.len;

	if (b->text.len > 0)
		buf_add_char(&b->text, '\n');
	if (!render_part(b, n, &part))
		return;
	kept.is_html = str_is(mime_effective_type(n), "text/html");
	kept.html = b->html.len > html ? b->html.v[html] : NULL;
	kept.text = part.text;
	kept.characters = part.characters;
	keep_part(b, &kept);
	part.text.len =
	    part_length(part.text, b->m->settings->limits.body_part);
	buf_add(&b->text, part.text);
	b->characters |= part.characters;
}

/* A run of white space: one space, or a paragraph's end if it has two "\n". */
static void
add_blank(struct buf *out, struct str run)
{
	size_t first = STR_NPOS, last = STR_NPOS;

	/* Most are a byte between words or lines. */
	if (run.len > 1) {
		first = str_find_char(run, '\n');
		last = str_rfind_char(run, '\n');
	}
	if (first == last) {
		buf_add_char(out, ' ');
		return;
	}
	if (first > 0)
		buf_add_char(out, ' ');
	buf_add_char(out, '\n');
	if (last + 1 < run.len)
		buf_add_char(out, ' ');
}

/* No white space and no NUL, without asking further. */
static inline bool
is_visible(char c, bool wide)
{
	unsigned char byte = (unsigned char)c;

	return byte > ' ' && (byte < 0xc2 || !wide);
}

/* Bytes of words with one space between, up to other white space or NUL. */
static size_t
words_length(struct str s, bool wide)
{
	size_t n = 0, closer = 0;

	for (; n < s.len; n++) {
		while (n >= closer && s.len - n > LANES) {
			size_t words = lanes_words(s.p + n);

			n += words;
			if (words < LANES)
				closer = n + BLOCK;
		}
		if (is_visible(s.p[n], wide))
			continue;
		/* What stays as it is needs no copy of its own. */
		if (s.p[n] == ' ' && n + 1 < s.len &&
		    is_visible(s.p[n + 1], wide))
			continue;
		if (s.p[n] == '\0' ||
		    unicode_space_length(str_skip(s, n), wide) > 0)
			break;
	}
	return n;
}

/* White space squeezed; paragraphs end in "\n". A NUL ends one as well. */
static void
add_paragraphs(struct buf *out, struct str s, bool wide)
{
	while (s.len > 0 && !out->failed) {
		struct str start = s;
		size_t n;

		while (s.len > 0 && !is_visible(s.p[0], wide) &&
		       (n = unicode_space_length(s, wide)) > 0)
			s = str_skip(s, n);
		if (s.p != start.p) {
			add_blank(out, str_make(start.p, start.len - s.len));
			continue;
		}
		if (s.p[0] == '\0') {
			buf_add_char(out, '\n');
			s = str_skip(s, 1);
			continue;
		}
		n = words_length(s, wide);
		buf_add(out, str_head(s, n));
		s = str_skip(s, n);
	}
}

/* A line in strings of at most STRING_MAX bytes, cut after a space if any. */
static void
add_line(struct string_list *out, struct str line)
{
	while (line.len > STRING_MAX) {
		size_t n = str_rfind_char(str_head(line, STRING_MAX + 1), ' ');

		n = n == STR_NPOS ? STRING_MAX : n + 1;
		if (!add_string(out, str_head(line, n)))
			return;
		line = str_skip(line, n);
	}
	add_string(out, line);
}

static void
add_lines(struct string_list *out, struct str s)
{
	while (s.len > 0 && !out->arena->full) {
		size_t n = str_find_char(s, '\n');

		n = n == STR_NPOS ? s.len : n + 1;
		add_line(out, str_head(s, n));
		s = str_skip(s, n);
	}
}

static void
add_subject(struct message *m, struct buf *out)
{
	const struct header_list *headers = &m->tree.root->headers;

	buf_add(out, header_get(headers, STR("subject")));
	buf_add_char(out, '\n');
}

/* Characters from `begin` on as bytes of that number, which are no more. */
static void
make_octets(struct buf *text, size_t begin, struct arena *a)
{
	struct str wide = str_skip(buf_str(text), begin);
	struct str octets = charset_to_latin1(a, wide);

	if (octets.p == wide.p)
		return;
	text->len = begin;
	buf_add(text, octets);
}

void
message_build_body(struct message *m)
{
	struct body b = {.m = m};
	struct string_list lines = {.arena = m->arena};
	const struct mime_node *n;
	struct buf text;
	size_t begin;

	/* A multipart without a single part has no Subject here either. */
	if (mime_first_leaf(m->tree.root) == NULL)
		return;
	buf_init_arena(&b.text, m->arena);
	for (n = mime_first_leaf(m->tree.root); n != NULL && !m->arena->full;
	     n = mime_next_leaf(n))
		add_part(&b, n);
	m->html = (struct html_list){b.html.v, b.html.len};
	m->parts = (struct message_part_list){b.parts, b.part_count};

	buf_init_arena(&text, m->arena);
	buf_reserve(&text, b.text.len + STRING_MAX);
	add_subject(m, &text);
	begin = text.len;
	add_paragraphs(&text, buf_str(&b.text), b.characters);
	if (!b.characters)
		make_octets(&text, begin, m->arena);
	add_lines(&lines, buf_str(&text));
	m->body = (struct str_list){lines.v, lines.len};
}

/* ---- rawbody ------------------------------------------------------------ */

static bool
is_raw_type(const struct mime_node *n)
{
	static const char *const families[] = {"text", "message"};
	struct str type = mime_effective_type(n);

	if (str_is(n->type, "text/calendar"))
		return false;
	for (size_t i = 0; i < 2; i++) {
		struct str family = str_from(families[i]);
		struct str rest = str_skip(type, family.len);

		if (str_starts(type, family) &&
		    (rest.len == 0 ||
			!(ascii_is_alnum(rest.p[0]) || rest.p[0] == '_')))
			return true;
	}
	return false;
}

/* Length of the next chunk: to a line's end, a ">" or a space within reach. */
static size_t
chunk_length(struct str s)
{
	for (const char *mark = "\n> "; *mark != '\0'; mark++) {
		struct str reach = str_make(s.p + STRING_MAX, STRING_MAX);
		size_t n = str_find_char(reach, *mark);

		if (n != STR_NPOS)
			return STRING_MAX + n + 1;
	}
	return STRING_MAX + 1;
}

static void
add_chunks(struct string_list *out, struct str s)
{
	if (s.len <= STRING_MAX) {
		add_string(out, s);
		return;
	}
	while (s.len > 2 * STRING_MAX) {
		size_t n = chunk_length(s);

		if (!add_string(out, str_head(s, n)))
			return;
		s = str_skip(s, n);
	}
	if (s.len > 0)
		add_string(out, s);
}

void
message_build_rawbody(struct message *m)
{
	size_t most = m->settings->limits.rawbody_part;
	struct string_list chunks = {.arena = m->arena};
	const struct mime_node *n;

	for (n = mime_first_leaf(m->tree.root); n != NULL;
	     n = mime_next_leaf(n)) {
		struct str s;

		if (!is_raw_type(n))
			continue;
		s = mime_decode(n);
		if (most > 0 && s.len > most)
			s.len = cut_place(s, most, "\n> ", false);
		add_chunks(&chunks, s);
	}
	m->rawbody = (struct str_list){chunks.v, chunks.len};
}
