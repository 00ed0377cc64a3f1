/*
 * Eval functions over SPF, DKIM, ARC and DMARC (policy/auth.h). What nobody
 * trusted told is worth 0.
 */
#include "policy/address_list.h"
#include "policy/auth.h"
#include "policy/eval_tables.h"
#include "policy/eval_value.h"

static const struct auth *
auth(struct eval_context *c)
{
	static const struct auth nothing;
	bool fresh;
	struct auth *a = eval_slot(c, EVAL_SLOT_AUTH, sizeof(*a), &fresh);

	if (a == NULL)
		return &nothing;
	if (fresh)
		auth_gather(c->message, c->facts, c->tables->authserv_ids, a);
	return a;
}

static const struct address_list *
find_list(struct eval_context *c, const char *name)
{
	return address_lists_find(c->tables->addresses, str_from(name));
}

static struct str
domain_of(struct str address)
{
	return str_behind_last(address, '@');
}

/* ---- SPF ---------------------------------------------------------------- */

/* One function for each result and identity. */
#define SPF_FUNCTION(name, member, value)                  \
	double eval_##name(struct eval_context *c,         \
	    const struct eval_arg *args, size_t arg_count) \
	{                                                  \
		(void)args;                                \
		(void)arg_count;                           \
		return auth(c)->member == (value);         \
	}
SPF_FUNCTION(check_for_spf_pass, spf, SPF_PASS)
SPF_FUNCTION(check_for_spf_neutral, spf, SPF_NEUTRAL)
SPF_FUNCTION(check_for_spf_none, spf, SPF_NONE)
SPF_FUNCTION(check_for_spf_fail, spf, SPF_FAIL)
SPF_FUNCTION(check_for_spf_softfail, spf, SPF_SOFTFAIL)
SPF_FUNCTION(check_for_spf_permerror, spf, SPF_PERMERROR)
SPF_FUNCTION(check_for_spf_temperror, spf, SPF_TEMPERROR)
SPF_FUNCTION(check_for_spf_helo_pass, spf_helo, SPF_PASS)
SPF_FUNCTION(check_for_spf_helo_neutral, spf_helo, SPF_NEUTRAL)
SPF_FUNCTION(check_for_spf_helo_none, spf_helo, SPF_NONE)
SPF_FUNCTION(check_for_spf_helo_fail, spf_helo, SPF_FAIL)
SPF_FUNCTION(check_for_spf_helo_softfail, spf_helo, SPF_SOFTFAIL)
SPF_FUNCTION(check_for_spf_helo_permerror, spf_helo, SPF_PERMERROR)
SPF_FUNCTION(check_for_spf_helo_temperror, spf_helo, SPF_TEMPERROR)
#undef SPF_FUNCTION

/* The sender is on one of the lists, and the envelope is really from there. */
static bool
is_spf_welcome(struct eval_context *c, const char *list, const char *both)
{
	struct str sender;

	if (auth(c)->spf != SPF_PASS)
		return false;
	sender = eval_lower(c, eval_sender(c));
	return sender.len > 0 &&
	       (address_list_has(find_list(c, list), sender) ||
		   address_list_has(find_list(c, both), sender));
}

double
eval_check_for_spf_welcomelist_from(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_spf_welcome(c, "welcomelist_from_spf", "welcomelist_auth");
}

double
eval_check_for_def_spf_welcomelist_from(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_spf_welcome(
	    c, "def_welcomelist_from_spf", "def_welcomelist_auth");
}

/* ---- DKIM --------------------------------------------------------------- */

/* "example.org": itself; ".example.org", "*.example.org": and below. */
static bool
fits_domain(struct str wanted, struct str domain, bool itself)
{
	size_t wild = str_starts(wanted, STR("*."))  ? 2
		      : str_starts(wanted, STR(".")) ? 1
						     : 0;

	wanted = str_skip(wanted, wild);
	if (str_eq_nocase(wanted, domain))
		return wild == 0 || itself;
	return wild > 0 && domain.len > wanted.len &&
	       str_ends_nocase(domain, wanted) &&
	       domain.p[domain.len - wanted.len - 1] == '.';
}

static bool
is_wanted(const struct eval_arg *args, size_t arg_count, struct str domain)
{
	for (size_t i = 0; i < arg_count; i++)
		if (fits_domain(args[i].text, domain, true))
			return true;
	return arg_count == 0;
}

static bool
is_author_domain(struct eval_context *c, struct str domain)
{
	struct str_list authors = eval_addresses(c, STR("From"));

	for (size_t i = 0; i < authors.len; i++)
		if (domain.len > 0 &&
		    str_eq_nocase(domain_of(authors.v[i]), domain))
			return true;
	return false;
}

/* What a signature must be to count. */
enum wanted { WANTED_ANY = 0, WANTED_VALID = 1 << 0, WANTED_AUTHOR = 1 << 1 };

static bool
is_signed(struct eval_context *c, unsigned wanted, const struct eval_arg *args,
    size_t arg_count)
{
	const struct auth *a = auth(c);

	for (size_t i = 0; i < a->signature_count; i++) {
		const struct auth_signature *s = &a->signatures[i];

		if (((wanted & WANTED_VALID) == 0 || s->valid) &&
		    ((wanted & WANTED_AUTHOR) == 0 ||
			is_author_domain(c, s->domain)) &&
		    is_wanted(args, arg_count, s->domain))
			return true;
	}
	return false;
}

double
eval_check_dkim_signed(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return is_signed(c, WANTED_ANY, args, arg_count);
}

double
eval_check_dkim_valid(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return is_signed(c, WANTED_VALID, args, arg_count);
}

double
eval_check_dkim_valid_author_sig(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	return is_signed(c, WANTED_VALID | WANTED_AUTHOR, args, arg_count);
}

double
eval_check_dkim_valid_envelopefrom(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct eval_arg domain = {.text = domain_of(eval_sender(c))};

	(void)args;
	(void)arg_count;
	return domain.text.len > 0 && is_signed(c, WANTED_VALID, &domain, 1);
}

/* Who checked had the whole message. */
double
eval_check_dkim_dependable(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return auth(c)->dkim_known;
}

/* ---- lists that a signature vouches for --------------------------------- */

/* An entry of a list for `author` is vouched for by a signature of `domain`.
 * Without words, or with an empty one, only the author's own does. */
static bool
entry_vouches(
    const struct address_entry *e, struct str author, struct str domain)
{
	if (e->word_count == 0)
		return str_eq_nocase(domain, domain_of(author));
	for (size_t i = 0; i < e->word_count; i++) {
		size_t at = str_rfind_char(e->words[i], '@');
		struct str word = at == STR_NPOS
				      ? e->words[i]
				      : str_skip(e->words[i], at + 1);

		if (word.len == 0 ? str_eq_nocase(domain, domain_of(author))
				  : fits_domain(word, domain, false))
			return true;
	}
	return false;
}

static bool
list_vouches(const struct address_list *list, struct str author,
    struct str domain, bool pairs)
{
	if (list == NULL || domain.len == 0)
		return false;
	if (!pairs)
		return str_eq_nocase(domain, domain_of(author)) &&
		       address_list_has(list, author);
	for (size_t i = 0; i < list->len; i++)
		if (address_entry_fits(list->entries[i], author) &&
		    entry_vouches(list->entries[i], author, domain))
			return true;
	return false;
}

static bool
is_dkim_welcome(struct eval_context *c, const char *list, const char *both)
{
	const struct auth *a = auth(c);
	struct str_list authors;

	if (a->signature_count == 0)
		return false;
	authors = eval_addresses(c, STR("From"));
	for (size_t i = 0; i < authors.len; i++) {
		struct str author = eval_lower(c, authors.v[i]);

		for (size_t k = 0; k < a->signature_count; k++) {
			struct str domain = a->signatures[k].domain;

			if (a->signatures[k].valid &&
			    (list_vouches(
				 find_list(c, list), author, domain, true) ||
				list_vouches(
				    find_list(c, both), author, domain, false)))
				return true;
		}
	}
	return false;
}

double
eval_check_for_dkim_welcomelist_from(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_dkim_welcome(c, "welcomelist_from_dkim", "welcomelist_auth");
}

double
eval_check_for_def_dkim_welcomelist_from(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return is_dkim_welcome(
	    c, "def_welcomelist_from_dkim", "def_welcomelist_auth");
}

/* ---- signing practices -------------------------------------------------- */

/* N, U, A, D, 1, 2 or 3; 0: the word is none of them. */
static char
practice(struct str word)
{
	static const struct {
		const char *word;
		char letter;
	} rows[] = {{"nxdomain", 'N'}, {"unknown", 'U'}, {"all", 'A'},
	    {"discardable", 'D'}, {"custom_low", '1'}, {"custom_med", '2'},
	    {"custom_high", '3'}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_is_nocase(word, rows[i].word))
			return rows[i].letter;
	return word.len == 0 ? 'D' : 0;
}

struct map *
eval_practices_new(const struct ruleset *rs)
{
	static char letters[] = "NUAD123";
	struct map *m = map_new(true);

	for (size_t i = 0; i < rs->setting_count; i++) {
		struct str rest = rs->settings[i].value, domain;
		char letter;

		if (!str_is(rs->settings[i].key, "adsp_override"))
			continue;
		domain = str_word(&rest);
		domain = str_skip(domain, str_starts(domain, STR("@")));
		letter = practice(str_word(&rest));
		if (letter != 0 && domain.len > 0)
			map_set(m, domain, strchr(letters, letter));
	}
	return m;
}

/* Labels of an author's domain that are looked up. */
#define LABELS_MAX 20

/* By the line for a.b.c, for *.b.c, *.c, *; 0: there is none. Who asks in the
 * DNS finds more. */
static char
practice_of(struct eval_context *c, struct str domain)
{
	const struct map *m = c->tables->practices;
	const char *found = map_get(m, domain);

	for (int n = 0; found == NULL && domain.p != NULL && n < LABELS_MAX;
	     n++) {
		str_cut(&domain, '.');
		found = map_get(
		    m, domain.p == NULL
			   ? STR("*")
			   : arena_printf(c->arena, "*.%.*s", STR_ARG(domain)));
	}
	return found == NULL ? 0 : *found;
}

static bool
has_valid_signature_of(struct eval_context *c, struct str domain)
{
	const struct auth *a = auth(c);

	for (size_t i = 0; i < a->signature_count; i++)
		if (a->signatures[i].valid &&
		    str_eq_nocase(a->signatures[i].domain, domain))
			return true;
	return false;
}

/* Authors whose domains are looked up. */
#define AUTHORS_MAX 20

/* An author's domain should have signed, did not, and is one of `domains`. */
static bool
lacks_signature(struct eval_context *c, struct str kinds,
    const struct eval_arg *domains, size_t domain_count)
{
	struct str_list authors = eval_addresses(c, STR("From"));
	bool kind = false, named = domain_count == 0;

	for (size_t i = 0; i < authors.len && i < AUTHORS_MAX; i++) {
		struct str domain = domain_of(authors.v[i]);
		char p;

		named |= is_wanted(domains, domain_count, domain);
		if (kind || str_find_char(domain, '.') == STR_NPOS ||
		    has_valid_signature_of(c, domain))
			continue;
		p = practice_of(c, domain);
		kind = p != 0 && str_find_char(kinds, p) != STR_NPOS;
	}
	return kind && named;
}

double
eval_check_dkim_adsp(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct str kinds = arg_count > 0 ? args[0].text : STR_NONE;

	if (!auth(c)->dkim_known || kinds.len == 0)
		return 0;
	if (str_is(kinds, "*"))
		kinds = STR("NAD123");
	return lacks_signature(c, kinds, args + 1, arg_count - 1);
}

double
eval_check_dkim_signall(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return auth(c)->dkim_known && lacks_signature(c, STR("A"), NULL, 0);
}

/* ---- ARC, DMARC --------------------------------------------------------- */

/* With domains SpamAssassin's are never true. */
double
eval_check_arc_signed(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	enum auth_arc arc = auth(c)->arc;

	(void)args;
	return arg_count == 0 && (arc == AUTH_ARC_PASS || arc == AUTH_ARC_FAIL);
}

double
eval_check_arc_valid(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	return arg_count == 0 && auth(c)->arc == AUTH_ARC_PASS;
}

double
eval_check_dmarc_pass(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return auth(c)->dmarc == AUTH_DMARC_PASS;
}

double
eval_check_dmarc_missing(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return auth(c)->dmarc == AUTH_DMARC_MISSING;
}

static double
fails_by(struct eval_context *c, enum auth_policy policy)
{
	const struct auth *a = auth(c);

	return a->dmarc == AUTH_DMARC_FAIL && a->dmarc_policy == policy;
}

double
eval_check_dmarc_reject(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return fails_by(c, AUTH_POLICY_REJECT);
}

double
eval_check_dmarc_quarantine(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return fails_by(c, AUTH_POLICY_QUARANTINE);
}

double
eval_check_dmarc_none(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	(void)args;
	(void)arg_count;
	return fails_by(c, AUTH_POLICY_NONE);
}
