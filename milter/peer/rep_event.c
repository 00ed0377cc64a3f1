#include "peer/rep_event.h"

#include "peer/rep_code.h"

#include <math.h>

#define EVENT_VERSION 1

static uint8_t *
put(uint8_t *at, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*at++ = (uint8_t)(v >> (8 * i));
	return at;
}

static uint8_t *
put_text(uint8_t *at, const char *s, size_t size)
{
	size_t n = strnlen(s, size - 1);

	*at++ = (uint8_t)n;
	memcpy(at, s, n);
	return at + n;
}

static uint32_t
rcpts_of(const struct rep_event *e)
{
	return e->rcpt_count < REP_EVENT_RCPTS ? e->rcpt_count
					       : REP_EVENT_RCPTS;
}

size_t
rep_event_pack(const struct rep_event *e, uint8_t out[static REP_EVENT_BYTES])
{
	uint8_t *at = out;
	uint64_t score;
	double finite = isfinite(e->score) ? e->score : 0;

	memcpy(&score, &finite, sizeof(score));
	*at++ = EVENT_VERSION;
	*at++ = (uint8_t)e->class;
	*at++ = e->rejected;
	memcpy(at, e->client.byte, sizeof(e->client.byte));
	at += sizeof(e->client.byte);
	at = put(at, (uint64_t)e->at_ms, 8);
	at = put(at, score, 8);
	at = put(at, e->tried, 4);
	at = put(at, e->unknown, 4);
	*at++ = (uint8_t)rcpts_of(e);
	for (uint32_t i = 0; i < rcpts_of(e); i++)
		at = put(at, e->rcpt_hash[i], 8);
	at = put_text(at, e->rule, sizeof(e->rule));
	at = put_text(at, e->ref, sizeof(e->ref));
	return (size_t)(at - out);
}

static bool
get(struct str *s, size_t bytes, uint64_t *out)
{
	uint64_t v = 0;

	if (s->len < bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)(uint8_t)s->p[i] << (8 * i);
	*s = str_skip(*s, bytes);
	*out = v;
	return true;
}

static bool
get_text(struct str *s, char *to, size_t size)
{
	uint64_t n;

	if (!get(s, 1, &n) || n >= size || s->len < n)
		return false;
	rep_text_copy(to, size, str_head(*s, (size_t)n));
	*s = str_skip(*s, (size_t)n);
	return true;
}

static bool
get_numbers(struct str *s, struct rep_event *e)
{
	uint64_t class, rejected, at, score, tried, unknown;

	if (!get(s, 1, &class) || class >= REP_CLASS_COUNT ||
	    !get(s, 1, &rejected) || rejected > 1 ||
	    s->len < sizeof(e->client.byte))
		return false;
	memcpy(e->client.byte, s->p, sizeof(e->client.byte));
	*s = str_skip(*s, sizeof(e->client.byte));
	if (!get(s, 8, &at) || at > UINT64_C(1) << 50 || !get(s, 8, &score) ||
	    !get(s, 4, &tried) || !get(s, 4, &unknown))
		return false;
	memcpy(&e->score, &score, sizeof(score));
	e->class = (enum rep_class) class;
	e->rejected = rejected != 0;
	e->at_ms = (int64_t)at;
	e->tried = (uint32_t)tried;
	e->unknown = (uint32_t)unknown;
	return isfinite(e->score);
}

bool
rep_event_unpack(struct str bytes, struct rep_event *out)
{
	struct rep_event e = {0};
	uint64_t version, rcpts;

	if (!get(&bytes, 1, &version) || version != EVENT_VERSION ||
	    !get_numbers(&bytes, &e) || !get(&bytes, 1, &rcpts) ||
	    rcpts > REP_EVENT_RCPTS)
		return false;
	e.rcpt_count = (uint32_t)rcpts;
	for (uint64_t i = 0; i < rcpts; i++)
		if (!get(&bytes, 8, &e.rcpt_hash[i]))
			return false;
	if (!get_text(&bytes, e.rule, sizeof(e.rule)) ||
	    !get_text(&bytes, e.ref, sizeof(e.ref)) || bytes.len != 0)
		return false;
	*out = e;
	return true;
}
