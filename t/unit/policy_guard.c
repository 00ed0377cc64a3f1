#include "policy/guard.h"

#include "tap.h"

static const char conf[] =
    "trusted_networks = 192.0.2.0/24\n"
    "local_domains = Example.org .sub.example.org\n"
    "relay_domains = relay.example\n"
    "relay_only = 198.51.100.0/24=one.example, 198.51.100.0/24=.two.example\n"
    "  bob=one.example 192.0.2.77=one.example\n"
    "trap_recipients = trap@example.org\n"
    "reject_score = 10\n"
    "recipient_scores = strict@example.org=3 .sub.example.org=7.5\n"
    "  sub.example.org=20 odd=name@example.org=4\n";

static struct guard *
make(const char *text, struct config **c_out, size_t *errors_out)
{
	struct diags diags;
	struct guard *g;

	diags_init(&diags, 0);
	*c_out = config_parse("g.conf", str_from(text), &diags);
	g = guard_new(*c_out, &diags);
	if (errors_out != NULL)
		*errors_out = diags.errors;
	diags_fini(&diags);
	return g;
}

static const struct {
	const char *rcpt;
	bool local;
	bool role;
	double threshold;
} rcpts[] = {
    {"a@example.org", true, false, 10},
    {"a@EXAMPLE.ORG", true, false, 10},
    {"a@example.org.", true, false, 10},
    {"a@x.example.org", false, false, 10},
    {"a@sub.example.org", false, false, 20},
    {"a@x.sub.example.org", true, false, 7.5},
    {"a@y.x.sub.example.org", true, false, 7.5},
    {"a@notsub.example.org", false, false, 10},
    {"a@relay.example", false, false, 10},
    {"postmaster", true, true, 10},
    {"a", true, false, 10},
    {"", true, false, 10},
    {"Postmaster@Example.org", true, true, 10},
    {"abuse@example.org", true, true, 10},
    {"abuse@relay.example", false, false, 10},
    {"abuse+x@example.org", true, false, 10},
    {"\"a@b\"@example.org", true, false, 10},
    {"strict@example.org", true, false, 3},
    {"STRICT@example.org", true, false, 3},
    {"odd=name@example.org", true, false, 4},
    {"a@", true, false, 10},
};

static void
recipients(void)
{
	struct config *c;
	size_t errors;
	struct guard *g = make(conf, &c, &errors);

	is_int(errors, 0, "the settings are good");
	for (size_t i = 0; i < sizeof(rcpts) / sizeof(rcpts[0]); i++) {
		struct str r = str_from(rcpts[i].rcpt);

		is_int(guard_is_local(g, r), rcpts[i].local, "<%s>: local",
		    rcpts[i].rcpt);
		is_int(guard_is_role(g, r), rcpts[i].role, "<%s>: role",
		    rcpts[i].rcpt);
		ok(guard_threshold(g, r) == rcpts[i].threshold,
		    "<%s>: threshold %g", rcpts[i].rcpt, rcpts[i].threshold);
	}
	ok(guard_is_trap(g, STR("Trap@example.org")), "a trap");
	ok(!guard_is_trap(g, STR("trip@example.org")), "no trap");
	guard_free(&g);
	config_free(&c);
}

static const struct {
	const char *name;
	const char *client;
	const char *user;
	const char *rcpt;
	enum guard_relay want;
} relays[] = {
    {"to us", "203.0.113.1", "", "a@example.org", GUARD_RELAY_OK},
    {"to a relay domain", "203.0.113.1", "", "a@relay.example", GUARD_RELAY_OK},
    {"without a domain", "203.0.113.1", "", "a", GUARD_RELAY_OK},
    {"a stranger elsewhere", "203.0.113.1", "", "a@else.example",
	GUARD_RELAY_DENIED},
    {"the last @ counts", "203.0.113.1", "", "a@example.org@else.example",
	GUARD_RELAY_DENIED},
    {"a trusted network", "192.0.2.1", "", "a@else.example", GUARD_RELAY_OK},
    {"an authenticated user", "203.0.113.1", "eve", "a@else.example",
	GUARD_RELAY_OK},
    {"a network's one domain", "198.51.100.9", "", "a@one.example",
	GUARD_RELAY_OK},
    {"its other domain", "198.51.100.9", "", "a@x.two.example", GUARD_RELAY_OK},
    {"but no third", "198.51.100.9", "", "a@two.example",
	GUARD_RELAY_ONE_DOMAIN},
    {"our domain is never foreign", "198.51.100.9", "", "a@example.org",
	GUARD_RELAY_OK},
    {"a user's one domain", "203.0.113.1", "bob", "a@one.example",
	GUARD_RELAY_OK},
    {"but no other", "203.0.113.1", "bob", "a@else.example",
	GUARD_RELAY_ONE_DOMAIN},
    {"user names keep their case", "203.0.113.1", "Bob", "a@else.example",
	GUARD_RELAY_OK},
    {"a limit inside a trusted network", "192.0.2.77", "", "a@else.example",
	GUARD_RELAY_ONE_DOMAIN},
};

static void
relaying(void)
{
	struct config *c;
	struct guard *g = make(conf, &c, NULL);
	struct facts f = {0};

	for (size_t i = 0; i < sizeof(relays) / sizeof(relays[0]); i++) {
		f.envelope = (struct envelope){
		    .has_client = true, .auth_user = str_from(relays[i].user)};
		ip_parse(str_from(relays[i].client), &f.envelope.client);
		is_int(guard_relay(g, &f, str_from(relays[i].rcpt)),
		    relays[i].want, "%s", relays[i].name);
	}
	f.envelope = (struct envelope){.local = true};
	is_int(guard_relay(g, &f, STR("a@else.example")), GUARD_RELAY_OK,
	    "local submission");
	guard_free(&g);
	config_free(&c);
	g = make("", &c, NULL);
	f.envelope = (struct envelope){.has_client = true};
	is_int(guard_relay(g, &f, STR("a@else.example")), GUARD_RELAY_OK,
	    "without domains the guard is off");
	guard_free(&g);
	config_free(&c);
}

static void
thresholds(void)
{
	static const struct {
		const char *conflict;
		double want;
	} cases[] = {{"strictest", 3}, {"loosest", 10}, {"split", 3}};
	struct str to[] = {STR("a@example.org"), STR("strict@example.org")};
	struct envelope e = {.rcpts = to, .rcpt_count = 2}, none = {0};

	for (size_t i = 0; i < 3; i++) {
		struct diags diags;
		struct config *c;
		struct guard *g;

		diags_init(&diags, 0);
		c = config_parse("g", str_from(conf), &diags);
		config_set(c, STR("recipient_conflict"),
		    str_from(cases[i].conflict), (struct source_pos){0},
		    &diags);
		g = guard_new(c, &diags);
		ok(guard_message_threshold(g, &e) == cases[i].want, "%s: %g",
		    cases[i].conflict, cases[i].want);
		ok(guard_message_threshold(g, &none) == 10, "no recipients");
		guard_free(&g);
		config_free(&c);
		diags_fini(&diags);
	}
}

static void
errors(void)
{
	static const char *const bad[] = {"local_domains = a/b",
	    "relay_domains = .", "relay_only = bob", "relay_only = =a.example",
	    "relay_only = bob=a/b", "recipient_scores = a@b",
	    "recipient_scores = a@b=x", "recipient_scores = a/b=3",
	    "trap_recipients = nobody"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct config *c;
		size_t count;
		struct guard *g = make(bad[i], &c, &count);

		is_int(count, 1, "refused: %s", bad[i]);
		guard_free(&g);
		config_free(&c);
	}
}

int
main(void)
{
	recipients();
	relaying();
	thresholds();
	errors();
	return done_testing();
}
