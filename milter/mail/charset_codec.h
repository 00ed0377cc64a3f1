/*
 * Inside of charset.h: which decoder a charset name means, and the decoders.
 *
 * Names are resolved as Perl's Encode resolves them, by patterns rather than by
 * a list. A codec says how bytes group into characters; the mapping itself is
 * asked of iconv, except where the two are known to differ. Only charset*.c
 * include this.
 */
#ifndef POSTERN_MAIL_CHARSET_CODEC_H
#define POSTERN_MAIL_CHARSET_CODEC_H

#include "base/buf.h"
#include "mail/charset.h"

enum codec_kind {
	CODEC_NONE,
	CODEC_ASCII,
	CODEC_UTF8,
	CODEC_UTF16, /* `wide_little`, `wide_detect` */
	CODEC_UTF32,
	CODEC_UCS2,
	CODEC_UTF7,
	CODEC_SINGLE, /* one byte, one character */
	CODEC_DOUBLE, /* ASCII and pairs */
	CODEC_EUC_JP, /* pairs, and triples after 8F */
	CODEC_ISO_2022_JP,
	CODEC_ISO_2022_KR,
	CODEC_HZ
};

/* Codes first..last are characters from `to` on; 0: they are refused. */
struct codec_run {
	uint16_t first;
	uint16_t last;
	uint32_t to;
};

struct codec {
	enum codec_kind kind;
	const char *iconv_name;
	const char *leads; /* pairs of bounds of lead bytes; NULL: none */
	const struct codec_run *runs;
	size_t run_count;
	bool wide_little;
	bool wide_detect; /* byte order from the mark, else big-endian */
};

/* Never NULL; kind CODEC_NONE when the name is unknown. */
const struct codec *codec_find(struct str name);
/* The codecs the guesses need by themselves. */
extern const struct codec codec_utf8;
extern const struct codec codec_windows_1252;
extern const struct codec codec_utf16le;
extern const struct codec codec_utf16be;
extern const struct codec codec_gbk;
extern const struct codec codec_euc_jp;
extern const struct codec codec_euc_kr;
extern const struct codec codec_euc_cn;

/* What happens to bytes that are no character. */
enum codec_faults {
	CODEC_REFUSE,  /* the decoding fails */
	CODEC_REPLACE, /* U+FFFD */
	CODEC_ESCAPE   /* \xNN in letters */
};

/*
 * Appends the text to `out`. False when refused; `out` then holds a part. A
 * multi-byte character cut off by the end is dropped silently by all but the
 * UTF codecs, as Perl does.
 */
bool codec_decode(const struct codec *c, struct str bytes,
    enum codec_faults faults, struct buf *out);
/* ISO-2022-JP, ISO-2022-KR, HZ and UTF-7: charset_escape.c. */
bool codec_decode_escaped(const struct codec *c, struct str bytes,
    enum codec_faults faults, struct buf *out);

#endif
