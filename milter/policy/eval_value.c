#include "policy/eval_value.h"

#include "base/mem.h"
#include "policy/eval_tables.h"

#include <stdlib.h>

/* ---- patterns ----------------------------------------------------------- */

/* An octet, an IPv4 address, and an IPv6 address in all forms of RFC 4291. */
#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define IPV4 OCTET "(?:\\." OCTET "){3}"
#define GROUP "[0-9a-f]{1,4}"
#define GROUPS GROUP "(?::" GROUP ")*"
/* Six groups, or fewer and a gap, each with its colon, before an IPv4 tail. */
#define IPV6_HEAD                                    \
	"(?:(?:" GROUP ":){6}|::(?:" GROUP ":){0,5}" \
	"|(?=(?:[0-9a-f]*:){2,6}\\d+\\.)" GROUPS "::(?:" GROUP ":)*)"
#define IPV6_PURE                                                              \
	"(?:(?:" GROUP ":){7}" GROUP "|::(?:" GROUP ":){6}" GROUP "|(?:" GROUP \
	":){7}:"                                                               \
	"|(?=(?:[0-9a-f]*:){2,7}[0-9a-f]*(?![0-9a-f:]))(?:" GROUPS ")?::"      \
	"(?:" GROUPS ")?)"
#define IP                                                                    \
	"(?i:\\b(?<!:)" IPV4 "\\b|(?:IPv6:|(?<![0-9a-f:]))(?:" IPV6_HEAD IPV4 \
	"|" IPV6_PURE ")(?![0-9a-f:]))"

static const struct {
	const char *text;
	unsigned flags;
} patterns[EVAL_PATTERN_COUNT] = {
#define EVAL_PATTERN(name, flags, text) {text, flags},
#include "policy/eval_pattern.def"
};

struct regex **
eval_patterns_new(void)
{
	struct regex **v =
	    mem_array(EVAL_PATTERN_COUNT, sizeof(struct regex *));
	struct regex_error e;

	for (size_t i = 0; i < EVAL_PATTERN_COUNT; i++) {
		v[i] = regex_compile(
		    str_from(patterns[i].text), patterns[i].flags, &e);
		invariant(v[i] != NULL);
	}
	return v;
}

void
eval_patterns_free(struct regex ***v)
{
	for (size_t i = 0; *v != NULL && i < EVAL_PATTERN_COUNT; i++)
		regex_free(&(*v)[i]);
	free(*v);
	*v = NULL;
}

bool
eval_finds(struct eval_context *c, enum eval_pattern p, struct str s)
{
	return eval_matches(c, c->tables->patterns[p], s);
}

bool
eval_finds_from(struct eval_context *c, enum eval_pattern p, struct str s,
    size_t from, struct regex_span *out)
{
	return regex_match(c->tables->patterns[p], c->scratch, s, from, out) ==
	       1;
}

struct str
eval_group(struct eval_context *c, struct str s, uint32_t i)
{
	struct regex_span span;

	if (!regex_group(c->scratch, i, &span))
		return STR_NONE;
	return str_make(s.p + span.start, span.end - span.start);
}

/* ---- values ------------------------------------------------------------- */

static bool
get(struct eval_context *c, struct str name, unsigned modifiers,
    struct str *out)
{
	struct header_query q = {name, modifiers};

	return message_header(c->message, q, out);
}

bool
eval_has(struct eval_context *c, struct str name, struct str *out)
{
	return get(c, name, 0, out);
}

struct str
eval_value(struct eval_context *c, struct str name)
{
	struct str s = STR_NONE;

	get(c, name, 0, &s);
	return s;
}

struct str
eval_raw_value(struct eval_context *c, struct str name)
{
	struct str s = STR_NONE;

	get(c, name, HEADER_RAW, &s);
	return s;
}

struct str_list
eval_addresses(struct eval_context *c, struct str name)
{
	struct header_query q = {name, HEADER_ADDR};

	return message_header_list(c->message, q);
}

struct str_list
eval_values(struct eval_context *c, struct str name)
{
	struct header_query q = {name, 0};

	return message_header_list(c->message, q);
}

struct str
eval_address(struct eval_context *c, struct str name)
{
	struct str_list l = eval_addresses(c, name);
	struct str s = l.len > 0 ? l.v[0] : STR_NONE;

	if (s.len > 0 && s.p[s.len - 1] == '\n')
		s.len--;
	return s;
}

struct str
eval_sender(struct eval_context *c)
{
	return eval_address(c, STR("EnvelopeFrom"));
}

struct str
eval_author(struct eval_context *c)
{
	return eval_address(c, STR("From"));
}

/* ---- texts made of them ------------------------------------------------- */

struct texts {
	struct str received;
};

struct str
eval_squeeze(struct eval_context *c, struct str s)
{
	char *p = arena_alloc(c->arena, s.len);
	size_t n = 0;

	if (p == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_space(s.p[i]))
			p[n++] = s.p[i];
		else if (i == 0 || !ascii_is_space(s.p[i - 1]))
			p[n++] = ' ';
	}
	return str_make(p, n);
}

struct str
eval_received(struct eval_context *c)
{
	bool fresh;
	struct texts *t = eval_slot(c, EVAL_SLOT_TEXTS, sizeof(*t), &fresh);

	if (t == NULL)
		return STR_NONE;
	if (fresh)
		t->received = eval_squeeze(c, eval_value(c, STR("Received")));
	return t->received;
}

struct str
eval_lower(struct eval_context *c, struct str s)
{
	size_t i = 0;
	char *p;

	while (i < s.len && ascii_lower(s.p[i]) == s.p[i])
		i++;
	if (i == s.len)
		return s;
	p = arena_alloc(c->arena, s.len);
	if (p == NULL)
		return s;
	memcpy(p, s.p, i);
	for (; i < s.len; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_make(p, s.len);
}

struct str
eval_host(struct eval_context *c, struct str s)
{
	size_t n = 0;
	char *p;

	s = eval_lower(c, s);
	if (str_find(s, STR("..")) == STR_NPOS)
		return s;
	p = arena_alloc(c->arena, s.len);
	if (p == NULL)
		return s;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '.' || i == 0 || s.p[i - 1] != '.')
			p[n++] = s.p[i];
	return str_make(p, n);
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

bool
eval_at_boundary(struct str s, size_t at)
{
	bool before = at > 0 && is_word(s.p[at - 1]);
	bool after = at < s.len && is_word(s.p[at]);

	return before != after;
}
