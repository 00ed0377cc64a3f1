#include "match/prefilter.h"

#include "base/mem.h"
#include "base/vec.h"
#include "match/rarity.h"

#include <stdlib.h>

#define LANE 16	     /* places looked at together: what every machine has */
#define PAIR 2	     /* bytes looked for so */
#define SIEVE_MAX 16 /* with more literals tables are faster */
#define GRAM 4	     /* bytes looked up in the table at every ... */
#define STRIDE 2     /* ... second place: each literal is in it for both ... */
/* ... by these bits of a byte: they tell letters apart, whatever their case. */
#define GRAM_BITS 0x1f1f1f1fu
#define BYTE_CODES 32
/* Bits of the table for each gram: few places are looked at in vain. */
#define SPARSENESS 16
#define TABLE_BITS_LEAST 9
#define TABLE_BITS_MOST 20
#define BUCKET_BITS_MOST 16
#define HASH_FACTOR 0x9e3779b1u

typedef uint8_t lane __attribute__((vector_size(LANE)));

/* What a place is compared with, as two words of eight bytes. */
struct pattern {
	uint64_t want[2];
	uint64_t mask[2];
	bool exact; /* want is not folded */
	uint8_t len;
};

/* Bytes of a literal that tell where it may be. */
struct entry {
	uint32_t gram;
	uint32_t id;
	int offset; /* in the literal; may lie before it */
};

/* Those two bytes, to be compared with many places. */
struct sieve {
	lane first;
	lane second;
};

/* Literals by four of their bytes. */
struct table {
	unsigned shift;	       /* from a product to a bit */
	unsigned bucket_shift; /* and to a bucket */
	uint64_t *bits;
	uint32_t *buckets; /* first entry, one more at the end */
	VEC(struct entry) entries;
};

struct prefilter {
	struct pattern *patterns; /* by literal */
	size_t count;
	/* Few literals, or those of two bytes among many. */
	struct sieve *sieves;
	struct entry *sieved;
	size_t sieve_count;
	/* Many. */
	struct table table;
	/* Literals of one byte. */
	struct entry *bytes;
	size_t byte_count;
};

/* ---- building ----------------------------------------------------------- */

static uint32_t
load_gram(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* The pair at `p`, beyond which nothing need be. */
static uint32_t
load_pair(const char *p)
{
	const char pair[GRAM] = {p[0], p[1]};

	return load_gram(pair);
}

static uint32_t
hash_gram(uint32_t gram)
{
	return (gram & GRAM_BITS) * HASH_FACTOR;
}

static unsigned
byte_bits(char c)
{
	double chance = rarity_chance((unsigned char)c);

	if (c >= 'a' && c <= 'z')
		chance += rarity_chance((unsigned char)c - 0x20u);
	return rarity_bits(chance);
}

/* Where the rarest `n` bytes of a folded literal begin, at `from` or a multiple
 * of `step` behind. */
static int
rarest_bytes(const char *p, size_t len, size_t n, size_t from, size_t step)
{
	unsigned most = 0, bits[GRAM];
	size_t best = from;

	for (size_t at = from; at + n <= len; at += step) {
		unsigned sum;

		for (size_t i = 0; i < n; i++)
			bits[i] = byte_bits(p[at + i]);
		sum = rarity_text_bits(p + at, bits, (unsigned)n);
		if (sum > most) {
			most = sum;
			best = at;
		}
	}
	return (int)best;
}

/* The folded literal with NULs behind it. */
struct folded {
	char p[PREFILTER_LITERAL_MAX];
};

static struct folded
fold_literal(struct str text)
{
	struct folded f = {{0}};

	invariant(text.len > 0 && text.len <= PREFILTER_LITERAL_MAX);
	for (size_t i = 0; i < text.len; i++)
		f.p[i] = ascii_lower(text.p[i]);
	return f;
}

static void
set_pattern(struct pattern *out, const struct prefilter_literal *l,
    const struct folded *f)
{
	char want[PREFILTER_LITERAL_MAX], mask[PREFILTER_LITERAL_MAX] = {0};

	memcpy(want, f->p, sizeof(want));
	if (!l->nocase)
		memcpy(want, l->text.p, l->text.len);
	memset(mask, 0xff, l->text.len);
	memcpy(out->want, want, sizeof(out->want));
	memcpy(out->mask, mask, sizeof(out->mask));
	out->exact = memcmp(want, f->p, sizeof(want)) != 0;
	for (size_t i = 0; i < l->text.len && !l->nocase; i++)
		out->exact = out->exact || ascii_is_alpha(want[i]);
	out->len = (uint8_t)l->text.len;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	uint32_t hx = hash_gram(x->gram), hy = hash_gram(y->gram);

	if (hx != hy)
		return hx < hy ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void
set_bit(uint64_t *bits, size_t bit)
{
	bits[bit / 64] |= (uint64_t)1 << bit % 64;
}

/* Bits for `n` of something, `each` as many places. */
static unsigned
table_bits(size_t n, size_t each, unsigned least, unsigned most)
{
	unsigned bits = least;

	while (bits < most && ((size_t)1 << bits) < n * each)
		bits++;
	return bits;
}

static void
build_table(struct table *t)
{
	size_t n = t->entries.len, at = 0;
	unsigned bits =
	    table_bits(n, SPARSENESS, TABLE_BITS_LEAST, TABLE_BITS_MOST);
	unsigned bucket_bits = table_bits(n / 4, 1, 1, BUCKET_BITS_MOST);
	size_t buckets = (size_t)1 << bucket_bits;

	t->shift = 32 - bits;
	t->bucket_shift = 32 - bucket_bits;
	t->bits = mem_array(((size_t)1 << bits) / 64, sizeof(*t->bits));
	t->buckets = mem_array(buckets + 1, sizeof(*t->buckets));
	qsort(t->entries.v, n, sizeof(*t->entries.v), compare_entries);
	for (size_t b = 0; b < buckets; b++) {
		for (; at < n; at++) {
			uint32_t hash = hash_gram(t->entries.v[at].gram);

			if (hash >> t->bucket_shift != b)
				break;
			set_bit(t->bits, hash >> t->shift);
		}
		t->buckets[b + 1] = (uint32_t)at;
	}
}

static void
build_sieves(struct prefilter *f)
{
	f->sieves = aligned_alloc(
	    sizeof(lane), (f->sieve_count + 1) * sizeof(*f->sieves));
	invariant(f->sieves != NULL);
	for (size_t i = 0; i < f->sieve_count; i++) {
		uint8_t bytes[GRAM];

		memcpy(bytes, &f->sieved[i].gram, sizeof(bytes));
		memset(&f->sieves[i].first, bytes[0], LANE);
		memset(&f->sieves[i].second, bytes[1], LANE);
	}
}

/* Four bytes, of which that at `any` may be anything (GRAM: none). */
static void
add_gram(struct table *t, struct entry e, const char *p, size_t any)
{
	char gram[GRAM];

	memcpy(gram, p, sizeof(gram));
	for (char code = 0; code < (any < GRAM ? BYTE_CODES : 1); code++) {
		if (any < GRAM)
			gram[any] = code;
		e.gram = load_gram(gram) & GRAM_BITS;
		*VEC_PUSH(&t->entries) = e;
	}
}

/* Wherever a literal of three bytes or more begins, one of two is looked up. */
static void
add_grams(struct table *t, struct entry e, const struct folded *l, size_t len)
{
	char before[GRAM] = {0, l->p[0], l->p[1], l->p[2]};

	for (size_t from = 0; from < STRIDE; from++) {
		if (len == GRAM - 1 && from > 0) {
			e.offset = -1;
			add_gram(t, e, before, 0);
			continue;
		}
		e.offset = rarest_bytes(l->p, len, GRAM, from, STRIDE);
		add_gram(
		    t, e, l->p + e.offset, from + GRAM > len ? GRAM - 1 : GRAM);
	}
}

/* Adds literal `id` where it will be looked for. */
static void
add_literal(
    struct prefilter *f, uint32_t id, const struct folded *l, size_t len)
{
	struct entry e = {.id = id};

	if (len == 1) {
		e.gram = (unsigned char)l->p[0];
		f->bytes[f->byte_count++] = e;
	} else if (f->count <= SIEVE_MAX || len == PAIR) {
		e.offset = rarest_bytes(l->p, len, PAIR, 0, 1);
		e.gram = load_pair(l->p + e.offset);
		f->sieved[f->sieve_count++] = e;
	} else {
		add_grams(&f->table, e, l, len);
	}
}

struct prefilter *
prefilter_new(const struct prefilter_literal *v, size_t n)
{
	struct prefilter *f;

	if (n == 0)
		return NULL;
	f = mem_alloc(sizeof(*f));
	f->count = n;
	f->patterns = mem_array(n, sizeof(*f->patterns));
	f->bytes = mem_array(n, sizeof(*f->bytes));
	f->sieved = mem_array(n, sizeof(*f->sieved));
	for (uint32_t i = 0; i < n; i++) {
		struct folded l = fold_literal(v[i].text);

		set_pattern(&f->patterns[i], &v[i], &l);
		add_literal(f, i, &l, v[i].text.len);
	}
	build_sieves(f);
	if (f->table.entries.len > 0)
		build_table(&f->table);
	return f;
}

void
prefilter_free(struct prefilter **fp)
{
	struct prefilter *f = *fp;

	if (f == NULL)
		return;
	free(f->patterns);
	free(f->sieves);
	free(f->sieved);
	free(f->table.bits);
	free(f->table.buckets);
	VEC_FINI(&f->table.entries);
	free(f->bytes);
	free(f);
	*fp = NULL;
}

/* ---- searching ---------------------------------------------------------- */

struct search {
	const struct prefilter *f;
	struct str text;
	const char *folded;
	prefilter_found *found;
	void *context;
};

static bool
is_there(const struct pattern *pattern, const char *p)
{
	uint64_t w[2];

	memcpy(w, p, sizeof(w));
	return (((w[0] ^ pattern->want[0]) & pattern->mask[0]) |
		   ((w[1] ^ pattern->want[1]) & pattern->mask[1])) == 0;
}

/* The same in the text itself, which has no padding. */
static bool
is_exactly_there(const struct pattern *pattern, struct str text, size_t at)
{
	if (text.len - at >= PREFILTER_LITERAL_MAX)
		return is_there(pattern, text.p + at);
	return text.len - at >= pattern->len &&
	       memcmp(text.p + at, pattern->want, pattern->len) == 0;
}

/* The bytes of `e` stand at `at`: does the literal around them? */
static inline __attribute__((always_inline)) void
check_entry(const struct search *s, const struct entry *e, size_t at)
{
	const struct pattern *pattern = &s->f->patterns[e->id];

	if (e->offset > 0 && at < (size_t)e->offset)
		return;
	at -= (size_t)e->offset;
	if (pattern->exact ? is_exactly_there(pattern, s->text, at)
			   : is_there(pattern, s->folded + at))
		s->found(s->context, e->id, at);
}

static __attribute__((noinline)) void
check_bucket(const struct search *s, size_t at)
{
	const struct table *t = &s->f->table;
	uint32_t gram = load_gram(s->folded + at) & GRAM_BITS;
	uint32_t bucket = hash_gram(gram) >> t->bucket_shift;

	for (uint32_t i = t->buckets[bucket]; i < t->buckets[bucket + 1]; i++)
		if (t->entries.v[i].gram == gram)
			check_entry(s, &t->entries.v[i], at);
}

/* The last bytes are looked up with NULs behind them. */
static void
search_table(const struct search *s)
{
	const uint64_t *bits = s->f->table.bits;
	unsigned shift = s->f->table.shift;
	const char *p = s->folded;

#pragma GCC unroll 4
	for (size_t i = 0; i < s->text.len; i += STRIDE) {
		uint32_t bit = hash_gram(load_gram(p + i)) >> shift;

		if ((bits[bit / 64] >> bit % 64 & 1) != 0)
			check_bucket(s, i);
	}
}

static lane
load_lane(const char *p)
{
	lane v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool
any_set(lane v)
{
	uint64_t w[2];

	memcpy(w, &v, sizeof(w));
	return (w[0] | w[1]) != 0;
}

static lane
sift(const struct sieve *sieve, lane first, lane second)
{
	return (lane)(first == sieve->first) & (lane)(second == sieve->second);
}

/* Bytes of `e` stand at every place of a lane that is not 0. */
static void
check_places(const struct search *s, const struct entry *e, size_t at, lane hit)
{
	uint8_t place[LANE];

	memcpy(place, &hit, sizeof(place));
	for (size_t i = 0; i < LANE && at + i < s->text.len; i++)
		if (place[i] != 0)
			check_entry(s, e, at + i);
}

/* Some literal's bytes are in a lane: whose? */
static __attribute__((noinline)) void
check_lane(const struct search *s, size_t at, lane first, lane second)
{
	const struct prefilter *f = s->f;

	for (size_t k = 0; k < f->sieve_count; k++) {
		lane hit = sift(&f->sieves[k], first, second);

		if (any_set(hit))
			check_places(s, &f->sieved[k], at, hit);
	}
}

static void
search_sieves(const struct search *s)
{
	const struct sieve *v = s->f->sieves;
	size_t n = s->f->sieve_count;

	for (size_t at = 0; at < s->text.len; at += LANE) {
		lane first = load_lane(s->folded + at);
		lane second = load_lane(s->folded + at + 1);
		lane hit = {0};

		for (size_t k = 0; k < n; k++)
			hit |= sift(&v[k], first, second);
		if (any_set(hit))
			check_lane(s, at, first, second);
	}
}

static void
search_bytes(const struct search *s)
{
	for (size_t k = 0; k < s->f->byte_count; k++) {
		const struct entry *e = &s->f->bytes[k];
		const char *p = s->folded, *end = p + s->text.len;

		while ((p = memchr(p, (int)e->gram, (size_t)(end - p))) != NULL)
			check_entry(s, e, (size_t)(p++ - s->folded));
	}
}

void
prefilter_fold(struct str text, char *out)
{
	const lane before = (lane){0} + ('A' - 1),
		   behind = (lane){0} + ('Z' + 1);
	const lane small = (lane){0} + ('a' - 'A');
	size_t whole = text.len - text.len % LANE;

	for (size_t i = 0; i < whole; i += LANE) {
		lane v = load_lane(text.p + i);

		v |= (lane)((v > before) & (v < behind)) & small;
		memcpy(out + i, &v, sizeof(v));
	}
	for (size_t i = whole; i < text.len; i++)
		out[i] = ascii_lower(text.p[i]);
	memset(out + text.len, 0, PREFILTER_PADDING);
}

void
prefilter_scan(const struct prefilter *f, struct str text, const char *folded,
    prefilter_found *found, void *context)
{
	struct search s = {f, text, folded, found, context};

	if (f->table.bits != NULL)
		search_table(&s);
	if (f->sieve_count > 0)
		search_sieves(&s);
	if (f->byte_count > 0)
		search_bytes(&s);
}
