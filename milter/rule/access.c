#include "rule/access.h"

#include "base/err.h"
#include "base/file.h"
#include "rule/access_internal.h"

#include <errno.h>
#include <stdlib.h>

struct loader {
	struct access_set *set;
	const struct access_set *former;
	struct access_table *ours;
	struct diags *diags;
	bool forced;
};

/* ---- names -------------------------------------------------------------- */

static const char *const kinds[] = {
    "client", "helo", "sender", "recipient", "from"};

const char *
access_kind_text(enum access_kind kind)
{
	return kinds[kind];
}

bool
access_kind_parse(struct str text, enum access_kind *kind_out)
{
	if (str_is_nocase(text, "rcpt"))
		text = STR("recipient");
	for (int i = 0; i < ACCESS_KIND_COUNT; i++)
		if (str_is_nocase(text, kinds[i])) {
			*kind_out = (enum access_kind)i;
			return true;
		}
	return false;
}

const char *
access_action_text(enum access_action action)
{
	static const char *const text[] = {"allow", "reject", "tempfail", "tag",
	    "quarantine", "discard", "score", "dunno"};

	return text[action];
}

const char *
access_standing_text(enum access_standing standing)
{
	static const char *const text[] = {"decides", "would", "shadow", "adds",
	    "excused", "expired", "passed"};

	return text[standing];
}

/* ---- the set ------------------------------------------------------------ */

static struct access_set *
set_new(void)
{
	struct access_set *set = mem_alloc(sizeof(*set));

	arena_init(&set->memory, 0);
	return set;
}

void
access_free(struct access_set **setp)
{
	struct access_set *set = *setp;

	if (set == NULL)
		return;
	for (size_t i = 0; i < set->tables.len; i++) {
		struct access_table *t = set->tables.v[i];

		for (int k = 0; k < ACCESS_KIND_COUNT; k++) {
			map_free(&t->names[k]);
			free(t->tried[k].v);
		}
		cidr_trie_free(&t->nets);
		free(t);
	}
	for (size_t i = 0; i < set->regexes.len; i++)
		regex_free(&set->regexes.v[i]);
	VEC_FINI(&set->tables);
	VEC_FINI(&set->files);
	VEC_FINI(&set->regexes);
	arena_fini(&set->memory);
	free(set);
	*setp = NULL;
}

size_t
access_count(const struct access_set *set)
{
	return set->entries;
}

struct access_table *
access_table_add(struct access_set *set, enum access_table_type type)
{
	struct access_table *t = mem_alloc(sizeof(*t));

	t->type = type;
	*VEC_PUSH(&set->tables) = t;
	return t;
}

struct access_node *
access_node_add(struct access_set *set, struct access_table *table,
    const struct access_node *n, struct diags *diags)
{
	struct access_node *copy;

	if (set->entries == ACCESS_ENTRIES_MAX) {
		diag_add(diags, SEVERITY_ERROR, n->entry.pos,
		    "more than %d entries", ACCESS_ENTRIES_MAX);
		return NULL;
	}
	copy = arena_alloc(&set->memory, sizeof(*copy));
	invariant(copy != NULL);
	*copy = *n;
	copy->order = table->entries++;
	set->entries++;
	return copy;
}

/* Entries of one key stand in file order behind the first. */
static struct access_node *
chain(struct access_node *first, struct access_node *n)
{
	if (first->last == NULL)
		first->next = n;
	else
		first->last->next = n;
	first->last = n;
	return first;
}

struct access_node *
access_index_name(
    struct access_table *t, struct access_node *n, struct str name)
{
	struct map **m = &t->names[n->entry.kind];
	struct access_node *first;

	if (*m == NULL)
		*m = map_new(false);
	first = map_get(*m, name);
	if (first != NULL)
		return chain(first, n);
	map_set(*m, name, n);
	return n;
}

struct access_node *
access_index_net(
    struct access_table *t, struct access_node *n, const struct cidr *net)
{
	struct access_node *first;

	if (t->nets == NULL)
		t->nets = cidr_trie_new();
	n->has_net = true;
	n->net = *net;
	first = cidr_trie_set(t->nets, net, n);
	if (first == NULL)
		return n;
	cidr_trie_set(t->nets, net, first);
	return chain(first, n);
}

void
access_index_tried(struct access_table *t, struct access_node *n)
{
	*VEC_PUSH(&t->tried[n->entry.kind]) = n;
}

struct regex *
access_compile(struct access_set *set, struct str pattern, unsigned flags,
    struct source_pos pos, struct diags *diags)
{
	struct regex_error error;
	struct regex *re;

	if (set->patterns == ACCESS_PATTERNS_MAX) {
		diag_add(diags, SEVERITY_ERROR, pos, "more than %d patterns",
		    ACCESS_PATTERNS_MAX);
		return NULL;
	}
	re = regex_compile(pattern, flags, &error);
	if (re == NULL) {
		diag_add_excerpt(diags, SEVERITY_ERROR, pos, pattern,
		    error.offset, "bad regular expression: %s", error.message);
		return NULL;
	}
	set->patterns++;
	*VEC_PUSH(&set->regexes) = re;
	return re;
}

struct str
access_lower(struct access_set *set, struct str s)
{
	char *p = arena_alloc(&set->memory, s.len + 1);

	invariant(p != NULL);
	for (size_t i = 0; i < s.len; i++)
		p[i] = ascii_lower(s.p[i]);
	p[s.len] = '\0';
	return str_make(p, s.len);
}

/* ---- loading ------------------------------------------------------------ */

static size_t
former_entries(const struct loader *l, const char *file)
{
	for (size_t i = 0; l->former != NULL && i < l->former->files.len; i++)
		if (strcmp(l->former->files.v[i].name, file) == 0)
			return l->former->files.v[i].entries;
	return 0;
}

/* A half-written save must neither let the blocked in nor the allowed out. */
static void
check_shrunken(struct loader *l, const struct access_source *src, size_t now)
{
	enum severity severity = l->forced ? SEVERITY_WARNING : SEVERITY_ERROR;
	size_t before = former_entries(l, src->file);
	struct source_pos pos = {src->file, 0, 0};

	if (src->text.len == 0)
		diag_add(l->diags, severity, pos, "the file is empty");
	else if (now * 2 < before)
		diag_add(l->diags, severity, pos,
		    "shrank from %zu to %zu entries; if that is meant, force "
		    "it",
		    before, now);
}

/* Text and file name in the set's memory; false: a diag says why. */
static bool
read_source(struct loader *l, const char *path, struct source_pos pos,
    struct access_source *out)
{
	struct buf text;
	int rc;

	buf_init(&text);
	rc = file_read(path, ACCESS_FILE_MAX, &text);
	if (rc == 0)
		*out = (struct access_source){.set = l->set,
		    .file = arena_cstr(&l->set->memory, str_from(path)),
		    .text = arena_copy(&l->set->memory, buf_str(&text)),
		    .diags = l->diags,
		    .forced = l->forced};
	else
		diag_add(l->diags, SEVERITY_ERROR, pos, "%s cannot be read: %s",
		    path, rc == ERR_LIMIT ? "too large" : strerror(errno));
	buf_fini(&text);
	return rc == 0;
}

static void
note_file(struct loader *l, const struct access_source *src, size_t before)
{
	size_t entries = l->set->entries - before;

	check_shrunken(l, src, entries);
	*VEC_PUSH(&l->set->files) = (struct access_file){src->file, entries};
}

/* `where`: "cidr:/etc/postfix/client.cidr". */
static void
load_postfix(void *context, enum access_kind kind, struct str where,
    struct source_pos pos)
{
	struct loader *l = context;
	struct str path = where, type = str_cut(&path, ':');
	size_t before = l->set->entries;
	enum access_table_type table;
	struct access_source src;
	char *name;

	if (path.p == NULL || !access_postfix_type(type, &table)) {
		diag_add(l->diags, SEVERITY_ERROR, pos,
		    "expected TYPE:FILE with cidr, pcre, regexp or hash");
		return;
	}
	name = mem_strndup(path.p, path.len);
	if (read_source(l, name, pos, &src)) {
		src.table = access_table_add(l->set, table);
		access_parse_table(&src, kind);
		note_file(l, &src, before);
	}
	free(name);
}

/*
 * Tables a file of ours names count for themselves; they are read behind it so
 * that its own entries can be told from theirs.
 */
struct included {
	enum access_kind kind;
	struct str where;
	struct source_pos pos;
};

struct include_list {
	VEC(struct included) v;
};

static void
remember_include(void *context, enum access_kind kind, struct str where,
    struct source_pos pos)
{
	struct include_list *list = context;

	*VEC_PUSH(&list->v) = (struct included){kind, where, pos};
}

static void
load_ours(struct loader *l, const char *path)
{
	size_t before = l->set->entries;
	struct include_list list = {0};
	struct access_source src;

	if (!read_source(l, path, (struct source_pos){path, 0, 0}, &src))
		return;
	src.table = l->ours;
	access_parse_ours(&src, remember_include, &list);
	note_file(l, &src, before);
	for (size_t i = 0; i < list.v.len; i++)
		load_postfix(
		    l, list.v.v[i].kind, list.v.v[i].where, list.v.v[i].pos);
	VEC_FINI(&list.v);
}

static void
load_directory(struct loader *l, const char *dir)
{
	char **names;
	size_t count;

	if (file_list(dir, ".access", &names, &count) != 0) {
		diag_add(l->diags, SEVERITY_ERROR,
		    (struct source_pos){dir, 0, 0}, "cannot be read: %s",
		    strerror(errno));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char *path = file_join(dir, names[i]);

		load_ours(l, path);
		free(path);
	}
	file_list_free(&names, count);
}

static void
load_path(struct loader *l, const char *path)
{
	struct str where = str_from(path), kind_text = str_cut(&where, '=');
	enum access_kind kind;

	if (where.p != NULL && access_kind_parse(kind_text, &kind))
		load_postfix(l, kind, where, (struct source_pos){path, 0, 0});
	else if (file_is_dir(path))
		load_directory(l, path);
	else
		load_ours(l, path);
}

static void
note_gone(const struct loader *l)
{
	for (size_t i = 0; l->former != NULL && i < l->former->files.len; i++) {
		const char *name = l->former->files.v[i].name;
		size_t f = 0;

		while (f < l->set->files.len &&
		       strcmp(l->set->files.v[f].name, name) != 0)
			f++;
		if (f == l->set->files.len)
			diag_add(l->diags, SEVERITY_WARNING,
			    (struct source_pos){name, 0, 0},
			    "no longer among the access lists");
	}
}

static void
loader_init(struct loader *l, struct diags *diags)
{
	*l = (struct loader){.set = set_new(), .diags = diags};
	l->ours = access_table_add(l->set, TABLE_OURS);
}

struct access_set *
access_load(const char *const *paths, size_t count,
    const struct access_set *former, bool forced, struct diags *diags)
{
	struct loader l;

	loader_init(&l, diags);
	l.former = former;
	l.forced = forced;
	for (size_t i = 0; i < count; i++)
		load_path(&l, paths[i]);
	note_gone(&l);
	return l.set;
}

/* ---- from memory -------------------------------------------------------- */

static struct access_source
memory_source(struct loader *l, const char *name, struct str text)
{
	return (struct access_source){.set = l->set,
	    .table = l->ours,
	    .file = arena_cstr(&l->set->memory, str_from(name)),
	    .text = arena_copy(&l->set->memory, text),
	    .diags = l->diags};
}

struct access_set *
access_parse(const char *name, struct str text, struct diags *diags)
{
	struct access_source src;
	struct loader l;

	loader_init(&l, diags);
	src = memory_source(&l, name, text);
	access_parse_ours(&src, NULL, NULL);
	return l.set;
}

struct access_set *
access_parse_postfix(const char *name, const char *type, enum access_kind kind,
    struct str text, struct diags *diags)
{
	enum access_table_type table;
	struct access_source src;
	struct loader l;

	loader_init(&l, diags);
	if (!access_postfix_type(str_from(type), &table))
		return l.set;
	src = memory_source(&l, name, text);
	src.table = access_table_add(l.set, table);
	access_parse_table(&src, kind);
	return l.set;
}
