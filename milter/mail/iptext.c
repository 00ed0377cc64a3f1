#include "mail/iptext.h"

/* Colons and hexadecimal digits of the longest address, with room to spare. */
#define RUN_MAX 64

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static bool
is_v6_char(char c)
{
	return c == ':' || ascii_hex(c) >= 0;
}

/* Length of an octet 0..255 without leading zero, greedy, or 0. */
static size_t
octet(struct str s, size_t pos)
{
	size_t n = 0;
	unsigned value = 0;

	while (n < 3 && pos + n < s.len && ascii_is_digit(s.p[pos + n])) {
		value = value * 10 + (unsigned)(s.p[pos + n] - '0');
		n++;
		if (value == 0)
			break;
	}
	if (value > 255)
		n--;
	return n;
}

/* Length of a.b.c.d, or 0; what follows is for the caller to judge. */
static size_t
dotted_quad(struct str s, size_t pos)
{
	size_t at = pos;

	for (int i = 0; i < 4; i++) {
		size_t n = octet(s, at);

		if (n == 0)
			return 0;
		at += n;
		if (i < 3 && (at >= s.len || s.p[at++] != '.'))
			return 0;
	}
	return at - pos;
}

static size_t
match_v4(struct str s, size_t pos)
{
	size_t n;

	/* "::1.2.3.4" and "x1.2.3.4" are something else. */
	if (pos > 0 && (is_word(s.p[pos - 1]) || s.p[pos - 1] == ':'))
		return 0;
	n = dotted_quad(s, pos);
	if (n > 0 && pos + n < s.len && is_word(s.p[pos + n]))
		return 0;
	return n;
}

/*
 * Groups before and after a "::" in `run`; `*gap`: there is one. False when it
 * is no list of groups of one to four digits.
 */
static bool
count_groups(struct str run, size_t *groups, bool *gap)
{
	size_t i = 0;

	*groups = 0;
	*gap = false;
	if (run.len >= 2 && run.p[0] == ':' && run.p[1] == ':') {
		*gap = true;
		i = 2;
	}
	while (i < run.len) {
		size_t n = 0;

		while (n < 5 && i + n < run.len && run.p[i + n] != ':')
			n++;
		if (n < 1 || n > 4)
			return false;
		*groups += 1;
		i += n;
		if (i == run.len)
			return true;
		if (++i == run.len)
			return false; /* a single colon at the end */
		if (run.p[i] != ':')
			continue;
		if (*gap)
			return false;
		*gap = true;
		i++;
	}
	return *gap;
}

static bool
is_v6(struct str run)
{
	size_t groups;
	bool gap;

	return count_groups(run, &groups, &gap) &&
	       (gap ? groups <= 7 : groups == 8);
}

/* `head` is what stands before the dotted quad: "::ffff:". */
static bool
is_v6_head(struct str head)
{
	size_t groups;
	bool gap;

	if (head.len < 2 || head.p[head.len - 1] != ':')
		return false;
	if (head.p[head.len - 2] != ':')
		head.len--;
	return count_groups(head, &groups, &gap) &&
	       (gap ? groups <= 5 : groups == 6);
}

static size_t
match_v6(struct str s, size_t pos)
{
	size_t start = pos, n = 0, quad, head;

	if (str_starts_nocase(str_skip(s, pos), STR("IPv6:")))
		start += 5;
	else if (pos > 0 && is_v6_char(s.p[pos - 1]))
		return 0;
	while (n < RUN_MAX && start + n < s.len && is_v6_char(s.p[start + n]))
		n++;
	if (n < 2 || n == RUN_MAX ||
	    str_find_char(str_make(s.p + start, n), ':') == STR_NPOS)
		return 0;
	head = str_rfind_char(str_make(s.p + start, n), ':') + 1;
	quad = dotted_quad(s, start + head);
	if (quad > 0 && is_v6_head(str_make(s.p + start, head)) &&
	    (start + head + quad == s.len ||
		!is_v6_char(s.p[start + head + quad])))
		return start + head + quad - pos;
	return is_v6(str_make(s.p + start, n)) ? start + n - pos : 0;
}

size_t
iptext_match(struct str s, size_t pos)
{
	size_t n;

	if (pos >= s.len)
		return 0;
	n = ascii_is_digit(s.p[pos]) ? match_v4(s, pos) : 0;
	return n > 0 ? n : match_v6(s, pos);
}

bool
iptext_is(struct str s)
{
	return s.len > 0 && iptext_match(s, 0) == s.len;
}

bool
iptext_find(struct str s, size_t pos, struct str *out)
{
	for (; pos < s.len; pos++) {
		char c = s.p[pos];
		size_t n;

		if (!is_v6_char(c) && c != 'I' && c != 'i')
			continue;
		n = iptext_match(s, pos);
		if (n > 0) {
			*out = str_make(s.p + pos, n);
			return true;
		}
	}
	return false;
}

/* All groups before the last are zero, or 0..:ffff before a quad. */
static bool
is_zero_groups(struct str head, bool mapped)
{
	if (mapped) {
		if (!str_ends_nocase(head, STR("ffff:")))
			return false;
		head.len -= 5;
	}
	return str_span(head, "0:") == head.len;
}

/* The dotted quad at the end of an IPv6 text, or the IPv4 text itself. */
static bool
embedded_v4(struct str ip, struct str *quad)
{
	size_t colon = str_rfind_char(ip, ':');

	if (str_find_char(ip, '.') == STR_NPOS)
		return false;
	*quad = ip;
	if (colon == STR_NPOS)
		return true;
	*quad = str_skip(ip, colon + 1);
	return is_zero_groups(str_head(ip, colon + 1), true);
}

static bool
is_v6_loopback(struct str ip)
{
	size_t colon = str_rfind_char(ip, ':');
	struct str last = str_skip(ip, colon == STR_NPOS ? 0 : colon + 1);

	return colon != STR_NPOS && last.len > 0 &&
	       last.p[last.len - 1] == '1' &&
	       str_span(last, "0") == last.len - 1 &&
	       is_zero_groups(str_head(ip, colon + 1), false);
}

static struct str
untagged(struct str ip)
{
	return str_starts_nocase(ip, STR("IPv6:")) ? str_skip(ip, 5) : ip;
}

size_t
iptext_match_localhost(struct str s, size_t pos)
{
	struct str rest = str_skip(s, pos), ip, quad;
	size_t n;

	if (str_starts_nocase(rest, STR("localhost.localdomain")))
		return 21;
	if (str_starts_nocase(rest, STR("localhost")))
		return 9;
	n = iptext_match(s, pos);
	if (n == 0)
		return 0;
	ip = untagged(str_make(s.p + pos, n));
	if (embedded_v4(ip, &quad))
		return str_is(quad, "127.0.0.1") ? n : 0;
	return is_v6_loopback(ip) ? n : 0;
}

static bool
is_private_v4(struct str quad)
{
	uint64_t first = 0, second = 0;
	struct str rest = quad;

	if (!str_to_u64(str_cut(&rest, '.'), &first) ||
	    !str_to_u64(str_cut(&rest, '.'), &second))
		return false;
	return first == 10 || first == 127 || (first == 169 && second == 254) ||
	       (first == 172 && second >= 16 && second <= 31) ||
	       (first == 192 && second == 168) ||
	       (first == 100 && second >= 64 && second <= 127);
}

bool
iptext_is_private(struct str s)
{
	struct str ip = untagged(s), quad;

	if (embedded_v4(ip, &quad))
		return is_private_v4(quad);
	if (str_find_char(ip, ':') == STR_NPOS)
		return false;
	/* fe80::/10 */
	if (ip.len >= 5 && str_starts_nocase(ip, STR("fe")) &&
	    strchr("89abAB", ip.p[2]) != NULL && ip.p[4] == ':')
		return true;
	return is_v6_loopback(ip);
}
