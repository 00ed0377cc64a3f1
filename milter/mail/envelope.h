/*
 * What the MTA said about one transaction: connection, greeting, addresses.
 *
 * Plain data. The daemon fills it from libmilter's arguments and macros, the
 * admin tool from options; slices belong to whoever filled it and outlive the
 * message. Empty slice = not known. Addresses stand without angle brackets;
 * the null sender is the empty slice with `has_sender` set.
 */
#ifndef POSTERN_MAIL_ENVELOPE_H
#define POSTERN_MAIL_ENVELOPE_H

#include "base/ip.h"

struct envelope {
	bool has_client; /* false: stdin submission, address unknown */
	struct ip client;
	uint16_t client_port;	/* 0: not known, or local submission */
	struct str client_name; /* forward-confirmed host name */
	struct str client_ptr;	/* unconfirmed PTR name */
	struct str helo;
	bool esmtp; /* EHLO rather than HELO, when known */
	bool tls;
	struct str tls_version;
	struct str auth_user; /* {auth_authen}; empty = not authenticated */
	bool has_sender;
	struct str sender;
	const struct str *rcpts; /* accepted ones, in order */
	size_t rcpt_count;
	struct str queue_id;	/* empty until the MTA tells */
	struct str mta_name;	/* {j} */
	struct str daemon_name; /* {daemon_name} */
	bool local;		/* submitted on the machine, no SMTP client */
	int64_t received_ms;	/* wall clock when MAIL came; 0 = not known */
};

#endif
