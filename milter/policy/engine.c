#include "policy/engine.h"

#include "match/stages.h"
#include "policy/decision.h"
#include "policy/engine_hits.h"
#include "policy/gate.h"
#include "policy/gate_said.h"
#include "policy/guard.h"
#include "policy/score.h"

/* Most bytes of one reason's detail: it is for the record, not a copy. */
#define DETAIL_MAX 200

/* One judgement under way. */
struct judge {
	const struct snapshot *snapshot;
	const struct facts *facts;
	struct decision decision;
	bool ours; /* trusted, authenticated or local client */
};

static void
judge_init(struct judge *j, const struct snapshot *s, const struct facts *f,
    struct arena *a)
{
	*j = (struct judge){.snapshot = s, .facts = f};
	decision_init(&j->decision, s->config, f, a);
	j->ours = guard_is_ours(s->guard, f);
}

static void
add(struct judge *j, const struct verdict_reason *r)
{
	decision_add(&j->decision, r, STR_NONE);
}

/* ---- the client's standing ---------------------------------------------- */

/* A DNS allow list vouches for the client. */
static bool
vouched(const struct facts *f)
{
	for (size_t i = 0; i < f->dns_count; i++)
		if (f->dns[i].allow && f->dns[i].about_client &&
		    !f->dns[i].shadow)
			return true;
	return false;
}

/* Why the client is not judged by its address; NULL: it is. */
static const char *
excuse(const struct judge *j)
{
	const struct facts *f = j->facts;

	if (j->ours)
		return "not asked: the client is one of ours";
	if (!f->envelope.has_client)
		return "not asked: no client address";
	if (f->rep.known && f->rep.state == REP_ALLOWED)
		return "not asked: an admin allows the client";
	return vouched(f) ? "not asked: a DNS list vouches for the client"
			  : NULL;
}

static bool
has_standing(const struct judge *j)
{
	return excuse(j) == NULL;
}

static enum verdict_action
listed_action(const struct config *c)
{
	return c->listed_action == LISTED_TEMPFAIL ? VERDICT_TEMPFAIL
						   : VERDICT_REJECT;
}

/* A listing by our own reputation, or an admin's block. `past`: it has had its
 * say at RCPT and is only recorded. */
static void
add_listing(struct judge *j, bool past)
{
	const struct rep_view *rep = &j->facts->rep;
	const struct config *c = j->snapshot->config;
	struct verdict_reason r = {.gate = GATE_reputation,
	    .class = CLASS_REPUTATION,
	    .action = listed_action(c),
	    .shadow = past || c->reputation_shadow ||
		      c->listed_action == LISTED_SHADOW,
	    .name = str_from(rep_state_text(rep->state))};

	if (!rep->known ||
	    (rep->state != REP_BLOCKED && rep->state != REP_LISTED))
		return;
	if (rep->state == REP_BLOCKED) {
		r.class = CLASS_CLIENT;
		r.action = VERDICT_REJECT;
		r.shadow = past;
	}
	r.detail = arena_printf(j->decision.arena, "%s%s%s", rep->why,
	    rep->ref[0] ? " ref " : "", rep->ref);
	add(j, &r);
}

/* ---- DNS lists ---------------------------------------------------------- */

static void
add_dns_hit(struct judge *j, const struct dns_fact *d)
{
	char answer[IP_TEXT_MAX];
	struct verdict_reason r = {
	    .gate = d->about_client ? GATE_client_dnsbl : GATE_dnsbl,
	    .class = d->about_client ? CLASS_CLIENT_DNSBL : CLASS_DNSBL,
	    .action = d->action,
	    .shadow = d->shadow,
	    .name = d->zone};

	if (d->allow || d->action == VERDICT_ACCEPT)
		return;
	r.detail = arena_printf(j->decision.arena, "%.*s is %s",
	    STR_ARG(d->subject), ip_format(&d->answer, answer));
	decision_add(&j->decision, &r, d->text);
}

/* At RCPT: lists of the client that refuse. */
static void
add_client_dns(struct judge *j)
{
	const struct facts *f = j->facts;

	for (size_t i = 0; i < f->dns_count; i++)
		if (f->dns[i].about_client && verdict_refuses(f->dns[i].action))
			add_dns_hit(j, &f->dns[i]);
}

/*
 * At end of message: lists of what it holds, and those of the client; of these,
 * what refuses has had its say at RCPT and is only recorded.
 */
static void
add_message_dns(struct judge *j)
{
	const struct facts *f = j->facts;
	bool standing = has_standing(j);

	for (size_t i = 0; i < f->dns_count; i++) {
		struct dns_fact d = f->dns[i];

		if (d.about_client && !standing)
			continue;
		d.shadow |= d.about_client && verdict_refuses(d.action);
		add_dns_hit(j, &d);
	}
}

/* ---- at RCPT ------------------------------------------------------------ */

/*
 * An allowed client may relay. An allowed sender may not: anyone can write that
 * address into MAIL FROM, and the host would be an open relay.
 */
static void
add_relay(struct judge *j, const struct gate *gate, struct str rcpt)
{
	bool allowed = j->decision.allowed;
	enum guard_relay relay =
	    guard_relay(j->snapshot->guard, j->facts, rcpt);
	struct verdict_reason r = {.gate = GATE_relay,
	    .class = CLASS_RELAY,
	    .action = VERDICT_REJECT,
	    .name = STR("relay guard"),
	    .detail = str_behind_last(rcpt, '@')};

	if (relay == GUARD_RELAY_ONE_DOMAIN)
		r.class = CLASS_RELAY_DOMAIN;
	if (relay == GUARD_RELAY_OK)
		return;
	j->decision.allowed = gate->client_allowed;
	add(j, &r);
	j->decision.allowed = allowed;
}

static void
add_trap(struct judge *j, struct str rcpt)
{
	struct verdict_reason r = {.gate = GATE_trap,
	    .class = CLASS_RECIPIENT,
	    .action = VERDICT_REJECT,
	    .name = STR("trap")};

	if (guard_is_trap(j->snapshot->guard, rcpt))
		add(j, &r);
}

static void
add_watch(struct judge *j)
{
	struct verdict_reason r = {.gate = GATE_watch,
	    .class = CLASS_REPUTATION,
	    .action = VERDICT_TEMPFAIL,
	    .shadow = j->snapshot->config->reputation_shadow,
	    .name = STR("watch"),
	    .text = STR("Client is sending suspicious mail; try again later")};

	if (j->snapshot->config->watch_action == WATCH_TEMPFAIL &&
	    j->facts->rep.known && j->facts->rep.state == REP_WATCH)
		add(j, &r);
}

/* Is this client one that `choice` is for? Both settings have its values. */
static bool
is_braked(const struct judge *j, int choice)
{
	const struct rep_view *rep = &j->facts->rep;

	if (choice == BRAKED_OFF || !rep->known ||
	    j->snapshot->config->reputation_shadow)
		return false;
	return rep->state == REP_WATCH || rep->state == REP_PROBATION ||
	       (choice == BRAKED_UNKNOWN && rep->state == REP_NONE);
}

/* What the store said of this recipient. `past`: it was let through. */
static void
add_brake(struct judge *j, bool past)
{
	const struct config *c = j->snapshot->config;
	const struct brake_view *b = &j->facts->brake;
	struct verdict_reason r = {.gate = GATE_brake,
	    .class = CLASS_REPUTATION,
	    .action = VERDICT_TEMPFAIL,
	    .shadow = past,
	    .name = str_from(brake_word_text(b->word)),
	    .text = str_from(b->word == BRAKE_GREYLIST ? c->reply_greylist
						       : c->reply_throttle)};

	if (b->word == BRAKE_NONE)
		return;
	r.detail = arena_printf(j->decision.arena, "%s, %.1f s to wait",
	    rep_state_text(j->facts->rep.state), (double)b->wait_ms / 1000);
	add(j, &r);
}

/* The store is only asked about recipients nothing else refuses. */
static void
wish_brakes(const struct judge *j, struct verdict *out)
{
	const struct config *c = j->snapshot->config;
	bool open = !j->decision.allowed && out->decisive == NULL;

	out->wants_greylist = open && is_braked(j, c->greylist);
	out->wants_throttle = open && is_braked(j, c->throttle);
}

static void
add_dns_late(struct judge *j)
{
	struct verdict_reason r = {.gate = GATE_client_dnsbl,
	    .class = CLASS_CLIENT_DNSBL,
	    .action = VERDICT_TEMPFAIL,
	    .name = STR("dns_late"),
	    .text = STR("451 4.4.3 A directory did not answer; try again "
			"later")};

	if (j->facts->dns_late &&
	    j->snapshot->config->dns_late_action == DNS_LATE_TEMPFAIL)
		add(j, &r);
}

/* Recipients with other limits than the first go into a message of their own.
 */
static void
add_conflict(struct judge *j, const struct gate *gate, struct str rcpt)
{
	const struct envelope *e = &j->facts->envelope;
	const struct guard *g = j->snapshot->guard;
	bool allowed = j->decision.allowed;
	struct verdict_reason r = {.gate = GATE_conflict,
	    .class = CLASS_RECIPIENT,
	    .action = VERDICT_TEMPFAIL,
	    .name = STR("recipient_conflict"),
	    .text = STR("452 4.5.3 <{rcpt}>: has other limits than the first "
			"recipient; send separately")};

	if (j->snapshot->config->recipient_conflict != CONFLICT_SPLIT ||
	    e->rcpt_count == 0)
		return;
	if (guard_threshold(g, rcpt) != guard_threshold(g, e->rcpts[0]) ||
	    !gate_recipients_agree(gate, rcpt, e->rcpts[0])) {
		/* Who alone is allowed gets a message of his own. */
		j->decision.allowed = gate->all_allowed;
		add(j, &r);
		j->decision.allowed = allowed;
	}
}

void
engine_judge_recipient(const struct snapshot *s, const struct facts *f,
    struct str rcpt, struct arena *a, struct verdict *out)
{
	struct judge j;
	struct gate gate;
	bool exempt;

	judge_init(&j, s, f, a);
	j.decision.rcpt = rcpt;
	*out = (struct verdict){.required = guard_threshold(s->guard, rcpt)};
	exempt = guard_is_role(s->guard, rcpt);
	gate = (struct gate){.snapshot = s,
	    .facts = f,
	    .decision = &j.decision,
	    .exempt = exempt};
	gate_recipient(&gate, rcpt);
	if (!exempt)
		add_trap(&j, rcpt);
	add_relay(&j, &gate, rcpt);
	/* A listed client's sample is read to the end (doc/reputation.md). */
	if (!exempt && has_standing(&j)) {
		if (!f->rep.sample)
			add_listing(&j, false);
		add_client_dns(&j);
		add_dns_late(&j);
		add_watch(&j);
	}
	add_conflict(&j, &gate, rcpt);
	if (!exempt && has_standing(&j))
		add_brake(&j, false);
	gate_said_recipient(s, exempt, excuse(&j), &j.decision);
	decision_draw(&j.decision, out);
	if (!exempt && has_standing(&j))
		wish_brakes(&j, out);
}

/* ---- at end of message -------------------------------------------------- */

static enum verdict_action
rule_verdict(enum rule_action a)
{
	static const enum verdict_action of[] = {
	    [RULE_ACTION_NONE] = VERDICT_ACCEPT,
	    [RULE_ACTION_REJECT] = VERDICT_REJECT,
	    [RULE_ACTION_TEMPFAIL] = VERDICT_TEMPFAIL,
	    [RULE_ACTION_QUARANTINE] = VERDICT_QUARANTINE,
	    [RULE_ACTION_TAG] = VERDICT_TAG,
	    [RULE_ACTION_DISCARD] = VERDICT_DISCARD,
	    [RULE_ACTION_SHADOW] = VERDICT_REJECT};

	return of[a];
}

static void
add_rule(struct judge *j, const struct rule *rule, struct str text)
{
	struct arena *a = j->decision.arena;
	struct verdict_reason r = {.gate = GATE_rules,
	    .class = CLASS_RULES,
	    .action = rule_verdict(rule->action),
	    .shadow = rule->action == RULE_ACTION_SHADOW,
	    .name = rule->name,
	    .text = rule->action_text,
	    .where = decision_where(a, rule->pos),
	    .detail = arena_copy(a, str_head(text, DETAIL_MAX))};

	add(j, &r);
}

static void
add_rules(struct judge *j, const struct hits *hits)
{
	const struct ruleset *rs = j->snapshot->rules;

	for (size_t i = 0; i < rs->acting_count; i++) {
		uint32_t rule = rs->acting[i];

		if (hits->value[rule] != 0)
			add_rule(
			    j, &rs->rules[rule], hits_span(hits, rule).text);
	}
}

static void
add_dicts(struct judge *j, const struct hits *hits)
{
	struct arena *a = j->decision.arena;

	for (size_t i = 0; i < hits->dict_count; i++) {
		const struct dict_score *d = &hits->dicts[i];
		struct verdict_reason r = {.gate = GATE_dictionary,
		    .class = CLASS_DICTIONARY,
		    .action = VERDICT_REJECT,
		    .shadow = d->dict->shadow,
		    .name = d->dict->name};

		if (!d->over)
			continue;
		r.where = decision_where(a, d->dict->pos);
		r.detail = arena_printf(a, "%g points of %g, %u terms",
		    d->points, d->dict->threshold, d->distinct);
		decision_add(&j->decision, &r, d->dict->title);
	}
}

/* Points the client's standing moves the reject threshold by. */
static double
standing(const struct judge *j)
{
	const struct config *c = j->snapshot->config;
	const struct rep_view *rep = &j->facts->rep;

	if (!rep->known || j->ours || c->reputation_shadow)
		return 0;
	if (rep->state == REP_GOOD)
		return c->good_score;
	if (rep->state == REP_WATCH || rep->state == REP_PROBATION)
		return -c->watch_score;
	return 0;
}

/*
 * By the score. What a client on probation would have been allowed without its
 * past is deferred, not refused: the ground is not sure.
 */
static void
add_score(struct judge *j, double general, const struct verdict *v)
{
	const struct config *c = j->snapshot->config;
	struct verdict_reason r = {.gate = GATE_score,
	    .class = CLASS_SPAM,
	    .action = VERDICT_REJECT,
	    .name = STR("score")};

	if (v->score < v->required) {
		r.action = VERDICT_TAG;
		if (v->score < c->tag_score)
			return;
	} else if (v->score < general && !c->reputation_shadow &&
		   j->facts->rep.state == REP_PROBATION) {
		r.action = VERDICT_TEMPFAIL;
	}
	r.detail = arena_printf(
	    j->decision.arena, "%.3f of %g", v->score, v->required);
	add(j, &r);
}

static void
judge_hits(struct judge *j, struct message *m, const struct hits *hits,
    struct verdict *out)
{
	const struct snapshot *s = j->snapshot;
	struct gate gate = {
	    .snapshot = s, .facts = j->facts, .decision = &j->decision};
	struct score_input in = {.rules = s->rules,
	    .score_set = (unsigned)s->config->score_set,
	    .hits = hits,
	    .facts = j->facts};
	double general = guard_message_threshold(s->guard, &j->facts->envelope);

	gate_message(&gate, m);
	in.access = gate.score;
	score_sum(&in, j->decision.arena, out);
	out->required = general + standing(j);
	out->spam = out->score >= s->config->required_score;
	if (has_standing(j))
		add_listing(j, !j->facts->rep.sample);
	add_brake(j, true);
	add_message_dns(j);
	add_rules(j, hits);
	add_dicts(j, hits);
	add_score(j, general, out);
	gate_said_message(s, excuse(j), &j->decision);
	decision_draw(&j->decision, out);
}

void
engine_judge_message(const struct snapshot *s, struct scratch *scratch,
    const struct facts *f, struct message *m, struct arena *a,
    struct verdict *out, struct hits *hits_out)
{
	struct hits local, *hits = hits_out ? hits_out : &local;
	size_t cap = a->cap;
	struct judge j;

	*out = (struct verdict){0};
	*hits = (struct hits){0};
	judge_init(&j, s, f, a);
	if (!engine_find_hits(s, f, scratch, m, hits)) {
		engine_judge_failed(s->config, f, a, out);
		return;
	}
	/* The verdict is always affordable, whatever the message took. */
	if (cap > 0)
		a->cap = cap + ENGINE_RESERVE;
	judge_hits(&j, m, hits, out);
	a->cap = cap;
	stages_lap(scratch_stages(scratch), STAGE_verdict);
}

/* ---- our own failure ---------------------------------------------------- */

void
engine_judge_failed(const struct config *c, const struct facts *f,
    struct arena *a, struct verdict *out)
{
	struct reply_input in = {.class = CLASS_NONE, .facts = f};
	size_t cap = a->cap;

	*out = (struct verdict){0};
	if (c->default_action == DEFAULT_ACCEPT)
		return;
	out->action = c->default_action == DEFAULT_REJECT ? VERDICT_REJECT
							  : VERDICT_TEMPFAIL;
	in.action = out->action;
	if (cap > 0)
		a->cap = cap + ENGINE_RESERVE;
	out->reply = reply_format(c, &in, a);
	a->cap = cap;
	if (out->reply.len == 0)
		out->reply =
		    out->action == VERDICT_REJECT
			? STR("554 5.3.0 Message could not be checked")
			: STR("451 4.3.0 Message could not be checked");
}
