#include "match/automaton.h"

#include "base/vec.h"

/* Room for full rows. What lies deeper than they reach is rarely visited. */
#define ROWS_MAX ((size_t)1024 * 1024)
#define NONE UINT32_MAX
/*
 * A step is the state it leads to; of a state with a row, where that begins.
 * What is at least SPECIAL needs more than to go on there.
 */
#define ENDS 0x80000000u /* a string ends in that state */
#define DEEP 0x40000000u /* it has no row */
#define SPECIAL DEEP

struct state {
	uint32_t child; /* first; siblings are sorted by byte */
	uint32_t sibling;
	uint32_t fail;
	uint32_t string;   /* first that ends here, or NONE */
	uint32_t next_out; /* nearest suffix with a string, 0 = none */
	uint8_t byte;
};

struct string {
	uint32_t id;
	uint32_t len;
	uint32_t next; /* the same string under another id, or NONE */
};

struct automaton {
	VEC(struct state) states;
	VEC(struct string) strings;
	uint8_t class_of[256]; /* bytes no string has are all class 0 */
	uint32_t classes;
	uint32_t *rows; /* of the first `row_count` states: steps by class */
	uint32_t row_count;
};

static uint32_t
add_state(struct automaton *a, uint8_t byte)
{
	*VEC_PUSH(&a->states) = (struct state){
	    .child = NONE, .sibling = NONE, .string = NONE, .byte = byte};
	return (uint32_t)a->states.len - 1;
}

struct automaton *
automaton_new(void)
{
	struct automaton *a = mem_alloc(sizeof(*a));

	add_state(a, 0);
	return a;
}

void
automaton_free(struct automaton **ap)
{
	struct automaton *a = *ap;

	if (a == NULL)
		return;
	VEC_FINI(&a->states);
	VEC_FINI(&a->strings);
	free(a->rows);
	free(a);
	*ap = NULL;
}

size_t
automaton_count(const struct automaton *a)
{
	return a->strings.len;
}

/* ---- the trie ----------------------------------------------------------- */

static uint32_t
child_of(const struct automaton *a, uint32_t at, uint8_t byte)
{
	uint32_t c = a->states.v[at].child;

	while (c != NONE && a->states.v[c].byte < byte)
		c = a->states.v[c].sibling;
	return c != NONE && a->states.v[c].byte == byte ? c : NONE;
}

static uint32_t
add_child(struct automaton *a, uint32_t at, uint8_t byte)
{
	uint32_t new = add_state(a, byte);
	uint32_t *link = &a->states.v[at].child;

	while (*link != NONE && a->states.v[*link].byte < byte)
		link = &a->states.v[*link].sibling;
	a->states.v[new].sibling = *link;
	*link = new;
	return new;
}

void
automaton_add(struct automaton *a, struct str text, uint32_t id)
{
	uint32_t at = 0;

	invariant(text.len > 0 && a->rows == NULL);
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = (uint8_t)text.p[i];
		uint32_t next = child_of(a, at, byte);

		at = next != NONE ? next : add_child(a, at, byte);
	}
	*VEC_PUSH(&a->strings) = (struct string){.id = id,
	    .len = (uint32_t)text.len,
	    .next = a->states.v[at].string};
	a->states.v[at].string = (uint32_t)a->strings.len - 1;
}

/* ---- the links ---------------------------------------------------------- */

/* The state a byte leads to: by list, and by suffix where the list ends. */
static uint32_t
sparse_step(const struct automaton *a, uint32_t at, uint8_t byte)
{
	for (;;) {
		uint32_t next = child_of(a, at, byte);

		if (next != NONE)
			return next;
		if (at == 0)
			return 0;
		at = a->states.v[at].fail;
	}
}

static void
link_children(struct automaton *a, uint32_t at, uint32_t *queue, size_t *tail)
{
	struct state *v = a->states.v;

	for (uint32_t c = v[at].child; c != NONE; c = v[c].sibling) {
		uint32_t fail =
		    at == 0 ? 0 : sparse_step(a, v[at].fail, v[c].byte);

		v[c].fail = fail;
		v[c].next_out =
		    v[fail].string != NONE ? fail : v[fail].next_out;
		queue[(*tail)++] = c;
	}
}

/* Renumbers the states as in `order`, so that the shallow ones come first. */
static void
sort_states(struct automaton *a, const uint32_t *order)
{
	size_t n = a->states.len;
	struct state *sorted = mem_array(n, sizeof(*sorted));
	uint32_t *number = mem_array(n, sizeof(*number));

	for (size_t i = 0; i < n; i++)
		number[order[i]] = (uint32_t)i;
	for (size_t i = 0; i < n; i++) {
		struct state *s = &sorted[i];

		*s = a->states.v[order[i]];
		s->child = s->child != NONE ? number[s->child] : NONE;
		s->sibling = s->sibling != NONE ? number[s->sibling] : NONE;
		s->fail = number[s->fail];
		s->next_out = number[s->next_out];
	}
	memcpy(a->states.v, sorted, n * sizeof(*sorted));
	free(sorted);
	free(number);
}

/* ---- the rows ----------------------------------------------------------- */

static void
classify(struct automaton *a)
{
	a->classes = 1;
	for (size_t i = 1; i < a->states.len; i++) {
		uint8_t byte = a->states.v[i].byte;

		if (a->class_of[byte] == 0 && a->classes < 256)
			a->class_of[byte] = (uint8_t)a->classes++;
	}
}

static uint32_t
step_to(const struct automaton *a, uint32_t at)
{
	const struct state *s = &a->states.v[at];
	uint32_t step = at < a->row_count ? at * a->classes : at | DEEP;

	return step | (s->string != NONE || s->next_out != 0 ? ENDS : 0);
}

/* A row is that of the suffix, which is shallower, but for the own children. */
static void
make_row(struct automaton *a, uint32_t at)
{
	uint32_t *row = a->rows + (size_t)at * a->classes;
	const struct state *v = a->states.v;

	if (at > 0)
		memcpy(row, a->rows + (size_t)v[at].fail * a->classes,
		    a->classes * sizeof(*row));
	for (uint32_t c = v[at].child; c != NONE; c = v[c].sibling)
		row[a->class_of[v[c].byte]] = step_to(a, c);
}

static void
make_rows(struct automaton *a)
{
	size_t most = ROWS_MAX / (a->classes * sizeof(*a->rows));

	a->row_count = (uint32_t)(a->states.len < most ? a->states.len : most);
	a->rows =
	    mem_array((size_t)a->row_count * a->classes, sizeof(*a->rows));
	for (uint32_t at = 0; at < a->row_count; at++)
		make_row(a, at);
}

void
automaton_build(struct automaton *a)
{
	uint32_t *queue = mem_array(a->states.len, sizeof(*queue));
	size_t head = 0, tail = 1;

	while (head < tail) {
		link_children(a, queue[head], queue, &tail);
		head++;
	}
	sort_states(a, queue);
	free(queue);
	classify(a);
	make_rows(a);
}

/* ---- the search --------------------------------------------------------- */

/* One step from a state that has no row. */
static uint32_t
deep_step(const struct automaton *a, uint32_t at, uint8_t byte)
{
	while (at >= a->row_count) {
		uint32_t next = child_of(a, at, byte);

		if (next != NONE)
			return step_to(a, next);
		at = a->states.v[at].fail;
	}
	return a->rows[(size_t)at * a->classes + a->class_of[byte]];
}

static void
report(const struct automaton *a, uint32_t at, size_t end,
    automaton_found *found, void *context)
{
	if (a->states.v[at].string == NONE)
		at = a->states.v[at].next_out;
	for (; at != 0; at = a->states.v[at].next_out)
		for (uint32_t s = a->states.v[at].string; s != NONE;
		     s = a->strings.v[s].next)
			found(context, a->strings.v[s].id,
			    end - a->strings.v[s].len, end);
}

void
automaton_scan(const struct automaton *a, struct str text,
    automaton_found *found, void *context)
{
	const unsigned char *p = (const unsigned char *)text.p;
	uint32_t at = 0;

	for (size_t i = 0; i < text.len;) {
		uint32_t state;

		at = a->rows[at + a->class_of[p[i++]]];
		while (at >= SPECIAL) {
			state = at & DEEP ? at & ~(ENDS | DEEP)
					  : (at & ~ENDS) / a->classes;
			if (at & ENDS)
				report(a, state, i, found, context);
			at &= ~ENDS;
			if ((at & DEEP) == 0 || i == text.len)
				break;
			at = deep_step(a, state, p[i++]);
		}
	}
}
