#include "match/tree.h"

#include "match/literal.h"
#include "match/tree_parser.h"

#define QUANTIFIERS_MAX 4 /* of one atom: a{2}{3} */
#define REPEAT_MAX 65535  /* as PCRE2 */

/* ---- reading ------------------------------------------------------------ */

static void
skip_past(struct parser *ps, char c)
{
	while (!parser_at_end(ps))
		if (*ps->p++ == (unsigned char)c)
			return;
	parser_fail(ps);
}

/* Comments, and with /x white space; may stand before a quantifier too. */
static void
skip_ignored(struct parser *ps)
{
	while (!parser_at_end(ps)) {
		bool extended =
		    (ps->flags & (REGEX_EXTENDED | REGEX_EXTENDED_MORE)) != 0;

		if (parser_take(ps, "(?#")) {
			skip_past(ps, ')');
		} else if (parser_take(ps, "\\E")) {
			continue;
		} else if (extended && ascii_is_space((char)*ps->p)) {
			ps->p++;
		} else if (extended && *ps->p == '#') {
			while (!parser_at_end(ps) && *ps->p != '\n')
				ps->p++;
		} else {
			return;
		}
	}
}

/* ---- nodes -------------------------------------------------------------- */

static struct node *
any_node(struct parser *ps)
{
	return parser_node(ps, NODE_ANY);
}

static struct node *
edge_node(struct parser *ps, unsigned edges)
{
	struct node *n = parser_node(ps, NODE_EDGE);

	n->u.edges = edges;
	return n;
}

/* ---- escapes ------------------------------------------------------------ */

/* \g{name} \k<name> \k'name': what they repeat is not known here. */
static struct node *
parse_reference(struct parser *ps)
{
	int open = parser_peek(ps, 0);

	if (open == '{')
		skip_past(ps, '}');
	else if (open == '<')
		skip_past(ps, '>');
	else if (open == '\'') {
		ps->p++;
		skip_past(ps, '\'');
	} else {
		parser_take(ps, "-");
		while (parser_peek(ps, 0) >= '0' && parser_peek(ps, 0) <= '9')
			ps->p++;
	}
	return any_node(ps);
}

/* \Q...\E: the text as it stands. */
static struct node *
parse_quoted(struct parser *ps)
{
	struct node *n = parser_node(ps, NODE_SEQUENCE);

	/* A quantifier would belong to the last byte alone. */
	while (!parser_at_end(ps) && !parser_take(ps, "\\E")) {
		unsigned byte = *ps->p++;

		node_add_child(n, parser_byte_node(ps, byte));
	}
	if (parser_peek(ps, 0) >= 0 &&
	    strchr("*+?{", parser_peek(ps, 0)) != NULL)
		parser_fail(ps);
	return n;
}

/* \c where it is neither a class nor a byte; NULL: it is. */
static struct node *
parse_special(struct parser *ps, int c)
{
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
		if (parser_peek(ps, 0) == '{')
			parser_fail(ps);
		return any_node(ps);
	case 'g':
	case 'k':
		return parse_reference(ps);
	case 'Q':
		return parse_quoted(ps);
	default:
		return NULL;
	}
}

static struct node *
parse_escape(struct parser *ps)
{
	struct byte_class set = {{0}};
	int c = parser_peek(ps, 0), byte;
	struct node *n;

	if (c < 0) {
		parser_fail(ps);
		return any_node(ps);
	}
	ps->p++;
	if (parser_escape_class(&set, c)) {
		ps->wide =
		    parser_is_utf(ps); /* the Unicode property of that name */
		return parser_class_node(ps, &set);
	}
	n = parse_special(ps, c);
	if (n != NULL)
		return n;
	if (c >= '1' && c <= '9') {
		/* A back-reference or an octal number. */
		while (parser_peek(ps, 0) >= '0' && parser_peek(ps, 0) <= '9')
			ps->p++;
		return parser_node(ps, NODE_REFERENCE);
	}
	byte = parser_escaped_byte(ps, c);
	if (byte >= 0)
		return parser_byte_node(ps, (unsigned)byte);
	parser_fail(ps);
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
		parser_fail(ps);
	else
		n = parse_alternatives(ps);
	if (!parser_take(ps, ")"))
		parser_fail(ps);
	ps->depth--;
	ps->flags = flags;
	return n != NULL ? n : any_node(ps);
}

/* Beside the way: what stands around it must match by itself. */
static struct node *
parse_assertion(struct parser *ps)
{
	struct node *n = edge_node(ps, 0);

	node_add_child(n, parse_group_body(ps));
	return n;
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

	if (parser_take(ps, "^"))
		ps->flags = 0;
	for (;;) {
		int c = parser_peek(ps, 0);

		if (c < 0) {
			parser_fail(ps);
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
		else if (c == 'x' && parser_peek(ps, 0) == 'x')
			set_flag(ps, REGEX_EXTENDED_MORE, on);
		else if (c == 'x') {
			set_flag(ps, REGEX_EXTENDED, on);
			if (!on)
				set_flag(ps, REGEX_EXTENDED_MORE, false);
		} else if (c != 'n' && c != 'a' && c != 'J' && c != 'U')
			parser_fail(ps);
	}
	n = parse_group_body(ps);
	ps->flags = outer;
	return n;
}

static struct node *
parse_group(struct parser *ps)
{
	if (parser_take(ps, "*")) {
		parser_fail(ps); /* verbs and named assertions */
		return any_node(ps);
	}
	if (!parser_take(ps, "?"))
		return parse_group_body(ps);
	if (parser_take(ps, "=") || parser_take(ps, "!") ||
	    parser_take(ps, "<=") || parser_take(ps, "<!"))
		return parse_assertion(ps);
	if (parser_take(ps, ":") || parser_take(ps, ">") ||
	    parser_take(ps, "|"))
		return parse_group_body(ps);
	if (parser_take(ps, "P<") || parser_take(ps, "<")) {
		skip_past(ps, '>');
		return parse_group_body(ps);
	}
	if (parser_take(ps, "'")) {
		skip_past(ps, '\'');
		return parse_group_body(ps);
	}
	if (parser_take(ps, "(DEFINE)"))
		return parse_assertion(ps);
	/* Calls of a group, (?1) (?R) (?&name) (?P>name), match anything. */
	if (parser_take(ps, "&") || parser_take(ps, "P>") ||
	    parser_take(ps, "P=") ||
	    (parser_peek(ps, 0) >= '0' && parser_peek(ps, 0) <= '9') ||
	    parser_peek(ps, 0) == 'R' || parser_peek(ps, 0) == '+' ||
	    (parser_peek(ps, 0) == '-' && parser_peek(ps, 1) >= '0' &&
		parser_peek(ps, 1) <= '9')) {
		skip_past(ps, ')');
		return any_node(ps);
	}
	if (parser_peek(ps, 0) == '(' || parser_peek(ps, 0) == 'C') {
		parser_fail(ps); /* conditions and callouts */
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

	while (parser_peek(ps, 0) >= '0' && parser_peek(ps, 0) <= '9') {
		n = n * 10 + (uint32_t)(*ps->p++ - '0');
		any = true;
		if (n > REPEAT_MAX)
			parser_fail(ps);
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
		if (parser_take(ps, ",") && !parse_number(ps, most))
			*most = UINT32_MAX;
		if (parser_take(ps, "}"))
			return true;
	}
	ps->p = start;
	return false;
}

static bool
parse_quantifier(struct parser *ps, uint32_t *least, uint32_t *most)
{
	switch (parser_peek(ps, 0)) {
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
	if (!parser_take(ps, "?"))
		parser_take(ps, "+");
	return true;
}

/* Not a newline, or with /s any byte. */
static struct node *
dot_node(struct parser *ps)
{
	struct byte_class c = {{0}};

	if ((ps->flags & REGEX_DOTALL) == 0)
		byte_class_add(&c, '\n');
	byte_class_invert(&c);
	return parser_class_node(ps, &c);
}

static struct node *
parse_atom(struct parser *ps)
{
	int c = *ps->p++;

	switch (c) {
	case '(':
		return parse_group(ps);
	case '[':
		return parser_class(ps);
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
		return parser_byte_node(ps, (unsigned)c);
	}
}

static struct node *
parse_repeats(struct parser *ps, struct node *atom)
{
	uint32_t least, most;
	unsigned count = 0;

	skip_ignored(ps);
	while (parse_quantifier(ps, &least, &most)) {
		struct node *n = parser_node(ps, NODE_REPEAT);

		if (++count > QUANTIFIERS_MAX)
			parser_fail(ps);
		n->u.repeat.least = least;
		n->u.repeat.most = most;
		node_add_child(n, atom);
		atom = n;
		skip_ignored(ps);
	}
	return atom;
}

static struct node *
parse_sequence(struct parser *ps)
{
	struct node *n = parser_node(ps, NODE_SEQUENCE);

	for (;;) {
		skip_ignored(ps);
		if (parser_at_end(ps) || *ps->p == '|' || *ps->p == ')')
			return n;
		node_add_child(n, parse_repeats(ps, parse_atom(ps)));
	}
}

static struct node *
parse_alternatives(struct parser *ps)
{
	struct node *first = parse_sequence(ps), *n;

	if (parser_peek(ps, 0) != '|')
		return first;
	n = parser_node(ps, NODE_CHOICE);
	node_add_child(n, first);
	while (parser_take(ps, "|"))
		node_add_child(n, parse_sequence(ps));
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
