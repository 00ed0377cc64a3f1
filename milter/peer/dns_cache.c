#include "peer/dns_cache.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_MAX (DNS_NAME_MAX + 2)

struct cached {
	struct dns_answer answer;
	int64_t until_us;
};

struct dns_cache {
	size_t half;			  /* answers in one generation */
	pthread_mutex_t generations_lock; /* guards both */
	struct map *young;
	struct map *old;
};

static struct str
key_of(enum dns_type type, const char *name, char key[static KEY_MAX])
{
	int n = snprintf(key, KEY_MAX, "%c%s", 'a' + (int)type, name);

	return str_make(key, (size_t)n);
}

static void
free_generation(struct map **m)
{
	size_t pos = 0;
	void *value;

	while (map_next(*m, &pos, NULL, &value))
		free(value);
	map_free(m);
}

struct dns_cache *
dns_cache_new(size_t answers)
{
	struct dns_cache *c = mem_alloc(sizeof(*c));

	c->half = answers / 2;
	c->young = map_new(true);
	c->old = map_new(true);
	pthread_mutex_init(&c->generations_lock, NULL);
	return c;
}

void
dns_cache_free(struct dns_cache **cp)
{
	struct dns_cache *c = *cp;

	if (c == NULL)
		return;
	free_generation(&c->young);
	free_generation(&c->old);
	pthread_mutex_destroy(&c->generations_lock);
	free(c);
	*cp = NULL;
}

bool
dns_cache_find(struct dns_cache *c, enum dns_type type, const char *name,
    struct dns_answer *out)
{
	char text[KEY_MAX];
	struct str key = key_of(type, name, text);
	const struct cached *found;

	if (c->half == 0)
		return false;
	pthread_mutex_lock(&c->generations_lock);
	found = map_get(c->young, key);
	if (found == NULL)
		found = map_get(c->old, key);
	if (found != NULL && found->until_us <= clock_mono_us())
		found = NULL;
	if (found != NULL)
		*out = found->answer;
	pthread_mutex_unlock(&c->generations_lock);
	return found != NULL;
}

void
dns_cache_add(struct dns_cache *c, enum dns_type type, const char *name,
    const struct dns_answer *a)
{
	char text[KEY_MAX];
	struct cached *fresh;

	if (c->half == 0)
		return;
	fresh = mem_alloc(sizeof(*fresh));
	fresh->answer = *a;
	fresh->until_us = clock_mono_us() + (int64_t)a->ttl * 1000000;
	pthread_mutex_lock(&c->generations_lock);
	if (map_count(c->young) >= c->half) {
		free_generation(&c->old);
		c->old = c->young;
		c->young = map_new(true);
	}
	free(map_set(c->young, key_of(type, name, text), fresh));
	pthread_mutex_unlock(&c->generations_lock);
}
