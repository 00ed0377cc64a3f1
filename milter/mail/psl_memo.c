#include "mail/psl_memo.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PLACES 256 /* of a kind; a power of two */
#define KINDS 2

struct place {
	atomic_bool taken;
	uint8_t len; /* of `text`; 0: empty */
	uint8_t answer;
	char text[PSL_MEMO_TEXT_MAX];
};

struct psl_memo {
	struct place place[KINDS][PLACES];
};

struct psl_memo *
psl_memo_new(void)
{
	return mem_alloc(sizeof(struct psl_memo));
}

void
psl_memo_free(struct psl_memo **m)
{
	free(*m);
	*m = NULL;
}

/* The place of `name`, taken; NULL: it has none, or somebody else is there. */
static struct place *
take(struct psl_memo *m, enum psl_memo_kind kind, struct str name)
{
	struct place *p;

	if (m == NULL || name.len == 0 || name.len > PSL_MEMO_TEXT_MAX)
		return NULL;
	p = &m->place[kind][str_hash(name) & (PLACES - 1)];
	if (atomic_exchange_explicit(&p->taken, true, memory_order_acquire))
		return NULL;
	return p;
}

static void
give(struct place *p)
{
	atomic_store_explicit(&p->taken, false, memory_order_release);
}

bool
psl_memo_ask(struct psl_memo *m, enum psl_memo_kind kind, struct str name,
    uint8_t *answer_out)
{
	struct place *p = take(m, kind, name);
	bool known;

	if (p == NULL)
		return false;
	known = str_eq(str_make(p->text, p->len), name);
	if (known)
		*answer_out = p->answer;
	give(p);
	return known;
}

void
psl_memo_tell(struct psl_memo *m, enum psl_memo_kind kind, struct str name,
    uint8_t answer)
{
	struct place *p = take(m, kind, name);

	if (p == NULL)
		return;
	memcpy(p->text, name.p, name.len);
	p->len = (uint8_t)name.len;
	p->answer = answer;
	give(p);
}
