/*
 * Where the time of a judgement goes, for benchmarks.
 *
 * A stopwatch with one lap a stage: what passed since the last lap is given to
 * the stage that ends. Off in the daemon, where a lap is one test of a flag.
 * Times never influence a result. One thread at a time.
 */
#ifndef POSTERN_MATCH_STAGES_H
#define POSTERN_MATCH_STAGES_H

#include <stdbool.h>
#include <stdint.h>

enum stage {
#define STAGE(name, doc) STAGE_##name,
#include "match/stage.def"
	STAGE_COUNT
};

struct stages {
	bool on;
	int64_t last;
	uint64_t ns[STAGE_COUNT];
};

/* The first stage begins now. */
void stages_begin(struct stages *s);
/* `stage` ends now; the next begins. A stage may have many laps. */
void stages_lap(struct stages *s, enum stage stage);

const char *stage_text(enum stage stage);

#endif
