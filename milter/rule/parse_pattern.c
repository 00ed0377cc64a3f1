/*
 * Rules that are patterns (and evals, which stand in their place): body,
 * rawbody, full, uri, header, mimeheader, uri_detail.
 *
 * A pattern is compiled as it is read, so one that is refused leaves the
 * definition before it in force, as in SpamAssassin.
 */
#include "rule/parse.h"

#include "base/err.h"
#include "base/regex.h"
#include "rule/compile.h"
#include "rule/lex.h"
#include "rule/limits.h"
#include "rule/template.h"

/* Where in the line byte `offset` of the compiled text stands. */
static size_t
place_of(struct str text, const struct pattern_literal *literal, size_t offset)
{
	/* flags stand in front as (?flags), behind in the line */
	size_t lead = literal->flags.len ? literal->flags.len + 3 : 0;

	if (offset == STR_NPOS)
		return literal->body_offset;
	return offset >= lead ? literal->body_offset + offset - lead
			      : text.len - literal->flags.len;
}

/*
 * Compiles a pattern literal; with `templates` %{TAG} in it stands for what is
 * put there later. False: refused, the diagnostic points at the byte.
 */
static bool
take_pattern(struct loader *l, const struct line *line, struct str text,
    bool templates, struct compiled *out)
{
	struct pattern_literal literal;
	struct pattern_error e;
	const char *why;
	struct str perl;
	size_t at = loader_offset(line, text.p);

	if (pattern_split(text, &literal, &e) != 0) {
		loader_error(l, line, at + e.offset, "%s", e.message);
		return false;
	}
	why = pattern_always_matches(literal.body);
	if (why != NULL && l->options->lint) {
		loader_error(l, line, at + literal.body_offset,
		    "the regexp always matches: %s", why);
		return false;
	}
	perl = pattern_join(l->arena, &literal);
	if (compile_perl(l, templates ? template_escape(l->arena, perl) : perl,
		out, &e)) {
		out->perl = perl;
		return true;
	}
	loader_error(
	    l, line, at + place_of(text, &literal, e.offset), "%s", e.message);
	return false;
}

/* Takes " [if-unset: X]" off the end of `*text`. */
static bool
take_unset(struct str *text, struct str *unset_out)
{
	static const char mark[] = "[if-unset:";
	struct str s = *text;

	if (s.len == 0 || s.p[s.len - 1] != ']')
		return false;
	for (size_t i = 1; i + sizeof(mark) < s.len; i++) {
		struct str rest = str_skip(s, i), value;

		if (!ascii_is_space(s.p[i - 1]) ||
		    !str_starts(rest, STR("[if-unset:")))
			continue;
		rest = str_skip(rest, sizeof(mark) - 1);
		value = str_trim_left(str_head(rest, rest.len - 1));
		if (value.len == 0 || value.len == rest.len - 1)
			continue;
		*unset_out = value;
		*text = str_trim_right(str_head(s, i - 1));
		return true;
	}
	return false;
}

/* `literal` is the tail of `whole`, or stands in it; both in `line`. */
static void
set_pattern(struct loader *l, const struct line *line, struct rule *r,
    struct str whole, struct str literal)
{
	size_t at = loader_offset(line, literal.p);

	r->written = arena_copy(l->arena, whole);
	r->literal = str_head(
	    str_skip(r->written, (size_t)(literal.p - whole.p)), literal.len);
	r->pos.col = at == STR_NPOS ? 0 : (uint32_t)at + 1;
}

/* The rule owns what was compiled, in place of what it had. */
static void
give_pattern(struct loader *l, const struct line *line, struct rule *r,
    const struct compiled *c)
{
	regex_free(&r->regex);
	r->perl = c->perl;
	r->pattern = c->pattern;
	r->regex_flags = c->regex_flags;
	r->regex = c->regex;
	if (template_mark(l->arena, r) > 0)
		loader_warn(l, line,
		    "%.*s: of several %%{TAG} only the last, %.*s, is filled",
		    STR_ARG(r->name), STR_ARG(r->tag));
}

/* `fn(args)` of an eval rule. */
static void
parse_eval(struct loader *l, const struct line *line, struct str name,
    struct str call, enum rule_type type)
{
	size_t open = str_find_char(call, '(');
	struct rule *r;

	if (open == STR_NPOS || open == 0 || call.p[call.len - 1] != ')' ||
	    str_span(str_head(call, open), LEX_WORD_BYTES) != open) {
		loader_error(l, line, loader_offset(line, call.p),
		    "an eval rule calls function(arguments)");
		return;
	}
	if (type == RULE_HEADER_EVAL && (str_starts(call, STR("check_rbl")) ||
					    str_starts(call, STR("check_dns"))))
		type = RULE_RBL_EVAL;
	if (!parse_check_name(l, line, name) ||
	    (r = parse_define(l, line, loader_draft(l, name), type)) == NULL)
		return;
	r->eval = arena_copy(l->arena, str_head(call, open));
	r->eval_args = arena_copy(
	    l->arena, str_make(call.p + open + 1, call.len - open - 2));
}

void
parse_regex_rule(struct loader *l, const struct line *line, enum rule_type type,
    enum rule_type eval_type)
{
	struct str name, rest;
	struct compiled c;
	struct rule *r;

	if (!parse_take_name(l, line, &name, &rest))
		return;
	if (eval_type != RULE_EMPTY && str_starts(rest, STR("eval:"))) {
		parse_eval(l, line, name, str_skip(rest, 5), eval_type);
		return;
	}
	if (!parse_check_name(l, line, name) ||
	    !take_pattern(l, line, rest, true, &c))
		return;
	r = parse_define(l, line, loader_draft(l, name), type);
	if (r == NULL) {
		regex_free(&c.regex);
		return;
	}
	set_pattern(l, line, r, rest, rest);
	give_pattern(l, line, r, &c);
	if (r->template)
		r->written = template_escape(l->arena, r->written);
}

static bool
is_modifier(struct str s)
{
	static const char *const known[] = {"raw", "addr", "name", "host",
	    "domain", "ip", "revip", "first", "last"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is(s, known[i]))
			return true;
	return false;
}

/* Length of `Name[:mod[:mod]]` or `Name:`; 0: no header name. */
static size_t
header_length(struct str s)
{
	size_t n = str_span(s, LEX_WORD_BYTES ".-");

	if (n == 0)
		return 0;
	for (int i = 0; i < 2 && n < s.len && s.p[n] == ':'; i++) {
		size_t m =
		    str_span(str_skip(s, n + 1), "abcdefghijklmnopqrstuvwxyz");

		if (m == 0)
			return i == 0 ? n + 1 : n;
		n += 1 + m;
	}
	return n;
}

static bool
check_modifiers(struct loader *l, const struct line *line, struct str header)
{
	struct str rest = header;

	str_cut(&rest, ':');
	while (rest.p != NULL) {
		struct str modifier = str_cut(&rest, ':');

		if (!is_modifier(modifier)) {
			loader_error(l, line, loader_offset(line, modifier.p),
			    "\"%.*s\" is no header modifier",
			    STR_ARG(modifier));
			return false;
		}
	}
	return true;
}

static void
parse_exists(struct loader *l, const struct line *line, struct draft *d,
    struct str header)
{
	size_t n = str_span(header, LEX_WORD_BYTES ".-");
	struct rule *r;

	if (n == 0 ||
	    n + (n < header.len && header.p[n] == ':') != header.len) {
		loader_error(l, line, loader_offset(line, header.p),
		    "exists: takes one header name");
		return;
	}
	r = parse_define(l, line, d, RULE_HEADER);
	if (r == NULL)
		return;
	r->header = arena_copy(l->arena, str_head(header, n));
	r->exists = true;
	r->written = STR_NONE;
}

/* "HEADER =~ /re/ [if-unset: X]", taken apart. */
struct comparison {
	struct str whole;
	struct str header;
	struct str pattern;
	struct str unset;
	bool has_unset;
	bool negated; /* !~ */
};

/* Of `whole`, behind the header; false: no operator with a pattern. */
static bool
take_comparison(struct comparison *m, struct str rest)
{
	if (rest.len < 3 || (rest.p[0] != '=' && rest.p[0] != '!') ||
	    rest.p[1] != '~')
		return false;
	m->negated = rest.p[0] == '!';
	m->pattern = str_trim_left(str_skip(rest, 2));
	m->unset = STR_NONE;
	m->has_unset = take_unset(&m->pattern, &m->unset);
	return true;
}

static void
set_comparison(struct loader *l, const struct line *line, struct rule *r,
    const struct comparison *m, const struct compiled *c)
{
	r->header = arena_copy(l->arena, m->header);
	r->negated = m->negated;
	r->has_unset = m->has_unset;
	r->unset = arena_copy(l->arena, m->unset);
	set_pattern(l, line, r, m->whole, m->pattern);
	give_pattern(l, line, r, c);
}

static bool
take_header(struct loader *l, const struct line *line, struct str text,
    struct comparison *out)
{
	size_t n = header_length(text);
	struct str rest = str_trim_left(str_skip(text, n));

	if (n == 0 || !take_comparison(out, rest)) {
		loader_error(l, line, loader_offset(line, n ? rest.p : text.p),
		    "a header rule is NAME =~ /re/ or NAME !~ /re/");
		return false;
	}
	out->whole = text;
	out->header = str_head(text, n);
	if (out->header.p[n - 1] == ':')
		out->header.len--;
	return check_modifiers(l, line, out->header);
}

/* A second definition forgets these even when it is refused. */
static void
forget_header(struct draft *d)
{
	struct rule *r = &d->rule;

	if (!d->defined || r->type == RULE_MIMEHEADER)
		return;
	r->invalid = r->invalid || (r->type == RULE_HEADER && r->exists);
	r->exists = r->negated = r->has_unset = false;
}

void
parse_header(struct loader *l, const struct line *line)
{
	struct str name, rest;
	struct comparison m;
	struct compiled c;
	struct draft *d;
	struct rule *r;

	if (!parse_take_name(l, line, &name, &rest))
		return;
	if (str_starts(rest, STR("eval:")) ||
	    str_starts(rest, STR("rbleval:"))) {
		parse_eval(l, line, name,
		    str_skip(rest, str_find_char(rest, ':') + 1),
		    RULE_HEADER_EVAL);
		return;
	}
	if (!parse_check_name(l, line, name))
		return;
	d = loader_draft(l, name);
	forget_header(d);
	if (str_starts(rest, STR("exists:"))) {
		parse_exists(l, line, d, str_skip(rest, 7));
		d->rule.invalid = d->rule.invalid && !d->rule.exists;
		return;
	}
	if (!take_header(l, line, rest, &m) ||
	    !take_pattern(l, line, m.pattern, true, &c))
		return;
	if ((r = parse_define(l, line, d, RULE_HEADER)) == NULL) {
		regex_free(&c.regex);
		return;
	}
	r->invalid = false;
	set_comparison(l, line, r, &m, &c);
}

static bool
is_comparison(struct str s)
{
	return str_starts(s, STR("=~")) || str_starts(s, STR("!~"));
}

/* HEADER, HEADER: or HEADER:raw, which is kept as part of the name. */
static bool
take_mimeheader(struct loader *l, const struct line *line, struct str text,
    struct comparison *out)
{
	struct str rest;
	size_t n = 0;

	while (n < text.len && text.p[n] != ':' && !ascii_is_space(text.p[n]) &&
	       !(n > 0 && is_comparison(str_skip(text, n))))
		n++;
	out->whole = text;
	out->header = str_head(text, n);
	rest = str_skip(text, n);
	if (str_starts(rest, STR(":raw"))) {
		out->header.len += 4;
		rest = str_skip(rest, 4);
	} else if (str_starts(rest, STR(":"))) {
		rest = str_skip(rest, 1);
	}
	rest = str_trim_left(rest);
	if (n > 0 && take_comparison(out, rest))
		return true;
	loader_error(l, line, loader_offset(line, rest.p),
	    "a mimeheader rule is HEADER[:raw] =~ /re/");
	return false;
}

void
parse_mimeheader(struct loader *l, const struct line *line)
{
	struct str name, rest;
	struct comparison m;
	struct compiled c;
	struct draft *d;
	struct rule *r;

	if (!parse_take_name(l, line, &name, &rest) ||
	    !parse_check_name(l, line, name) ||
	    !take_mimeheader(l, line, rest, &m) ||
	    !take_pattern(l, line, m.pattern, false, &c))
		return;
	d = loader_draft(l, name);
	/* Once a mimeheader, a later one does not take the name back. */
	r = d->mimeheader && d->rule.type != RULE_MIMEHEADER
		? NULL
		: parse_define(l, line, d, RULE_MIMEHEADER);
	d->mimeheader = true;
	if (r == NULL) {
		regex_free(&c.regex);
		return;
	}
	set_comparison(l, line, r, &m, &c);
}

/* key =~ /re/flags at `*rest`; false: none there any more. */
static bool
next_criterion(struct str *rest, struct uri_criterion *out)
{
	for (size_t i = 0; i < rest->len; i++) {
		struct str s = str_skip(*rest, i);
		size_t n = str_span(s, LEX_WORD_BYTES), end;
		struct str op = str_trim_left(str_skip(s, n)), re;
		char close;

		if (n == 0)
			continue;
		i += n - 1;
		if (op.len < 3 || (op.p[0] != '=' && op.p[0] != '!') ||
		    op.p[1] != '~')
			continue;
		re = str_trim_left(str_skip(op, 2));
		close = re.len > 1 && re.p[0] == '/'   ? '/'
			: re.len > 2 && re.p[0] == 'm' ? re.p[1]
						       : '\0';
		if (close == '\0' ||
		    str_span(str_make(&close, 1), LEX_WORD_BYTES))
			continue;
		for (end = close == '/' && re.p[0] == '/' ? 1 : 2; end < re.len;
		     end++) {
			size_t flags;

			if (re.p[end] != close)
				continue;
			flags = str_span(str_skip(re, end + 1), "imsx");
			if (end + 1 + flags == re.len ||
			    ascii_is_space(re.p[end + 1 + flags])) {
				end += 1 + flags;
				*out = (struct uri_criterion){
				    .key = str_head(s, n),
				    .negated = op.p[0] == '!',
				    .pattern = str_head(re, end)};
				*rest = str_skip(re, end);
				return true;
			}
		}
	}
	return false;
}

static bool
is_uri_key(struct str s)
{
	return str_is(s, "raw") || str_is(s, "type") || str_is(s, "cleaned") ||
	       str_is(s, "text") || str_is(s, "domain") || str_is(s, "host");
}

/* A criterion replaces the one of the same key, even of an earlier line. */
static void
set_criterion(struct loader *l, struct rule *r, struct uri_criterion c)
{
	struct uri_criterion *v;

	for (size_t i = 0; i < r->criterion_count; i++) {
		if (str_eq(r->criteria[i].key, c.key)) {
			regex_free(&r->criteria[i].regex);
			r->criteria[i] = c;
			return;
		}
	}
	v = arena_array(l->arena, r->criterion_count + 1, sizeof(*v));
	if (r->criterion_count > 0)
		memcpy(v, r->criteria, r->criterion_count * sizeof(*v));
	v[r->criterion_count++] = c;
	r->criteria = v;
}

void
parse_uri_detail(struct loader *l, const struct line *line)
{
	struct uri_criterion c;
	struct compiled re;
	struct str name, rest;
	struct draft *d;
	size_t added = 0;

	if (!parse_take_name(l, line, &name, &rest) ||
	    !parse_check_name(l, line, name))
		return;
	d = loader_draft(l, name);
	while (added < URI_CRITERIA_MAX && next_criterion(&rest, &c)) {
		if (!is_uri_key(c.key)) {
			loader_error(l, line, loader_offset(line, c.key.p),
			    "\"%.*s\" is no key of a link", STR_ARG(c.key));
			return;
		}
		if (!take_pattern(l, line, c.pattern, false, &re))
			return;
		c.key = arena_copy(l->arena, c.key);
		c.perl = re.perl;
		c.pattern = re.pattern;
		c.flags = re.regex_flags;
		c.regex = re.regex;
		set_criterion(l, &d->rule, c);
		added++;
	}
	if (added == 0)
		loader_error(l, line, loader_offset(line, rest.p),
		    "uri_detail has no criterion: key =~ /re/");
	else
		parse_define(l, line, d, RULE_URI_DETAIL);
}
