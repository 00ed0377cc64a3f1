/*
 * Eval functions over lists of addresses and link hosts that rule files hold:
 * welcome lists, block lists and lists of their own names.
 */
#include "mail/psl.h"
#include "mail/relay.h"
#include "mail/uri.h"
#include "policy/address_list.h"
#include "policy/eval_addresses.h"
#include "policy/eval_tables.h"
#include "policy/eval_value.h"
#include "policy/host_list.h"

static const struct address_list *
find_list(struct eval_context *c, struct str name)
{
	return address_lists_find(c->tables->addresses, name);
}

static bool
any_is_on(struct str_list addresses, const struct address_list *list)
{
	for (size_t i = 0; list != NULL && i < addresses.len; i++)
		if (address_list_has(list, addresses.v[i]))
			return true;
	return false;
}

static bool
is_from(struct eval_context *c, struct str name)
{
	const struct address_list *list = find_list(c, name);

	return list != NULL && any_is_on(eval_all_from(c), list);
}

static bool
is_to(struct eval_context *c, struct str name)
{
	const struct address_list *list = find_list(c, name);

	return list != NULL && any_is_on(eval_all_to(c), list);
}

/* ---- named in the call -------------------------------------------------- */

double
eval_check_from_in_list(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return arg_count > 0 && is_from(c, args[0].text);
}

double
eval_check_to_in_list(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return arg_count > 0 && is_to(c, args[0].text);
}

double
eval_check_replyto_in_list(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str address = eval_address(c, STR("Reply-To"));

	return arg_count > 0 && address.len > 0 &&
	       address_list_has(
		   find_list(c, args[0].text), eval_lower(c, address));
}

/* ---- lists of one purpose ----------------------------------------------- */

double
eval_check_from_in_blocklist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_from(c, STR("blocklist_from"));
}

double
eval_check_to_in_blocklist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_to(c, STR("blocklist_to"));
}

double
eval_check_to_in_welcomelist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_to(c, STR("welcomelist_to"));
}

double
eval_check_to_in_more_spam(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_to(c, STR("more_spam_to"));
}

double
eval_check_to_in_all_spam(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_to(c, STR("all_spam_to"));
}

/* ---- from there, through a relay of theirs ------------------------------ */

/* The newest relay not trusted; all of them when each is. */
static struct relay_list
deliverers(struct eval_context *c)
{
	struct relay_list l = message_relays(c->message);

	if (l.len > l.trusted) {
		l.v += l.trusted;
		l.len = 1;
	}
	return l;
}

/* "[192.0.2.1]", "[192.0.2]", "[192.0.2.0/24]", "[2001:db8::]/32" */
static bool
ip_vouches(struct str word, struct str ip)
{
	size_t close = str_rfind_char(word, ']');
	struct str net = str_make(word.p + 1, close - 1);
	struct str bits = str_skip(word, close + 1);
	char text[CIDR_TEXT_MAX];
	struct cidr cidr;
	struct ip address;

	if (ip.len == 0 || net.len + bits.len > sizeof(text))
		return false;
	if (bits.len == 0 && str_span(net, "0123456789.") == net.len) {
		if (ip_parse(net, &address))
			return str_eq(net, ip);
		while (net.len > 0 && net.p[net.len - 1] == '.')
			net.len--;
		return str_starts(ip, net) && ip.len > net.len &&
		       ip.p[net.len] == '.';
	}
	memcpy(text, net.p, net.len);
	if (bits.len > 0)
		memcpy(text + net.len, bits.p, bits.len);
	return cidr_parse(str_make(text, net.len + bits.len), &cidr) &&
	       ip_parse(ip, &address) && cidr_has(&cidr, &address);
}

static bool
name_vouches(struct str word, struct str rdns)
{
	return str_ends_nocase(rdns, word) &&
	       (rdns.len == word.len || rdns.p[rdns.len - word.len - 1] == '.');
}

static bool
word_vouches(struct str word, struct relay_list relays)
{
	bool is_ip = word.len > 1 && word.p[0] == '[' &&
		     str_find_char(word, ']') != STR_NPOS;

	for (size_t i = 0; i < relays.len; i++)
		if (is_ip ? ip_vouches(word, relays.v[i].ip)
			  : name_vouches(word, relays.v[i].rdns))
			return true;
	return false;
}

/* 1: on the list and through one of its relays; -1: only on the list. */
static int
check_relayed(
    struct eval_context *c, const struct address_list *list, struct str address)
{
	struct relay_list relays = deliverers(c);
	bool named = false;

	for (size_t i = 0; relays.len > 0 && i < list->len; i++) {
		const struct address_entry *e = list->entries[i];

		if (!address_entry_fits(e, address))
			continue;
		for (size_t k = 0; k < e->word_count; k++)
			if (word_vouches(e->words[k], relays))
				return 1;
		named = true;
	}
	if (!named ||
	    address_list_has(
		find_list(c, STR("welcomelist_allows_relays")), address))
		return 0;
	return -1;
}

/* The same for all addresses it is from. */
static int
check_all_relayed(struct eval_context *c, struct str name)
{
	const struct address_list *list = find_list(c, name);
	struct str_list from;
	int found = 0;

	if (list == NULL)
		return 0;
	from = eval_all_from(c);
	for (size_t i = 0; i < from.len; i++) {
		int one = check_relayed(c, list, from.v[i]);

		if (one > 0)
			return 1;
		if (one < 0)
			found = -1;
	}
	return found;
}

struct standing {
	int listed;	/* 1: is; -1: looks forged; 0: not named */
	int by_default; /* the same by the def_ list */
};

static struct standing
standing(struct eval_context *c)
{
	bool fresh;
	struct standing *s =
	    eval_slot(c, EVAL_SLOT_STANDING, sizeof(*s), &fresh);

	if (s == NULL)
		return (struct standing){0, 0};
	if (fresh) {
		s->listed =
		    is_from(c, STR("welcomelist_from"))
			? 1
			: check_all_relayed(c, STR("welcomelist_from_rcvd"));
		s->by_default =
		    check_all_relayed(c, STR("def_welcomelist_from_rcvd"));
	}
	return *s;
}

double
eval_check_from_in_welcomelist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return standing(c).listed > 0;
}

double
eval_check_forged_in_welcomelist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct standing s = standing(c);

	(void)args;
	(void)arg_count;
	return s.listed < 0 && s.by_default == 0;
}

double
eval_check_from_in_default_welcomelist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return standing(c).by_default > 0;
}

double
eval_check_forged_in_default_welcomelist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct standing s = standing(c);

	(void)args;
	(void)arg_count;
	return s.by_default < 0 && s.listed == 0;
}

/* ---- sender and relay of one domain ------------------------------------- */

double
eval_check_mailfrom_matches_rcvd(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	const struct mail_settings *settings = message_settings(c->message);
	struct relay_list l = deliverers(c);
	struct str sender = eval_sender(c), host;
	size_t at = str_rfind_char(sender, '@');

	(void)args;
	(void)arg_count;
	if (at == STR_NPOS)
		return 0;
	host = str_skip(sender, at + 1);
	/* A dot with something on both sides. */
	if (host.len < 3 ||
	    str_find_char(str_make(host.p + 1, host.len - 2), '.') == STR_NPOS)
		return 0;
	host = psl_domain(settings, eval_host(c, host));
	for (size_t i = 0; i < l.len; i++)
		if (l.v[i].rdns.len > 0 &&
		    str_eq(
			host, psl_domain(settings, eval_host(c, l.v[i].rdns))))
			return 1;
	return 0;
}

/* ---- link hosts --------------------------------------------------------- */

static void
search_hosts(struct eval_context *c, struct bitset *hit)
{
	const struct host_lists *lists = c->tables->hosts;
	struct uri_list uris = message_uris(c->message);
	struct str former = STR_NONE;
	struct bitset decided;

	if (!bitset_init_arena(&decided, host_lists_count(lists), c->arena))
		return;
	for (size_t i = 0; i < uris.len; i++) {
		const struct uri *u = &uris.v[i];

		if (str_starts_nocase(u->raw, STR("mailto:")))
			continue;
		for (size_t k = 0; k < u->host_count; k++) {
			struct str host = u->hosts[k].host;

			if (!str_eq(host, former))
				host_lists_search(lists, host, &decided, hit);
			former = host;
		}
	}
}

static bool
links_to(struct eval_context *c, struct str name)
{
	const struct host_lists *lists = c->tables->hosts;
	size_t list = host_lists_find(lists, name);
	struct bitset *hit;
	bool fresh;

	if (list == STR_NPOS)
		return false;
	hit = eval_slot(c, EVAL_SLOT_HOSTS, sizeof(*hit), &fresh);
	if (hit == NULL)
		return false;
	if (fresh && bitset_init_arena(hit, host_lists_count(lists), c->arena))
		search_hosts(c, hit);
	return bitset_has(hit, list);
}

double
eval_check_uri_host_listed(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return arg_count > 0 && links_to(c, args[0].text);
}

double
eval_check_uri_host_in_blocklist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return links_to(c, STR("BLOCK"));
}

double
eval_check_uri_host_in_welcomelist(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return links_to(c, STR("WELCOME"));
}
