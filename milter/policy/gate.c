#include "policy/gate.h"

#include "policy/helo.h"

#include "rule/access.h"

/* From addresses of one message that are looked up. */
#define FROM_MAX ((size_t)20)

static enum verdict_class
class_of(enum access_kind kind)
{
	if (kind == ACCESS_RECIPIENT)
		return CLASS_RECIPIENT;
	if (kind == ACCESS_SENDER || kind == ACCESS_FROM)
		return CLASS_SENDER;
	return CLASS_CLIENT;
}

static enum verdict_gate
gate_of(const struct access_entry *e)
{
	static const enum verdict_gate of[ACCESS_KIND_COUNT] = {
	    [ACCESS_CLIENT] = GATE_client,
	    [ACCESS_HELO] = GATE_helo,
	    [ACCESS_SENDER] = GATE_sender,
	    [ACCESS_RECIPIENT] = GATE_recipient,
	    [ACCESS_FROM] = GATE_from};

	return e->action == ACCESS_ALLOW ? GATE_allow : of[e->kind];
}

static enum verdict_action
action_of(enum access_action a)
{
	static const enum verdict_action of[] = {
	    [ACCESS_ALLOW] = VERDICT_ACCEPT,
	    [ACCESS_REJECT] = VERDICT_REJECT,
	    [ACCESS_TEMPFAIL] = VERDICT_TEMPFAIL,
	    [ACCESS_TAG] = VERDICT_TAG,
	    [ACCESS_QUARANTINE] = VERDICT_QUARANTINE,
	    [ACCESS_DISCARD] = VERDICT_DISCARD,
	    [ACCESS_SCORE] = VERDICT_ACCEPT,
	    [ACCESS_DUNNO] = VERDICT_ACCEPT};

	return of[a];
}

static unsigned
guards_that_hold(const struct facts *f)
{
	return (f->spf == SPF_PASS ? ACCESS_SPF_PASS : 0u) |
	       (f->envelope.auth_user.len > 0 ? ACCESS_AUTH : 0u) |
	       (f->fcrdns ? ACCESS_FCRDNS : 0u) |
	       (helo_is_valid(&f->envelope) ? ACCESS_HELO_VALID : 0u);
}

static void
ask(const struct gate *g, enum access_kind kind, struct str key,
    struct access_answer *out)
{
	const struct access_set *lists = g->snapshot->access;
	const struct envelope *e = &g->facts->envelope;
	struct access_question q = {.kind = kind,
	    .key = key,
	    .ip = kind == ACCESS_CLIENT && e->has_client ? &e->client : NULL,
	    .now_ms = g->facts->now_ms};
	/* The null sender is an address like others: empty. */
	bool asked = key.len > 0 || q.ip != NULL ||
		     (kind == ACCESS_SENDER && e->has_sender);

	*out = (struct access_answer){0};
	if (!asked || lists == NULL || access_count(lists) == 0)
		return;
	q.facts = guards_that_hold(g->facts);
	access_find(lists, NULL, &q, g->decision->arena, out);
}

static struct str
detail_of(const struct gate *g, const struct access_entry *e)
{
	return arena_printf(g->decision->arena, "%.*s%s%.*s%s%.*s",
	    STR_ARG(e->pattern), e->author.len ? " by " : "",
	    STR_ARG(e->author), e->note.len ? ": " : "", STR_ARG(e->note));
}

/* RFC 7372: what a refusal rests on that nothing but this would have avoided.
 */
static const char *
precise_code(const struct gate *g, const struct access_entry *e)
{
	if ((e->unless & ACCESS_SPF_PASS) != 0 && g->facts->spf == SPF_FAIL)
		return "550 5.7.23";
	if ((e->unless & ACCESS_SPF_PASS) != 0 &&
	    (g->facts->spf == SPF_TEMPERROR || g->facts->spf == SPF_PERMERROR))
		return "550 5.7.24";
	if ((e->unless & ACCESS_FCRDNS) != 0)
		return "550 5.7.25";
	return NULL;
}

static void
add_entry(const struct gate *g, const struct access_entry *e, struct str text,
    bool shadow)
{
	struct verdict_reason r = {.gate = gate_of(e),
	    .class = class_of(e->kind),
	    .action = action_of(e->action),
	    .shadow = shadow,
	    .name = arena_printf(
		g->decision->arena, "access %s", access_kind_text(e->kind)),
	    .text = text,
	    .code = e->code,
	    .precise = precise_code(g, e),
	    .where = decision_where(g->decision->arena, e->pos),
	    .detail = detail_of(g, e)};

	decision_add(g->decision, &r, STR_NONE);
}

/* Entries that would have decided are kept for the record. */
static void
add_others(const struct gate *g, const struct access_answer *answer)
{
	for (size_t i = 0; i < answer->len; i++) {
		const struct access_match *m = &answer->v[i];

		if (m->standing == ACCESS_SHADOWED ||
		    m->standing == ACCESS_WOULD)
			add_entry(g, m->entry, m->text, true);
	}
}

static bool
allows(const struct access_answer *answer)
{
	return answer->decides != NULL &&
	       answer->decides->action == ACCESS_ALLOW;
}

static bool
refuses(const struct access_answer *answer)
{
	return answer->decides != NULL &&
	       verdict_refuses(action_of(answer->decides->action));
}

/* ---- at RCPT ------------------------------------------------------------ */

#define RCPT_KINDS 4

static void
ask_all(const struct gate *g, struct str rcpt,
    struct access_answer answer[static RCPT_KINDS])
{
	const struct envelope *e = &g->facts->envelope;

	ask(g, ACCESS_CLIENT, e->client_name, &answer[0]);
	ask(g, ACCESS_HELO, e->helo, &answer[1]);
	ask(g, ACCESS_SENDER, e->sender, &answer[2]);
	ask(g, ACCESS_RECIPIENT, rcpt, &answer[3]);
}

/* An allow list of any kind comes before every refusal. */
static void
add_allowing(struct gate *g, const struct access_answer *answer, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!allows(&answer[i]))
			continue;
		add_entry(g, answer[i].decides, STR_NONE, false);
		g->decision->allowed = true;
		if (answer[i].decides->kind == ACCESS_CLIENT)
			g->client_allowed = true;
		if (answer[i].decides->kind != ACCESS_RECIPIENT)
			g->all_allowed = true;
	}
}

void
gate_recipient(struct gate *g, struct str rcpt)
{
	struct access_answer answer[RCPT_KINDS];

	ask_all(g, rcpt, answer);
	add_allowing(g, answer, RCPT_KINDS);
	for (size_t i = 0; i < RCPT_KINDS && !g->exempt; i++) {
		if (refuses(&answer[i]))
			add_entry(g, answer[i].decides, answer[i].text, false);
		add_others(g, &answer[i]);
	}
}

bool
gate_recipients_agree(const struct gate *g, struct str a, struct str b)
{
	struct access_answer x, y;

	ask(g, ACCESS_RECIPIENT, a, &x);
	ask(g, ACCESS_RECIPIENT, b, &y);
	if (x.score != y.score || (x.decides == NULL) != (y.decides == NULL))
		return false;
	return x.decides == NULL || x.decides->action == y.decides->action;
}

/* ---- at end of message -------------------------------------------------- */

/* What all recipients' entries come to. */
struct recipients {
	struct access_answer chosen; /* strictest, or loosest, of all */
	size_t decided;
	size_t allowed;
	size_t discarded;
	double score; /* highest, or lowest, of any recipient */
};

/* Is `a` to stand for the message rather than `b`? */
static bool
goes_before(
    const struct access_answer *a, const struct access_answer *b, bool loosest)
{
	if (b->decides == NULL)
		return true;
	return loosest ? a->decides->action < b->decides->action
		       : a->decides->action > b->decides->action;
}

/*
 * One answer for a message to several: the strictest asked for by any recipient
 * or, by setting, what all ask for at least. One recipient's word never passes
 * or drops another's mail, whatever the setting.
 */
static void
ask_recipients(const struct gate *g, struct recipients *out)
{
	const struct envelope *e = &g->facts->envelope;
	bool loosest =
	    g->snapshot->config->recipient_conflict == CONFLICT_LOOSEST;

	*out = (struct recipients){0};
	for (size_t i = 0; i < e->rcpt_count; i++) {
		struct access_answer answer;

		ask(g, ACCESS_RECIPIENT, e->rcpts[i], &answer);
		if (i == 0 || (loosest ? answer.score < out->score
				       : answer.score > out->score))
			out->score = answer.score;
		if (answer.decides == NULL)
			continue;
		out->decided++;
		out->allowed += allows(&answer);
		out->discarded += answer.decides->action == ACCESS_DISCARD;
		if (goes_before(&answer, &out->chosen, loosest))
			out->chosen = answer;
	}
	if ((allows(&out->chosen) && out->allowed < e->rcpt_count) ||
	    (out->discarded > 0 && out->discarded < e->rcpt_count) ||
	    (loosest && out->decided < e->rcpt_count))
		out->chosen = (struct access_answer){0};
}

/* What refused at RCPT, or would have, and yet let this message come here. */
static void
add_past(const struct gate *g, const struct access_answer *answer)
{
	if (refuses(answer))
		add_entry(g, answer->decides, answer->text, true);
	add_others(g, answer);
}

static void
add_past_of_recipients(const struct gate *g)
{
	const struct envelope *e = &g->facts->envelope;

	for (size_t i = 0; i < e->rcpt_count; i++) {
		struct access_answer answer;

		ask(g, ACCESS_RECIPIENT, e->rcpts[i], &answer);
		add_past(g, &answer);
	}
}

static void
ask_from(const struct gate *g, struct message *m, struct access_answer *out)
{
	struct header_query q = {STR("From"), HEADER_ADDR};
	struct str_list from = message_header_list(m, q);

	*out = (struct access_answer){0};
	for (size_t i = 0; i < from.len && i < FROM_MAX; i++) {
		ask(g, ACCESS_FROM, from.v[i], out);
		if (out->decides != NULL)
			return;
	}
}

void
gate_message(struct gate *g, struct message *m)
{
	enum { FROM = RCPT_KINDS, KINDS };
	struct access_answer answer[KINDS];
	struct recipients recipients;

	ask_all(g, STR_NONE, answer);
	ask_recipients(g, &recipients);
	answer[RCPT_KINDS - 1] = recipients.chosen;
	ask_from(g, m, &answer[FROM]);
	add_allowing(g, answer, KINDS);
	g->score = recipients.score;
	for (size_t i = 0; i < KINDS; i++) {
		if (i != RCPT_KINDS - 1)
			g->score += answer[i].score;
		/* What refuses at RCPT has had its say there. */
		if (answer[i].decides != NULL && !allows(&answer[i]) &&
		    (i == FROM || !refuses(&answer[i])))
			add_entry(g, answer[i].decides, answer[i].text, false);
		if (i == FROM)
			add_others(g, &answer[i]);
		else if (i == RCPT_KINDS - 1)
			add_past_of_recipients(g);
		else
			add_past(g, &answer[i]);
	}
}
