/*
 * The values behind a header expression, one file per kind of source.
 *
 * A source adds values to a list; modifiers then turn each value into others.
 * message_header() joins and caches what comes out.
 */
#ifndef POSTERN_MAIL_HEADER_QUERY_H
#define POSTERN_MAIL_HEADER_QUERY_H

#include "mail/message_internal.h"

/* Where the values of a name come from. */
enum header_source {
	HEADER_SOURCE_FIELD, /* fields of that name, or metadata */
	HEADER_SOURCE_ALL,   /* and its ranges, one behind the other */
	HEADER_SOURCE_ALL_TRUSTED,
	HEADER_SOURCE_ALL_UNTRUSTED,
	HEADER_SOURCE_ALL_INTERNAL,
	HEADER_SOURCE_ALL_EXTERNAL,
	/* In the order of enum relay_class. */
	HEADER_SOURCE_RELAYS_TRUSTED,
	HEADER_SOURCE_RELAYS_UNTRUSTED,
	HEADER_SOURCE_RELAYS_INTERNAL,
	HEADER_SOURCE_RELAYS_EXTERNAL,
	HEADER_SOURCE_TO_CC,
	HEADER_SOURCE_MESSAGE_ID,
	HEADER_SOURCE_ENVELOPE_FROM,
	/* Made where there is no such field. */
	HEADER_SOURCE_SENDER_DOMAIN,
	HEADER_SOURCE_AUTHOR_DOMAIN
};

struct value_list {
	struct arena *arena;
	struct str *v;
	size_t len;
	size_t size;
};

void value_list_add(struct value_list *l, struct str value);

/* header_source.c: what a name means, and its values. `fields` are those of
 * that very name. */
enum header_source header_source_of(struct str name);
void header_source_add(struct message *m, const struct prepared_query *p,
    struct header *fields, struct value_list *out);

/* header_modify.c: :first :last :addr :name :host :domain :ip :revip. */
void header_modify(struct message *m, const struct prepared_query *p,
    struct value_list *values);

/* header_envelope.c: EnvelopeFrom; false: not known. */
bool header_envelope_from(struct message *m, struct str *out);

#endif
