#include "match/nfa_walk.h"

#include "base/mem.h"

#include <stdlib.h>

void
nfa_walk_init(struct nfa_walk *w, const struct nfa *n)
{
	*w = (struct nfa_walk){.nfa = n};
	w->list = mem_array(n->count + 1, sizeof(*w->list));
	w->mark = mem_array(n->count, sizeof(*w->mark));
	w->stack = mem_array(2 * n->count + 2, sizeof(*w->stack));
}

void
nfa_walk_fini(struct nfa_walk *w)
{
	free(w->list);
	free(w->mark);
	free(w->stack);
}

void
nfa_walk_begin(struct nfa_walk *w)
{
	w->count = 0;
	w->matched = w->ends = false;
	if (++w->stamp == 0) {
		memset(w->mark, 0, w->nfa->count * sizeof(*w->mark));
		w->stamp = 1;
	}
}

static bool
goes_on(const struct nfa_step *s, enum before before)
{
	return s->kind == NFA_START ? before == BEFORE_TEXT
				    : before != BEFORE_OTHER;
}

void
nfa_walk_add(struct nfa_walk *w, size_t at, enum before before)
{
	size_t depth = 0;

	w->stack[depth++] = (uint16_t)at;
	while (depth > 0) {
		const struct nfa_step *s;

		at = w->stack[--depth];
		if (w->mark[at] == w->stamp)
			continue;
		w->mark[at] = w->stamp;
		w->work++;
		s = &w->nfa->steps[at];
		switch (s->kind) {
		case NFA_MATCH:
			w->matched = true;
			break;
		case NFA_END:
			w->ends = true;
			/* fall through */
		case NFA_BYTE:
			if (w->skip == NULL || !w->skip[at])
				w->list[w->count++] = (uint16_t)at;
			break;
		case NFA_START:
		case NFA_LINE:
			if (goes_on(s, before))
				w->stack[depth++] = (uint16_t)(at + 1);
			break;
		case NFA_SPLIT:
			w->stack[depth++] = s->b;
			/* fall through */
		default:
			w->stack[depth++] = s->a;
			break;
		}
	}
}

void
nfa_walk_advance(
    struct nfa_walk *w, const uint16_t *steps, size_t count, unsigned byte)
{
	enum before before = byte == '\n' ? BEFORE_LINE : BEFORE_OTHER;

	for (size_t i = 0; i < count; i++) {
		const struct nfa_step *s = &w->nfa->steps[steps[i]];

		if (s->kind == NFA_END)
			w->matched |= byte == '\n';
		else if (byte_class_has(&w->nfa->classes[s->a], byte))
			nfa_walk_add(w, steps[i] + 1u, before);
	}
	w->work += count;
}
