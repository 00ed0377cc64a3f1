/*
 * The values behind a header expression, one file per kind of source.
 *
 * A source adds values to a list; modifiers then turn each value into others.
 * message_header() joins and caches what comes out.
 */
#ifndef POSTERN_MAIL_HEADER_QUERY_H
#define POSTERN_MAIL_HEADER_QUERY_H

#include "mail/message_internal.h"

struct value_list {
	struct arena *arena;
	struct str *v;
	size_t len;
	size_t size;
};

void value_list_add(struct value_list *l, struct str value);

/* header_source.c: the values of a name, pseudo-headers included. */
void header_source_add(struct message *m, struct header_query q,
    struct value_list *out);

/* header_modify.c: :first :last :addr :name :host :domain :ip :revip. */
void header_modify(struct message *m, struct header_query q,
    struct value_list *values);

/* header_envelope.c: EnvelopeFrom; false: not known. */
bool header_envelope_from(struct message *m, struct str *out);

#endif
