/*
 * What the fields and raw lines of a message's parts give away: counted once
 * for all functions of eval_mime.c. Arena memory of the message.
 */
#ifndef POSTERN_POLICY_EVAL_PART_H
#define POSTERN_POLICY_EVAL_PART_H

#include "policy/evalfns.h"

struct eval_parts {
	unsigned base64; /* parts so encoded */
	unsigned quoted_printable;
	unsigned html;
	unsigned text;
	unsigned attachments;
	unsigned ascii_illegal; /* lines that are no ASCII and should be */
	unsigned quoted;	/* bytes written =XX that need not be */
	bool base64_text;
	bool bad_iso_charset;
	bool faraway_charset;
	bool caps_charset; /* one that shows capitals to those who guess */
	bool has_charset;
	bool alternative;
	bool long_quoted_line;
	size_t quoted_bytes; /* of quoted-printable parts */
	double multipart_ratio;
	double unicode_ratio;
};

/* Never NULL. */
const struct eval_parts *eval_parts(struct eval_context *c);

/* Capitals mean nothing in this charset: its bytes only look like letters. */
bool eval_charset_has_caps(struct str charset);
/* The charset= of a Content-Type as it is written; false: none. */
bool eval_charset_of(struct str content_type, struct str *charset_out);

#endif
