#include "policy/auth.h"

#include "mail/authres.h"
#include "mail/header.h"
#include "mail/mime.h"

enum method {
	METHOD_SPF,
	METHOD_SPF_HELO,
	METHOD_DKIM,
	METHOD_ARC,
	METHOD_DMARC,
	METHOD_COUNT
};

struct gathering {
	struct arena *arena;
	struct auth *out;
	bool told[METHOD_COUNT]; /* by a field further up */
	bool here[METHOD_COUNT]; /* by this one */
};

static struct str
lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (p == NULL)
		return STR_NONE;
	for (size_t i = 0; i < s.len; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_make(p, s.len);
}

/* May this field tell `m`? */
static bool
tells(struct gathering *g, enum method m)
{
	g->here[m] = true;
	return !g->told[m];
}

/* ---- SPF ---------------------------------------------------------------- */

static enum spf_result
spf_word(struct str s)
{
	static const struct {
		const char *word;
		enum spf_result result;
	} rows[] = {{"pass", SPF_PASS}, {"fail", SPF_FAIL},
	    {"hardfail", SPF_FAIL}, {"softfail", SPF_SOFTFAIL},
	    {"neutral", SPF_NEUTRAL}, {"none", SPF_NONE},
	    {"temperror", SPF_TEMPERROR}, {"permerror", SPF_PERMERROR}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_is_nocase(s, rows[i].word))
			return rows[i].result;
	return SPF_UNKNOWN;
}

/* The word behind "key=" in a Received-SPF field (RFC 7208 9.1). */
static struct str
spf_pair(struct str value, struct str key)
{
	size_t at;

	while ((at = str_find_nocase(value, key)) != STR_NPOS) {
		struct str rest = str_skip(value, at + key.len);
		bool begins = at == 0 || ascii_is_space(value.p[at - 1]) ||
			      value.p[at - 1] == ';';

		if (begins && rest.len > 0 && rest.p[0] == '=') {
			rest = str_skip(rest, 1);
			return str_trim(
			    str_head(rest, str_cspan(rest, "; \t\n\"")));
		}
		value = rest;
	}
	return STR_NONE;
}

/* "pass (comment) identity=mailfrom; receiver=mx.example.org; ..." */
static void
add_received_spf(struct gathering *g, struct str value)
{
	struct str rest = value, word = str_word(&rest);
	bool helo = str_is_nocase(spf_pair(rest, STR("identity")), "helo");
	enum spf_result *out = helo ? &g->out->spf_helo : &g->out->spf;

	if (*out == SPF_UNKNOWN)
		*out = spf_word(word);
}

/* The identity checked is the sender unless only the greeting is named. */
static void
add_spf(struct gathering *g, const struct authres_result *r)
{
	static const struct str smtp = STR_INIT("smtp");
	bool sender = authres_property(r, smtp, STR("mailfrom")).len > 0 ||
		      authres_property(r, smtp, STR("mfrom")).len > 0;
	bool helo = !sender && authres_property(r, smtp, STR("helo")).len > 0;
	enum spf_result result = spf_word(r->result);
	enum spf_result *out = helo ? &g->out->spf_helo : &g->out->spf;

	if (tells(g, helo ? METHOD_SPF_HELO : METHOD_SPF) &&
	    *out == SPF_UNKNOWN)
		*out = result;
}

/* ---- DKIM, ARC ---------------------------------------------------------- */

/* Who signed: the identity's domain where one is named, else the domain. */
static struct str
signer(struct gathering *g, const struct authres_result *r)
{
	struct str domain =
	    str_behind_last(authres_property(r, STR("header"), STR("i")), '@');

	if (domain.p == NULL)
		domain = authres_property(r, STR("header"), STR("d"));
	return lower(g->arena, domain);
}

static void
add_dkim(struct gathering *g, const struct authres_result *r)
{
	struct auth *out = g->out;

	if (!tells(g, METHOD_DKIM))
		return;
	out->dkim_known = true;
	if (str_is_nocase(r->result, "none") ||
	    out->signature_count == AUTH_SIGNATURES_MAX)
		return;
	out->signatures[out->signature_count++] = (struct auth_signature){
	    .domain = signer(g, r), .valid = str_is_nocase(r->result, "pass")};
}

static void
add_arc(struct gathering *g, const struct authres_result *r)
{
	if (!tells(g, METHOD_ARC))
		return;
	if (str_is_nocase(r->result, "pass"))
		g->out->arc = AUTH_ARC_PASS;
	else if (str_is_nocase(r->result, "none"))
		g->out->arc = AUTH_ARC_NONE;
	else
		g->out->arc = AUTH_ARC_FAIL;
}

/* ---- DMARC -------------------------------------------------------------- */

static enum auth_policy
policy_word(struct str s)
{
	if (str_starts_nocase(s, STR("reject")))
		return AUTH_POLICY_REJECT;
	if (str_starts_nocase(s, STR("quarantine")))
		return AUTH_POLICY_QUARANTINE;
	return str_starts_nocase(s, STR("none")) ? AUTH_POLICY_NONE
						 : AUTH_POLICY_UNKNOWN;
}

/* "(p=reject sp=none dis=none)", as the usual programs comment. */
static struct str
commented_policy(struct str comment)
{
	for (size_t i = 0; i + 2 < comment.len; i++)
		if (ascii_lower(comment.p[i]) == 'p' &&
		    comment.p[i + 1] == '=' &&
		    (i == 0 || !ascii_is_alnum(comment.p[i - 1])))
			return str_skip(comment, i + 2);
	return STR_NONE;
}

/* RFC 7489 policy; RFC 8601's registry has policy.dmarc, some write more. */
static enum auth_policy
published_policy(const struct authres_result *r)
{
	static const char *const names[] = {
	    "dmarc", "published-domain-policy", "p"};
	struct str type = STR("policy");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str v = authres_property(r, type, str_from(names[i]));

		if (policy_word(v) != AUTH_POLICY_UNKNOWN)
			return policy_word(v);
	}
	return policy_word(commented_policy(r->comment));
}

static void
add_dmarc(struct gathering *g, const struct authres_result *r)
{
	struct auth *out = g->out;

	if (!tells(g, METHOD_DMARC))
		return;
	out->dmarc_policy = published_policy(r);
	if (str_is_nocase(r->result, "pass"))
		out->dmarc = AUTH_DMARC_PASS;
	else if (str_is_nocase(r->result, "fail"))
		out->dmarc = AUTH_DMARC_FAIL;
	else if (str_is_nocase(r->result, "none"))
		out->dmarc = AUTH_DMARC_MISSING;
}

/* ---- fields ------------------------------------------------------------- */

static void
add_field(struct gathering *g, const struct authres *field)
{
	static const struct {
		const char *method;
		void (*add)(struct gathering *, const struct authres_result *);
	} rows[] = {{"spf", add_spf}, {"dkim", add_dkim}, {"arc", add_arc},
	    {"dmarc", add_dmarc}};

	for (size_t i = 0; i < field->count; i++)
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
			if (str_is_nocase(
				field->results[i].method, rows[k].method))
				rows[k].add(g, &field->results[i]);
	for (size_t m = 0; m < METHOD_COUNT; m++)
		g->told[m] |= g->here[m];
}

/* Our own check says more than what anybody wrote. */
static void
add_own_spf(const struct facts *f, struct auth *out)
{
	if (f->envelope.sender.len > 0)
		out->spf = f->spf;
	else
		out->spf_helo = f->spf;
}

typedef void add_function(
    struct gathering *g, const struct map *servers, struct str value);

static void
add_results(struct gathering *g, const struct map *servers, struct str value)
{
	struct authres field;

	if (map_get(servers, authres_server(value)) != NULL &&
	    authres_parse(g->arena, value, &field))
		add_field(g, &field);
}

/* For programs that write no Authentication-Results. */
static void
add_spf_line(struct gathering *g, const struct map *servers, struct str value)
{
	if (map_get(servers, spf_pair(value, STR("receiver"))) != NULL)
		add_received_spf(g, value);
}

/* Those fields of that name which hosts of ours may have written. */
static void
each_own_field(struct gathering *g, struct message *m,
    const struct map *servers, struct str name, add_function *add)
{
	const struct header_list *l = &message_mime(m)->headers;
	const struct header *end = l->v + message_own_fields(m);
	const struct header *h = header_first(l, name);

	for (size_t n = 0; h != NULL && h < end && n < AUTH_FIELDS_MAX;
	     h = h->next, n++)
		add(g, servers, h->raw);
}

void
auth_gather(struct message *m, const struct facts *f, const struct map *servers,
    struct auth *out)
{
	struct gathering g = {.arena = message_arena(m), .out = out};

	*out = (struct auth){0};
	add_own_spf(f, out);
	if (servers == NULL)
		return;
	each_own_field(
	    &g, m, servers, STR("Authentication-Results"), add_results);
	each_own_field(&g, m, servers, STR("Received-SPF"), add_spf_line);
}
