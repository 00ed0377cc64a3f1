#include "policy/helo.h"

#include "base/ip.h"

/* RFC 1035 2.3.4 */
#define NAME_MAX_BYTES ((size_t)253)
#define LABEL_MAX_BYTES ((size_t)63)

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]": the client's own address? */
static bool
is_own_literal(struct str s, const struct envelope *e)
{
	struct ip ip;

	s = str_make(s.p + 1, s.len - 2);
	if (str_starts_nocase(s, STR("IPv6:")))
		s = str_skip(s, 5);
	return e->has_client && ip_parse(s, &ip) && ip_eq(&ip, &e->client);
}

static bool
is_label(struct str s)
{
	if (s.len == 0 || s.len > LABEL_MAX_BYTES || s.p[0] == '-' ||
	    s.p[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		/* An underscore is wrong and common. */
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return true;
}

static bool
is_all_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return true;
}

/* At least two labels, the last no number. */
static bool
is_qualified(struct str s)
{
	struct str label = STR_NONE;
	size_t labels = 0;

	if (s.len == 0 || s.len > NAME_MAX_BYTES)
		return false;
	for (; s.p != NULL; labels++) {
		label = str_cut(&s, '.');
		if (!is_label(label))
			return false;
	}
	return labels > 1 && !is_all_digits(label);
}

bool
helo_is_valid(const struct envelope *e)
{
	struct str s = e->helo;

	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		return is_own_literal(s, e);
	if (s.len > 0 && s.p[s.len - 1] == '.')
		s.len--;
	return is_qualified(s) &&
	       (e->mta_name.len == 0 || !str_eq_nocase(s, e->mta_name));
}
