#include "base/map.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/vec.h"

/* Open addressing over an insertion-ordered entry array. */
struct entry {
	char *key; /* NULL: removed */
	size_t len;
	uint64_t hash;
	void *value;
};

struct map {
	VEC(struct entry) entries;
	uint32_t *slot; /* entry index + 1, 0 = empty */
	size_t slots;	/* a power of two */
	size_t live;
	uint64_t seed;
	bool nocase;
};

struct map *
map_new(bool nocase)
{
	struct map *m = mem_alloc(sizeof(*m));

	m->slots = 16;
	m->slot = mem_array(m->slots, sizeof(*m->slot));
	m->seed = random_process_seed();
	m->nocase = nocase;
	return m;
}

void
map_free(struct map **mp)
{
	struct map *m = *mp;

	if (m == NULL)
		return;
	for (size_t i = 0; i < m->entries.len; i++)
		free(m->entries.v[i].key);
	VEC_FINI(&m->entries);
	free(m->slot);
	free(m);
	*mp = NULL;
}

static uint64_t
hash_key(const struct map *m, struct str key)
{
	return m->nocase ? str_hash_seeded_nocase(m->seed, key)
			 : str_hash_seeded(m->seed, key);
}

static bool
same(const struct map *m, const struct entry *e, struct str key)
{
	struct str k = str_make(e->key, e->len);

	if (e->key == NULL)
		return false;
	return m->nocase ? str_eq_nocase(k, key) : str_eq(k, key);
}

/* The entry of `key`, or NULL with `*free_out` the slot where it belongs. */
static struct entry *
find(const struct map *m, struct str key, uint64_t hash, size_t *free_out)
{
	size_t i = hash & (m->slots - 1);

	for (; m->slot[i] != 0; i = (i + 1) & (m->slots - 1)) {
		struct entry *e = &m->entries.v[m->slot[i] - 1];

		if (e->hash == hash && same(m, e, key))
			return e;
	}
	*free_out = i;
	return NULL;
}

static void
rehash(struct map *m, size_t slots)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->entries.len; i++)
		if (m->entries.v[i].key != NULL)
			m->entries.v[kept++] = m->entries.v[i];
	m->entries.len = kept;
	free(m->slot);
	m->slots = slots;
	m->slot = mem_array(slots, sizeof(*m->slot));
	for (size_t e = 0; e < kept; e++) {
		size_t i = m->entries.v[e].hash & (slots - 1);

		while (m->slot[i] != 0)
			i = (i + 1) & (slots - 1);
		m->slot[i] = (uint32_t)e + 1;
	}
}

void *
map_set(struct map *m, struct str key, void *value)
{
	uint64_t hash = hash_key(m, key);
	size_t at;
	struct entry *e = find(m, key, hash, &at);
	void *former = NULL;

	invariant(value != NULL);
	if (e != NULL) {
		former = e->value;
		e->value = value;
		return former;
	}
	if ((m->entries.len + 1) * 4 > m->slots * 3) {
		rehash(m, m->live * 4 > m->slots ? m->slots * 2 : m->slots);
		find(m, key, hash, &at);
	}
	e = VEC_PUSH(&m->entries);
	*e = (struct entry){mem_strndup(key.p, key.len), key.len, hash, value};
	m->slot[at] = (uint32_t)m->entries.len;
	m->live++;
	return NULL;
}

void *
map_get(const struct map *m, struct str key)
{
	size_t at;
	struct entry *e = find(m, key, hash_key(m, key), &at);

	return e ? e->value : NULL;
}

void *
map_remove(struct map *m, struct str key)
{
	size_t at;
	struct entry *e = find(m, key, hash_key(m, key), &at);

	if (e == NULL)
		return NULL;
	free(e->key);
	e->key = NULL; /* a tombstone: the slot stays taken until a rehash */
	m->live--;
	return e->value;
}

size_t
map_count(const struct map *m)
{
	return m->live;
}

bool
map_next(
    const struct map *m, size_t *pos, struct str *key_out, void **value_out)
{
	while (*pos < m->entries.len) {
		const struct entry *e = &m->entries.v[(*pos)++];

		if (e->key == NULL)
			continue;
		if (key_out != NULL)
			*key_out = str_make(e->key, e->len);
		if (value_out != NULL)
			*value_out = e->value;
		return true;
	}
	return false;
}
