/*
 * Units, listings, the audit trail and decision records in memory.
 *
 * Bounded: UNITS_MAX units, quiet ones make room; WHYS_MAX records, the oldest
 * go first. The lock is the caller's.
 */
#include "peer/rep_mem.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define UNITS_MAX 200000
#define WHYS_MAX 5000
#define WHY_TOTAL_MAX ((size_t)8 << 20)
#define WIDE_MAX 130 /* nested networks */

struct mem_unit *
rep_mem_find(const struct mem_store *m, const char *name)
{
	return map_get(m->units, str_from(name));
}

void
rep_mem_unit_free(struct mem_unit *u)
{
	rep_ledger_fini(&u->ledger);
	free(u->listing);
	free(u->evidence);
	free(u);
}

bool
rep_mem_is_stale(const struct mem_unit *u, int64_t now_ms)
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

void
rep_mem_drop(struct mem_store *m, const char *name)
{
	struct mem_unit *u = map_remove(m->units, str_from(name));

	if (u == NULL)
		return;
	if (u->listing != NULL && name[0] == 'n')
		wide_rebuild(m);
	rep_mem_unit_free(u);
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
		rep_mem_drop(m, gone.v[i]);
		free(gone.v[i]);
	}
	VEC_FINI(&gone);
}

struct mem_unit *
rep_mem_take(struct mem_store *m, const char *name)
{
	struct mem_unit *u = rep_mem_find(m, name);

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

/* ---- the audit trail ---------------------------------------------------- */

void
rep_mem_note_locked(struct mem_store *m, const struct rep_audit *a)
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
	rep_mem_note_locked(m, &a);
}

/* ---- events ------------------------------------------------------------- */

void
rep_mem_put_listing(struct mem_store *m, const char *name, struct mem_unit *u,
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

struct rep_known
rep_mem_known(const struct mem_store *m, const struct ip *ip, int64_t now_ms)
{
	const struct mem_unit *host = rep_mem_find(m, rep_name_host(ip).text);
	const struct mem_unit *net = rep_mem_find(m, rep_name_net(ip).text);
	const struct mem_unit *site = rep_mem_find(m, REP_SITE);

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
	struct mem_unit *u = rep_mem_take(m, name);

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
	rep_mem_put_listing(m, name, rep_mem_take(m, name), l);
	note_listing(m, name, l);
}

static void
judge_event(struct mem_store *m, const struct rep_event *e,
    struct rep_applied a, bool host)
{
	struct rep_known k = rep_mem_known(m, &e->client, e->at_ms);
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
	net = rep_mem_take(m, rep_name_net(&e->client).text);
	return rep_ledger_admits(&m->base.settings, &net->ledger,
	    e->at_ms / REP_DAY_MS, rep_member_id(&e->client));
}

void
rep_mem_apply_locked(
    struct mem_store *m, const struct rep_event *e, uint64_t seq)
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

/* ---- decision records --------------------------------------------------- */

void
rep_mem_drop_record(struct mem_store *m)
{
	struct why *w = m->oldest_why;

	m->oldest_why = w->newer;
	if (w->newer == NULL)
		m->newest_why = NULL;
	m->why_count--;
	if (map_get(m->whys, str_from(w->ref)) == w)
		(void)map_remove(m->whys, str_from(w->ref));
	m->why_bytes -= w->len;
	free(w);
}

void
rep_mem_put_record(
    struct mem_store *m, struct str ref, struct str json, int64_t at_ms)
{
	struct why *w = mem_resize(NULL, sizeof(*w) + json.len, 1);

	*w = (struct why){
	    .number = m->why_number++, .at_ms = at_ms, .len = json.len};
	ref = str_head(ref, sizeof(w->ref) - 1);
	memcpy(w->ref, ref.p, ref.len);
	memcpy(w->json, json.p, json.len);
	(void)map_set(m->whys, str_from(w->ref), w);
	if (m->newest_why != NULL)
		m->newest_why->newer = w;
	else
		m->oldest_why = w;
	m->newest_why = w;
	m->why_count++;
	m->why_bytes += w->len;
	while (m->why_count > WHYS_MAX || m->why_bytes > WHY_TOTAL_MAX)
		rep_mem_drop_record(m);
}
