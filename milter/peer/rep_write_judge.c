/*
 * After counting: who goes on the list, and what is written about it. The
 * former listing is read first; the script that sets the new one refuses when
 * another writer was quicker.
 */
#include "peer/rep_write.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct verdict {
	struct rep_writer *writer;
	size_t job;
	struct rep_listing listing; /* the new one */
	char since[REDIS_NUMBER];   /* of the one it replaces */
};

static void
done_quietly(void *ctx, const struct redis_reply *r)
{
	struct rep_writer *w = ctx;

	(void)r;
	w->out--;
	writer_pump(w);
}

/* Sends what is only a view: lost, it comes again with the next listing. */
void
writer_send_quietly(
    struct rep_writer *w, const char *key, const struct redis_args *a)
{
	w->out++;
	if (!rep_link_send(w->link, key, a, done_quietly, w))
		w->out--;
}

void
writer_send_expiry(
    struct rep_writer *w, const struct rep_key *key, const char *seconds)
{
	struct redis_args a = {.count = 0};

	redis_arg_cstr(&a, "EXPIRE");
	redis_arg(&a, str_make(key->text, key->len));
	redis_arg_cstr(&a, seconds);
	writer_send_quietly(w, key->text, &a);
}

static void
send_audit(
    struct rep_writer *w, const struct rep_job *j, const struct rep_listing *l)
{
	struct redis_args a = {.count = 0};
	struct rep_key k = rep_key_text(w->store->prefix, "events", "");
	char at[REDIS_NUMBER];
	const char *words[] = {"what", "list", "unit", j->name.text, "by",
	    l->by, "why", l->why, "ref", l->ref, "at", at};

	k.text[--k.len] = '\0'; /* no colon: the key has no name */
	redis_arg_cstr(&a, "XADD");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_cstr(&a, "MAXLEN");
	redis_arg_cstr(&a, "~");
	redis_arg_cstr(&a, "10000");
	redis_arg_cstr(&a, "*");
	(void)snprintf(at, sizeof(at), "%" PRId64, l->since_ms);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		redis_arg_cstr(&a, words[i]);
	writer_send_quietly(w, k.text, &a);
	writer_send_expiry(w, &k, REP_LISTINGS_KEPT);
}

static void
send_index(
    struct rep_writer *w, const struct rep_job *j, const struct rep_listing *l)
{
	struct redis_args a = {.count = 0};
	struct rep_key k = rep_key_number(
	    w->store->prefix, "listed", rep_listed_shard(j->name.text));
	char until[REDIS_NUMBER];

	redis_arg_cstr(&a, "ZADD");
	redis_arg(&a, str_make(k.text, k.len));
	redis_arg_int(&a, l->until_ms / 1000, until);
	redis_arg_cstr(&a, j->name.text);
	writer_send_quietly(w, k.text, &a);
	writer_send_expiry(w, &k, REP_LISTINGS_KEPT);
}

static void
on_listed(void *ctx, const struct redis_reply *r)
{
	struct verdict *v = ctx;
	struct rep_writer *w = v->writer;

	w->out--;
	if (redis_int(r, 0) == 1)
		send_audit(w, &w->batch.jobs.v[v->job], &v->listing);
	free(v);
	writer_pump(w);
}

struct pairs {
	struct redis_args *args;
	char text[24][REP_NOTE_MAX];
	int count;
};

static void
add_pair(void *ctx, const char *name, const char *value)
{
	struct pairs *p = ctx;

	if (p->count + 2 > 24)
		return;
	(void)snprintf(p->text[p->count], REP_NOTE_MAX, "%s", name);
	redis_arg_cstr(p->args, p->text[p->count++]);
	(void)snprintf(p->text[p->count], REP_NOTE_MAX, "%s", value);
	redis_arg_cstr(p->args, p->text[p->count++]);
}

static void
send_listing(struct verdict *v)
{
	struct rep_writer *w = v->writer;
	const struct rep_job *j = &w->batch.jobs.v[v->job];
	struct rep_key list =
	    rep_key_unit(w->store->prefix, "list", j->name.text);
	struct rep_key rep =
	    rep_key_unit(w->store->prefix, "rep", j->name.text);
	struct redis_args a = {.count = 0};
	struct pairs p = {.args = &a};
	char life[REDIS_NUMBER], strike[REDIS_NUMBER];

	send_index(w, j, &v->listing);
	redis_arg_cstr(&a, "2");
	redis_arg(&a, str_make(list.text, list.len));
	redis_arg(&a, str_make(rep.text, rep.len));
	redis_arg_cstr(&a, v->since);
	redis_arg_int(&a,
	    v->listing.until_ms - v->listing.since_ms + REP_LISTED_LIFE_MS,
	    life);
	redis_arg_cstr(&a, rep_state_text(v->listing.state));
	redis_arg_int(&a, v->listing.strike, strike);
	rep_listing_each(&v->listing, add_pair, &p);
	w->out++;
	if (rep_link_script(
		w->link, REP_SCRIPT_LIST, list.text, &a, on_listed, v))
		return;
	w->out--;
	free(v);
}

static const struct rep_event *
last_bad(const struct rep_batch *b, const struct rep_job *j)
{
	size_t i = j->events.len;

	while (i-- > 0)
		if (rep_class_is_bad(b->events.v[j->events.v[i]].event.class))
			break;
	return &b->events.v[j->events.v[i == SIZE_MAX ? 0 : i]].event;
}

static void
known_of_job(const struct rep_batch *b, const struct rep_job *j,
    const struct rep_listing *l, struct rep_known *out)
{
	const struct rep_job *net =
	    j->kind == REP_JOB_NET ? j : &b->jobs.v[j->net];

	*out = (struct rep_known){.client = rep_host_of(&j->client)};
	if (net->counted.valid)
		out->net = &net->counted.unit;
	if (b->jobs.v[j->site].counted.valid)
		out->site = &b->jobs.v[j->site].counted.unit;
	if (j->kind == REP_JOB_NET) {
		out->net_listing = l;
		return;
	}
	out->unit = &j->counted.unit;
	out->listing = l;
}

static bool
judge(const struct rep_writer *w, const struct rep_job *j,
    const struct rep_listing *former, struct rep_listing *out)
{
	const struct rep_settings *s = &w->store->settings;
	struct rep_applied a = {.bad = j->counted.bad, .hard = j->counted.hard};
	const struct rep_event *e = last_bad(&w->batch, j);
	struct rep_known k;
	bool yes;

	known_of_job(&w->batch, j, former, &k);
	yes = j->kind == REP_JOB_NET ? rep_model_list_net(s, &k, e->at_ms, out)
				     : rep_model_list(s, &k, a, e->at_ms, out);
	if (yes)
		(void)snprintf(out->ref, sizeof(out->ref), "%s", e->ref);
	return yes;
}

static void
on_former(void *ctx, const struct redis_reply *r)
{
	struct verdict *v = ctx;
	struct rep_writer *w = v->writer;
	struct rep_listing former;
	bool there = rep_read_listing(r, &former);

	w->out--;
	if (r != NULL && !redis_is_error(r) &&
	    judge(w, &w->batch.jobs.v[v->job], there ? &former : NULL,
		&v->listing)) {
		if (there)
			(void)snprintf(v->since, sizeof(v->since), "%" PRId64,
			    former.since_ms / 1000);
		if (there && former.since_ms == 0)
			v->since[0] = '\0';
		send_listing(v);
	} else {
		free(v);
	}
	writer_pump(w);
}

/* Whatever its listing says, could this one be listed now? */
bool
writer_may_list(const struct rep_writer *w, const struct rep_job *j)
{
	const struct rep_settings *s = &w->store->settings;
	struct rep_rates r;
	struct rep_known k;

	if (!j->counted.valid || !j->counted.bad ||
	    (j->kind != REP_JOB_HOST && j->kind != REP_JOB_NET))
		return false;
	known_of_job(&w->batch, j, NULL, &k);
	if (j->kind == REP_JOB_NET) {
		rep_model_net_rates(s, &k, j->counted.unit.sums.t_ms, &r);
		return r.lower_short >= s->list_lower;
	}
	rep_model_rates(s, &k, j->counted.unit.sums.t_ms, &r);
	return j->counted.hard || r.lower_short >= s->relist_lower ||
	       r.lower_short >= s->list_lower;
}

void
writer_judge(struct rep_writer *w, size_t index)
{
	const struct rep_job *j = &w->batch.jobs.v[index];
	struct rep_key k = rep_key_unit(w->store->prefix, "list", j->name.text);
	struct redis_args a = {.count = 0};
	struct verdict *v = mem_alloc(sizeof(*v));

	v->writer = w;
	v->job = index;
	redis_arg_cstr(&a, "HGETALL");
	redis_arg(&a, str_make(k.text, k.len));
	w->out++;
	if (rep_link_send(w->link, k.text, &a, on_former, v))
		return;
	w->out--;
	free(v);
}
