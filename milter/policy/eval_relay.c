/*
 * Eval functions over the relays: whether there are any to be believed, and
 * whether those that are not contradict each other.
 */
#include "mail/iptext.h"
#include "mail/relay.h"
#include "policy/eval_value.h"

/* Relays not trusted, newest first. */
static struct relay_list
untrusted(struct eval_context *c)
{
	struct relay_list l = message_relays(c->message);

	l.v += l.trusted;
	l.len -= l.trusted;
	return l;
}

/* ---- how many ----------------------------------------------------------- */

double
eval_check_all_trusted(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct relay_list l = message_relays(c->message);

	(void)args;
	(void)arg_count;
	return l.trusted > 0 && l.len == l.trusted && l.unparseable == 0;
}

double
eval_check_no_relays(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct relay_list l = message_relays(c->message);

	(void)args;
	(void)arg_count;
	return l.len == 0 && l.unparseable == 0;
}

double
eval_check_relays_unparseable(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return message_relays(c->message).unparseable > 0;
}

/* ---- names and addresses ------------------------------------------------ */

/* Private addresses count too: other rules look at relays, this at habits. */
double
eval_check_for_numeric_helo(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return eval_finds(c, EVAL_PATTERN_NUMERIC_HELO,
	    eval_value(c, STR("X-Spam-Relays-Untrusted")));
}

static bool
is_public_ipv4(struct str s)
{
	return str_find_char(s, ':') == STR_NPOS && iptext_is(s) &&
	       !iptext_is_private(s);
}

/* Length of the first `octets` octets, with their dots. */
static size_t
network_length(struct str ip, unsigned octets)
{
	size_t n = 0;

	for (unsigned i = 0; i < octets && n < ip.len; i++)
		n += str_find_char(str_skip(ip, n), '.') + 1;
	return n;
}

static bool
same_network(struct str a, struct str b, unsigned octets)
{
	return str_eq(str_head(a, network_length(a, octets)),
	    str_head(b, network_length(b, octets)));
}

double
eval_helo_ip_mismatch(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct relay_list l = untrusted(c);

	(void)args;
	(void)arg_count;
	for (size_t i = 0; i < l.len; i++)
		if (is_public_ipv4(l.v[i].helo) && is_public_ipv4(l.v[i].ip) &&
		    !same_network(l.v[i].helo, l.v[i].ip, 3))
			return 1;
	return 0;
}

double
eval_check_for_sender_no_reverse(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct relay_list l = untrusted(c);
	const struct relay *first;

	(void)args;
	(void)arg_count;
	if (l.len == 0)
		return 0;
	first = &l.v[l.len - 1];
	return str_find_char(first->rdns, '.') != STR_NPOS &&
	       !first->ip_private;
}

/* Is `s` that host, or one below it? */
static bool
is_below(struct str s, struct str host)
{
	return str_ends_nocase(s, host) &&
	       (s.len == host.len || s.p[s.len - host.len - 1] == '.');
}

static bool
is_big_host(struct str s)
{
	static const struct str hosts[] = {STR_INIT("lycos.com"),
	    STR_INIT("lycos.co.uk"), STR_INIT("hotmail.com"),
	    STR_INIT("localhost.com"), STR_INIT("excite.com"),
	    STR_INIT("caramail.com"), STR_INIT("cs.com"), STR_INIT("aol.com"),
	    STR_INIT("msn.com"), STR_INIT("yahoo.com"),
	    STR_INIT("drizzle.com")};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (is_below(s, hosts[i]))
			return true;
	return false;
}

/* The oldest public relay decides. */
double
eval_check_for_no_rdns_dotcom_helo(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct relay_list l = untrusted(c);
	bool hit = false;

	(void)args;
	(void)arg_count;
	for (size_t i = 0; i < l.len; i++)
		if (!l.v[i].ip_private)
			hit = l.v[i].no_reverse_dns && is_big_host(l.v[i].helo);
	return hit;
}

/* "example.com", "true": the author is there, and so was a relay. */
double
eval_check_for_from_domain_in_received_headers(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str author = eval_author(c), domain;
	bool named = false, found;

	if (arg_count < 2)
		return 0;
	domain = args[0].text;
	for (size_t at = 0; !named && at + domain.len <= author.len; at++) {
		size_t hit = str_find_nocase(str_skip(author, at), domain);

		if (hit == STR_NPOS)
			return 0;
		at += hit;
		named = eval_at_boundary(author, at);
	}
	if (!named)
		return 0;
	found = eval_matches(
		    c, c->regex, eval_value(c, STR("X-Spam-Relays-Trusted"))) ||
		eval_matches(
		    c, c->regex, eval_value(c, STR("X-Spam-Relays-Untrusted")));
	return str_is(args[1].text, "true") ? found : !found;
}

/* ---- one relay against the next ----------------------------------------- */

/* A country that sells names right below it, or no country. */
static bool
is_flat_tld(struct str label)
{
	if (str_find(label, STR("ie")) != STR_NPOS ||
	    str_find(label, STR("fr")) != STR_NPOS ||
	    str_find(label, STR("de")) != STR_NPOS)
		return true;
	for (size_t i = 0, run = 0; i < label.len; i++) {
		run = ascii_is_space(label.p[i]) ? 0 : run + 1;
		if (run == 3)
			return true;
	}
	return false;
}

/* The last two labels, or three under a country; an address stays. */
static struct str
host_domain(struct str host)
{
	struct str s = host;
	size_t dot[3], dots = 0;

	if (!str_has_letter(host))
		return host;
	while (s.len > 0 && s.p[s.len - 1] == '.')
		s.len--;
	for (size_t i = s.len; i > 0 && dots < 3; i--)
		if (s.p[i - 1] == '.')
			dot[dots++] = i;
	if (dots > 0 && is_flat_tld(str_skip(s, dot[0])))
		return dots > 1 ? str_skip(s, dot[1]) : s;
	if (dots > 1)
		return dots > 2 ? str_skip(s, dot[2]) : s;
	return host;
}

/* Two labels or more, of what host names are made of. */
static bool
is_host_like(struct str s)
{
	size_t dot = str_rfind_char(s, '.');

	if (dot == STR_NPOS || dot < 2 || dot + 1 == s.len || s.p[0] == '.' ||
	    s.p[0] == '-' || str_find_char(str_skip(s, dot), '-') != STR_NPOS)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '.' &&
		    s.p[i] != '-')
			return false;
	return true;
}

static bool
is_dotted_digits(struct str s)
{
	int fields = 0;

	for (; s.p != NULL; fields++) {
		struct str field = str_cut(&s, '.');

		if (field.len == 0 ||
		    str_span(field, "0123456789") != field.len)
			return false;
	}
	return fields == 4;
}

struct forged {
	size_t from; /* a relay's writer is not who the next line names */
	size_t helo; /* greeted with an address far from its own */
};

static bool
is_own_loop(struct str domain, struct str ip)
{
	return (str_is(domain, "localhost") ||
		   str_is(domain, "localhost.localdomain")) &&
	       str_is(ip, "127.0.0.1");
}

static void
check_forged(struct eval_context *c, struct forged *f)
{
	struct relay_list l = untrusted(c);
	struct str writer, newer = STR_NONE;

	for (size_t i = 0; i < l.len; i++) {
		const struct relay *r = &l.v[i];
		struct str from = host_domain(eval_lower(c, r->rdns));
		struct str helo = r->helo;

		writer = host_domain(eval_lower(c, r->by));
		if (!is_host_like(writer)) {
			newer = from;
			continue;
		}
		if (is_dotted_digits(helo) && is_dotted_digits(r->ip) &&
		    !str_eq(helo, r->ip) && !same_network(helo, r->ip, 2) &&
		    !iptext_is_private(helo))
			f->helo++;
		if (is_host_like(newer) && !str_eq(writer, newer) &&
		    !(str_is(writer, "msn.com") &&
			str_is(newer, "hotmail.com")))
			f->from++;
		newer = is_own_loop(from, r->ip) ? STR_NONE : from;
	}
}

static struct forged
forged(struct eval_context *c)
{
	bool fresh;
	struct forged *f = eval_slot(c, EVAL_SLOT_FORGED, sizeof(*f), &fresh);

	if (f == NULL)
		return (struct forged){0, 0};
	if (fresh)
		check_forged(c, f);
	return *f;
}

double
eval_check_for_forged_received_trail(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return forged(c).from > 1;
}

double
eval_check_for_forged_received_ip_helo(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return forged(c).helo > 0;
}

/* What no longer says anything, in old rule files, or never did: charsets of
 * meta tags do not reach what html_charset_faraway() is to look at. */
double
eval_never(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)c;
	(void)args;
	(void)arg_count;
	return 0;
}
