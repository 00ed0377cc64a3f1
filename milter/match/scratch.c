#include "match/scratch.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

struct pool {
	pthread_mutex_t scratches_lock;
	struct scratch *free;
	struct scratch *all;
	struct cost retired; /* counted by scratches that are gone */
};

struct pool *
pool_new(void)
{
	struct pool *p = mem_alloc(sizeof(*p));

	pthread_mutex_init(&p->scratches_lock, NULL);
	return p;
}

static size_t
largest_view(const struct plan *p)
{
	size_t most = 1;

	for (size_t i = 0; i < VIEW_COUNT; i++)
		if (p->work[i].job_count > most)
			most = p->work[i].job_count;
	return most;
}

struct scratch *
scratch_new(const struct plan *p)
{
	struct scratch *s = mem_alloc(sizeof(*s));

	s->regex = regex_scratch_new(&p->limits);
	s->dfas = dfa_reader_new(p->dfas);
	s->mark_count = largest_view(p);
	s->marks = mem_array(s->mark_count, sizeof(*s->marks));
	s->threads = mem_array(s->mark_count, sizeof(*s->threads));
	bitset_init(&s->jobs, s->mark_count);
	s->open = mem_array(p->rules->count + 1, sizeof(*s->open));
	if (p->count_cost)
		cost_init(&s->cost, p->rules->count);
	s->pool = p->pool;
	pthread_mutex_lock(&s->pool->scratches_lock);
	s->next = s->pool->all;
	if (s->next != NULL)
		s->next->previous = s;
	s->pool->all = s;
	pthread_mutex_unlock(&s->pool->scratches_lock);
	return s;
}

bool
scratch_reserve(struct scratch *s, size_t size)
{
	char *p;

	if (size <= s->folded_size)
		return true;
	size += size / 2 + 4096;
	p = realloc(s->folded, size);
	if (p == NULL)
		return false;
	s->folded = p;
	s->folded_size = size;
	return true;
}

static void
retire_costs(struct cost *into, const struct cost *from)
{
	if (from->rules == NULL)
		return;
	if (into->rules == NULL)
		cost_init(into, from->rule_count);
	for (uint32_t i = 0; i < from->rule_count; i++)
		cost_read(from, i, &into->rules[i]);
}

void
scratch_time_stages(struct scratch *s, bool on)
{
	s->stages.on = on;
}

void
scratch_time_rules(struct scratch *s, bool on)
{
	s->cost.always = on;
}

struct stages *
scratch_stages(struct scratch *s)
{
	return &s->stages;
}

struct regex_scratch *
scratch_regex(struct scratch *s)
{
	return s->regex;
}

struct cost *
scratch_cost(struct scratch *s)
{
	return &s->cost;
}

void
scratch_free(struct scratch **sp)
{
	struct scratch *s = *sp;

	if (s == NULL)
		return;
	pthread_mutex_lock(&s->pool->scratches_lock);
	if (s->previous != NULL)
		s->previous->next = s->next;
	else
		s->pool->all = s->next;
	if (s->next != NULL)
		s->next->previous = s->previous;
	retire_costs(&s->pool->retired, &s->cost);
	pthread_mutex_unlock(&s->pool->scratches_lock);
	regex_scratch_free(&s->regex);
	dfa_reader_free(&s->dfas);
	cost_fini(&s->cost);
	free(s->marks);
	free(s->open);
	free(s->candidates);
	free(s->sorted);
	free(s->threads);
	bitset_fini(&s->jobs);
	free(s->windows);
	free(s->folded);
	free(s);
	*sp = NULL;
}

void
pool_free(struct pool **p)
{
	if (*p == NULL)
		return;
	while ((*p)->all != NULL) {
		struct scratch *s = (*p)->all;

		scratch_free(&s);
	}
	cost_fini(&(*p)->retired);
	pthread_mutex_destroy(&(*p)->scratches_lock);
	free(*p);
	*p = NULL;
}

struct scratch *
scratch_borrow(struct plan *p)
{
	struct scratch *s;

	pthread_mutex_lock(&p->pool->scratches_lock);
	s = p->pool->free;
	if (s != NULL)
		p->pool->free = s->next_free;
	pthread_mutex_unlock(&p->pool->scratches_lock);
	return s != NULL ? s : scratch_new(p);
}

void
scratch_return(struct plan *p, struct scratch *s)
{
	if (s == NULL)
		return;
	invariant(s->pool == p->pool);
	dfa_reader_end(s->dfas);
	pthread_mutex_lock(&p->pool->scratches_lock);
	s->next_free = p->pool->free;
	p->pool->free = s;
	pthread_mutex_unlock(&p->pool->scratches_lock);
}

void
pool_rule_cost(struct pool *p, uint32_t rule, struct cost_count *out)
{
	*out = (struct cost_count){0};
	pthread_mutex_lock(&p->scratches_lock);
	cost_read(&p->retired, rule, out);
	for (const struct scratch *s = p->all; s != NULL; s = s->next)
		cost_read(&s->cost, rule, out);
	pthread_mutex_unlock(&p->scratches_lock);
}
