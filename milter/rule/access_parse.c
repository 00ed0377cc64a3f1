#include "base/clean.h"
#include "rule/access_internal.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_MAX 256
#define DAY_MS INT64_C(86400000)

/* The line being read. */
struct line {
	struct access_source *src;
	struct str text;
	uint32_t number;
};

/* ---- diagnostics -------------------------------------------------------- */

static struct source_pos
pos_of(const struct line *l, const char *at)
{
	return source_pos_in(l->src->file, l->number, l->text, at);
}

static bool complain(const struct line *l, enum severity severity,
    const char *at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static bool
complain(const struct line *l, enum severity severity, const char *at,
    const char *fmt, ...)
{
	struct source_pos pos = pos_of(l, at);
	char message[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	diag_add_excerpt(
	    l->src->diags, severity, pos, l->text, pos.col - 1, "%s", message);
	return false;
}

#define fail(l, at, ...) complain((l), SEVERITY_ERROR, (at), __VA_ARGS__)
#define warn(l, at, ...) complain((l), SEVERITY_WARNING, (at), __VA_ARGS__)

/* ---- words -------------------------------------------------------------- */

static bool
at_end(struct str rest)
{
	rest = str_trim_left(rest);
	return rest.len == 0 || rest.p[0] == '#';
}

/* The next word, or text in quotes without them. */
static bool
take_text(const struct line *l, struct str *rest, struct str *out)
{
	size_t end;

	*rest = str_trim_left(*rest);
	if (!str_starts(*rest, STR("\""))) {
		*out = str_word(rest);
		return out->len > 0 && out->p[0] != '#';
	}
	end = str_find_char(str_skip(*rest, 1), '"');
	if (end == STR_NPOS)
		return fail(l, rest->p, "no closing quote");
	*out = str_make(rest->p + 1, end);
	*rest = str_skip(*rest, end + 2);
	return true;
}

/* ---- options ------------------------------------------------------------ */

static bool
read_number(struct str s, size_t from, size_t len, unsigned *out)
{
	uint64_t n;

	if (s.len < from + len || !str_to_u64(str_make(s.p + from, len), &n))
		return false;
	*out = (unsigned)n;
	return true;
}

/* Days since 1970-01-01 of the Gregorian calendar. */
static int64_t
days_of(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = y / 400, of_era = y - era * 400;
	int64_t of_year =
	    (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 +
	    (int64_t)day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static bool
valid_day(unsigned year, unsigned month, unsigned day)
{
	static const unsigned char days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days[month - 1])
		return false;
	return month != 2 || day < 29 || leap;
}

/* "2026-12-31": through that day; "2026-12-31T18:00Z": until then. UTC. */
static bool
parse_date(struct str s, int64_t *ms_out)
{
	unsigned year, month, day, hour = 24, minute = 0;

	if (str_ends(s, STR("Z")))
		s.len--;
	if (s.len != 10 && s.len != 16)
		return false;
	if (!read_number(s, 0, 4, &year) || s.p[4] != '-' ||
	    !read_number(s, 5, 2, &month) || s.p[7] != '-' ||
	    !read_number(s, 8, 2, &day) || !valid_day(year, month, day))
		return false;
	if (s.len == 16 &&
	    (s.p[10] != 'T' || !read_number(s, 11, 2, &hour) ||
		s.p[13] != ':' || !read_number(s, 14, 2, &minute) ||
		hour > 23 || minute > 59))
		return false;
	*ms_out = days_of(year, month, day) * DAY_MS +
		  ((int64_t)hour * 60 + minute) * 60000;
	return true;
}

static bool
parse_guards(const struct line *l, struct str word, unsigned *out)
{
	static const char *const names[] = {
	    "spf-pass", "auth", "fcrdns", "helo-valid"};
	const size_t count = sizeof(names) / sizeof(names[0]);

	while (word.p != NULL) {
		struct str name = str_cut(&word, ',');
		size_t i = 0;

		while (i < count && !str_is_nocase(name, names[i]))
			i++;
		if (i == count)
			return fail(l, name.p,
			    "unknown guard; there are spf-pass, auth, fcrdns "
			    "and helo-valid");
		*out |= 1u << i;
	}
	return true;
}

static bool
check_reply_text(const struct line *l, struct str text)
{
	const char *bad;

	if (text.len > ACCESS_TEXT_MAX)
		return fail(l, text.p + ACCESS_TEXT_MAX,
		    "a reply text has at most %d bytes", ACCESS_TEXT_MAX);
	bad = clean_unprintable(text);
	return bad == NULL ||
	       fail(l, bad,
		   "the text goes into an SMTP reply: printable ASCII only");
}

static bool
parse_option(const struct line *l, struct str *rest, struct access_entry *e)
{
	struct str key = str_word(rest), value;

	if (!take_text(l, rest, &value))
		return fail(l, key.p,
		    "expected \"text\", until, by, note or unless with a "
		    "value");
	if (str_is_nocase(key, "until"))
		return parse_date(value, &e->until_ms) ||
		       fail(l, value.p,
			   "expected a date: 2026-12-31 or "
			   "2026-12-31T18:00Z");
	if (str_is_nocase(key, "unless"))
		return parse_guards(l, value, &e->unless);
	if (str_is_nocase(key, "by"))
		e->author = value;
	else if (str_is_nocase(key, "note"))
		e->note = value;
	else
		return fail(l, key.p,
		    "unknown option; there are \"text\", until, by, note and "
		    "unless");
	return true;
}

static bool
parse_options(const struct line *l, struct str rest, struct access_entry *e)
{
	while (!at_end(rest)) {
		rest = str_trim_left(rest);
		if (rest.p[0] == '"') {
			if (e->text.p != NULL)
				return fail(l, rest.p, "a second text");
			if (!take_text(l, &rest, &e->text) ||
			    !check_reply_text(l, e->text))
				return false;
		} else if (!parse_option(l, &rest, e)) {
			return false;
		}
	}
	return true;
}

/* ---- action ------------------------------------------------------------- */

static bool
action_named(struct str word, enum access_action *out)
{
	for (int i = 0; i < ACCESS_DUNNO; i++)
		if (str_is_nocase(
			word, access_action_text((enum access_action)i))) {
			*out = (enum access_action)i;
			return true;
		}
	return false;
}

static bool
parse_action(const struct line *l, struct str *rest, struct access_entry *e)
{
	struct str word, after;

	*rest = str_trim_left(*rest);
	word = str_word(rest);
	if (str_is_nocase(word, "shadow")) {
		e->shadow = true;
		e->action = ACCESS_REJECT;
		after = *rest;
		word = str_word(&after);
		if (!action_named(word, &e->action))
			return true;
		*rest = after;
	} else if (!action_named(word, &e->action)) {
		return fail(l, word.p ? word.p : l->text.p,
		    "expected an action: allow, reject, tempfail, tag, "
		    "quarantine, discard, shadow or score");
	}
	if (e->action != ACCESS_SCORE)
		return true;
	*rest = str_trim_left(*rest);
	word = str_word(rest);
	if (str_starts(word, STR("+")))
		word = str_skip(word, 1);
	return str_to_double(word, &e->score) ||
	       fail(l, word.p, "expected points after score");
}

/* ---- pattern ------------------------------------------------------------ */

static bool
is_wild(struct str s)
{
	return str_find_char(s, '*') != STR_NPOS ||
	       str_find_char(s, '?') != STR_NPOS;
}

/* A second entry behind one that always decides is never reached. */
static void
check_reached(const struct line *l, const struct access_node *first,
    const struct access_node *n)
{
	const struct access_entry *e = &first->entry;

	if (first != n && first->forms == n->forms && e->until_ms == 0 &&
	    e->unless == 0 && !e->shadow && e->action != ACCESS_SCORE)
		warn(l, n->entry.pattern.p,
		    "never reached: %s:%u decides for the same", e->pos.file,
		    e->pos.line);
}

static bool
index_name(const struct line *l, const struct access_node *n, struct str name)
{
	struct access_source *src = l->src;
	struct access_node *node;

	while (str_ends(name, STR(".")))
		name.len--;
	if (name.len == 0 && n->entry.kind != ACCESS_SENDER)
		return fail(l, n->entry.pattern.p, "an empty name");
	node = access_node_add(src->set, src->table, n, src->diags);
	if (node != NULL)
		check_reached(
		    l, access_index_name(src->table, node, name), node);
	return node != NULL;
}

static bool
index_net(
    const struct line *l, const struct access_node *n, const struct cidr *net)
{
	struct access_source *src = l->src;
	struct str address = n->entry.pattern;
	struct access_node *node;
	struct ip ip;

	if (ip_parse(str_cut(&address, '/'), &ip) && !ip_eq(&ip, &net->net))
		warn(l, n->entry.pattern.p,
		    "the address has bits beyond its mask; they are ignored");
	node = access_node_add(src->set, src->table, n, src->diags);
	if (node != NULL)
		check_reached(l, access_index_net(src->table, node, net), node);
	return node != NULL;
}

static bool
index_tried(const struct line *l, const struct access_node *n)
{
	struct access_source *src = l->src;
	struct access_node *node =
	    access_node_add(src->set, src->table, n, src->diags);

	if (node != NULL)
		access_index_tried(src->table, node);
	return node != NULL;
}

static bool
add_glob(const struct line *l, struct access_node *n, struct str glob)
{
	struct str tail = str_skip(glob, 2);

	if (str_starts(glob, STR("*.")) && tail.len > 0 && !is_wild(tail) &&
	    str_find_char(tail, '@') == STR_NPOS) {
		n->forms = FORM_BELOW;
		return index_name(l, n, tail);
	}
	if (str_starts(glob, STR("*@")) && tail.len > 0 && !is_wild(tail)) {
		n->forms = FORM_SELF;
		return index_name(l, n, tail);
	}
	if (l->src->set->patterns == ACCESS_PATTERNS_MAX)
		return fail(l, n->entry.pattern.p, "more than %d patterns",
		    ACCESS_PATTERNS_MAX);
	if (str_span(glob, "*?") == glob.len &&
	    str_find_char(glob, '*') != STR_NPOS)
		warn(l, n->entry.pattern.p, "this matches everything");
	l->src->set->patterns++;
	n->glob = glob;
	return index_tried(l, n);
}

static bool
add_client(const struct line *l, struct access_node *n, struct str name)
{
	struct cidr net;

	if (cidr_parse(n->entry.pattern, &net))
		return index_net(l, n, &net);
	if (str_span(name, "0123456789./") == name.len ||
	    str_find_char(name, ':') != STR_NPOS ||
	    str_find_char(name, '/') != STR_NPOS)
		return fail(l, n->entry.pattern.p,
		    "not an address, a network or a host name");
	return index_name(l, n, name);
}

static bool
add_address(const struct line *l, struct access_node *n, struct str name)
{
	size_t at = str_rfind_char(name, '@');

	if (str_eq(name, STR("<>"))) {
		name = STR("");
	} else if (at == 0) {
		name = str_skip(name, 1);
	} else if (at != STR_NPOS && at + 1 < name.len &&
		   name.p[at + 1] == '.') {
		return fail(l, n->entry.pattern.p,
		    "write a glob for a user in many domains: user@*.domain");
	}
	return index_name(l, n, name);
}

static bool
add_name(const struct line *l, struct access_node *n)
{
	struct str name = access_lower(l->src->set, n->entry.pattern);

	n->forms = FORM_SELF;
	if (is_wild(name))
		return add_glob(l, n, name);
	if (str_starts(name, STR("."))) {
		n->forms |= FORM_BELOW;
		name = str_skip(name, 1);
	}
	if (n->entry.kind == ACCESS_CLIENT)
		return add_client(l, n, name);
	if (n->entry.kind == ACCESS_HELO)
		return index_name(l, n, name);
	return add_address(l, n, name);
}

static bool
regex_flags(const struct line *l, struct str letters, unsigned *out)
{
	static const char known[] = "imsx";
	static const unsigned flags[] = {
	    REGEX_CASELESS, REGEX_MULTILINE, REGEX_DOTALL, REGEX_EXTENDED};

	for (size_t i = 0; i < letters.len; i++) {
		const char *k = strchr(known, letters.p[i]);

		if (k == NULL)
			return fail(l, letters.p + i, "unknown modifier `%c`",
			    letters.p[i]);
		*out |= flags[k - known];
	}
	return true;
}

/* `written`: "/pattern/flags". Names and addresses have no case. */
static bool
add_regex(const struct line *l, struct access_node *n)
{
	struct str written = n->entry.pattern;
	size_t end = str_rfind_char(written, '/');
	struct str pattern = str_make(written.p + 1, end - 1);
	struct access_source *src = l->src;
	unsigned flags = REGEX_CASELESS;

	if (!regex_flags(l, str_skip(written, end + 1), &flags))
		return false;
	n->regex = access_compile(
	    src->set, pattern, flags, pos_of(l, pattern.p), src->diags);
	return n->regex != NULL && index_tried(l, n);
}

/* Up to the white space behind the closing slash, or the next white space. */
static bool
take_pattern(const struct line *l, struct str *rest, struct str *out)
{
	size_t i = 1;

	*rest = str_trim_left(*rest);
	if (!str_starts(*rest, STR("/"))) {
		*out = str_word(rest);
		return true;
	}
	while (i < rest->len && rest->p[i] != '/')
		i += rest->p[i] == '\\' ? 2 : 1;
	if (i >= rest->len)
		return fail(l, rest->p, "no closing slash");
	while (i < rest->len && !ascii_is_space(rest->p[i]))
		i++;
	*out = str_head(*rest, i);
	*rest = str_skip(*rest, i);
	return true;
}

/* ---- lines -------------------------------------------------------------- */

static bool
parse_entry(const struct line *l, enum access_kind kind, struct str rest)
{
	struct access_node n = {.entry = {.kind = kind}};
	struct str *pattern = &n.entry.pattern;

	if (!take_pattern(l, &rest, pattern))
		return false;
	if (pattern->len == 0 || pattern->p[0] == '#')
		return fail(l, pattern->p ? pattern->p : l->text.p,
		    "expected what the entry is about");
	if (pattern->len > ACCESS_PATTERN_MAX)
		return fail(l, pattern->p, "a pattern has at most %d bytes",
		    ACCESS_PATTERN_MAX);
	n.entry.pos = pos_of(l, pattern->p);
	if (!parse_action(l, &rest, &n.entry) ||
	    !parse_options(l, rest, &n.entry))
		return false;
	return pattern->p[0] == '/' ? add_regex(l, &n) : add_name(l, &n);
}

static bool
parse_include(const struct line *l, struct str rest, access_include *include,
    void *context)
{
	struct str word, where;
	enum access_kind kind;

	rest = str_trim_left(rest);
	word = str_word(&rest);
	if (!access_kind_parse(word, &kind))
		return fail(l, word.p,
		    "expected postfix client|helo|sender|recipient|from "
		    "TYPE:FILE");
	rest = str_trim_left(rest);
	where = str_word(&rest);
	if (where.len == 0 || !at_end(rest))
		return fail(
		    l, rest.p ? rest.p : l->text.p, "expected one TYPE:FILE");
	if (include != NULL)
		include(context, kind, where, pos_of(l, where.p));
	return true;
}

static void
parse_line(const struct line *l, access_include *include, void *context)
{
	struct str rest = str_trim(l->text), word;
	const char *bad = clean_bad_byte(l->text);
	enum access_kind kind;

	if (at_end(rest))
		return;
	word = str_word(&rest);
	if (bad != NULL)
		fail(l, bad, "not UTF-8 text");
	else if (str_is_nocase(word, "postfix"))
		parse_include(l, rest, include, context);
	else if (access_kind_parse(word, &kind))
		parse_entry(l, kind, rest);
	else
		fail(l, word.p,
		    "expected client, helo, sender, recipient, from or "
		    "postfix");
}

void
access_parse_ours(
    struct access_source *src, access_include *include, void *context)
{
	struct str rest = src->text;
	struct line l = {.src = src};

	if (str_starts(rest, STR("\xef\xbb\xbf")))
		rest = str_skip(rest, 3);
	while (rest.p != NULL) {
		l.number++;
		l.text = str_cut(&rest, '\n');
		if (str_ends(l.text, STR("\r")))
			l.text.len--;
		parse_line(&l, include, context);
	}
}
