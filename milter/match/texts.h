/*
 * The strings of one message that rules look at, view by view.
 *
 * The step between the message model and the matcher: everything a scan reads
 * is in here, so the matcher can be tested on plain strings. Slices live in the
 * message's arena.
 */
#ifndef POSTERN_MATCH_TEXTS_H
#define POSTERN_MATCH_TEXTS_H

#include "mail/message.h"

enum view {
	VIEW_HEADER, /* one string for each header query */
	VIEW_MIME,   /* one for each MIME node and query, node by node */
	VIEW_BODY,
	VIEW_RAWBODY,
	VIEW_URI,
	VIEW_FULL,
	VIEW_COUNT
};

/* A string with p == NULL stands for a header that does not exist. */
struct texts {
	struct str_list list[VIEW_COUNT];
	struct uri_list uris; /* records, for uri_detail */
};

struct mime_query {
	struct str name; /* "ALL": every field */
	bool raw;
};

/* Every header value some rule reads. */
struct query_set {
	struct prepared_query *headers;
	size_t header_count;
	struct mime_query *mimes;
	size_t mime_count;
};

/* All views of `m`; false when the arena had no room. */
bool texts_gather(
    struct message *m, const struct query_set *queries, struct texts *out);

const char *view_text(enum view view); /* "header", "body" ... */

#endif
