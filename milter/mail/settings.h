/*
 * Everything the message model needs to be told: limits, and the rule files'
 * settings that change how mail is read (TLDs, networks, scan sizes).
 *
 * Built once with a snapshot, immutable after, shared by threads. The mail
 * layer does not know where the values come from.
 */
#ifndef POSTERN_MAIL_SETTINGS_H
#define POSTERN_MAIL_SETTINGS_H

#include "base/cidr_trie.h"
#include "base/map.h"
#include "base/regex.h"
#include "mail/psl_memo.h"

struct mail_limits {
	size_t header_name;  /* bytes: 256 */
	size_t header_value; /* bytes: 8192 */
	size_t header_all;   /* bytes of all headers in ALL: 65536 */
	size_t header_count; /* header fields kept: 1000 */
	size_t mime_parts;   /* 1000 */
	size_t mime_depth;   /* 20 */
	size_t body_line;    /* bytes of a line inside a multipart: 2048 */
	size_t body_part;    /* characters of a rendered part: 50000; 0: all */
	size_t rawbody_part; /* bytes: 500000; 0: all */
	size_t uri;	     /* bytes: 8192 */
	size_t uris;	     /* URI records of a message: 10000 */
};

struct network {
	struct cidr net;
	bool excluded;
};

/*
 * A list of networks with exclusions, first match wins as in
 * trusted_networks: "10/8", "!10.1.2.3".
 */
struct network_list {
	struct network *v;
	size_t len;
	bool configured; /* false: nothing was said; trust is inferred */
};

/* A redirector_pattern. */
struct redirector {
	struct regex *regex; /* one capture group: the target */
	struct str need;     /* heap; a match holds it, in any case */
};

struct mail_settings {
	struct mail_limits limits;
	bool normalize_charset; /* default true */
	bool parse_dkim_uris;	/* signers as URIs; default true */

	/* Registered domains: util_rb_tld, _2tld, _3tld; lower case keys. NULL
	 * or empty: the public suffix list of libpsl stands in. */
	struct map *tld;
	struct map *tld2;
	struct map *tld3;
	struct psl_memo *psl_memo; /* what libpsl answered; NULL: nothing */

	struct network_list trusted;
	struct network_list internal;
	struct network_list msa;

	struct str envelope_sender_header;  /* empty: not set */
	struct str *originating_ip_headers; /* heap array */
	size_t originating_ip_header_count;
	struct redirector *redirectors; /* heap array */
	size_t redirector_count;
};

/* Defaults of spec §2.18 with no lists. */
void mail_settings_init(struct mail_settings *s);
/* Frees maps, memo, networks, redirectors and both arrays. */
void mail_settings_fini(struct mail_settings *s);

#endif
