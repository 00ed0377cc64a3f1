#include "daemon/workspace.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* More than that are not kept, 1 MiB at most each. */
#define KEPT_MAX ((size_t)16)
/* All but one message in a thousand fit into it. */
#define CHUNK_KEPT ((size_t)1024 * 1024)

struct workspace {
	struct arena arena;
};

/* The latest last: what it holds is nearest. */
static struct {
	pthread_mutex_t kept_lock; /* guards all */
	struct workspace *v[KEPT_MAX];
	int processor[KEPT_MAX];
	size_t count;
} kept = {.kept_lock = PTHREAD_MUTEX_INITIALIZER};

/* The latest of this processor, else the latest. */
static size_t
choose_locked(int processor)
{
	size_t i = kept.count;

	while (i > 0)
		if (kept.processor[--i] == processor)
			return i;
	return kept.count - 1;
}

static struct workspace *
take_kept(void)
{
	int processor = sched_getcpu();
	struct workspace *w = NULL;

	pthread_mutex_lock(&kept.kept_lock);
	if (kept.count > 0) {
		size_t at = choose_locked(processor);

		w = kept.v[at];
		kept.count--;
		for (size_t i = at; i < kept.count; i++) {
			kept.v[i] = kept.v[i + 1];
			kept.processor[i] = kept.processor[i + 1];
		}
	}
	pthread_mutex_unlock(&kept.kept_lock);
	return w;
}

struct workspace *
workspace_take(void)
{
	struct workspace *w = take_kept();

	if (w != NULL)
		return w;
	w = calloc(1, sizeof(*w));
	if (w != NULL) {
		arena_init(&w->arena, 0);
		w->arena.keep = CHUNK_KEPT;
	}
	return w;
}

struct arena *
workspace_arena(struct workspace *w)
{
	return &w->arena;
}

void
workspace_give(struct workspace **wp)
{
	int processor = sched_getcpu();
	struct workspace *w = *wp;

	if (w == NULL)
		return;
	*wp = NULL;
	arena_reset(&w->arena);
	w->arena.cap = 0;
	pthread_mutex_lock(&kept.kept_lock);
	if (kept.count < KEPT_MAX) {
		kept.processor[kept.count] = processor;
		kept.v[kept.count++] = w;
		w = NULL;
	}
	pthread_mutex_unlock(&kept.kept_lock);
	if (w != NULL) {
		arena_fini(&w->arena);
		free(w);
	}
}
