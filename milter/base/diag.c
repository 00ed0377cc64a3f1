#include "base/diag.h"

#include "base/clean.h"
#include "base/vec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* An excerpt longer than this is cut around the caret. */
#define EXCERPT_MAX ((size_t)100)

struct source_pos
source_pos_in(const char *file, uint32_t line, struct str text, const char *at)
{
	size_t col =
	    at >= text.p && at <= text.p + text.len ? (size_t)(at - text.p) : 0;

	return (struct source_pos){file, line, (uint32_t)col + 1};
}

void
diags_init(struct diags *d, size_t cap)
{
	*d = (struct diags){.cap = cap ? cap : DIAGS_CAP_DEFAULT};
}

void
diags_fini(struct diags *d)
{
	for (size_t i = 0; i < d->len; i++) {
		free(d->v[i].file);
		free(d->v[i].message);
		free(d->v[i].excerpt);
	}
	free(d->v);
	*d = (struct diags){.cap = d->cap};
}

static struct diag *
add(struct diags *d, enum severity severity, struct source_pos pos,
    const char *fmt, va_list ap)
{
	struct diag *g;
	char *message;

	d->errors += severity == SEVERITY_ERROR;
	d->warnings += severity == SEVERITY_WARNING;
	if (d->len == d->cap) {
		d->dropped++;
		return NULL;
	}
	if (vasprintf(&message, fmt, ap) < 0)
		message = mem_strdup("(out of memory)");
	g = VEC_PUSH(d);
	*g = (struct diag){.severity = severity,
	    .file = pos.file ? mem_strdup(pos.file) : NULL,
	    .line = pos.line,
	    .col = pos.col,
	    .message = message};
	return g;
}

void
diag_add(struct diags *d, enum severity severity, struct source_pos pos,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, severity, pos, fmt, ap);
	va_end(ap);
}

void
diag_add_excerpt(struct diags *d, enum severity severity, struct source_pos pos,
    struct str excerpt, size_t caret, const char *fmt, ...)
{
	struct diag *g;
	va_list ap;
	size_t from;

	va_start(ap, fmt);
	g = add(d, severity, pos, fmt, ap);
	va_end(ap);
	if (g == NULL)
		return;
	if (caret > excerpt.len)
		caret = excerpt.len;
	from = caret > EXCERPT_MAX * 3 / 4 ? caret - EXCERPT_MAX * 3 / 4 : 0;
	excerpt = str_head(str_skip(excerpt, from), EXCERPT_MAX);
	g->excerpt = mem_strndup(excerpt.p, excerpt.len);
	g->caret = (uint32_t)(caret - from);
	for (char *p = g->excerpt; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
}

const char *
severity_text(enum severity s)
{
	static const char *const text[] = {"note", "warning", "error"};

	return text[s];
}

static void
format_one(const struct diag *g, struct buf *out)
{
	if (g->file != NULL)
		clean_add(out, str_from(g->file));
	if (g->file != NULL && g->line > 0)
		buf_printf(out, ":%u", g->line);
	if (g->file != NULL && g->line > 0 && g->col > 0)
		buf_printf(out, ":%u", g->col);
	buf_printf(
	    out, "%s%s: ", g->file ? ": " : "", severity_text(g->severity));
	clean_add(out, str_from(g->message));
	buf_add_char(out, '\n');
	if (g->excerpt != NULL)
		buf_printf(
		    out, "    %s\n    %*s^\n", g->excerpt, (int)g->caret, "");
}

void
diags_format(const struct diags *d, struct buf *out)
{
	for (size_t i = 0; i < d->len; i++)
		format_one(&d->v[i], out);
	if (d->dropped > 0)
		buf_printf(out, "(%zu more not shown)\n", d->dropped);
}
