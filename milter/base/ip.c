#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool
ip_parse(struct str s, struct ip *out)
{
	char text[IP_TEXT_MAX];
	struct ip ip;

	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_make(s.p + 1, s.len - 2);
	if (str_starts_nocase(s, STR("IPv6:")))
		s = str_skip(s, 5);
	if (s.len == 0 || s.len >= sizeof(text) ||
	    memchr(s.p, '\0', s.len) != NULL)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	if (strchr(text, ':') != NULL) {
		if (inet_pton(AF_INET6, text, ip.byte) != 1)
			return false;
	} else {
		memcpy(ip.byte, v4_prefix, sizeof(v4_prefix));
		if (inet_pton(AF_INET, text, ip.byte + 12) != 1)
			return false;
	}
	*out = ip;
	return true;
}

bool
cidr_parse(struct str s, struct cidr *out)
{
	size_t slash = str_find_char(s, '/');
	uint64_t bits;
	struct ip ip;
	bool v6;

	if (!ip_parse(str_head(s, slash), &ip))
		return false;
	v6 = str_find_char(str_head(s, slash), ':') != STR_NPOS;
	bits = v6 ? 128 : 32;
	if (slash != STR_NPOS && (!str_to_u64(str_skip(s, slash + 1), &bits) ||
				     bits > (v6 ? 128 : 32)))
		return false;
	out->bits = (uint8_t)(v6 ? bits : bits + 96);
	out->net = ip_mask(&ip, out->bits);
	return true;
}

bool
ip_from_sockaddr(const struct sockaddr *sa, struct ip *out)
{
	if (sa == NULL)
		return false;
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		memcpy(out->byte, v4_prefix, sizeof(v4_prefix));
		memcpy(out->byte + 12, &in.sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(out->byte, &in6.sin6_addr, 16);
		return true;
	}
	return false;
}

uint16_t
ip_port_of_sockaddr(const struct sockaddr *sa)
{
	uint16_t port = 0;

	if (sa == NULL)
		return 0;
	/* sin_port and sin6_port stand at the same place. */
	if (sa->sa_family == AF_INET || sa->sa_family == AF_INET6)
		memcpy(&port,
		    (const char *)sa + offsetof(struct sockaddr_in, sin_port),
		    sizeof(port));
	return ntohs(port);
}

bool
ip_is_v4(const struct ip *ip)
{
	return memcmp(ip->byte, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool
ip_eq(const struct ip *a, const struct ip *b)
{
	return memcmp(a->byte, b->byte, 16) == 0;
}

struct ip
ip_mask(const struct ip *ip, unsigned bits)
{
	struct ip out = {{0}};

	if (bits > 128)
		bits = 128;
	memcpy(out.byte, ip->byte, bits / 8);
	if (bits % 8 != 0)
		out.byte[bits / 8] =
		    ip->byte[bits / 8] & (uint8_t)(0xff00u >> (bits % 8));
	return out;
}

bool
cidr_has(const struct cidr *c, const struct ip *ip)
{
	struct ip masked = ip_mask(ip, c->bits);

	return cidr_same_family(c, ip) && ip_eq(&masked, &c->net);
}

bool
cidr_same_family(const struct cidr *c, const struct ip *ip)
{
	return ip_is_v4(ip) == (c->bits >= IP_V4_BITS && ip_is_v4(&c->net));
}

static bool
in_any(const struct ip *ip, const struct cidr *nets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cidr_has(&nets[i], ip))
			return true;
	return false;
}

#define V4(a, b, c, d, n)                                                 \
	{                                                                 \
		{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}, \
		    96 + (n)                                              \
	}

bool
ip_is_private(const struct ip *ip)
{
	static const struct cidr nets[] = {
	    V4(0, 0, 0, 0, 8), V4(10, 0, 0, 0, 8), V4(100, 64, 0, 0, 10),
	    V4(127, 0, 0, 0, 8), V4(169, 254, 0, 0, 16), V4(172, 16, 0, 0, 12),
	    V4(192, 168, 0, 0, 16), {{{0}}, 127}, /* :: and ::1 */
	    {{{0xfc}}, 7},			  /* unique local */
	    {{{0xfe, 0x80}}, 10},		  /* link-local */
	};

	return in_any(ip, nets, sizeof(nets) / sizeof(nets[0]));
}

bool
ip_is_loopback(const struct ip *ip)
{
	static const struct cidr nets[] = {
	    V4(127, 0, 0, 0, 8),
	    {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 128},
	};

	return in_any(ip, nets, sizeof(nets) / sizeof(nets[0]));
}

const char *
ip_format(const struct ip *ip, char text[static IP_TEXT_MAX])
{
	char *p = text;

	if (!ip_is_v4(ip)) {
		inet_ntop(AF_INET6, ip->byte, text, IP_TEXT_MAX);
		return text;
	}
	for (int i = 12; i < 16; i++) {
		unsigned n = ip->byte[i];

		if (n >= 100)
			*p++ = (char)('0' + n / 100);
		if (n >= 10)
			*p++ = (char)('0' + n / 10 % 10);
		*p++ = (char)('0' + n % 10);
		*p++ = i < 15 ? '.' : '\0';
	}
	return text;
}

const char *
cidr_format(const struct cidr *c, char text[static CIDR_TEXT_MAX])
{
	char ip[IP_TEXT_MAX];
	bool v4 = ip_is_v4(&c->net) && c->bits >= 96;

	ip_format(&c->net, ip);
	snprintf(text, CIDR_TEXT_MAX, "%s/%u", ip,
	    v4 ? c->bits - 96u : (unsigned)c->bits);
	return text;
}
