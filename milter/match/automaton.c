#include "match/automaton.h"

#include "base/vec.h"

/* States of the first level have a full table each: 257 of 1 KiB at most. */
#define FANOUT 256
#define NONE UINT32_MAX

struct state {
	uint32_t child; /* first; siblings are sorted by byte */
	uint32_t sibling;
	uint32_t fail;
	uint32_t string;   /* first that ends here, or NONE */
	uint32_t next_out; /* nearest suffix with a string, 0 = none */
	uint32_t table;	   /* of the full ones, or NONE */
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
	VEC(uint32_t) tables; /* FANOUT each */
};

static uint32_t
add_state(struct automaton *a, uint8_t byte)
{
	*VEC_PUSH(&a->states) = (struct state){.child = NONE,
	    .sibling = NONE,
	    .string = NONE,
	    .table = NONE,
	    .byte = byte};
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
	VEC_FINI(&a->tables);
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

	invariant(text.len > 0 && a->tables.len == 0);
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

/* One step, by table or by list; the root takes what nobody does. */
static inline uint32_t
step(const struct automaton *a, uint32_t at, uint8_t byte)
{
	for (;;) {
		const struct state *s = &a->states.v[at];
		uint32_t next;

		if (s->table != NONE)
			return a->tables.v[s->table + byte];
		next = child_of(a, at, byte);
		if (next != NONE)
			return next;
		at = s->fail;
	}
}

/*
 * The full table of `at`: its children, else where its suffix goes. The suffix
 * of a first-level state is the root, whose table is there already.
 */
static void
make_table(struct automaton *a, uint32_t at)
{
	uint32_t base = (uint32_t)a->tables.len;
	uint32_t root = a->states.v[0].table;

	for (unsigned byte = 0; byte < FANOUT; byte++) {
		uint32_t next = child_of(a, at, (uint8_t)byte);

		if (next == NONE && root != NONE)
			next = a->tables.v[root + byte];
		*VEC_PUSH(&a->tables) = next != NONE ? next : 0;
	}
	a->states.v[at].table = base;
}

static void
link_children(struct automaton *a, uint32_t at, uint32_t *queue, size_t *tail)
{
	struct state *v = a->states.v;

	for (uint32_t c = v[at].child; c != NONE; c = v[c].sibling) {
		uint32_t fail = at == 0 ? 0 : step(a, v[at].fail, v[c].byte);

		v[c].fail = fail;
		v[c].next_out =
		    v[fail].string != NONE ? fail : v[fail].next_out;
		queue[(*tail)++] = c;
	}
}

void
automaton_build(struct automaton *a)
{
	uint32_t *queue = mem_array(a->states.len, sizeof(*queue));
	size_t head = 0, tail = 1;

	make_table(a, 0);
	for (uint32_t c = a->states.v[0].child; c != NONE;
	     c = a->states.v[c].sibling)
		make_table(a, c);
	while (head < tail) {
		link_children(a, queue[head], queue, &tail);
		head++;
	}
	free(queue);
}

/* ---- the search --------------------------------------------------------- */

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
	uint32_t at = 0;

	for (size_t i = 0; i < text.len; i++) {
		const struct state *s;

		at = step(a, at, (uint8_t)text.p[i]);
		s = &a->states.v[at];
		if (s->string != NONE || s->next_out != 0)
			report(a, at, i + 1, found, context);
	}
}
