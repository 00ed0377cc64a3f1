#include "base/spares.h"

void *
spares_take(struct spares *s)
{
	void *thing;

	pthread_mutex_lock(&s->spares_lock);
	thing = s->count > 0 ? s->v[--s->count] : NULL;
	pthread_mutex_unlock(&s->spares_lock);
	return thing;
}

bool
spares_keep(struct spares *s, void *thing)
{
	bool kept;

	pthread_mutex_lock(&s->spares_lock);
	kept = s->count < SPARES_MAX;
	if (kept)
		s->v[s->count++] = thing;
	pthread_mutex_unlock(&s->spares_lock);
	return kept;
}
