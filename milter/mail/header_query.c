#include "mail/header_query.h"

#include "base/buf.h"

#define BUCKETS 256

struct cached {
	struct cached *next;
	struct header_query q;
	struct str_list list;
	bool is_joined;
	struct str joined;
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
	if (l->len == l->size) {
		size_t size = l->size ? l->size * 2 : 4;
		struct str *v = arena_grow(
		    l->arena, l->v, l->size * sizeof(*v), size * sizeof(*v));

		if (v == NULL)
			return;
		l->v = v;
		l->size = size;
	}
	l->v[l->len++] = value;
}

/* The entry of `q`, made when it is new; NULL when the arena is full. */
static struct cached *
cache_entry(struct message *m, struct header_query q, bool *fresh_out)
{
	struct cached **slot, *c;

	if (m->header_cache == NULL)
		m->header_cache =
		    arena_zalloc(m->arena, sizeof(*m->header_cache));
	if (m->header_cache == NULL)
		return NULL;
	slot = &m->header_cache
		    ->bucket[(str_hash(q.name) + q.modifiers) % BUCKETS];
	for (c = *slot; c != NULL; c = c->next)
		if (c->q.modifiers == q.modifiers && str_eq(c->q.name, q.name))
			return c;
	c = arena_zalloc(m->arena, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->q.modifiers = q.modifiers;
	c->q.name = arena_copy(m->arena, q.name);
	c->next = *slot;
	*slot = c;
	*fresh_out = true;
	return c;
}

static struct cached *
look_up(struct message *m, struct header_query q)
{
	bool fresh = false;
	struct cached *c = cache_entry(m, q, &fresh);
	struct value_list values = {.arena = m->arena};

	if (!fresh)
		return c;
	header_source_add(m, q, &values);
	header_modify(m, q, &values);
	c->list = (struct str_list){values.v, values.len};
	return c;
}

/* Values that end their own line stand as they are, others are set apart. */
static struct str
join(struct arena *a, struct str_list l)
{
	bool apart = !str_ends(l.v[0], STR("\n"));
	struct buf b;

	if (l.len == 1)
		return l.v[0];
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
	struct cached *c = look_up(m, q);

	return c != NULL ? c->list : (struct str_list){NULL, 0};
}

bool
message_header(struct message *m, struct header_query q, struct str *value_out)
{
	struct cached *c = look_up(m, q);

	if (c == NULL || c->list.len == 0)
		return false;
	if (!c->is_joined) {
		c->joined = join(m->arena, c->list);
		c->is_joined = true;
	}
	*value_out = c->joined;
	return true;
}
