/*
 * Eval functions over header fields by themselves: who wrote to whom, bytes
 * that may not stand there, marks mailing programs leave.
 */
#include "base/block.h"
#include "base/unicode.h"
#include "mail/psl.h"
#include "policy/eval_locale.h"
#include "policy/eval_value.h"

/* ---- author and sender -------------------------------------------------- */

double
eval_check_for_matching_env_and_hdr_from(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return str_eq_nocase(eval_sender(c), eval_author(c));
}

/* The last two labels of the part behind the @. */
static struct str
last_two_labels(struct str address)
{
	struct str host = str_behind_last(address, '@');
	size_t dot = str_rfind_char(host, '.'), before;

	if (dot == STR_NPOS || dot + 1 == host.len)
		return host;
	before = str_rfind_char(str_head(host, dot), '.');
	if (before == STR_NPOS || before == 0 || before + 1 == dot)
		return host;
	return str_skip(host, before + 1);
}

double
eval_check_equal_from_domains(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str author = last_two_labels(eval_author(c));
	struct str sender = last_two_labels(eval_sender(c));

	(void)args;
	(void)arg_count;
	/* The name says "equal" and means "differ". */
	return author.len > 0 && sender.len > 0 &&
	       !str_eq_nocase(author, sender);
}

static bool
is_word(char ch)
{
	return ascii_is_alnum(ch) || ch == '_';
}

/* A word `domain`, any byte, `user` and @, in any case. */
static bool
holds_recipient(struct str sender, struct str domain, struct str user)
{
	size_t len = domain.len + 1 + user.len;

	for (size_t at = 0; at + len < sender.len; at++) {
		struct str s = str_skip(sender, at);

		if (is_word(domain.p[0]) ==
		    (at > 0 && is_word(sender.p[at - 1])))
			continue;
		if (str_starts_nocase(s, domain) && s.p[domain.len] != '\n' &&
		    str_starts_nocase(str_skip(s, domain.len + 1), user) &&
		    s.p[len] == '@')
			return true;
	}
	return false;
}

/* Mailers that put the recipient into the sender. */
double
eval_check_ratware_envelope_from(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str to = eval_address(c, STR("To")), sender = eval_sender(c);
	struct str user, domain;
	const struct mail_settings *settings = message_settings(c->message);

	(void)args;
	(void)arg_count;
	/* SRS0=, SRS1-, SRS0+: a forwarder rewrote it. */
	if (str_starts_nocase(sender, STR("SRS")) && sender.len > 4 &&
	    ascii_is_digit(sender.p[3]) && strchr("=+-", sender.p[4]) != NULL)
		return 0;
	domain = to;
	user = str_cut(&domain, '@');
	if (user.len == 0 || domain.len == 0 || sender.len == 0)
		return 0;
	domain = psl_domain(settings, eval_host(c, domain));
	return domain.len > 0 && psl_is_host_valid(settings, domain) &&
	       holds_recipient(sender, domain, user);
}

/* ---- fields that are there or not --------------------------------------- */

double
eval_check_for_missing_to_header(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str value;

	(void)args;
	(void)arg_count;
	return !eval_has(c, STR("To"), &value) &&
	       !eval_has(c, STR("Apparently-To"), &value);
}

/* How many values of a field differ. */
static size_t
count_distinct(struct eval_context *c, struct str_list l)
{
	uint64_t *hash = arena_array(c->arena, l.len + 1, sizeof(*hash));
	size_t n = 0;

	for (size_t i = 0; hash != NULL && i < l.len; i++) {
		size_t k = 0;

		hash[i] = str_hash(l.v[i]);
		while (k < i && (hash[k] != hash[i] || !str_eq(l.v[k], l.v[i])))
			k++;
		n += k == i;
	}
	return n;
}

double
eval_check_header_count_range(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	double n;

	if (arg_count < 3)
		return 0;
	n = (double)count_distinct(c, eval_values(c, args[0].text));
	return n >= eval_argument(args, arg_count, 1) &&
	       n <= eval_argument(args, arg_count, 2);
}

/* ---- what stands in them ------------------------------------------------ */

struct bytes {
	size_t illegal; /* RFC 2045: not ASCII, or a control character */
	size_t controls;
	size_t high;
	size_t signs; /* cent, pound, registered: common in Latin-1 */
	bool blank;
};

/* Nothing illegal in front of that place, which is rarely there. */
static size_t
skip_legal(struct str s)
{
	size_t n = 0;

	for (; n + BLOCK <= s.len; n += BLOCK) {
		uint64_t block = block_load(s.p + n);

		if ((block_high(block) | block_has(block, 0x7f)) != 0)
			break;
		if (block_below(block, ' ') == 0)
			continue;
		if ((block_within(block, 0, '\t' - 1) |
			block_within(block, '\n' + 1, '\r' - 1) |
			block_within(block, '\r' + 1, ' ' - 1)) != 0)
			break;
	}
	return n;
}

static void
count_bytes(struct str s, struct bytes *out)
{
	*out = (struct bytes){.blank = str_trim_left(s).len == 0};
	for (size_t i = skip_legal(s); i < s.len; i++) {
		unsigned char b = (unsigned char)s.p[i];
		bool control = b < 0x20 && b != '\t' && b != '\n' && b != '\r';

		out->controls += control;
		out->high += b >= 0x80;
		out->illegal += control || b >= 0x7f;
		out->signs += b == 0xa2 || b == 0xa3 || b == 0xae;
	}
}

static bool
is_utf8(struct str s)
{
	uint32_t code;
	size_t n;

	for (; s.len > 0; s = str_skip(s, n)) {
		n = (unsigned char)s.p[0] < 0x80 ? 1 : unicode_decode(s, &code);
		if (n == 0)
			return false;
	}
	return true;
}

double
eval_check_illegal_chars(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str_list values;
	struct header_query q;
	struct str s = STR_NONE;
	struct bytes n;

	if (arg_count < 3 || !header_query_parse(args[0].text, &q))
		return 0;
	q.modifiers |= HEADER_RAW;
	message_header(c->message, q, &s);
	/* Of addresses only the first is looked at. */
	values = message_header_list(c->message, q);
	if (q.modifiers != HEADER_RAW && values.len > 0)
		s = values.v[0];
	count_bytes(s, &n);
	if (n.blank || n.illegal == 0)
		return n.illegal == 0 && !n.blank &&
		       eval_argument(args, arg_count, 1) <= 0 &&
		       eval_argument(args, arg_count, 2) <= 0;
	if (n.high > 0 && n.controls == 0 && is_utf8(s))
		return 0;
	/* One such sign in a Subject is a price. */
	if (n.signs == 1 && str_is_nocase(q.name, "subject") &&
	    q.modifiers == HEADER_RAW)
		n.illegal--;
	return (double)n.illegal / (double)s.len >=
		   eval_argument(args, arg_count, 1) &&
	       (double)n.illegal >= eval_argument(args, arg_count, 2);
}

/* Fields in which a percent sign and capitals are no template. */
static bool
is_free_text(struct str line)
{
	static const struct str names[] = {STR_INIT("X-VMS-To"),
	    STR_INIT("X-UIDL"), STR_INIT("X-Face"), STR_INIT("To"),
	    STR_INIT("Cc"), STR_INIT("From"), STR_INIT("Subject"),
	    STR_INIT("References"), STR_INIT("In-Reply-To"),
	    STR_INIT("Message-Id"), STR_INIT("X-Message-Id"),
	    STR_INIT("Resent-Message-Id"), STR_INIT("X-Original-Message-Id")};
	struct str name = str_head(line, str_find_char(line, ':'));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name.len < line.len && str_eq_nocase(name, names[i]))
			return true;
	return false;
}

static bool
is_capital(char ch)
{
	return ch >= 'A' && ch <= 'Z';
}

/* %FOO, %A_B: a variable nobody filled in. */
static bool
has_variable(struct str line)
{
	for (size_t at = 0; at + 2 < line.len; at++) {
		size_t n = str_find_char(str_skip(line, at), '%');
		const char *p;

		if (n == STR_NPOS || at + n + 2 >= line.len)
			return false;
		at += n;
		p = line.p + at;
		if (is_capital(p[1]) &&
		    (is_capital(p[2]) || p[2] == '_' || p[2] == '-'))
			return true;
	}
	return false;
}

double
eval_check_unresolved_template(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str all = eval_value(c, STR("ALL"));

	(void)args;
	(void)arg_count;
	if (!has_variable(all))
		return 0;
	while (all.p != NULL) {
		struct str line = str_cut(&all, '\n');

		if (has_variable(line) && !is_free_text(line))
			return 1;
	}
	return 0;
}

/* ---- marks of mailers --------------------------------------------------- */

#define NAME_ID_CAPITALS 28

/* <28 capitals . rest>: the rest. */
static struct str
name_id(struct str ids)
{
	for (size_t at = 0; at < ids.len; at++) {
		struct str s = str_skip(ids, at), rest;
		size_t n = 1;

		while (n < s.len && n <= NAME_ID_CAPITALS && is_capital(s.p[n]))
			n++;
		if (s.p[0] != '<' || n <= NAME_ID_CAPITALS || n >= s.len ||
		    s.p[n] != '.')
			continue;
		rest = str_skip(s, n + 1);
		n = str_find_char(rest, '>');
		if (n != STR_NPOS && n > 0)
			return str_head(rest, n);
	}
	return STR_NONE;
}

/* A quoted name and <id> behind it. */
double
eval_check_ratware_name_id(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str id = name_id(eval_value(c, STR("MESSAGEID")));
	struct str from = eval_value(c, STR("From")), want;

	(void)args;
	(void)arg_count;
	if (id.len == 0)
		return 0;
	want = arena_printf(c->arena, "<%.*s>", STR_ARG(id));
	for (size_t open = 0; open < from.len; open++) {
		struct str s = str_skip(from, open);
		size_t close;

		if (s.p[0] != '"')
			continue;
		close = str_find_char(str_skip(s, 1), '"');
		if (close == STR_NPOS)
			return 0;
		if (close > 0 &&
		    str_starts(str_trim_left(str_skip(s, close + 2)), want))
			return 1;
	}
	return 0;
}

/* An encoded word in a charset of lands nobody here reads. */
double
eval_check_for_faraway_charset_in_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	static const struct str names[] = {
	    STR_INIT("From"), STR_INIT("Subject")};

	(void)args;
	(void)arg_count;
	if (eval_no_charset_is_far(c))
		return 0;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		struct str s = eval_raw_value(c, names[n]);
		struct regex_span span = {0, 0};

		while (eval_finds_from(
		    c, EVAL_PATTERN_ENCODED_CHARSET, s, span.end, &span))
			if (eval_charset_is_far(c, eval_group(c, s, 1)))
				return 1;
	}
	return 0;
}
