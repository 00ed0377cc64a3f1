/*
 * Eval functions over the results of rendered HTML parts: one part that fits is
 * enough.
 */
#include "mail/html.h"
#include "mail/unicode.h"
#include "mail/uri.h"
#include "policy/evalarg.h"
#include "policy/evalfns.h"

#include <math.h>

#define ARGS                    \
	(struct eval_args)      \
	{                       \
		args, arg_count \
	}

/* A result, and whether it is known. */
static bool
give(double *out, bool known, double value)
{
	*out = value;
	return known;
}

/* Of a part whose parse was given up those are not known. */
static bool
whole_number(const struct html_result *r, struct str name, double *out)
{
	if (str_is(name, "uri_truncated"))
		return give(out, r->uri_truncated, 1);
	if (str_is(name, "image_area"))
		return give(out, true, r->image_area);
	if (str_is(name, "length"))
		return give(out, true, (double)r->length);
	if (str_is(name, "min_size"))
		return give(out, true, r->min_size);
	if (str_is(name, "max_size"))
		return give(out, true, r->max_size);
	if (str_is(name, "closed_extra_ratio"))
		return give(
		    out, r->has_closed_extra_ratio, r->closed_extra_ratio);
	if (str_is(name, "bad_tag_ratio"))
		return give(out, r->has_bad_tag_ratio, r->bad_tag_ratio);
	if (str_is(name, "non_element_ratio"))
		return give(
		    out, r->has_non_element_ratio, r->non_element_ratio);
	if (str_is(name, "obfuscation_ratio"))
		return give(
		    out, r->has_obfuscation_ratio, r->obfuscation_ratio);
	if (str_is(name, "backhair_count"))
		return give(out, r->backhair > 0, (double)r->backhair);
	return false;
}

/* The number rules call so; false: there is none, or it is not known. */
static bool
number(const struct html_result *r, struct str name, double *out)
{
	if (str_is(name, "html"))
		return give(out, true, 1);
	if (str_is(name, "font_low_contrast"))
		return give(out, r->font_low_contrast, 1);
	if (str_is(name, "font_invalid_color"))
		return give(out, r->font_invalid_color, 1);
	if (str_is(name, "font_face_bad"))
		return give(out, r->font_face_bad, 1);
	if (str_is(name, "embeds"))
		return give(out, r->embeds, 1);
	if (str_is(name, "form_action_mailto"))
		return give(out, r->form_action_mailto, 1);
	if (str_is(name, "html_length"))
		return give(out, true, (double)r->html_length);
	if (str_is(name, "non_space_len"))
		return give(out, true, (double)r->non_space_len);
	if (str_is(name, "ratio"))
		return give(out, r->has_ratio, r->ratio);
	return r->complete && whole_number(r, name, out);
}

/* The list of texts of that name; empty: there is none. */
static struct html_texts
texts(const struct html_result *r, struct str name)
{
	if (str_is(name, "title"))
		return r->title;
	if (str_is(name, "comment"))
		return r->comment;
	if (str_is(name, "script"))
		return r->script;
	return (struct html_texts){NULL, 0};
}

/* Results that are no numbers are true when they are there. */
static bool
has_list(const struct html_result *r, struct str name)
{
	if (str_is(name, "anchor"))
		return r->anchor_count > 0;
	if (str_is(name, "inside"))
		return r->tags_seen_count > 0;
	if (str_is(name, "uri"))
		return r->complete;
	if (str_is(name, "uri_detail"))
		return r->link_count + r->anchor_count > 0;
	return texts(r, name).len > 0;
}

double
eval_html_test(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	struct str name = eval_text_arg(ARGS, 0);
	double value;

	for (size_t i = 0; i < list.len; i++)
		if ((number(list.v[i], name, &value) && value != 0) ||
		    has_list(list.v[i], name))
			return 1;
	return 0;
}

double
eval_html_range(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	double min = eval_number_arg(ARGS, 1);
	double max = INFINITY;
	double value;

	if (eval_has_arg(ARGS, 2))
		max = eval_number_arg(ARGS, 2);
	for (size_t i = 0; i < list.len; i++)
		if (number(list.v[i], eval_text_arg(ARGS, 0), &value) &&
		    value > min && value <= max)
			return 1;
	return 0;
}

double
eval_html_eval(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	double value;

	for (size_t i = 0; i < list.len; i++)
		if (number(list.v[i], eval_text_arg(ARGS, 0), &value) &&
		    eval_compare(value, eval_text_arg(ARGS, 1)))
			return 1;
	return 0;
}

double
eval_html_tag_exists(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	long open;

	for (size_t i = 0; i < list.len; i++)
		if (html_inside(list.v[i], eval_text_arg(ARGS, 0), &open))
			return 1;
	return 0;
}

static bool
is_alnum(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]))
			return false;
	return s.len > 0;
}

double
eval_html_tag_balance(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	struct str tag = eval_text_arg(ARGS, 0);
	long open;

	if (!is_alnum(tag))
		return 0;
	for (size_t i = 0; i < list.len; i++)
		if (html_inside(list.v[i], tag, &open) &&
		    eval_compare((double)open, eval_text_arg(ARGS, 1)))
			return 1;
	return 0;
}

double
eval_html_image_only(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	double min = eval_number_arg(ARGS, 0);
	double max = eval_number_arg(ARGS, 1);
	long open;

	for (size_t i = 0; i < list.len; i++)
		if ((double)list.v[i]->length > min &&
		    (double)list.v[i]->length <= max && list.v[i]->complete &&
		    html_inside(list.v[i], STR("img"), &open))
			return 1;
	return 0;
}

double
eval_html_image_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	double min = eval_number_arg(ARGS, 0);
	double max = eval_number_arg(ARGS, 1);

	for (size_t i = 0; i < list.len; i++) {
		const struct html_result *r = list.v[i];
		double ratio;

		if (!r->complete || r->image_area <= 0)
			continue;
		ratio = (double)r->non_space_len / r->image_area;
		if (ratio > min && ratio <= max)
			return 1;
	}
	return 0;
}

/* The same of the URIs of all parts. */
static bool
any_uri(struct eval_context *c, bool wanted)
{
	const unsigned plain = URI_TYPE_BIT(PARSED) | URI_TYPE_BIT(SCHEMELESS) |
			       URI_TYPE_BIT(UNLINKED) |
			       URI_TYPE_BIT(DOMAINKEYS) |
			       URI_TYPE_BIT(NOCANON) | URI_TYPE_BIT(NOCLEAN);
	struct uri_list uris = message_uris(c->message);

	for (size_t i = 0; i < uris.len; i++)
		if ((uris.v[i].types & ~plain) != 0 &&
		    eval_matches(c, c->regex, uris.v[i].raw) == wanted)
			return true;
	return false;
}

/* Some text of that name matches, or does not, as `wanted`. */
static bool
any_text(struct eval_context *c, struct str name, bool wanted)
{
	struct html_list list = message_html(c->message);

	if (str_is(name, "uri"))
		return any_uri(c, wanted);
	for (size_t i = 0; i < list.len; i++) {
		const struct html_result *r = list.v[i];
		struct html_texts t = texts(r, name);

		for (size_t k = 0; k < t.len; k++)
			if (eval_matches(c, c->regex, t.v[k]) == wanted)
				return true;
		if (!str_is(name, "anchor"))
			continue;
		for (size_t k = 0; k < r->anchor_count; k++)
			if (eval_matches(c, c->regex, r->anchors[k].text) ==
			    wanted)
				return true;
	}
	return false;
}

double
eval_html_text_match(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return c->regex != NULL && any_text(c, eval_text_arg(ARGS, 0), true);
}

double
eval_html_text_not_match(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return c->regex != NULL && any_text(c, eval_text_arg(ARGS, 0), false);
}

double
eval_html_title_subject_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	struct header_query q = {STR("Subject"), 0};
	double wanted = eval_number_arg(ARGS, 0);
	struct str subject;

	if (!message_header(c->message, q, &subject) || subject.len == 0)
		return 0;
	for (size_t i = 0; i < list.len; i++)
		for (size_t k = 0; k < list.v[i]->title.len; k++) {
			struct str title = list.v[i]->title.v[k];
			double ratio =
			    (double)unicode_count(title) / (double)subject.len;

			if (!str_is(title, "0") && ratio > 0 && ratio > wanted)
				return 1;
		}
	return 0;
}
