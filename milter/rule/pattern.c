#include "rule/pattern.h"

#include "base/buf.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 4))) static int
refuse(struct pattern_error *e, size_t offset, const char *fmt, ...)
{
	va_list ap;

	e->offset = offset;
	va_start(ap, fmt);
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	return ERR_SYNTAX;
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* Length of the opening delimiter with its operator, `*end_out` its partner. */
static size_t
open_delimiter(struct str text, char *end_out)
{
	size_t op = str_starts(text, STR("qr"))	 ? 2
		    : str_starts(text, STR("m")) ? 1
						 : 0;

	if (text.len > 0 && text.p[0] == '/') {
		*end_out = '/';
		return 1;
	}
	if (op == 0 || op >= text.len || is_word(text.p[op]))
		return 0;
	switch (text.p[op]) {
	case '{':
		*end_out = '}';
		break;
	case '(':
		*end_out = ')';
		break;
	case '<':
		*end_out = '>';
		break;
	case '[':
		*end_out = ']';
		break;
	default:
		*end_out = text.p[op];
	}
	return op + 1;
}

/* A delimiter with no backslash before it, escaped backslashes put aside. */
static size_t
find_bare(struct str body, char delimiter)
{
	bool escaped = false;

	for (size_t i = 0; i < body.len; i++) {
		if (body.p[i] == '\\' && i + 1 < body.len &&
		    body.p[i + 1] == '\\') {
			i++;
			continue;
		}
		if (body.p[i] == delimiter && !escaped)
			return i;
		escaped = body.p[i] == '\\';
	}
	return STR_NPOS;
}

static size_t
find_code_block(struct str body)
{
	for (size_t i = 0; i + 2 < body.len; i++) {
		struct str s = str_skip(body, i);

		if (str_starts(s, STR("(?{")) || str_starts(s, STR("(??{")))
			return i;
	}
	return STR_NPOS;
}

int
pattern_split(struct str text, struct pattern_literal *out,
    struct pattern_error *error_out)
{
	char end = '\0';
	size_t open = open_delimiter(text, &end), stop = text.len, bare;
	struct str body;

	if (open == 0)
		return refuse(error_out, 0, "regexp delimiters are missing");
	if (end == '\\')
		return refuse(error_out, 0, "backslash is no regexp delimiter");
	while (stop > open && text.p[stop - 1] >= 'a' &&
	       text.p[stop - 1] <= 'z' && text.p[stop - 1] != 'e')
		stop--;
	if (stop <= open || text.p[stop - 1] != end)
		return refuse(error_out, stop ? stop - 1 : 0,
		    "regexp does not end in %c and flags", end);
	body = str_make(text.p + open, stop - 1 - open);
	bare = find_code_block(body);
	if (bare != STR_NPOS)
		return refuse(error_out, open + bare,
		    "code blocks in a regexp are not allowed");
	bare = end == '}' || end == ')' || end == ']' ? STR_NPOS
						      : find_bare(body, end);
	if (bare != STR_NPOS)
		return refuse(error_out, open + bare,
		    "regexp holds its delimiter %c without a backslash", end);
	*out = (struct pattern_literal){
	    .body = body, .flags = str_skip(text, stop), .body_offset = open};
	return 0;
}

const char *
pattern_always_matches(struct str body)
{
	size_t n = body.len;

	if (n == 0)
		return "it is empty";
	for (size_t i = 0; i + 1 < n; i++)
		if (body.p[i] == '|' && body.p[i + 1] == '|' &&
		    (i == 0 || body.p[i - 1] != '\\'))
			return "it contains ||";
	if (body.p[0] == '|')
		return "it starts with |";
	if (body.p[n - 1] == '|' && (n < 2 || body.p[n - 2] != '\\'))
		return "it ends with |";
	return NULL;
}

struct str
pattern_join(struct arena *a, const struct pattern_literal *l)
{
	struct buf b;

	if (l->flags.len == 0)
		return arena_copy(a, l->body);
	buf_init_arena(&b, a);
	buf_printf(&b, "(?%.*s)", STR_ARG(l->flags));
	buf_add(&b, l->body);
	return buf_str(&b);
}
