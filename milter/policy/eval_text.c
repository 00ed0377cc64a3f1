/*
 * Eval functions over lines of text: capitals, blank lines, blanks between
 * letters, stock tips, signatures.
 */
#include "mail/mime.h"
#include "mail/unicode.h"
#include "policy/eval_part.h"
#include "policy/evalarg.h"
#include "policy/evalfns.h"
#include "policy/stock.h"

#define ARGS                    \
	(struct eval_args)      \
	{                       \
		args, arg_count \
	}

/* ---- capitals ----------------------------------------------------------- */

/* Less text than that tells nothing: an acronym or two would count. */
#define CAPITALS_TEXT_MIN 200

struct capitals {
	size_t len;
	size_t upper;
	size_t lower; /* digits too, or a log would be shouting */
};

/* White space between two characters. */
static bool
has_gap(struct str line)
{
	struct str s = str_trim(line);

	for (size_t i = 0; i < s.len; i++)
		if (ascii_is_space(s.p[i]))
			return true;
	return false;
}

static size_t
base64_word(struct str s)
{
	size_t n = 0;

	while (n < s.len && (ascii_is_alnum(s.p[n]) || s.p[n] == '+' ||
				s.p[n] == '/' || s.p[n] == '='))
		n++;
	return n >= 60 && n <= 76 && n < s.len && s.p[n] == ' ' ? n + 1 : 0;
}

/* Two full lines of base64, joined by a blank. */
static bool
is_base64(struct str line)
{
	size_t first = base64_word(line);

	return first > 0 && base64_word(str_skip(line, first)) > 0;
}

static void
count_letters(struct capitals *c, struct str s)
{
	c->len += s.len;
	c->upper += str_count(s, 'A', 'Z');
	c->lower += str_count(s, 'a', 'z') + str_count(s, '0', '9');
}

/* Japanese in seven bits looks like letters: from the first shift to the last.
 */
static void
count_line(struct capitals *c, struct str line)
{
	size_t in = str_find(line, STR("\x1b$B"));
	size_t out = STR_NPOS;

	for (size_t at = 0; in != STR_NPOS && at + 2 < line.len; at++)
		if (at >= in + 3 &&
		    str_starts(str_skip(line, at), STR("\x1b(B")))
			out = at;
	if (out == STR_NPOS) {
		count_letters(c, line);
		return;
	}
	count_letters(c, str_head(line, in));
	count_letters(c, str_skip(line, out + 3));
}

static bool
is_caps_charset(struct eval_context *c)
{
	struct header_query q = {STR("Content-Type"), 0};
	struct str value, charset;

	return eval_parts(c)->caps_charset ||
	       (message_header(c->message, q, &value) &&
		   eval_charset_of(value, &charset) &&
		   eval_charset_has_caps(charset));
}

static double
measure_capitals(struct eval_context *c)
{
	struct str_list body = message_body(c->message);
	struct capitals sum = {0};

	if (is_caps_charset(c))
		return 0;
	for (size_t i = 0; i < body.len; i++)
		if (has_gap(body.v[i]) && !is_base64(body.v[i]))
			count_line(&sum, body.v[i]);
	if (sum.len < CAPITALS_TEXT_MIN || sum.upper + sum.lower == 0)
		return 0;
	return (double)sum.upper / (double)(sum.upper + sum.lower) * 100;
}

double
eval_check_for_uppercase(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	bool fresh;
	double *percent =
	    eval_slot(c, EVAL_SLOT_CAPITALS, sizeof(*percent), &fresh);

	if (percent == NULL)
		return 0;
	if (fresh)
		*percent = measure_capitals(c);
	return *percent > eval_number_arg(ARGS, 0) &&
	       *percent <= eval_number_arg(ARGS, 1);
}

/* ---- blanks ------------------------------------------------------------- */

static double
measure_vertical(struct eval_context *c)
{
	struct str_list body = message_body(c->message);
	double worst = -1;

	for (size_t i = 0; i < body.len; i++) {
		struct str line = body.v[i];
		size_t blanks, others;
		double percent = 100;

		if (line.len <= 5)
			continue;
		blanks = str_count(line, ' ', ' ');
		others = line.len - blanks;
		if (blanks <= others)
			percent = (double)(100 * blanks / others);
		worst = percent > worst ? percent : worst;
	}
	return worst;
}

/* Words written down the page have a blank after each letter. */
double
eval_tvd_vertical_words(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	double max = eval_number_arg(ARGS, 1);
	bool fresh;
	double *worst =
	    eval_slot(c, EVAL_SLOT_VERTICAL, sizeof(*worst), &fresh);

	if (worst == NULL)
		return 0;
	if (fresh)
		*worst = measure_vertical(c);
	return *worst >= eval_number_arg(ARGS, 0) &&
	       *worst < (max >= 100 ? 101 : max);
}

double
eval_check_blank_line_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str_list text = message_rawbody(c->message);
	double least = eval_number_arg(ARGS, 2);
	double min = eval_number_arg(ARGS, 0), max = eval_number_arg(ARGS, 1);
	size_t blank = 0, lines = 0;
	double percent;

	for (size_t i = 0; i < text.len; i++)
		for (struct str s = text.v[i]; s.len > 0;) {
			size_t n = str_find_char(s, '\n');

			n = n == STR_NPOS ? s.len : n + 1;
			lines++;
			blank += str_trim(str_head(s, n)).len == 0;
			s = str_skip(s, n);
		}
	if (lines == 0 || (double)lines < least)
		percent = -1;
	else
		percent = 100 * (double)blank / (double)lines;
	return (min == 0 || percent > min) && percent <= max;
}

/* ---- stock tips --------------------------------------------------------- */

double
eval_check_stock_info(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct message_part_list parts = message_parts(c->message);
	double min = eval_number_arg(ARGS, 0);
	bool fresh;
	double *found = eval_slot(c, EVAL_SLOT_STOCK, sizeof(*found), &fresh);

	if (found == NULL)
		return 0;
	for (size_t i = 0; fresh && i < parts.len; i++)
		if (str_is(parts.v[i].node->type, "text/plain")) {
			*found = (double)stock_count_labels(
			    parts.v[i].text, parts.v[i].characters);
			break;
		}
	return min == 0 || *found >= min;
}

/* ---- signatures --------------------------------------------------------- */

struct signature {
	bool known;
	double body;
	double signature;
};

/* "-- ", with or without the blank, alone on its line. */
static bool
is_delimiter(struct str line)
{
	return str_is(line, "--") || str_is(line, "-- ") ||
	       str_is(line, "--\r") || str_is(line, "-- \r");
}

/* The last delimiter counts, but not a decoy at the very end. */
static void
cut_signature(struct str text, struct signature *out)
{
	out->known = true;
	out->body = (double)text.len;
	for (size_t at = 0; at < text.len;) {
		size_t n = str_find_char(str_skip(text, at), '\n');
		struct str line = str_head(str_skip(text, at), n);

		if (is_delimiter(line) && text.len - at - line.len > 4) {
			out->body = (double)at;
			out->signature = (double)(text.len - at - line.len);
		}
		at += line.len + 1;
	}
}

static const struct signature *
signature(struct eval_context *c)
{
	static const struct signature none = {.known = false};
	const struct mime_node *n = message_mime(c->message);
	struct signature *s;
	bool fresh;

	s = eval_slot(c, EVAL_SLOT_SIGNATURE, sizeof(*s), &fresh);
	if (s == NULL || !fresh)
		return s != NULL ? s : &none;
	while (n != NULL && !str_starts(n->type, STR("text/plain")))
		n = mime_next(n);
	if (n != NULL)
		cut_signature(mime_decode(n), s);
	return s;
}

static bool
in_range(struct eval_args args, double value)
{
	return value >= eval_number_arg(args, 0) &&
	       (args.len < 2 || value <= eval_number_arg(args, 1));
}

double
eval_plaintext_body_length(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct signature *s = signature(c);

	return s->known && in_range(ARGS, s->body);
}

double
eval_plaintext_sig_length(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct signature *s = signature(c);

	return s->known && in_range(ARGS, s->signature);
}

double
eval_plaintext_body_sig_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct signature *s = signature(c);
	double ratio = 1e6;

	if (s->signature > 0)
		ratio = s->body / s->signature;
	return s->known && in_range(ARGS, ratio) &&
	       (arg_count >= 2 || ratio <= 1e6);
}
