#include "peer/rep_keys.h"

#include <stdio.h>

#define HOST_BITS_V6 64
#define NET_BITS_V4 120
#define NET_BITS_V6 48

struct ip
rep_host_of(const struct ip *ip)
{
	return ip_is_v4(ip) ? *ip : ip_mask(ip, HOST_BITS_V6);
}

static struct rep_name
name_of(char kind, const struct ip *ip, unsigned bits)
{
	struct cidr c = {.net = ip_mask(ip, bits), .bits = (uint8_t)bits};
	char text[CIDR_TEXT_MAX];
	struct rep_name out;

	if (bits == 128)
		ip_format(ip, text);
	else
		cidr_format(&c, text);
	(void)snprintf(out.text, sizeof(out.text), "%c:%s", kind, text);
	return out;
}

struct rep_name
rep_name_host(const struct ip *ip)
{
	if (ip_is_v4(ip))
		return name_of('4', ip, 128);
	return name_of('6', ip, HOST_BITS_V6);
}

struct rep_name
rep_name_net(const struct ip *ip)
{
	return name_of('n', ip, ip_is_v4(ip) ? NET_BITS_V4 : NET_BITS_V6);
}

struct rep_name
rep_name_site(void)
{
	return (struct rep_name){.text = REP_SITE};
}

struct rep_name
rep_name_cidr(const struct cidr *c)
{
	bool v4 = ip_is_v4(&c->net) && c->bits >= 96;

	if (v4 ? c->bits == 128 : c->bits >= HOST_BITS_V6)
		return rep_name_host(&c->net);
	return name_of('n', &c->net, c->bits);
}

uint64_t
rep_member_id(const struct ip *ip)
{
	if (ip_is_v4(ip))
		return ip->byte[15];
	return (uint64_t)ip->byte[6] << 8 | ip->byte[7];
}

bool
rep_name_parse(struct str text, struct cidr *out, enum rep_kind *kind_out)
{
	struct cidr c;

	if (str_is(text, REP_SITE)) {
		*out = (struct cidr){.bits = 0};
		*kind_out = REP_KIND_SITE;
		return true;
	}
	if (text.len < 3 || text.p[1] != ':' ||
	    !cidr_parse(str_skip(text, 2), &c))
		return false;
	if (!str_eq(str_from(rep_name_cidr(&c).text), text))
		return false;
	*out = c;
	*kind_out = text.p[0] == 'n' ? REP_KIND_NET : REP_KIND_HOST;
	return true;
}

static struct rep_key
key_done(struct rep_key k, int n)
{
	k.len = n < 0 ? 0 : (size_t)n;
	if (k.len >= sizeof(k.text))
		k.len = sizeof(k.text) - 1;
	return k;
}

struct rep_key
rep_key_unit(const char *prefix, const char *what, const char *unit)
{
	struct rep_key k;

	return key_done(k,
	    snprintf(k.text, sizeof(k.text), "%s%s:{%s}", prefix, what, unit));
}

struct rep_key
rep_key_day(const char *prefix, const char *what, const char *unit, int64_t day)
{
	struct rep_key k;

	return key_done(k, snprintf(k.text, sizeof(k.text), "%s%s:{%s}:%lld",
			       prefix, what, unit, (long long)day));
}

struct rep_key
rep_key_number(const char *prefix, const char *what, int64_t number)
{
	struct rep_key k;

	return key_done(k, snprintf(k.text, sizeof(k.text), "%s%s:%lld", prefix,
			       what, (long long)number));
}

struct rep_key
rep_key_text(const char *prefix, const char *what, const char *text)
{
	struct rep_key k;

	return key_done(
	    k, snprintf(k.text, sizeof(k.text), "%s%s:%s", prefix, what, text));
}

unsigned
rep_listed_shard(const char *unit)
{
	uint32_t h = UINT32_C(2166136261);

	for (; *unit != '\0'; unit++)
		h = (h ^ (uint8_t)*unit) * UINT32_C(16777619);
	return (h ^ h >> 16) % REP_LISTED_SHARDS;
}
