#include "policy/image.h"

static unsigned
byte(struct str s, size_t at)
{
	return (unsigned char)s.p[at];
}

static uint32_t
big16(struct str s, size_t at)
{
	return byte(s, at) << 8 | byte(s, at + 1);
}

static uint32_t
big32(struct str s, size_t at)
{
	return big16(s, at) << 16 | big16(s, at + 2);
}

static uint32_t
little16(struct str s, size_t at)
{
	return byte(s, at + 1) << 8 | byte(s, at);
}

bool
image_type_of(struct str mime_type, enum image_type *out)
{
	static const struct {
		const char *name;
		enum image_type type;
	} types[] = {{"image/gif", IMAGE_GIF}, {"image/png", IMAGE_PNG},
	    {"image/jpg", IMAGE_JPEG}, {"image/jpeg", IMAGE_JPEG}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is(mime_type, types[i].name)) {
			*out = types[i].type;
			return true;
		}
	return false;
}

const char *
image_type_text(enum image_type type)
{
	static const char *const names[IMAGE_TYPE_COUNT] = {
	    "gif", "png", "jpeg"};

	return names[type];
}

/* The logical screen, right behind the signature. */
static enum image_look
gif_size(struct str s, struct image_size *out)
{
	if (s.len < 10)
		return IMAGE_SHORT;
	if (!str_starts(s, STR("GIF87a")) && !str_starts(s, STR("GIF89a")))
		return IMAGE_ODD;
	out->width = little16(s, 6);
	out->height = little16(s, 8);
	return IMAGE_SIZED;
}

/*
 * IHDR is the first chunk in a good file. In others it is found at any multiple
 * of eight bytes: chunks are not skipped by their length.
 */
static enum image_look
png_size(struct str s, struct image_size *out)
{
	if (s.len < 8)
		return IMAGE_SHORT;
	if (!str_starts(s, STR("\x89PNG\r\n\x1a\n")))
		return IMAGE_ODD;
	for (size_t at = 8; at + 8 <= s.len; at += 8) {
		struct str type = str_make(s.p + at + 4, 4);

		if (str_is(type, "IEND"))
			return IMAGE_ODD;
		if (!str_is(type, "IHDR") || big32(s, at) != 13)
			continue;
		/* Width, height and the four bytes of the checksum. */
		if (s.len < at + 8 + 8 + 4)
			return IMAGE_SHORT;
		out->width = big32(s, at + 8);
		out->height = big32(s, at + 12);
		return IMAGE_SIZED;
	}
	return IMAGE_SHORT;
}

/* SOF0 to SOF15, less the three markers among them that are no frames. */
static bool
is_frame(unsigned marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
	       marker != 0xc8 && marker != 0xcc;
}

static enum image_look
jpeg_size(struct str s, struct image_size *out)
{
	size_t at = 2;

	if (s.len < 2)
		return IMAGE_SHORT;
	if (!str_starts(s, STR("\xff\xd8")))
		return IMAGE_ODD;
	while (at + 4 <= s.len) {
		unsigned marker = byte(s, at + 1);
		uint32_t len = big16(s, at + 2);

		if (byte(s, at) != 0xff || marker == 0xda || marker == 0xd9 ||
		    len < 2)
			return IMAGE_ODD;
		at += 4;
		if (is_frame(marker)) {
			if (len < 7)
				return IMAGE_ODD;
			if (s.len < at + 5)
				return IMAGE_SHORT;
			out->height = big16(s, at + 1);
			out->width = big16(s, at + 3);
			return IMAGE_SIZED;
		}
		at += len - 2;
	}
	return IMAGE_SHORT;
}

enum image_look
image_size(enum image_type type, struct str data, struct image_size *out)
{
	struct image_size size = {0, 0};
	enum image_look look;

	if (type == IMAGE_GIF)
		look = gif_size(data, &size);
	else if (type == IMAGE_PNG)
		look = png_size(data, &size);
	else
		look = jpeg_size(data, &size);
	if (look != IMAGE_SIZED)
		return look;
	if (size.height == 0 || size.width == 0)
		return IMAGE_ODD;
	*out = size;
	return IMAGE_SIZED;
}
