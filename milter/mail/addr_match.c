#include "mail/addr_match.h"

/* Doubled "<a> <b>" enclosures followed. */
#define ENCLOSURE_DEPTH_MAX 32

/* ---- tokens ------------------------------------------------------------- */

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
size_t
addr_quoted(struct str s, size_t pos, bool newlines)
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
size_t
addr_comment(struct str s, size_t pos, bool newlines)
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

/* What a byte ends: the part before the `@`, or a domain. */
enum { ENDS_LOCAL = 1, ENDS_DOMAIN = 2, ENDS_BOTH = 3 };

static const uint8_t ends_of[256] = {
    ['\t' ... '\r'] = ENDS_BOTH,
    [' '] = ENDS_BOTH,
    ['"'] = ENDS_DOMAIN,
    ['@'] = ENDS_LOCAL,
    ['<'] = ENDS_BOTH,
    ['>'] = ENDS_BOTH,
    ['('] = ENDS_BOTH,
    [')'] = ENDS_BOTH,
    ['['] = ENDS_BOTH,
    [']'] = ENDS_BOTH,
    [','] = ENDS_BOTH,
    [':'] = ENDS_BOTH,
    [';'] = ENDS_BOTH,
};

static size_t
span_to_end(struct str s, size_t pos, unsigned what)
{
	while (pos < s.len && (ends_of[(unsigned char)s.p[pos]] & what) == 0)
		pos++;
	return pos;
}

/* The domain of an address, name or [literal]; offset behind it, or 0. */
static size_t
mail_domain(struct str s, size_t pos)
{
	size_t end = span_to_end(s, pos, ENDS_DOMAIN);

	if (end > pos)
		return end;
	if (pos >= s.len || s.p[pos] != '[')
		return 0;
	end = pos + 1 + str_span(str_skip(s, pos + 1), "0123456789:.");
	return end > pos + 1 && end < s.len && s.p[end] == ']' ? end + 1 : 0;
}

/* user@domain at `pos`, the longest one; offset behind it, or 0. */
size_t
addr_mailbox(struct str s, size_t pos)
{
	size_t at = addr_quoted(s, pos, false), end = 0;

	if (at != 0 && at < s.len && s.p[at] == '@')
		end = mail_domain(s, at + 1);
	if (end != 0)
		return end;
	at = span_to_end(s, pos, ENDS_LOCAL);
	if (at == pos || at >= s.len || s.p[at] != '@')
		return 0;
	return mail_domain(s, at + 1);
}

/* All of it is one; a newline at the end does not count. */
bool
addr_is_mailbox(struct str s)
{
	size_t end = addr_mailbox(s, 0);

	return end != 0 &&
	       (end == s.len || (end + 1 == s.len && s.p[end] == '\n'));
}

/* ---- one address -------------------------------------------------------- */

/* An optional comment, then `,` or `;` or the end. */
static bool
match_tail(struct addr_reader *r, size_t pos, struct addr_pieces *out)
{
	size_t open = str_past_space(r->s, pos);
	size_t close = addr_comment(r->s, open, false);
	size_t end = str_past_space(r->s, close != 0 ? close : open);

	r->steps += end - pos + 1;
	if (end < r->s.len && r->s.p[end] != ',' && r->s.p[end] != ';')
		return false;
	out->comment = STR_NONE;
	if (close != 0)
		out->comment = str_make(r->s.p + open + 1, close - open - 2);
	out->end = end < r->s.len ? end + 1 : end;
	return true;
}

static bool match_rest(
    struct addr_reader *r, size_t pos, unsigned depth, struct addr_pieces *out);

/*
 * What is closed by `>`: a run without blanks from `from` on, then white space.
 * The last `>` is tried first. `*end_out` is where the content ends.
 */
static bool
match_close(struct addr_reader *r, size_t from, unsigned depth,
    struct addr_pieces *out, size_t *end_out)
{
	size_t run = skip_solid(r->s, from);
	size_t close = str_past_space(r->s, run);

	if (run == from)
		return false;
	if (close < r->s.len && r->s.p[close] == '>' &&
	    match_rest(r, close + 1, depth, out)) {
		*end_out = run;
		return true;
	}
	for (size_t i = run; i-- > from + 1 && r->steps < ADDR_STEPS_MAX;) {
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
    struct addr_reader *r, size_t pos, unsigned depth, struct addr_pieces *out)
{
	size_t from = str_past_space(r->s, pos + 1), end;
	size_t quote = addr_quoted(r->s, from, false);

	if (quote != 0 && match_close(r, quote, depth, out, &end))
		return true;
	if (match_close(r, from, depth, out, &end))
		return true;
	return from < r->s.len && r->s.p[from] == '>' &&
	       match_rest(r, from + 1, depth, out);
}

/* What may follow an enclosed address. */
static bool
match_rest(
    struct addr_reader *r, size_t pos, unsigned depth, struct addr_pieces *out)
{
	size_t open = str_past_space(r->s, pos);

	if (r->dead[pos] || depth > ENCLOSURE_DEPTH_MAX ||
	    r->steps > ADDR_STEPS_MAX)
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
match_angle(struct addr_reader *r, size_t pos, struct addr_pieces *out)
{
	size_t from = str_past_space(r->s, pos + 1), end;
	size_t mark = from + str_cspan(str_skip(r->s, from), ">@");

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
	size_t end = addr_quoted(s, pos, false);

	if (end != 0)
		return end;
	end = pos + str_cspan(str_skip(s, pos), "\",;<");
	return end > pos ? end : 0;
}

typedef bool phrase_follower(
    struct addr_reader *r, size_t pos, struct addr_pieces *out);

static bool
follow_angle(struct addr_reader *r, size_t pos, struct addr_pieces *out)
{
	size_t open = str_past_space(r->s, pos);

	return open < r->s.len && r->s.p[open] == '<' &&
	       match_angle(r, open, out);
}

/* Most pieces of one phrase looked at from the back. */
#define PHRASE_PIECES_MAX 64

/* The longest phrase from `start` on that `follow` can go on from. */
static bool
match_phrase(struct addr_reader *r, size_t start, phrase_follower *follow,
    struct addr_pieces *out)
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

bool
addr_match(struct addr_reader *r, size_t start, struct addr_pieces *out)
{
	size_t end;

	*out = (struct addr_pieces){.end = 0};
	if (match_phrase(r, start, follow_angle, out))
		return true;
	if (start < r->s.len && r->s.p[start] == '<' &&
	    match_angle(r, start, out))
		return true;
	end = addr_mailbox(r->s, start);
	if (end != 0 && match_tail(r, end, out)) {
		out->bare = str_make(r->s.p + start, end - start);
		return true;
	}
	return match_phrase(r, start, match_tail, out);
}
