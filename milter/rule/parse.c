/*
 * Lines to drafts: metas and everything said about a rule by name.
 *
 * A line that is wrong leaves what was known of the rule (spec 2.1); the last
 * good definition wins. Rules with patterns are parse_pattern.c's, settings of
 * other modules settings.c's.
 */
#include "rule/parse.h"

#include "base/err.h"
#include "base/regex.h"
#include "rule/cond.h"
#include "rule/lex.h"
#include "rule/limits.h"
#include "rule/settings.h"

bool
parse_take_name(struct loader *l, const struct line *line, struct str *name_out,
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

bool
parse_check_name(struct loader *l, const struct line *line, struct str name)
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

struct rule *
parse_define(struct loader *l, const struct line *line, struct draft *d,
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
	if (d->defined && r->type != RULE_EMPTY && l->options->lint)
		diag_add(l->diags, SEVERITY_NOTE, line->pos,
		    "%.*s takes the place of the rule at %s:%u",
		    STR_ARG(r->name), r->pos.file, r->pos.line);
	d->listed = true;
	d->defined = true;
	regex_free(&r->regex);
	r->perl = r->pattern = STR_NONE;
	r->template = r->captures = false;
	r->type = type;
	r->pos = line->pos;
	r->condition_count = l->ifs.len;
	r->conditions = arena_array(
	    l->arena, l->ifs.len ? l->ifs.len : 1, sizeof(*r->conditions));
	for (size_t i = 0; i < l->ifs.len; i++)
		r->conditions[i] = l->ifs.v[i].text;
	return r;
}

static void
parse_meta(struct loader *l, const struct line *line)
{
	struct str name, rest;
	struct rule *r;

	if (!parse_take_name(l, line, &name, &rest) ||
	    !parse_check_name(l, line, name))
		return;
	if (!parse_meta_check(l, line, rest))
		return;
	r = parse_define(l, line, loader_draft(l, name), RULE_META);
	if (r != NULL)
		r->meta = arena_copy(l->arena, rest);
}

/* Where a name came up that may never be a rule. */
static void
note_place(struct rule *r, const struct line *line)
{
	if (r->pos.file == NULL)
		r->pos = line->pos;
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
	note_place(r, line);
}

static void
parse_priority(struct loader *l, const struct line *line)
{
	struct str name, rest;
	int64_t n;

	if (!parse_take_name(l, line, &name, &rest) ||
	    !parse_check_name(l, line, name))
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

	if (!parse_take_name(l, line, &name, &rest))
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

/*
 * Declares the first name unless it is a rule already; as in SpamAssassin only
 * what stands behind the last byte that fits no name is looked at.
 */
static void
parse_reuse(struct loader *l, const struct line *line)
{
	struct str rest = line->value, name;
	size_t bad = 0;

	for (size_t i = 0; i < rest.len; i++)
		if (!ascii_is_space(rest.p[i]) &&
		    str_span(str_skip(rest, i), LEX_WORD_BYTES) == 0)
			bad = i + 1;
	if (bad > 0)
		loader_error(l, line, loader_offset(line, rest.p) + bad - 1,
		    "reuse takes rule names; what stands up to here is passed "
		    "over");
	rest = str_skip(rest, bad);
	name = str_word(&rest);
	if (name.len == 0) {
		if (bad == 0)
			loader_error(l, line, STR_NPOS, "reuse names no rule");
		return;
	}
	if (parse_check_name(l, line, name) && !loader_draft(l, name)->defined)
		parse_define(l, line, loader_draft(l, name), RULE_EMPTY);
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

	if (!parse_take_name(l, line, &name, &rest) ||
	    !parse_check_name(l, line, name))
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
	note_place(r, line);
	r->action_text =
	    text.len ? arena_copy(l->arena, str_make(text.p + 1, text.len - 2))
		     : STR_NONE;
}

static void
parse_about(struct loader *l, const struct line *line, bool describe)
{
	struct str name, rest;
	struct rule *r;

	if (!parse_take_name(l, line, &name, &rest))
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

	if (parse_take_name(l, line, &name, &rest))
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

	if (!parse_take_name(l, line, &name, &rest) ||
	    !parse_check_name(l, line, name))
		return;
	r = parse_define(l, line, loader_draft(l, name), RULE_ASKDNS);
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
