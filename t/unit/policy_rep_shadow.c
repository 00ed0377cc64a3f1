/*
 * Reputation in shadow: whatever a client's state, it is treated like one
 * without any; what would have happened is recorded; the admin's word holds.
 */
#include "policy/engine.h"

#include "own_dir.h"
#include "snapshot_of.h"
#include "tap.h"

static char dir[OWN_DIR_SIZE];

static struct facts
facts_of(enum rep_state state)
{
	struct facts f = {.now_ms = 1, .rep = {.known = true, .state = state}};

	f.envelope.has_client = true;
	ip_parse(STR("203.0.113.9"), &f.envelope.client);
	f.envelope.sender = STR("ann@client.example");
	return f;
}

struct outcome {
	enum verdict_action action;
	size_t reasons;
	bool brakes;
	double required;
};

static struct outcome
judge(struct snapshot *s, enum rep_state state)
{
	struct scratch *scratch = scratch_borrow(s->plan);
	struct facts f = facts_of(state);
	struct message *m;
	struct outcome out;
	struct verdict v;
	struct arena a;

	arena_init(&a, 0);
	engine_judge_recipient(s, &f, STR("you@local.test"), &a, &v);
	out = (struct outcome){.action = v.action,
	    .reasons = v.reason_count,
	    .brakes = v.wants_greylist || v.wants_throttle};
	m = message_new(&a, &s->mail, &f.envelope, f.now_ms,
	    str_from("Subject: x\n\nbody\n"));
	engine_judge_message(s, scratch, &f, m, &a, &v, NULL);
	out.required = v.required;
	arena_fini(&a);
	scratch_return(s->plan, scratch);
	return out;
}

#define CONF                           \
	"local_domains = local.test\n" \
	"watch_action = tempfail\n"    \
	"greylist = watch\n"           \
	"throttle = watch\n"

static void
test_bites(void)
{
	struct snapshot *s = snapshot_of(dir, CONF, false);
	struct outcome none = judge(s, REP_NONE);

	ok(!verdict_refuses(none.action), "a stranger passes");
	ok(verdict_refuses(judge(s, REP_LISTED).action), "listed: refused");
	is_int(judge(s, REP_WATCH).action, VERDICT_TEMPFAIL, "watch: deferred");
	ok(judge(s, REP_PROBATION).brakes, "probation: braked");
	ok(judge(s, REP_PROBATION).required < none.required,
	    "and held against a lower threshold");
	ok(judge(s, REP_GOOD).required > none.required,
	    "good: against a higher one");
	snapshot_unref(&s);
}

static void
test_shadow(void)
{
	static const enum rep_state state[] = {
	    REP_WATCH, REP_LISTED, REP_PROBATION, REP_GOOD};
	struct snapshot *s =
	    snapshot_of(dir, CONF "reputation_shadow = yes\n", false);
	struct outcome none = judge(s, REP_NONE);

	for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++) {
		struct outcome o = judge(s, state[i]);

		ok(o.action == none.action && o.required == none.required &&
			!o.brakes,
		    "in shadow %s is like none", rep_state_text(state[i]));
		is_int(o.reasons,
		    state[i] == REP_LISTED || state[i] == REP_WATCH,
		    "what it would have met is recorded");
	}
	ok(verdict_refuses(judge(s, REP_BLOCKED).action),
	    "an admin's block is no shadow");
	snapshot_unref(&s);
}

int
main(void)
{
	own_dir_make(dir);
	own_dir_put(dir, "t.cf", "body BUY /buy now/\nscore BUY 20\n");
	test_bites();
	test_shadow();
	own_dir_remove(dir);
	return done_testing();
}
