#include "daemon/metrics.h"

#include <stdatomic.h>

static _Atomic uint64_t counter[METRIC_COUNT];

void
metric_add(enum metric m, uint64_t n)
{
	atomic_fetch_add_explicit(&counter[m], n, memory_order_relaxed);
}

uint64_t
metric_get(enum metric m)
{
	return atomic_load_explicit(&counter[m], memory_order_relaxed);
}

struct json *
metrics_json(void)
{
	static const char *const name[] = {
#define METRIC(metric, doc) #metric,
#include "daemon/metrics.def"
	};
	struct json *j = json_new_object();

	for (int m = 0; m < METRIC_COUNT; m++)
		json_set_int(j, name[m], (int64_t)metric_get((enum metric)m));
	return j;
}
