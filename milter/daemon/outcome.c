/*
 * What follows from a verdict: headers of accepted mail, one log line, evidence
 * for the reputation store, and the decision record under its reference.
 *
 * Everything handed to the store is copied and written later by its own thread;
 * nothing here waits.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/ref.h"
#include "daemon/metrics.h"
#include "daemon/session_internal.h"
#include "policy/trace.h"

#include <math.h>

#define LEVEL_STARS_MAX 50
#define STATUS_RULES_MAX ((size_t)800) /* bytes of rule names in a header */
#define LOG_RULES_MAX ((size_t)400)

void
outcome_new_reference(struct session *s)
{
	ref_new(s->facts.ref);
}

/* ---- headers ------------------------------------------------------------ */

static bool
shown(const struct rule *r)
{
	return !r->hidden && (r->flags & TFLAG_NOLOG) == 0;
}

/* SIZE_MAX: nothing did, or nothing was tried. */
static size_t
first_hit(const struct hits *h)
{
	return h != NULL && h->value != NULL ? hits_next(h, 0) : SIZE_MAX;
}

/* Names of the rules that hit, comma-separated, cut at `max` bytes. */
static void
add_rule_names(const struct snapshot *snapshot, const struct hits *h,
    size_t max, struct buf *out)
{
	size_t start = out->len;

	for (size_t i = first_hit(h); i != SIZE_MAX; i = hits_next(h, i + 1)) {
		const struct rule *r = &snapshot->rules->rules[i];

		if (!shown(r))
			continue;
		if (out->len - start + r->name.len > max) {
			buf_add(out, STR(",..."));
			return;
		}
		if (out->len > start)
			buf_add_char(out, ',');
		buf_add(out, r->name);
	}
	if (out->len == start)
		buf_add(out, STR("none"));
}

static void
delete_forged(
    struct session *s, struct session_header_edit *edit, size_t *count)
{
	static const char *const own[] = {
#define OWN_HEADER(id, text) text,
#include "daemon/own_header.def"
	};

	/* Highest index first: each deletion renumbers what follows it. */
	for (int h = 0; h < OWN_HEADER_COUNT; h++)
		for (int i = s->own_header[h]; i > 0; i--)
			edit[(*count)++] =
			    (struct session_header_edit){own[h], STR_NONE, i};
}

static size_t
forged_count(const struct session *s)
{
	size_t n = 0;

	for (int h = 0; h < OWN_HEADER_COUNT; h++)
		n += (size_t)s->own_header[h];
	return n;
}

static bool
is_spam(const struct session *s, const struct verdict *v)
{
	return v->action == VERDICT_TAG ||
	       v->score >= s->snapshot->config->tag_score;
}

static struct str
score_text(struct session *s, double score)
{
	struct buf b;

	buf_init_arena(&b, &s->message);
	buf_add_fixed(&b, score, 3);
	return str_from(buf_cstr(&b));
}

static struct str
postern_text(struct session *s, double score)
{
	struct buf b;

	buf_init_arena(&b, &s->message);
	buf_add(&b, STR("score="));
	buf_add_fixed(&b, score, 1);
	buf_add(&b, STR(", ref="));
	buf_add_cstr(&b, s->facts.ref);
	return str_from(buf_cstr(&b));
}

/* As SpamAssassin writes it, so that users' filters go on working. */
static struct str
status_text(struct session *s, const struct verdict *v, const struct hits *hits)
{
	struct buf b;

	buf_init_arena(&b, &s->message);
	buf_add_cstr(&b, is_spam(s, v) ? "Yes, score=" : "No, score=");
	buf_add_fixed(&b, v->score, 1);
	buf_add(&b, STR(" required="));
	buf_add_fixed(&b, s->snapshot->config->required_score, 1);
	buf_add(&b, STR("\n\ttests="));
	add_rule_names(s->snapshot, hits, STATUS_RULES_MAX, &b);
	return str_from(buf_cstr(&b));
}

void
outcome_headers(struct session *s, const struct verdict *v,
    const struct hits *hits, struct session_outcome *out)
{
	struct arena *a = &s->message;
	double stars = v->score > 0 ? floor(v->score) : 0;
	struct session_header_edit *edit;
	struct str level;
	size_t n = 0;

	if (v->action != VERDICT_ACCEPT && v->action != VERDICT_TAG &&
	    v->action != VERDICT_QUARANTINE)
		return;
	edit =
	    arena_array(a, forged_count(s) + OWN_HEADER_COUNT, sizeof(*edit));
	if (edit == NULL)
		return;
	level = arena_printf(a, "%.*s", (int)fmin(stars, LEVEL_STARS_MAX),
	    "**************************************************");
	delete_forged(s, edit, &n);
	/* Inserted on top one by one, so the last one here stands first. */
	if (is_spam(s, v)) {
		edit[n++] = (struct session_header_edit){
		    "X-Spam-Level", level.len ? level : STR("-"), 0};
		edit[n++] =
		    (struct session_header_edit){"X-Spam-Flag", STR("YES"), 0};
	}
	edit[n++] = (struct session_header_edit){
	    "X-Spam-Score", score_text(s, v->score), 0};
	edit[n++] = (struct session_header_edit){
	    "X-Spam-Status", status_text(s, v, hits), 0};
	edit[n++] = (struct session_header_edit){
	    "X-Postern", postern_text(s, v->score), 0};
	out->edits = edit;
	out->edit_count = n;
	if (v->decisive != NULL)
		out->quarantine_reason = arena_printf(a, "%.*s [ref %s]",
		    STR_ARG(v->decisive->name), s->facts.ref);
}

/* ---- counters ----------------------------------------------------------- */

static void count_rejection(enum verdict_class class)
{
	switch (class) {
	case CLASS_RULES:
		metric_count(rejected_rules);
		break;
	case CLASS_DICTIONARY:
		metric_count(rejected_dictionary);
		break;
	case CLASS_DNSBL:
		metric_count(rejected_dnsbl);
		break;
	default:
		metric_count(rejected_spam);
		break;
	}
}

static void
count(const struct session *s, const struct verdict *v)
{
	metric_count(messages);
	if (s->facts.truncated)
		metric_count(truncated);
	for (size_t i = 0; i < v->reason_count; i++) {
		if (v->reasons[i].shadow) {
			metric_count(shadowed);
			break;
		}
	}
	switch (v->action) {
	case VERDICT_ACCEPT:
		metric_count(accepted);
		break;
	case VERDICT_TAG:
		metric_count(tagged);
		break;
	case VERDICT_QUARANTINE:
		metric_count(quarantined);
		break;
	case VERDICT_TEMPFAIL:
		metric_count(tempfailed);
		break;
	case VERDICT_REJECT:
		count_rejection(v->class);
		break;
	case VERDICT_DISCARD:
		metric_count(discarded);
		break;
	}
}

/* ---- evidence ----------------------------------------------------------- */

static enum rep_class
evidence_class(const struct verdict *v)
{
	static const enum rep_class of[CLASS_COUNT] = {
	    [CLASS_NONE] = REP_HAM,
	    [CLASS_CLIENT] = REP_POLICY,
	    [CLASS_CLIENT_DNSBL] = REP_DNSBL,
	    [CLASS_RELAY] = REP_RELAY,
	    [CLASS_RECIPIENT] = REP_POLICY,
	    [CLASS_RULES] = REP_RULES,
	    [CLASS_DICTIONARY] = REP_DICT,
	    [CLASS_RELAY_DOMAIN] = REP_RELAY,
	    [CLASS_SPAM] = REP_SPAM,
	    [CLASS_REPUTATION] = REP_SELF,
	    [CLASS_DNSBL] = REP_DNSBL,
	    [CLASS_SENDER] = REP_POLICY,
	};

	return of[v->class];
}

static void
copy_text(char *to, size_t size, struct str from)
{
	size_t n = from.len < size ? from.len : size - 1;

	if (n > 0)
		memcpy(to, from.p, n);
	to[n] = '\0';
}

/* What an admin looks for first: the rule that weighed most. */
static struct str
heaviest_rule(const struct snapshot *snapshot, const struct hits *h)
{
	unsigned set = (unsigned)snapshot->config->score_set;
	const struct rule *best = NULL;

	for (size_t i = first_hit(h); i != SIZE_MAX; i = hits_next(h, i + 1)) {
		const struct rule *r = &snapshot->rules->rules[i];

		if (shown(r) &&
		    (best == NULL || r->score[set] > best->score[set]))
			best = r;
	}
	return best ? best->name : STR_NONE;
}

static void
report_evidence(
    const struct session *s, const struct verdict *v, const struct hits *hits)
{
	const struct envelope *e = &s->facts.envelope;
	struct rep_event event = {.client = e->client,
	    .at_ms = s->facts.now_ms,
	    .class = evidence_class(v),
	    .score = v->score,
	    .rejected = v->action == VERDICT_REJECT};
	size_t max = sizeof(event.rcpt_hash) / sizeof(event.rcpt_hash[0]);

	if (!gather_reputation_wanted(s))
		return;
	if (v->class == CLASS_SPAM)
		copy_text(event.rule, sizeof(event.rule),
		    heaviest_rule(s->snapshot, hits));
	else if (v->decisive != NULL)
		copy_text(event.rule, sizeof(event.rule), v->decisive->name);
	copy_text(event.ref, sizeof(event.ref), str_from(s->facts.ref));
	for (size_t i = 0; i < e->rcpt_count && i < max; i++)
		event.rcpt_hash[event.rcpt_count++] =
		    rep_store_hash_rcpt(s->server->store, e->rcpts[i]);
	rep_store_report(s->server->store, &event);
}

/* Recipients the MTA does not know: evidence of harvesting. */
static void
report_unknown_recipients(const struct session *s)
{
	struct rep_event event = {.client = s->facts.envelope.client,
	    .at_ms = s->facts.now_ms,
	    .class = REP_UNKNOWN_RCPT,
	    .tried = (uint32_t)s->rcpt_tried,
	    .unknown = (uint32_t)s->rcpt_unknown};

	if (s->rcpt_unknown == 0 || !gather_reputation_wanted(s))
		return;
	copy_text(event.ref, sizeof(event.ref), str_from(s->facts.ref));
	rep_store_report(s->server->store, &event);
}

/* The MTA's own relay control is as good as ours. */
static void
report_relaying(const struct session *s)
{
	struct rep_event event = {.client = s->facts.envelope.client,
	    .at_ms = s->facts.now_ms,
	    .class = REP_RELAY,
	    .rejected = true};

	if (s->rcpt_not_relayed == 0 || !gather_reputation_wanted(s))
		return;
	copy_text(event.rule, sizeof(event.rule), STR("MTA relay control"));
	copy_text(event.ref, sizeof(event.ref), str_from(s->facts.ref));
	rep_store_report(s->server->store, &event);
}

/* Mail to a trap, also when it was for others as well. */
static void
report_trap(const struct session *s)
{
	struct rep_event event = {.client = s->facts.envelope.client,
	    .at_ms = s->facts.now_ms,
	    .class = REP_TRAP,
	    .rejected = true,
	    .rcpt_count = 1};

	if (!gather_reputation_wanted(s))
		return;
	copy_text(event.rule, sizeof(event.rule), STR("trap"));
	copy_text(event.ref, sizeof(event.ref), str_from(s->facts.ref));
	event.rcpt_hash[0] = rep_store_hash_rcpt(s->server->store, s->trap);
	rep_store_report(s->server->store, &event);
}

/* ---- record and log line ------------------------------------------------ */

static void
write_refusals(struct json_writer *w, const struct session *s)
{
	json_write_array(w, "refused_recipients");
	for (const struct refusal *r = s->refusals; r != NULL; r = r->next) {
		json_write_object(w, NULL);
		json_write_str(w, "recipient", r->rcpt);
		json_write_str(
		    w, "class", str_from(verdict_class_text(r->verdict.class)));
		json_write_str(w, "reply", r->verdict.reply);
		json_write_end_object(w);
	}
	json_write_end_array(w);
}

/* Most records fit at once. */
#define RECORD_GUESS ((size_t)4096)

static void
keep_record(const struct session *s, const struct verdict *v, struct message *m,
    const struct hits *hits)
{
	struct trace_input in = {s->snapshot, &s->facts, m, v, hits};
	struct buf text;
	struct json_writer w = {.out = &text};

	if (s->server->store == NULL)
		return;
	buf_init(&text);
	buf_reserve(&text, RECORD_GUESS);
	json_write_object(&w, NULL);
	trace_write(&in, &w);
	if (s->refusals != NULL)
		write_refusals(&w, s);
	json_write_end_object(&w);
	rep_store_record(
	    s->server->store, str_from(s->facts.ref), buf_str(&text));
	buf_fini(&text);
}

/* Most lines fit at once. */
#define LINE_GUESS ((size_t)1024)

static void
log_number(struct buf *line, const char *key, size_t n)
{
	buf_add_char(line, ' ');
	buf_add_cstr(line, key);
	buf_add_char(line, '=');
	buf_add_int(line, (int64_t)n);
}

static void
log_transaction(
    const struct session *s, const struct verdict *v, const struct hits *hits)
{
	const struct envelope *e = &s->facts.envelope;
	char client[IP_TEXT_MAX] = "local";
	struct buf line, names;

	if (e->has_client)
		ip_format(&e->client, client);
	buf_init(&line);
	buf_init(&names);
	buf_reserve(&line, LINE_GUESS);
	buf_add(&line, STR("message"));
	log_field(
	    &line, "queue", e->queue_id.len ? e->queue_id : STR("NOQUEUE"));
	log_field(&line, "ref", str_from(s->facts.ref));
	log_field(&line, "client", str_from(client));
	log_field(&line, "name",
	    e->client_name.len ? e->client_name : STR("unknown"));
	log_field(&line, "helo", e->helo);
	log_field(&line, "from", e->sender);
	log_field(&line, "to", e->rcpt_count ? e->rcpts[0] : STR_NONE);
	log_number(&line, "rcpts", e->rcpt_count);
	log_number(&line, "refused", s->refusal_count);
	log_field(&line, "verdict", str_from(verdict_action_text(v->action)));
	log_field(&line, "class", str_from(verdict_class_text(v->class)));
	buf_add(&line, STR(" score="));
	buf_add_fixed(&line, v->score, 1);
	buf_add_char(&line, '/');
	buf_add_fixed(&line, v->required, 1);
	if (v->decisive != NULL)
		log_field(&line, "by", v->decisive->name);
	add_rule_names(s->snapshot, hits, LOG_RULES_MAX, &names);
	log_field(&line, "rules", buf_str(&names));
	log_number(&line, "bytes", s->header_bytes + s->body_bytes);
	if (s->facts.truncated)
		log_field(&line, "truncated", STR("yes"));
	buf_add(&line, STR(" ms="));
	buf_add_fixed(&line, (double)(clock_mono_us() - s->mail_us) / 1000, 1);
	log_text(LOG_LEVEL_INFO, buf_str(&line));
	buf_fini(&names);
	buf_fini(&line);
}

/* The refusal that stands for a transaction which never got to its body. */
static const struct verdict *
first_refusal(const struct session *s)
{
	const struct refusal *r = s->refusals;

	while (r != NULL && r->next != NULL)
		r = r->next;
	return r ? &r->verdict : NULL;
}

void
outcome_conclude(struct session *s, const struct verdict *v, struct message *m,
    const struct hits *hits)
{
	bool judged = v != NULL;

	if (!judged)
		v = first_refusal(s);
	report_unknown_recipients(s);
	report_relaying(s);
	if (v == NULL)
		return;
	if (judged)
		count(s, v);
	if (s->trap.len > 0)
		report_trap(s);
	if (judged || s->trap.len == 0)
		report_evidence(s, v, hits);
	keep_record(s, v, m, hits);
	log_transaction(s, v, hits);
}
