#include "match/prefilter.h"

#include "base/lanes.h"
#include "base/mem.h"
#include "base/vec.h"
#include "match/rarity.h"

#include <endian.h>
#include <stdlib.h>

#define PAIR 2	     /* bytes looked for so */
#define SIEVE_MAX 16 /* with more literals tables are faster */
#define GRAM 4	     /* bytes looked up in the table at every ... */
#define STRIDE 2     /* ... second place: each literal is in it for both ... */
/* ... by these bits of a byte: they tell letters apart, whatever their case. */
#define GRAM_BITS 0x1f1f1f1fu
#define BYTE_CODES 32
/* Bits for each gram: few places are looked at in vain. */
#define SPARSENESS 64
#define STRETCH 1024 /* bytes of a text looked up together */
#define TABLE_BITS_LEAST 9
#define TABLE_BITS_MOST 18
#define HASH_FACTOR 0x9e3779b1u
#define ANY_BYTE UINT32_MAX /* bits of all codes */

/* A literal and the bytes of it that tell where it may be. */
struct entry {
	uint8_t want[PREFILTER_LITERAL_MAX];
	uint32_t id;
	int8_t offset; /* of those bytes; they may begin before it */
	uint8_t len;
	bool exact; /* `want` is not folded */
	bool last;  /* of its slot */
};

/* Four bytes, and the entries that have them. */
struct slot {
	uint32_t gram;
	uint32_t first;	 /* entry */
	uint32_t before; /* bits by code of what may stand there; 0: free */
	uint32_t behind;
};

/* An entry on its way into a slot. */
struct raw_entry {
	uint32_t gram;
	struct entry entry;
};

/* Two bytes of an entry, to be compared with many places. */
struct sieve {
	lanes first;
	lanes second;
};

/* Literals by four of their bytes. */
struct table {
	unsigned shift;	     /* from a product to a bit */
	unsigned slot_shift; /* and to the slot where the search begins */
	uint64_t *bits;
	struct slot *slots; /* at least half of them are free */
	struct entry *entries;
	VEC(struct raw_entry) raw; /* until it is built */
};

struct prefilter {
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
static int8_t
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
	return (int8_t)best;
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

static struct entry
make_entry(const struct prefilter_literal *l, const struct folded *f)
{
	struct entry e = {.id = l->id, .len = (uint8_t)l->text.len};

	memcpy(e.want, f->p, sizeof(e.want));
	for (size_t i = 0; i < l->text.len && !l->nocase; i++)
		e.exact = e.exact || ascii_is_alpha(l->text.p[i]);
	if (e.exact)
		memcpy(e.want, l->text.p, l->text.len);
	return e;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct raw_entry *x = a, *y = b;

	if (x->gram != y->gram)
		return x->gram < y->gram ? -1 : 1;
	return x->entry.id < y->entry.id ? -1 : x->entry.id > y->entry.id;
}

static void
set_bit(uint64_t *bits, size_t bit)
{
	bits[bit / 64] |= (uint64_t)1 << bit % 64;
}

/* Bits for `n` of something. */
static unsigned
table_bits(size_t n, unsigned least, unsigned most)
{
	unsigned bits = least;

	while (bits < most && ((size_t)1 << bits) < n)
		bits++;
	return bits;
}

static uint32_t
code_bit(uint8_t byte)
{
	return (uint32_t)1 << byte % BYTE_CODES;
}

/* What stands at `at` of the literal of `e`. */
static uint32_t
codes_at(const struct entry *e, int at)
{
	return at >= 0 && at < e->len ? code_bit(e->want[at]) : ANY_BYTE;
}

/* Where the search for the slot of a gram begins. */
static struct slot *
first_slot(const struct table *t, uint32_t gram)
{
	return &t->slots[hash_gram(gram) >> t->slot_shift];
}

/* The slot of `gram`, or the free one where it belongs. */
static struct slot *
find_slot(const struct table *t, uint32_t gram)
{
	struct slot *slot = first_slot(t, gram);
	const struct slot *end = t->slots + (UINT32_MAX >> t->slot_shift);

	while (slot->before != 0 && slot->gram != gram)
		slot = slot < end ? slot + 1 : t->slots;
	return slot;
}

static void
build_table(struct table *t)
{
	size_t n = t->raw.len;
	unsigned bits =
	    table_bits(n * SPARSENESS, TABLE_BITS_LEAST, TABLE_BITS_MOST);
	unsigned slot_bits = table_bits(n * 2, 1, 31);

	t->shift = 32 - bits;
	t->slot_shift = 32 - slot_bits;
	t->bits = mem_array(((size_t)1 << bits) / 64, sizeof(*t->bits));
	t->slots = mem_array((size_t)1 << slot_bits, sizeof(*t->slots));
	t->entries = mem_array(n, sizeof(*t->entries));
	qsort(t->raw.v, n, sizeof(*t->raw.v), compare_entries);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t gram = t->raw.v[i].gram;
		struct entry *e = &t->entries[i];
		struct slot *slot = find_slot(t, gram);

		*e = t->raw.v[i].entry;
		e->last = i + 1 == n || t->raw.v[i + 1].gram != gram;
		set_bit(t->bits, hash_gram(gram) >> t->shift);
		if (slot->before == 0)
			*slot = (struct slot){.gram = gram, .first = i};
		slot->before |= codes_at(e, e->offset - 1);
		slot->behind |= codes_at(e, e->offset + GRAM);
	}
	VEC_FINI(&t->raw);
}

static void
build_sieves(struct prefilter *f)
{
	f->sieves = aligned_alloc(
	    sizeof(lanes), (f->sieve_count + 1) * sizeof(*f->sieves));
	invariant(f->sieves != NULL);
	for (size_t i = 0; i < f->sieve_count; i++) {
		const struct entry *e = &f->sieved[i];

		memset(&f->sieves[i].first,
		    ascii_lower((char)e->want[e->offset]), LANES);
		memset(&f->sieves[i].second,
		    ascii_lower((char)e->want[e->offset + 1]), LANES);
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
		*VEC_PUSH(&t->raw) =
		    (struct raw_entry){load_gram(gram) & GRAM_BITS, e};
	}
}

/* Wherever a literal of three bytes or more begins, one of two is looked up. */
static void
add_grams(struct table *t, struct entry e, const struct folded *l)
{
	char before[GRAM] = {0, l->p[0], l->p[1], l->p[2]};

	for (int from = 0; from < STRIDE; from++) {
		if (e.len == GRAM - 1 && from > 0) {
			e.offset = -1;
			add_gram(t, e, before, 0);
			continue;
		}
		e.offset = rarest_bytes(l->p, e.len, GRAM, from, STRIDE);
		add_gram(t, e, l->p + e.offset,
		    from + GRAM > e.len ? GRAM - 1 : GRAM);
	}
}

/* Adds a literal where it will be looked for. */
static void
add_literal(struct prefilter *f, struct entry e, const struct folded *l)
{
	if (e.len == 1) {
		f->bytes[f->byte_count++] = e;
	} else if (f->count <= SIEVE_MAX || e.len == PAIR) {
		e.offset = rarest_bytes(l->p, e.len, PAIR, 0, 1);
		f->sieved[f->sieve_count++] = e;
	} else {
		add_grams(&f->table, e, l);
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
	f->bytes = mem_array(n, sizeof(*f->bytes));
	f->sieved = mem_array(n, sizeof(*f->sieved));
	for (size_t i = 0; i < n; i++) {
		struct folded l = fold_literal(v[i].text);

		add_literal(f, make_entry(&v[i], &l), &l);
	}
	build_sieves(f);
	if (f->table.raw.len > 0)
		build_table(&f->table);
	return f;
}

void
prefilter_free(struct prefilter **fp)
{
	struct prefilter *f = *fp;

	if (f == NULL)
		return;
	free(f->sieves);
	free(f->sieved);
	free(f->table.bits);
	free(f->table.slots);
	free(f->table.entries);
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

/* The bytes of a literal, of as many as one may have. */
static const uint8_t masks[2 * PREFILTER_LITERAL_MAX] = {0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static bool
is_there(const struct entry *e, const char *p)
{
	lanes want = lanes_load((const char *)e->want);
	lanes mask = lanes_load((const char *)masks + LANES - e->len);

	return !lanes_any((lanes_load(p) ^ want) & mask);
}

/* The same in the text itself, which has no padding. */
static bool
is_exactly_there(const struct entry *e, struct str text, size_t at)
{
	return text.len - at >= e->len &&
	       memcmp(text.p + at, e->want, e->len) == 0;
}

/* The bytes of `e` stand at `at`: does the literal around them? */
static inline __attribute__((always_inline)) void
check_entry(const struct search *s, const struct entry *e, size_t at)
{
	if (e->offset > 0 && at < (size_t)e->offset)
		return;
	at -= (size_t)e->offset;
	if (e->exact ? is_exactly_there(e, s->text, at)
		     : is_there(e, s->folded + at))
		s->found(s->context, e->id, at, at + e->len);
}

/* Places that the table knows something of; a place more is written. */
static size_t
look_up_grams(
    const struct table *t, const char *p, size_t from, size_t to, uint32_t *out)
{
	const uint64_t *bits = t->bits;
	unsigned shift = t->shift;
	size_t n = 0;

#pragma GCC unroll 4
	for (size_t i = from; i < to; i += STRIDE) {
		uint32_t bit = hash_gram(load_gram(p + i)) >> shift;

		out[n] = (uint32_t)i;
		n += bits[bit / 64] >> bit % 64 & 1;
	}
	for (size_t k = 0; k < n; k++)
		__builtin_prefetch(first_slot(t, load_gram(p + out[k])));
	return n;
}

/* An entry that may be at a place. */
struct chance {
	const struct entry *entry;
	uint32_t at;
};

/* What is around those places tells most of them apart. */
static size_t
look_up_slots(
    const struct search *s, const uint32_t *at, size_t n, struct chance *out)
{
	const struct table *t = &s->f->table;
	size_t kept = 0;

	for (size_t k = 0; k < n; k++) {
		const char *p = s->folded + at[k];
		const struct slot *slot =
		    find_slot(t, load_gram(p) & GRAM_BITS);
		uint32_t before = code_bit((uint8_t)(at[k] > 0 ? p[-1] : '\0'));
		uint32_t behind = code_bit((uint8_t)p[GRAM]);

		out[kept] = (struct chance){&t->entries[slot->first], at[k]};
		__builtin_prefetch(out[kept].entry);
		kept += (slot->before & before) != 0 &&
			(slot->behind & behind) != 0;
	}
	return kept;
}

/*
 * In three steps, a block of text after the other: none waits for memory one
 * place at a time, and few have to guess. The last bytes are looked up with
 * NULs behind them.
 */
static void
search_table(const struct search *s)
{
	uint32_t at[STRETCH / STRIDE + 1];
	struct chance chances[STRETCH / STRIDE + 1];

	for (size_t from = 0; from < s->text.len; from += STRETCH) {
		size_t rest = s->text.len - from;
		size_t n = look_up_grams(&s->f->table, s->folded, from,
		    from + (rest < STRETCH ? rest : STRETCH), at);

		n = look_up_slots(s, at, n, chances);
		for (size_t k = 0; k < n; k++) {
			const struct entry *e = chances[k].entry;

			check_entry(s, e, chances[k].at);
			while (!e->last)
				check_entry(s, ++e, chances[k].at);
		}
	}
}

static lanes
sift(const struct sieve *sieve, lanes first, lanes second)
{
	return (lanes)(first == sieve->first) &
	       (lanes)(second == sieve->second);
}

/* Bytes of `e` stand at every place of a lane that is not 0. */
static void
check_places(
    const struct search *s, const struct entry *e, size_t at, lanes hit)
{
	uint64_t half[2];

	memcpy(half, &hit, sizeof(half));
	for (size_t h = 0; h < 2; h++, at += 8) {
		uint64_t ones = le64toh(half[h]) & 0x0101010101010101u;

		for (; ones != 0; ones &= ones - 1) {
			size_t place = at + (size_t)__builtin_ctzll(ones) / 8;

			if (place < s->text.len)
				check_entry(s, e, place);
		}
	}
}

/* Some literal's bytes are in a lane: whose? */
static __attribute__((noinline)) void
check_lane(const struct search *s, size_t at, lanes first, lanes second)
{
	const struct prefilter *f = s->f;

	for (size_t k = 0; k < f->sieve_count; k++) {
		lanes hit = sift(&f->sieves[k], first, second);

		if (lanes_any(hit))
			check_places(s, &f->sieved[k], at, hit);
	}
}

static void
search_sieves(const struct search *s)
{
	const struct sieve *v = s->f->sieves;
	size_t n = s->f->sieve_count;

	for (size_t at = 0; at < s->text.len; at += LANES) {
		lanes first = lanes_load(s->folded + at);
		lanes second = lanes_load(s->folded + at + 1);
		lanes hit = {0};

		for (size_t k = 0; k < n; k++)
			hit |= sift(&v[k], first, second);
		if (lanes_any(hit))
			check_lane(s, at, first, second);
	}
}

static void
search_bytes(const struct search *s)
{
	for (size_t k = 0; k < s->f->byte_count; k++) {
		const struct entry *e = &s->f->bytes[k];
		const char *p = s->folded, *end = p + s->text.len;
		int byte = (unsigned char)ascii_lower((char)e->want[0]);

		while ((p = memchr(p, byte, (size_t)(end - p))) != NULL)
			check_entry(s, e, (size_t)(p++ - s->folded));
	}
}

void
prefilter_fold(struct str text, char *out)
{
	const lanes before = lanes_of('A' - 1), behind = lanes_of('Z' + 1);
	const lanes small = lanes_of('a' - 'A');
	size_t whole = text.len - text.len % LANES;

	for (size_t i = 0; i < whole; i += LANES) {
		lanes v = lanes_load(text.p + i);

		v |= (lanes)((v > before) & (v < behind)) & small;
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
