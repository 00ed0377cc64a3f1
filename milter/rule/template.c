#include "rule/template.h"

#include "base/buf.h"
#include "rule/limits.h"

/*
 * Length of `%{TAG}` or `%{TAG(args)}` at the start of `s`, the tag in
 * `*tag_out`; 0: none. TAG is [A-Z][A-Z0-9]*(_[A-Z0-9]+)*.
 */
static size_t
tag_length(struct str s, struct str *tag_out)
{
	size_t i = 2;

	if (!str_starts(s, STR("%{")) || s.len < 4 || s.p[2] < 'A' ||
	    s.p[2] > 'Z')
		return 0;
	while (i < s.len &&
	       ((s.p[i] >= 'A' && s.p[i] <= 'Z') || ascii_is_digit(s.p[i]) ||
		   (s.p[i] == '_' && s.p[i - 1] != '_')))
		i++;
	if (i < s.len && s.p[i - 1] == '_')
		return 0;
	if (i < s.len && s.p[i] == '(') {
		i += 1 + str_cspan(str_skip(s, i + 1), ")}");
		if (i >= s.len || s.p[i] != ')')
			return 0;
		i++;
	}
	if (i >= s.len || s.p[i] != '}')
		return 0;
	*tag_out = str_make(s.p + 2, i - 2);
	return i + 1;
}

/* Next tag at or after `*pos` with no backslash before it. */
static size_t
next_tag(struct str s, size_t *pos, struct str *tag_out)
{
	for (; *pos < s.len; (*pos)++) {
		size_t n;

		if (s.p[*pos] != '%' || (*pos > 0 && s.p[*pos - 1] == '\\'))
			continue;
		n = tag_length(str_skip(s, *pos), tag_out);
		if (n > 0)
			return n;
	}
	return 0;
}

static bool
has_capture(struct str s)
{
	for (size_t i = 0; i + 3 < s.len; i++) {
		size_t at = i + 2;

		if (s.p[i] != '(' || s.p[i + 1] != '?')
			continue;
		at += s.p[at] == 'P';
		if (at + 1 < s.len && (s.p[at] == '<' || s.p[at] == '\'') &&
		    s.p[at + 1] >= 'A' && s.p[at + 1] <= 'Z')
			return true;
	}
	return false;
}

unsigned
template_mark(struct arena *a, struct rule *r)
{
	struct str tag, last = STR_NONE;
	size_t pos = 0, n;
	unsigned others = 0;

	r->captures = has_capture(r->perl);
	if (r->captures)
		r->priority_set = -10000;
	while (r->type != RULE_MIMEHEADER &&
	       (n = next_tag(r->perl, &pos, &tag)) > 0) {
		others += last.p != NULL && !str_eq(last, tag);
		last = tag;
		pos += n;
	}
	r->template = last.p != NULL;
	r->tag = arena_copy(a, last);
	if (r->template)
		r->perl = template_escape(a, r->perl);
	return others;
}

struct str
template_escape(struct arena *a, struct str perl)
{
	struct str tag;
	size_t pos = 0, from = 0, n;
	struct buf b;

	if (str_find(perl, STR("%{")) == STR_NPOS)
		return perl;
	buf_init_arena(&b, a);
	while ((n = next_tag(perl, &pos, &tag)) > 0) {
		buf_add(&b, str_make(perl.p + from, pos - from));
		buf_add(&b, STR("%\\{"));
		buf_add(&b, tag);
		buf_add(&b, STR("\\}"));
		pos += n;
		from = pos;
	}
	buf_add(&b, str_skip(perl, from));
	return buf_str(&b);
}

static void
add_quoted(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_')
			buf_add_char(b, '\\');
		buf_add_char(b, s.p[i]);
	}
}

static bool
add_values(struct buf *b, struct str tag, template_values values, void *context)
{
	struct str v[TEMPLATE_VALUE_MAX];
	size_t n = values(context, tag, v, TEMPLATE_VALUE_MAX), used = 0;

	buf_add(b, STR("(?:"));
	for (size_t i = 0; i < n; i++) {
		if (v[i].len == 0)
			continue;
		if (used++ > 0)
			buf_add_char(b, '|');
		add_quoted(b, v[i]);
	}
	buf_add_char(b, ')');
	return used > 0;
}

struct str
template_fill(const struct rule *r, struct arena *a, template_values values,
    void *context)
{
	struct str s = r->pattern;
	size_t from = 0, pos = 0;
	struct buf b;

	buf_init_arena(&b, a);
	b.limit = TEMPLATE_SIZE_MAX;
	while (pos + 2 < s.len) {
		struct str rest = str_skip(s, pos);
		bool escaped = pos > 0 && s.p[pos - 1] == '\\';
		struct str t = r->tag;

		if (!escaped && str_starts(rest, STR("%\\{")) &&
		    str_starts(str_skip(rest, 3), t) &&
		    str_starts(str_skip(rest, 3 + t.len), STR("\\}"))) {
			buf_add(&b, str_make(s.p + from, pos - from));
			if (!add_values(&b, t, values, context))
				return STR_NONE;
			pos += t.len + 5;
			from = pos;
			continue;
		}
		pos++;
	}
	buf_add(&b, str_skip(s, from));
	return b.failed ? STR_NONE : buf_str(&b);
}
