#include "base/str.h"

#include "base/lanes.h"

#include <stdlib.h>
#include <strings.h>

/* The bit letters of both cases differ in, in each byte. */
#define CASE_BITS (0x20 * BLOCK_EACH)

static inline bool
same_block(uint64_t x, uint64_t y)
{
	return x == y || (((x ^ y) & ~CASE_BITS) == 0 &&
			     block_lower(x) == block_lower(y));
}

/* Four bytes and more, up to a block: the last may be there twice. */
static inline uint64_t
load_short(const char *p, size_t len)
{
	uint32_t first, last;

	memcpy(&first, p, sizeof(first));
	memcpy(&last, p + len - sizeof(last), sizeof(last));
	return (uint64_t)first << 32 | last;
}

/* One to three bytes: some may be there more than once. */
static inline uint64_t
load_tiny(const char *p, size_t len)
{
	return (uint64_t)(uint8_t)p[0] << 16 |
	       (uint64_t)(uint8_t)p[len / 2] << 8 | (uint8_t)p[len - 1];
}

bool
str_same_nocase(const char *a, const char *b, size_t len)
{
	size_t i = 0;

	for (; len - i >= BLOCK; i += BLOCK)
		if (!same_block(block_load(a + i), block_load(b + i)))
			return false;
	/* The last block may begin within the one before. */
	if (i > 0)
		return i == len || same_block(block_load(a + len - BLOCK),
				       block_load(b + len - BLOCK));
	if (len >= BLOCK / 2)
		return same_block(load_short(a, len), load_short(b, len));
	for (; i < len; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       str_eq(str_skip(s, s.len - suffix.len), suffix);
}

bool
str_ends_nocase(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       str_eq_nocase(str_skip(s, s.len - suffix.len), suffix);
}

size_t
str_rfind_char(struct str s, char c)
{
	const char *hit = s.len ? memrchr(s.p, c, s.len) : NULL;

	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

struct str
str_behind_last(struct str s, char c)
{
	size_t at = str_rfind_char(s, c);

	return at == STR_NPOS ? STR_NONE : str_skip(s, at + 1);
}

/* A byte, in either case where `cases` is the bit they differ in, and not 0. */
struct sought {
	uint8_t byte;
	uint8_t cases;
};

static struct sought
seek(char c, bool nocase)
{
	uint8_t cases = nocase && ascii_is_alpha(c) ? 0x20 : 0;

	return (struct sought){(uint8_t)((uint8_t)c | cases), cases};
}

/* The first and the last byte of a needle: few places have both. */
struct ends {
	struct sought first;
	struct sought last;
	size_t apart;
};

static inline bool
is_sought(char c, struct sought b)
{
	return ((uint8_t)c | b.cases) == b.byte;
}

/* The first place from `from` on, below `end`, that has both; `end`: none. */
static size_t
next_place(const char *p, size_t from, size_t end, const struct ends *e)
{
	lanes first = lanes_of(e->first.byte), last = lanes_of(e->last.byte);
	lanes first_cases = lanes_of(e->first.cases);
	lanes last_cases = lanes_of(e->last.cases);
	size_t i = from;

	while (i + LANES <= end || (i > from && i < end)) {
		lanes a, b;
		size_t n;

		/* The last ones begin among those before. */
		if (i + LANES > end)
			i = end - LANES;
		a = lanes_load(p + i) | first_cases;
		b = lanes_load(p + i + e->apart) | last_cases;
		n = lanes_first((lanes)(a == first) & (lanes)(b == last));
		if (n < LANES)
			return i + n;
		i += LANES;
	}
	while (i < end && !(is_sought(p[i], e->first) &&
			      is_sought(p[i + e->apart], e->last)))
		i++;
	return i;
}

/* Places tried before a needle goes to memmem(). */
#define FIND_TRIES 16

/*
 * memmem() prepares itself for each needle, which costs more than the search of
 * a short text for bytes that are rare in it. What is not is left to it, so the
 * time stays linear.
 */
size_t
str_find(struct str s, struct str needle)
{
	struct ends e;
	size_t at = 0, end;
	const char *hit;

	if (needle.len <= 1)
		return needle.len == 0 ? 0 : str_find_char(s, needle.p[0]);
	if (needle.len > s.len)
		return STR_NPOS;
	e = (struct ends){seek(needle.p[0], false),
	    seek(needle.p[needle.len - 1], false), needle.len - 1};
	end = s.len - needle.len + 1;
	for (int i = 0; i < FIND_TRIES; i++) {
		at = next_place(s.p, at, end, &e);
		if (at == end)
			return STR_NPOS;
		if (memcmp(s.p + at, needle.p, needle.len) == 0)
			return at;
		at++;
	}
	hit = memmem(s.p + at, s.len - at, needle.p, needle.len);
	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

size_t
str_find_nocase(struct str s, struct str needle)
{
	struct ends e;
	size_t at, end;

	if (needle.len == 0)
		return 0;
	if (needle.len > s.len)
		return STR_NPOS;
	e = (struct ends){seek(needle.p[0], true),
	    seek(needle.p[needle.len - 1], true), needle.len - 1};
	end = s.len - needle.len + 1;
	for (at = 0; (at = next_place(s.p, at, end, &e)) < end; at++)
		if (str_same_nocase(s.p + at, needle.p, needle.len))
			return at;
	return STR_NPOS;
}

/* Length of the prefix of bytes that are in `set`, or that are not. */
static size_t
span(struct str s, const char *set, bool in)
{
	uint64_t member[4] = {0};
	size_t n = 0;

	for (; *set != '\0'; set++) {
		unsigned char c = (unsigned char)*set;

		member[c / 64] |= (uint64_t)1 << (c % 64);
	}
	for (; n < s.len; n++) {
		unsigned char c = (unsigned char)s.p[n];

		if ((member[c / 64] >> (c % 64) & 1) != in)
			break;
	}
	return n;
}

size_t
str_span(struct str s, const char *set)
{
	return span(s, set, true);
}

/* Bytes that are looked for all at once, a block at a time. */
#define FEW 5

static inline uint64_t
has_any(const char *p, const char *set, size_t len)
{
	uint64_t block = block_load(p), found = 0;

	for (size_t i = 0; i < len; i++)
		found |= block_has(block, (unsigned char)set[i]);
	return found;
}

static size_t
cspan_few(struct str s, const char *set, size_t len)
{
	uint64_t found;
	size_t n = 0;

	if (s.len < BLOCK)
		return span(s, set, false);
	for (; n + BLOCK <= s.len; n += BLOCK)
		if ((found = has_any(s.p + n, set, len)) != 0)
			return n + block_first(found);
	/* The last block may begin within the one before. */
	n = s.len - BLOCK;
	found = has_any(s.p + n, set, len);
	return found != 0 ? n + block_first(found) : s.len;
}

size_t
str_cspan(struct str s, const char *set)
{
	size_t len = strlen(set), at;

	if (len == 0 || len > FEW)
		return span(s, set, false);
	if (len > 1)
		return cspan_few(s, set, len);
	at = str_find_char(s, set[0]);
	return at == STR_NPOS ? s.len : at;
}

bool
str_has_letter(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (ascii_is_alpha(s.p[i]))
			return true;
	return false;
}

#define LANES_TIMES 255 /* as many as a byte can count */

static size_t
count_lanes(const char *p, size_t times, uint8_t first, uint8_t size)
{
	lanes sum = {0};
	size_t n = 0;

	/* A comparison that holds is -1. */
	for (size_t i = 0; i < times; i++)
		sum -= (lanes)(lanes_load(p + i * LANES) - first <= size);
	for (size_t i = 0; i < LANES; i++)
		n += sum[i];
	return n;
}

size_t
str_count(struct str s, unsigned char first, unsigned char last)
{
	uint8_t size = (uint8_t)(last - first);
	size_t n = 0;

	while (s.len >= LANES) {
		size_t times = s.len / LANES;

		times = times < LANES_TIMES ? times : LANES_TIMES;
		n += count_lanes(s.p, times, first, size);
		s = str_skip(s, times * LANES);
	}
	for (size_t i = 0; i < s.len; i++)
		n += (uint8_t)((uint8_t)s.p[i] - first) <= size;
	return n;
}

struct str
str_trim_left(struct str s)
{
	size_t n = 0;

	while (n < s.len && ascii_is_space(s.p[n]))
		n++;
	return str_skip(s, n);
}

struct str
str_trim_right(struct str s)
{
	while (s.len > 0 && ascii_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

struct str
str_trim(struct str s)
{
	return str_trim_left(str_trim_right(s));
}

struct str
str_cut(struct str *rest, char sep)
{
	struct str whole = *rest;
	size_t at = str_find_char(whole, sep);

	if (at == STR_NPOS) {
		*rest = STR_NONE;
		return whole;
	}
	*rest = str_skip(whole, at + 1);
	return str_head(whole, at);
}

struct str
str_word(struct str *rest)
{
	struct str s = str_trim_left(*rest);
	size_t n = 0;

	while (n < s.len && !ascii_is_space(s.p[n]))
		n++;
	*rest = str_skip(s, n);
	return str_head(s, n);
}

bool
str_to_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.p[i]) ||
		    __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

bool
str_to_i64(struct str s, int64_t *out)
{
	bool minus = s.len > 0 && s.p[0] == '-';
	uint64_t v;

	if (!str_to_u64(minus ? str_skip(s, 1) : s, &v) || v > INT64_MAX)
		return false;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

bool
str_to_double(struct str s, double *out)
{
	char text[64];
	size_t i = s.len > 0 && s.p[0] == '-', digits = i;

	if (s.len >= sizeof(text))
		return false;
	while (i < s.len && ascii_is_digit(s.p[i]))
		i++;
	if (i == digits)
		return false;
	if (i < s.len) {
		if (s.p[i] != '.' || i + 1 == s.len)
			return false;
		for (i++; i < s.len; i++)
			if (!ascii_is_digit(s.p[i]))
				return false;
	}
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	*out = strtod(text, NULL);
	return true;
}

/* FNV-1a with a final avalanche. Not keyed: map.h says who may use it. */
static uint64_t
finish(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ (h >> 32);
}

uint64_t
str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
	return finish(h);
}

static inline uint64_t
hash_step(uint64_t h, uint64_t block)
{
	h = (h ^ block) * 0x9fb21c651e98df25ULL;
	return h ^ h >> 29;
}

/* `same`: bits that make no difference. */
static inline uint64_t
hash_blocks(uint64_t seed, struct str s, uint64_t same)
{
	uint64_t h = seed ^ s.len, rest = 0;

	for (size_t n = 0; s.len - n > BLOCK; n += BLOCK)
		h = hash_step(h, block_load(s.p + n) | same);
	/* The last block may begin within the one before. */
	if (s.len >= BLOCK)
		rest = block_load(s.p + s.len - BLOCK);
	else if (s.len >= BLOCK / 2)
		rest = load_short(s.p, s.len);
	else if (s.len > 0)
		rest = load_tiny(s.p, s.len);
	h = hash_step(h, rest | same);
	return h ^ h >> 32;
}

uint64_t
str_hash_seeded(uint64_t seed, struct str s)
{
	return hash_blocks(seed, s, 0);
}

uint64_t
str_hash_seeded_nocase(uint64_t seed, struct str s)
{
	return hash_blocks(seed, s, CASE_BITS);
}

int
ascii_hex(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
