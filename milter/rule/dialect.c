#include "rule/dialect.h"

#include "base/err.h"
#include "base/regex.h"

#include <stdarg.h>
#include <stdio.h>

/* Perl's bound of a quantifier. */
#define COUNT_MAX 65534
#define WORD_BYTES \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

int
walk_refuse(struct walk *w, size_t at, const char *fmt, ...)
{
	va_list ap;

	w->error->offset = at;
	va_start(ap, fmt);
	vsnprintf(w->error->message, sizeof(w->error->message), fmt, ap);
	va_end(ap);
	return ERR_SYNTAX;
}

static uint32_t
add_length(uint32_t a, uint32_t b)
{
	uint64_t sum = (uint64_t)a + b;

	return a == LENGTH_INFINITE || b == LENGTH_INFINITE ||
		       sum >= LENGTH_INFINITE
		   ? LENGTH_INFINITE
		   : (uint32_t)sum;
}

static uint32_t
times_length(uint32_t a, uint32_t n)
{
	uint64_t product = (uint64_t)a * n;

	if (a == 0 || n == 0)
		return 0;
	return a == LENGTH_INFINITE || n == LENGTH_INFINITE ||
		       product >= LENGTH_INFINITE
		   ? LENGTH_INFINITE
		   : (uint32_t)product;
}

static struct str
rest_of(const struct walk *w)
{
	return str_skip(w->in, w->at);
}

static char
next_char(const struct walk *w)
{
	return w->at < w->in.len ? w->in.p[w->at] : '\0';
}

/* The last atom becomes part of the branch. */
static void
settle_atom(struct walk *w)
{
	struct group *g = &w->stack[w->depth];

	if (w->atom.present) {
		g->branch.min = add_length(g->branch.min, w->atom.extent.min);
		g->branch.max = add_length(g->branch.max, w->atom.extent.max);
		g->wide = g->wide || w->atom.wide;
	}
	w->atom = (struct atom){0};
	buf_add(&w->out, buf_str(&w->gap));
	buf_clear(&w->gap);
}

void
walk_atom(struct walk *w, uint32_t min, uint32_t max)
{
	settle_atom(w);
	w->atom = (struct atom){.present = true,
	    .wide = max > 0,
	    .start = w->out.len,
	    .extent = {min, max}};
}

void
walk_anchor(struct walk *w)
{
	walk_atom(w, 0, 0);
	w->atom.anchor = true;
}

static void
copy(struct walk *w, size_t n)
{
	buf_add(&w->out, str_head(rest_of(w), n));
	w->at += n;
}

size_t
dialect_braces(struct str s, uint32_t *min_out, uint32_t *max_out)
{
	uint64_t v[2] = {0, 0};
	size_t i = 1, digits[2];
	bool comma;

	for (int k = 0; k < 2; k++) {
		i += str_span(str_skip(s, i), " \t");
		digits[k] = str_span(str_skip(s, i), "0123456789");
		if (digits[k] > 0 &&
		    !str_to_u64(str_head(str_skip(s, i), digits[k]), &v[k]))
			v[k] = UINT32_MAX - 1;
		i += digits[k];
		i += str_span(str_skip(s, i), " \t");
		comma = k == 0 && i < s.len && s.p[i] == ',';
		if (!comma)
			break;
		i++;
		digits[1] = 0;
	}
	comma = str_find_char(str_head(s, i), ',') != STR_NPOS;
	if (i >= s.len || s.p[i] != '}' ||
	    (digits[0] == 0 && (!comma || digits[1] == 0)))
		return 0;
	*min_out = v[0] > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)v[0];
	*max_out = !comma		   ? *min_out
		   : digits[1] == 0	   ? LENGTH_INFINITE
		   : v[1] > UINT32_MAX - 1 ? UINT32_MAX - 1
					   : (uint32_t)v[1];
	return i + 1;
}

/* White space of /x in Perl; NEL is none for PCRE2 and leaves a space. */
static bool
is_blank(char c)
{
	return ascii_is_space(c) || (unsigned char)c == 0x85;
}

/* Blanks and comments of /x, and (?#...) anywhere, into the gap. */
static int
skip_ignorable(struct walk *w)
{
	for (;;) {
		struct str s = rest_of(w);
		size_t n = 0;

		if (w->modes.extended && s.len > 0 && is_blank(s.p[0])) {
			buf_add_char(&w->gap, ' ');
			w->at++;
			continue;
		} else if (w->modes.extended && s.len > 0 && s.p[0] == '#') {
			n = str_find_char(s, '\n');
			n = n == STR_NPOS ? s.len : n + 1;
		} else if (str_starts(s, STR("(?#"))) {
			n = str_find_char(s, ')');
			if (n == STR_NPOS)
				return walk_refuse(
				    w, w->at, "the comment (?# does not end");
			n++;
		}
		if (n == 0)
			return 0;
		buf_add(&w->gap, str_head(s, n));
		w->at += n;
	}
}

/* PCRE2 repeats no bare anchor: put it in a group. */
static void
wrap_atom(struct walk *w)
{
	size_t n = w->out.len - w->atom.start;

	if (!buf_reserve(&w->out, 4))
		return;
	memmove(w->out.p + w->atom.start + 3, w->out.p + w->atom.start, n);
	memcpy(w->out.p + w->atom.start, "(?:", 3);
	w->out.len += 3;
	buf_add_char(&w->out, ')');
}

static int
check_count(struct walk *w, size_t at, uint32_t min, uint32_t max)
{
	if (min > COUNT_MAX || (max > COUNT_MAX && max != LENGTH_INFINITE))
		return walk_refuse(
		    w, at, "a quantifier counts to %d at most", COUNT_MAX);
	if (min > max)
		return walk_refuse(
		    w, at, "a quantifier {n,m} with n over m can never match");
	/* an empty atom may be optional, or repeated up to a bound; no more */
	if (!w->atom.wide && (max == LENGTH_INFINITE ||
				 ((min > 0 || max == 0) && !w->atom.captures)))
		return walk_refuse(
		    w, at, "what the quantifier repeats is always empty");
	return 0;
}

static int
finish_quantifier(struct walk *w, uint32_t min, uint32_t max)
{
	uint32_t ignored;
	int rc = skip_ignorable(w);

	if (rc != 0)
		return rc;
	if (next_char(w) == '?') {
		if (min == max)
			return walk_refuse(
			    w, w->at, "\"?\" after an exact count has no use");
		copy(w, 1);
	} else if (next_char(w) == '+') {
		copy(w, 1);
	}
	if ((rc = skip_ignorable(w)) != 0)
		return rc;
	if (strchr("*+?", next_char(w)) != NULL && next_char(w) != '\0')
		return walk_refuse(w, w->at, "two quantifiers in a row");
	if (next_char(w) == '{' &&
	    dialect_braces(rest_of(w), &ignored, &ignored) > 0)
		return walk_refuse(w, w->at, "two quantifiers in a row");
	w->atom.extent.min = times_length(w->atom.extent.min, min);
	w->atom.extent.max = times_length(w->atom.extent.max, max);
	w->atom.wide = w->atom.wide && max > 0;
	w->atom.quantified = true;
	settle_atom(w);
	return 0;
}

/* {03}: Perl takes no number that begins with a zero it does not need. */
static bool
has_leading_zero(struct str braces)
{
	for (size_t i = 1; i + 1 < braces.len; i++)
		if (braces.p[i] == '0' && ascii_is_digit(braces.p[i + 1]) &&
		    !ascii_is_digit(braces.p[i - 1]))
			return true;
	return false;
}

static int
take_quantifier(struct walk *w)
{
	size_t at = w->at, n = 1;
	uint32_t min = next_char(w) == '+', max = LENGTH_INFINITE;
	int rc;

	if (next_char(w) == '?')
		max = 1;
	else if (next_char(w) == '{')
		n = dialect_braces(rest_of(w), &min, &max);
	if (has_leading_zero(str_head(rest_of(w), n)))
		return walk_refuse(
		    w, at, "a number in a quantifier starts with a 0");
	if ((rc = check_count(w, at, min, max)) != 0)
		return rc;
	if (w->atom.anchor)
		wrap_atom(w);
	buf_clear(&w->gap); /* blanks between the two mean nothing */
	if (next_char(w) != '{')
		buf_add_char(&w->out, next_char(w));
	else if (max == LENGTH_INFINITE)
		buf_printf(&w->out, "{%u,}", min);
	else if (max == min)
		buf_printf(&w->out, "{%u}", min);
	else
		buf_printf(&w->out, "{%u,%u}", min, max);
	w->at += n;
	return finish_quantifier(w, min, max);
}

/* `{`: a quantifier, a literal where nothing stands before it, or refused. */
static int
take_brace(struct walk *w)
{
	uint32_t min, max;

	if (w->atom.present) {
		if (dialect_braces(rest_of(w), &min, &max) > 0)
			return take_quantifier(w);
		if (!w->atom.caret || w->modes.multiline)
			return walk_refuse(w, w->at,
			    "\"{\" here is neither a quantifier nor escaped");
	}
	walk_atom(w, 1, 1);
	buf_add(&w->out, STR("\\{"));
	w->at++;
	return 0;
}

static struct group *
push_group(struct walk *w)
{
	struct group *g;

	settle_atom(w);
	if (w->depth >= PATTERN_NESTING_MAX)
		return NULL;
	g = &w->stack[++w->depth];
	*g = (struct group){.outside = w->modes,
	    .branches = 1,
	    .opened = w->at,
	    .start = w->out.len,
	    .all = {LENGTH_INFINITE, 0}};
	return g;
}

/* Opens a group whose head is the next `n` bytes, copied. */
static int
open_group(struct walk *w, size_t n, struct group kind)
{
	size_t at = w->at;
	struct group *g = push_group(w);

	if (g == NULL)
		return walk_refuse(w, at, "groups are nested more than %d deep",
		    PATTERN_NESTING_MAX);
	g->around = kind.around;
	g->behind = kind.behind;
	g->condition = kind.condition;
	g->conditional_only = kind.conditional_only;
	g->capturing = kind.captures;
	if (kind.captures)
		for (unsigned i = 0; i <= w->depth; i++)
			w->stack[i].captures = true;
	copy(w, n);
	g->inside = w->out.len;
	return 0;
}

static int
take_verb(struct walk *w)
{
	static const char *const verbs[] = {"ACCEPT", "COMMIT", "F", "FAIL",
	    "MARK", "PRUNE", "SKIP", "THEN", ""};
	static const struct {
		const char *name;
		bool behind;
		bool around;
	} groups[] = {{"pla", false, true}, {"positive_lookahead", false, true},
	    {"nla", false, true}, {"negative_lookahead", false, true},
	    {"plb", true, true}, {"positive_lookbehind", true, true},
	    {"nlb", true, true}, {"negative_lookbehind", true, true},
	    {"atomic", false, false}};
	struct str s = str_skip(rest_of(w), 2), name;
	size_t end = str_find_char(s, ')');

	name = str_head(s, str_span(s, WORD_BYTES));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (str_is(name, groups[i].name) && name.len < s.len &&
		    s.p[name.len] == ':')
			return open_group(w, 3 + name.len,
			    (struct group){.around = groups[i].around,
				.behind = groups[i].behind});
	if (end != STR_NPOS && (end == name.len || s.p[name.len] == ':')) {
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
			if (!str_is(name, verbs[i]))
				continue;
			walk_anchor(w);
			copy(w, end + 3);
			return 0;
		}
	}
	return walk_refuse(w, w->at, "(* starts no verb Perl knows");
}

/* Names of groups, as (?<name> (?'name' (?P<name>; `n` bytes of head. */
static int
take_named(struct walk *w, size_t n, char end)
{
	struct str name = str_skip(rest_of(w), n);
	size_t len = str_span(name, WORD_BYTES);

	if (len == 0 || ascii_is_digit(name.p[0]))
		return walk_refuse(
		    w, w->at + n, "a group's name starts with a letter or _");
	if (len >= name.len || name.p[len] != end)
		return walk_refuse(
		    w, w->at + n + len, "a group's name ends in %c", end);
	return open_group(w, n + len + 1, (struct group){.captures = true});
}

/* (?&name) (?P>name) (?P=name) (?1) (?R): one atom. */
static int
take_call(struct walk *w)
{
	size_t n = str_find_char(rest_of(w), ')');

	if (n == STR_NPOS)
		return walk_refuse(w, w->at, "\"(?\" does not end");
	walk_atom(w, 0, LENGTH_INFINITE);
	copy(w, n + 1);
	return 0;
}

static int
take_condition(struct walk *w)
{
	struct str s = str_skip(rest_of(w), 3);
	size_t n;

	if (s.len > 0 && (s.p[0] == '?' || s.p[0] == '*'))
		return open_group(w, 2, (struct group){.condition = true});
	n = str_find_char(s, ')');
	if (n == STR_NPOS)
		return walk_refuse(w, w->at, "\"(?(\" does not end");
	return open_group(w, n + 4,
	    (struct group){.condition = true,
		.conditional_only = str_is(str_head(s, n), "DEFINE")});
}

struct flags {
	bool on[128];
	bool off[128];
	unsigned a;
	bool charset; /* one of d l u */
	bool caret;
};

static int
read_flag(struct walk *w, size_t at, char c, bool minus, struct flags *f)
{
	if (c == 'a' && ++f->a > 2)
		return walk_refuse(w, at, "flag a more than twice");
	if (strchr("dlu", c) != NULL && (f->charset || f->a))
		return walk_refuse(
		    w, at, "flags a, d, l and u exclude each other");
	if (c == 'a' && f->charset)
		return walk_refuse(
		    w, at, "flags a, d, l and u exclude each other");
	if (minus && strchr("adlup", c) != NULL)
		return walk_refuse(w, at, "flag %c cannot be taken away", c);
	f->charset = f->charset || strchr("dlu", c) != NULL;
	if (minus)
		f->off[(int)c] = true;
	else if (c == 'x' && f->on['x'])
		f->on['X'] = true;
	else
		f->on[(int)c] = true;
	return 0;
}

static void
emit_flags(struct walk *w, const struct flags *f, char end)
{
	static const char kept[] = "imsxn";
	bool any = f->caret || end == ':', off = false;

	for (const char *p = kept; *p != '\0'; p++) {
		any = any || f->on[(int)*p] || f->off[(int)*p];
		off = off || f->off[(int)*p];
	}
	if (!any)
		return;
	buf_add(&w->out, f->caret ? STR("(?^") : STR("(?"));
	for (const char *p = kept; *p != '\0'; p++)
		if (f->on[(int)*p])
			buf_add_char(&w->out, *p);
	if (f->on['X'])
		buf_add_char(&w->out, 'x');
	if (off)
		buf_add_char(&w->out, '-');
	for (const char *p = kept; *p != '\0'; p++)
		if (f->off[(int)*p])
			buf_add_char(&w->out, *p);
	buf_add_char(&w->out, end);
}

static void
apply_flags(struct walk *w, const struct flags *f)
{
	struct modes *m = &w->modes;

	if (f->caret)
		*m = (struct modes){.extended = false};
	if (f->on['x']) {
		m->extended = true;
		m->extended_more = f->on['X'];
	}
	if (f->off['x'])
		m->extended = m->extended_more = false;
	m->caseless = (m->caseless || f->on['i']) && !f->off['i'];
	m->multiline = (m->multiline || f->on['m']) && !f->off['m'];
}

/* (?flags) and (?flags:...): what only Perl has is left out. */
static int
take_flags(struct walk *w)
{
	struct flags f = {.a = 0};
	size_t i = w->at + 2, at = w->at;
	bool minus = false;
	struct group *g;
	int rc;

	if (i < w->in.len && w->in.p[i] == '^') {
		f.caret = true;
		i++;
	}
	for (; i < w->in.len; i++) {
		char c = w->in.p[i];

		if (c == ')' || c == ':')
			break;
		if (c == '-' && !minus && !f.caret)
			minus = true;
		else if (c == '\0' || strchr("imsxnpadlu", c) == NULL)
			return walk_refuse(w, i,
			    "\"(?%c\" is nothing Perl knows",
			    c >= ' ' && c <= '~' ? c : '?');
		else if ((rc = read_flag(w, i, c, minus, &f)) != 0)
			return rc;
	}
	if (i >= w->in.len)
		return walk_refuse(w, at, "\"(?\" does not end");
	if (w->in.p[i] == ')') {
		settle_atom(w);
		emit_flags(w, &f, ')');
	} else {
		if ((g = push_group(w)) == NULL)
			return walk_refuse(w, at, "groups are nested too deep");
		emit_flags(w, &f, ':');
	}
	w->at = i + 1;
	apply_flags(w, &f);
	return 0;
}

static int
take_special(struct walk *w)
{
	static const struct {
		const char *head;
		struct group kind;
	} plain[] = {{"(?:", {.around = false}}, {"(?>", {.around = false}},
	    {"(?|", {.around = false}}, {"(?=", {.around = true}},
	    {"(?!", {.around = true}},
	    {"(?<=", {.around = true, .behind = true}},
	    {"(?<!", {.around = true, .behind = true}}};
	struct str s = rest_of(w);
	char c = s.len > 2 ? s.p[2] : '\0', d = s.len > 3 ? s.p[3] : '\0';

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (str_starts(s, str_from(plain[i].head)))
			return open_group(
			    w, strlen(plain[i].head), plain[i].kind);
	if (c == '<')
		return take_named(w, 3, '>');
	if (c == '\'')
		return take_named(w, 3, '\'');
	if (c == 'P' && d == '<')
		return take_named(w, 4, '>');
	if (c == '(')
		return take_condition(w);
	if (c == '&' || c == 'R' || ascii_is_digit(c) || c == '+' ||
	    (c == 'P' && (d == '>' || d == '=')) ||
	    (c == '-' && ascii_is_digit(d)))
		return take_call(w);
	if (c == '[')
		return walk_refuse(
		    w, w->at, "extended bracketed classes are not supported");
	return take_flags(w);
}

static void
end_branch(struct group *g)
{
	if (g->branch.min < g->all.min)
		g->all.min = g->branch.min;
	if (g->branch.max > g->all.max)
		g->all.max = g->branch.max;
	g->branch = (struct extent){0, 0};
}

static int
take_bar(struct walk *w)
{
	struct group *g = &w->stack[w->depth];

	settle_atom(w);
	end_branch(g);
	if (++g->branches > 2 && g->condition)
		return walk_refuse(
		    w, w->at, "a condition has more than two branches");
	if (g->conditional_only)
		return walk_refuse(w, w->at, "(?(DEFINE) has no branches");
	copy(w, 1);
	return 0;
}

static int
check_lookbehind(struct walk *w, const struct group *g)
{
	if (!g->behind)
		return 0;
	if (g->all.max > LOOKBEHIND_MAX)
		return walk_refuse(w, g->opened,
		    "a lookbehind reaches back %d bytes at most",
		    LOOKBEHIND_MAX);
	if (g->all.min != g->all.max && g->captures)
		return walk_refuse(w, g->opened,
		    "a lookbehind of variable length cannot capture");
	if (g->all.min != g->all.max)
		return behind_write_out(w, g->inside, g->opened);
	return 0;
}

static int
close_group(struct walk *w)
{
	struct group g;
	int rc;

	if (w->depth == 0)
		return walk_refuse(w, w->at, "\")\" without \"(\"");
	settle_atom(w);
	end_branch(&w->stack[w->depth]);
	g = w->stack[w->depth--];
	if ((rc = check_lookbehind(w, &g)) != 0)
		return rc;
	/* a condition without a second branch may be empty */
	if (g.condition && g.branches < 2)
		g.all.min = 0;
	if (g.around)
		g.all = (struct extent){0, 0};
	w->atom = (struct atom){.present = true,
	    .captures = g.capturing,
	    .wide = g.wide && !g.around,
	    .start = g.start,
	    .extent = g.all};
	w->modes = g.outside;
	copy(w, 1);
	return 0;
}

static int
take_open(struct walk *w)
{
	struct str s = rest_of(w);

	if (str_starts(s, STR("(*")))
		return take_verb(w);
	if (str_starts(s, STR("(?")))
		return take_special(w);
	return open_group(w, 1, (struct group){.captures = true});
}

static int
take_one(struct walk *w)
{
	char c = next_char(w);

	switch (c) {
	case '(':
		return take_open(w);
	case ')':
		return close_group(w);
	case '|':
		return take_bar(w);
	case '[':
		return walk_class(w);
	case '\\':
		return walk_escape(w);
	case '{':
		return take_brace(w);
	case '*':
	case '+':
	case '?':
		if (!w->atom.present)
			return walk_refuse(
			    w, w->at, "the quantifier follows nothing");
		return take_quantifier(w);
	case '^':
	case '$':
		walk_anchor(w);
		w->atom.caret = c == '^';
		break;
	default:
		walk_atom(w, 1, 1);
	}
	copy(w, 1);
	return 0;
}

static int
walk_all(struct walk *w)
{
	int rc = skip_ignorable(w);

	while (rc == 0 && w->at < w->in.len) {
		rc = take_one(w);
		if (rc == 0)
			rc = skip_ignorable(w);
	}
	if (rc == 0 && w->depth > 0)
		rc = walk_refuse(
		    w, w->stack[w->depth].opened, "\"(\" is not closed");
	settle_atom(w);
	return rc;
}

static unsigned
flag_of(char c)
{
	switch (c) {
	case 'i':
		return REGEX_CASELESS;
	case 'm':
		return REGEX_MULTILINE;
	case 's':
		return REGEX_DOTALL;
	case 'x':
		return REGEX_EXTENDED;
	case 'n':
		return REGEX_NO_AUTO_CAPTURE;
	default:
		return 0;
	}
}

/* Length of a group of nothing but flags to be set, at the start of `s`. */
static size_t
leading_flags(struct str s)
{
	size_t n;

	if (!str_starts(s, STR("(?")))
		return 0;
	n = str_span(str_skip(s, 2), "imsxnpadlu");
	return n > 0 && n + 2 < s.len && s.p[n + 2] == ')' ? n + 3 : 0;
}

/* Checks them as any flags, but moves what PCRE2 has into `*flags`. */
static int
take_leading(struct walk *w, unsigned *flags)
{
	size_t n;

	while ((n = leading_flags(rest_of(w))) > 0) {
		struct str s = str_head(rest_of(w), n);
		size_t first = str_find_char(s, 'x');
		int rc = take_flags(w);

		if (rc != 0)
			return rc;
		for (size_t i = 2; i + 1 < n; i++)
			*flags |= flag_of(s.p[i]);
		if (first != STR_NPOS &&
		    str_find_char(str_skip(s, first + 1), 'x') != STR_NPOS)
			*flags |= REGEX_EXTENDED_MORE;
		buf_clear(&w->out);
	}
	return 0;
}

int
pattern_translate(struct arena *a, struct str perl, struct str *out,
    unsigned *flags_out, struct pattern_error *error_out)
{
	struct walk *w = arena_zalloc(a, sizeof(*w));
	unsigned flags = 0;
	int rc;

	if (w == NULL)
		return ERR_LIMIT;
	w->in = perl;
	w->error = error_out;
	buf_init_arena(&w->out, a);
	buf_init_arena(&w->gap, a);
	buf_reserve(&w->out, perl.len + 16);
	w->stack[0].all = (struct extent){LENGTH_INFINITE, 0};
	rc = take_leading(w, &flags);
	if (rc == 0)
		rc = walk_all(w);
	if (rc != 0)
		return rc;
	*out = buf_str(&w->out);
	*flags_out = flags;
	return 0;
}
