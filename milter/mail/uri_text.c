/*
 * URIs in running text: what a mail reader would turn into a link, and host
 * names a person would copy. One pass; every position is tried, but the runs
 * that follow it are measured once, so hostile text costs linear time.
 */
#include "mail/uri.h"

#include "mail/psl.h"
#include "mail/uri_internal.h"

/* Classes of bytes, as in Thunderbird's link finder. */
enum {
	END = 1,	/* ends a URI */
	END_MAIL = 2,	/* ends an address */
	START = 4,	/* a URI may begin behind it */
	START_BARE = 8, /* a host name without scheme may begin behind it */
	HOST = 16,	/* stands in a host name */
	WORD = 32,
	SCHEME = 64 /* a scheme or www may begin with it */
};

#define SPACE (END | END_MAIL | START | START_BARE)

static const uint8_t classes[256] = {
    ['\t' ... '\r'] = SPACE,
    [0x1b] = SPACE,
    [' '] = SPACE,
    ['!'] = START_BARE,
    ['"'] = SPACE,
    ['#' ... '$'] = START_BARE,
    ['&'] = START_BARE,
    ['\''] = END_MAIL | START | START_BARE,
    ['('] = END_MAIL | START | START_BARE,
    [')' ... '+'] = START_BARE,
    [','] = END_MAIL | START | START_BARE,
    ['-'] = HOST,
    ['.'] = HOST,
    ['/'] = START_BARE,
    ['0' ... '9'] = HOST | WORD,
    [':'] = START_BARE,
    [';'] = START_BARE,
    ['<'] = SPACE,
    ['='] = START_BARE,
    ['>'] = SPACE,
    ['?'] = START_BARE,
    ['@'] = START_BARE,
    ['A' ... 'E'] = HOST | WORD,
    ['F'] = HOST | WORD | SCHEME,
    ['G'] = HOST | WORD,
    ['H'] = HOST | WORD | SCHEME,
    ['I' ... 'V'] = HOST | WORD,
    ['W'] = HOST | WORD | SCHEME,
    ['X' ... 'Z'] = HOST | WORD,
    ['['] = SPACE,
    ['\\'] = START_BARE,
    [']'] = END | END_MAIL | START_BARE,
    ['^'] = START_BARE,
    ['_'] = HOST | WORD,
    ['`'] = SPACE,
    ['a' ... 'e'] = HOST | WORD,
    ['f'] = HOST | WORD | SCHEME,
    ['g'] = HOST | WORD,
    ['h'] = HOST | WORD | SCHEME,
    ['i' ... 'v'] = HOST | WORD,
    ['w'] = HOST | WORD | SCHEME,
    ['x' ... 'z'] = HOST | WORD,
    ['{'] = SPACE,
    ['|'] = SPACE,
    ['}'] = END | END_MAIL | START_BARE,
    ['~'] = START_BARE,
    [0x80 ... 0x9f] = END_MAIL,
    [0xa0] = SPACE,
    [0xa1 ... 0xff] = END_MAIL,
};

/* A run of bytes free of `stops`, measured at its end and remembered. */
struct run {
	unsigned stops;
	size_t from;
	size_t end;
	bool known;
};

/* Every URI, address, host name has one of them, and goes on behind it. */
static const char signs[] = ".:@";

struct scan {
	struct str s;
	const struct mail_settings *settings;
	struct run uri;			/* up to END */
	struct run mail;		/* up to END_MAIL */
	struct run local;		/* up to END_MAIL or '@' */
	size_t sign;			/* the next of `signs` */
	size_t next[sizeof(signs) - 1]; /* the next of each, once known */
};

enum kind { KIND_SCHEME, KIND_MAIL, KIND_BARE };

struct found {
	enum kind kind;
	size_t end;
	struct str host; /* KIND_BARE */
};

static bool
has_class(const struct scan *c, size_t pos, unsigned class)
{
	return pos < c->s.len &&
	       (classes[(unsigned char)c->s.p[pos]] & class) != 0;
}

static size_t
run_end(const struct scan *c, struct run *r, size_t from, bool at_ends)
{
	const unsigned char *p = (const unsigned char *)c->s.p;
	size_t i = from;

	if (r->known && from >= r->from && from <= r->end)
		return r->end;
	while (i < c->s.len && (classes[p[i]] & r->stops) == 0 &&
	       !(at_ends && p[i] == '@'))
		i++;
	*r = (struct run){r->stops, from, i, true};
	return i;
}

static bool
starts(const struct scan *c, size_t pos, const char *literal)
{
	return str_starts_nocase(str_skip(c->s, pos), str_from(literal));
}

/* A run of 1 to `max` bytes from `from` that ends where a URI may end. */
static bool
whole_run(size_t from, size_t end, size_t max)
{
	return end > from && end - from <= max;
}

static bool
match_scheme(struct scan *c, size_t pos, struct found *f)
{
	static const char *const prefixes[] = {
	    "http://", "https://", "ftp://", "ftp."};
	size_t body = 0, end;

	if ((classes[(unsigned char)c->s.p[pos]] & SCHEME) == 0)
		return false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts(c, pos, prefixes[i]))
			body = pos + strlen(prefixes[i]);
	if (body == 0 && starts(c, pos, "www")) {
		body = pos + 3;
		while (body < pos + 5 && body < c->s.len &&
		       ascii_is_digit(c->s.p[body]))
			body++;
		if (body >= c->s.len || c->s.p[body] != '.')
			return false;
		body++;
	}
	if (body == 0)
		return false;
	end = run_end(c, &c->uri, body, false);
	*f = (struct found){KIND_SCHEME, end, STR_NONE};
	return whole_run(body, end, URI_TEXT_MAX);
}

static bool
match_mail(struct scan *c, size_t pos, struct found *f)
{
	size_t at, end;

	f->kind = KIND_MAIL;
	if ((c->s.p[pos] | 0x20) == 'm' && starts(c, pos, "mailto:")) {
		f->end = run_end(c, &c->mail, pos + 7, false);
		if (whole_run(pos + 7, f->end, URI_TEXT_MAX))
			return true;
	}
	at = run_end(c, &c->local, pos, true);
	if (!whole_run(pos, at, URI_TEXT_MAIL_MAX) || at >= c->s.len ||
	    c->s.p[at] != '@')
		return false;
	end = run_end(c, &c->mail, at + 1, false);
	f->end = end;
	return whole_run(at + 1, end, URI_TEXT_MAIL_MAX);
}

/*
 * What may follow a host name: "." ":port" "/path", then an END. Sets the end
 * of all of it.
 */
static bool
match_tail(struct scan *c, size_t pos, size_t *end_out)
{
	if (pos < c->s.len && c->s.p[pos] == '.')
		pos++;
	if (pos < c->s.len && c->s.p[pos] == ':') {
		size_t digits = str_span(
		    str_head(str_skip(c->s, pos + 1), 6), "0123456789");

		if (digits < 1 || digits > 5)
			return false;
		pos += 1 + digits;
	}
	if (pos < c->s.len && c->s.p[pos] == '/') {
		size_t end = run_end(c, &c->uri, pos + 1, false);

		if (!whole_run(pos + 1, end, URI_TEXT_MAX))
			return false;
		pos = end;
	}
	*end_out = pos;
	return pos == c->s.len || has_class(c, pos, END);
}

/* A top-level domain stands at s[dot + 1 .. end) and does not go on there. */
static bool
is_tld_at(const struct scan *c, size_t dot, size_t end)
{
	struct str s = c->s;

	if (end < s.len && (ascii_is_alnum(s.p[end]) || s.p[end] == '-'))
		return false;
	if (end + 1 < s.len && s.p[end] == '.' && ascii_is_alnum(s.p[end + 1]))
		return false;
	return psl_is_tld(c->settings, str_make(s.p + dot + 1, end - dot - 1));
}

/* End of the label behind `dot`; letters outside ASCII belong to it. */
static size_t
label_end(const struct scan *c, size_t dot)
{
	size_t i = dot + 1, max = dot + 1 + PSL_LABEL_MAX;

	while (i < c->s.len && i <= max &&
	       (ascii_is_alnum(c->s.p[i]) || c->s.p[i] == '-' ||
		   (unsigned char)c->s.p[i] >= 0x80))
		i++;
	return i;
}

static bool
match_bare_at(struct scan *c, size_t pos, size_t dot, struct found *f)
{
	/* A host name of 252 bytes and a dot: the longest there is. */
	if (dot <= pos || dot - pos > 1 + URI_TEXT_MAIL_MAX)
		return false;
	for (size_t last = label_end(c, dot), end = last; end > dot + 1;
	     end--) {
		/* A no-break space may be the end, or half a letter. */
		if (end < last && (unsigned char)c->s.p[end] != 0xa0)
			continue;
		if (!is_tld_at(c, dot, end) || !match_tail(c, end, &f->end))
			continue;
		f->kind = KIND_BARE;
		f->host = str_make(c->s.p + pos, end - pos);
		return true;
	}
	return false;
}

/* A host name under a valid top-level domain, standing alone. */
static bool
match_bare(struct scan *c, size_t pos, struct found *f)
{
	size_t end = pos, dot;

	if (!ascii_is_alnum(c->s.p[pos]) ||
	    (pos > 0 && !has_class(c, pos - 1, START_BARE)))
		return false;
	while (end < c->s.len && has_class(c, end, HOST))
		end++;
	dot = str_rfind_char(str_make(c->s.p + pos, end - pos), '.');
	if (dot == STR_NPOS)
		return false;
	if (match_bare_at(c, pos, pos + dot, f))
		return true;
	/* "host.tld." at the end of a sentence. */
	if (pos + dot + 1 != end || dot == 0)
		return false;
	dot = str_rfind_char(str_make(c->s.p + pos, dot), '.');
	return dot != STR_NPOS && match_bare_at(c, pos, pos + dot, f);
}

/* A word begins or ends here, or a delimiter or ISO 2022 shift stands before.
 */
static bool
is_start(const struct scan *c, size_t pos)
{
	bool before = pos > 0 && has_class(c, pos - 1, WORD);

	if (before != has_class(c, pos, WORD))
		return true;
	if (pos > 0 && has_class(c, pos - 1, START))
		return true;
	return pos >= 3 && c->s.p[pos - 3] == '\x1b' &&
	       c->s.p[pos - 2] == '(' && c->s.p[pos - 1] != '\n';
}

/* The first `sign` at or behind `pos`, other than at the end of a sentence. */
static size_t
find_sign(const struct scan *c, size_t pos, char sign)
{
	for (;; pos += 2) {
		size_t n = str_find_char(str_skip(c->s, pos), sign);

		if (n == STR_NPOS)
			return c->s.len;
		pos += n;
		if (pos + 1 == c->s.len)
			return c->s.len;
		if (!has_class(c, pos + 1, END))
			return pos;
	}
}

/* The first of `signs` at or behind `pos`, which never goes back. */
static size_t
next_sign(struct scan *c, size_t pos)
{
	size_t first = c->s.len;

	for (size_t i = 0; i < sizeof(signs) - 1; i++) {
		if (c->next[i] <= pos)
			c->next[i] = find_sign(c, pos, signs[i]);
		if (c->next[i] < first)
			first = c->next[i];
	}
	return first;
}

/*
 * The first position from `pos` on with a sign ahead of it and no END between:
 * nothing begins before that.
 */
static size_t
skip_plain(struct scan *c, size_t pos)
{
	const unsigned char *p = (const unsigned char *)c->s.p;
	size_t at;

	if (pos < c->sign)
		return pos;
	at = next_sign(c, pos);
	c->sign = at;
	if (at == c->s.len)
		return at;
	while (at > pos && (classes[p[at - 1]] & END) == 0)
		at--;
	return at;
}

/* The next position behind `pos` that may be a start. */
static size_t
next_start(const struct scan *c, size_t pos)
{
	const unsigned char *p = (const unsigned char *)c->s.p;

	/* Inside a word there is none, but behind the shift "ESC ( x". */
	for (pos++; pos < c->s.len; pos++)
		if ((classes[p[pos - 1]] & classes[p[pos]] & WORD) == 0 ||
		    (pos >= 3 && p[pos - 3] == 0x1b))
			break;
	return pos;
}

static bool
match_at(struct scan *c, size_t pos, struct found *f)
{
	return is_start(c, pos) &&
	       (match_scheme(c, pos, f) || match_mail(c, pos, f) ||
		   match_bare(c, pos, f));
}

/* ---- from what was found to a URI --------------------------------------- */

/* Without a closing bracket nobody opened, and without final punctuation. */
static struct str
trim_found(struct str s)
{
	size_t open = str_find_char(s, '(');
	size_t close =
	    str_rfind_char(str_head(s, open == STR_NPOS ? s.len : open), ')');

	if (close != STR_NPOS)
		s.len = close;
	while (s.len > 0 && s.p[s.len - 1] != '\0' &&
	       strchr("-~!@#^&*()_+=:;'?,.", s.p[s.len - 1]) != NULL)
		s.len--;
	return s;
}

/* "http:", "ftp://": a scheme and nothing else. */
static bool
is_bare_scheme(struct str s)
{
	size_t i = 0;

	while (i < s.len && (ascii_is_alnum(s.p[i]) || s.p[i] == '_'))
		i++;
	return i > 0 && i < s.len && s.p[i] == ':' &&
	       (s.len == i + 1 || str_is(str_skip(s, i + 1), "/") ||
		   str_is(str_skip(s, i + 1), "//"));
}

static bool
is_www(struct str s)
{
	size_t i = 3;

	if (!str_starts_nocase(s, STR("www")))
		return false;
	while (i < 5 && i < s.len && ascii_is_digit(s.p[i]))
		i++;
	return i < s.len && s.p[i] == '.';
}

/* '@' behind a slash and something: not an address. */
static bool
has_path_before_at(struct str s)
{
	size_t slash = str_find_char(s, '/'), at = str_rfind_char(s, '@');

	return slash != STR_NPOS && at != STR_NPOS && at > slash + 1;
}

/* "skype:", "e-mail:" and colons before an address are misreadings. */
static struct str
without_label(struct str s)
{
	static const char *const labels[] = {
	    "skype", "e-mail", "email", "-mail", "mail"};
	struct str rest = s;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (str_starts_nocase(s, str_from(labels[i]))) {
			rest = str_skip(s, strlen(labels[i]));
			break;
		}
	if (rest.len == 0 || rest.p[0] != ':')
		return s;
	return str_skip(rest, str_span(rest, ":"));
}

/* An '@', something, a dot. */
static bool
has_dot_after_at(struct str s)
{
	size_t at = str_find_char(s, '@');

	return at != STR_NPOS &&
	       str_find_char(str_skip(s, at + 2), '.') != STR_NPOS;
}

/* Adds the scheme that is missing; STR_NONE when it is no URI after all. */
static struct str
complete(struct arena *a, struct str s, unsigned *types)
{
	if (str_starts_nocase(s, STR("http:")) ||
	    str_starts_nocase(s, STR("https:")) ||
	    str_starts_nocase(s, STR("ftp:")) ||
	    str_starts_nocase(s, STR("mailto:")))
		return s;
	*types |= URI_TYPE_BIT(SCHEMELESS);
	if (str_starts_nocase(s, STR("ftp.")))
		return uri_join(a, STR("ftp://"), s, STR_NONE);
	if (is_www(s) || has_path_before_at(s))
		return uri_join(a, STR("http://"), s, STR_NONE);
	if (str_find_char(s, '@') != STR_NPOS) {
		if (!has_dot_after_at(s) ||
		    str_find(s, STR("&nbsp;")) != STR_NPOS)
			return STR_NONE;
		return uri_join(a, STR("mailto:"), without_label(s), STR_NONE);
	}
	if (str_find_char(s, '.') == STR_NPOS)
		return STR_NONE;
	*types |= URI_TYPE_BIT(UNLINKED);
	return uri_join(a, STR("http://"), s, STR_NONE);
}

/* The address behind mailto: has a host under a valid top-level domain. */
static bool
has_mail_host(const struct mail_settings *settings, struct str s)
{
	size_t at = str_find_char(s, '@');
	struct str host;

	if (at == STR_NPOS)
		return false;
	host = str_skip(s, at + 1);
	host = str_head(host, str_cspan(host, "?&>"));
	while (str_ends(host, STR("%20")))
		host.len -= 3;
	return psl_is_host_valid(settings, host);
}

static void
add_found(struct uri_set *set, struct str s, const struct found *f)
{
	const struct mail_settings *settings = uri_set_settings(set);
	struct arena *a = uri_set_arena(set);
	unsigned types = URI_TYPE_BIT(PARSED);
	char host[PSL_HOST_MAX + 2];

	s = trim_found(s);
	if (!uri_set_see(set, s) ||
	    (f->kind == KIND_MAIL && str_find_char(s, '@') == STR_NPOS))
		return;
	if (f->kind == KIND_BARE) {
		if (f->host.len > sizeof(host))
			return;
		for (size_t i = 0; i < f->host.len; i++)
			host[i] = ascii_lower(f->host.p[i]);
		if (!psl_is_host_form(str_make(host, f->host.len)))
			return;
	}
	if (str_starts_nocase(s, STR("cid:")) ||
	    str_starts_nocase(s, STR("mid:")) || is_bare_scheme(s))
		return;
	s = complete(a, s, &types);
	if (s.len == 0)
		return;
	if (str_starts_nocase(s, STR("mailto:"))) {
		if (uri_has_escape(s))
			s = uri_decode_percent(a, s, false);
		if (!has_mail_host(settings, s))
			return;
	}
	uri_set_add(set,
	    &(struct uri_source){.raw = s, .types = types, .need_host = true});
}

void
uri_set_add_text(struct uri_set *set, struct str text)
{
	struct scan c = {
	    .s = text,
	    .uri = {.stops = END},
	    .mail = {.stops = END_MAIL},
	    .local = {.stops = END_MAIL},
	};
	struct found f;

	if (set == NULL)
		return;
	c.settings = uri_set_settings(set);
	for (size_t pos = 0; (pos = skip_plain(&c, pos)) < text.len;) {
		if (match_at(&c, pos, &f)) {
			add_found(set, str_make(text.p + pos, f.end - pos), &f);
			pos = f.end;
		} else {
			pos = next_start(&c, pos);
		}
	}
}
