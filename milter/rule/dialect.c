#include "rule/dialect.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

int
walk_refuse(struct walk *w, size_t at, const char *fmt, ...)
{
	va_list ap;

	w->error->offset = at;
	va_start(ap, fmt);
	vsnprintf(w->error->message, sizeof(w->error->message), fmt, ap);
	va_end(ap);
	return ERR_SYNTAX;
}

static uint32_t
add_length(uint32_t a, uint32_t b)
{
	uint64_t sum = (uint64_t)a + b;

	return a == LENGTH_INFINITE || b == LENGTH_INFINITE ||
		       sum >= LENGTH_INFINITE
		   ? LENGTH_INFINITE
		   : (uint32_t)sum;
}

/* The last atom becomes part of the branch. */
void
walk_settle(struct walk *w)
{
	struct group *g = &w->stack[w->depth];

	if (w->atom.present) {
		g->branch.min = add_length(g->branch.min, w->atom.extent.min);
		g->branch.max = add_length(g->branch.max, w->atom.extent.max);
		g->wide = g->wide || w->atom.wide;
	}
	w->atom = (struct atom){0};
	buf_add(&w->out, buf_str(&w->gap));
	buf_clear(&w->gap);
}

void
walk_atom(struct walk *w, uint32_t min, uint32_t max)
{
	walk_settle(w);
	w->atom = (struct atom){.present = true,
	    .wide = max > 0,
	    .start = w->out.len,
	    .extent = {min, max}};
}

void
walk_anchor(struct walk *w)
{
	walk_atom(w, 0, 0);
	w->atom.anchor = true;
}

void
walk_copy(struct walk *w, size_t n)
{
	buf_add(&w->out, str_head(walk_rest(w), n));
	w->at += n;
}

/* White space of /x in Perl; NEL is none for PCRE2 and leaves a space. */
static bool
is_blank(char c)
{
	return ascii_is_space(c) || (unsigned char)c == 0x85;
}

/* Blanks and comments of /x, and (?#...) anywhere, into the gap. */
int
walk_ignorable(struct walk *w)
{
	for (;;) {
		struct str s = walk_rest(w);
		size_t n = 0;

		if (w->modes.extended && s.len > 0 && is_blank(s.p[0])) {
			buf_add_char(&w->gap, ' ');
			w->at++;
			continue;
		} else if (w->modes.extended && s.len > 0 && s.p[0] == '#') {
			n = str_find_char(s, '\n');
			n = n == STR_NPOS ? s.len : n + 1;
		} else if (str_starts(s, STR("(?#"))) {
			n = str_find_char(s, ')');
			if (n == STR_NPOS)
				return walk_refuse(
				    w, w->at, "the comment (?# does not end");
			n++;
		}
		if (n == 0)
			return 0;
		buf_add(&w->gap, str_head(s, n));
		w->at += n;
	}
}

static int
take_one(struct walk *w)
{
	char c = walk_next(w);

	switch (c) {
	case '(':
		return walk_open(w);
	case ')':
		return walk_close(w);
	case '|':
		return walk_bar(w);
	case '[':
		return walk_class(w);
	case '\\':
		return walk_escape(w);
	case '{':
		return walk_brace(w);
	case '*':
	case '+':
	case '?':
		if (!w->atom.present)
			return walk_refuse(
			    w, w->at, "the quantifier follows nothing");
		return walk_quantifier(w);
	case '^':
	case '$':
		walk_anchor(w);
		w->atom.caret = c == '^';
		break;
	default:
		walk_atom(w, 1, 1);
	}
	walk_copy(w, 1);
	return 0;
}

static int
walk_all(struct walk *w)
{
	int rc = walk_ignorable(w);

	while (rc == 0 && w->at < w->in.len) {
		rc = take_one(w);
		if (rc == 0)
			rc = walk_ignorable(w);
	}
	if (rc == 0 && w->depth > 0)
		rc = walk_refuse(
		    w, w->stack[w->depth].opened, "\"(\" is not closed");
	walk_settle(w);
	return rc;
}

int
pattern_translate(struct arena *a, struct str perl, struct str *out,
    unsigned *flags_out, struct pattern_error *error_out)
{
	struct walk *w = arena_zalloc(a, sizeof(*w));
	unsigned flags = 0;
	int rc;

	if (w == NULL)
		return ERR_LIMIT;
	w->in = perl;
	w->error = error_out;
	buf_init_arena(&w->out, a);
	buf_init_arena(&w->gap, a);
	buf_reserve(&w->out, perl.len + 16);
	w->stack[0].all = (struct extent){LENGTH_INFINITE, 0};
	rc = walk_leading_flags(w, &flags);
	if (rc == 0)
		rc = walk_all(w);
	if (rc != 0)
		return rc;
	*out = buf_str(&w->out);
	*flags_out = flags;
	return 0;
}
