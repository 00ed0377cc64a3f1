#include "mail/header.h"

#include "base/random.h"
#include "mail/words.h"

/* Up to here a walk over all fields beats an index. */
#define FEW_FIELDS 6

struct header_slot {
	uint32_t hash; /* 0: free */
	struct header *first;
	struct header *last;
};

void
header_list_init(struct header_list *l, struct arena *a)
{
	*l = (struct header_list){.arena = a};
}

bool
header_list_add(struct header_list *l, struct str name, struct str raw)
{
	if (!ARENA_ROOM(l->arena, l->v, l->len, l->size, 8))
		return false;
	l->v[l->len++] = (struct header){.name = name, .raw = raw};
	return true;
}

static void
append_to_chain(struct header_slot *slot, struct header *h)
{
	slot->hash = h->hash;
	h->prev = slot->last;
	h->next = NULL;
	if (slot->last != NULL)
		slot->last->next = h;
	else
		slot->first = h;
	slot->last = h;
}

uint32_t
header_hash(struct str name)
{
	uint64_t seed = random_process_seed();

	return (uint32_t)str_hash_seeded_nocase(seed, name) | 1;
}

static struct header_slot *
find_slot(const struct header_list *l, struct str name, uint32_t hash)
{
	size_t mask = l->slot_count - 1, i = hash >> 1 & mask;

	for (; l->slots[i].hash != 0; i = (i + 1) & mask)
		if (l->slots[i].hash == hash &&
		    str_eq_nocase(l->slots[i].first->name, name))
			break;
	return &l->slots[i];
}

/* Few fields: the chains alone, found by walking. */
static void
chain_few(struct header_list *l)
{
	for (size_t i = 0; i < l->len; i++) {
		struct header *h = &l->v[i];

		h->prev = h->next = NULL;
		for (size_t k = i; k-- > 0;) {
			if (!str_eq_nocase(l->v[k].name, h->name))
				continue;
			h->prev = &l->v[k];
			l->v[k].next = h;
			break;
		}
	}
}

bool
header_list_index(struct header_list *l)
{
	size_t count = 16;

	if (l->len <= FEW_FIELDS) {
		chain_few(l);
		return true;
	}
	while (count < l->len * 2)
		count *= 2;
	l->slots = arena_array(l->arena, count, sizeof(*l->slots));
	if (l->slots == NULL) {
		l->slot_count = 0;
		return false;
	}
	l->slot_count = count;
	for (size_t i = 0; i < l->len; i++) {
		struct header *h = &l->v[i];

		h->hash = header_hash(h->name);
		l->names[HEADER_NAMES_WORD(h->hash)] |=
		    HEADER_NAMES_BIT(h->hash);
		append_to_chain(find_slot(l, h->name, h->hash), h);
	}
	return true;
}

static struct header *
visible_from(struct header *h)
{
	while (h != NULL && h->hidden)
		h = h->next;
	return h;
}

static struct header *
first_walked(const struct header_list *l, struct str name)
{
	for (size_t i = 0; i < l->len; i++)
		if (!l->v[i].hidden && str_eq_nocase(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

struct header *
header_first(const struct header_list *l, struct str name)
{
	return l->slots == NULL
		   ? first_walked(l, name)
		   : header_first_hashed(l, name, header_hash(name));
}

struct header *
header_first_hashed(const struct header_list *l, struct str name, uint32_t hash)
{
	if (l->slots == NULL)
		return first_walked(l, name);
	if (!header_may_have(l, hash))
		return NULL;
	return visible_from(find_slot(l, name, hash)->first);
}

struct header *
header_last(const struct header_list *l, struct str name)
{
	struct header *h = NULL;

	if (l->slots != NULL) {
		h = find_slot(l, name, header_hash(name))->last;
		while (h != NULL && h->hidden)
			h = h->prev;
		return h;
	}
	for (size_t i = l->len; i-- > 0;)
		if (!l->v[i].hidden && str_eq_nocase(l->v[i].name, name))
			return &l->v[i];
	return h;
}

struct str
header_value(const struct header_list *l, struct header *h)
{
	if (!h->is_decoded) {
		h->decoded = words_decode_field(l->arena, h->name, h->raw);
		h->is_decoded = true;
	}
	return h->decoded;
}

struct str
header_get(const struct header_list *l, struct str name)
{
	struct header *h = header_last(l, name);

	return h != NULL ? header_value(l, h) : STR_NONE;
}
