/*
 * postern rep replay: a history from a file, through the model with the
 * configuration's numbers.
 *
 * A line is TIME CLIENT CLASS [RECIPIENT...], separated by blanks or tabs: the
 * time in seconds since 1970, the class a word of doc/reputation.md (ham, spam,
 * rules ...). Lines need not be in order. # begins a comment.
 */
#include "cli/rep.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "peer/rep_replay.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HISTORY_MAX ((size_t)4 << 30)
#define BAD_SHOWN 5
#define TIME_MAX 1e11 /* seconds; the year 5138 */

struct history {
	VEC(struct rep_event) events;
	size_t bad; /* lines */
};

static bool
parse_seconds(struct str s, int64_t *ms_out)
{
	char text[32], *end;
	double v;

	if (s.len == 0 || s.len >= sizeof(text) ||
	    str_span(s, "0123456789.") != s.len)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	v = strtod(text, &end);
	if (end != text + s.len || !(v >= 1 && v < TIME_MAX))
		return false;
	*ms_out = (int64_t)llround(v * 1000);
	return true;
}

/* NULL: it is one. */
static const char *
parse_line(const struct rep_replay *r, struct str line, struct rep_event *out)
{
	struct rep_event e = {.rcpt_count = 0};
	struct str word;

	if (!parse_seconds(str_word(&line), &e.at_ms))
		return "the first word is no time in seconds since 1970";
	if (!ip_parse(str_word(&line), &e.client))
		return "the second word is no address";
	if (!rep_class_parse(str_word(&line), &e.class))
		return "the third word is no class (ham, spam, rules ...)";
	while (
	    (word = str_word(&line)).len > 0 && e.rcpt_count < REP_EVENT_RCPTS)
		e.rcpt_hash[e.rcpt_count++] = rep_replay_rcpt(r, word);
	e.rejected = rep_class_is_bad(e.class);
	*out = e;
	return NULL;
}

static void
read_history(const struct rep_replay *r, const char *path, struct str text,
    struct history *h)
{
	size_t number = 0;

	while (text.len > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));
		struct rep_event e;
		const char *why;

		number++;
		if (line.len == 0 || line.p[0] == '#')
			continue;
		why = parse_line(r, line, &e);
		if (why == NULL)
			*VEC_PUSH(&h->events) = e;
		else if (h->bad++ < BAD_SHOWN)
			cli_complain("rep", "%s:%zu: %s", path, number, why);
	}
	if (h->bad > BAD_SHOWN)
		cli_complain(
		    "rep", "%s: %zu more such lines", path, h->bad - BAD_SHOWN);
}

/* What is of one moment stays as it stood. */
static int
by_time(const void *a, const void *b)
{
	const struct rep_event *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void
run_history(struct rep_replay *r, struct history *h, int64_t faster)
{
	int64_t start;

	if (h->events.len == 0)
		return;
	qsort(h->events.v, h->events.len, sizeof(*h->events.v), by_time);
	start = h->events.v[0].at_ms;
	for (size_t i = 0; i < h->events.len; i++) {
		struct rep_event *e = &h->events.v[i];

		if (faster > 1)
			e->at_ms = start + (e->at_ms - start) / faster;
		rep_replay_event(r, e);
	}
}

/* ---- the answer --------------------------------------------------------- */

struct listings {
	struct rep_replay *replay;
	struct json *list;
};

static void
add_listing(void *ctx, const struct rep_audit *a)
{
	struct listings *l = ctx;
	struct json *j = json_new_object();
	struct rep_record r;

	json_set_int(j, "at_ms", a->at_ms);
	json_set_str(j, "unit", str_from(a->unit));
	json_set_str(j, "why", str_from(a->why));
	if (rep_replay_unit(l->replay, a->unit, &r)) {
		json_set_int(j, "ham", (int64_t)r.unit.count[REP_HAM]);
		json_set_int(j, "self", (int64_t)r.unit.count[REP_SELF]);
		json_set_int(j, "seen", (int64_t)r.unit.seen);
		json_set_int(j, "strike", r.listing.strike);
	}
	json_append(l->list, j);
}

static struct json *
states_json(const uint64_t count[static REP_STATES])
{
	struct json *j = json_new_object();

	for (int i = 0; i < REP_STATES; i++)
		if (count[i] > 0)
			json_set_int(j, rep_state_text((enum rep_state)i),
			    (int64_t)count[i]);
	return j;
}

static struct json *
answer_of(struct rep_replay *r, const struct history *h)
{
	struct json *j = json_new_object();
	struct listings l = {.replay = r, .list = json_new_array()};
	struct rep_replay_counts c;

	rep_replay_counts(r, &c);
	rep_replay_listings(r, add_listing, &l);
	json_set_bool(j, "ok", true);
	json_set_int(j, "messages", (int64_t)h->events.len);
	json_set_int(j, "bad_lines", (int64_t)h->bad);
	json_set_int(j, "clients", (int64_t)c.clients);
	json_set_int(j, "networks", (int64_t)c.networks);
	json_set(j, "good", states_json(c.good));
	json_set(j, "bad", states_json(c.bad));
	json_set_int(j, "good_refused", (int64_t)c.good_refused);
	json_set_int(j, "bad_refused", (int64_t)c.bad_refused);
	json_set(j, "listings", l.list);
	return j;
}

int
rep_run_replay(
    const struct config *c, const char *path, int64_t faster, bool json)
{
	struct rep_settings model;
	struct history h = {.bad = 0};
	struct rep_replay *r;
	struct buf content;
	size_t bad;

	if (!rep_read_model(c, &model))
		return EXIT_USAGE;
	buf_init(&content);
	if (file_read(path, HISTORY_MAX, &content) != 0) {
		buf_fini(&content);
		return cli_complain("rep", "cannot read %s", path);
	}
	r = rep_replay_new(&model);
	read_history(r, path, buf_str(&content), &h);
	buf_fini(&content);
	run_history(r, &h, faster);
	(void)rep_finish(answer_of(r, &h), "replay", json);
	bad = h.bad;
	VEC_FINI(&h.events);
	rep_replay_free(&r);
	return bad == 0 ? EXIT_GOOD : EXIT_REFUSED;
}
