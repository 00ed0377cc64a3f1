#include "mail/mime.h"

#include "base/buf.h"
#include "mail/lines.h"
#include "mail/message.h"
#include "tap.h"

static struct mail_settings settings;

/* "type[body]" of each leaf, "type(children)" of the others. */
static void
show(struct buf *b, const struct mime_node *n)
{
	buf_add(b, n->type);
	if (n->leaf) {
		buf_add_char(b, '[');
		buf_add(b, mime_decode(n));
		buf_add_char(b, ']');
		return;
	}
	buf_add_char(b, '(');
	for (const struct mime_node *c = n->child; c != NULL; c = c->next) {
		if (c != n->child)
			buf_add_char(b, ' ');
		show(b, c);
	}
	buf_add_char(b, ')');
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define BLANK5 "\n\n\n\n\n"
#define BLANK20 BLANK5 BLANK5 BLANK5 BLANK5

static const struct {
	const char *name, *in, *want;
	unsigned flags;
} rows[] = {
    {"empty", "", "text/plain[]", 0},
    {"no body", "A: b\n", "text/plain[]", MESSAGE_MISSING_HEAD_BODY_SEPARATOR},
    {"plain", "A: b\n\ntext\n", "text/plain[text\n]", 0},
    {"mbox line", "From x Mon\nA: b\n\ntext\n", "text/plain[text\n]", 0},
    {"text instead of a blank line", "A: b\n--x\n", "text/plain[--x\n]",
	MESSAGE_MISSING_HEAD_BODY_SEPARATOR},
    {"three bad lines pass", "a\nb\nc\nA: b\n\nt\n", "text/plain[t\n]", 0},
    {"a fourth is the body", "a\nb\nc\nd\nt\n", "text/plain[d\nt\n]",
	MESSAGE_MISSING_HEAD_BODY_SEPARATOR},
    {"twenty blank lines", "A: b\n\nx\n" BLANK20 "y\n",
	"text/plain[x\n" BLANK20 "y\n]", 0},
    {"twenty-one", "A: b\n\nx\n" BLANK20 "\ny\n",
	"text/plain[x\n" BLANK20 "y\n]", 0},
    {"at the top one more stays", "A: b\n\n" BLANK20 BLANK5 "y\n",
	"text/plain[" BLANK20 "\ny\n]", 0},
    {"at the end", "A: b\n\nx\n" BLANK20 BLANK5, "text/plain[x\n" BLANK20 "]",
	0},
    {"blank lines of white space count", "A: b\n\nx\n \n\t\n" BLANK20,
	"text/plain[x\n \n" BLANK5 BLANK5 BLANK5 "\n\n\n\n]", 0},

    {"two parts",
	MIXED "pre\n--b\nContent-Type: text/html\n\n<p>\n--b\n"
	      "Content-Type: image/gif\n\nGIF\n--b--\n",
	"multipart/mixed(text/html[<p>] image/gif[GIF])", 0},
    {"the newline before a boundary is its own",
	MIXED "--b\nA: b\n\nx\n\n--b--\n", "multipart/mixed(text/plain[x\n])",
	0},
    {"no end boundary", MIXED "--b\nA: b\n\nx\ny",
	"multipart/mixed(text/plain[x\ny])", MESSAGE_MISSING_BOUNDARY},
    {"no opening boundary", MIXED "x\ny\n",
	"multipart/mixed(text/plain[x\ny\n])", 0},
    {"no boundary at all", "Content-Type: multipart/mixed\n\nx\ny\n",
	"text/plain[\nx\ny\n]", 0},
    {"a part without fields", MIXED "--b\n\nx\n--b--\n",
	"multipart/mixed(text/plain[x])", MESSAGE_MISSING_MIME_HEADERS},
    {"nor a blank line", MIXED "--b\nx\ny\n--b--\n",
	"multipart/mixed(text/plain[x\ny])",
	MESSAGE_MISSING_MIME_HEADERS | MESSAGE_MISSING_MIME_SEPARATOR},
    {"nothing but fields: the last is lost",
	MIXED "--b\nContent-Type: text/html\n--b--\n",
	"multipart/mixed(text/plain[])", 0},
    {"an empty part", MIXED "--b\n--b--\n", "multipart/mixed(text/plain[])",
	MESSAGE_MISSING_MIME_HEADERS},
    {"no lines", MIXED "--b\n", "multipart/mixed()", MESSAGE_MISSING_BOUNDARY},
    {"a closing boundary alone", MIXED "x\n--b--\n",
	"multipart/mixed(text/plain[x])", MESSAGE_MISSING_BOUNDARY},
    {"an inner one that is closed",
	MIXED
	"--b\nA: b\n"
	"Content-Type: multipart/mixed; boundary=c\n\n--c\nA: b\n\nx\n--c--\n"
	"--b--\n",
	"multipart/mixed(multipart/mixed(text/plain[x]))", 0},
    {"an inner one that is not",
	MIXED "--b\nA: b\n"
	      "Content-Type: multipart/mixed; boundary=c\n\n--c\nA: b\n\nx\n"
	      "--b--\n",
	"multipart/mixed(multipart/mixed(text/plain[x]))",
	MESSAGE_MISSING_BOUNDARY},
    {"that of an inner message is its own",
	MIXED "--b\n"
	      "Content-Type: message/rfc822\n\n"
	      "Content-Type: multipart/mixed; boundary=c\n\n--c\nA: b\n\nx\n"
	      "--b--\n",
	"multipart/mixed(message/rfc822(multipart/mixed(text/plain[x])))", 0},
    {"blanks behind a boundary", MIXED "--b \t\nA: b\n\nx\n--b-- \n",
	"multipart/mixed(text/plain[x])", 0},
    {"a longer boundary is another one", MIXED "--b\nA: b\n\nx\n--bb\n--b--\n",
	"multipart/mixed(text/plain[x\n--bb])", 0},
    {"an epilogue", MIXED "--b\nA: b\n\nx\n--b--\nbye\n",
	"multipart/mixed(text/plain[x])", MESSAGE_MIME_EPILOGUE},
    {"dots are none", MIXED "--b\nA: b\n\nx\n--b--\n.\n..\n",
	"multipart/mixed(text/plain[x])", 0},
    {"a blank before the colon hides a field",
	MIXED "--b\nContent-Type : text/html\n\nx\n--b--\n",
	"multipart/mixed(text/plain[x])", MESSAGE_MISSING_MIME_HEADERS},
    {"nested",
	MIXED "--b\nContent-Type: multipart/alternative; boundary=c\n\n"
	      "--c\nA: b\n\nx\n--c--\n--b\nA: b\n\ny\n--b--\n",
	"multipart/mixed(multipart/alternative(text/plain[x]) "
	"text/plain[y])",
	0},
    {"one equal nested boundary",
	MIXED "--b\nContent-Type: multipart/alternative; boundary=b\n\n"
	      "--b\nA: b\n\nx\n--b--\n--b--\n",
	"multipart/mixed(multipart/alternative(text/plain[x]))", 0},
    {"an inner multipart inherits the boundary",
	MIXED "--b\nContent-Type: multipart/alternative\n\nx\n--b--\n",
	"multipart/mixed(multipart/alternative(text/plain[x]))", 0},
    {"a digest is made of messages",
	"Content-Type: multipart/digest; boundary=b\n\n"
	"--b\n\nSubject: in\n\nx\n--b--\n",
	"multipart/digest(message/rfc822(text/plain[x]))",
	MESSAGE_MISSING_MIME_HEADERS},
    {"a message within",
	MIXED "--b\nContent-Type: message/rfc822\n\n"
	      "Content-Type: text/html\n\nin\n--b--\n",
	"multipart/mixed(message/rfc822(text/html[in]))", 0},
    {"a message in base64",
	"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n"
	"\nU3ViamVjdDogeA0KDQppbg0K\n",
	"message/rfc822(text/plain[in\n])", 0},
    {"an empty one is a leaf", "Content-Type: message/rfc822\n\n",
	"message/rfc822[]", 0},
    {"other message types are leaves",
	"Content-Type: message/delivery-status\n\nA: b\n",
	"message/delivery-status[A: b\n]", 0},
    {"base64 text loses its CRs",
	"Content-Type: text/html\nContent-Transfer-Encoding: BASE64\n\n"
	"YQ0KYg==\n",
	"text/html[a\nb]", 0},
    {"base64 data does not",
	"Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\n"
	"YQ0KYg==\n",
	"image/gif[a\r\nb]", 0},
    {"an unknown encoding",
	"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n",
	"text/plain[begin 644 a\n]", 0},
    {"CR LF throughout", "A: b\r\n\r\nx\r\ny\r\n", "text/plain[x\ny\n]", 0},
    {"CR LF in one line only", "A: b\n\r\nx\n", "text/plain[]",
	MESSAGE_MISSING_HEAD_BODY_SEPARATOR},
};

static void
trees(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mime_tree tree;
		struct arena a;
		struct buf b;

		arena_init(&a, 0);
		buf_init(&b);
		mime_parse(&a, &settings.limits, str_from(rows[i].in), &tree);
		show(&b, tree.root);
		is_str(buf_str(&b), str_from(rows[i].want), "%s", rows[i].name);
		is_int(tree.flags, rows[i].flags, "flags: %s", rows[i].name);
		buf_fini(&b);
		arena_fini(&a);
	}
}

/* A line of `len` bytes, the newline included, in a part. */
static size_t
long_line(size_t len)
{
	struct mime_tree tree;
	struct arena a;
	struct buf b;
	size_t got;

	arena_init(&a, 0);
	buf_init(&b);
	buf_add_cstr(&b, MIXED "--b\nA: b\n\n");
	for (size_t i = 1; i < len; i++)
		buf_add_char(&b, 'x');
	buf_add_cstr(&b, "\n--b--\n");
	mime_parse(&a, &settings.limits, buf_str(&b), &tree);
	got = mime_decode(tree.root->child).len;
	buf_fini(&b);
	arena_fini(&a);
	return got;
}

static struct mime_tree
many_parts(struct arena *a, struct buf *b, int count)
{
	struct mime_tree tree;

	buf_clear(b);
	buf_add_cstr(b, MIXED);
	for (int i = 0; i < count; i++)
		buf_add_cstr(b, "--b\nA: b\n\nx\n");
	buf_add_cstr(b, "--b--\n");
	mime_parse(a, &settings.limits, buf_str(b), &tree);
	return tree;
}

static size_t
count_nodes(const struct mime_node *n)
{
	size_t count = 0;

	for (; n != NULL; n = mime_next(n))
		count++;
	return count;
}

static struct mime_tree
deep(struct arena *a, struct buf *b, int depth)
{
	struct mime_tree tree;

	buf_clear(b);
	for (int i = 0; i < depth; i++)
		buf_printf(b,
		    "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
		    i);
	buf_add_cstr(b, "A: b\n\nx\n");
	mime_parse(a, &settings.limits, buf_str(b), &tree);
	return tree;
}

static void
limits(void)
{
	struct mime_tree tree;
	struct arena a;
	struct buf b;

	is_int(long_line(2048), 2047, "a line at the limit");
	is_int(long_line(2049), 2049, "one byte more: cut, a newline added");
	arena_init(&a, 0);
	buf_init(&b);
	tree = many_parts(&a, &b, 999);
	is_int(count_nodes(tree.root), 1000, "999 parts");
	is_int(tree.flags & ~MESSAGE_MISSING_BOUNDARY, 0, "are fine");
	tree = many_parts(&a, &b, 1001);
	is_int(count_nodes(tree.root), 1001, "of 1001 parts 1000 are read");
	is_int(tree.flags, MESSAGE_MIME_PARTS_LIMIT | MESSAGE_MISSING_BOUNDARY,
	    "and that is told");
	tree = deep(&a, &b, 20);
	is_int(count_nodes(tree.root), 21, "twenty levels");
	is_int(tree.flags & ~MESSAGE_MISSING_BOUNDARY, 0, "are fine");
	tree = deep(&a, &b, 21);
	is_int(count_nodes(tree.root), 21, "the twenty-first is a leaf");
	is_int(tree.flags, MESSAGE_MIME_DEPTH_LIMIT | MESSAGE_MISSING_BOUNDARY,
	    "and that is told");
	buf_fini(&b);
	arena_fini(&a);
}

static void
fields(void)
{
	struct mime_tree tree;
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b);
	for (int i = 0; i < 257; i++)
		buf_add_char(&b, 'n');
	buf_add_cstr(&b, ": x\nV:");
	for (int i = 0; i < 8192; i++)
		buf_add_char(&b, 'v');
	buf_add_cstr(&b, "\n\n");
	mime_parse(&a, &settings.limits, buf_str(&b), &tree);
	is_int(tree.root->headers.v[0].name.len, 256, "a name is cut");
	is_int(tree.root->headers.v[1].raw.len, 8192, "a value is cut");
	is_int(tree.flags, MESSAGE_TRUNCATED_HEADER, "and that is told");
	buf_clear(&b);
	for (int i = 0; i < 1001; i++)
		buf_add_cstr(&b, "A: b\n");
	buf_add_cstr(&b, "\n");
	mime_parse(&a, &settings.limits, buf_str(&b), &tree);
	is_int(tree.root->headers.len, 1000, "a thousand fields");
	is_int(tree.flags, MESSAGE_TRUNCATED_HEADER, "not one more");
	buf_fini(&b);
	arena_fini(&a);
}

static void
names(void)
{
	static const struct {
		const char *in, *name, *effective;
	} cases[] = {
	    {"Content-Type: image/gif; name=x.HTML\n\n", "x.HTML", "text/html"},
	    {"Content-Type: image/gif; name=x.shtm\n\n", "x.shtm", "text/html"},
	    {"Content-Type: image/gif; name=xhtml\n\n", "xhtml", "image/gif"},
	    {"Content-Disposition: inline; filename=a.htm\n"
	     "Content-Type: image/gif; name=b\n\n",
		"a.htm", "text/html"},
	    {"Content-Type: image/gif; name=0\n\n", NULL, "image/gif"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mime_tree tree;
		struct arena a;

		arena_init(&a, 0);
		mime_parse(&a, &settings.limits, str_from(cases[i].in), &tree);
		is_int(tree.root->has_name, cases[i].name != NULL,
		    "has a name or not");
		is_str(tree.root->name, str_from(cases[i].name), "name %s",
		    cases[i].name ? cases[i].name : "(none)");
		is_str(mime_effective_type(tree.root),
		    str_from(cases[i].effective), "effective type");
		arena_fini(&a);
	}
}

static void
pristine(void)
{
	struct mime_tree tree;
	struct arena a;

	arena_init(&a, 0);
	mime_parse(&a, &settings.limits,
	    STR("From x Mon\nX-Spam-Flag: YES\nA: b\n\nbody\n"), &tree);
	is_str(tree.pristine, STR("X-Spam-Flag: YES\nA: b\n\nbody\n"),
	    "all but the mbox line");
	is_str(tree.pristine_headers, STR("X-Spam-Flag: YES\nA: b\n\n"),
	    "the header section");
	is_str(tree.pristine_body, STR("body\n"), "the body");
	mime_parse(
	    &a, &settings.limits, STR("A: b\r\nC: d\n\r\nx\ny\r\n"), &tree);
	is_str(tree.pristine, STR("A: b\r\nC: d\r\n\r\nx\ny\r\n"),
	    "with CR LF the header section is made uniform");
	arena_fini(&a);
}

static void
full_arena(void)
{
	struct str text = STR(MIXED "--b\nA: b\n\nx\n--b\nA: b\n\ny\n--b--\n");

	for (size_t cap = 64; cap < 8192; cap += 64) {
		struct mime_tree tree;
		struct arena a;

		arena_init(&a, cap);
		if (mime_parse(&a, &settings.limits, text, &tree))
			for (const struct mime_node *n = tree.root; n != NULL;
			     n = mime_next(n))
				mime_decode(n);
		arena_fini(&a);
	}
	ok(true, "every cap ends in some tree or none");
}

/* So many blank lines behind `before` bytes of text: what is left of them. */
static size_t
squeezed(size_t before, size_t blank)
{
	struct arena a;
	struct buf b;
	size_t left;

	arena_init(&a, 0);
	buf_init_arena(&b, &a);
	for (size_t i = 0; i < before; i++)
		buf_add_char(&b, 'x');
	buf_add_cstr(&b, "x\n");
	for (size_t i = 0; i < blank; i++)
		buf_add_cstr(&b, i % 3 == 0 ? " \n" : "\n");
	buf_add_cstr(&b, "  y");
	left = b.len - lines_squeeze(&a, buf_str(&b)).len;
	arena_fini(&a);
	return left;
}

/* Wherever they stand, they are found. */
static void
blank_runs(void)
{
	size_t wrong = 0;

	for (size_t before = 0; before < 3 * LINES_BLANK_MAX; before++)
		for (size_t blank = 0; blank < 3 * LINES_BLANK_MAX; blank++)
			wrong += (squeezed(before, blank) > 0) !=
				 (blank > LINES_BLANK_MAX);
	is_int((long long)wrong, 0, "blank lines beyond the limit go");
}

int
main(void)
{
	mail_settings_init(&settings);
	trees();
	blank_runs();
	limits();
	fields();
	names();
	pristine();
	full_arena();
	mail_settings_fini(&settings);
	return done_testing();
}
