#include "policy/facts.h"

#include "tap.h"

static const char whole[] =
    "{\"ref\":\"K7Q2-9XTMV\",\"now_ms\":1711411200123,\"envelope\":{"
    "\"client\":\"2001:db8::1\",\"client_port\":4711,"
    "\"client_name\":\"mx.example\",\"client_ptr\":\"p.example\","
    "\"helo\":\"h\",\"tls_version\":\"TLSv1.3\",\"auth_user\":\"bob\","
    "\"queue_id\":\"Q1\",\"mta_name\":\"mta\",\"daemon_name\":\"d\","
    "\"esmtp\":true,\"tls\":true,\"local\":true,\"sender\":\"s@x\","
    "\"rcpts\":[\"a@b\",\"c@d\"],\"received_ms\":5},\"client_trusted\":true,"
    "\"reputation\":{\"state\":2,\"since_ms\":1,\"until_ms\":2,\"strike\":3,"
    "\"rate_short\":0.5,\"lower_short\":0.25,\"rate_long\":0.125,"
    "\"upper_long\":0.0625,\"ref\":\"R\",\"why\":\"W\",\"parent\":true,"
    "\"sample\":true},\"dns\":[{\"zone\":\"z\",\"subject\":\"x\","
    "\"answer\":\"127.0.0.2\",\"text\":\"T\",\"about\":\"client\","
    "\"action\":\"reject\",\"points\":1.5,\"shadow\":true,\"allow\":true},"
    "{\"zone\":\"y\",\"subject\":\"u\",\"answer\":\"127.0.0.3\","
    "\"about\":\"message\",\"action\":\"accept\",\"points\":0.0}],"
    "\"dns_late\":true,\"spf\":\"softfail\",\"fcrdns\":true,"
    "\"truncated\":true}";

static const struct {
	const char *name;
	const char *text;
	const char *why; /* NULL: good */
} cases[] = {
    {"all of it", whole, NULL},
    {"nothing", "{}", NULL},
    {"unknown members are skipped", "{\"later\":1}", NULL},
    {"an array", "[]", "no JSON object"},
    {"a bad address", "{\"envelope\":{\"client\":\"1.2.3\"}}", "envelope"},
    {"a bad state", "{\"reputation\":{\"state\":99}}", "reputation"},
    {"a bad answer", "{\"dns\":[{\"zone\":\"z\"}]}", "dns"},
    {"a bad action",
	"{\"dns\":[{\"answer\":\"127.0.0.2\",\"action\":\"eat\"}]}", "dns"},
    {"dns is no list", "{\"dns\":{}}", "dns"},
    {"a bad spf", "{\"spf\":\"maybe\"}", "spf"},
    {"members of other types",
	"{\"ref\":1,\"now_ms\":\"x\",\"fcrdns\":2,"
	"\"envelope\":{\"helo\":[],\"rcpts\":7}}",
	NULL},
};

static void
reading(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json *j = json_parse(str_from(cases[i].text), NULL);
		struct facts f = {0};
		struct arena a;
		const char *why = NULL;
		bool good;

		arena_init(&a, 0);
		good = facts_from_json(j, &a, &f, &why);
		ok(good == (cases[i].why == NULL) &&
			(good || strstr(why, cases[i].why) != NULL),
		    "%s: %s", cases[i].name, good ? "good" : why);
		json_unref(&j);
		arena_fini(&a);
	}
}

static void
round_trip(void)
{
	struct json *j = json_parse(str_from(whole), NULL), *again;
	struct facts f = {0};
	struct arena a;
	struct buf out;
	const char *why;

	arena_init(&a, 0);
	buf_init(&out);
	ok(facts_from_json(j, &a, &f, &why), "read");
	again = facts_to_json(&f);
	json_format(again, 0, &out);
	is_str(buf_str(&out), str_from(whole), "written as it was read");
	json_unref(&j);
	json_unref(&again);
	buf_fini(&out);
	arena_fini(&a);
}

static void
limits(void)
{
	for (size_t extra = 0; extra < 2; extra++) {
		struct json *j = json_new_object(), *e = json_new_object();
		struct json *list = json_new_array();
		struct facts f = {0};
		struct arena a;
		const char *why;

		arena_init(&a, 0);
		for (size_t i = 0; i < FACTS_LIST_MAX + extra; i++)
			json_append(list, json_new_str(STR("a@b")));
		json_set(e, "rcpts", list);
		json_set(j, "envelope", e);
		ok(facts_from_json(j, &a, &f, &why) == (extra == 0),
		    "recipients: limit + %zu", extra);
		json_unref(&j);
		arena_fini(&a);
	}
}

static void
full_arena(void)
{
	struct json *j = json_parse(str_from(whole), NULL);
	size_t refused = 0, wrong = 0;

	for (size_t cap = 1; cap < 1200; cap += 7) {
		struct facts f = {0};
		struct arena a;
		const char *why;

		arena_init(&a, cap);
		if (!facts_from_json(j, &a, &f, &why))
			refused++;
		else
			wrong += f.dns_count != 2 ||
				 f.envelope.rcpt_count != 2 ||
				 !str_is(f.dns[1].zone, "y") ||
				 !str_is(f.envelope.daemon_name, "d");
		arena_fini(&a);
	}
	ok(refused > 10, "a full arena is told");
	is_int(wrong, 0, "and never leaves half of the facts");
	json_unref(&j);
}

int
main(void)
{
	reading();
	round_trip();
	limits();
	full_arena();
	return done_testing();
}
