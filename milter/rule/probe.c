/*
 * Which patterns can be made to run away, found by trying.
 *
 * Texts are built from what the pattern itself can eat: a head that gets into
 * it, one unit over and over, a tail that holds every byte a quick look for
 * required ones wants but no match can use. A text of 128 bytes separates the
 * suspicious from the many; how much more 256 bytes take tells the power of the
 * text's length it grows with, and so what the longest text of the view would
 * take. All is steps counted, so the answer does not depend on the machine.
 */
#include "rule/probe.h"

#include "base/clean.h"
#include "rule/dialect.h"
#include "rule/limits.h"

#include <math.h>
#include <stdio.h>

#define UNIT_MAX ((size_t)24)
#define UNITS_MAX 40
#define HEADS_MAX 3
#define SHORT_TEXT ((size_t)128)
/* What a text of that length takes at most, if it is none of interest. */
#define SHORT_STEPS (SHORT_TEXT * 24)

struct units {
	struct str v[UNITS_MAX];
	char text[UNITS_MAX][UNIT_MAX];
	size_t count;
};

struct probe {
	const struct regex *re; /* counted */
	struct regex_scratch *scratch;
	struct units own; /* literals and samples of it */
	struct str head[HEADS_MAX];
	char skeleton[UNIT_MAX]; /* a byte for each of its first atoms */
	struct buf text;
};

static void
add_unit(struct units *u, struct str s)
{
	if (s.len == 0 || u->count == UNITS_MAX)
		return;
	s = str_head(s, UNIT_MAX);
	for (size_t i = 0; i < u->count; i++)
		if (str_eq(u->v[i], s))
			return;
	memcpy(u->text[u->count], s.p, s.len);
	u->v[u->count] = str_make(u->text[u->count], s.len);
	u->count++;
}

/* A byte the escape `\c` matches. */
static char
sample_of_escape(char c)
{
	switch (c) {
	case 'd':
		return '1';
	case 's':
	case 'h':
	case 'R':
		return ' ';
	case 'W':
		return '!';
	case 'n':
	case 'v':
		return '\n';
	case 't':
		return '\t';
	default:
		return ascii_is_alnum(c) ? 'a' : c;
	}
}

/* One byte a bracket class matches, and its length in `*length_out`. */
static char
sample_of_class(struct str s, size_t *length_out)
{
	bool negated = s.len > 1 && s.p[1] == '^';
	size_t i = 1 + negated, first = i;
	char c = 'a';

	if (first < s.len && s.p[first] != '[')
		c = s.p[first] == '\\' && first + 1 < s.len
			? sample_of_escape(s.p[first + 1])
			: s.p[first];
	for (; i < s.len && (i == first || s.p[i] != ']'); i++)
		if (s.p[i] == '\\')
			i++;
	*length_out = i < s.len ? i + 1 : s.len;
	if (!negated)
		return c;
	return c == 'a' ? '-' : 'a';
}

/* Length of what stands at `s` and matches nothing by itself, or 0. */
static size_t
syntax_length(struct str s)
{
	size_t n = str_find_char(s, '}');

	if (s.p[0] == '(' && s.len > 2 && s.p[1] == '?')
		return 2 + str_span(str_skip(s, 2), "imsxn-^:<=!>|P");
	if (s.p[0] == '{')
		return n == STR_NPOS ? 1 : n + 1;
	if (s.p[0] == '\\' && s.len > 1 && strchr("bBAzZGKQE", s.p[1]) != NULL)
		return 2;
	return strchr("()|*+?^$", s.p[0]) != NULL ? 1 : 0;
}

/* Bytes of the pattern's atoms in order; runs of literals on the way. */
static size_t
read_atoms(struct probe *p, struct str perl)
{
	char run[UNIT_MAX];
	size_t n = 0, len = 0;

	for (size_t i = 0; i < perl.len;) {
		struct str s = str_skip(perl, i);
		size_t skip = syntax_length(s), size = 1;
		bool literal = false;
		char c = s.p[0];

		if (skip == 0 && c == '[') {
			c = sample_of_class(s, &size);
		} else if (skip == 0 && c == '\\' && s.len > 1) {
			literal = !ascii_is_alnum(s.p[1]);
			c = sample_of_escape(s.p[1]);
			size = 2;
		} else if (skip == 0) {
			literal = c != '.';
			c = literal ? c : 'a';
		}
		i += skip ? skip : size;
		if (!literal || n == sizeof(run)) {
			add_unit(&p->own, str_make(run, n));
			n = 0;
		}
		if (skip > 0)
			continue;
		if (literal)
			run[n++] = c;
		add_unit(&p->own, str_make(&c, 1));
		if (len < sizeof(p->skeleton))
			p->skeleton[len++] = c;
	}
	add_unit(&p->own, str_make(run, n));
	return len;
}

/* Neighbours in the pattern eat each other's text: two to four of them. */
static void
add_windows(struct units *u, struct str skeleton)
{
	for (size_t width = 2; width <= 4; width++)
		for (size_t i = 0; i + width <= skeleton.len; i++)
			add_unit(u, str_make(skeleton.p + i, width));
}

static void
fill(struct probe *p, size_t size, struct str head, struct str unit,
    const char *apart)
{
	struct buf *b = &p->text;

	buf_clear(b);
	buf_add(b, head);
	while (b->len < size)
		buf_add(b, unit);
	b->len = size;
	buf_add_cstr(b, apart);
	for (size_t i = 0; i < p->own.count; i++) {
		if (p->own.v[i].len > 1)
			continue; /* a whole literal could end the match well */
		buf_add(b, p->own.v[i]);
		buf_add_cstr(b, apart);
	}
}

/* Steps the text takes; PROBE_STEPS and more: it runs away. */
static double
steps(struct probe *p)
{
	int rc = regex_match(p->re, p->scratch, buf_str(&p->text), 0, NULL);

	return rc < 0 ? PROBE_STEPS : regex_steps(p->scratch);
}

/* What `size` bytes of these would take; more than `out` has: it is kept. */
static void
try_text(struct probe *p, size_t size, struct str head, struct str unit,
    const char *apart, struct probe_result *out)
{
	double at_128, at_256, all;

	fill(p, SHORT_TEXT, head, unit, apart);
	at_128 = steps(p);
	if (at_128 < SHORT_STEPS)
		return;
	fill(p, SHORT_TEXT * 2, head, unit, apart);
	at_256 = at_128 < PROBE_STEPS ? steps(p) : PROBE_STEPS;
	if (at_128 >= PROBE_STEPS)
		all = HUGE_VAL;
	else
		all = at_256 * pow((double)size / (SHORT_TEXT * 2.0),
				   log2(at_256 / at_128));
	if (all <= out->steps)
		return;
	out->steps = all;
	buf_clear(&p->text);
	clean_add_short(&p->text, unit, UNIT_MAX);
	snprintf(out->unit, sizeof(out->unit), "%s", buf_cstr(&p->text));
}

static void
try_unit(
    struct probe *p, struct str unit, size_t size, struct probe_result *out)
{
	static const char *const apart[] = {"\x01", "\n"};

	for (size_t h = 0; h < HEADS_MAX; h++)
		for (size_t t = 0; t < 2; t++)
			if (h == 0 || p->head[h].len > 0)
				try_text(
				    p, size, p->head[h], unit, apart[t], out);
}

bool
probe_pattern(const struct regex *counted, struct str perl, size_t size,
    struct probe_result *out)
{
	static const char *const common[] = {"a", "0", " ", "\n", "a ", "<a "};
	struct regex_limits limits = {PROBE_STEPS, 0, 0};
	struct units u = {.count = 0};
	struct probe p = {.re = counted};

	*out = (struct probe_result){.steps = PROBE_STEPS};
	buf_init(&p.text);
	p.scratch = regex_scratch_new(&limits);
	p.head[2] = str_make(p.skeleton, read_atoms(&p, perl));
	p.head[1] = p.own.count > 0 ? p.own.v[0] : STR_NONE;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		add_unit(&u, str_from(common[i]));
	for (size_t i = 0; i < p.own.count; i++)
		if (p.own.v[i].len == 1 || i < 4)
			add_unit(&u, p.own.v[i]);
	add_windows(&u, p.head[2]);
	for (size_t i = 0; i < u.count && out->steps < HUGE_VAL; i++)
		try_unit(&p, u.v[i], size, out);
	regex_scratch_free(&p.scratch);
	buf_fini(&p.text);
	return out->steps > PROBE_STEPS;
}

/* As long a text as the view of the rule can give, or long enough to tell. */
static size_t
longest_text(const struct rule *r)
{
	switch (r->type) {
	case RULE_BODY:
		return 2048;
	case RULE_RAWBODY:
		return 4096;
	case RULE_FULL:
		return 16384;
	default:
		return 8192;
	}
}

/* How much the quantifier at `s` can add, behind a group or an atom. */
static unsigned
weight(struct str s, bool group)
{
	uint32_t min, max;

	if (s.p[0] == '*' || s.p[0] == '+')
		return group ? 2 : 1;
	if (s.p[0] != '{' || dialect_braces(s, &min, &max) == 0)
		return 0;
	if (max > PROBE_COUNT_SMALL)
		return group ? 2 : 1;
	return group && max > 1 ? 1 + (max > 9) : 0;
}

/* Loops in loops or in a row; one alone costs a square, which body can bear. */
static bool
can_be_slow(const struct rule *r)
{
	struct str s = r->perl;
	unsigned loops = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\') {
			i++;
			continue;
		}
		loops += weight(str_skip(s, i), i > 0 && s.p[i - 1] == ')');
	}
	return loops > 1 ||
	       (loops > 0 && (r->type == RULE_FULL ||
				 regex_has_back_references(r->regex)));
}

static void
tell(struct loader *l, struct rule *r, const struct probe_result *found)
{
	bool runaway = found->steps == HUGE_VAL;
	bool refused = l->options->refuse_slow && runaway;

	r->slow = true;
	r->invalid = refused;
	diag_add_excerpt(l->diags,
	    refused				 ? SEVERITY_ERROR
	    : found->steps > PROBE_STEPS_WARNING ? SEVERITY_WARNING
						 : SEVERITY_NOTE,
	    r->pos, r->written, (size_t)(r->literal.p - r->written.p),
	    "%.*s: the regexp %s on a text like \"%s%s%s...\"; %s",
	    STR_ARG(r->name), runaway ? "runs away" : "takes millions of steps",
	    found->unit, found->unit, found->unit,
	    refused ? "it is refused" : "matching stops at a limit");
}

/* What was found, one line a rule: index, steps, unit. */
static void
write_finding(
    struct buf *b, const struct rule *r, const struct probe_result *found)
{
	buf_printf(b, "%u %.0f %s\n", r->index,
	    found->steps == HUGE_VAL ? 0 : found->steps, found->unit);
}

static bool
read_finding(struct str line, uint32_t *index_out, struct probe_result *out)
{
	struct str index = str_cut(&line, ' '), steps = str_cut(&line, ' ');
	uint64_t n;

	if (!str_to_u64(index, &n) || n >= RULE_COUNT_MAX ||
	    !str_to_double(steps, &out->steps) || line.len == 0 ||
	    line.len >= sizeof(out->unit))
		return false;
	if (out->steps == 0)
		out->steps = HUGE_VAL;
	memcpy(out->unit, line.p, line.len);
	out->unit[line.len] = '\0';
	*index_out = (uint32_t)n;
	return true;
}

static struct regex *
compile_counted(const struct rule *r)
{
	struct regex_error e;

	return regex_compile(r->pattern, r->regex_flags | REGEX_COUNTED, &e);
}

static void
make_counted(struct loader *l, struct rule *r, struct regex *counted,
    const struct probe_result *found)
{
	tell(l, r, found);
	regex_free(&r->regex);
	r->regex = counted;
}

static bool
is_probed(const struct rule *r)
{
	return r->regex != NULL && !r->invalid && can_be_slow(r);
}

static void
probe_all(struct loader *l, struct buf *findings)
{
	for (size_t i = 0; i < l->rs->count; i++) {
		struct rule *r = &l->rs->rules[i];
		struct probe_result found;
		struct regex *counted =
		    is_probed(r) ? compile_counted(r) : NULL;

		if (counted == NULL)
			continue;
		if (!probe_pattern(counted, r->perl, longest_text(r), &found)) {
			regex_free(&counted);
			continue;
		}
		write_finding(findings, r, &found);
		make_counted(l, r, counted, &found);
	}
}

/* Findings of an earlier load of the same rules, taken for ours. */
static void
apply(struct loader *l, struct str findings)
{
	while (findings.len > 0) {
		struct str line = str_cut(&findings, '\n');
		struct probe_result found;
		struct regex *counted;
		uint32_t i;

		if (!read_finding(line, &i, &found) || i >= l->rs->count ||
		    !is_probed(&l->rs->rules[i]))
			continue;
		counted = compile_counted(&l->rs->rules[i]);
		if (counted != NULL)
			make_counted(l, &l->rs->rules[i], counted, &found);
	}
}

void
probe_rules(struct loader *l)
{
	const struct probe_memory *m = l->options->probe_memory;
	struct buf key, findings;

	buf_init(&key);
	buf_init(&findings);
	buf_printf(
	    &key, "probe %d %d %zu ", PROBE_VERSION, PROBE_STEPS, l->rs->count);
	for (size_t i = 0; i < l->rs->count; i++) {
		const struct rule *r = &l->rs->rules[i];

		buf_printf(&key, "%d %u ", (int)r->type, r->regex_flags);
		buf_add(&key, r->pattern);
	}
	if (m != NULL && m->recall(m->context, buf_str(&key), &findings)) {
		apply(l, buf_str(&findings));
	} else {
		probe_all(l, &findings);
		buf_add_char(&findings, '\n'); /* none are findings, too */
		if (m != NULL)
			m->keep(m->context, buf_str(&key), buf_str(&findings));
	}
	buf_fini(&key);
	buf_fini(&findings);
}
