/*
 * Facts beside the message: what the reputation store knows of the client, what
 * DNS lists say, SPF, and whether the client is one of ours. Questions go out
 * when the connection (or a further message on it) comes and are collected when
 * a recipient needs them; lists about links and hops are asked once the message
 * is there.
 */
#include "base/clock.h"
#include "daemon/metrics.h"
#include "daemon/session_internal.h"
#include "mail/relay.h"
#include "mail/uri.h"
#include "policy/dns_conf.h"

/* Listings kept of one message and of one client. */
#define HITS_MAX 32

static bool
in_networks(const struct cidr_list *nets, const struct ip *ip)
{
	for (size_t i = 0; i < nets->len; i++)
		if (cidr_has(&nets->v[i], ip))
			return true;
	return false;
}

/* Our own hosts, local submissions and known users are not judged by address.
 */
static bool
is_stranger(const struct session *s)
{
	const struct envelope *e = &s->facts.envelope;

	return e->has_client && !e->local && !s->facts.client_trusted &&
	       e->auth_user.len == 0;
}

bool
gather_reputation_wanted(const struct session *s)
{
	return s->server->store != NULL && is_stranger(s);
}

/* ---- DNS lists ---------------------------------------------------------- */

/* Collects a lookup as facts in `a`, behind the `kept` ones given. */
static struct dns_fact *
collect_facts(struct session *s, struct dnsbl_lookup **l, struct arena *a,
    const struct dns_fact *kept, size_t *count)
{
	int64_t budget = s->snapshot->config->dns_budget * 1000;
	struct dnsbl_hit *hits =
	    arena_array(&s->message, HITS_MAX, sizeof(*hits));
	struct dns_fact *facts;
	size_t n;

	if (hits == NULL) {
		dnsbl_lookup_cancel(l);
		return NULL;
	}
	n = dnsbl_lookup_collect(
	    l, clock_mono_us() + budget, hits, HITS_MAX, &s->facts.dns_late);
	facts = arena_array(a, *count + n + 1, sizeof(*facts));
	if (facts == NULL)
		return NULL;
	for (size_t i = 0; i < *count; i++)
		facts[i] = kept[i];
	for (size_t i = 0; i < n; i++)
		dns_fact_of_hit(&hits[i], a, &facts[*count + i]);
	*count += n;
	return facts;
}

/* What is under way stays with the set it was asked of. */
static void
take_dns(struct session *s)
{
	if (s->client_lists != NULL)
		return;
	dns_set_give(&s->dns);
	s->dns = dns_live_take(s->server->dns);
}

static void
start_client_lists(struct session *s)
{
	if (s->client_asked || s->dns->lists == NULL || !is_stranger(s))
		return;
	s->client_asked = true;
	s->client_lists = dnsbl_lookup_new(
	    s->dns->lists, 1u << DNSBL_CLIENT | 1u << DNSBL_CLIENT_ALLOW);
	dnsbl_lookup_ip(
	    s->client_lists, DNSBL_CLIENT, &s->facts.envelope.client);
	dnsbl_lookup_start(s->client_lists);
}

static void
collect_client_lists(struct session *s)
{
	size_t count = 0;

	if (s->client_lists == NULL)
		return;
	s->client_dns =
	    collect_facts(s, &s->client_lists, &s->connection, NULL, &count);
	s->client_dns_count = s->client_dns ? count : 0;
	s->client_late = s->facts.dns_late;
	s->facts.dns = s->client_dns;
	s->facts.dns_count = s->client_dns_count;
}

/* ---- SPF ---------------------------------------------------------------- */

static void
check_sender_policy(struct session *s)
{
	const struct config *c = s->snapshot->config;
	const struct envelope *e = &s->facts.envelope;
	struct spf_question q = {
	    .client = e->client, .helo = e->helo, .sender = e->sender};

	if (!c->spf || s->spf_asked || s->dns->dns == NULL || !is_stranger(s))
		return;
	s->spf_asked = true;
	s->facts.spf =
	    spf_check(s->dns->dns, &q, clock_mono_us() + c->dns_budget * 1000);
}

/* ---- the steps ---------------------------------------------------------- */

void
gather_start(struct session *s)
{
	struct envelope *e = &s->facts.envelope;
	const struct config *c =
	    s->snapshot ? s->snapshot->config : s->server->config;

	s->facts.client_trusted =
	    e->has_client && in_networks(&c->trusted_networks, &e->client);
	s->facts.rep = (struct rep_view){0};
	if (s->lookup == NULL && gather_reputation_wanted(s))
		s->lookup = rep_lookup_start(s->server->store, &e->client);
	take_dns(s);
	start_client_lists(s);
}

void
gather_collect(struct session *s)
{
	int64_t start;

	collect_client_lists(s);
	check_sender_policy(s);
	if (s->lookup == NULL)
		return;
	start = clock_mono_us();
	rep_lookup_collect(&s->lookup, start + s->store_left_us, &s->facts.rep);
	s->store_left_us -= clock_mono_us() - start;
	if (!s->facts.rep.known)
		metric_count(rep_unknown);
}

static uint32_t
limit(uint64_t v)
{
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

void
gather_brake(struct session *s, struct str rcpt, const struct verdict *wish)
{
	const struct config *c = s->snapshot->config;
	const struct envelope *e = &s->facts.envelope;
	int64_t start = clock_mono_us();
	struct brake_question q = {.client = e->client,
	    .pair = rep_store_hash_pair(s->server->store, e->sender, rcpt),
	    .grey = wish->wants_greylist,
	    .throttle = wish->wants_throttle,
	    .new_message = !s->throttle_counted,
	    .now_ms = clock_wall_ms(),
	    .settings = {.grey_delay_ms = c->grey_delay,
		.grey_retry_ms = c->grey_retry,
		.grey_life_ms = c->grey_life,
		.grey_proof = limit(c->grey_proof),
		.interval_ms = c->throttle_interval,
		.messages = limit(c->throttle_messages),
		.recipients = limit(c->throttle_recipients)}};

	rep_store_brake(
	    s->server->store, &q, start + s->store_left_us, &s->facts.brake);
	s->store_left_us -= clock_mono_us() - start;
	s->throttle_counted |= s->facts.brake.word != BRAKE_THROTTLE;
}

static void
ask_about_hops(struct dnsbl_lookup *l, struct message *m)
{
	struct relay_list relays = message_relays(m);

	for (size_t i = relays.trusted; i < relays.len; i++)
		if (relays.v[i].has_address)
			dnsbl_lookup_ip(
			    l, DNSBL_RECEIVED, &relays.v[i].address);
}

static void
ask_about_links(struct dnsbl_lookup *l, struct message *m)
{
	struct uri_list uris = message_uris(m);

	for (size_t i = 0; i < uris.len; i++) {
		for (size_t h = 0; h < uris.v[i].host_count; h++) {
			const struct uri_host *host = &uris.v[i].hosts[h];

			dnsbl_lookup_name(l, DNSBL_URI, host->domain);
			dnsbl_lookup_name(l, DNSBL_URI, host->host);
		}
	}
}

void
gather_message(struct session *s, struct message *m)
{
	const struct envelope *e = &s->facts.envelope;
	size_t at = str_rfind_char(e->sender, '@');
	size_t count = s->client_dns_count;
	struct dnsbl_lookup *l;
	struct dns_fact *facts;

	if (!is_stranger(s))
		return;
	l = dnsbl_lookup_new(
	    s->dns->lists, 1u << DNSBL_RECEIVED | 1u << DNSBL_HELO |
			       1u << DNSBL_SENDER | 1u << DNSBL_URI);
	if (l == NULL)
		return;
	dnsbl_lookup_name(l, DNSBL_HELO, e->helo);
	if (at != STR_NPOS)
		dnsbl_lookup_name(l, DNSBL_SENDER, str_skip(e->sender, at + 1));
	ask_about_hops(l, m);
	ask_about_links(l, m);
	dnsbl_lookup_start(l);
	turns_give(s->server->turns);
	facts = collect_facts(s, &l, &s->message, s->client_dns, &count);
	turns_take(s->server->turns);
	if (facts != NULL) {
		s->facts.dns = facts;
		s->facts.dns_count = count;
	}
}

void
gather_cancel(struct session *s)
{
	struct rep_view ignored;

	if (s->lookup != NULL)
		rep_lookup_collect(&s->lookup, 0, &ignored);
	dnsbl_lookup_cancel(&s->client_lists);
	dns_set_give(&s->dns);
}
