/*
 * Width and height from the first bytes of a GIF, PNG or JPEG file.
 *
 * Looks at the headers SpamAssassin's ImageInfo looks at, with its leniency, so
 * that rules on sizes fire alike. Decodes no pixels. Pure; reads at most the
 * bytes given, in one pass without backing up.
 */
#ifndef POSTERN_POLICY_IMAGE_H
#define POSTERN_POLICY_IMAGE_H

#include "base/str.h"

enum image_type { IMAGE_GIF, IMAGE_PNG, IMAGE_JPEG, IMAGE_TYPE_COUNT };

struct image_size {
	uint32_t height;
	uint32_t width;
};

/* "image/gif" ... by its subtype; false: none that is looked into. */
bool image_type_of(struct str mime_type, enum image_type *out);
/* "gif" "png" "jpeg" */
const char *image_type_text(enum image_type type);

enum image_look {
	IMAGE_SIZED, /* here it is, whatever follows */
	IMAGE_ODD,   /* no such file, or a side is 0, whatever follows */
	IMAGE_SHORT  /* neither is known from this much of the file */
};

/* `data` is the file or its start. */
enum image_look image_size(
    enum image_type type, struct str data, struct image_size *out);

#endif
