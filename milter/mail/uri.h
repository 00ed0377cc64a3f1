/*
 * The links of one mail: what they were, what they mean, which hosts they name.
 *
 * A uri_set collects from body strings (uri_set_add_text) and from HTML links
 * (uri_set_add). Each raw URI becomes one record with its "cleaned" forms: the
 * raw one plus every reading a mail reader or browser may make of it (decoded,
 * without user part, number as address, target of a redirector ...). Cleaned
 * forms are what `uri` rules see; records are what `uri_detail` rules see.
 *
 * Nothing is resolved or fetched. Everything lives in the arena, but the regex
 * scratch for redirectors, which uri_set_fini() frees. One thread at a time.
 * Limits: mail_limits.uri bytes a URI, mail_limits.uris records, and the named
 * ones below; whatever exceeds them is dropped and `truncated` set.
 */
#ifndef POSTERN_MAIL_URI_H
#define POSTERN_MAIL_URI_H

#include "mail/message.h"

/* Where a URI was found; names as in rule files: uri_type_name(). */
enum uri_type {
#define URI_TYPE(id, name) URI_TYPE_##id,
#include "mail/uri_type.def"
#undef URI_TYPE
	URI_TYPE_COUNT
};

#define URI_TYPE_BIT(id) (1u << URI_TYPE_##id)

struct uri_host {
	struct str host;   /* lower case, as in the URI */
	struct str domain; /* its registered domain; an address: itself */
};

struct uri {
	struct str raw;
	unsigned types; /* URI_TYPE_BIT()s */
	struct str_list cleaned;
	struct str_list texts; /* distinct anchor texts */
	const struct uri_host *hosts;
	size_t host_count;
	struct str_list domains; /* the distinct ones of `hosts` */
};

const char *uri_type_name(enum uri_type type);
/* The type an HTML element gives to its links; false: it has none. */
bool uri_type_of_tag(struct str tag, enum uri_type *out);

/* Most readings of one URI: redirectors within redirectors end here. */
#define URI_READINGS_MAX 64
/* ... and what they may take together, in URIs of the longest size. */
#define URI_READINGS_SIZE_MAX 16
/* Longest URI found in text by its scheme, and mail name or host in text. */
#define URI_TEXT_MAX 2048
#define URI_TEXT_MAIL_MAX 251
/* d= tags of one signature. */
#define URI_SIGNERS_MAX 64
/* Anchor texts kept for one URI. */
#define URI_ANCHORS_MAX 64

struct uri_set;

/* NULL when the arena is full; every function below takes that NULL. */
struct uri_set *uri_set_new(struct arena *a, const struct mail_settings *s);
/* Redirectors are matched in this scratch from now on, which outlives the set;
 * without one, one is made when it is needed. NULL: nothing is lent. */
void uri_set_lend(struct uri_set *set, struct regex_scratch *scratch);
/* Frees what is not in the arena; records stay valid. */
void uri_set_fini(struct uri_set *set);

/* Finds and adds the URIs of one body string. */
void uri_set_add_text(struct uri_set *set, struct str text);
/* A URI and what is known of it. */
struct uri_source {
	struct str raw;
	unsigned types;	       /* 0: PARSED, unless it is there already */
	struct str_list texts; /* anchor texts */
	/* It is known to be characters in UTF-8, not just bytes: escapes then
	 * are of characters, and a host outside ASCII has a second reading. */
	bool wide;
	/* Keep it only if some reading names a host under a valid top-level
	 * domain, or an address. */
	bool need_host;
};

/* Adds to the record of that raw URI, or makes one. */
void uri_set_add(struct uri_set *set, const struct uri_source *source);
/*
 * Adds the domains (d=) a DKIM-Signature or DomainKey-Signature value names:
 * records with hosts and without cleaned forms.
 */
void uri_set_add_signature(struct uri_set *set, struct str value);

bool uri_set_truncated(const struct uri_set *set);
struct uri_list uri_set_records(const struct uri_set *set);
/* The distinct cleaned forms of all records. */
struct str_list uri_set_cleaned(struct uri_set *set);

/* ---- the parts, each usable alone --------------------------------------- */

struct regex_scratch;

/* What reading a URI needs. */
struct uri_reader {
	struct arena *arena;
	const struct mail_settings *settings;
	struct regex_scratch *scratch; /* NULL: no redirector_pattern */
	bool wide;		       /* as in uri_source */
	bool truncated;		       /* out: a limit was met */
};

/*
 * All readings of `raw`, itself included if it is one, duplicates removed.
 */
struct str_list uri_readings(struct uri_reader *reader, struct str raw);

/* Host and registered domain of a cleaned URI; false: none that is valid. */
bool uri_host_of(struct arena *a, const struct mail_settings *s, struct str uri,
    struct uri_host *out);

/*
 * Decodes %XX of printable ASCII and encodes bytes that may not stand in a URI
 * (controls, space, 8-bit, `"` `%` `<` `>`). `wide`: characters up to U+00FF
 * become one escape, those above stay.
 */
struct str uri_decode_percent(struct arena *a, struct str uri, bool wide);

/*
 * What the reference `ref` (trimmed) in a document with base `base` (may be
 * empty) points to: RFC 2396 section 5.2, with http: or ftp: put before
 * "//www..." and "//ftp..." when there is no base.
 */
struct str uri_resolve(struct arena *a, struct str base, struct str ref);

#endif
