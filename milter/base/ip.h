/*
 * IP addresses and networks. IPv4 is held as IPv4-mapped IPv6 (RFC 4291
 * 2.5.5.2), so ::ffff:a.b.c.d and a.b.c.d are the same address everywhere.
 */
#ifndef POSTERN_BASE_IP_H
#define POSTERN_BASE_IP_H

#include "base/str.h"

struct sockaddr;

struct ip {
	uint8_t byte[16]; /* network order */
};

struct cidr {
	struct ip net; /* host bits zero */
	uint8_t bits;  /* 0..128; IPv4 /n is 96 + n */
};

#define IP_V4_BITS 96
#define IP_TEXT_MAX 46

/* "a.b.c.d", IPv6 text, with optional "IPv6:" prefix or [] around. */
bool ip_parse(struct str s, struct ip *out);
/* Address or address/bits; host bits are cleared. */
bool cidr_parse(struct str s, struct cidr *out);
/* False for families other than AF_INET and AF_INET6. */
bool ip_from_sockaddr(const struct sockaddr *sa, struct ip *out);
/* 0 for NULL and other families. */
uint16_t ip_port_of_sockaddr(const struct sockaddr *sa);

bool ip_is_v4(const struct ip *ip);
bool ip_eq(const struct ip *a, const struct ip *b);
/* A network holds addresses of its own family only: ::/0 no IPv4. */
bool cidr_has(const struct cidr *c, const struct ip *ip);
bool cidr_same_family(const struct cidr *c, const struct ip *ip);
/* RFC 6890: loopback, private, link-local, CGNAT, unspecified ... */
bool ip_is_private(const struct ip *ip);
bool ip_is_loopback(const struct ip *ip);
/* The first `bits` bits (v6 count: IPv4 /24 is 120), rest zero. */
struct ip ip_mask(const struct ip *ip, unsigned bits);

/* Writes canonical text (RFC 5952; IPv4 dotted); returns `text`. */
const char *ip_format(const struct ip *ip, char text[static IP_TEXT_MAX]);
/* With "/bits" in the family's own count: 192.0.2.0/24. */
#define CIDR_TEXT_MAX (IP_TEXT_MAX + 4)
const char *cidr_format(const struct cidr *c, char text[static CIDR_TEXT_MAX]);

#endif
