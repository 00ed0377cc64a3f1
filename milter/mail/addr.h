/*
 * Addresses and display names of a From/To-like field.
 *
 * Reads what stands in real mail the way SpamAssassin's own parser does:
 * groups, quoted strings, comments, route and bare forms, each in its relaxed
 * shape. Input is the raw field body; at most ADDR_MAX results. Linear time.
 */
#ifndef POSTERN_MAIL_ADDR_H
#define POSTERN_MAIL_ADDR_H

#include "base/arena.h"

#define ADDR_MAX 10000

struct addr {
	bool has_phrase;
	struct str phrase; /* not decoded */
	bool has_address;
	struct str address; /* user@host; may be empty for <> */
	struct str host;    /* part after the @ */
	bool valid;	    /* host is a well-formed domain name */
};

struct addr_list {
	struct addr *v;
	size_t len;
};

struct addr_list addr_parse(struct arena *a, struct str raw);

/* At least two labels of letters, digits, hyphens; total and label lengths. */
bool addr_host_valid(struct str host);

#endif
