/*
 * The judgement: from counts to a state, and how long a listing lasts.
 *
 * Pure, like rep_unit.h. The rate of a unit is shrunken towards its parent's,
 * the parent taken without the unit itself, so nobody is his own bad
 * neighbourhood. Decisions rest on Wilson bounds, never on the rate. States
 * none, watch and good follow from the counts at any moment; only listings (and
 * an admin's block or allow) are kept.
 */
#ifndef POSTERN_PEER_REP_MODEL_H
#define POSTERN_PEER_REP_MODEL_H

#include "peer/rep_unit.h"

#define REP_BY_MAX 64
#define REP_NOTE_MAX 160
#define REP_LADDER 6

/* A listing, or an admin's word. state is NONE, LISTED, BLOCKED or ALLOWED. */
struct rep_listing {
	enum rep_state state;
	int64_t since_ms;
	int64_t until_ms;
	uint32_t strike;
	char ref[REP_REF_MAX];
	char why[REP_WHY_MAX];
	char by[REP_BY_MAX];
	char note[REP_NOTE_MAX];
	int64_t removed_ms; /* last early removal, 0: never */
};

/* All that is known for one client. Pointers may be NULL: nothing there. */
struct rep_known {
	const struct rep_unit *unit;
	const struct rep_unit *net;
	const struct rep_unit *site;
	const struct rep_listing *listing;
	const struct rep_listing *net_listing;
	struct ip client;
};

struct rep_rates {
	double rate_short;
	double lower_short;
	double rate_long;
	double upper_long;
	double bad_short; /* decayed weight */
	double events_long;
	double prior_short; /* what the parent says */
	double prior_long;
};

/* Wilson score bounds of rate `p` over `n` observations; n <= 0 gives 0 / 1. */
double rep_wilson_lower(double p, double n, double z);
double rep_wilson_upper(double p, double n, double z);

void rep_model_rates(const struct rep_settings *s, const struct rep_known *k,
    int64_t now_ms, struct rep_rates *out);
/* Rates of the network itself, its parent being the site. */
void rep_model_net_rates(const struct rep_settings *s,
    const struct rep_known *k, int64_t now_ms, struct rep_rates *out);

/* Fills all of `*out` but `sample`; known is true. */
void rep_model_view(const struct rep_settings *s, const struct rep_known *k,
    int64_t now_ms, struct rep_view *out);

/*
 * After bad evidence: does the client (or its network) go on the list now?
 * `*out` is the whole new listing but for `ref`; its jitter follows from the
 * address and the time. An admin's word, a running listing and protection say
 * no.
 */
bool rep_model_list(const struct rep_settings *s, const struct rep_known *k,
    struct rep_applied a, int64_t now_ms, struct rep_listing *out);
bool rep_model_list_net(const struct rep_settings *s, const struct rep_known *k,
    int64_t now_ms, struct rep_listing *out);

/*
 * Which listing speaks for a client's networks: an admin's word on the /24 or
 * /48, then one on a wider network, then the model's listing. Either may be
 * NULL.
 */
const struct rep_listing *rep_model_net_word(const struct rep_listing *net,
    const struct rep_listing *wider, int64_t now_ms);
bool rep_model_is_running(const struct rep_listing *l, int64_t now_ms);

/* Strikes still standing at `now_ms`. */
uint32_t rep_model_strikes(
    const struct rep_settings *s, const struct rep_listing *l, int64_t now_ms);
/* Length of the listing that is the `strike`-th (from 1). Never 0. */
int64_t rep_model_length(
    const struct rep_settings *s, uint32_t strike, uint64_t seed);

enum rep_removal {
	REP_REMOVE_NOW,
	REP_REMOVE_LATER,
	REP_REMOVE_ADMIN,
	REP_REMOVE_NOTHING
};
/* What the ladder says to a request to end `l` early. */
enum rep_removal rep_model_removal(
    const struct rep_settings *s, const struct rep_listing *l, int64_t now_ms);

/* Is this message of a listed client one to scan to the end? */
bool rep_model_sample(const struct rep_settings *s, uint64_t random,
    int64_t last_ms, int64_t now_ms);

bool rep_model_is_protected(const struct rep_settings *s, const struct ip *ip);

#endif
