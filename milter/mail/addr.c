#include "mail/addr.h"

#include "mail/addr_match.h"
#include "mail/psl.h"

/* The field is read from the front, one address at a time. */
struct reader {
	struct arena *arena;
	struct addr_reader match;
	struct addr_list out;
	size_t size;
};

static bool
is_sane(struct str address)
{
	size_t quotes = 0;

	if (str_starts(address, STR("\"\"@")))
		return false;
	for (size_t i = 0; i < address.len; i++)
		quotes += address.p[i] == '"';
	return quotes != 1;
}

static struct str
drop_comments(struct arena *a, struct str s)
{
	char *text;
	size_t n = 0;

	if (str_find_char(s, '(') == STR_NPOS)
		return s;
	text = arena_alloc(a, s.len);
	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len;) {
		size_t end = addr_comment(s, i, true);

		if (end != 0)
			i = end;
		else
			text[n++] = s.p[i++];
	}
	return str_make(text, n);
}

/* Backslashes of a quoted string away, but one of two in a row. */
static size_t
unescape(struct str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\' && (i + 1 == s.len || s.p[i + 1] != '\\'))
			continue;
		out[n++] = s.p[i];
	}
	return n;
}

/* A phrase without its quotes, escapes and comments. */
static struct str
clean_phrase(struct arena *a, struct str s)
{
	char *text = arena_alloc(a, s.len + 1);
	size_t n = 0;

	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len;) {
		size_t end = addr_quoted(s, i, true), stop;
		struct str plain;

		if (end != 0) {
			n += unescape(
			    str_make(s.p + i + 1, end - i - 2), text + n);
			i = end;
			continue;
		}
		stop = str_find_char(str_skip(s, i), '"');
		stop = stop == STR_NPOS ? s.len : i + stop;
		plain = drop_comments(a, str_make(s.p + i, stop - i));
		if (plain.len > 0)
			memcpy(text + n, plain.p, plain.len);
		n += plain.len;
		/* A quote that nothing closes is passed over. */
		i = stop > i ? stop : i + 1;
	}
	return str_make(text, n);
}

bool
addr_host_valid(struct str host)
{
	char lower[PSL_HOST_MAX + 1];

	while (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len > PSL_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++)
		lower[i] = ascii_lower(host.p[i]);
	return psl_is_host_form(str_make(lower, host.len));
}

/* Between the first and the second `@`. */
static struct str
host_of(struct str address)
{
	size_t at = str_find_char(address, '@');
	struct str host;

	if (at == STR_NPOS)
		return STR_NONE;
	host = str_skip(address, at + 1);
	return str_head(host, str_find_char(host, '@'));
}

static void
add_result(struct reader *r, struct addr result)
{
	if (result.has_address) {
		size_t end;

		result.host = host_of(result.address);
		end = (size_t)(result.host.p - result.address.p) +
		      result.host.len;
		result.address = str_head(result.address, end);
		result.valid = addr_host_valid(result.host);
	}
	if (r->out.len < ADDR_MAX &&
	    ARENA_ROOM(r->arena, r->out.v, r->out.len, r->size, 4))
		r->out.v[r->out.len++] = result;
}

/* A phrase that is an address becomes it; one that repeats it goes. */
static void
settle_phrase(struct reader *r, struct str raw, struct addr *result)
{
	struct str phrase = clean_phrase(r->arena, raw);

	if (!result->has_address && addr_is_mailbox(phrase) &&
	    is_sane(phrase) && addr_host_valid(host_of(phrase))) {
		result->has_address = true;
		result->address = phrase;
		return;
	}
	if (phrase.len == 0 ||
	    (result->has_address && str_eq(phrase, result->address)))
		return;
	result->has_phrase = true;
	result->phrase = phrase;
}

static void
settle(struct reader *r, const struct addr_pieces *p)
{
	struct addr result = {0};

	if (p->angle.p != NULL) {
		result.address = drop_comments(r->arena, p->angle);
		result.has_address = addr_is_mailbox(result.address);
	} else if (p->bare.p != NULL) {
		result.address = p->bare;
		result.has_address = true;
	}
	if (result.has_address && !is_sane(result.address))
		result.has_address = false;
	if (p->phrase.p != NULL)
		settle_phrase(r, p->phrase, &result);
	if (!result.has_phrase && p->comment.p != NULL) {
		result.has_phrase = true;
		result.phrase = p->comment;
	}
	add_result(r, result);
}

/* Nothing more could be read: any <user@host> in what is left will do. */
static void
scan_leftover(struct reader *r, size_t pos)
{
	while (pos < r->match.s.len) {
		size_t open = str_find_char(str_skip(r->match.s, pos), '<'),
		       end;
		struct addr result = {.has_address = true};

		if (open == STR_NPOS)
			return;
		open += pos;
		end = addr_mailbox(r->match.s, open + 1);
		if (end == 0 || end >= r->match.s.len ||
		    r->match.s.p[end] != '>') {
			pos = open + 1;
			continue;
		}
		result.address =
		    str_make(r->match.s.p + open + 1, end - open - 1);
		if (is_sane(result.address))
			add_result(r, result);
		pos = end + 1;
	}
}

/* Pairs of backslashes away: they escape nothing. */
static struct str
drop_backslash_pairs(struct arena *a, struct str s)
{
	char *text;
	size_t n = 0;

	if (str_find(s, STR("\\\\")) == STR_NPOS)
		return s;
	text = arena_alloc(a, s.len);
	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\' && i + 1 < s.len && s.p[i + 1] == '\\')
			i++;
		else
			text[n++] = s.p[i];
	}
	return str_make(text, n);
}

/* "Group: a, b;" without its name; an empty group is nothing at all. */
static struct str
drop_group(struct str s)
{
	size_t n = str_cspan(s, "\"()<>");
	size_t colon = str_rfind_char(str_head(s, n), ':');

	if (colon == STR_NPOS || colon == 0)
		return s;
	s = str_skip(s, str_past_space(s, colon + 1));
	return s.len > 0 && s.p[0] == ';' ? STR_NONE : s;
}

struct addr_list
addr_parse(struct arena *a, struct str raw)
{
	struct reader r = {.arena = a};
	size_t pos = 0;

	r.match.s = drop_group(drop_backslash_pairs(a, str_trim_right(raw)));
	if (str_trim(r.match.s).len == 0)
		return r.out;
	r.match.dead = arena_zalloc(a, r.match.s.len + 1);
	if (r.match.dead == NULL)
		return r.out;
	while (pos < r.match.s.len && r.match.steps < ADDR_STEPS_MAX) {
		size_t start = str_past_space(r.match.s, pos);
		struct addr_pieces p;

		/* White space may be part of a phrase if nothing else fits. */
		if (!addr_match(&r.match, start, &p) &&
		    (start == pos || !addr_match(&r.match, start - 1, &p)))
			break;
		settle(&r, &p);
		pos = p.end;
	}
	if (pos < r.match.s.len)
		scan_leftover(&r, pos);
	return r.out;
}
