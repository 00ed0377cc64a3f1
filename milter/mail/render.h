/*
 * Everything rules see of one message, as JSON: for people who write rules and
 * for comparing this engine with another. Control plane memory; the message's
 * views are built in its arena.
 */
#ifndef POSTERN_MAIL_RENDER_H
#define POSTERN_MAIL_RENDER_H

#include "base/json.h"
#include "mail/message.h"

/*
 * {"body":[],"rawbody":[],"uri":[],"header":{},"parts":[]} with each header
 * expression of `queries` ("From:addr") that has a value. The caller owns it.
 */
struct json *render_message(
    struct message *m, const struct str *queries, size_t query_count);

/* The header expressions shown when nobody names any. */
extern const struct str *const render_default_queries;
extern const size_t render_default_query_count;

#endif
