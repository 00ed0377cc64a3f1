#include "policy/host_list.h"

#include "base/ip.h"
#include "base/vec.h"
#include "policy/address_list.h"

/* What one list says about a name. */
struct named {
	struct named *next; /* another list */
	size_t list;
	bool listed;  /* false: taken off by ! */
	bool dropped; /* by delist_uri_host: nothing is said any more */
};

struct host_lists {
	struct map *by_host; /* struct named, the first */
	VEC(struct str) names;
	struct arena arena;
};

/* ---- building ----------------------------------------------------------- */

static size_t
make_list(struct host_lists *l, struct str name)
{
	size_t i = host_lists_find(l, name);

	if (i == STR_NPOS) {
		i = l->names.len;
		*VEC_PUSH(&l->names) = name;
	}
	return i;
}

static struct str
next_host(struct host_lists *l, struct str *words, bool *off_out)
{
	struct str word = str_word(words);

	*off_out = word.len > 0 && word.p[0] == '!';
	return address_lower(&l->arena, str_skip(word, *off_out));
}

static void
add_hosts(struct host_lists *l, size_t list, struct str words)
{
	struct str host;
	bool off;

	while ((host = next_host(l, &words, &off)).len > 0) {
		struct named *first = map_get(l->by_host, host), *n = first;

		while (n != NULL && n->list != list)
			n = n->next;
		if (n == NULL) {
			n = arena_zalloc(&l->arena, sizeof(*n));
			n->list = list;
			n->next = first;
			map_set(l->by_host, host, n);
		}
		n->listed = !off;
		n->dropped = false;
	}
}

/* From the list named, or from all there are so far. */
static void
drop_hosts(struct host_lists *l, struct str value)
{
	struct str name = address_take_name(&value), host;
	bool off;

	while ((host = next_host(l, &value, &off)).len > 0) {
		struct named *n = map_get(l->by_host, host);

		for (; n != NULL; n = n->next)
			if (name.len == 0 || str_eq(l->names.v[n->list], name))
				n->dropped = true;
	}
}

static void
read_setting(struct host_lists *l, const struct rule_setting *s)
{
	struct str value = s->value, name = STR_NONE;

	if (str_is(s->key, "delist_uri_host"))
		drop_hosts(l, value);
	else if (str_is(s->key, "blocklist_uri_host"))
		name = STR("BLOCK");
	else if (str_is(s->key, "welcomelist_uri_host"))
		name = STR("WELCOME");
	else if (str_is(s->key, "enlist_uri_host"))
		name = address_take_name(&value);
	if (name.len > 0)
		add_hosts(l, make_list(l, name), value);
}

struct host_lists *
host_lists_new(const struct ruleset *rs)
{
	struct host_lists *l = mem_alloc(sizeof(*l));

	arena_init(&l->arena, 0);
	l->by_host = map_new(false);
	for (size_t i = 0; i < rs->setting_count; i++)
		read_setting(l, &rs->settings[i]);
	return l;
}

void
host_lists_free(struct host_lists **lp)
{
	struct host_lists *l = *lp;

	if (l == NULL)
		return;
	map_free(&l->by_host);
	VEC_FINI(&l->names);
	arena_fini(&l->arena);
	free(l);
	*lp = NULL;
}

/* ---- searching ---------------------------------------------------------- */

size_t
host_lists_count(const struct host_lists *l)
{
	return l->names.len;
}

size_t
host_lists_find(const struct host_lists *l, struct str name)
{
	for (size_t i = 0; i < l->names.len; i++)
		if (str_eq(l->names.v[i], name))
			return i;
	return STR_NPOS;
}

static void
ask(const struct host_lists *l, struct str name, struct bitset *decided,
    struct bitset *hit)
{
	const struct named *n = map_get(l->by_host, name);

	for (; n != NULL; n = n->next) {
		if (n->dropped || bitset_has(decided, n->list))
			continue;
		bitset_add(decided, n->list);
		if (n->listed)
			bitset_add(hit, n->list);
	}
}

/* Where the longest name that counts begins. */
static size_t
first_name(struct str host)
{
	size_t parents = 0;

	for (size_t i = host.len; i > 0; i--)
		if (host.p[i - 1] == '.' && ++parents > HOST_LIST_PARENTS_MAX)
			return i;
	return 0;
}

/* An IPv4 address has no parents. */
static bool
is_address(struct str host)
{
	struct ip ip;

	return ip_parse(host, &ip);
}

void
host_lists_search(const struct host_lists *l, struct str host,
    struct bitset *decided, struct bitset *hit)
{
	size_t at = first_name(host);

	bitset_clear(decided);
	if (host.len > 1 && host.p[0] == '[' && host.p[host.len - 1] == ']') {
		ask(l, str_make(host.p + 1, host.len - 2), decided, hit);
		return;
	}
	if (is_address(host)) {
		ask(l, host, decided, hit);
		return;
	}
	while (at < host.len) {
		size_t dot = str_find_char(str_skip(host, at), '.');

		ask(l, str_skip(host, at), decided, hit);
		if (dot == STR_NPOS)
			return;
		at += dot + 1;
	}
}
