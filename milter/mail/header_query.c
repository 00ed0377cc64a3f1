#include "mail/header_query.h"

#include "base/buf.h"
#include "mail/header.h"

#define BUCKETS 64

struct cached {
	struct cached *next;
	struct prepared_query p;
	struct str_list list;
	bool is_joined;
	struct str joined;
	struct str first; /* of the list: most have one value */
};

struct header_cache {
	struct cached *bucket[BUCKETS];
};

static bool
parse_modifier(struct str word, unsigned *modifiers)
{
	static const struct {
		struct str word;
		unsigned bits;
	} known[] = {
	    {STR("raw"), HEADER_RAW},
	    {STR("addr"), HEADER_ADDR},
	    {STR("name"), HEADER_NAME},
	    {STR("host"), HEADER_HOST},
	    {STR("domain"), HEADER_HOST | HEADER_DOMAIN},
	    {STR("ip"), HEADER_IP},
	    {STR("revip"), HEADER_IP | HEADER_REVIP},
	    {STR("first"), HEADER_FIRST},
	    {STR("last"), HEADER_LAST},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!str_eq(word, known[i].word))
			continue;
		*modifiers |= known[i].bits;
		return true;
	}
	return false;
}

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '.' &&
		    s.p[i] != '-')
			return false;
	return s.len > 0;
}

bool
header_query_parse(struct str text, struct header_query *out)
{
	struct header_query q = {.modifiers = 0};
	struct str rest = text;

	q.name = str_cut(&rest, ':');
	if (!is_name(q.name))
		return false;
	/* "Subject:" is "Subject". */
	if (rest.p != NULL && rest.len == 0)
		rest = STR_NONE;
	for (int i = 0; rest.p != NULL; i++)
		if (i == 2 ||
		    !parse_modifier(str_cut(&rest, ':'), &q.modifiers))
			return false;
	*out = q;
	return true;
}

void
value_list_add(struct value_list *l, struct str value)
{
	if (ARENA_ROOM(l->arena, l->v, l->len, l->size, 4))
		l->v[l->len++] = value;
}

struct prepared_query
header_query_prepare(struct header_query q)
{
	return (struct prepared_query){
	    q, header_source_of(q.name), header_hash(q.name)};
}

/* Names of one meaning that differ in case are one. */
static bool
is_same(const struct prepared_query *a, const struct prepared_query *b)
{
	return a->hash == b->hash && a->source == b->source &&
	       a->q.modifiers == b->q.modifiers &&
	       str_eq_nocase(a->q.name, b->q.name);
}

/* The entry of `p`, made when it is new; NULL when the arena is full. Its name
 * is kept as it is where it lasts. */
static struct cached *
cache_entry(struct message *m, const struct prepared_query *p, bool lasts,
    bool *fresh_out)
{
	struct cached **slot, *c;

	if (m->header_cache == NULL)
		m->header_cache =
		    arena_zalloc(m->arena, sizeof(*m->header_cache));
	if (m->header_cache == NULL)
		return NULL;
	slot =
	    &m->header_cache->bucket[(p->hash / 2 + p->q.modifiers) % BUCKETS];
	for (c = *slot; c != NULL; c = c->next)
		if (is_same(&c->p, p))
			return c;
	c = arena_alloc(m->arena, sizeof(*c));
	if (c == NULL)
		return NULL;
	*c = (struct cached){.next = *slot, .p = *p};
	if (!lasts)
		c->p.q.name = arena_copy(m->arena, p->q.name);
	*slot = c;
	*fresh_out = true;
	return c;
}

static struct cached *
look_up(struct message *m, const struct prepared_query *p, bool lasts)
{
	const struct header_list *l = &m->tree.root->headers;
	bool fresh = false;
	struct header *fields;
	struct cached *c;
	struct value_list values = {.arena = m->arena, .size = 1};

	/* Most of the names rules ask for, mail does not have. */
	if (p->source == HEADER_SOURCE_FIELD && m->metadata == NULL &&
	    !header_may_have(l, p->hash))
		return NULL;
	c = cache_entry(m, p, lasts, &fresh);
	if (!fresh)
		return c;
	values.v = &c->first;
	fields = header_first_hashed(l, p->q.name, p->hash);
	header_source_add(m, p, fields, &values);
	header_modify(m, p, &values);
	c->list = (struct str_list){values.v, values.len};
	return c;
}

/* Each begins where the one before it ends. */
static bool
are_neighbours(struct str_list l)
{
	for (size_t i = 1; i < l.len; i++)
		if (l.v[i].p != l.v[i - 1].p + l.v[i - 1].len)
			return false;
	return true;
}

/* Values that end their own line stand as they are, others are set apart. */
static struct str
join(struct arena *a, struct str_list l)
{
	const struct str *last = &l.v[l.len - 1];
	bool apart;
	struct buf b;

	if (l.len == 1)
		return l.v[0];
	apart = !str_ends(l.v[0], STR("\n"));
	if (!apart && are_neighbours(l))
		return str_make(
		    l.v[0].p, (size_t)(last->p - l.v[0].p) + last->len);
	buf_init_arena(&b, a);
	for (size_t i = 0; i < l.len; i++) {
		if (apart && i > 0)
			buf_add_char(&b, '\n');
		buf_add(&b, l.v[i]);
	}
	return buf_str(&b);
}

struct str_list
message_header_list(struct message *m, struct header_query q)
{
	struct prepared_query p = header_query_prepare(q);
	struct cached *c = look_up(m, &p, false);

	return c != NULL ? c->list : (struct str_list){NULL, 0};
}

static bool
joined_value(struct message *m, struct cached *c, struct str *value_out)
{
	if (c == NULL || c->list.len == 0)
		return false;
	if (!c->is_joined) {
		c->joined = join(m->arena, c->list);
		c->is_joined = true;
	}
	*value_out = c->joined;
	return true;
}

bool
message_header_prepared(
    struct message *m, const struct prepared_query *p, struct str *value_out)
{
	return joined_value(m, look_up(m, p, true), value_out);
}

bool
message_header(struct message *m, struct header_query q, struct str *value_out)
{
	struct prepared_query p = header_query_prepare(q);

	return joined_value(m, look_up(m, &p, false), value_out);
}
