/*
 * Access lists: what an admin says about clients, names and addresses
 * (doc/access.md).
 *
 * One syntax of ours, and Postfix's own cidr:, pcre: and access(5) tables read
 * as they stand. A set is immutable once loaded and shared by threads; a
 * look-up is pure: time and what is known of the client are in the question.
 * Networks are found in a trie, names and addresses by hash, domain by domain;
 * only globs and regular expressions are tried one after another.
 */
#ifndef POSTERN_RULE_ACCESS_H
#define POSTERN_RULE_ACCESS_H

#include "base/diag.h"
#include "base/ip.h"
#include "base/regex.h"

enum access_kind {
	ACCESS_CLIENT, /* address and host name */
	ACCESS_HELO,
	ACCESS_SENDER,
	ACCESS_RECIPIENT,
	ACCESS_FROM, /* address in the From header */
	ACCESS_KIND_COUNT
};

enum access_action {
	ACCESS_ALLOW,
	ACCESS_REJECT,
	ACCESS_TEMPFAIL,
	ACCESS_TAG,
	ACCESS_QUARANTINE,
	ACCESS_DISCARD,
	ACCESS_SCORE, /* adds points and decides nothing */
	ACCESS_DUNNO  /* Postfix: nothing more of this table */
};

/* What may excuse an entry: `unless spf-pass`. */
enum access_guard {
	ACCESS_SPF_PASS = 1 << 0,
	ACCESS_AUTH = 1 << 1,	   /* authenticated */
	ACCESS_FCRDNS = 1 << 2,	   /* forward-confirmed reverse DNS */
	ACCESS_HELO_VALID = 1 << 3 /* a name it may greet with */
};

#define ACCESS_FILE_MAX ((size_t)64 * 1024 * 1024)
#define ACCESS_ENTRIES_MAX 2000000 /* of one set */
#define ACCESS_PATTERNS_MAX 10000  /* globs and regular expressions */
#define ACCESS_PATTERN_MAX 512	   /* bytes of one pattern */
#define ACCESS_TEXT_MAX 200	   /* bytes of a reply text */
#define ACCESS_NEST_MAX 32	   /* `if` blocks of a Postfix table */
#define ACCESS_KEY_MAX 1024	   /* bytes of a key that are looked at */
#define ACCESS_MATCHES_MAX 64	   /* entries reported of one look-up */

struct access_entry {
	enum access_kind kind;
	enum access_action action;
	bool shadow; /* recorded, decides nothing */
	double score;
	struct str pattern; /* as written */
	struct str text;    /* for the reply; empty: the default */
	struct str author;
	struct str note;
	int64_t until_ms; /* expires then; 0 = never */
	unsigned unless;  /* enum access_guard */
	unsigned code;	  /* SMTP code a Postfix table asks for; 0: none */
	struct source_pos pos;
};

/* What became of an entry that matched. */
enum access_standing {
	ACCESS_DECIDES,
	ACCESS_WOULD,	 /* another one came first */
	ACCESS_SHADOWED, /* would have decided, but for `shadow` */
	ACCESS_ADDS,	 /* its points count */
	ACCESS_EXCUSED,	 /* its guard holds */
	ACCESS_EXPIRED,
	ACCESS_PASSED /* it sent the question on (DUNNO) */
};

struct access_match {
	const struct access_entry *entry;
	enum access_standing standing;
	struct str text; /* entry's, with $1 filled in */
};

struct access_question {
	enum access_kind kind;
	struct str key;	     /* host name, HELO name, address; may be empty */
	const struct ip *ip; /* ACCESS_CLIENT; NULL: not known */
	int64_t now_ms;
	unsigned facts; /* enum access_guard that hold */
};

struct access_answer {
	const struct access_match *v; /* in order of precedence */
	size_t len;
	const struct access_entry *decides; /* NULL: none */
	struct str text;		    /* its text, with $1 filled in */
	double score;			    /* of all entries that add */
};

struct access_set;

/*
 * Reads the files, and the *.access files of directories, in order. A path may
 * also be KIND=TYPE:FILE for one table of Postfix's ("client=cidr:/etc/...").
 * `former` (may be NULL): the set in force; a file that is empty, or has lost
 * more than half its entries against it, is an error unless `forced`. Bad lines
 * are diags, good ones are kept. Never NULL. Blocks on files.
 */
struct access_set *access_load(const char *const *paths, size_t count,
    const struct access_set *former, bool forced, struct diags *diags);
/* Our syntax from memory, `name` standing for the file. Never NULL. */
struct access_set *access_parse(
    const char *name, struct str text, struct diags *diags);
/* A table of Postfix's from memory: type "cidr", "pcre", "hash" ... */
struct access_set *access_parse_postfix(const char *name, const char *type,
    enum access_kind kind, struct str text, struct diags *diags);
void access_free(struct access_set **set);

size_t access_count(const struct access_set *set);

/*
 * All entries that match, and which decides. `s` may be NULL: then one is made
 * when the set holds regular expressions. Memory from `a`; when that is full
 * the list is empty, but what decides stands.
 */
void access_find(const struct access_set *set, struct regex_scratch *s,
    const struct access_question *q, struct arena *a,
    struct access_answer *out);

const char *access_kind_text(enum access_kind kind);
bool access_kind_parse(struct str text, enum access_kind *kind_out);
const char *access_action_text(enum access_action action);
const char *access_standing_text(enum access_standing standing);

#endif
