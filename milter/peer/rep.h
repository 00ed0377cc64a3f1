/*
 * Reputation as the rest of the program sees it (doc/reputation.md).
 *
 * The model (windows, rates, states, ladder) is pure and lives in rep_model.h;
 * stores live behind rep_store.h. This header holds the words both share.
 */
#ifndef POSTERN_PEER_REP_H
#define POSTERN_PEER_REP_H

#include "base/ip.h"

/* One finished transaction's class of evidence. */
enum rep_class {
	REP_HAM,
	REP_SPAM,
	REP_RULES,
	REP_DICT,
	REP_DNSBL, /* caused by an outside list: weighs 0, counted apart */
	REP_VIRUS,
	REP_TRAP,
	REP_UNKNOWN_RCPT, /* harvest: recipients the MTA did not know */
	REP_RELAY,
	REP_COMPLAINT,
	REP_SELF,   /* caused by our own listing: weighs 0 */
	REP_POLICY, /* refused by access list */
	REP_CLASS_COUNT
};

enum rep_state {
	REP_NONE,
	REP_WATCH,
	REP_LISTED,
	REP_PROBATION,
	REP_GOOD,
	REP_ALLOWED, /* by an admin */
	REP_BLOCKED  /* by an admin */
};

#define REP_REF_MAX 16 /* longest reference text with NUL */
#define REP_WHY_MAX 128

/* What is known about a client now. `known` false: no opinion (store away). */
struct rep_view {
	bool known;
	enum rep_state state;
	int64_t since_ms;
	int64_t until_ms; /* 0: no end */
	uint32_t strike;
	double rate_short;  /* p of the short window */
	double lower_short; /* L */
	double rate_long;
	double upper_long;     /* U */
	char ref[REP_REF_MAX]; /* of the listing */
	char why[REP_WHY_MAX];
	bool parent; /* the state is the /24's or /48's */
	bool sample; /* listed, but this one is scanned to the end */
};

#define REP_RULE_MAX 64
#define REP_EVENT_RCPTS 8
/* 48 bits tell a day's recipients apart, and are shorter to keep. */
#define REP_RCPT_MASK UINT64_C(0xffffffffffff)

/* One event to be counted. Plain data, copied by whoever takes it. */
struct rep_event {
	struct ip client;
	enum rep_class class;
	int64_t at_ms;
	double score;
	char rule[REP_RULE_MAX]; /* what decided; empty = none */
	char ref[REP_REF_MAX];
	/* Salted hashes of recipients (rep_store_hash_rcpt), for distinct. */
	uint64_t rcpt_hash[REP_EVENT_RCPTS];
	uint32_t rcpt_count; /* hashes filled in; at most REP_EVENT_RCPTS */
	uint32_t tried;	     /* REP_UNKNOWN_RCPT: recipients tried */
	uint32_t unknown;    /* REP_UNKNOWN_RCPT: of these, not known */
	bool rejected;
};

/* "ham", "spam" ...: the field names of the store and of every view. */
const char *rep_class_text(enum rep_class c);
/* False, `*out` untouched: no such class. */
bool rep_class_parse(struct str text, enum rep_class *out);
const char *rep_state_text(enum rep_state s);
bool rep_state_parse(struct str text, enum rep_state *out);
/* True for classes that speak against a client (weight or not). */
bool rep_class_is_bad(enum rep_class c);

#endif
