#include "policy/facts.h"

#include "base/mem.h"

#include <math.h>

/* The text members of an envelope, so that out and in cannot differ. */
#define ENVELOPE_TEXTS(X) \
	X(client_name)    \
	X(client_ptr)     \
	X(helo)           \
	X(tls_version)    \
	X(auth_user)      \
	X(queue_id)       \
	X(mta_name)       \
	X(daemon_name)

/* ---- out ---------------------------------------------------------------- */

static void
put_str(struct json_writer *w, const char *key, struct str s)
{
	if (s.len > 0)
		json_write_str(w, key, s);
}

static void
put_bool(struct json_writer *w, const char *key, bool v)
{
	if (v)
		json_write_bool(w, key, true);
}

static void
put_ip(struct json_writer *w, const char *key, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	json_write_str(w, key, str_from(ip_format(ip, text)));
}

static void
write_envelope(struct json_writer *w, const struct envelope *e)
{
	json_write_object(w, "envelope");
	if (e->has_client)
		put_ip(w, "client", &e->client);
	if (e->client_port != 0)
		json_write_int(w, "client_port", e->client_port);
#define PUT(name) put_str(w, #name, e->name);
	ENVELOPE_TEXTS(PUT)
#undef PUT
	put_bool(w, "esmtp", e->esmtp);
	put_bool(w, "tls", e->tls);
	put_bool(w, "local", e->local);
	if (e->has_sender)
		json_write_str(w, "sender", e->sender);
	json_write_array(w, "rcpts");
	for (size_t i = 0; i < e->rcpt_count; i++)
		json_write_str(w, NULL, e->rcpts[i]);
	json_write_end_array(w);
	if (e->received_ms != 0)
		json_write_int(w, "received_ms", e->received_ms);
	json_write_end_object(w);
}

/* A millionth more or less changes no one's standing. */
static void
put_rate(struct json_writer *w, const char *key, double rate)
{
	json_write_double(w, key, round(rate * 1e6) / 1e6);
}

static void
write_rep(struct json_writer *w, const struct rep_view *r)
{
	json_write_object(w, "reputation");
	json_write_int(w, "state", r->state);
	json_write_int(w, "since_ms", r->since_ms);
	json_write_int(w, "until_ms", r->until_ms);
	json_write_int(w, "strike", r->strike);
	put_rate(w, "rate_short", r->rate_short);
	put_rate(w, "lower_short", r->lower_short);
	put_rate(w, "rate_long", r->rate_long);
	put_rate(w, "upper_long", r->upper_long);
	put_str(w, "ref", str_from(r->ref));
	put_str(w, "why", str_from(r->why));
	put_bool(w, "parent", r->parent);
	put_bool(w, "sample", r->sample);
	json_write_end_object(w);
}

static void
write_dns(struct json_writer *w, const struct facts *f)
{
	json_write_array(w, "dns");
	for (size_t i = 0; i < f->dns_count; i++) {
		const struct dns_fact *d = &f->dns[i];

		json_write_object(w, NULL);
		json_write_str(w, "zone", d->zone);
		json_write_str(w, "subject", d->subject);
		put_ip(w, "answer", &d->answer);
		put_str(w, "text", d->text);
		json_write_str(w, "about",
		    d->about_client ? STR("client") : STR("message"));
		json_write_str(
		    w, "action", str_from(verdict_action_text(d->action)));
		json_write_double(w, "points", d->points);
		put_bool(w, "shadow", d->shadow);
		put_bool(w, "allow", d->allow);
		json_write_end_object(w);
	}
	json_write_end_array(w);
}

void
facts_write(const struct facts *f, struct json_writer *w, const char *key)
{
	json_write_object(w, key);
	json_write_str(w, "ref", str_from(f->ref));
	json_write_int(w, "now_ms", f->now_ms);
	write_envelope(w, &f->envelope);
	put_bool(w, "client_trusted", f->client_trusted);
	if (f->rep.known)
		write_rep(w, &f->rep);
	if (f->brake.word != BRAKE_NONE) {
		json_write_str(
		    w, "brake", str_from(brake_word_text(f->brake.word)));
		json_write_int(w, "brake_wait_ms", f->brake.wait_ms);
	}
	if (f->dns_count > 0)
		write_dns(w, f);
	put_bool(w, "dns_late", f->dns_late);
	json_write_str(w, "spf", str_from(spf_result_text(f->spf)));
	put_bool(w, "fcrdns", f->fcrdns);
	put_bool(w, "truncated", f->truncated);
	json_write_end_object(w);
}

struct json *
facts_to_json(const struct facts *f)
{
	struct buf text;
	struct json_writer w = {.out = &text};
	struct json *j;

	buf_init(&text);
	facts_write(f, &w, NULL);
	j = json_parse(buf_str(&text), NULL);
	invariant(j != NULL);
	buf_fini(&text);
	return j;
}

/* ---- in ----------------------------------------------------------------- */

static void
get_str(const struct json *j, const char *key, struct arena *a, struct str *out)
{
	if (json_is_string(json_get(j, key)))
		*out = arena_copy(a, json_get_str(j, key));
}

/* Copies into a fixed member, cut to fit. */
static void
get_text(const struct json *j, const char *key, char *out, size_t size)
{
	struct str s = json_get_str(j, key);

	if (!json_is_string(json_get(j, key)))
		return;
	s = str_head(s, size - 1);
	memcpy(out, s.p ? s.p : "", s.len);
	out[s.len] = '\0';
}

static bool
get_ip(const struct json *j, const char *key, struct ip *out)
{
	return ip_parse(json_get_str(j, key), out);
}

static bool
get_rcpts(const struct json *list, struct arena *a, struct envelope *e)
{
	size_t count = json_count(list);
	struct str *v;

	if (!json_is_array(list))
		return true;
	if (count > FACTS_LIST_MAX)
		return false;
	v = arena_array(a, count + 1, sizeof(*v));
	if (v == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		v[i] = arena_copy(a, json_str(json_at(list, i)));
	e->rcpts = v;
	e->rcpt_count = count;
	return true;
}

static bool
envelope_from_json(const struct json *j, struct arena *a, struct envelope *e)
{
	if (json_get(j, "client") != NULL) {
		if (!get_ip(j, "client", &e->client))
			return false;
		e->has_client = true;
	}
	e->client_port =
	    (uint16_t)json_get_int(j, "client_port", e->client_port);
#define GET(name) get_str(j, #name, a, &e->name);
	ENVELOPE_TEXTS(GET)
#undef GET
	e->esmtp = json_get_bool(j, "esmtp", e->esmtp);
	e->tls = json_get_bool(j, "tls", e->tls);
	e->local = json_get_bool(j, "local", e->local);
	e->has_sender = e->has_sender || json_get(j, "sender") != NULL;
	get_str(j, "sender", a, &e->sender);
	e->received_ms = json_get_int(j, "received_ms", e->received_ms);
	return get_rcpts(json_get(j, "rcpts"), a, e);
}

static bool
rep_from_json(const struct json *j, struct rep_view *r)
{
	int64_t state = json_get_int(j, "state", r->state);

	if (state < REP_NONE || state > REP_BLOCKED)
		return false;
	r->known = true;
	r->state = (enum rep_state)state;
	r->since_ms = json_get_int(j, "since_ms", r->since_ms);
	r->until_ms = json_get_int(j, "until_ms", r->until_ms);
	r->strike = (uint32_t)json_get_int(j, "strike", r->strike);
	r->rate_short = json_get_double(j, "rate_short", r->rate_short);
	r->lower_short = json_get_double(j, "lower_short", r->lower_short);
	r->rate_long = json_get_double(j, "rate_long", r->rate_long);
	r->upper_long = json_get_double(j, "upper_long", r->upper_long);
	get_text(j, "ref", r->ref, sizeof(r->ref));
	get_text(j, "why", r->why, sizeof(r->why));
	r->parent = json_get_bool(j, "parent", r->parent);
	r->sample = json_get_bool(j, "sample", r->sample);
	return true;
}

static bool
dns_fact_from_json(const struct json *j, struct arena *a, struct dns_fact *d)
{
	struct str action = json_get_str(j, "action");

	if (!get_ip(j, "answer", &d->answer))
		return false;
	if (action.len > 0 && !verdict_action_parse(action, &d->action))
		return false;
	get_str(j, "zone", a, &d->zone);
	get_str(j, "subject", a, &d->subject);
	get_str(j, "text", a, &d->text);
	d->about_client = str_is(json_get_str(j, "about"), "client");
	d->points = json_get_double(j, "points", 0);
	d->shadow = json_get_bool(j, "shadow", false);
	d->allow = json_get_bool(j, "allow", false);
	return true;
}

static bool
dns_from_json(const struct json *list, struct arena *a, struct facts *out)
{
	size_t count = json_count(list);
	struct dns_fact *v;

	if (!json_is_array(list) || count > FACTS_LIST_MAX)
		return false;
	v = arena_array(a, count + 1, sizeof(*v));
	if (v == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!dns_fact_from_json(json_at(list, i), a, &v[i]))
			return false;
	out->dns = v;
	out->dns_count = count;
	return true;
}

static bool
spf_from_json(const struct json *j, enum spf_result *out)
{
	struct str text = json_get_str(j, "spf");

	for (int i = SPF_UNKNOWN; i <= SPF_PERMERROR; i++) {
		if (str_is(text, spf_result_text((enum spf_result)i))) {
			*out = (enum spf_result)i;
			return true;
		}
	}
	return json_get(j, "spf") == NULL;
}

static bool
brake_from_json(const struct json *j, struct brake_view *out)
{
	struct str text = json_get_str(j, "brake");

	out->wait_ms = json_get_int(j, "brake_wait_ms", out->wait_ms);
	for (int i = BRAKE_NONE; i < BRAKE_WORDS; i++) {
		if (str_is(text, brake_word_text((enum brake_word)i))) {
			out->word = (enum brake_word)i;
			return true;
		}
	}
	return json_get(j, "brake") == NULL;
}

bool
facts_from_json(const struct json *j, struct arena *a, struct facts *out,
    const char **why_out)
{
	const struct json *rep, *dns;

	*why_out = "facts are no JSON object";
	if (!json_is_object(j))
		return false;
	rep = json_get(j, "reputation");
	dns = json_get(j, "dns");
	get_text(j, "ref", out->ref, sizeof(out->ref));
	out->now_ms = json_get_int(j, "now_ms", out->now_ms);
	*why_out = "bad `envelope`";
	if (json_get(j, "envelope") != NULL &&
	    !envelope_from_json(json_get(j, "envelope"), a, &out->envelope))
		return false;
	*why_out = "bad `reputation`";
	if (rep != NULL && !rep_from_json(rep, &out->rep))
		return false;
	*why_out = "unknown `brake`";
	if (!brake_from_json(j, &out->brake))
		return false;
	*why_out = "bad `dns`";
	if (dns != NULL && !dns_from_json(dns, a, out))
		return false;
	*why_out = "unknown `spf`";
	if (!spf_from_json(j, &out->spf))
		return false;
	out->client_trusted =
	    json_get_bool(j, "client_trusted", out->client_trusted);
	out->dns_late = json_get_bool(j, "dns_late", out->dns_late);
	out->fcrdns = json_get_bool(j, "fcrdns", out->fcrdns);
	out->truncated = json_get_bool(j, "truncated", out->truncated);
	*why_out = "out of memory for the facts";
	return !a->full;
}
