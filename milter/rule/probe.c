#include "rule/probe.h"

/* Steps a match may take per byte of text; backtracking of depth two is over.
 */
#define STEPS_PER_BYTE 100
#define UNIT_MAX ((size_t)32)
#define UNITS_MAX 24

struct units {
	struct str v[UNITS_MAX];
	char text[UNITS_MAX][UNIT_MAX];
	size_t count;
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

/* Runs of literal bytes in the pattern, escapes of punctuation resolved. */
static void
add_literals(struct units *u, struct str perl)
{
	char run[UNIT_MAX];
	size_t n = 0;

	for (size_t i = 0; i <= perl.len; i++) {
		char c = i < perl.len ? perl.p[i] : '\0';

		if (c == '\\' && i + 1 < perl.len &&
		    !ascii_is_alnum(perl.p[i + 1]))
			c = perl.p[++i];
		else if (c != '\0' && strchr("\\()[]{}|*+?.^$", c) != NULL)
			c = '\0';
		if (c != '\0' && n < sizeof(run)) {
			run[n++] = c;
			continue;
		}
		add_unit(u, str_make(run, n));
		if (n > 1)
			add_unit(u, str_make(run, 1));
		n = 0;
	}
}

/*
 * `head`, the unit over and over, a byte nothing matches, and every literal
 * once: what a quick look for a required byte finds, and no match can use.
 */
static void
fill(struct buf *b, size_t size, struct str head, struct str unit,
    const struct units *u)
{
	buf_clear(b);
	buf_add(b, head);
	while (b->len < size)
		buf_add(b, unit);
	b->len = size;
	buf_add_char(b, '\x01');
	for (size_t i = 0; i < u->count; i++)
		buf_add(b, u->v[i]);
	buf_add_char(b, '\x01');
}

bool
probe_pattern(const struct regex *re, struct str perl, size_t size)
{
	static const char *const common[] = {
	    "a", "0", " ", "\n", "a ", "-", "<a ", "a.", "=", "&#x41;"};
	struct regex_limits limits = {
	    .match = (uint32_t)(size * STEPS_PER_BYTE)};
	struct regex_scratch *s = regex_scratch_new(&limits);
	struct units u = {.count = 0}, own = {.count = 0};
	struct buf text;
	bool slow = false;

	buf_init(&text);
	add_literals(&own, perl);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		add_unit(&u, str_from(common[i]));
	add_literals(&u, perl);
	for (size_t i = 0; i < u.count * 2 && !slow; i++) {
		fill(&text, size, i % 2 && own.count ? own.v[0] : STR_NONE,
		    u.v[i / 2], &own);
		slow = regex_match(re, s, buf_str(&text), 0, NULL) < 0;
	}
	buf_fini(&text);
	regex_scratch_free(&s);
	return slow;
}

/* As long a text as the view of the rule can give. */
static size_t
longest_text(const struct rule *r)
{
	switch (r->type) {
	case RULE_BODY:
		return 2048;
	case RULE_RAWBODY:
		return 4096;
	default:
		return 8192;
	}
}

void
probe_rules(struct loader *l)
{
	for (size_t i = 0; i < l->rs->count; i++) {
		struct rule *r = &l->rs->rules[i];

		if (r->regex == NULL || r->invalid ||
		    !probe_pattern(r->regex, r->perl, longest_text(r)))
			continue;
		r->slow = true;
		r->invalid = l->options->refuse_slow;
		diag_add_excerpt(l->diags,
		    r->invalid ? SEVERITY_ERROR : SEVERITY_WARNING, r->pos,
		    r->written, 0,
		    "%.*s: the regexp backtracks without bound on some texts; "
		    "%s",
		    STR_ARG(r->name),
		    r->invalid ? "it is refused"
			       : "matching is cut off at a limit");
	}
}
