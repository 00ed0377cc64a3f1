/*
 * Eval functions over links: what an anchor shows against where it leads, and
 * readdressed URIs.
 */
#include "base/buf.h"
#include "mail/html.h"
#include "mail/iptext.h"
#include "mail/psl.h"
#include "mail/unicode.h"
#include "mail/uri.h"
#include "policy/evalarg.h"
#include "policy/evalfns.h"

#define ARGS                    \
	(struct eval_args)      \
	{                       \
		args, arg_count \
	}

/* Targets within targets of one URI; then it is as good as followed. */
#define REDIRECTS_MAX 64
/* Anchors of one part compared, each with all before it. */
#define ANCHORS_MAX 2000

double
eval_check_iframe_src(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);

	(void)args;
	(void)arg_count;
	for (size_t i = 0; i < list.len; i++)
		for (size_t k = 0; k < list.v[i]->link_count; k++)
			if (list.v[i]->links[k].element == HTML_IFRAME)
				return 1;
	return 0;
}

double
eval_check_uri_truncated(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return message_uris_truncated(c->message);
}

/* Takes "http:" or "https:" off, any case. */
static bool
take_scheme(struct str *s)
{
	if (str_starts_nocase(*s, STR("https:")))
		*s = str_skip(*s, 6);
	else if (str_starts_nocase(*s, STR("http:")))
		*s = str_skip(*s, 5);
	else
		return false;
	return true;
}

/* ---- https shown, an address behind it ---------------------------------- */

static bool
is_quad(struct str s)
{
	for (unsigned i = 0; i < 4; i++) {
		size_t n = str_span(s, "0123456789");

		if (n == 0)
			return false;
		s = str_skip(s, n);
		if (i < 3 && (s.len == 0 || s.p[0] != '.'))
			return false;
		s = str_skip(s, 1);
	}
	return true;
}

/* "192.0.2.1" or "user@192.0.2.1" stands in front, after any slashes. */
static bool
leads_to_address(struct str s)
{
	size_t at;

	s = str_skip(s, str_span(s, "/"));
	at = str_cspan(s, "@/");
	return is_quad(s) || (at > 0 && at < s.len && s.p[at] == '@' &&
				 is_quad(str_skip(s, at + 1)));
}

/* The text promises https, and no address. */
static bool
shows_https(struct str text)
{
	if (str_starts_nocase(text, STR("https:")) &&
	    leads_to_address(str_skip(text, 6)))
		return false;
	return str_find_nocase(text, STR("https:")) != STR_NPOS;
}

double
eval_check_https_ip_mismatch(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);

	(void)args;
	(void)arg_count;
	for (size_t i = 0; i < list.len; i++)
		for (size_t k = 0; k < list.v[i]->anchor_count; k++) {
			struct str href = list.v[i]->anchors[k].href;

			if (take_scheme(&href) && leads_to_address(href) &&
			    shows_https(list.v[i]->anchors[k].text))
				return 1;
		}
	return 0;
}

/* ---- https shown, another domain behind it ------------------------------ */

static struct str
lower(struct arena *a, struct str s)
{
	struct buf b;

	buf_init_arena(&b, a);
	buf_reserve(&b, s.len);
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '.' || b.len == 0 || b.p[b.len - 1] != '.')
			buf_add_char(&b, ascii_lower(s.p[i]));
	return buf_str(&b);
}

/* Registered domain of a host name as it stands, however odd. */
static struct str
trim_domain(const struct eval_context *c, struct str host)
{
	if (host.len > 2 * PSL_HOST_MAX)
		return STR_NONE;
	return psl_domain(message_settings(c->message), lower(c->arena, host));
}

/* Where the anchor leads: a domain that can exist; empty: nowhere known. */
static struct str
target_domain(const struct eval_context *c, struct str href)
{
	const struct mail_settings *settings = message_settings(c->message);
	struct uri_host found;
	struct str host, domain;

	if (!take_scheme(&href) || !str_starts(href, STR("//")))
		return STR_NONE;
	host = str_skip(href, 2);
	host = str_head(host, str_cspan(host, "/:?#"));
	if (host.len == 0 || iptext_is(host))
		return STR_NONE;
	domain = trim_domain(c, host);
	return uri_host_of(c->arena, settings, domain, &found) &&
		       psl_is_host_valid(settings, found.domain)
		   ? domain
		   : STR_NONE;
}

/* The first "https://host" of the text; empty: none. */
static struct str
shown_host(struct str text, bool wide)
{
	size_t at;

	while ((at = str_find_nocase(text, STR("https://"))) != STR_NPOS) {
		size_t n = 0, len;

		text = str_skip(text, at + 8);
		while (n < text.len && strchr("/:?#", text.p[n]) == NULL) {
			struct str rest = str_skip(text, n);

			if (unicode_is_space(unicode_first(rest, &len), wide))
				break;
			n += len;
		}
		if (n > 0)
			return str_head(text, n);
	}
	return STR_NONE;
}

/* The text shows another domain than the one it leads to. */
static bool
shows_other(
    const struct eval_context *c, struct str text, bool wide, struct str domain)
{
	struct str host = shown_host(text, wide);

	if (host.len == 0)
		return false;
	if (!iptext_is(host)) {
		host = trim_domain(c, host);
		if (!psl_is_host_valid(message_settings(c->message), host))
			return false;
	}
	return !str_eq(host, domain);
}

/* Some anchor shows "https://": rare, and asked before any domain. */
static bool
has_https_shown(const struct html_result *r)
{
	for (size_t i = 0; i < r->anchor_count && i < ANCHORS_MAX; i++)
		if (str_find_nocase(r->anchors[i].text, STR("https://")) !=
		    STR_NPOS)
			return true;
	return false;
}

/* Is this the first anchor of the part with that href? */
static bool
is_first(const struct html_result *r, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (str_eq(r->anchors[i].href, r->anchors[at].href))
			return false;
	return true;
}

double
eval_check_https_http_mismatch(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct html_list list = message_html(c->message);
	double min = eval_number_arg(ARGS, 0);

	min = min == 0 ? 1 : min;
	for (size_t i = 0; i < list.len; i++) {
		const struct html_result *r = list.v[i];
		size_t targets = 0;
		bool hit = false;

		if (!has_https_shown(r))
			continue;
		for (size_t k = 0; k < r->anchor_count && k < ANCHORS_MAX;
		     k++) {
			const struct html_anchor *a = &r->anchors[k];
			struct str domain = target_domain(c, a->href);

			if (domain.len == 0)
				continue;
			targets += is_first(r, k);
			hit = hit ||
			      shows_other(c, a->text, r->characters, domain);
		}
		if (hit && (double)targets >= min &&
		    (arg_count < 2 ||
			(double)targets < eval_number_arg(ARGS, 1)))
			return 1;
	}
	return 0;
}

/* ---- redirectors -------------------------------------------------------- */

struct redirect {
	struct str from; /* host */
	struct str to;	 /* host */
	struct str rest; /* the inner URI */
};

/* "http:", up to two slashes and a host at s: that host. */
static struct str
inner_host(struct str s)
{
	if (!take_scheme(&s))
		return STR_NONE;
	for (unsigned i = 0; i < 2 && s.len > 0 && s.p[0] == '/'; i++)
		s = str_skip(s, 1);
	return str_head(s, str_cspan(s, "/:?"));
}

/*
 * A URI in a URI. The outer host is as long as it can be, but where the inner
 * one begins within it ("http://a.bhttp://c"): then it ends two bytes before.
 */
static bool
find_redirect(struct str uri, struct redirect *out)
{
	struct str s = uri;
	size_t host, limit = str_cspan(uri, "\n");

	if (!take_scheme(&s) || !str_starts(s, STR("//")) || limit < uri.len)
		return false;
	s = str_skip(s, 2);
	host = str_cspan(s, "/:?");
	for (size_t at = host + 1; host > 0 && at < s.len; at++) {
		out->to = inner_host(str_skip(s, at));
		if (out->to.len == 0)
			continue;
		out->from = str_head(s, host);
		out->rest = str_skip(s, at);
		return true;
	}
	for (size_t at = host; at >= 2; at--) {
		out->to = inner_host(str_skip(s, at));
		if (out->to.len == 0)
			continue;
		out->from = str_head(s, at - 1);
		out->rest = str_skip(s, at);
		return true;
	}
	return false;
}

static struct str
domain_or_host(const struct eval_context *c, struct str host)
{
	struct uri_host found;

	if (uri_host_of(c->arena, message_settings(c->message), host, &found))
		return found.domain;
	return host;
}

static bool
leads_elsewhere(const struct eval_context *c, struct str uri)
{
	struct redirect r;

	for (unsigned i = 0; i < REDIRECTS_MAX && find_redirect(uri, &r); i++) {
		if (!str_eq(domain_or_host(c, r.from), domain_or_host(c, r.to)))
			return true;
		uri = r.rest;
	}
	return false;
}

double
eval_check_for_http_redirector(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str_list uris = message_uri_texts(c->message);

	(void)args;
	(void)arg_count;
	for (size_t i = 0; i < uris.len; i++)
		if (leads_elsewhere(c, uris.v[i]))
			return 1;
	return 0;
}
