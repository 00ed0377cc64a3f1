/*
 * Eval functions that hold the Subject against other header fields.
 */
#include "policy/eval_value.h"

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* /\bNEEDLE\b/i */
static bool
has_word(struct str s, struct str needle)
{
	for (size_t at = 0; at + needle.len <= s.len; at++) {
		size_t hit = str_find_nocase(str_skip(s, at), needle);

		if (hit == STR_NPOS)
			return false;
		at += hit;
		if (eval_at_boundary(s, at) &&
		    eval_at_boundary(s, at + needle.len))
			return true;
	}
	return false;
}

/* Is `s` at its end, as Perl's $ has it (a last newline does not count)? */
static bool
at_end(struct str s)
{
	return s.len == 0 || (s.len == 1 && s.p[0] == '\n');
}

static size_t
blanks(struct str s)
{
	return s.len - str_trim_left(s).len;
}

/* "re: [word ]user" as the whole rest of the subject. */
static bool
is_answer_to(struct str s, struct str user)
{
	struct str rest, word;
	size_t len = 0;

	if (!str_starts_nocase(s, STR("re:")) &&
	    !str_starts_nocase(s, STR("fw:")))
		return false;
	rest = str_trim_left(str_skip(s, 3));
	if (str_starts_nocase(rest, user) && at_end(str_skip(rest, user.len)))
		return true;
	while (len < rest.len && is_word(rest.p[len]))
		len++;
	word = str_skip(rest, len);
	if (len == 0 || blanks(word) == 0)
		return false;
	rest = str_trim_left(word);
	return str_starts_nocase(rest, user) &&
	       at_end(str_skip(rest, user.len));
}

/* "user, ..." in the case it was written. */
static bool
addresses(struct str s, struct str user)
{
	if (!str_starts(s, user))
		return false;
	s = str_trim_left(str_skip(s, user.len));
	if (s.len == 0 || strchr(",:;!?-", s.p[0]) == NULL)
		return false;
	s = str_skip(s, 1);
	return s.len == 0 || ascii_is_space(s.p[0]);
}

/* ", user!" as the whole subject. */
static bool
is_called(struct str s, struct str user)
{
	if (s.len == 0 || s.p[0] != ',')
		return false;
	s = str_trim_left(str_skip(s, 1));
	if (!str_starts_nocase(s, user))
		return false;
	s = str_skip(s, user.len);
	return s.len > 0 && strchr(",:;!?-", s.p[0]) != NULL &&
	       at_end(str_skip(s, 1));
}

double
eval_check_for_to_in_subject(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct header_query to = {STR("To"), HEADER_ADDR};
	struct header_query of_subject = {STR("Subject"), 0};
	struct str address, subject = STR_NONE, user;

	if (arg_count < 1 || !message_header(c->message, to, &address) ||
	    address.len == 0)
		return 0;
	message_header(c->message, of_subject, &subject);
	if (str_is(args[0].text, "address"))
		return has_word(subject, address);
	if (!str_is(args[0].text, "user"))
		return 0;
	user = str_head(address, str_find_char(address, '@'));
	return is_answer_to(subject, user) || addresses(subject, user) ||
	       (str_starts_nocase(subject, user) &&
		   at_end(str_skip(subject, user.len))) ||
	       is_called(subject, user);
}

/* ---- capitals ----------------------------------------------------------- */

/* Subjects shorter than this, or of one word, say nothing. */
#define CAPS_LENGTH_MIN 10

static bool
is_charset_char(char ch)
{
	return ascii_is_alnum(ch) || ch == '-' || ch == '_';
}

/*
 * An encoded word in a charset whose encoded text is full of capitals: the
 * letters seen are not those written.
 */
static bool
has_capital_charset(struct str raw)
{
	static const struct str names[] = {STR_INIT("koi"), STR_INIT("jp"),
	    STR_INIT("jis"), STR_INIT("euc"), STR_INIT("gb"), STR_INIT("big5"),
	    STR_INIT("isoir"), STR_INIT("cp1251"), STR_INIT("windows-1251"),
	    STR_INIT("georgianps"), STR_INIT("pt154"), STR_INIT("tis")};
	size_t at, n;

	while ((at = str_find(raw, STR("=?"))) != STR_NPOS) {
		raw = str_skip(raw, at + 2);
		for (n = 0; n < raw.len && is_charset_char(raw.p[n]);)
			n++;
		if (n == raw.len || raw.p[n] != '?')
			continue;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (str_find_nocase(str_head(raw, n), names[i]) !=
			    STR_NPOS)
				return true;
	}
	return false;
}

static bool
has_space(struct str s)
{
	return str_cspan(s, " \t\n\v\f\r") < s.len;
}

double
eval_subject_is_all_caps(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str s = str_trim(eval_value(c, STR("Subject")));
	struct regex_span span;
	bool letters = false;

	(void)args;
	(void)arg_count;
	if (eval_finds_from(c, EVAL_PATTERN_REPLY_PREFIX, s, 0, &span))
		s = str_skip(s, span.end);
	if (s.len < CAPS_LENGTH_MIN || !has_space(s))
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return 0;
		letters = letters || ascii_is_alpha(s.p[i]);
	}
	return letters &&
	       !has_capital_charset(eval_raw_value(c, STR("Subject")));
}
