/*
 * One Authentication-Results value (RFC 8601): who checked, and what came out.
 *
 * Lenient: what cannot be read is passed over up to the next semicolon, the
 * results before and after it count. Slices are of the value given or of the
 * arena. Nothing here knows whether the field is to be believed.
 */
#ifndef POSTERN_MAIL_AUTHRES_H
#define POSTERN_MAIL_AUTHRES_H

#include "base/arena.h"

/* Results of a field, properties of a result; what is beyond is left out. */
#define AUTHRES_RESULTS_MAX 64
#define AUTHRES_PROPERTIES_MAX 16
/* Comments within comments; deeper ones end at the first parenthesis. */
#define AUTHRES_COMMENT_DEPTH_MAX 16

struct authres_property {
	struct str type;  /* "smtp", "header", "policy" */
	struct str name;  /* "mailfrom", "d" */
	struct str value; /* without its quotes */
};

struct authres_result {
	struct str method;  /* "spf" */
	struct str result;  /* "pass" */
	struct str comment; /* the first behind it, without parentheses */
	struct authres_property properties[AUTHRES_PROPERTIES_MAX];
	size_t property_count;
};

struct authres {
	struct str authserv_id;
	struct authres_result *results;
	size_t count;
};

/* `value`: the field's, folds allowed. False: it names no authserv-id. */
bool authres_parse(struct arena *a, struct str value, struct authres *out);

/* Only the authserv-id of `value`; empty when it names none. */
struct str authres_server(struct str value);

/* The value of property `type`.`name`, names without case; empty: none. */
struct str authres_property(
    const struct authres_result *r, struct str type, struct str name);

#endif
