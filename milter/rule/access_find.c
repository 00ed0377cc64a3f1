#include "rule/access_internal.h"

#include <stdlib.h>

/* Networks of one address: all prefix lengths of IPv6, and the whole. */
#define NETS_MAX 129

struct found {
	const struct access_node *node;
	struct str subject; /* what a regular expression matched */
};

struct finder {
	const struct access_set *set;
	const struct access_question *q;
	struct regex_scratch *scratch;
	struct arena *arena;
	struct str key; /* lower case */
	/* As Postfix hands it to a pattern: a client's and a HELO name as said.
	 */
	struct str said;
	struct str ip; /* as text, or empty */
	char ip_text[IP_TEXT_MAX];
	char key_text[ACCESS_KEY_MAX];
	struct found found[ACCESS_MATCHES_MAX]; /* of one table */
	size_t found_count;
};

static void
hit(struct finder *f, const struct access_node *n, struct str subject)
{
	if (f->found_count < ACCESS_MATCHES_MAX)
		f->found[f->found_count++] = (struct found){n, subject};
}

/* ---- one by one --------------------------------------------------------- */

/* `*` any run, `?` one byte. Linear but for the last star: at most n * m. */
static bool
glob_match(struct str glob, struct str s)
{
	size_t g = 0, i = 0, star = STR_NPOS, mark = 0;

	while (i < s.len) {
		if (g < glob.len && glob.p[g] == '*') {
			star = g++;
			mark = i;
		} else if (g < glob.len &&
			   (glob.p[g] == '?' || glob.p[g] == s.p[i])) {
			g++;
			i++;
		} else if (star != STR_NPOS) {
			g = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.p[g] == '*')
		g++;
	return g == glob.len;
}

static bool
regex_hits(const struct finder *f, const struct regex *re, struct str subject)
{
	return regex_match(re, f->scratch, subject, 0, NULL) == 1;
}

static bool
condition_holds(const struct finder *f, const struct access_condition *c,
    struct str subject)
{
	for (; c != NULL; c = c->outer) {
		bool holds;

		/* Of a network of the other family not even `!` holds. */
		if (c->is_net && f->q->ip != NULL &&
		    !cidr_same_family(&c->net, f->q->ip))
			return false;
		if (c->is_net)
			holds = f->q->ip != NULL && cidr_has(&c->net, f->q->ip);
		else if (c->regex != NULL)
			holds = regex_hits(f, c->regex, subject);
		else
			return false;
		if (holds == c->negated)
			return false;
	}
	return true;
}

static bool
node_matches(
    const struct finder *f, const struct access_node *n, struct str subject)
{
	bool matches;

	if (n->has_net && !cidr_same_family(&n->net, f->q->ip))
		return false;
	if (n->has_net)
		matches = cidr_has(&n->net, f->q->ip);
	else if (n->regex != NULL)
		matches = regex_hits(f, n->regex, subject);
	else
		matches = glob_match(n->glob, subject);
	return matches != n->negated &&
	       condition_holds(f, n->condition, subject);
}

/* A client's patterns see its name, then its address. */
static void
try_each(struct finder *f, const struct access_table *t)
{
	struct str key = t->type >= TABLE_PCRE ? f->said : f->key;

	for (size_t i = 0; i < t->tried[f->q->kind].len; i++) {
		const struct access_node *n = t->tried[f->q->kind].v[i];

		if (n->has_net) {
			if (f->q->ip != NULL && node_matches(f, n, STR_NONE))
				hit(f, n, STR_NONE);
		} else if (f->q->kind != ACCESS_CLIENT) {
			if (node_matches(f, n, key))
				hit(f, n, key);
		} else if (key.len > 0 && node_matches(f, n, key)) {
			hit(f, n, key);
		} else if (f->ip.len > 0 && node_matches(f, n, f->ip)) {
			hit(f, n, f->ip);
		}
	}
}

/* ---- networks ----------------------------------------------------------- */

static void
try_nets(struct finder *f, const struct access_table *t)
{
	void *v[NETS_MAX];
	size_t n;

	if (t->nets == NULL || f->q->ip == NULL || f->q->kind != ACCESS_CLIENT)
		return;
	n = cidr_trie_find_all(t->nets, f->q->ip, v, NETS_MAX);
	for (size_t i = 0; i < n; i++)
		for (const struct access_node *e = v[i]; e != NULL; e = e->next)
			if (e->entry.kind == f->q->kind &&
			    condition_holds(f, e->condition, STR_NONE))
				hit(f, e, STR_NONE);
}

/* ---- names -------------------------------------------------------------- */

static void
try_name(
    struct finder *f, const struct map *names, struct str name, unsigned form)
{
	const struct access_node *e = map_get(names, name);

	for (; e != NULL; e = e->next)
		if (e->forms & form)
			hit(f, e, f->key);
}

/* The domain itself, then every domain it is below. */
static void
try_domain(struct finder *f, const struct map *names, struct str domain)
{
	unsigned form = FORM_SELF;

	while (domain.len > 0) {
		try_name(f, names, domain, form);
		form = FORM_BELOW;
		str_cut(&domain, '.');
	}
}

/* user@domain, the domain and those above it, user@. */
static void
try_address(struct finder *f, const struct map *names)
{
	size_t at = str_rfind_char(f->key, '@');

	try_name(f, names, f->key, FORM_SELF);
	if (at == STR_NPOS)
		return;
	try_domain(f, names, str_skip(f->key, at + 1));
	try_name(f, names, str_head(f->key, at + 1), FORM_SELF);
}

static void
try_names(struct finder *f, const struct access_table *t)
{
	const struct map *names = t->names[f->q->kind];

	if (names == NULL)
		return;
	if (f->q->kind == ACCESS_CLIENT || f->q->kind == ACCESS_HELO)
		try_domain(f, names, f->key);
	else
		try_address(f, names);
}

/* ---- tables ------------------------------------------------------------- */

static int
by_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->node->order > y->node->order) -
	       (x->node->order < y->node->order);
}

static void
search_table(struct finder *f, const struct access_table *t)
{
	f->found_count = 0;
	if (t->type == TABLE_ACCESS) {
		try_names(f, t);
		try_nets(f, t);
		return;
	}
	try_nets(f, t);
	try_names(f, t);
	try_each(f, t);
	if (t->type != TABLE_OURS && f->found_count > 1)
		qsort(f->found, f->found_count, sizeof(*f->found), by_order);
}

/* ---- what becomes of an entry ------------------------------------------- */

/* $1, ${1} and $(1) of Postfix's pattern tables; $$ is a dollar sign. */
static size_t
reference(struct str s, uint32_t *group_out)
{
	size_t i = 1;
	char close = 0;
	uint32_t n = 0;

	if (s.len > 1 && (s.p[1] == '{' || s.p[1] == '(')) {
		close = s.p[1] == '{' ? '}' : ')';
		i++;
	}
	if (i >= s.len || !ascii_is_digit(s.p[i]))
		return 0;
	for (; i < s.len && ascii_is_digit(s.p[i]) && n < 100; i++)
		n = n * 10 + (uint32_t)(s.p[i] - '0');
	if (close != 0 && (i >= s.len || s.p[i++] != close))
		return 0;
	*group_out = n;
	return i;
}

/* Foreign bytes go into an SMTP reply: only printable ASCII, and not much. A
 * line that was continued may have a tab in it. */
static void
add_printable(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len && out->len < ACCESS_TEXT_MAX; i++) {
		char c = s.p[i] == '\t' ? ' ' : s.p[i];

		buf_add_char(out, c >= ' ' && c <= '~' ? c : '?');
	}
}

static struct str
expand(const struct finder *f, const struct found *found)
{
	const struct access_node *n = found->node;
	struct str s = n->entry.text;
	struct regex_span span;
	struct buf out;
	uint32_t group;

	if (n->regex == NULL || n->negated ||
	    str_find_char(s, '$') == STR_NPOS ||
	    !regex_hits(f, n->regex, found->subject))
		return s;
	buf_init_arena(&out, f->arena);
	while (s.len > 0) {
		size_t plain = str_cspan(s, "$"), used;

		add_printable(&out, str_head(s, plain));
		s = str_skip(s, plain);
		if (s.len == 0)
			break;
		used = reference(s, &group);
		if (used > 0 && regex_group(f->scratch, group, &span))
			add_printable(
			    &out, str_make(found->subject.p + span.start,
				      span.end - span.start));
		else if (used == 0)
			add_printable(&out, STR("$"));
		if (used == 0)
			used = str_starts(s, STR("$$")) ? 2 : 1;
		s = str_skip(s, used);
	}
	return buf_str(&out);
}

static enum access_standing
standing_of(const struct access_entry *e, const struct access_question *q)
{
	if (e->until_ms != 0 && q->now_ms >= e->until_ms)
		return ACCESS_EXPIRED;
	if (e->unless & q->facts)
		return ACCESS_EXCUSED;
	if (e->shadow)
		return ACCESS_SHADOWED;
	if (e->action == ACCESS_SCORE)
		return ACCESS_ADDS;
	return e->action == ACCESS_DUNNO ? ACCESS_PASSED : ACCESS_WOULD;
}

/* Adds what a table found; a DUNNO closes the table for what is behind it. */
static void
weigh_table(struct finder *f, struct access_match *v, struct access_answer *out)
{
	bool closed = false;

	for (size_t i = 0; i < f->found_count && out->len < ACCESS_MATCHES_MAX;
	     i++) {
		const struct access_entry *e = &f->found[i].node->entry;
		struct access_match *m = &v[out->len++];

		*m = (struct access_match){
		    e, standing_of(e, f->q), expand(f, &f->found[i])};
		if (m->standing == ACCESS_ADDS)
			out->score += e->score;
		closed |= m->standing == ACCESS_PASSED;
		if (m->standing == ACCESS_WOULD && !closed &&
		    out->decides == NULL) {
			m->standing = ACCESS_DECIDES;
			out->decides = e;
			out->text = m->text;
		}
	}
}

/* ---- the question ------------------------------------------------------- */

static struct str
last_of(struct str key)
{
	return key.len > ACCESS_KEY_MAX
		   ? str_skip(key, key.len - ACCESS_KEY_MAX)
		   : key;
}

/*
 * A key that is too long keeps its end, where the domain is: no list is passed
 * by an address that is longer than anybody expected.
 */
static void
prepare_key(struct finder *f)
{
	struct str key = f->q->key;
	bool is_name = f->q->kind == ACCESS_CLIENT || f->q->kind == ACCESS_HELO;

	f->said = last_of(key);
	while (str_ends(key, STR(".")))
		key.len--;
	key = last_of(key);
	for (size_t i = 0; i < key.len; i++)
		f->key_text[i] = ascii_lower(key.p[i]);
	f->key = str_make(f->key_text, key.len);
	if (!is_name)
		f->said = f->key;
	if (f->q->ip != NULL)
		f->ip = str_from(ip_format(f->q->ip, f->ip_text));
}

void
access_find(const struct access_set *set, struct regex_scratch *s,
    const struct access_question *q, struct arena *a, struct access_answer *out)
{
	struct access_match v[ACCESS_MATCHES_MAX], *kept;
	struct regex_scratch *own = NULL;
	struct finder f;

	*out = (struct access_answer){0};
	if (set->entries == 0)
		return;
	if (s == NULL && set->regexes.len > 0)
		s = own = regex_scratch_new(NULL);
	f.set = set;
	f.q = q;
	f.scratch = s;
	f.arena = a;
	f.ip = STR_NONE;
	prepare_key(&f);
	for (size_t i = 0; i < set->tables.len; i++) {
		search_table(&f, set->tables.v[i]);
		weigh_table(&f, v, out);
	}
	regex_scratch_free(&own);
	kept = out->len ? arena_alloc(a, out->len * sizeof(*kept)) : NULL;
	if (kept == NULL)
		out->len = 0;
	else
		memcpy(kept, v, out->len * sizeof(*kept));
	out->v = kept;
}
