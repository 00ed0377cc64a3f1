#include "match/tree.h"

#include "match/literal.h"

#define QUANTIFIERS_MAX 4 /* of one atom: a{2}{3} */
#define REPEAT_MAX 65535  /* as PCRE2 */
#define UTF8_BYTES_MAX 4  /* of one character */
#define CODE_POINT_MAX 0x10ffff

struct parser {
	const unsigned char *p;
	const unsigned char *end;
	unsigned flags;
	unsigned depth;
	bool failed; /* not understood: the pattern requires nothing */
	bool wide;   /* UTF: the class being read has more than ASCII */
	struct arena *arena;
	struct node spare; /* stands in when the arena is full */
};

static void
class_add(struct byte_class *c, unsigned byte)
{
	c->word[byte / 64] |= (uint64_t)1 << (byte % 64);
}

static void
class_invert(struct byte_class *c)
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
			class_add(c, byte_other_case(i));
}

/* ---- reading ------------------------------------------------------------ */

static bool
at_end(const struct parser *ps)
{
	return ps->failed || ps->p >= ps->end;
}

static int
peek(const struct parser *ps, size_t ahead)
{
	if (ps->failed || (size_t)(ps->end - ps->p) <= ahead)
		return -1;
	return ps->p[ahead];
}

static bool
take(struct parser *ps, const char *text)
{
	size_t len = strlen(text);

	if (ps->failed || (size_t)(ps->end - ps->p) < len ||
	    memcmp(ps->p, text, len) != 0)
		return false;
	ps->p += len;
	return true;
}

static void
fail(struct parser *ps)
{
	ps->failed = true;
}

/* Moves behind the next `c`. */
static void
skip_past(struct parser *ps, char c)
{
	while (!at_end(ps))
		if (*ps->p++ == (unsigned char)c)
			return;
	fail(ps);
}

/* Comments, and with /x white space; may stand before a quantifier too. */
static void
skip_ignored(struct parser *ps)
{
	while (!at_end(ps)) {
		bool extended =
		    (ps->flags & (REGEX_EXTENDED | REGEX_EXTENDED_MORE)) != 0;

		if (take(ps, "(?#")) {
			skip_past(ps, ')');
		} else if (take(ps, "\\E")) {
			continue;
		} else if (extended && ascii_is_space((char)*ps->p)) {
			ps->p++;
		} else if (extended && *ps->p == '#') {
			while (!at_end(ps) && *ps->p != '\n')
				ps->p++;
		} else {
			return;
		}
	}
}

/* ---- nodes -------------------------------------------------------------- */

static struct node *
new_node(struct parser *ps, enum node_kind kind)
{
	struct node *n = arena_zalloc(ps->arena, sizeof(*n));

	if (n == NULL) {
		/* Parsing is given up at its next look. */
		fail(ps);
		ps->spare = (struct node){0};
		return &ps->spare;
	}
	n->kind = kind;
	return n;
}

static void
add_child(struct node *parent, struct node *child)
{
	if (parent->last_child != NULL)
		parent->last_child->next = child;
	else
		parent->child = child;
	parent->last_child = child;
}

static struct node *
any_node(struct parser *ps)
{
	return new_node(ps, NODE_ANY);
}

static struct node *
edge_node(struct parser *ps, unsigned edges)
{
	struct node *n = new_node(ps, NODE_EDGE);

	n->u.edges = edges;
	return n;
}

static bool
is_utf(const struct parser *ps)
{
	return (ps->flags & REGEX_UTF) != 0;
}

/* A character of which no more is known: one to four bytes. */
static struct node *
character_node(struct parser *ps)
{
	struct node *n = new_node(ps, NODE_REPEAT);
	struct node *byte = new_node(ps, NODE_CLASS);

	class_invert(&byte->u.class);
	n->u.repeat.least = 1;
	n->u.repeat.most = UTF8_BYTES_MAX;
	add_child(n, byte);
	return n;
}

/* In UTF mode only a class of ASCII is one of bytes. */
static struct node *
class_node(struct parser *ps, const struct byte_class *c)
{
	struct node *n;

	if (is_utf(ps) && (ps->wide || (c->word[2] | c->word[3]) != 0)) {
		ps->wide = false;
		return character_node(ps);
	}
	n = new_node(ps, NODE_CLASS);
	n->u.class = *c;
	return n;
}

static struct node *
byte_node(struct parser *ps, unsigned byte)
{
	struct byte_class c = {{0}};

	if (is_utf(ps) && byte >= 0x80)
		while (peek(ps, 0) >= 0x80 && peek(ps, 0) < 0xc0)
			ps->p++;
	class_add(&c, byte);
	if (ps->flags & REGEX_CASELESS)
		class_add(&c, byte_other_case(byte));
	return class_node(ps, &c);
}

/* ---- single characters -------------------------------------------------- */

/* \d \w \s \h \v and their complements; false: `c` is none of them. */
static bool
add_escape_class(struct byte_class *out, int c)
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
			class_add(&set, i);
	}
	for (size_t i = 0; i < 4; i++)
		out->word[i] |= set.word[i];
	return true;
}

/* \xHH or \x{HH}, the x already taken. In UTF mode 0 for a wide character. */
static int
parse_hex(struct parser *ps)
{
	int value = 0, digits = 0, most = is_utf(ps) ? CODE_POINT_MAX : 0xff;
	bool braced = take(ps, "{");

	while (braced || digits < 2) {
		int digit = peek(ps, 0) < 0 ? -1 : ascii_hex((char)peek(ps, 0));

		if (digit < 0)
			break;
		value = value * 16 + digit;
		ps->p++;
		if (++digits > 8 || value > most) {
			fail(ps);
			return 0;
		}
	}
	if (braced && !take(ps, "}"))
		fail(ps);
	if (value <= 0x7f || !is_utf(ps))
		return value;
	ps->wide = true;
	return 0;
}

static int
parse_octal(struct parser *ps, int most)
{
	int value = 0;

	for (int i = 0; i < most && peek(ps, 0) >= '0' && peek(ps, 0) <= '7';
	     i++)
		value = value * 8 + (*ps->p++ - '0');
	if (value > 0xff)
		fail(ps);
	return value & 0xff;
}

/*
 * An escape that stands for one byte, in a class and outside it; the backslash
 * and `c` are taken. -1: it is something else.
 */
static int
escaped_byte(struct parser *ps, int c)
{
	static const char letters[] = "tnrfae", values[] = "\t\n\r\f\a\033";
	const char *known;

	if (c == 'x')
		return parse_hex(ps);
	if (c == '0')
		return parse_octal(ps, 2);
	if (c == 'c' && peek(ps, 0) > ' ' && peek(ps, 0) < 0x7f)
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
				class_add(out, c);
		return true;
	}
	fail(ps);
	return true;
}

/* One member; its byte, or -1 when it was a whole class. */
static int
parse_member(struct parser *ps, struct byte_class *out)
{
	int c = *ps->p++;
	int byte;

	if (c == '[' && peek(ps, 0) == ':') {
		ps->p--;
		if (parse_posix(ps, out))
			return -1;
		ps->p++;
		return '[';
	}
	if (c == '[' && (peek(ps, 0) == '.' || peek(ps, 0) == '='))
		fail(ps);
	if (c != '\\')
		return c;
	if (peek(ps, 0) < 0) {
		fail(ps);
		return -1;
	}
	c = *ps->p++;
	if (c == 'b')
		return '\b';
	if (add_escape_class(out, c))
		return -1;
	if (c >= '1' && c <= '7') {
		ps->p--;
		return parse_octal(ps, 3);
	}
	byte = escaped_byte(ps, c);
	if (byte < 0)
		fail(ps);
	return byte;
}

/* The '[' is taken. */
static struct node *
parse_class(struct parser *ps)
{
	struct byte_class set = {{0}};
	bool negated = take(ps, "^"), first = true;
	bool blanks = (ps->flags & REGEX_EXTENDED_MORE) != 0;

	for (; !at_end(ps) && (first || *ps->p != ']'); first = false) {
		int low, high;

		if (blanks && (*ps->p == ' ' || *ps->p == '\t')) {
			ps->p++;
			continue;
		}
		low = parse_member(ps, &set);
		high = low;
		if (peek(ps, 0) == '-' && peek(ps, 1) >= 0 &&
		    peek(ps, 1) != ']') {
			/* A range after a class is a matter of taste: "-" too.
			 */
			ps->p++;
			if (blanks)
				fail(ps);
			high = parse_member(ps, &set);
			if (low < 0 || high < 0)
				class_add(&set, '-');
			ps->wide |= is_utf(ps) && (low < 0 || high < 0);
			if (high >= 0 && low < 0)
				low = high;
			if (high < 0)
				high = low;
		}
		ps->wide |= is_utf(ps) && low < 0;
		for (int i = low; i >= 0 && i <= high; i++)
			class_add(&set, (unsigned)i);
	}
	if (!take(ps, "]"))
		fail(ps);
	if (ps->flags & REGEX_CASELESS)
		class_fold(&set);
	if (negated)
		class_invert(&set);
	ps->wide |= is_utf(ps) && negated;
	return class_node(ps, &set);
}

/* ---- escapes ------------------------------------------------------------ */

/* \g{name} \k<name> \k'name': what they repeat is not known here. */
static struct node *
parse_reference(struct parser *ps)
{
	int open = peek(ps, 0);

	if (open == '{')
		skip_past(ps, '}');
	else if (open == '<')
		skip_past(ps, '>');
	else if (open == '\'') {
		ps->p++;
		skip_past(ps, '\'');
	} else {
		take(ps, "-");
		while (peek(ps, 0) >= '0' && peek(ps, 0) <= '9')
			ps->p++;
	}
	return any_node(ps);
}

/* \Q...\E: the text as it stands. */
static struct node *
parse_quoted(struct parser *ps)
{
	struct node *n = new_node(ps, NODE_SEQUENCE);

	/* A quantifier would belong to the last byte alone. */
	while (!at_end(ps) && !take(ps, "\\E")) {
		unsigned byte = *ps->p++;

		add_child(n, byte_node(ps, byte));
	}
	if (peek(ps, 0) >= 0 && strchr("*+?{", peek(ps, 0)) != NULL)
		fail(ps);
	return n;
}

static struct node *
parse_escape(struct parser *ps)
{
	struct byte_class set = {{0}};
	int c = peek(ps, 0), byte;

	if (c < 0) {
		fail(ps);
		return any_node(ps);
	}
	ps->p++;
	if (add_escape_class(&set, c)) {
		ps->wide = is_utf(ps); /* the Unicode property of that name */
		return class_node(ps, &set);
	}
	switch (c) {
	case 'b':
		return edge_node(ps, EDGE_WORD);
	case 'A':
		return edge_node(ps, EDGE_START);
	case 'z':
	case 'Z':
		return edge_node(ps, EDGE_END);
	case 'B':
	case 'G':
	case 'K':
		return edge_node(ps, 0);
	case 'N':
	case 'R':
	case 'X':
		if (peek(ps, 0) == '{')
			fail(ps);
		return any_node(ps);
	case 'g':
	case 'k':
		return parse_reference(ps);
	case 'Q':
		return parse_quoted(ps);
	default:
		break;
	}
	if (c >= '1' && c <= '9') {
		/* A back-reference or an octal number. */
		while (peek(ps, 0) >= '0' && peek(ps, 0) <= '9')
			ps->p++;
		return any_node(ps);
	}
	byte = escaped_byte(ps, c);
	if (byte >= 0)
		return byte_node(ps, (unsigned)byte);
	fail(ps);
	return any_node(ps);
}

/* ---- groups ------------------------------------------------------------- */

static struct node *parse_alternatives(struct parser *ps);

/* The rest of a group whose '(' and kind are taken, with its ')'. */
static struct node *
parse_group_body(struct parser *ps)
{
	unsigned flags = ps->flags;
	struct node *n = NULL;

	if (++ps->depth > TREE_DEPTH_MAX)
		fail(ps);
	else
		n = parse_alternatives(ps);
	if (!take(ps, ")"))
		fail(ps);
	ps->depth--;
	ps->flags = flags;
	return n != NULL ? n : any_node(ps);
}

/* Looked at and forgotten: what stands around it must match by itself. */
static struct node *
parse_assertion(struct parser *ps)
{
	parse_group_body(ps);
	return edge_node(ps, 0);
}

static void
set_flag(struct parser *ps, unsigned flag, bool on)
{
	if (on)
		ps->flags |= flag;
	else
		ps->flags &= ~flag;
}

/* (?i) (?i:...) (?^i-s:...): "(?" is taken. */
static struct node *
parse_flags(struct parser *ps)
{
	unsigned outer = ps->flags;
	struct node *n;
	bool on = true;

	if (take(ps, "^"))
		ps->flags = 0;
	for (;;) {
		int c = peek(ps, 0);

		if (c < 0) {
			fail(ps);
			return any_node(ps);
		}
		ps->p++;
		if (c == ')') /* to the end of the enclosing group */
			return edge_node(ps, 0);
		if (c == ':')
			break;
		if (c == '-')
			on = false;
		else if (c == 'i')
			set_flag(ps, REGEX_CASELESS, on);
		else if (c == 'm')
			set_flag(ps, REGEX_MULTILINE, on);
		else if (c == 's')
			set_flag(ps, REGEX_DOTALL, on);
		else if (c == 'x' && peek(ps, 0) == 'x')
			set_flag(ps, REGEX_EXTENDED_MORE, on);
		else if (c == 'x') {
			set_flag(ps, REGEX_EXTENDED, on);
			if (!on)
				set_flag(ps, REGEX_EXTENDED_MORE, false);
		} else if (c != 'n' && c != 'a' && c != 'J' && c != 'U')
			fail(ps);
	}
	n = parse_group_body(ps);
	ps->flags = outer;
	return n;
}

static struct node *
parse_group(struct parser *ps)
{
	if (take(ps, "*")) {
		fail(ps); /* verbs and named assertions */
		return any_node(ps);
	}
	if (!take(ps, "?"))
		return parse_group_body(ps);
	if (take(ps, "=") || take(ps, "!") || take(ps, "<=") || take(ps, "<!"))
		return parse_assertion(ps);
	if (take(ps, ":") || take(ps, ">") || take(ps, "|"))
		return parse_group_body(ps);
	if (take(ps, "P<") || take(ps, "<")) {
		skip_past(ps, '>');
		return parse_group_body(ps);
	}
	if (take(ps, "'")) {
		skip_past(ps, '\'');
		return parse_group_body(ps);
	}
	if (take(ps, "(DEFINE)"))
		return parse_assertion(ps);
	/* Calls of a group, (?1) (?R) (?&name) (?P>name), match anything. */
	if (take(ps, "&") || take(ps, "P>") || take(ps, "P=") ||
	    (peek(ps, 0) >= '0' && peek(ps, 0) <= '9') || peek(ps, 0) == 'R' ||
	    peek(ps, 0) == '+' ||
	    (peek(ps, 0) == '-' && peek(ps, 1) >= '0' && peek(ps, 1) <= '9')) {
		skip_past(ps, ')');
		return any_node(ps);
	}
	if (peek(ps, 0) == '(' || peek(ps, 0) == 'C') {
		fail(ps); /* conditions and callouts */
		return any_node(ps);
	}
	return parse_flags(ps);
}

/* ---- sequences ---------------------------------------------------------- */

static bool
parse_number(struct parser *ps, uint32_t *out)
{
	uint32_t n = 0;
	bool any = false;

	while (peek(ps, 0) >= '0' && peek(ps, 0) <= '9') {
		n = n * 10 + (uint32_t)(*ps->p++ - '0');
		any = true;
		if (n > REPEAT_MAX)
			fail(ps);
	}
	*out = n;
	return any;
}

/* {n} {n,} {n,m}; anything else is text, and nothing is taken. */
static bool
parse_braces(struct parser *ps, uint32_t *least, uint32_t *most)
{
	const unsigned char *start = ps->p;

	ps->p++;
	if (parse_number(ps, least)) {
		*most = *least;
		if (take(ps, ",") && !parse_number(ps, most))
			*most = UINT32_MAX;
		if (take(ps, "}"))
			return true;
	}
	ps->p = start;
	return false;
}

static bool
parse_quantifier(struct parser *ps, uint32_t *least, uint32_t *most)
{
	switch (peek(ps, 0)) {
	case '*':
	case '+':
		*least = *ps->p++ == '+';
		*most = UINT32_MAX;
		break;
	case '?':
		ps->p++;
		*least = 0;
		*most = 1;
		break;
	case '{':
		if (!parse_braces(ps, least, most))
			return false;
		break;
	default:
		return false;
	}
	if (!take(ps, "?"))
		take(ps, "+");
	return true;
}

/* Not a newline, or with /s any byte. */
static struct node *
dot_node(struct parser *ps)
{
	struct byte_class c = {{0}};

	if ((ps->flags & REGEX_DOTALL) == 0)
		class_add(&c, '\n');
	class_invert(&c);
	return class_node(ps, &c);
}

static struct node *
parse_atom(struct parser *ps)
{
	int c = *ps->p++;

	switch (c) {
	case '(':
		return parse_group(ps);
	case '[':
		return parse_class(ps);
	case '\\':
		return parse_escape(ps);
	case '.':
		return dot_node(ps);
	case '^':
		return edge_node(
		    ps, ps->flags & REGEX_MULTILINE ? EDGE_LINE : EDGE_START);
	case '$':
		return edge_node(ps, EDGE_END);
	default:
		return byte_node(ps, (unsigned)c);
	}
}

static struct node *
parse_repeats(struct parser *ps, struct node *atom)
{
	uint32_t least, most;
	unsigned count = 0;

	skip_ignored(ps);
	while (parse_quantifier(ps, &least, &most)) {
		struct node *n = new_node(ps, NODE_REPEAT);

		if (++count > QUANTIFIERS_MAX)
			fail(ps);
		n->u.repeat.least = least;
		n->u.repeat.most = most;
		add_child(n, atom);
		atom = n;
		skip_ignored(ps);
	}
	return atom;
}

static struct node *
parse_sequence(struct parser *ps)
{
	struct node *n = new_node(ps, NODE_SEQUENCE);

	for (;;) {
		skip_ignored(ps);
		if (at_end(ps) || *ps->p == '|' || *ps->p == ')')
			return n;
		add_child(n, parse_repeats(ps, parse_atom(ps)));
	}
}

static struct node *
parse_alternatives(struct parser *ps)
{
	struct node *first = parse_sequence(ps), *n;

	if (peek(ps, 0) != '|')
		return first;
	n = new_node(ps, NODE_CHOICE);
	add_child(n, first);
	while (take(ps, "|"))
		add_child(n, parse_sequence(ps));
	return n;
}

struct node *
tree_parse(struct str pattern, unsigned flags, struct arena *a)
{
	struct parser ps = {.p = (const unsigned char *)pattern.p,
	    .end = (const unsigned char *)pattern.p + pattern.len,
	    .flags = flags,
	    .arena = a};
	struct node *root;

	if (pattern.len == 0)
		return NULL;
	root = parse_alternatives(&ps);
	if (ps.failed || ps.p != ps.end || a->full)
		return NULL;
	return root;
}
