/*
 * Eval functions over the MIME structure and the raw lines of its parts.
 */
#include "mail/mime.h"
#include "policy/eval_locale.h"
#include "policy/eval_part.h"
#include "policy/evalarg.h"

#define ARGS                    \
	(struct eval_args)      \
	{                       \
		args, arg_count \
	}

/* Of bytes written =XX in the parts that are quoted-printable. */
static double
quoted_share(const struct eval_parts *p)
{
	return p->quoted_bytes > 0 ? p->quoted / (double)p->quoted_bytes : 0;
}

/* The value of a property by the name rules call it; 0: it has none. */
static double
property(struct eval_context *c, struct str name)
{
	const struct eval_parts *p = eval_parts(c);

	if (str_is(name, "mime_checked_attachments"))
		return 1;
	if (str_is(name, "mime_base64_count"))
		return p->base64;
	if (str_is(name, "mime_base64_encoded_text"))
		return p->base64_text;
	if (str_is(name, "mime_body_html_count"))
		return p->html;
	if (str_is(name, "mime_body_text_count"))
		return p->text;
	if (str_is(name, "mime_attachment"))
		return p->attachments;
	if (str_is(name, "mime_bad_iso_charset"))
		return p->bad_iso_charset;
	if (str_is(name, "mime_faraway_charset"))
		return p->faraway_charset;
	if (str_is(name, "mime_html_charsets"))
		return p->has_charset;
	if (str_is(name, "mime_missing_boundary"))
		return (message_flags(c->message) & MESSAGE_MISSING_BOUNDARY) !=
		       0;
	if (str_is(name, "mime_multipart_alternative"))
		return p->alternative;
	if (str_is(name, "mime_multipart_ratio"))
		return p->multipart_ratio;
	if (str_is(name, "mime_qp_count"))
		return p->quoted_bytes > 0 ? p->quoted : p->quoted_printable;
	if (str_is(name, "mime_qp_bytes"))
		return (double)p->quoted_bytes;
	if (str_is(name, "mime_qp_long_line"))
		return p->long_quoted_line;
	if (str_is(name, "mime_qp_ratio"))
		return quoted_share(p);
	if (str_is(name, "mime_ascii_text_illegal"))
		return p->ascii_illegal;
	if (str_is(name, "mime_text_unicode_ratio"))
		return p->unicode_ratio;
	return 0;
}

double
eval_check_for_mime(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return property(c, eval_text_arg(ARGS, 0)) != 0;
}

static bool
is_html(struct eval_context *c)
{
	struct header_query q = {STR("Content-Type"), 0};
	struct str value;

	return message_header(c->message, q, &value) &&
	       str_starts_nocase(value, STR("text/html"));
}

double
eval_check_for_mime_html(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_html(c) || eval_parts(c)->html > 0;
}

double
eval_check_for_mime_html_only(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_html(c) ||
	       (eval_parts(c)->html > 0 && eval_parts(c)->text == 0);
}

double
eval_check_mime_multipart_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	double ratio = eval_parts(c)->multipart_ratio;

	return ratio >= eval_number_arg(ARGS, 0) &&
	       ratio < eval_number_arg(ARGS, 1);
}

double
eval_check_qp_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return quoted_share(eval_parts(c)) >= eval_number_arg(ARGS, 0);
}

double
eval_check_for_ascii_text_illegal(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return eval_parts(c)->ascii_illegal > 0;
}

/* Up to three digits, a dot, one to three digits. */
static bool
is_ratio(struct str s)
{
	size_t whole = str_span(s, "0123456789");
	struct str rest = str_skip(s, whole);
	size_t part;

	if (whole > 3 || rest.len == 0 || rest.p[0] != '.')
		return false;
	part = str_span(str_skip(rest, 1), "0123456789");
	return part >= 1 && part <= 3 && rest.len == 1 + part;
}

double
eval_check_abundant_unicode_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return is_ratio(eval_text_arg(ARGS, 0)) &&
	       eval_parts(c)->unicode_ratio >= eval_number_arg(ARGS, 0);
}

double
eval_check_msg_parse_flags(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {
	    {"missing_head_body_separator",
		MESSAGE_MISSING_HEAD_BODY_SEPARATOR},
	    {"missing_mime_head_body_separator",
		MESSAGE_MISSING_MIME_SEPARATOR},
	    {"missing_mime_headers", MESSAGE_MISSING_MIME_HEADERS},
	    {"mime_epilogue_exists", MESSAGE_MIME_EPILOGUE},
	    {"mimepart_limit_exceeded", MESSAGE_MIME_PARTS_LIMIT},
	    {"truncated_header", MESSAGE_TRUNCATED_HEADER},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (str_is(eval_text_arg(ARGS, 0), flags[i].name))
			return (message_flags(c->message) & flags[i].flag) != 0;
	return 0;
}

/* Characters beyond ASCII make up half of the text or more. */
static bool
is_mostly_high(struct str_list body)
{
	size_t high = 0, all = body.len > 0 ? body.len - 1 : 0;

	for (size_t i = 0; i < body.len; i++) {
		all += body.v[i].len;
		for (size_t k = 0; k < body.v[i].len; k++)
			high += (unsigned char)body.v[i].p[k] >= 0x80;
	}
	return high > 3 && all - high <= high;
}

double
eval_check_for_faraway_charset(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct header_query q = {STR("Content-Type"), 0};
	struct str value, charset;

	(void)args;
	(void)arg_count;
	return !eval_no_charset_is_far(c) &&
	       message_header(c->message, q, &value) &&
	       eval_charset_of(value, &charset) &&
	       eval_charset_is_far(c, charset) &&
	       is_mostly_high(message_body(c->message));
}

/* A child of multipart/alternative that is no text and not known from ham. */
static bool
is_odd_twin(const struct mime_node *n)
{
	return n->leaf && n->type.len > 0 &&
	       !str_is(n->type, "multipart/related") &&
	       !str_is(n->type, "application/rtf") &&
	       !str_starts_nocase(n->type, STR("text/"));
}

double
eval_check_ma_non_text(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct mime_node *n = message_mime(c->message);

	(void)args;
	(void)arg_count;
	for (; n != NULL; n = mime_next(n)) {
		if (!str_is(n->type, "multipart/alternative"))
			continue;
		if (is_odd_twin(n))
			return 1;
		for (const struct mime_node *child = n->child; child != NULL;
		     child = child->next)
			if (is_odd_twin(child))
				return 1;
	}
	return 0;
}

static size_t
longest_line(struct str raw)
{
	size_t longest = 0;

	for (size_t at = 0, len; at < raw.len; at += len) {
		len = str_find_char(str_skip(raw, at), '\n');
		len = len == STR_NPOS ? raw.len - at : len + 1;
		longest = len > longest ? len : longest;
	}
	return longest;
}

static size_t
longest_base64_line(struct eval_context *c)
{
	const struct mime_node *n = message_mime(c->message);
	size_t longest = 0;

	for (; n != NULL; n = mime_next(n)) {
		const struct header_list *h = &n->headers;
		size_t len;

		if (!n->leaf || n->type.len == 0 ||
		    !str_is_nocase(
			header_get(h, STR("Content-Transfer-Encoding")),
			"base64") ||
		    str_is(n->content.type, "application/ics"))
			continue;
		len = longest_line(n->raw);
		longest = len > longest ? len : longest;
	}
	return longest;
}

double
eval_check_base64_length(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	bool fresh;
	double *longest =
	    eval_slot(c, EVAL_SLOT_BASE64, sizeof(*longest), &fresh);

	if (longest == NULL)
		return 0;
	if (fresh)
		*longest = (double)longest_base64_line(c);
	return (arg_count < 2 || *longest <= eval_number_arg(ARGS, 1)) &&
	       *longest >= eval_number_arg(ARGS, 0);
}
