/*
 * What the formats of a Received line share: its white space, its date, and the
 * words that mean the same whoever wrote them.
 */
#include "mail/received_internal.h"

#include "base/buf.h"
#include "base/lanes.h"

/* ---- what all formats share --------------------------------------------- */

/* White space is single spaces between words, as it is once unfolded. */
static bool
is_squeezed(struct str s)
{
	bool behind_space = true;
	size_t i = 0;

	while (i < s.len) {
		size_t words = !behind_space && s.len - i > LANES
				   ? lanes_words(s.p + i)
				   : 0;
		char c = s.p[i];

		if (words > 0) {
			i += words;
			behind_space = s.p[i - 1] == ' ';
			continue;
		}
		if (ascii_is_space(c) && (c != ' ' || behind_space))
			return false;
		behind_space = c == ' ';
		i++;
	}
	return !behind_space;
}

/* The same with single spaces only. */
static struct str
squeeze(struct arena *a, struct str s)
{
	struct buf b;
	struct str rest = s, word;

	buf_init_arena(&b, a);
	buf_reserve(&b, s.len + 1);
	while ((word = str_word(&rest)).len > 0) {
		if (b.len > 0)
			buf_add_char(&b, ' ');
		buf_add(&b, word);
	}
	return buf_str(&b);
}

/* Runs of white space become one space, none at the ends; no ';' at the end. */
struct str
received_squeeze(struct arena *a, struct str s)
{
	if (!is_squeezed(s))
		s = squeeze(a, s);
	while (s.len > 0 && s.p[s.len - 1] == ';') {
		s.len--;
		if (s.len > 0 && s.p[s.len - 1] == ' ')
			s.len--;
	}
	return s;
}

/* Cuts the last word of `s`; false when it is the only one. */
static bool
cut_word(struct str *s, struct str *word)
{
	size_t space = str_rfind_char(*s, ' ');

	if (space == STR_NPOS)
		return false;
	*word = str_skip(*s, space + 1);
	*s = str_head(*s, space);
	return true;
}

static bool
is_digits(struct str s)
{
	size_t n = 0;

	while (n < s.len && ascii_is_digit(s.p[n]))
		n++;
	return n > 0 && n == s.len;
}

static bool
is_time(struct str s)
{
	struct str hour = str_cut(&s, ':'), minute, second = STR("0");

	if (s.p == NULL)
		return false;
	minute = str_cut(&s, ':');
	if (s.p != NULL)
		second = s;
	return is_digits(hour) && is_digits(minute) && is_digits(second);
}

/* One of the words of `list`, which has a space on both sides of each. */
static bool
is_name(struct str s, size_t len, const char *list)
{
	const char *at;

	if (s.len != len)
		return false;
	for (at = list; *at != '\0'; at += len + 1)
		if (memcmp(at, s.p, len) == 0)
			return true;
	return false;
}

static bool
is_separator(char c)
{
	return c == ' ' || c == ';';
}

/* Without "; Tue, 23 May 2006 13:06:35 -0400" at the end. */
struct str
received_without_date(struct str s)
{
	struct str rest = s, zone, time, year, month, day;
	size_t digits;

	if (!cut_word(&rest, &zone) || zone.len == 0 ||
	    !cut_word(&rest, &time) || !is_time(time) ||
	    !cut_word(&rest, &year) || !is_digits(year) ||
	    !cut_word(&rest, &month) ||
	    !is_name(
		month, 3, "Jan Jun Jul Feb Mar May Apr Aug Sep Oct Nov Dec "))
		return s;
	for (digits = 0; digits < rest.len &&
			 ascii_is_digit(rest.p[rest.len - 1 - digits]);)
		digits++;
	day = str_head(rest, rest.len - digits);
	if (digits == 0 || day.len == 0 || !is_separator(day.p[day.len - 1]))
		return s;
	/* "Tue, " with something before it that ends a value. */
	if (day.len > 5 && day.p[day.len - 1] == ' ' &&
	    day.p[day.len - 2] == ',' &&
	    is_name(str_make(day.p + day.len - 5, 3), 3,
		"Mon Tue Thu Wed Fri Sat Sun ") &&
	    is_separator(day.p[day.len - 6]))
		day.len -= 5;
	while (day.len > 0 && is_separator(day.p[day.len - 1]))
		day.len--;
	return day;
}

/* "x)by y" is a common fault. */
struct str
received_mend_by(struct arena *a, struct str s, const struct bigrams *pairs)
{
	struct str fault = STR(")by ");
	size_t at;
	struct buf b;

	if (!bigrams_may_hold(pairs, fault) ||
	    (at = str_find(s, fault)) == STR_NPOS)
		return s;
	buf_init_arena(&b, a);
	buf_add(&b, str_head(s, at + 1));
	buf_add_char(&b, ' ');
	buf_add(&b, str_skip(s, at + 1));
	return buf_str(&b);
}

static bool
is_helo_char(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("-.^+_&:=?!@%*$\\/", c) != NULL);
}

/* The word behind the first `mark` that begins a word and is followed by one.
 */
static struct str
helo_behind(struct str s, const struct bigrams *pairs, struct str mark)
{
	if (!bigrams_may_hold(pairs, mark))
		return STR_NONE;
	for (size_t from = 0; from < s.len;) {
		size_t at = str_find(str_skip(s, from), mark), n = 0;
		struct str word;

		if (at == STR_NPOS)
			return STR_NONE;
		at += from;
		word = str_skip(s, at + mark.len);
		while (n < word.len && is_helo_char(word.p[n]))
			n++;
		if (n > 0 && (at == 0 || (!ascii_is_alnum(s.p[at - 1]) &&
					     s.p[at - 1] != '_')))
			return str_head(word, n);
		from = at + 1;
	}
	return STR_NONE;
}

struct str
received_helo_of(struct str s, const struct bigrams *pairs)
{
	struct str helo = helo_behind(s, pairs, STR("helo=")), other;

	if (helo.len > 0)
		return helo;
	helo = helo_behind(s, pairs, STR("HELO "));
	other = helo_behind(s, pairs, STR("EHLO "));
	if (helo.len == 0 || (other.len > 0 && other.p < helo.p))
		return other;
	return helo;
}

/* " id <x" of three bytes or more. */
struct str
received_id_of(struct str s)
{
	for (size_t from = 0; from < s.len;) {
		size_t at = str_find(str_skip(s, from), STR(" id ")), n;
		struct str id;

		if (at == STR_NPOS)
			return STR_NONE;
		at += from;
		id = str_skip(s, at + 4);
		if (id.len > 0 && id.p[0] == '<')
			id = str_skip(id, 1);
		n = str_cspan(id, " <>;");
		if (n >= 3)
			return str_head(id, n);
		from = at + 1;
	}
	return STR_NONE;
}

struct str
received_by_of(struct str s)
{
	size_t at = str_find(s, STR(" by "));

	if (at == STR_NPOS)
		return STR_NONE;
	s = str_skip(s, at + 4);
	return str_head(s, str_cspan(s, " "));
}

/* The word at the front of `s` up to its last letter, digit or '_'. */
static struct str
word_to_edge(struct str s)
{
	size_t n = str_cspan(s, " ");

	for (; n > 0; n--) {
		bool before = ascii_is_alnum(s.p[n - 1]) || s.p[n - 1] == '_';
		bool after =
		    n < s.len && (ascii_is_alnum(s.p[n]) || s.p[n] == '_');

		if (before != after)
			return str_head(s, n);
	}
	return STR_NONE;
}

/* "envelope-from <x", "return-path: x" at `s`; STR_NONE: not there. */
static struct str
sender_at(struct str s)
{
	static const struct str marks[] = {STR("return-path: "),
	    STR("return-path "), STR("envelope-sender "),
	    STR("envelope-sender="), STR("envelope-from "),
	    STR("envelope-from=")};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_starts_nocase(s, marks[i]))
			return word_to_edge(str_skip(s, marks[i].len));
	return STR_NONE;
}

/* The first one; every mark has its '-' as byte 6 or 8. */
struct str
received_sender_of(struct str s)
{
	for (size_t at = 0; at < s.len; at++) {
		size_t dash = str_find_char(str_skip(s, at), '-');
		struct str sender = STR_NONE;

		if (dash == STR_NPOS)
			return STR_NONE;
		at += dash;
		if (at >= 8 && ascii_lower(s.p[at - 8]) == 'e')
			sender = sender_at(str_skip(s, at - 8));
		if (sender.len == 0 && at >= 6 &&
		    ascii_lower(s.p[at - 6]) == 'r')
			sender = sender_at(str_skip(s, at - 6));
		if (sender.len > 0)
			return sender;
	}
	return STR_NONE;
}
