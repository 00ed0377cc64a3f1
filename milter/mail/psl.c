#include "mail/psl.h"

#include "mail/psl_memo.h"

#include <libpsl.h>

/* Labels looked at from the right: the longest registry rule has four. */
#define RULE_LABELS 4

static bool
has_key(const struct map *m, struct str key)
{
	return m != NULL && map_get(m, key) != NULL;
}

static bool
is_configured(const struct map *m)
{
	return m != NULL && map_count(m) > 0;
}

/* `s` as a lower-case C string; false when it does not fit. */
static bool
lower_copy(struct str s, char out[static PSL_HOST_MAX + 1])
{
	if (s.len > PSL_HOST_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\0')
			return false;
		out[i] = ascii_lower(s.p[i]);
	}
	out[s.len] = '\0';
	return true;
}

static bool
is_tld_by_libpsl(struct psl_memo *memo, const char *text, size_t len)
{
	struct str key = str_make(text, len);
	uint8_t answer;

	if (psl_memo_ask(memo, PSL_MEMO_TLD, key, &answer))
		return answer != 0;
	answer = strchr(text, '.') == NULL &&
		 psl_is_public_suffix2(psl_builtin(), text,
		     PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
	psl_memo_tell(memo, PSL_MEMO_TLD, key, answer);
	return answer != 0;
}

bool
psl_is_tld(const struct mail_settings *s, struct str label)
{
	char text[PSL_HOST_MAX + 1];

	if (label.len == 0 || !lower_copy(label, text))
		return false;
	if (is_configured(s->tld))
		return has_key(s->tld, str_make(text, label.len));
	return is_tld_by_libpsl(s->psl_memo, text, label.len);
}

bool
psl_is_host_valid(const struct mail_settings *s, struct str host)
{
	size_t dot = str_rfind_char(host, '.');
	struct str rest = host;

	return dot != STR_NPOS && str_word(&rest).len == host.len &&
	       psl_is_tld(s, str_skip(host, dot + 1));
}

static bool
is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '_';
}

static struct str
trim_dots(struct str s)
{
	while (s.len > 0 && s.p[s.len - 1] == '.')
		s.len--;
	while (s.len > 0 && s.p[0] == '.')
		s = str_skip(s, 1);
	return s;
}

bool
psl_is_host_form(struct str host)
{
	size_t labels = 1, len = 0; /* of the label that is gone through */

	while (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len == 0 || host.len > PSL_HOST_MAX ||
	    !is_label_char(host.p[0]))
		return false;
	for (size_t i = host.len; i-- > 0;) {
		char c = host.p[i];

		if (c == '.') {
			if (len == 0 || !is_label_char(host.p[i + 1]))
				return false;
			labels++;
			len = 0;
			continue;
		}
		if (len == PSL_LABEL_MAX ||
		    (!is_label_char(c) && (c != '-' || len == 0)) ||
		    (c == '_' && labels <= 2))
			return false;
		len++;
	}
	return labels >= 2;
}

/* RFC 1480: <locality>.<state>.us and what stands below it. */
static bool
is_us_state(struct str label)
{
	const struct str states = STR(
	    " ak al ar az ca co ct dc de fl ga gu hi ia id il in ks ky la ma "
	    "md me mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok or pa pr ri sc "
	    "sd tn tx ut va vi vt wa wi wv wy ");
	char key[4] = {' ', 0, 0, ' '};

	if (label.len != 2)
		return false;
	memcpy(key + 1, label.p, 2);
	return str_find(states, str_make(key, sizeof(key))) != STR_NPOS;
}

/* The labels of a host counted from its end: at[1] is where the last begins. */
struct labels {
	struct str host;
	size_t at[RULE_LABELS + 2];
	size_t len; /* labels found, at most RULE_LABELS + 1 */
};

static struct labels
labels_of(struct str host)
{
	struct labels l = {.host = host};

	for (size_t i = host.len; i > 0 && l.len < RULE_LABELS; i--)
		if (host.p[i - 1] == '.')
			l.at[++l.len] = i;
	/* The rest counts as one label: only its beginning matters. */
	l.at[++l.len] = 0;
	for (size_t i = l.len > 1 ? l.at[l.len - 1] - 1 : 0; i > 0; i--)
		if (host.p[i - 1] == '.') {
			l.at[l.len] = i;
			break;
		}
	return l;
}

/* Label `n` from the end. */
static struct str
label_at(const struct labels *l, size_t n)
{
	size_t end = n > 1 ? l->at[n - 1] - 1 : l->host.len;

	return str_make(l->host.p + l->at[n], end - l->at[n]);
}

/* The last `n` labels are the suffix of a registry. */
static bool
is_suffix(const struct mail_settings *s, const struct labels *l, size_t n)
{
	bool us = str_is(label_at(l, 1), "us");
	struct str whole = str_skip(l->host, l->at[n]);

	if (n == 2)
		return has_key(s->tld2, whole);
	if (n == 3)
		return us ? is_us_state(label_at(l, 2))
			  : has_key(s->tld3, whole);
	return us && is_us_state(label_at(l, 2)) &&
	       ((str_is(label_at(l, 4), "pvt") &&
		    str_is(label_at(l, 3), "k12")) ||
		   str_is(label_at(l, 4), "ci") ||
		   str_is(label_at(l, 4), "co"));
}

static struct str
domain_by_tables(const struct mail_settings *s, struct str host)
{
	struct labels l = labels_of(host);
	size_t n = l.len < RULE_LABELS ? l.len : RULE_LABELS;

	for (; n >= 2; n--)
		if (is_suffix(s, &l, n))
			return str_skip(host, l.at[n < l.len ? n + 1 : n]);
	return l.len < 2 ? host : str_skip(host, l.at[2]);
}

static struct str
domain_by_libpsl(struct psl_memo *memo, struct str host)
{
	char text[PSL_HOST_MAX + 1];
	struct str key = str_make(text, host.len);
	const char *domain;
	uint8_t skip;

	if (!lower_copy(host, text))
		return host;
	if (psl_memo_ask(memo, PSL_MEMO_HOST, key, &skip))
		return str_skip(host, skip);
	domain = psl_registrable_domain(psl_builtin(), text);
	skip = domain == NULL ? 0 : (uint8_t)(domain - text);
	psl_memo_tell(memo, PSL_MEMO_HOST, key, skip);
	return str_skip(host, skip);
}

struct str
psl_domain(const struct mail_settings *s, struct str host)
{
	host = trim_dots(host);
	if (str_find_char(host, '.') == STR_NPOS)
		return host;
	if (is_configured(s->tld) || is_configured(s->tld2))
		return domain_by_tables(s, host);
	return domain_by_libpsl(s->psl_memo, host);
}
