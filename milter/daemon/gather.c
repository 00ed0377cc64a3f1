/*
 * Facts beside the message: what the reputation store knows of the client, and
 * whether the client is one of ours. Questions go out when the connection (or
 * a further message on it) comes and are collected when a recipient needs them.
 */
#include "base/clock.h"
#include "daemon/metrics.h"
#include "daemon/session_internal.h"

static bool
in_networks(const struct cidr_list *nets, const struct ip *ip)
{
	for (size_t i = 0; i < nets->len; i++)
		if (cidr_has(&nets->v[i], ip))
			return true;
	return false;
}

bool
gather_reputation_wanted(const struct session *s)
{
	const struct envelope *e = &s->facts.envelope;

	return s->server->store != NULL && e->has_client && !e->local &&
	       !s->facts.client_trusted && e->auth_user.len == 0;
}

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
}

void
gather_collect(struct session *s)
{
	const struct config *c = s->snapshot->config;

	if (s->lookup == NULL)
		return;
	rep_lookup_collect(&s->lookup, clock_mono_us() + c->redis_budget * 1000,
	    &s->facts.rep);
	if (!s->facts.rep.known)
		metric_count(rep_unknown);
}

void
gather_cancel(struct session *s)
{
	struct rep_view ignored;

	if (s->lookup != NULL)
		rep_lookup_collect(&s->lookup, 0, &ignored);
}
