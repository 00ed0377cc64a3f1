/*
 * The in-process store: `redis = none`, tests, a first try, one small host.
 *
 * Units live in one map under one lock; an event is journaled, then applied at
 * once. A thread writes the state file from time to time, unit by unit, so mail
 * waits for a few hundred units at most; each unit carries the sequence of its
 * last event, and a restart repeats the journal over the file without counting
 * anything twice. Bounded: UNITS_MAX units, the oldest quiet ones go first.
 */
#include "peer/rep_backend.h"

#include "base/cidr_trie.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/vec.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define UNITS_MAX 200000
#define WHYS_MAX 5000
#define WHY_TOTAL_MAX ((size_t)8 << 20)
#define STATE_FILE "reputation.jsonl"
#define STATE_FILE_MAX ((size_t)1 << 30)
#define SAVE_EVERY_MS 60000
#define SAVE_AT_BYTES ((uint64_t)16 << 20) /* of journal, at least */
#define SAVE_AT_MOST (REP_JOURNAL_LIMIT / 2)
/* Of journal to the last saved state: writing it all stays a small share. */
#define SAVE_RATIO 4
#define SLICE 256    /* units per hold of the lock */
#define WIDE_MAX 130 /* nested networks */

struct mem_unit {
	struct rep_unit unit;
	bool counted; /* `unit` holds something */
	struct rep_ledger ledger;
	struct rep_listing *listing;   /* or NULL */
	struct rep_evidence *evidence; /* newest first, or NULL */
	size_t evidence_count;
	uint64_t seq;
	int64_t sampled_ms;
};

struct why {
	char ref[REP_REF_MAX];
	char *json;
	size_t len;
	int64_t at_ms;
};

struct mem_store {
	struct rep_store base;
	struct rep_journal *journal; /* or NULL: nothing is kept */
	uint64_t seq;		     /* without a journal */

	pthread_mutex_t units_lock;  /* guards all but the saver's */
	struct map *units;	     /* name -> struct mem_unit */
	struct cidr_trie *wide;	     /* admin's networks -> mem_unit */
	struct map *whys;	     /* ref -> struct why */
	VEC(struct why *) why_order; /* oldest first */
	size_t why_bytes;
	VEC(struct rep_audit) notes;
	uint64_t note_id;
	uint64_t saved_bytes; /* size of the last saved state */
	uint64_t lost;	      /* applied but not journaled */
	bool away;	      /* the journal cannot be written */

	pthread_mutex_t save_lock; /* one save at a time */
	pthread_mutex_t wake_lock;
	pthread_cond_t wake;
	pthread_t saver;
	bool saver_runs;
	bool stop;
};

static struct mem_store *
mem_of(struct rep_store *s)
{
	return (struct mem_store *)s;
}

/* ---- units ----------------------------------------------------------------
 */

static struct mem_unit *
unit_find(const struct mem_store *m, const char *name)
{
	return map_get(m->units, str_from(name));
}

static void
unit_free(struct mem_unit *u)
{
	rep_ledger_fini(&u->ledger);
	free(u->listing);
	free(u->evidence);
	free(u);
}

static bool
unit_is_stale(const struct mem_unit *u, int64_t now_ms)
{
	int64_t life = rep_life_ms(&u->unit, u->listing != NULL);

	if (u->listing != NULL &&
	    (u->listing->until_ms == 0 ||
		now_ms < u->listing->until_ms + REP_LISTED_LIFE_MS))
		return false;
	return u->unit.last_ms + life < now_ms;
}

static void
wide_rebuild(struct mem_store *m)
{
	size_t pos = 0;
	struct str name;
	void *value;
	struct cidr c;
	enum rep_kind kind;

	cidr_trie_free(&m->wide);
	m->wide = cidr_trie_new();
	while (map_next(m->units, &pos, &name, &value)) {
		struct mem_unit *u = value;

		if (u->listing != NULL && rep_name_parse(name, &c, &kind) &&
		    kind == REP_KIND_NET)
			(void)cidr_trie_set(m->wide, &c, u);
	}
}

static void
unit_drop(struct mem_store *m, const char *name)
{
	struct mem_unit *u = map_remove(m->units, str_from(name));

	if (u == NULL)
		return;
	if (u->listing != NULL && name[0] == 'n')
		wide_rebuild(m);
	unit_free(u);
}

/* The quiet ones make room: all not seen since the median of a sample. */
static void
make_room(struct mem_store *m)
{
	VEC(char *) gone = {0};
	size_t pos = 0, want = UNITS_MAX / 16;
	struct str name;
	void *value;

	while (gone.len < want && map_next(m->units, &pos, &name, &value)) {
		const struct mem_unit *u = value;

		if (u->listing == NULL && name.p[0] != 's')
			*VEC_PUSH(&gone) = mem_strndup(name.p, name.len);
	}
	for (size_t i = 0; i < gone.len; i++) {
		unit_drop(m, gone.v[i]);
		free(gone.v[i]);
	}
	VEC_FINI(&gone);
}

static struct mem_unit *
unit_take(struct mem_store *m, const char *name)
{
	struct mem_unit *u = unit_find(m, name);

	if (u != NULL)
		return u;
	if (map_count(m->units) >= UNITS_MAX)
		make_room(m);
	u = mem_alloc(sizeof(*u));
	map_set(m->units, str_from(name), u);
	return u;
}

static void
push_evidence(struct mem_unit *u, const struct rep_event *e)
{
	if (!rep_class_is_bad(e->class) || e->class == REP_SELF)
		return;
	if (u->evidence == NULL)
		u->evidence = mem_array(REP_EVIDENCE_MAX, sizeof(*u->evidence));
	if (u->evidence_count < REP_EVIDENCE_MAX)
		u->evidence_count++;
	memmove(u->evidence + 1, u->evidence,
	    (u->evidence_count - 1) * sizeof(*u->evidence));
	rep_evidence_of(e, &u->evidence[0]);
}

/* ---- the audit trail ------------------------------------------------------
 */

static void
note_locked(struct mem_store *m, const struct rep_audit *a)
{
	struct rep_audit copy = *a;

	if (m->notes.len >= REP_NOTES_MAX) {
		size_t half = m->notes.len / 2;

		m->notes.len -= half;
		memmove(m->notes.v, m->notes.v + half,
		    m->notes.len * sizeof(*m->notes.v));
	}
	(void)snprintf(copy.id, sizeof(copy.id), "%" PRIu64, ++m->note_id);
	*VEC_PUSH(&m->notes) = copy;
}

static void
note_listing(struct mem_store *m, const char *unit, const struct rep_listing *l)
{
	struct rep_audit a = {
	    .at_ms = l->since_ms, .what = "list", .by = "model"};

	(void)snprintf(a.unit, sizeof(a.unit), "%s", unit);
	(void)snprintf(a.why, sizeof(a.why), "%s", l->why);
	(void)snprintf(a.ref, sizeof(a.ref), "%s", l->ref);
	note_locked(m, &a);
}

/* ---- events ---------------------------------------------------------------
 */

static void
put_listing(struct mem_store *m, const char *name, struct mem_unit *u,
    const struct rep_listing *l)
{
	bool fresh = u->listing == NULL;
	struct cidr c;
	enum rep_kind kind;

	if (fresh)
		u->listing = mem_alloc(sizeof(*u->listing));
	*u->listing = *l;
	if (fresh && rep_name_parse(str_from(name), &c, &kind) &&
	    kind == REP_KIND_NET)
		(void)cidr_trie_set(m->wide, &c, u);
}

/* Longest network an admin spoke about that holds `ip`. */
static const struct rep_listing *
wide_word(const struct mem_store *m, const struct ip *ip, int64_t now_ms)
{
	void *found[WIDE_MAX];
	size_t n = cidr_trie_find_all(m->wide, ip, found, WIDE_MAX);

	for (size_t i = 0; i < n; i++) {
		const struct mem_unit *u = found[i];

		if (u->listing->state != REP_LISTED &&
		    rep_model_is_running(u->listing, now_ms))
			return u->listing;
	}
	return NULL;
}

static struct rep_known
known_of(const struct mem_store *m, const struct ip *ip, int64_t now_ms)
{
	const struct mem_unit *host = unit_find(m, rep_name_host(ip).text);
	const struct mem_unit *net = unit_find(m, rep_name_net(ip).text);
	const struct mem_unit *site = unit_find(m, REP_SITE);

	return (struct rep_known){
	    .unit = host && host->counted ? &host->unit : NULL,
	    .net = net && net->counted ? &net->unit : NULL,
	    .site = site ? &site->unit : NULL,
	    .listing = host ? host->listing : NULL,
	    .net_listing = rep_model_net_word(
		net ? net->listing : NULL, wide_word(m, ip, now_ms), now_ms),
	    .client = rep_host_of(ip)};
}

static bool
count_in(struct mem_store *m, const char *name, enum rep_kind kind,
    const struct rep_event *e, uint64_t seq, struct rep_applied *out)
{
	struct mem_unit *u = unit_take(m, name);

	if (seq <= u->seq)
		return false;
	*out = rep_unit_apply(&m->base.settings, &u->unit, &u->ledger, kind,
	    rep_member_id(&e->client), e);
	u->seq = seq;
	u->counted = true;
	if (kind == REP_KIND_HOST)
		push_evidence(u, e);
	return true;
}

static void
begin_listing(struct mem_store *m, const char *name, const struct rep_event *e,
    struct rep_listing *l)
{
	(void)snprintf(l->ref, sizeof(l->ref), "%s", e->ref);
	put_listing(m, name, unit_take(m, name), l);
	note_listing(m, name, l);
}

static void
judge_event(struct mem_store *m, const struct rep_event *e,
    struct rep_applied a, bool host)
{
	struct rep_known k = known_of(m, &e->client, e->at_ms);
	struct rep_listing l;

	if (host && rep_model_list(&m->base.settings, &k, a, e->at_ms, &l))
		begin_listing(m, rep_name_host(&e->client).text, e, &l);
	if (rep_model_list_net(&m->base.settings, &k, e->at_ms, &l))
		begin_listing(m, rep_name_net(&e->client).text, e, &l);
}

static bool
host_is_kept(struct mem_store *m, const struct rep_event *e)
{
	struct mem_unit *net;

	if (ip_is_v4(&e->client))
		return true;
	net = unit_take(m, rep_name_net(&e->client).text);
	return rep_ledger_admits(&m->base.settings, &net->ledger,
	    e->at_ms / REP_DAY_MS, rep_member_id(&e->client));
}

static void
apply_locked(struct mem_store *m, const struct rep_event *e, uint64_t seq)
{
	struct rep_applied host = {false, false}, net = {false, false}, site;
	bool kept = host_is_kept(m, e);

	if (kept)
		kept = count_in(m, rep_name_host(&e->client).text,
		    REP_KIND_HOST, e, seq, &host);
	(void)count_in(
	    m, rep_name_net(&e->client).text, REP_KIND_NET, e, seq, &net);
	(void)count_in(m, REP_SITE, REP_KIND_SITE, e, seq, &site);
	if (host.bad || net.bad)
		judge_event(m, e, host, kept);
}

/* ---- decision records -----------------------------------------------------
 */

static void
why_drop_oldest(struct mem_store *m)
{
	struct why *w = m->why_order.v[0];

	m->why_order.len--;
	memmove(m->why_order.v, m->why_order.v + 1,
	    m->why_order.len * sizeof(*m->why_order.v));
	if (map_get(m->whys, str_from(w->ref)) == w)
		(void)map_remove(m->whys, str_from(w->ref));
	m->why_bytes -= w->len;
	free(w->json);
	free(w);
}

static void
why_put_locked(
    struct mem_store *m, struct str ref, struct str json, int64_t at_ms)
{
	struct why *w = mem_alloc(sizeof(*w));

	(void)snprintf(w->ref, sizeof(w->ref), "%.*s", STR_ARG(ref));
	w->json = mem_strndup(json.p, json.len);
	w->len = json.len;
	w->at_ms = at_ms;
	(void)map_set(m->whys, str_from(w->ref), w);
	*VEC_PUSH(&m->why_order) = w;
	m->why_bytes += w->len;
	while (m->why_order.len > WHYS_MAX || m->why_bytes > WHY_TOTAL_MAX)
		why_drop_oldest(m);
}

/* ---- the state file -------------------------------------------------------
 */

/* "day id:bad:good:trap ..." */
static void
add_givers(struct json *j, const struct rep_ledger *l)
{
	struct buf b;

	if (l->len == 0)
		return;
	buf_init(&b);
	buf_printf(&b, "%lld", (long long)l->day);
	for (uint32_t i = 0; i < l->len; i++)
		buf_printf(&b, " %" PRIx64 ":%u:%u:%d", l->v[i].id, l->v[i].bad,
		    l->v[i].good, l->v[i].trap);
	json_set_str(j, "givers", buf_str(&b));
	buf_fini(&b);
}

static bool
read_giver(struct str word, struct rep_giver *out)
{
	struct str id = str_cut(&word, ':'), bad = str_cut(&word, ':');
	struct str good = str_cut(&word, ':');
	uint64_t b, g, v = 0;

	if (id.len == 0 || id.len > 16 || !str_to_u64(bad, &b) ||
	    !str_to_u64(good, &g) || b > UINT8_MAX || g > UINT8_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		int digit = ascii_hex(id.p[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*out = (struct rep_giver){.id = v,
	    .bad = (uint8_t)b,
	    .good = (uint8_t)g,
	    .trap = str_is(word, "1")};
	return true;
}

static void
read_givers(struct str text, struct rep_ledger *l)
{
	struct rep_giver g;
	struct str word = str_word(&text);

	if (!str_to_i64(word, &l->day))
		return;
	l->v = mem_array(REP_LEDGER_NET_MAX, sizeof(*l->v));
	l->size = REP_LEDGER_NET_MAX;
	while ((word = str_word(&text)).len > 0 && l->len < l->size)
		if (read_giver(word, &g))
			l->v[l->len++] = g;
}

static void
record_of(const struct mem_unit *u, struct rep_record *out)
{
	*out = (struct rep_record){.exists = u->counted,
	    .has_listing = u->listing != NULL,
	    .unit = u->unit,
	    .evidence_count = u->evidence_count,
	    .seq = u->seq};
	if (u->listing != NULL)
		out->listing = *u->listing;
	for (size_t i = 0; i < u->evidence_count; i++)
		out->evidence[i] = u->evidence[i];
}

static void
unit_set_record(
    struct mem_store *m, const char *name, const struct rep_record *r)
{
	struct mem_unit *u = unit_take(m, name);

	u->unit = r->unit;
	u->counted = r->exists;
	if (r->seq > u->seq)
		u->seq = r->seq;
	if (r->has_listing)
		put_listing(m, name, u, &r->listing);
	u->evidence_count = r->evidence_count;
	if (r->evidence_count > 0 && u->evidence == NULL)
		u->evidence = mem_array(REP_EVIDENCE_MAX, sizeof(*u->evidence));
	for (size_t i = 0; i < r->evidence_count; i++)
		u->evidence[i] = r->evidence[i];
}

static void
save_line(struct buf *out, struct json *j)
{
	json_format(j, 0, out);
	buf_add_char(out, '\n');
	json_unref(&j);
}

static void
save_unit(
    struct mem_store *m, const char *name, int64_t now_ms, struct buf *out)
{
	const struct mem_unit *u = unit_find(m, name);
	struct rep_record r;
	struct json *j;

	if (u == NULL)
		return;
	if (unit_is_stale(u, now_ms)) {
		unit_drop(m, name);
		return;
	}
	record_of(u, &r);
	j = rep_record_json(name, &r);
	add_givers(j, &u->ledger);
	save_line(out, j);
}

static size_t
unit_names(struct mem_store *m, char ***out)
{
	VEC(char *) names = {0};
	size_t pos = 0;
	struct str name;

	while (map_next(m->units, &pos, &name, NULL))
		*VEC_PUSH(&names) = mem_strndup(name.p, name.len);
	*out = names.v;
	return names.len;
}

static struct json *
audit_json(const struct rep_audit *a)
{
	struct json *j = json_new_object();

	json_set_int(j, "at", a->at_ms);
	json_set_str(j, "id", str_from(a->id));
	json_set_str(j, "what", str_from(a->what));
	json_set_str(j, "unit", str_from(a->unit));
	json_set_str(j, "by", str_from(a->by));
	json_set_str(j, "why", str_from(a->why));
	json_set_str(j, "ref", str_from(a->ref));
	return j;
}

static void
save_rest(struct mem_store *m, int64_t now_ms, struct buf *out)
{
	for (size_t i = 0; i < m->notes.len; i++) {
		struct json *j = json_new_object();

		json_set(j, "note", audit_json(&m->notes.v[i]));
		save_line(out, j);
	}
	for (size_t i = 0; i < m->why_order.len; i++) {
		const struct why *w = m->why_order.v[i];
		struct json *j;

		if (w->at_ms + REP_WHY_LIFE_MS < now_ms)
			continue;
		j = json_new_object();
		json_set_str(j, "why", str_from(w->ref));
		json_set_int(j, "at", w->at_ms);
		json_set_str(j, "json", str_make(w->json, w->len));
		save_line(out, j);
	}
}

/* What a unit holds may be newer than the mark; its sequence tells. */
static void
collect_state(struct mem_store *m, struct buf *out)
{
	int64_t now_ms = clock_wall_ms();
	char **name;
	size_t count, at = 0;

	pthread_mutex_lock(&m->units_lock);
	count = unit_names(m, &name);
	pthread_mutex_unlock(&m->units_lock);
	while (at < count) {
		pthread_mutex_lock(&m->units_lock);
		for (int i = 0; i < SLICE && at < count; i++, at++)
			save_unit(m, name[at], now_ms, out);
		pthread_mutex_unlock(&m->units_lock);
	}
	file_list_free(&name, count);
	pthread_mutex_lock(&m->units_lock);
	save_rest(m, now_ms, out);
	pthread_mutex_unlock(&m->units_lock);
}

static int
save(struct mem_store *m)
{
	struct rep_cursor mark;
	struct buf out;
	char *path;
	int rc;

	if (m->journal == NULL)
		return 0;
	pthread_mutex_lock(&m->save_lock);
	mark = rep_journal_end(m->journal);
	/* An event between journal and unit is in both or waits for the lock.
	 */
	pthread_mutex_lock(&m->units_lock);
	pthread_mutex_unlock(&m->units_lock);
	buf_init(&out);
	collect_state(m, &out);
	path = file_join(m->base.state_dir, STATE_FILE);
	rc = file_replace(path, buf_str(&out), 0600);
	pthread_mutex_lock(&m->units_lock);
	m->saved_bytes = out.len;
	pthread_mutex_unlock(&m->units_lock);
	if (rc == 0)
		rep_journal_mark(m->journal, &mark);
	else
		rep_store_log(
		    &m->base, "reputation: %s: %s", path, strerror(errno));
	free(path);
	buf_fini(&out);
	pthread_mutex_unlock(&m->save_lock);
	return rc;
}

static void
load_note(struct mem_store *m, const struct json *j)
{
	struct rep_audit a = {.at_ms = json_get_int(j, "at", 0)};

	(void)snprintf(
	    a.what, sizeof(a.what), "%.*s", STR_ARG(json_get_str(j, "what")));
	(void)snprintf(
	    a.unit, sizeof(a.unit), "%.*s", STR_ARG(json_get_str(j, "unit")));
	(void)snprintf(
	    a.by, sizeof(a.by), "%.*s", STR_ARG(json_get_str(j, "by")));
	(void)snprintf(
	    a.why, sizeof(a.why), "%.*s", STR_ARG(json_get_str(j, "why")));
	(void)snprintf(
	    a.ref, sizeof(a.ref), "%.*s", STR_ARG(json_get_str(j, "ref")));
	note_locked(m, &a);
}

static bool
load_line(struct mem_store *m, struct str line)
{
	struct json *j = json_parse(line, NULL);
	struct rep_record r;
	struct str name, why = json_get_str(j, "why");
	bool good = true;

	if (json_get(j, "note") != NULL) {
		load_note(m, json_get(j, "note"));
	} else if (why.len > 0 && why.len < REP_REF_MAX) {
		why_put_locked(
		    m, why, json_get_str(j, "json"), json_get_int(j, "at", 0));
	} else if (rep_record_from_json(j, &name, &r)) {
		char text[REP_UNIT_TEXT_MAX];

		(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
		unit_set_record(m, text, &r);
		read_givers(
		    json_get_str(j, "givers"), &unit_find(m, text)->ledger);
	} else {
		good = false;
	}
	json_unref(&j);
	return good;
}

static void
load_state(struct mem_store *m)
{
	char *path = file_join(m->base.state_dir, STATE_FILE);
	struct buf b;
	struct str rest;
	size_t bad = 0;

	buf_init(&b);
	if (file_read(path, STATE_FILE_MAX, &b) != 0 && errno != ENOENT)
		rep_store_log(
		    &m->base, "reputation: %s: %s", path, strerror(errno));
	rest = buf_str(&b);
	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n');

		if (line.len > 0 && !load_line(m, line))
			bad++;
	}
	if (bad > 0)
		rep_store_log(&m->base, "reputation: %s: %zu bad lines skipped",
		    path, bad);
	buf_fini(&b);
	free(path);
}

static void
replay(struct mem_store *m)
{
	struct rep_cursor c = rep_journal_start(m->journal);
	struct rep_journal_entry entry;
	struct rep_event e;

	while (rep_journal_read(m->journal, &c, &entry) == 1) {
		struct str ref, rest = entry.payload;

		if (entry.type == 'e' && rep_event_unpack(rest, &e)) {
			apply_locked(m, &e, entry.seq);
		} else if (entry.type == 'w') {
			ref = str_cut(&rest, ' ');
			if (ref.len < REP_REF_MAX)
				why_put_locked(m, ref, rest, clock_wall_ms());
		}
	}
}

/* ---- the mail path --------------------------------------------------------
 */

struct mem_lookup {
	struct rep_store *store;
	struct rep_view view;
};

static struct rep_lookup *
mem_lookup_start(struct rep_store *s, const struct ip *ip)
{
	struct mem_store *m = mem_of(s);
	struct mem_lookup *l = mem_alloc(sizeof(*l));
	int64_t now_ms = clock_wall_ms();
	struct rep_known k;
	struct mem_unit *u;

	l->store = s;
	pthread_mutex_lock(&m->units_lock);
	k = known_of(m, ip, now_ms);
	rep_model_view(&s->settings, &k, now_ms, &l->view);
	u = unit_find(
	    m, l->view.parent ? rep_name_net(ip).text : rep_name_host(ip).text);
	if (l->view.state == REP_LISTED && u != NULL &&
	    rep_model_sample(
		&s->settings, random_u64(), u->sampled_ms, now_ms)) {
		l->view.sample = true;
		u->sampled_ms = now_ms;
	}
	pthread_mutex_unlock(&m->units_lock);
	return (struct rep_lookup *)l;
}

static void
mem_lookup_collect(
    struct rep_lookup *l, int64_t deadline_us, struct rep_view *out)
{
	(void)deadline_us;
	*out = ((struct mem_lookup *)l)->view;
	free(l);
}

/* Once per outage of the disk. */
static void
note_journal(struct mem_store *m, int rc)
{
	if (rc == 0) {
		m->away = false;
		return;
	}
	m->lost++;
	if (!m->away)
		rep_store_log(&m->base,
		    "reputation: journal in %s: %s; a crash "
		    "would lose what is counted now",
		    m->base.state_dir,
		    rc == ERR_LIMIT ? "full" : strerror(errno));
	m->away = true;
}

static void
wake_saver(struct mem_store *m)
{
	pthread_mutex_lock(&m->wake_lock);
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->wake_lock);
}

static uint64_t
journal_locked(struct mem_store *m, char type, struct str payload)
{
	uint64_t seq = ++m->seq;

	if (m->journal != NULL)
		note_journal(
		    m, rep_journal_add(m->journal, type, payload, &seq));
	return seq;
}

/* The journal must never come near its own limit, where events are refused. */
static uint64_t
save_threshold(const struct mem_store *m)
{
	uint64_t bytes = SAVE_AT_BYTES + SAVE_RATIO * m->saved_bytes;

	return bytes < SAVE_AT_MOST ? bytes : SAVE_AT_MOST;
}

static void
mem_report(struct rep_store *s, const struct rep_event *e)
{
	struct mem_store *m = mem_of(s);
	uint8_t packed[REP_EVENT_BYTES];
	size_t len = rep_event_pack(e, packed);
	bool full;

	pthread_mutex_lock(&m->units_lock);
	apply_locked(
	    m, e, journal_locked(m, 'e', str_make((const char *)packed, len)));
	full = m->journal != NULL &&
	       rep_journal_bytes(m->journal) > save_threshold(m);
	pthread_mutex_unlock(&m->units_lock);
	if (full)
		wake_saver(m);
}

static void
mem_record(struct rep_store *s, struct str ref, struct str json)
{
	struct mem_store *m = mem_of(s);
	struct buf b;

	buf_init(&b);
	buf_add(&b, ref);
	buf_add_char(&b, ' ');
	buf_add(&b, json);
	pthread_mutex_lock(&m->units_lock);
	(void)journal_locked(m, 'w', buf_str(&b));
	why_put_locked(m, ref, json, clock_wall_ms());
	pthread_mutex_unlock(&m->units_lock);
	buf_fini(&b);
}

static void
mem_status(struct rep_store *s, struct json *into)
{
	struct mem_store *m = mem_of(s);

	pthread_mutex_lock(&m->units_lock);
	json_set_str(into, "store", STR("in-process"));
	json_set_str(into, "state", STR("up"));
	json_set_int(into, "units", (int64_t)map_count(m->units));
	json_set_int(into, "records", (int64_t)m->why_order.len);
	json_set_int(into, "unjournaled", (int64_t)m->lost);
	pthread_mutex_unlock(&m->units_lock);
	if (m->journal != NULL)
		json_set_int(into, "journal_bytes",
		    (int64_t)rep_journal_bytes(m->journal));
}

/* ---- the admin's ----------------------------------------------------------
 */

static int
mem_read(struct rep_store *s, const char *unit, struct rep_record *out)
{
	struct mem_store *m = mem_of(s);
	const struct mem_unit *u;

	pthread_mutex_lock(&m->units_lock);
	u = unit_find(m, unit);
	if (u != NULL)
		record_of(u, out);
	pthread_mutex_unlock(&m->units_lock);
	return u != NULL ? 0 : ERR_ABSENT;
}

static int
mem_set_listing(
    struct rep_store *s, const char *unit, const struct rep_listing *l)
{
	struct mem_store *m = mem_of(s);

	pthread_mutex_lock(&m->units_lock);
	put_listing(m, unit, unit_take(m, unit), l);
	pthread_mutex_unlock(&m->units_lock);
	return save(m);
}

static int
mem_forget(struct rep_store *s, const char *unit)
{
	struct mem_store *m = mem_of(s);
	bool there;

	pthread_mutex_lock(&m->units_lock);
	there = unit_find(m, unit) != NULL;
	unit_drop(m, unit);
	pthread_mutex_unlock(&m->units_lock);
	return there ? save(m) : ERR_ABSENT;
}

static int
mem_dispute(struct rep_store *s, const char *unit)
{
	struct mem_store *m = mem_of(s);
	struct mem_unit *u;

	pthread_mutex_lock(&m->units_lock);
	u = unit_find(m, unit);
	for (size_t i = 0; u != NULL && i < u->evidence_count; i++)
		u->evidence[i].disputed = true;
	if (u != NULL)
		u->unit.sums.bad_short = u->unit.sums.bad_long = 0;
	pthread_mutex_unlock(&m->units_lock);
	return u != NULL ? save(m) : ERR_ABSENT;
}

static int
mem_load(struct rep_store *s, const char *unit, const struct rep_record *r)
{
	struct mem_store *m = mem_of(s);
	struct rep_record copy = *r;

	copy.seq = 0; /* another store's sequence means nothing here */
	pthread_mutex_lock(&m->units_lock);
	unit_set_record(m, unit, &copy);
	pthread_mutex_unlock(&m->units_lock);
	return 0;
}

static int
mem_each(struct rep_store *s, rep_unit_fn *fn, void *ctx)
{
	struct mem_store *m = mem_of(s);
	char **name;
	size_t count;

	pthread_mutex_lock(&m->units_lock);
	count = unit_names(m, &name);
	pthread_mutex_unlock(&m->units_lock);
	for (size_t i = 0; i < count; i++)
		fn(ctx, name[i]);
	file_list_free(&name, count);
	return 0;
}

static bool
is_listed(struct mem_store *m, const char *name, int64_t now_ms)
{
	const struct mem_unit *u;
	bool running;

	pthread_mutex_lock(&m->units_lock);
	u = unit_find(m, name);
	running = u != NULL && rep_model_is_running(u->listing, now_ms);
	pthread_mutex_unlock(&m->units_lock);
	return running;
}

static int
mem_each_listed(struct rep_store *s, int64_t now_ms, rep_unit_fn *fn, void *ctx)
{
	struct mem_store *m = mem_of(s);
	char **name;
	size_t count;

	pthread_mutex_lock(&m->units_lock);
	count = unit_names(m, &name);
	pthread_mutex_unlock(&m->units_lock);
	for (size_t i = 0; i < count; i++)
		if (is_listed(m, name[i], now_ms))
			fn(ctx, name[i]);
	file_list_free(&name, count);
	return 0;
}

struct score {
	char unit[REP_UNIT_TEXT_MAX];
	double value;
};

static int
by_score(const void *a, const void *b)
{
	const struct score *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->unit, y->unit);
}

static int
mem_top(
    struct rep_store *s, int64_t now_ms, size_t max, rep_top_fn *fn, void *ctx)
{
	struct mem_store *m = mem_of(s);
	VEC(struct score) all = {0};
	size_t pos = 0;
	struct str name;
	void *value;

	pthread_mutex_lock(&m->units_lock);
	while (map_next(m->units, &pos, &name, &value)) {
		const struct mem_unit *u = value;
		double bad =
		    rep_sums_at(&s->settings, u->unit.sums, now_ms).bad_short;
		struct score *x;

		if (bad < 0.01 || (name.p[0] != '4' && name.p[0] != '6'))
			continue;
		x = VEC_PUSH(&all);
		(void)snprintf(x->unit, sizeof(x->unit), "%.*s", STR_ARG(name));
		x->value = bad;
	}
	pthread_mutex_unlock(&m->units_lock);
	if (all.len > 1)
		qsort(all.v, all.len, sizeof(*all.v), by_score);
	for (size_t i = 0; i < all.len && i < max; i++)
		fn(ctx, all.v[i].unit, all.v[i].value);
	VEC_FINI(&all);
	return 0;
}

static int
mem_note(struct rep_store *s, const struct rep_audit *a)
{
	struct mem_store *m = mem_of(s);

	pthread_mutex_lock(&m->units_lock);
	note_locked(m, a);
	pthread_mutex_unlock(&m->units_lock);
	return save(m);
}

static int
mem_notes(struct rep_store *s, const char *after, size_t max, rep_audit_fn *fn,
    void *ctx)
{
	struct mem_store *m = mem_of(s);
	uint64_t id = 0;
	size_t from;

	(void)str_to_u64(str_from(after), &id);
	pthread_mutex_lock(&m->units_lock);
	from = after[0] == '\0' && m->notes.len > max ? m->notes.len - max : 0;
	for (size_t i = from, n = 0; i < m->notes.len && n < max; i++) {
		uint64_t at = m->note_id - (m->notes.len - 1 - i);

		if (at <= id)
			continue;
		fn(ctx, &m->notes.v[i]);
		n++;
	}
	pthread_mutex_unlock(&m->units_lock);
	return 0;
}

static int
mem_why(struct rep_store *s, struct str ref, struct buf *json_out)
{
	struct mem_store *m = mem_of(s);
	const struct why *w;

	pthread_mutex_lock(&m->units_lock);
	w = map_get(m->whys, ref);
	if (w != NULL)
		buf_add(json_out, str_make(w->json, w->len));
	pthread_mutex_unlock(&m->units_lock);
	return w != NULL ? 0 : ERR_ABSENT;
}

/* ---- opening and closing --------------------------------------------------
 */

static struct timespec
save_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += SAVE_EVERY_MS / 1000;
	return t;
}

static void *
saver_main(void *arg)
{
	struct mem_store *m = arg;

	pthread_mutex_lock(&m->wake_lock);
	while (!m->stop) {
		struct timespec until = save_time();

		pthread_cond_timedwait(&m->wake, &m->wake_lock, &until);
		if (m->stop)
			break;
		pthread_mutex_unlock(&m->wake_lock);
		(void)save(m);
		pthread_mutex_lock(&m->wake_lock);
	}
	pthread_mutex_unlock(&m->wake_lock);
	return NULL;
}

static void
mem_free(struct mem_store *m)
{
	size_t pos = 0;
	void *value;

	while (map_next(m->units, &pos, NULL, &value))
		unit_free(value);
	map_free(&m->units);
	cidr_trie_free(&m->wide);
	while (m->why_order.len > 0)
		why_drop_oldest(m);
	VEC_FINI(&m->why_order);
	map_free(&m->whys);
	VEC_FINI(&m->notes);
	rep_journal_close(&m->journal);
	pthread_mutex_destroy(&m->units_lock);
	pthread_mutex_destroy(&m->save_lock);
	pthread_mutex_destroy(&m->wake_lock);
	pthread_cond_destroy(&m->wake);
	free(m);
}

static void
mem_close(struct rep_store *s, int drain_ms)
{
	struct mem_store *m = mem_of(s);

	(void)drain_ms;
	if (m->saver_runs) {
		pthread_mutex_lock(&m->wake_lock);
		m->stop = true;
		pthread_cond_signal(&m->wake);
		pthread_mutex_unlock(&m->wake_lock);
		pthread_join(m->saver, NULL);
	}
	(void)save(m);
	free(s->state_dir);
	mem_free(m);
}

static const struct rep_store_ops mem_ops = {
    .close = mem_close,
    .lookup_start = mem_lookup_start,
    .lookup_collect = mem_lookup_collect,
    .report = mem_report,
    .record = mem_record,
    .status = mem_status,
    .read = mem_read,
    .set_listing = mem_set_listing,
    .forget = mem_forget,
    .dispute = mem_dispute,
    .load = mem_load,
    .each = mem_each,
    .each_listed = mem_each_listed,
    .top = mem_top,
    .note = mem_note,
    .notes = mem_notes,
    .why = mem_why,
};

static bool
open_journal(struct mem_store *m, char **error_out)
{
	struct rep_journal_found found;

	m->journal = rep_journal_open(
	    m->base.state_dir, REP_JOURNAL_LIMIT, &found, error_out);
	if (m->journal == NULL)
		return false;
	if (found.torn_bytes > 0)
		rep_store_log(&m->base,
		    "reputation: journal in %s: %" PRIu64 " torn bytes cut off",
		    m->base.state_dir, found.torn_bytes);
	load_state(m);
	replay(m);
	return true;
}

static void
wake_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

/* The daemon's signals are not this thread's. */
static void
start_saver(struct mem_store *m)
{
	sigset_t all, former;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	m->saver_runs = pthread_create(&m->saver, NULL, saver_main, m) == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
}

struct rep_store *
rep_mem_open(const struct rep_store *base, char **error_out)
{
	struct mem_store *m = mem_alloc(sizeof(*m));

	m->base = *base;
	m->base.ops = &mem_ops;
	m->units = map_new(false);
	m->whys = map_new(false);
	m->wide = cidr_trie_new();
	pthread_mutex_init(&m->units_lock, NULL);
	pthread_mutex_init(&m->save_lock, NULL);
	pthread_mutex_init(&m->wake_lock, NULL);
	wake_init(&m->wake);
	if (base->state_dir != NULL && !open_journal(m, error_out)) {
		mem_free(m);
		return NULL;
	}
	if (m->journal != NULL)
		start_saver(m);
	return &m->base;
}
