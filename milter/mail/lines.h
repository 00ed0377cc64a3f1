/*
 * A body as lines: finding them, and the two repairs made before MIME parsing.
 *
 * Lines keep their \n; the last one may have none. Results are slices of the
 * input where nothing had to change, else arena memory.
 */
#ifndef POSTERN_MAIL_LINES_H
#define POSTERN_MAIL_LINES_H

#include "base/arena.h"

/* Blank lines kept in a row; one more at the very top. */
#define LINES_BLANK_MAX 20

/* The line that begins at `pos`; empty at the end. */
struct str lines_at(struct str s, size_t pos);
/* Only white space, or nothing. */
bool lines_is_blank(struct str line);
/* A header field begins: name, optional blanks (`blanks`), colon. */
bool lines_is_field(struct str line, bool blanks);

/* Runs of blank lines shortened to LINES_BLANK_MAX. */
struct str lines_squeeze(struct arena *a, struct str s);
/* Lines over `max` bytes cut into such pieces, each with a \n of its own. */
struct str lines_cut(struct arena *a, struct str s, size_t max);
/* With an empty line in front. */
struct str lines_prepend(struct arena *a, struct str s);

#endif
