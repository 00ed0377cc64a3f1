#include "peer/rep_model.h"

#include <math.h>
#include <stdio.h>

static const int64_t ladder_ms[REP_LADDER] = {REP_HOUR_MS, 6 * REP_HOUR_MS,
    REP_DAY_MS, 3 * REP_DAY_MS, 7 * REP_DAY_MS, 30 * REP_DAY_MS};

double
rep_wilson_lower(double p, double n, double z)
{
	double q = z * z / n;

	if (!(n > 0))
		return 0;
	return fmax(
	    0, (p + q / 2 - z * sqrt(p * (1 - p) / n + q / (4 * n))) / (1 + q));
}

double
rep_wilson_upper(double p, double n, double z)
{
	double q = z * z / n;

	if (!(n > 0))
		return 1;
	return fmin(
	    1, (p + q / 2 + z * sqrt(p * (1 - p) / n + q / (4 * n))) / (1 + q));
}

static double
clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

static struct rep_sums
sums_of(const struct rep_settings *s, const struct rep_unit *u, int64_t now_ms)
{
	if (u == NULL)
		return (struct rep_sums){.t_ms = now_ms};
	return rep_sums_at(s, u->sums, now_ms);
}

/* The parent's evidence without the child's; rounding never goes below 0. */
static struct rep_sums
without(struct rep_sums parent, struct rep_sums child)
{
	parent.good_short = fmax(0, parent.good_short - child.good_short);
	parent.bad_short = fmax(0, parent.bad_short - child.bad_short);
	parent.good_long = fmax(0, parent.good_long - child.good_long);
	parent.bad_long = fmax(0, parent.bad_long - child.bad_long);
	return parent;
}

static double
shrink(const struct rep_settings *s, double good, double bad, double prior)
{
	double all = good + bad + s->prior_weight;

	return all > 0 ? clamp((bad + s->prior_weight * prior) / all, 0, 1)
		       : prior;
}

static void
rates_from(const struct rep_settings *s, struct rep_sums x, double prior_short,
    double prior_long, struct rep_rates *out)
{
	double many = x.good_short + x.bad_short + s->prior_weight;
	double many_long = x.good_long + x.bad_long + s->prior_weight;

	out->prior_short = clamp(prior_short, s->prior_min, s->prior_max);
	out->prior_long = clamp(prior_long, s->prior_min, s->prior_max);
	out->bad_short = x.bad_short;
	out->events_long = x.good_long + x.bad_long;
	out->rate_short =
	    shrink(s, x.good_short, x.bad_short, out->prior_short);
	out->rate_long = shrink(s, x.good_long, x.bad_long, out->prior_long);
	out->lower_short =
	    rep_wilson_lower(out->rate_short, many, s->confidence);
	out->upper_long =
	    rep_wilson_upper(out->rate_long, many_long, s->confidence);
}

static void
rates_below_site(const struct rep_settings *s, const struct rep_known *k,
    struct rep_sums x, int64_t now_ms, struct rep_rates *out)
{
	struct rep_sums site =
	    without(sums_of(s, k->site, now_ms), sums_of(s, k->net, now_ms));

	rates_from(s, x, shrink(s, site.good_short, site.bad_short, s->prior),
	    shrink(s, site.good_long, site.bad_long, s->prior), out);
}

void
rep_model_net_rates(const struct rep_settings *s, const struct rep_known *k,
    int64_t now_ms, struct rep_rates *out)
{
	rates_below_site(s, k, sums_of(s, k->net, now_ms), now_ms, out);
}

void
rep_model_rates(const struct rep_settings *s, const struct rep_known *k,
    int64_t now_ms, struct rep_rates *out)
{
	struct rep_sums own = sums_of(s, k->unit, now_ms);
	struct rep_sums others = without(sums_of(s, k->net, now_ms), own);
	struct rep_rates net;

	rates_below_site(s, k, others, now_ms, &net);
	rates_from(s, own, net.rate_short, net.rate_long, out);
}

bool
rep_model_is_protected(const struct rep_settings *s, const struct ip *ip)
{
	for (size_t i = 0; i < s->protect_count; i++)
		if (cidr_has(&s->protect[i], ip))
			return true;
	return false;
}

static bool
is_running(const struct rep_listing *l, enum rep_state state, int64_t now_ms)
{
	return l != NULL && l->state == state &&
	       (l->until_ms == 0 || now_ms < l->until_ms);
}

static bool
is_admins(const struct rep_listing *l, int64_t now_ms)
{
	return is_running(l, REP_ALLOWED, now_ms) ||
	       is_running(l, REP_BLOCKED, now_ms);
}

bool
rep_model_is_running(const struct rep_listing *l, int64_t now_ms)
{
	return is_admins(l, now_ms) || is_running(l, REP_LISTED, now_ms);
}

const struct rep_listing *
rep_model_net_word(const struct rep_listing *net,
    const struct rep_listing *wider, int64_t now_ms)
{
	if (!is_admins(net, now_ms) && is_admins(wider, now_ms))
		return wider;
	return net;
}

static bool
on_probation(
    const struct rep_settings *s, const struct rep_listing *l, int64_t now_ms)
{
	return l != NULL && l->state == REP_LISTED && now_ms >= l->until_ms &&
	       now_ms < l->until_ms + s->probation;
}

static bool
is_good(const struct rep_settings *s, const struct rep_rates *r)
{
	return r->upper_long < s->good_upper &&
	       r->events_long >= s->good_events;
}

static void
view_listing(const struct rep_listing *l, bool parent, struct rep_view *out)
{
	out->state = l->state;
	out->since_ms = l->since_ms;
	out->until_ms = l->until_ms;
	out->strike = l->strike;
	out->parent = parent;
	memcpy(out->ref, l->ref, sizeof(out->ref));
	memcpy(out->why, l->why, sizeof(out->why));
}

/* The admin's word on the address beats the one on its network. */
static const struct rep_listing *
admins_word(const struct rep_known *k, int64_t now_ms)
{
	if (is_admins(k->listing, now_ms))
		return k->listing;
	return is_admins(k->net_listing, now_ms) ? k->net_listing : NULL;
}

void
rep_model_view(const struct rep_settings *s, const struct rep_known *k,
    int64_t now_ms, struct rep_view *out)
{
	struct rep_rates r;
	const struct rep_listing *word = admins_word(k, now_ms);
	bool guarded = rep_model_is_protected(s, &k->client);

	rep_model_rates(s, k, now_ms, &r);
	*out = (struct rep_view){.known = true,
	    .state = REP_NONE,
	    .rate_short = r.rate_short,
	    .lower_short = r.lower_short,
	    .rate_long = r.rate_long,
	    .upper_long = r.upper_long};
	if (word != NULL) {
		view_listing(word, word != k->listing, out);
	} else if (!guarded && is_running(k->listing, REP_LISTED, now_ms)) {
		view_listing(k->listing, false, out);
	} else if (!guarded && !is_good(s, &r) &&
		   is_running(k->net_listing, REP_LISTED, now_ms)) {
		view_listing(k->net_listing, true, out);
	} else if (!guarded && on_probation(s, k->listing, now_ms)) {
		view_listing(k->listing, false, out);
		out->state = REP_PROBATION;
		out->since_ms = k->listing->until_ms;
		out->until_ms = k->listing->until_ms + s->probation;
	} else if (r.lower_short >= s->watch_lower) {
		out->state = REP_WATCH;
	} else if (is_good(s, &r)) {
		out->state = REP_GOOD;
	}
}

uint32_t
rep_model_strikes(
    const struct rep_settings *s, const struct rep_listing *l, int64_t now_ms)
{
	int64_t gone;

	if (l == NULL || l->strike == 0)
		return 0;
	gone = now_ms > l->until_ms ? (now_ms - l->until_ms) / s->clean : 0;
	return gone >= l->strike ? 0 : l->strike - (uint32_t)gone;
}

int64_t
rep_model_length(const struct rep_settings *s, uint32_t strike, uint64_t seed)
{
	int64_t base = ladder_ms[strike == 0	       ? 0
				 : strike > REP_LADDER ? REP_LADDER - 1
						       : strike - 1];
	double share = (double)(seed % 2001) / 1000 - 1; /* -1 .. 1 */
	double jitter = clamp(s->jitter, 0, 0.5);

	return base + (int64_t)((double)base * jitter * share);
}

/* The same listing has the same length wherever it is worked out. */
static uint64_t
jitter_seed(const struct ip *ip, int64_t now_ms, uint32_t strike)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ (uint64_t)now_ms ^
		     ((uint64_t)strike << 56);

	for (size_t i = 0; i < sizeof(ip->byte); i++)
		h = (h ^ ip->byte[i]) * UINT64_C(1099511628211);
	return h ^ h >> 29;
}

static void
begin_listing(const struct rep_settings *s, const struct rep_listing *former,
    const struct ip *seed, int64_t now_ms, struct rep_listing *out)
{
	uint32_t strike = rep_model_strikes(s, former, now_ms) + 1;

	*out = (struct rep_listing){.state = REP_LISTED,
	    .since_ms = now_ms,
	    .strike = strike,
	    .removed_ms = former ? former->removed_ms : 0};
	out->until_ms = now_ms + rep_model_length(s, strike,
				     jitter_seed(seed, now_ms, strike));
	(void)snprintf(out->by, sizeof(out->by), "model");
}

static uint32_t
most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static bool
evidence_lists(const struct rep_settings *s, const struct rep_known *k,
    const struct rep_rates *r, int64_t now_ms)
{
	const struct rep_today *t = &k->unit->today;

	if (on_probation(s, k->listing, now_ms))
		return r->lower_short >= s->relist_lower;
	return r->lower_short >= s->list_lower && r->bad_short >= s->list_bad &&
	       most(t->bad_givers, t->bad_before) >= s->list_rcpts;
}

bool
rep_model_list(const struct rep_settings *s, const struct rep_known *k,
    struct rep_applied a, int64_t now_ms, struct rep_listing *out)
{
	struct rep_rates r;
	bool hard;

	if (!a.bad || k->unit == NULL || admins_word(k, now_ms) != NULL ||
	    is_running(k->listing, REP_LISTED, now_ms) ||
	    rep_model_is_protected(s, &k->client))
		return false;
	rep_model_rates(s, k, now_ms, &r);
	/* One virus through a good relay is its customer's, not the relay's. */
	hard = a.hard && (!is_good(s, &r) || r.lower_short >= s->watch_lower);
	if (!hard && !evidence_lists(s, k, &r, now_ms))
		return false;
	begin_listing(s, k->listing, &k->client, now_ms, out);
	(void)snprintf(out->why, sizeof(out->why),
	    hard ? "virus or trap hit"
		 : "bad rate %.2f, surely above %.2f, of %.0f recent messages",
	    r.rate_short, r.lower_short,
	    k->unit->sums.bad_short + k->unit->sums.good_short);
	return true;
}

static bool
members_list(const struct rep_settings *s, const struct rep_today *t)
{
	uint32_t bad = most(t->bad_givers, t->bad_before);
	uint32_t good = most(t->good_givers, t->good_before);

	return bad >= s->net_members &&
	       good < s->net_good_share * (double)(bad + good);
}

bool
rep_model_list_net(const struct rep_settings *s, const struct rep_known *k,
    int64_t now_ms, struct rep_listing *out)
{
	struct rep_rates r;
	unsigned bits = ip_is_v4(&k->client) ? 120 : 48;
	struct ip net = ip_mask(&k->client, bits);

	if (k->net == NULL || is_admins(k->net_listing, now_ms) ||
	    is_running(k->net_listing, REP_LISTED, now_ms) ||
	    rep_model_is_protected(s, &k->client))
		return false;
	rep_model_net_rates(s, k, now_ms, &r);
	if (r.lower_short < s->list_lower || r.bad_short < s->list_bad ||
	    !members_list(s, &k->net->today))
		return false;
	begin_listing(s, k->net_listing, &net, now_ms, out);
	(void)snprintf(out->why, sizeof(out->why),
	    "%u members send spam, bad rate surely above %.2f",
	    most(k->net->today.bad_givers, k->net->today.bad_before),
	    r.lower_short);
	return true;
}

enum rep_removal
rep_model_removal(
    const struct rep_settings *s, const struct rep_listing *l, int64_t now_ms)
{
	(void)s;
	if (!is_running(l, REP_LISTED, now_ms) &&
	    !is_running(l, REP_BLOCKED, now_ms))
		return REP_REMOVE_NOTHING;
	if (l->state == REP_BLOCKED || l->strike >= 3)
		return REP_REMOVE_ADMIN;
	if (l->strike == 2 && l->removed_ms != 0 &&
	    now_ms < l->removed_ms + REP_DAY_MS)
		return REP_REMOVE_LATER;
	return REP_REMOVE_NOW;
}

bool
rep_model_sample(const struct rep_settings *s, uint64_t random, int64_t last_ms,
    int64_t now_ms)
{
	return now_ms - last_ms >= s->sample_gap ||
	       (double)(random >> 11) < s->sample_share * 0x1p53;
}
