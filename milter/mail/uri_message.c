/*
 * The URIs of a whole message: of its rendered text, of its HTML, and the
 * domains that signed it.
 */
#include "mail/uri.h"

#include "base/block.h"
#include "base/buf.h"
#include "mail/html.h"
#include "mail/message_internal.h"

/* Values of an HTML part and whether they are characters or bytes. */
struct link_text {
	struct str s;
	bool wide;
};

/*
 * A value comes as UTF-8. Where nothing says the part is Unicode, and no
 * character is above U+00FF, rules see one byte for each.
 */
static struct link_text
link_text(struct arena *a, const struct html_result *html, struct str s)
{
	struct link_text t = {s, html->characters};
	bool high = false;
	struct buf b;

	for (size_t i = block_ascii(s); i < s.len; i++) {
		high |= (unsigned char)s.p[i] >= 0x80;
		t.wide |= (unsigned char)s.p[i] >= 0xc4;
	}
	if (t.wide || !high)
		return t;
	buf_init_arena(&b, a);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0xc2 && i + 1 < s.len)
			c = (unsigned char)(c << 6 | (s.p[++i] & 0x3f));
		buf_add_char(&b, (char)c);
	}
	t.s = buf_str(&b);
	return t;
}

/* Schemes that have no path to resolve. */
static bool
is_whole(struct str s)
{
	static const char *const schemes[] = {
	    "data:", "mailto:", "file:", "cid:", "tel:"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_starts_nocase(s, str_from(schemes[i])))
			return true;
	return false;
}

static void
add_link(struct message *m, struct uri_set *set, const struct html_result *html,
    const struct html_link *link)
{
	struct link_text value = link_text(m->arena, html, link->value);
	struct link_text base = link_text(m->arena, html, link->base);
	struct uri_source source = {
	    .raw = value.s, .wide = value.wide || base.wide};
	enum uri_type type;

	if (!is_whole(value.s))
		source.raw = uri_resolve(m->arena, base.s, value.s);
	if (source.raw.len == 0 ||
	    !uri_type_of_tag(str_from(html_element_name(link->element)), &type))
		return;
	source.types = 1u << type;
	uri_set_add(set, &source);
}

/* An anchor names its text under the href as written, not as resolved. */
static void
add_anchor(struct message *m, struct uri_set *set,
    const struct html_result *html, const struct html_anchor *anchor)
{
	struct link_text href = link_text(m->arena, html, anchor->href);
	struct link_text text = link_text(m->arena, html, anchor->text);

	uri_set_add(
	    set, &(struct uri_source){
		     .raw = href.s, .wide = href.wide, .texts = {&text.s, 1}});
}

static void
add_html(struct message *m, struct uri_set *set)
{
	struct html_list list = message_html(m);

	for (size_t i = 0; i < list.len; i++) {
		const struct html_result *html = list.v[i];

		m->uris_truncated |= html->complete && html->uri_truncated;
		for (size_t k = 0; k < html->link_count; k++)
			add_link(m, set, html, &html->links[k]);
		for (size_t k = 0; k < html->anchor_count; k++)
			add_anchor(m, set, html, &html->anchors[k]);
	}
}

static void
add_signatures(struct message *m, struct uri_set *set)
{
	static const char *const names[] = {
	    "DomainKey-Signature", "DKIM-Signature"};
	struct header_list *headers = &m->tree.root->headers;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (struct header *h =
			 header_first(headers, str_from(names[i]));
		     h != NULL; h = h->next)
			uri_set_add_signature(set, header_value(headers, h));
}

void
message_build_uris(struct message *m)
{
	struct uri_set *set = uri_set_new(m->arena, m->settings);
	struct str_list body = message_body(m);

	uri_set_lend(set, m->regex);
	for (size_t i = 0; i < body.len; i++)
		uri_set_add_text(set, body.v[i]);
	add_html(m, set);
	if (m->settings->parse_dkim_uris)
		add_signatures(m, set);
	m->uris_truncated |= uri_set_truncated(set);
	m->uris = uri_set_records(set);
	m->uri_texts = uri_set_cleaned(set);
	uri_set_fini(set);
}
