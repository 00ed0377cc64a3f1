#include "mail/authres.h"

#include "base/buf.h"

struct scanner {
	struct arena *arena;
	struct str rest;
	struct str comment; /* the first that was passed */
};

/* ---- tokens ------------------------------------------------------------- */

/* Behind the comment that `s` begins with; all of it when it does not end. */
static size_t
comment_length(struct str s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(' && depth < AUTHRES_COMMENT_DEPTH_MAX)
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.len;
}

static void
skip_blanks(struct scanner *s)
{
	while (s->rest.len > 0) {
		size_t n = 1;

		if (s->rest.p[0] == '(') {
			n = comment_length(s->rest);
			if (s->comment.len == 0 && n > 2)
				s->comment = str_make(s->rest.p + 1, n - 2);
		} else if (!ascii_is_space(s->rest.p[0])) {
			return;
		}
		s->rest = str_skip(s->rest, n);
	}
}

static bool
take(struct scanner *s, char c)
{
	skip_blanks(s);
	if (s->rest.len == 0 || s->rest.p[0] != c)
		return false;
	s->rest = str_skip(s->rest, 1);
	return true;
}

/* Keywords of methods, results and properties. */
static struct str
take_word(struct scanner *s)
{
	struct str word;
	size_t n = 0;

	skip_blanks(s);
	while (
	    n < s->rest.len && (ascii_is_alnum(s->rest.p[n]) ||
				   s->rest.p[n] == '-' || s->rest.p[n] == '_'))
		n++;
	word = str_head(s->rest, n);
	s->rest = str_skip(s->rest, n);
	return word;
}

static struct str
take_quoted(struct scanner *s)
{
	struct buf b;
	size_t i = 1;

	buf_init_arena(&b, s->arena);
	for (; i < s->rest.len && s->rest.p[i] != '"'; i++) {
		if (s->rest.p[i] == '\\' && i + 1 < s->rest.len)
			i++;
		buf_add_char(&b, s->rest.p[i]);
	}
	s->rest = str_skip(s->rest, i < s->rest.len ? i + 1 : i);
	return buf_str(&b);
}

/* A value, a quoted string, or an address. */
static struct str
take_value(struct scanner *s)
{
	struct str value;
	size_t n = 0;

	skip_blanks(s);
	if (s->rest.len > 0 && s->rest.p[0] == '"') {
		value = take_quoted(s);
		/* "odd user"@domain */
		if (s->rest.len == 0 || s->rest.p[0] != '@')
			return value;
	}
	while (n < s->rest.len && !ascii_is_space(s->rest.p[n]) &&
	       s->rest.p[n] != ';' && s->rest.p[n] != '(')
		n++;
	value = str_head(s->rest, n);
	s->rest = str_skip(s->rest, n);
	return value;
}

/* Behind the next semicolon; quotes and comments may hold some. */
static void
skip_result(struct scanner *s)
{
	while (s->rest.len > 0 && !take(s, ';')) {
		if (s->rest.len > 0 && s->rest.p[0] == '"')
			take_quoted(s);
		else
			s->rest = str_skip(s->rest, s->rest.len > 0);
	}
}

/* ---- results ------------------------------------------------------------ */

/* "ptype.property=value" and "reason=..."; false: neither stands here. */
static bool
take_property(struct scanner *s, struct authres_result *r)
{
	struct authres_property p = {.type = take_word(s)};

	if (p.type.len == 0)
		return false;
	if (take(s, '.')) {
		p.name = take_word(s);
		if (p.name.len == 0)
			return false;
	}
	if (!take(s, '='))
		return false;
	p.value = take_value(s);
	if (r->property_count < AUTHRES_PROPERTIES_MAX)
		r->properties[r->property_count++] = p;
	return true;
}

/* "method/version=result (comment) properties"; false: not to be read. */
static bool
take_result(struct scanner *s, struct authres_result *r)
{
	*r = (struct authres_result){.method = take_word(s)};
	if (r->method.len == 0)
		return false;
	if (take(s, '/'))
		take_word(s);
	if (!take(s, '='))
		return false;
	r->result = take_word(s);
	s->comment = STR_NONE;
	while (take_property(s, r))
		;
	r->comment = s->comment;
	return r->result.len > 0;
}

/* The identifier, and "; " behind it. */
static struct str
take_server(struct scanner *s)
{
	struct str id = take_value(s);

	/* "spf=pass ..." by those who forget to say who they are. */
	return str_find_char(id, '=') == STR_NPOS ? id : STR_NONE;
}

struct str
authres_server(struct str value)
{
	struct scanner s = {.rest = value};

	skip_blanks(&s);
	if (s.rest.len > 0 && s.rest.p[0] == '"')
		return str_cut(
		    &(struct str){s.rest.p + 1, s.rest.len - 1}, '"');
	return take_server(&s);
}

bool
authres_parse(struct arena *a, struct str value, struct authres *out)
{
	struct scanner s = {.arena = a, .rest = value};

	*out = (struct authres){.authserv_id = take_server(&s)};
	if (out->authserv_id.len == 0)
		return false;
	out->results =
	    arena_array(a, AUTHRES_RESULTS_MAX, sizeof(*out->results));
	if (out->results == NULL)
		return false;
	/* A version may stand before the semicolon. */
	skip_result(&s);
	while (s.rest.len > 0 && out->count < AUTHRES_RESULTS_MAX) {
		if (take_result(&s, &out->results[out->count]))
			out->count++;
		skip_result(&s);
	}
	return true;
}

struct str
authres_property(
    const struct authres_result *r, struct str type, struct str name)
{
	for (size_t i = 0; i < r->property_count; i++)
		if (str_eq_nocase(r->properties[i].type, type) &&
		    str_eq_nocase(r->properties[i].name, name))
			return r->properties[i].value;
	return STR_NONE;
}
