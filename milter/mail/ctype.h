/*
 * Content-Type, read the way mail programs and SpamAssassin read it: the type
 * repaired to something known, boundary, charset and file name found by loose
 * search rather than by RFC 2045 grammar. Slices of the value or arena memory.
 */
#ifndef POSTERN_MAIL_CTYPE_H
#define POSTERN_MAIL_CTYPE_H

#include "base/arena.h"

struct ctype {
	struct str type; /* lower case; "text/plain" when missing */
	bool missing;	 /* there was no usable type */
	bool has_boundary;
	struct str boundary;
	bool has_charset;
	struct str charset;
	bool has_name;
	struct str name;
};

/* `value`: the decoded field body; empty: the field is absent. */
void ctype_parse(struct arena *a, struct str value, struct ctype *out);

/* name= of a Content-Disposition; false: none. */
bool ctype_disposition_name(struct str value, struct str *name_out);

#endif
