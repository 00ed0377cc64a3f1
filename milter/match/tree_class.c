/*
 * Characters and classes of a regular expression: what may stand at one place.
 */
#include "match/tree_parser.h"

#define UTF8_BYTES_MAX 4 /* of one character */
#define CODE_POINT_MAX 0x10ffff

void
byte_class_add(struct byte_class *c, unsigned byte)
{
	c->word[byte / 64] |= (uint64_t)1 << (byte % 64);
}

void
byte_class_invert(struct byte_class *c)
{
	for (size_t i = 0; i < 4; i++)
		c->word[i] = ~c->word[i];
}

unsigned
byte_other_case(unsigned byte)
{
	if (ascii_is_alpha((char)byte) && byte < 0x80)
		return byte ^ 0x20;
	if (byte >= 0xc0 && byte <= 0xde && byte != 0xd7)
		return byte + 0x20;
	if (byte >= 0xe0 && byte <= 0xfe && byte != 0xf7)
		return byte - 0x20;
	return byte;
}

static void
class_fold(struct byte_class *c)
{
	struct byte_class from = *c;

	for (unsigned i = 0; i < 256; i++)
		if (byte_class_has(&from, i))
			byte_class_add(c, byte_other_case(i));
}

/* ---- reading ------------------------------------------------------------ */

bool
parser_at_end(const struct parser *ps)
{
	return ps->failed || ps->p >= ps->end;
}

int
parser_peek(const struct parser *ps, size_t ahead)
{
	if (ps->failed || (size_t)(ps->end - ps->p) <= ahead)
		return -1;
	return ps->p[ahead];
}

bool
parser_take(struct parser *ps, const char *text)
{
	size_t len = strlen(text);

	if (ps->failed || (size_t)(ps->end - ps->p) < len ||
	    memcmp(ps->p, text, len) != 0)
		return false;
	ps->p += len;
	return true;
}

void
parser_fail(struct parser *ps)
{
	ps->failed = true;
}

/* Moves behind the next `c`. */
/* ---- nodes -------------------------------------------------------------- */

struct node *
parser_node(struct parser *ps, enum node_kind kind)
{
	struct node *n = arena_zalloc(ps->arena, sizeof(*n));

	if (n == NULL) {
		/* Parsing is given up at its next look. */
		parser_fail(ps);
		ps->spare = (struct node){0};
		return &ps->spare;
	}
	n->kind = kind;
	return n;
}

void
node_add_child(struct node *parent, struct node *child)
{
	if (parent->last_child != NULL)
		parent->last_child->next = child;
	else
		parent->child = child;
	parent->last_child = child;
}

bool
parser_is_utf(const struct parser *ps)
{
	return (ps->flags & REGEX_UTF) != 0;
}

/* A character of which no more is known: one to four bytes. */
static struct node *
character_node(struct parser *ps)
{
	struct node *n = parser_node(ps, NODE_REPEAT);
	struct node *byte = parser_node(ps, NODE_CLASS);

	byte_class_invert(&byte->u.class);
	n->u.repeat.least = 1;
	n->u.repeat.most = UTF8_BYTES_MAX;
	node_add_child(n, byte);
	return n;
}

/* In UTF mode only a class of ASCII is one of bytes. */
struct node *
parser_class_node(struct parser *ps, const struct byte_class *c)
{
	struct node *n;

	if (parser_is_utf(ps) && (ps->wide || (c->word[2] | c->word[3]) != 0)) {
		ps->wide = false;
		return character_node(ps);
	}
	n = parser_node(ps, NODE_CLASS);
	n->u.class = *c;
	return n;
}

struct node *
parser_byte_node(struct parser *ps, unsigned byte)
{
	struct byte_class c = {{0}};

	if (parser_is_utf(ps) && byte >= 0x80)
		while (parser_peek(ps, 0) >= 0x80 && parser_peek(ps, 0) < 0xc0)
			ps->p++;
	byte_class_add(&c, byte);
	if (ps->flags & REGEX_CASELESS)
		byte_class_add(&c, byte_other_case(byte));
	return parser_class_node(ps, &c);
}

/* ---- single characters -------------------------------------------------- */

/* \d \w \s \h \v and their complements; false: `c` is none of them. */
bool
parser_escape_class(struct byte_class *out, int c)
{
	static const unsigned char horizontal[] = {'\t', ' ', 0xa0};
	static const unsigned char vertical[] = {'\n', '\v', '\f', '\r', 0x85};
	struct byte_class set = {{0}};
	int lower = c >= 'A' && c <= 'Z' ? c + 32 : c;

	if (c < 0 || strchr("dwshv", lower) == NULL || lower == 0)
		return false;
	for (unsigned i = 0; i < 256; i++) {
		char b = (char)i;
		bool in =
		    i < 0x80 &&
		    ((lower == 'd' && ascii_is_digit(b)) ||
			(lower == 'w' && (ascii_is_alnum(b) || b == '_')) ||
			(lower == 's' && ascii_is_space(b)));

		if (lower == 'h')
			in = memchr(horizontal, (int)i, sizeof(horizontal));
		else if (lower == 'v')
			in = memchr(vertical, (int)i, sizeof(vertical));
		if (in != (c != lower))
			byte_class_add(&set, i);
	}
	for (size_t i = 0; i < 4; i++)
		out->word[i] |= set.word[i];
	return true;
}

/* \xHH or \x{HH}, the x already taken. In UTF mode 0 for a wide character. */
static int
parse_hex(struct parser *ps)
{
	int value = 0, digits = 0,
	    most = parser_is_utf(ps) ? CODE_POINT_MAX : 0xff;
	bool braced = parser_take(ps, "{");

	while (braced || digits < 2) {
		int digit = parser_peek(ps, 0) < 0
				? -1
				: ascii_hex((char)parser_peek(ps, 0));

		if (digit < 0)
			break;
		value = value * 16 + digit;
		ps->p++;
		if (++digits > 8 || value > most) {
			parser_fail(ps);
			return 0;
		}
	}
	if (braced && !parser_take(ps, "}"))
		parser_fail(ps);
	if (value <= 0x7f || !parser_is_utf(ps))
		return value;
	ps->wide = true;
	return 0;
}

static int
parse_octal(struct parser *ps, int most)
{
	int value = 0;

	for (int i = 0;
	     i < most && parser_peek(ps, 0) >= '0' && parser_peek(ps, 0) <= '7';
	     i++)
		value = value * 8 + (*ps->p++ - '0');
	if (value > 0xff)
		parser_fail(ps);
	return value & 0xff;
}

/*
 * An escape that stands for one byte, in a class and outside it; the backslash
 * and `c` are taken. -1: it is something else.
 */
int
parser_escaped_byte(struct parser *ps, int c)
{
	static const char letters[] = "tnrfae", values[] = "\t\n\r\f\a\033";
	const char *known;

	if (c == 'x')
		return parse_hex(ps);
	if (c == '0')
		return parse_octal(ps, 2);
	if (c == 'c' && parser_peek(ps, 0) > ' ' && parser_peek(ps, 0) < 0x7f)
		return ascii_upper((char)*ps->p++) ^ 0x40;
	known = c > 0 ? strchr(letters, c) : NULL;
	if (known != NULL)
		return values[known - letters];
	if (c >= 0 && !(c < 0x80 && ascii_is_alnum((char)c)))
		return c;
	return -1;
}

/* ---- classes ------------------------------------------------------------ */

static bool
posix_member(struct str name, unsigned i)
{
	char c = (char)i;

	if (i >= 0x80)
		return false;
	if (str_is(name, "alpha"))
		return ascii_is_alpha(c);
	if (str_is(name, "digit"))
		return ascii_is_digit(c);
	if (str_is(name, "alnum"))
		return ascii_is_alnum(c);
	if (str_is(name, "word"))
		return ascii_is_alnum(c) || c == '_';
	if (str_is(name, "space"))
		return ascii_is_space(c);
	if (str_is(name, "blank"))
		return c == ' ' || c == '\t';
	if (str_is(name, "upper"))
		return c >= 'A' && c <= 'Z';
	if (str_is(name, "lower"))
		return c >= 'a' && c <= 'z';
	if (str_is(name, "xdigit"))
		return ascii_hex(c) >= 0;
	if (str_is(name, "punct"))
		return i > ' ' && i < 0x7f && !ascii_is_alnum(c);
	if (str_is(name, "cntrl"))
		return i < ' ' || i == 0x7f;
	if (str_is(name, "print"))
		return i >= ' ' && i < 0x7f;
	if (str_is(name, "graph"))
		return i > ' ' && i < 0x7f;
	return str_is(name, "ascii");
}

/* [:name:]; the "[:" is ahead. False: it is no POSIX class. */
static bool
parse_posix(struct parser *ps, struct byte_class *out)
{
	static const char *const names[] = {"alpha", "digit", "alnum", "word",
	    "space", "blank", "upper", "lower", "xdigit", "punct", "cntrl",
	    "print", "graph", "ascii"};
	struct str rest =
	    str_make((const char *)ps->p + 2, (size_t)(ps->end - ps->p) - 2);
	bool negated = rest.len > 0 && rest.p[0] == '^';
	struct str name = str_skip(rest, negated ? 1 : 0);

	name = str_head(name, str_span(name, "abcdefghijklmnopqrstuvwxyz"));
	if (!str_starts(
		str_make(name.p + name.len,
		    (size_t)((const char *)ps->end - name.p) - name.len),
		STR(":]")))
		return false;
	ps->p = (const unsigned char *)name.p + name.len + 2;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!str_is(name, names[i]))
			continue;
		for (unsigned c = 0; c < 256; c++)
			if (posix_member(name, c) != negated)
				byte_class_add(out, c);
		return true;
	}
	parser_fail(ps);
	return true;
}

/* One member; its byte, or -1 when it was a whole class. */
static int
parse_member(struct parser *ps, struct byte_class *out)
{
	int c = *ps->p++;
	int byte;

	if (c == '[' && parser_peek(ps, 0) == ':') {
		ps->p--;
		if (parse_posix(ps, out))
			return -1;
		ps->p++;
		return '[';
	}
	if (c == '[' &&
	    (parser_peek(ps, 0) == '.' || parser_peek(ps, 0) == '='))
		parser_fail(ps);
	if (c != '\\')
		return c;
	if (parser_peek(ps, 0) < 0) {
		parser_fail(ps);
		return -1;
	}
	c = *ps->p++;
	if (c == 'b')
		return '\b';
	if (parser_escape_class(out, c))
		return -1;
	if (c >= '1' && c <= '7') {
		ps->p--;
		return parse_octal(ps, 3);
	}
	byte = parser_escaped_byte(ps, c);
	if (byte < 0)
		parser_fail(ps);
	return byte;
}

/* The '[' is taken. */
struct node *
parser_class(struct parser *ps)
{
	struct byte_class set = {{0}};
	bool negated = parser_take(ps, "^"), first = true;
	bool blanks = (ps->flags & REGEX_EXTENDED_MORE) != 0;

	for (; !parser_at_end(ps) && (first || *ps->p != ']'); first = false) {
		int low, high;

		if (blanks && (*ps->p == ' ' || *ps->p == '\t')) {
			ps->p++;
			continue;
		}
		low = parse_member(ps, &set);
		high = low;
		if (parser_peek(ps, 0) == '-' && parser_peek(ps, 1) >= 0 &&
		    parser_peek(ps, 1) != ']') {
			/* A range after a class is a matter of taste: "-" too.
			 */
			ps->p++;
			if (blanks)
				parser_fail(ps);
			high = parse_member(ps, &set);
			if (low < 0 || high < 0)
				byte_class_add(&set, '-');
			ps->wide |= parser_is_utf(ps) && (low < 0 || high < 0);
			if (high >= 0 && low < 0)
				low = high;
			if (high < 0)
				high = low;
		}
		ps->wide |= parser_is_utf(ps) && low < 0;
		for (int i = low; i >= 0 && i <= high; i++)
			byte_class_add(&set, (unsigned)i);
	}
	if (!parser_take(ps, "]"))
		parser_fail(ps);
	if (ps->flags & REGEX_CASELESS)
		class_fold(&set);
	if (negated)
		byte_class_invert(&set);
	ps->wide |= parser_is_utf(ps) && negated;
	return parser_class_node(ps, &set);
}
