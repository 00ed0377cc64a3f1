/*
 * The grammar of one address, as relaxed as SpamAssassin's.
 *
 * Each attempt follows the alternatives of the model in its order; `dead`
 * remembers offsets from which the rest of an address cannot be matched, so
 * that trying every `>` stays cheap, and steps are counted: a field that would
 * cost more than ADDR_STEPS_MAX is given up.
 */
#ifndef POSTERN_MAIL_ADDR_MATCH_H
#define POSTERN_MAIL_ADDR_MATCH_H

#include "base/str.h"

#define ADDR_STEPS_MAX 200000

struct addr_reader {
	struct str s;
	char *dead; /* s.len + 1 flags, zero at first */
	size_t steps;
};

/* What one address was made of. A NULL pointer: not there. */
struct addr_pieces {
	struct str phrase;
	struct str angle; /* between < and > */
	struct str bare;
	struct str comment;
	size_t end; /* offset behind it and its comma */
};

/* An address at `start`. */
bool addr_match(struct addr_reader *r, size_t start, struct addr_pieces *out);

/*
 * "quoted \" string" at `pos`: offset behind it, or 0. A backslash takes the
 * next byte along, but no newline unless `newlines`.
 */
size_t addr_quoted(struct str s, size_t pos, bool newlines);
/* "(comment)" without inner parentheses; offset behind it, or 0. */
size_t addr_comment(struct str s, size_t pos, bool newlines);
/* user@domain at `pos`, the longest one; offset behind it, or 0. */
size_t addr_mailbox(struct str s, size_t pos);
/* All of `s` is one; a newline at the end does not count. */
bool addr_is_mailbox(struct str s);

#endif
