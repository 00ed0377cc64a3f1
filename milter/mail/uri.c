#include "mail/uri.h"

#include "base/buf.h"
#include "base/random.h"
#include "mail/iptext.h"
#include "mail/psl.h"
#include "mail/uri_internal.h"

/* A growing set of slices in an arena: slot = index + 1, 0 = empty. */
struct text_table {
	struct str *v;
	uint32_t *slot;
	size_t len;
	size_t size; /* of v; slots are twice as many, a power of two */
};

struct uri_set {
	struct arena *arena;
	const struct mail_settings *settings;
	struct regex_scratch *lent;    /* NULL: nobody did */
	struct regex_scratch *scratch; /* our own, made when first needed */
	uint64_t seed;
	struct text_table raws; /* same order as `records` */
	struct uri *records;
	size_t records_size;
	struct text_table seen;
	struct text_table cleaned;
	struct text_table hosts; /* same order as `domains` */
	struct str *domains;	 /* of hosts; empty: no valid host */
	size_t domains_size;
	bool truncated;
};

static const char *const type_names[URI_TYPE_COUNT] = {
#define URI_TYPE(id, name) name,
#include "mail/uri_type.def"
#undef URI_TYPE
};

const char *
uri_type_name(enum uri_type type)
{
	return type_names[type];
}

bool
uri_type_of_tag(struct str tag, enum uri_type *out)
{
	for (int i = URI_TYPE_A; i <= URI_TYPE_META; i++)
		if (str_is_nocase(tag, type_names[i])) {
			*out = (enum uri_type)i;
			return true;
		}
	return false;
}

/* ---- table of texts ----------------------------------------------------- */

static uint32_t *
table_slot(struct text_table *t, uint64_t seed, struct str s)
{
	size_t mask = 2 * t->size - 1;
	size_t i = (size_t)str_hash_seeded(seed, s) & mask;

	while (t->slot[i] != 0 && !str_eq(t->v[t->slot[i] - 1], s))
		i = (i + 1) & mask;
	return &t->slot[i];
}

static bool
table_grow(struct arena *a, uint64_t seed, struct text_table *t)
{
	struct text_table bigger = {.size = t->size ? 2 * t->size : 16};

	bigger.v = arena_array(a, bigger.size, sizeof(*bigger.v));
	bigger.slot = arena_array(a, 2 * bigger.size, sizeof(*bigger.slot));
	if (bigger.v == NULL || bigger.slot == NULL)
		return false;
	for (; bigger.len < t->len; bigger.len++) {
		bigger.v[bigger.len] = t->v[bigger.len];
		*table_slot(&bigger, seed, bigger.v[bigger.len]) =
		    (uint32_t)bigger.len + 1;
	}
	*t = bigger;
	return true;
}

/* Index of `s`, added if new; STR_NPOS: no room. */
static size_t
table_add(struct arena *a, uint64_t seed, struct text_table *t, struct str s,
    bool *new_out)
{
	uint32_t *slot;

	if (t->len == t->size && !table_grow(a, seed, t))
		return STR_NPOS;
	slot = table_slot(t, seed, s);
	*new_out = *slot == 0;
	if (*slot == 0) {
		t->v[t->len++] = s;
		*slot = (uint32_t)t->len;
	}
	return *slot - 1;
}

static size_t
table_find(struct text_table *t, uint64_t seed, struct str s)
{
	uint32_t *slot;

	if (t->size == 0)
		return STR_NPOS;
	slot = table_slot(t, seed, s);
	return *slot == 0 ? STR_NPOS : *slot - 1;
}

/* ---- hosts -------------------------------------------------------------- */

static struct str
lower(struct arena *a, struct str s)
{
	struct str copy = arena_copy(a, s);
	char *p = (char *)(uintptr_t)copy.p;

	for (size_t i = 0; i < copy.len; i++)
		p[i] = ascii_lower(p[i]);
	return copy;
}

/* The host part of a mailto: URI without the scheme; empty: none. */
static struct str
mail_host(struct str s)
{
	size_t at;

	s = str_head(s, str_cspan(s, "?"));
	at = str_find_char(s, '@');
	if (at == STR_NPOS)
		return STR_NONE;
	/* Two addresses: whose is it? */
	if (str_rfind_char(s, '@') != at)
		return STR_NONE;
	return str_skip(s, at + 1);
}

static struct str
web_host(struct str s)
{
	size_t n = 0, end;

	while (n < s.len && ascii_is_alpha(s.p[n]))
		n++;
	if (n > 0 && n < s.len && s.p[n] == ':') {
		s = str_skip(s, n + 1);
		for (n = 0; n < 2 && s.len > 0 && s.p[0] == '/'; n++)
			s = str_skip(s, 1);
	}
	s = str_head(s, str_cspan(s, "/?#"));
	s = str_skip(s, str_rfind_char(s, '@') + 1); /* STR_NPOS + 1 is 0 */
	for (end = s.len; end > 0 && ascii_is_digit(s.p[end - 1]);)
		end--;
	if (end > 0 && s.p[end - 1] == ':')
		s.len = end - 1;
	return s;
}

/* Escapes of characters that needed none: the decoded reading counts. */
static bool
has_needless_escape(struct str s)
{
	for (size_t i = 0; i + 2 < s.len; i++) {
		int high, low;

		if (s.p[i] != '%')
			continue;
		high = ascii_hex(s.p[i + 1]);
		low = ascii_hex(s.p[i + 2]);
		if (high >= 2 && high <= 7 && low >= 0 &&
		    high * 16 + low > 0x20 && high * 16 + low < 0x7f)
			return true;
	}
	return false;
}

/* The host of a URI in lower case; false: it has none. */
static bool
host_text(struct arena *a, struct str uri, struct str *out)
{
	struct str host;

	if (str_starts_nocase(uri, STR("javascript:")) ||
	    str_starts_nocase(uri, STR("cid:")) ||
	    str_starts_nocase(uri, STR("file:")))
		return false;
	if (str_starts_nocase(uri, STR("mailto:")))
		host = mail_host(str_skip(uri, 7));
	else
		host = web_host(uri);
	/* A host with more than that is none; do not copy it. */
	if (host.len == 0 || host.len > 2 * PSL_HOST_MAX ||
	    has_needless_escape(host))
		return false;
	*out = lower(a, host);
	return true;
}

/* The registered domain of a valid host, the host for an address, or empty. */
static struct str
domain_of(const struct mail_settings *s, struct str host)
{
	if (iptext_is(host))
		return host;
	if (!psl_is_host_form(host) || !psl_is_host_valid(s, host))
		return STR_NONE;
	return psl_domain(s, host);
}

bool
uri_host_of(struct arena *a, const struct mail_settings *s, struct str uri,
    struct uri_host *out)
{
	struct str host, domain;

	if (!host_text(a, uri, &host))
		return false;
	domain = domain_of(s, host);
	if (domain.len == 0)
		return false;
	*out = (struct uri_host){host, domain};
	return true;
}

/* ---- the set ------------------------------------------------------------ */

struct uri_set *
uri_set_new(struct arena *a, const struct mail_settings *s)
{
	struct uri_set *set = arena_zalloc(a, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->arena = a;
	set->settings = s;
	set->seed = random_process_seed();
	return set;
}

void
uri_set_lend(struct uri_set *set, struct regex_scratch *scratch)
{
	if (set != NULL)
		set->lent = scratch;
}

void
uri_set_fini(struct uri_set *set)
{
	if (set != NULL)
		regex_scratch_free(&set->scratch);
}

struct arena *
uri_set_arena(const struct uri_set *set)
{
	return set->arena;
}

const struct mail_settings *
uri_set_settings(const struct uri_set *set)
{
	return set->settings;
}

bool
uri_set_see(struct uri_set *set, struct str text)
{
	bool new = false;

	if (set->seen.len >= set->settings->limits.uris) {
		set->truncated = true;
		return false;
	}
	table_add(set->arena, set->seed, &set->seen, text, &new);
	return new;
}

static struct regex_scratch *
scratch_of(struct uri_set *set)
{
	if (set->settings->redirector_count == 0)
		return NULL;
	if (set->lent != NULL)
		return set->lent;
	if (set->scratch == NULL)
		set->scratch = regex_scratch_new(NULL);
	return set->scratch;
}

/* As uri_host_of(), asking the registries once for each host of a message. */
static bool
find_host(struct uri_set *set, struct str uri, struct uri_host *out)
{
	struct str host, domain;
	bool new = false;
	size_t at;

	if (!host_text(set->arena, uri, &host) ||
	    !ARENA_ROOM(set->arena, set->domains, set->hosts.len,
		set->domains_size, 16))
		return false;
	at = table_add(set->arena, set->seed, &set->hosts, host, &new);
	if (at == STR_NPOS)
		return false;
	if (new)
		set->domains[at] = domain_of(set->settings, host);
	domain = set->domains[at];
	*out = (struct uri_host){set->hosts.v[at], domain};
	return domain.len > 0;
}

static void
collect_hosts(struct uri_set *set, struct uri *u, struct str_list from)
{
	struct uri_host *hosts;
	struct str *domains;
	size_t n = 0, d = 0;

	hosts = arena_array(set->arena, from.len, sizeof(*hosts));
	domains = arena_array(set->arena, from.len, sizeof(*domains));
	for (size_t i = 0; hosts && domains && i < from.len; i++) {
		struct uri_host h;
		size_t k;

		if (!find_host(set, from.v[i], &h))
			continue;
		for (k = 0; k < n && !str_eq(hosts[k].host, h.host);)
			k++;
		if (k == n)
			hosts[n++] = h;
		for (k = 0; k < d && !str_eq(domains[k], h.domain);)
			k++;
		if (k == d)
			domains[d++] = h.domain;
	}
	u->hosts = hosts;
	u->host_count = n;
	u->domains = (struct str_list){domains, d};
}

static bool
has_text(const struct uri *u, struct str text)
{
	for (size_t i = 0; i < u->texts.len; i++)
		if (str_eq(u->texts.v[i], text))
			return true;
	return false;
}

/* One text more, unless it is there. */
static void
add_text(struct uri_set *set, struct uri *u, struct str text)
{
	size_t n = u->texts.len;
	struct str *v;

	if (has_text(u, text))
		return;
	v = n < URI_ANCHORS_MAX ? arena_array(set->arena, n + 1, sizeof(*v))
				: NULL;
	if (v == NULL) {
		set->truncated = true;
		return;
	}
	if (n > 0)
		memcpy(v, u->texts.v, n * sizeof(*v));
	v[n] = text;
	u->texts = (struct str_list){v, n + 1};
}

static bool
has_room(struct uri_set *set)
{
	return set->raws.len < set->settings->limits.uris &&
	       ARENA_ROOM(set->arena, set->records, set->raws.len,
		   set->records_size, 16);
}

static struct uri *
new_record(struct uri_set *set, struct str raw)
{
	bool new;

	if (!has_room(set) || table_add(set->arena, set->seed, &set->raws, raw,
				  &new) == STR_NPOS) {
		set->truncated = true;
		return NULL;
	}
	return &set->records[set->raws.len - 1];
}

static void
collect_cleaned(struct uri_set *set, const struct uri *u)
{
	bool new;

	for (size_t i = 0; i < u->cleaned.len; i++)
		if (table_add(set->arena, set->seed, &set->cleaned,
			u->cleaned.v[i], &new) == STR_NPOS)
			set->truncated = true;
}

/* A new record for what `source` says; NULL: it is none, or no room. */
static struct uri *
add_record(struct uri_set *set, const struct uri_source *source)
{
	struct uri_reader reader = {.arena = set->arena,
	    .settings = set->settings,
	    .scratch = scratch_of(set),
	    .wide = source->wide};
	struct uri fresh = {.raw = source->raw}, *u;

	fresh.cleaned = uri_readings(&reader, source->raw);
	set->truncated |= reader.truncated;
	collect_hosts(set, &fresh, fresh.cleaned);
	if (fresh.cleaned.len == 0 ||
	    (source->need_host && fresh.host_count == 0))
		return NULL;
	u = new_record(set, source->raw);
	if (u == NULL)
		return NULL;
	*u = fresh;
	u->types = source->types ? source->types : URI_TYPE_BIT(PARSED);
	collect_cleaned(set, u);
	return u;
}

void
uri_set_add(struct uri_set *set, const struct uri_source *source)
{
	struct uri *u;
	size_t at;

	if (set == NULL)
		return;
	at = table_find(&set->raws, set->seed, source->raw);
	u = at == STR_NPOS ? add_record(set, source) : &set->records[at];
	if (u == NULL)
		return;
	u->types |= source->types;
	for (size_t i = 0; i < source->texts.len; i++)
		add_text(set, u, source->texts.v[i]);
}

/* Behind the next "d=" that begins a word, or STR_NPOS. */
static size_t
next_signer(struct str s, size_t from)
{
	for (size_t i = from, hit; i < s.len; i++) {
		size_t at;

		hit = str_find_char(str_skip(s, i), 'd');
		if (hit == STR_NPOS)
			break;
		i += hit;
		at = i + 1;
		if (i > 0 && (ascii_is_alnum(s.p[i - 1]) || s.p[i - 1] == '_'))
			continue;
		while (at < s.len && ascii_is_space(s.p[at]))
			at++;
		if (at + 1 < s.len && s.p[at] == '=' && s.p[at + 1] != ';')
			return at + 1;
	}
	return STR_NPOS;
}

static void
add_signer(struct uri_set *set, struct str domain)
{
	struct uri fresh = {.types = URI_TYPE_BIT(DOMAINKEYS) |
				     URI_TYPE_BIT(NOCANON) |
				     URI_TYPE_BIT(NOCLEAN)},
		   *u;
	struct buf b;

	buf_init_arena(&b, set->arena);
	buf_add_cstr(&b, "domainkeys:");
	for (size_t i = 0; i < domain.len; i++)
		if (!ascii_is_space(domain.p[i]))
			buf_add_char(&b, domain.p[i]);
	fresh.raw = str_head(buf_str(&b), set->settings->limits.uri);
	if (b.failed ||
	    table_find(&set->raws, set->seed, fresh.raw) != STR_NPOS)
		return;
	collect_hosts(set, &fresh, (struct str_list){&fresh.raw, 1});
	if (fresh.host_count == 0)
		return;
	u = new_record(set, fresh.raw);
	if (u != NULL)
		*u = fresh;
}

void
uri_set_add_signature(struct uri_set *set, struct str value)
{
	size_t at = 0;

	if (set == NULL)
		return;
	for (int n = 0; n < URI_SIGNERS_MAX; n++) {
		size_t len;

		at = next_signer(value, at);
		if (at == STR_NPOS)
			return;
		len = str_cspan(str_skip(value, at), ";");
		add_signer(set, str_make(value.p + at, len));
		at += len;
	}
}

bool
uri_set_truncated(const struct uri_set *set)
{
	return set == NULL || set->truncated;
}

struct uri_list
uri_set_records(const struct uri_set *set)
{
	if (set == NULL)
		return (struct uri_list){NULL, 0};
	return (struct uri_list){set->records, set->raws.len};
}

struct str_list
uri_set_cleaned(struct uri_set *set)
{
	if (set == NULL)
		return (struct str_list){NULL, 0};
	return (struct str_list){set->cleaned.v, set->cleaned.len};
}
