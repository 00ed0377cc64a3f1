#include "match/cost.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

void
cost_init(struct cost *c, size_t rules)
{
	*c = (struct cost){.rule_count = rules};
	c->rules = mem_array(rules ? rules : 1, sizeof(*c->rules));
}

void
cost_fini(struct cost *c)
{
	free(c->rules);
	*c = (struct cost){0};
}

void
cost_begin(struct cost *c)
{
	c->sampling =
	    c->rules != NULL && (c->always || c->scans % COST_SAMPLE == 0);
	c->scans++;
}

/* One writer: no need for an atomic addition, only for an untorn store. */
static void
add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

void
cost_add_hit(struct cost *c, uint32_t rule)
{
	if (c->rules != NULL)
		add(&c->rules[rule].hits, 1);
}

uint64_t
cost_start(const struct cost *c)
{
	return c->sampling ? (uint64_t)clock_mono_ns() : 0;
}

void
cost_stop(struct cost *c, uint32_t rule, uint64_t start)
{
	uint64_t now, weight = c->always ? 1 : COST_SAMPLE;

	if (!c->sampling)
		return;
	now = (uint64_t)clock_mono_ns();
	add(&c->rules[rule].tried, weight);
	add(&c->rules[rule].ns, now > start ? (now - start) * weight : 0);
}

void
cost_read(const struct cost *c, uint32_t rule, struct cost_count *sum)
{
	const struct cost_count *from;

	if (c->rules == NULL || rule >= c->rule_count)
		return;
	from = &c->rules[rule];
	sum->tried += __atomic_load_n(&from->tried, __ATOMIC_RELAXED);
	sum->hits += __atomic_load_n(&from->hits, __ATOMIC_RELAXED);
	sum->ns += __atomic_load_n(&from->ns, __ATOMIC_RELAXED);
}
