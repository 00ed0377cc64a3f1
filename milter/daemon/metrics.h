/*
 * Counters of the daemon: relaxed atomics, one row each in metrics.def.
 */
#ifndef POSTERN_DAEMON_METRICS_H
#define POSTERN_DAEMON_METRICS_H

#include "base/json.h"

enum metric {
#define METRIC(name, doc) METRIC_##name,
#include "daemon/metrics.def"
	METRIC_COUNT
};

void metric_add(enum metric m, uint64_t n);
uint64_t metric_get(enum metric m);
/* {"name": value, ...} in table order. */
struct json *metrics_json(void);

#define metric_count(name) metric_add(METRIC_##name, 1)

#endif
