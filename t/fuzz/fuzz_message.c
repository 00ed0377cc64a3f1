/*
 * A whole message: MIME tree, every view, and header expressions with every
 * modifier. The arena is capped small, so that running out is tried as well.
 */
#include "mail/message.h"
#include "mail/mime.h"
#include "mail/render.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_CAP ((size_t)8 << 20)

static const char *const names[] = {"From", "To", "Subject", "Received",
    "Content-Type", "ALL", "ALL-TRUSTED", "ALL-UNTRUSTED", "ALL-INTERNAL",
    "ALL-EXTERNAL", "ToCc", "MESSAGEID", "EnvelopeFrom", "X-SenderDomain",
    "X-AuthorDomain", "X-Spam-Relays-Trusted", "X-Spam-Relays-External"};

static const struct envelope envelope = {
    .has_client = true,
    .client = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}},
    .helo = STR("client.example"),
    .has_sender = true,
    .sender = STR("sender@example.org"),
    .mta_name = STR("mx.example.net"),
};

static void
ask_all(struct message *m)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (unsigned bit = 0; bit <= 8; bit++) {
			struct header_query q = {str_from(names[i]), 1u << bit};
			struct str value;

			message_header(m, q, &value);
			q.modifiers |= HEADER_ADDR;
			message_header(m, q, &value);
		}
	}
}

static void
walk(struct message *m)
{
	for (const struct mime_node *n = message_mime(m); n != NULL;
	     n = mime_next(n)) {
		struct str type = mime_effective_type(n);
		struct str body = mime_decode(n);

		if (type.len + body.len > ARENA_CAP)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool with_envelope = size > 0 && (data[size - 1] & 1);
	struct mail_settings settings;
	struct message *m;
	struct arena a;

	mail_settings_init(&settings);
	arena_init(&a, ARENA_CAP);
	m = message_new(&a, &settings, with_envelope ? &envelope : NULL, 0,
	    str_make((const char *)data, size));
	if (m != NULL) {
		struct json *j = render_message(
		    m, render_default_queries, render_default_query_count);

		json_unref(&j);
		walk(m);
		ask_all(m);
	}
	arena_fini(&a);
	mail_settings_fini(&settings);
	return 0;
}
