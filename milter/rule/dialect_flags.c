#include "rule/dialect.h"

#include "base/err.h"
#include "base/regex.h"

struct flags {
	bool on[128];
	bool off[128];
	unsigned a;
	bool charset; /* one of d l u */
	bool caret;
};

static int
read_flag(struct walk *w, size_t at, char c, bool minus, struct flags *f)
{
	if (c == 'a' && ++f->a > 2)
		return walk_refuse(w, at, "flag a more than twice");
	if (strchr("dlu", c) != NULL && (f->charset || f->a))
		return walk_refuse(
		    w, at, "flags a, d, l and u exclude each other");
	if (c == 'a' && f->charset)
		return walk_refuse(
		    w, at, "flags a, d, l and u exclude each other");
	if (minus && strchr("adlup", c) != NULL)
		return walk_refuse(w, at, "flag %c cannot be taken away", c);
	f->charset = f->charset || strchr("dlu", c) != NULL;
	if (minus)
		f->off[(int)c] = true;
	else if (c == 'x' && f->on['x'])
		f->on['X'] = true;
	else
		f->on[(int)c] = true;
	return 0;
}

static void
emit_flags(struct walk *w, const struct flags *f, char end)
{
	static const char kept[] = "imsxn";
	bool any = f->caret || end == ':', off = false;

	for (const char *p = kept; *p != '\0'; p++) {
		any = any || f->on[(int)*p] || f->off[(int)*p];
		off = off || f->off[(int)*p];
	}
	if (!any)
		return;
	buf_add(&w->out, f->caret ? STR("(?^") : STR("(?"));
	for (const char *p = kept; *p != '\0'; p++)
		if (f->on[(int)*p])
			buf_add_char(&w->out, *p);
	if (f->on['X'])
		buf_add_char(&w->out, 'x');
	if (off)
		buf_add_char(&w->out, '-');
	for (const char *p = kept; *p != '\0'; p++)
		if (f->off[(int)*p])
			buf_add_char(&w->out, *p);
	buf_add_char(&w->out, end);
}

static void
apply_flags(struct walk *w, const struct flags *f)
{
	struct modes *m = &w->modes;

	if (f->caret)
		*m = (struct modes){.extended = false};
	if (f->on['x']) {
		m->extended = true;
		m->extended_more = f->on['X'];
	}
	if (f->off['x'])
		m->extended = m->extended_more = false;
	m->caseless = (m->caseless || f->on['i']) && !f->off['i'];
	m->multiline = (m->multiline || f->on['m']) && !f->off['m'];
}

/* (?flags) and (?flags:...): what only Perl has is left out. */
int
walk_flags(struct walk *w)
{
	struct flags f = {.a = 0};
	size_t i = w->at + 2, at = w->at;
	bool minus = false;
	struct group *g;
	int rc;

	if (i < w->in.len && w->in.p[i] == '^') {
		f.caret = true;
		i++;
	}
	for (; i < w->in.len; i++) {
		char c = w->in.p[i];

		if (c == ')' || c == ':')
			break;
		if (c == '-' && !minus && !f.caret)
			minus = true;
		else if (c == '\0' || strchr("imsxnpadlu", c) == NULL)
			return walk_refuse(w, i,
			    "\"(?%c\" is nothing Perl knows",
			    c >= ' ' && c <= '~' ? c : '?');
		else if ((rc = read_flag(w, i, c, minus, &f)) != 0)
			return rc;
	}
	if (i >= w->in.len)
		return walk_refuse(w, at, "\"(?\" does not end");
	if (w->in.p[i] == ')') {
		walk_settle(w);
		emit_flags(w, &f, ')');
	} else {
		if ((g = walk_push_group(w)) == NULL)
			return walk_refuse(w, at, "groups are nested too deep");
		emit_flags(w, &f, ':');
	}
	w->at = i + 1;
	apply_flags(w, &f);
	return 0;
}

static unsigned
flag_of(char c)
{
	switch (c) {
	case 'i':
		return REGEX_CASELESS;
	case 'm':
		return REGEX_MULTILINE;
	case 's':
		return REGEX_DOTALL;
	case 'x':
		return REGEX_EXTENDED;
	case 'n':
		return REGEX_NO_AUTO_CAPTURE;
	default:
		return 0;
	}
}

/* Length of a group of nothing but flags to be set, at the start of `s`. */
static size_t
leading_flags(struct str s)
{
	size_t n;

	if (!str_starts(s, STR("(?")))
		return 0;
	n = str_span(str_skip(s, 2), "imsxnpadlu");
	return n > 0 && n + 2 < s.len && s.p[n + 2] == ')' ? n + 3 : 0;
}

/* Checks them as any flags, but moves what PCRE2 has into `*flags`. */
int
walk_leading_flags(struct walk *w, unsigned *flags)
{
	size_t n;

	while ((n = leading_flags(walk_rest(w))) > 0) {
		struct str s = str_head(walk_rest(w), n);
		size_t first = str_find_char(s, 'x');
		int rc = walk_flags(w);

		if (rc != 0)
			return rc;
		for (size_t i = 2; i + 1 < n; i++)
			*flags |= flag_of(s.p[i]);
		if (first != STR_NPOS &&
		    str_find_char(str_skip(s, first + 1), 'x') != STR_NPOS)
			*flags |= REGEX_EXTENDED_MORE;
		buf_clear(&w->out);
	}
	return 0;
}
