/*
 * Live cost of each rule: how often tried and hit, and how long it took.
 *
 * Hits are counted always; tries and time only in one scan of COST_SAMPLE, and
 * multiplied, so that counting costs well under 2 %. A benchmark may have every
 * scan timed. A cost has one writer (who holds the scratch: the scan, then the
 * eval functions) and any number of readers. Times never influence a result.
 */
#ifndef POSTERN_MATCH_COST_H
#define POSTERN_MATCH_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COST_SAMPLE 64

struct cost_count {
	uint64_t tried;
	uint64_t hits;
	uint64_t ns;
};

struct cost {
	struct cost_count *rules; /* by rule; NULL = not counted */
	size_t rule_count;
	uint64_t scans;
	bool always;   /* every scan is a timed one */
	bool sampling; /* this scan is a timed one */
};

void cost_init(struct cost *c, size_t rules);
void cost_fini(struct cost *c);
/* A scan begins; decides whether it is timed. */
void cost_begin(struct cost *c);
void cost_add_hit(struct cost *c, uint32_t rule);
/* Around one attempt; cost_start() is 0 when this scan is not timed. */
uint64_t cost_start(const struct cost *c);
void cost_stop(struct cost *c, uint32_t rule, uint64_t start);
/* Adds what `c` counted for `rule` to `*sum`; any thread. */
void cost_read(const struct cost *c, uint32_t rule, struct cost_count *sum);

#endif
