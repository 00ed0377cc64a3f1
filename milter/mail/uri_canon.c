/*
 * The readings of one URI: what a mail reader, a browser or a redirector may
 * make of it. Readings are only added, never taken away; each redirector target
 * is read again, up to URI_READINGS_MAX in all.
 */
#include "mail/uri.h"

#include "base/buf.h"
#include "mail/bigrams.h"
#include "mail/iptext.h"
#include "mail/psl.h"
#include "mail/uri_internal.h"

struct readings {
	struct arena *arena;
	const struct mail_settings *settings;
	struct regex_scratch *scratch;
	bool wide;
	struct str v[URI_READINGS_MAX]; /* [0 .. todo_len) are to be read */
	size_t todo_len;
	struct str made[URI_READINGS_MAX];
	size_t made_len;
	size_t bytes; /* of both */
	bool truncated;
};

/* The parts of an http URI; `rest` begins with the port, if any. */
struct parts {
	struct str scheme; /* "http://" as written */
	struct str auth;   /* "user@" or empty */
	struct str host;
	struct str rest;
	struct str port; /* digits */
	bool colon;
};

struct str
uri_join(struct arena *a, struct str x, struct str y, struct str z)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_reserve(&b, x.len + y.len + z.len + 1);
	buf_add(&b, x);
	buf_add(&b, y);
	buf_add(&b, z);
	return buf_str(&b);
}

/* Room for one reading more, of that length; else it is told. */
static bool
take_room(struct readings *r, size_t count, size_t len)
{
	size_t most = URI_READINGS_SIZE_MAX * r->settings->limits.uri;

	if (count < URI_READINGS_MAX && r->bytes + len <= most) {
		r->bytes += len;
		return true;
	}
	r->truncated = true;
	return false;
}

static void
add_made(struct readings *r, struct str s)
{
	if (s.p != NULL && take_room(r, r->made_len, s.len))
		r->made[r->made_len++] = s;
}

static void
add_todo(struct readings *r, struct str s)
{
	if (take_room(r, r->todo_len, s.len))
		r->v[r->todo_len++] = s;
}

static void
add_host_variant(struct readings *r, const struct parts *u, struct str host)
{
	add_made(r, uri_join(r->arena, u->scheme, host, u->rest));
}

/* Without line breaks and outer white space. */
static struct str
tidy(struct arena *a, struct str s)
{
	struct buf b;

	if (str_find_char(s, '\n') != STR_NPOS) {
		buf_init_arena(&b, a);
		for (struct str rest = s; rest.p != NULL;)
			buf_add(&b, str_cut(&rest, '\n'));
		s = buf_str(&b);
	}
	s = str_trim(s);
	if (str_find_char(s, '\r') != STR_NPOS) {
		buf_init_arena(&b, a);
		for (struct str rest = s; rest.p != NULL;)
			buf_add(&b, str_cut(&rest, '\r'));
		s = buf_str(&b);
	}
	return s;
}

/* ---- mail addresses ----------------------------------------------------- */

static struct str
mailto(struct arena *a, struct str address)
{
	return uri_join(a, STR("mailto:"), address, STR_NONE);
}

/*
 * Up to `end`, which must stand behind an '@' that has something on both sides.
 * `also` ends it as well, without success.
 */
static void
read_address_until(struct readings *r, struct str s, char end, const char *also)
{
	size_t at = str_find_char(s, '@'), stop;

	if (at == STR_NPOS || at == 0)
		return;
	stop = at + 1 + str_cspan(str_skip(s, at + 1), also);
	if (stop < s.len && s.p[stop] == end && stop > at + 1)
		add_made(r, str_head(s, stop));
}

/* "%20" around the address: MUAs drop them. */
static void
read_spaced_address(struct readings *r, struct str s)
{
	size_t heads[2] = {0, 0}, count = 1;

	if (str_find(s, STR("%20")) == STR_NPOS)
		return;
	if (str_starts(s, STR("mailto:"))) {
		heads[0] = 7;
		count = 2;
	}
	for (size_t h = 0; h < count; h++) {
		size_t spaces = 0;

		while (
		    str_starts(str_skip(s, heads[h] + 3 * spaces), STR("%20")))
			spaces++;
		for (size_t tries = 0; tries < 2; tries++) {
			size_t from = heads[h] + 3 * (spaces - tries);
			struct str rest = str_skip(s, from);
			size_t at = str_find_char(rest, '@');
			size_t tail =
			    at == STR_NPOS
				? 0
				: str_cspan(str_skip(rest, at + 1), "?&%");

			if (at != STR_NPOS && at > 0 && tail > 0) {
				add_made(r, mailto(r->arena,
						str_head(rest, at + 1 + tail)));
				return;
			}
			if (spaces == 0)
				break;
		}
	}
}

/* The last "<x@y>" with no '?' or '&' before it. */
static void
read_angle_address(struct readings *r, struct str s)
{
	size_t head = str_cspan(s, "?&");
	size_t at = STR_NPOS, close = STR_NPOS;

	for (size_t i = s.len; i-- > 0;) {
		if (s.p[i] == '@')
			at = i;
		else if (s.p[i] == '>')
			close = i;
		else if (s.p[i] == '<' && i <= head && at != STR_NPOS &&
			 close != STR_NPOS && at > i + 1 && close > at + 1) {
			add_made(r, mailto(r->arena,
					str_make(s.p + i + 1, close - i - 1)));
			return;
		}
	}
}

static bool
is_mail(struct str s)
{
	size_t stop = str_cspan(s, ":@");

	return str_starts_nocase(s, STR("mailto:")) ||
	       (stop < s.len && s.p[stop] == '@');
}

static void
read_mail(struct readings *r, struct str s)
{
	read_address_until(r, s, '?', "?");
	read_address_until(r, s, '&', "?&");
	read_spaced_address(r, s);
	read_angle_address(r, s);
}

/* ---- web addresses ------------------------------------------------------ */

static bool
is_scheme_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

static bool
has_scheme(struct str s)
{
	size_t i = 0;

	while (i < s.len && is_scheme_char(s.p[i]))
		i++;
	return i > 0 && i < s.len && s.p[i] == ':';
}

/* Length of "http:" or "https:" at the start, any case, or 0. */
static size_t
web_scheme(struct str s)
{
	if (str_starts_nocase(s, STR("http:")))
		return 5;
	return str_starts_nocase(s, STR("https:")) ? 6 : 0;
}

/* "http:host", "http:/host" to "http://host". */
static struct str
fix_slashes(struct arena *a, struct str s)
{
	size_t n = web_scheme(s), skip = n;

	if (n == 0)
		return s;
	while (skip < s.len && skip < n + 2 && s.p[skip] == '/')
		skip++;
	if (skip == n + 2)
		return s;
	return uri_join(a, str_head(s, n), STR("//"), str_skip(s, skip));
}

/* "http://host?query" to "http://host/?query". */
static struct str
fix_path(struct arena *a, struct str s)
{
	size_t n = web_scheme(s), end;

	if (n == 0 || !str_starts(str_skip(s, n), STR("//")))
		return s;
	n += 2;
	end = n + str_cspan(str_skip(s, n), "/?#");
	if (end == n || end >= s.len || s.p[end] == '/')
		return s;
	return uri_join(a, str_head(s, end), STR("/"), str_skip(s, end));
}

static struct str
slashed(struct arena *a, struct str s)
{
	struct str copy;
	char *p;

	if (str_find_char(s, '\\') == STR_NPOS)
		return s;
	copy = arena_copy(a, s);
	p = (char *)(uintptr_t)copy.p;
	for (size_t i = 0; i < copy.len; i++)
		if (p[i] == '\\')
			p[i] = '/';
	return copy;
}

static struct str
normalized(struct arena *a, struct str s, bool wide)
{
	s = fix_slashes(a, slashed(a, s));
	if (uri_has_escape(s))
		s = uri_decode_percent(a, s, wide);
	if (!has_scheme(s))
		s = uri_join(a,
		    str_starts(s, STR("ftp.")) ? STR("ftp://") : STR("http://"),
		    s, STR_NONE);
	s = fix_path(a, s);
	if (str_find(s, STR("&#")) != STR_NPOS)
		for (int pass = 0; pass < PASS_COUNT; pass++)
			s = uri_replace_references(
			    a, s, (enum reference_pass)pass);
	return s;
}

static bool
split(struct str s, struct parts *u)
{
	size_t n = web_scheme(s), auth, host, digits;
	struct str rest;

	if (n == 0 || !str_starts(str_skip(s, n), STR("//")))
		return false;
	*u = (struct parts){.scheme = str_head(s, n + 2)};
	rest = str_skip(s, n + 2);
	auth = str_cspan(rest, "@/?#");
	if (auth < rest.len && rest.p[auth] == '@' &&
	    str_cspan(str_skip(rest, auth + 1), "/?#:") > 0) {
		u->auth = str_head(rest, auth + 1);
		rest = str_skip(rest, auth + 1);
	}
	host = str_cspan(rest, "/?#:");
	if (host == 0)
		return false;
	u->host = str_head(rest, host);
	u->rest = str_skip(rest, host);
	u->colon = u->rest.len > 0 && u->rest.p[0] == ':';
	digits = u->colon ? str_span(str_skip(u->rest, 1), "0123456789") : 0;
	u->port = str_make(u->colon ? u->rest.p + 1 : "", digits);
	return true;
}

static void
read_default_port(struct readings *r, const struct parts *u)
{
	struct str rest = str_skip(u->rest, 1 + u->port.len);
	bool plain = str_is(u->scheme, "http://");

	if (!str_is(u->port, plain ? "80" : "443"))
		return;
	if (rest.len > 0 && (ascii_is_alnum(rest.p[0]) || rest.p[0] == '_'))
		return;
	add_made(r, uri_join(r->arena, u->scheme, u->host, rest));
}

/* Without controls and spaces; the same slice when it has none. */
static struct str
visible_host(struct arena *a, struct str host)
{
	struct buf b;
	size_t i = 0;

	while (i < host.len && (unsigned char)host.p[i] > 0x20)
		i++;
	if (i == host.len)
		return host;
	buf_init_arena(&b, a);
	buf_reserve(&b, host.len + 1);
	for (i = 0; i < host.len; i++)
		if ((unsigned char)host.p[i] > 0x20)
			buf_add_char(&b, host.p[i]);
	return buf_str(&b);
}

/* redirector_pattern: true when one named a target with a dot. */
static bool
read_redirector(struct readings *r, struct str whole)
{
	const struct mail_settings *s = r->settings;
	struct bigrams pairs;
	struct regex_span span;

	bigrams_fill(&pairs, whole);
	for (size_t i = 0; i < s->redirector_count; i++) {
		const struct redirector *to = &s->redirectors[i];
		struct str target;

		if (!bigrams_may_hold_nocase(&pairs, to->need) ||
		    regex_match(to->regex, r->scratch, whole, 0, NULL) != 1 ||
		    !regex_group(r->scratch, 1, &span))
			continue;
		target = str_make(whole.p + span.start, span.end - span.start);
		if (str_find_char(target, '.') == STR_NPOS)
			continue;
		add_todo(r, target);
		return true;
	}
	return false;
}

/* The same at the end. */
static size_t
web_scheme_before(struct str s)
{
	if (str_ends_nocase(s, STR("http:")))
		return 5;
	return str_ends_nocase(s, STR("https:")) ? 6 : 0;
}

/* Any http: further on is a target, up to '&' or '#'. */
static void
read_embedded(struct readings *r, struct str rest)
{
	for (size_t colon = 0, hit; colon < rest.len; colon++) {
		struct str here;
		size_t n, end;

		hit = str_find_char(str_skip(rest, colon), ':');
		if (hit == STR_NPOS)
			return;
		colon += hit;
		n = web_scheme_before(str_head(rest, colon + 1));
		if (n == 0)
			continue;
		here = str_skip(rest, colon + 1 - n);
		end = n + str_cspan(str_skip(here, n), "&#");
		if (end == n)
			continue;
		if (memchr(here.p, '.', end) != NULL)
			add_todo(r, str_head(here, end));
		return;
	}
}

/* Octet `s` in decimal, octal (0..) or hexadecimal (0x..), as written back. */
static struct str
decimal_octet(struct arena *a, struct str s)
{
	uint64_t value = 0;
	size_t i = 0;

	if (str_starts_nocase(s, STR("0x"))) {
		for (i = 2; i < s.len; i++)
			value = value > UINT64_MAX >> 4
				    ? UINT64_MAX
				    : value << 4 | (uint64_t)ascii_hex(s.p[i]);
		s = arena_printf(a, "%lld", (long long)value);
	}
	i = str_span(s, "0");
	if (i > 0 && i < s.len && s.len - i <= 3 &&
	    str_span(str_skip(s, i), "01234567") == s.len - i &&
	    (s.len - i < 3 || s.p[i] <= '3')) {
		value = 0;
		for (; i < s.len; i++)
			value = value * 8 + (uint64_t)(s.p[i] - '0');
		return arena_printf(a, "%u", (unsigned)value);
	}
	/* A zero vanishes altogether: that is the reading rules know. */
	return str_skip(s, i);
}

static bool
is_number(struct str s, bool hexadecimal)
{
	size_t i = hexadecimal ? 2 : 0;

	if (hexadecimal && !str_starts_nocase(s, STR("0x")))
		return false;
	if (s.len <= i)
		return false;
	for (; i < s.len; i++)
		if (hexadecimal ? ascii_hex(s.p[i]) < 0
				: !ascii_is_digit(s.p[i]))
			return false;
	return true;
}

/* Four numbers with dots: an address in disguise. */
static bool
read_octets(struct readings *r, const struct parts *u, struct str host)
{
	struct str rest = host, octet[4];
	size_t n = 0;

	while (rest.p != NULL) {
		if (n == 4)
			return false;
		octet[n] = str_cut(&rest, '.');
		if (!is_number(octet[n], true) && !is_number(octet[n], false))
			return false;
		n++;
	}
	if (n != 4)
		return false;
	for (n = 0; n < 4; n++)
		octet[n] = decimal_octet(r->arena, octet[n]);
	add_host_variant(r, u,
	    arena_printf(r->arena, "%.*s.%.*s.%.*s.%.*s", STR_ARG(octet[0]),
		STR_ARG(octet[1]), STR_ARG(octet[2]), STR_ARG(octet[3])));
	return true;
}

/*
 * A number as address: its first 32 bits in hexadecimal, at least eight digits,
 * an odd digit at the end filled up with zero.
 */
static struct str
number_address(struct arena *a, uint64_t value)
{
	unsigned byte[4];
	int digits = 8;

	while (digits < 16 && value >> (4 * digits) != 0)
		digits++;
	for (int i = 0; i < 4; i++)
		byte[i] = (unsigned)(value >> (4 * (digits - 2 - 2 * i))) & 255;
	return arena_printf(
	    a, "%u.%u.%u.%u", byte[0], byte[1], byte[2], byte[3]);
}

static bool
read_number(struct readings *r, const struct parts *u, struct str host)
{
	bool hexadecimal = is_number(host, true);
	uint64_t value = 0;
	size_t i = 0;

	if (!hexadecimal && !is_number(host, false))
		return false;
	if (hexadecimal)
		i = host.len > 10 ? host.len - 8 : 2;
	for (; i < host.len; i++) {
		uint64_t base = hexadecimal ? 16 : 10;
		uint64_t d = (uint64_t)ascii_hex(host.p[i]);

		value = value > (UINT64_MAX - d) / base ? UINT64_MAX
							: value * base + d;
	}
	add_host_variant(r, u, number_address(r->arena, value));
	return true;
}

/* "http://name" to "http://www.name.com", as some browsers do. */
static void
read_keyword(struct readings *r, const struct parts *u)
{
	char text[PSL_HOST_MAX];
	struct str name = u->host, lower;
	size_t dot = str_rfind_char(name, '.');

	/* No dot but that of "www." */
	if (dot != STR_NPOS && dot != 3)
		return;
	if (!str_is(u->scheme, "http://") || u->auth.len > 0 ||
	    (u->port.len > 0 && !str_is(u->port, "80")))
		return;
	if (name.len > sizeof(text))
		return;
	for (size_t i = 0; i < name.len; i++)
		text[i] = ascii_lower(name.p[i]);
	lower = name = str_make(text, name.len);
	if (str_is(name, "localhost"))
		return;
	if (str_starts(name, STR("www.")) && name.len > 4 &&
	    str_find_char(str_skip(name, 4), '.') == STR_NPOS)
		name = str_skip(name, 4);
	if (str_find_char(name, '.') != STR_NPOS ||
	    psl_is_host_valid(r->settings, lower))
		return;
	add_host_variant(
	    r, u, uri_join(r->arena, STR("www."), name, STR(".com")));
}

/* What confuses: user part, punctuation after the host, numbers, no dot. */
static void
read_host(struct readings *r, const struct parts *u, struct str host)
{
	size_t at = str_find_char(host, '@'), end;

	if (at != STR_NPOS && at > 0) {
		host = str_skip(host, at + 1);
		add_host_variant(r, u, host);
	}
	for (end = host.len; end > 0 && !ascii_is_alnum(host.p[end - 1]);)
		end--;
	if (end < host.len) {
		host = str_head(host, end);
		add_host_variant(r, u, host);
	}
	if (host.len == 0 || !ascii_is_digit(host.p[0]) ||
	    (!read_octets(r, u, host) && !read_number(r, u, host)))
		read_keyword(r, u);
}

/*
 * A host outside ASCII in lower case, as software shows it that takes its bytes
 * for characters: each byte is encoded once more.
 */
static struct str
bytewise_host(struct arena *a, struct str host)
{
	struct buf b;
	bool plain = true;

	for (size_t i = 0; i < host.len; i++)
		plain &= (unsigned char)host.p[i] < 0x80;
	if (plain)
		return STR_NONE;
	buf_init_arena(&b, a);
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)ascii_lower(host.p[i]);

		if (c >= 0x80)
			buf_add_char(&b, (char)(0xc0 | c >> 6));
		buf_add_char(&b, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
	}
	return buf_str(&b);
}

static void
read_wide_host(struct readings *r, struct parts *u)
{
	struct str host = bytewise_host(r->arena, u->host);

	if (host.len == 0)
		return;
	u->host = host;
	add_host_variant(r, u, host);
	if (u->port.len > 0)
		read_default_port(r, u);
}

static void
read_web(struct readings *r, struct str uri)
{
	struct str s = normalized(r->arena, uri, r->wide), host;
	struct parts u;

	if (!str_eq(s, uri))
		add_made(r, s);
	if (!split(s, &u))
		return;
	if (u.port.len > 0)
		read_default_port(r, &u);
	if (r->wide)
		read_wide_host(r, &u);
	host = visible_host(r->arena, u.host);
	if (host.len != u.host.len)
		add_host_variant(r, &u, host);
	if (u.auth.len > 0 || host.p != u.host.p)
		s = uri_join(r->arena, u.scheme, host, u.rest);
	if (r->scratch == NULL || !read_redirector(r, s))
		read_embedded(r, u.rest);
	read_host(r, &u, host);
}

/* "#top", "?a=b", "/path": nothing to read; "//host" is. */
static bool
is_fragment(struct str s)
{
	if (s.len <= 1)
		return true;
	if (s.p[0] == '#' || s.p[0] == '?' || s.p[0] == '&')
		return true;
	return s.p[0] == '/' && s.p[1] != '/';
}

static void
add_distinct(struct str *v, size_t *len, struct str s)
{
	for (size_t i = 0; i < *len; i++)
		if (str_eq(v[i], s))
			return;
	v[(*len)++] = s;
}

struct str_list
uri_readings(struct uri_reader *reader, struct str raw)
{
	struct readings r;
	struct str_list list = {NULL, 0};
	size_t limit = reader->settings->limits.uri, len = 0;
	struct str *v;

	/* Not all of it: the lists are long, and mostly stay empty. */
	r.arena = reader->arena;
	r.settings = reader->settings;
	r.scratch = reader->scratch;
	r.wide = reader->wide;
	r.todo_len = r.made_len = r.bytes = 0;
	r.truncated = false;
	/* Whoever collected it bounds the URI itself. */
	r.v[r.todo_len++] = raw;
	for (size_t i = 0; i < r.todo_len; i++) {
		r.v[i] = tidy(r.arena, r.v[i]);
		if (is_fragment(r.v[i]))
			continue;
		if (is_mail(r.v[i]))
			read_mail(&r, r.v[i]);
		else
			read_web(&r, r.v[i]);
	}
	v = arena_array(r.arena, r.todo_len + r.made_len, sizeof(*v));
	if (v == NULL)
		return list;
	for (size_t i = 0; i < r.todo_len + r.made_len; i++) {
		struct str u = i < r.todo_len ? r.v[i] : r.made[i - r.todo_len];

		r.truncated |= u.len > limit;
		add_distinct(v, &len, str_head(u, limit));
	}
	reader->truncated |= r.truncated;
	list.v = v;
	list.len = len;
	return list;
}
