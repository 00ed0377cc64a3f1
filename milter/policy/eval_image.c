/*
 * Eval functions over attached pictures: how many, how large, how named.
 */
#include "mail/header.h"
#include "mail/mime.h"
#include "policy/evalarg.h"
#include "policy/evalfns.h"
#include "policy/image.h"

#define ARGS                    \
	(struct eval_args)      \
	{                       \
		args, arg_count \
	}

/* One picture whose size is known. */
struct picture {
	struct picture *next;
	enum image_type type;
	struct image_size size;
	struct str name;
};

/* The last place of each array is for all types together. */
struct pictures {
	struct picture *first;
	double count[IMAGE_TYPE_COUNT + 1];
	double area[IMAGE_TYPE_COUNT + 1];
};

#define LOOK_FIRST 300 /* bytes, then eight times as many */

/* The size stands near the beginning: large pictures are not decoded whole. */
static bool
find_size(
    const struct mime_node *n, enum image_type type, struct image_size *out)
{
	enum image_look look = IMAGE_SHORT;

	for (size_t len = LOOK_FIRST; look == IMAGE_SHORT && len < n->raw.len;
	     len *= 8)
		look = image_size(type, mime_decode_start(n, len), out);
	if (look == IMAGE_SHORT)
		look = image_size(type, mime_decode(n), out);
	return look == IMAGE_SIZED;
}

static void
add_picture(struct eval_context *c, struct pictures *all,
    const struct mime_node *n, enum image_type type)
{
	struct picture *p;
	struct image_size size;
	double area;

	all->count[type]++;
	all->count[IMAGE_TYPE_COUNT]++;
	if (!find_size(n, type, &size))
		return;
	area = (double)size.height * size.width;
	all->area[type] += area;
	all->area[IMAGE_TYPE_COUNT] += area;
	p = arena_zalloc(c->arena, sizeof(*p));
	if (p == NULL)
		return;
	*p = (struct picture){all->first, type, size, STR_NONE};
	if (n->has_name && !str_is(n->name, "0"))
		p->name = n->name;
	all->first = p;
}

/* Only what is base64: pictures are sent no other way. */
static const struct pictures *
pictures(struct eval_context *c)
{
	static const struct pictures none = {.first = NULL};
	const struct mime_node *n = message_mime(c->message);
	struct pictures *all;
	enum image_type type;
	bool fresh;

	all = eval_slot(c, EVAL_SLOT_IMAGES, sizeof(*all), &fresh);
	if (all == NULL || !fresh)
		return all != NULL ? all : &none;
	for (; n != NULL; n = mime_next(n))
		if (n->leaf && image_type_of(n->type, &type) &&
		    str_is_nocase(header_get(&n->headers,
				      STR("Content-Transfer-Encoding")),
			"base64"))
			add_picture(c, all, n, type);
	return all;
}

/* "all" or a type; false: neither. */
static bool
type_arg(struct str text, unsigned *out)
{
	for (unsigned i = 0; i < IMAGE_TYPE_COUNT; i++)
		if (str_is(text, image_type_text(i))) {
			*out = i;
			return true;
		}
	*out = IMAGE_TYPE_COUNT;
	return str_is(text, "all");
}

/* Between arguments 1 and 2, both included; the second may be missing. */
static bool
in_range(struct eval_args args, double value)
{
	return value >= eval_number_arg(args, 1) &&
	       (args.len < 3 || value <= eval_number_arg(args, 2));
}

double
eval_image_count(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	unsigned type;

	return arg_count >= 2 && type_arg(args[0].text, &type) &&
	       in_range(ARGS, pictures(c)->count[type]);
}

double
eval_pixel_coverage(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	unsigned type;

	return arg_count >= 2 && type_arg(args[0].text, &type) &&
	       in_range(ARGS, pictures(c)->area[type]);
}

/* The text is that of the rule's kind: rendered, or as it was sent. */
static size_t
text_length(struct eval_context *c)
{
	struct str_list text = c->rule->type == RULE_RAWBODY_EVAL
				   ? message_rawbody(c->message)
				   : message_body(c->message);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		len += text.v[i].len;
	return len;
}

double
eval_image_to_text_ratio(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	double area, ratio;
	unsigned type;

	if (arg_count < 3 || !type_arg(args[0].text, &type))
		return 0;
	area = pictures(c)->area[type];
	ratio = area > 0 ? (double)text_length(c) / area : 0;
	return ratio > 0 && in_range(ARGS, ratio) &&
	       ratio != eval_number_arg(ARGS, 2);
}

static bool
is_type(const struct picture *p, unsigned type)
{
	return type == IMAGE_TYPE_COUNT || p->type == type;
}

/* Sizes are compared as text: "0600" is no picture's height. */
static bool
is_side(uint32_t side, struct str text)
{
	uint64_t n;

	return (text.len == 1 || (text.len > 1 && text.p[0] != '0')) &&
	       str_to_u64(text, &n) && n == side;
}

double
eval_image_size_exact(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	unsigned type;

	if (arg_count < 3 || !type_arg(args[0].text, &type))
		return 0;
	for (const struct picture *p = pictures(c)->first; p; p = p->next)
		if (is_type(p, type) && is_side(p->size.height, args[1].text) &&
		    is_side(p->size.width, args[2].text))
			return 1;
	return 0;
}

double
eval_image_size_range(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	unsigned type;

	if (arg_count < 3 || !type_arg(args[0].text, &type))
		return 0;
	for (const struct picture *p = pictures(c)->first; p; p = p->next)
		if (is_type(p, type) &&
		    p->size.height >= eval_number_arg(ARGS, 1) &&
		    p->size.width >= eval_number_arg(ARGS, 2) &&
		    (arg_count < 4 ||
			p->size.height <= eval_number_arg(ARGS, 3)) &&
		    (arg_count < 5 ||
			p->size.width <= eval_number_arg(ARGS, 4)))
			return 1;
	return 0;
}

double
eval_image_named(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	if (arg_count < 1)
		return 0;
	for (const struct picture *p = pictures(c)->first; p; p = p->next)
		if (p->name.len > 0 && str_eq(p->name, args[0].text))
			return 1;
	return 0;
}

double
eval_image_name_regex(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	if (c->regex == NULL)
		return 0;
	for (const struct picture *p = pictures(c)->first; p; p = p->next)
		if (p->name.len > 0 && eval_matches(c, c->regex, p->name))
			return 1;
	return 0;
}
