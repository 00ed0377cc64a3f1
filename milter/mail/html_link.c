/*
 * Links of HTML elements: which attribute, what base, what text.
 *
 * Records what stands there; joining with the base and canonical forms are
 * uri_html.c's. Bounded by HTML_LINKS_MAX and HTML_LINK_VALUE_MAX.
 */
#include "mail/html_internal.h"
#include "mail/unicode.h"

static const char *const element_names[] = {"a", "area", "base", "bgsound",
    "body", "embed", "form", "frame", "iframe", "img", "link", "meta", "script",
    "table", "td", "tr"};

const char *
html_element_name(enum html_element e)
{
	size_t i = (size_t)e;

	return i < sizeof(element_names) / sizeof(element_names[0])
		   ? element_names[i]
		   : "";
}

/* A no-break space counts as white space here whatever is known. */
static struct str
trim_link(struct str s)
{
	for (;;) {
		size_t before = s.len;

		s = unicode_trim(s, false);
		if (str_starts(s, STR("\xc2\xa0")))
			s = str_skip(s, 2);
		if (str_ends(s, STR("\xc2\xa0")))
			s.len -= 2;
		if (s.len == before)
			break;
	}
	return s;
}

/* Trimmed and cut to a sane length. */
static struct str
clean_link(struct html_parser *h, struct html_value v)
{
	struct str s = v.wide ? unicode_trim(v.text, true) : trim_link(v.text);
	size_t most;

	if (s.len <= HTML_LINK_VALUE_MAX)
		return s;
	most = unicode_offset(s, HTML_LINK_VALUE_MAX);
	if (most < s.len)
		h->result->uri_truncated = true;
	return str_head(s, most);
}

static void
add_link(struct html_parser *h, enum html_element element,
    enum html_attribute attribute, struct str value)
{
	if (value.len == 0 || h->link_count == HTML_LINKS_MAX ||
	    !ARENA_ROOM(h->arena, h->links, h->link_count, h->link_size, 32))
		return;
	h->links[h->link_count++] =
	    (struct html_link){element, attribute, value, h->base};
}

static void
add_value(struct html_parser *h, enum html_element element,
    enum html_attribute attribute, struct html_value v)
{
	if (v.present)
		add_link(h, element, attribute, clean_link(h, v));
}

static bool
ends_word(struct str s)
{
	size_t n;

	return s.len > 0 && unicode_is_word(unicode_last(s, &n), true);
}

/*
 * "href" or "src", also where broken markup glued it to something
 * (`<a title="x"/href=y>` and the like have a name such as `z/href`).
 */
static struct html_value
glued_value(struct html_parser *h, const struct html_tag *tag, struct str glued,
    struct str name)
{
	struct html_value v = html_attribute_value(h, tag, name);

	for (size_t i = 0; i < tag->attribute_count; i++) {
		const struct html_raw_attribute *a = &tag->attributes[i];
		struct str rest = a->name;
		size_t at;
		size_t from = 0;

		while ((at = str_find_nocase(rest, glued)) != STR_NPOS) {
			if (ends_word(str_head(a->name, from + at))) {
				v = html_decode_value(h, a);
				break;
			}
			from += at + 1;
			rest = str_skip(a->name, from);
		}
	}
	return v;
}

/* Without byte order marks, which hide a link from filters but not browsers. */
static struct str
drop_marks(struct html_parser *h, struct str s)
{
	struct str mark = STR("\xef\xbb\xbf");
	struct buf b;
	size_t at = str_find(s, mark);

	if (at == STR_NPOS)
		return s;
	buf_init_arena(&b, h->arena);
	while ((at = str_find(s, mark)) != STR_NPOS) {
		buf_add(&b, str_head(s, at));
		s = str_skip(s, at + mark.len);
	}
	buf_add(&b, s);
	return buf_str(&b);
}

static struct html_value
href_value(struct html_parser *h, const struct html_tag *tag)
{
	struct html_value v = glued_value(h, tag, STR("/href"), STR("href"));

	v.text = drop_marks(h, v.text);
	return v;
}

/*
 * A base of a standard scheme, reduced to its directory: the file name at the
 * end goes when it looks like one (name, dot, two to four characters).
 */
static struct str
base_directory(struct html_parser *h, struct str uri)
{
	struct str rest = uri;
	struct buf b;
	size_t scheme, slash, dot, name;

	scheme = str_starts_nocase(rest, STR("https:"))	 ? 6
		 : str_starts_nocase(rest, STR("http:")) ? 5
		 : str_starts_nocase(rest, STR("ftp:"))	 ? 4
							 : 0;
	if (scheme == 0)
		return h->base;
	rest = str_skip(rest, scheme);
	rest = str_skip(rest, str_span(str_head(rest, 2), "/"));
	slash = str_find_char(rest, '/');
	dot = str_rfind_char(uri, '.');
	if (slash != STR_NPOS && slash > 0 && dot != STR_NPOS &&
	    str_find_char(uri, '\n') == STR_NPOS) {
		struct str tail = str_skip(uri, dot + 1);
		size_t length = unicode_count(tail);

		name = dot;
		while (name > 0 && uri.p[name - 1] != '/' &&
		       uri.p[name - 1] != '.')
			name--;
		if (length >= 2 && length <= 4 && name < dot &&
		    str_find_char(tail, '/') == STR_NPOS &&
		    uri.p + name > rest.p + slash)
			uri.len = name;
	}
	buf_init_arena(&b, h->arena);
	buf_add(&b, uri);
	if (!str_ends(uri, STR("/")))
		buf_add_char(&b, '/');
	return b.failed ? h->base : buf_str(&b);
}

static void
add_base(struct html_parser *h, const struct html_tag *tag)
{
	struct html_value v = html_attribute_value(h, tag, STR("href"));
	struct str uri;

	if (!v.present || v.text.len == 0 || str_is(v.text, "0"))
		return;
	uri = clean_link(h, v);
	add_link(h, HTML_BASE, HTML_HREF, uri);
	h->base = base_directory(h, uri);
}

/* Offset of "url" that "=" follows, at or after `from`; STR_NPOS: none. */
static size_t
find_url_word(struct str s, size_t from, bool wide, size_t *value_out)
{
	for (size_t i = from; i + 3 <= s.len; i++) {
		struct str rest = str_skip(s, i);
		size_t n;

		if (!str_starts_nocase(rest, STR("url")) ||
		    ends_word(str_head(s, i)))
			continue;
		rest = str_skip(rest, 3);
		while ((n = unicode_space_length(rest, wide)) > 0)
			rest = str_skip(rest, n);
		if (rest.len == 0 || rest.p[0] != '=')
			continue;
		*value_out = (size_t)(rest.p - s.p) + 1;
		return i;
	}
	return STR_NPOS;
}

/* Cuts white space and what follows at the first ";", up to the line's end. */
static struct str
cut_parameters(struct html_parser *h, struct str s, bool wide)
{
	size_t at = str_find_char(s, ';');
	struct str head, tail;
	struct buf b;
	size_t n;

	if (at == STR_NPOS)
		return s;
	head = str_head(s, at);
	while (head.len > 0 && unicode_is_space(unicode_last(head, &n), wide))
		head.len -= n;
	tail = str_skip(s, at);
	at = str_find_char(tail, '\n');
	if (at == STR_NPOS)
		return head;
	buf_init_arena(&b, h->arena);
	buf_add(&b, head);
	buf_add(&b, str_skip(tail, at));
	return buf_str(&b);
}

static void
add_refresh(struct html_parser *h, const struct html_tag *tag)
{
	struct html_value equiv =
	    html_attribute_value(h, tag, STR("http-equiv"));
	struct html_value v = html_attribute_value(h, tag, STR("content"));
	size_t at, value, line;
	bool found = false;
	size_t n;

	if (!equiv.present || !v.present ||
	    str_find_nocase(equiv.text, STR("refresh")) == STR_NPOS)
		return;
	at = find_url_word(v.text, 0, v.wide, &value);
	if (at == STR_NPOS)
		return;
	/* The last one on the first line is the target. */
	line = str_find_char(v.text, '\n');
	n = value;
	while (at != STR_NPOS && at <= line) {
		found = true;
		value = n;
		at = find_url_word(v.text, at + 1, v.wide, &n);
	}
	if (found) {
		v.text = str_skip(v.text, value);
		while ((n = unicode_space_length(v.text, v.wide)) > 0)
			v.text = str_skip(v.text, n);
	}
	v.text = cut_parameters(h, v.text, v.wide);
	add_value(h, HTML_META, HTML_CONTENT, v);
}

void
html_close_anchor(struct html_parser *h)
{
	if (h->anchor_count > 0)
		h->anchors[h->anchor_count - 1].text = buf_str(&h->anchor_text);
}

static void
add_anchor(struct html_parser *h, struct html_value href)
{
	html_close_anchor(h);
	if (h->anchor_count == HTML_LINKS_MAX ||
	    !ARENA_ROOM(
		h->arena, h->anchors, h->anchor_count, h->anchor_size, 32))
		return;
	h->anchors[h->anchor_count++] = (struct html_anchor){
	    href.present ? clean_link(h, href) : STR(""), STR("")};
	buf_init_arena(&h->anchor_text, h->arena);
}

void
html_add_links(struct html_parser *h, enum html_element element,
    const struct html_tag *tag)
{
	struct html_value href;

	switch (element) {
	case HTML_BODY:
	case HTML_TABLE:
	case HTML_TR:
	case HTML_TD:
		add_value(h, element, HTML_BACKGROUND,
		    html_attribute_value(h, tag, STR("background")));
		break;
	case HTML_A:
	case HTML_AREA:
	case HTML_LINK:
		href = href_value(h, tag);
		add_value(h, element, HTML_HREF, href);
		add_value(h, element, HTML_SAFE_REDIRECT,
		    html_attribute_value(h, tag, STR("data-saferedirecturl")));
		if (element == HTML_A)
			add_anchor(h, href);
		break;
	case HTML_FORM:
		add_value(h, element, HTML_ACTION,
		    html_attribute_value(h, tag, STR("action")));
		break;
	case HTML_BASE:
		add_base(h, tag);
		break;
	case HTML_META:
		add_refresh(h, tag);
		break;
	default:
		add_value(h, element, HTML_SRC,
		    glued_value(h, tag, STR("/src"), STR("src")));
		break;
	}
}
