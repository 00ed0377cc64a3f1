/*
 * The inside of struct message: one slot per view, filled when first asked.
 *
 * Only the files of this layer that build a view include this. A builder
 * `message_build_x` fills its slots from the views below it; the façade in
 * message.c calls it once and sets the flag. A builder that meets the arena's
 * cap leaves what it has.
 */
#ifndef POSTERN_MAIL_MESSAGE_INTERNAL_H
#define POSTERN_MAIL_MESSAGE_INTERNAL_H

#include "mail/message.h"
#include "mail/mime.h"

/* Ranges of the relay list that have a text of their own. */
enum relay_class {
	RELAY_TRUSTED,
	RELAY_UNTRUSTED,
	RELAY_INTERNAL,
	RELAY_EXTERNAL,
	RELAY_CLASS_COUNT
};

struct message_metadata {
	struct message_metadata *next;
	struct str name;
	struct str value;
};

struct header_cache;
struct read_addresses;

struct message {
	struct arena *arena;
	const struct mail_settings *settings;
	const struct envelope *envelope; /* may be NULL */
	int64_t now_ms;
	struct regex_scratch *regex; /* lent; may be NULL */

	struct mime_tree tree;
	struct message_metadata *metadata;
	struct header_cache *header_cache;
	struct read_addresses *addresses; /* of header_modify.c, newest first */

	/* message_build_body(), in text.c */
	bool has_body;
	struct str_list body;
	struct html_list html;
	struct message_part_list parts;

	/* message_build_rawbody(), in text.c */
	bool has_rawbody;
	struct str_list rawbody;

	/* message_build_uris(), in uri.c */
	bool has_uris;
	struct uri_list uris;
	struct str_list uri_texts;
	bool uris_truncated;

	/* message_build_relays(), in relay.c */
	bool has_relays;
	struct relay_list relays;
	struct str relay_texts[RELAY_CLASS_COUNT]; /* X-Spam-Relays-* */
	/* Index among the Received fields (from 0) of the last trusted /
	 * internal one, counting those that could not be read; -1: none. */
	int last_trusted_received;
	int last_internal_received;
	/* Sender of the envelope as the relay list tells it: of the first
	 * untrusted relay, else of the last trusted one. */
	bool has_relay_sender;
	struct str relay_sender;
	/* What header_envelope_from() found. */
	bool has_sought_sender;
	bool has_sender;
	struct str sender;
};

void message_build_body(struct message *m);
void message_build_rawbody(struct message *m);
void message_build_uris(struct message *m);
void message_build_relays(struct message *m);

#endif
