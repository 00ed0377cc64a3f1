/*
 * One mail and the texts rules see, built lazily and once.
 *
 * A message is parsed from bytes with LF line ends and lives in the
 * caller's arena, as does everything it returns. Views follow SpamAssassin's
 * rendering, which is the contract rule files are written against. One thread
 * at a time; nothing here does I/O, blocks or looks at the clock. When a limit
 * or the arena's cap is reached the views hold what was parsed and
 * message_truncated() tells.
 */
#ifndef POSTERN_MAIL_MESSAGE_H
#define POSTERN_MAIL_MESSAGE_H

#include "base/arena.h"
#include "mail/envelope.h"
#include "mail/settings.h"

struct message;
struct mime_node;   /* mail/mime.h */
struct html_result; /* mail/html.h */
struct relay;	    /* mail/relay.h */
struct uri;	    /* mail/uri.h */

struct str_list {
	const struct str *v;
	size_t len;
};

/*
 * `raw`: the whole message, headers first, LF line ends (message_canonical()
 * makes it so). A file may have CR LF: when its first or last line does, the
 * pristine texts (full, ALL:raw) keep them and the other views do not.
 * `envelope` may be NULL (a file without one): then nothing is added; with one,
 * the Received record and Return-Path our MTA is about to write are put in
 * front. Both, and `settings`, outlive the message. NULL only when the arena
 * has no room at all.
 */
#define MESSAGE_TRACE_FIELDS 2 /* Return-Path and Received put in front */
struct message *message_new(struct arena *a,
    const struct mail_settings *settings, const struct envelope *envelope,
    int64_t now_ms, struct str raw);

/* CRLF to LF at line ends, in place; returns the new length. */
size_t message_canonical(char *p, size_t len);

/* Patterns of the settings are matched in this scratch from now on. Making one
 * costs system calls: who has one lends it. It outlives the message. */
void message_lend_regex(struct message *m, struct regex_scratch *scratch);

bool message_truncated(const struct message *m);
const struct envelope *message_envelope(const struct message *m);
const struct mail_settings *message_settings(const struct message *m);
struct arena *message_arena(const struct message *m);
int64_t message_now_ms(const struct message *m);

/* ---- header values ------------------------------------------------------ */

enum header_modifier {
	HEADER_RAW = 1 << 0,
	HEADER_ADDR = 1 << 1,
	HEADER_NAME = 1 << 2,
	HEADER_HOST = 1 << 3,
	HEADER_DOMAIN = 1 << 4,
	HEADER_IP = 1 << 5,
	HEADER_REVIP = 1 << 6,
	HEADER_FIRST = 1 << 7,
	HEADER_LAST = 1 << 8
};

struct header_query {
	struct str name; /* as written; pseudo-headers by their name */
	unsigned modifiers;
};

/* A query with what its name means, for those who ask many messages. */
struct prepared_query {
	struct header_query q;
	unsigned source; /* enum header_source of header_query.h */
	uint32_t hash;	 /* header_hash() */
};
struct prepared_query header_query_prepare(struct header_query q);

/* "From:addr:first"; false when a modifier is unknown or there are over two. */
bool header_query_parse(struct str text, struct header_query *out);

/*
 * The joined value a header rule is matched against (all fields of that name in
 * order; pseudo-headers ALL, ToCc, MESSAGEID, EnvelopeFrom, X-Spam-Relays-* ...
 * included). False: there is none ("undefined"). Results are cached; of a
 * prepared query the name outlives the message.
 */
bool message_header(
    struct message *m, struct header_query q, struct str *value_out);
bool message_header_prepared(
    struct message *m, const struct prepared_query *p, struct str *value_out);
/* The same, each value by itself (for :addr lists and eval functions). */
struct str_list message_header_list(struct message *m, struct header_query q);

/* Facts found on the way that have no header: "X-Languages" and so on. Set
 * before rules run; they answer message_header() when no such field exists. */
void message_set_metadata(struct message *m, struct str name, struct str value);

/* ---- texts -------------------------------------------------------------- */

/* body: the Subject first, then the rendered text in paragraphs. */
struct str_list message_body(struct message *m);
/* From now on these are the body; every view made of it stays as it is. */
void message_replace_body(struct message *m, struct str_list body);
/* rawbody: transfer-decoded parts in chunks of 2 to 4 KiB. */
struct str_list message_rawbody(struct message *m);
/* full: the pristine message. */
struct str message_full(const struct message *m);
/* The pristine body alone and the pristine header section alone. */
struct str message_pristine_body(const struct message *m);
struct str message_pristine_headers(const struct message *m);

/* ---- structure ---------------------------------------------------------- */

/* Root of the MIME tree; never NULL. */
const struct mime_node *message_mime(struct message *m);
/* HTML results of every rendered text/html part, in order. */
struct html_list {
	const struct html_result *const *v;
	size_t len;
};
struct html_list message_html(struct message *m);

/* The rendered text of every shown part by itself, whole, in order. */
struct message_part {
	const struct mime_node *node;
	const struct html_result *html; /* NULL: plain text */
	bool is_html;			/* also of an empty one */
	struct str text;		/* UTF-8 */
	bool characters;		/* as in html_result */
};
struct message_part_list {
	const struct message_part *v;
	size_t len;
};
struct message_part_list message_parts(struct message *m);

/* All distinct URI records (text and HTML). Order is stable, not specified. */
struct uri_list {
	const struct uri *v;
	size_t len;
};
struct uri_list message_uris(struct message *m);
/* The distinct cleaned URIs `uri` rules are matched against. */
struct str_list message_uri_texts(struct message *m);
/* Some URI was longer than the limit, or there were too many. */
bool message_uris_truncated(struct message *m);

/* Relay records, newest first; each carries its trust class. */
struct relay_list {
	const struct relay *v;
	size_t len;
	size_t unparseable;
	size_t trusted;	 /* v[0 .. trusted) are trusted */
	size_t internal; /* v[0 .. internal) are internal */
};
struct relay_list message_relays(struct message *m);
/* Header fields from the top that hosts of ours may have written: those above
 * the first Received line of a host that is not internal. */
size_t message_own_fields(struct message *m);

/* Parser flags of spec 2.4: "missing_head_body_separator" and so on. */
enum message_flag {
	MESSAGE_MISSING_HEAD_BODY_SEPARATOR = 1 << 0,
	MESSAGE_MISSING_MIME_SEPARATOR = 1 << 1,
	MESSAGE_TRUNCATED_HEADER = 1 << 2,
	MESSAGE_MIME_PARTS_LIMIT = 1 << 3,
	MESSAGE_MIME_DEPTH_LIMIT = 1 << 4,
	MESSAGE_MISSING_MIME_HEADERS = 1 << 5,
	MESSAGE_MIME_EPILOGUE = 1 << 6,
	MESSAGE_MISSING_BOUNDARY = 1
				   << 7 /* opened, not closed, or the reverse */
};
unsigned message_flags(struct message *m);

#endif
