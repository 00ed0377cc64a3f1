/*
 * What admins ask for, on the in-process store: the ladder's rules, authors and
 * reasons, the audit trail, export and import. And the `redis` setting's forms.
 */
#include "peer/rep_admin.h"

#include "base/clock.h"
#include "base/mem.h"
#include "peer/rep_backend.h"
#include "peer/rep_url.h"
#include "tap.h"

static struct json *
ask(struct rep_store *s, const char *request)
{
	struct json *q = json_parse(str_from(request), NULL), *a;

	if (q == NULL)
		exit(2);
	a = rep_admin_command(s, q);
	json_unref(&q);
	return a;
}

static void
answers(struct rep_store *s, const char *request, bool good, const char *want)
{
	struct json *a = ask(s, request);
	struct buf b;

	buf_init(&b);
	json_format(a, 0, &b);
	if (!ok(json_get_bool(a, "ok", !good) == good &&
		    str_find(buf_str(&b), str_from(want)) != STR_NPOS,
		"%s", request))
		tap_show("got", buf_str(&b));
	buf_fini(&b);
	json_unref(&a);
}

static void
send_spam(struct rep_store *s, const char *ip, int n)
{
	struct rep_event e = {.class = REP_SPAM,
	    .at_ms = clock_wall_ms(),
	    .rcpt_count = 1,
	    .rejected = true,
	    .rule = "BAD_WORDS",
	    .ref = "K7Q2-9XTMV"};

	ip_parse(str_from(ip), &e.client);
	for (int i = 0; i < n; i++) {
		e.rcpt_hash[0]++;
		rep_store_report(s, &e);
	}
}

static struct rep_store *
open_mem(void)
{
	struct rep_store_options o = {.url = "none"};
	char *error = NULL;

	return rep_store_open(&o, &error);
}

#define BY "\"by\":\"ann\",\"why\":\"because\"}"

static void
test_commands(void)
{
	static const struct {
		const char *request;
		bool good;
		const char *want;
	} t[] = {
	    {"{\"verb\":\"dance\"}", false, "no such verb"},
	    {"{}", false, "no such verb"},
	    {"{\"verb\":\"show\",\"target\":\"x\"}", false,
		"\\\"x\\\" is no address"},
	    {"{\"verb\":\"show\",\"target\":\"192.0.2.1\"}", true,
		"\"state\":\"listed\""},
	    {"{\"verb\":\"show\",\"target\":\"192.0.2.1\"}", true, "BAD_WORDS"},
	    {"{\"verb\":\"show\",\"target\":\"192.0.2.0/24\"}", true,
		"\"spam\":60"},
	    {"{\"verb\":\"show\",\"target\":\"198.51.100.1\"}", true,
		"\"spam_to_list\":"},
	    {"{\"verb\":\"top\"}", true, "4:192.0.2.1"},
	    {"{\"verb\":\"listed\"}", true, "4:192.0.2.1"},
	    {"{\"verb\":\"listed\",\"expiring_ms\":1}", true, "[]"},
	    {"{\"verb\":\"events\"}", true, "\"what\":\"list\""},
	    {"{\"verb\":\"simulate\",\"target\":\"198.51.100.1\","
	     "\"spam\":100}",
		true, "\"after\":\"listed\""},
	    {"{\"verb\":\"simulate\",\"target\":\"198.51.100.1\","
	     "\"spam\":100001}",
		false, "100000"},
	    {"{\"verb\":\"block\",\"target\":\"10.0.0.0/8\"}", false, "reason"},
	    {"{\"verb\":\"block\",\"target\":\"10.0.0.0/8\","
	     "\"for_ms\":34560000001," BY,
		false, "400 days"},
	    {"{\"verb\":\"block\",\"target\":\"10.0.0.0/8\","
	     "\"for_ms\":60000," BY,
		true, "n:10.0.0.0/8"},
	    {"{\"verb\":\"listed\"}", true, "\"by\":\"ann\""},
	    {"{\"verb\":\"show\",\"target\":\"10.1.2.3\"}", true,
		"\"state\":\"blocked\""},
	    {"{\"verb\":\"show\",\"target\":\"10.1.2.3\"}", true,
		"\"wider\":{\"unit\":\"n:10.0.0.0/8\""},
	    {"{\"verb\":\"show\",\"target\":\"11.1.2.3\"}", true,
		"\"state\":\"none\""},
	    {"{\"verb\":\"delist\",\"target\":\"10.0.0.0/8\"," BY, false,
		"--force"},
	    {"{\"verb\":\"delist\",\"target\":\"10.0.0.0/8\","
	     "\"force\":true," BY,
		true, "unlist"},
	    {"{\"verb\":\"delist\",\"target\":\"NONE-0000\"," BY, false,
		"reference"},
	    {"{\"verb\":\"delist\",\"target\":\"k7q29xtmv\"," BY, true,
		"4:192.0.2.1"},
	    {"{\"verb\":\"show\",\"target\":\"192.0.2.1\"}", true,
		"\"state\":\"probation\""},
	    {"{\"verb\":\"delist\",\"target\":\"192.0.2.1\"," BY, false,
		"neither"},
	    {"{\"verb\":\"forget\",\"target\":\"192.0.2.1\"," BY, true,
		"forget"},
	    {"{\"verb\":\"forget\",\"target\":\"192.0.2.1\"," BY, false,
		"nothing is known"},
	    {"{\"verb\":\"events\"}", true, "\"what\":\"forget\""},
	    {"{\"verb\":\"why\",\"target\":\"K7Q29XTMV\"}", true,
		"\"score\":12"},
	    {"{\"verb\":\"why\",\"target\":\"AAAA-AAAAA\"}", false,
		"no record"},
	};
	struct rep_store *s = open_mem();

	send_spam(s, "192.0.2.1", 60);
	rep_store_record(s, STR("K7Q2-9XTMV"), STR("{\"score\":12}"));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		answers(s, t[i].request, t[i].good, t[i].want);
	rep_store_close(&s, 0);
}

static void
ask_brakes(struct rep_store *s, const char *ip, int64_t now_ms)
{
	struct brake_question q = {.pair = 1,
	    .grey = true,
	    .throttle = true,
	    .new_message = true,
	    .now_ms = now_ms,
	    .settings = {.grey_delay_ms = 1000,
		.grey_retry_ms = 60000,
		.grey_life_ms = 60000,
		.grey_proof = 2,
		.interval_ms = 60000,
		.messages = 6,
		.recipients = 3}};
	struct brake_view v;

	ip_parse(str_from(ip), &q.client);
	rep_store_brake(s, &q, clock_mono_us() + 5000000, &v);
}

static void
test_brakes(void)
{
	static const char show[] = "{\"verb\":\"show\","
				   "\"target\":\"192.0.2.9\"}";
	struct rep_store *s = open_mem();
	struct json *a = ask(s, show);

	ok(json_get(a, "brakes") == NULL,
	    "show: the brakes know nothing of it");
	json_unref(&a);
	ask_brakes(s, "192.0.2.9", 5000000);
	answers(s, show, true,
	    "\"brakes\":{\"waiting\":1,"
	    "\"waited_ms\":5000000,\"passed\":0,\"proof\":0,\"proof_ms\":0,"
	    "\"messages_until_ms\":5010000,\"recipients_until_ms\":5020000}");
	ask_brakes(s, "192.0.2.9", 5001000);
	answers(s, show, true,
	    "\"brakes\":{\"waiting\":0,"
	    "\"waited_ms\":0,\"passed\":1,\"proof\":1,"
	    "\"proof_ms\":5001000,"
	    "\"messages_until_ms\":5020000,\"recipients_until_ms\":5040000}");
	answers(s, "{\"verb\":\"forget\",\"target\":\"192.0.2.9\"," BY, true,
	    "forget");
	a = ask(s, show);
	ok(json_get(a, "brakes") == NULL, "forgotten");
	json_unref(&a);
	rep_store_close(&s, 0);
}

static void
test_wrong(void)
{
	struct rep_store *s = open_mem();

	send_spam(s, "192.0.2.1", 60);
	answers(s,
	    "{\"verb\":\"delist\",\"target\":\"192.0.2.1\","
	    "\"wrong\":true," BY,
	    true, "unlist-wrong");
	answers(s, "{\"verb\":\"show\",\"target\":\"192.0.2.1\"}", true,
	    "\"disputed\":true");
	answers(s, "{\"verb\":\"show\",\"target\":\"192.0.2.1\"}", true,
	    "\"state\":\"none\"");
	answers(s, "{\"verb\":\"show\",\"target\":\"192.0.2.1\"}", true,
	    "\"strike\":0");
	rep_store_close(&s, 0);
}

static void
test_export(void)
{
	struct rep_store *a = open_mem(), *b = open_mem();
	struct json *q, *page, *answer;
	struct rep_record r;

	send_spam(a, "192.0.2.1", 60);
	page = ask(a, "{\"verb\":\"export\"}");
	is_int(json_get_int(page, "total", 0), 3, "host, network, site");
	q = json_new_object();
	json_set_str(q, "verb", STR("import"));
	json_set_str(q, "by", STR("ann"));
	json_set_str(q, "why", STR("moved"));
	json_set(q, "units", json_ref(json_get(page, "units")));
	answer = rep_admin_command(b, q);
	is_int(json_get_int(answer, "imported", 0), 3, "all came over");
	is_int(b->ops->read(b, "4:192.0.2.1", &r), 0, "the host is there");
	is_int(r.unit.count[REP_SPAM], 60, "with its counts");
	is_int(r.listing.strike, 1, "and its listing");
	json_unref(&answer);
	json_unref(&q);
	json_unref(&page);
	rep_store_close(&a, 0);
	rep_store_close(&b, 0);
}

static void
test_urls(void)
{
	static const struct {
		const char *text;
		bool good;
		enum rep_topology topology;
		const char *host;
		int port, db;
		const char *user, *password;
	} t[] = {
	    {"unix:/run/r.sock", true, REP_SINGLE, "", 0, 0, "", ""},
	    {"unix:/run/r.sock?db=3", true, REP_SINGLE, "", 0, 3, "", ""},
	    {"unix:r.sock", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"redis://h", true, REP_SINGLE, "h", 6379, 0, "", ""},
	    {"redis://u:p%40@h:1/2", true, REP_SINGLE, "h", 1, 2, "u", "p@"},
	    {"redis://:p@[::1]:7", true, REP_SINGLE, "::1", 7, 0, "", "p"},
	    {"redis://p@h", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"redis://h:65535", true, REP_SINGLE, "h", 65535, 0, "", ""},
	    {"redis://h:65536", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"redis://h:0", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"redis://a,b", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"redis://h/x", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"redis://:%4@h", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"redis://:%zz@h", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"rediss://h", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"sentinel://a,b:1/mine/4", true, REP_SENTINEL, "a", 26379, 4, "",
		""},
	    {"sentinel://a", false, REP_SENTINEL, "", 0, 0, "", ""},
	    {"cluster://a:1,b:2", true, REP_CLUSTER, "a", 1, 0, "", ""},
	    {"cluster://a/1", false, REP_CLUSTER, "", 0, 0, "", ""},
	    {"", false, REP_SINGLE, "", 0, 0, "", ""},
	    {"http://h", false, REP_SINGLE, "", 0, 0, "", ""},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct rep_url u = {0};
		char why[128] = "";
		bool good = rep_url_parse(str_from(t[i].text), &u, why);

		if (!t[i].good) {
			ok(!good && why[0] != '\0', "%s: %s", t[i].text, why);
			continue;
		}
		ok(good && u.topology == t[i].topology && u.db == t[i].db &&
			strcmp(u.host[0].host, t[i].host) == 0 &&
			u.host[0].port == t[i].port &&
			strcmp(u.user, t[i].user) == 0 &&
			strcmp(u.password, t[i].password) == 0,
		    "%s", t[i].text);
	}
}

int
main(void)
{
	test_commands();
	test_brakes();
	test_wrong();
	test_export();
	test_urls();
	return done_testing();
}
