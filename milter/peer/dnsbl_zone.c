/*
 * The text form of one zone.
 */
#include "peer/dnsbl.h"

#include "base/mem.h"

#include <stdlib.h>

static const char *const kind_names[DNSBL_KIND_COUNT] = {
    [DNSBL_CLIENT] = "client",
    [DNSBL_CLIENT_ALLOW] = "allow",
    [DNSBL_RECEIVED] = "received",
    [DNSBL_HELO] = "helo",
    [DNSBL_SENDER] = "sender",
    [DNSBL_URI] = "uri",
};

const char *
dnsbl_kind_text(enum dnsbl_kind k)
{
	return kind_names[k];
}

static void
set_range(uint64_t octet[4], uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++)
		octet[i / 64] |= (uint64_t)1 << (i % 64);
}

static bool
byte_value(struct str s, uint64_t *out)
{
	return s.len <= 3 && str_to_u64(s, out) && *out <= 255;
}

/* "7", "*", "[2..11]", "[2;4;6..8]" */
static bool
parse_octet(struct str s, uint64_t octet[4])
{
	uint64_t from, to;

	if (str_is(s, "*")) {
		set_range(octet, 0, 255);
		return true;
	}
	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_make(s.p + 1, s.len - 2);
	while (s.p != NULL) {
		struct str item = str_cut(&s, ';');
		size_t dots = str_find(item, STR(".."));

		if (!byte_value(str_head(item, dots), &from))
			return false;
		to = from;
		if (dots != STR_NPOS &&
		    (!byte_value(str_skip(item, dots + 2), &to) || to < from))
			return false;
		set_range(octet, from, to);
	}
	return true;
}

/* Cuts an octet; dots inside brackets belong to it. */
static struct str
cut_octet(struct str *rest)
{
	struct str s = *rest;
	size_t i = 0;
	bool inside = false;

	for (; i < s.len && (inside || s.p[i] != '.'); i++) {
		if (s.p[i] == '[')
			inside = true;
		if (s.p[i] == ']')
			inside = false;
	}
	*rest = i < s.len ? str_skip(s, i + 1) : STR_NONE;
	return str_head(s, i);
}

static bool
parse_codes(struct str s, struct dnsbl_zone *z)
{
	while (s.p != NULL) {
		struct str rest = str_cut(&s, '|');
		struct dnsbl_code *c = &z->codes[z->code_count];

		if (z->code_count == DNSBL_CODES_MAX)
			return false;
		z->code_count++;
		for (int i = 0; i < 4; i++)
			if (rest.p == NULL ||
			    !parse_octet(cut_octet(&rest), c->octet[i]))
				return false;
		if (rest.p != NULL)
			return false;
	}
	return true;
}

static bool
parse_word(struct str word, struct dnsbl_zone *z)
{
	static const struct {
		const char *word;
		enum dnsbl_action action;
	} actions[] = {
	    {"reject", DNSBL_REJECT},
	    {"tempfail", DNSBL_TEMPFAIL},
	    {"tag", DNSBL_TAG},
	    {"quarantine", DNSBL_QUARANTINE},
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (str_is(word, actions[i].word)) {
			z->action = actions[i].action;
			return true;
		}
	}
	if (str_is(word, "shadow"))
		z->shadow = true;
	else if (str_is(word, "untested"))
		z->untested = true;
	else
		return false;
	return true;
}

static bool
parse_kind(struct str s, enum dnsbl_kind *out)
{
	for (int k = 0; k < DNSBL_KIND_COUNT; k++) {
		if (str_is(s, kind_names[k])) {
			*out = (enum dnsbl_kind)k;
			return true;
		}
	}
	return false;
}

static bool
is_zone_name(struct str s)
{
	if (s.len == 0 || s.len > 200 || str_find_char(s, '.') == STR_NPOS ||
	    s.p[0] == '.' || s.p[s.len - 1] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && strchr("-_.", s.p[i]) == NULL)
			return false;
	return true;
}

/* What is wrong, or NULL. */
static const char *
parse(struct str text, struct dnsbl_zone *z)
{
	size_t colon = str_find_char(text, ':');
	struct str words, points = STR_NONE, codes = STR_NONE, name;
	size_t at;

	if (colon == STR_NPOS || !parse_kind(str_head(text, colon), &z->kind))
		return "the kind must be client, allow, received, helo, sender "
		       "or uri, then a colon";
	words = str_skip(text, colon + 1);
	name = str_cut(&words, '!');
	/* Codes may hold a star, so points are looked for behind them. */
	at = str_rfind_char(name, '*');
	if (at != STR_NPOS && at > 0 && name.p[at - 1] != '.') {
		points = str_skip(name, at + 1);
		name = str_head(name, at);
	}
	at = str_find_char(name, '=');
	if (at != STR_NPOS) {
		codes = str_skip(name, at + 1);
		name = str_head(name, at);
	}
	if (!is_zone_name(name))
		return "the zone is no domain name";
	if (codes.p != NULL && !parse_codes(codes, z))
		return "the codes are not like 127.0.0.[2..11]";
	if (points.p != NULL && !str_to_double(points, &z->points))
		return "the points are no number";
	while (words.p != NULL)
		if (!parse_word(str_cut(&words, '!'), z))
			return "after ! come reject, tempfail, tag, "
			       "quarantine, shadow or untested";
	z->name = mem_strndup(name.p, name.len);
	return NULL;
}

bool
dnsbl_zone_parse(struct str text, struct source_pos pos, struct dnsbl_zone *out,
    struct diags *diags)
{
	struct dnsbl_zone z = {0};
	const char *wrong = parse(text, &z);

	if (wrong != NULL) {
		diag_add(diags, SEVERITY_ERROR, pos, "dnsbl \"%.*s\": %s",
		    STR_ARG(str_head(text, 100)), wrong);
		return false;
	}
	*out = z;
	return true;
}

void
dnsbl_zone_fini(struct dnsbl_zone *z)
{
	free(z->name);
	z->name = NULL;
}
