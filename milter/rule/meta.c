#include "rule/meta.h"

#include "base/bitset.h"
#include "rule/expr.h"
#include "rule/lex.h"
#include "rule/limits.h"
#include "rule/parse.h"

struct tokens {
	VEC(struct lex_token) list;
};

static const struct str rules_matching = {"rules_matching", 14};

/* Length of `rules_matching(GLOB)` at the start of `s`, or 0. */
static size_t
glob_length(struct str s, struct str *glob_out)
{
	size_t i = rules_matching.len, n;

	if (!str_starts(s, rules_matching) || i >= s.len || s.p[i] != '(')
		return 0;
	for (i++; i < s.len && ascii_is_space(s.p[i]); i++)
		;
	n = str_span(str_skip(s, i), LEX_WORD_BYTES "*?");
	*glob_out = str_make(s.p + i, n);
	if (n == 0 || n > 128 || ascii_is_digit(s.p[i]))
		return 0;
	for (i += n; i < s.len && ascii_is_space(s.p[i]); i++)
		;
	return i < s.len && s.p[i] == ')' ? i + 1 : 0;
}

static bool
glob_matches(struct str glob, struct str name)
{
	size_t g = 0, n = 0, star = STR_NPOS, mark = 0;

	while (n < name.len) {
		if (g < glob.len && glob.p[g] == '*') {
			star = g++;
			mark = n;
		} else if (g < glob.len &&
			   (glob.p[g] == '?' || glob.p[g] == name.p[n])) {
			g++;
			n++;
		} else if (star != STR_NPOS) {
			g = star + 1;
			n = ++mark;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.p[g] == '*')
		g++;
	return g == glob.len;
}

static void
push(struct tokens *t, enum lex_type type, struct str text, size_t offset)
{
	*VEC_PUSH(&t->list) =
	    (struct lex_token){.type = type, .text = text, .offset = offset};
}

/* ( A + B + C ) of all rules with a score that match, `self` not. */
static void
push_glob(struct tokens *t, const struct ruleset *rs, struct str glob,
    struct str self, size_t offset)
{
	size_t start = t->list.len;

	push(t, LEX_OPERATOR, STR("("), offset);
	for (size_t i = 0; rs != NULL && i < rs->count; i++) {
		struct str name = rs->rules[i].name;

		if (str_eq(name, self) || !glob_matches(glob, name))
			continue;
		if (t->list.len > start + 1)
			push(t, LEX_NUMBER, STR("+"), offset);
		push(t, LEX_WORD, name, offset);
	}
	if (t->list.len == start + 1)
		push(t, LEX_NUMBER, STR("0"), offset);
	push(t, LEX_OPERATOR, STR(")"), offset);
}

/*
 * Tokens of a meta. With `rs` NULL (when it is read) a glob is worth 0. The
 * lexer restarts behind each glob.
 */
static void
tokenize(struct tokens *t, const struct ruleset *rs, struct str text,
    struct str self)
{
	struct lex_token token;
	size_t pos = 0;

	while (t->list.len <= EXPR_TOKEN_MAX && lex_next(text, &pos, &token)) {
		struct str glob;
		size_t n =
		    token.type == LEX_WORD
			? glob_length(str_skip(text, token.offset), &glob)
			: 0;

		if (n == 0) {
			*VEC_PUSH(&t->list) = token;
			continue;
		}
		push_glob(t, rs, glob, self, token.offset);
		pos = token.offset + n;
	}
}

/* A byte no expression may hold: it would be code where metas are Perl. */
static size_t
find_forbidden(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		struct str rest = str_skip(s, i);

		if (strchr("$@%;{}", s.p[i]) != NULL && s.p[i] != '\0')
			return i;
		if (str_starts(rest, STR("::")) || str_starts(rest, STR("->")))
			return i;
		if (s.p[i] == '*' &&
		    str_starts(str_trim_left(str_skip(s, i + 1)), STR("*")))
			return i;
	}
	return STR_NPOS;
}

static bool
check_tokens(struct loader *l, const struct line *line, size_t at,
    const struct tokens *t)
{
	for (size_t i = 0; i < t->list.len; i++) {
		const struct lex_token *k = &t->list.v[i];
		double v;

		if (k->type == LEX_WORD && lex_is_name(k->text))
			continue;
		if (k->type == LEX_OPERATOR)
			continue;
		if (k->type == LEX_NUMBER && k->text.len <= 2 &&
		    str_span(k->text, "+-.") == k->text.len)
			continue;
		if (k->type == LEX_NUMBER && ascii_is_digit(k->text.p[0]) &&
		    str_to_double(k->text, &v))
			continue;
		loader_error(l, line, at + k->offset,
		    "\"%.*s\" is neither a rule name nor a number (a sign "
		    "needs a space before the digits)",
		    STR_ARG(k->text));
		return false;
	}
	return true;
}

static bool
check_expression(struct loader *l, const struct line *line, size_t at,
    const struct tokens *t)
{
	struct expr_error e;
	struct meta_code *code;
	uint32_t *index =
	    arena_array(&l->scratch, t->list.len + 1, sizeof(*index));
	double v;

	for (size_t i = 0; i < t->list.len; i++)
		index[i] = EXPR_UNKNOWN;
	if (t->list.len == 0) {
		loader_error(l, line, at, "the expression is empty");
		return false;
	}
	code = expr_compile(&l->scratch, t->list.v, t->list.len, index, &e);
	if (code == NULL) {
		loader_error(l, line, at + e.offset, "%s", e.message);
		return false;
	}
	/* As it is judged there: with every rule at 0. */
	if (!expr_run(code, NULL, &v)) {
		loader_error(l, line, at, "the expression may divide by zero");
		return false;
	}
	return true;
}

bool
parse_meta_check(struct loader *l, const struct line *line, struct str text)
{
	struct tokens t = {0};
	size_t at = loader_offset(line, text.p), bad = find_forbidden(text);
	bool good;

	if (bad != STR_NPOS) {
		loader_error(l, line, at + bad,
		    "\"%c\" has no place in an expression", text.p[bad]);
		return false;
	}
	tokenize(&t, NULL, text, STR_NONE);
	good =
	    check_tokens(l, line, at, &t) && check_expression(l, line, at, &t);
	VEC_FINI(&t.list);
	return good;
}

/* Once: names to indices, then the program. */
static void
compile_meta(struct loader *l, struct rule *r)
{
	struct tokens t = {0};
	struct expr_error e = {0};
	uint32_t *index;

	tokenize(&t, l->rs, r->meta, r->name);
	index = mem_array(t.list.len + 1, sizeof(*index));
	for (size_t i = 0; i < t.list.len; i++) {
		const struct rule *dep =
		    t.list.v[i].type == LEX_WORD
			? ruleset_find(l->rs, t.list.v[i].text)
			: NULL;

		index[i] = dep ? dep->index : EXPR_UNKNOWN;
		if (str_is(t.list.v[i].text, "local_tests_only")) {
			t.list.v[i].type = LEX_NUMBER;
			t.list.v[i].text = STR("1");
		}
	}
	r->code = expr_compile(l->arena, t.list.v, t.list.len, index, &e);
	if (r->code == NULL) {
		r->invalid = true;
		diag_add(l->diags, SEVERITY_ERROR, r->pos, "meta %.*s: %s",
		    STR_ARG(r->name), e.message);
	}
	free(index);
	VEC_FINI(&t.list);
}

static bool
is_meta(const struct ruleset *rs, uint32_t i)
{
	return i != EXPR_UNKNOWN && rs->rules[i].type == RULE_META &&
	       rs->rules[i].code != NULL;
}

/* Something of which the value is there before the end of a scan. */
static bool
runs(const struct rule *r)
{
	return r->enabled && r->type != RULE_ASKDNS && r->type != RULE_RBL_EVAL;
}

static bool
is_late(const struct ruleset *rs, const struct meta_code *code)
{
	for (uint32_t i = 0; i < code->dep_count; i++) {
		uint32_t d = code->deps[i];

		if (d == EXPR_UNKNOWN)
			return true;
		if (is_meta(rs, d) ? rs->rules[d].code->late
				   : !runs(&rs->rules[d]))
			return true;
	}
	return false;
}

/*
 * In a cycle, or behind one: judged once, at the start, when only the rules of
 * the lowest priority have run. The others count 0 in it.
 */
static void
break_cycle(struct ruleset *rs, struct rule *r, int lowest)
{
	r->code->cyclic = true;
	for (uint32_t i = 0; i < r->code->count; i++) {
		struct expr_step *s = &r->code->steps[i];

		if (s->op == EXPR_RULE && !is_meta(rs, s->operand) &&
		    rs->rules[s->operand].priority > lowest)
			*s = (struct expr_step){.op = EXPR_CONST};
	}
	r->code->dep_count = 0;
}

/* Takes metas off `left` whose meta dependencies are all off; true: some. */
static bool
peel(struct ruleset *rs, struct bitset *left)
{
	bool any = false;

	for (uint32_t i = 0; i < rs->count; i++) {
		const struct meta_code *code = rs->rules[i].code;
		bool waits = false;

		if (!bitset_has(left, i))
			continue;
		for (uint32_t d = 0; d < code->dep_count && !waits; d++)
			waits = code->deps[d] != EXPR_UNKNOWN &&
				bitset_has(left, code->deps[d]);
		if (waits)
			continue;
		bitset_remove(left, i);
		rs->meta_order[rs->meta_count++] = i;
		any = true;
	}
	return any;
}

static void
report_cycle(struct loader *l, const struct rule *r, const struct bitset *left)
{
	for (uint32_t d = 0; d < r->code->dep_count; d++) {
		uint32_t i = r->code->deps[d];

		if (i == EXPR_UNKNOWN || !bitset_has(left, i))
			continue;
		diag_add(l->diags, SEVERITY_ERROR, r->pos,
		    "meta %.*s depends on itself by way of %.*s; it is judged "
		    "once, with what is known first",
		    STR_ARG(r->name), STR_ARG(l->rs->rules[i].name));
		return;
	}
}

static void
order_metas(struct loader *l)
{
	struct ruleset *rs = l->rs;
	struct bitset left;
	size_t cyclic = 0;
	int lowest = 0;

	bitset_init(&left, rs->count);
	rs->meta_order =
	    arena_array(l->arena, rs->count + 1, sizeof(*rs->meta_order));
	for (uint32_t i = 0; i < rs->count; i++) {
		if (is_meta(rs, i))
			bitset_add(&left, i);
		if (rs->rules[i].priority < lowest || i == 0)
			lowest = rs->rules[i].priority;
	}
	while (peel(rs, &left))
		;
	/* Those in cycles go first. */
	for (uint32_t i = 0; i < rs->count; i++)
		cyclic += bitset_has(&left, i);
	if (cyclic > 0)
		memmove(rs->meta_order + cyclic, rs->meta_order,
		    rs->meta_count * sizeof(*rs->meta_order));
	for (uint32_t i = 0, n = 0; i < rs->count && cyclic > 0; i++) {
		if (!bitset_has(&left, i))
			continue;
		rs->meta_order[n++] = i;
		report_cycle(l, &rs->rules[i], &left);
	}
	for (uint32_t i = 0; i < rs->count && cyclic > 0; i++)
		if (bitset_has(&left, i))
			break_cycle(rs, &rs->rules[i], lowest);
	rs->meta_count += cyclic;
	bitset_fini(&left);
}

void
meta_compile_all(struct loader *l)
{
	struct ruleset *rs = l->rs;

	for (size_t i = 0; i < rs->count; i++)
		if (rs->rules[i].type == RULE_META)
			compile_meta(l, &rs->rules[i]);
}

/* True when it did. */
static bool
inherit_net(struct loader *l, struct rule *r)
{
	for (uint32_t d = 0; d < r->code->dep_count; d++) {
		uint32_t i = r->code->deps[d];

		if (i == EXPR_UNKNOWN || !(l->rs->rules[i].flags & TFLAG_NET))
			continue;
		r->flags |= TFLAG_NET;
		r->tflags = r->tflags.len ? arena_printf(l->arena, "%.*s net",
						STR_ARG(r->tflags))
					  : STR("net");
		return true;
	}
	return false;
}

struct ranked {
	int priority;
	uint32_t index;
};

static int
by_priority(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* What a meta needs runs no later than the meta; net rules not before -100. */
static void
pull_priorities(struct ruleset *rs)
{
	struct ranked *v = mem_array(rs->count + 1, sizeof(*v));

	for (uint32_t i = 0; i < rs->count; i++)
		v[i] = (struct ranked){rs->rules[i].priority_set, i};
	qsort(v, rs->count, sizeof(*v), by_priority);
	for (size_t i = 0; i < rs->count; i++) {
		const struct rule *r = &rs->rules[v[i].index];

		if (r->type != RULE_META || r->code == NULL)
			continue;
		for (uint32_t d = 0; d < r->code->dep_count; d++) {
			struct rule *dep;

			if (r->code->deps[d] == EXPR_UNKNOWN)
				continue;
			dep = &rs->rules[r->code->deps[d]];
			if (dep->priority_set <= r->priority_set)
				continue;
			dep->priority_set =
			    r->priority_set < -100 && (dep->flags & TFLAG_NET)
				? -100
				: r->priority_set;
		}
	}
	free(v);
}

void
meta_settle(struct loader *l)
{
	struct ruleset *rs = l->rs;

	pull_priorities(rs);
	/* Again while one is found: net reaches through chains of metas. */
	for (bool found = true; found;) {
		found = false;
		for (size_t i = 0; i < rs->count; i++) {
			struct rule *r = &rs->rules[i];

			if (r->type == RULE_META && r->code &&
			    !(r->flags & TFLAG_NET))
				found = inherit_net(l, r) || found;
		}
	}
	for (size_t i = 0; i < rs->count; i++) {
		struct rule *r = &rs->rules[i];

		r->priority = r->priority_set	     ? r->priority_set
			      : r->flags & TFLAG_NET ? -100
						     : 0;
	}
	order_metas(l);
	for (size_t i = 0; i < rs->meta_count; i++) {
		struct meta_code *code = rs->rules[rs->meta_order[i]].code;

		code->late = is_late(rs, code);
	}
	meta_run_prepare(rs);
}
