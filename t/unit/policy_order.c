/*
 * The order of decision as a property: whatever reasons come together, the
 * first in the documented order decides and all others are recorded, in order.
 * Every subset is tried, at RCPT and at the end of the message; so are those
 * who are excused, and whom greylist and throttle are for.
 */
#include "policy/engine.h"

#include "own_dir.h"
#include "snapshot_of.h"
#include "tap.h"

static char dir[OWN_DIR_SIZE];

static const char rules[] =
    "body BUY /buy now/\n"
    "score BUY 20\n"
    "if can(Mail::SpamAssassin::Conf::feature_postern_action)\n"
    "body BAN /banned words/\n"
    "score BAN 0.01\n"
    "action BAN reject\n"
    "endif\n";

static const char dict[] = "name topic\nthreshold 4\n---\n4 alpha\n";

static const char lists[] = "client 192.0.2.0/24 reject\n"
			    "helo liar.example reject\n"
			    "sender blocked.example reject\n"
			    "recipient b*@* reject\n"
			    "from phish.example reject\n"
			    "client 192.0.2.77 allow\n"
			    "client 198.51.100.77 allow\n"
			    "helo friend.example allow\n"
			    "sender friend.example allow\n"
			    "recipient friend@local.test allow\n";

static const char conf[] =
    "local_domains = local.test\n"
    "trap_recipients = t@local.test, bt@local.test, t@far.test, bt@far.test\n"
    "recipient_scores = first@local.test=3\n"
    "watch_action = tempfail\n"
    "dns_late_action = tempfail\n";

static struct snapshot *
build(const char *more)
{
	char *settings =
	    mem_printf("access = %s/l.access\n%s%s", dir, conf, more);
	struct snapshot *s = snapshot_of(dir, settings, false);

	free(settings);
	return s;
}

/* ---- reasons at RCPT ---------------------------------------------------- */

/* In the order of decision. */
enum reason {
	CLIENT,
	HELO,
	SENDER,
	RECIPIENT,
	TRAP,
	RELAY,
	STATE, /* listed, blocked or on watch; watch stands behind DNSBL */
	DNSBL, /* on the client */
	LATE,
	CONFLICT,
	BRAKE,
	REASONS
};

#define HAS(set, r) (((set) >> (r)&1) != 0)

static struct ip
ip_of(const char *text)
{
	struct ip ip;

	ip_parse(str_from(text), &ip);
	return ip;
}

static const struct dns_fact listed_in = {.zone = STR_INIT("bl.test"),
    .subject = STR_INIT("x"),
    .about_client = true,
    .action = VERDICT_REJECT};

static void
make_facts(unsigned set, enum rep_state state, struct facts *f)
{
	static const struct str first = STR_INIT("first@local.test");
	struct envelope *e = &f->envelope;

	*f = (struct facts){.ref = "K7Q2-9XTMV", .now_ms = 1711411200000};
	e->has_client = e->has_sender = true;
	e->client = ip_of(HAS(set, CLIENT) ? "192.0.2.1" : "198.51.100.1");
	e->helo = HAS(set, HELO) ? STR("liar.example") : STR("x.example");
	e->sender =
	    HAS(set, SENDER) ? STR("a@blocked.example") : STR("a@x.example");
	f->rep.known = true;
	f->rep.state = HAS(set, STATE) ? state : REP_NONE;
	f->dns = &listed_in;
	f->dns_count = HAS(set, DNSBL);
	f->dns_late = HAS(set, LATE);
	e->rcpts = &first;
	e->rcpt_count = HAS(set, CONFLICT);
	if (HAS(set, BRAKE))
		f->brake = (struct brake_view){BRAKE_GREYLIST, 1000};
}

static struct str
recipient_of(unsigned set)
{
	static const struct str at[] = {STR_INIT("x@local.test"),
	    STR_INIT("bx@local.test"), STR_INIT("t@local.test"),
	    STR_INIT("bt@local.test"), STR_INIT("x@far.test"),
	    STR_INIT("bx@far.test"), STR_INIT("t@far.test"),
	    STR_INIT("bt@far.test")};

	return at[HAS(set, RECIPIENT) + 2 * HAS(set, TRAP) +
		  4 * HAS(set, RELAY)];
}

/* The names of what must be recorded, in order. */
static size_t
wanted(unsigned set, enum rep_state state, const char *name[REASONS])
{
	static const char *const text[REASONS] = {"access client",
	    "access helo", "access sender", "access recipient", "trap",
	    "relay guard", NULL, "bl.test", "dns_late", "recipient_conflict",
	    "greylist"};
	size_t n = 0;

	for (int r = 0; r < REASONS; r++) {
		if (r == STATE && HAS(set, STATE) && state != REP_WATCH)
			name[n++] = rep_state_text(state);
		if (r != STATE && HAS(set, r))
			name[n++] = text[r];
		if (r == LATE && HAS(set, STATE) && state == REP_WATCH)
			name[n++] = "watch";
	}
	return n;
}

static bool
is_as_wanted(const struct verdict *v, const char *const *name, size_t count)
{
	if (v->reason_count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!str_is(v->reasons[i].name, name[i]))
			return false;
	return v->decisive == (count > 0 ? &v->reasons[0] : NULL) &&
	       verdict_refuses(v->action) == (count > 0) &&
	       (v->reply.len > 0) == (count > 0);
}

static void
show(unsigned set, const struct verdict *v, const char *const *name,
    size_t count)
{
	printf("# set %x wanted:", set);
	for (size_t i = 0; i < count; i++)
		printf(" %s,", name[i]);
	printf("\n# got:");
	for (size_t i = 0; i < v->reason_count; i++)
		printf(" %.*s,", STR_ARG(v->reasons[i].name));
	printf(" reply %.*s\n", STR_ARG(v->reply));
}

static void
all_at_rcpt(const struct snapshot *s, enum rep_state state)
{
	unsigned right = 0;

	for (unsigned set = 0; set < 1u << REASONS; set++) {
		const char *name[REASONS + 1];
		size_t count = wanted(set, state, name);
		struct arena a;
		struct facts f;
		struct verdict v;

		arena_init(&a, 0);
		make_facts(set, state, &f);
		engine_judge_recipient(s, &f, recipient_of(set), &a, &v);
		if (is_as_wanted(&v, name, count))
			right++;
		else if (set - right < 5)
			show(set, &v, name, count);
		arena_fini(&a);
	}
	is_int(right, 1u << REASONS, "at RCPT, %s: every subset is in order",
	    rep_state_text(state));
}

/* ---- who is excused ----------------------------------------------------- */

/* Only the relay guard and the split are left for postmaster. */
static void
roles(const struct snapshot *s)
{
	unsigned right = 0, all = 0;

	for (unsigned set = 0; set < 1u << REASONS; set++) {
		bool conflict = HAS(set, CONFLICT);
		struct arena a;
		struct facts f;
		struct verdict v;

		if (HAS(set, RECIPIENT) || HAS(set, TRAP) || HAS(set, RELAY))
			continue;
		arena_init(&a, 0);
		make_facts(set, REP_LISTED, &f);
		engine_judge_recipient(
		    s, &f, STR("PostMaster@local.test"), &a, &v);
		all++;
		right += v.reason_count == conflict && !v.wants_greylist &&
			 verdict_refuses(v.action) == conflict;
		arena_fini(&a);
	}
	is_int(right, all, "postmaster is exempt from everything else");
}

/* An allow entry of any kind passes all but the relay guard; of a client, it
 * passes that, too. */
static void
allowed(const struct snapshot *s)
{
	static const char *const kind[] = {
	    "client", "helo", "sender", "recipient"};

	for (int k = 0; k < 4; k++) {
		unsigned right = 0, all = 0;

		for (unsigned set = 0; set < 1u << REASONS; set++) {
			struct str rcpt = recipient_of(set);
			bool relay = HAS(set, RELAY);
			struct arena a;
			struct facts f;
			struct verdict v;

			if (k == 3 &&
			    (relay || HAS(set, RECIPIENT) || HAS(set, TRAP)))
				continue;
			make_facts(set, REP_LISTED, &f);
			if (k == 0)
				f.envelope.client =
				    ip_of(HAS(set, CLIENT) ? "192.0.2.77"
							   : "198.51.100.77");
			if (k == 1)
				f.envelope.helo = STR("friend.example");
			if (k == 2)
				f.envelope.sender = STR("a@friend.example");
			if (k == 3)
				rcpt = STR("friend@local.test");
			arena_init(&a, 0);
			engine_judge_recipient(s, &f, rcpt, &a, &v);
			all++;
			/* Recipients who are treated alike are not split. */
			right += verdict_refuses(v.action) ==
				 ((relay && k != 0) ||
				     (k == 3 && HAS(set, CONFLICT)));
			arena_fini(&a);
		}
		is_int(right, all, "allowed by %s: only relaying is refused%s",
		    kind[k], k == 0 ? ", and not even that" : "");
	}
}

/* ---- recipients that ask for different things --------------------------- */

static const char several[] = "recipient quiet@local.test quarantine\n"
			      "recipient quiet2@local.test quarantine\n"
			      "recipient points@local.test score 3\n"
			      "recipient friend@local.test allow\n"
			      "recipient shade@local.test shadow reject\n"
			      "client 198.51.100.77 allow\n";

static const struct {
	const char *first, *second;
	bool splits;
	enum verdict_action strictest, loosest; /* of a message to both */
} pairs[] = {
    {"x@local.test", "y@local.test", false, VERDICT_ACCEPT, VERDICT_ACCEPT},
    {"quiet@local.test", "quiet2@local.test", false, VERDICT_QUARANTINE,
	VERDICT_QUARANTINE},
    {"quiet@local.test", "x@local.test", true, VERDICT_QUARANTINE,
	VERDICT_ACCEPT},
    {"x@local.test", "quiet@local.test", true, VERDICT_QUARANTINE,
	VERDICT_ACCEPT},
    {"x@local.test", "points@local.test", true, VERDICT_ACCEPT, VERDICT_ACCEPT},
    {"x@local.test", "friend@local.test", true, VERDICT_ACCEPT, VERDICT_ACCEPT},
    {"friend@local.test", "x@local.test", true, VERDICT_ACCEPT, VERDICT_ACCEPT},
    {"x@local.test", "shade@local.test", false, VERDICT_ACCEPT, VERDICT_ACCEPT},
    {"first@local.test", "x@local.test", true, VERDICT_ACCEPT, VERDICT_ACCEPT},
    {"first@local.test", "First@LOCAL.test", false, VERDICT_ACCEPT,
	VERDICT_ACCEPT},
};

static enum verdict_action
at_end(struct snapshot *s, const struct facts *f, double *score_out)
{
	struct scratch *scratch = scratch_borrow(s->plan);
	struct arena a;
	struct verdict v;
	struct message *m;

	arena_init(&a, 0);
	m = message_new(&a, &s->mail, &f->envelope, f->now_ms,
	    STR("From: a@x.example\n\nhello\n"));
	engine_judge_message(s, scratch, f, m, &a, &v, NULL);
	scratch_return(s->plan, scratch);
	arena_fini(&a);
	*score_out = v.score;
	return v.action;
}

static void
one_pair(size_t i, const char *setting, enum verdict_action want, double points)
{
	struct str both[2] = {
	    str_from(pairs[i].first), str_from(pairs[i].second)};
	char more[80];
	struct snapshot *s;
	struct arena a;
	struct facts f;
	struct verdict v;
	double score;

	(void)snprintf(
	    more, sizeof(more), "recipient_conflict = %s\n", setting);
	s = build(more);
	make_facts(0, REP_NONE, &f);
	f.envelope.rcpts = both;
	f.envelope.rcpt_count = 1;
	arena_init(&a, 0);
	engine_judge_recipient(s, &f, both[1], &a, &v);
	ok(verdict_refuses(v.action) ==
		(strcmp(setting, "split") == 0 && pairs[i].splits),
	    "%s: %s, then %s", setting, pairs[i].first, pairs[i].second);
	f.envelope.client = ip_of("198.51.100.77");
	engine_judge_recipient(s, &f, both[1], &a, &v);
	ok(!verdict_refuses(v.action), "%s: an allowed client is not split",
	    setting);
	make_facts(0, REP_NONE, &f);
	f.envelope.rcpts = both;
	f.envelope.rcpt_count = 2;
	if (strcmp(setting, "split") != 0)
		ok(at_end(s, &f, &score) == want && score == points,
		    "%s: a message to %s and %s", setting, pairs[i].first,
		    pairs[i].second);
	arena_fini(&a);
	snapshot_unref(&s);
}

static void
different_recipients(void)
{
	own_dir_put(dir, "l.access", several);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		bool points = strncmp(pairs[i].second, "points", 6) == 0;

		one_pair(i, "split", VERDICT_ACCEPT, 0);
		one_pair(i, "strictest", pairs[i].strictest, points ? 3 : 0);
		one_pair(i, "loosest", pairs[i].loosest, 0);
	}
}

/* ---- at the end of the message ------------------------------------------ */

enum late_reason { FROM, LIST, RULE, DICT, SCORE, LATE_REASONS };

static void
all_at_end(struct snapshot *s)
{
	static const char *const text[LATE_REASONS] = {
	    "access from", "uri.test", "BAN", "topic", "score"};
	static const struct dns_fact link = {.zone = STR_INIT("uri.test"),
	    .subject = STR_INIT("x"),
	    .action = VERDICT_REJECT};
	struct scratch *scratch = scratch_borrow(s->plan);
	unsigned right = 0;

	for (unsigned set = 0; set < 1u << LATE_REASONS; set++) {
		const char *name[LATE_REASONS];
		size_t count = 0;
		struct message *m;
		struct arena a;
		struct facts f;
		struct verdict v;
		struct hits hits;

		for (int r = 0; r < LATE_REASONS; r++)
			if (HAS(set, r))
				name[count++] = text[r];
		arena_init(&a, 0);
		make_facts(0, REP_NONE, &f);
		f.dns = &link;
		f.dns_count = HAS(set, LIST);
		m = message_new(&a, &s->mail, &f.envelope, f.now_ms,
		    arena_printf(&a, "From: a@%s\nSubject: x\n\n%s %s %s\n",
			HAS(set, FROM) ? "phish.example" : "x.example",
			HAS(set, RULE) ? "banned words" : "",
			HAS(set, DICT) ? "alpha" : "",
			HAS(set, SCORE) ? "buy now" : ""));
		engine_judge_message(s, scratch, &f, m, &a, &v, &hits);
		if (is_as_wanted(&v, name, count))
			right++;
		else
			show(set, &v, name, count);
		arena_fini(&a);
	}
	scratch_return(s->plan, scratch);
	is_int(right, 1u << LATE_REASONS,
	    "at the end of the message: every subset is in order");
}

/* ---- whom greylist and throttle are for --------------------------------- */

static void
brakes_are_for(const char *choice, const bool want[REP_BLOCKED + 1])
{
	char more[64];
	struct snapshot *s;

	(void)snprintf(more, sizeof(more),
	    "watch_action = score\ngreylist = %s\nthrottle = %s\n", choice,
	    choice);
	s = build(more);
	for (int state = REP_NONE; state <= REP_BLOCKED; state++) {
		for (int who = 0; who < 5; who++) {
			static const char *const name[] = {"a stranger",
			    "an authenticated user", "a trusted client",
			    "one a DNS list vouches for", "store away"};
			static const struct dns_fact vouch = {
			    .about_client = true, .allow = true};
			struct arena a;
			struct facts f;
			struct verdict v;

			arena_init(&a, 0);
			make_facts(1u << STATE, (enum rep_state)state, &f);
			if (who == 1)
				f.envelope.auth_user = STR("bob");
			f.client_trusted = who == 2;
			f.dns = &vouch;
			f.dns_count = who == 3;
			f.rep.known = who != 4;
			engine_judge_recipient(
			    s, &f, STR("x@local.test"), &a, &v);
			ok(v.wants_greylist == (who == 0 && want[state]) &&
				v.wants_throttle == v.wants_greylist,
			    "greylist = %s: %s, %s", choice, name[who],
			    rep_state_text((enum rep_state)state));
			arena_fini(&a);
		}
	}
	snapshot_unref(&s);
}

static void
brakes(void)
{
	static const bool nobody[REP_BLOCKED + 1] = {false};
	static const bool watch[REP_BLOCKED + 1] = {
	    [REP_WATCH] = true, [REP_PROBATION] = true};
	static const bool unknown[REP_BLOCKED + 1] = {
	    [REP_WATCH] = true, [REP_PROBATION] = true, [REP_NONE] = true};

	brakes_are_for("off", nobody);
	brakes_are_for("watch", watch);
	brakes_are_for("unknown", unknown);
}

int
main(void)
{
	static const enum rep_state states[] = {
	    REP_LISTED, REP_BLOCKED, REP_WATCH};
	struct snapshot *s;

	own_dir_make(dir);
	own_dir_put(dir, "t.cf", rules);
	own_dir_put(dir, "t.dict", dict);
	own_dir_put(dir, "l.access", lists);
	s = build("");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		all_at_rcpt(s, states[i]);
	roles(s);
	allowed(s);
	all_at_end(s);
	snapshot_unref(&s);
	brakes();
	different_recipients();
	own_dir_remove(dir);
	return done_testing();
}
