/*
 * Compression of one text at a time, zstd frames (RFC 8878).
 *
 * The only file that includes <zstd.h> is zip.c. Unpacking takes foreign bytes:
 * a frame must say how long it unpacks to, and no more than the caller's limit.
 */
#ifndef POSTERN_BASE_ZIP_H
#define POSTERN_BASE_ZIP_H

#include "base/buf.h"

/* Memory for packing, used again and again. One thread at a time. */
struct zip_packer;

struct zip_packer *zip_packer_new(void);
void zip_packer_free(struct zip_packer **z);

/*
 * Appends `in` as a frame. False, nothing appended: it would not be an eighth
 * shorter, so it is better kept as it is.
 */
bool zip_pack(struct zip_packer *z, struct str in, struct buf *out);

bool zip_is_packed(struct str s);
/* 0, ERR_SYNTAX: no whole frame; ERR_LIMIT: longer than `max`. */
int zip_unpack(struct str in, size_t max, struct buf *out);

#endif
