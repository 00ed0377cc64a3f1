#include "policy/address_list.h"

#include "base/vec.h"

struct address_lists {
	struct map *by_name; /* struct address_list */
	VEC(struct address_list *) all;
	VEC(struct address_entry *) entries;
	struct arena arena;
};

enum action {
	ACTION_ADD,
	ACTION_DROP,
	ACTION_ADD_PAIR,
	ACTION_DROP_PAIR,
	ACTION_NAMED,
	ACTION_LINE
};

static const struct action_row {
	const char *setting;
	enum action action;
	const char *list;
} rows[] = {
#define ADDRESS_SETTING(setting, action, list) \
	{#setting, ACTION_##action, #list},
#include "policy/address_list.def"
};

/* ---- globs -------------------------------------------------------------- */

/* Tries again from the last star, one byte further each time. */
bool
address_glob(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = STR_NPOS, from = 0;

	while (i < s.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.len &&
			   (pattern.p[p] == s.p[i] ||
			       (pattern.p[p] == '?' && s.p[i] != '\n'))) {
			p++;
			i++;
		} else if (star != STR_NPOS && s.p[from] != '\n') {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

/* The last byte tells most apart. */
static bool
ends_alike(struct str address, struct str tail)
{
	return tail.len == 0 ||
	       (address.len >= tail.len &&
		   address.p[address.len - 1] == tail.p[tail.len - 1] &&
		   str_ends(address, tail));
}

bool
address_entry_fits(const struct address_entry *e, struct str address)
{
	return ends_alike(address, e->tail) &&
	       address_glob(e->pattern, address);
}

bool
address_list_has(const struct address_list *list, struct str address)
{
	if (list == NULL)
		return false;
	if (map_get(list->by_key, address) != NULL)
		return true;
	for (size_t i = 0; i < list->wildcards; i++)
		if (address_entry_fits(list->entries[i], address))
			return true;
	return false;
}

/* ---- building ----------------------------------------------------------- */

struct str
address_lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1);

	for (size_t i = 0; i < s.len; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_make(p, s.len);
}

/* The first parenthesis that white space follows ends the name. */
struct str
address_take_name(struct str *value)
{
	struct str s = *value;

	for (size_t i = 2; i + 1 < s.len && s.p[0] == '('; i++) {
		if (s.p[i] != ')' || !ascii_is_space(s.p[i + 1]))
			continue;
		*value = str_skip(s, i + 1);
		return str_make(s.p + 1, i - 1);
	}
	return STR_NONE;
}

/* Bytes a pattern of Perl would stumble over stand for themselves as _. */
static struct str
make_safe(struct arena *a, struct str key)
{
	char *p = arena_alloc(a, key.len + 1);

	for (size_t i = 0; i < key.len; i++)
		p[i] = strchr("\\(", key.p[i]) != NULL ? '_' : key.p[i];
	return str_make(p, key.len);
}

static struct address_entry *
new_entry(struct address_lists *l, struct str key)
{
	struct address_entry *e = mem_alloc(sizeof(*e));

	e->key = key;
	e->pattern = make_safe(&l->arena, key);
	e->has_wildcards =
	    !str_eq(e->pattern, key) || str_cspan(key, "*?") < key.len;
	e->tail = e->pattern;
	for (size_t i = e->tail.len; i > 0; i--) {
		if (e->tail.p[i - 1] != '?' && e->tail.p[i - 1] != '*')
			continue;
		e->tail = str_skip(e->tail, i);
		break;
	}
	*VEC_PUSH(&l->entries) = e;
	return e;
}

static struct address_list *
make_list(struct address_lists *l, struct str name)
{
	struct address_list *list = map_get(l->by_name, name);

	if (list != NULL)
		return list;
	list = mem_alloc(sizeof(*list));
	list->by_key = map_new(false);
	map_set(l->by_name, name, list);
	*VEC_PUSH(&l->all) = list;
	return list;
}

static struct address_entry *
add(struct address_lists *l, struct address_list *list, struct str address)
{
	struct str key = address_lower(&l->arena, address);
	struct address_entry *e = map_get(list->by_key, key);

	if (e == NULL) {
		e = new_entry(l, key);
		map_set(list->by_key, key, e);
	}
	return e;
}

static void
add_pair(struct address_lists *l, struct address_list *list, struct str value)
{
	struct address_entry *e = add(l, list, str_word(&value));

	if (e->word_count == e->word_size) {
		e->word_size = e->word_size ? e->word_size * 2 : 1;
		e->words =
		    mem_resize(e->words, e->word_size, sizeof(*e->words));
	}
	/* A signer may be missing: then it is the empty word. */
	e->words[e->word_count++] = address_lower(&l->arena, str_word(&value));
}

static void
drop_pair(struct address_lists *l, struct address_list *list, struct str value)
{
	struct str key = address_lower(&l->arena, str_word(&value));
	struct str word = address_lower(&l->arena, str_word(&value));
	struct address_entry *e = map_get(list->by_key, key);
	size_t kept = 0;

	if (e == NULL)
		return;
	for (size_t i = 0; i < e->word_count; i++)
		if (!str_eq(e->words[i], word))
			e->words[kept++] = e->words[i];
	e->word_count = kept;
	if (kept == 0)
		map_remove(list->by_key, key);
}

static void
add_words(struct address_lists *l, struct address_list *list, struct str words)
{
	struct str word;

	while ((word = str_word(&words)).len > 0)
		add(l, list, word);
}

static void
drop_words(struct address_lists *l, struct address_list *list, struct str words)
{
	struct str word;

	while ((word = str_word(&words)).len > 0)
		map_remove(list->by_key, address_lower(&l->arena, word));
}

static void
add_line(struct address_lists *l, struct address_list *list, struct str line)
{
	struct address_entry *e = add(l, list, line);

	e->pattern = arena_printf(&l->arena, "*%.*s*", STR_ARG(e->key));
	e->tail = STR_NONE;
	e->has_wildcards = true;
}

static void
apply(struct address_lists *l, const struct action_row *row, struct str value)
{
	struct str name = str_from(row->list);
	struct address_list *list;

	if (row->action == ACTION_NAMED)
		name = address_take_name(&value);
	if (name.len == 0)
		return;
	list = make_list(l, name);
	switch (row->action) {
	case ACTION_ADD:
	case ACTION_NAMED:
		add_words(l, list, value);
		break;
	case ACTION_DROP:
		drop_words(l, list, value);
		break;
	case ACTION_ADD_PAIR:
		add_pair(l, list, value);
		break;
	case ACTION_DROP_PAIR:
		drop_pair(l, list, value);
		break;
	case ACTION_LINE:
		add_line(l, list, value);
		break;
	}
}

/* Fixes the entries of a list in an array, those with wildcards first. */
static void
freeze(struct address_list *list)
{
	struct str key;
	void *value;

	list->entries =
	    mem_array(map_count(list->by_key) + 1, sizeof(*list->entries));
	for (int wild = 1; wild >= 0; wild--) {
		size_t pos = 0;

		while (map_next(list->by_key, &pos, &key, &value)) {
			struct address_entry *e = value;

			if (e->has_wildcards == (wild == 1))
				list->entries[list->len++] = e;
		}
		if (wild == 1)
			list->wildcards = list->len;
	}
}

struct address_lists *
address_lists_new(const struct ruleset *rs)
{
	struct address_lists *l = mem_alloc(sizeof(*l));

	arena_init(&l->arena, 0);
	l->by_name = map_new(false);
	for (size_t i = 0; i < rs->setting_count; i++)
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
			if (str_is(rs->settings[i].key, rows[k].setting))
				apply(l, &rows[k], rs->settings[i].value);
	for (size_t i = 0; i < l->all.len; i++)
		freeze(l->all.v[i]);
	return l;
}

void
address_lists_free(struct address_lists **lp)
{
	struct address_lists *l = *lp;

	if (l == NULL)
		return;
	for (size_t i = 0; i < l->entries.len; i++) {
		free(l->entries.v[i]->words);
		free(l->entries.v[i]);
	}
	for (size_t i = 0; i < l->all.len; i++) {
		map_free(&l->all.v[i]->by_key);
		free(l->all.v[i]->entries);
		free(l->all.v[i]);
	}
	VEC_FINI(&l->entries);
	VEC_FINI(&l->all);
	map_free(&l->by_name);
	arena_fini(&l->arena);
	free(l);
	*lp = NULL;
}

const struct address_list *
address_lists_find(const struct address_lists *l, struct str name)
{
	return map_get(l->by_name, name);
}
