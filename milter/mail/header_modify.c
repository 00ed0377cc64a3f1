#include "mail/header_query.h"

#include "mail/addr.h"
#include "mail/iptext.h"
#include "mail/psl.h"
#include "mail/words.h"

/* Longest part of a host name before its last dot, as text is searched. */
#define HOST_BODY_MAX 251

/* ---- :addr, :name ------------------------------------------------------- */

/* Runs of white space to one blank, none at the ends. */
static struct str
squeeze(struct arena *a, struct str s)
{
	char *text = arena_alloc(a, s.len);
	size_t n = 0;

	if (text == NULL)
		return STR_NONE;
	s = str_trim(s);
	for (size_t i = 0; i < s.len; i++) {
		bool space = ascii_is_space(s.p[i]);

		if (space && ascii_is_space(s.p[i - 1]))
			continue;
		text[n++] = space ? ' ' : s.p[i];
	}
	return str_make(text, n);
}

/* A display name as people read it. All white space stays what it is. */
static struct str
display_name(struct arena *a, struct str phrase)
{
	struct str s = words_decode(a, STR_NONE, phrase);

	if (str_trim(s).len == 0)
		return s;
	s = squeeze(a, s);
	if (s.len >= 2 && s.p[0] == '\'' && s.p[s.len - 1] == '\'')
		s = str_make(s.p + 1, s.len - 2);
	return s;
}

/* The addresses of one field value; several expressions ask for one. */
struct read_addresses {
	struct read_addresses *next;
	struct str line;
	struct addr_list list;
};

/* Values remembered, of a message with a flood of fields too. */
#define READ_MAX 16

static struct addr_list
addresses_of(struct message *m, struct str line)
{
	struct read_addresses *r = m->addresses;
	size_t n = 0;

	for (; r != NULL; r = r->next, n++)
		if (r->line.p == line.p && r->line.len == line.len)
			return r->list;
	r = n < READ_MAX ? arena_alloc(m->arena, sizeof(*r)) : NULL;
	if (r == NULL)
		return addr_parse(m->arena, line);
	*r = (struct read_addresses){
	    m->addresses, line, addr_parse(m->arena, line)};
	m->addresses = r;
	return r->list;
}

static void
add_addresses(struct message *m, struct header_query q, struct str line,
    struct value_list *out)
{
	struct addr_list l = addresses_of(m, line);

	for (size_t i = 0; i < l.len; i++) {
		if (q.modifiers & HEADER_ADDR) {
			if (l.v[i].has_address)
				value_list_add(out, l.v[i].address);
			continue;
		}
		if (!l.v[i].has_phrase)
			continue;
		value_list_add(
		    out, q.modifiers & HEADER_RAW
			     ? l.v[i].phrase
			     : display_name(m->arena, l.v[i].phrase));
	}
}

/* ---- :host, :domain ----------------------------------------------------- */

static bool
is_label_char(char c)
{
	return ascii_is_alnum(c) || c == '-';
}

static bool
is_host_joint(char c)
{
	return c == '.' || c == '_' || c == '-';
}

/* A top-level domain stands behind the dot at `dot` and ends the host name:
 * the offset behind it, or 0. */
static size_t
tld_end(struct message *m, struct str s, size_t dot)
{
	size_t end = dot + 1;

	while (end < s.len && is_label_char(s.p[end]))
		end++;
	if (end == dot + 1 || (end < s.len && is_host_joint(s.p[end])) ||
	    !psl_is_tld(m->settings, str_make(s.p + dot + 1, end - dot - 1)))
		return 0;
	return end;
}

/*
 * A search for hosts in one text. What was learned stays, so that a text of
 * nothing but dots is gone through once and not once for every start.
 */
struct host_search {
	struct message *m;
	struct str s;
	size_t dead_from; /* at no dot in between does a host end */
	size_t dead_to;
	size_t token_from; /* a run without white space */
	size_t token_to;
};

static size_t
token_end(struct host_search *h, size_t start)
{
	size_t from = start, end = start;

	if (start >= h->token_from && start < h->token_to)
		return h->token_to;
	while (from > 0 && !ascii_is_space(h->s.p[from - 1]))
		from--;
	while (end < h->s.len && !ascii_is_space(h->s.p[end]))
		end++;
	h->token_from = from;
	h->token_to = end;
	return end;
}

/* No dot between the two ends a host: remembered if it joins what is known. */
static void
learn_dead(struct host_search *h, size_t from, size_t to)
{
	bool apart = to < h->dead_from || from > h->dead_to;

	if (apart || from < h->dead_from)
		h->dead_from = from;
	if (apart || to > h->dead_to)
		h->dead_to = to;
}

/* The longest host-like text at `start`; offset behind it, or 0. */
static size_t
host_at(struct host_search *h, size_t start)
{
	size_t limit = token_end(h, start), end;

	if (start > 0 && is_host_joint(h->s.p[start - 1]))
		return 0;
	if (limit > start + HOST_BODY_MAX + 1)
		limit = start + HOST_BODY_MAX + 1;
	for (size_t i = limit; i-- > start + 1;) {
		if (i >= h->dead_from && i < h->dead_to) {
			i = h->dead_from;
			continue;
		}
		if (h->s.p[i] == '.' && (end = tld_end(h->m, h->s, i)) != 0)
			return end;
	}
	if (limit > start + 1)
		learn_dead(h, start + 1, limit);
	return 0;
}

/* Behind the last `@` that has a host, in the first line that has one. */
static bool
host_after_at(struct message *m, struct str s, struct str *out)
{
	struct str rest = s;

	while (rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');
		struct host_search h = {.m = m, .s = line};

		for (size_t i = line.len; i-- > 0;) {
			size_t end;

			if (line.p[i] != '@' || (end = host_at(&h, i + 1)) == 0)
				continue;
			*out = str_make(line.p + i + 1, end - i - 1);
			return addr_host_valid(*out);
		}
	}
	return false;
}

static bool
find_host(struct message *m, struct str s, struct str *out)
{
	struct host_search h = {.m = m, .s = s};
	size_t pos = 0;

	if (host_after_at(m, s, out))
		return true;
	while (pos < s.len) {
		size_t end = host_at(&h, pos);

		if (end == 0) {
			pos++;
			continue;
		}
		*out = str_make(s.p + pos, end - pos);
		if (addr_host_valid(*out))
			return true;
		pos = end;
	}
	return false;
}

/* An address is known to be one: what follows its last `@`. */
static bool
host_of_address(struct str s, struct str *out)
{
	size_t at = str_rfind_char(s, '@'), end;

	if (at == STR_NPOS)
		return false;
	for (end = at + 1; end < s.len && !ascii_is_space(s.p[end]);)
		end++;
	*out = str_make(s.p + at + 1, end - at - 1);
	return out->len > 0;
}

/* Lower case, no empty labels: what psl_domain() takes. */
static struct str
registered_domain(struct message *m, struct str host)
{
	char *text = arena_alloc(m->arena, host.len);
	size_t n = 0;

	if (text == NULL)
		return STR_NONE;
	for (size_t i = 0; i < host.len; i++)
		if (host.p[i] != '.' || n == 0 || text[n - 1] != '.')
			text[n++] = ascii_lower(host.p[i]);
	return psl_domain(m->settings, str_make(text, n));
}

static void
add_host(struct message *m, struct header_query q, struct str line,
    struct value_list *out)
{
	struct str host;
	bool found = q.modifiers & HEADER_ADDR ? host_of_address(line, &host)
					       : find_host(m, line, &host);

	if (!found || host.len == 0 || str_is(host, "0"))
		return;
	if (q.modifiers & HEADER_DOMAIN)
		host = registered_domain(m, host);
	value_list_add(out, host);
}

/* ---- :ip, :revip -------------------------------------------------------- */

static bool
is_word_at(struct str s, size_t pos)
{
	return pos < s.len && (ascii_is_alnum(s.p[pos]) || s.p[pos] == '_');
}

static bool
is_word_edge(struct str s, size_t pos)
{
	return is_word_at(s, pos) != (pos > 0 && is_word_at(s, pos - 1));
}

static bool
find_ip(struct str s, struct str *out)
{
	for (size_t i = 0; i < s.len; i++) {
		size_t n;

		if ((i > 0 && s.p[i - 1] == '.') || !is_word_edge(s, i))
			continue;
		n = iptext_match(s, i);
		if (n == 0 || !is_word_edge(s, i + n) ||
		    (i + n < s.len && s.p[i + n] == '.'))
			continue;
		*out = str_make(s.p + i, n);
		return true;
	}
	return false;
}

/* As DNS lists are asked (RFC 5782): octets or nibbles, last one first. */
static bool
reverse_ip(struct arena *a, struct str text, struct str *out)
{
	static const char digit[] = "0123456789abcdef";
	char nibbles[64];
	struct ip ip;

	/* The tagged form "IPv6:..." has no reverse. */
	if (str_starts_nocase(text, STR("IPv6:")) || !ip_parse(text, &ip))
		return false;
	if (str_find_char(text, ':') == STR_NPOS) {
		*out = arena_printf(a, "%u.%u.%u.%u", ip.byte[15], ip.byte[14],
		    ip.byte[13], ip.byte[12]);
		return out->p != NULL;
	}
	for (size_t i = 0; i < 16; i++) {
		nibbles[i * 4] = digit[ip.byte[15 - i] & 15];
		nibbles[i * 4 + 1] = '.';
		nibbles[i * 4 + 2] = digit[ip.byte[15 - i] >> 4];
		nibbles[i * 4 + 3] = '.';
	}
	*out = arena_copy(a, str_make(nibbles, sizeof(nibbles) - 1));
	return out->p != NULL;
}

static void
add_ip(struct message *m, struct header_query q, struct str line,
    struct value_list *out)
{
	struct str ip;

	if (!find_ip(line, &ip))
		return;
	if ((q.modifiers & HEADER_REVIP) && !reverse_ip(m->arena, ip, &ip))
		return;
	value_list_add(out, ip);
}

/* ---- all of them -------------------------------------------------------- */

typedef void modifier(struct message *m, struct header_query q, struct str line,
    struct value_list *out);

static void
apply(struct message *m, struct header_query q, modifier *f,
    struct value_list *values)
{
	struct value_list out = {.arena = m->arena};

	for (size_t i = 0; i < values->len; i++)
		f(m, q, values->v[i], &out);
	*values = out;
}

void
header_modify(struct message *m, const struct prepared_query *p,
    struct value_list *values)
{
	struct header_query q = p->q;

	/* Of ALL and its ranges they change nothing. */
	if (p->source >= HEADER_SOURCE_ALL &&
	    p->source <= HEADER_SOURCE_ALL_EXTERNAL)
		return;
	if (values->len > 1 && (q.modifiers & HEADER_FIRST)) {
		values->len = 1;
	} else if (values->len > 1 && (q.modifiers & HEADER_LAST)) {
		values->v[0] = values->v[values->len - 1];
		values->len = 1;
	}
	if (q.modifiers & (HEADER_ADDR | HEADER_NAME))
		apply(m, q, add_addresses, values);
	if (q.modifiers & HEADER_HOST)
		apply(m, q, add_host, values);
	else if (q.modifiers & HEADER_IP)
		apply(m, q, add_ip, values);
}
