#include "match/shape_set.h"

#include "base/compat.h"
#include "base/mem.h"

#include <stdlib.h>

#define WORD_BITS 64
#define WORDS_ALIGN 8  /* words are in multiples of the longest vector */
#define SIDE_BY_SIDE 4 /* vectors advanced together */
#define ROWS_MAX 256

/* A shape of one link, of one byte: looked for without states. */
struct lone_byte {
	uint8_t byte;
	uint32_t shape;
};

/*
 * A shape has a state before its first link, which lasts (one that stands at
 * the start: up to the first byte), and one behind each link: links 0..i were
 * seen, and since then only bytes of link i's loop. With each byte every state
 * moves on (shift) if the byte is one the next link wants, and stays if it is
 * in its loop. The last state stays for good.
 */
struct shape_set {
	size_t length;	      /* words of a vector */
	size_t words;	      /* of states */
	size_t stride;	      /* the same, in whole vectors of any length */
	uint32_t row_of[256]; /* bytes that no shape tells apart share one */
	size_t row_count;
	uint64_t *rows;	    /* states a byte leads into, then, one stride ... */
			    /* ... behind, those it leaves alone */
	uint64_t *begin;    /* states before the first byte */
	uint64_t *last;	    /* states that end a shape */
	uint32_t *shape_of; /* by bit: shape that ends there */
	struct lone_byte *lone;
	size_t lone_count;
};

/* Where each shape's states lie; a shape never crosses a word. */
struct layout {
	size_t *bit;
	size_t words;
};

static int
compare_lengths(const void *x, const void *y)
{
	const struct shape *const *a = x, *const *b = y;

	return (*a)->len > (*b)->len ? -1 : (*a)->len < (*b)->len;
}

/* The byte that is all a shape wants, or -1. */
static int
only_byte(const struct shape *shape)
{
	int byte = -1;

	if (shape->len != 1 || shape->at_start)
		return -1;
	for (unsigned i = 0; i < 256; i++) {
		if (!byte_class_has(&shape->link[0].must, i))
			continue;
		if (byte >= 0)
			return -1;
		byte = (int)i;
	}
	return byte;
}

/* States of a shape that has any. */
static size_t
state_count(const struct shape *shape)
{
	return shape->len + 1;
}

/* First fit, the longest first. */
static void
make_layout(struct layout *l, const struct shape *v, size_t n)
{
	const struct shape **order = mem_array(n, sizeof(*order));
	size_t *used = mem_array(n, sizeof(*used));

	*l = (struct layout){.bit = mem_array(n, sizeof(*l->bit))};
	for (size_t i = 0; i < n; i++)
		order[i] = &v[i];
	qsort(order, n, sizeof(*order), compare_lengths);
	for (size_t i = 0; i < n; i++) {
		size_t word = 0;

		if (only_byte(order[i]) >= 0)
			continue;
		while (used[word] + state_count(order[i]) > WORD_BITS)
			word++;
		l->bit[order[i] - v] = word * WORD_BITS + used[word];
		used[word] += state_count(order[i]);
		if (word >= l->words)
			l->words = word + 1;
	}
	free(order);
	free(used);
}

static void
set_bit(uint64_t *v, size_t bit)
{
	v[bit / WORD_BITS] |= (uint64_t)1 << bit % WORD_BITS;
}

/* Aligned for vectors; zeroed. */
static uint64_t *
new_words(size_t count)
{
	size_t size =
	    (count - count % WORDS_ALIGN + WORDS_ALIGN) * sizeof(uint64_t);
	uint64_t *v = aligned_alloc(WORDS_ALIGN * sizeof(*v), size);

	invariant(v != NULL);
	memset(v, 0, size);
	return v;
}

/* One row a byte at first; equal rows are then shared. */
static void
share_rows(struct shape_set *s, const uint64_t *rows)
{
	size_t n = 2 * s->stride, size = n * sizeof(*rows);

	s->rows = new_words(ROWS_MAX * n);
	for (size_t byte = 0; byte < ROWS_MAX; byte++) {
		size_t k = 0;

		while (k < s->row_count &&
		       memcmp(s->rows + k * n, rows + byte * n, size) != 0)
			k++;
		s->row_of[byte] = (uint32_t)(k * n);
		if (k == s->row_count)
			memcpy(s->rows + s->row_count++ * n, rows + byte * n,
			    size);
	}
}

static void
fill_rows(const struct shape *shape, size_t bit, size_t stride, uint64_t *rows)
{
	size_t last = bit + shape->len;

	for (unsigned byte = 0; byte < ROWS_MAX; byte++) {
		uint64_t *enter = rows + byte * 2 * stride;
		uint64_t *stay = enter + stride;

		if (!shape->at_start)
			set_bit(stay, bit);
		for (size_t i = 0; i < shape->len; i++) {
			if (byte_class_has(&shape->link[i].must, byte))
				set_bit(enter, bit + i + 1);
			if (byte_class_has(&shape->link[i].loop, byte))
				set_bit(stay, bit + i + 1);
		}
		set_bit(stay, last);
	}
}

static void
add_shape(struct shape_set *s, const struct shape *shape, uint32_t number,
    size_t bit, uint64_t *rows)
{
	int byte = only_byte(shape);

	if (byte >= 0) {
		s->lone[s->lone_count++] =
		    (struct lone_byte){(uint8_t)byte, number};
		return;
	}
	set_bit(s->begin, bit);
	set_bit(s->last, bit + shape->len);
	s->shape_of[bit + shape->len] = number;
	fill_rows(shape, bit, s->stride, rows);
}

struct shape_set *
shape_set_new(const struct shape *v, size_t n, unsigned vector_bytes)
{
	struct shape_set *s;
	struct layout layout;
	uint64_t *rows;

	if (n == 0)
		return NULL;
	make_layout(&layout, v, n);
	s = mem_alloc(sizeof(*s));
	s->length = vector_bytes / sizeof(uint64_t);
	s->words = layout.words;
	s->stride =
	    (layout.words + WORDS_ALIGN - 1) / WORDS_ALIGN * WORDS_ALIGN;
	s->begin = new_words(s->stride);
	s->last = new_words(s->stride);
	s->shape_of = mem_array(s->words * WORD_BITS + 1, sizeof(*s->shape_of));
	s->lone = mem_array(n, sizeof(*s->lone));
	rows = new_words(ROWS_MAX * 2 * s->stride);
	for (uint32_t i = 0; i < n; i++)
		add_shape(s, &v[i], i, layout.bit[i], rows);
	share_rows(s, rows);
	free(rows);
	free(layout.bit);
	return s;
}

void
shape_set_free(struct shape_set **s)
{
	if (*s == NULL)
		return;
	free((*s)->rows);
	free((*s)->begin);
	free((*s)->last);
	free((*s)->shape_of);
	free((*s)->lone);
	free(*s);
	*s = NULL;
}

/*
 * NAME(s, text, first, n, seen): from word `first` on `n` vectors of WORDS
 * words; the states that end a shape and were reached are left in `seen`.
 */
#define DEFINE_ADVANCE(NAME, TARGET, WORDS)                                    \
	typedef uint64_t NAME##_vector                                         \
	    __attribute__((vector_size(WORDS * sizeof(uint64_t))));            \
                                                                               \
	TARGET static inline __attribute__((always_inline)) void NAME##_by(    \
	    const struct shape_set *s, struct str text, size_t first,          \
	    size_t n, uint64_t *seen)                                          \
	{                                                                      \
		NAME##_vector state[SIDE_BY_SIDE];                             \
                                                                               \
		memcpy(state, s->begin + first, n * sizeof(*state));           \
		for (size_t i = 0; i < text.len; i++) {                        \
			const uint64_t *row =                                  \
			    s->rows + first + s->row_of[(uint8_t)text.p[i]];   \
			const NAME##_vector *enter = (const void *)row;        \
			const NAME##_vector *stay =                            \
			    (const void *)(row + s->stride);                   \
                                                                               \
			_Pragma("GCC unroll 4") for (size_t k = 0; k < n; k++) \
			    state[k] = (state[k] << 1 & enter[k]) |            \
				       (state[k] & stay[k]);                   \
		}                                                              \
		memcpy(seen, state, n * sizeof(*state));                       \
	}                                                                      \
                                                                               \
	TARGET static void NAME(const struct shape_set *s, struct str text,    \
	    size_t first, size_t n, uint64_t *seen)                            \
	{                                                                      \
		if (n == 1)                                                    \
			NAME##_by(s, text, first, 1, seen);                    \
		else if (n == 2)                                               \
			NAME##_by(s, text, first, 2, seen);                    \
		else if (n == 3)                                               \
			NAME##_by(s, text, first, 3, seen);                    \
		else                                                           \
			NAME##_by(s, text, first, SIDE_BY_SIDE, seen);         \
	}

DEFINE_ADVANCE(advance_16, , 2)
DEFINE_ADVANCE(advance_32, COMPAT_VECTOR_32, 4)
DEFINE_ADVANCE(advance_64, COMPAT_VECTOR_64, 8)

static void
report(const struct shape_set *s, size_t word, uint64_t bits,
    shape_found *found, void *context)
{
	while (bits != 0) {
		size_t bit = (size_t)__builtin_ctzll(bits);

		found(context, s->shape_of[word * WORD_BITS + bit]);
		bits &= bits - 1;
	}
}

void
shape_set_scan(const struct shape_set *s, struct str text, shape_found *found,
    void *context)
{
	size_t step = s->length * SIDE_BY_SIDE;

	for (size_t i = 0; i < s->lone_count && text.len > 0; i++)
		if (memchr(text.p, s->lone[i].byte, text.len) != NULL)
			found(context, s->lone[i].shape);
	for (size_t first = 0; first < s->words; first += step) {
		size_t rest = (s->words - first + s->length - 1) / s->length;
		size_t n = rest < SIDE_BY_SIDE ? rest : SIDE_BY_SIDE;
		uint64_t seen[SIDE_BY_SIDE * WORDS_ALIGN];

		if (s->length == 8)
			advance_64(s, text, first, n, seen);
		else if (s->length == 4)
			advance_32(s, text, first, n, seen);
		else
			advance_16(s, text, first, n, seen);
		for (size_t w = 0; w < step && first + w < s->words; w++)
			report(s, first + w, seen[w] & s->last[first + w],
			    found, context);
	}
}
