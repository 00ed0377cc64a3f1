/*
 * The hosts a message came through, read from its Received fields, and which of
 * them can be believed.
 *
 * Every MTA writes Received in its own way; received.def lists the ways. A line
 * gives a relay, is skipped (a handover that says nothing about the network) or
 * cannot be read. Trust runs from the newest relay downwards: with networks
 * configured as they say, else as long as a hop is private or authenticated.
 * Pure; arena memory; linear in the line; limits below.
 */
#ifndef POSTERN_MAIL_RELAY_H
#define POSTERN_MAIL_RELAY_H

#include "mail/message.h"

/* Received fields looked at; MTAs bounce mail long before as looping. */
#define RELAY_HEADERS_MAX 256

/* Values as in the line; bytes that would break the text form become '!'. */
struct relay {
	struct str ip; /* empty: the line has none */
	struct str rdns;
	struct str helo;
	struct str by;
	struct str ident;
	struct str envfrom;
	struct str id;
	struct str auth;  /* how it authenticated; empty: it did not */
	bool has_address; /* `ip` is one ip_parse() takes */
	struct ip address;
	bool ip_private;
	bool no_reverse_dns; /* its MTA looked and found none */
	bool trusted;
	bool internal;
	bool msa;
	struct str text; /* "[ ip=... rdns=... msa=0 ]" */
};

enum received_outcome {
	RECEIVED_RELAY,	  /* *out is filled */
	RECEIVED_SKIP,	  /* says nothing about a network handover */
	RECEIVED_FETCHED, /* mail was fetched from a mailbox here */
	RECEIVED_UNPARSEABLE
};

/* What one line leaves for the next one down. */
struct received_state {
	struct str scanner_sender; /* qmail-scanner's envelope sender */
};

/*
 * Reads one Received value (decoded, folds allowed). RELAY: *out is filled but
 * for trust and text.
 */
enum received_outcome received_parse(struct arena *a, struct str line,
    struct received_state *state, struct relay *out);

/* `ip` is in `list` (first match decides); loopback is unless `bare`. */
bool network_list_has(
    const struct network_list *list, const struct ip *ip, bool bare);

#endif
