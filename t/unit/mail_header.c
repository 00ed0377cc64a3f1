#include "mail/header.h"

#include "base/buf.h"
#include "tap.h"

static size_t
chain_length(const struct header_list *l, const char *name)
{
	size_t n = 0;

	for (struct header *h = header_first(l, str_from(name)); h != NULL;
	     h = h->next)
		n++;
	return n;
}

/* The same answers whether fields are walked or indexed. */
static void
lookup(size_t filler)
{
	struct header_list l;
	struct header *h;
	struct arena a;

	arena_init(&a, 0);
	header_list_init(&l, &a);
	header_list_add(&l, STR("Subject"), STR(" one\n"));
	header_list_add(&l, STR("X-Spam-Flag"), STR(" YES\n"));
	for (size_t i = 0; i < filler; i++)
		header_list_add(&l, arena_printf(&a, "X-%zu", i), STR(" x\n"));
	header_list_add(&l, STR("SUBJECT"), STR(" two\n"));
	l.v[1].hidden = true;
	ok(header_list_index(&l), "indexed, %zu fields", l.len);

	h = header_first(&l, STR("subject"));
	is_str(header_value(&l, h), STR("one"), "first");
	is_str(header_value(&l, h->next), STR("two"), "then the next");
	ok(h->next->next == NULL && h->prev == NULL && h->next->prev == h,
	    "both ends of the chain");
	is_str(header_get(&l, STR("sUBJECT")), STR("two"), "last");
	ok(header_first(&l, STR("Subjec")) == NULL, "no such name");
	ok(header_last(&l, STR("")) == NULL, "nor the empty one");
	ok(header_first(&l, STR("X-Spam-Flag")) == NULL &&
		header_last(&l, STR("X-Spam-Flag")) == NULL,
	    "a hidden field is not found");
	is_int(chain_length(&l, "Subject"), 2, "length of a chain");
	arena_fini(&a);
}

static void
empty(void)
{
	struct header_list l;
	struct arena a;

	arena_init(&a, 0);
	header_list_init(&l, &a);
	ok(header_list_index(&l), "no fields");
	ok(header_first(&l, STR("A")) == NULL, "nothing is found");
	is_str(header_get(&l, STR("A")), STR(""), "no value");
	arena_fini(&a);
}

static void
no_room(void)
{
	struct header_list l;
	struct arena a;
	bool added = true;
	int count = 0;

	arena_init(&a, 4096);
	header_list_init(&l, &a);
	for (; added && count < 1000; count++)
		added = header_list_add(&l, STR("A"), STR(" b\n"));
	ok(!added && l.len == (size_t)count - 1,
	    "a full arena refuses, what was added stays");
	header_list_index(&l);
	is_str(header_get(&l, STR("a")), STR("b"), "and is found");
	arena_fini(&a);
}

int
main(void)
{
	lookup(0);
	lookup(3);
	lookup(4);
	lookup(500);
	empty();
	no_room();
	return done_testing();
}
