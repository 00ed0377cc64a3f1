#include "policy/freemail.h"

#include "base/mem.h"
#include "mail/psl.h"
#include "policy/address_list.h"

#include <stdlib.h>

/* ---- settings ----------------------------------------------------------- */

static bool
is_domain_glob(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && strchr(".*?-", s.p[i]) == NULL)
			return false;
	return true;
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* A dot or an @ between words. */
static bool
is_address_like(struct str s)
{
	for (size_t i = 1; i + 1 < s.len; i++)
		if ((s.p[i] == '.' || s.p[i] == '@') && is_word(s.p[i - 1]) &&
		    is_word(s.p[i + 1]))
			return true;
	return false;
}

static void
add_domain(struct freemail *f, const struct rule_setting *s, struct str word,
    struct diags *diags)
{
	if (!is_domain_glob(word)) {
		diag_add(diags, SEVERITY_WARNING, s->pos,
		    "\"%.*s\" is no domain of free mail", STR_ARG(word));
		return;
	}
	word = address_lower(&f->arena, word);
	if (str_cspan(word, "*?") == word.len) {
		map_set(f->domains, word, f);
		return;
	}
	f->globs = mem_resize(f->globs, f->glob_count + 1, sizeof(*f->globs));
	f->globs[f->glob_count++] = word;
}

static void
add_welcome(struct freemail *f, const struct rule_setting *s, struct str word,
    struct diags *diags)
{
	if (is_address_like(word))
		map_set(f->welcome, address_lower(&f->arena, word), f);
	else
		diag_add(diags, SEVERITY_WARNING, s->pos,
		    "\"%.*s\" is neither an address nor a domain",
		    STR_ARG(word));
}

static size_t
number(struct str s)
{
	double v = 0;

	return str_to_double(s, &v) && v > 0 && v < 1e9 ? (size_t)v : 0;
}

static void
read_setting(
    struct freemail *f, const struct rule_setting *s, struct diags *diags)
{
	struct str rest = s->value, word;

	if (str_is(s->key, "freemail_domains"))
		while ((word = str_word(&rest)).len > 0)
			add_domain(f, s, word, diags);
	else if (str_is(s->key, "freemail_welcomelist"))
		while ((word = str_word(&rest)).len > 0)
			add_welcome(f, s, word, diags);
	else if (str_is(s->key, "freemail_max_body_emails"))
		f->max_body_emails = number(s->value);
	else if (str_is(s->key, "freemail_max_body_freemails"))
		f->max_body_freemails = number(s->value);
	else if (str_is(s->key, "freemail_skip_when_over_max"))
		f->skip_when_over_max = number(s->value) != 0;
	else if (str_is(s->key, "freemail_skip_bulk_envfrom"))
		f->skip_bulk_sender = number(s->value) != 0;
	else if (str_is(s->key, "freemail_import_welcomelist_auth"))
		f->import_auth = number(s->value) != 0;
	else if (str_is(s->key, "freemail_import_def_welcomelist_auth"))
		f->import_def_auth = number(s->value) != 0;
}

struct freemail *
freemail_new(const struct ruleset *rs, struct diags *diags)
{
	struct freemail *f = mem_alloc(sizeof(*f));

	*f = (struct freemail){.domains = map_new(false),
	    .welcome = map_new(false),
	    .max_body_emails = 5,
	    .max_body_freemails = 3,
	    .skip_when_over_max = true,
	    .skip_bulk_sender = true};
	arena_init(&f->arena, 0);
	for (size_t i = 0; i < rs->setting_count; i++)
		if (str_starts(rs->settings[i].key, STR("freemail_")))
			read_setting(f, &rs->settings[i], diags);
	return f;
}

void
freemail_free(struct freemail **fp)
{
	struct freemail *f = *fp;

	if (f == NULL)
		return;
	map_free(&f->domains);
	map_free(&f->welcome);
	free(f->globs);
	arena_fini(&f->arena);
	free(f);
	*fp = NULL;
}

/* ---- domains ------------------------------------------------------------ */

/* * stands for bytes within a label, ? for any one. */
static bool
domain_fits(struct str glob, struct str s)
{
	size_t p = 0, i = 0, star = STR_NPOS, from = 0;

	while (i < s.len) {
		if (p < glob.len && glob.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < glob.len &&
			   (glob.p[p] == '?' || glob.p[p] == s.p[i])) {
			p++;
			i++;
		} else if (star != STR_NPOS && s.p[from] != '.') {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < glob.len && glob.p[p] == '*')
		p++;
	return p == glob.len;
}

static bool
same_byte(char glob, char c)
{
	return glob == '*' || glob == '?' || glob == c;
}

/* Asked first: both ends tell most apart. */
static bool
may_fit(struct str glob, struct str s)
{
	return s.len == 0 ||
	       (same_byte(glob.p[0], s.p[0]) &&
		   same_byte(glob.p[glob.len - 1], s.p[s.len - 1]));
}

static struct str
domain_of(struct str address)
{
	size_t at = str_rfind_char(address, '@');

	return at == STR_NPOS ? address : str_skip(address, at + 1);
}

bool
freemail_has_domain(const struct freemail *f, struct str address)
{
	struct str domain = domain_of(address);

	if (map_get(f->domains, domain) != NULL)
		return true;
	if (domain.len == address.len)
		return false;
	for (size_t i = 0; i < f->glob_count; i++)
		if (may_fit(f->globs[i], domain) &&
		    domain_fits(f->globs[i], domain))
			return true;
	return false;
}

bool
freemail_is_welcome(const struct freemail *f, struct str address)
{
	return map_get(f->welcome, address) != NULL ||
	       map_get(f->welcome, domain_of(address)) != NULL;
}

/* ---- addresses in text -------------------------------------------------- */

/* RFC 5322 3.2.3. */
static bool
is_atext(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

/*
 * Length of the host at the start of `s`: two to five labels, the last one a
 * top-level domain that nothing continues. 0: none stands there.
 */
static size_t
host_length(const struct mail_settings *settings, struct str s)
{
	size_t n = 0;

	for (int labels = 1;; labels++) {
		struct str label = str_skip(s, n);
		size_t len = 0;

		while (len < label.len &&
		       (ascii_is_alnum(label.p[len]) || label.p[len] == '-'))
			len++;
		label.len = len;
		n += len;
		if (len == 0)
			return 0;
		if (n + 1 >= s.len || s.p[n] != '.' ||
		    !ascii_is_alnum(s.p[n + 1]))
			return labels > 1 && psl_is_tld(settings, label) ? n
									 : 0;
		if (labels == FREEMAIL_LABELS_MAX || len > FREEMAIL_LABEL_MAX ||
		    label.p[0] == '-' || label.p[len - 1] == '-')
			return 0;
		n++;
	}
}

/*
 * Where user parts that end at the @ at `at` may begin: not before *first_out.
 * False: none ends there.
 */
static bool
user_range(struct str text, size_t at, size_t *first_out)
{
	size_t s = at;

	if (at == 0 || !is_atext(text.p[at - 1]))
		return false;
	while (s > 0 && at - s < FREEMAIL_USER_MAX &&
	       (is_atext(text.p[s - 1]) ||
		   (text.p[s - 1] == '.' && text.p[s] != '.')))
		s--;
	*first_out = s;
	return true;
}

/* The next place from `s` on where a user part begins; `at`: none. */
static size_t
next_start(struct str text, size_t s, size_t at)
{
	while (s < at &&
	       (!is_atext(text.p[s]) || (s > 0 && is_atext(text.p[s - 1]))))
		s++;
	return s < at ? s : at;
}

/* An @ from `from` on with a host behind it. */
static size_t
next_at(const struct mail_settings *settings, struct str text, size_t from,
    size_t *end_out)
{
	for (; from < text.len; from++) {
		size_t at = str_find_char(str_skip(text, from), '@'), len;

		if (at == STR_NPOS)
			return STR_NPOS;
		from += at;
		len = host_length(settings, str_skip(text, from + 1));
		*end_out = from + 1 + len;
		if (len > 0)
			return from;
	}
	return STR_NPOS;
}

size_t
freemail_find_address(const struct mail_settings *settings, struct str text,
    size_t from, size_t *end_out)
{
	size_t at = from, s;

	while ((at = next_at(settings, text, at, end_out)) != STR_NPOS) {
		if (user_range(text, at, &s)) {
			s = next_start(text, s > from ? s : from, at);
			if (s < at)
				return s;
		}
		at++;
	}
	return STR_NPOS;
}

/* ---- what is quoted ----------------------------------------------------- */

/* Words that introduce an address rather than a quotation. */
static bool
is_contact(struct str s)
{
	static const struct str words[] = {STR_INIT("fax"), STR_INIT("facsi"),
	    STR_INIT("tel"), STR_INIT("phone"), STR_INIT("mail"),
	    STR_INIT("email")};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_starts_nocase(s, words[i]))
			return true;
	return false;
}

/* Longest gap, and lengths of the word, in "x@y wrote:". */
#define QUOTED_GAP_MAX 10
#define QUOTED_WORD_MIN 2
#define QUOTED_WORD_MAX 11

/* Length of ">" or " wrote:" at the start of `s`, 0: neither. */
static size_t
quote_length(struct str s)
{
	size_t gap = 0, n = 0;

	if (s.len > 0 && s.p[0] == '>')
		return 1;
	while (gap < s.len && ascii_is_space(s.p[gap]))
		gap++;
	if (gap == 0 || gap > QUOTED_GAP_MAX)
		return 0;
	s = str_skip(s, gap);
	while (n < s.len && ascii_is_alpha(s.p[n]))
		n++;
	if (n < QUOTED_WORD_MIN || n > QUOTED_WORD_MAX || n == s.len ||
	    s.p[n] != ':' || is_contact(s))
		return 0;
	return gap + n + 1;
}

/*
 * Where an address with its @ at `at` begins that does not follow "mailto:", or
 * STR_NPOS.
 */
static size_t
quoted_start(struct str text, size_t from, size_t at)
{
	size_t s;

	if (!user_range(text, at, &s))
		return STR_NPOS;
	s = next_start(text, s > from ? s : from, at);
	while (s < at && str_ends_nocase(str_head(text, s), STR("mailto:")))
		s = next_start(text, s + 1, at);
	return s < at ? s : STR_NPOS;
}

struct str
freemail_strip_quoted(
    struct arena *a, const struct mail_settings *settings, struct str text)
{
	size_t done = 0, at = 0, end, s, quote;
	struct buf out;

	buf_init_arena(&out, a);
	while ((at = next_at(settings, text, at, &end)) != STR_NPOS) {
		quote = quote_length(str_skip(text, end));
		s = quote > 0 ? quoted_start(text, done, at) : STR_NPOS;
		if (s == STR_NPOS) {
			at++;
			continue;
		}
		if (s > done && text.p[s - 1] == '<')
			s--;
		buf_add(&out, str_make(text.p + done, s - done));
		buf_add_char(&out, ' ');
		done = at = end + quote;
	}
	if (done == 0)
		return text;
	buf_add(&out, str_skip(text, done));
	return buf_str(&out);
}
