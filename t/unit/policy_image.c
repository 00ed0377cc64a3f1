/* Sizes of pictures, from the whole file and from each start of it. */
#include "policy/image.h"

#include "tap.h"

#define PNG "\x89PNG\r\n\x1a\n"
#define IHDR "\0\0\0\rIHDR"
#define SIDES "\0\0\1\0\0\0\0\x20" /* 256 by 32 */
#define JFIF "\xff\xe0\0\x06JFIF"

static const struct {
	const char *name;
	enum image_type type;
	struct str data;
	enum image_look want;
	uint32_t width, height;
} rows[] = {
    {"gif", IMAGE_GIF, STR_INIT("GIF89a\x10\1\x20\0..."), IMAGE_SIZED, 272, 32},
    {"old gif", IMAGE_GIF, STR_INIT("GIF87a\1\0\1\0"), IMAGE_SIZED, 1, 1},
    {"no gif", IMAGE_GIF, STR_INIT("GIF88a\1\0\1\0"), IMAGE_ODD, 0, 0},
    {"gif without height", IMAGE_GIF, STR_INIT("GIF89a\1\0\0\0"), IMAGE_ODD, 0,
	0},
    {"half a gif", IMAGE_GIF, STR_INIT("GIF89a\1\0\1"), IMAGE_SHORT, 0, 0},
    {"png", IMAGE_PNG, STR_INIT(PNG IHDR SIDES "\x8\6\0\0...."), IMAGE_SIZED,
	256, 32},
    {"png with a chunk before", IMAGE_PNG,
	STR_INIT(PNG "\0\0\0\0tEXt" IHDR SIDES "\x8\6\0\0"), IMAGE_SIZED, 256,
	32},
    {"png that ends before", IMAGE_PNG,
	STR_INIT(PNG "\0\0\0\0IEND" IHDR SIDES "\x8\6\0\0"), IMAGE_ODD, 0, 0},
    {"png of another length", IMAGE_PNG,
	STR_INIT(PNG "\0\0\0\x0eIHDR" SIDES "\x8\6\0\0"), IMAGE_SHORT, 0, 0},
    {"png without its checksum", IMAGE_PNG, STR_INIT(PNG IHDR SIDES "\x8\6\0"),
	IMAGE_SHORT, 0, 0},
    {"no png", IMAGE_PNG, STR_INIT("\x89PNG\n\n\x1a\n" IHDR SIDES "\x8\6\0\0"),
	IMAGE_ODD, 0, 0},
    {"jpeg", IMAGE_JPEG,
	STR_INIT("\xff\xd8" JFIF "\xff\xc0\0\x11\x8\0\x20\1\0..."), IMAGE_SIZED,
	256, 32},
    {"jpeg, tables are no frame", IMAGE_JPEG,
	STR_INIT("\xff\xd8\xff\xc4\0\2\xff\xc2\0\7\x8\0\x20\1\0"), IMAGE_SIZED,
	256, 32},
    {"jpeg with a gap", IMAGE_JPEG, STR_INIT("\xff\xd8" JFIF ".\xff\xc0\0\x11"),
	IMAGE_ODD, 0, 0},
    {"jpeg, data first", IMAGE_JPEG, STR_INIT("\xff\xd8\xff\xda\0\x08......"),
	IMAGE_ODD, 0, 0},
    {"jpeg, a frame too short", IMAGE_JPEG,
	STR_INIT("\xff\xd8\xff\xc0\0\6\x8\0\x20\1\0"), IMAGE_ODD, 0, 0},
    {"jpeg, no length", IMAGE_JPEG, STR_INIT("\xff\xd8\xff\xe0\0\1....."),
	IMAGE_ODD, 0, 0},
    {"jpeg, half a frame", IMAGE_JPEG,
	STR_INIT("\xff\xd8\xff\xc0\0\x11\x8\0\x20\1"), IMAGE_SHORT, 0, 0},
    {"no jpeg", IMAGE_JPEG, STR_INIT("\xff\xd9\xff\xc0"), IMAGE_ODD, 0, 0},
    {"nothing", IMAGE_JPEG, STR_INIT(""), IMAGE_SHORT, 0, 0},
};

/* From fewer bytes the same is known, or nothing. */
static size_t
wrong_starts(enum image_type type, struct str data, enum image_look want)
{
	size_t wrong = 0;

	for (size_t len = 0; len < data.len; len++) {
		struct image_size size;
		enum image_look look =
		    image_size(type, str_head(data, len), &size);

		wrong += look != want && look != IMAGE_SHORT;
	}
	return wrong;
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image_size size = {0, 0};
		enum image_look look =
		    image_size(rows[i].type, rows[i].data, &size);

		is_int(look, rows[i].want, "%s", rows[i].name);
		ok(size.width == rows[i].width && size.height == rows[i].height,
		    "%s: %u by %u", rows[i].name, size.width, size.height);
		is_int((long long)wrong_starts(
			   rows[i].type, rows[i].data, rows[i].want),
		    0, "%s: its starts", rows[i].name);
	}
	return done_testing();
}
