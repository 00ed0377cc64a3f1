#include "rule/settings.h"

#include "base/err.h"
#include "rule/limits.h"
#include "rule/pattern.h"

static bool
is_number(struct str s)
{
	size_t n;

	s = str_skip(s, s.len > 0 && (s.p[0] == '+' || s.p[0] == '-'));
	n = str_span(s, "0123456789");
	if (n == 0)
		return false;
	s = str_skip(s, n);
	if (s.len > 0 && s.p[0] == '.')
		s = str_skip(s, 1);
	return str_span(s, "0123456789") == s.len;
}

double
settings_number(struct str s)
{
	double v = 0;
	bool minus = s.len > 0 && s.p[0] == '-';

	s = str_skip(s, s.len > 0 && (s.p[0] == '+' || s.p[0] == '-'));
	if (s.len > 0 && s.p[s.len - 1] == '.')
		s.len--;
	str_to_double(s, &v);
	return minus ? -v : v;
}

static bool
is_bool(struct str s)
{
	return str_is(s, "0") || str_is(s, "1") || str_is_nocase(s, "yes") ||
	       str_is_nocase(s, "no");
}

static size_t
count_words(struct str s)
{
	size_t n = 0;

	while (str_word(&s).len > 0)
		n++;
	return n;
}

/* (name) words */
static bool
is_list(struct str s)
{
	size_t close = str_find(s, STR(") "));

	if (close == STR_NPOS)
		close = str_find(s, STR(")\t"));
	return close != STR_NPOS && close > 1 && s.p[0] == '(';
}

/* Every word has `want` labels, none of them empty. */
static bool
all_labels(struct str s, unsigned want)
{
	struct str word;

	while ((word = str_word(&s)).len > 0) {
		unsigned labels = 0;

		for (; word.p != NULL; labels++)
			if (str_cut(&word, '.').len == 0)
				return false;
		if (labels != want)
			return false;
	}
	return true;
}

static bool
check_regex(struct loader *l, const struct line *line)
{
	struct pattern_literal literal;
	struct pattern_error e;
	struct str out;
	unsigned flags;

	if (pattern_split(line->value, &literal, &e) == 0 &&
	    pattern_translate(&l->scratch, pattern_join(&l->scratch, &literal),
		&out, &flags, &e) == 0)
		return true;
	loader_error(
	    l, line, loader_offset(line, line->value.p), "%s", e.message);
	return false;
}

bool
settings_check_value(
    struct loader *l, const struct line *line, enum keyword_value kind)
{
	static const char *const wants[] = {[VALUE_PAIR] = "two words",
	    [VALUE_LIST] = "(name) and words",
	    [VALUE_NUMBER] = "a number",
	    [VALUE_BOOL] = "0, 1, yes or no",
	    [VALUE_NOTHING] = "nothing",
	    [VALUE_REGEX] = "/a regexp/",
	    [VALUE_LABEL] = "top-level domains",
	    [VALUE_LABELS_2] = "domains of two labels",
	    [VALUE_LABELS_3] = "domains of three labels"};
	struct str s = line->value;
	bool good = true;

	if (kind == VALUE_FREE)
		return true;
	if (s.len == 0 && kind != VALUE_NOTHING) {
		loader_error(l, line, STR_NPOS, "\"%.*s\" has no value",
		    STR_ARG(line->key));
		return false;
	}
	if (kind == VALUE_REGEX)
		return check_regex(l, line);
	if (kind == VALUE_PAIR)
		good = count_words(s) == 2;
	else if (kind == VALUE_LIST)
		good = is_list(s);
	else if (kind == VALUE_NUMBER)
		good = is_number(s);
	else if (kind == VALUE_BOOL)
		good = is_bool(s);
	else if (kind == VALUE_NOTHING)
		good = s.len == 0;
	else if (kind >= VALUE_LABEL)
		good = all_labels(s, 1 + kind - VALUE_LABEL);
	if (!good)
		loader_error(l, line, loader_offset(line, s.p),
		    "\"%.*s\" takes %s", STR_ARG(line->key), wants[kind]);
	return good;
}

void
settings_note(
    struct loader *l, const struct line *line, struct str name, const char *fmt)
{
	struct source_pos pos = line->pos;
	struct buf b;

	if (map_set(l->noted, name, l) != NULL)
		return;
	buf_init_arena(&b, &l->scratch);
	for (const char *p = fmt; *p != '\0'; p++) {
		if (strncmp(p, "%.*s", 4) == 0) {
			buf_add(&b, name);
			p += 3;
		} else {
			buf_add_char(&b, *p);
		}
	}
	diag_add(l->diags, SEVERITY_NOTE, pos, "%s", buf_cstr(&b));
}

void
settings_note_plugin(
    struct loader *l, const struct line *line, const struct keyword *k)
{
	settings_note(l, line, str_from(k->name),
	    "\"%.*s\" belongs to a plugin that is not in use here; such lines "
	    "are passed over");
}

static void
note_unused(struct loader *l, const struct line *line, const struct keyword *k)
{
	struct buf b;

	buf_init_arena(&b, &l->scratch);
	buf_printf(&b, "\"%%.*s\" is read and ignored: %s", k->meaning);
	settings_note(l, line, str_from(k->name), buf_cstr(&b));
}

void
settings_take(
    struct loader *l, const struct line *line, const struct keyword *k)
{
	if (!settings_check_value(l, line, k->value))
		return;
	if (k->kind == KEYWORD_IGNORED) {
		settings_note(l, line, str_from(k->name),
		    "\"%.*s\" does not concern a milter; such lines are passed "
		    "over");
		return;
	}
	if (k->kind == KEYWORD_UNUSED) {
		note_unused(l, line, k);
		return;
	}
	if (l->settings.len >= RULE_SETTING_MAX) {
		loader_error(l, line, STR_NPOS,
		    "there are more than %zu settings", RULE_SETTING_MAX);
		return;
	}
	*VEC_PUSH(&l->settings) =
	    (struct rule_setting){.key = str_from(k->canonical),
		.value = arena_copy(l->arena, line->value),
		.pos = line->pos};
}
