#include "mail/message.h"

#include "base/buf.h"
#include "mail/header.h"
#include "mail/lines.h"
#include "mail/message_internal.h"
#include "mail/mime_head.h"
#include "mail/trace_record.h"

size_t
message_canonical(char *p, size_t len)
{
	size_t kept = 0, from = 0;

	for (size_t i = 0; i + 1 < len; i++) {
		char *cr = memchr(p + i, '\r', len - 1 - i);

		if (cr == NULL)
			break;
		i = (size_t)(cr - p);
		if (p[i + 1] != '\n')
			continue;
		if (kept != from)
			memmove(p + kept, p + from, i - from);
		kept += i - from;
		from = i + 1;
	}
	if (kept != from)
		memmove(p + kept, p + from, len - from);
	return kept + len - from;
}

/* Fields SpamAssassin writes: a sender's own copies must not reach rules. */
static void
hide_reserved(struct header_list *l)
{
	for (size_t i = 0; i < l->len; i++)
		l->v[i].hidden =
		    str_starts_nocase(l->v[i].name, STR("X-Spam-")) &&
		    str_find_char(l->v[i].name, '\n') == STR_NPOS;
}

/* `raw` with the trace fields in front, or as it is when there is no room. */
static struct str
put_record_in_front(struct message *m, struct str raw)
{
	struct buf b;

	raw = mime_head_skip_separator(raw);
	buf_init_arena(&b, m->arena);
	buf_reserve(&b, raw.len + 2048);
	trace_record_format(&b, m->envelope, m->now_ms);
	buf_add(&b, raw);
	return b.failed ? raw : buf_str(&b);
}

struct message *
message_new(struct arena *a, const struct mail_settings *settings,
    const struct envelope *envelope, int64_t now_ms, struct str raw)
{
	struct message *m = arena_zalloc(a, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->arena = a;
	m->settings = settings;
	m->envelope = envelope;
	m->now_ms = now_ms;
	m->last_trusted_received = m->last_internal_received = -1;
	if (envelope != NULL)
		raw = put_record_in_front(m, raw);
	if (!mime_parse(a, &settings->limits, raw, &m->tree))
		return NULL;
	hide_reserved(&m->tree.root->headers);
	return m;
}

void
message_lend_regex(struct message *m, struct regex_scratch *scratch)
{
	m->regex = scratch;
}

bool
message_truncated(const struct message *m)
{
	return m->arena->full ||
	       (m->tree.flags &
		   (MESSAGE_MIME_PARTS_LIMIT | MESSAGE_MIME_DEPTH_LIMIT)) != 0;
}

const struct envelope *
message_envelope(const struct message *m)
{
	return m->envelope;
}

const struct mail_settings *
message_settings(const struct message *m)
{
	return m->settings;
}

struct arena *
message_arena(const struct message *m)
{
	return m->arena;
}

int64_t
message_now_ms(const struct message *m)
{
	return m->now_ms;
}

struct str_list
message_body(struct message *m)
{
	if (!m->has_body) {
		m->has_body = true;
		message_build_body(m);
	}
	return m->body;
}

void
message_replace_body(struct message *m, struct str_list body)
{
	message_uris(m);
	m->body = body;
}

struct html_list
message_html(struct message *m)
{
	message_body(m);
	return m->html;
}

struct message_part_list
message_parts(struct message *m)
{
	message_body(m);
	return m->parts;
}

struct str_list
message_rawbody(struct message *m)
{
	if (!m->has_rawbody) {
		m->has_rawbody = true;
		message_build_rawbody(m);
	}
	return m->rawbody;
}

struct str
message_full(const struct message *m)
{
	return m->tree.pristine;
}

struct str
message_pristine_body(const struct message *m)
{
	return m->tree.pristine_body;
}

struct str
message_pristine_headers(const struct message *m)
{
	return m->tree.pristine_headers;
}

const struct mime_node *
message_mime(struct message *m)
{
	return m->tree.root;
}

struct uri_list
message_uris(struct message *m)
{
	if (!m->has_uris) {
		m->has_uris = true;
		message_build_uris(m);
	}
	return m->uris;
}

struct str_list
message_uri_texts(struct message *m)
{
	message_uris(m);
	return m->uri_texts;
}

bool
message_uris_truncated(struct message *m)
{
	message_uris(m);
	return m->uris_truncated;
}

struct relay_list
message_relays(struct message *m)
{
	if (!m->has_relays) {
		m->has_relays = true;
		message_build_relays(m);
	}
	return m->relays;
}

size_t
message_own_fields(struct message *m)
{
	const struct header_list *l = &m->tree.root->headers;
	int n = 0;

	message_relays(m);
	/* The line of the last internal relay, then our border's about whom it
	 * was handed the message by; the next is foreign. */
	for (struct header *h = header_first(l, STR("Received")); h != NULL;
	     h = h->next)
		if (n++ > m->last_internal_received + 1)
			return (size_t)(h - l->v);
	return l->len;
}

unsigned
message_flags(struct message *m)
{
	return m->tree.flags;
}

void
message_set_metadata(struct message *m, struct str name, struct str value)
{
	struct message_metadata *d = arena_alloc(m->arena, sizeof(*d));

	if (d == NULL)
		return;
	d->name = name;
	d->value = value;
	d->next = m->metadata;
	m->metadata = d;
}
