/*
 * What a link in an HTML document points to: resolution against the base
 * (RFC 2396 section 5.2), with the liberties mail readers take.
 */
#include "mail/uri.h"

#include "base/buf.h"
#include "mail/uri_internal.h"

/* The parts of a reference; `has_` tells an empty part from none. */
struct reference {
	bool has_scheme, has_authority, has_query, has_fragment;
	struct str scheme;
	struct str authority;
	struct str path;
	struct str query;
	struct str fragment;
};

static struct reference
parse(struct str s)
{
	struct reference r = {0};
	size_t n = str_cspan(s, ":/?#");

	if (n > 0 && n < s.len && s.p[n] == ':') {
		r.has_scheme = true;
		r.scheme = str_head(s, n);
		s = str_skip(s, n + 1);
	}
	if (str_starts(s, STR("//"))) {
		r.has_authority = true;
		s = str_skip(s, 2);
		n = str_cspan(s, "/?#");
		r.authority = str_head(s, n);
		s = str_skip(s, n);
	}
	n = str_cspan(s, "?#");
	r.path = str_head(s, n);
	s = str_skip(s, n);
	if (s.len > 0 && s.p[0] == '?') {
		r.has_query = true;
		s = str_skip(s, 1);
		n = str_cspan(s, "#");
		r.query = str_head(s, n);
		s = str_skip(s, n);
	}
	if (s.len > 0) {
		r.has_fragment = true;
		s = str_skip(s, 1);
		r.fragment = str_head(s, str_cspan(s, "\n"));
	}
	return r;
}

/*
 * "/." or "/.." as a whole segment at the start of `s`: sets what is left of
 * it. A line feed at the very end is no part of a segment.
 */
static bool
cut_dots(struct str *s, struct str dots)
{
	struct str rest = str_skip(*s, dots.len);

	if (!str_starts(*s, dots))
		return false;
	if (rest.len > 0 && rest.p[0] == '/')
		*s = rest;
	else if (rest.len == 0)
		*s = STR("/");
	else if (str_is(rest, "\n"))
		*s = STR("/\n");
	else
		return false;
	return true;
}

/* Cuts the last segment off what stands in `b` from `start` on. */
static void
drop_segment(struct buf *b, size_t start)
{
	while (b->len > start && b->p[b->len - 1] != '/')
		b->len--;
	if (b->len > start)
		b->len--;
}

/* RFC 2396 5.2 step 6, over the path alone; "0" ends it, as in Perl. */
static void
add_path(struct buf *b, struct str s)
{
	size_t start = b->len;

	if (str_starts(s, STR("../")))
		s = str_skip(s, 2);
	else if (str_starts(s, STR("./")))
		s = str_skip(s, 1);
	while (s.len > 0 && !str_is(s, "0")) {
		size_t n;

		if (cut_dots(&s, STR("/.")))
			continue;
		if (cut_dots(&s, STR("/.."))) {
			drop_segment(b, start);
			continue;
		}
		n = s.p[0] == '/';
		n += str_cspan(str_skip(s, n), "/");
		buf_add(b, str_head(s, n));
		s = str_skip(s, n);
	}
}

/* The reference's path behind the base's last slash. */
static struct str
merge(struct arena *a, const struct reference *base, struct str path)
{
	size_t slash;

	if (base->has_authority &&
	    (base->path.len == 0 || str_is(base->path, "0")))
		return uri_join(a, STR("/"), path, STR_NONE);
	slash = str_rfind_char(base->path, '/');
	if (slash == STR_NPOS)
		return path;
	return uri_join(a, str_head(base->path, slash + 1), path, STR_NONE);
}

/* Scheme and authority of the result. */
static void
add_head(struct buf *b, const struct reference *t)
{
	if (t->has_scheme && t->scheme.len > 0 && !str_is(t->scheme, "0")) {
		buf_add(b, t->scheme);
		buf_add_char(b, ':');
	} else if (t->has_authority) {
		struct str host = t->authority;
		bool ftp = str_starts_nocase(host, STR("ftp"));
		size_t n = 3 + str_span(str_skip(host, 3), "0123456789");

		if ((ftp || str_starts_nocase(host, STR("www"))) &&
		    n < host.len && host.p[n] == '.')
			buf_add_cstr(b, ftp ? "ftp:" : "http:");
	}
	if (t->has_authority) {
		buf_add_cstr(b, "//");
		buf_add(b, t->authority);
	}
}

/* A URI of its own that would be put together again as it is. */
static bool
is_resolved(const struct reference *r, struct str ref)
{
	return r->has_scheme && !str_is(r->scheme, "0") &&
	       !str_is(r->path, "0") &&
	       str_find(r->path, STR("/.")) == STR_NPOS &&
	       !str_starts(r->path, STR("./")) &&
	       !str_starts(r->path, STR("../")) &&
	       str_find_char(ref, '\n') == STR_NPOS;
}

struct str
uri_resolve(struct arena *a, struct str base_text, struct str ref)
{
	struct reference r = parse(ref), base, t;
	struct buf b;
	bool clean = true;

	if (base_text.len == 0 && is_resolved(&r, ref))
		return ref;
	base = parse(base_text);
	/* The base's own scheme adds nothing: "http:page" is relative to it. */
	if (r.has_scheme && base.has_scheme && str_eq(r.scheme, base.scheme))
		r.has_scheme = false;
	t = r;
	if (!r.has_scheme) {
		t.has_scheme = base.has_scheme;
		t.scheme = base.scheme;
	}
	if (!r.has_scheme && !r.has_authority) {
		t.has_authority = base.has_authority;
		t.authority = base.authority;
		if (r.path.len == 0) {
			t.path = base.path;
			clean = false;
			if (!r.has_query) {
				t.has_query = base.has_query;
				t.query = base.query;
			}
		} else if (r.path.p[0] != '/') {
			t.path = merge(a, &base, r.path);
		}
	}
	buf_init_arena(&b, a);
	buf_reserve(&b, base_text.len + ref.len + 16);
	add_head(&b, &t);
	if (clean)
		add_path(&b, t.path);
	else
		buf_add(&b, t.path);
	if (t.has_query) {
		buf_add_char(&b, '?');
		buf_add(&b, t.query);
	}
	if (t.has_fragment) {
		buf_add_char(&b, '#');
		buf_add(&b, t.fragment);
	}
	return buf_str(&b);
}
