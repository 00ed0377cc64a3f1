/*
 * What is counted about one unit (an address, a network, the site): lifetime
 * counters, two decayed windows, the small counters of the day.
 *
 * Pure: no clock, no I/O, no randomness; time comes with each event. The same
 * arithmetic runs inside Redis (rep_script.c); t/unit/peer_rep_redis.c holds
 * both against each other. Decay is lazy: sums are true at `t_ms`. Events may
 * come in any order; only the daily and hourly limits see their order.
 */
#ifndef POSTERN_PEER_REP_UNIT_H
#define POSTERN_PEER_REP_UNIT_H

#include "peer/rep.h"

struct rep_settings {
#define REP_NUMBER(name, def, doc) double name;
#define REP_TIME(name, def, text, doc) int64_t name;
#include "peer/rep_settings.def"
	const struct cidr *protect; /* reach watch at most */
	size_t protect_count;
};

struct rep_settings rep_settings_default(void);
/* "rep_" rows by name; false: no such row or no number in range. */
bool rep_settings_set(struct rep_settings *s, struct str name, double value);

enum rep_kind { REP_KIND_HOST, REP_KIND_NET, REP_KIND_SITE };

struct rep_sums {
	double good_short;
	double bad_short;
	double good_long;
	double bad_long;
	int64_t t_ms;
};

/* Small counters of one UTC day; `before` holds the day before. */
struct rep_today {
	int64_t day;
	uint32_t bad_givers;  /* distinct recipients, or bad members */
	uint32_t good_givers; /* members only */
	uint32_t bad_before;
	uint32_t good_before;
	uint32_t tries;	  /* recipients tried */
	uint32_t unknown; /* of these not known */
};

struct rep_unit {
	uint64_t count[REP_CLASS_COUNT];
	uint64_t seen;
	uint64_t rejected;
	int64_t first_ms;
	int64_t last_ms;
	struct rep_sums sums;
	struct rep_today today;
	int64_t hour; /* of `used`, in today.day; 0: nothing weighed today */
	uint8_t used[REP_CLASS_COUNT]; /* into the long window this hour */
};

/*
 * Who gave evidence today: recipients of a host, members of a network. Bounded;
 * when full, newcomers are admitted but not remembered.
 */
struct rep_giver {
	uint64_t id;
	uint8_t bad;
	uint8_t good;
	bool trap;
};

#define REP_LEDGER_HOST_MAX 128
#define REP_LEDGER_NET_MAX 256

struct rep_ledger {
	struct rep_giver *v; /* heap */
	uint32_t len;
	uint32_t size;
	int64_t day;
};

void rep_ledger_fini(struct rep_ledger *l);
/* NULL: not in it. */
struct rep_giver *rep_ledger_find(const struct rep_ledger *l, uint64_t id);
/* Room for one more, to be filled. */
struct rep_giver *rep_ledger_push(struct rep_ledger *l);

struct rep_applied {
	bool bad;  /* bad weight was added */
	bool hard; /* a virus or a fresh trap hit: lists by itself */
};

/* The lifetime counters alone. */
void rep_unit_count(struct rep_unit *u, const struct rep_event *e);

/* `giver` of a network is the member's id; not used for other kinds. */
struct rep_applied rep_unit_apply(const struct rep_settings *s,
    struct rep_unit *u, struct rep_ledger *l, enum rep_kind kind,
    uint64_t giver, const struct rep_event *e);

/* False: a /48 has its fill of members, this one is counted in it only. */
bool rep_ledger_admits(const struct rep_settings *s, struct rep_ledger *l,
    int64_t day, uint64_t giver);

/* The sums as they are at `now_ms`; times before t_ms leave them alone. */
struct rep_sums rep_sums_at(
    const struct rep_settings *s, struct rep_sums sums, int64_t now_ms);
double rep_weight(const struct rep_settings *s, enum rep_class c);

#define REP_DAY_MS INT64_C(86400000)
#define REP_HOUR_MS INT64_C(3600000)

#endif
