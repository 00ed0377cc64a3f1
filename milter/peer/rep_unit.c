#include "peer/rep_unit.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

struct rep_settings
rep_settings_default(void)
{
	return (struct rep_settings){
#define REP_NUMBER(name, def, doc) .name = (def),
#define REP_TIME(name, def, text, doc) .name = INT64_C(def),
#include "peer/rep_settings.def"
	};
}

bool
rep_settings_set(struct rep_settings *s, struct str name, double value)
{
	if (!(value >= 0 && value <= 1e15))
		return false;
#define REP_NUMBER(row, def, doc) \
	if (str_is(name, #row)) { \
		s->row = value;   \
		return true;      \
	}
#define REP_TIME(row, def, text, doc)                    \
	if (str_is(name, #row)) {                        \
		s->row = value < 1 ? 1 : (int64_t)value; \
		return true;                             \
	}
#include "peer/rep_settings.def"
	return false;
}

double
rep_weight(const struct rep_settings *s, enum rep_class c)
{
	const double weight[REP_CLASS_COUNT] = {
	    [REP_HAM] = s->weight_ham,
	    [REP_SPAM] = s->weight_spam,
	    [REP_RULES] = s->weight_rules,
	    [REP_DICT] = s->weight_dict,
	    [REP_VIRUS] = s->weight_virus,
	    [REP_TRAP] = s->weight_trap,
	    [REP_UNKNOWN_RCPT] = s->weight_unknown,
	    [REP_RELAY] = s->weight_relay,
	    [REP_COMPLAINT] = s->weight_complaint,
	    [REP_POLICY] = s->weight_policy,
	};

	return (unsigned)c < REP_CLASS_COUNT ? weight[c] : 0;
}

struct rep_sums
rep_sums_at(const struct rep_settings *s, struct rep_sums sums, int64_t now_ms)
{
	double age = (double)(now_ms - sums.t_ms), fast, slow;

	if (now_ms <= sums.t_ms)
		return sums;
	fast = exp2(-age / (double)s->half_short);
	slow = exp2(-age / (double)s->half_long);
	sums.good_short *= fast;
	sums.bad_short *= fast;
	sums.good_long *= slow;
	sums.bad_long *= slow;
	sums.t_ms = now_ms;
	return sums;
}

void
rep_ledger_fini(struct rep_ledger *l)
{
	free(l->v);
	*l = (struct rep_ledger){0};
}

static void
ledger_turn(struct rep_ledger *l, int64_t day)
{
	if (day <= l->day)
		return;
	l->day = day;
	l->len = 0;
}

struct rep_giver *
rep_ledger_find(const struct rep_ledger *l, uint64_t id)
{
	for (uint32_t i = 0; i < l->len; i++)
		if (l->v[i].id == id)
			return &l->v[i];
	return NULL;
}

struct rep_giver *
rep_ledger_push(struct rep_ledger *l)
{
	if (l->len == l->size) {
		l->size = l->size ? l->size * 2 : 4;
		l->v = mem_resize(l->v, l->size, sizeof(*l->v));
	}
	return &l->v[l->len++];
}

/* NULL when full. */
static struct rep_giver *
ledger_take(struct rep_ledger *l, uint64_t id, uint32_t max)
{
	struct rep_giver *g = rep_ledger_find(l, id);

	if (g != NULL || l->len >= max)
		return g;
	g = rep_ledger_push(l);
	*g = (struct rep_giver){.id = id};
	return g;
}

bool
rep_ledger_admits(const struct rep_settings *s, struct rep_ledger *l,
    int64_t day, uint64_t giver)
{
	ledger_turn(l, day);
	return l->len < (uint32_t)s->net_children ||
	       rep_ledger_find(l, giver) != NULL;
}

static void
today_turn(struct rep_unit *u, int64_t day)
{
	struct rep_today *t = &u->today;
	bool next = day == t->day + 1;

	if (day <= t->day)
		return;
	*t = (struct rep_today){.day = day,
	    .bad_before = next ? t->bad_givers : 0,
	    .good_before = next ? t->good_givers : 0};
	u->hour = 0;
	memset(u->used, 0, sizeof(u->used));
}

static void
raise_byte(uint8_t *v)
{
	if (*v < UINT8_MAX)
		(*v)++;
}

/*
 * One recipient's share in the unit's day. False: this one has given all it
 * may, or (trap) was counted today.
 */
static bool
take_share(
    const struct rep_settings *s, struct rep_giver *g, bool bad, bool trap)
{
	bool within = bad ? g->bad < s->rcpt_bad : g->good < s->rcpt_good;

	if (trap && g->trap)
		within = false;
	if (bad)
		raise_byte(&g->bad);
	else
		raise_byte(&g->good);
	g->trap = g->trap || trap;
	return within;
}

static bool
admit_recipients(const struct rep_settings *s, struct rep_unit *u,
    struct rep_ledger *l, const struct rep_event *e)
{
	bool bad = rep_class_is_bad(e->class), admitted = e->rcpt_count == 0;

	for (uint32_t i = 0; i < e->rcpt_count && i < REP_EVENT_RCPTS; i++) {
		struct rep_giver *g =
		    ledger_take(l, e->rcpt_hash[i], REP_LEDGER_HOST_MAX);

		if (g == NULL) {
			admitted = true;
			continue;
		}
		if (bad && g->bad == 0)
			u->today.bad_givers++;
		if (take_share(s, g, bad, e->class == REP_TRAP))
			admitted = true;
	}
	return admitted;
}

static int
member_side(const struct rep_giver *g)
{
	if (g->bad > 0 && g->bad >= g->good)
		return -1;
	return g->good > 0 && g->bad * 20 <= g->good ? 1 : 0;
}

/* Counts of bad and good members follow the member's change of side. */
static void
note_member(struct rep_unit *u, struct rep_ledger *l, uint64_t id, bool bad)
{
	struct rep_giver *g = ledger_take(l, id, REP_LEDGER_NET_MAX);
	int before, after;

	if (g == NULL)
		return;
	before = member_side(g);
	if (bad)
		raise_byte(&g->bad);
	else
		raise_byte(&g->good);
	after = member_side(g);
	u->today.bad_givers += (after < 0) - (before < 0);
	u->today.good_givers += (after > 0) - (before > 0);
}

static bool
harvest_counts(const struct rep_settings *s, const struct rep_today *t)
{
	return t->tries >= s->harvest_tries &&
	       t->unknown > s->harvest_ratio * t->tries;
}

static void
count_tries(struct rep_today *t, const struct rep_event *e)
{
	uint32_t tries = e->rcpt_count;

	if (e->class == REP_UNKNOWN_RCPT) {
		tries = e->tried > e->unknown ? e->tried : e->unknown;
		t->unknown += e->unknown;
	}
	t->tries += tries;
}

static void
add_weight(const struct rep_settings *s, struct rep_unit *u,
    const struct rep_event *e, double weight)
{
	struct rep_sums *x = &u->sums;
	int64_t hour = e->at_ms / REP_HOUR_MS;
	double fast = 1, slow = 1;
	bool bad = rep_class_is_bad(e->class);

	if (e->at_ms >= x->t_ms) {
		*x = rep_sums_at(s, *x, e->at_ms);
		x->t_ms = e->at_ms;
	} else {
		double age = (double)(x->t_ms - e->at_ms);

		fast = exp2(-age / (double)s->half_short);
		slow = exp2(-age / (double)s->half_long);
	}
	*(bad ? &x->bad_short : &x->good_short) += weight * fast;
	/* What comes a day late has lost its hour: the cap could not hold. */
	if (hour < u->today.day * (REP_DAY_MS / REP_HOUR_MS))
		return;
	if (hour > u->hour) {
		u->hour = hour;
		memset(u->used, 0, sizeof(u->used));
	}
	if (u->used[e->class] >= s->long_cap || u->used[e->class] == UINT8_MAX)
		return;
	u->used[e->class]++;
	*(bad ? &x->bad_long : &x->good_long) += weight * slow;
}

void
rep_unit_count(struct rep_unit *u, const struct rep_event *e)
{
	u->count[e->class]++;
	u->seen++;
	u->rejected += e->rejected;
	if (u->first_ms == 0 || e->at_ms < u->first_ms)
		u->first_ms = e->at_ms;
	if (e->at_ms > u->last_ms)
		u->last_ms = e->at_ms;
}

struct rep_applied
rep_unit_apply(const struct rep_settings *s, struct rep_unit *u,
    struct rep_ledger *l, enum rep_kind kind, uint64_t giver,
    const struct rep_event *e)
{
	double weight = rep_weight(s, e->class);
	int64_t day = e->at_ms / REP_DAY_MS;
	bool bad = rep_class_is_bad(e->class), admitted = true;
	struct rep_applied out = {false, false};

	rep_unit_count(u, e);
	today_turn(u, day);
	ledger_turn(l, day);
	count_tries(&u->today, e);
	if (weight <= 0)
		return out;
	if (e->class == REP_UNKNOWN_RCPT && !harvest_counts(s, &u->today))
		return out;
	if (kind == REP_KIND_HOST)
		admitted = admit_recipients(s, u, l, e);
	else if (kind == REP_KIND_NET)
		note_member(u, l, giver, bad);
	if (!admitted)
		return out;
	add_weight(s, u, e, weight);
	out.bad = bad;
	out.hard = e->class == REP_VIRUS || e->class == REP_TRAP;
	return out;
}
