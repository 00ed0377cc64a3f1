/* Names in questions. Pure. */
#include "peer/dns.h"

#include <stdio.h>

bool
dns_is_name(struct str name)
{
	if (name.len == 0 || name.len >= DNS_NAME_MAX || name.p[0] == '.')
		return false;
	for (size_t i = 0, label = 0; i < name.len; i++, label++) {
		char c = name.p[i];

		if (c == '.') {
			if (i + 1 < name.len && name.p[i + 1] == '.')
				return false;
			label = (size_t)-1;
		} else if (!ascii_is_alnum(c) && c != '-' && c != '_') {
			return false;
		} else if (label >= 63) {
			return false;
		}
	}
	return true;
}

const char *
dns_reversed(const struct ip *ip, char text[static DNS_REVERSED_MAX])
{
	size_t n = 0;

	if (ip_is_v4(ip)) {
		snprintf(text, DNS_REVERSED_MAX, "%u.%u.%u.%u", ip->byte[15],
		    ip->byte[14], ip->byte[13], ip->byte[12]);
		return text;
	}
	for (int i = 15; i >= 0; i--)
		n += (size_t)snprintf(text + n, DNS_REVERSED_MAX - n, "%s%x.%x",
		    n ? "." : "", ip->byte[i] & 15u, ip->byte[i] >> 4);
	return text;
}
