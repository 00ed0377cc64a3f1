/*
 * Greylist and throttle: the model by tables and a clock of our own, the
 * in-process table with its bounds and file, and the script in a real Redis
 * held against the model step by step.
 */
#include "peer/brake_table.h"

#include "base/err.h"
#include "peer/rep_admin.h"
#include "random_walk.h"
#include "rep_live.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START INT64_C(1790000000000)

static const struct brake_settings settings = {.grey_delay_ms = 5 * MINUTE,
    .grey_retry_ms = 6 * HOUR,
    .grey_life_ms = 36 * DAY,
    .grey_proof = 2,
    .interval_ms = 10 * MINUTE,
    .messages = 3,
    .recipients = 5};

static struct brake_question
question(int64_t at_ms, uint64_t pair)
{
	return (struct brake_question){.pair = pair,
	    .now_ms = START + at_ms,
	    .client = ip_of("203.0.113.7"),
	    .settings = settings};
}

/* ---- greylist ------------------------------------------------------------ */

struct step {
	int64_t at_ms;
	uint64_t pair;
	int64_t wait_ms; /* 0: passes */
	const char *name;
};

static void
run_steps(const struct step *step, size_t count)
{
	struct brake_unit u = {0};

	for (size_t i = 0; i < count; i++) {
		struct brake_question q = question(step[i].at_ms, step[i].pair);
		struct brake_view v;

		q.grey = true;
		brake_judge(&u, &q, &v);
		ok(v.wait_ms == step[i].wait_ms &&
			v.word ==
			    (step[i].wait_ms ? BRAKE_GREYLIST : BRAKE_NONE),
		    "greylist: %s (waits %lld, wanted %lld)", step[i].name,
		    (long long)v.wait_ms, (long long)step[i].wait_ms);
	}
	brake_unit_fini(&u);
}

#define RUN(steps) run_steps(steps, sizeof(steps) / sizeof((steps)[0]))

static void
test_greylist(void)
{
	static const struct step retry[] = {
	    {0, 1, 5 * MINUTE, "a new pair waits"},
	    {MINUTE, 1, 4 * MINUTE, "too early waits what is left"},
	    {5 * MINUTE - 1, 1, 1, "one millisecond too early"},
	    {5 * MINUTE, 1, 0, "at the delay it passes"},
	    {5 * MINUTE, 1, 0, "and from then on at once"},
	    {5 * MINUTE + 36 * DAY, 1, 0, "as long as it is remembered"},
	    {6 * MINUTE, 1, 5 * MINUTE, "a clock set back starts again"},
	};
	static const struct step late[] = {
	    {0, 1, 5 * MINUTE, "first try"},
	    {6 * HOUR + 1, 1, 5 * MINUTE, "a retry too late is a first try"},
	    {12 * HOUR + 1, 1, 0, "the last moment of the next window"},
	    {12 * HOUR + 2 + 36 * DAY, 1, 5 * MINUTE,
		"what passed is forgotten one day"},
	};
	static const struct step proof[] = {
	    {0, 1, 5 * MINUTE, "first pair"},
	    {0, 2, 5 * MINUTE, "second pair"},
	    {0, 3, 5 * MINUTE, "third pair"},
	    {10 * MINUTE, 1, 0, "first passes"},
	    {10 * MINUTE, 4, 5 * MINUTE, "one is no proof of two"},
	    {10 * MINUTE, 2, 0, "second passes: proved"},
	    {10 * MINUTE, 3, 0, "then everything passes"},
	    {11 * MINUTE, 99, 0, "pairs never seen, too"},
	    {11 * MINUTE + 36 * DAY, 98, 0, "while proof is in use"},
	    {11 * MINUTE + 72 * DAY + 1, 97, 5 * MINUTE,
		"not when it was forgotten"},
	};

	RUN(retry);
	RUN(late);
	RUN(proof);
}

static void
test_pairs_limit(void)
{
	struct brake_unit u = {0};
	struct brake_question q = question(0, 0);
	struct brake_view v;

	q.grey = true;
	for (q.pair = 1; q.pair <= BRAKE_PAIRS_MAX; q.pair++)
		brake_judge(&u, &q, &v);
	is_int(u.pairs.len, BRAKE_PAIRS_MAX, "pairs at the limit are noted");
	brake_judge(&u, &q, &v);
	is_int(u.pairs.len, BRAKE_PAIRS_MAX, "one more is not");
	is_int(v.word, BRAKE_GREYLIST, "but waits like others");
	q.now_ms += 5 * MINUTE;
	q.pair = 7;
	brake_judge(&u, &q, &v);
	is_int(v.word, BRAKE_NONE, "a noted one passes when it comes again");
	q.now_ms += 6 * HOUR;
	q.pair = 5000;
	brake_judge(&u, &q, &v);
	is_int(u.pairs.len, 2, "what nobody came back for makes room");
	brake_unit_fini(&u);
}

/* ---- throttle ------------------------------------------------------------ */

static enum brake_word
one_message(struct brake_unit *u, int64_t at_ms, int recipients, int64_t *wait)
{
	struct brake_question q = question(at_ms, 0);
	struct brake_view v = {0};

	q.throttle = q.new_message = true;
	for (int i = 0; i < recipients && v.word == BRAKE_NONE; i++) {
		brake_judge(u, &q, &v);
		q.new_message = false;
	}
	*wait = v.wait_ms;
	return v.word;
}

static void
test_throttle(void)
{
	struct brake_unit u = {0};
	int64_t wait;

	for (int i = 0; i < 3; i++)
		is_int(one_message(&u, 0, 1, &wait), BRAKE_NONE,
		    "throttle: message %d of 3", i + 1);
	is_int(one_message(&u, 0, 1, &wait), BRAKE_THROTTLE,
	    "one more than the limit waits");
	is_int(wait, 200000, "for the third of the interval");
	is_int(one_message(&u, 199999, 1, &wait), BRAKE_THROTTLE,
	    "a millisecond before that too");
	is_int(wait, 1, "which is said");
	is_int(
	    one_message(&u, 200000, 1, &wait), BRAKE_NONE, "then one passes");
	is_int(one_message(&u, 200000, 1, &wait), BRAKE_THROTTLE, "and no two");
	is_int(one_message(&u, DAY, 5, &wait), BRAKE_NONE,
	    "five recipients of one message are one message");
	is_int(one_message(&u, DAY, 1, &wait), BRAKE_THROTTLE,
	    "the sixth recipient waits");
	is_int(wait, 120000, "for its share of the interval");
	is_int(one_message(&u, DAY + 120000, 1, &wait), BRAKE_NONE,
	    "which frees one");
	is_int(one_message(&u, -2 * DAY, 1, &wait), BRAKE_THROTTLE,
	    "a clock set back owes");
	ok(wait <= 10 * MINUTE, "one interval at most");
	is_int(one_message(&u, wait - 2 * DAY, 1, &wait), BRAKE_NONE,
	    "and who waited for it passes");
	brake_unit_fini(&u);
}

static void
test_no_limit(void)
{
	struct brake_unit u = {0};
	struct brake_question q = question(0, 0);
	struct brake_view v = {0};

	q.throttle = q.new_message = true;
	q.settings.messages = q.settings.recipients = 0;
	for (int i = 0; i < 1000 && v.word == BRAKE_NONE; i++)
		brake_judge(&u, &q, &v);
	is_int(v.word, BRAKE_NONE, "0 is no limit");
	q.grey = true;
	q.settings.messages = 1;
	brake_judge(&u, &q, &v);
	is_int(
	    v.word, BRAKE_GREYLIST, "the throttle passed, the greylist waits");
	q.pair = 2;
	brake_judge(&u, &q, &v);
	is_int(v.word, BRAKE_THROTTLE, "the throttle comes first");
	is_int(u.pairs.len, 1, "and what it stops is noted nowhere");
	brake_unit_fini(&u);
}

/* ---- the in-process table ------------------------------------------------ */

static enum brake_word
ask(struct brake_table *t, const char *unit, int64_t at_ms, uint64_t pair)
{
	struct brake_question q = question(at_ms, pair);
	struct brake_view v;

	q.grey = true;
	brake_table_ask(t, str_from(unit), &q, &v);
	return v.word;
}

static void
test_table(void)
{
	struct brake_table *t = brake_table_new(8), *again;
	struct buf b;
	char name[16];

	ask(t, "old", 0, 1);
	for (int i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		ask(t, name, MINUTE + i, 1);
	}
	is_int(brake_table_count(t), 8, "a table at its limit");
	ask(t, "onemore", 2 * MINUTE, 1);
	ok(brake_table_count(t) < 8, "at limit + 1 the quiet ones go");
	is_int(ask(t, "u6", 6 * MINUTE + 6, 1), BRAKE_NONE,
	    "the last one in is remembered");
	is_int(ask(t, "old", 6 * MINUTE, 1), BRAKE_GREYLIST,
	    "the first one is not");
	buf_init(&b);
	brake_table_write(t, &b);
	buf_add_cstr(&b, "unit\nunit x 1\nwait\npass 1 -\n\x01\nunit u6 1 1 1 "
			 "1 1\nunit y 1 1 99999999999 1 1\nwait 1 "
			 "99999999999999999999\n");
	/* What could not be written again as it is. */
	buf_add(&b, STR("unit n\0l 1 1 1 1 1\nunit \xe9 1 1 1 1 1\n"));
	buf_printf(&b, "unit %065d 1 1 1 1 1\n", 1);
	again = brake_table_new(100);
	brake_table_read(again, buf_str(&b));
	is_int(brake_table_count(again), brake_table_count(t),
	    "written and read: the units, and no broken line");
	is_int(ask(again, "u6", 7 * MINUTE, 1), BRAKE_NONE,
	    "what passed still passes");
	is_int(ask(again, "u5", 7 * MINUTE, 1), BRAKE_NONE,
	    "what waited passes after its delay");
	ok(brake_table_forget(again, STR("u6")), "forget");
	ok(!brake_table_forget(again, STR("u6")), "only once");
	is_int(ask(again, "u6", 8 * MINUTE, 1), BRAKE_GREYLIST, "forgotten");
	buf_fini(&b);
	brake_table_free(&again);
	brake_table_free(&t);
}

/* ---- through the stores -------------------------------------------------- */

static struct brake_view
ask_store(struct rep_store *s, const struct brake_question *q)
{
	struct brake_view v;

	rep_store_brake(s, q, clock_mono_us() + 5000000, &v);
	return v;
}

static void
test_kept_over_restart(void)
{
	char dir[OWN_DIR_SIZE];
	struct brake_question q = question(0, 77);
	struct rep_store *s;

	q.grey = true;
	own_dir_make(dir);
	s = open_at("none", dir);
	is_int(ask_store(s, &q).word, BRAKE_GREYLIST, "in process: waits");
	rep_store_close(&s, 0);
	s = open_at("none", dir);
	q.now_ms += 5 * MINUTE;
	is_int(ask_store(s, &q).word, BRAKE_NONE,
	    "a restart does not make anybody wait again");
	ok(rep_store_hash_pair(s, STR("A@x"), STR("b@Y")) ==
		rep_store_hash_pair(s, STR("a@X"), STR("B@y")),
	    "case of addresses makes no other pair");
	ok(rep_store_hash_pair(s, STR("a@x"), STR("b@y")) !=
		rep_store_hash_pair(s, STR("b@y"), STR("a@x")),
	    "who sends to whom does");
	rep_store_close(&s, 0);
	own_dir_remove(dir);
}

static bool
is_state(const struct brake_state *x, const struct brake_state *y)
{
	return x->waiting == y->waiting && x->passed == y->passed &&
	       x->waited_ms == y->waited_ms && x->proof == y->proof &&
	       x->proof_ms == y->proof_ms && x->messages_us == y->messages_us &&
	       x->recipients_us == y->recipients_us;
}

/* What clients do, over months, with settings that change now and then. */
static void
test_script_equals_model(const struct server *v)
{
	struct rep_store *s = open_server(v, NULL);
	struct brake_unit unit[3] = {0};
	uint64_t state = 42;
	int64_t now = 0;
	int equal = 0, words[BRAKE_WORDS] = {0}, steps = 4000;

	look(s, "192.0.2.1"); /* connected */
	for (int i = 0; i < steps; i++) {
		static const uint64_t pairs[] = {2000, 60, 12};
		static const uint32_t proof[] = {3, 30, 100};
		uint64_t who = next_random(&state) % 3;
		struct brake_question q =
		    question(now, next_random(&state) % pairs[who]);
		struct brake_view want, got;
		int64_t most;

		q.client.byte[15] = (uint8_t)who;
		q.grey = next_random(&state) % 8 != 0;
		q.throttle = next_random(&state) % 2 != 0;
		q.new_message = next_random(&state) % 2 != 0;
		q.settings.messages = next_random(&state) % 50 ? 7 : 0;
		q.settings.recipients = 11;
		q.settings.grey_proof = proof[who];
		brake_judge(&unit[who], &q, &want);
		got = ask_store(s, &q);
		equal += want.word == got.word && want.wait_ms == got.wait_ms;
		if (want.word != got.word || want.wait_ms != got.wait_ms)
			printf("# step %d: %s %lld, in Redis %s %lld\n", i,
			    brake_word_text(want.word), (long long)want.wait_ms,
			    brake_word_text(got.word), (long long)got.wait_ms);
		words[want.word]++;
		most = next_random(&state) % 200 ? 15000 : 40 * DAY;
		now += (int64_t)(next_random(&state) % (uint64_t)most);
		if (next_random(&state) % 150 == 0)
			now -= (int64_t)(next_random(&state) % HOUR);
	}
	is_int(equal, steps, "the script says what the model says");
	ok(words[BRAKE_NONE] > 100 && words[BRAKE_THROTTLE] > 100 &&
		words[BRAKE_GREYLIST] > 100,
	    "of each word often: %d %d %d", words[0], words[1], words[2]);
	for (int i = 0; i < 3; i++) {
		struct brake_state want, got = {0};
		char name[16];

		snprintf(name, sizeof(name), "4:203.0.113.%d", i);
		brake_unit_state(&unit[i], &want);
		is_int(s->ops->read_brakes(s, name, &got), 0, "read: %s", name);
		ok(is_state(&want, &got) && got.passed > 0,
		    "as the model has it: %u wait, %u passed, proof %u",
		    got.waiting, got.passed, got.proof);
		brake_unit_fini(&unit[i]);
	}
	is_int(s->ops->read_brakes(s, "4:192.0.2.77", &(struct brake_state){0}),
	    ERR_ABSENT, "nothing of one never seen");
	rep_store_close(&s, 100);
}

static void
test_full_unit_in_redis(const struct server *v)
{
	struct rep_store *s = open_server(v, NULL);
	struct brake_question q = question(0, 0);
	char out[256];

	look(s, "192.0.2.1");
	q.client = ip_of("203.0.113.200");
	q.grey = true;
	for (q.pair = 1; q.pair <= BRAKE_PAIRS_MAX + 5; q.pair++)
		ask_store(s, &q);
	server_ask(v, "HLEN postern:grey:{4:203.0.113.200}", out, sizeof(out));
	/* 256 pairs, and when it was swept. */
	ok(strstr(out, ":257") != NULL, "a full unit takes no more: %s", out);
	q.now_ms += 6 * HOUR + 1;
	ask_store(s, &q);
	server_ask(v, "HLEN postern:grey:{4:203.0.113.200}", out, sizeof(out));
	ok(strstr(out, ":2\r") != NULL, "a sweep makes room: %s", out);
	server_ask(v, "PTTL postern:grey:{4:203.0.113.200}", out, sizeof(out));
	ok(strtol(out + 1, NULL, 10) > 0, "every key has a life: %s", out);
	rep_store_close(&s, 100);
}

static void
test_redis_away(struct server *v)
{
	struct rep_store *s = open_server(v, NULL);
	struct brake_question q = question(0, 1);
	struct brake_view view;
	int64_t start;

	look(s, "192.0.2.1");
	q.grey = true;
	q.client = ip_of("203.0.113.201");
	kill(v->pid, SIGSTOP);
	start = clock_mono_us();
	rep_store_brake(s, &q, start + 20000, &view);
	is_int(view.word, BRAKE_NONE, "a hung Redis makes nobody wait");
	ok(clock_mono_us() - start < 2000000, "nor us");
	kill(v->pid, SIGCONT);
	rep_store_brake(s, &q, clock_mono_us() - 1, &view);
	is_int(view.word, BRAKE_NONE, "nor is it asked when no time is left");
	rep_store_close(&s, 100);
}

int
main(void)
{
	struct server v;

	test_greylist();
	test_pairs_limit();
	test_throttle();
	test_no_limit();
	test_table();
	test_kept_over_restart();
	if (!server_exists()) {
		ok(true, "no redis-server here # SKIP");
		return done_testing();
	}
	server_make(&v, false, "");
	server_start(&v);
	test_script_equals_model(&v);
	test_full_unit_in_redis(&v);
	test_redis_away(&v);
	server_end(&v);
	return done_testing();
}
