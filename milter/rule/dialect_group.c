#include "rule/dialect.h"

#include "base/err.h"

#define WORD_BYTES \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

struct group *
walk_push_group(struct walk *w)
{
	struct group *g;

	walk_settle(w);
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
	struct group *g = walk_push_group(w);

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
	walk_copy(w, n);
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
	struct str s = str_skip(walk_rest(w), 2), name;
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
			walk_copy(w, end + 3);
			return 0;
		}
	}
	return walk_refuse(w, w->at, "(* starts no verb Perl knows");
}

/* Names of groups, as (?<name> (?'name' (?P<name>; `n` bytes of head. */
static int
take_named(struct walk *w, size_t n, char end)
{
	struct str name = str_skip(walk_rest(w), n);
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
	size_t n = str_find_char(walk_rest(w), ')');

	if (n == STR_NPOS)
		return walk_refuse(w, w->at, "\"(?\" does not end");
	walk_atom(w, 0, LENGTH_INFINITE);
	walk_copy(w, n + 1);
	return 0;
}

static int
take_condition(struct walk *w)
{
	struct str s = str_skip(walk_rest(w), 3);
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
	struct str s = walk_rest(w);
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
	return walk_flags(w);
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

int
walk_bar(struct walk *w)
{
	struct group *g = &w->stack[w->depth];

	walk_settle(w);
	end_branch(g);
	if (++g->branches > 2 && g->condition)
		return walk_refuse(
		    w, w->at, "a condition has more than two branches");
	if (g->conditional_only)
		return walk_refuse(w, w->at, "(?(DEFINE) has no branches");
	walk_copy(w, 1);
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

int
walk_close(struct walk *w)
{
	struct group g;
	int rc;

	if (w->depth == 0)
		return walk_refuse(w, w->at, "\")\" without \"(\"");
	walk_settle(w);
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
	walk_copy(w, 1);
	return 0;
}

int
walk_open(struct walk *w)
{
	struct str s = walk_rest(w);

	if (str_starts(s, STR("(*")))
		return take_verb(w);
	if (str_starts(s, STR("(?")))
		return take_special(w);
	return open_group(w, 1, (struct group){.captures = true});
}
