/*
 * Units, their parents and the names of their keys (doc/redis.md).
 *
 * A unit is "4:203.0.113.7", "6:2001:db8:1:2::/64", "n:203.0.113.0/24" or
 * "site". In a key it stands in braces, the hash tag of Redis Cluster, so one
 * unit's keys share one slot. Pure.
 */
#ifndef POSTERN_PEER_REP_KEYS_H
#define POSTERN_PEER_REP_KEYS_H

#include "base/buf.h"
#include "peer/rep_unit.h"

#define REP_UNIT_TEXT_MAX 56
#define REP_SITE "site"

struct rep_name {
	char text[REP_UNIT_TEXT_MAX];
};

struct rep_name rep_name_host(const struct ip *ip);
struct rep_name rep_name_net(const struct ip *ip);
struct rep_name rep_name_site(void);
/* Of any network: a host or /64 gives the host's unit, else "n:...". */
struct rep_name rep_name_cidr(const struct cidr *c);
/* The address a host's unit is kept under: itself, or its /64. */
struct ip rep_host_of(const struct ip *ip);
/* What tells members of one network apart. */
uint64_t rep_member_id(const struct ip *ip);

/*
 * "4:...", "6:.../64", "n:.../24" or "site" back to a network. False: no unit.
 * `*kind_out` says which; the site leaves `*out` all zero.
 */
bool rep_name_parse(struct str text, struct cidr *out, enum rep_kind *kind_out);

struct rep_key {
	char text[160];
	size_t len;
};

#define REP_PREFIX_MAX 64

/* prefix "rep:" "{unit}" [":" day]; `what` is "rep", "list", "evidence" ... */
struct rep_key rep_key_unit(
    const char *prefix, const char *what, const char *unit);
struct rep_key rep_key_day(
    const char *prefix, const char *what, const char *unit, int64_t day);
/* Without a unit: prefix "top:" number; "listed", "why" and so on. */
struct rep_key rep_key_number(
    const char *prefix, const char *what, int64_t number);
struct rep_key rep_key_text(
    const char *prefix, const char *what, const char *text);

/* How long the index of listings and the events outlast their last write, in
 * seconds, as an argument of EXPIRE: 400 days. */
#define REP_LISTINGS_KEPT "34560000"

#define REP_LISTED_SHARDS 16
unsigned rep_listed_shard(const char *unit);

#endif
