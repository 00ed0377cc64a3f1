/*
 * Finding addresses in text the way rule files mean it.
 *
 * Recognises dotted IPv4 without leading zeros, IPv6 in all RFC 4291 text
 * forms, IPv4 inside IPv6, each with an optional "IPv6:" tag, and only where
 * the text before and after does not continue the token. What it accepts is
 * wider and narrower than ip_parse(): the spelling stays as found. Pure.
 */
#ifndef POSTERN_MAIL_IPTEXT_H
#define POSTERN_MAIL_IPTEXT_H

#include "base/str.h"

/* Length of the address that begins at `pos` of `s`, or 0. */
size_t iptext_match(struct str s, size_t pos);

/* The whole of `s` is an address. */
bool iptext_is(struct str s);

/* Bytes of the first address at or after `pos`; false: there is none. */
bool iptext_find(struct str s, size_t pos, struct str *out);

/* `s` names this machine: "localhost", 127.0.0.1, ::1 ... Length or 0. */
size_t iptext_match_localhost(struct str s, size_t pos);

/*
 * An address no host on the public network has (RFC 1918, 6598, 3927, loopback,
 * link-local), by its text.
 */
bool iptext_is_private(struct str s);

#endif
