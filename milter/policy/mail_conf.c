#include "policy/mail_conf.h"

#include "mail/message.h"

#include "base/mem.h"
#include "base/vec.h"
#include "match/literal.h"
#include "rule/pattern.h"

#include <stdio.h>

/* What a line of one setting does. */
struct reader {
	const struct config *config;
	struct mail_settings *out;
	struct diags *diags;
	VEC(struct str) ip_headers;
	VEC(struct redirector) redirectors;
};

/* ---- networks ----------------------------------------------------------- */

/* "10", "10.1.", "10.1.2": octets that are missing are zero. */
static bool
parse_short_ipv4(struct str s, struct cidr *out)
{
	char text[IP_TEXT_MAX];
	unsigned octet[4] = {0};
	struct str rest = s;
	unsigned n = 0;

	if (str_ends(rest, STR(".")))
		rest.len--;
	while (rest.p != NULL && n < 4) {
		uint64_t v;

		if (!str_to_u64(str_cut(&rest, '.'), &v) || v > 255)
			return false;
		octet[n++] = (unsigned)v;
	}
	if (rest.p != NULL)
		return false;
	snprintf(text, sizeof(text), "%u.%u.%u.%u", octet[0], octet[1],
	    octet[2], octet[3]);
	ip_parse(str_from(text), &out->net);
	out->bits = (uint8_t)(96 + 8 * n);
	return true;
}

/* address, [address], part of an address; with or without /bits. */
static bool
parse_network(struct str s, struct cidr *out)
{
	struct str bits = s, address = str_cut(&bits, '/');
	uint64_t n;

	if (address.len > 2 && address.p[0] == '[' &&
	    address.p[address.len - 1] == ']')
		address = str_make(address.p + 1, address.len - 2);
	if (ip_parse(address, &out->net))
		out->bits = 128;
	else if (!parse_short_ipv4(address, out))
		return false;
	if (bits.p != NULL) {
		bool v4 = ip_is_v4(&out->net);

		if (!str_to_u64(bits, &n) || n > (v4 ? 32 : 128))
			return false;
		out->bits = (uint8_t)(v4 ? 96 + n : n);
	}
	out->net = ip_mask(&out->net, out->bits);
	return true;
}

static void
add_network(struct network_list *l, const struct cidr *net, bool excluded)
{
	l->v = mem_resize(l->v, l->len + 1, sizeof(*l->v));
	l->v[l->len].net = *net;
	l->v[l->len++].excluded = excluded;
	l->configured = true;
}

static void
read_networks(
    struct network_list *l, const struct rule_setting *s, struct diags *diags)
{
	struct str rest = s->value, word;
	struct cidr net;

	while ((word = str_word(&rest)).len > 0) {
		bool excluded = word.p[0] == '!';

		if (parse_network(str_skip(word, excluded), &net))
			add_network(l, &net, excluded);
		else
			diag_add(diags, SEVERITY_ERROR, s->pos,
			    "%.*s: \"%.*s\" is no network", STR_ARG(s->key),
			    STR_ARG(str_head(word, 80)));
	}
}

static void
clear_networks(struct network_list *l)
{
	free(l->v);
	*l = (struct network_list){0};
}

/* ---- names -------------------------------------------------------------- */

static void
read_names(struct map **set, const struct rule_setting *s)
{
	struct str rest = s->value, word;

	if (*set == NULL)
		*set = map_new(true);
	while ((word = str_word(&rest)).len > 0)
		map_set(*set, word, *set);
}

/* The longest text that every match of a pattern holds, or none. */
static struct str
longest_need(struct arena *a, struct str pattern, unsigned flags)
{
	struct literal_need need;
	struct str longest = STR("");

	literal_extract(pattern, flags, a, &need);
	for (size_t i = 0; i < need.count; i++) {
		const struct literal_clause *c = &need.clause[i];

		if (c->len == 1 && c->v[0].text.len > longest.len)
			longest = c->v[0].text;
	}
	return str_make(mem_strndup(longest.p, longest.len), longest.len);
}

static void
read_redirector(struct reader *r, const struct rule_setting *s)
{
	struct pattern_literal literal;
	struct pattern_error wrong = {0};
	struct regex_error bad = {0};
	struct regex *re = NULL;
	struct arena a;
	struct str text;
	unsigned flags;

	arena_init(&a, 0);
	if (pattern_split(s->value, &literal, &wrong) == 0 &&
	    pattern_translate(
		&a, pattern_join(&a, &literal), &text, &flags, &wrong) == 0)
		re = regex_compile(text, flags, &bad);
	if (re != NULL && regex_group_count(re) == 1)
		*VEC_PUSH(&r->redirectors) =
		    (struct redirector){re, longest_need(&a, text, flags)};
	else if (re == NULL)
		diag_add(r->diags, SEVERITY_ERROR, s->pos,
		    "redirector_pattern: %s",
		    wrong.message[0] ? wrong.message : bad.message);
	else
		diag_add(r->diags, SEVERITY_WARNING, s->pos,
		    "redirector_pattern wants one pair of parentheses; "
		    "left out");
	if (re != NULL && regex_group_count(re) != 1)
		regex_free(&re);
	arena_fini(&a);
}

static void
read_ip_headers(struct reader *r, const struct rule_setting *s)
{
	struct str rest = s->value, word;

	while ((word = str_word(&rest)).len > 0)
		*VEC_PUSH(&r->ip_headers) = word;
}

/* ---- one line ----------------------------------------------------------- */

static bool
read_network_line(struct reader *r, const struct rule_setting *s)
{
	const struct {
		const char *key;
		const char *clear;
		struct network_list *list;
	} lists[] = {
	    {"trusted_networks", "clear_trusted_networks", &r->out->trusted},
	    {"internal_networks", "clear_internal_networks", &r->out->internal},
	    {"msa_networks", "clear_msa_networks", &r->out->msa},
	};

	for (size_t i = 0; i < 3; i++) {
		if (str_is(s->key, lists[i].key))
			return read_networks(lists[i].list, s, r->diags), true;
		if (str_is(s->key, lists[i].clear))
			return clear_networks(lists[i].list), true;
	}
	return false;
}

static bool
read_tld_line(struct reader *r, const struct rule_setting *s)
{
	struct mail_settings *m = r->out;

	if (str_is(s->key, "util_rb_tld"))
		return read_names(&m->tld, s), true;
	if (str_is(s->key, "util_rb_2tld"))
		return read_names(&m->tld2, s), true;
	if (str_is(s->key, "util_rb_3tld"))
		return read_names(&m->tld3, s), true;
	if (!str_is(s->key, "clear_util_rb"))
		return false;
	map_free(&m->tld);
	map_free(&m->tld2);
	map_free(&m->tld3);
	return true;
}

/* Numbers and switches; what is no number changes nothing. */
static void
read_number_line(struct mail_settings *m, const struct rule_setting *s)
{
	uint64_t v;

	if (!str_to_u64(s->value, &v))
		return;
	if (str_is(s->key, "normalize_charset"))
		m->normalize_charset = v != 0;
	else if (str_is(s->key, "parse_dkim_uris"))
		m->parse_dkim_uris = v != 0;
	else if (str_is(s->key, "body_part_scan_size"))
		m->limits.body_part = (size_t)v;
	else if (str_is(s->key, "rawbody_part_scan_size"))
		m->limits.rawbody_part = (size_t)v;
}

static void
read_line(struct reader *r, const struct rule_setting *s)
{
	if (read_network_line(r, s) || read_tld_line(r, s))
		return;
	if (str_is(s->key, "envelope_sender_header"))
		r->out->envelope_sender_header = s->value;
	else if (str_is(s->key, "originating_ip_headers"))
		read_ip_headers(r, s);
	else if (str_is(s->key, "clear_originating_ip_headers"))
		r->ip_headers.len = 0;
	else if (str_is(s->key, "redirector_pattern"))
		read_redirector(r, s);
	else
		read_number_line(r->out, s);
}

static void
read_config(const struct config *c, struct mail_settings *out)
{
	/* Our own trace fields come on top of what the sender may write. */
	out->limits.header_count = c->max_header_count + MESSAGE_TRACE_FIELDS;
	out->limits.mime_depth = c->max_mime_depth;
	out->limits.mime_parts = c->max_mime_parts;
	if (config_where(c, "trusted_networks").file == NULL)
		return;
	for (size_t i = 0; i < c->trusted_networks.len; i++)
		add_network(&out->trusted, &c->trusted_networks.v[i], false);
}

void
mail_conf_read(const struct config *c, const struct ruleset *rs,
    struct mail_settings *out, struct diags *diags)
{
	struct reader r = {.config = c, .out = out, .diags = diags};

	mail_settings_init(out);
	read_config(c, out);
	for (size_t i = 0; i < rs->setting_count; i++)
		read_line(&r, &rs->settings[i]);
	if (r.ip_headers.len > 0) {
		out->originating_ip_headers = r.ip_headers.v;
		out->originating_ip_header_count = r.ip_headers.len;
	} else {
		VEC_FINI(&r.ip_headers);
	}
	out->redirectors = r.redirectors.v;
	out->redirector_count = r.redirectors.len;
}
