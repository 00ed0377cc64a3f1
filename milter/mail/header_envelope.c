#include "mail/header_query.h"

#include "mail/lines.h"

/* An address, or the null sender. */
static bool
is_sender(struct str s)
{
	size_t at = str_find_char(s, '@');

	return s.len == 0 || (at != STR_NPOS && at > 0);
}

static bool
first_address(struct message *m, struct str name, struct str *out)
{
	struct header_query q = {name, HEADER_FIRST | HEADER_ADDR};
	struct str_list l = message_header_list(m, q);

	if (l.len == 0)
		return false;
	*out = l.v[0];
	return true;
}

/*
 * Lists put the sender into X-Sender; fetchmail then takes it for the envelope
 * sender of its own delivery. With both no field can be believed.
 */
static bool
is_fetched_list_mail(struct message *m)
{
	struct header_query received = {STR("Received"), 0};
	struct str_list l;
	struct str sender;

	if (!first_address(m, STR("X-Sender"), &sender) ||
	    str_find_char(sender, '@') == STR_NPOS)
		return false;
	l = message_header_list(m, received);
	for (size_t i = 0; i < l.len; i++)
		if (str_find(l.v[i], STR("(fetchmail")) != STR_NPOS)
			return true;
	return false;
}

static bool
starts_field(struct str line, struct str name)
{
	return str_starts_nocase(line, name) && line.len > name.len &&
	       line.p[name.len] == ':';
}

/* A Received field above one of that name: written on an earlier hop. */
static bool
is_below_received(struct message *m, struct str name)
{
	struct header_query all = {STR("ALL"), 0};
	bool received = false;
	struct str text;

	if (!message_header(m, all, &text))
		return false;
	for (size_t pos = 0; pos < text.len;) {
		struct str line = lines_at(text, pos);

		if (received && starts_field(line, name))
			return true;
		received = received || starts_field(line, STR("Received"));
		pos += line.len;
	}
	return false;
}

/* Fields a delivering program may have left, best first. */
static bool
from_fields(struct message *m, struct str *out)
{
	static const struct str names[] = {
	    STR("X-Envelope-From"), STR("Envelope-Sender"), STR("Return-Path")};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!first_address(m, names[i], out))
			continue;
		if (!is_below_received(m, names[i]))
			return true;
		/* The first one ends the search, the others do not. */
		if (i == 0)
			return false;
	}
	return false;
}

static bool
find_sender(struct message *m, struct str *out)
{
	struct str configured = m->settings->envelope_sender_header;
	struct str sender;

	if (configured.len > 0) {
		if (!first_address(m, configured, &sender) ||
		    !is_sender(sender))
			return false;
		*out = sender;
		return true;
	}
	message_relays(m);
	if (m->has_relay_sender && is_sender(m->relay_sender)) {
		*out = m->relay_sender;
		return true;
	}
	if (is_fetched_list_mail(m) || !from_fields(m, &sender))
		return false;
	*out = sender;
	return true;
}

/* Each form of EnvelopeFrom that a rule names asks anew. */
bool
header_envelope_from(struct message *m, struct str *out)
{
	if (!m->has_sought_sender)
		m->has_sender = find_sender(m, &m->sender);
	m->has_sought_sender = true;
	if (m->has_sender)
		*out = m->sender;
	return m->has_sender;
}
