/*
 * The handlers: tags to white space, styles and counts; text where it belongs.
 *
 * Puts the parts together: repairs before parsing (html_repair.c), the
 * tokenizer, and the numbers at the end. Layout is in html_layout.c, links in
 * html_link.c.
 */
#include "mail/html_internal.h"

#include "base/block.h"
#include "base/clean.h"
#include "base/random.h"
#include "mail/charset.h"
#include "mail/html_entity.h"
#include "mail/unicode.h"

#define TAG_CHAIN_MAX 64   /* names looked at for one: a flood of collisions */
#define TAG_NAME_MAX 65536 /* bytes of a name that are told apart */
#define TAG_NAME_USUAL 16  /* bytes most names have room in */

static const struct html_element_facts elements[] = {
#define ELEMENT(name, valid, style, space, link) \
	{{name, sizeof(name) - 1}, valid, style, space, link},
#include "mail/html_element.def"
#undef ELEMENT
};

const struct html_element_facts *
html_element_find(struct str name)
{
	size_t low = 0;
	size_t high = sizeof(elements) / sizeof(elements[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(name, elements[middle].name);

		if (order == 0)
			return &elements[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* ---- values ------------------------------------------------------------- */

struct str
html_source_text(struct html_parser *h, struct str s)
{
	return h->kind == HTML_OCTETS ? charset_from_latin1(h->arena, s) : s;
}

/*
 * Entities of octets are decoded as if they were UTF-8, and the result is
 * octets again: what is not UTF-8 is taken for ISO-8859-1 first.
 */
static struct str
decode_octets(struct html_parser *h, struct str s, bool prefixes)
{
	bool wide = true;

	if (!utf8_valid(s))
		s = charset_from_latin1(h->arena, s);
	s = html_decode_entities(h->arena, s, prefixes, &wide);
	return charset_from_latin1(h->arena, s);
}

static struct str
decode_text(struct html_parser *h, struct str s, bool prefixes, bool *wide_out)
{
	*wide_out = h->kind == HTML_CHARACTERS;
	if (h->kind == HTML_OCTETS)
		return decode_octets(h, s, prefixes);
	return html_decode_entities(h->arena, s, prefixes, wide_out);
}

struct html_value
html_decode_value(struct html_parser *h, const struct html_raw_attribute *a)
{
	struct html_value v = {true, h->kind == HTML_CHARACTERS, a->value};

	if (a->literal)
		v.text = html_source_text(h, a->value);
	else
		v.text = decode_text(h, a->value, false, &v.wide);
	return v;
}

struct html_value
html_attribute_value(
    struct html_parser *h, const struct html_tag *tag, struct str name)
{
	for (size_t i = 0; i < tag->attribute_count; i++)
		if (str_eq_nocase(tag->attributes[i].name, name))
			return html_decode_value(h, &tag->attributes[i]);
	return (struct html_value){.present = false};
}

void
html_strings_add(struct html_parser *h, struct html_strings *list, struct str s)
{
	if (ARENA_ROOM(h->arena, list->v, list->len, list->size, 16))
		list->v[list->len++] = s;
}

/* ---- tags seen ---------------------------------------------------------- */

/* "o:p", "st1:place": what word processors leave behind. */
static bool
is_office_tag(struct str s, bool wide)
{
	if (str_starts(s, STR("o:")))
		s = str_skip(s, 2);
	else if (str_starts(s, STR("st")) && s.len > 4 &&
		 ascii_is_digit(s.p[2]) && s.p[3] == ':')
		s = str_skip(s, 4);
	else
		return false;
	if (str_ends(s, STR("/")))
		s.len--;
	if (s.len == 0)
		return false;
	while (s.len > 0) {
		size_t n;
		uint32_t c = unicode_first(s, &n);

		if (c != '-' && !unicode_is_word(c, wide))
			return false;
		s = str_skip(s, n);
	}
	return true;
}

static bool
grow_inside(struct html_parser *h)
{
	struct html_tag_map *m = &h->inside;
	size_t size = m->size > 0 ? m->size * 2 : 64;
	struct html_tag_count *v =
	    arena_grow(h->arena, m->v, m->size * sizeof(*v), size * sizeof(*v));
	uint32_t *slots = arena_array(h->arena, size * 2, sizeof(*slots));

	if (v == NULL || slots == NULL)
		return false;
	for (size_t i = 0; i < m->len; i++) {
		size_t at =
		    str_hash_seeded(m->seed, v[i].name) & (size * 2 - 1);

		while (slots[at] != 0)
			at = (at + 1) & (size * 2 - 1);
		slots[at] = (uint32_t)i + 1;
	}
	*m = (struct html_tag_map){v, m->len, size, slots, size * 2, m->seed};
	return true;
}

static struct html_tag_count *
new_tag(struct html_parser *h, struct str name, struct html_tag_count *at)
{
	*at = (struct html_tag_count){.name = name,
	    .facts = html_element_find(name),
	    .office = is_office_tag(name, h->kind == HTML_CHARACTERS)};
	return at;
}

struct html_tag_count *
html_tag_seen(struct html_parser *h, struct str name, bool *fresh_out)
{
	struct html_tag_map *m = &h->inside;
	size_t at;
	size_t looked = 0;

	*fresh_out = true;
	if (m->len == m->size &&
	    (m->len >= HTML_TAG_NAMES_MAX || !grow_inside(h)) && m->size == 0)
		return new_tag(h, name, &h->no_tag);
	at = str_hash_seeded(m->seed, name) & (m->slot_count - 1);
	for (; m->slots[at] != 0; at = (at + 1) & (m->slot_count - 1)) {
		struct html_tag_count *t = &m->v[m->slots[at] - 1];

		if (str_eq(t->name, name)) {
			*fresh_out = false;
			return t;
		}
		if (++looked == TAG_CHAIN_MAX)
			return new_tag(h, name, &h->no_tag);
	}
	if (m->len == m->size)
		return new_tag(h, name, &h->no_tag);
	m->slots[at] = (uint32_t)m->len + 1;
	return new_tag(h, arena_copy(h->arena, name), &m->v[m->len++]);
}

bool
html_inside(const struct html_result *r, struct str tag, long *open_out)
{
	for (size_t i = 0; i < r->tags_seen_count; i++)
		if (str_eq(r->tags_seen[i].name, tag)) {
			*open_out = r->tags_seen[i].open;
			return true;
		}
	return false;
}

/* ---- text and comments -------------------------------------------------- */

static void
handle_text(void *context, struct str source, bool raw)
{
	struct html_parser *h = context;
	bool wide = h->kind == HTML_CHARACTERS;
	bool invisible = false;
	struct str s = raw ? html_source_text(h, source)
			   : decode_text(h, source, true, &wide);

	if (h->inside_script != NULL && *h->inside_script > 0) {
		html_strings_add(h, &h->script, s);
		return;
	}
	if (h->inside_style != NULL && *h->inside_style > 0)
		return;
	if (h->inside_a != NULL && *h->inside_a > 0)
		buf_add(&h->anchor_text, s);
	if (h->inside_title != NULL && *h->inside_title > 0)
		buf_add(&h->title_text, s);
	if (!html_is_blank(s))
		invisible = html_is_invisible(h);
	html_test_obfuscation(h, s, wide);
	html_put_text(h, s, invisible, wide);
}

static void
handle_comment(void *context, struct str text)
{
	struct html_parser *h = context;

	html_strings_add(h, &h->comment, html_source_text(h, text));
}

static void
handle_declaration(void *context, struct str text)
{
	struct html_parser *h = context;
	bool fresh;

	if (!str_starts_nocase(text, STR("<!doctype")))
		return;
	h->result->elements++;
	h->result->tags++;
	html_tag_seen(h, STR("!doctype"), &fresh)->open = 0;
}

/* ---- tags --------------------------------------------------------------- */

/* In `room` where it fits. */
static struct str
lower_name(struct html_parser *h, struct str name, char room[TAG_NAME_USUAL])
{
	struct str s = html_source_text(h, str_head(name, TAG_NAME_MAX));
	char *p = s.len <= TAG_NAME_USUAL ? room : arena_alloc(h->arena, s.len);

	if (p == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_make(p, s.len);
}

/* Pointers into the map move when it grows. */
static void
refresh_counts(struct html_parser *h, size_t from)
{
	for (size_t i = from; i < h->inside.len; i++) {
		struct html_tag_count *t = &h->inside.v[i];

		if (str_is(t->name, "a"))
			h->inside_a = &t->open;
		else if (str_is(t->name, "title"))
			h->inside_title = &t->open;
		else if (str_is(t->name, "script"))
			h->inside_script = &t->open;
		else if (str_is(t->name, "style"))
			h->inside_style = &t->open;
	}
}

/* Counts a tag; `step` +1 or -1. Returns its facts, NULL: nothing to render. */
static const struct html_element_facts *
count_tag(struct html_parser *h, struct str name, long step)
{
	struct html_result *r = h->result;
	const struct html_tag_count *seen = h->inside.v;
	size_t seen_count = h->inside.len;
	bool fresh, valid;
	struct html_tag_count *tag = html_tag_seen(h, name, &fresh);

	valid = tag->office || (tag->facts != NULL && tag->facts->valid);
	r->tags++;
	r->distinct_tags += fresh;
	r->elements += valid;
	r->distinct_elements += valid && fresh;
	tag->open += step;
	if (tag->open < 0) {
		tag->open = 0;
		r->closed_extra++;
	}
	refresh_counts(h, h->inside.v != seen ? 0 : seen_count);
	return tag->office ? NULL : tag->facts;
}

static struct style_attribute
style_value(struct html_parser *h, const struct html_tag *tag, struct str name,
    bool *any)
{
	struct html_value v = html_attribute_value(h, tag, name);

	*any |= v.present;
	return (struct style_attribute){v.present, v.wide, v.text};
}

static bool
has_attribute(const struct html_tag *tag, const struct str *names)
{
	for (size_t i = 0; i < tag->attribute_count; i++)
		for (const struct str *n = names; n->p != NULL; n++)
			if (str_eq_nocase(tag->attributes[i].name, *n))
				return true;
	return false;
}

static bool
open_style(
    struct html_parser *h, enum style_tag style, const struct html_tag *tag)
{
	static const struct str body[] = {STR("text"), STR("bgcolor"),
	    STR("link"), STR("alink"), STR("vlink"), STR("background"),
	    STR_NONE};
	static const struct str marquee[] = {
	    STR("bgcolor"), STR("background"), STR_NONE};
	static const struct str cell[] = {
	    STR("bgcolor"), STR("style"), STR_NONE};
	static const struct str face[] = {STR("face"), STR_NONE};
	struct style_attributes a = {.any = false};

	switch (style) {
	case STYLE_BODY:
		a.text = style_value(h, tag, STR("text"), &a.any);
		a.any = has_attribute(tag, body);
		break;
	case STYLE_FONT:
	case STYLE_BASEFONT:
		a.any = has_attribute(tag, face);
		a.color = style_value(h, tag, STR("color"), &a.any);
		a.size = style_value(h, tag, STR("size"), &a.any);
		break;
	case STYLE_MARQUEE:
		a.any = has_attribute(tag, marquee);
		break;
	case STYLE_BIG:
	case STYLE_SMALL:
	case STYLE_NONE:
	case STYLE_COUNT:
		break;
	default:
		a.any = style != STYLE_SPAN && style != STYLE_P &&
			style != STYLE_DIV && style != STYLE_A &&
			has_attribute(tag, cell);
		a.style = style_value(h, tag, STR("style"), &a.any);
		break;
	}
	return style_open(&h->styles, style, &a);
}

static bool
handle_start(void *context, const struct html_tag *tag)
{
	struct html_parser *h = context;
	char room[TAG_NAME_USUAL];
	struct str name = lower_name(h, tag->name, room);
	const struct html_element_facts *facts = count_tag(h, name, 1);

	if (facts != NULL) {
		if (facts->style != STYLE_NONE &&
		    !open_style(h, facts->style, tag))
			return false;
		if (facts->space != NULL)
			html_put_space(h, facts->space);
		if (facts->link != HTML_NO_LINK)
			html_add_links(h, facts->link, tag);
		html_test_tag(h, name, tag);
	}
	return !h->arena->full;
}

static void
handle_end(void *context, struct str source)
{
	struct html_parser *h = context;
	char room[TAG_NAME_USUAL];
	struct str name = lower_name(h, source, room);
	const struct html_element_facts *facts = count_tag(h, name, -1);

	if (facts == NULL)
		return;
	if (facts->style != STYLE_NONE)
		style_close(&h->styles, facts->style);
	if (facts->space != NULL)
		html_put_space(h, facts->space);
}

/* ---- the numbers at the end --------------------------------------------- */

static size_t
count_bits(uint64_t bits)
{
	size_t n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static size_t
count_spaces(const struct html_result *r)
{
	struct str s = r->text;
	size_t spaces = str_count(s, ' ', ' ') + str_count(s, '\t', '\r');

	if (!r->characters)
		return spaces - str_count(s, '\f', '\f');
	/* All others are not ASCII. */
	for (size_t i = block_ascii(s), n; i < s.len; i += n) {
		n = 1;
		if ((unsigned char)s.p[i] >= 0x80)
			spaces += unicode_is_space(
			    unicode_first(str_skip(s, i), &n), true);
	}
	return spaces;
}

/* Sets a ratio that is known only when both of its sides are. */
static void
set_ratio(bool known, double part, double whole, bool *has_out, double *out)
{
	*has_out = known && whole > 0;
	*out = *has_out ? part / whole : 0;
}

static void
finish_text(struct html_parser *h, size_t source_bytes)
{
	struct html_result *r = h->result;
	double bytes = (double)source_bytes;

	r->text = buf_str(&h->text);
	r->visible = h->is_split ? buf_str(&h->visible) : r->text;
	r->invisible = buf_str(&h->invisible);
	r->html_length = unicode_count(r->text);
	r->non_space_len = r->html_length - count_spaces(r);
	set_ratio(true, bytes - (double)r->html_length, bytes, &r->has_ratio,
	    &r->ratio);
}

static void
finish_numbers(struct html_parser *h)
{
	struct html_result *r = h->result;
	double tags = (double)r->tags;

	r->length = h->source_length;
	r->image_area = h->image_area;
	r->min_size = h->styles.min_size;
	r->max_size = h->styles.max_size;
	r->backhair = count_bits(h->backhair);
	set_ratio(true, (double)r->closed_extra, tags,
	    &r->has_closed_extra_ratio, &r->closed_extra_ratio);
	set_ratio(r->elements > 0, (double)(r->tags - r->elements), tags,
	    &r->has_bad_tag_ratio, &r->bad_tag_ratio);
	set_ratio(r->distinct_elements > 0,
	    (double)(r->distinct_tags - r->distinct_elements),
	    (double)r->distinct_tags, &r->has_non_element_ratio,
	    &r->non_element_ratio);
	set_ratio(r->obfuscation > 0, (double)r->obfuscation, tags,
	    &r->has_obfuscation_ratio, &r->obfuscation_ratio);
}

static void
finish_lists(struct html_parser *h)
{
	struct html_result *r = h->result;

	html_close_anchor(h);
	if (h->title.len > 0)
		h->title.v[h->title.len - 1] = buf_str(&h->title_text);
	r->tags_seen = h->inside.v;
	r->tags_seen_count = h->inside.len;
	r->links = h->links;
	r->link_count = h->link_count;
	r->anchors = h->anchors;
	r->anchor_count = h->anchor_count;
	r->title = (struct html_texts){h->title.v, h->title.len};
	r->comment = (struct html_texts){h->comment.v, h->comment.len};
	r->script = (struct html_texts){h->script.v, h->script.len};
	r->charsets = buf_str(&h->charsets);
}

const struct html_result *
html_render(struct arena *a, struct str source, enum html_source kind,
    size_t source_bytes)
{
	struct html_parser *h = arena_zalloc(a, sizeof(*h));
	struct html_handler handler = {handle_start, handle_end, handle_text,
	    handle_comment, handle_declaration, h};
	struct buf repaired;

	if (h == NULL)
		return NULL;
	h->arena = a;
	h->kind = kind;
	h->inside.seed = random_process_seed();
	h->result = arena_zalloc(a, sizeof(*h->result));
	if (h->result == NULL || !style_init(&h->styles, a))
		return NULL;
	buf_init_arena(&h->text, a);
	buf_init_arena(&h->visible, a);
	buf_init_arena(&h->invisible, a);
	buf_init_arena(&h->title_text, a);
	buf_init_arena(&h->anchor_text, a);
	buf_init_arena(&h->charsets, a);
	h->source_length =
	    kind == HTML_OCTETS ? source.len : unicode_count(source);
	/* What a full arena stopped still counts as far as it went. */
	if (html_repair(a, kind, source, &repaired))
		h->result->complete =
		    html_tokenize(a, repaired.p, repaired.len, &handler) ||
		    a->full;
	finish_text(h, source_bytes);
	if (h->result->complete) {
		finish_lists(h);
		finish_numbers(h);
	}
	return h->result;
}
