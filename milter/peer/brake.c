#include "peer/brake.h"

#include <inttypes.h>
#include <stdio.h>

const char *
brake_word_text(enum brake_word w)
{
	static const char *const text[BRAKE_WORDS] = {
	    "none", "throttle", "greylist"};

	return text[w];
}

void
brake_unit_fini(struct brake_unit *u)
{
	VEC_FINI(&u->pairs);
}

void
brake_state_add(struct brake_state *s, bool passed, int64_t at_ms)
{
	if (passed) {
		s->passed++;
		return;
	}
	s->waiting++;
	if (at_ms > s->waited_ms)
		s->waited_ms = at_ms;
}

void
brake_unit_state(const struct brake_unit *u, struct brake_state *out)
{
	*out = (struct brake_state){.proof = u->proof,
	    .proof_ms = u->proof_ms,
	    .messages_us = u->messages_us,
	    .recipients_us = u->recipients_us};
	for (size_t i = 0; i < u->pairs.len; i++)
		brake_state_add(out, u->pairs.v[i].passed, u->pairs.v[i].at_ms);
}

/* ---- throttle ----------------------------------------------------------- */

/*
 * Each message moves `paid` one share of the interval on; it may run one
 * interval ahead of the clock (the generic cell rate algorithm). Further ahead
 * it is when the clock was set back or the interval made shorter: then no more
 * is owed than the one interval. 0: room, else how long until there is.
 */
static int64_t
owed(int64_t *paid_us, uint32_t limit, const struct brake_question *q)
{
	int64_t interval = q->settings.interval_ms * 1000;
	int64_t now = q->now_ms * 1000, ahead;

	if (limit == 0)
		return 0;
	if (*paid_us > now + interval)
		*paid_us = now + interval;
	ahead = *paid_us > now ? *paid_us - now : 0;
	ahead += interval / limit;
	return ahead > interval ? ahead - interval : 0;
}

static int64_t
pay(int64_t paid_us, uint32_t limit, const struct brake_question *q)
{
	int64_t now = q->now_ms * 1000;

	if (limit == 0)
		return paid_us;
	return (paid_us > now ? paid_us : now) +
	       q->settings.interval_ms * 1000 / limit;
}

/* True: there was room, and it is taken. */
static bool
throttle(struct brake_unit *u, const struct brake_question *q,
    struct brake_view *out)
{
	const struct brake_settings *s = &q->settings;
	uint32_t messages = q->new_message ? s->messages : 0;
	int64_t wait = owed(&u->messages_us, messages, q);
	int64_t second = owed(&u->recipients_us, s->recipients, q);

	if (second > wait)
		wait = second;
	if (wait > 0) {
		*out = (struct brake_view){BRAKE_THROTTLE, (wait + 999) / 1000};
		return false;
	}
	u->messages_us = pay(u->messages_us, messages, q);
	u->recipients_us = pay(u->recipients_us, s->recipients, q);
	return true;
}

/* ---- greylist ----------------------------------------------------------- */

static bool
is_over(const struct brake_pair *p, const struct brake_question *q)
{
	int64_t life =
	    p->passed ? q->settings.grey_life_ms : q->settings.grey_retry_ms;

	return q->now_ms - p->at_ms > life;
}

static void
sweep(struct brake_unit *u, const struct brake_question *q)
{
	size_t kept = 0;

	if (q->now_ms - u->swept_ms < BRAKE_SWEEP_MS)
		return;
	u->swept_ms = q->now_ms;
	for (size_t i = 0; i < u->pairs.len; i++)
		if (!is_over(&u->pairs.v[i], q))
			u->pairs.v[kept++] = u->pairs.v[i];
	u->pairs.len = kept;
}

/* NULL: a unit that floods us with pairs. */
static struct brake_pair *
take_pair(struct brake_unit *u, const struct brake_question *q)
{
	struct brake_pair *p;

	for (size_t i = 0; i < u->pairs.len; i++)
		if (u->pairs.v[i].pair == q->pair)
			return &u->pairs.v[i];
	if (u->pairs.len >= BRAKE_PAIRS_MAX)
		sweep(u, q);
	if (u->pairs.len >= BRAKE_PAIRS_MAX)
		return NULL;
	p = VEC_PUSH(&u->pairs);
	*p = (struct brake_pair){.pair = q->pair, .at_ms = q->now_ms};
	return p;
}

/* Pairs that count as proof still; what is kept is not touched, as in Redis. */
static uint32_t
proof_now(const struct brake_unit *u, const struct brake_question *q)
{
	return q->now_ms - u->proof_ms > q->settings.grey_life_ms ? 0
								  : u->proof;
}

static bool
is_proved(struct brake_unit *u, const struct brake_question *q)
{
	uint32_t proof = proof_now(u, q);

	if (proof == 0 || proof < q->settings.grey_proof)
		return false;
	u->proof_ms = q->now_ms;
	return true;
}

static void
greylist(struct brake_unit *u, const struct brake_question *q,
    struct brake_view *out)
{
	const struct brake_settings *s = &q->settings;
	struct brake_pair *p;
	int64_t age;

	if (is_proved(u, q))
		return;
	*out = (struct brake_view){BRAKE_GREYLIST, s->grey_delay_ms};
	p = take_pair(u, q);
	if (p == NULL)
		return;
	age = q->now_ms - p->at_ms;
	if (age < 0 || is_over(p, q)) {
		*p = (struct brake_pair){.pair = q->pair, .at_ms = q->now_ms};
		age = 0;
	}
	if (!p->passed && age < s->grey_delay_ms) {
		out->wait_ms = s->grey_delay_ms - age;
		return;
	}
	if (!p->passed) {
		u->proof = proof_now(u, q) + 1;
		u->proof_ms = q->now_ms;
	}
	p->passed = true;
	p->at_ms = q->now_ms;
	*out = (struct brake_view){0};
}

void
brake_judge(struct brake_unit *u, const struct brake_question *q,
    struct brake_view *out)
{
	*out = (struct brake_view){0};
	u->last_ms = q->now_ms;
	if (q->throttle && !throttle(u, q, out))
		return;
	if (q->grey)
		greylist(u, q, out);
}

/* ---- inside Redis ------------------------------------------------------- */

/* Numbers of microseconds stay below 2^53, where Lua counts exactly. */
static const char body[] =
    "local G,T,A=KEYS[1],KEYS[2],ARGV\n"
    "local function n(i) return tonumber(A[i]) end\n"
    "local now,call=n(1),redis.call\n"
    "if A[2]=='1' then\n"
    " local I=n(3)*1000\n"
    " local lim={A[6]=='1' and n(4) or 0,n(5)}\n"
    " local f={'messages','recipients'}\n"
    " local paid,wait={},0\n"
    " for i=1,2 do\n"
    "  paid[i]=tonumber(call('HGET',T,f[i]) or 0) or 0\n"
    "  if lim[i]>0 then\n"
    "   local most=now*1000+I\n"
    "   if paid[i]>most then paid[i]=most\n"
    "    call('HSET',T,f[i],string.format('%.0f',most)) end\n"
    "   local a=math.max(paid[i]-now*1000,0)+math.floor(I/lim[i])\n"
    "   if a>I then wait=math.max(wait,a-I) end end end\n"
    " if wait>0 then return {1,math.ceil(wait/1000)} end\n"
    " local set=false\n"
    " for i=1,2 do if lim[i]>0 then set=true\n"
    "  call('HSET',T,f[i],string.format('%.0f',\n"
    "   math.max(paid[i],now*1000)+math.floor(I/lim[i]))) end end\n"
    " if set then call('PEXPIRE',T,n(3)+1000) end end\n"
    "if A[7]~='1' then return {0,0} end\n"
    "local pair,delay,retry,life,need=A[8],n(9),n(10),n(11),n(12)\n"
    "local v=call('HMGET',G,pair,'proof','proof_at','swept')\n"
    "local proof=tonumber(v[2] or 0) or 0\n"
    "if now-(tonumber(v[3] or 0) or 0)>life then proof=0 end\n"
    "local function keep(ms) if call('PTTL',G)<ms then\n"
    " call('PEXPIRE',G,ms) end end\n"
    "if proof>0 and proof>=need then\n"
    " call('HSET',G,'proof_at',A[1]) keep(life) return {0,0} end\n"
    "local function read(s) local w,t=string.match(s or '','^(%a+) (%d+)$')\n"
    " return w=='pass',tonumber(t) end\n"
    "local function over(p,t) return now-t>(p and life or retry) end\n"
    "local passed,at=read(v[1])\n"
    "local own=(v[2] and 1 or 0)+(v[3] and 1 or 0)+(v[4] and 1 or 0)\n"
    "if not at and call('HLEN',G)-own>=n(13) then\n"
    " if now-(tonumber(v[4] or 0) or 0)>=60000 then\n"
    "  if call('HSET',G,'swept',A[1])==1 then own=own+1 end\n"
    "  local all=call('HGETALL',G)\n"
    "  for i=1,#all,2 do local p,t=read(all[i+1])\n"
    "   if t and over(p,t) then call('HDEL',G,all[i]) end end end\n"
    " if call('HLEN',G)-own>=n(13) then return {2,delay} end end\n"
    "if not at or now<at or over(passed,at) then passed=false at=now\n"
    " call('HSET',G,pair,'wait '..A[1]) keep(retry) end\n"
    "if not passed and now-at<delay then return {2,delay-(now-at)} end\n"
    "if not passed then\n"
    " call('HMSET',G,'proof',proof+1,'proof_at',A[1]) end\n"
    "call('HSET',G,pair,'pass '..A[1]) keep(life)\n"
    "return {0,0}\n";

void
brake_script(struct buf *out)
{
	buf_add_cstr(out, body);
}

void
brake_script_args(
    const struct brake_question *q, char text[static BRAKE_ARGS][24])
{
	const struct brake_settings *s = &q->settings;
	const int64_t number[BRAKE_ARGS] = {q->now_ms, q->throttle,
	    s->interval_ms, s->messages, s->recipients, q->new_message, q->grey,
	    0, s->grey_delay_ms, s->grey_retry_ms, s->grey_life_ms,
	    s->grey_proof, BRAKE_PAIRS_MAX};

	for (int i = 0; i < BRAKE_ARGS; i++)
		(void)snprintf(text[i], 24, "%" PRId64, number[i]);
	(void)snprintf(text[7], 24, "%016" PRIx64, q->pair);
}
