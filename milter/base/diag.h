/*
 * Diagnostics about files people write: file:line:col: severity: message.
 *
 * A list collects up to its cap and counts the rest, so one bad file never
 * drowns another and never exhausts memory. Control plane only; one thread.
 */
#ifndef POSTERN_BASE_DIAG_H
#define POSTERN_BASE_DIAG_H

#include "base/buf.h"

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

/* Where something was written. `file` outlives the ruleset (interned). */
struct source_pos {
	const char *file; /* NULL: not from a file */
	uint32_t line;	  /* from 1; 0 = the whole file */
	uint32_t col;	  /* from 1, bytes; 0 = the whole line */
};

/* Byte `at` of `text`, which is that line; elsewhere: its beginning. */
struct source_pos source_pos_in(
    const char *file, uint32_t line, struct str text, const char *at);

struct diag {
	enum severity severity;
	char *file;
	uint32_t line;
	uint32_t col;
	char *message;
	char *excerpt;	/* the source line, or NULL */
	uint32_t caret; /* offset into excerpt, when it is there */
};

struct diags {
	struct diag *v;
	size_t len;
	size_t size;
	size_t cap;    /* most diags kept */
	size_t errors; /* counted beyond the cap too */
	size_t warnings;
	size_t dropped;
};

#define DIAGS_CAP_DEFAULT 1000

void diags_init(struct diags *d, size_t cap);
void diags_fini(struct diags *d);

void diag_add(struct diags *d, enum severity severity, struct source_pos pos,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* With the offending text below the message and a caret under byte `caret`. */
void diag_add_excerpt(struct diags *d, enum severity severity,
    struct source_pos pos, struct str excerpt, size_t caret, const char *fmt,
    ...) __attribute__((format(printf, 6, 7)));

/* All lines as a person reads them, non-printable bytes escaped. */
void diags_format(const struct diags *d, struct buf *out);
const char *severity_text(enum severity s);

#endif
