#include "mail/relay.h"

#include "base/buf.h"
#include "mail/iptext.h"
#include "mail/message_internal.h"

bool
network_list_has(
    const struct network_list *list, const struct ip *ip, bool bare)
{
	if (!bare && ip_is_loopback(ip))
		return true;
	for (size_t i = 0; i < list->len; i++)
		if (cidr_has(&list->v[i].net, ip))
			return !list->v[i].excluded;
	return false;
}

/* Where trust stands while the relays are walked from the newest down. */
struct trust {
	const struct network_list *trusted_nets; /* NULL: inferred */
	const struct network_list *internal_nets;
	const struct network_list *msa_nets;
	bool trusted;
	bool internal;
	bool msa_found; /* what an MSA took in is its users' */
};

static struct trust
trust_start(const struct mail_settings *s)
{
	struct trust t = {
	    .msa_nets = &s->msa, .trusted = true, .internal = true};

	if (!s->trusted.configured && !s->internal.configured)
		return t;
	t.trusted_nets = s->trusted.configured ? &s->trusted : &s->internal;
	t.internal_nets = s->internal.configured ? &s->internal : &s->trusted;
	return t;
}

static bool
in_networks(const struct network_list *nets, const struct relay *r, bool bare)
{
	return r->has_address && network_list_has(nets, &r->address, bare);
}

static void
trust_step(struct trust *t, struct relay *r)
{
	bool authenticated = r->auth.len > 0 && !str_is(r->auth, "0");

	if (!t->trusted || t->msa_found)
		return;
	if (t->trusted_nets == NULL) {
		if (!r->ip_private && !authenticated)
			t->trusted = t->internal = false;
		return;
	}
	if (!authenticated && !in_networks(t->trusted_nets, r, false)) {
		t->trusted = t->internal = false;
		return;
	}
	if (!authenticated && !in_networks(t->internal_nets, r, false))
		t->internal = false;
	if (in_networks(t->msa_nets, r, true)) {
		t->msa_found = true;
		r->msa = true;
	}
}

/* The form header rules match; order and spacing are part of it. */
static struct str
relay_text(struct arena *a, const struct relay *r)
{
	const struct str parts[] = {STR("[ ip="), r->ip, STR(" rdns="), r->rdns,
	    STR(" helo="), r->helo, STR(" by="), r->by, STR(" ident="),
	    r->ident, STR(" envfrom="), r->envfrom,
	    r->internal ? STR(" intl=1 id=") : STR(" intl=0 id="), r->id,
	    STR(" auth="), r->auth, r->msa ? STR(" msa=1 ]") : STR(" msa=0 ]")};
	size_t count = sizeof(parts) / sizeof(parts[0]), len = 0;
	struct buf b;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	buf_init_arena(&b, a);
	buf_reserve(&b, len);
	for (size_t i = 0; i < count; i++)
		buf_add(&b, parts[i]);
	return buf_str(&b);
}

struct walk {
	struct message *m;
	struct relay *v;
	size_t size;
	struct received_state state;
	struct trust trust;
};

static void
add_relay(struct walk *w, struct relay *r, struct str scanner_sender)
{
	struct relay_list *l = &w->m->relays;

	if (l->len == w->size)
		return;
	if (scanner_sender.len > 0 && !str_is(scanner_sender, "0"))
		r->envfrom = scanner_sender;
	trust_step(&w->trust, r);
	r->trusted = w->trust.trusted;
	r->internal = w->trust.internal;
	r->text = relay_text(w->m->arena, r);
	l->trusted += r->trusted;
	l->internal += r->internal;
	w->v[l->len++] = *r;
}

/* Mail fetched from a mailbox: what is above it is our own doing. */
static void
restart(struct walk *w)
{
	struct relay_list *l = &w->m->relays;

	if (w->trust.trusted)
		l->len = l->trusted = l->internal = 0;
}

static void
add_line(struct walk *w, struct str line)
{
	struct message *m = w->m;
	struct str scanner_sender = w->state.scanner_sender;
	struct relay relay;

	w->state.scanner_sender = STR_NONE;
	switch (received_parse(m->arena, line, &w->state, &relay)) {
	case RECEIVED_RELAY:
		add_relay(w, &relay, scanner_sender);
		break;
	case RECEIVED_FETCHED:
		restart(w);
		break;
	case RECEIVED_UNPARSEABLE:
		m->relays.unparseable++;
		break;
	case RECEIVED_SKIP:
		break;
	}
	m->last_trusted_received += w->trust.trusted;
	m->last_internal_received += w->trust.internal;
}

static void
add_received(struct walk *w)
{
	struct header_list *headers = &w->m->tree.root->headers;
	struct header *h = header_first(headers, STR("Received"));

	for (size_t n = 0; h != NULL && n < RELAY_HEADERS_MAX; n++) {
		add_line(w, header_value(headers, h));
		h = h->next;
	}
}

/* "X-Originating-IP: [192.0.2.1]" as if it were the oldest hop. */
static void
add_originating(struct walk *w)
{
	const struct mail_settings *s = w->m->settings;
	struct header_list *headers = &w->m->tree.root->headers;

	for (size_t i = 0; i < s->originating_ip_header_count; i++) {
		struct str value = header_get(
			       headers, s->originating_ip_headers[i]),
			   ip;

		if (iptext_find(value, 0, &ip))
			add_line(
			    w, arena_printf(w->m->arena,
				   "from X-Originating-IP: %.*s", STR_ARG(ip)));
	}
}

/* The texts of v[from .. to), one space between. */
static struct str
join_texts(struct arena *a, const struct relay *v, size_t from, size_t to)
{
	struct buf b;

	buf_init_arena(&b, a);
	for (size_t i = from; i < to; i++) {
		if (i > from)
			buf_add_char(&b, ' ');
		buf_add(&b, v[i].text);
	}
	return b.p == NULL ? STR("") : buf_str(&b);
}

static void
set_views(struct message *m, const struct relay *v)
{
	const struct relay_list *l = &m->relays;
	struct arena *a = m->arena;

	m->relay_texts[RELAY_TRUSTED] = join_texts(a, v, 0, l->trusted);
	m->relay_texts[RELAY_UNTRUSTED] = join_texts(a, v, l->trusted, l->len);
	/* Where nothing else is configured these are the same. */
	m->relay_texts[RELAY_INTERNAL] = m->relay_texts[RELAY_TRUSTED];
	m->relay_texts[RELAY_EXTERNAL] = m->relay_texts[RELAY_UNTRUSTED];
	if (l->internal != l->trusted) {
		m->relay_texts[RELAY_INTERNAL] =
		    join_texts(a, v, 0, l->internal);
		m->relay_texts[RELAY_EXTERNAL] =
		    join_texts(a, v, l->internal, l->len);
	}
	if (l->len > 0) {
		m->relay_sender =
		    v[l->trusted < l->len ? l->trusted : l->len - 1].envfrom;
		m->has_relay_sender = m->relay_sender.len > 0;
	}
}

void
message_build_relays(struct message *m)
{
	struct walk w = {.m = m, .trust = trust_start(m->settings)};
	size_t fields = 0;

	m->relays = (struct relay_list){0};
	m->last_trusted_received = m->last_internal_received = -1;
	for (struct header *h =
		 header_first(&m->tree.root->headers, STR("Received"));
	     h != NULL && fields < RELAY_HEADERS_MAX; h = h->next)
		fields++;
	w.size = fields + m->settings->originating_ip_header_count;
	w.v = arena_array(m->arena, w.size, sizeof(*w.v));
	if (w.v == NULL)
		w.size = 0;
	m->relays.v = w.v;
	add_received(&w);
	add_originating(&w);
	set_views(m, w.v);
}
