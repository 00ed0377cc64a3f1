#include "policy/guard.h"

#include "base/map.h"
#include "base/vec.h"

#include <math.h>

/* RFC 1035: no name has more labels than this. */
#define LABELS_MAX 127

/* One right of relay_only. */
struct relay_right {
	bool by_network;
	struct cidr net;
	char *user;
	struct map *domains;
};

struct guard {
	const struct config *config;
	struct map *local; /* domain or .domain -> itself */
	struct map *relay;
	struct map *traps;	/* address */
	struct map *thresholds; /* address, domain or .domain -> double */
	double *scores;		/* what `thresholds` points into */
	struct relay_right *rights;
	size_t right_count;
};

/* The name itself, then .parent for each level above it. */
static void *
find_domain(const struct map *set, struct str domain)
{
	void *found;

	if (domain.len > 0 && domain.p[domain.len - 1] == '.')
		domain.len--;
	found = map_get(set, domain);
	for (int i = 0; found == NULL && i < LABELS_MAX; i++) {
		size_t dot = str_find_char(domain, '.');

		if (dot == STR_NPOS)
			break;
		found = map_get(set, str_skip(domain, dot));
		domain = str_skip(domain, dot + 1);
	}
	return found;
}

/* ---- building ----------------------------------------------------------- */

static void
complain(const struct config *c, const char *setting, const char *entry,
    const char *what, struct diags *diags)
{
	diag_add(diags, SEVERITY_ERROR, config_where(c, setting),
	    "%s: \"%.80s\" %s", setting, entry, what);
}

static bool
is_domain(struct str s)
{
	if (s.len > 0 && s.p[0] == '.')
		s = str_skip(s, 1);
	if (s.len == 0 || s.len > 253)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && strchr("-._[]:", s.p[i]) == NULL)
			return false;
	return true;
}

static struct map *
domain_set(const struct config *c, const char *setting,
    const struct string_list *list, struct diags *diags)
{
	struct map *set = map_new(true);

	for (size_t i = 0; i < list->len; i++) {
		if (is_domain(str_from(list->v[i])))
			map_set(set, str_from(list->v[i]), set);
		else
			complain(c, setting, list->v[i], "is no domain", diags);
	}
	return set;
}

static void
build_traps(struct guard *g, struct diags *diags)
{
	const struct string_list *list = &g->config->trap_recipients;

	g->traps = map_new(true);
	for (size_t i = 0; i < list->len; i++) {
		if (strchr(list->v[i], '@') != NULL)
			map_set(g->traps, str_from(list->v[i]), g);
		else
			complain(g->config, "trap_recipients", list->v[i],
			    "is no address", diags);
	}
}

static void
build_thresholds(struct guard *g, struct diags *diags)
{
	const struct string_list *list = &g->config->recipient_scores;

	g->thresholds = map_new(true);
	g->scores = mem_array(list->len + 1, sizeof(*g->scores));
	for (size_t i = 0; i < list->len; i++) {
		struct str entry = str_from(list->v[i]);
		size_t eq = str_rfind_char(entry, '=');
		struct str who = str_head(entry, eq);

		if (eq == STR_NPOS || eq == 0 ||
		    !str_to_double(str_skip(entry, eq + 1), &g->scores[i]) ||
		    (str_find_char(who, '@') == STR_NPOS && !is_domain(who)))
			complain(g->config, "recipient_scores", list->v[i],
			    "is not RECIPIENT=SCORE", diags);
		else
			map_set(g->thresholds, who, &g->scores[i]);
	}
}

static struct relay_right *
find_right(struct guard *g, struct str who)
{
	struct relay_right right = {0};
	struct relay_right *r = g->rights;

	right.by_network = cidr_parse(who, &right.net);
	for (size_t i = 0; i < g->right_count; i++, r++) {
		if (right.by_network && r->by_network &&
		    ip_eq(&r->net.net, &right.net.net) &&
		    r->net.bits == right.net.bits)
			return r;
		if (!right.by_network && !r->by_network && str_is(who, r->user))
			return r;
	}
	g->rights =
	    mem_resize(g->rights, g->right_count + 1, sizeof(*g->rights));
	if (!right.by_network)
		right.user = mem_strndup(who.p, who.len);
	right.domains = map_new(true);
	g->rights[g->right_count] = right;
	return &g->rights[g->right_count++];
}

static void
build_rights(struct guard *g, struct diags *diags)
{
	const struct string_list *list = &g->config->relay_only;

	for (size_t i = 0; i < list->len; i++) {
		struct str entry = str_from(list->v[i]);
		size_t eq = str_rfind_char(entry, '=');
		struct str domain = str_skip(entry, eq + 1);

		if (eq == STR_NPOS || eq == 0 || !is_domain(domain))
			complain(g->config, "relay_only", list->v[i],
			    "is not WHO=DOMAIN", diags);
		else
			map_set(find_right(g, str_head(entry, eq))->domains,
			    domain, g);
	}
}

struct guard *
guard_new(const struct config *c, struct diags *diags)
{
	struct guard *g = mem_alloc(sizeof(*g));

	g->config = c;
	g->local = domain_set(c, "local_domains", &c->local_domains, diags);
	g->relay = domain_set(c, "relay_domains", &c->relay_domains, diags);
	build_traps(g, diags);
	build_thresholds(g, diags);
	build_rights(g, diags);
	return g;
}

void
guard_free(struct guard **gp)
{
	struct guard *g = *gp;

	if (g == NULL)
		return;
	for (size_t i = 0; i < g->right_count; i++) {
		free(g->rights[i].user);
		map_free(&g->rights[i].domains);
	}
	free(g->rights);
	map_free(&g->local);
	map_free(&g->relay);
	map_free(&g->traps);
	map_free(&g->thresholds);
	free(g->scores);
	free(g);
	*gp = NULL;
}

/* ---- asking ------------------------------------------------------------- */

bool
guard_trusts(const struct guard *g, const struct ip *client)
{
	const struct cidr_list *list = &g->config->trusted_networks;

	for (size_t i = 0; i < list->len; i++)
		if (cidr_has(&list->v[i], client))
			return true;
	return false;
}

bool
guard_is_ours(const struct guard *g, const struct facts *f)
{
	const struct envelope *e = &f->envelope;

	return f->client_trusted || e->local || e->auth_user.len > 0 ||
	       (e->has_client && guard_trusts(g, &e->client));
}

bool
guard_is_local(const struct guard *g, struct str rcpt)
{
	struct str domain = str_behind_last(rcpt, '@');

	return domain.len == 0 || map_count(g->local) == 0 ||
	       find_domain(g->local, domain) != NULL;
}

bool
guard_is_role(const struct guard *g, struct str rcpt)
{
	struct str local = str_head(rcpt, str_rfind_char(rcpt, '@'));

	return (str_is_nocase(local, "postmaster") ||
		   str_is_nocase(local, "abuse")) &&
	       guard_is_local(g, rcpt);
}

bool
guard_is_trap(const struct guard *g, struct str rcpt)
{
	return map_get(g->traps, rcpt) != NULL;
}

static bool
right_is_for(const struct relay_right *r, const struct envelope *e)
{
	if (r->by_network)
		return e->has_client && cidr_has(&r->net, &e->client);
	return e->auth_user.len > 0 && str_is(e->auth_user, r->user);
}

bool
guard_relay_is_off(const struct guard *g)
{
	return map_count(g->local) == 0 && map_count(g->relay) == 0;
}

enum guard_relay
guard_relay(const struct guard *g, const struct facts *f, struct str rcpt)
{
	struct str domain = str_behind_last(rcpt, '@');
	bool limited = false;

	if (guard_relay_is_off(g))
		return GUARD_RELAY_OK;
	if (domain.len == 0 || find_domain(g->local, domain) != NULL ||
	    find_domain(g->relay, domain) != NULL)
		return GUARD_RELAY_OK;
	for (size_t i = 0; i < g->right_count; i++) {
		if (!right_is_for(&g->rights[i], &f->envelope))
			continue;
		if (find_domain(g->rights[i].domains, domain) != NULL)
			return GUARD_RELAY_OK;
		limited = true;
	}
	if (limited)
		return GUARD_RELAY_ONE_DOMAIN;
	return guard_is_ours(g, f) ? GUARD_RELAY_OK : GUARD_RELAY_DENIED;
}

double
guard_threshold(const struct guard *g, struct str rcpt)
{
	const double *own = map_get(g->thresholds, rcpt);

	if (own == NULL)
		own = find_domain(g->thresholds, str_behind_last(rcpt, '@'));
	return own ? *own : g->config->reject_score;
}

double
guard_message_threshold(const struct guard *g, const struct envelope *e)
{
	bool loosest = g->config->recipient_conflict == CONFLICT_LOOSEST;
	double result = g->config->reject_score;

	for (size_t i = 0; i < e->rcpt_count; i++) {
		double t = guard_threshold(g, e->rcpts[i]);

		if (i == 0)
			result = t;
		else
			result = loosest ? fmax(result, t) : fmin(result, t);
	}
	return result;
}
