/*
 * What `postern bench` measured, and how it is shown. Inside of the command.
 */
#ifndef POSTERN_CLI_BENCH_H
#define POSTERN_CLI_BENCH_H

#include "match/stages.h"
#include "policy/snapshot.h"

/* What one rule cost in the round that timed every rule. */
struct bench_rule {
	const struct rule *rule;
	uint64_t ns;
	uint64_t tried;
	uint64_t hits;
};

/* Sums over all rounds and threads; times in nanoseconds. */
struct bench_result {
	const struct snapshot *snapshot;
	size_t files;
	size_t threads;
	uint64_t messages; /* judged in the measured rounds */
	uint64_t bytes;
	uint64_t hits; /* rules that hit, `__` ones too */
	uint64_t wall_ns;
	uint64_t cpu_ns;
	uint64_t load_ns;		/* reading and compiling the rules */
	uint64_t stage_ns[STAGE_COUNT]; /* in rounds that timed them */
	uint64_t stage_messages;
	struct bench_rule *rules; /* tried ones, most expensive first */
	size_t rule_count;
	uint64_t rule_messages; /* judged with every rule timed */
};

/* Fills `rules` with what the plan has counted so far, ... */
void bench_count_rules(struct bench_result *r);
/* ... and with what it has counted since, most expensive first. */
void bench_price_rules(struct bench_result *r);
/* `top`: most rules shown. */
void bench_print(const struct bench_result *r, size_t top, bool json);

#endif
