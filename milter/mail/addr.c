#include "mail/addr.h"

#include "mail/psl.h"

/* Doubled "<a> <b>" enclosures followed, and steps spent on one field. */
#define ENCLOSURE_DEPTH_MAX 32
#define STEPS_MAX 200000

/*
 * The field is read from the front, one address at a time. Each attempt follows
 * the alternatives of SpamAssassin's pattern in its order; `dead` remembers
 * offsets from which the rest of an address cannot be matched, so that trying
 * every `>` stays cheap.
 */
struct reader {
	struct arena *arena;
	struct str s;
	char *dead;
	size_t steps;
	struct addr_list out;
	size_t size;
};

/* What one address was made of. A NULL pointer: not there. */
struct pieces {
	struct str phrase;
	struct str angle; /* between < and > */
	struct str bare;
	struct str comment;
	size_t end;
};

/* ---- tokens ---------------------------------------------------------------
 */

static size_t
skip_space(struct str s, size_t pos)
{
	while (pos < s.len && ascii_is_space(s.p[pos]))
		pos++;
	return pos;
}

static size_t
skip_solid(struct str s, size_t pos)
{
	while (pos < s.len && !ascii_is_space(s.p[pos]))
		pos++;
	return pos;
}

/*
 * "quoted \" string" at `pos`: offset behind it, or 0. A backslash takes the
 * next byte along, but no newline unless `newlines`.
 */
static size_t
quoted(struct str s, size_t pos, bool newlines)
{
	if (pos >= s.len || s.p[pos] != '"')
		return 0;
	for (size_t i = pos + 1; i < s.len; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] != '\\')
			continue;
		if (++i >= s.len || (s.p[i] == '\n' && !newlines))
			return 0;
	}
	return 0;
}

/* "(comment)" without inner parentheses; offset behind it, or 0. */
static size_t
comment(struct str s, size_t pos, bool newlines)
{
	if (pos >= s.len || s.p[pos] != '(')
		return 0;
	for (size_t i = pos + 1; i < s.len; i++) {
		if (s.p[i] == ')')
			return i + 1;
		if (s.p[i] == '(')
			return 0;
		if (s.p[i] != '\\')
			continue;
		if (++i >= s.len || (s.p[i] == '\n' && !newlines))
			return 0;
	}
	return 0;
}

static bool
in_set(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static size_t
span_but(struct str s, size_t pos, const char *set)
{
	while (
	    pos < s.len && !ascii_is_space(s.p[pos]) && !in_set(s.p[pos], set))
		pos++;
	return pos;
}

/* The domain of an address, name or [literal]; offset behind it, or 0. */
static size_t
mail_domain(struct str s, size_t pos)
{
	size_t end = span_but(s, pos, "\"<>()[],:;");

	if (end > pos)
		return end;
	if (pos >= s.len || s.p[pos] != '[')
		return 0;
	for (end = pos + 1; end < s.len && (ascii_is_digit(s.p[end]) ||
					       in_set(s.p[end], ":."));)
		end++;
	return end > pos + 1 && end < s.len && s.p[end] == ']' ? end + 1 : 0;
}

/* user@domain at `pos`, the longest one; offset behind it, or 0. */
static size_t
mailbox(struct str s, size_t pos)
{
	size_t at = quoted(s, pos, false), end = 0;

	if (at != 0 && at < s.len && s.p[at] == '@')
		end = mail_domain(s, at + 1);
	if (end != 0)
		return end;
	at = span_but(s, pos, "@<>()[],:;");
	if (at == pos || at >= s.len || s.p[at] != '@')
		return 0;
	return mail_domain(s, at + 1);
}

/* All of it is one; a newline at the end does not count. */
static bool
is_mailbox(struct str s)
{
	size_t end = mailbox(s, 0);

	return end != 0 &&
	       (end == s.len || (end + 1 == s.len && s.p[end] == '\n'));
}

/* ---- one address ----------------------------------------------------------
 */

/* An optional comment, then `,` or `;` or the end. */
static bool
match_tail(struct reader *r, size_t pos, struct pieces *out)
{
	size_t open = skip_space(r->s, pos);
	size_t close = comment(r->s, open, false);
	size_t end = skip_space(r->s, close != 0 ? close : open);

	r->steps += end - pos + 1;
	if (end < r->s.len && !in_set(r->s.p[end], ",;"))
		return false;
	out->comment = STR_NONE;
	if (close != 0)
		out->comment = str_make(r->s.p + open + 1, close - open - 2);
	out->end = end < r->s.len ? end + 1 : end;
	return true;
}

static bool match_rest(
    struct reader *r, size_t pos, unsigned depth, struct pieces *out);

/*
 * What is closed by `>`: a run without blanks from `from` on, then white space.
 * The last `>` is tried first. `*end_out` is where the content ends.
 */
static bool
match_close(struct reader *r, size_t from, unsigned depth, struct pieces *out,
    size_t *end_out)
{
	size_t run = skip_solid(r->s, from);
	size_t close = skip_space(r->s, run);

	if (run == from)
		return false;
	if (close < r->s.len && r->s.p[close] == '>' &&
	    match_rest(r, close + 1, depth, out)) {
		*end_out = run;
		return true;
	}
	for (size_t i = run; i-- > from + 1 && r->steps < STEPS_MAX;) {
		r->steps++;
		if (r->s.p[i] != '>' || !match_rest(r, i + 1, depth, out))
			continue;
		*end_out = i;
		return true;
	}
	return false;
}

/* A repeated <enclosure>, as some mailers write. */
static bool
match_enclosure(
    struct reader *r, size_t pos, unsigned depth, struct pieces *out)
{
	size_t from = skip_space(r->s, pos + 1), end;
	size_t quote = quoted(r->s, from, false);

	if (quote != 0 && match_close(r, quote, depth, out, &end))
		return true;
	if (match_close(r, from, depth, out, &end))
		return true;
	return from < r->s.len && r->s.p[from] == '>' &&
	       match_rest(r, from + 1, depth, out);
}

/* What may follow an enclosed address. */
static bool
match_rest(struct reader *r, size_t pos, unsigned depth, struct pieces *out)
{
	size_t open = skip_space(r->s, pos);

	if (r->dead[pos] || depth > ENCLOSURE_DEPTH_MAX || r->steps > STEPS_MAX)
		return false;
	if (open < r->s.len && r->s.p[open] == '<' &&
	    match_enclosure(r, open, depth + 1, out))
		return true;
	if (match_tail(r, pos, out))
		return true;
	r->dead[pos] = 1;
	return false;
}

/* <address>, at its `<`. White space may stand in the user part. */
static bool
match_angle(struct reader *r, size_t pos, struct pieces *out)
{
	size_t from = skip_space(r->s, pos + 1), mark = from, end;

	while (mark < r->s.len && r->s.p[mark] != '>' && r->s.p[mark] != '@')
		mark++;
	r->steps += mark - from;
	if (match_close(r, mark, 0, out, &end)) {
		out->angle = str_make(r->s.p + from, end - from);
		return true;
	}
	/* Up to a blank before the end of the field: the run ends there. */
	if (mark == r->s.len || r->s.p[mark] != '>' ||
	    !match_rest(r, mark + 1, 0, out))
		return false;
	for (end = mark; end > from && ascii_is_space(r->s.p[end - 1]);)
		end--;
	out->angle = str_make(r->s.p + from, end - from);
	return true;
}

/* Next piece of a phrase: a quoted string or a run of plain text. */
static size_t
phrase_piece(struct str s, size_t pos)
{
	size_t end = quoted(s, pos, false);

	if (end != 0)
		return end;
	end = pos;
	while (end < s.len && !in_set(s.p[end], "\",;<"))
		end++;
	return end > pos ? end : 0;
}

typedef bool phrase_follower(struct reader *r, size_t pos, struct pieces *out);

static bool
follow_angle(struct reader *r, size_t pos, struct pieces *out)
{
	size_t open = skip_space(r->s, pos);

	return open < r->s.len && r->s.p[open] == '<' &&
	       match_angle(r, open, out);
}

/* Most pieces of one phrase looked at from the back. */
#define PHRASE_PIECES_MAX 64

/* The longest phrase from `start` on that `follow` can go on from. */
static bool
match_phrase(
    struct reader *r, size_t start, phrase_follower *follow, struct pieces *out)
{
	size_t ends[PHRASE_PIECES_MAX], count = 0, pos = start, end;

	while ((end = phrase_piece(r->s, pos)) != 0) {
		/* Full: forget the oldest but one place. */
		if (count == PHRASE_PIECES_MAX)
			memmove(ends, ends + 1, --count * sizeof(*ends));
		ends[count++] = pos = end;
	}
	r->steps += pos - start;
	while (count-- > 0) {
		if (!follow(r, ends[count], out))
			continue;
		out->phrase = str_make(r->s.p + start, ends[count] - start);
		return true;
	}
	return false;
}

static bool
match_from(struct reader *r, size_t start, struct pieces *out)
{
	size_t end;

	*out = (struct pieces){.end = 0};
	if (match_phrase(r, start, follow_angle, out))
		return true;
	if (start < r->s.len && r->s.p[start] == '<' &&
	    match_angle(r, start, out))
		return true;
	end = mailbox(r->s, start);
	if (end != 0 && match_tail(r, end, out)) {
		out->bare = str_make(r->s.p + start, end - start);
		return true;
	}
	return match_phrase(r, start, match_tail, out);
}

/* ---- what it means --------------------------------------------------------
 */

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
		size_t end = comment(s, i, true);

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
		size_t end = quoted(s, i, true), stop;
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
	if (r->out.len >= ADDR_MAX)
		return;
	if (r->out.len == r->size) {
		size_t size = r->size ? r->size * 2 : 4;
		struct addr *v = arena_grow(r->arena, r->out.v,
		    r->size * sizeof(*v), size * sizeof(*v));

		if (v == NULL)
			return;
		r->out.v = v;
		r->size = size;
	}
	r->out.v[r->out.len++] = result;
}

/* A phrase that is an address becomes it; one that repeats it goes. */
static void
settle_phrase(struct reader *r, struct str raw, struct addr *result)
{
	struct str phrase = clean_phrase(r->arena, raw);

	if (!result->has_address && is_mailbox(phrase) && is_sane(phrase) &&
	    addr_host_valid(host_of(phrase))) {
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
settle(struct reader *r, const struct pieces *p)
{
	struct addr result = {0};

	if (p->angle.p != NULL) {
		result.address = drop_comments(r->arena, p->angle);
		result.has_address = is_mailbox(result.address);
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
	while (pos < r->s.len) {
		size_t open = str_find_char(str_skip(r->s, pos), '<'), end;
		struct addr result = {.has_address = true};

		if (open == STR_NPOS)
			return;
		open += pos;
		end = mailbox(r->s, open + 1);
		if (end == 0 || end >= r->s.len || r->s.p[end] != '>') {
			pos = open + 1;
			continue;
		}
		result.address = str_make(r->s.p + open + 1, end - open - 1);
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
	size_t n = 0, colon;

	while (n < s.len && !in_set(s.p[n], "\"()<>"))
		n++;
	colon = str_rfind_char(str_head(s, n), ':');
	if (colon == STR_NPOS || colon == 0)
		return s;
	s = str_skip(s, skip_space(s, colon + 1));
	return s.len > 0 && s.p[0] == ';' ? STR_NONE : s;
}

struct addr_list
addr_parse(struct arena *a, struct str raw)
{
	struct reader r = {.arena = a};
	size_t pos = 0;

	r.s = drop_group(drop_backslash_pairs(a, str_trim_right(raw)));
	if (str_trim(r.s).len == 0)
		return r.out;
	r.dead = arena_zalloc(a, r.s.len + 1);
	if (r.dead == NULL)
		return r.out;
	while (pos < r.s.len && r.steps < STEPS_MAX) {
		size_t start = skip_space(r.s, pos);
		struct pieces p;

		/* White space may be part of a phrase if nothing else fits. */
		if (!match_from(&r, start, &p) &&
		    (start == pos || !match_from(&r, start - 1, &p)))
			break;
		settle(&r, &p);
		pos = p.end;
	}
	if (pos < r.s.len)
		scan_leftover(&r, pos);
	return r.out;
}
