#include "policy/gate_said.h"

#include "policy/guard.h"
#include "rule/access.h"
#include "rule/dict.h"
#include "rule/ruleset.h"

static const char no_lists[] = "off: no access lists are set";
static const char no_zones[] = "off: no DNS lists are set";
static const char exempt_text[] =
    "not asked: postmaster and abuse of local domains are exempt";

static void
say_lists(const struct snapshot *s, struct decision *d)
{
	if (s->access != NULL && access_count(s->access) > 0)
		return;
	d->said[GATE_allow] = d->said[GATE_client] = d->said[GATE_helo] =
	    d->said[GATE_sender] = d->said[GATE_recipient] =
		d->said[GATE_from] = no_lists;
}

/* The standing as a word of its own: it lowers or raises thresholds. */
static const char *
standing_text(const struct rep_view *r)
{
	static const char *const text[] = {[REP_NONE] = "no standing",
	    [REP_WATCH] = "on watch",
	    [REP_LISTED] = "listed; this one is a sample",
	    [REP_PROBATION] = "on probation",
	    [REP_GOOD] = "in good standing",
	    [REP_ALLOWED] = "allowed by an admin",
	    [REP_BLOCKED] = "blocked by an admin"};

	return r->known ? text[r->state] : "not known";
}

static void
say_client(const struct snapshot *s, const char *excuse, struct decision *d)
{
	const struct config *c = s->config;
	const struct facts *f = d->facts;

	d->said[GATE_reputation] = excuse ? excuse : standing_text(&f->rep);
	d->said[GATE_client_dnsbl] = excuse		 ? excuse
				     : f->dns_late	 ? "one was late"
				     : c->dnsbl.len > 0	 ? NULL
				     : f->dns_count == 0 ? no_zones
							 : NULL;
	d->said[GATE_watch] =
	    c->watch_action != WATCH_TEMPFAIL ? "off" : excuse;
	d->said[GATE_brake] =
	    c->greylist == BRAKED_OFF && c->throttle == BRAKED_OFF ? "off"
								   : excuse;
}

void
gate_said_recipient(const struct snapshot *s, bool exempt, const char *excuse,
    struct decision *d)
{
	static const enum verdict_gate exempted[] = {GATE_client, GATE_helo,
	    GATE_sender, GATE_recipient, GATE_trap, GATE_reputation,
	    GATE_client_dnsbl, GATE_watch, GATE_brake};

	say_lists(s, d);
	say_client(s, excuse, d);
	if (s->config->trap_recipients.len == 0)
		d->said[GATE_trap] = "off: no traps are set";
	if (guard_relay_is_off(s->guard))
		d->said[GATE_relay] =
		    "off: neither local_domains nor relay_domains are set";
	if (s->config->recipient_conflict != CONFLICT_SPLIT)
		d->said[GATE_conflict] = "off";
	for (size_t i = 0; exempt && i < sizeof(exempted) / sizeof(*exempted);
	     i++)
		d->said[exempted[i]] = exempt_text;
}

void
gate_said_message(
    const struct snapshot *s, const char *excuse, struct decision *d)
{
	const struct facts *f = d->facts;

	say_lists(s, d);
	say_client(s, excuse, d);
	d->said[GATE_dnsbl] = f->dns_late ? "one was late"
			      : s->config->dnsbl.len == 0 && f->dns_count == 0
				  ? no_zones
				  : NULL;
	if (s->rules->count == 0)
		d->said[GATE_rules] = "off: there are no rules";
	if (s->dicts == NULL || s->dicts->len == 0)
		d->said[GATE_dictionary] = "off: there are no dictionaries";
}
