/*
 * Shapes searched all at once: in texts made by chance each set reports what
 * following every shape by itself finds, and nothing twice.
 */
#include "match/shape_set.h"

#include "base/compat.h"
#include "base/mem.h"
#include "tap.h"

#include <stdlib.h>

#define SHAPES_MAX 150
#define TEXTS 200
#define TEXT_MAX 60

static unsigned
roll(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

/* Few bytes, so that shapes are found. */
static char
roll_byte(unsigned *seed)
{
	static const char bytes[] = "aabcde\0\xff";

	return bytes[roll(seed, sizeof(bytes) - 1)];
}

static struct byte_class
roll_class(unsigned *seed, unsigned members)
{
	struct byte_class c = {{0}};

	for (unsigned i = 0; i < members; i++) {
		unsigned byte = (unsigned char)roll_byte(seed);

		c.word[byte / 64] |= (uint64_t)1 << byte % 64;
	}
	return c;
}

static void
roll_shape(struct shape *s, size_t longest, unsigned *seed)
{
	*s = (struct shape){.len = 1 + roll(seed, (unsigned)longest),
	    .at_start = roll(seed, 4) == 0};
	for (size_t i = 0; i < s->len; i++) {
		s->link[i].must = roll_class(seed, 1 + roll(seed, 3));
		if (i + 1 < s->len)
			s->link[i].loop = roll_class(seed, roll(seed, 3));
	}
}

/* Is there a way through the links from `link` on, `at` of the text on? */
static bool
goes_on(const struct shape *s, size_t link, struct str text, size_t at)
{
	if (link == s->len)
		return true;
	for (; at < text.len; at++) {
		unsigned byte = (unsigned char)text.p[at];

		if (byte_class_has(&s->link[link].must, byte) &&
		    goes_on(s, link + 1, text, at + 1))
			return true;
		if (!byte_class_has(&s->link[link - 1].loop, byte))
			return false;
	}
	return false;
}

static bool
is_in(const struct shape *s, struct str text)
{
	for (size_t at = 0; at < (s->at_start && text.len ? 1 : text.len); at++)
		if (byte_class_has(
			&s->link[0].must, (unsigned char)text.p[at]) &&
		    goes_on(s, 1, text, at + 1))
			return true;
	return false;
}

static void
on_found(void *context, uint32_t shape)
{
	((unsigned *)context)[shape]++;
}

/* Texts in which a shape was missed, told twice or not there. */
static size_t
count_wrong(
    const struct shape *v, size_t n, unsigned vector_bytes, unsigned *seed)
{
	struct shape_set *set = shape_set_new(v, n, vector_bytes);
	size_t wrong = 0;

	for (size_t t = 0; t < TEXTS; t++) {
		size_t len = t <= TEXT_MAX ? t : roll(seed, TEXT_MAX);
		char *p = mem_array(len, 1);
		unsigned found[SHAPES_MAX] = {0};
		bool bad = false;

		for (size_t i = 0; i < len; i++)
			p[i] = roll_byte(seed);
		shape_set_scan(set, str_make(p, len), on_found, found);
		for (size_t i = 0; i < n; i++)
			bad = bad || found[i] != is_in(&v[i], str_make(p, len));
		wrong += bad;
		free(p);
	}
	shape_set_free(&set);
	return wrong;
}

int
main(void)
{
	static const size_t sizes[] = {1, 2, 20, SHAPES_MAX};
	static const size_t lengths[] = {1, 4, SHAPE_LINKS_MAX};
	static struct shape v[SHAPES_MAX];
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]);
		     k++) {
			for (size_t j = 0; j < sizes[i]; j++)
				roll_shape(&v[j], lengths[k], &seed);
			for (unsigned b = 16; b <= compat_vector_bytes();
			     b *= 2)
				is_int(count_wrong(v, sizes[i], b, &seed), 0,
				    "%zu shapes of up to %zu links, by %u "
				    "bytes",
				    sizes[i], lengths[k], b);
		}
	}
	ok(shape_set_new(NULL, 0, 16) == NULL, "no shapes, no set");
	return done_testing();
}
