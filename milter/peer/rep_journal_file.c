/*
 * The bytes of the journal: numbers, checksums, heads, the mark.
 */
#include "peer/rep_journal_file.h"

#include "base/mem.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x314c4e4a4e545350) /* "PSTNJNL1" */

/* CRC-32 (ISO 3309), eight bytes at a step; the tables are made once. */
static uint32_t crc_table[8][256];

static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void
make_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		crc_table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			crc_table[k][i] =
			    crc_table[k - 1][i] >> 8 ^
			    crc_table[0][crc_table[k - 1][i] & 255];
}

static uint32_t
checksum(uint32_t crc, const void *p, size_t len)
{
	const uint8_t *at = p;

	pthread_once(&crc_once, make_crc_table);
	crc = ~crc;
	for (; len >= 8; len -= 8, at += 8) {
		uint32_t low;

		memcpy(&low, at, sizeof(low));
		crc ^= le32toh(low);
		crc = crc_table[7][crc & 255] ^ crc_table[6][crc >> 8 & 255] ^
		      crc_table[5][crc >> 16 & 255] ^ crc_table[4][crc >> 24] ^
		      crc_table[3][at[4]] ^ crc_table[2][at[5]] ^
		      crc_table[1][at[6]] ^ crc_table[0][at[7]];
	}
	for (; len > 0; len--, at++)
		crc = crc_table[0][(crc ^ *at) & 255] ^ crc >> 8;
	return ~crc;
}

void
journal_put(uint8_t *at, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

uint64_t
journal_get(const uint8_t *at, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

char *
journal_segment_path(const struct rep_journal *j, uint64_t number)
{
	return mem_printf("%s/journal.%012" PRIu64, j->dir, number);
}

uint32_t
journal_checksum(
    const uint8_t head[static RECORD_HEAD], const char *payload, size_t len)
{
	return checksum(checksum(0, head + 8, RECORD_HEAD - 8), payload, len);
}

/* The whole record at `s`; 0: there is none (torn, or rubbish). */
size_t
journal_record_at(struct str s, struct head *out)
{
	const uint8_t *at = (const uint8_t *)s.p;
	struct head h;

	if (s.len < RECORD_HEAD)
		return 0;
	h.length = (uint32_t)journal_get(at, 4);
	h.crc = (uint32_t)journal_get(at + 4, 4);
	h.seq = journal_get(at + 8, 8);
	h.type = (char)at[16];
	if (h.length > REP_JOURNAL_RECORD_MAX ||
	    s.len - RECORD_HEAD < h.length ||
	    journal_checksum(at, s.p + RECORD_HEAD, h.length) != h.crc)
		return 0;
	*out = h;
	return RECORD_HEAD + h.length;
}

void
journal_head_make(const struct rep_journal *j, uint8_t out[static SEGMENT_HEAD])
{
	memset(out, 0, SEGMENT_HEAD);
	journal_put(out, MAGIC, 8);
	memcpy(out + 8, j->writer, REP_WRITER_MAX);
	journal_put(out + 24, checksum(0, out, 24), 4);
}

bool
journal_head_read(
    const uint8_t *at, size_t len, char writer[static REP_WRITER_MAX])
{
	if (len < SEGMENT_HEAD || journal_get(at, 8) != MAGIC ||
	    journal_get(at + 24, 4) != checksum(0, at, 24) ||
	    at[8 + REP_WRITER_MAX - 1] != '\0')
		return false;
	memcpy(writer, at + 8, REP_WRITER_MAX);
	return true;
}

void
journal_mark_write(struct rep_journal *j)
{
	uint8_t b[MARK_BYTES] = {0};

	journal_put(b, j->mark.segment, 8);
	journal_put(b + 8, j->mark.offset, 8);
	journal_put(b + 16, j->mark.seq, 8);
	memcpy(b + 24, j->writer, REP_WRITER_MAX);
	journal_put(b + 44, checksum(0, b, 44), 4);
	/* A mark not written only makes a restart repeat more. */
	(void)!pwrite(j->mark_fd, b, sizeof(b), 0);
}

bool
journal_mark_read(struct rep_journal *j)
{
	uint8_t b[MARK_BYTES];

	if (pread(j->mark_fd, b, sizeof(b), 0) != MARK_BYTES ||
	    journal_get(b + 44, 4) != checksum(0, b, 44) ||
	    b[24 + REP_WRITER_MAX - 1] != '\0')
		return false;
	j->mark = (struct rep_cursor){.segment = journal_get(b, 8),
	    .offset = journal_get(b + 8, 8),
	    .seq = journal_get(b + 16, 8)};
	memcpy(j->writer, b + 24, REP_WRITER_MAX);
	j->next_seq = j->mark.seq;
	return true;
}
