#include "match/shape_set.h"

#include "base/mem.h"

#include <stdlib.h>

#define WORD_BITS 64
#define GROUP 2 /* words advanced as one: what every machine has */
#define LANES 4 /* groups advanced side by side */
#define CLASSES 256

/* Two words; the compiler maps it to what the machine has. */
typedef uint64_t words __attribute__((vector_size(GROUP * 8)));

/*
 * State i of a shape: its links 0..i were seen, and since then only bytes of
 * link i's loop. With each byte every state moves on (shift) if the byte is one
 * the next link wants, and stays if it is in its loop.
 */
struct shape_set {
	size_t groups;
	uint8_t class_of[256]; /* bytes that no shape tells apart */
	size_t class_count;
	words *enter;	       /* [class][group]: states the byte leads into */
	words *stay;	       /* [class][group]: states the byte stays in */
	words *first;	       /* [group]: states that begin anywhere */
	words *first_at_start; /* [group]: those, and that begin at offset 0 */
	words *last;	       /* [group]: states that end a shape */
	uint32_t *shape_of;    /* by bit: shape that ends there */
	size_t shapes;
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

		while (used[word] + order[i]->len > WORD_BITS)
			word++;
		l->bit[order[i] - v] = word * WORD_BITS + used[word];
		used[word] += order[i]->len;
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

/* Groups of vectors, aligned for them; zeroed. */
static words *
new_words(size_t count)
{
	size_t size = count * sizeof(words);
	words *v = aligned_alloc(sizeof(words), size);

	invariant(v != NULL);
	memset(v, 0, size);
	return v;
}

/* One row a byte at first; equal rows are then shared. */
static void
share_rows(struct shape_set *s, const words *enter, const words *stay)
{
	size_t row = s->groups * sizeof(words);

	s->enter = new_words(CLASSES * s->groups);
	s->stay = new_words(CLASSES * s->groups);
	for (size_t byte = 0; byte < 256; byte++) {
		const words *e = enter + byte * s->groups;
		const words *t = stay + byte * s->groups;
		size_t k = 0;

		while (k < s->class_count &&
		       (memcmp(s->enter + k * s->groups, e, row) != 0 ||
			   memcmp(s->stay + k * s->groups, t, row) != 0))
			k++;
		s->class_of[byte] = (uint8_t)k;
		if (k == s->class_count) {
			memcpy(s->enter + k * s->groups, e, row);
			memcpy(s->stay + k * s->groups, t, row);
			s->class_count++;
		}
	}
}

static void
fill_rows(const struct shape *shape, size_t bit, size_t groups, words *enter,
    words *stay)
{
	for (size_t i = 0; i < shape->len; i++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			if (byte_class_has(&shape->link[i].must, byte))
				set_bit(enter + byte * groups, bit + i);
			if (byte_class_has(&shape->link[i].loop, byte))
				set_bit(stay + byte * groups, bit + i);
		}
	}
}

struct shape_set *
shape_set_new(const struct shape *v, size_t n)
{
	struct shape_set *s;
	struct layout layout;
	words *enter, *stay;

	if (n == 0)
		return NULL;
	make_layout(&layout, v, n);
	s = mem_alloc(sizeof(*s));
	s->shapes = n;
	s->groups = (layout.words + GROUP - 1) / GROUP;
	s->first = new_words(s->groups);
	s->first_at_start = new_words(s->groups);
	s->last = new_words(s->groups);
	s->shape_of =
	    mem_array(s->groups * GROUP * WORD_BITS, sizeof(*s->shape_of));
	enter = new_words(256 * s->groups);
	stay = new_words(256 * s->groups);
	for (uint32_t i = 0; i < n; i++) {
		size_t bit = layout.bit[i], last = bit + v[i].len - 1;

		if (!v[i].at_start)
			set_bit(s->first, bit);
		set_bit(s->first_at_start, bit);
		set_bit(s->last, last);
		s->shape_of[last] = i;
		fill_rows(&v[i], bit, s->groups, enter, stay);
	}
	share_rows(s, enter, stay);
	free(enter);
	free(stay);
	free(layout.bit);
	return s;
}

void
shape_set_free(struct shape_set **s)
{
	if (*s == NULL)
		return;
	free((*s)->enter);
	free((*s)->stay);
	free((*s)->first);
	free((*s)->first_at_start);
	free((*s)->last);
	free((*s)->shape_of);
	free(*s);
	*s = NULL;
}

size_t
shape_set_size(const struct shape_set *s)
{
	if (s == NULL)
		return 0;
	return sizeof(*s) + (2 * CLASSES + 3) * s->groups * sizeof(words) +
	       s->groups * GROUP * WORD_BITS * sizeof(*s->shape_of);
}

/* Groups [group, group + n): all states that were ever reached. */
static inline __attribute__((always_inline)) void
advance(const struct shape_set *s, struct str text, size_t group, size_t n,
    words *seen)
{
	words state[LANES] = {{0}}, ever[LANES] = {{0}}, first[LANES];

	for (size_t k = 0; k < n; k++)
		first[k] = s->first_at_start[group + k];
	for (size_t i = 0; i < text.len; i++) {
		size_t row =
		    s->class_of[(unsigned char)text.p[i]] * s->groups + group;

#pragma GCC unroll 4
		for (size_t k = 0; k < n; k++) {
			words go =
			    (state[k] << 1 | first[k]) & s->enter[row + k];

			state[k] = go | (state[k] & s->stay[row + k]);
			ever[k] |= state[k];
		}
		if (i == 0)
			for (size_t k = 0; k < n; k++)
				first[k] = s->first[group + k];
	}
	for (size_t k = 0; k < n; k++)
		seen[k] = ever[k] & s->last[group + k];
}

static void
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
