#include "base/zip.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <zstd.h>

#define LEVEL 3
#define WORTH_MIN 256 /* shorter texts only grow a header */

struct zip_packer {
	ZSTD_CCtx *ctx;
	char *room;
	size_t size;
};

struct zip_packer *
zip_packer_new(void)
{
	struct zip_packer *z = mem_alloc(sizeof(*z));

	z->ctx = ZSTD_createCCtx();
	invariant(z->ctx != NULL);
	return z;
}

void
zip_packer_free(struct zip_packer **zp)
{
	struct zip_packer *z = *zp;

	*zp = NULL;
	if (z == NULL)
		return;
	ZSTD_freeCCtx(z->ctx);
	free(z->room);
	free(z);
}

bool
zip_pack(struct zip_packer *z, struct str in, struct buf *out)
{
	size_t bound = ZSTD_compressBound(in.len), n;

	if (in.len < WORTH_MIN)
		return false;
	if (bound > z->size) {
		z->room = mem_resize(z->room, bound, 1);
		z->size = bound;
	}
	n = ZSTD_compressCCtx(z->ctx, z->room, z->size, in.p, in.len, LEVEL);
	if (ZSTD_isError(n) || n > in.len - in.len / 8)
		return false;
	buf_add(out, str_make(z->room, n));
	return true;
}

bool
zip_is_packed(struct str s)
{
	return str_starts(s, STR("\x28\xb5\x2f\xfd"));
}

int
zip_unpack(struct str in, size_t max, struct buf *out)
{
	unsigned long long whole = ZSTD_getFrameContentSize(in.p, in.len);
	char *room;
	size_t n;

	if (whole == ZSTD_CONTENTSIZE_ERROR ||
	    whole == ZSTD_CONTENTSIZE_UNKNOWN)
		return ERR_SYNTAX;
	if (whole > max)
		return ERR_LIMIT;
	room = mem_alloc((size_t)whole + 1);
	n = ZSTD_decompress(room, (size_t)whole, in.p, in.len);
	if (!ZSTD_isError(n))
		buf_add(out, str_make(room, n));
	free(room);
	return ZSTD_isError(n) ? ERR_SYNTAX : 0;
}
