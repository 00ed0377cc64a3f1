#include "match/counter.h"

#include "base/lanes.h"
#include "base/mem.h"

#include <stdlib.h>

#define KINDS_MAX 8 /* bits of a lane */

/* What a match that begins with a byte is. */
enum begin {
	BEGIN_NONE,
	BEGIN_BYTE,  /* that byte alone */
	BEGIN_STRING /* to be looked at */
};

/* One alternative: a class for each of its bytes. */
struct string {
	struct byte_class at[COUNTER_LENGTH_MAX];
	size_t len;
};

struct strings {
	struct string v[COUNTER_STRINGS_MAX];
	size_t count;
};

/*
 * The bytes of each kind, to look up LANES of them at once: a byte is of the
 * kinds that both its halves have. As the rows of a table of all bytes that are
 * equal make one kind, that is exact.
 */
struct kinds {
	lanes low; /* by half a byte: a bit for each kind */
	lanes high;
	uint8_t of[BEGIN_STRING + 1]; /* by enum begin: the kinds that are */
	bool known; /* they are few enough, and the machine can */
};

struct counter {
	struct kinds kinds;
	uint8_t begin[256]; /* enum begin */
	size_t count;
	struct string strings[]; /* in the order they are tried */
};

/* ---- building ------------------------------------------------------------ */

/*
 * Does the tree tell all there is to the pattern? It drops what groups are for:
 * only those that do nothing but group are plain. Escapes for single bytes are.
 */
static bool
is_plain(struct str pattern, unsigned flags)
{
	if ((flags & ~(unsigned)(REGEX_CASELESS | REGEX_DOTALL |
				 REGEX_MULTILINE)) != 0)
		return false;
	for (size_t i = 0; i + 1 < pattern.len; i++) {
		char c = pattern.p[i], next = pattern.p[i + 1];

		if (c == '\\') {
			if (ascii_is_alnum(next) && next != 'x')
				return false;
			i++;
		} else if (c == '(') {
			if (next == '*' ||
			    (next == '?' && (i + 2 == pattern.len ||
						pattern.p[i + 2] != ':')))
				return false;
		} else if (c == '[' && next == ':') {
			return false;
		}
	}
	return true;
}

static bool append(struct strings *to, const struct node *n);

static bool
append_class(struct strings *to, const struct byte_class *c)
{
	for (size_t i = 0; i < to->count; i++) {
		struct string *s = &to->v[i];

		if (s->len == COUNTER_LENGTH_MAX)
			return false;
		s->at[s->len++] = *c;
	}
	return true;
}

/* Each string so far goes on with each alternative, in the order PCRE2 would
 * try them. */
static bool
append_choice(struct strings *to, const struct node *choice)
{
	struct strings *all = mem_alloc(sizeof(*all));
	struct strings *one = mem_alloc(sizeof(*one));
	bool done = true;

	for (size_t i = 0; done && i < to->count; i++)
		for (const struct node *n = choice->child; done && n != NULL;
		     n = n->next) {
			one->v[0] = to->v[i];
			one->count = 1;
			done = append(one, n) &&
			       all->count + one->count <= COUNTER_STRINGS_MAX;
			for (size_t k = 0; done && k < one->count; k++)
				all->v[all->count++] = one->v[k];
		}
	*to = *all;
	free(all);
	free(one);
	return done;
}

static bool
append(struct strings *to, const struct node *n)
{
	bool done = true;

	switch (n->kind) {
	case NODE_CLASS:
		return append_class(to, &n->u.class);
	case NODE_CHOICE:
		return append_choice(to, n);
	case NODE_SEQUENCE:
		for (n = n->child; done && n != NULL; n = n->next)
			done = append(to, n);
		return done;
	default:
		return false;
	}
}

static bool
has_empty(const struct strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->v[i].len == 0)
			return true;
	return false;
}

/* The first string that can begin with `byte` decides when it is that byte. */
static enum begin
begin_of(const struct counter *c, unsigned byte)
{
	for (size_t i = 0; i < c->count; i++)
		if (byte_class_has(&c->strings[i].at[0], byte))
			return c->strings[i].len == 1 ? BEGIN_BYTE
						      : BEGIN_STRING;
	return BEGIN_NONE;
}

/* Which of the bytes with the high half `high` begin what `begin` says, a bit
 * each. */
static uint16_t
row_of(const struct counter *c, unsigned high, enum begin begin)
{
	uint16_t row = 0;

	for (unsigned low = 0; low < 16; low++)
		if (c->begin[high << 4 | low] == begin)
			row |= (uint16_t)(1u << low);
	return row;
}

/* The kinds of what begins so; false: with them they are too many. */
static bool
add_kinds(struct counter *c, enum begin begin, size_t *count)
{
	struct kinds *k = &c->kinds;
	uint16_t rows[KINDS_MAX];
	size_t first = *count;

	for (unsigned high = 0; high < 16; high++) {
		uint16_t row = row_of(c, high, begin);
		size_t i = first;

		if (row == 0)
			continue;
		while (i < *count && rows[i] != row)
			i++;
		if (i == KINDS_MAX)
			return false;
		if (i == *count)
			rows[(*count)++] = row;
		k->of[begin] |= (uint8_t)(1u << i);
		k->high[high] |= (uint8_t)(1u << i);
		for (unsigned low = 0; low < 16; low++)
			if (row >> low & 1)
				k->low[low] |= (uint8_t)(1u << i);
	}
	return true;
}

static struct counter *
counter_of(const struct strings *s)
{
	struct counter *c =
	    mem_alloc(sizeof(*c) + s->count * sizeof(*c->strings));
	size_t kinds = 0;

	c->count = s->count;
	memcpy(c->strings, s->v, s->count * sizeof(*s->v));
	for (unsigned byte = 0; byte < 256; byte++)
		c->begin[byte] = (uint8_t)begin_of(c, byte);
	c->kinds.known = compat_can_shuffle() &&
			 add_kinds(c, BEGIN_BYTE, &kinds) &&
			 add_kinds(c, BEGIN_STRING, &kinds);
	return c;
}

struct counter *
counter_new(struct str pattern, unsigned flags, const struct node *tree)
{
	struct counter *c = NULL;
	struct strings *s;

	if (!is_plain(pattern, flags))
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->count = 1; /* the empty one */
	if (append(s, tree) && !has_empty(s))
		c = counter_of(s);
	free(s);
	return c;
}

bool
counter_is_class(const struct counter *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->strings[i].len > 1)
			return false;
	return true;
}

void
counter_free(struct counter **c)
{
	free(*c);
	*c = NULL;
}

/* ---- counting ------------------------------------------------------------ */

static bool
is_at(const struct string *s, struct str text)
{
	size_t i = 0;

	if (s->len > text.len)
		return false;
	while (
	    i < s->len && byte_class_has(&s->at[i], (unsigned char)text.p[i]))
		i++;
	return i == s->len;
}

/* Length of the match at the start of `text`; 0: there is none. */
static size_t
match_length(const struct counter *c, struct str text)
{
	for (size_t i = 0; i < c->count; i++)
		if (is_at(&c->strings[i], text))
			return c->strings[i].len;
	return 0;
}

static void
find_first(
    const struct counter *c, struct str text, struct regex_span *first_out)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t len;

		if (c->begin[(unsigned char)text.p[i]] == BEGIN_NONE)
			continue;
		len = match_length(c, str_skip(text, i));
		if (len > 0) {
			*first_out = (struct regex_span){i, i + len};
			return;
		}
	}
}

/* The places of a block where a match begins as `begin` says, a bit each. */
static inline COMPAT_SHUFFLE unsigned
places_of(const struct kinds *k, lanes kinds, enum begin begin)
{
	return compat_mask((lanes)((kinds & k->of[begin]) != 0));
}

/*
 * From `*at` on whole blocks, up to where a string may begin: how many bytes in
 * front of that are matches.
 */
static COMPAT_SHUFFLE size_t
count_wide(const struct kinds *k, struct str text, size_t *at)
{
	size_t count = 0;

	for (; text.len - *at >= LANES; *at += LANES) {
		lanes bytes = lanes_load(text.p + *at);
		lanes kinds = compat_shuffle(k->low, bytes & 15) &
			      compat_shuffle(k->high, bytes >> 4);
		unsigned matches = places_of(k, kinds, BEGIN_BYTE);
		unsigned strings = places_of(k, kinds, BEGIN_STRING);

		if (strings != 0) {
			matches &= (strings & -strings) - 1;
			*at += (size_t)__builtin_ctz(strings);
			return count + (size_t)__builtin_popcount(matches);
		}
		count += (size_t)__builtin_popcount(matches);
	}
	return count;
}

size_t
counter_count(const struct counter *c, struct str text, size_t most,
    struct regex_span *first_out)
{
	size_t count = 0, i = 0;

	while (i < text.len) {
		unsigned begin;
		size_t len = 1;

		if (c->kinds.known && text.len - i >= LANES) {
			count += count_wide(&c->kinds, text, &i);
			if (i == text.len)
				break;
		}
		begin = c->begin[(unsigned char)text.p[i]];

		/* Without a branch on what is common: BEGIN_BYTE is one. */
		if (begin != BEGIN_STRING) {
			count += begin;
		} else {
			len = match_length(c, str_skip(text, i));
			count += len > 0;
			len += len == 0;
		}
		i += len;
	}
	if (count > 0 && most > 0 && first_out != NULL)
		find_first(c, text, first_out);
	return count < most ? count : most;
}
