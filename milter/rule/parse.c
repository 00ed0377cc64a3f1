/*
 * Lines to drafts: rule definitions and everything said about a rule by name.
 *
 * A line that is wrong leaves what was known of the rule (spec 2.1); the last
 * good definition wins. Settings of other modules are settings.c's.
 */
#include "rule/parse.h"

#include "base/err.h"
#include "rule/cond.h"
#include "rule/lex.h"
#include "rule/limits.h"
#include "rule/pattern.h"
#include "rule/settings.h"
#include "rule/template.h"

/* Rule name and the rest; false (a diagnostic) when one is missing. */
static bool
take_name(struct loader *l, const struct line *line, struct str *name_out,
    struct str *rest_out)
{
	struct str rest = line->value;

	*name_out = str_word(&rest);
	*rest_out = str_trim_left(rest);
	if (name_out->len == 0)
		loader_error(l, line, STR_NPOS, "\"%.*s\" names no rule",
		    STR_ARG(line->key));
	else if (rest_out->len == 0)
		loader_error(l, line, STR_NPOS, "\"%.*s %.*s\" says no more",
		    STR_ARG(line->key), STR_ARG(*name_out));
	return rest_out->len > 0;
}

static bool
check_name(struct loader *l, const struct line *line, struct str name)
{
	size_t at = loader_offset(line, name.p);

	if (!lex_is_name(name) && name.len <= RULE_NAME_MAX) {
		loader_error(l, line, at,
		    "\"%.*s\" is no rule name: letters, digits and _, not "
		    "starting with a digit",
		    STR_ARG(name));
		return false;
	}
	if (name.len > RULE_NAME_MAX) {
		loader_error(l, line, at,
		    "a rule name has at most %zu characters", RULE_NAME_MAX);
		return false;
	}
	if (name.len > RULE_NAME_LONG && l->options->lint &&
	    !str_starts(name, STR("__")) && !str_starts(name, STR("T_")))
		loader_warn(l, line, "the name %.*s is over %zu characters",
		    STR_ARG(name), RULE_NAME_LONG);
	return true;
}

/* The draft takes this line as its definition, of type `type`. */
static struct rule *
define(struct loader *l, const struct line *line, struct draft *d,
    enum rule_type type)
{
	struct rule *r = &d->rule;

	if (!d->listed && l->defined.len >= RULE_COUNT_MAX) {
		loader_error(l, line, STR_NPOS, "there are more than %zu rules",
		    RULE_COUNT_MAX);
		return NULL;
	}
	if (!d->listed)
		*VEC_PUSH(&l->defined) = d;
	d->listed = true;
	d->defined = true;
	r->type = type;
	r->pos = line->pos;
	r->condition_count = l->ifs.len;
	r->conditions = arena_array(
	    l->arena, l->ifs.len ? l->ifs.len : 1, sizeof(*r->conditions));
	for (size_t i = 0; i < l->ifs.len; i++)
		r->conditions[i] = l->ifs.v[i].text;
	return r;
}

/*
 * A pattern literal into `*perl_out` (flags in front); false: refused, the
 * diagnostic points at the byte.
 */
static bool
take_pattern(struct loader *l, const struct line *line, struct str text,
    struct str *perl_out)
{
	struct pattern_literal literal;
	struct pattern_error e;
	const char *why;
	struct str perl, ignored;
	unsigned flags;
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
	perl = pattern_join(&l->scratch, &literal);
	if (pattern_translate(&l->scratch, template_escape(&l->scratch, perl),
		&ignored, &flags, &e) != 0) {
		size_t lead = literal.flags.len ? literal.flags.len + 3 : 0;

		at += e.offset >= lead ? literal.body_offset + e.offset - lead
				       : text.len - literal.flags.len;
		loader_error(l, line, at, "%s", e.message);
		return false;
	}
	*perl_out = arena_copy(l->arena, perl);
	return true;
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

/* `literal` is the tail of `whole`, or stands in it. */
static void
set_pattern(struct loader *l, struct rule *r, struct str whole,
    struct str literal, struct str perl)
{
	r->written = arena_copy(l->arena, whole);
	r->literal = str_head(
	    str_skip(r->written, (size_t)(literal.p - whole.p)), literal.len);
	r->perl = perl;
	template_mark(l->arena, r);
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
	if (!check_name(l, line, name) ||
	    (r = define(l, line, loader_draft(l, name), type)) == NULL)
		return;
	r->eval = arena_copy(l->arena, str_head(call, open));
	r->eval_args = arena_copy(
	    l->arena, str_make(call.p + open + 1, call.len - open - 2));
}

static void
parse_regex_rule(struct loader *l, const struct line *line, enum rule_type type,
    enum rule_type eval_type)
{
	struct str name, rest, perl;
	struct rule *r;

	if (!take_name(l, line, &name, &rest))
		return;
	if (eval_type != RULE_EMPTY && str_starts(rest, STR("eval:"))) {
		parse_eval(l, line, name, str_skip(rest, 5), eval_type);
		return;
	}
	if (!check_name(l, line, name) || !take_pattern(l, line, rest, &perl) ||
	    (r = define(l, line, loader_draft(l, name), type)) == NULL)
		return;
	set_pattern(l, r, rest, rest, perl);
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
	r = define(l, line, d, RULE_HEADER);
	if (r == NULL)
		return;
	r->header = arena_copy(l->arena, str_head(header, n));
	r->exists = true;
	r->perl = STR_NONE;
	r->written = STR_NONE;
}

/* HEADER =~ or !~; what follows in `*rest`. */
static bool
take_header(struct loader *l, const struct line *line, struct str *rest,
    struct str *header_out, bool *negated_out)
{
	size_t n = header_length(*rest);
	struct str s = str_trim_left(str_skip(*rest, n));

	if (n == 0 || s.len < 3 || (s.p[0] != '=' && s.p[0] != '!') ||
	    s.p[1] != '~') {
		loader_error(l, line, loader_offset(line, n ? s.p : rest->p),
		    "a header rule is NAME =~ /re/ or NAME !~ /re/");
		return false;
	}
	*header_out = str_head(*rest, n);
	if (header_out->p[n - 1] == ':')
		header_out->len--;
	*negated_out = s.p[0] == '!';
	*rest = str_trim_left(str_skip(s, 2));
	return check_modifiers(l, line, *header_out);
}

static void
parse_header(struct loader *l, const struct line *line)
{
	struct str name, rest, whole, header, perl, unset = STR_NONE;
	bool negated, has_unset;
	struct draft *d;
	struct rule *r;

	if (!take_name(l, line, &name, &rest))
		return;
	if (str_starts(rest, STR("eval:")) ||
	    str_starts(rest, STR("rbleval:"))) {
		parse_eval(l, line, name,
		    str_skip(rest, str_find_char(rest, ':') + 1),
		    RULE_HEADER_EVAL);
		return;
	}
	if (!check_name(l, line, name))
		return;
	d = loader_draft(l, name);
	/* A second definition forgets these even when it is refused. */
	if (d->defined) {
		d->rule.invalid =
		    d->rule.invalid ||
		    (d->rule.type == RULE_HEADER && d->rule.exists);
		d->rule.exists = d->rule.negated = d->rule.has_unset = false;
	}
	if (str_starts(rest, STR("exists:"))) {
		parse_exists(l, line, d, str_skip(rest, 7));
		d->rule.invalid = d->rule.invalid && !d->rule.exists;
		return;
	}
	whole = rest;
	if (!take_header(l, line, &rest, &header, &negated))
		return;
	has_unset = take_unset(&rest, &unset);
	if (!take_pattern(l, line, rest, &perl) ||
	    (r = define(l, line, d, RULE_HEADER)) == NULL)
		return;
	r->invalid = false;
	r->header = arena_copy(l->arena, header);
	r->negated = negated;
	r->has_unset = has_unset;
	r->unset = arena_copy(l->arena, unset);
	set_pattern(l, r, whole, rest, perl);
}

static void
parse_mimeheader(struct loader *l, const struct line *line)
{
	struct str name, rest, whole, header, perl, unset = STR_NONE;
	bool negated;
	struct draft *d;
	struct rule *r;
	size_t n, raw;

	if (!take_name(l, line, &name, &rest) || !check_name(l, line, name))
		return;
	whole = rest;
	for (n = 0;
	     n < rest.len && rest.p[n] != ':' && !ascii_is_space(rest.p[n]) &&
	     !(n > 0 && (str_starts(str_skip(rest, n), STR("=~")) ||
			    str_starts(str_skip(rest, n), STR("!~"))));
	     n++)
		;
	raw = str_starts(str_skip(rest, n), STR(":raw")) ? 4
	      : n < rest.len && rest.p[n] == ':'	 ? 1
							 : 0;
	header = str_head(rest, n + (raw == 4 ? 4 : 0));
	rest = str_trim_left(str_skip(rest, n + raw));
	if (n == 0 || rest.len < 3 || (rest.p[0] != '=' && rest.p[0] != '!') ||
	    rest.p[1] != '~') {
		loader_error(l, line, loader_offset(line, rest.p),
		    "a mimeheader rule is HEADER[:raw] =~ /re/");
		return;
	}
	negated = rest.p[0] == '!';
	rest = str_trim_left(str_skip(rest, 2));
	take_unset(&rest, &unset);
	if (!take_pattern(l, line, rest, &perl))
		return;
	d = loader_draft(l, name);
	/* Once a mimeheader, a later one does not take the name back. */
	r = d->mimeheader && d->rule.type != RULE_MIMEHEADER
		? NULL
		: define(l, line, d, RULE_MIMEHEADER);
	d->mimeheader = true;
	if (r == NULL)
		return;
	r->header = arena_copy(l->arena, header);
	r->negated = negated;
	r->has_unset = unset.len > 0;
	r->unset = arena_copy(l->arena, unset);
	set_pattern(l, r, whole, rest, perl);
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

static void
parse_uri_detail(struct loader *l, const struct line *line)
{
	struct uri_criterion c;
	struct str name, rest, perl;
	struct draft *d;
	size_t added = 0;

	if (!take_name(l, line, &name, &rest) || !check_name(l, line, name))
		return;
	d = loader_draft(l, name);
	while (added < URI_CRITERIA_MAX && next_criterion(&rest, &c)) {
		if (!is_uri_key(c.key)) {
			loader_error(l, line, loader_offset(line, c.key.p),
			    "\"%.*s\" is no key of a link", STR_ARG(c.key));
			return;
		}
		if (!take_pattern(l, line, c.pattern, &perl))
			return;
		c.key = arena_copy(l->arena, c.key);
		c.pattern = perl;
		set_criterion(l, &d->rule, c);
		added++;
	}
	if (added == 0)
		loader_error(l, line, loader_offset(line, rest.p),
		    "uri_detail has no criterion: key =~ /re/");
	else
		define(l, line, d, RULE_URI_DETAIL);
}

static void
parse_meta(struct loader *l, const struct line *line)
{
	struct str name, rest;
	struct rule *r;

	if (!take_name(l, line, &name, &rest) || !check_name(l, line, name))
		return;
	if (!parse_meta_check(l, line, rest))
		return;
	r = define(l, line, loader_draft(l, name), RULE_META);
	if (r != NULL)
		r->meta = arena_copy(l->arena, rest);
}

static bool
read_score(struct str s, double *out, bool *relative)
{
	if (s.len > 2 && s.p[0] == '(' && s.p[s.len - 1] == ')') {
		s = str_make(s.p + 1, s.len - 2);
		*relative = true;
	}
	return str_to_double(s, out);
}

static void
parse_score(struct loader *l, const struct line *line)
{
	struct str rest = line->value, name = str_word(&rest), word;
	double score[4] = {0};
	bool relative = false;
	size_t n = 0;
	struct rule *r;

	while ((word = str_word(&rest)).len > 0) {
		if (n == 4 || !read_score(word, &score[n], &relative)) {
			loader_error(l, line, loader_offset(line, word.p),
			    n == 4 ? "score takes one or four numbers"
				   : "this is no score: [-]digits[.digits]");
			return;
		}
		n++;
	}
	if (n != 1 && n != 4) {
		loader_error(l, line, STR_NPOS,
		    "score takes a name and one or four numbers");
		return;
	}
	r = &loader_draft(l, name)->rule;
	if (relative && !r->has_score) {
		loader_error(l, line, STR_NPOS,
		    "a score in ( ) is added to one set before, and there is "
		    "none");
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		double v = score[n == 4 ? i : 0];

		r->score[i] = relative ? r->score[i] + v : v;
	}
	r->has_score = true;
}

static void
parse_priority(struct loader *l, const struct line *line)
{
	struct str name, rest;
	int64_t n;

	if (!take_name(l, line, &name, &rest) || !check_name(l, line, name))
		return;
	if (rest.p[0] == '+' || !str_to_i64(rest, &n) || n < INT32_MIN / 2 ||
	    n > INT32_MAX / 2) {
		loader_error(l, line, loader_offset(line, rest.p),
		    "priority is a whole number");
		return;
	}
	loader_draft(l, name)->rule.priority_set = (int)n;
}

static void
parse_test(struct loader *l, const struct line *line)
{
	struct str name, rest, word;

	if (!take_name(l, line, &name, &rest))
		return;
	word = str_word(&rest);
	if ((!str_is(word, "ok") && !str_is(word, "fail")) || rest.len == 0 ||
	    l->tests.len >= RULE_TEST_MAX) {
		loader_error(l, line, loader_offset(line, word.p),
		    "a test is NAME ok|fail string");
		return;
	}
	*VEC_PUSH(&l->tests) =
	    (struct rule_test){.name = arena_copy(l->arena, name),
		.hits = str_is(word, "ok"),
		.text = arena_copy(l->arena, str_trim_left(rest)),
		.pos = line->pos};
}

/* Declares the last-but-listed name unless it is a rule already. */
static void
parse_reuse(struct loader *l, const struct line *line)
{
	struct str rest = line->value, name = str_word(&rest), word;
	struct str first = name;

	for (word = name; word.len > 0; word = str_word(&rest)) {
		if (str_span(word, LEX_WORD_BYTES) == word.len)
			continue;
		loader_error(l, line, loader_offset(line, word.p),
		    "reuse takes rule names");
		return;
	}
	if (first.len == 0) {
		loader_error(l, line, STR_NPOS, "reuse names no rule");
		return;
	}
	if (check_name(l, line, first) && !loader_draft(l, first)->defined)
		define(l, line, loader_draft(l, first), RULE_EMPTY);
}

static void
parse_action(struct loader *l, const struct line *line)
{
	static const char *const words[] = {[RULE_ACTION_NONE] = "none",
	    [RULE_ACTION_REJECT] = "reject",
	    [RULE_ACTION_TEMPFAIL] = "tempfail",
	    [RULE_ACTION_QUARANTINE] = "quarantine",
	    [RULE_ACTION_TAG] = "tag",
	    [RULE_ACTION_DISCARD] = "discard",
	    [RULE_ACTION_SHADOW] = "shadow"};
	struct str name, rest, word, text;
	size_t action;
	struct rule *r;

	if (!take_name(l, line, &name, &rest) || !check_name(l, line, name))
		return;
	word = str_word(&rest);
	text = str_trim(rest);
	for (action = 0; action < sizeof(words) / sizeof(words[0]); action++)
		if (str_is_nocase(word, words[action]))
			break;
	if (action == sizeof(words) / sizeof(words[0])) {
		loader_error(l, line, loader_offset(line, word.p),
		    "\"%.*s\" is no action: reject tempfail quarantine tag "
		    "discard shadow",
		    STR_ARG(word));
		return;
	}
	if (text.len > 0 &&
	    (text.len < 2 || text.p[0] != '"' || text.p[text.len - 1] != '"')) {
		loader_error(l, line, loader_offset(line, text.p),
		    "the text of an action stands in \"quotes\"");
		return;
	}
	r = &loader_draft(l, name)->rule;
	r->action = (enum rule_action)action;
	r->action_text =
	    text.len ? arena_copy(l->arena, str_make(text.p + 1, text.len - 2))
		     : STR_NONE;
}

static void
parse_about(struct loader *l, const struct line *line, bool describe)
{
	struct str name, rest;
	struct rule *r;

	if (!take_name(l, line, &name, &rest))
		return;
	r = &loader_draft(l, name)->rule;
	if (describe)
		r->describe = arena_copy(l->arena, rest);
	else
		r->tflags = arena_copy(l->arena, rest);
}

static void
parse_replace(struct loader *l, const struct line *line, enum replace_kind kind)
{
	struct str name, rest;

	if (take_name(l, line, &name, &rest))
		replace_set(&l->tags, l->arena, kind, name, rest);
}

static void
parse_replace_rules(struct loader *l, const struct line *line)
{
	struct str rest = line->value, word;

	if (rest.len == 0)
		loader_error(l, line, STR_NPOS, "replace_rules names no rule");
	while ((word = str_word(&rest)).len > 0)
		map_set(l->replace_rules, word, l);
}

static void
parse_replace_mark(struct loader *l, const struct line *line, struct str *mark)
{
	struct str s = line->value;

	if (s.len == 0) {
		loader_error(l, line, STR_NPOS, "\"%.*s\" has no value",
		    STR_ARG(line->key));
		return;
	}
	if (s.len == 2 && s.p[0] == '\\')
		s = str_skip(s, 1); /* written as a regexp */
	*mark = arena_copy(l->arena, s);
}

static void
parse_plugin(struct loader *l, const struct line *line, bool quiet)
{
	struct str rest = line->value, name = str_word(&rest);

	if (name.len == 0 || str_span(name, LEX_WORD_BYTES ":") != name.len) {
		loader_error(l, line, STR_NPOS, "\"%.*s\" names no module",
		    STR_ARG(line->key));
		return;
	}
	if (!plugins_load(&l->plugins, name) && !quiet)
		settings_note(l, line, name,
		    "plugin %.*s is not provided; rules that ask for it are "
		    "passed over");
}

static void
parse_askdns(struct loader *l, const struct line *line)
{
	struct str name, rest;
	struct rule *r;

	if (!take_name(l, line, &name, &rest) || !check_name(l, line, name))
		return;
	r = define(l, line, loader_draft(l, name), RULE_ASKDNS);
	if (r != NULL)
		r->eval_args = arena_copy(l->arena, rest);
}

static void
parse_compat(struct loader *l, const struct line *line)
{
	if (line->value.len == 0 || line->value.len > 128 ||
	    str_span(line->value, LEX_WORD_BYTES) != line->value.len)
		loader_error(l, line, STR_NPOS, "enable_compat takes one name");
	else
		plugins_enable_compat(&l->plugins, line->value);
}

static void
parse_required_score(struct loader *l, const struct line *line)
{
	if (settings_check_value(l, line, VALUE_NUMBER))
		l->rs->required_score = settings_number(line->value);
}

static void
dispatch(struct loader *l, const struct line *line, const struct keyword *k)
{
	switch (k->kind) {
	case KEYWORD_HEADER:
		parse_header(l, line);
		break;
	case KEYWORD_BODY:
		parse_regex_rule(l, line, RULE_BODY, RULE_BODY_EVAL);
		break;
	case KEYWORD_RAWBODY:
		parse_regex_rule(l, line, RULE_RAWBODY, RULE_RAWBODY_EVAL);
		break;
	case KEYWORD_FULL:
		parse_regex_rule(l, line, RULE_FULL, RULE_FULL_EVAL);
		break;
	case KEYWORD_URI:
		parse_regex_rule(l, line, RULE_URI, RULE_EMPTY);
		break;
	case KEYWORD_META:
		parse_meta(l, line);
		break;
	case KEYWORD_SCORE:
		parse_score(l, line);
		break;
	case KEYWORD_DESCRIBE:
	case KEYWORD_TFLAGS:
		parse_about(l, line, k->kind == KEYWORD_DESCRIBE);
		break;
	case KEYWORD_PRIORITY:
		parse_priority(l, line);
		break;
	case KEYWORD_TEST:
		parse_test(l, line);
		break;
	case KEYWORD_REUSE:
		parse_reuse(l, line);
		break;
	case KEYWORD_ACTION:
		parse_action(l, line);
		break;
	case KEYWORD_MIMEHEADER:
		parse_mimeheader(l, line);
		break;
	case KEYWORD_URI_DETAIL:
		parse_uri_detail(l, line);
		break;
	case KEYWORD_ASKDNS:
		parse_askdns(l, line);
		break;
	case KEYWORD_REPLACE_TAG:
	case KEYWORD_REPLACE_PRE:
	case KEYWORD_REPLACE_INTER:
	case KEYWORD_REPLACE_POST:
		parse_replace(l, line,
		    (enum replace_kind)(k->kind - KEYWORD_REPLACE_TAG));
		break;
	case KEYWORD_REPLACE_RULES:
		parse_replace_rules(l, line);
		break;
	case KEYWORD_REPLACE_START:
		parse_replace_mark(l, line, &l->tags.start);
		break;
	case KEYWORD_REPLACE_END:
		parse_replace_mark(l, line, &l->tags.end);
		break;
	case KEYWORD_LOADPLUGIN:
	case KEYWORD_TRYPLUGIN:
		parse_plugin(l, line, k->kind == KEYWORD_TRYPLUGIN);
		break;
	case KEYWORD_ENABLE_COMPAT:
		parse_compat(l, line);
		break;
	case KEYWORD_REQUIRED_SCORE:
		parse_required_score(l, line);
		break;
	default:
		settings_take(l, line, k);
	}
}

void
parse_line(struct loader *l, const struct line *line)
{
	const struct keyword *k = keyword_find(line->key);

	if (k == NULL)
		loader_error(
		    l, line, 0, "unknown keyword \"%.*s\"", STR_ARG(line->key));
	else if (k->plugin >= 0 && !l->plugins.claimed[k->plugin])
		settings_note_plugin(l, line, k);
	else
		dispatch(l, line, k);
}
