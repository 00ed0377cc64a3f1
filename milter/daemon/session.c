/*
 * Events of one SMTP session, in the order the state table allows. Each event
 * is one short function; facts are gathered in gather.c, consequences drawn in
 * outcome.c.
 */
#include "daemon/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/metrics.h"
#include "daemon/session_internal.h"
#include "policy/guard.h"

enum event {
	EVENT_CONNECT,
	EVENT_HELO,
	EVENT_MAIL,
	EVENT_RCPT,
	EVENT_HEADER,
	EVENT_END_OF_HEADERS,
	EVENT_BODY,
	EVENT_FINISH,
	EVENT_ABORT
};

static const struct {
	enum event event;
	enum session_state from;
	enum session_state to;
} transitions[] = {
#define TRANSITION(event, from, to) {EVENT_##event, STATE_##from, STATE_##to},
#include "daemon/session_state.def"
};

/* False: the event may not come now; the message is marked broken. */
static bool
enter(struct session *s, enum event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]);
	     i++) {
		if (transitions[i].event != event ||
		    transitions[i].from != s->state)
			continue;
		s->state = transitions[i].to;
		return true;
	}
	s->broken = true;
	metric_count(protocol_errors);
	return false;
}

struct session *
session_new(const struct server *server)
{
	struct session *s = session_take();

	if (s == NULL)
		return NULL;
	s->server = server;
	metric_count(sessions);
	return s;
}

/* Forgets the message, keeps the connection. */
static void
reset_message(struct session *s)
{
	struct envelope *e = &s->facts.envelope;

	e->has_sender = false;
	e->sender = e->queue_id = STR_NONE;
	e->rcpts = NULL;
	e->rcpt_count = 0;
	e->received_ms = 0;
	s->facts.truncated = false;
	s->facts.dns = s->client_dns;
	s->facts.dns_count = s->client_dns_count;
	s->facts.dns_late = s->client_late;
	s->facts.spf = SPF_UNKNOWN;
	s->spf_asked = s->throttle_counted = false;
	s->facts.brake = s->let_pass = (struct brake_view){0};
	s->rcpts = NULL;
	s->rcpt_size = s->rcpt_tried = s->rcpt_refused_by_mta = 0;
	s->rcpt_unknown = s->rcpt_not_relayed = 0;
	s->refusals = NULL;
	s->refusal_count = 0;
	s->trap = STR_NONE;
	s->header_bytes = s->header_count = s->body_bytes = 0;
	s->headers_ended = s->broken = false;
	memset(s->own_header, 0, sizeof(s->own_header));
	workspace_give(&s->work);
	session_empty(s);
	snapshot_unref(&s->snapshot);
}

/* Ends a transaction that did not reach its final judgement. */
static void
end_transaction(struct session *s)
{
	if (s->snapshot == NULL)
		return;
	if (s->refusals != NULL || s->rcpt_refused_by_mta > 0)
		outcome_conclude(s, NULL, NULL, NULL);
	else
		metric_count(aborted);
	reset_message(s);
}

void
session_free(struct session **sp)
{
	struct session *s = *sp;

	if (s == NULL)
		return;
	end_transaction(s);
	gather_cancel(s);
	workspace_give(&s->work);
	snapshot_unref(&s->snapshot);
	*sp = NULL;
	session_give(s);
}

/* "[192.0.2.1]" and "unknown" are what MTAs say when there is no name. */
static struct str
verified_name(struct str name)
{
	if (name.len == 0 || name.p[0] == '[' || str_is_nocase(name, "unknown"))
		return STR_NONE;
	return name;
}

void
session_connect(struct session *s, const struct session_peer *peer)
{
	struct envelope *e = &s->facts.envelope;
	struct str resolve = peer->resolve;
	bool unverified;

	if (!enter(s, EVENT_CONNECT))
		return;
	unverified = str_is(resolve, "FAIL") || str_is(resolve, "TEMP") ||
		     str_is(resolve, "FORGED");
	e->client_name =
	    unverified ? STR_NONE
		       : arena_copy(&s->connection, verified_name(peer->name));
	e->client_ptr = arena_copy(&s->connection, verified_name(peer->ptr));
	e->mta_name = arena_copy(&s->connection, peer->mta_name);
	e->daemon_name = arena_copy(&s->connection, peer->daemon_name);
	s->facts.fcrdns = e->client_name.len > 0;
	if (peer->client == NULL) {
		e->local = true;
		return;
	}
	e->has_client = true;
	e->client = *peer->client;
	e->client_port = peer->port;
	/* Postfix shows sendmail(1) mail as 127.0.0.1 port 0. */
	e->local = peer->port == 0 && ip_is_loopback(peer->client);
	gather_start(s);
}

void
session_helo(struct session *s, struct str helo)
{
	if (s->state >= STATE_MAIL)
		end_transaction(s);
	if (enter(s, EVENT_HELO))
		s->facts.envelope.helo = arena_copy(&s->connection, helo);
}

/* Some local submissions come without the angle brackets. */
static struct str
without_brackets(struct str address)
{
	if (address.len >= 2 && address.p[0] == '<' &&
	    address.p[address.len - 1] == '>')
		return str_make(address.p + 1, address.len - 2);
	return address;
}

void
session_mail(
    struct session *s, struct str sender, const struct session_macros *macros)
{
	struct envelope *e = &s->facts.envelope;

	end_transaction(s);
	if (!enter(s, EVENT_MAIL)) {
		/* A message that was cut off: start again from here. */
		s->state = STATE_MAIL;
	}
	reset_message(s);
	s->snapshot = live_take(s->server->live);
	s->message.cap = s->snapshot->config->max_message_memory;
	s->store_left_us = s->snapshot->config->redis_budget * 1000;
	s->mail_us = clock_mono_us();
	s->facts.now_ms = e->received_ms = clock_wall_ms();
	e->has_sender = true;
	e->sender = arena_copy(&s->message, without_brackets(sender));
	e->auth_user = arena_copy(&s->message, macros->auth_user);
	e->tls = macros->tls_version.len > 0;
	e->tls_version = arena_copy(&s->message, macros->tls_version);
	session_queue_id(s, macros->queue_id);
	outcome_new_reference(s);
	gather_start(s);
}

void
session_queue_id(struct session *s, struct str queue_id)
{
	struct envelope *e = &s->facts.envelope;

	if (queue_id.len > 0 && !str_eq(queue_id, e->queue_id))
		e->queue_id = arena_copy(&s->message, queue_id);
}

/* Adds an accepted recipient; false when the arena is full. */
static bool
keep_recipient(struct session *s, struct str rcpt)
{
	struct envelope *e = &s->facts.envelope;

	if (!ARENA_ROOM(&s->message, s->rcpts, e->rcpt_count, s->rcpt_size, 8))
		return false;
	s->rcpts[e->rcpt_count++] = rcpt;
	e->rcpts = s->rcpts;
	return true;
}

static void
keep_refusal(struct session *s, struct str rcpt, const struct verdict *v)
{
	struct refusal *r = arena_zalloc(&s->message, sizeof(*r));

	s->refusal_count++;
	if (v->action == VERDICT_TEMPFAIL)
		metric_count(tempfailed);
	else
		metric_count(rejected_early);
	if (r == NULL)
		return;
	*r = (struct refusal){s->refusals, rcpt, *v};
	s->refusals = r;
}

static const struct verdict too_many_recipients = {
    .action = VERDICT_TEMPFAIL,
    .reply = STR_INIT("452 4.5.3 Too many recipients"),
};

/* A client whose standing is not sure is asked about once more. */
static void
judge_recipient(struct session *s, struct str rcpt, struct verdict *out)
{
	s->facts.brake = (struct brake_view){0};
	gather_collect(s);
	engine_judge_recipient(s->snapshot, &s->facts, rcpt, &s->message, out);
	if (!out->wants_greylist && !out->wants_throttle)
		return;
	gather_brake(s, rcpt, out);
	if (s->facts.brake.word == BRAKE_NONE)
		return;
	metric_count(braked);
	engine_judge_recipient(s->snapshot, &s->facts, rcpt, &s->message, out);
	if (!verdict_refuses(out->action))
		s->let_pass = s->facts.brake;
}

void
session_recipient(struct session *s, struct str rcpt, struct verdict *out)
{
	*out = (struct verdict){.action = VERDICT_ACCEPT};
	if (!enter(s, EVENT_RCPT) || s->snapshot == NULL)
		return;
	rcpt = arena_copy(&s->message, without_brackets(rcpt));
	s->rcpt_tried++;
	recipients_accepted(s->server->recipients, rcpt, s->facts.now_ms);
	if (s->facts.envelope.rcpt_count >=
	    s->snapshot->config->max_recipients) {
		*out = too_many_recipients;
		return;
	}
	judge_recipient(s, rcpt, out);
	if (out->action == VERDICT_REJECT || out->action == VERDICT_TEMPFAIL) {
		if (guard_is_trap(s->snapshot->guard, rcpt))
			s->trap = rcpt;
		keep_refusal(s, rcpt, out);
		return;
	}
	if (!keep_recipient(s, rcpt))
		*out = too_many_recipients;
}

void
session_recipient_refused(
    struct session *s, struct str rcpt, enum recipient_refusal why)
{
	const struct envelope *e = &s->facts.envelope;

	if (!enter(s, EVENT_RCPT))
		return;
	s->rcpt_tried++;
	s->rcpt_refused_by_mta++;
	metric_count(rcpt_refused_by_mta);
	if (why == RECIPIENT_RELAY)
		s->rcpt_not_relayed++;
	if (why == RECIPIENT_UNKNOWN &&
	    recipients_refused(s->server->recipients, without_brackets(rcpt),
		e->has_client ? &e->client : NULL, s->facts.now_ms))
		s->rcpt_unknown++;
}

static void
count_own_header(struct session *s, struct str name)
{
	static const char *const own[] = {
#define OWN_HEADER(id, text) text,
#include "daemon/own_header.def"
	};

	if (name.len < 2 || ascii_lower(name.p[0]) != 'x' || name.p[1] != '-')
		return;
	for (int i = 0; i < OWN_HEADER_COUNT; i++)
		if (str_is_nocase(name, own[i]))
			s->own_header[i]++;
}

void
session_header(struct session *s, struct str name, struct str value, bool blank)
{
	const struct config *c;
	size_t bytes = name.len + value.len + 3;

	if (!enter(s, EVENT_HEADER) || s->snapshot == NULL)
		return;
	count_own_header(s, name);
	c = s->snapshot->config;
	if (s->header_count >= c->max_header_count ||
	    s->header_bytes + bytes > c->max_header_bytes) {
		s->facts.truncated = true;
		return;
	}
	s->header_count++;
	s->header_bytes += bytes;
	buf_add(&s->raw, name);
	buf_add_char(&s->raw, ':');
	if (blank)
		buf_add_char(&s->raw, ' ');
	buf_add(&s->raw, value);
	buf_add_char(&s->raw, '\n');
}

void
session_end_of_headers(struct session *s)
{
	if (!enter(s, EVENT_END_OF_HEADERS))
		return;
	buf_add_char(&s->raw, '\n');
	s->headers_ended = true;
}

bool
session_body(struct session *s, struct str chunk)
{
	size_t max, kept;

	if (!enter(s, EVENT_BODY) || s->snapshot == NULL)
		return true;
	max = s->snapshot->config->max_body_bytes;
	kept = s->body_bytes < max ? max - s->body_bytes : 0;
	s->body_bytes += chunk.len;
	metric_add(METRIC_body_bytes, chunk.len);
	buf_add(&s->raw, str_head(chunk, kept));
	if (chunk.len > kept)
		s->facts.truncated = true;
	return s->body_bytes <= max;
}

/* What `default_action` says: something of ours failed, not the message. */
static void
fail_by_default(struct session *s, struct verdict *out)
{
	const struct config *c =
	    s->snapshot ? s->snapshot->config : s->server->config;

	metric_count(internal_errors);
	engine_judge_failed(c, &s->facts, &s->message, out);
}

/* The message as parsed, in a workspace; NULL: no memory. */
static struct message *
parse_raw(struct session *s)
{
	size_t max = s->snapshot->config->max_message_memory;
	struct arena *a;

	s->work = workspace_take();
	if (s->work == NULL)
		return NULL;
	a = workspace_arena(s->work);
	/* What the envelope holds is the message's too. */
	a->cap = max > s->message.held ? max - s->message.held : max > 0;
	return message_new(a, &s->snapshot->mail, &s->facts.envelope,
	    s->facts.now_ms, buf_str(&s->raw));
}

/* In the caller's turn; `start` is when its processor time began. */
static void
judge_message(struct session *s, struct message *m, int64_t start,
    struct session_outcome *out)
{
	struct hits hits = {0};
	struct scratch *scratch = scratch_borrow(s->snapshot->plan);

	engine_judge_message(s->snapshot, scratch, &s->facts, m,
	    workspace_arena(s->work), &out->verdict, &hits);
	metric_add(METRIC_scan_us, (uint64_t)(clock_cpu_us() - start));
	outcome_headers(s, &out->verdict, &hits, out);
	outcome_conclude(s, &out->verdict, m, &hits);
	scratch_return(s->snapshot->plan, scratch);
}

/* The one place where a message is judged. */
static void
judge(struct session *s, struct session_outcome *out)
{
	struct message *m;
	int64_t start;

	if (!s->headers_ended)
		buf_add_char(&s->raw, '\n');
	s->raw.len = message_canonical(s->raw.p, s->raw.len);
	gather_collect(s);
	s->facts.brake = s->let_pass;
	turns_take(s->server->turns);
	start = clock_cpu_us();
	m = parse_raw(s);
	if (m != NULL) {
		gather_message(s, m);
		judge_message(s, m, start, out);
	} else {
		fail_by_default(s, &out->verdict);
		outcome_conclude(s, &out->verdict, NULL, NULL);
	}
	turns_give(s->server->turns);
}

void
session_finish(struct session *s, struct session_outcome *out)
{
	bool broken = s->broken;

	*out = (struct session_outcome){0};
	if (!enter(s, EVENT_FINISH) || broken || s->snapshot == NULL) {
		s->state = STATE_GREETED;
		fail_by_default(s, &out->verdict);
	} else {
		judge(s, out);
	}
	/* The arenas hold the outcome until it is told. */
	gather_cancel(s);
	snapshot_unref(&s->snapshot);
}

void
session_done(struct session *s)
{
	workspace_give(&s->work);
}

void
session_abort(struct session *s)
{
	end_transaction(s);
	if (!enter(s, EVENT_ABORT))
		s->state = STATE_GREETED;
	s->broken = false;
}

void
session_complain(struct session *s, const char *what)
{
	struct buf line;

	buf_init(&line);
	log_field(&line, "ref", str_from(s->facts.ref));
	log_field(&line, "problem", str_from(what));
	log_error("milter %s", buf_cstr(&line));
	buf_fini(&line);
	metric_count(protocol_errors);
}
