/*
 * The worst units of the hour, summed here and sent now and then.
 */
#include "peer/rep_write.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define TOP_MAX 1000

void
writer_note_top(struct rep_writer *w, const struct rep_job *j)
{
	double *score;

	if (j->kind != REP_JOB_HOST || !j->counted.valid || !j->counted.bad)
		return;
	score = map_get(w->top, str_from(j->name.text));
	if (score == NULL) {
		if (map_count(w->top) >= TOP_MAX)
			return;
		score = mem_alloc(sizeof(*score));
		(void)map_set(w->top, str_from(j->name.text), score);
	}
	*score += (double)j->events.len;
}

void
writer_clear_top(struct rep_writer *w)
{
	size_t pos = 0;
	void *value;

	while (map_next(w->top, &pos, NULL, &value))
		free(value);
	map_free(&w->top);
	w->top = map_new(false);
}

void
writer_send_top(struct rep_writer *w)
{
	struct rep_key k = rep_key_number(
	    w->store->prefix, "top", clock_wall_ms() / REP_HOUR_MS);
	struct redis_args a = {.count = 0};
	size_t pos = 0;
	struct str unit;
	void *value;

	while (map_next(w->top, &pos, &unit, &value)) {
		char score[32];

		(void)snprintf(score, sizeof(score), "%.6g", *(double *)value);
		a.count = 0;
		redis_arg_cstr(&a, "ZINCRBY");
		redis_arg(&a, str_make(k.text, k.len));
		redis_arg_cstr(&a, score);
		redis_arg(&a, unit);
		writer_send_quietly(w, k.text, &a);
	}
	a.count = 0;
	redis_arg_cstr(&a, "ZREMRANGEBYRANK");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_cstr(&a, "0");
	redis_arg_cstr(&a, "-1001");
	writer_send_quietly(w, k.text, &a);
	writer_send_expiry(w, &k, "259200"); /* 3 days */
	writer_clear_top(w);
	w->top_us = clock_mono_us();
}
