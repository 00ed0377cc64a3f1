#include "rule/access_internal.h"

/*
 * Documents: cidr_table(5), pcre_table(5), regexp_table(5), access(5) of
 * Postfix 3.7. What Postfix alone can do (FILTER, REDIRECT, names of its own
 * restrictions) is told once for each line and passed over as DUNNO, so a table
 * never refuses here what it would not refuse there.
 */

struct table_line {
	struct access_source *src;
	enum access_kind kind;
	struct str text; /* without the line end; continuations joined */
	uint32_t number; /* of the first */
	/* Open `if` blocks, innermost first. */
	struct access_condition *block;
	unsigned depth;
};

bool
access_postfix_type(struct str type, enum access_table_type *type_out)
{
	static const struct {
		const char *name;
		enum access_table_type type;
	} types[] = {
	    {"cidr", TABLE_CIDR},
	    {"pcre", TABLE_PCRE},
	    {"regexp", TABLE_REGEXP},
	    {"hash", TABLE_ACCESS},
	    {"texthash", TABLE_ACCESS},
	    {"btree", TABLE_ACCESS},
	    {"lmdb", TABLE_ACCESS},
	    {"cdb", TABLE_ACCESS},
	    {"dbm", TABLE_ACCESS},
	    {"access", TABLE_ACCESS},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is(type, types[i].name)) {
			*type_out = types[i].type;
			return true;
		}
	return false;
}

/* ---- diagnostics -------------------------------------------------------- */

static struct source_pos
pos_of(const struct table_line *l, const char *at)
{
	return source_pos_in(l->src->file, l->number, l->text, at);
}

static void
complain(const struct table_line *l, enum severity severity, const char *at,
    const char *message)
{
	struct source_pos pos = pos_of(l, at);

	diag_add_excerpt(
	    l->src->diags, severity, pos, l->text, pos.col - 1, "%s", message);
}

static void
fail(const struct table_line *l, const char *at, const char *message)
{
	complain(l, SEVERITY_ERROR, at, message);
}

/* ---- results ------------------------------------------------------------ */

/* "5.7.1 text": the reply has an enhanced code of its own. */
static struct str
skip_enhanced_code(struct str text)
{
	struct str rest = text, word = str_word(&rest);

	if (word.len < 5 || word.p[1] != '.' ||
	    (word.p[0] != '4' && word.p[0] != '5') ||
	    str_span(word, "0123456789.") != word.len)
		return text;
	return str_trim(rest);
}

static bool
all_digits(struct str s)
{
	return s.len > 0 && str_span(s, "0123456789") == s.len;
}

/* "550 text", "250": 4NN and 5NN refuse, other numbers let pass. */
static void
numeric_result(struct str word, struct access_entry *e)
{
	uint64_t code = 0;

	str_to_u64(word, &code);
	e->action = ACCESS_ALLOW;
	if (word.len != 3 || (word.p[0] != '4' && word.p[0] != '5'))
		return;
	e->action = word.p[0] == '4' ? ACCESS_TEMPFAIL : ACCESS_REJECT;
	e->code = (unsigned)code;
}

static const struct {
	const char *word;
	enum access_action action;
	bool shadow;
	const char *told; /* a warning, or NULL */
} results[] = {
    {"OK", ACCESS_ALLOW, false, NULL},
    {"PERMIT", ACCESS_ALLOW, false, NULL},
    {"REJECT", ACCESS_REJECT, false, NULL},
    {"DEFER", ACCESS_TEMPFAIL, false, NULL},
    {"DEFER_IF_PERMIT", ACCESS_TEMPFAIL, false, NULL},
    {"DEFER_IF_REJECT", ACCESS_DUNNO, false,
	"DEFER_IF_REJECT has no counterpart here: passed over"},
    {"DISCARD", ACCESS_DISCARD, false, NULL},
    {"HOLD", ACCESS_QUARANTINE, false, NULL},
    {"DUNNO", ACCESS_DUNNO, false, NULL},
    {"WARN", ACCESS_REJECT, true, NULL},
    {"INFO", ACCESS_REJECT, true, NULL},
};

static void
parse_result(
    const struct table_line *l, struct str value, struct access_entry *e)
{
	struct str rest = value, word = str_word(&rest);

	e->action = ACCESS_DUNNO;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (!str_is_nocase(word, results[i].word))
			continue;
		e->action = results[i].action;
		e->shadow = results[i].shadow;
		if (results[i].told != NULL)
			complain(l, SEVERITY_WARNING, word.p, results[i].told);
		e->text = skip_enhanced_code(str_trim(rest));
		return;
	}
	if (all_digits(word)) {
		numeric_result(word, e);
		e->text = skip_enhanced_code(str_trim(rest));
		return;
	}
	complain(l, SEVERITY_WARNING, word.p,
	    "this result is Postfix's own: passed over");
}

/* ---- if ... endif ------------------------------------------------------- */

static bool
open_block(
    struct table_line *l, const struct access_condition *c, const char *at)
{
	struct access_condition *copy;

	if (l->depth == ACCESS_NEST_MAX) {
		fail(l, at, "too many nested if blocks");
		return false;
	}
	copy = arena_alloc(&l->src->set->memory, sizeof(*copy));
	invariant(copy != NULL);
	*copy = *c;
	copy->outer = l->block;
	l->block = copy;
	l->depth++;
	return true;
}

static void
close_block(struct table_line *l)
{
	if (l->block == NULL) {
		fail(l, l->text.p, "endif without if");
		return;
	}
	l->block = l->block->outer;
	l->depth--;
}

/* ---- cidr: -------------------------------------------------------------- */

/* "!192.0.2.0/24": the network and whether it is negated. */
static bool
parse_net(const struct table_line *l, struct str word, struct cidr *net_out,
    bool *negated_out)
{
	*negated_out = str_starts(word, STR("!"));
	if (cidr_parse(str_skip(word, *negated_out), net_out))
		return true;
	fail(l, word.p, "not an address or network");
	return false;
}

static void
add_cidr(struct table_line *l, struct access_node *n, struct str key)
{
	struct access_node *node;
	struct cidr net;

	if (!parse_net(l, key, &net, &n->negated))
		return;
	n->has_net = true;
	n->net = net;
	node = access_node_add(l->src->set, l->src->table, n, l->src->diags);
	if (node == NULL)
		return;
	if (node->negated)
		access_index_tried(l->src->table, node);
	else
		access_index_net(l->src->table, node, &net);
}

static void
open_cidr_block(struct table_line *l, struct str rest)
{
	struct access_condition c = {.is_net = true};
	struct str word = str_word(&rest);

	/* A condition that cannot be read holds never, not always. */
	if (!parse_net(l, word, &c.net, &c.negated))
		c = (struct access_condition){.is_net = true, .negated = true};
	open_block(l, &c, word.p);
}

/* ---- pcre: and regexp: -------------------------------------------------- */

/* i m x, of which x asks for the grammar of grep; no others. */
static bool
is_posix_flag(const struct table_line *l, const char *letter)
{
	if (*letter == 'i' || *letter == 'm')
		return true;
	fail(l, letter,
	    *letter == 'x' ? "basic regular expressions are not provided"
			   : "unknown pattern flag");
	return false;
}

static bool
pattern_flags(const struct table_line *l, struct str letters, unsigned *out)
{
	bool posix = l->src->table->type == TABLE_REGEXP;
	unsigned flags = REGEX_CASELESS | REGEX_DOTALL;

	for (size_t i = 0; i < letters.len; i++) {
		if (posix && !is_posix_flag(l, letters.p + i))
			return false;
		switch (letters.p[i]) {
		case 'i':
			flags ^= REGEX_CASELESS;
			break;
		case 'm':
			flags ^= REGEX_MULTILINE;
			break;
		case 's':
			flags ^= REGEX_DOTALL;
			break;
		case 'x':
			flags ^= REGEX_EXTENDED;
			break;
		case 'A':
			flags ^= REGEX_ANCHORED;
			break;
		case 'U':
			flags ^= REGEX_UNGREEDY;
			break;
		case 'E':
		case 'X':
			break;
		default:
			fail(l, letters.p + i, "unknown pattern flag");
			return false;
		}
	}
	*out = flags;
	return true;
}

/*
 * "!/pattern/flags rest": compiles it; `*written` is all of the pattern and
 * `*rest` what follows. NULL: a diag was written.
 */
static struct regex *
take_regex(const struct table_line *l, struct str *rest, bool *negated_out,
    struct str *written_out)
{
	struct str s = *rest, pattern, letters;
	unsigned flags;
	size_t i;

	*negated_out = str_starts(s, STR("!"));
	s = str_trim_left(str_skip(s, *negated_out));
	if (s.len == 0 || ascii_is_alnum(s.p[0]) || s.p[0] == '\\') {
		fail(l, rest->p, "expected a /pattern/");
		return NULL;
	}
	for (i = 1; i < s.len && s.p[i] != s.p[0]; i++)
		i += s.p[i] == '\\';
	if (i >= s.len) {
		fail(l, s.p, "the pattern is not closed");
		return NULL;
	}
	pattern = str_make(s.p + 1, i - 1);
	*rest = str_skip(s, i + 1);
	letters = str_word(rest);
	if (letters.len > 0 && letters.p != s.p + i + 1) {
		*rest = str_skip(s, i + 1);
		letters = STR_NONE;
	}
	*written_out = str_make(s.p, i + 1);
	if (pattern.len > ACCESS_PATTERN_MAX) {
		fail(l, pattern.p, "the pattern is too long");
		return NULL;
	}
	if (!pattern_flags(l, letters, &flags))
		return NULL;
	return access_compile(
	    l->src->set, pattern, flags, pos_of(l, pattern.p), l->src->diags);
}

static void
add_pattern(struct table_line *l, struct access_node *n, struct str rest)
{
	struct access_node *node;

	n->regex = take_regex(l, &rest, &n->negated, &n->entry.pattern);
	if (n->regex == NULL)
		return;
	rest = str_trim(rest);
	if (rest.len == 0) {
		fail(l, l->text.p, "no result after the pattern");
		return;
	}
	parse_result(l, rest, &n->entry);
	node = access_node_add(l->src->set, l->src->table, n, l->src->diags);
	if (node != NULL)
		access_index_tried(l->src->table, node);
}

static void
open_pattern_block(struct table_line *l, struct str rest)
{
	struct access_condition c = {.is_net = false};
	struct str written;
	const char *at = rest.p;

	c.regex = take_regex(l, &rest, &c.negated, &written);
	open_block(l, &c, at);
}

/* ---- access(5) ---------------------------------------------------------- */

/* "192.0.2" or "2001:db8": whole octets or words of an address. */
static bool
partial_net(struct str key, struct cidr *out)
{
	struct buf text;
	bool v6 = str_find_char(key, ':') != STR_NPOS;
	unsigned parts = 1;
	bool good;

	if (cidr_parse(key, out))
		return true;
	if (str_span(key, v6 ? "0123456789abcdefABCDEF:" : "0123456789.") !=
	    key.len)
		return false;
	for (size_t i = 0; i < key.len; i++)
		parts += key.p[i] == (v6 ? ':' : '.');
	if (parts > (v6 ? 7 : 3))
		return false;
	buf_init(&text);
	buf_add(&text, key);
	for (unsigned i = parts; !v6 && i < 4; i++)
		buf_add_cstr(&text, ".0");
	buf_printf(&text, v6 ? "::/%u" : "/%u", parts * (v6 ? 16 : 8));
	good = cidr_parse(buf_str(&text), out);
	buf_fini(&text);
	return good;
}

static void
add_access(struct table_line *l, struct access_node *n, struct str key)
{
	struct access_source *src = l->src;
	struct access_node *node;
	struct cidr net;

	n->forms = FORM_SELF | FORM_BELOW;
	key = access_lower(src->set, key);
	if (str_eq(key, STR("<>")))
		key = STR("");
	else if (str_starts(key, STR("."))) {
		n->forms = FORM_BELOW;
		key = str_skip(key, 1);
	}
	node = access_node_add(src->set, src->table, n, src->diags);
	if (node == NULL)
		return;
	if (n->entry.kind == ACCESS_CLIENT && partial_net(key, &net))
		access_index_net(src->table, node, &net);
	else
		access_index_name(src->table, node, key);
}

/* ---- lines -------------------------------------------------------------- */

static struct str
take_key(struct str *rest)
{
	size_t end;

	if (!str_starts(*rest, STR("\"")))
		return str_word(rest);
	end = str_find_char(str_skip(*rest, 1), '"');
	if (end == STR_NPOS)
		return str_word(rest);
	*rest = str_skip(*rest, end + 2);
	return str_make(rest->p - end - 1, end);
}

static void
parse_entry(struct table_line *l, struct str rest)
{
	struct access_node n = {
	    .entry = {.kind = l->kind}, .condition = l->block};
	struct str key;

	n.entry.pos = pos_of(l, rest.p);
	if (l->src->table->type >= TABLE_PCRE) {
		add_pattern(l, &n, rest);
		return;
	}
	key = take_key(&rest);
	rest = str_trim(rest);
	if (rest.len == 0) {
		fail(l, key.p, "no result after the key");
		return;
	}
	if (key.len > ACCESS_PATTERN_MAX) {
		fail(l, key.p, "the key is too long");
		return;
	}
	n.entry.pattern = key;
	parse_result(l, rest, &n.entry);
	if (l->src->table->type == TABLE_CIDR)
		add_cidr(l, &n, key);
	else
		add_access(l, &n, key);
}

static void
parse_line(struct table_line *l)
{
	struct str rest = str_trim(l->text), after = rest;
	struct str word = str_word(&after);
	bool blocks = l->src->table->type != TABLE_ACCESS;

	if (rest.len == 0)
		return;
	after = str_trim_left(after);
	if (blocks && str_is_nocase(word, "endif"))
		close_block(l);
	else if (!blocks || !str_is_nocase(word, "if"))
		parse_entry(l, rest);
	else if (l->src->table->type == TABLE_CIDR)
		open_cidr_block(l, after);
	else
		open_pattern_block(l, after);
}

/* Comments and blank lines are nothing, also in the middle of a line. */
static bool
is_nothing(struct str physical)
{
	physical = str_trim(physical);
	return physical.len == 0 || physical.p[0] == '#';
}

/* The whole of a line and those that continue it. One physical line is a slice;
 * more are copied. */
static bool
next_line(struct table_line *l, struct str *rest, uint32_t *number)
{
	struct str first = STR_NONE;
	struct buf joined;

	while (rest->p != NULL && first.p == NULL) {
		struct str physical = str_cut(rest, '\n');

		++*number;
		if (!is_nothing(physical))
			first = physical;
	}
	if (first.p == NULL)
		return false;
	l->number = *number;
	l->text = first;
	buf_init_arena(&joined, &l->src->set->memory);
	while (rest->p != NULL) {
		struct str ahead = *rest, physical = str_cut(&ahead, '\n');
		bool nothing = is_nothing(physical);

		if (!nothing && !ascii_is_space(physical.p[0]))
			break;
		*rest = ahead;
		++*number;
		if (nothing)
			continue;
		if (joined.len == 0)
			buf_add(&joined, first);
		buf_add(&joined, physical);
		l->text = buf_str(&joined);
	}
	return true;
}

void
access_parse_table(struct access_source *src, enum access_kind kind)
{
	struct table_line l = {.src = src, .kind = kind};
	struct str rest = src->text;
	uint32_t number = 0;

	while (next_line(&l, &rest, &number)) {
		if (src->table->type == TABLE_CIDR && kind != ACCESS_CLIENT) {
			fail(&l, l.text.p,
			    "a cidr table is about clients: it has networks");
			return;
		}
		parse_line(&l);
	}
	if (l.block != NULL)
		fail(&l, l.text.p, "if without endif");
}
