/*
 * Registered domains and valid top-level domains.
 *
 * The tables come from the rule files' util_rb_tld, util_rb_2tld and
 * util_rb_3tld (mail_settings); without any the public suffix list of libpsl
 * stands in. Host names are bytes in lower case (IDN as ACE or as it came).
 * Thread-safe, without waiting; nothing is allocated. Some of libpsl's answers,
 * which never change, are remembered with the settings.
 */
#ifndef POSTERN_MAIL_PSL_H
#define POSTERN_MAIL_PSL_H

#include "mail/settings.h"

/* Longest host name (RFC 1035 3.1, without the root dot) and label. */
#define PSL_HOST_MAX 253
#define PSL_LABEL_MAX 63

/* `label` (any case) is a top-level domain. */
bool psl_is_tld(const struct mail_settings *s, struct str label);

/*
 * `host` (lower case) has no white space, at least one dot, and what follows
 * the last one is a top-level domain.
 */
bool psl_is_host_valid(const struct mail_settings *s, struct str host);

/*
 * `host` (lower case) has the form of a DNS name: two labels or more, each of
 * letters, digits, '-' and '_' inside limits, the last two without '_'. Dots
 * at the end are ignored.
 */
bool psl_is_host_form(struct str host);

/*
 * The registered domain of `host` (lower case): one label more than the longest
 * registry suffix, a slice of `host`. A single label is its own domain; dots at
 * the ends do not count. The caller squeezes repeated dots.
 */
struct str psl_domain(const struct mail_settings *s, struct str host);

#endif
