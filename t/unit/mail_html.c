/* HTML to text: tokens, white space, entities, visibility, counts, links. */
#include "mail/html.h"
#include "tap.h"

static struct arena arena;

static const struct html_result *
render(struct str source)
{
	return html_render(&arena, source, HTML_CHARACTERS, source.len);
}

static const struct {
	const char *label;
	const char *source;
	const char *text;
} text_cases[] = {
    {"unknown tags leave nothing", "foo<x>bar</x>", "foobar"},
    {"a line break", "foo<br>bar", "foo\nbar"},
    {"and its XML form", "foo<br />bar", "foo\nbar"},
    {"of any name, with any blanks", "<\xc3\xa9_1 \xc2\xa0\t/>a<hr/>",
	"<\xc3\xa9_1>a\n\n"},
    {"a slash alone is none", "a</>b< />c<a b/>d</ /><br/ >e", "ab< />cde"},
    {"paragraphs, opening and closing", "<p>a</p>b", "\n\na\n\nb"},
    {"cells are set apart", "<td>a</td><td>b</td>", " a  b "},
    {"blank before a block goes", "a <div>b", "a\nb"},
    {"blank behind a block goes", "<div> b", "\nb"},
    {"inner white space shrinks", "a \t\n b", "a b"},
    {"no-break space by name", "a&nbsp;b", "a b"},
    {"a no-break space stays one", "a&#160;b",
	"a\xc2\xa0"
	"b"},
    {"script and style vanish", "a<script>x<b>y</script><style>z</style>b",
	"ab"},
    {"an open script hides no end tag", "a<script>b", "a"},
    {"the title is shown", "<title>t&amp;u</title>v", "\n\nt&u\n\nv"},
    {"an open title ends at the next tag", "<title>t<b>u", "\n\nt\n\nu"},
    {"a comment", "a<!-- x > y -->b", "ab"},
    {"a comment may end in blanks", "a<!-- x --  >b", "ab"},
    {"an open comment ends at >", "a<!-- x > b", "a b"},
    {"a bogus comment", "a<!x>b</>c<?d>e", "abce"},
    {"not a tag", "1 < 2 <3", "1 < 2 <3"},
    {"an unfinished tag is dropped", "a <b", "a "},
    {"quotes hide >", "<a title=\"x>y\">z</a>", "z"},
    {"an end tag with quotes", "</p x='>'>z", "\n\nz"},
    {"raw text element", "<xmp>a<b>&amp;</xmp>c", "\n\na<b>&amp;\n\nc"},
    {"plain text has no end", "<plaintext>a</plaintext>", "\n\na</plaintext>"},
    {"character data", "a<![CDATA[<b>&amp;]]>c", "a<b>&amp;c"},
    {"an ignored section", "a<![IGNORE[b<p>]]>c", "ac"},
    {"typographic quotes around a value",
	"<a href=\xe2\x80\x9c"
	"x>y\xe2\x80\x9d>z</a>",
	"z"},
    {"entities without semicolon", "&lt&gtx&ampfoo&eacuteb",
	"<>x&foo\xc3\xa9"
	"b"},
    {"entities that need it", "&Alpha;&Alphax", "\xce\x91&Alphax"},
    {"numbers", "&#65;&#x41&#8364", "AA\xe2\x82\xac"},
    {"surrogates join", "&#xD83D;&#xDE00;", "\xf0\x9f\x98\x80"},
    {"numbers that are nothing", "&#0;&#1114112;&#65535;&#;",
	"&#0;&#1114112;&#65535;&#;"},
    {"invisible text stays", "<font color=white>a</font>b", "ab"},
};

static void
test_text(void)
{
	size_t n = sizeof(text_cases) / sizeof(text_cases[0]);

	for (size_t i = 0; i < n; i++)
		is_str(render(str_from(text_cases[i].source))->text,
		    str_from(text_cases[i].text), "%s", text_cases[i].label);
}

static void
test_flag(void)
{
	struct str ascii = STR("<p>&eacute;</p>");
	struct str euro = STR("<p>&eacute;&euro;</p>");
	struct str octets = STR("\xe9<b>&eacute;</b>");
	const struct html_result *r;

	r = html_render(&arena, ascii, HTML_PLAIN, ascii.len);
	ok(!r->characters, "ASCII and small entities are no characters");
	r = html_render(&arena, euro, HTML_PLAIN, euro.len);
	ok(r->characters, "one above U+00FF makes all characters");
	r = html_render(&arena, octets, HTML_OCTETS, octets.len);
	is_str(r->text, STR("\xc3\x83\xc2\xa9\xc3\x83\xc2\xa9"),
	    "octets of no charset become UTF-8 octets");
	is_int(r->length, octets.len, "and are counted as octets");
}

static const struct {
	const char *label;
	const char *source;
	const char *invisible;
} hidden_cases[] = {
    {"nothing hidden", "<font color=red>a</font>", ""},
    {"same colour", "<font color=white>a</font>b", "a"},
    {"short form of it", "<font color=\"#fff\">a</font>b", "a"},
    {"nearly the same", "<font color=#fefefe>a</font>b", "a"},
    {"just readable", "<font color=#eeeeee>a</font>b", ""},
    {"rgb()", "<p style=\"color:rgb(255, 255, 255)\">a</p>", "a"},
    {"percentages", "<font color=\"rgb(100%, 100%, 100%)\">a</font>", "a"},
    {"important", "<p style='color:#FFF !important'>a</p>", "a"},
    {"on a background", "<div style='background-color:red;color:#f00'>a</div>",
	"a"},
    {"background's colour",
	"<div style='background:url(x y) red, blue;"
	"color:blue'>a</div>",
	"a"},
    {"transparent text", "<div style='color:transparent'>a</div>b", "a"},
    {"inherit changes nothing", "<div style='color:inherit'>a</div>", ""},
    {"no colour at all", "<font color=nosuch>a</font>b", "a"},
    {"size one", "<font size=1>a</font>b", "a"},
    {"two smaller", "<font size=-2>a</font>b", "a"},
    {"display", "<div style='display : NONE'>a<b>c</b></div>d", "ac"},
    {"display in capitals is not read", "<div style='DISPLAY:none'>a</div>",
	""},
    {"visibility", "<span style='visibility:hidden'>a</span>b", "a"},
    {"a cell ends the one before",
	"<table><tr><td style='display:none'>a"
	"<td>b",
	"a"},
    {"the bgcolor attribute is not looked at",
	"<table bgcolor=black><td><font color=black>a", ""},
    {"text of the body", "<body text=white>a</body>b", "ab"},
    {"white space is not hidden", "<font color=white> </font>b", ""},
};

static void
test_hidden(void)
{
	size_t n = sizeof(hidden_cases) / sizeof(hidden_cases[0]);

	for (size_t i = 0; i < n; i++)
		is_str(render(str_from(hidden_cases[i].source))->invisible,
		    str_from(hidden_cases[i].invisible), "hidden: %s",
		    hidden_cases[i].label);
	is_str(render(STR("a<font color=white>b</font>c <p>d"))->visible,
	    STR("ac\n\nd"), "the visible part");
}

static void
test_flags(void)
{
	const struct html_result *r;

	r = render(STR("<font color=white face='#!'>a</font><object>"
		       "<form action=' MailTo:x'>"));
	ok(r->font_low_contrast, "low contrast");
	ok(!r->font_invalid_color, "no invalid colour");
	ok(r->font_face_bad, "a bad face");
	ok(r->embeds, "an object");
	ok(r->form_action_mailto, "a form that mails");
	r = render(STR("<font color=blurb face=\"'New York', Arial-B2;\">a"));
	ok(r->font_invalid_color, "an invalid colour");
	ok(!r->font_face_bad, "a good face");
	r = render(STR("<font face=' a'>x"));
	ok(!r->font_face_bad, "a blank may be the first of two characters");
	r = render(STR("<font face='a'>x"));
	ok(r->font_face_bad, "one character is too short");
}

static void
test_counts(void)
{
	const struct html_result *r;
	long open = -1;

	r = render(STR("<!DOCTYPE html><b>x</b></b><foo> v<b></b>iagra"
		       "<img width=10 height=50%>"));
	ok(html_inside(r, STR("b"), &open) && open == 0, "b is closed");
	ok(html_inside(r, STR("foo"), &open) && open == 1, "foo is open");
	ok(html_inside(r, STR("!doctype"), &open), "the doctype was seen");
	ok(!html_inside(r, STR("i"), &open), "i was not");
	is_int(r->tags, 8, "tags");
	is_int(r->elements, 7, "valid ones");
	is_int(r->closed_extra, 1, "one end tag too many");
	is_int(r->obfuscation, 1, "a word broken by tags");
	is_int(r->backhair, 1, "of one kind");
	ok(r->has_obfuscation_ratio && r->obfuscation_ratio == 1.0 / 8,
	    "obfuscation ratio");
	ok(r->image_area == 10 * 50 * 6, "picture area");
	r = render(STR("<font size=+4>a<font size=0>b"));
	ok(r->max_size == 7 && r->min_size == 0, "font sizes");
	r = render(STR("text"));
	ok(!r->has_bad_tag_ratio, "no ratio without tags");
	is_int(r->html_length, 4, "length");
}

/* White space of each kind, of text that is characters and of what may be. */
static void
test_spaces(void)
{
	static const struct {
		const char *source;
		enum html_source kind;
		size_t length, not_space;
	} cases[] = {
	    {"a b<br>c", HTML_CHARACTERS, 5, 3},
	    {"<xmp>a b</xmp>", HTML_CHARACTERS, 7, 2},
	    {"a&#12;b\xc2\xa0&#8195;c\xe2\x82\xac", HTML_CHARACTERS, 7, 4},
	    {"a&#12;b&#11;c d", HTML_PLAIN, 7, 4},
	    {"a&#160;b", HTML_PLAIN, 3, 3},
	    {"a quite long text of some blocks, all of it plain", HTML_PLAIN,
		49, 39},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str source = str_from(cases[i].source);
		const struct html_result *r =
		    html_render(&arena, source, cases[i].kind, source.len);

		is_int((long long)r->html_length, (long long)cases[i].length,
		    "characters of %s", cases[i].source);
		is_int((long long)r->non_space_len,
		    (long long)cases[i].not_space, "and without spaces");
	}
}

static void
test_lists(void)
{
	const struct html_result *r;

	r = render(STR("<title>one</title><!-- c --><script>s</script>"
		       "<a href=' http://a.example/ '>x<img src=i>y</a>"
		       "<base href=http://b.example/d/f.html>"
		       "<a title=q/href=z>w</a><body background=bg>"
		       "<meta http-equiv=REFRESH content='1; URL = u ; v'>"
		       "<meta http-equiv=content-type "
		       "content='text/html; charset=\"koi8-r\"'>"));
	ok(r->title.len == 1 && r->comment.len == 1 && r->script.len == 1,
	    "one title, comment, script");
	is_str(r->title.v[0], STR("one"), "title");
	is_str(r->comment.v[0], STR("<!-- c -->"), "comment");
	is_str(r->script.v[0], STR("s"), "script");
	is_str(r->charsets, STR("koi8-r"), "charset");
	is_int(r->anchor_count, 2, "two anchors");
	is_str(r->anchors[0].href, STR("http://a.example/"), "href");
	is_str(r->anchors[0].text, STR("x<img>\ny"), "anchor text");
	is_int(r->link_count, 5, "links");
	is_str(r->links[0].value, STR("http://a.example/"), "the first");
	is_int(r->links[1].element, HTML_IMG, "the picture");
	is_str(r->links[2].base, STR(""), "a base has none of its own");
	is_str(r->links[3].value, STR("bg"), "the background");
	is_str(r->links[3].base, STR("http://b.example/d/"), "has a base");
	is_str(r->links[4].value, STR("u"), "the refresh");
}

/* "<div>" and `n` times `unit`. */
static struct str
repeat(const char *unit, size_t n)
{
	struct buf b;

	buf_init_arena(&b, &arena);
	for (size_t i = 0; i < n; i++)
		buf_add_cstr(&b, unit);
	return buf_str(&b);
}

static void
test_limits(void)
{
	const struct html_result *r;
	struct buf b;

	buf_init_arena(&b, &arena);
	buf_add_cstr(&b, "<a href=");
	buf_add(&b, repeat("x", HTML_LINK_VALUE_MAX));
	r = render(arena_printf(&arena, "%s>", buf_cstr(&b)));
	ok(!r->uri_truncated, "a link of the greatest length");
	buf_add_char(&b, 'y');
	r = render(arena_printf(&arena, "%s>", buf_cstr(&b)));
	ok(r->uri_truncated, "one more is cut");
	is_int(r->links[0].value.len, HTML_LINK_VALUE_MAX, "to that length");

	buf_clear(&b);
	buf_add_cstr(&b, "<a");
	buf_add(&b, repeat(" x=y", HTML_ATTRIBUTES_MAX - 1));
	r = render(arena_printf(&arena, "%s href=z>", buf_cstr(&b)));
	is_int(r->link_count, 1, "the last attribute looked at");
	buf_add_cstr(&b, " x=y");
	r = render(arena_printf(&arena, "%s href=z>", buf_cstr(&b)));
	is_int(r->link_count, 0, "one more is not");

	buf_clear(&b);
	buf_add(&b, repeat("<![INCLUDE[", HTML_SECTION_DEPTH_MAX - 1));
	r = render(arena_printf(&arena, "%s<![IGNORE[a]]>b", buf_cstr(&b)));
	is_str(r->text, STR("b"), "the deepest section");
	buf_add_cstr(&b, "<![INCLUDE[");
	r = render(arena_printf(&arena, "%s<![IGNORE[a]]>b", buf_cstr(&b)));
	is_str(r->text, STR("ab"), "one deeper is not entered");
}

static void
test_depth(void)
{
	struct str open = repeat("<p>", HTML_STYLE_DEPTH_MAX - 2);
	const struct html_result *r;

	r = render(
	    arena_printf(&arena, "%.*s<font color=white>a", STR_ARG(open)));
	is_str(r->invisible, STR("a"), "the deepest style");
	r = render(
	    arena_printf(&arena, "%.*s<p><font color=white>a", STR_ARG(open)));
	is_str(r->invisible, STR(""), "one deeper has its parent's");
}

static void
test_given_up(void)
{
	const struct html_result *r;

	r = render(STR("<b>a</b> <p style='background: '>c"));
	ok(!r->complete, "a blank background ends the parse");
	is_str(r->text, STR("a "), "with the text so far");
	is_int(r->tags_seen_count, 0, "and no counts");
	ok(!render(STR("a<![IGNORE[b"))->complete,
	    "so does an ignored section");
	ok(render(STR("a<b"))->complete, "an unfinished tag does not");
}

static void
test_full_arena(void)
{
	struct str source = repeat("<p>text &amp; <a href=x>y</a>", 20000);
	const struct html_result *r;
	struct arena small;

	arena_init(&small, 1024 * 1024);
	r = html_render(&small, source, HTML_CHARACTERS, source.len);
	ok(r == NULL || r->text.len < source.len, "a full arena is survived");
	ok(small.full, "and tells");
	arena_fini(&small);
}

int
main(void)
{
	arena_init(&arena, 0);
	test_text();
	test_flag();
	test_hidden();
	test_flags();
	test_counts();
	test_spaces();
	test_lists();
	test_limits();
	test_depth();
	test_given_up();
	test_full_arena();
	arena_fini(&arena);
	return done_testing();
}
