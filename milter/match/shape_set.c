#include "match/shape_set.h"

#include "base/compat.h"
#include "base/mem.h"

#include <stdlib.h>

#define WORD_BITS 64
#define GROUP 8 /* words advanced as one, in the widest registers there are */
#define LANES 4 /* groups advanced side by side */
#define ROWS_MAX 256

/* The compiler maps it to what the machine has. */
typedef uint64_t words __attribute__((vector_size(GROUP * 8)));

/* What a byte does to a group's states. */
struct step {
	words enter; /* states it leads into */
	words stay;  /* states it leaves alone */
};

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
	size_t groups;
	uint32_t row_of[256]; /* bytes that no shape tells apart share one */
	size_t row_count;
	struct step *rows;  /* [row + group] */
	words *begin;	    /* [group]: states before the first byte */
	words *last;	    /* [group]: states that end a shape */
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
set_bit(words *v, size_t bit)
{
	size_t word = bit / WORD_BITS;

	v[word / GROUP][word % GROUP] |= (uint64_t)1 << (bit % WORD_BITS);
}

/* In the row of one byte. */
static void
set_state(struct step *row, size_t bit, bool enter)
{
	struct step *step = &row[bit / WORD_BITS / GROUP];

	set_bit(enter ? &step->enter : &step->stay, bit % (WORD_BITS * GROUP));
}

/* Aligned for vectors; zeroed. */
static void *
new_aligned(size_t count, size_t size)
{
	size_t bytes = (count > 0 ? count : 1) * size;
	void *v = aligned_alloc(sizeof(words), bytes);

	invariant(v != NULL);
	memset(v, 0, bytes);
	return v;
}

/* One row a byte at first; equal rows are then shared. */
static void
share_rows(struct shape_set *s, const struct step *rows)
{
	size_t n = s->groups, size = n * sizeof(*rows);

	s->rows = new_aligned(ROWS_MAX * n, sizeof(*s->rows));
	for (size_t byte = 0; byte < 256; byte++) {
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
fill_rows(
    const struct shape *shape, size_t bit, size_t groups, struct step *rows)
{
	size_t last = bit + shape->len;

	for (unsigned byte = 0; byte < 256; byte++) {
		struct step *row = rows + byte * groups;

		if (!shape->at_start)
			set_state(row, bit, false);
		for (size_t i = 0; i < shape->len; i++) {
			if (byte_class_has(&shape->link[i].must, byte))
				set_state(row, bit + i + 1, true);
			if (byte_class_has(&shape->link[i].loop, byte))
				set_state(row, bit + i + 1, false);
		}
		set_state(row, last, false);
	}
}

static void
add_shape(struct shape_set *s, const struct shape *shape, uint32_t number,
    size_t bit, struct step *rows)
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
	fill_rows(shape, bit, s->groups, rows);
}

struct shape_set *
shape_set_new(const struct shape *v, size_t n)
{
	struct shape_set *s;
	struct layout layout;
	struct step *rows;

	if (n == 0)
		return NULL;
	make_layout(&layout, v, n);
	s = mem_alloc(sizeof(*s));
	s->groups = (layout.words + GROUP - 1) / GROUP;
	s->begin = new_aligned(s->groups, sizeof(words));
	s->last = new_aligned(s->groups, sizeof(words));
	s->shape_of =
	    mem_array(s->groups * GROUP * WORD_BITS + 1, sizeof(*s->shape_of));
	s->lone = mem_array(n, sizeof(*s->lone));
	rows = new_aligned(ROWS_MAX * s->groups, sizeof(*rows));
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

/* Groups [group, group + n): all states that end a shape and were reached. */
static inline __attribute__((always_inline)) void
advance(const struct shape_set *s, struct str text, size_t group, size_t n,
    words *seen)
{
	words state[LANES];

	for (size_t k = 0; k < n; k++)
		state[k] = s->begin[group + k];
	for (size_t i = 0; i < text.len; i++) {
		const struct step *row =
		    s->rows + s->row_of[(unsigned char)text.p[i]] + group;

#pragma GCC unroll 4
		for (size_t k = 0; k < n; k++)
			state[k] = (state[k] << 1 & row[k].enter) |
				   (state[k] & row[k].stay);
	}
	for (size_t k = 0; k < n; k++)
		seen[k] = state[k] & s->last[group + k];
}

static COMPAT_WIDE void
advance_groups(const struct shape_set *s, struct str text, size_t group,
    size_t n, words *seen)
{
	switch (n) {
	case 1:
		advance(s, text, group, 1, seen);
		break;
	case 2:
		advance(s, text, group, 2, seen);
		break;
	case 3:
		advance(s, text, group, 3, seen);
		break;
	default:
		advance(s, text, group, LANES, seen);
		break;
	}
}

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
	for (size_t i = 0; i < s->lone_count && text.len > 0; i++)
		if (memchr(text.p, s->lone[i].byte, text.len) != NULL)
			found(context, s->lone[i].shape);
	for (size_t group = 0; group < s->groups; group += LANES) {
		size_t n =
		    s->groups - group < LANES ? s->groups - group : LANES;
		words seen[LANES];

		advance_groups(s, text, group, n, seen);
		for (size_t k = 0; k < n; k++)
			for (size_t w = 0; w < GROUP; w++)
				report(s, (group + k) * GROUP + w, seen[k][w],
				    found, context);
	}
}
