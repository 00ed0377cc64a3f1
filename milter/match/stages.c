#include "match/stages.h"

#include "base/clock.h"

void
stages_begin(struct stages *s)
{
	if (s->on)
		s->last = clock_mono_ns();
}

void
stages_lap(struct stages *s, enum stage stage)
{
	int64_t now;

	if (!s->on)
		return;
	now = clock_mono_ns();
	s->ns[stage] += (uint64_t)(now - s->last);
	s->last = now;
}

const char *
stage_text(enum stage stage)
{
	static const char *const text[] = {
#define STAGE(name, doc) #name,
#include "match/stage.def"
	};

	return text[stage];
}
